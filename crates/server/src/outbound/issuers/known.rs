//! What is known of issuers: their metadata (OpenID Connect Discovery 1.0 §4) and their keys (RFC 7517), for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use http::header::ACCEPT;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{ANSWER, unreadable};
use crate::jwt::{Keys, keys};
use crate::outbound::way::Way;

/// How long metadata and keys are believed.
const BELIEVED: TimeDelta = TimeDelta::hours(1);
/// How long nothing is asked again after a failure: anybody can begin a sign-in.
const FAILED: TimeDelta = TimeDelta::seconds(10);
/// How long metadata and keys are believed if the issuer cannot be reached.
const UNREACHABLE: TimeDelta = TimeDelta::days(1);
/// How often keys are read anew for a token that was signed with an unknown one.
const ANEW: TimeDelta = TimeDelta::minutes(1);
/// The most issuers of which something is kept.
const MOST: usize = 1_000;

/// What an issuer says of itself, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    /// Where a browser goes; an issuer that signs nobody in has none.
    #[serde(default)]
    pub(super) authorization_endpoint: Option<String>,
    #[serde(default)]
    pub(super) token_endpoint: Option<String>,
    pub(super) jwks_uri: String,
    #[serde(default)]
    pub(super) userinfo_endpoint: Option<String>,
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
                Err(format!("the answer is of another issuer than {}", self.issuer))
            }
            None if self.authorization_response_iss_parameter_supported => {
                Err("the answer does not say which issuer it is of".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Something that was read, or why it was not.
struct Read<T> {
    value: Result<Arc<T>, String>,
    at: DateTime<Utc>,
    /// When it could not be read anew.
    failed: Option<DateTime<Utc>>,
}

/// What was read under each address. One request reads it, and the others of that address wait for it.
struct Shelf<T>(Mutex<HashMap<String, Place<T>>>);

/// Where something is kept that was read.
type Place<T> = Arc<Mutex<Option<Read<T>>>>;

impl<T: Send + Sync> Shelf<T> {
    /// What is under an address: as it was read, if it still `serves`, else read anew.
    async fn get(
        &self,
        address: &str,
        now: DateTime<Utc>,
        serves: impl Fn(&T, DateTime<Utc>) -> bool + Send + Sync,
        read: impl Future<Output = Result<T, String>> + Send,
    ) -> Result<Arc<T>, String> {
        let place = {
            let mut all = self.0.lock().await;
            if all.len() >= MOST && !all.contains_key(address) {
                all.clear();
            }
            Arc::clone(all.entry(address.to_owned()).or_default())
        };
        let mut place = place.lock().await;
        if let Some(known) = &*place {
            let failed = known.failed.is_some_and(|at| is_fresh(at, now, FAILED));
            let fresh = match &known.value {
                Ok(value) => (failed || is_fresh(known.at, now, BELIEVED)) && serves(value, known.at),
                Err(_) => is_fresh(known.at, now, FAILED),
            };
            if fresh {
                return known.value.clone();
            }
        }
        let value = read.await.map(Arc::new);
        if let (Some(known), Err(said)) = (place.as_mut(), &value)
            && let Ok(old) = &known.value
            && is_fresh(known.at, now, UNREACHABLE)
        {
            tracing::warn!(
                address,
                said,
                "an issuer cannot be reached: what it said before is believed for a day"
            );
            known.failed = Some(now);
            return Ok(Arc::clone(old));
        }
        *place = Some(Read { value: value.clone(), at: now, failed: None });
        value
    }
}

/// What is known of issuers.
pub(super) struct Known {
    metadata: Shelf<Metadata>,
    keys: Shelf<Keys>,
}

impl Default for Known {
    fn default() -> Self {
        Self { metadata: Shelf(Mutex::new(HashMap::new())), keys: Shelf(Mutex::new(HashMap::new())) }
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
        self.metadata.get(issuer, now, |_, _| true, metadata(way, issuer)).await
    }

    /// The keys at an address; read anew when a token was signed with none of them.
    pub(super) async fn keys(
        &self,
        way: &Way,
        address: &str,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Keys>, String> {
        let serves = |keys: &Keys, at| keys.serve(token) || is_fresh(at, now, ANEW);
        let read = async {
            let text = fetch(way, "the keys of the issuer", address).await?;
            keys(&text).map_err(|error| unreadable("the keys of the issuer", &error))
        };
        self.keys.get(address, now, serves, read).await
    }
}

/// Whether something that was read is believed yet; what a clock noted that was ahead of the present one is not.
fn is_fresh(at: DateTime<Utc>, now: DateTime<Utc>, believed: TimeDelta) -> bool {
    at <= now && now < at + believed
}

async fn metadata(way: &Way, issuer: &str) -> Result<Metadata, String> {
    // The last slash is no part of the path, OpenID Connect Discovery 1.0 §4.1.
    let address = format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer));
    let text = fetch(way, "the metadata of the issuer", &address).await?;
    let metadata: Metadata =
        serde_json::from_str(&text).map_err(|error| unreadable("the metadata of the issuer", &error))?;
    if metadata.issuer != issuer {
        return Err(format!(
            "the metadata is of the issuer {}, and not of {issuer}: write the issuer exactly as it calls itself, the one of your \
             own organisation",
            metadata.issuer
        ));
    }
    let Metadata { authorization_endpoint, token_endpoint, userinfo_endpoint, .. } = &metadata;
    let others = [authorization_endpoint, token_endpoint, userinfo_endpoint].into_iter().flatten();
    for address in others.chain([&metadata.jwks_uri]) {
        way.check(address)?;
    }
    Ok(metadata)
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
