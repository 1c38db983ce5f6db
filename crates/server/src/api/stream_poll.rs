//! Tokens of a stream that its receiver asks for (RFC 8936).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use operations::api_tokens::Scope;
use operations::streams::{self, Polled, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

use super::application::Client;
use super::body::{Json, Path};
use super::problem::{Problem, Rejected};
use super::stream::{failed, stream_id};
use crate::app::App;
use crate::metrics;

/// How long an answer waits for the next token. Clients and proxies give up after half a minute or more.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often news of other servers are looked for meanwhile.
const LOOK: Duration = Duration::from_secs(1);

/// What a receiver took, and how much more it wants.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Poll {
    /// The most tokens of the answer; with none, the answer is about the others alone.
    max_events: Option<u64>,
    /// Whether the answer comes at once, also without tokens.
    #[serde(default)]
    return_immediately: bool,
    /// The ids of tokens that the receiver has, and that do not come again.
    #[serde(default)]
    ack: Vec<String>,
    /// The ids of tokens that it could not take, and why.
    #[serde(default)]
    set_errs: BTreeMap<String, SetError>,
}

/// Why a token could not be taken.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SetError {
    /// A word of the registry of RFC 8935.
    #[serde(default)]
    err: String,
    /// The same as a sentence.
    #[serde(default)]
    description: String,
}

/// Tokens.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Sets {
    /// Tokens by their ids, in the order of the changes.
    #[schema(value_type = Object)]
    sets: Map<String, Value>,
    /// Whether more wait.
    more_available: bool,
}

/// Takes note of what the receiver took, and answers the next tokens; without any, the answer waits for some seconds.
#[utoipa::path(
    post, path = "/ssf/poll/{stream}", operation_id = "pollStream", tag = "streams", security(("bearer" = [])),
    params(("stream" = String, Path, description = "The stream's id")), request_body = Poll,
    responses((status = 200, description = "The next tokens, which may be none", body = Sets),
        (status = 400, description = "The stream sends its tokens to an address", body = Problem),
        (status = 404, description = "There is no such stream", body = Problem))
)]
pub(super) async fn poll(
    State(app): State<Arc<App>>,
    client: Client,
    Path(stream): Path<String>,
    Json(body): Json<Poll>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::StreamsWrite)?;
    let id = stream_id(&stream)?;
    let until = Instant::now() + PATIENCE.min(Duration::from_secs(app.limits().request_seconds) / 2);
    let why =
        |(id, error): (String, SetError)| Refusal { id, why: format!("{} {}", error.err, error.description) };
    let mut refused: Vec<Refusal> = body.set_errs.into_iter().map(why).collect();
    let mut taken = body.ack;
    let (acknowledged, buried) = (taken.len(), refused.len());
    let polled = loop {
        let news = app.work().news();
        let said = (taken.as_slice(), refused.as_slice());
        let polled = streams::poll(app.db(), requester, id, said, body.max_events).await.map_err(failed)?;
        let waits = polled.sets.is_empty() && !polled.more && body.max_events != Some(0);
        if !waits || body.return_immediately || Instant::now() >= until || app.draining().is_cancelled() {
            break polled;
        }
        (taken, refused) = (Vec::new(), Vec::new());
        tokio::select! {
            _ = timeout_at(until.min(Instant::now() + LOOK), news) => {}
            () = app.draining().cancelled() => {}
        }
    };
    metrics::sets_polled(polled.sets.len(), acknowledged, buried);
    Ok(Answer(Sets::from(polled)).into_response())
}

impl From<Polled> for Sets {
    fn from(polled: Polled) -> Self {
        let sets = polled.sets.into_iter().map(|(id, token)| (id, token.into())).collect();
        Self { sets, more_available: polled.more }
    }
}
