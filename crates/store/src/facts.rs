//! The facts that the rules look at, gathered in one transaction and locked so that they hold until its end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use provisioning::{
    Grant, GrantSource, GroupId, Hand, Kept, Person, Pool, PoolId, PoolPolicy, Position, Seat, Situation,
    UserId,
};
use sea_orm::FromQueryResult;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::administrators::protected;
use crate::bindings::priority;
use crate::brake;
use crate::connections::decode;
use crate::db::backend::{for_each, for_update, json_text, skip_locked};
use crate::db::sql::{CHUNK, Sql};
use crate::enrolments::{self, EnrolmentRow};
use crate::entity::pools;
use crate::error::Error;
use crate::grants::GrantKind;
use crate::groups;
use crate::jobs::{NewJob, job_kind};
use crate::pools::pool;
use crate::seats::{queue_order, seat_state};
use crate::unit::{ReadUnit, WriteUnit};

/// The most people who are served from one queue in one unit.
const MOST_SERVED: usize = 500;

#[derive(FromQueryResult)]
struct PersonRow {
    id: Uuid,
    name: Option<String>,
    active: Option<bool>,
    deactivated_by_hand_at: Option<DateTime<Utc>>,
    held_domain: Option<String>,
    #[sea_orm(nested)]
    enrolment: EnrolmentRow,
    policy: Option<Value>,
    protected: bool,
    test_user: bool,
}

/// A seat, a seat that is withheld, a stored grant or a grant by a binding.
#[derive(FromQueryResult)]
struct FactRow {
    user_id: Uuid,
    pool_id: Option<Uuid>,
    fact: String,
    detail: Option<String>,
    group_id: Option<Uuid>,
    since: Option<DateTime<Utc>>,
    overage: Option<bool>,
    grace_hours: Option<i64>,
    priority: Option<i64>,
}

#[derive(FromQueryResult)]
struct WaiterRow {
    pool_id: Uuid,
    since: DateTime<Utc>,
    user_id: Uuid,
    priority: i64,
}

impl WaiterRow {
    /// The pool, and the place in its queue.
    fn place(&self) -> (Uuid, Position) {
        (self.pool_id, Position::new(priority(self.priority), self.since, UserId::new(self.user_id)))
    }
}

/// A pool, and whether a binding has a priority in its queue.
#[derive(FromQueryResult)]
struct PoolRow {
    #[sea_orm(nested)]
    pool: pools::Model,
    prioritised: bool,
}

impl ReadUnit {
    /// The facts about these people in this snapshot, for what only decides: nothing is locked, and no writer waits.
    /// Otherwise as [`WriteUnit::lock_facts`].
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn facts(
        &self,
        users: &[UserId],
        pools: &[PoolId],
        now: DateTime<Utc>,
    ) -> Result<Situation, Error> {
        let people = self.people(&distinct(users), "").await?;
        let named = named_pools(pools, &people);
        if named.is_empty() {
            return Ok(Situation { people: people.into_values().collect(), ..Situation::default() });
        }
        let (pools, prioritised) = self.pools_named(&named, "").await?;
        let waiters = self.waiters(&named, &prioritised, &people, now).await?;
        let waiting: Vec<UserId> = waiters.iter().map(|row| UserId::new(row.user_id)).collect();
        let queue = self.people(&distinct(&waiting), "").await?;
        let (people, queue) = (people.into_values().collect(), queue.into_values().collect());
        Ok(Situation { people, pools, queue, ..Situation::default() })
    }

