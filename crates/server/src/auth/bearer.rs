//! The extractor that turns a bearer token into a tenant (RFC 6750 §2.1).

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use chrono::{DateTime, Utc};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Method};
use operations::secret;
use operations::{Connection, Provider, Requester};
use uuid::Uuid;

use super::signed;
use super::tokens::Authority;
use crate::app::App;
use crate::http::error::{Challenge, Failure};
use crate::http::peer;
use crate::http::trace::RequestId;
use crate::request_log::Notes;

/// An authenticated request's tenant; a handler that takes it is closed to all other requests.
#[derive(Clone)]
pub(crate) struct Tenant {
    authority: Arc<Authority>,
    request_id: Uuid,
}

impl Tenant {
    /// The request as operations know it.
    pub(crate) fn requester(&self, now: DateTime<Utc>) -> Requester {
        let provider = Arc::clone(&self.provider);
        Requester::push(self.scope.clone(), provider, self.request_id.to_string(), now)
    }

    /// The connection.
    pub(crate) fn connection(&self) -> &Connection {
        &self.provider.connection
    }
}

impl Deref for Tenant {
    type Target = Authority;

    fn deref(&self) -> &Authority {
        &self.authority
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant").field("connection", &self.connection().id).finish_non_exhaustive()
    }
}

impl FromRequestParts<Arc<App>> for Tenant {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let token = bearer(&parts.headers)?;
        let (authority, read_only) = match secret::hash(token) {
            Some(hash) => {
                let authority = app.tokens().authority(&**app.db(), &[hash], app.now()).await?;
                let read_only = authority.read_only;
                (authority, read_only)
            }
            None => signed::authority(app, token).await?,
        };
        admitted(&authority.provider, parts, app)?;
        let request_id = parts.extensions.get::<RequestId>().map_or_else(|| app.id(), |id| id.0);
        let tenant = Self { authority, request_id };
        Notes::of(&parts.extensions).sender(&tenant);
        app.rates().take(tenant.connection().id.uuid())?;
        if read_only && changes(parts) {
            return Err(Failure::Unauthorised(Challenge::InsufficientScope));
        }
        Ok(tenant)
    }
}

/// Whether a request may change something; a search does not (RFC 7644 §3.4.3).
fn changes(parts: &Parts) -> bool {
    match parts.method {
        Method::GET | Method::HEAD => false,
        Method::POST => !parts.uri.path().ends_with("/.search"),
        _ => true,
    }
}

/// Refuses a request that comes from none of the networks of its connection.
///
/// # Errors
/// 403.
pub(crate) fn admitted(provider: &Provider, parts: &Parts, app: &App) -> Result<(), Failure> {
    let address = peer::address(parts, &app.config().trusted_proxies);
    if provider.admits(address.parse().ok()) {
        return Ok(());
    }
    let name = &provider.connection.name;
    Err(Failure::status(
        403,
        format!("The connection “{name}” is not used from {address}: add that network to it."),
    ))
}

/// The token in the one Authorization header.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Failure> {
    let missing = || Failure::Unauthorised(Challenge::Missing);
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next().ok_or_else(missing)?, values.next()) else { return Err(missing()) };
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(missing)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(missing());
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn one_bearer_token_counts_and_nothing_else() {
        let with = |values: &[&'static str]| -> HeaderMap {
            values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_static(value))).collect()
        };
        assert_eq!(bearer(&with(&["Bearer abc"])).expect("a token"), "abc");
        assert_eq!(bearer(&with(&["bearer  abc "])).expect("a token"), "abc");
        for values in
            [&[][..], &["abc"], &["Bearer"], &["Bearer "], &["Basic YTpi"], &["Bearer a", "Bearer a"]]
        {
            let failure = bearer(&with(values)).expect_err("no token");
            assert!(matches!(failure, Failure::Unauthorised(Challenge::Missing)), "{values:?}");
        }
    }
}
