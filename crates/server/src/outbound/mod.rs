//! What the server sends by itself: mail, and events to webhooks.

pub(crate) mod mailer;
pub(crate) mod postman;

use crate::config::Config;
use mailer::Mailer;
use postman::Postman;

/// The ways out.
#[derive(Debug)]
pub(crate) struct Outbound {
    /// The way to the mail server, where there is one.
    pub(crate) mailer: Option<Mailer>,
    /// The way to the webhooks.
    pub(crate) postman: Postman,
}

impl Outbound {
    /// The ways out by the settings.
    ///
    /// # Errors
    /// A sentence that names the key with a wrong value.
    pub(crate) fn of(config: &Config) -> Result<Self, String> {
        Ok(Self { mailer: Mailer::of(&config.mail)?, postman: Postman::of(&config.webhooks)? })
    }
}
