//! Delivers one request to a webhook, over HTTP/1.1, and says what came of it. It looks a name up itself and connects to the
//! address that it has looked at, so that no name leads into the operator's own network; redirects are not followed.

#[cfg(test)]
mod tests;
mod tls;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Either, select};
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use operations::chain;
use operations::webhooks::address::{checked, is_public};
use operations::webhooks::{Fate, Outgoing};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::{Host, Url};

use crate::config::Webhooks;
use tls::Tls;

/// The most bytes of an answer that are read.
const ANSWER: usize = 64 * 1024;

/// The addresses of a name.
type LookUp = Arc<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The way to the webhooks.
pub(crate) struct Postman {
    allow_private: bool,
    limit: Duration,
    tls: Tls,
    look_up: LookUp,
}

impl fmt::Debug for Postman {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postman").field("allow_private", &self.allow_private).finish_non_exhaustive()
    }
}

impl Postman {
    /// The way to the webhooks by the settings.
    ///
    /// # Errors
    /// A sentence that names the key with a wrong value.
    pub(crate) fn of(settings: &Webhooks) -> Result<Self, String> {
        Ok(Self {
            allow_private: settings.allow_private,
            limit: Duration::from_secs(settings.timeout_seconds),
            tls: Tls::of(settings)?,
            look_up: Arc::new(|name, port| {
                Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
            }),
        })
    }

    /// Sends a request over a connection of its own.
    pub(crate) async fn send(&self, outgoing: Outgoing) -> Fate {
        let seconds = self.limit.as_secs();
        match tokio::time::timeout(self.limit, self.exchange(outgoing)).await {
            Ok(Ok((status, text))) => Fate::Answered(status, text),
            Ok(Err(why)) => Fate::Failed(why),
            Err(_) => Fate::Failed(format!("there was no whole answer within {seconds} seconds")),
        }
    }

    async fn exchange(&self, outgoing: Outgoing) -> Result<(u16, String), String> {
        // The settings may have changed since the webhook was created.
        let url = checked(&outgoing.url, self.allow_private).map_err(|error| error.to_string())?;
        let stream = self.connect(&url).await?;
        if url.scheme() == "https" {
            converse(self.tls.over(stream, &url).await?, &url, outgoing).await
        } else {
            converse(stream, &url, outgoing).await
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
                said = format!(
                    "the host {host} is no address of the public internet, and webhooks.allow_private is not set"
                );
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

/// Sends the request over a connection, and reads the answer up to a limit.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Url,
    outgoing: Outgoing,
) -> Result<(u16, String), String> {
    let said = |error: hyper::Error| format!("the receiver ended the connection: {}", chain(&error));
    let mut client = http1::Builder::new();
    client.max_buf_size(ANSWER);
    let (mut sender, connection) =
        client.handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.map_err(said)?;
    let request = request(url, outgoing).map_err(|error| format!("the request cannot be sent: {error}"))?;
    let answer = Box::pin(async move {
        let response = sender.send_request(request).await.map_err(said)?;
        let status = response.status().as_u16();
        Ok((status, beginning(response.into_body()).await.map_err(said)?))
    });
    match select(answer, connection).await {
        Either::Left((answer, _)) => answer,
        // The connection has ended, and what came over it is still to be read.
        Either::Right((_, answer)) => answer.await,
    }
}

fn request(url: &Url, outgoing: Outgoing) -> Result<Request<Full<Bytes>>, http::Error> {
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, host)
        .header(USER_AGENT, concat!("Rollcall/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", outgoing.id)
        .header("webhook-timestamp", outgoing.timestamp)
        .header("webhook-signature", outgoing.signature)
        .body(Full::new(outgoing.body.into()))
}

/// The beginning of a body, up to the limit; what is behind it is never read.
async fn beginning(mut body: Incoming) -> Result<String, hyper::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data() {
            let room = ANSWER - bytes.len();
            bytes.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
