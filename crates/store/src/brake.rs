//! The brake: the losses that pushes caused lately, and those that are held.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use provisioning::{Brake, Cause, Kept, Policy, PoolId, UserId};
use sea_orm::FromQueryResult;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::connections::decode;
use crate::db::backend::{for_update, json_text, uuid_text};
use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::ids::{ConnectionId, IdRow, stored};
use crate::unit::{ReadUnit, WriteUnit};

/// What is kept while the account counts as switched on, or as not deleted.
const ACTIVE: &str = "active";
const ACCOUNT: &str = "account";

/// A loss that the brake holds for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLoss {
    /// The person.
    pub user: UserId,
    /// The `userName`.
    pub user_name: String,
    /// The connection that pushed.
    pub connection: ConnectionId,
    /// What would have taken access.
    pub cause: Cause,
    /// Since when it is held.
    pub since: DateTime<Utc>,
    /// When an administrator rejected it; none while no administrator has decided.
    pub rejected_at: Option<DateTime<Utc>>,
    /// Whether the push deleted the person.
    pub deleted: bool,
}

#[derive(FromQueryResult)]
struct BrakeRow {
    policy: Value,
    shared: bool,
}

/// The counts, or a person of a loss that counts.
#[derive(FromQueryResult)]
struct LossRow {
    id: Option<Uuid>,
    people: Option<i64>,
    waiting: Option<i64>,
}

#[derive(FromQueryResult)]
struct HeldRow {
    user_id: Uuid,
    user_name: Option<String>,
    connection_id: Uuid,
    cause: Value,
    since: DateTime<Utc>,
    rejected_at: Option<DateTime<Utc>>,
    deleted: bool,
}

#[derive(FromQueryResult)]
struct CauseRow {
    user_id: Uuid,
    cause: Value,
}

/// Notes a row of held losses among the facts of a person.
pub(crate) fn note(kept: &mut Kept, what: &str, pool: Option<Uuid>) {
    match (what, pool) {
        (ACTIVE, _) => kept.active = true,
        (ACCOUNT, _) => kept.account = true,
        (_, Some(pool)) => drop(kept.pools.insert(PoolId::new(pool))),
        _ => {}
    }
}

/// What of a person is kept, as rows say it.
fn rows(kept: &Kept) -> Vec<(String, Option<Uuid>)> {
    let one = |is: bool, what: &str| is.then(|| (what.to_owned(), None));
    let pools = kept.pools.iter().map(|pool| (pool.to_string(), Some(pool.uuid())));
    one(kept.active, ACTIVE).into_iter().chain(one(kept.account, ACCOUNT)).chain(pools).collect()
}

impl ReadUnit {
    /// The losses that are held, at most `most`, of people behind `after` and in the order of people: of one connection where
    /// one is named.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn held_losses(
        &self,
        connection: Option<ConnectionId>,
        after: Option<UserId>,
        most: u64,
    ) -> Result<Vec<HeldLoss>, Error> {
        let name = json_text(self.backend(), "u.document", &["userName"]);
        let mut sql = Sql::new(&format!(
            "SELECT h.user_id, {name} AS user_name, h.connection_id, h.cause, h.since, h.rejected_at, \
             (u.deleted_at IS NOT NULL) AS deleted FROM held_losses h \
             JOIN users u ON u.tenant_id = h.tenant_id AND u.id = h.user_id WHERE h.tenant_id = "
        ));
        let tenant = self.tenant();
        let of = |sql: &mut Sql, table: &str| {
            sql.bind(tenant);
            if let Some(connection) = connection {
                sql.push(&format!(" AND {table}.connection_id = ")).bind(connection.uuid());
            }
        };
        of(&mut sql, "h");
        sql.push(" AND h.user_id IN (SELECT DISTINCT p.user_id FROM held_losses p WHERE p.tenant_id = ");
        of(&mut sql, "p");
        sql.push(" AND p.user_id > ").bind(after.map_or(Uuid::nil(), UserId::uuid));
        sql.push(" ORDER BY p.user_id LIMIT ").bind(most).push(") ORDER BY h.user_id, h.since, h.what");
        let held = |row: HeldRow| {
            Ok(HeldLoss {
                user: UserId::new(row.user_id),
                user_name: row.user_name.unwrap_or_default(),
                connection: ConnectionId::new(row.connection_id),
                cause: decode(row.cause, "held_losses", "cause", &row.user_id.to_string())?,
                since: row.since,
                rejected_at: row.rejected_at,
                deleted: row.deleted,
            })
        };
        self.transaction.all::<HeldRow>(sql).await?.into_iter().map(held).collect()
    }

    /// For how many people the brake of a connection holds something about which no administrator has decided.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn count_held(&self, connection: ConnectionId) -> Result<u64, Error> {
        let mut sql =
            Sql::new("SELECT COUNT(DISTINCT h.user_id) AS people FROM held_losses h WHERE h.tenant_id = ");
        sql.bind(self.tenant()).push(" AND h.connection_id = ").bind(connection.uuid());
        sql.push(" AND h.rejected_at IS NULL");
        self.transaction.number(sql).await
    }

    /// At most `most` people behind `after` for whom the brake holds something and about whom no administrator has decided, in
    /// the order of ids, by pushes of a connection.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn held_people(
        &self,
        connection: ConnectionId,
        after: Option<UserId>,
        most: u64,
    ) -> Result<Vec<UserId>, Error> {
        let mut sql = Sql::new("SELECT DISTINCT h.user_id AS id FROM held_losses h WHERE h.tenant_id = ");
        sql.bind(self.tenant()).push(" AND h.connection_id = ").bind(connection.uuid());
        sql.push(" AND h.rejected_at IS NULL AND h.user_id > ").bind(after.map_or(Uuid::nil(), UserId::uuid));
        sql.push(" ORDER BY h.user_id LIMIT ").bind(most);
        let rows = self.transaction.all::<IdRow>(sql).await?;
        Ok(rows.into_iter().map(|row| UserId::new(row.id)).collect())
    }
}

