//! What the application is told, read since a cursor.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use operations::api_tokens::Scope;
use operations::events::{self, Told};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::application::Client;
use super::body::Parameters;
use super::problem::{Problem, Rejected};
use crate::app::App;

/// Something that happened to a person.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Event {
    /// Its id, which is also the `webhook-id` of its deliveries.
    id: Uuid,
    /// What happened: `access-granted`, `access-cut`, `access-restored`, `deactivated`, `removed`, `enrolment-step`, `activated`
    /// or `device-revoked`. Later versions may tell more.
    #[serde(rename = "type")]
    kind: String,
    /// When.
    timestamp: DateTime<Utc>,
    /// The person's `id`, `userName` and `externalId`; where they are known, `status`, `access`, the `reason`, the `reference` of
    /// what brought it about, the `step` and the `device`.
    #[schema(value_type = Object)]
    data: Value,
}

/// A part of the events.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct Events {
    /// The events, in the order in which they became true.
    items: Vec<Event>,
    /// The cursor to send as `after` next; the same one again when nothing is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl From<Told> for Event {
    fn from(told: Told) -> Self {
        Self { id: told.id, kind: told.kind.to_owned(), timestamp: told.timestamp, data: told.data }
    }
}

/// Where to read on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// The `next` of an earlier answer; without it, from the first event that is kept.
    after: Option<String>,
    /// At most so many.
    count: Option<u64>,
}

/// Lists events since a cursor. An event that becomes true late stands behind those that were listed before, so none is missed.
#[utoipa::path(
    get, path = "/events", operation_id = "listEvents", tag = "events", params(Since), security(("bearer" = [])),
    responses((status = 200, description = "The next events, which may be none", body = Events),
        (status = 410, description = "The event of the cursor is not kept any more", body = Problem),
        (status = 422, description = "The text is no cursor", body = Problem))
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    client: Client,
    Parameters(since): Parameters<Since>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::EventsRead)?;
    let limits = app.limits();
    let count = since.count.unwrap_or(limits.page_size).clamp(1, limits.page_size_max);
    let page = events::list(app.db(), requester, since.after.as_deref(), count).await?;
    let items = page.items.into_iter().map(Event::from).collect();
    Ok(Answer(Events { items, next: page.next }).into_response())
}
