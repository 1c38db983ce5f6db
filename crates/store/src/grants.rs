//! Grants that are stored: by hand, by an attribute, by default. Those by a binding follow from memberships.

use chrono::{DateTime, Utc};
use provisioning::{PoolId, UserId};

use crate::db::sql::Sql;
use crate::error::Error;
use crate::ids::stored;
use crate::unit::WriteUnit;

/// What kind of reason a stored grant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantKind {
    /// An administrator assigned it.
    ByHand,
    /// The person's attributes match the pool's rule.
    Attribute,
    /// Everybody who is provisioned gets it.
    Default,
}

impl GrantKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ByHand => "by-hand",
            Self::Attribute => "attribute",
            Self::Default => "default",
        }
    }
}

impl WriteUnit {
    /// Gives a grant; `false` if it stood already.
    ///
    /// # Errors
    /// [`Error::Other`] if the user or the pool does not exist.
    pub async fn insert_grant(
        &mut self,
        user: UserId,
        pool: PoolId,
        kind: GrantKind,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        self.grant(user, &[pool], kind, now).await
    }

    async fn grant(
        &mut self,
        user: UserId,
        pools: &[PoolId],
        kind: GrantKind,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let rule = if kind == GrantKind::Attribute { "p.rule" } else { "NULL" };
        let mut sql = Sql::new(
            "INSERT INTO grants (tenant_id, user_id, pool_id, kind, rule, created_at) SELECT p.tenant_id, ",
        );
        sql.bind(user.uuid())
            .push(", p.id, ")
            .bind(kind.as_str())
            .push(&format!(", {rule}, "))
            .bind(stored(now));
        sql.push(" FROM pools p WHERE p.tenant_id = ").bind(self.tenant());
        sql.push(" AND p.id IN ").list(pools.iter().map(|pool| pool.uuid()));
        sql.push(" ON CONFLICT (tenant_id, user_id, pool_id, kind) DO NOTHING");
        Ok(self.transaction.run(sql).await? > 0)
    }

    /// Lifts a grant; `false` if it did not stand.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_grant(&mut self, user: UserId, pool: PoolId, kind: GrantKind) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM grants WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND user_id = ").bind(user.uuid());
        sql.push(" AND pool_id = ").bind(pool.uuid()).push(" AND kind = ").bind(kind.as_str());
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Makes these pools, and no others, those that a user is entitled to by attributes; `false` if nothing changed.
    ///
    /// # Errors
    /// [`Error::Other`] if the user does not exist.
    pub async fn attribute_grants(
        &mut self,
        user: UserId,
        pools: &[PoolId],
        untouched: &[PoolId],
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM grants WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND user_id = ").bind(user.uuid());
        sql.push(" AND kind = ").bind(GrantKind::Attribute.as_str());
        let stay: Vec<_> = pools.iter().chain(untouched).map(|pool| pool.uuid()).collect();
        if !stay.is_empty() {
            sql.push(" AND pool_id NOT IN ").list(stay);
        }
        let lifted = self.transaction.run(sql).await? > 0;
        let given = !pools.is_empty() && self.grant(user, pools, GrantKind::Attribute, now).await?;
        Ok(lifted || given)
    }

    /// Gives many users the grant of one rule.
    ///
    /// # Errors
    /// [`Error::Other`] if a user does not exist.
    pub async fn grant_attribute(
        &mut self,
        users: &[UserId],
        pool: PoolId,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        for user in users {
            self.grant(*user, &[pool], GrantKind::Attribute, now).await?;
        }
        Ok(())
    }

    /// Gives many users the grants that every user gets.
    ///
    /// # Errors
    /// [`Error::Other`] if a user does not exist.
    pub async fn grant_default(&mut self, users: &[UserId], now: DateTime<Utc>) -> Result<(), Error> {
        for user in users {
            self.default_grants(*user, now).await?;
        }
        Ok(())
    }

    /// Gives a user, who has just arrived, the grants that everybody gets.
    ///
    /// # Errors
    /// [`Error::Other`] if the user does not exist.
    pub async fn default_grants(&mut self, user: UserId, now: DateTime<Utc>) -> Result<bool, Error> {
        let mut sql = Sql::new(
            "INSERT INTO grants (tenant_id, user_id, pool_id, kind, rule, created_at) SELECT p.tenant_id, ",
        );
        sql.bind(user.uuid())
            .push(", p.id, ")
            .bind(GrantKind::Default.as_str())
            .push(", NULL, ")
            .bind(stored(now));
        sql.push(" FROM pools p WHERE p.tenant_id = ")
            .bind(self.tenant())
            .push(" AND p.is_default = ")
            .bind(true);
        sql.push(" ON CONFLICT (tenant_id, user_id, pool_id, kind) DO NOTHING");
        Ok(self.transaction.run(sql).await? > 0)
    }
}
