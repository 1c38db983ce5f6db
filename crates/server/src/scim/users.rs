//! `/Users` (RFC 7644 §3.3 to §3.6).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use provisioning::{Cause, UserId};
use scim::compat::{RequestKind, names};
use scim::patch::PatchRequest;
use scim::resource;

use super::arrivals::{self, Arrival};
use super::respond::{self, user_type};
use super::search::{list_users, projection};
use super::write::{self, Writing};
use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::Failure;
use crate::http::headers::Conditions;
use crate::http::id::ResourceId;
use crate::http::json::ScimJson;
use crate::http::query::UrlQuery;
use crate::requests::Notes;

type Answer = Result<Response, Failure>;

/// `GET /Users`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    query: UrlQuery,
) -> Answer {
    list_users(&app, &tenant, &notes, &query.0).await
}

/// `GET /Users/{id}`.
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    id: ResourceId,
    conditions: Conditions,
    query: UrlQuery,
) -> Answer {
    let projection = projection(user_type(), &query.0)?;
    let unit = app.store().read(&tenant.scope).await?;
    let user = write::existing(unit.user(UserId::new(id.uuid("User")?)).await?, "User", &id)?;
    if conditions.unchanged(user.resource.meta.version)? {
        return Ok(respond::unchanged(&app, &user.resource));
    }
    Ok(respond::user(&app, &unit, StatusCode::OK, user, &projection).await?)
}

/// `POST /Users`.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    query: UrlQuery,
    ScimJson(mut body): ScimJson,
) -> Answer {
    let projection = projection(user_type(), &query.0)?;
    notes.used(tenant.dialect.request(RequestKind::Create, user_type(), &mut body));
    let mut document = resource::parse(user_type(), &body)?;
    // RFC 7643 §2.5: an explicit null overrides the default.
    if !resource::mentions(&body)("active") {
        document.insert("active".to_owned(), true.into());
    }
    write::check_formats(&tenant, None, &document)?;

    arrivals::create(&app, Arrival::new(&app, tenant, notes, document, projection)?).await
}

/// `PUT /Users/{id}`.
pub(crate) async fn replace(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    id: ResourceId,
    conditions: Conditions,
    query: UrlQuery,
    ScimJson(mut body): ScimJson,
) -> Answer {
    let id = UserId::new(id.uuid("User")?);
    notes.used(tenant.dialect.request(RequestKind::Replace, user_type(), &mut body));
    let read =
        projection(user_type(), &query.0).and_then(|it| Ok((it, resource::parse(user_type(), &body)?)));
    let (projection, incoming) = match read {
        Ok(read) => read,
        Err(error) => return Err(write::refuse_user(&app, &tenant, id, &conditions, error).await),
    };

    let mut unit = app.store().write(&tenant.scope).await?;
    let user = write::existing(unit.lock_user(id).await?, "User", &id)?;
    conditions.allow_write(user.resource.meta.version)?;
    let (stored, mentioned) = (&user.resource.document, resource::mentions(&body));
    let document = write::replaced(&tenant, &notes, user_type(), stored, incoming, mentioned)?;
    write::check_formats(&tenant, Some(stored), &document)?;
    let writing = Writing { tenant: &tenant, notes: &notes, now: app.now() };
    let user = writing.save_user(&mut unit, user, document).await?;
    let response = respond::user(&app, &unit, StatusCode::OK, user, &projection).await?;
    write::finish(&app, unit).await?;
    Ok(response)
}

/// `PATCH /Users/{id}`.
pub(crate) async fn patch(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    id: ResourceId,
    conditions: Conditions,
    query: UrlQuery,
    ScimJson(mut body): ScimJson,
) -> Answer {
    let id = UserId::new(id.uuid("User")?);
    notes.used(tenant.dialect.request(RequestKind::Patch, user_type(), &mut body));
    let most = app.limits().patch_operations;
    let parsed = PatchRequest::parse(user_type(), &body, tenant.dialect.filter(), most);
    let read = projection(user_type(), &query.0).and_then(|projection| Ok((projection, parsed?)));
    let (projection, request) = match read {
        Ok(read) => read,
        Err(error) => return Err(write::refuse_user(&app, &tenant, id, &conditions, error).await),
    };
    notes.used(tenant.dialect.filter_used(request.used));

    let mut unit = app.store().write(&tenant.scope).await?;
    let user = write::existing(unit.lock_user(id).await?, "User", &id)?;
    conditions.allow_write(user.resource.meta.version)?;
    let stored = &user.resource.document;
    let outcome = request.apply(stored, &[], tenant.dialect.rules().create_missing_element)?;
    write::note_rule(&notes, outcome.created_elements > 0, names::CREATE_MISSING_ELEMENT);
    write::check_formats(&tenant, Some(stored), &outcome.document)?;
    let writing = Writing { tenant: &tenant, notes: &notes, now: app.now() };
    let user = writing.save_user(&mut unit, user, outcome.document).await?;
    let response = respond::user(&app, &unit, StatusCode::OK, user, &projection).await?;
    write::finish(&app, unit).await?;
    Ok(response)
}

/// `DELETE /Users/{id}`: access ends and seats go back at once, whatever the grace.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    id: ResourceId,
    conditions: Conditions,
) -> Answer {
    let id = UserId::new(id.uuid("User")?);
    let mut unit = app.store().write(&tenant.scope).await?;
    let user = write::existing(unit.lock_user_for_removal(id).await?, "User", &id)?;
    conditions.allow_write(user.resource.meta.version)?;
    let writing = Writing { tenant: &tenant, notes: &notes, now: app.now() };
    writing.settle(&mut unit, &[id], &Cause::Removed).await?;
    unit.delete_user(id, writing.now).await?;
    notes.effect("person removed");
    write::finish(&app, unit).await?;
    Ok(respond::gone())
}
