//! Delivers one request to a webhook, and says what came of it.

#[cfg(test)]
mod tests;

use http::header::CONTENT_TYPE;
use http::{Method, Request};
use operations::outside::Purpose;
use operations::webhooks::{Fate, Outgoing};

use super::way::Way;
use crate::config::Webhooks;

/// The most bytes of an answer that are read.
const ANSWER: usize = 64 * 1024;

/// The way to the webhooks.
#[derive(Debug)]
pub(crate) struct Postman {
    way: Way,
}

impl Postman {
    /// The way to the webhooks by the settings.
    ///
    /// # Errors
    /// A sentence that names the key with a wrong value.
    pub(crate) fn of(settings: &Webhooks) -> Result<Self, String> {
        Ok(Self { way: Way::of(Purpose::Webhook, &settings.outside())? })
    }

    /// Sends a request over a connection of its own.
    pub(crate) async fn send(&self, outgoing: Outgoing) -> Fate {
        let request = match request(outgoing) {
            Ok(request) => request,
            Err(error) => return Fate::Failed(format!("the request cannot be sent: {error}")),
        };
        match self.way.exchange(request, ANSWER).await {
            Ok(answer) => Fate::Answered(answer.status, answer.text),
            Err(why) => Fate::Failed(why),
        }
    }
}

fn request(outgoing: Outgoing) -> Result<Request<Vec<u8>>, http::Error> {
    Request::builder()
        .method(Method::POST)
        .uri(outgoing.url)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", outgoing.id)
        .header("webhook-timestamp", outgoing.timestamp)
        .header("webhook-signature", outgoing.signature)
        .body(outgoing.body.into_bytes())
}
