//! The secrets that identity providers present.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use store::{ConnectionId, NewToken, TokenId, WriteUnit};

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Operator;
use crate::secret::{Plain, hash};

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
/// [`Error`] if there is no such connection.
pub async fn create(
    db: &Database,
    operator: &Operator,
    connection: &str,
    expires_in_days: Option<u32>,
) -> Result<Created, Error> {
    let (scope, connection) = db.connection(connection).await?;
    let now = operator.now;
    let plain = Plain::new();
    let hash = hash(&plain.0).ok_or_else(|| Error::Refused("a token could not be made".to_owned()))?;
    let new = NewToken {
        connection: connection.id,
        hash,
        hint: plain.hint(),
        expires_at: expires_in_days.map(|days| now + TimeDelta::days(days.into())),
    };
    let create = async |mut unit: WriteUnit| -> Attempt<store::Token> {
        let token = unit.insert_token(&new, now).await?;
        Ok((unit, token))
    };
    let token = db.write(&scope, create).await?.value;
    Ok(Created { known: known(token, now), token: plain.0 })
}

/// The tokens of a connection, oldest first, the revoked ones too.
///
/// # Errors
/// [`Error`] if there is no such connection.
pub async fn list(db: &Database, operator: &Operator, connection: &str) -> Result<Vec<Token>, Error> {
    let (scope, connection) = db.connection(connection).await?;
    let tokens = db.read(&scope).await?.tokens(connection.id).await?;
    let now = operator.now;
    Ok(tokens.into_iter().map(|token| known(token, now)).collect())
}

/// Revokes a token of a connection, by its id; a running server refuses it within the seconds of
/// `auth.token_cache_seconds`.
///
/// # Errors
/// [`Error`] if the connection has no such token that is valid.
pub async fn revoke(
    db: &Database,
    operator: &Operator,
    connection: &str,
    token: &str,
) -> Result<Token, Error> {
    let (scope, connection) = db.connection(connection).await?;
    let advice = "`rollcall token list` shows those of the connection";
    let now = operator.now;
    let revoke = async |mut unit: WriteUnit| -> Attempt<store::Token> {
        let tokens = unit.tokens(connection.id).await?;
        let found = tokens.into_iter().find(|known| known.id.to_string() == token);
        let found = found.ok_or_else(|| Error::unknown("token", token, advice))?;
        if !unit.revoke_token(found.id, now).await? {
            let said = format!("the token {token} was revoked before: nothing is to be done");
            return Err(Error::Refused(said));
        }
        Ok((unit, found))
    };
    let found = db.write(&scope, revoke).await?.value;
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
