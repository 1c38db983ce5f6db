//! What an administrator sees first: people by status, and who waits for what.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use provisioning::{GroupId, PoolId, Status, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::bindings::{PRIORITY, priority};
use crate::db::backend::json_text;
use crate::db::sql::{CHUNK, Sql};
use crate::enrolments::{next_step, shown_status};
use crate::error::Error;
use crate::seats::SERVED_FIRST;
use crate::unit::ReadUnit;

/// A person who waits for a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The pool.
    pub pool: PoolId,
    /// The pool's name.
    pub pool_name: String,
    /// Who waits.
    pub user: UserId,
    /// Their display name, or else the user name.
    pub name: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// With which priority they are served.
    pub priority: u16,
}

#[derive(FromQueryResult)]
struct CountRow {
    status: String,
    people: i64,
}

#[derive(FromQueryResult)]
struct MembersRow {
    group_id: Uuid,
    members: i64,
}

#[derive(FromQueryResult)]
struct WaitingRow {
    pool_id: Uuid,
    pool_name: String,
    user_id: Uuid,
    name: String,
    since: DateTime<Utc>,
    priority: i64,
}

/// The most matters of a kind that are counted for every page.
const COUNTED: u64 = 100;

#[derive(FromQueryResult)]
struct MattersRow {
    held: i64,
    conflicts: i64,
}

impl ReadUnit {
    /// How many people the brake holds something for, and how many names two connections want: 100 of each at most, because every
    /// page asks for them.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn open_matters(&self) -> Result<(u64, u64), Error> {
        let mut sql = Sql::new(
            "SELECT (SELECT COUNT(*) FROM (SELECT DISTINCT h.user_id FROM held_losses h WHERE h.tenant_id = ",
        );
        sql.bind(self.tenant()).push(" LIMIT ").bind(COUNTED);
        sql.push(") m) AS held, (SELECT COUNT(*) FROM (SELECT 1 FROM conflicts f JOIN users u ON u.tenant_id = f.tenant_id ");
        sql.push("AND u.id = f.user_id WHERE u.connection_id IS DISTINCT FROM f.connection_id AND u.deleted_at IS NULL ");
        sql.push("AND f.tenant_id = ")
            .bind(self.tenant())
            .push(" LIMIT ")
            .bind(COUNTED)
            .push(") m) AS conflicts");
        let row = self.transaction.one::<MattersRow>(sql).await?;
        let number = |number: i64| u64::try_from(number).unwrap_or_default();
        Ok(row.map_or((0, 0), |row| (number(row.held), number(row.conflicts))))
    }

    /// How many people are in each status; statuses without people are there with 0. Test users are no people.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn people_by_status(&self) -> Result<Vec<(Status, u64)>, Error> {
        let status = shown_status();
        let mut sql = Sql::new(&format!(
            "SELECT {status} AS status, COUNT(*) AS people FROM users u WHERE u.ended_at IS NULL AND u.tenant_id = "
        ));
        // The first column, by its number: the expression holds text that PostgreSQL would not recognise again.
        sql.bind(self.tenant()).push(" AND NOT ").is_test_user(self).push(" GROUP BY 1");
        let mut counts = BTreeMap::new();
        for row in self.transaction.all::<CountRow>(sql).await? {
            counts.insert(row.status, u64::try_from(row.people).unwrap_or(0));
        }
        Ok(Status::ALL
            .iter()
            .map(|status| (*status, counts.get(status.as_str()).copied().unwrap_or(0)))
            .collect())
    }

    /// How many pending people take which step next, by its word: `open` the invitation, `device`, `verify`, `pin`, `restore`.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn pending_by_step(&self) -> Result<BTreeMap<String, u64>, Error> {
        let step = next_step(self.backend());
        let mut sql = Sql::new(&format!(
            "SELECT {step} AS status, COUNT(*) AS people FROM users u WHERE u.ended_at IS NULL \
             AND u.enrolment_status = 'pending' AND u.tenant_id = "
        ));
        sql.bind(self.tenant()).push(&format!(" AND {} = 'pending'", shown_status()));
        sql.push(" AND NOT ").is_test_user(self).push(" GROUP BY 1");
        let rows = self.transaction.all::<CountRow>(sql).await?;
        Ok(rows.into_iter().map(|row| (row.status, u64::try_from(row.people).unwrap_or(0))).collect())
    }

    /// How many members each of these groups has; groups without members are left out.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn member_counts(&self, groups: &[GroupId]) -> Result<HashMap<GroupId, u64>, Error> {
        let mut counts = HashMap::new();
        for chunk in groups.chunks(CHUNK) {
            let mut sql =
                Sql::new("SELECT m.group_id, COUNT(*) AS members FROM group_members m WHERE m.tenant_id = ");
            sql.bind(self.tenant()).push(" AND m.group_id IN ").list(chunk.iter().map(|group| group.uuid()));
            sql.push(" GROUP BY m.group_id");
            for row in self.transaction.all::<MembersRow>(sql).await? {
                counts.insert(GroupId::new(row.group_id), u64::try_from(row.members).unwrap_or(0));
            }
        }
        Ok(counts)
    }

    /// Who waits for a seat, by pool and in the order in which they will be served.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn waiting(&self) -> Result<Vec<Waiting>, Error> {
        let user_name = json_text(self.backend(), "u.document", &["userName"]);
        let mut sql = Sql::new(&format!(
            "SELECT s.pool_id, p.name AS pool_name, s.user_id, COALESCE(u.display_name, {user_name}) AS name, s.since, {PRIORITY} AS priority \
             FROM seats s JOIN pools p ON p.tenant_id = s.tenant_id AND p.id = s.pool_id \
             JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id WHERE s.tenant_id = ",
        ));
        sql.bind(self.tenant()).push(&format!(" AND s.state = 'waiting' ORDER BY s.pool_id, {SERVED_FIRST}"));
        let waiting = |row: WaitingRow| Waiting {
            pool: PoolId::new(row.pool_id),
            pool_name: row.pool_name,
            user: UserId::new(row.user_id),
            name: row.name,
            since: row.since,
            priority: priority(row.priority),
        };
        Ok(self.transaction.all::<WaitingRow>(sql).await?.into_iter().map(waiting).collect())
    }
}
