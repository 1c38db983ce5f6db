//! Delivers one request to a webhook or to the receiver of a stream, and says what came of it.

#[cfg(test)]
mod tests;

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
    /// The way to webhooks, or to the receivers of streams, by the settings.
    ///
    /// # Errors
    /// A sentence that names the key with a wrong value.
    pub(crate) fn of(purpose: Purpose, settings: &Webhooks) -> Result<Self, String> {
        Ok(Self { way: Way::of(purpose, &settings.outside())? })
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
    let request = Request::builder().method(Method::POST).uri(outgoing.url);
    let request =
        outgoing.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    request.body(outgoing.body.into_bytes())
}
