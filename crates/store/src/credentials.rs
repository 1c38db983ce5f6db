//! Passwords, second factors and recovery codes of administrators.

use chrono::{DateTime, Utc};
use scim::text::fold;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::administrators::Administrator;
use crate::db::backend::for_update;
use crate::db::sql::Sql;
use crate::entity::{administrators, credentials};
use crate::error::Error;
use crate::ids::stored;
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// What an administrator signs in with; without a row, with nothing yet.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credential {
    /// The hash of the password, as a PHC string.
    pub password: Option<String>,
    /// The secret of the second factor, sealed.
    pub second_factor: Option<Vec<u8>>,
    /// The last step of time for which a code was taken (RFC 6238 §5.2); no code of that step or an earlier one counts again.
    pub last_step: i64,
    /// Since when the second factor is asked for; nothing while it is being set up.
    pub confirmed_at: Option<DateTime<Utc>>,
}

impl Credential {
    /// Whether an administrator can sign in with it: a password and a second factor are set.
    #[must_use]
    pub const fn signs_in(&self) -> bool {
        self.password.is_some() && self.confirmed_at.is_some()
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("confirmed_at", &self.confirmed_at).finish_non_exhaustive()
    }
}

impl From<credentials::Model> for Credential {
    fn from(row: credentials::Model) -> Self {
        Self {
            password: row.password,
            second_factor: row.second_factor,
            last_step: row.last_step,
            confirmed_at: row.confirmed_at,
        }
    }
}

#[derive(FromQueryResult)]
struct HashRow {
    hash: Vec<u8>,
}

impl Store {
    /// The administrators with this e-mail address, of all tenants and of the installation, in the order of their ids; at
    /// most `most`.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn administrators_of_email(
        &self,
        email: &str,
        most: u64,
    ) -> Result<Vec<(TenantScope, Administrator)>, Error> {
        let mut sql = Sql::new("SELECT a.* FROM administrators a WHERE a.email_folded = ");
        sql.bind(fold(email).into_owned()).push(" ORDER BY a.id LIMIT ").bind(most);
        let found = administrators::Model::find_by_statement(sql.statement(self.backend()));
        let rows = found.all(&*self.database().await?).await?;
        rows.into_iter().map(|row| Ok((TenantScope::of(row.tenant_id), row.try_into()?))).collect()
    }

    /// Whether an administrator of the installation has a password.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn has_owner(&self) -> Result<bool, Error> {
        let mut sql =
            Sql::new("SELECT c.* FROM credentials c WHERE c.password IS NOT NULL AND c.tenant_id = ");
        sql.bind(Uuid::nil()).push(" LIMIT 1");
        let found = credentials::Model::find_by_statement(sql.statement(self.backend()));
        Ok(found.one(&*self.database().await?).await?.is_some())
    }
}

impl ReadUnit {
    /// What an administrator signs in with.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn credential(&self, administrator: Uuid) -> Result<Credential, Error> {
        let mut sql = Sql::new("SELECT c.* FROM credentials c WHERE c.tenant_id = ");
        sql.bind(self.tenant()).push(" AND c.administrator_id = ").bind(administrator);
        let row = self.transaction.one::<credentials::Model>(sql).await?;
        Ok(row.map(Credential::from).unwrap_or_default())
    }

    /// The keyed hashes of the recovery codes that an administrator has left.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn recovery_codes(&self, administrator: Uuid) -> Result<Vec<Vec<u8>>, Error> {
        let mut sql = Sql::new("SELECT r.hash FROM recovery_codes r WHERE r.tenant_id = ");
        sql.bind(self.tenant()).push(" AND r.administrator_id = ").bind(administrator);
        Ok(self.transaction.all::<HashRow>(sql).await?.into_iter().map(|row| row.hash).collect())
    }
}

impl WriteUnit {
    /// Locks an administrator, so that of two attempts with one code the second sees what the first has used.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_administrator(&mut self, id: Uuid) -> Result<Option<Administrator>, Error> {
        let mut sql = Sql::new("SELECT a.* FROM administrators a WHERE a.tenant_id = ");
        sql.bind(self.tenant()).push(" AND a.id = ").bind(id).push(for_update(self.backend()));
        let row = self.transaction.one::<administrators::Model>(sql).await?;
        row.map(Administrator::try_from).transpose()
    }

    /// Saves what an administrator signs in with; the unit should hold the administrator's lock.
    ///
    /// # Errors
    /// [`Error::Other`] if there is no such administrator.
    pub async fn save_credential(
        &mut self,
        administrator: Uuid,
        credential: &Credential,
    ) -> Result<(), Error> {
        let row = credentials::Model {
            tenant_id: self.tenant(),
            administrator_id: administrator,
            password: credential.password.clone(),
            second_factor: credential.second_factor.clone(),
            last_step: credential.last_step,
            confirmed_at: credential.confirmed_at.map(stored),
        };
        let mut sql = Sql::new("DELETE FROM credentials WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND administrator_id = ").bind(administrator);
        self.transaction.run(sql).await?;
        self.transaction.insert(row).await
    }

    /// Gives an administrator these recovery codes, as keyed hashes, and no others.
    ///
    /// # Errors
    /// [`Error::Other`] if there is no such administrator.
    pub async fn set_recovery_codes(&mut self, administrator: Uuid, hashes: &[Vec<u8>]) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM recovery_codes WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND administrator_id = ").bind(administrator);
        self.transaction.run(sql).await?;
        if hashes.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::new("INSERT INTO recovery_codes (tenant_id, administrator_id, hash) VALUES ");
        let tenant = self.tenant();
        sql.rows(hashes.iter().map(|hash| [tenant.into(), administrator.into(), hash.clone().into()]));
        self.transaction.run(sql).await.map(drop)
    }

    /// Uses up a recovery code; `false` if the administrator has none of this hash.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn use_recovery_code(&mut self, administrator: Uuid, hash: &[u8]) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM recovery_codes WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND administrator_id = ").bind(administrator);
        sql.push(" AND hash = ").bind(hash.to_vec());
        Ok(self.transaction.run(sql).await? == 1)
    }
}
