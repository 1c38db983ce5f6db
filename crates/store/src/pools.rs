//! Licence pools, the groups bound to them, and the seats that people hold.

use chrono::{DateTime, Utc};
use provisioning::{GroupId, Pool, PoolId, PoolPolicy, SeatState, UserId};
use scim::text::fold;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::locks::Lock;
use crate::db::sql::Sql;
use crate::entity::{bindings, pools};
use crate::error::Error;
use crate::ids::{IdRow, new_id, stored};
use crate::unit::{ReadUnit, WriteUnit};

/// A pool with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// The pool.
    pub pool: Pool,
    /// How many people wait for a seat.
    pub waiting: u32,
    /// The SCIM filter whose matches are entitled to a seat.
    pub rule: Option<String>,
    /// Whether every user who is provisioned is entitled to a seat.
    pub default: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// Who is entitled to a pool without a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolRule {
    /// The pool.
    pub pool: PoolId,
    /// The SCIM filter whose matches are entitled to a seat.
    pub rule: Option<String>,
    /// Whether every user who is provisioned is entitled to a seat.
    pub default: bool,
}

/// A pool to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPool {
    /// Its name, unique in the tenant.
    pub name: String,
    /// Seats bought.
    pub seats: u32,
    /// What happens when none is left.
    pub policy: PoolPolicy,
    /// The instant from which its grants no longer count.
    pub expires_at: Option<DateTime<Utc>>,
    /// The SCIM filter whose matches are entitled to a seat.
    pub rule: Option<String>,
    /// Whether every user who is provisioned is entitled to a seat.
    pub default: bool,
}

/// A group bound to a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The group.
    pub group: GroupId,
    /// The group's display name.
    pub group_name: String,
    /// The pool.
    pub pool: PoolId,
    /// The pool's name.
    pub pool_name: String,
    /// When it was bound.
    pub created_at: DateTime<Utc>,
}

/// A seat, or a place in a queue, with the name of its pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// The pool.
    pub pool: PoolId,
    /// The pool's name.
    pub name: String,
    /// Held or waited for.
    pub state: SeatState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether it was assigned beyond the bought seats.
    pub overage: bool,
}

#[derive(FromQueryResult)]
struct PoolRow {
    #[sea_orm(nested)]
    pool: pools::Model,
    waiting: i64,
}

#[derive(FromQueryResult)]
struct RuleRow {
    id: Uuid,
    rule: Option<String>,
    is_default: bool,
}

#[derive(FromQueryResult)]
struct BindingRow {
    group_id: Uuid,
    group_name: Option<String>,
    pool_id: Uuid,
    pool_name: String,
    created_at: DateTime<Utc>,
}

/// The pool of a row.
pub(crate) fn pool(row: &pools::Model) -> Result<Pool, Error> {
    let inconsistent = |column| Error::Inconsistent { table: "pools", column, id: row.id.to_string() };
    Ok(Pool {
        id: PoolId::new(row.id),
        name: row.name.clone(),
        seats: u32::try_from(row.seats).map_err(|_| inconsistent("seats"))?,
        used: u32::try_from(row.used).map_err(|_| inconsistent("used"))?,
        policy: row.policy.parse().map_err(|_| inconsistent("policy"))?,
        expires_at: row.expires_at,
    })
}

/// The state of a seat's row.
pub(crate) fn seat_state(word: &str, user: Uuid) -> Result<SeatState, Error> {
    word.parse().map_err(|_| Error::Inconsistent { table: "seats", column: "state", id: user.to_string() })
}

impl TryFrom<PoolRow> for PoolState {
    type Error = Error;

    fn try_from(row: PoolRow) -> Result<Self, Error> {
        Ok(Self {
            pool: pool(&row.pool)?,
            waiting: u32::try_from(row.waiting).unwrap_or(u32::MAX),
            rule: row.pool.rule,
            default: row.pool.is_default,
            created_at: row.pool.created_at,
        })
    }
}