    /// These people with everything that stands about them, locked in the order of ids.
    async fn people(&self, users: &[Uuid], lock: &str) -> Result<BTreeMap<Uuid, Person>, Error> {
        let mut people = BTreeMap::new();
        for chunk in users.chunks(CHUNK) {
            let name = json_text(self.backend(), "u.document", &["userName"]);
            let (enrolment, protected) = (enrolments::COLUMNS, protected());
            let mut sql = Sql::new(&format!(
                "SELECT u.id, {name} AS name, u.active, u.deactivated_by_hand_at, u.held_domain, \
                 {enrolment}, (SELECT c.policy FROM connections c \
                 WHERE c.tenant_id = u.tenant_id AND c.id = u.connection_id) AS policy, \
                 {protected} AS protected, "
            ));
            sql.is_test_user(self).push(" AS test_user FROM ");
            sql.users_among(self, chunk.iter().copied());
            // Nothing follows any more for a person who was deleted for good.
            sql.push(" WHERE u.ended_at IS NULL ORDER BY u.id").push(lock);
            for row in self.transaction.all::<PersonRow>(sql).await? {
                let id = row.id.to_string();
                let enrolment = row.enrolment.read(row.id)?;
                let policy = match row.policy {
                    Some(policy) => decode(policy, "connections", "policy", &id)?,
                    None => self.policy,
                };
                let person = Person {
                    id: UserId::new(row.id),
                    name: row.name.unwrap_or_default(),
                    active: row.active.unwrap_or(true),
                    hand: Hand {
                        deactivated: row.deactivated_by_hand_at.is_some(),
                        held: row.held_domain,
                        withheld: BTreeSet::new(),
                    },
                    grants: Vec::new(),
                    seats: Vec::new(),
                    enrolment,
                    test_user: row.test_user,
                    kept: Kept::default(),
                    protected: row.protected,
                    policy,
                };
                people.insert(row.id, person);
            }
            for fact in self.fact_rows(chunk).await? {
                if let Some(person) = people.get_mut(&fact.user_id) {
                    note(person, fact)?;
                }
            }
        }
        Ok(people)
    }

    async fn fact_rows(&self, users: &[Uuid]) -> Result<Vec<FactRow>, Error> {
        let (before, behind) = for_each(self.backend());
        let (tenant, backend) = (self.tenant(), self.backend());
        let mut sql = Sql::new(
            "SELECT s.user_id, s.pool_id, 'seat' AS fact, s.state AS detail, CAST(NULL AS UUID) AS group_id, \
             s.since, s.overage, CAST(NULL AS BIGINT) AS grace_hours, CAST(NULL AS BIGINT) AS priority FROM ",
        );
        sql.among(backend, tenant, ("seats", "s", "user_id"), users.iter().copied());
        sql.push(
            " UNION ALL SELECT r.user_id, r.pool_id, r.kind, COALESCE(r.rule, g.display_name), r.group_id, \
             r.created_at, NULL, g.grace_hours, l.priority FROM ",
        );
        sql.among(backend, tenant, ("grants", "r", "user_id"), users.iter().copied());
        sql.push(
            " LEFT JOIN groups g ON g.tenant_id = r.tenant_id AND g.id = r.group_id \
             LEFT JOIN bindings l ON l.tenant_id = r.tenant_id AND l.group_id = r.group_id AND l.pool_id = r.pool_id",
        );
        sql.push(
            " UNION ALL SELECT w.user_id, w.pool_id, 'withheld', NULL, NULL, NULL, NULL, NULL, NULL FROM ",
        );
        sql.among(backend, tenant, ("withheld", "w", "user_id"), users.iter().copied());
        sql.push(
            " UNION ALL SELECT h.user_id, h.pool_id, 'kept', h.what, NULL, NULL, NULL, NULL, NULL FROM ",
        );
        sql.among(backend, tenant, ("held_losses", "h", "user_id"), users.iter().copied());
        sql.push(
            " UNION ALL SELECT m.member_id, t.pool_id, 'binding', (SELECT g.display_name FROM groups g \
             WHERE g.tenant_id = m.tenant_id AND g.id = m.group_id), m.group_id, NULL, NULL, NULL, t.priority FROM ",
        );
        sql.among(backend, tenant, ("group_members", "m", "member_id"), users.iter().copied());
        sql.push(&format!(
            " {before} bindings t WHERE t.tenant_id = m.tenant_id AND t.group_id = m.group_id{behind}"
        ));
        sql.push(" ORDER BY user_id, pool_id, fact, group_id");
        self.transaction.all(sql).await
    }