/// A seat of user `u` in a pool `p` for which a grant is left that is not withheld.
const KEPT_SEAT: &str = "SELECT 1 FROM seats s JOIN pools p ON p.tenant_id = s.tenant_id AND p.id = s.pool_id \
     WHERE s.tenant_id = u.tenant_id AND s.user_id = u.id AND s.state = 'assigned' \
     AND NOT EXISTS (SELECT 1 FROM withheld w WHERE w.tenant_id = s.tenant_id AND w.user_id = s.user_id \
     AND w.pool_id = s.pool_id) AND (EXISTS (SELECT 1 FROM grants y WHERE y.tenant_id = s.tenant_id \
     AND y.user_id = s.user_id AND y.pool_id = s.pool_id) OR EXISTS (SELECT 1 FROM group_members m JOIN bindings z \
     ON z.tenant_id = m.tenant_id AND z.group_id = m.group_id AND z.pool_id = s.pool_id \
     WHERE m.tenant_id = s.tenant_id AND m.member_id = s.user_id))";

#[derive(FromQueryResult)]
struct LockedOutRow {
    id: Uuid,
    name: Option<String>,
}

impl ReadUnit {
    /// The people among these who have access and keep no seat for which a grant is left, with the `userName` of each: all who
    /// lose access when they are settled. A grant of a full pool gives no seat.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn locked_out_among(
        &self,
        people: &[UserId],
        now: DateTime<Utc>,
    ) -> Result<Vec<(UserId, String)>, Error> {
        let name = json_text(self.backend(), "u.document", &["userName"]);
        let mut found = Vec::new();
        for chunk in people.chunks(CHUNK) {
            let mut sql = Sql::new(&format!("SELECT u.id, {name} AS name FROM "));
            sql.users_among(self, chunk.iter().map(|user| user.uuid()));
            sql.push(" WHERE u.ended_at IS NULL AND u.enrolment_status IN ('pending', 'active')");
            sql.push(" AND NOT EXISTS (SELECT 1 FROM held_losses h WHERE h.tenant_id = u.tenant_id AND h.user_id = u.id)");
            sql.push(&format!(" AND NOT EXISTS ({KEPT_SEAT} AND (p.expires_at IS NULL OR p.expires_at > "));
            sql.bind(stored(now)).push("))");
            let rows = self.transaction.all::<LockedOutRow>(sql).await?;
            found.extend(rows.into_iter().map(|row| (UserId::new(row.id), row.name.unwrap_or_default())));
        }
        Ok(found)
    }

    /// For each of these people for whom the brake holds something: what would have taken it, a deletion before all others.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn held_causes(&self, people: &[UserId]) -> Result<BTreeMap<UserId, Cause>, Error> {
        let mut causes = BTreeMap::new();
        for chunk in people.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT h.user_id, h.cause FROM held_losses h WHERE h.tenant_id = ");
            sql.bind(self.tenant()).push(" AND h.user_id IN ").list(chunk.iter().map(|user| user.uuid()));
            sql.push(" ORDER BY h.user_id, h.since, h.what");
            for row in self.transaction.all::<CauseRow>(sql).await? {
                let cause: Cause = decode(row.cause, "held_losses", "cause", &row.user_id.to_string())?;
                let known = causes.entry(UserId::new(row.user_id)).or_insert_with(|| cause.clone());
                if cause == Cause::Removed {
                    *known = cause;
                }
            }
        }
        Ok(causes)
    }
}

