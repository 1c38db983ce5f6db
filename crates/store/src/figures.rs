//! Figures of the whole installation, for those who watch it: pools, jobs, and when each connection sent something last.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, FromQueryResult};

use crate::db::pool::PooledConnection;
use crate::db::sql::Sql;
use crate::error::Error;
use crate::ids::stored;
use crate::store::Store;

/// What is watched, at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The oldest pools, and all others as one.
    pub pools: Vec<PoolFigures>,
    /// Jobs that are due or under way, by kind; a kind without any is left out.
    pub jobs: Vec<JobFigures>,
    /// The oldest connections that have sent something, and all others as one.
    pub connections: Vec<ConnectionFigures>,
}

/// The name of a thing, with the name of its tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameInTenant {
    /// The name of the tenant.
    pub tenant: String,
    /// The name of the thing.
    pub name: String,
}

/// The seats of a pool, or of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolFigures {
    /// The pool; none for the sum of all others.
    pub pool: Option<NameInTenant>,
    /// Seats bought.
    pub bought: i64,
    /// Seats in use.
    pub used: i64,
    /// People who wait for a seat.
    pub waiting: i64,
}

/// The jobs of a kind.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct JobFigures {
    /// The kind.
    pub kind: String,
    /// Jobs whose time has come and that no worker has, or whose worker was never heard of again.
    pub due: i64,
    /// Jobs that a worker has.
    pub running: i64,
    /// When the first of those that are due was to run.
    pub oldest_due: Option<DateTime<Utc>>,
}

/// When a connection, or one of many, sent something last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionFigures {
    /// The connection; none for that of all others that has been silent for the longest time.
    pub connection: Option<NameInTenant>,
    /// When the last request came that the request log holds.
    pub last_request: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct PoolRow {
    tenant: Option<String>,
    name: Option<String>,
    bought: i64,
    used: i64,
    waiting: i64,
}

#[derive(FromQueryResult)]
struct ConnectionRow {
    tenant: Option<String>,
    name: Option<String>,
    last_request: DateTime<Utc>,
}

impl Store {
    /// The figures at an instant: jobs of these kinds, and at most `most` pools and connections each by name.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn figures(&self, kinds: &[&str], most: u32, now: DateTime<Utc>) -> Result<Figures, Error> {
        let database = self.database().await?;
        let pools = self.rows(&database, pools(most)).await?;
        let jobs = self.rows(&database, jobs(kinds, now)).await?;
        let connections = self.rows(&database, connections(most)).await?;
        let pool = |row: PoolRow| PoolFigures {
            pool: named(row.tenant, row.name),
            bought: row.bought,
            used: row.used,
            waiting: row.waiting,
        };
        let connection = |row: ConnectionRow| ConnectionFigures {
            connection: named(row.tenant, row.name),
            last_request: row.last_request,
        };
        Ok(Figures {
            pools: pools.into_iter().map(pool).collect(),
            jobs,
            connections: connections.into_iter().map(connection).collect(),
        })
    }

    async fn rows<T: FromQueryResult>(&self, database: &PooledConnection, sql: Sql) -> Result<Vec<T>, Error> {
        let rows = database.query_all_raw(sql.statement(self.backend())).await?;
        Ok(rows.iter().map(|row| T::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }
}

fn named(tenant: Option<String>, name: Option<String>) -> Option<NameInTenant> {
    Some(NameInTenant { tenant: tenant?, name: name? })
}

/// The seats of the first `most` pools, and the sum of the others in a row without names.
fn pools(most: u32) -> Sql {
    Sql::new(&format!(
        "SELECT t.name AS tenant, l.name, CAST(SUM(l.seats) AS BIGINT) AS bought, \
         CAST(SUM(l.used) AS BIGINT) AS used, CAST(SUM(l.waiting) AS BIGINT) AS waiting FROM (\
         SELECT CASE WHEN p.place <= {most} THEN p.tenant_id END AS tenant_id, \
         CASE WHEN p.place <= {most} THEN p.name END AS name, p.seats, p.used, \
         (SELECT COUNT(*) FROM seats s WHERE s.tenant_id = p.tenant_id AND s.pool_id = p.id AND s.state = 'waiting') \
         AS waiting FROM (SELECT p.*, ROW_NUMBER() OVER (ORDER BY p.id) AS place FROM pools p) p) l \
         LEFT JOIN tenants t ON t.id = l.tenant_id GROUP BY t.name, l.name ORDER BY t.name, l.name"
    ))
}

/// The jobs of these kinds that are due or under way; those whose time is to come are not looked at.
fn jobs(kinds: &[&str], now: DateTime<Utc>) -> Sql {
    let now = stored(now);
    let mut sql = Sql::new(
        "SELECT l.kind, COUNT(l.due_at) AS due, COUNT(*) - COUNT(l.due_at) AS running, MIN(l.due_at) AS oldest_due \
         FROM (SELECT j.kind, j.run_at AS due_at FROM jobs j WHERE j.state = 'ready' AND j.run_at <= ",
    );
    sql.bind(now).push(" AND j.kind IN ").list(kinds.iter().copied());
    sql.push(" UNION ALL SELECT j.kind, CASE WHEN j.lease_until <= ").bind(now);
    sql.push(" THEN j.run_at END FROM jobs j WHERE j.state = 'running' AND j.kind IN ");
    sql.list(kinds.iter().copied()).push(") l GROUP BY l.kind ORDER BY l.kind");
    sql
}

/// When each of the first `most` connections sent something last, and in a row without names the one of the others that
/// has been silent for the longest time.
fn connections(most: u32) -> Sql {
    Sql::new(&format!(
        "SELECT t.name AS tenant, l.name, MIN(l.at) AS last_request FROM (\
         SELECT CASE WHEN c.place <= {most} THEN c.tenant_id END AS tenant_id, \
         CASE WHEN c.place <= {most} THEN c.name END AS name, \
         (SELECT r.at FROM requests r WHERE r.tenant_id = c.tenant_id AND r.connection_id = c.id \
         ORDER BY r.id DESC LIMIT 1) AS at \
         FROM (SELECT c.*, ROW_NUMBER() OVER (ORDER BY c.id) AS place FROM connections c) c) l \
         LEFT JOIN tenants t ON t.id = l.tenant_id WHERE l.at IS NOT NULL \
         GROUP BY t.name, l.name ORDER BY t.name, l.name"
    ))
}
