//! Answers: stored resources with what the server computes, in the attributes that the client wants.

use std::collections::HashMap;

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use provisioning::UserId;
use scim::path::Located;
use scim::project::Projection;
use scim::protocol::version::entity_tag;
use scim::schema::{ENROLMENT, ENTERPRISE_USER};
use scim::{Object, Registry, Resource, ResourceType, time};
use serde_json::{Value, json};
use store::{Group, GroupOf, Licence, Member, MemberName, ReadUnit, TenantScope, User};
use uuid::Uuid;

use super::group_text::{self, Text};
use crate::app::App;
use crate::http::headers::{SCIM_JSON, scim_json};

/// The resource type User.
pub(super) fn user_type() -> &'static ResourceType {
    Registry::standard().user()
}

/// The resource type Group.
pub(super) fn group_type() -> &'static ResourceType {
    Registry::standard().group()
}

/// One user, as an answer of this status.
pub(super) async fn user(
    app: &App,
    unit: &ReadUnit,
    status: StatusCode,
    user: User,
    projection: &Projection,
) -> Result<Response, store::Error> {
    let headers = Headers::of(app, &user.resource);
    let rendered = users(app, unit, vec![user], projection).await?;
    Ok(headers.put(scim_json(status, rendered.first().unwrap_or(&Value::Null))))
}

/// A user who has just been created.
pub(super) fn created(app: &App, user: User, computed: &Computed, projection: &Projection) -> Response {
    let headers = Headers::of(app, &user.resource);
    let rendered = computed.render(app, vec![user], projection);
    headers.put(scim_json(StatusCode::CREATED, rendered.first().unwrap_or(&Value::Null)))
}

/// One group, as an answer of this status.
pub(super) async fn group(
    app: &App,
    unit: &ReadUnit,
    status: StatusCode,
    group: Group,
    projection: &Projection,
) -> Result<Response, store::Error> {
    let headers = Headers::of(app, &group.resource);
    let mut text = Text::default();
    group_text::write(&mut text, app, unit, vec![group], projection).await?;
    Ok(headers.put(long(status, text)))
}

/// 304: the client has this version.
pub(super) fn unchanged(app: &App, resource: &Resource) -> Response {
    let headers = Headers::of(app, resource);
    empty(StatusCode::NOT_MODIFIED, &[(ETAG, &headers.tag), (LOCATION, &headers.location)])
}

/// 204 with the version that the change led to (RFC 7644 §3.5.2, §3.14).
pub(super) fn no_content(resource: &Resource) -> Response {
    empty(StatusCode::NO_CONTENT, &[(ETAG, &entity_tag(resource.meta.version, None))])
}

/// 204 for what is gone.
pub(super) fn gone() -> Response {
    empty(StatusCode::NO_CONTENT, &[])
}

/// The representations of users.
pub(super) async fn users(
    app: &App,
    unit: &ReadUnit,
    users: Vec<User>,
    projection: &Projection,
) -> Result<Vec<Value>, store::Error> {
    Ok(Computed::load(unit, &users, projection).await?.render(app, users, projection))
}

/// What the server adds to stored users.
#[derive(Default)]
pub(super) struct Computed {
    groups: HashMap<UserId, Vec<GroupOf>>,
    licences: HashMap<UserId, Vec<Licence>>,
    names: HashMap<Uuid, MemberName>,
}

impl Computed {
    /// Loads what the projection wants, and no more.
    pub(super) async fn load(
        unit: &ReadUnit,
        users: &[User],
        projection: &Projection,
    ) -> Result<Self, store::Error> {
        let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
        let mut computed = Self::named(unit, users, projection).await?;
        if projection.wants("groups") && !ids.is_empty() {
            computed.groups = unit.groups_of(&ids).await?;
        }
        if wants_extension(projection, ENROLMENT) && !ids.is_empty() {
            computed.licences = unit.licences_of(&ids).await?;
        }
        Ok(computed)
    }

    /// As [`Computed::load`] for users without groups and licences: the names of managers who are users of ours.
    pub(super) async fn named(
        unit: &ReadUnit,
        users: &[User],
        projection: &Projection,
    ) -> Result<Self, store::Error> {
        let managers = managers(users, projection);
        let mut computed = Self::default();
        if !managers.is_empty() {
            computed.names = unit.names_of(&managers).await?;
        }
        Ok(computed)
    }

    /// As [`Computed::named`] for somebody who has just been created without a unit.
    pub(super) async fn of_newcomer(
        app: &App,
        scope: &TenantScope,
        user: &User,
        projection: &Projection,
    ) -> Result<Self, store::Error> {
        let user = std::slice::from_ref(user);
        if managers(user, projection).is_empty() {
            return Ok(Self::default());
        }
        Self::named(&app.store().read(scope).await?, user, projection).await
    }

