//! `/Groups` (RFC 7644 §3.3 to §3.6).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use provisioning::GroupId;
use scim::compat::{RequestKind, names};
use scim::patch::{MemberChanges, Members, PatchRequest};
use scim::project::Projection;
use scim::resource;

use super::group_write::{self, taken_members};
use super::members;
use super::respond::{self, group_type};
use super::search::{list_groups, projection};
use super::write::{self, Writing, existing};
use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::Failure;
use crate::http::headers::Conditions;
use crate::http::id::ResourceId;
use crate::http::json::ScimJson;
use crate::http::query::UrlQuery;
use crate::requests::Notes;

type Answer = Result<Response, Failure>;

/// `GET /Groups`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    query: UrlQuery,
) -> Answer {
    list_groups(&app, &tenant, &notes, &query.0).await
}

/// `GET /Groups/{id}`.
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    id: ResourceId,
    conditions: Conditions,
    query: UrlQuery,
) -> Answer {
    let projection = projection(group_type(), &query.0)?;
    let unit = app.store().read(&tenant.scope).await?;
    let group = existing(unit.group(GroupId::new(id.uuid("Group")?)).await?, "Group", &id)?;
    if conditions.unchanged(group.resource.meta.version)? {
        return Ok(respond::unchanged(&app, &group.resource));
    }
    Ok(respond::group(&app, &unit, StatusCode::OK, group, &projection).await?)
}

/// `POST /Groups`.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    query: UrlQuery,
    ScimJson(mut body): ScimJson,
) -> Answer {
    let projection = projection(group_type(), &query.0)?;
    notes.used(tenant.dialect.request(RequestKind::Create, group_type(), &mut body));
    let mut document = resource::parse(group_type(), &body)?;
    let members = taken_members(&mut document);

    let mut unit = app.store().write(&tenant.scope).await?;
    let writing = Writing { tenant: &tenant, notes: &notes, now: app.now() };
    let group = writing.create_group(&mut unit, GroupId::new(app.id()), document, members).await?;
    let response = respond::group(&app, &unit, StatusCode::CREATED, group, &projection).await?;
    write::finish(&app, unit).await?;
    Ok(response)
}

/// `PUT /Groups/{id}`: members that are left out altogether stay, as an omission is no decision about people.
pub(crate) async fn replace(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    id: ResourceId,
    conditions: Conditions,
    query: UrlQuery,
    ScimJson(mut body): ScimJson,
) -> Answer {
    let id = GroupId::new(id.uuid("Group")?);
    notes.used(tenant.dialect.request(RequestKind::Replace, group_type(), &mut body));
    let read =
        projection(group_type(), &query.0).and_then(|it| Ok((it, resource::parse(group_type(), &body)?)));
    let (projection, mut incoming) = match read {
        Ok(read) => read,
        Err(error) => return Err(group_write::refuse_group(&app, &tenant, id, &conditions, error).await),
    };
    let wanted = taken_members(&mut incoming);

    let mut unit = app.store().write(&tenant.scope).await?;
    let group = existing(unit.lock_group(id).await?, "Group", &id)?;
    conditions.allow_write(group.resource.meta.version)?;
    let mentioned = resource::mentions(&body);
    let footprint = if mentioned("members") { Members::All } else { Members::None };
    let changes = match footprint {
        Members::All => {
            let members = unit.members_page(id, None, u32::MAX.into()).await?;
            let values: Vec<String> = members.iter().map(|(member, _)| member.to_string()).collect();
            MemberChanges::between(values.iter().map(String::as_str), &wanted)
        }
        _ => MemberChanges::default(),
    };
    let document =
        write::replaced(&tenant, &notes, group_type(), &group.resource.document, incoming, mentioned)?;
    let writing = Writing { tenant: &tenant, notes: &notes, now: app.now() };
    let group = writing.save_group(&mut unit, group, document, &changes, &footprint).await?;
    let response = respond::group(&app, &unit, StatusCode::OK, group, &projection).await?;
    write::finish(&app, unit).await?;
    Ok(response)
}

/// `PATCH /Groups/{id}`.
pub(crate) async fn patch(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    id: ResourceId,
    conditions: Conditions,
    query: UrlQuery,
    ScimJson(mut body): ScimJson,
) -> Answer {
    let id = GroupId::new(id.uuid("Group")?);
    notes.used(tenant.dialect.request(RequestKind::Patch, group_type(), &mut body));
    let most = app.limits().patch_operations;
    let parsed = PatchRequest::parse(group_type(), &body, tenant.dialect.filter(), most);
    let read = projection(group_type(), &query.0).and_then(|projection| Ok((projection, parsed?)));
    let (projection, request) = match read {
        Ok(read) => read,
        Err(error) => return Err(group_write::refuse_group(&app, &tenant, id, &conditions, error).await),
    };
    notes.used(tenant.dialect.filter_used(request.used));

    let mut unit = app.store().write(&tenant.scope).await?;
    let group = existing(unit.lock_group(id).await?, "Group", &id)?;
    conditions.allow_write(group.resource.meta.version)?;
    let (rules, footprint) = (tenant.dialect.rules(), request.footprint());
    let present = members::load(&unit, id, &footprint).await?;
    let outcome = request.apply(&group.resource.document, &present, rules.create_missing_element)?;
    write::note_rule(&notes, outcome.created_elements > 0, names::CREATE_MISSING_ELEMENT);
    let writing = Writing { tenant: &tenant, notes: &notes, now: app.now() };
    let group = writing.save_group(&mut unit, group, outcome.document, &outcome.members, &footprint).await?;
    let response = if rules.group_patch_no_content && projection == Projection::Default {
        write::note_rule(&notes, true, names::GROUP_PATCH_NO_CONTENT);
        respond::no_content(&group.resource)
    } else {
        respond::group(&app, &unit, StatusCode::OK, group, &projection).await?
    };
    write::finish(&app, unit).await?;
    Ok(response)
}

/// `DELETE /Groups/{id}`: whoever had a seat through it alone loses the seat as if the group had been left.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    id: ResourceId,
    conditions: Conditions,
) -> Answer {
    let id = GroupId::new(id.uuid("Group")?);
    let mut unit = app.store().write(&tenant.scope).await?;
    let group = existing(unit.lock_group(id).await?, "Group", &id)?;
    conditions.allow_write(group.resource.meta.version)?;
    let writing = Writing { tenant: &tenant, notes: &notes, now: app.now() };
    writing.delete_group(&mut unit, &group, app.config().jobs.batch.into()).await?;
    write::finish(&app, unit).await?;
    Ok(respond::gone())
}
