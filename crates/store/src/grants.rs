//! Grants that are stored: by hand, by an attribute, by default, and those that a dynamic group keeps. Those by a binding follow
//! from memberships.

use chrono::{DateTime, Utc};
use provisioning::{GroupId, PoolId, UserId};
use sea_orm::{EntityTrait as _, FromQueryResult};
use uuid::Uuid;

use crate::db::backend::json_text;
use crate::db::sql::{CHUNK, Sql};
use crate::entity::grants;
use crate::error::Error;
use crate::ids::stored;
use crate::pools::PoolRule;
use crate::unit::{ReadUnit, WriteUnit};

/// What kind of reason a stored grant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantKind {
    /// An administrator assigned it.
    ByHand,
    /// The person's attributes match the pool's rule.
    Attribute,
    /// Every user who is provisioned gets it.
    Default,
    /// The person has left a dynamic group, which keeps it for its grace.
    Lingering,
}

impl GrantKind {
    const ALL: [Self; 4] = [Self::ByHand, Self::Attribute, Self::Default, Self::Lingering];

    /// The kind that a column says: one of lingering names the group, too.
    pub(crate) fn of(column: &str) -> Option<Self> {
        let word = column.split(':').next().unwrap_or_default();
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The word in columns and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByHand => "by-hand",
            Self::Attribute => "attribute",
            Self::Default => "default",
            Self::Lingering => "lingering",
        }
    }
}

/// A stored grant with the names of person and pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRecord {
    /// The person.
    pub user: UserId,
    /// The `userName`.
    pub user_name: String,
    /// The pool.
    pub pool: PoolId,
    /// The pool's name.
    pub pool_name: String,
    /// What kind of reason it is.
    pub kind: GrantKind,
    /// The rule that the person's attributes match.
    pub rule: Option<String>,
    /// The dynamic group that keeps it.
    pub group: Option<GroupId>,
    /// When it was given, or when the person left the group that keeps it.
    pub created_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    user_id: Uuid,
    user_name: Option<String>,
    pool_id: Uuid,
    pool_name: String,
    kind: String,
    rule: Option<String>,
    group_id: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for GrantRecord {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let kind = GrantKind::of(&row.kind);
        let id = row.user_id.to_string();
        Ok(Self {
            user: UserId::new(row.user_id),
            user_name: row.user_name.unwrap_or_default(),
            pool: PoolId::new(row.pool_id),
            pool_name: row.pool_name,
            kind: kind.ok_or(Error::Inconsistent { table: "grants", column: "kind", id })?,
            rule: row.rule,
            group: row.group_id.map(GroupId::new),
            created_at: row.created_at,
        })
    }
}

impl ReadUnit {
    /// At most `most` stored grants behind the first `before` of them, by person and pool; those of one person or pool
    /// where one is named.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn grants(
        &self,
        user: Option<UserId>,
        pool: Option<PoolId>,
        before: u64,
        most: u64,
    ) -> Result<Vec<GrantRecord>, Error> {
        let name = json_text(self.backend(), "u.document", &["userName"]);
        let mut sql = Sql::new(&format!(
            "SELECT r.user_id, {name} AS user_name, r.pool_id, p.name AS pool_name, r.kind, r.rule, r.group_id, r.created_at \
             FROM grants r JOIN users u ON u.tenant_id = r.tenant_id AND u.id = r.user_id \
             JOIN pools p ON p.tenant_id = r.tenant_id AND p.id = r.pool_id WHERE r.tenant_id = "
        ));
        sql.bind(self.tenant());
        if let Some(user) = user {
            sql.push(" AND r.user_id = ").bind(user.uuid());
        }
        if let Some(pool) = pool {
            sql.push(" AND r.pool_id = ").bind(pool.uuid());
        }
        sql.push(&format!(" ORDER BY r.user_id, r.pool_id, r.kind LIMIT {most} OFFSET {before}"));
        self.transaction.all::<Row>(sql).await?.into_iter().map(GrantRecord::try_from).collect()
    }
}

impl WriteUnit {
    /// Takes away the grants by attribute and by default to which a pool's rule entitles no more, and has the others
    /// name the rule of now.
    pub(crate) async fn align_grants(&mut self, pool: PoolId, rule: &PoolRule) -> Result<(), Error> {
        if let Some(rule) = &rule.rule {
            let mut sql = Sql::new("UPDATE grants SET rule = ");
            sql.bind(rule.as_str()).push(" WHERE tenant_id = ").bind(self.tenant());
            sql.push(" AND pool_id = ").bind(pool.uuid());
            sql.push(" AND kind = ").bind(GrantKind::Attribute.as_str());
            self.transaction.run(sql).await?;
        }
        let gone = [(rule.rule.is_none(), GrantKind::Attribute), (!rule.default, GrantKind::Default)];
        for (_, kind) in gone.into_iter().filter(|(gone, _)| *gone) {
            let mut sql = Sql::new("DELETE FROM grants WHERE tenant_id = ");
            sql.bind(self.tenant()).push(" AND pool_id = ").bind(pool.uuid());
            sql.push(" AND kind = ").bind(kind.as_str());
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// Takes every stored grant of a pool away from these people, and what the brake keeps of it.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_grants(&mut self, users: &[UserId], pool: PoolId) -> Result<(), Error> {
        for chunk in users.chunks(CHUNK) {
            for (table, key) in [("grants", "kind"), ("held_losses", "what")] {
                let (tenant, backend) = (self.tenant(), self.backend());
                let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE (tenant_id, user_id, {key}"));
                sql.push(&format!(") IN (SELECT r.tenant_id, r.user_id, r.{key} FROM "));
                let users = chunk.iter().map(|user| user.uuid());
                sql.among_those(backend, tenant, (table, "r", "user_id"), users, |sql| {
                    sql.push(" AND t.pool_id = ").bind(pool.uuid())
                });
                sql.push(") AND pool_id = ").bind(pool.uuid());
                self.transaction.run(sql).await?;
            }
        }
        Ok(())
    }

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
        let key = (self.tenant(), user.uuid(), pool.uuid(), kind.as_str().to_owned());
        let row = grants::Entity::delete_by_id(key);
        Ok(row.exec(&self.transaction).await?.rows_affected == 1)
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

    /// Gives a user, who has just arrived, the grants that every user gets.
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