    fn render(&self, app: &App, users: Vec<User>, projection: &Projection) -> Vec<Value> {
        let rendered = users.into_iter().map(|user| {
            let licences = self.licences.get(&user.id).map(Vec::as_slice).unwrap_or_default();
            let extension = user.shows_enrolment(licences).then(|| enrolled(&user, licences));
            let mut resource = user.resource;
            if let Some(groups) = self.groups.get(&user.id) {
                resource.document.insert("groups".to_owned(), groups.iter().map(group_of).collect());
            }
            if let Some(Value::Object(extension)) = extension {
                // The client's remark stands in the same container.
                match resource.document.get_mut(ENROLMENT).and_then(Value::as_object_mut) {
                    Some(stored) => stored.extend(extension),
                    None => drop(resource.document.insert(ENROLMENT.to_owned(), Value::Object(extension))),
                }
            }
            let name = manager(&resource.document).and_then(|id| self.names.get(&id)?.display.as_deref());
            if let Some(name) = name {
                resource.document[ENTERPRISE_USER]["manager"]["displayName"] = name.into();
            }
            Value::Object(projected(app, resource, projection))
        });
        rendered.collect()
    }
}

/// A page of groups; members are looked at only when the projection wants them.
pub(super) async fn groups(
    app: &App,
    unit: &ReadUnit,
    head: Value,
    groups: Vec<Group>,
    projection: &Projection,
) -> Result<Response, store::Error> {
    let head = head.to_string();
    let mut text = Text::default();
    text.push(head.strip_suffix('}').unwrap_or(&head));
    text.push(",\"Resources\":[");
    group_text::write(&mut text, app, unit, groups, projection).await?;
    text.push("]}");
    Ok(long(StatusCode::OK, text))
}

/// An answer with a long SCIM body.
fn long(status: StatusCode, text: Text) -> Response {
    let length = text.len();
    let mut response = Response::new(text.into_body());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, SCIM_JSON);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// A member as an element of `members`; the address is added when the group is rendered.
pub(super) fn member(member: &Member) -> Value {
    let mut element = json!({ "value": member.id.to_string(), "type": member.kind.to_string() });
    if let Some(display) = &member.display {
        element["display"] = display.as_str().into();
    }
    element
}

fn group_of(group: &GroupOf) -> Value {
    let mut element = json!({ "value": group.id.to_string() });
    if let Some(display) = &group.display {
        element["display"] = display.as_str().into();
    }
    element["type"] = if group.direct { "direct" } else { "indirect" }.into();
    element
}

/// What became of the person, as our extension shows it.
fn enrolled(user: &User, licences: &[Licence]) -> Value {
    let enrolment = &user.enrolment;
    let mut shown = Object::new();
    shown.insert("status".to_owned(), enrolment.status.to_string().into());
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            shown.insert(name.to_owned(), value);
        }
    };
    put("statusSince", enrolment.since.map(|at| time::format(at).into()));
    put("reason", enrolment.cause.as_deref().map(Value::from));
    let licences: Vec<Value> = licences.iter().map(licence).collect();
    put("licences", (!licences.is_empty()).then_some(Value::Array(licences)));
    put("seatKeptUntil", enrolment.seat_kept_until.map(|at| time::format(at).into()));
    put("restoreOwed", Some(enrolment.restore_owed.into()));
    put("lastUsed", enrolment.last_used.map(|at| time::format(at).into()));
    Value::Object(shown)
}

fn licence(licence: &Licence) -> Value {
    json!({
        "value": licence.pool.to_string(),
        "display": licence.name,
        "state": licence.state.to_string(),
        "since": time::format(licence.since),
    })
}

/// The managers, as far as they may be users of ours, of users in whose answers they are named.
fn managers(users: &[User], projection: &Projection) -> Vec<Uuid> {
    let mut managers: Vec<Uuid> = users.iter().filter_map(|user| manager(&user.resource.document)).collect();
    if managers.is_empty() || !wants_extension(projection, ENTERPRISE_USER) {
        return Vec::new();
    }
    managers.sort_unstable();
    managers.dedup();
    managers
}

fn manager(document: &Object) -> Option<Uuid> {
    document.get(ENTERPRISE_USER)?.get("manager")?.get("value")?.as_str()?.parse().ok()
}

pub(super) fn projected(app: &App, resource: Resource, projection: &Projection) -> Object {
    projection.project(resource.resource_type, resource.render(app.base()))
}

fn wants_extension(projection: &Projection, uri: &str) -> bool {
    let names_it = |located: &Located| match located {
        Located::Extension(schema) => schema.id == uri,
        Located::Attribute(attribute) => attribute.extension.is_some_and(|schema| schema.id == uri),
    };
    match projection {
        Projection::Default => true,
        Projection::Only(only) => only.iter().any(names_it),
        Projection::Without(without) => {
            !without.iter().any(|located| matches!(located, Located::Extension(schema) if schema.id == uri))
        }
    }
}

/// The headers that name a resource and its version.
struct Headers {
    tag: String,
    location: String,
}

impl Headers {
    fn of(app: &App, resource: &Resource) -> Self {
        Self { tag: entity_tag(resource.meta.version, None), location: resource.location(app.base()) }
    }

    fn put(&self, mut response: Response) -> Response {
        for (name, text) in
            [(ETAG, &self.tag), (LOCATION, &self.location), (CONTENT_LOCATION, &self.location)]
        {
            insert(&mut response, name, text);
        }
        response
    }
}

fn empty(status: StatusCode, headers: &[(HeaderName, &String)]) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    for (name, text) in headers {
        insert(&mut response, name.clone(), text);
    }
    response
}

fn insert(response: &mut Response, name: HeaderName, text: &str) {
    // Tags are digits, and a base address that is no header value was refused at start.
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().insert(name, value);
    }
}
