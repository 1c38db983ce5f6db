//! What happens, told to pages that follow it: events that name what has changed, so that a page loads its parts again.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http::HeaderValue;
use http::header::HeaderName;
use operations::journal::watch::Watch;

use super::desk::Desk;
use crate::http::error::Failure;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// Time between two signs of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// Looks after which the browser connects anew, so that a session that has ended is noticed.
const LOOKS: u32 = 150;

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What is told next.
struct Following {
    desk: Desk,
    watch: Watch,
    looks: u32,
    told: BTreeSet<&'static str>,
}

impl Following {
    /// The next event; none at the end of the server or of the time.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(area) = self.told.pop_first() {
                return Some((Ok(Event::default().event(area).data("")), self));
            }
            let app = self.desk.app();
            self.looks = self.looks.checked_sub(1)?;
            tokio::select! {
                () = app.draining().cancelled() => return None,
                () = tokio::time::sleep(LOOK) => {}
            }
            // A database that does not answer now may do so at the next look.
            self.told = self.watch.changed(app.db()).await.unwrap_or_default();
        }
    }
}

pub(super) async fn live(desk: Desk) -> Response {
    let watch = match Watch::open(desk.app().db(), &desk.tenant_id()).await {
        Ok(watch) => watch,
        Err(error) => return Failure::from(error).into_response(),
    };
    let following = Following { desk, watch, looks: LOOKS, told: BTreeSet::new() };
    let events = Sse::new(stream::unfold(following, Following::next));
    let mut response = events.keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)).into_response();
    // A proxy that collects what is sent would keep the events back.
    response.headers_mut().insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}
