//! Bearer tokens of the application: stored as hashes, with scopes and an end.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::connections::decode;
use crate::db::sql::Sql;
use crate::entity::api_tokens;
use crate::error::Error;
use crate::ids::stored;
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// What is known about a token of the application; never the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The part of it that people may see.
    pub hint: String,
    /// What it allows, in words of the API.
    pub scopes: Vec<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to about a minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl TryFrom<api_tokens::Model> for ApiToken {
    type Error = Error;

    fn try_from(row: api_tokens::Model) -> Result<Self, Error> {
        Ok(Self {
            scopes: decode(row.scopes, "api_tokens", "scopes", &row.id.to_string())?,
            id: row.id,
            name: row.name,
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
    tenant_id: Uuid,
    #[sea_orm(nested)]
    token: api_tokens::Model,
}

/// How long after the last noted use another one is noted.
const NOTED: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

impl Store {
    /// The tenant and the token of this hash; none when it is unknown, expired or revoked. Notes the use, at most once a
    /// minute.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn api_token(
        &self,
        hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<(TenantScope, ApiToken)>, Error> {
        let mut sql = Sql::new("SELECT t.* FROM api_tokens t WHERE t.hash = ");
        sql.bind(hash.to_vec())
            .push(" AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ");
        sql.bind(now).push(")");
        let found = Found::find_by_statement(sql.statement(self.backend()));
        let Some(Found { tenant_id, token }) = found.one(&*self.database().await?).await? else {
            return Ok(None);
        };
        if token.last_used_at.is_none_or(|at| at + NOTED <= now) {
            let transaction = self.writing().await?;
            let mut sql = Sql::new("UPDATE api_tokens SET last_used_at = ");
            sql.bind(stored(now)).push(" WHERE tenant_id = ").bind(tenant_id);
            sql.push(" AND id = ").bind(token.id);
            transaction.run(sql).await?;
            transaction.commit().await?;
        }
        Ok(Some((TenantScope::of(tenant_id).with_held(), token.try_into()?)))
    }
}

impl ReadUnit {
    /// The tokens of the application, oldest first, the revoked ones too.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn api_tokens(&self) -> Result<Vec<ApiToken>, Error> {
        let mut sql = Sql::new("SELECT t.* FROM api_tokens t WHERE t.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY t.id");
        self.transaction.all::<api_tokens::Model>(sql).await?.into_iter().map(ApiToken::try_from).collect()
    }
}

impl WriteUnit {
    /// Keeps a new token.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_api_token(&mut self, token: &ApiToken, hash: [u8; 32]) -> Result<(), Error> {
        let row = api_tokens::Model {
            tenant_id: self.tenant(),
            id: token.id,
            name: token.name.clone(),
            hash: hash.to_vec(),
            hint: token.hint.clone(),
            scopes: Value::from(token.scopes.clone()),
            created_at: stored(token.created_at),
            expires_at: token.expires_at.map(stored),
            revoked_at: token.revoked_at.map(stored),
            last_used_at: token.last_used_at.map(stored),
        };
        self.transaction.insert(row).await
    }

    /// Revokes a token; `false` if it was revoked before.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn revoke_api_token(&mut self, id: Uuid, now: DateTime<Utc>) -> Result<bool, Error> {
        let mut sql = Sql::new("UPDATE api_tokens SET revoked_at = ");
        sql.bind(stored(now)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(id).push(" AND revoked_at IS NULL");
        Ok(self.transaction.run(sql).await? == 1)
    }
}
