//! The status of a stream, its subjects, and whether it works (OpenID Shared Signals Framework 1.0 §8.1.2 to §8.1.4).

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::Error;
use operations::api_tokens::Scope;
use operations::streams::{self, Sought, Status, VERIFICATION_SECONDS};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::application::Client;
use super::body::{Json, Parameters};
use super::problem::{Problem, Rejected};
use super::stream::{Which, bad, failed, stream_id};
use crate::app::App;

/// Whether a stream carries tokens.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct StreamState {
    /// The stream.
    stream_id: String,
    /// `enabled`; `paused`, while tokens are kept; or `disabled`, while there are none.
    status: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A subject of a stream.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct StreamSubject {
    /// The stream.
    stream_id: String,
    /// The subject, such as `{"format": "scim", "uri": "/Users/2819c223"}`.
    #[schema(value_type = Object)]
    subject: Value,
}

/// What a token is to say that shows whether a stream works.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Verification {
    /// The stream.
    stream_id: String,
    /// What the token says.
    state: Option<String>,
}

/// Reads the status of a stream.
#[utoipa::path(
    get, path = "/ssf/status", operation_id = "readStreamStatus", tag = "streams", security(("bearer" = [])),
    params(Which),
    responses((status = 200, description = "The status", body = StreamState),
        (status = 404, description = "There is no such stream", body = Problem))
)]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    client: Client,
    Parameters(which): Parameters<Which>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::StreamsWrite)?;
    let (stream, status, reason) = streams::read(app.db(), requester, which.one()?).await?;
    let (stream_id, status) = (stream.stream_id.to_string(), status.as_str().to_owned());
    Ok(Answer(StreamState { stream_id, status, reason }).into_response())
}

/// Gives a stream a status.
#[utoipa::path(
    post, path = "/ssf/status", operation_id = "setStreamStatus", tag = "streams", security(("bearer" = [])),
    request_body = StreamState,
    responses((status = 200, description = "The status", body = StreamState),
        (status = 400, description = "It is no status", body = Problem),
        (status = 404, description = "There is no such stream", body = Problem))
)]
pub(super) async fn set(
    State(app): State<Arc<App>>,
    client: Client,
    Json(body): Json<StreamState>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::StreamsWrite)?;
    let id = stream_id(&body.stream_id)?;
    let status = Status::of_word(&body.status);
    let status = status.ok_or_else(|| bad("status has to be enabled, paused or disabled"))?;
    let wanted = (status, body.reason.as_deref());
    streams::set_status(app.db(), requester, id, wanted).await.map_err(failed)?;
    app.work().notify_one();
    Ok(Answer(body).into_response())
}

/// Has a stream carry what concerns a subject.
#[utoipa::path(
    post, path = "/ssf/subjects/add", operation_id = "addStreamSubject", tag = "streams", security(("bearer" = [])),
    request_body = StreamSubject,
    responses((status = 200, description = "It is carried"),
        (status = 404, description = "There is no such stream or subject", body = Problem))
)]
pub(super) async fn add_subject(
    State(app): State<Arc<App>>,
    client: Client,
    Json(body): Json<StreamSubject>,
) -> Result<Response, Rejected> {
    include(&app, &client, &body, true).await?;
    Ok(StatusCode::OK.into_response())
}

/// Has a stream carry nothing any more that concerns a subject.
#[utoipa::path(
    post, path = "/ssf/subjects/remove", operation_id = "removeStreamSubject", tag = "streams",
    security(("bearer" = [])), request_body = StreamSubject,
    responses((status = 204, description = "It is carried no more"),
        (status = 404, description = "There is no such stream or subject", body = Problem))
)]
pub(super) async fn remove_subject(
    State(app): State<Arc<App>>,
    client: Client,
    Json(body): Json<StreamSubject>,
) -> Result<Response, Rejected> {
    include(&app, &client, &body, false).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Has a stream carry what concerns a subject, or nothing of it any more.
async fn include(app: &App, client: &Client, body: &StreamSubject, included: bool) -> Result<(), Rejected> {
    let requester = client.may(Scope::StreamsWrite)?;
    let (id, sought) = (stream_id(&body.stream_id)?, Sought::of(&body.subject).map_err(failed)?);
    streams::include_subject(app.db(), requester, id, &sought, included).await?;
    app.work().notify_one();
    Ok(())
}

/// Has a stream carry a token that shows whether it works.
#[utoipa::path(
    post, path = "/ssf/verify", operation_id = "verifyStream", tag = "streams", security(("bearer" = [])),
    request_body = Verification,
    responses((status = 204, description = "The token is on its way"),
        (status = 404, description = "There is no such stream", body = Problem),
        (status = 429, description = "One was asked for just now", body = Problem))
)]
pub(super) async fn verify(
    State(app): State<Arc<App>>,
    client: Client,
    Json(body): Json<Verification>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::StreamsWrite)?;
    let id = stream_id(&body.stream_id)?;
    let verified = streams::verify(app.db(), requester, id, body.state.as_deref()).await;
    verified.map_err(|error| match error {
        Error::Already { .. } => {
            let detail =
                format!("One verification is made in {VERIFICATION_SECONDS} seconds: ask again later.");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail).into()
        }
        other => failed(other),
    })?;
    app.work().notify_one();
    Ok(StatusCode::NO_CONTENT.into_response())
}
