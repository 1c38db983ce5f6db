//! A SCIM client for load runs: one method for each request that an identity provider repeats.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::people;

const MEDIA_TYPE: &str = "application/scim+json";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A client with kept connections and one bearer token; clones share both.
///
/// It shares the processor with what it measures, so it is no more than HTTP/1.1 over a socket.
#[derive(Clone)]
pub(crate) struct Scim {
    idle: Arc<Mutex<Vec<Connection>>>,
    address: SocketAddr,
    authorisation: String,
}

type Connection = SendRequest<Full<Bytes>>;

impl Scim {
    /// A client for the SCIM endpoints of a server.
    pub(crate) fn new(address: SocketAddr, token: &str) -> Self {
        Self { idle: Arc::default(), address, authorisation: format!("Bearer {token}") }
    }

    /// One exchange that does nothing: what every other figure contains.
    pub(crate) async fn ping(&self, path: &str) -> Result<()> {
        self.exchange(Method::GET, path, None).await.map(drop)
    }

    /// Creates a person; gives the id.
    pub(crate) async fn create_user(&self, number: usize) -> Result<String> {
        id_in(&self.send(Method::POST, "/scim/v2/Users", Some(&people::person(number))).await?)
    }

    /// Looks a person up by `userName`; gives the id.
    pub(crate) async fn find_user(&self, user_name: &str) -> Result<Option<String>> {
        let path = format!("/scim/v2/Users?filter=userName%20eq%20%22{user_name}%22");
        first_in(&self.send(Method::GET, &path, None).await?)
    }

    /// Looks a group up by `displayName`, without its members; gives the id.
    pub(crate) async fn find_group(&self, name: &str) -> Result<Option<String>> {
        let path =
            format!("/scim/v2/Groups?excludedAttributes=members&filter=displayName%20eq%20%22{name}%22");
        first_in(&self.send(Method::GET, &path, None).await?)
    }

    /// Creates an empty group; gives the id.
    pub(crate) async fn create_group(&self, name: &str) -> Result<String> {
        id_in(&self.send(Method::POST, "/scim/v2/Groups", Some(&people::group(name))).await?)
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
        self.send(Method::PATCH, path, Some(&body)).await.map(drop)
    }

    /// Sends one request; an empty answer is JSON null.
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let bytes = self.exchange(method, path, body).await?;
        if bytes.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&bytes)?) }
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Bytes> {
        let request = Request::builder()
            .method(&method)
            .uri(path)
            .header("Host", self.address.to_string())
            .header("Authorization", &self.authorisation)
            .header("Accept", MEDIA_TYPE)
            .header("Content-Type", MEDIA_TYPE)
            .body(Full::from(body.map(Value::to_string).unwrap_or_default()))?;
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

fn id_in(resource: &Value) -> Result<String> {
    resource["id"].as_str().map(str::to_owned).context("the answer has no id")
}

fn first_in(list: &Value) -> Result<Option<String>> {
    list["Resources"].as_array().and_then(|resources| resources.first()).map(id_in).transpose()
}
