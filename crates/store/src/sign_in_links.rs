//! Links by which an administrator gets in once.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::administrators::Administrator;
use crate::db::sql::Sql;
use crate::entity::{administrators, sign_in_links};
use crate::error::Error;
use crate::ids::stored;
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::WriteUnit;

/// What a link lets an administrator do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// To set a password and a second factor.
    Join,
    /// To sign in without either.
    Enter,
}

impl LinkKind {
    const ALL: [Self; 2] = [Self::Join, Self::Enter];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Enter => "enter",
        }
    }
}

#[derive(FromQueryResult)]
struct Found {
    #[sea_orm(nested)]
    administrator: administrators::Model,
    kind: String,
    expires_at: DateTime<Utc>,
}

impl Store {
    /// The administrator whom the link of this hash lets in, what it lets the administrator do, and until when; none when it is
    /// unknown, was used, or has expired.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn sign_in_link(
        &self,
        hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<(TenantScope, Administrator, LinkKind, DateTime<Utc>)>, Error> {
        let mut sql = Sql::new(
            "SELECT a.*, l.kind, l.expires_at FROM sign_in_links l JOIN administrators a \
             ON a.tenant_id = l.tenant_id AND a.id = l.administrator_id WHERE l.hash = ",
        );
        sql.bind(hash.to_vec()).push(" AND l.expires_at > ").bind(stored(now));
        let found = Found::find_by_statement(sql.statement(self.backend()));
        let Some(found) = found.one(&*self.database().await?).await? else { return Ok(None) };
        let kind = LinkKind::ALL.into_iter().find(|kind| kind.as_str() == found.kind);
        let id = found.administrator.id.to_string();
        let kind = kind.ok_or(Error::Inconsistent { table: "sign_in_links", column: "kind", id })?;
        let scope = TenantScope::of(found.administrator.tenant_id);
        Ok(Some((scope, found.administrator.try_into()?, kind, found.expires_at)))
    }
}

impl WriteUnit {
    /// Keeps a new link of an administrator; earlier ones of its kind are void.
    ///
    /// # Errors
    /// [`Error::Other`] if there is no such administrator.
    pub async fn insert_sign_in_link(
        &mut self,
        administrator: Uuid,
        kind: LinkKind,
        hash: [u8; 32],
        expires_at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM sign_in_links WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND administrator_id = ").bind(administrator);
        sql.push(" AND kind = ").bind(kind.as_str());
        self.transaction.run(sql).await?;
        let row = sign_in_links::Model {
            hash: hash.to_vec(),
            tenant_id: self.tenant(),
            administrator_id: administrator,
            kind: kind.as_str().to_owned(),
            expires_at: stored(expires_at),
        };
        self.transaction.insert(row).await
    }

    /// Uses up a link; `false` if that was done before.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn use_sign_in_link(&mut self, hash: [u8; 32]) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM sign_in_links WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND hash = ").bind(hash.to_vec());
        Ok(self.transaction.run(sql).await? == 1)
    }
}
