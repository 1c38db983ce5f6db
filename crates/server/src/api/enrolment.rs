//! The steps of an enrolment, as the application reports them, and the code that a person types in it.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use operations::access::{self, Who};
use operations::api_tokens::Scope;
use operations::{Requester, enrolment};
use provisioning::{Step, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::application::Client;
use super::body::{Json, Path};
use super::people::{Person, person};
use super::problem::{Problem, Rejected};
use crate::app::App;

/// A step that a person has taken.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Taken {
    /// `invitation-opened`, `signed-in`, `pin-set` or `restored`. The address is verified by a code.
    step: String,
}

/// For which device a code is asked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The name of the device, which the mail shows.
    device: Option<String>,
}

/// What a person typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    /// The code; spaces do not matter.
    code: String,
}

/// A code that was sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SentTo {
    /// The address, most of it hidden.
    address: String,
    /// From when on the code is refused.
    expires_at: DateTime<Utc>,
}

/// Reports a step; one that was taken before changes nothing.
#[utoipa::path(
    post, path = "/people/{id}/steps", operation_id = "takeStep", tag = "enrolment", security(("bearer" = [])),
    params(("id" = String, Path, description = "The person's id")), request_body = Taken,
    responses((status = 200, description = "The person", body = Person),
        (status = 404, description = "There is no such person", body = Problem),
        (status = 409, description = "The person has no access, or nothing is to be restored", body = Problem),
        (status = 422, description = "The word is no step that an application reports", body = Problem))
)]
pub(super) async fn take(
    State(app): State<Arc<App>>,
    client: Client,
    Path(id): Path<String>,
    Json(taken): Json<Taken>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::EnrolmentWrite)?;
    let user = person(&id)?;
    let reported = [Step::InvitationOpened, Step::SignedIn, Step::PinSet, Step::Restored];
    let step = reported.into_iter().find(|step| step.as_str() == taken.step).ok_or_else(|| {
        let all = reported.map(Step::as_str).join(", ");
        let detail = format!("\"{}\" is no step that an application reports: use one of {all}.", taken.step);
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-value", detail)
    })?;
    enrolment::take(app.db(), requester, user, step).await?;
    shown(&app, requester, user).await
}

/// Has a code of six digits sent to the person's address.
#[utoipa::path(
    post, path = "/people/{id}/code", operation_id = "sendCode", tag = "enrolment", security(("bearer" = [])),
    params(("id" = String, Path, description = "The person's id")), request_body = Asked,
    responses((status = 202, description = "A code is on its way", body = SentTo),
        (status = 404, description = "There is no such person", body = Problem),
        (status = 409, description = "The person has no access or no address", body = Problem),
        (status = 429, description = "Another code was sent a moment ago, or too many were sent in a day", body = Problem))
)]
pub(super) async fn send_code(
    State(app): State<Arc<App>>,
    client: Client,
    Path(id): Path<String>,
    Json(asked): Json<Asked>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::EnrolmentWrite)?;
    let sent = enrolment::send_code(app.db(), requester, person(&id)?, asked.device.as_deref()).await?;
    app.work().notify_one();
    let sent = SentTo { address: sent.address, expires_at: sent.expires_at };
    Ok((StatusCode::ACCEPTED, Answer(sent)).into_response())
}

/// Checks the code that the person typed; the right one verifies the address.
#[utoipa::path(
    post, path = "/people/{id}/code/check", operation_id = "checkCode", tag = "enrolment", security(("bearer" = [])),
    params(("id" = String, Path, description = "The person's id")), request_body = Typed,
    responses((status = 200, description = "The address is verified", body = Person),
        (status = 404, description = "There is no such person", body = Problem),
        (status = 409, description = "The person has no access", body = Problem),
        (status = 422, description = "The code is wrong, or does not count any more", body = Problem))
)]
pub(super) async fn check_code(
    State(app): State<Arc<App>>,
    client: Client,
    Path(id): Path<String>,
    Json(typed): Json<Typed>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::EnrolmentWrite)?;
    let user = person(&id)?;
    enrolment::check_code(app.db(), requester, user, &typed.code).await?;
    shown(&app, requester, user).await
}

/// The person after a change.
async fn shown(app: &App, requester: &Requester, user: UserId) -> Result<Response, Rejected> {
    let person: Person = access::of(app.db(), requester, &Who::Id(user)).await?.into();
    Ok(Answer(person).into_response())
}
