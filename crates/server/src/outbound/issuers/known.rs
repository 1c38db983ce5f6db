//! What is known of issuers: their metadata (OpenID Connect Discovery 1.0 §4) and their keys (RFC 7517), for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use http::header::ACCEPT;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::token::{self, Keys};
use super::{ANSWER, unreadable};
use crate::outbound::way::Way;

/// How long metadata and keys are believed.
const BELIEVED: TimeDelta = TimeDelta::hours(1);
/// How often keys are read anew for a token that was signed with an unknown one.
const ANEW: TimeDelta = TimeDelta::minutes(1);
/// The most issuers of which something is kept.
const MOST: usize = 1_000;

/// What an issuer says of itself, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Whether the token endpoint takes the secret in the header, which is what it does unless it says otherwise.
    pub(super) fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_deref();
        methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
    }

    /// Checks who says to have answered, RFC 9207 §2.4.
    pub(super) fn answered(&self, issuer: Option<&str>) -> Result<(), String> {
        match issuer {
            Some(issuer) if issuer != self.issuer => {
                Err(format!("the answer is of another issuer, {issuer}, and not of {}", self.issuer))
            }
            None if self.authorization_response_iss_parameter_supported => {
                Err("the answer does not say which issuer it is of".to_owned())
            }
            _ => Ok(()),
        }
    }
}

struct Read<T> {
    value: Arc<T>,
    at: DateTime<Utc>,
}

/// What was read of each issuer. Nothing is locked while an issuer is asked: one that hangs holds up no other.
pub(super) struct Known {
    metadata: Mutex<HashMap<String, Read<Metadata>>>,
    keys: Mutex<HashMap<String, Read<Keys>>>,
}

impl Default for Known {
    fn default() -> Self {
        Self { metadata: Mutex::new(HashMap::new()), keys: Mutex::new(HashMap::new()) }
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known")
    }
}

impl Known {
    /// The metadata of an issuer, which must say that it is of this one.
    pub(super) async fn metadata(
        &self,
        way: &Way,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Metadata>, String> {
        if let Some(read) =
            self.metadata.lock().await.get(issuer).filter(|read| is_fresh(read.at, now, BELIEVED))
        {
            return Ok(Arc::clone(&read.value));
        }
        // The last slash is no part of the path, OpenID Connect Discovery 1.0 §4.1.
        let address =
            format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer));
        let text = fetch(way, "the metadata of the issuer", &address).await?;
        let metadata: Metadata =
            serde_json::from_str(&text).map_err(|error| unreadable("the metadata of the issuer", &error))?;
        if metadata.issuer != issuer {
            return Err(format!(
                "the metadata is of the issuer {}, and not of {issuer}: write the issuer exactly as it calls itself, the one \
                 of your own organisation",
                metadata.issuer
            ));
        }
        for address in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
            way.check(address)?;
        }
        let mut all = self.metadata.lock().await;
        Ok(keep(&mut all, issuer, metadata, now))
    }

    /// The keys at an address; read anew when a token was signed with none of them.
    pub(super) async fn keys(
        &self,
        way: &Way,
        address: &str,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Keys>, String> {
        if let Some(read) = self.keys.lock().await.get(address) {
            let serves = read.value.serve(token) || is_fresh(read.at, now, ANEW);
            if serves && is_fresh(read.at, now, BELIEVED) {
                return Ok(Arc::clone(&read.value));
            }
        }
        let text = fetch(way, "the keys of the issuer", address).await?;
        let keys = token::keys(&text).map_err(|error| unreadable("the keys of the issuer", &error))?;
        let mut all = self.keys.lock().await;
        Ok(keep(&mut all, address, keys, now))
    }
}

/// Whether something that was read is believed yet; what a clock noted that was ahead of the present one is not.
fn is_fresh(at: DateTime<Utc>, now: DateTime<Utc>, believed: TimeDelta) -> bool {
    at <= now && now < at + believed
}

fn keep<T>(all: &mut HashMap<String, Read<T>>, name: &str, value: T, now: DateTime<Utc>) -> Arc<T> {
    if all.len() >= MOST {
        all.retain(|_, read| is_fresh(read.at, now, BELIEVED));
    }
    if all.len() >= MOST {
        all.clear();
    }
    let value = Arc::new(value);
    all.insert(name.to_owned(), Read { value: Arc::clone(&value), at: now });
    value
}

async fn fetch(way: &Way, what: &str, address: &str) -> Result<String, String> {
    let request = Request::get(address).header(ACCEPT, "application/json").body(Vec::new());
    let request = request.map_err(|error| format!("{what} cannot be asked for: {error}"))?;
    let answer = way.exchange(request, ANSWER).await.map_err(|said| format!("{what}: {said}"))?;
    if answer.status != 200 {
        return Err(format!("{what} cannot be read: {address} answered {}", answer.status));
    }
    Ok(answer.text)
}
