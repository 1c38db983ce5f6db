//! What is known of issuers: their metadata (OpenID Connect Discovery 1.0 §4) and their keys (RFC 7517), for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use http::header::ACCEPT;
use serde::Deserialize;

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

/// What was read under each address.
struct Shelf<T>(Mutex<HashMap<String, Arc<Place<T>>>>);

/// Where something is kept that was read. One request reads it anew; the others go on with what is known, or wait.
struct Place<T> {
    known: Mutex<Read<T>>,
    reading: tokio::sync::Mutex<()>,
}

impl<T> Place<T> {
    fn empty() -> Arc<Self> {
        let known = Mutex::new(Read { value: None, failed: None });
        Arc::new(Self { known, reading: tokio::sync::Mutex::new(()) })
    }

    /// What is known, if it is believed for so long and still `serves`.
    fn within(
        &self,
        (now, lasts): (DateTime<Utc>, TimeDelta),
        serves: &(impl Fn(&T, DateTime<Utc>) -> bool + Sync),
    ) -> Option<Arc<T>> {
        let known = locked(&self.known);
        let known =
            known.value.as_ref().filter(|(value, at)| is_fresh(*at, now, lasts) && serves(value, *at));
        known.map(|(value, _)| Arc::clone(value))
    }

    /// Why it cannot be read, if that was found out a moment ago.
    fn failure(&self, now: DateTime<Utc>) -> Option<String> {
        let known = locked(&self.known);
        let failed = known.failed.as_ref().filter(|(_, at)| is_fresh(*at, now, FAILED) || *at > now);
        failed.map(|(unread, _)| unread.said.clone())
    }

    fn note(&self, read: Result<&Arc<T>, Unread>, now: DateTime<Utc>) {
        let mut known = locked(&self.known);
        match read {
            Ok(value) => *known = Read { value: Some((Arc::clone(value), now)), failed: None },
            Err(unread) => {
                // What an issuer says counts, also when it is wrong.
                known.value = known.value.take().filter(|_| unread.away);
                known.failed = Some((unread, now));
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Send + Sync> Shelf<T> {
    /// What is under an address: as it was read, if it still `serves`, else read anew. While it is read, and while the issuer is
    /// away, `lasts` says how long what it said before is believed.
    async fn get(
        &self,
        address: &str,
        (now, lasts): (DateTime<Utc>, TimeDelta),
        serves: impl Fn(&T, DateTime<Utc>) -> bool + Send + Sync,
        read: impl Future<Output = Result<T, Unread>> + Send,
    ) -> Result<Arc<T>, String> {
        let place = self.place(address);
        if let Some(value) = place.within((now, BELIEVED), &serves) {
            return Ok(value);
        }
        let old = || place.within((now, lasts), &serves);
        let turn = match (place.reading.try_lock(), old()) {
            (Ok(turn), _) => turn,
            // Another request reads it at this moment: a slow issuer makes no one wait whom it need not.
            (Err(_), Some(old)) => return Ok(old),
            (Err(_), None) => place.reading.lock().await,
        };
        if let Some(value) = place.within((now, BELIEVED), &serves) {
            return Ok(value);
        }
        if place.failure(now).is_none() {
            let began = Instant::now();
            let read = read.await.map(Arc::new);
            // A failure is over some time after it was noticed, and not after the attempt began.
            let waited = TimeDelta::seconds(i64::try_from(began.elapsed().as_secs()).unwrap_or(0));
            match read {
                Ok(value) => {
                    place.note(Ok(&value), now);
                    return Ok(value);
                }
                Err(unread) => place.note(Err(unread), now + waited),
            }
        }
        drop(turn);
        let said = locked(&place.known).failed.as_ref().map(|(unread, _)| unread.said.clone());
        let (said, old) = (said.unwrap_or_default(), old());
        if old.is_some() {
            tracing::warn!(
                address,
                said,
                "an issuer cannot be reached: what it said before is believed for a day"
            );
        }
        old.ok_or(said)
    }

    fn place(&self, address: &str) -> Arc<Place<T>> {
        let mut all = locked(&self.0);
        if all.len() >= MOST && !all.contains_key(address) {
            all.clear();
        }
        Arc::clone(all.entry(address.to_owned()).or_insert_with(Place::empty))
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

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::pin;

    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_slow_issuer_makes_no_one_wait_whom_it_need_not() {
        let shelf = Shelf(Mutex::new(HashMap::new()));
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let first = shelf.get("a", (now, AWAY), |_, _| true, ready(Ok(1))).await;
        assert_eq!(first.as_deref(), Ok(&1));
        let later = (now + TimeDelta::hours(2), AWAY);
        let mut reading = pin!(shelf.get("a", later, |_, _| true, pending()));
        assert!(reading.as_mut().now_or_never().is_none(), "the issuer does not answer");
        let known = shelf.get("a", later, |_, _| true, pending()).now_or_never();
        assert_eq!(known.expect("no need to wait").as_deref(), Ok(&1));
        let unknown = shelf.get("a", later, |_, _| false, ready(Ok(2))).now_or_never();
        assert!(unknown.is_none(), "only the issuer knows");
    }
}
