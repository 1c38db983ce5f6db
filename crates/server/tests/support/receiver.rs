//! A receiver of webhooks that answers as a test says, and keeps what it heard.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its part")]

#[path = "authority.rs"]
#[allow(clippy::duplicate_mod, reason = "the mail server of the same tests has it as well")]
mod authority;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use authority::certificates;

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) line: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A status with a text.
    Status(u16, &'static str),
    /// A redirect to this address.
    Redirect(String),
    /// Nothing, until the client leaves.
    Hang,
    /// The connection ends without an answer.
    Close,
    /// A success whose text never ends.
    Endless,
    /// Something that is no HTTP.
    Nonsense,
}

type Script = Arc<dyn Fn(&Heard, usize) -> Reply + Send + Sync>;

/// The receiver.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    /// The authority of its certificate, in PEM.
    pub(crate) authority: Option<String>,
    heard: Arc<Mutex<Vec<Heard>>>,
    connections: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Receiver {
    /// One that answers each request as the script says; it is told how many came before.
    pub(crate) async fn start(script: impl Fn(&Heard, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(None, Arc::new(script)).await
    }

    /// One with a certificate for a host.
    pub(crate) async fn with_tls(host: &str, reply: Reply) -> Self {
        Self::start_with(Some(host), Arc::new(move |_, _| reply.clone())).await
    }

    async fn start_with(host: Option<&str>, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (heard, connections) = (Arc::<Mutex<Vec<Heard>>>::default(), Arc::<AtomicUsize>::default());
        let (authority, acceptor) = host.map(certificates).unzip();
        let (all, count) = (Arc::clone(&heard), Arc::clone(&connections));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut streams = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (all, script, acceptor) = (Arc::clone(&all), Arc::clone(&script), acceptor.clone());
                streams.spawn(async move {
                    match acceptor {
                        None => drop(serve(stream, &all, &script).await),
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                drop(serve(stream, &all, &script).await);
                            }
                        }
                    }
                });
            }
        });
        Self { address, authority, heard, connections, _serving: serving }
    }

    /// Its address for a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it heard.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("no holder panics").clone()
    }

    /// How many connections came.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Heard {
    /// A header.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Whether one of the signatures is that of a secret, checked as the specification tells receivers to.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let signed =
            format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        self.header("webhook-signature").split(' ').any(|signature| {
            let tag = signature.strip_prefix("v1,").map(|tag| STANDARD.decode(tag).expect("base64"));
            tag.is_some_and(|tag| hmac::verify(&key, signed.as_bytes(), &tag).is_ok())
        })
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    all: &Mutex<Vec<Heard>>,
    script: &Script,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let body = String::from_utf8(body).expect("text");
    let heard = Heard { line: line.trim_end().to_owned(), headers, body };
    let before = {
        let mut all = all.lock().expect("no holder panics");
        all.push(heard.clone());
        all.len() - 1
    };
    match script(&heard, before) {
        Reply::Status(status, text) => {
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{text}", text.len());
            stream.write_all(answer.as_bytes()).await?;
        }
        Reply::Redirect(to) => {
            let answer = format!("HTTP/1.1 307 X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await?;
        }
        Reply::Hang => {}
        Reply::Close => return Ok(()),
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
            loop {
                stream.write_all(chunk.as_bytes()).await?;
            }
        }
        Reply::Nonsense => stream.write_all(b"220 smtp.example.com ESMTP\r\n\r\n").await?,
    }
    stream.flush().await?;
    // The client leaves first.
    let mut rest = [0; 64];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
