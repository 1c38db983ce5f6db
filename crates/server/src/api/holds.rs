//! What must be handed over before a person leaves, as the application says.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use operations::api_tokens::Scope;
use operations::holds;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::application::Client;
use super::body::{Json, Path};
use super::people::person;
use super::problem::{Problem, Rejected};
use crate::app::App;

/// A hold.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Hold {
    /// The application's own name for it, unique for the person.
    reference: String,
    /// What must be handed over, in words that read on from the person's name.
    words: String,
    /// When it was put.
    put_at: DateTime<Utc>,
}

/// The holds of a person.
#[derive(Debug, Serialize, ToSchema)]
struct Holds {
    /// All of them.
    items: Vec<Hold>,
}

/// What a hold says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    /// What must be handed over, in words that read on from the person's name: `manages 3 shared vaults`.
    words: String,
}

impl From<holds::Hold> for Hold {
    fn from(hold: holds::Hold) -> Self {
        Self { reference: hold.reference, words: hold.words, put_at: hold.put_at }
    }
}

/// Lists the holds of a person.
#[utoipa::path(
    get, path = "/people/{id}/holds", operation_id = "listHolds", tag = "holds", security(("bearer" = [])),
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, description = "The holds", body = Holds),
        (status = 404, description = "There is no such person", body = Problem))
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    client: Client,
    Path(id): Path<String>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::PeopleRead)?;
    let holds = holds::list(app.db(), requester, person(&id)?).await?;
    Ok(Answer(Holds { items: holds.into_iter().map(Hold::from).collect() }).into_response())
}

/// Puts a hold, or tells again what it is.
#[utoipa::path(
    put, path = "/people/{id}/holds/{reference}", operation_id = "putHold", tag = "holds",
    security(("bearer" = [])), request_body = Said,
    params(("id" = String, Path, description = "The person's id"),
        ("reference" = String, Path, description = "The application's own name for the hold")),
    responses((status = 200, description = "The hold", body = Hold),
        (status = 404, description = "There is no such person", body = Problem),
        (status = 422, description = "A text cannot be used", body = Problem))
)]
pub(super) async fn put(
    State(app): State<Arc<App>>,
    client: Client,
    Path((id, reference)): Path<(String, String)>,
    Json(said): Json<Said>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::HoldsWrite)?;
    let hold: Hold = holds::put(app.db(), requester, person(&id)?, (&reference, &said.words)).await?.into();
    Ok(Answer(hold).into_response())
}

/// Releases a hold; one that is not there is released.
#[utoipa::path(
    delete, path = "/people/{id}/holds/{reference}", operation_id = "releaseHold", tag = "holds",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The person's id"),
        ("reference" = String, Path, description = "The application's own name for the hold")),
    responses((status = 204, description = "It is released"),
        (status = 404, description = "There is no such person", body = Problem))
)]
pub(super) async fn release(
    State(app): State<Arc<App>>,
    client: Client,
    Path((id, reference)): Path<(String, String)>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::HoldsWrite)?;
    holds::release(app.db(), requester, person(&id)?, &reference).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
