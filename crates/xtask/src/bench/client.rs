//! A SCIM client for load runs: one method for each request that an identity provider repeats.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderName, HeaderValue, LOCATION, SET_COOKIE,
};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::people;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/scim+json");
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A client with kept connections and one bearer token; clones share both.
///
/// It shares the processor with what it measures, so it is no more than HTTP/1.1 over a socket.
#[derive(Clone)]
pub(crate) struct Scim {
    idle: Arc<Mutex<Vec<Connection>>>,
    address: SocketAddr,
    host: HeaderValue,
    /// The header by which the server knows who asks.
    known_by: (HeaderName, HeaderValue),
}

/// What the load wants to know of a resource.
#[derive(Deserialize)]
struct Known {
    id: String,
}

/// What the load wants to know of a list.
#[derive(Deserialize)]
struct List {
    #[serde(rename = "Resources", default)]
    resources: Vec<Known>,
    #[serde(default, rename = "nextCursor")]
    next: Option<String>,
}

/// What came as a page of a list.
pub(crate) struct Page {
    /// How many resources.
    pub(crate) resources: usize,
    /// How many bytes.
    pub(crate) bytes: usize,
    /// The cursor of the next page.
    pub(crate) next: Option<String>,
}

type Connection = SendRequest<Full<Bytes>>;