    /// Who waits for these pools and could be served if `people` gave their seats back: the first ones. Only the queue of a
    /// pool with priorities is read as a whole to find them; another one stands in an index as it is served.
    async fn waiters(
        &self,
        pools: &BTreeSet<PoolId>,
        prioritised: &BTreeSet<PoolId>,
        people: &BTreeMap<Uuid, Person>,
        now: DateTime<Utc>,
    ) -> Result<Vec<WaiterRow>, Error> {
        let mut sql = Sql::default();
        for (position, pool) in pools.iter().enumerate() {
            // As many as these people hold, and past those among them who wait themselves.
            let held = people.values().filter(|person| person.seat_in(*pool).is_some()).count();
            if position > 0 {
                sql.push(" UNION ALL ");
            }
            let (priority, order) = queue_order(prioritised.contains(pool));
            sql.push(&format!(
                "SELECT * FROM (SELECT s.pool_id, s.since, s.user_id, CAST({priority} AS BIGINT) AS priority \
                 FROM seats s WHERE s.tenant_id = "
            ))
            .bind(self.tenant());
            sql.push(" AND s.pool_id = ").bind(pool.uuid()).push(" AND s.state = 'waiting'");
            sql.push(&format!(" ORDER BY {order} LIMIT COALESCE((SELECT CASE"));
            sql.push(" WHEN p.expires_at <= ").bind(now).push(" THEN 0");
            sql.push(&format!(
                " WHEN p.policy = '{}' OR p.seats - p.used + {held} > {MOST_SERVED} THEN {MOST_SERVED}",
                PoolPolicy::Overage
            ));
            sql.push(&format!(
                " WHEN p.seats - p.used + {held} < 0 THEN 0 ELSE p.seats - p.used + {held} END FROM pools p WHERE p.tenant_id = "
            ));
            sql.bind(self.tenant())
                .push(" AND p.id = ")
                .bind(pool.uuid())
                .push(&format!("), 0)) AS w{position}"));
        }
        let mut waiters = self.transaction.all::<WaiterRow>(sql).await?;
        waiters.retain(|row| !people.contains_key(&row.user_id));
        waiters.sort_unstable_by_key(WaiterRow::place);
        Ok(waiters)
    }

    /// The named pools, and those of them in whose queues a binding has a priority. Every pool of the tenant is locked with them, in the order of ids, because a unit that settles
    /// people in several calls learns of its pools one after the other.
    async fn pools_named(
        &self,
        named: &BTreeSet<PoolId>,
        lock: &str,
    ) -> Result<(Vec<Pool>, BTreeSet<PoolId>), Error> {
        let mut sql = Sql::new(
            "SELECT p.*, EXISTS (SELECT 1 FROM bindings b WHERE b.tenant_id = p.tenant_id AND b.pool_id = p.id \
             AND b.priority > 0) AS prioritised FROM pools p WHERE p.tenant_id = ",
        );
        sql.bind(self.tenant()).push(" ORDER BY p.id").push(lock);
        let mut rows = self.transaction.all::<PoolRow>(sql).await?;
        rows.retain(|row| named.contains(&PoolId::new(row.pool.id)));
        let prioritised =
            rows.iter().filter(|row| row.prioritised).map(|row| PoolId::new(row.pool.id)).collect();
        Ok((rows.iter().map(|row| pool(&row.pool)).collect::<Result<_, _>>()?, prioritised))
    }
}

impl WriteUnit {
    /// The facts about these people as they stand in this transaction, locked so that they hold until its end: those who
    /// exist, the pools that their grants and seats name, and the people who would be served first if these people gave
    /// all their seats back. `pools` are looked at although no fact may name them: one that was enlarged, say.
    ///
    /// Documents and memberships are written before. The number of statements does not depend on how many people or
    /// members there are (below the size of a batch).
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_facts(
        &mut self,
        users: &[UserId],
        pools: &[PoolId],
        now: DateTime<Utc>,
    ) -> Result<Situation, Error> {
        let people = self.people(&distinct(users), for_update(self.backend())).await?;
        let named = named_pools(pools, &people);
        if named.is_empty() {
            return Ok(Situation { people: people.into_values().collect(), ..Situation::default() });
        }
        let (pools, prioritised) = self.pools_named(&named, for_update(self.backend())).await?;
        let waiters = self.waiters(&named, &prioritised, &people, now).await?;
        let queue = self.queue(waiters, now).await?;
        Ok(Situation { people: people.into_values().collect(), pools, queue, ..Situation::default() })
    }

