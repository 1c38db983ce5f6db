//! Licence pools.

use chrono::{DateTime, NaiveDate, Utc};
use provisioning::{Ending, Expiry, Pool, PoolId, PoolPolicy, Zone};
use scim::catalogue::{EntryType, value_of_rule};
use scim::text::fold;
use sea_orm::{EntityTrait as _, FromQueryResult};
use uuid::Uuid;

use crate::db::locks::Lock;
use crate::db::sql::Sql;
use crate::entity::pools;
use crate::error::Error;
use crate::ids::{new_id, stored};
use crate::unit::{ReadUnit, WriteUnit};

/// A pool with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// The pool.
    pub pool: Pool,
    /// The last day of which its expiry is the end; none where it ends at an instant, or never.
    pub last_day: Option<NaiveDate>,
    /// How many people wait for a seat.
    pub waiting: u32,
    /// The SCIM filter whose matches are entitled to a seat.
    pub rule: Option<String>,
    /// Whether every user who is provisioned is entitled to a seat.
    pub default: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// The nearest warning of its end that was sent, by its number of days.
    pub end_told: Option<u32>,
    /// When administrators were told last that it is full.
    pub full_told_at: Option<DateTime<Utc>>,
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
    /// The last day of which that is the end, where it is one.
    pub last_day: Option<NaiveDate>,
    /// The SCIM filter whose matches are entitled to a seat.
    pub rule: Option<String>,
    /// Whether every user who is provisioned is entitled to a seat.
    pub default: bool,
}

/// What an update adds when it changes what the catalogue shows of a pool, before the instant.
pub(crate) const CHANGED_AT: &str = ", version = version + 1, modified_at = ";

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

/// How the catalogue lists a pool: as the role or entitlement that its rule asks for, or as an entitlement that has its name.
pub(crate) struct CatalogueEntry {
    pub(crate) kind: &'static str,
    pub(crate) value: Option<String>,
    pub(crate) folded: Option<String>,
}

impl CatalogueEntry {
    pub(crate) fn of(rule: Option<&str>) -> Self {
        let (kind, value) = rule.and_then(value_of_rule).unzip();
        let folded = value.as_deref().map(|value| fold(value).into_owned());
        Self { kind: kind.unwrap_or(EntryType::Entitlement).name(), value, folded }
    }
}

impl PoolState {
    /// Until when its grants count; none for a plan without an end.
    #[must_use]
    pub fn expiry(&self) -> Option<Expiry> {
        self.last_day.map(Expiry::LastDay).or(self.pool.expires_at.map(Expiry::At))
    }

    /// Its end with the warnings before it, in the time zone of the tenant.
    #[must_use]
    pub fn ending(&self, zone: Zone) -> Option<Ending> {
        self.pool.expires_at.map(|end| Ending { end, zone, told: self.end_told })
    }
}

impl TryFrom<PoolRow> for PoolState {
    type Error = Error;

    fn try_from(row: PoolRow) -> Result<Self, Error> {
        Ok(Self {
            pool: pool(&row.pool)?,
            last_day: row.pool.last_day,
            waiting: u32::try_from(row.waiting).unwrap_or(u32::MAX),
            rule: row.pool.rule,
            default: row.pool.is_default,
            created_at: row.pool.created_at,
            end_told: row.pool.end_told.and_then(|days| u32::try_from(days).ok()),
            full_told_at: row.pool.full_told_at,
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
        let entry = CatalogueEntry::of(new.rule.as_deref());
        let row = pools::Model {
            tenant_id: self.tenant(),
            id: new_id(now),
            name: new.name.clone(),
            name_folded: fold(&new.name).into_owned(),
            seats: new.seats.into(),
            used: 0,
            policy: new.policy.to_string(),
            expires_at: new.expires_at.map(stored),
            last_day: new.last_day,
            rule: new.rule.clone(),
            is_default: new.default,
            created_at: stored(now),
            end_told: None,
            is_full: false,
            full_told_at: None,
            entry_type: entry.kind.to_owned(),
            entry_value: entry.value,
            entry_folded: entry.folded,
            modified_at: stored(now),
            version: 1,
        };
        self.transaction.insert(row.clone()).await?;
        self.count_bought(PoolId::new(row.id), row.seats, now).await?;
        PoolRow { pool: row, waiting: 0 }.try_into()
    }

    /// Changes how many seats of a pool were bought; people who wait must be settled afterwards.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such pool.
    pub async fn set_pool_size(&mut self, pool: PoolId, seats: u32, now: DateTime<Utc>) -> Result<(), Error> {
        self.lock_pools(false).await?;
        let before = self.pools().await?.into_iter().find(|state| state.pool.id == pool);
        let before = before.ok_or(Error::NotFound)?.pool.seats;
        self.count_bought(pool, i64::from(seats) - i64::from(before), now).await?;
        let mut sql = Sql::new("UPDATE pools SET is_full = is_full AND used >= ");
        sql.bind(i64::from(seats)).push(", seats = ").bind(i64::from(seats));
        sql.push(CHANGED_AT).bind(stored(now));
        sql.push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(pool.uuid());
        self.transaction.run(sql).await.map(drop)
    }

    /// Changes when a pool expires, and the last day of which that is the end, where it is one; its people must be
    /// settled afterwards.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such pool.
    pub async fn set_pool_expiry(
        &mut self,
        pool: PoolId,
        expires_at: Option<DateTime<Utc>>,
        last_day: Option<NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.lock_pools(false).await?;
        let mut sql = Sql::new("UPDATE pools SET expires_at = ");
        sql.bind(expires_at.map(stored)).push(", last_day = ").bind(last_day);
        sql.push(CHANGED_AT).bind(stored(now));
        sql.push(" WHERE tenant_id = ").bind(self.tenant());
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
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.lock_pools(true).await?;
        let entry = CatalogueEntry::of(rule.rule.as_deref());
        let mut sql = Sql::new("UPDATE pools SET name = ");
        sql.bind(name).push(", name_folded = ").bind(fold(name).into_owned());
        sql.push(", policy = ").bind(policy.as_str()).push(", rule = ").bind(rule.rule.clone());
        sql.push(", is_default = ").bind(rule.default).push(", entry_type = ").bind(entry.kind);
        sql.push(", entry_folded = ").bind(entry.folded);
        sql.push(", entry_value = ").bind(entry.value).push(CHANGED_AT).bind(stored(now));
        sql.push(" WHERE tenant_id = ").bind(self.tenant());
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
        let row = pools::Entity::delete_by_id((self.tenant(), pool.uuid()));
        Ok(row.exec(&self.transaction).await?.rows_affected == 1)
    }
}