impl Scim {
    /// A client for the SCIM endpoints of a server.
    ///
    /// # Errors
    /// When the token is no text of a header.
    pub(crate) fn new(address: SocketAddr, token: &str) -> Result<Self> {
        let host = HeaderValue::try_from(address.to_string())?;
        let known_by = (AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
        Ok(Self { idle: Arc::default(), address, host, known_by })
    }

    /// A client for the pages of the console, signed in by a link, of which this is the path.
    ///
    /// # Errors
    /// When the server does not let it in.
    pub(crate) async fn signed_in(address: SocketAddr, path: &str) -> Result<Self> {
        let client = Self::new(address, "none")?;
        let site = (HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static("same-origin"));
        let client = Self { known_by: site, ..client };
        let (answer, _) = client.send(Method::POST, path, Bytes::new()).await?;
        let cookies = answer.headers().get_all(SET_COOKIE).iter().filter_map(|set| set.to_str().ok());
        let pairs: Vec<&str> = cookies.filter_map(|set| set.split(';').next()).collect();
        ensure!(!pairs.is_empty(), "the link was answered {}", answer.status());
        Ok(Self { known_by: (COOKIE, HeaderValue::try_from(pairs.join("; "))?), ..client })
    }

    /// The same client of a server that was started anew elsewhere.
    pub(crate) fn at(&self, address: SocketAddr) -> Result<Self> {
        let host = HeaderValue::try_from(address.to_string())?;
        Ok(Self { idle: Arc::default(), address, host, known_by: self.known_by.clone() })
    }

    /// The same client with an access token, which the server gives for a client secret (RFC 6749 §4.4).
    ///
    /// # Errors
    /// When the server gives none.
    pub(crate) async fn with_access_token(&self, client: &str, secret: &str) -> Result<Self> {
        let basic = BASE64.encode(format!("{client}:{secret}"));
        let known_by = (AUTHORIZATION, HeaderValue::try_from(format!("Basic {basic}"))?);
        let asking = Self { known_by, ..self.clone() };
        let form = [(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))];
        let body = Bytes::from_static(b"grant_type=client_credentials");
        let (answer, connection) = asking.send_with(Method::POST, "/oauth/token", body, &form).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        self.keep(connection);
        ensure!(status.is_success(), "the request for an access token was answered {status}");
        let answer: Value = serde_json::from_slice(&bytes)?;
        let token = answer["access_token"].as_str().context("the answer has no access token")?;
        let known_by = (AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
        Ok(Self { known_by, ..self.clone() })
    }

    /// Reads a path to its end and drops what it reads; gives the number of bytes.
    pub(crate) async fn read(&self, path: &str) -> Result<usize> {
        let (answer, connection) = self.send(Method::GET, path, Bytes::new()).await?;
        let status = answer.status();
        let (mut body, mut bytes) = (answer.into_body(), 0);
        while let Some(frame) = body.frame().await {
            bytes += frame?.data_ref().map_or(0, Bytes::len);
        }
        self.keep(connection);
        ensure!(status.is_success(), "GET {path} was answered {status}");
        Ok(bytes)
    }

    /// Reads a page of a list.
    pub(crate) async fn page(&self, path: &str) -> Result<Page> {
        let answer = self.exchange(Method::GET, path, Bytes::new()).await?;
        let list: List = serde_json::from_slice(&answer)?;
        Ok(Page { resources: list.resources.len(), bytes: answer.len(), next: list.next })
    }

    /// Creates the person of this body; gives the id.
    pub(crate) async fn create_user(&self, body: Bytes) -> Result<String> {
        Ok(known(&self.exchange(Method::POST, "/scim/v2/Users", body).await?)?.id)
    }

    /// Sends a bulk request; gives how many resources were created.
    pub(crate) async fn bulk(&self, body: Bytes) -> Result<usize> {
        let answer: Value =
            serde_json::from_slice(&self.exchange(Method::POST, "/scim/v2/Bulk", body).await?)?;
        let entries = answer["Operations"].as_array().context("the answer has no operations")?;
        Ok(entries.iter().filter(|entry| entry["status"] == "201").count())
    }

    /// Sends a bulk request whose end it does not wait for; gives the path of its result.
    pub(crate) async fn bulk_later(&self, body: Bytes) -> Result<String> {
        let wish = [(HeaderName::from_static("prefer"), HeaderValue::from_static("respond-async"))];
        let (answer, connection) = self.send_with(Method::POST, "/scim/v2/Bulk", body, &wish).await?;
        ensure!(answer.status() == StatusCode::ACCEPTED, "the bulk request was answered {}", answer.status());
        let location = answer.headers().get(LOCATION).and_then(|place| place.to_str().ok());
        let path = location.and_then(|place| place.find("/scim/").map(|at| place[at..].to_owned()));
        answer.into_body().collect().await?;
        self.keep(connection);
        path.context("no result was named")
    }

    /// Whether a result is there.
    pub(crate) async fn is_there(&self, path: &str) -> Result<bool> {
        let (answer, connection) = self.send(Method::GET, path, Bytes::new()).await?;
        let status = answer.status();
        answer.into_body().collect().await?;
        self.keep(connection);
        ensure!(status.is_success(), "GET {path} was answered {status}");
        Ok(status == StatusCode::OK)
    }

    /// Looks a person up by `userName`; gives the id.
    pub(crate) async fn find_user(&self, user_name: &str) -> Result<Option<String>> {
        self.find(&format!("/scim/v2/Users?filter=userName%20eq%20%22{user_name}%22")).await
    }

    /// Looks a group up by `displayName`, without its members; gives the id.
    pub(crate) async fn find_group(&self, name: &str) -> Result<Option<String>> {
        let filter = format!("filter=displayName%20eq%20%22{name}%22");
        self.find(&format!("/scim/v2/Groups?excludedAttributes=members&{filter}")).await
    }

    /// Creates an empty group; gives the id.
    pub(crate) async fn create_group(&self, name: &str) -> Result<String> {
        let body = Bytes::from(people::group(name));
        Ok(known(&self.exchange(Method::POST, "/scim/v2/Groups", body).await?)?.id)
    }

    /// Adds people to a group in one request.
    pub(crate) async fn add_members(&self, group: &str, users: &[String]) -> Result<()> {
        self.members(group, "Add", users).await
    }

    /// Takes people out of a group in one request.
    pub(crate) async fn remove_members(&self, group: &str, users: &[String]) -> Result<()> {
        self.members(group, "Remove", users).await
    }

    /// Disables a person, or enables them again.
    pub(crate) async fn set_active(&self, user: &str, active: bool) -> Result<()> {
        let operation = json!({"op": "Replace", "path": "active", "value": active});
        self.patch(&format!("/scim/v2/Users/{user}"), operation).await
    }

    /// Replaces a group: the name and these members, no others.
    pub(crate) async fn put_members(&self, group: &str, name: &str, users: &[String]) -> Result<()> {
        let body = Bytes::from(people::group_of(name, users));
        self.exchange(Method::PUT, &format!("/scim/v2/Groups/{group}"), body).await.map(drop)
    }

    /// One PATCH of one operation.
    pub(crate) async fn patch(&self, path: &str, operation: Value) -> Result<()> {
        let body = json!({"schemas": [PATCH], "Operations": [operation]});
        self.exchange(Method::PATCH, path, Bytes::from(body.to_string())).await.map(drop)
    }

    async fn members(&self, group: &str, op: &str, users: &[String]) -> Result<()> {
        let value: Vec<Value> = users.iter().map(|user| json!({"value": user})).collect();
        self.patch(&format!("/scim/v2/Groups/{group}"), json!({"op": op, "path": "members", "value": value}))
            .await
    }

    async fn find(&self, path: &str) -> Result<Option<String>> {
        let list: List = serde_json::from_slice(&self.exchange(Method::GET, path, Bytes::new()).await?)?;
        Ok(list.resources.into_iter().next().map(|resource| resource.id))
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes> {
        let (answer, connection) = self.send(method.clone(), path, body).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        self.keep(connection);
        if !status.is_success() {
            bail!("{method} {path} was answered {status}: {}", String::from_utf8_lossy(&bytes));
        }
        Ok(bytes)
    }

    /// Sends a request; gives the head of the answer, and the connection on which its body follows.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(Response<Incoming>, Connection)> {
        self.send_with(method, path, body, &[]).await
    }

    async fn send_with(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        more: &[(HeaderName, HeaderValue)],
    ) -> Result<(Response<Incoming>, Connection)> {
        let mut request = Request::builder()
            .method(&method)
            .uri(path)
            .header(HOST, self.host.clone())
            .header(self.known_by.0.clone(), self.known_by.1.clone())
            .header(ACCEPT, MEDIA_TYPE)
            .header(CONTENT_TYPE, MEDIA_TYPE)
            .body(Full::from(body))?;
        for (name, value) in more {
            request.headers_mut().insert(name, value.clone());
        }
        let mut connection = self.connection().await?;
        let answer = connection.send_request(request).await.with_context(|| format!("{method} {path}"))?;
        Ok((answer, connection))
    }

    /// Keeps a connection whose answer was read to its end.
    fn keep(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    /// A connection that is not in use, or a new one.
    async fn connection(&self) -> Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut connection) = idle
            && connection.ready().await.is_ok()
        {
            return Ok(connection);
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (connection, work) = handshake(TokioIo::new(stream)).await?;
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends with its connection, and the bench with both"
        )]
        tokio::spawn(work);
        Ok(connection)
    }
}

fn known(resource: &Bytes) -> Result<Known> {
    serde_json::from_slice(resource).context("the answer has no id")
}
