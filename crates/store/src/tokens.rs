//! What shows that a connection is the connection: bearer tokens and client secrets, stored as hashes, public keys, and issuers that
//! are believed; several at once, with an end.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Value};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::connections::{Connection, decode};
use crate::db::backend;
use crate::db::locks::Lock;
use crate::db::sql::{CHUNK, Sql};
use crate::entity::{connections, tokens};
use crate::error::Error;
use crate::ids::{ConnectionId, IdRow, TokenId, new_id, stored};
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A bearer token (RFC 6750).
    Bearer,
    /// A client secret (RFC 6749 §2.3.1).
    Secret,
    /// A public key of a client, which signs assertions (RFC 7523 §2.2).
    Key,
    /// An issuer whose signed tokens are believed.
    Issuer,
}

impl TokenKind {
    const ALL: [Self; 4] = [Self::Bearer, Self::Secret, Self::Key, Self::Issuer];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Secret => "secret",
            Self::Key => "key",
            Self::Issuer => "issuer",
        }
    }
}

/// What is known about a token; never the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub connection: ConnectionId,
    /// What it is.
    pub kind: TokenKind,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// What else is known of it: the public key, or the issuer.
    pub details: Option<Json>,
    /// The part of it that people may see.
    pub hint: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, give or take the delay of [`Store::tokens_used`].
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token to create.
#[derive(Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whose it is.
    pub connection: ConnectionId,
    /// What it is.
    pub kind: TokenKind,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// What else is known of it.
    pub details: Option<Json>,
    /// The hash of the token.
    pub hash: [u8; 32],
    /// The part of it that people may see.
    pub hint: String,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
}

impl NewToken {
    /// A bearer token that is good for everything.
    #[must_use]
    pub fn bearer(
        connection: ConnectionId,
        hash: [u8; 32],
        hint: String,
        expires_at: Option<DateTime<Utc>>,
    ) -> Self {
        let (kind, scopes) = (TokenKind::Bearer, vec!["scim".to_owned()]);
        Self { connection, kind, scopes, details: None, hash, hint, expires_at }
    }
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken")
            .field("connection", &self.connection)
            .field("hint", &self.hint)
            .finish_non_exhaustive()
    }
}

/// Who stands behind a token.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The tenant.
    pub scope: TenantScope,
    /// The connection.
    pub connection: Connection,
    /// The token.
    pub token: TokenId,
    /// What it is.
    pub kind: TokenKind,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// What else is known of it.
    pub details: Option<Json>,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
}

fn kind(word: &str, id: Uuid) -> Result<TokenKind, Error> {
    let kind = TokenKind::ALL.into_iter().find(|kind| kind.word() == word);
    kind.ok_or_else(|| Error::Inconsistent { table: "tokens", column: "kind", id: id.to_string() })
}

impl TryFrom<tokens::Model> for Token {
    type Error = Error;

    fn try_from(row: tokens::Model) -> Result<Self, Error> {
        Ok(Self {
            id: TokenId::new(row.id),
            connection: ConnectionId::new(row.connection_id),
            kind: kind(&row.kind, row.id)?,
            scopes: decode(row.scopes, "tokens", "scopes", &row.id.to_string())?,
            details: row.details,
            hint: row.hint,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        })
    }
}

#[derive(FromQueryResult)]
struct Found {
    token_id: Uuid,
    kind: String,
    scopes: Json,
    details: Option<Json>,
    expires_at: Option<DateTime<Utc>>,
    #[sea_orm(nested)]
    connection: connections::Model,
}

#[derive(FromQueryResult)]
struct Hashes {
    /// Nothing where there is no token.
    hashes: Option<String>,
}

/// The bytes of 64 digits.
fn of_hex(digits: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    (digits.len() == 64).then_some(bytes)
}

impl TryFrom<Found> for Authenticated {
    type Error = Error;

    fn try_from(found: Found) -> Result<Self, Error> {
        let Found { token_id, kind: word, scopes, details, expires_at, connection } = found;
        let whole = TenantScope::of(connection.tenant_id);
        let connection: Connection = connection.try_into()?;
        Ok(Self {
            scope: connection.sight(&whole).sharing(),
            connection,
            token: TokenId::new(token_id),
            kind: kind(&word, token_id)?,
            scopes: decode(scopes, "tokens", "scopes", &token_id.to_string())?,
            details,
            expires_at,
        })
    }
}

