//! What can go wrong with the database, by whose fault it is; constraints by their names.

use sea_orm::{DbErr, RuntimeErr};
use thiserror::Error;

/// Why the database did not do what was asked.
#[derive(Debug, Error)]
pub enum Error {
    /// Something unique exists already.
    #[error("{0} exists already")]
    Conflict(Constraint),
    /// Another resource of the type has the value of this attribute, which its schema makes unique.
    #[error("another resource has this value of {0}")]
    Taken(String),
    /// The row has changed since it was read.
    #[error("the version that the change is based on is not the current one")]
    VersionMismatch,
    /// There is no such row.
    #[error("not found")]
    NotFound,
    /// A name stands for several things; the text says which.
    #[error("{0}")]
    Ambiguous(String),
    /// No index has so many resources in the order that was asked for.
    #[error("{found} resources match, and at most {most} are sorted by this attribute")]
    TooManyToSort {
        /// Resources that match.
        found: u64,
        /// Resources that are sorted at most.
        most: u64,
    },
    /// The connection in whose name something was to be written was deleted.
    #[error("the connection was deleted")]
    ConnectionGone,
    /// The database is locked or overloaded: the same request may succeed in a moment.
    #[error("the database is busy, try again")]
    Busy,
    /// The database does not answer, is starting or is shutting down.
    #[error("the database cannot be reached")]
    Unreachable,
    /// The disk of the database is full: what is read goes on, what changes does not.
    #[error("the disk of the database is full")]
    DiskFull,
    /// The database takes no changes, like the standby of another one or a file without permission to write.
    #[error("the database takes no changes")]
    ReadOnly,
    /// The database gave up on a deadlock, or on a snapshot that was too old: the same attempt may succeed at once.
    #[error("the database gave up in favour of another change, try again")]
    Conflicting,
    /// What was to be told about a person would stand before what was told since: the same attempt may succeed at once.
    #[error("another change told something about the same person first, try again")]
    OutOfOrder,
    /// The schema is older than the program and migrations are switched off.
    #[error("the database needs these migrations first, run the migrate command: {}", .0.join(", "))]
    PendingMigrations(Vec<String>),
    /// A later program has changed the schema.
    #[error("a newer version of rollcall has changed it, by {}: use that version, or restore a backup", .0.join(", "))]
    NewerDatabase(Vec<String>),
    /// A stored value cannot be understood.
    #[error("table {table}, column {column}, row {id}: the stored value cannot be read")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The key of the row.
        id: String,
    },
    /// The server of the database has none of this name.
    #[error(
        "its server has no database of this name: create it with `createdb`, or set database_url to another one"
    )]
    NoDatabase,
    /// The server of the database does not answer at the start.
    #[error("its server does not answer ({0}): start it, or set database_url to another one")]
    NoServer(std::io::ErrorKind),
    /// Anything else, for the log.
    #[error("the database failed: {0}")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What must be unique, by the name of the constraint that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Constraint {
    /// A user of this name in the tenant.
    UserName,
    /// A group of this name in the tenant, where the connection wants unique group names.
    GroupName,
    /// A tenant of this name.
    TenantName,
    /// A connection of this name in the tenant.
    ConnectionName,
    /// A pool of this name in the tenant.
    PoolName,
    /// A binding of the same group to the same pool.
    Binding,
    /// A token of the same text.
    TokenHash,
    /// An administrator of this e-mail address in the tenant.
    AdministratorEmail,
}

impl std::fmt::Display for Constraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::UserName => "a user of this name",
            Self::GroupName => "a group of this name",
            Self::TenantName => "a tenant of this name",
            Self::ConnectionName => "a connection of this name",
            Self::PoolName => "a licence pool of this name",
            Self::Binding => "a binding of this group to this pool",
            Self::TokenHash => "this token",
            Self::AdministratorEmail => "an administrator of this e-mail address",
        })
    }
}

/// The name of each constraint and the columns by which `SQLite`, which does not tell the name, reports it.
const CONSTRAINTS: &[(Constraint, &str, &str)] = &[
    (Constraint::UserName, "unique_user_name", "users.tenant_id, users.user_name_folded, users.apart"),
    (
        Constraint::GroupName,
        "unique_group_name",
        "groups.tenant_id, groups.connection_id, groups.unique_name",
    ),
    (Constraint::GroupName, "unique_unowned_group_name", "groups.tenant_id, groups.unique_name"),
    (Constraint::TenantName, "unique_tenant_name", "tenants.name_folded"),
    (Constraint::ConnectionName, "unique_connection_name", "connections.tenant_id, connections.name_folded"),
    (Constraint::PoolName, "unique_pool_name", "pools.tenant_id, pools.name_folded"),
    (Constraint::Binding, "unique_binding", "bindings.tenant_id, bindings.group_id, bindings.pool_id"),
    (Constraint::TokenHash, "unique_token_hash", "tokens.hash"),
    (
        Constraint::AdministratorEmail,
        "unique_administrator_email",
        "administrators.tenant_id, administrators.email_folded",
    ),
];