    /// The people who can be served: all up to the first one whom another unit holds.
    ///
    /// The unit that holds a person may itself wait for the pools, which this unit has locked: to wait for the person would
    /// be to wait in a circle, and to pass over the person would be unfair. The rest of the queue is left to a job.
    async fn queue(&mut self, waiters: Vec<WaiterRow>, now: DateTime<Utc>) -> Result<Vec<Person>, Error> {
        let users: Vec<Uuid> =
            waiters.iter().map(|row| row.user_id).collect::<BTreeSet<_>>().into_iter().collect();
        let mut people = self.people(&users, skip_locked(self.backend())).await?;
        let mut left = BTreeSet::new();
        loop {
            let before = people.len();
            for row in &waiters {
                if left.contains(&row.pool_id) || !people.contains_key(&row.user_id) {
                    left.insert(row.pool_id);
                    people.remove(&row.user_id);
                }
            }
            if people.len() == before {
                break;
            }
        }
        for pool in left {
            let job = NewJob {
                kind: job_kind::SERVE_QUEUE.to_owned(),
                payload: json!({ "pool": pool }),
                run_at: now,
                dedup: Some(format!("{}:{pool}", job_kind::SERVE_QUEUE)),
            };
            self.enqueue(job, now).await?;
        }
        Ok(people.into_values().collect())
    }
}

/// Each of these users once, in the order of ids.
fn distinct(users: &[UserId]) -> Vec<Uuid> {
    users.iter().map(|user| user.uuid()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// These pools, and those that grants and seats of people name.
fn named_pools(pools: &[PoolId], people: &BTreeMap<Uuid, Person>) -> BTreeSet<PoolId> {
    pools.iter().copied().chain(pools_of(people.values())).collect()
}

fn pools_of<'p>(people: impl Iterator<Item = &'p Person>) -> BTreeSet<PoolId> {
    people
        .flat_map(|person| {
            let seats = person.seats.iter().map(|seat| seat.pool);
            let grants = person.grants.iter().map(|grant| grant.pool);
            grants
                .chain(seats)
                .chain(person.hand.withheld.iter().copied())
                .chain(person.kept.pools.iter().copied())
        })
        .collect()
}

fn note(person: &mut Person, fact: FactRow) -> Result<(), Error> {
    let inconsistent = |table, column| Error::Inconsistent { table, column, id: fact.user_id.to_string() };
    if fact.fact == "kept" {
        brake::note(&mut person.kept, fact.detail.as_deref().unwrap_or_default(), fact.pool_id);
        return Ok(());
    }
    let pool = PoolId::new(fact.pool_id.ok_or_else(|| inconsistent("grants", "pool_id"))?);
    let source = match fact.fact.as_str() {
        "seat" => {
            person.seats.push(Seat {
                pool,
                state: seat_state(fact.detail.as_deref().unwrap_or_default(), fact.user_id)?,
                since: fact.since.ok_or_else(|| inconsistent("seats", "since"))?,
                overage: fact.overage.unwrap_or(false),
            });
            return Ok(());
        }
        "withheld" => {
            person.hand.withheld.insert(pool);
            return Ok(());
        }
        "binding" => GrantSource::Binding {
            group: GroupId::new(fact.group_id.ok_or_else(|| inconsistent("bindings", "group_id"))?),
            name: fact.detail.unwrap_or_default(),
            priority: priority(fact.priority.unwrap_or(0)),
        },
        kind => match GrantKind::of(kind).ok_or_else(|| inconsistent("grants", "kind"))? {
            GrantKind::ByHand => GrantSource::ByHand,
            GrantKind::Default => GrantSource::Default,
            GrantKind::Attribute => GrantSource::Attribute { filter: fact.detail.unwrap_or_default() },
            GrantKind::Lingering => {
                let left_at = fact.since.ok_or_else(|| inconsistent("grants", "created_at"))?;
                let grace = fact.grace_hours.and_then(groups::grace);
                GrantSource::Lingering {
                    group: GroupId::new(fact.group_id.ok_or_else(|| inconsistent("grants", "group_id"))?),
                    name: fact.detail.unwrap_or_default(),
                    until: grace.map_or(left_at, |grace| grace.until(left_at)),
                    priority: priority(fact.priority.unwrap_or(0)),
                }
            }
        },
    };
    person.grants.push(Grant { pool, source });
    Ok(())
}