impl WriteUnit {
    /// The brake of a connection, locked so that no other push of the connection passes it at the same time;
    /// none for a connection without a brake. People are locked before.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_brake(
        &mut self,
        connection: ConnectionId,
        now: DateTime<Utc>,
    ) -> Result<Option<Brake>, Error> {
        let mut sql = Sql::new("SELECT c.policy, c.shared FROM connections c WHERE c.tenant_id = ");
        sql.bind(self.tenant()).push(" AND c.id = ").bind(connection.uuid());
        sql.push(for_update(self.backend()));
        let Some(row) = self.transaction.one::<BrakeRow>(sql).await? else { return Ok(None) };
        let policy: Policy = decode(row.policy, "connections", "policy", &connection.to_string())?;
        let most = policy.brake.people;
        if most == 0 {
            return Ok(None);
        }
        let counts_from = stored(now - policy.brake.window);
        let (tenant, mut sql) = (self.tenant(), Sql::default());
        // What counts no more goes, so that what counts is all that is read.
        sql.together(self.backend(), |sql| {
            sql.push("DELETE FROM losses WHERE tenant_id = ").bind(tenant);
            sql.push(" AND connection_id = ").bind(connection.uuid()).push(" AND at <= ").bind(counts_from)
        });
        sql.push(
            "SELECT CAST(NULL AS UUID) AS id, (SELECT CAST(COALESCE(SUM(c.people), 0) AS BIGINT) FROM user_counts c ",
        );
        sql.push("WHERE c.tenant_id = ").bind(self.tenant());
        if !row.shared {
            sql.push(" AND c.connection_id = ").bind(connection.uuid());
        }
        // Test users are no people.
        sql.push(") - ").count_test_users(self, (!row.shared).then_some(connection));
        // More than the limit need not be counted.
        sql.push(" AS people, (SELECT COUNT(*) FROM (SELECT DISTINCT h.user_id FROM held_losses h WHERE h.tenant_id = ");
        sql.bind(self.tenant()).push(" AND h.connection_id = ").bind(connection.uuid());
        sql.push(&format!(" AND h.rejected_at IS NULL LIMIT {}) w) AS waiting", u64::from(most) + 1));
        sql.push(" UNION ALL SELECT l.user_id, NULL, NULL FROM losses l WHERE l.tenant_id = ")
            .bind(self.tenant());
        sql.push(" AND l.connection_id = ").bind(connection.uuid());
        sql.push(" AND l.at > ").bind(counts_from);
        let (mut people, mut waiting, mut counted) = (0, 0, BTreeSet::new());
        for row in self.transaction.all::<LossRow>(sql).await? {
            counted.extend(row.id.map(UserId::new));
            (people, waiting) = (row.people.unwrap_or(people), row.waiting.unwrap_or(waiting));
        }
        let people = u64::try_from(people).unwrap_or(0);
        Ok(policy.brake.limit(people).map(|limit| Brake {
            connection,
            limit,
            counted,
            waiting: u64::try_from(waiting).unwrap_or(0),
        }))
    }

    /// Counts losses.
    pub(crate) async fn count_losses(
        &self,
        losses: &[(UserId, ConnectionId)],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        for chunk in losses.chunks(CHUNK) {
            let mut sql = Sql::new("INSERT INTO losses (tenant_id, connection_id, user_id, at) VALUES ");
            sql.rows(chunk.iter().map(|(user, connection)| {
                [self.tenant().into(), connection.uuid().into(), user.uuid().into(), stored(now).into()]
            }));
            sql.push(" ON CONFLICT (tenant_id, connection_id, user_id) DO UPDATE SET at = excluded.at");
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// Keeps for people all that is said, each thing for the cause by which it was held first.
    pub(crate) async fn hold_losses(
        &self,
        held: &[(UserId, ConnectionId, &Kept, &Cause)],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let all = held.iter().flat_map(|(user, connection, kept, cause)| {
            rows(kept).into_iter().map(move |(what, pool)| {
                [
                    self.tenant().into(),
                    user.uuid().into(),
                    what.into(),
                    pool.into(),
                    connection.uuid().into(),
                    json!(cause).into(),
                    stored(now).into(),
                ]
            })
        });
        let all: Vec<_> = all.collect();
        for chunk in all.chunks(CHUNK) {
            let mut sql = Sql::new(
                "INSERT INTO held_losses (tenant_id, user_id, what, pool_id, connection_id, cause, since) VALUES ",
            );
            sql.rows(chunk.iter().cloned());
            // A deletion outlasts what was held before it.
            sql.push(" ON CONFLICT (tenant_id, user_id, what) DO NOTHING");
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// Keeps for people every seat that they hold.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn hold_seats(
        &mut self,
        people: &[UserId],
        connection: ConnectionId,
        cause: &Cause,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (tenant, backend) = (self.tenant(), self.backend());
        for chunk in people.chunks(CHUNK) {
            let mut sql = Sql::new(
                "INSERT INTO held_losses (tenant_id, user_id, what, pool_id, connection_id, cause, since) SELECT s.tenant_id, ",
            );
            sql.push(&format!("s.user_id, {}, s.pool_id, ", uuid_text(backend, "s.pool_id")));
            sql.bind(connection.uuid())
                .push(", ")
                .bind(json!(cause))
                .push(", ")
                .bind(stored(now))
                .push(" FROM ");
            let users = chunk.iter().map(|user| user.uuid());
            sql.among(backend, tenant, ("seats", "s", "user_id"), users);
            sql.push(" WHERE s.state = 'assigned' ON CONFLICT (tenant_id, user_id, what) DO NOTHING");
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// Keeps for people no more than is said.
    pub(crate) async fn end_holds(&self, kept: &BTreeMap<UserId, Kept>) -> Result<(), Error> {
        for (user, kept) in kept {
            let mut sql = Sql::new("DELETE FROM held_losses WHERE tenant_id = ");
            sql.bind(self.tenant()).push(" AND user_id = ").bind(user.uuid());
            let stays = rows(kept);
            if !stays.is_empty() {
                sql.push(" AND what NOT IN ").list(stays.into_iter().map(|(what, _)| what));
            }
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// Holds nothing for these people any more, and answers for each what had been held first, a deletion before all others.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn end_losses(&mut self, people: &[UserId]) -> Result<BTreeMap<UserId, Cause>, Error> {
        let causes = self.held_causes(people).await?;
        for chunk in people.chunks(CHUNK) {
            let mut sql = Sql::new("DELETE FROM held_losses WHERE tenant_id = ");
            sql.bind(self.tenant()).push(" AND user_id IN ").list(chunk.iter().map(|user| user.uuid()));
            self.transaction.run(sql).await?;
        }
        Ok(causes)
    }

    /// Notes that an administrator wants what is held for these people to stay held.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn reject_losses(&mut self, people: &[UserId], now: DateTime<Utc>) -> Result<(), Error> {
        for chunk in people.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE held_losses SET rejected_at = ");
            sql.bind(stored(now)).push(" WHERE tenant_id = ").bind(self.tenant());
            sql.push(" AND rejected_at IS NULL AND user_id IN ").list(chunk.iter().map(|user| user.uuid()));
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// Counts anew what the pushes of a connection take, or of those that hold something of these people: an administrator has
    /// looked at it.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn forget_losses(
        &mut self,
        connection: Option<ConnectionId>,
        people: &[UserId],
    ) -> Result<(), Error> {
        let mut connections: BTreeSet<Uuid> = connection.map(ConnectionId::uuid).into_iter().collect();
        for chunk in people.chunks(CHUNK) {
            let mut sql =
                Sql::new("SELECT DISTINCT h.connection_id AS id FROM held_losses h WHERE h.tenant_id = ");
            sql.bind(self.tenant()).push(" AND h.user_id IN ").list(chunk.iter().map(|user| user.uuid()));
            connections.extend(self.transaction.all::<IdRow>(sql).await?.into_iter().map(|row| row.id));
        }
        let mut sql = Sql::new("DELETE FROM losses WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND connection_id IN ").list(connections);
        self.transaction.run(sql).await.map(drop)
    }
}
