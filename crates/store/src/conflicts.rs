//! Conflicts between connections: a name that one of them wanted to create and another one has, and e-mail addresses
//! that users of several connections share.

use chrono::{DateTime, Utc};
use provisioning::UserId;
use scim::text::fold_name;
use sea_orm::FromQueryResult;

use crate::db::backend::for_update;
use crate::db::sql::Sql;
use crate::entity::conflicts;
use crate::error::Error;
use crate::ids::{ConnectionId, stored};
use crate::unit::{ReadUnit, WriteUnit};

/// A user whom a connection could not create, because another connection, or none, owns a user of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The connection that wanted to create the user.
    pub connection: ConnectionId,
    /// Its name.
    pub connection_name: String,
    /// The user who is there.
    pub user: UserId,
    /// The name as the connection wrote it.
    pub user_name: String,
    /// The name of the connection that owns the user.
    pub owner: Option<String>,
    /// How often the connection has tried.
    pub attempts: i64,
    /// When it tried first.
    pub first_at: DateTime<Utc>,
    /// When it tried last.
    pub last_at: DateTime<Utc>,
}

/// An e-mail address of users of different owners.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct SharedEmail {
    /// The address, in the form in which addresses are compared.
    pub email: String,
    /// How many users have it.
    pub users: i64,
    /// The first and the last name among them, in the form in which names are compared.
    pub first: String,
    /// See `first`.
    pub last: String,
}

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    conflict: conflicts::Model,
    connection_name: String,
    owner: Option<String>,
}

impl From<Row> for Conflict {
    fn from(row: Row) -> Self {
        let conflict = row.conflict;
        Self {
            connection: ConnectionId::new(conflict.connection_id),
            connection_name: row.connection_name,
            user: UserId::new(conflict.user_id),
            user_name: conflict.user_name,
            owner: row.owner,
            attempts: conflict.attempts,
            first_at: conflict.first_at,
            last_at: conflict.last_at,
        }
    }
}

impl ReadUnit {
    /// The conflicts that still stand, at most `most`, the latest first. One is over when the user is gone or belongs to
    /// the connection.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn conflicts(
        &self,
        user: Option<UserId>,
        (skipped, most): (u64, u64),
    ) -> Result<Vec<Conflict>, Error> {
        let mut sql = Sql::new(
            "SELECT f.*, c.name AS connection_name, o.name AS owner FROM conflicts f \
             JOIN users u ON u.tenant_id = f.tenant_id AND u.id = f.user_id \
             JOIN connections c ON c.tenant_id = f.tenant_id AND c.id = f.connection_id \
             LEFT JOIN connections o ON o.tenant_id = u.tenant_id AND o.id = u.connection_id \
             WHERE f.tenant_id = ",
        );
        sql.bind(self.tenant())
            .push(" AND u.connection_id IS DISTINCT FROM f.connection_id AND u.deleted_at IS NULL");
        if let Some(user) = user {
            sql.push(" AND f.user_id = ").bind(user.uuid());
        }
        sql.push(" ORDER BY f.last_at DESC, f.connection_id, f.user_id LIMIT ").bind(most);
        sql.push(" OFFSET ").bind(skipped);
        Ok(self.transaction.all::<Row>(sql).await?.into_iter().map(Conflict::from).collect())
    }

    /// The e-mail addresses that users of different owners share, at most `most`, in the order of addresses.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn shared_emails(&self, after: &str, most: u64) -> Result<Vec<SharedEmail>, Error> {
        let mut sql = Sql::new(
            "SELECT v.value AS email, COUNT(DISTINCT v.user_id) AS users, MIN(u.user_name_folded) AS first, \
             MAX(u.user_name_folded) AS last FROM user_values v \
             JOIN users u ON u.tenant_id = v.tenant_id AND u.id = v.user_id WHERE v.tenant_id = ",
        );
        sql.bind(self.tenant()).push(" AND u.deleted_at IS NULL AND v.attribute = 'emails' AND v.value > ");
        sql.bind(after.to_owned()).push(" GROUP BY v.value");
        sql.push(" HAVING COUNT(DISTINCT u.connection_id) + MAX(CASE WHEN u.connection_id IS NULL THEN 1 ELSE 0 END) > 1");
        sql.push(" ORDER BY v.value LIMIT ").bind(most);
        self.transaction.all(sql).await
    }
}

impl WriteUnit {
    /// Notes that a connection wanted to create a user of a name that another owner's user has, or one without owner.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn note_conflict(
        &mut self,
        connection: ConnectionId,
        user_name: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (now, connection) = (stored(now), connection.uuid());
        let mut sql = Sql::new(
            "INSERT INTO conflicts (tenant_id, connection_id, user_id, user_name, attempts, first_at, last_at) \
             SELECT u.tenant_id, ",
        );
        sql.bind(connection).push(", u.id, ").bind(user_name).push(", 1, ").bind(now).push(", ").bind(now);
        // The user or the connection may be deleted at the same time, and then there is no conflict any more.
        sql.push(" FROM users u JOIN connections c ON c.tenant_id = u.tenant_id AND c.id = ")
            .bind(connection);
        sql.push(" WHERE u.tenant_id = ").bind(self.tenant());
        sql.push(" AND u.deleted_at IS NULL AND u.user_name_folded = ").bind(fold_name(user_name));
        sql.push(" AND u.connection_id IS DISTINCT FROM c.id").push(for_update(self.backend()));
        sql.push(
            " ON CONFLICT (tenant_id, connection_id, user_id) DO UPDATE SET attempts = conflicts.attempts + 1, \
             user_name = excluded.user_name, last_at = excluded.last_at",
        );
        self.transaction.run(sql).await?;
        Ok(())
    }
}
