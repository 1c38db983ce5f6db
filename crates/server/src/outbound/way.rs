//! One exchange over HTTP/1.1 with a server that a tenant names. A name is looked up here, and the address that was looked at
//! is connected to, so that no name leads into the operator's own network; redirects are not followed.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Either, select};
use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use operations::chain;
use operations::outside::{Purpose, checked, is_public};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::{Host, Url};

use super::tls::Tls;
use crate::config::Outside;

/// The most bytes of the beginning of an answer.
const HEAD: usize = 64 * 1024;

/// The addresses of a name.
pub(super) type LookUp =
    Arc<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The way to the servers that tenants name for one purpose.
pub(crate) struct Way {
    purpose: Purpose,
    allow_private: bool,
    limit: Duration,
    tls: Tls,
    pub(super) look_up: LookUp,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// What a server answers.
pub(crate) struct Answered {
    pub(crate) status: u16,
    /// The body, up to the limit.
    pub(crate) text: String,
}

impl Way {
    /// The way by the settings.
    ///
    /// # Errors
    /// A sentence that names the key with a wrong value.
    pub(crate) fn of(purpose: Purpose, settings: &Outside<'_>) -> Result<Self, String> {
        Ok(Self {
            purpose,
            allow_private: settings.allow_private,
            limit: Duration::from_secs(settings.timeout_seconds),
            tls: Tls::of(settings)?,
            look_up: Arc::new(|name, port| {
                Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
            }),
        })
    }

    /// Whether an address may be used.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(crate) fn check(&self, address: &str) -> Result<Url, String> {
        checked(self.purpose, address, self.allow_private).map_err(|error| error.to_string())
    }

    /// Sends a request over a connection of its own, and reads the answer up to so many bytes of its body.
    ///
    /// # Errors
    /// A sentence that says why there is no answer.
    pub(crate) async fn exchange(&self, request: Request<Vec<u8>>, most: usize) -> Result<Answered, String> {
        let seconds = self.limit.as_secs();
        let exchanged = tokio::time::timeout(self.limit, Box::pin(self.exchanged(request, most))).await;
        exchanged.unwrap_or_else(|_| Err(format!("there was no whole answer within {seconds} seconds")))
    }

    async fn exchanged(&self, request: Request<Vec<u8>>, most: usize) -> Result<Answered, String> {
        // The settings may have changed since the address was saved.
        let url = self.check(&request.uri().to_string())?;
        let stream = self.connect(&url).await?;
        let request = bare(request, &url)?;
        if url.scheme() == "https" {
            converse(self.tls.over(stream, &url).await?, request, most).await
        } else {
            converse(stream, request, most).await
        }
    }

    /// A connection to one of the host's addresses, of those that are allowed.
    async fn connect(&self, url: &Url) -> Result<TcpStream, String> {
        let port = url.port_or_known_default().unwrap_or(443);
        let found = match url.host() {
            Some(Host::Domain(name)) => {
                let found = (self.look_up)(name.to_owned(), port).await;
                found.map_err(|error| format!("the host {name} was not found: {error}"))?
            }
            Some(Host::Ipv4(address)) => vec![SocketAddr::from((address, port))],
            Some(Host::Ipv6(address)) => vec![SocketAddr::from((address, port))],
            None => Vec::new(),
        };
        let host = url.host_str().unwrap_or_default();
        let mut said = format!("the host {host} has no address");
        for address in found {
            if !self.allow_private && !is_public(address.ip()) {
                let setting = self.purpose.setting();
                said =
                    format!("the host {host} is no address of the public internet, and {setting} is not set");
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => said = format!("the host {host} cannot be reached: {error}"),
            }
        }
        Err(said)
    }
}

/// The request as it goes over a connection to the host of its address.
fn bare(request: Request<Vec<u8>>, url: &Url) -> Result<Request<Full<Bytes>>, String> {
    let told = |error: &dyn fmt::Display| format!("the request cannot be sent: {error}");
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut request = request.map(|body| Full::new(Bytes::from(body)));
    *request.uri_mut() = path.parse().map_err(|error| told(&error))?;
    let host = HeaderValue::from_str(&host).map_err(|error| told(&error))?;
    request.headers_mut().insert(HOST, host);
    let agent = HeaderValue::from_static(concat!("Rollcall/", env!("CARGO_PKG_VERSION")));
    request.headers_mut().insert(USER_AGENT, agent);
    Ok(request)
}

/// Sends the request over a connection, and reads the answer up to a limit.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    most: usize,
) -> Result<Answered, String> {
    let said = |error: hyper::Error| format!("the receiver ended the connection: {}", chain(&error));
    let mut client = http1::Builder::new();
    client.max_buf_size(HEAD);
    let (mut sender, connection) =
        client.handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.map_err(said)?;
    let answer = Box::pin(async move {
        let response = sender.send_request(request).await.map_err(said)?;
        let status = response.status().as_u16();
        Ok(Answered { status, text: beginning(response.into_body(), most).await.map_err(said)? })
    });
    match select(answer, connection).await {
        Either::Left((answer, _)) => answer,
        // The connection has ended, and what came over it is still to be read.
        Either::Right((_, answer)) => answer.await,
    }
}

/// The beginning of a body, up to the limit; what is behind it is never read.
async fn beginning(mut body: Incoming, most: usize) -> Result<String, hyper::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < most
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data() {
            let room = most - bytes.len();
            bytes.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
