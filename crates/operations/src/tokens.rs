//! What identity providers show to be let in: bearer tokens, and the secrets, keys and issuers of OAuth.

mod new;

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{Entry, EntryKind, Subject};
use serde::Serialize;
use serde_json::{Value, json};
use store::{ConnectionId, NewToken, ReadUnit, TokenId, TokenKind, WriteUnit};

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Operator;
use crate::rights::Right;

pub use new::{New, What, issuer_hash};

/// The scope of everything.
pub const ALL: &str = "scim";
/// The scope of reading alone.
pub const READ: &str = "scim.read";

/// What is known about a token; never the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// The connection that it belongs to.
    pub connection: ConnectionId,
    /// `bearer`, `secret`, `key` or `issuer`.
    pub kind: &'static str,
    /// What it is good for: `scim`, or `scim.read` alone.
    pub scopes: Vec<String>,
    /// The public key, or the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// Its first letters, or what else tells it from others.
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
    /// The token itself, which cannot be looked up later; empty for a key and an issuer, which are no secrets.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// What an OAuth client says that it is called, which is the id of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

impl std::fmt::Debug for Created {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Created").field("known", &self.known).finish_non_exhaustive()
    }
}

/// Creates a token for a connection; it is valid at once.
///
/// # Errors
/// [`Error`] if there is no such connection, for a key or an issuer that cannot be believed, or one that a connection has already.
pub async fn create(
    db: &Database,
    operator: &Operator,
    connection: &str,
    new: &New,
) -> Result<Created, Error> {
    let (scope, connection) = db.connection(operator, connection).await?;
    let now = operator.now;
    let made = new.what.make(connection.id)?;
    let row = NewToken {
        connection: connection.id,
        kind: new.what.kind(),
        scopes: vec![if new.read_only { READ } else { ALL }.to_owned()],
        details: made.details,
        hash: made.hash,
        hint: made.hint,
        expires_at: new.expires_in_days.map(|days| now + TimeDelta::days(days.into())),
    };
    let create = async |mut unit: WriteUnit| -> Attempt<store::Token> {
        if let What::Issuer { issuer, audience, subject } = &new.what {
            let elsewhere = unit.trusted_elsewhere(issuer, audience, subject.as_deref()).await?;
            if elsewhere {
                return Err(Error::Refused(new.what.taken()));
            }
        }
        let token = unit.insert_token(&row, now).await.map_err(|error| match error {
            store::Error::Conflict(_) => Error::Refused(new.what.taken()),
            error => error.into(),
        })?;
        let what = new.what.said();
        let why = format!("An administrator created {what} {} of “{}”.", token.hint, connection.name);
        let entry = Entry::new(Subject::Token(token.id), EntryKind::TokenCreated, why);
        unit.record([(&entry, &operator.actor(Right::Change)?)], now).await?;
        Ok((unit, token))
    };
    let token = db.write(&scope, create).await?.value;
    let client_id = (token.kind != TokenKind::Bearer).then(|| connection.id.to_string());
    Ok(Created { known: known(token, now), token: made.secret, client_id })
}

/// The tokens of a connection, oldest first, the revoked ones too.
///
/// # Errors
/// [`Error`] if there is no such connection.
pub async fn list(db: &Database, operator: &Operator, connection: &str) -> Result<Vec<Token>, Error> {
    let (scope, connection) = db.connection(operator, connection).await?;
    let tokens = db.read(&scope).await?.tokens(connection.id).await?;
    let now = operator.now;
    Ok(tokens.into_iter().map(|token| known(token, now)).collect())
}

/// A token of a connection, by its id or its first letters.
///
/// # Errors
/// [`Error`] if the connection has no such token.
pub async fn show(db: &Database, operator: &Operator, connection: &str, token: &str) -> Result<Token, Error> {
    let (scope, connection) = db.connection(operator, connection).await?;
    let unit = db.read(&scope).await?;
    Ok(known(find(&unit, connection.id, token).await?, operator.now))
}

/// Changes when a token expires: so many days from now, or never.
///
/// # Errors
/// [`Error`] if the connection has no such token that is not revoked.
pub async fn update(
    db: &Database,
    operator: &Operator,
    connection: &str,
    token: &str,
    expires_in_days: Option<u32>,
) -> Result<Token, Error> {
    let (scope, connection) = db.connection(operator, connection).await?;
    let now = operator.now;
    let expires_at = expires_in_days.map(|days| now + TimeDelta::days(days.into()));
    let update = async |mut unit: WriteUnit| -> Attempt<store::Token> {
        let found = find(&unit, connection.id, token).await?;
        if !unit.set_token_expiry(found.id, expires_at).await? {
            let said =
                format!("the token {token} is revoked: create another one with `rollcall token create`");
            return Err(Error::Refused(said));
        }
        let why = format!("An administrator changed the expiry of {} of “{}”.", found.hint, connection.name);
        let mut entry = Entry::new(Subject::Token(found.id), EntryKind::TokenChanged, why);
        entry.before = Some(json!({ "expiresAt": found.expires_at }));
        entry.after = Some(json!({ "expiresAt": expires_at }));
        unit.record([(&entry, &operator.actor(Right::Change)?)], now).await?;
        Ok((unit, found))
    };
    let found = db.write(&scope, update).await?.value;
    Ok(known(store::Token { expires_at, ..found }, now))
}

/// Revokes a token of a connection, by its id or its first letters; a running server refuses it within the seconds of
/// `auth.token_cache_seconds`. It stays in the list, so that its last use can be looked up.
///
/// # Errors
/// [`Error`] if the connection has no such token that is valid.
pub async fn revoke(
    db: &Database,
    operator: &Operator,
    connection: &str,
    token: &str,
) -> Result<Token, Error> {
    let (scope, connection) = db.connection(operator, connection).await?;
    let now = operator.now;
    let revoke = async |mut unit: WriteUnit| -> Attempt<store::Token> {
        let found = find(&unit, connection.id, token).await?;
        if !unit.revoke_token(found.id, now).await? {
            return Err(Error::already(format!("the token {token}"), "was revoked before"));
        }
        let why = format!("An administrator revoked the token {} of “{}”.", found.hint, connection.name);
        let entry = Entry::new(Subject::Token(found.id), EntryKind::TokenRevoked, why);
        unit.record([(&entry, &operator.actor(Right::Change)?)], now).await?;
        Ok((unit, found))
    };
    let found = db.write(&scope, revoke).await?.value;
    Ok(known(store::Token { revoked_at: Some(now), ..found }, now))
}

/// The only token of the connection with this id or these first letters.
async fn find(unit: &ReadUnit, connection: ConnectionId, token: &str) -> Result<store::Token, Error> {
    let mut tokens = unit.tokens(connection).await?;
    tokens.retain(|known| known.id.to_string() == token || known.hint == token);
    if tokens.len() > 1 {
        let said =
            format!("\"{token}\" is one of several tokens: name it by id, `rollcall token list` shows it");
        return Err(Error::Refused(said));
    }
    let advice = "`rollcall token list` shows those of the connection";
    tokens.pop().ok_or_else(|| Error::unknown("token", token, advice))
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
        kind: token.kind.word(),
        scopes: token.scopes,
        details: token.details,
        hint: token.hint,
        state,
        created_at: token.created_at,
        expires_at: token.expires_at,
        revoked_at: token.revoked_at,
        last_used_at: token.last_used_at,
    }
}