impl ReadUnit {
    /// Every pool, oldest first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn pools(&self) -> Result<Vec<PoolState>, Error> {
        let mut sql = Sql::new(
            "SELECT p.*, (SELECT COUNT(*) FROM seats s WHERE s.tenant_id = p.tenant_id AND s.pool_id = p.id \
             AND s.state = 'waiting') AS waiting FROM pools p WHERE p.tenant_id = ",
        );
        sql.bind(self.tenant()).push(" ORDER BY p.id");
        self.transaction.all::<PoolRow>(sql).await?.into_iter().map(PoolState::try_from).collect()
    }

    /// Which users are entitled to which pool without a binding: the rule of each pool, and whether it is for all.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn pool_rules(&self) -> Result<Vec<PoolRule>, Error> {
        self.rules(Sql::default()).await
    }

    /// As [`ReadUnit::pool_rules`], behind other statements of the same trip.
    pub(crate) async fn rules(&self, mut sql: Sql) -> Result<Vec<PoolRule>, Error> {
        sql.push("SELECT p.id, p.rule, p.is_default FROM pools p WHERE p.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY p.id");
        let rule =
            |row: RuleRow| PoolRule { pool: PoolId::new(row.id), rule: row.rule, default: row.is_default };
        Ok(self.transaction.all::<RuleRow>(sql).await?.into_iter().map(rule).collect())
    }

    /// Every binding, by group and pool.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn bindings(&self) -> Result<Vec<Binding>, Error> {
        let mut sql = Sql::new(
            "SELECT b.group_id, g.display_name AS group_name, b.pool_id, p.name AS pool_name, b.created_at \
             FROM bindings b JOIN groups g ON g.tenant_id = b.tenant_id AND g.id = b.group_id \
             JOIN pools p ON p.tenant_id = b.tenant_id AND p.id = b.pool_id WHERE b.tenant_id = ",
        );
        sql.bind(self.tenant()).push(" ORDER BY b.group_id, b.pool_id");
        let binding = |row: BindingRow| Binding {
            group: GroupId::new(row.group_id),
            group_name: row.group_name.unwrap_or_default(),
            pool: PoolId::new(row.pool_id),
            pool_name: row.pool_name,
            created_at: row.created_at,
        };
        Ok(self.transaction.all::<BindingRow>(sql).await?.into_iter().map(binding).collect())
    }

    /// The pools to which a group is bound.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn pools_bound_to(&self, group: GroupId) -> Result<Vec<PoolId>, Error> {
        let mut sql = Sql::new("SELECT b.pool_id AS id FROM bindings b WHERE b.tenant_id = ");
        sql.bind(self.tenant()).push(" AND b.group_id = ").bind(group.uuid()).push(" ORDER BY b.pool_id");
        let rows = self.transaction.all::<IdRow>(sql).await?;
        Ok(rows.into_iter().map(|row| PoolId::new(row.id)).collect())
    }

    /// At most `most` people behind `after` who have a seat or a place in a pool and no grant for it, in the order of
    /// ids, for work in batches.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn pool_people_without_grant(
        &self,
        pool: PoolId,
        after: Option<UserId>,
        most: u64,
    ) -> Result<Vec<UserId>, Error> {
        let mut sql = Sql::new("SELECT s.user_id AS id FROM seats s WHERE s.tenant_id = ");
        sql.bind(self.tenant()).push(" AND s.pool_id = ").bind(pool.uuid());
        sql.push(" AND s.user_id > ").bind(after.map_or(Uuid::nil(), UserId::uuid));
        sql.push(
            " AND NOT EXISTS (SELECT 1 FROM grants r WHERE r.tenant_id = s.tenant_id AND r.user_id = s.user_id \
             AND r.pool_id = s.pool_id) AND NOT EXISTS (SELECT 1 FROM group_members m JOIN bindings b \
             ON b.tenant_id = m.tenant_id AND b.group_id = m.group_id AND b.pool_id = s.pool_id \
             WHERE m.tenant_id = s.tenant_id AND m.member_id = s.user_id) ORDER BY s.user_id LIMIT ",
        );
        sql.bind(most);
        let rows = self.transaction.all::<IdRow>(sql).await?;
        Ok(rows.into_iter().map(|row| UserId::new(row.id)).collect())
    }

    /// At most `most` people behind `after` who have a seat, a place or a stored grant in a pool, in the order of
    /// ids, for work in batches.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn pool_people(
        &self,
        pool: PoolId,
        after: Option<UserId>,
        most: u64,
    ) -> Result<Vec<UserId>, Error> {
        let after = after.map_or(Uuid::nil(), UserId::uuid);
        let mut sql = Sql::new("SELECT s.user_id AS id FROM seats s WHERE s.tenant_id = ");
        sql.bind(self.tenant())
            .push(" AND s.pool_id = ")
            .bind(pool.uuid())
            .push(" AND s.user_id > ")
            .bind(after);
        sql.push(" UNION SELECT r.user_id FROM grants r WHERE r.tenant_id = ");
        sql.bind(self.tenant())
            .push(" AND r.pool_id = ")
            .bind(pool.uuid())
            .push(" AND r.user_id > ")
            .bind(after);
        sql.push(&format!(" ORDER BY id LIMIT {most}"));
        let rows = self.transaction.all::<IdRow>(sql).await?;
        Ok(rows.into_iter().map(|row| UserId::new(row.id)).collect())
    }
}

