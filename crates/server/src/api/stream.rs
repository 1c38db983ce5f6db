//! Streams of changes, as their receivers set them up (OpenID Shared Signals Framework 1.0 §8.1.1).

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::Error;
use operations::api_tokens::Scope;
use operations::streams::{self, Unsaid, Wanted, WantedDelivery};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::application::Client;
use super::body::{Json, Parameters};
use super::problem::{Problem, Rejected};
use crate::app::App;

/// Which stream.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The stream; all of the tenant without it, where several can be meant.
    stream_id: Option<String>,
}

impl Which {
    /// The stream that is named, which must be one.
    pub(super) fn one(&self) -> Result<Uuid, Rejected> {
        let id = self.stream_id.as_deref().ok_or_else(|| bad("stream_id is missing"))?;
        stream_id(id)
    }
}

/// What a receiver wants of a stream.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Configuration {
    /// The stream, where one is changed.
    stream_id: Option<String>,
    /// What people call it.
    description: Option<String>,
    /// The URIs of events; notices of everything without it.
    events_requested: Option<Vec<String>>,
    /// How tokens reach the receiver.
    delivery: Option<Delivery>,
    /// `User` or `Group`; both without it.
    resource_types: Option<Vec<String>>,
    /// `ALL` or `NONE`: what the stream carries of subjects about which nothing was said.
    default_subjects: Option<String>,
    /// `RS256` or `EdDSA`.
    signing_algorithm: Option<String>,
}

/// How tokens reach a receiver.
#[derive(Deserialize, ToSchema)]
struct Delivery {
    /// `urn:ietf:rfc:8935`, which sends them, or `urn:ietf:rfc:8936`, by which the receiver asks for them.
    method: String,
    /// The address of the receiver.
    endpoint_url: Option<String>,
    /// What the receiver wants in the header `Authorization`.
    authorization_header: Option<String>,
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery").field("method", &self.method).finish_non_exhaustive()
    }
}

impl Configuration {
    /// What it says, and of which stream.
    fn read(self) -> Result<(Option<String>, Wanted), Rejected> {
        let delivery = match self.delivery {
            None => None,
            Some(delivery) => Some(match delivery.method.as_str() {
                "urn:ietf:rfc:8936" => WantedDelivery::Poll,
                "urn:ietf:rfc:8935" => WantedDelivery::Push {
                    url: delivery.endpoint_url.ok_or_else(|| bad("endpoint_url is missing"))?,
                    authorization: delivery.authorization_header,
                },
                _ => return Err(bad("the delivery method has to be urn:ietf:rfc:8935 or urn:ietf:rfc:8936")),
            }),
        };
        let every_subject = match self.default_subjects.as_deref() {
            None => None,
            Some("ALL") => Some(true),
            Some("NONE") => Some(false),
            Some(_) => return Err(bad("default_subjects has to be ALL or NONE")),
        };
        let wanted = Wanted {
            description: self.description,
            events: self.events_requested,
            types: self.resource_types,
            every_subject,
            algorithm: self.signing_algorithm,
            delivery,
        };
        Ok((self.stream_id, wanted))
    }
}

/// A stream as its receiver reads it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what an operation answers")]
pub(super) struct StreamConfiguration {
    /// Its id.
    stream_id: Uuid,
    /// Who signs its tokens.
    iss: String,
    /// Whom its tokens are for.
    aud: String,
    /// The events that there can be.
    events_supported: Vec<String>,
    /// Those that the receiver asked for.
    events_requested: Vec<String>,
    /// Those that it gets.
    events_delivered: Vec<String>,
    /// How tokens reach the receiver.
    #[schema(value_type = Object)]
    delivery: serde_json::Value,
    /// Seconds between two verifications.
    min_verification_interval: i64,
    /// What people call it.
    description: String,
    /// The resource types that it carries; all without any.
    resource_types: Vec<String>,
    /// `ALL` or `NONE`.
    default_subjects: String,
    /// How its tokens are signed.
    signing_algorithm: String,
}

/// A request that cannot be used.
pub(super) fn bad(detail: &str) -> Rejected {
    Problem::new(StatusCode::BAD_REQUEST, "invalid-request", detail).into()
}

