//! A mail server for tests: it keeps what it takes, and fails where its script says so.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its part")]

#[path = "authority.rs"]
mod authority;
#[path = "mime.rs"]
pub(crate) mod mime;

use std::io::{Error, ErrorKind, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use authority::certificates;

/// What the server offers and where it fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// Whether TLS is offered, and from when.
    pub(crate) tls: Tls,
    /// The host that the certificate names.
    pub(crate) certified: &'static str,
    /// Name and password without which no mail is taken.
    pub(crate) login: Option<(&'static str, &'static str)>,
    /// Ways to sign in that are offered.
    pub(crate) mechanisms: &'static str,
    /// Whether addresses beyond ASCII are taken.
    pub(crate) smtputf8: bool,
    /// Whether each byte of an answer is sent by itself.
    pub(crate) slow: bool,
    /// Other answers to a step, such as `("MAIL", "550 5.1.8 no")`, or to it for one recipient, such as
    /// `("RCPT busy", "450 4.2.1 later")` for busy@…; the answer may also be `hang` or `cut`. The steps are GREETING, EHLO,
    /// STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (amidst the mail), END (of the mail) and QUIT.
    pub(crate) answers: &'static [(&'static str, &'static str)],
}

/// From when a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Never.
    Never,
    /// After STARTTLS.
    Started,
    /// From the first byte.
    AtOnce,
}

/// A server that takes everything.
pub(crate) const WILLING: Script = Script {
    tls: Tls::Never,
    certified: "127.0.0.1",
    login: None,
    mechanisms: "PLAIN LOGIN",
    smtputf8: true,
    slow: false,
    answers: &[],
};

/// A mail that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// What stood behind MAIL FROM.
    pub(crate) from: String,
    /// The recipient.
    pub(crate) to: String,
    /// Whether it came over TLS.
    pub(crate) encrypted: bool,
    /// Who had signed in.
    pub(crate) user: Option<String>,
    /// The fields of the head.
    pub(crate) fields: Vec<(String, String)>,
    /// The mail as it came.
    pub(crate) raw: String,
}

impl Received {
    /// The text of a field.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        mime::field(&self.fields, name).map(mime::words)
    }

    /// The body of this type, such as `text/html`.
    pub(crate) fn body(&self, kind: &str) -> Option<String> {
        let (fields, body) = mime::split(&self.raw);
        mime::parts(&fields, body).into_iter().find(|(of, _)| of.starts_with(kind)).map(|(_, body)| body)
    }
}

/// The running server; dropped, it ends.
#[derive(Debug)]
pub(crate) struct Sink {
    /// Its port at 127.0.0.1.
    pub(crate) port: u16,
    /// The certificate of its authority, in PEM.
    pub(crate) authority: String,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
struct State {
    received: Mutex<Vec<Received>>,
    connections: AtomicUsize,
    hanging: Semaphore,
    going_on: Semaphore,
}

impl Sink {
    /// Starts a server on a free port.
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (authority, acceptor) = certificates(script.certified);
        let state = Arc::new(State {
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
            hanging: Semaphore::new(0),
            going_on: Semaphore::new(0),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, script, acceptor, Arc::clone(&state)));
        Self { port, authority, state, _tasks: tasks }
    }

    /// The mails that were taken, in this order.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().expect("no test panics with it").clone()
    }

    /// The connections that were made.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Waits until one more connection has come to where the script lets it hang.
    pub(crate) async fn hangs(&self) {
        self.state.hanging.acquire().await.expect("it is never closed").forget();
    }

    /// Lets one connection that hangs go on.
    pub(crate) fn go_on(&self) {
        self.state.going_on.add_permits(1);
    }
}

async fn serve(listener: TcpListener, script: Script, acceptor: TlsAcceptor, state: Arc<State>) {
    let mut talks = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        talks.spawn(async move {
            state.connections.fetch_add(1, Ordering::SeqCst);
            let stream = BufReader::new(Box::new(stream) as Box<dyn Stream>);
            let talk = Talk { stream, script, state: &state, acceptor, encrypted: false, user: None };
            // A connection that breaks is what some tests want.
            drop(talk.run().await);
        });
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

struct Talk<'s> {
    stream: BufReader<Box<dyn Stream>>,
    script: Script,
    state: &'s State,
    acceptor: TlsAcceptor,
    encrypted: bool,
    user: Option<String>,
}

