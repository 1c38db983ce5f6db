//! What the server sends by itself: mail, events to webhooks, and questions to the issuers through which administrators sign in.

pub(crate) mod issuers;
pub(crate) mod mailer;
pub(crate) mod postman;
mod tls;
mod way;

use operations::outside::Purpose;

use crate::config::Config;
use issuers::Issuers;
use mailer::Mailer;
use postman::Postman;

/// The ways out.
#[derive(Debug)]
pub(crate) struct Outbound {
    /// The way to the mail server, where there is one.
    pub(crate) mailer: Option<Mailer>,
    /// The way to the webhooks.
    pub(crate) postman: Postman,
    /// The same way to the receivers of streams.
    pub(crate) stream_postman: Postman,
    /// The way to the issuers.
    pub(crate) issuers: Issuers,
}

impl Outbound {
    /// The ways out by the settings.
    ///
    /// # Errors
    /// A sentence that names the key with a wrong value.
    pub(crate) fn of(config: &Config) -> Result<Self, String> {
        Ok(Self {
            mailer: Mailer::of(&config.mail)?,
            postman: Postman::of(Purpose::Webhook, &config.webhooks)?,
            stream_postman: Postman::of(Purpose::Stream, &config.webhooks)?,
            issuers: Issuers::of(&config.issuers)?,
        })
    }
}
