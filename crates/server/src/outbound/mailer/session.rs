//! One conversation with the mail server, from the connection to the end of one mail.
//!
//! lettre's own limit of time covers no more than the connection, and it says of no error in which step it happened. So the
//! steps are taken one by one here, all under one deadline, and a connection is never used for a second mail: one whose
//! reader gave up would hand that mail the answer to the first.

use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use super::message::Message;
use super::verdict::{self, Stage};
use super::{SendError, Server};
use crate::config::Security;

/// How we sign in, the best first.
const MECHANISMS: &[Mechanism] = &[Mechanism::Plain, Mechanism::Login];

/// How long the end of a conversation may take, in which nothing is at stake.
const FAREWELL: Duration = Duration::from_secs(2);

/// A connection to the mail server that is ready for a mail.
pub(super) struct Session<'s> {
    connection: AsyncSmtpConnection,
    server: &'s Server,
    steps: Steps<'s>,
}

/// The steps of one mail.
#[derive(Clone, Copy)]
struct Steps<'s> {
    /// How long all of them may take.
    limit: Duration,
    /// When that time is over.
    end: Instant,
    /// The recipient, whose name is not told.
    to: Option<&'s Address>,
}

impl<'s> Session<'s> {
    /// Connects, encrypts and signs in, as the settings say.
    pub(super) async fn open(server: &'s Server, to: Option<&'s Address>) -> Result<Self, SendError> {
        let steps = Steps { limit: server.limit, end: Instant::now() + server.limit, to };
        let unknown = |error: std::io::Error| verdict::unknown_host(&error.to_string());
        let found = steps.within(Stage::Name, lookup_host((server.host.as_str(), server.port)), unknown);
        let addresses: Vec<SocketAddr> = found.await?.collect();
        let at_once = server.tls.clone().filter(|_| server.security == Security::Tls);
        let connection = if at_once.is_some() {
            let connected =
                AsyncSmtpConnection::connect_tokio1(&addresses[..], None, &server.hello, at_once, None);
            steps.step(Stage::Hello, connected).await?
        } else {
            // lettre writes the end of a mail apart from the mail, which would wait for the other side's delayed
            // acknowledgement. Where TLS comes first it opens the socket itself.
            let connected = TcpStream::connect(&addresses[..]);
            let stream = steps.within(Stage::Hello, connected, |error| verdict::unconnected(&error)).await?;
            stream.set_nodelay(true).map_err(|error| verdict::unconnected(&error))?;
            let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &server.hello);
            steps.step(Stage::Hello, greeted).await?
        };
        let mut session = Self { connection, server, steps };
        if let Some(tls) = server.tls.clone().filter(|_| server.security == Security::StartTls) {
            if !session.connection.can_starttls() {
                return Err(verdict::no_starttls());
            }
            steps.step(Stage::Tls, session.connection.starttls(tls, &server.hello)).await?;
        }
        if let Some(login) = &server.login {
            if session.connection.server_info().get_auth_mechanism(MECHANISMS).is_none() {
                return Err(verdict::no_login());
            }
            steps.step(Stage::Login, session.connection.auth(MECHANISMS, login)).await?;
        }
        Ok(session)
    }

    /// Sends the mail, and gives what the mail server said when it had taken it.
    pub(super) async fn deliver(&mut self, message: &Message) -> Result<String, SendError> {
        let mut parameters = Vec::new();
        if !message.to.user().is_ascii() {
            // RFC 6531 §3.1: a server that offers SMTPUTF8 also offers 8BITMIME.
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(verdict::no_smtputf8());
            }
            parameters =
                vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)];
        }
        self.name_sender(parameters).await?;
        self.say(Stage::Recipient, Rcpt::new(message.to.clone(), Vec::new())).await?;
        self.say(Stage::Data, Data).await?;
        let taken = self.steps.step(Stage::Content, self.connection.message(&message.bytes)).await?;
        Ok(verdict::quoted(&taken.message().collect::<Vec<_>>().join(" "), self.steps.to))
    }

    /// Says from whom the mail comes.
    pub(super) async fn name_sender(&mut self, parameters: Vec<MailParameter>) -> Result<(), SendError> {
        let from = Mail::new(Some(self.server.from.address.clone()), parameters);
        self.say(Stage::Sender, from).await.map(drop)
    }

    /// Ends the conversation. What was said before counts, whatever becomes of this.
    pub(super) async fn part(mut self) {
        drop(timeout_at(self.steps.end.min(Instant::now() + FAREWELL), self.connection.quit()).await);
    }

    async fn say(&mut self, stage: Stage, command: impl Display + Send) -> Result<Response, SendError> {
        self.steps.step(stage, self.connection.command(command)).await
    }
}

impl Steps<'_> {
    /// What a step of lettre came to.
    async fn step<T>(
        self,
        stage: Stage,
        step: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, SendError> {
        self.within(stage, step, |error| verdict::of(stage, &error, self.to)).await
    }

    async fn within<T, E>(
        self,
        stage: Stage,
        step: impl Future<Output = Result<T, E>> + Send,
        told: impl FnOnce(E) -> SendError + Send,
    ) -> Result<T, SendError> {
        match timeout_at(self.end, step).await {
            Ok(done) => done.map_err(told),
            Err(_) => Err(verdict::silence(stage, self.limit)),
        }
    }
}
