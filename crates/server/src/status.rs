//! Whether the process lives, whether it can work, and what it measured.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use operations::chain;

use crate::app::App;
use crate::http::error::Failure;
use crate::metrics as measured;

/// `/healthz`: the process answers.
pub(crate) async fn healthz() -> Response {
    plain(StatusCode::OK, "alive\n".to_owned())
}

/// `/readyz`: the database answers and has no migration to wait for.
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let looked = match app.db().ping().await {
        Ok(()) => app.db().pending_migrations().await,
        Err(error) => Err(error),
    };
    match looked {
        Ok(pending) if pending.is_empty() => plain(StatusCode::OK, "ready\n".to_owned()),
        Ok(pending) => {
            let text =
                format!("not ready: {} migrations are pending, run `rollcall migrate`\n", pending.len());
            plain(StatusCode::SERVICE_UNAVAILABLE, text)
        }
        Err(error) => {
            tracing::warn!(error = chain(&error), "the database does not answer");
            plain(StatusCode::SERVICE_UNAVAILABLE, "not ready: the database does not answer\n".to_owned())
        }
    }
}

/// `/metrics` in the text format of Prometheus.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    if !app.config().metrics.enabled {
        return Failure::no_endpoint().into_response();
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], measured::page()).into_response()
}

fn plain(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