impl Talk<'_> {
    async fn run(mut self) -> Result<()> {
        if self.script.tls == Tls::AtOnce {
            self = self.encrypt().await?;
        }
        self.answer("GREETING", "", "220 sink ESMTP").await?;
        let (mut from, mut to) = (String::new(), String::new());
        loop {
            let line = self.line().await?;
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let local = to.rsplit_once('@').map_or("", |(local, _)| local).to_owned();
            match verb {
                "EHLO" => {
                    let offer = self.offer();
                    self.answer("EHLO", "", &offer).await?;
                }
                "STARTTLS" => {
                    if self.answer("STARTTLS", "", "220 go ahead").await? {
                        self = self.encrypt().await?;
                    }
                }
                "AUTH" => self.sign_in(rest).await?,
                "MAIL" if self.script.login.is_some() && self.user.is_none() => {
                    self.say("530 5.7.0 Authentication required").await?;
                }
                "MAIL" => {
                    rest.trim_start_matches("FROM:").clone_into(&mut from);
                    self.answer("MAIL", "", "250 2.1.0 fine").await?;
                }
                "RCPT" => {
                    let address = rest.trim_start_matches("TO:<").trim_end_matches('>').to_owned();
                    let local = address.rsplit_once('@').map_or("", |(local, _)| local).to_owned();
                    if self.answer("RCPT", &local, "250 2.1.5 fine").await? {
                        to = address;
                    }
                }
                "DATA" => {
                    if self.answer("DATA", &local, "354 go on").await? {
                        let raw = self.mail(&local).await?;
                        if self.answer("END", &local, "250 2.0.0 queued as 42").await? {
                            let (fields, _) = mime::split(&raw);
                            let (encrypted, user) = (self.encrypted, self.user.clone());
                            let mail =
                                Received { from: from.clone(), to: to.clone(), encrypted, user, fields, raw };
                            self.state.received.lock().expect("no test panics with it").push(mail);
                        }
                    }
                }
                "QUIT" => {
                    self.answer("QUIT", &local, "221 bye").await?;
                    return Ok(());
                }
                _ => self.say("502 5.5.1 unknown").await?,
            }
        }
    }

    fn offer(&self) -> String {
        let mut offer = "250-sink\r\n250-8BITMIME\r\n".to_owned();
        if self.script.tls == Tls::Started && !self.encrypted {
            offer += "250-STARTTLS\r\n";
        }
        if self.script.login.is_some() {
            offer.extend(["250-AUTH ", self.script.mechanisms, "\r\n"]);
        }
        if self.script.smtputf8 {
            offer += "250-SMTPUTF8\r\n";
        }
        offer + "250 ENHANCEDSTATUSCODES"
    }

    /// Gives the answer of the script, or this one. Whether it was a good one.
    async fn answer(&mut self, step: &str, local: &str, usual: &str) -> Result<bool> {
        let for_one = format!("{step} {local}");
        let scripted = self.script.answers.iter().find(|(of, _)| *of == step || *of == for_one);
        let answer = scripted.map_or(usual, |(_, answer)| answer);
        match answer {
            "hang" => {
                self.state.hanging.add_permits(1);
                self.state.going_on.acquire().await.expect("it is never closed").forget();
                self.say(usual).await?;
                Ok(true)
            }
            "cut" => Err(Error::from(ErrorKind::ConnectionAborted)),
            _ => {
                self.say(answer).await?;
                Ok(answer.starts_with(['2', '3']))
            }
        }
    }

    async fn say(&mut self, answer: &str) -> Result<()> {
        let answer = format!("{answer}\r\n");
        let step = if self.script.slow { 1 } else { answer.len() };
        for bytes in answer.as_bytes().chunks(step) {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(Error::from(ErrorKind::UnexpectedEof));
        }
        let line = line.strip_suffix("\r\n").expect("a line ends with CR LF");
        assert!(!line.contains(['\r', '\n']) && line.len() <= 998, "a line that is none: {line:?}");
        Ok(line.to_owned())
    }

    /// Reads the mail up to its dot, and takes away the dots that were added (RFC 5321 §4.5.2).
    async fn mail(&mut self, local: &str) -> Result<String> {
        let mut mail = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                return Ok(mail);
            }
            if self.script.answers.contains(&(format!("BODY {local}").as_str(), "cut")) {
                return Err(Error::from(ErrorKind::ConnectionAborted));
            }
            mail += line.strip_prefix('.').unwrap_or(&line);
            mail += "\r\n";
        }
    }

    async fn sign_in(&mut self, how: &str) -> Result<()> {
        let told = if let Some(both) = how.strip_prefix("PLAIN ") {
            let both = decoded(both);
            both.strip_prefix('\0').and_then(|both| both.split_once('\0')).map(|(a, b)| (a.into(), b.into()))
        } else {
            self.say("334 VXNlcm5hbWU6").await?;
            let user = decoded(&self.line().await?);
            self.say("334 UGFzc3dvcmQ6").await?;
            Some((user, decoded(&self.line().await?)))
        };
        let is_right =
            told.as_ref().map(|(user, password)| (user.as_str(), password.as_str())) == self.script.login;
        if !is_right {
            return self.say("535 5.7.8 wrong").await;
        }
        if self.answer("AUTH", "", "235 2.7.0 welcome").await? {
            self.user = told.map(|(user, _)| user);
        }
        Ok(())
    }

    async fn encrypt(self) -> Result<Self> {
        let stream = self.acceptor.accept(self.stream.into_inner()).await?;
        Ok(Self { stream: BufReader::new(Box::new(stream)), encrypted: true, ..self })
    }
}

fn decoded(text: &str) -> String {
    String::from_utf8(STANDARD.decode(text).expect("base64")).expect("UTF-8")
}
