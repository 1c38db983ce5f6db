//! What a request may cost: time, and how many a client may send.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use super::error::Failure;
use crate::app::App;
use crate::config::Limits;

/// Ends what takes too long; an open unit of work is rolled back, unless others share it.
pub(crate) async fn deadline(app: &App, answer: impl Future<Output = Response>) -> Response {
    let seconds = app.limits().request_seconds;
    let answered = tokio::time::timeout(Duration::from_secs(seconds), answer).await;
    answered.unwrap_or_else(|_| {
        let detail = format!("The request took longer than {seconds} s: send it again, or in smaller parts.");
        Failure::Later(scim::Error::status(503, detail), 5).into_response()
    })
}

/// Counts the requests of each connection and of each token of an application, after authentication.
#[derive(Debug)]
pub(crate) struct Rates(Option<DefaultKeyedRateLimiter<Uuid>>);

impl Rates {
    /// The limit of the settings; a rate of 0 is none.
    pub(crate) fn new(limits: &Limits) -> Self {
        let (rate, burst) = (NonZeroU32::new(limits.requests_per_second), NonZeroU32::new(limits.burst));
        Self(
            rate.zip(burst)
                .map(|(rate, burst)| RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst))),
        )
    }

    /// Counts one request.
    ///
    /// # Errors
    /// 429 with the seconds after which the next one is free (RFC 6585 §4).
    pub(crate) fn take(&self, client: Uuid) -> Result<(), Failure> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check_key(&client).map_err(|early| {
            let wait = early.wait_time_from(DefaultClock::default().now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Failure::Later(scim::Error::status(429, "The client sends too many requests."), seconds.max(1))
        })
    }

    /// Forgets connections that have been quiet.
    pub(crate) fn tidy(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
        }
    }
}