/// By what an access token that was issued for a credential names the credential among the hashes: its id, and zeros, which no hash
/// has.
#[must_use]
pub fn key_of_credential(id: TokenId) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(id.uuid().as_bytes());
    key
}

/// What stands in the place of a hash when nothing is to be found by it; unlike that of any other token.
fn nobodys(token: TokenId) -> Vec<u8> {
    [&[0; 16], token.uuid().as_bytes().as_slice()].concat()
}

impl Store {
    /// The connection behind a token or an issuer, by its hash, or behind a credential, by its [key](key_of_credential); none when it
    /// is unknown, expired or revoked; one indexed read.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn authenticate(
        &self,
        hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<Authenticated>, Error> {
        let mut condition = Sql::default();
        if let Some(id) = hash.strip_suffix(&[0; 16]).and_then(|id| Uuid::from_slice(id).ok()) {
            condition.push("t.id = ").bind(id).push(" AND t.kind <> 'bearer'");
        } else {
            condition.push("t.hash = ").bind(hash.to_vec()).push(" AND t.kind IN ('bearer', 'issuer')");
        }
        Ok(self.credentials(&condition, now).await?.pop())
    }

    /// The connection behind a client secret; none when it is unknown, expired or revoked.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn client_secret(
        &self,
        hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<Authenticated>, Error> {
        let mut condition = Sql::new("t.kind = 'secret' AND t.hash = ");
        condition.bind(hash.to_vec());
        Ok(self.credentials(&condition, now).await?.pop())
    }

    /// The public keys of a connection that are neither expired nor revoked, oldest first.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn client_keys(
        &self,
        connection: ConnectionId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Authenticated>, Error> {
        let mut condition = Sql::new("t.kind = 'key' AND c.id = ");
        condition.bind(connection.uuid());
        self.credentials(&condition, now).await
    }

    async fn credentials(&self, condition: &Sql, now: DateTime<Utc>) -> Result<Vec<Authenticated>, Error> {
        let mut sql = Sql::new(
            "SELECT t.id AS token_id, t.kind, t.scopes, t.details, t.expires_at, c.* FROM tokens t \
             JOIN connections c ON c.tenant_id = t.tenant_id AND c.id = t.connection_id WHERE ",
        );
        sql.append(condition).push(" AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ");
        sql.bind(now).push(") ORDER BY t.id");
        let found = Found::find_by_statement(sql.statement(self.backend()));
        let found = found.all(&*self.database().await?).await?;
        found.into_iter().map(Authenticated::try_from).collect()
    }

    /// The hashes of all tokens and issuers that are neither expired nor revoked, and the [keys](key_of_credential) of all other
    /// credentials; one read, whose answer is a single text.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`]; [`Error::Inconsistent`] for a hash that is none.
    pub async fn token_hashes(&self, now: DateTime<Utc>) -> Result<HashSet<[u8; 32]>, Error> {
        let backend = self.backend();
        let (hash, id) = (backend::in_hex(backend, "hash"), backend::uuid_in_hex(backend, "id"));
        let zeros = "0".repeat(32);
        let each = format!(
            "CASE kind WHEN 'bearer' THEN {hash} WHEN 'issuer' THEN {hash} || {id} || '{zeros}' ELSE {id} || '{zeros}' END"
        );
        let all = backend::all_as_one(backend, &each);
        let mut sql = Sql::new(&format!("SELECT {all} AS hashes FROM tokens WHERE revoked_at IS NULL"));
        sql.push(" AND (expires_at IS NULL OR expires_at > ").bind(now).push(")");
        let found = Hashes::find_by_statement(sql.statement(self.backend()));
        let found = found.one(&*self.database().await?).await?.and_then(|row| row.hashes);
        let text = found.unwrap_or_default();
        let unreadable =
            || Error::Inconsistent { table: "tokens", column: "hash", id: "one of all".to_owned() };
        text.as_bytes().chunks(64).map(|digits| of_hex(digits).ok_or_else(unreadable)).collect()
    }

