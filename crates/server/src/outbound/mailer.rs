//! Hands one mail to the mail server, over SMTP (RFC 5321), and says what came of it. When and how often is for the
//! caller to say.

mod address;
mod message;
mod session;
#[cfg(test)]
pub(crate) mod tests;
mod verdict;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret as _;

use crate::config::{Mail, Security};
use address::Mailbox;
use session::Session;

/// The way to the mail server. How many mails are on their way at once is for the lanes of jobs to say.
#[derive(Clone)]
pub(crate) struct Mailer {
    server: Arc<Server>,
}

/// One mail to one person. It has no `Debug`, because all of it is personal.
#[derive(Clone)]
pub(crate) struct Outgoing {
    /// The Message-ID without its brackets. It is the same in every attempt: after a time-out the mail server may have
    /// the mail, and the mailbox then shows the second one as a copy of the first.
    pub(crate) message_id: String,
    /// When the mail was written, which is also the same in every attempt.
    pub(crate) date: DateTime<Utc>,
    /// The address of the recipient.
    pub(crate) to_address: String,
    /// The name of the recipient.
    pub(crate) to_name: Option<String>,
    /// The subject.
    pub(crate) subject: String,
    /// The body for readers of plain text.
    pub(crate) text: String,
    /// The same as HTML.
    pub(crate) html: String,
    /// The language of both, such as `de`.
    pub(crate) language: String,
}

/// The mail server took the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// What it said, which often names its queue; masked as in [`SendError`].
    pub(crate) said: String,
}

/// Why a mail was not sent. `said` is a plain sentence of at most 300 characters; in the words of the mail server that it
/// may end with, addresses are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SendError {
    /// This address or this mail is refused for good: another attempt gets the same answer.
    Refused {
        /// The code of the answer; none when the address is none, and the mail server was not asked.
        code: Option<u16>,
        /// Whether it is about the address, and not about what the mail says.
        address: bool,
        /// Why.
        said: String,
    },
    /// It failed this time. After a time-out at the end of a mail the mail server may have it nevertheless.
    Later {
        /// Why.
        said: String,
    },
    /// The settings are wrong, here or at the mail server: it says nothing about this mail, which is to be sent once they
    /// are right, and an administrator is to know.
    Settings {
        /// What is wrong, and what to do.
        said: String,
    },
}

/// The mail server and how it is spoken to.
struct Server {
    host: String,
    port: u16,
    security: Security,
    tls: Option<TlsParameters>,
    login: Option<Credentials>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    hello: ClientId,
    /// How long one mail may take.
    limit: Duration,
}

impl Mailer {
    /// The way to the mail server of the settings; none when they name none.
    ///
    /// # Errors
    /// A sentence that names the key with a wrong value.
    pub(crate) fn of(settings: &Mail) -> Result<Option<Self>, String> {
        if settings.smtp_host.is_empty() {
            return Ok(None);
        }
        let mailbox = |key: &str, text: &str| {
            Mailbox::of_settings(text).ok_or_else(|| {
                let advice = "write ann@example.com or Ann <ann@example.com>, the address in plain ASCII";
                format!("mail.{key} is no mail address: {advice}.")
            })
        };
        let reply_to = Some(settings.reply_to.as_str()).filter(|text| !text.is_empty());
        let login = (!settings.smtp_user.is_empty()).then(|| {
            Credentials::new(settings.smtp_user.clone(), settings.password.expose_secret().to_owned())
        });
        let server = Server {
            host: settings.smtp_host.clone(),
            port: u16::try_from(settings.smtp_port).map_err(|_| "mail.smtp_port is no port.".to_owned())?,
            security: settings.smtp_security,
            tls: tls(settings)?,
            login,
            from: mailbox("from", &settings.from)?,
            reply_to: reply_to.map(|text| mailbox("reply_to", text)).transpose()?,
            hello: ClientId::default(),
            limit: Duration::from_secs(settings.smtp_timeout_seconds),
        };
        Ok(Some(Self { server: Arc::new(server) }))
    }

    /// The domain of the address from which mail comes, for the ids of messages.
    pub(crate) fn domain(&self) -> &str {
        self.server.from.address.domain()
    }

    /// Sends one mail over a connection of its own.
    ///
    /// # Errors
    /// [`SendError`].
    pub(crate) async fn send(&self, mail: &Outgoing) -> Result<Accepted, SendError> {
        let server = &*self.server;
        let message = message::compose(mail, &server.from, server.reply_to.as_ref())?;
        let mut session = Session::open(server, Some(&message.to)).await?;
        let result = session.deliver(&message).await;
        session.part().await;
        result.map(|said| Accepted { said })
    }

    /// Does everything that comes before a recipient is named: connects, encrypts, signs in and names the sender.
    ///
    /// # Errors
    /// [`SendError`], but never [`SendError::Refused`].
    pub(crate) async fn check(&self) -> Result<(), SendError> {
        let mut session = Session::open(&self.server, None).await?;
        let result = session.name_sender(Vec::new()).await;
        session.part().await;
        result
    }
}

/// With an authority of the operator's own no other is believed, so that a file that is wrong is noticed.
fn tls(settings: &Mail) -> Result<Option<TlsParameters>, String> {
    if settings.smtp_security == Security::None {
        return Ok(None);
    }
    let mut builder = TlsParameters::builder(settings.smtp_host.clone());
    if let Some(authority) = &settings.authority {
        let unusable = |_| "mail.smtp_ca_file holds something else than certificates in PEM.".to_owned();
        let certificate = Certificate::from_pem(authority).map_err(unusable)?;
        if !authority.windows(PEM.len()).any(|window| window == PEM) {
            return Err("mail.smtp_ca_file holds no certificate in PEM.".to_owned());
        }
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    let told = |error| format!("TLS to mail.smtp_host cannot be set up; look at mail.smtp_ca_file. {error}.");
    builder.build().map(Some).map_err(told)
}

/// How a certificate in PEM begins.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("host", &self.server.host).finish_non_exhaustive()
    }
}
