//! Connections: the identity providers that push into a tenant.

use chrono::{DateTime, Utc};
use provisioning::Policy;
use scim::text::fold;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::db::backend::for_update;
use crate::db::sql::Sql;
use crate::entity::connections;
use crate::error::Error;
use crate::ids::{ConnectionId, IdRow, new_id, stored};
use crate::scope::TenantScope;
use crate::unit::{ReadUnit, WriteUnit};

/// One identity provider that pushes into a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Its name, unique in the tenant.
    pub name: String,
    /// The name of the set of quirks that it tolerates.
    pub profile: String,
    /// Quirks tolerated beyond the profile.
    pub with: Vec<String>,
    /// Quirks of the profile that are not tolerated.
    pub without: Vec<String>,
    /// The delays that its administrator has set.
    pub policy: Policy,
    /// Whether it sees and writes the whole tenant, and owns nothing of others.
    pub shared: bool,
    /// The connections whose users and groups it takes over when it writes them.
    pub takes_over: Vec<ConnectionId>,
    /// The networks that its requests come from; from everywhere without any.
    pub networks: Vec<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// A connection to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConnection {
    /// Its name, unique in the tenant.
    pub name: String,
    /// The name of the set of quirks that it tolerates.
    pub profile: String,
    /// Quirks tolerated beyond the profile.
    pub with: Vec<String>,
    /// Quirks of the profile that are not tolerated.
    pub without: Vec<String>,
    /// The delays that its administrator has set.
    pub policy: Policy,
    /// Whether it sees and writes the whole tenant.
    pub shared: bool,
    /// The connections whose users and groups it takes over when it writes them.
    pub takes_over: Vec<ConnectionId>,
    /// The networks that its requests come from; from everywhere without any.
    pub networks: Vec<String>,
}

impl TryFrom<connections::Model> for Connection {
    type Error = Error;

    fn try_from(row: connections::Model) -> Result<Self, Error> {
        let id = row.id.to_string();
        Ok(Self {
            id: ConnectionId::new(row.id),
            name: row.name,
            profile: row.profile,
            with: decode(row.with_quirks, "connections", "with_quirks", &id)?,
            without: decode(row.without_quirks, "connections", "without_quirks", &id)?,
            policy: decode(row.policy, "connections", "policy", &id)?,
            shared: row.shared,
            takes_over: decode(row.takes_over, "connections", "takes_over", &id)?,
            networks: decode(row.networks, "connections", "networks", &id)?,
            created_at: row.created_at,
        })
    }
}

impl Connection {
    /// What of the scope's tenant the connection sees.
    #[must_use]
    pub fn sight(&self, scope: &TenantScope) -> TenantScope {
        let tenant = scope.tenant_id().uuid();
        if self.shared {
            TenantScope::of(tenant)
        } else {
            TenantScope::seen_by(tenant, self.id, &self.takes_over)
        }
    }
}

/// A value of a JSON column.
pub(crate) fn decode<T: DeserializeOwned>(
    value: Value,
    table: &'static str,
    column: &'static str,
    id: &str,
) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|_| Error::Inconsistent { table, column, id: id.to_owned() })
}

impl ReadUnit {
    /// Every connection of the tenant, oldest first.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn connections(&self) -> Result<Vec<Connection>, Error> {
        let rows = connections::Entity::find()
            .filter(connections::Column::TenantId.eq(self.tenant()))
            .order_by_asc(connections::Column::Id)
            .all(&self.transaction)
            .await?;
        rows.into_iter().map(Connection::try_from).collect()
    }

    /// The connection of this id.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, Error> {
        let row = connections::Entity::find()
            .filter(connections::Column::TenantId.eq(self.tenant()))
            .filter(connections::Column::Id.eq(id.uuid()))
            .all(&self.transaction)
            .await?
            .pop();
        row.map(Connection::try_from).transpose()
    }
}

#[derive(FromQueryResult)]
struct OwnedRow {
    people: i64,
    teams: i64,
}

impl ReadUnit {
    /// How many people, without test users, and how many groups a connection owns.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn owned_by(&self, connection: ConnectionId) -> Result<(u64, u64), Error> {
        // Users are counted as they come and go.
        let mut sql =
            Sql::new("SELECT CAST(COALESCE((SELECT SUM(c.people) FROM user_counts c WHERE c.tenant_id = ");
        sql.bind(self.tenant()).push(" AND c.connection_id = ").bind(connection.uuid());
        sql.push("), 0) - ").count_test_users(self, Some(connection));
        sql.push(" AS BIGINT) AS people, (SELECT COUNT(*) FROM groups WHERE tenant_id = ")
            .bind(self.tenant());
        sql.push(" AND connection_id = ").bind(connection.uuid()).push(") AS teams");
        let row = self.transaction.one::<OwnedRow>(sql).await?.ok_or(Error::NotFound)?;
        Ok((u64::try_from(row.people).unwrap_or(0), u64::try_from(row.teams).unwrap_or(0)))
    }

    /// How many resources of types that files define a connection owns.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn custom_resources_of(&self, connection: ConnectionId) -> Result<u64, Error> {
        let mut sql = Sql::new("SELECT COUNT(*) AS total FROM custom_resources c WHERE c.tenant_id = ");
        sql.bind(self.tenant()).push(" AND c.connection_id = ").bind(connection.uuid());
        self.transaction.number(sql).await
    }
}

impl WriteUnit {
    /// Creates a connection.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the tenant has one of this name.
    pub async fn insert_connection(
        &mut self,
        new: &NewConnection,
        now: DateTime<Utc>,
    ) -> Result<Connection, Error> {
        let row = connections::Model {
            tenant_id: self.tenant(),
            id: new_id(now),
            name: new.name.clone(),
            name_folded: fold(&new.name).into_owned(),
            profile: new.profile.clone(),
            with_quirks: json!(new.with),
            without_quirks: json!(new.without),
            policy: json!(new.policy),
            shared: new.shared,
            takes_over: json!(new.takes_over),
            created_at: stored(now),
            networks: json!(new.networks),
        };
        self.transaction.insert(row.clone()).await?;
        row.try_into()
    }
}

impl WriteUnit {
    /// Keeps other operators from these connections until the unit ends. Pushes go on.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_connections(&mut self, ids: &[ConnectionId]) -> Result<(), Error> {
        let mut sql = Sql::new("SELECT c.id FROM connections c WHERE c.tenant_id = ");
        sql.bind(self.tenant()).push(" AND c.id IN ").list(ids.iter().map(|id| id.uuid()));
        sql.push(" ORDER BY c.id").push(for_update(self.backend()));
        self.transaction.all::<IdRow>(sql).await.map(drop)
    }

    /// Gives a connection the name, the profile, the quirks, the policy and the sight of this one.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the tenant has another one of this name; [`Error::NotFound`] if there is no such
    /// connection.
    pub async fn save_connection(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE connections SET name = ");
        sql.bind(connection.name.as_str()).push(", name_folded = ").bind(fold(&connection.name).into_owned());
        sql.push(", profile = ").bind(connection.profile.as_str());
        sql.push(", with_quirks = ").bind(json!(connection.with));
        sql.push(", without_quirks = ").bind(json!(connection.without));
        sql.push(", policy = ").bind(json!(connection.policy));
        sql.push(", shared = ").bind(connection.shared);
        sql.push(", takes_over = ").bind(json!(connection.takes_over));
        sql.push(", networks = ").bind(json!(connection.networks));
        sql.push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND id = ").bind(connection.id.uuid());
        if self.transaction.run(sql).await? == 1 { Ok(()) } else { Err(Error::NotFound) }
    }
}
