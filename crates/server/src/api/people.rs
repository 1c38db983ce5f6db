//! People and their entitlements, as the application asks for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use operations::access::{self, Access, Who};
use operations::api_tokens::Scope;
use provisioning::{Step, UserId};
use scim::protocol::list::Page;
use serde::{Deserialize, Serialize};
use serde_json::to_vec;
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::application::Client;
use super::body::{Parameters, Path};
use super::problem::{Problem, Rejected};
use crate::app::App;

/// A person, and whether the application lets the person in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person {
    /// The person's id.
    id: Uuid,
    /// The name with which the person signs in.
    user_name: String,
    /// The id that the identity provider gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    /// The name that people read.
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    /// Whether the application lets the person in.
    access: bool,
    /// The status of the enrolment: `no-licence`, `pending`, `active`, `suspended` or `deactivated`.
    status: String,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<DateTime<Utc>>,
    /// Why, in words that read on from “because”.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The steps of the enrolment that were taken.
    steps: Vec<StepTaken>,
    /// The steps that are still to do, in order.
    missing_steps: Vec<String>,
    /// Whether the person is to restore the data from a backup.
    restore_owed: bool,
    /// The day until which a suspended person's seat is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    seat_kept_until: Option<DateTime<Utc>>,
    /// When the application last saw the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<DateTime<Utc>>,
    /// The licence pools in which the person has a seat.
    seats: Vec<String>,
    /// The licence pools for which the person waits.
    waiting: Vec<String>,
    /// What the person may do in the application, by name: `true`, a number or a word. Lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<BTreeMap<String, serde_json::Value>>,
}

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct StepTaken {
    /// The step: `invitation-sent`, `invitation-opened`, `signed-in`, `email-verified`, `pin-set` or `restored`.
    step: String,
    /// When.
    at: DateTime<Utc>,
}

/// A page of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct People {
    /// How many there are in all.
    total: u64,
    /// Those of the page.
    items: Vec<Person>,
}

impl From<Access> for Person {
    fn from(access: Access) -> Self {
        let taken = |step: &Step| {
            let at = access.steps.at(*step)?;
            Some(StepTaken { step: step.to_string(), at })
        };
        Self {
            steps: Step::ALL.iter().filter_map(taken).collect(),
            id: access.id.uuid(),
            user_name: access.user_name,
            external_id: access.external_id,
            display_name: access.display_name,
            access: access.access,
            status: access.status.to_string(),
            since: access.since,
            reason: access.reason,
            missing_steps: access.missing_steps.iter().map(ToString::to_string).collect(),
            restore_owed: access.restore_owed,
            seat_kept_until: access.seat_kept_until,
            last_used_at: access.last_used_at,
            seats: access.seats,
            waiting: access.waiting,
            permissions: access.permissions.map(|granted| {
                granted.into_iter().map(|(name, granted)| (name, serde_json::json!(granted.value))).collect()
            }),
        }
    }
}

/// A part of the people.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// A SCIM filter (RFC 7644 §3.4.2.2) over users, such as `active eq true`.
    filter: Option<String>,
    /// The first one, from 1.
    start_index: Option<u64>,
    /// At most so many.
    count: Option<u64>,
}

/// Exactly one of these.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Names {
    /// The person's id.
    id: Option<String>,
    /// The name with which the person signs in, without regard to case.
    user_name: Option<String>,
    /// One of the person's e-mail addresses, without regard to case.
    email: Option<String>,
    /// The id that the identity provider gave.
    external_id: Option<String>,
}

/// Lists people.
#[utoipa::path(
    get, path = "/people", operation_id = "listPeople", tag = "people", params(Part), security(("bearer" = [])),
    responses((status = 200, description = "A page of people", body = People),
        (status = 400, description = "The filter cannot be used", body = Problem))
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    client: Client,
    Parameters(part): Parameters<Part>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::PeopleRead)?;
    let page = page(&app, part.start_index, part.count);
    let found = access::list(app.db(), requester, part.filter.as_deref(), page).await?;
    let people = People { total: found.total, items: found.items.into_iter().map(Person::from).collect() };
    Ok(Answer(people).into_response())
}

/// Shows a person.
#[utoipa::path(
    get, path = "/people/{id}", operation_id = "showPerson", tag = "people", security(("bearer" = [])),
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, description = "The person", body = Person),
        (status = 304, description = "The person is as before"),
        (status = 404, description = "There is no such person", body = Problem))
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    client: Client,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::PeopleRead)?;
    Ok(tagged(&access::of(app.db(), requester, &Who::Id(person(&id)?)).await?.into(), &headers))
}

/// Says whether a person may use the application, by one of the names by which the application knows the person.
#[utoipa::path(
    get, path = "/entitlement", operation_id = "showEntitlement", tag = "people", params(Names),
    security(("bearer" = [])),
    responses((status = 200, description = "The person", body = Person),
        (status = 304, description = "The person is as before"),
        (status = 404, description = "There is no such person", body = Problem),
        (status = 422, description = "The name stands for several people, or not exactly one name is given", body = Problem))
)]
pub(super) async fn entitlement(
    State(app): State<Arc<App>>,
    client: Client,
    Parameters(name): Parameters<Names>,
    headers: HeaderMap,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::PeopleRead)?;
    let who = match (name.id, name.user_name, name.email, name.external_id) {
        (Some(id), None, None, None) => Who::Id(person(&id)?),
        (None, Some(name), None, None) => Who::UserName(name),
        (None, None, Some(address), None) => Who::Email(address),
        (None, None, None, Some(id)) => Who::ExternalId(id),
        _ => {
            let detail = "Name the person by exactly one of id, userName, email and externalId.";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-value", detail).into());
        }
    };
    Ok(tagged(&access::of(app.db(), requester, &who).await?.into(), &headers))
}

/// The page that is asked for, as far as the settings allow.
pub(super) fn page(app: &App, start_index: Option<u64>, count: Option<u64>) -> Page {
    let limits = app.limits();
    let count = count.unwrap_or(limits.page_size).min(limits.page_size_max);
    Page { start_index: start_index.unwrap_or(1).max(1), count }
}

/// The id of a person; other text is no person's.
pub(super) fn person(id: &str) -> Result<UserId, Rejected> {
    let id = id.parse::<Uuid>().map(UserId::new);
    Ok(id.map_err(|_| Problem::from(operations::enrolment::Refused::NoPerson))?)
}

/// A person with an entity tag: a cache may keep the answer, and has to ask each time whether it is still right.
fn tagged(person: &Person, headers: &HeaderMap) -> Response {
    let body = to_vec(person).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(&body).into();
    let tag = format!("\"{:016x}\"", u128::from_be_bytes(std::array::from_fn(|at| digest[at])));
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|list| list.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    });
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { Answer(person).into_response() };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(VARY, HeaderValue::from_static("Authorization"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}