impl WriteUnit {
    /// Creates a pool.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the tenant has one of this name.
    pub async fn insert_pool(&mut self, new: &NewPool, now: DateTime<Utc>) -> Result<PoolState, Error> {
        if new.rule.is_some() || new.default {
            self.hold(Lock::Rules).await?;
        }
        let row = pools::Model {
            tenant_id: self.tenant(),
            id: new_id(now),
            name: new.name.clone(),
            name_folded: fold(&new.name).into_owned(),
            seats: new.seats.into(),
            used: 0,
            policy: new.policy.to_string(),
            expires_at: new.expires_at.map(stored),
            rule: new.rule.clone(),
            is_default: new.default,
            created_at: stored(now),
        };
        self.transaction.insert(row.clone()).await?;
        PoolRow { pool: row, waiting: 0 }.try_into()
    }

    /// Changes how many seats of a pool were bought; people who wait must be settled afterwards.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such pool.
    pub async fn set_pool_size(&mut self, pool: PoolId, seats: u32) -> Result<(), Error> {
        self.lock_pools(false).await?;
        let mut sql = Sql::new("UPDATE pools SET seats = ");
        sql.bind(i64::from(seats)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(pool.uuid());
        if self.transaction.run(sql).await? == 1 { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Changes when a pool expires; its people must be settled afterwards.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such pool.
    pub async fn set_pool_expiry(
        &mut self,
        pool: PoolId,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(), Error> {
        self.lock_pools(false).await?;
        let mut sql = Sql::new("UPDATE pools SET expires_at = ");
        sql.bind(expires_at.map(stored)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(pool.uuid());
        if self.transaction.run(sql).await? == 1 { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Locks every pool of the tenant, in the order of ids, as a unit does that settles people: a change of one pool may
    /// serve its queue afterwards. Before that it locks their `rules`, if they are to change.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_pools(&mut self, rules: bool) -> Result<(), Error> {
        if rules {
            self.hold(Lock::Rules).await?;
        }
        let mut sql = Sql::new("SELECT 1 FROM pools p WHERE p.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY p.id");
        self.transaction.lock(sql).await
    }

    /// Changes a pool's name, what happens when no seat is left, and who is entitled to it without a binding; its
    /// people must be settled afterwards. Grants whose rule or default is gone go with it.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the tenant has another pool of this name; [`Error::NotFound`] if there is no such pool.
    pub async fn set_pool_terms(
        &mut self,
        pool: PoolId,
        name: &str,
        policy: PoolPolicy,
        rule: &PoolRule,
    ) -> Result<(), Error> {
        self.lock_pools(true).await?;
        let mut sql = Sql::new("UPDATE pools SET name = ");
        sql.bind(name).push(", name_folded = ").bind(fold(name).into_owned());
        sql.push(", policy = ").bind(policy.as_str()).push(", rule = ").bind(rule.rule.clone());
        sql.push(", is_default = ").bind(rule.default).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(pool.uuid());
        if self.transaction.run(sql).await? != 1 {
            return Err(Error::NotFound);
        }
        self.align_grants(pool, rule).await
    }

    /// Deletes a pool that has neither bindings nor grants nor seats any more; `false` if there is none.
    ///
    /// # Errors
    /// [`Error::Other`] if it still has some.
    pub async fn delete_pool(&mut self, pool: PoolId) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM pools WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND id = ").bind(pool.uuid());
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Binds a group to a pool; the members must be settled afterwards.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it is bound already, [`Error::Other`] if the group or the pool does not exist.
    pub async fn insert_binding(
        &mut self,
        group: GroupId,
        pool: PoolId,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let row = bindings::Model {
            tenant_id: self.tenant(),
            group_id: group.uuid(),
            pool_id: pool.uuid(),
            created_at: stored(now),
        };
        self.transaction.insert(row).await
    }

    /// Unbinds a group from a pool; `false` if it was not bound. The members must be settled afterwards.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn remove_binding(&mut self, group: GroupId, pool: PoolId) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM bindings WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND group_id = ").bind(group.uuid());
        sql.push(" AND pool_id = ").bind(pool.uuid());
        Ok(self.transaction.run(sql).await? == 1)
    }
}
