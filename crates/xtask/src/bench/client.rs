//! A SCIM client for load runs: one method for each request that an identity provider repeats.

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::people;

const MEDIA_TYPE: &str = "application/scim+json";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A client with kept connections and one bearer token; clones share both.
#[derive(Clone)]
pub(crate) struct Scim {
    http: Client,
    base: String,
    token: String,
}

impl Scim {
    /// A client for the SCIM endpoints at a base URL.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub(crate) fn new(base: String, token: String) -> Result<Self> {
        let http = Client::builder().tcp_nodelay(true).no_proxy().build()?;
        Ok(Self { http, base, token })
    }

    /// One exchange that does nothing: what every other figure contains.
    pub(crate) async fn ping(&self, url: &str) -> Result<()> {
        self.http.get(url).send().await?.error_for_status()?.bytes().await?;
        Ok(())
    }

    /// Creates a person; gives the id.
    pub(crate) async fn create_user(&self, number: usize) -> Result<String> {
        id_in(&self.send(Method::POST, "/Users", Some(&people::person(number))).await?)
    }

    /// Looks a person up by `userName`; gives the id.
    pub(crate) async fn find_user(&self, user_name: &str) -> Result<Option<String>> {
        let path = format!("/Users?filter=userName%20eq%20%22{user_name}%22");
        first_in(&self.send(Method::GET, &path, None).await?)
    }

    /// Looks a group up by `displayName`, without its members; gives the id.
    pub(crate) async fn find_group(&self, name: &str) -> Result<Option<String>> {
        let path = format!("/Groups?excludedAttributes=members&filter=displayName%20eq%20%22{name}%22");
        first_in(&self.send(Method::GET, &path, None).await?)
    }

    /// Creates an empty group; gives the id.
    pub(crate) async fn create_group(&self, name: &str) -> Result<String> {
        id_in(&self.send(Method::POST, "/Groups", Some(&people::group(name))).await?)
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
        self.patch(&format!("/Users/{user}"), operation).await
    }

    async fn members(&self, group: &str, op: &str, users: &[String]) -> Result<()> {
        let value: Vec<Value> = users.iter().map(|user| json!({"value": user})).collect();
        self.patch(&format!("/Groups/{group}"), json!({"op": op, "path": "members", "value": value})).await
    }

    async fn patch(&self, path: &str, operation: Value) -> Result<()> {
        let body = json!({"schemas": [PATCH], "Operations": [operation]});
        self.send(Method::PATCH, path, Some(&body)).await.map(drop)
    }

    /// Sends one request; an empty answer is JSON null.
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        request = request.bearer_auth(&self.token).header("Accept", MEDIA_TYPE);
        if let Some(body) = body {
            request = request.header("Content-Type", MEDIA_TYPE).body(body.to_string());
        }
        let answer = request.send().await.with_context(|| format!("{method} {path}"))?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        if !status.is_success() {
            bail!("{method} {path} was answered {status}: {}", String::from_utf8_lossy(&bytes));
        }
        if bytes.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&bytes)?) }
    }
}

fn id_in(resource: &Value) -> Result<String> {
    resource["id"].as_str().map(str::to_owned).context("the answer has no id")
}

fn first_in(list: &Value) -> Result<Option<String>> {
    list["Resources"].as_array().and_then(|resources| resources.first()).map(id_in).transpose()
}