impl Error {
    /// An error that is worth a log line and nothing else.
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::Other(message.into().into())
    }

    /// Why the database cannot be opened: what may pass later is no reason to wait at the start.
    pub(crate) fn of_first_connection(error: DbErr) -> Self {
        if let DbErr::Conn(RuntimeErr::SqlxError(cause)) = &error {
            match cause.as_ref() {
                sqlx::Error::Io(cause) => return Self::NoServer(cause.kind()),
                sqlx::Error::Database(cause) if cause.code().as_deref() == Some("3D000") => {
                    return Self::NoDatabase;
                }
                _ => {}
            }
        }
        Self::Other(error.into())
    }

    /// A copy for another waiter of the same commit.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Busy => Self::Busy,
            Self::Conflicting => Self::Conflicting,
            Self::OutOfOrder => Self::OutOfOrder,
            Self::Unreachable => Self::Unreachable,
            Self::DiskFull => Self::DiskFull,
            Self::ReadOnly => Self::ReadOnly,
            other => Self::other(other.to_string()),
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if let DbErr::ConnectionAcquire(_) = error {
            return Self::Busy;
        }
        let (DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))
        | DbErr::Conn(RuntimeErr::SqlxError(cause))) = &error
        else {
            return Self::Other(error.into());
        };
        match cause.as_ref() {
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Io(_) => Self::Unreachable,
            sqlx::Error::Database(database) => constraint(database.as_ref())
                .or_else(|| no_owner(database.as_ref()))
                .or_else(|| out_of_order(database.as_ref()))
                .or_else(|| database.code().and_then(|code| passing(&code)))
                .unwrap_or(Self::Other(error.into())),
            _ => Self::Other(error.into()),
        }
    }
}

fn constraint(error: &dyn sqlx::error::DatabaseError) -> Option<Error> {
    if !error.is_unique_violation() {
        return None;
    }
    let found = if let Some(name) = error.constraint() {
        CONSTRAINTS.iter().find(|(_, known, _)| *known == name)
    } else {
        let columns = error.message().strip_prefix("UNIQUE constraint failed: ")?;
        CONSTRAINTS.iter().find(|(_, _, known)| *known == columns)
    };
    found.map(|(constraint, _, _)| Error::Conflict(*constraint))
}

/// The owner of a row is a connection that exists: on `PostgreSQL` a foreign key says so, on `SQLite` a trigger.
fn no_owner(error: &dyn sqlx::error::DatabaseError) -> Option<Error> {
    const TRIGGER: &str = "1811";
    let key = error.constraint().is_some_and(|name| name.ends_with("_owner_fkey"));
    let trigger = error.code().is_some_and(|code| code == TRIGGER) && error.constraint().is_none();
    (key || trigger).then_some(Error::ConnectionGone)
}

/// An event or a change without an id is one that would stand before what was told about the same since its transaction began; only
/// `PostgreSQL`, where that can happen, names the table.
fn out_of_order(error: &dyn sqlx::error::DatabaseError) -> Option<Error> {
    let told = error.table().is_some_and(|table| ["events", "changes"].contains(&table));
    (error.kind() == sqlx::error::ErrorKind::NotNullViolation && told).then_some(Error::OutOfOrder)
}

/// The errors that pass without a change of the request, by their codes: five characters are one of `PostgreSQL`,
/// fewer are one of `SQLite`, whose last eight bits are the kind.
fn passing(code: &str) -> Option<Error> {
    if code.len() == 5 {
        return match code {
            // Serialization failure, deadlock.
            "40001" | "40P01" => Some(Error::Conflicting),
            // Lock not available, too many connections, out of memory, statement cancelled, ended for having been idle
            // or open too long.
            "55P03" | "53300" | "53200" | "57014" | "57P05" | "25P03" | "25P04" => Some(Error::Busy),
            "53100" => Some(Error::DiskFull),
            "25006" => Some(Error::ReadOnly),
            // Shutting down, crashed, starting; and everything about the connection itself.
            "57P01" | "57P02" | "57P03" => Some(Error::Unreachable),
            code => code.starts_with("08").then_some(Error::Unreachable),
        };
    }
    match code.parse::<u32>().ok()? & 0xff {
        // Busy, locked, interrupted.
        5 | 6 | 9 => Some(Error::Busy),
        8 => Some(Error::ReadOnly),
        13 => Some(Error::DiskFull),
        14 => Some(Error::Unreachable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait as _;

    use super::*;
    use crate::db::backend;

    #[test]
    fn outage_full_disk_and_busy_are_told_apart_by_their_codes() {
        let word = |code: &str| passing(code).map(|error| error.to_string());
        for (code, expected) in [
            ("5", Some(Error::Busy)),
            ("517", Some(Error::Busy)),
            ("13", Some(Error::DiskFull)),
            ("8", Some(Error::ReadOnly)),
            ("14", Some(Error::Unreachable)),
            ("1", None),
            ("40P01", Some(Error::Conflicting)),
            ("57014", Some(Error::Busy)),
            ("57P01", Some(Error::Unreachable)),
            ("08006", Some(Error::Unreachable)),
            ("53100", Some(Error::DiskFull)),
            ("25006", Some(Error::ReadOnly)),
            ("42601", None),
        ] {
            assert_eq!(word(code), expected.map(|error| error.to_string()), "{code}");
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_said_as_such() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("t.db").display());
        let writer = backend::connect_writer(&url).await.expect("opens");
        writer.execute_unprepared("CREATE TABLE t (b BLOB); PRAGMA max_page_count = 4").await.expect("set");
        let error = writer.execute_unprepared("INSERT INTO t VALUES (zeroblob(100000))").await;
        assert!(matches!(error.map_err(Error::from), Err(Error::DiskFull)));
        writer.close().await;
    }
}
