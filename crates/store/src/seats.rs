//! Seats of pools, and places in their queues: who holds them, and how they change.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use provisioning::{PoolId, SeatState, UserId};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use crate::bindings::{PRIORITY, priority};
use crate::db::backend::json_text;
use crate::db::sql::{CHUNK, Sql};
use crate::entity::seats;
use crate::error::Error;
use crate::ids::{IdRow, stored};
use crate::pools::CHANGED_AT;
use crate::unit::{ReadUnit, WriteUnit};

/// A seat of a pool, or a place in its queue, with the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatRecord {
    /// The person.
    pub user: UserId,
    /// The `userName`.
    pub user_name: String,
    /// Held or waited for.
    pub state: SeatState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether it was assigned beyond the bought seats.
    pub overage: bool,
    /// With which priority the person is served.
    pub priority: u16,
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

/// Seats and places that change, by user and pool: the state, and whether a seat is beyond those bought; none for one
/// that goes.
pub(crate) type Seats = BTreeMap<(UserId, PoolId), Option<(SeatState, bool)>>;

/// The order of the places `s` of a queue with their `priority`: as [`provisioning::Position`].
pub(crate) const SERVED_FIRST: &str = "priority DESC, s.since, s.user_id";

/// How the count of a pool changes.
#[derive(Default)]
pub(crate) struct SeatCount {
    pub(crate) taken: i64,
    pub(crate) freed: i64,
    /// Of the seats that are taken, those beyond the bought ones.
    pub(crate) overage: i64,
    /// How many more people wait.
    pub(crate) waiting: i64,
}

impl SeatCount {
    const fn change(&self) -> i64 {
        self.taken - self.freed
    }
}

#[derive(FromQueryResult)]
struct Row {
    user_id: Uuid,
    user_name: Option<String>,
    state: String,
    since: DateTime<Utc>,
    overage: bool,
    priority: i64,
}

/// What stands for the priority of seat `s`, and the order in which those who wait are served: where no binding has a priority,
/// the one in which an index holds them.
pub(crate) const fn queue_order(prioritised: bool) -> (&'static str, &'static str) {
    if prioritised { (PRIORITY, SERVED_FIRST) } else { ("0", "s.since, s.user_id") }
}

/// The state of a seat's row.
pub(crate) fn seat_state(word: &str, user: Uuid) -> Result<SeatState, Error> {
    word.parse().map_err(|_| Error::Inconsistent { table: "seats", column: "state", id: user.to_string() })
}

impl ReadUnit {
    /// At most `most` seats of a pool in a state, behind the first `before` of them: the longest held first, and
    /// places in the order in which they are served.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn seats_of(
        &self,
        pool: PoolId,
        state: SeatState,
        before: u64,
        most: u64,
    ) -> Result<Vec<SeatRecord>, Error> {
        let name = json_text(self.backend(), "u.document", &["userName"]);
        let (priority_of, served) = queue_order(self.prioritised(Some(pool)).await?);
        let mut sql = Sql::new(&format!(
            "SELECT s.user_id, {name} AS user_name, s.state, s.since, s.overage, CAST({priority_of} AS BIGINT) AS priority FROM seats s \
             JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id WHERE s.tenant_id = "
        ));
        sql.bind(self.tenant()).push(" AND s.pool_id = ").bind(pool.uuid());
        sql.push(" AND s.state = ").bind(state.as_str());
        let order = match state {
            SeatState::Waiting => served,
            SeatState::Assigned => "s.since, s.user_id",
        };
        sql.push(&format!(" ORDER BY {order} LIMIT {most} OFFSET {before}"));
        let seat = |row: Row| {
            Ok(SeatRecord {
                user: UserId::new(row.user_id),
                user_name: row.user_name.unwrap_or_default(),
                state: seat_state(&row.state, row.user_id)?,
                since: row.since,
                overage: row.overage,
                priority: priority(row.priority),
            })
        };
        self.transaction.all::<Row>(sql).await?.into_iter().map(seat).collect()
    }

    /// Whether a binding of this pool, or of any, has a priority.
    pub(crate) async fn prioritised(&self, pool: Option<PoolId>) -> Result<bool, Error> {
        let mut sql =
            Sql::new("SELECT COUNT(*) AS bindings FROM (SELECT 1 FROM bindings b WHERE b.tenant_id = ");
        sql.bind(self.tenant()).push(" AND b.priority > 0");
        if let Some(pool) = pool {
            sql.push(" AND b.pool_id = ").bind(pool.uuid());
        }
        sql.push(" LIMIT 1) known");
        Ok(self.transaction.number(sql).await? > 0)
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
    pub(crate) async fn save_seats(&self, seats: &Seats, now: DateTime<Utc>) -> Result<(), Error> {
        let gone: Vec<_> = seats.iter().filter(|(_, seat)| seat.is_none()).map(|(key, _)| *key).collect();
        for chunk in gone.chunks(CHUNK) {
            let mut sql = Sql::new("DELETE FROM seats WHERE tenant_id = ");
            sql.bind(self.tenant()).push(" AND (user_id, pool_id) IN (VALUES ");
            sql.rows(chunk.iter().map(|(user, pool)| [Value::from(user.uuid()), pool.uuid().into()]))
                .push(")");
            self.transaction.run(sql).await?;
        }
        let row = |(user, pool): &(UserId, PoolId), (state, overage): (SeatState, bool)| seats::Model {
            tenant_id: self.tenant(),
            user_id: user.uuid(),
            pool_id: pool.uuid(),
            state: state.to_string(),
            since: stored(now),
            overage,
        };
        let rows = seats.iter().filter_map(|(key, seat)| seat.map(|seat| row(key, seat))).collect();
        let otherwise = " ON CONFLICT (tenant_id, user_id, pool_id) DO UPDATE SET state = excluded.state, \
                         since = excluded.since, overage = excluded.overage";
        self.transaction.insert_all_or::<seats::Entity>(rows, otherwise).await
    }

    /// The conditional update that keeps seats from overshooting, whatever the caller believed.
    pub(crate) async fn count_seats(
        &self,
        pools: &BTreeMap<PoolId, SeatCount>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let counts: Vec<_> = pools.iter().filter(|(_, count)| count.change() != 0).collect();
        for chunk in counts.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE pools SET used = used + v.column2");
            sql.push(", is_full = is_full AND used + v.column2 >= seats").push(CHANGED_AT).bind(stored(now));
            sql.push(" FROM (VALUES ");
            sql.rows(chunk.iter().map(|(pool, count)| {
                [Value::from(pool.uuid()), count.change().into(), (count.change() - count.overage).into()]
            }));
            sql.push(") AS v WHERE pools.tenant_id = ").bind(self.tenant());
            // Overage comes on top; whatever else is taken must fit into what was bought.
            sql.push(
                " AND pools.id = v.column1 AND (v.column3 <= 0 OR pools.used + v.column3 <= pools.seats)",
            );
            if self.transaction.run(sql).await? != chunk.len() as u64 {
                return Err(Error::Busy);
            }
        }
        Ok(())
    }
}