    /// Notes when tokens were last used; an older use than the noted one changes nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn tokens_used(&self, uses: &[(TokenId, DateTime<Utc>)]) -> Result<(), Error> {
        if uses.is_empty() {
            return Ok(());
        }
        let transaction = self.writing().await?;
        for chunk in uses.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE tokens SET last_used_at = v.column2 FROM (VALUES ");
            sql.rows(chunk.iter().map(|(token, at)| [Value::from(token.uuid()), Value::from(stored(*at))]));
            sql.push(
                ") AS v WHERE tokens.id = v.column1 AND (tokens.last_used_at IS NULL OR tokens.last_used_at < v.column2)",
            );
            transaction.run(sql).await?;
        }
        transaction.commit().await
    }
}

impl ReadUnit {
    /// The tokens of a connection, oldest first, the revoked ones too.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn tokens(&self, connection: ConnectionId) -> Result<Vec<Token>, Error> {
        let rows = tokens::Entity::find()
            .filter(tokens::Column::TenantId.eq(self.tenant()))
            .filter(tokens::Column::ConnectionId.eq(connection.uuid()))
            .order_by_asc(tokens::Column::Id)
            .all(&self.transaction)
            .await?;
        rows.into_iter().map(Token::try_from).collect()
    }
}

impl WriteUnit {
    /// Whether a connection of another tenant believes tokens that this trust would be about, too: of the same issuer and
    /// audience, where one of the two names no subject. By such a token nothing could tell the tenants apart. Until the unit ends,
    /// no other unit adds a trust.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn trusted_elsewhere(
        &mut self,
        issuer: &str,
        audience: &str,
        subject: Option<&str>,
    ) -> Result<bool, Error> {
        self.transaction.hold(Uuid::nil(), Lock::Trusts).await?;
        let detail = |name| backend::json_text(self.backend(), "t.details", &[name]);
        let mut sql = Sql::new("SELECT t.id FROM tokens t WHERE t.kind = 'issuer' AND t.revoked_at IS NULL");
        sql.push(" AND t.tenant_id <> ").bind(self.tenant());
        sql.push(&format!(" AND {} = ", detail("issuer"))).bind(issuer);
        sql.push(&format!(" AND {} = ", detail("audience"))).bind(audience);
        if subject.is_some() {
            sql.push(&format!(" AND {} IS NULL", detail("subject")));
        }
        Ok(!self.transaction.all::<IdRow>(sql).await?.is_empty())
    }

    /// Creates a token.
    ///
    /// # Errors
    /// [`Error::Conflict`] for a hash that exists; [`Error::Other`] for a connection that does not.
    pub async fn insert_token(&mut self, new: &NewToken, now: DateTime<Utc>) -> Result<Token, Error> {
        let row = tokens::Model {
            tenant_id: self.tenant(),
            id: new_id(now),
            connection_id: new.connection.uuid(),
            hash: new.hash.to_vec(),
            hint: new.hint.clone(),
            created_at: stored(now),
            expires_at: new.expires_at.map(stored),
            revoked_at: None,
            last_used_at: None,
            kind: new.kind.word().to_owned(),
            scopes: json!(new.scopes),
            details: new.details.clone(),
        };
        self.transaction.insert(row.clone()).await?;
        row.try_into()
    }

    /// Changes from when on a token is refused; `false` if there is none, or it was revoked before.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn set_token_expiry(
        &mut self,
        token: TokenId,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<bool, Error> {
        let mut sql = Sql::new("UPDATE tokens SET expires_at = ");
        sql.bind(expires_at.map(stored)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(token.uuid()).push(" AND revoked_at IS NULL");
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Revokes a token; `false` if there is none, or it was revoked before. An issuer or a key may be named again afterwards.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn revoke_token(&mut self, token: TokenId, now: DateTime<Utc>) -> Result<bool, Error> {
        let mut sql = Sql::new("UPDATE tokens SET revoked_at = ");
        sql.bind(stored(now));
        sql.push(", hash = CASE WHEN kind IN ('key', 'issuer') THEN ").bind(nobodys(token));
        sql.push(" ELSE hash END WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(token.uuid()).push(" AND revoked_at IS NULL");
        Ok(self.transaction.run(sql).await? == 1)
    }
}
