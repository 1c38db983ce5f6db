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
pub(super) const BELIEVED: TimeDelta = TimeDelta::hours(1);
/// How long nothing is asked again after a failure: anybody can begin a sign-in.
const FAILED: TimeDelta = TimeDelta::seconds(10);
/// How long they are believed while the issuer is away, where it is not needed for anything else.
pub(super) const AWAY: TimeDelta = TimeDelta::days(1);
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

/// What was read, and why it could not be read anew.
struct Read<T> {
    value: Option<(Arc<T>, DateTime<Utc>)>,
    failed: Option<(Unread, DateTime<Utc>)>,
}

/// Why something was not read.
#[derive(Clone)]
struct Unread {
    said: String,
    /// Whether the issuer cannot be reached: what it said before may still hold then.
    away: bool,
}

impl From<String> for Unread {
    fn from(said: String) -> Self {
        Self { said, away: false }
    }
}

/// What was read under each address. One request reads it, and the others of that address wait for it.
struct Shelf<T>(Mutex<HashMap<String, Place<T>>>);

/// Where something is kept that was read.
type Place<T> = Arc<Mutex<Read<T>>>;

impl<T: Send + Sync> Shelf<T> {
    /// What is under an address: as it was read, if it still `serves`, else read anew. While the issuer is away, `lasts` says how
    /// long what it said before is believed.
    async fn get(
        &self,
        address: &str,
        (now, lasts): (DateTime<Utc>, TimeDelta),
        serves: impl Fn(&T, DateTime<Utc>) -> bool + Send + Sync,
        read: impl Future<Output = Result<T, Unread>> + Send,
    ) -> Result<Arc<T>, String> {
        let place = {
            let mut all = self.0.lock().await;
            if all.len() >= MOST && !all.contains_key(address) {
                all.clear();
            }
            let empty = || Arc::new(Mutex::new(Read { value: None, failed: None }));
            Arc::clone(all.entry(address.to_owned()).or_insert_with(empty))
        };
        let mut place = place.lock().await;
        let within = |place: &Read<T>, lasts| {
            let known =
                place.value.as_ref().filter(|(value, at)| is_fresh(*at, now, lasts) && serves(value, *at));
            known.map(|(value, _)| Arc::clone(value))
        };
        if let Some(value) = within(&place, BELIEVED) {
            return Ok(value);
        }
        if !place.failed.as_ref().is_some_and(|(_, at)| is_fresh(*at, now, FAILED)) {
            match read.await {
                Ok(value) => {
                    let value = Arc::new(value);
                    *place = Read { value: Some((Arc::clone(&value), now)), failed: None };
                    return Ok(value);
                }
                Err(unread) => {
                    // What an issuer says counts, also when it is wrong.
                    place.value = place.value.take().filter(|_| unread.away);
                    place.failed = Some((unread, now));
                }
            }
        }
        let said = place.failed.as_ref().map(|(unread, _)| unread.said.clone()).unwrap_or_default();
        let old = within(&place, lasts);
        if old.is_some() {
            tracing::warn!(
                address,
                said,
                "an issuer cannot be reached: what it said before is believed for a day"
            );
        }
        old.ok_or(said)
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
        (now, lasts): (DateTime<Utc>, TimeDelta),
    ) -> Result<Arc<Metadata>, String> {
        self.metadata.get(issuer, (now, lasts), |_, _| true, metadata(way, issuer)).await
    }

    /// The keys at an address; read anew when a token was signed with none of them.
    pub(super) async fn keys(
        &self,
        way: &Way,
        address: &str,
        token: &str,
        (now, lasts): (DateTime<Utc>, TimeDelta),
    ) -> Result<Arc<Keys>, String> {
        let serves = |keys: &Keys, at| keys.serve(token) || is_fresh(at, now, ANEW);
        let read = async {
            let text = fetch(way, "the keys of the issuer", address).await?;
            keys(&text).map_err(|error| unreadable("the keys of the issuer", &error).into())
        };
        self.keys.get(address, (now, lasts), serves, read).await
    }
}

/// Whether something that was read is believed yet; what a clock noted that was ahead of the present one is not.
fn is_fresh(at: DateTime<Utc>, now: DateTime<Utc>, believed: TimeDelta) -> bool {
    at <= now && now < at + believed
}

async fn metadata(way: &Way, issuer: &str) -> Result<Metadata, Unread> {
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
        )
        .into());
    }
    let Metadata { authorization_endpoint, token_endpoint, userinfo_endpoint, .. } = &metadata;
    let others = [authorization_endpoint, token_endpoint, userinfo_endpoint].into_iter().flatten();
    for address in others.chain([&metadata.jwks_uri]) {
        way.check(address)?;
    }
    Ok(metadata)
}

async fn fetch(way: &Way, what: &str, address: &str) -> Result<String, Unread> {
    let away = |said| Unread { said, away: true };
    let request = Request::get(address).header(ACCEPT, "application/json").body(Vec::new());
    let request = request.map_err(|error| format!("{what} cannot be asked for: {error}"))?;
    let answer = way.exchange(request, ANSWER).await.map_err(|said| away(format!("{what}: {said}")))?;
    if answer.status != 200 {
        return Err(away(format!("{what} cannot be read: {address} answered {}", answer.status)));
    }
    Ok(answer.text)
}
