//! Bearer tokens: stored as hashes, several at once, with an end.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Value};
use uuid::Uuid;

use crate::connections::Connection;
use crate::db::backend;
use crate::db::sql::{CHUNK, Sql};
use crate::entity::{connections, tokens};
use crate::error::Error;
use crate::ids::{ConnectionId, TokenId, new_id, stored};
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// What is known about a token; never the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub connection: ConnectionId,
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
    /// The hash of the token.
    pub hash: [u8; 32],
    /// The part of it that people may see.
    pub hint: String,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
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
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<tokens::Model> for Token {
    fn from(row: tokens::Model) -> Self {
        Self {
            id: TokenId::new(row.id),
            connection: ConnectionId::new(row.connection_id),
            hint: row.hint,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        }
    }
}

#[derive(FromQueryResult)]
struct Found {
    token_id: Uuid,
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

impl Store {
    /// The connection behind a token; none when it is unknown, expired or revoked; one indexed read.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn authenticate(
        &self,
        hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<Authenticated>, Error> {
        let mut sql = Sql::new(
            "SELECT t.id AS token_id, t.expires_at, c.* FROM tokens t \
             JOIN connections c ON c.tenant_id = t.tenant_id AND c.id = t.connection_id WHERE t.hash = ",
        );
        sql.bind(hash.to_vec())
            .push(" AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ");
        sql.bind(now).push(")");
        let found = Found::find_by_statement(sql.statement(self.backend()))
            .all(&*self.database().await?)
            .await?
            .pop();
        let Some(Found { token_id, expires_at, connection }) = found else { return Ok(None) };
        let whole = TenantScope::of(connection.tenant_id);
        let connection: Connection = connection.try_into()?;
        let scope = connection.sight(&whole).sharing();
        Ok(Some(Authenticated { scope, connection, token: TokenId::new(token_id), expires_at }))
    }

    /// The hashes of all tokens that are neither expired nor revoked; one read, whose answer is a single text.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`]; [`Error::Inconsistent`] for a hash that is none.
    pub async fn token_hashes(&self, now: DateTime<Utc>) -> Result<HashSet<[u8; 32]>, Error> {
        let all = backend::all_in_hex(self.backend(), "hash");
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
        Ok(rows.into_iter().map(Token::from).collect())
    }
}

impl WriteUnit {
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
        };
        self.transaction.insert(row.clone()).await?;
        Ok(row.into())
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

    /// Revokes a token; `false` if there is none, or it was revoked before.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn revoke_token(&mut self, token: TokenId, now: DateTime<Utc>) -> Result<bool, Error> {
        let mut sql = Sql::new("UPDATE tokens SET revoked_at = ");
        sql.bind(stored(now)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(token.uuid()).push(" AND revoked_at IS NULL");
        Ok(self.transaction.run(sql).await? == 1)
    }
}
