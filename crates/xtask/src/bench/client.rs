//! A SCIM client for load runs: one method for each request that an identity provider repeats.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request};
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
    authorisation: HeaderValue,
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
}

type Connection = SendRequest<Full<Bytes>>;

impl Scim {
    /// A client for the SCIM endpoints of a server.
    ///
    /// # Errors
    /// When the token is no text of a header.
    pub(crate) fn new(address: SocketAddr, token: &str) -> Result<Self> {
        let host = HeaderValue::try_from(address.to_string())?;
        let authorisation = HeaderValue::try_from(format!("Bearer {token}"))?;
        Ok(Self { idle: Arc::default(), address, host, authorisation })
    }

    /// One exchange that does nothing: what every other figure contains.
    pub(crate) async fn ping(&self, path: &str) -> Result<()> {
        self.exchange(Method::GET, path, Bytes::new()).await.map(drop)
    }

    /// Creates the person of this body; gives the id.
    pub(crate) async fn create_user(&self, body: Bytes) -> Result<String> {
        Ok(known(&self.exchange(Method::POST, "/scim/v2/Users", body).await?)?.id)
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

    async fn members(&self, group: &str, op: &str, users: &[String]) -> Result<()> {
        let value: Vec<Value> = users.iter().map(|user| json!({"value": user})).collect();
        self.patch(&format!("/scim/v2/Groups/{group}"), json!({"op": op, "path": "members", "value": value}))
            .await
    }

    async fn patch(&self, path: &str, operation: Value) -> Result<()> {
        let body = json!({"schemas": [PATCH], "Operations": [operation]});
        self.exchange(Method::PATCH, path, Bytes::from(body.to_string())).await.map(drop)
    }

    async fn find(&self, path: &str) -> Result<Option<String>> {
        let list: List = serde_json::from_slice(&self.exchange(Method::GET, path, Bytes::new()).await?)?;
        Ok(list.resources.into_iter().next().map(|resource| resource.id))
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes> {
        let request = Request::builder()
            .method(&method)
            .uri(path)
            .header(HOST, self.host.clone())
            .header(AUTHORIZATION, self.authorisation.clone())
            .header(ACCEPT, MEDIA_TYPE)
            .header(CONTENT_TYPE, MEDIA_TYPE)
            .body(Full::from(body))?;
        let mut connection = self.connection().await?;
        let answer = connection.send_request(request).await.with_context(|| format!("{method} {path}"))?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        if !status.is_success() {
            bail!("{method} {path} was answered {status}: {}", String::from_utf8_lossy(&bytes));
        }
        Ok(bytes)
    }

    /// A connection that nobody uses, or a new one.
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