/// An error of an operation: what cannot be used is a wrong request here (SSF 1.0 §8.1.1.1).
pub(super) fn failed(error: Error) -> Rejected {
    match error {
        Error::Refused(said) => bad(&said),
        other => other.into(),
    }
}

/// The id that a text is, or 404.
pub(super) fn stream_id(text: &str) -> Result<Uuid, Rejected> {
    let id = Uuid::try_parse(text).ok().filter(|id| id.to_string() == text);
    id.ok_or_else(|| Rejected::from(Error::from(scim::Error::not_found("stream", text))))
}

/// Creates a stream, which carries what changes from now on.
#[utoipa::path(
    post, path = "/ssf/stream", operation_id = "createStream", tag = "streams", security(("bearer" = [])),
    request_body = Configuration,
    responses((status = 201, description = "The stream", body = StreamConfiguration),
        (status = 400, description = "Something cannot be used", body = Problem))
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    client: Client,
    Json(body): Json<Configuration>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::StreamsWrite)?;
    let (_, wanted) = body.read()?;
    let private = app.config().webhooks.allow_private;
    let stream = streams::create(app.db(), requester, &wanted, private).await.map_err(failed)?;
    Ok((StatusCode::CREATED, Answer(stream)).into_response())
}

/// Reads a stream, or all of them.
#[utoipa::path(
    get, path = "/ssf/stream", operation_id = "readStream", tag = "streams", security(("bearer" = [])), params(Which),
    responses((status = 200, description = "The stream; a list without `stream_id`", body = StreamConfiguration),
        (status = 404, description = "There is no such stream", body = Problem))
)]
pub(super) async fn read(
    State(app): State<Arc<App>>,
    client: Client,
    Parameters(which): Parameters<Which>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::StreamsWrite)?;
    if which.stream_id.is_none() {
        return Ok(Answer(streams::list(app.db(), requester).await?).into_response());
    }
    let (stream, ..) = streams::read(app.db(), requester, which.one()?).await?;
    Ok(Answer(stream).into_response())
}

/// Changes what is said of a stream; the rest stays.
#[utoipa::path(
    patch, path = "/ssf/stream", operation_id = "updateStream", tag = "streams", security(("bearer" = [])),
    request_body = Configuration,
    responses((status = 200, description = "The stream", body = StreamConfiguration),
        (status = 400, description = "Something cannot be used", body = Problem),
        (status = 404, description = "There is no such stream", body = Problem))
)]
pub(super) async fn update(
    State(app): State<Arc<App>>,
    client: Client,
    Json(body): Json<Configuration>,
) -> Result<Response, Rejected> {
    write(&app, &client, body, Unsaid::Stays).await
}

/// Replaces a stream; what is not said is as in a new one.
#[utoipa::path(
    put, path = "/ssf/stream", operation_id = "replaceStream", tag = "streams", security(("bearer" = [])),
    request_body = Configuration,
    responses((status = 200, description = "The stream", body = StreamConfiguration),
        (status = 400, description = "Something cannot be used", body = Problem),
        (status = 404, description = "There is no such stream", body = Problem))
)]
pub(super) async fn replace(
    State(app): State<Arc<App>>,
    client: Client,
    Json(body): Json<Configuration>,
) -> Result<Response, Rejected> {
    write(&app, &client, body, Unsaid::New).await
}

/// Writes what the body says of a stream that is there.
async fn write(
    app: &App,
    client: &Client,
    body: Configuration,
    unsaid: Unsaid,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::StreamsWrite)?;
    let (id, wanted) = body.read()?;
    let id = Which { stream_id: id }.one()?;
    let private = app.config().webhooks.allow_private;
    let stream =
        streams::change(app.db(), requester, id, (&wanted, unsaid), private).await.map_err(failed)?;
    app.work().notify_one();
    Ok(Answer(stream).into_response())
}

/// Deletes a stream with what it holds.
#[utoipa::path(
    delete, path = "/ssf/stream", operation_id = "deleteStream", tag = "streams", security(("bearer" = [])),
    params(Which),
    responses((status = 204, description = "It is deleted"),
        (status = 404, description = "There is no such stream", body = Problem))
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    client: Client,
    Parameters(which): Parameters<Which>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::StreamsWrite)?;
    streams::delete(app.db(), requester, which.one()?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
