//! The secrets that identity providers present.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use store::{ConnectionId, NewToken, TokenId};

use super::{Admin, AdminError};
use crate::auth::{Plain, hash};

/// What is known about a token; never the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// The connection that it belongs to.
    pub connection: ConnectionId,
    /// Its first letters.
    pub hint: String,
    /// `valid`, `expired` or `revoked`.
    pub state: &'static str,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to a few seconds.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token that was just created.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// What is known about it from now on.
    #[serde(flatten)]
    pub known: Token,
    /// The token itself, which nobody can look up later.
    pub token: String,
}

impl std::fmt::Debug for Created {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Created").field("known", &self.known).finish_non_exhaustive()
    }
}

/// Creates a token for a connection; it is valid at once.
///
/// # Errors
/// [`AdminError`] if there is no such connection.
pub async fn create(
    admin: &Admin,
    connection: &str,
    expires_in_days: Option<u32>,
) -> Result<Created, AdminError> {
    let (scope, connection) = admin.connection(connection).await?;
    let now = admin.now();
    let plain = Plain::new();
    let hash = hash(&plain.0).ok_or_else(|| AdminError::Refused("a token could not be made".to_owned()))?;
    let new = NewToken {
        connection: connection.id,
        hash,
        hint: plain.hint(),
        expires_at: expires_in_days.map(|days| now + TimeDelta::days(days.into())),
    };
    let mut unit = admin.store.write(&scope).await?;
    let token = unit.insert_token(&new, now).await?;
    unit.commit().await?;
    Ok(Created { known: known(token, now), token: plain.0 })
}

/// The tokens of a connection, oldest first, the revoked ones too.
///
/// # Errors
/// [`AdminError`] if there is no such connection.
pub async fn list(admin: &Admin, connection: &str) -> Result<Vec<Token>, AdminError> {
    let (scope, connection) = admin.connection(connection).await?;
    let tokens = admin.store.read(&scope).await?.tokens(connection.id).await?;
    let now = admin.now();
    Ok(tokens.into_iter().map(|token| known(token, now)).collect())
}

/// Revokes a token of a connection, by its id; a running server refuses it within the seconds of
/// `auth.token_cache_seconds`.
///
/// # Errors
/// [`AdminError`] if the connection has no such token that is valid.
pub async fn revoke(admin: &Admin, connection: &str, token: &str) -> Result<Token, AdminError> {
    let (scope, connection) = admin.connection(connection).await?;
    let advice = "`rollcall token list` shows those of the connection";
    let mut unit = admin.store.write(&scope).await?;
    let tokens = unit.tokens(connection.id).await?;
    let found = tokens.into_iter().find(|known| known.id.to_string() == token);
    let found = found.ok_or_else(|| AdminError::unknown("token", token, advice))?;
    let now = admin.now();
    if !unit.revoke_token(found.id, now).await? {
        return Err(AdminError::Refused(format!(
            "the token {token} was revoked before: nothing is to be done"
        )));
    }
    unit.commit().await?;
    Ok(known(store::Token { revoked_at: Some(now), ..found }, now))
}

fn known(token: store::Token, now: DateTime<Utc>) -> Token {
    let state = match (token.revoked_at, token.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(at)) if at <= now => "expired",
        _ => "valid",
    };
    Token {
        id: token.id,
        connection: token.connection,
        hint: token.hint,
        state,
        created_at: token.created_at,
        expires_at: token.expires_at,
        revoked_at: token.revoked_at,
        last_used_at: token.last_used_at,
    }
}
