//! Licence pools, as the application asks for them.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDate, Utc};
use http::StatusCode;
use operations::api_tokens::Scope;
use operations::pools;
use provisioning::PoolId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::application::Client;
use super::body::{Parameters, Path};
use super::people::page;
use super::problem::{Problem, Rejected};
use crate::app::App;

/// A licence pool.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Pool {
    /// The pool's id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Seats bought.
    seats: u32,
    /// Seats assigned; with the policy `overage` they can be more than were bought.
    used: u32,
    /// People who wait for a seat.
    waiting: u32,
    /// Seats that are left; none once the pool has expired.
    free: u32,
    /// What happens when none is left: `queue`, `reject` or `overage`.
    policy: String,
    /// From when on its seats count no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
    /// The last day of which that is the end, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_day: Option<NaiveDate>,
}

/// A page of licence pools.
#[derive(Debug, Serialize, ToSchema)]
struct Pools {
    /// How many there are in all.
    total: u64,
    /// Those of the page, the oldest first.
    items: Vec<Pool>,
}

/// A part of the licence pools.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// The first one, from 1.
    start_index: Option<u64>,
    /// At most so many.
    count: Option<u64>,
}

impl Pool {
    fn at(now: DateTime<Utc>, pool: pools::Pool) -> Self {
        Self {
            id: pool.id.uuid(),
            free: pool.free(now),
            seats: pool.seats,
            used: pool.used,
            waiting: pool.waiting,
            policy: pool.policy.to_string(),
            expires_at: pool.expires_at,
            last_day: pool.last_day,
            name: pool.name,
        }
    }
}

/// Lists licence pools.
#[utoipa::path(
    get, path = "/pools", operation_id = "listPools", tag = "pools", params(Part), security(("bearer" = [])),
    responses((status = 200, description = "A page of licence pools", body = Pools))
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    client: Client,
    Parameters(part): Parameters<Part>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::PeopleRead)?;
    let page = page(&app, part.start_index, part.count);
    let (total, items) = pools::page(app.db(), requester, page).await?;
    let items = items.into_iter().map(|pool| Pool::at(requester.now, pool)).collect();
    Ok(Answer(Pools { total, items }).into_response())
}

/// Shows a licence pool.
#[utoipa::path(
    get, path = "/pools/{id}", operation_id = "showPool", tag = "pools", security(("bearer" = [])),
    params(("id" = String, Path, description = "The pool's id")),
    responses((status = 200, description = "The licence pool", body = Pool),
        (status = 404, description = "There is no such licence pool", body = Problem))
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    client: Client,
    Path(id): Path<String>,
) -> Result<Response, Rejected> {
    let requester = client.may(Scope::PeopleRead)?;
    let found = match id.parse().map(PoolId::new) {
        Ok(id) => pools::of(app.db(), requester, id).await?,
        Err(_) => None,
    };
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such licence pool.");
    Ok(Answer(Pool::at(requester.now, found.ok_or_else(unknown)?)).into_response())
}
