//! Whether the process lives, whether it can work, and what it measured.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use operations::{DatabaseError, chain};
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::figures;
use crate::http::error::Failure;
use crate::metrics as measured;

/// How long the database may take to say that it is ready; what asks us waits little longer.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// `/healthz`: the process answers.
pub(crate) async fn healthz() -> Response {
    plain(StatusCode::OK, "alive\n".to_owned())
}

/// `/readyz`: the database answers, takes changes, and has no migration to wait for.
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let until = Instant::now() + PATIENCE;
    let reading = async {
        app.db().ping().await?;
        app.db().pending_migrations().await
    };
    let reason = match timeout_at(until, reading).await {
        Ok(Ok(pending)) if pending.is_empty() => match timeout_at(until, app.db().takes_changes()).await {
            Ok(Ok(())) => return plain(StatusCode::OK, "ready\n".to_owned()),
            Ok(Err(error)) => unready(&error),
            Err(_) => {
                "the database takes no changes in time: another process holds its write lock, or it has too \
                       much to do"
                    .to_owned()
            }
        },
        Ok(Ok(pending)) => format!("{} migrations are pending, run `rollcall migrate`", pending.len()),
        Ok(Err(error)) => unready(&error),
        Err(_) => "the database does not answer in time".to_owned(),
    };
    plain(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n"))
}

/// What is wrong with the database, without what only the log may hold.
fn unready(error: &DatabaseError) -> String {
    tracing::warn!(error = chain(error), "the database is not ready");
    match error {
        DatabaseError::Busy
        | DatabaseError::Unreachable
        | DatabaseError::DiskFull
        | DatabaseError::ReadOnly => error.to_string(),
        _ => "the database failed, the log says why".to_owned(),
    }
}

/// `/metrics` in the text format of Prometheus.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    if !app.config().metrics.enabled {
        return Failure::no_endpoint().into_response();
    }
    let page = measured::page() + figures::page(&app).await.as_str();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response()
}

fn plain(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
