//! Tenants: the customer organisations.

use chrono::{DateTime, Utc};
use provisioning::Zone;
use scim::text::fold;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::db::backend::for_update;
use crate::db::sql::Sql;
use crate::entity::tenants;
use crate::error::Error;
use crate::ids::{TenantId, new_id, stored};
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// One customer organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// Where its days begin and end.
    pub time_zone: Zone,
    /// Its settings, as the operations write them.
    pub settings: Value,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl TryFrom<tenants::Model> for Tenant {
    type Error = Error;

    fn try_from(row: tenants::Model) -> Result<Self, Error> {
        let time_zone = zone(&row.time_zone, row.id)?;
        let (id, settings) = (TenantId::new(row.id), row.settings);
        Ok(Self { id, name: row.name, time_zone, settings, created_at: row.created_at })
    }
}

/// The time zone of a row.
fn zone(name: &str, tenant: Uuid) -> Result<Zone, Error> {
    let inconsistent =
        |_| Error::Inconsistent { table: "tenants", column: "time_zone", id: tenant.to_string() };
    name.parse().map_err(inconsistent)
}

/// How much a tenant, a connection or a pool holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Connections.
    pub connections: u64,
    /// Tokens that are not revoked.
    pub tokens: u64,
    /// People.
    pub people: u64,
    /// Groups.
    pub groups: u64,
    /// Licence pools.
    pub pools: u64,
    /// Seats that people hold.
    pub seats: u64,
    /// People who wait for a seat.
    pub waiting: u64,
}

#[derive(FromQueryResult)]
struct ZoneRow {
    time_zone: String,
}

#[derive(FromQueryResult)]
struct ContentsRow {
    connections: i64,
    tokens: i64,
    people: i64,
    groups_: i64,
    pools: i64,
    seats: i64,
    waiting: i64,
}

/// The tables of a tenant's data with their keys, in the order in which their rows can be deleted.
const TABLES: &[(&str, &str)] = &[
    ("import_rows", "import_id, number"),
    ("imports", "id"),
    ("withheld", "user_id, pool_id"),
    ("test_users", "connection_id, name_folded"),
    ("losses", "connection_id, user_id"),
    ("held_losses", "user_id, what"),
    ("seats", "user_id, pool_id"),
    ("grants", "user_id, pool_id, kind"),
    ("bindings", "group_id, pool_id"),
    ("pool_changes", "pool_id, at"),
    ("parked_members", "group_id, value"),
    ("group_members", "group_id, member_id"),
    ("conflicts", "connection_id, user_id"),
    ("user_values", "user_id, attribute, position"),
    ("codes", "user_id, id"),
    ("devices", "user_id, reference"),
    ("holds", "user_id, reference"),
    ("permission_exceptions", "id"),
    ("permissions", "name"),
    ("protected_users", "user_id"),
    ("sessions", "hash"),
    ("single_sign_on", "break_glass"),
    ("issuer_subjects", "issuer_id, subject"),
    ("issuers", "id"),
    ("sign_in_links", "hash"),
    ("recovery_codes", "administrator_id, hash"),
    ("credentials", "administrator_id"),
    ("administrators", "id"),
    ("users", "id"),
    ("user_counts", "id"),
    ("groups", "id"),
    ("unique_values", "resource_type, attribute, value"),
    ("unique_attributes", "resource_type, attribute"),
    ("custom_resources", "id"),
    ("pools", "id"),
    ("quirk_uses", "connection_id, name"),
    ("mail", "id"),
    ("webhook_deliveries", "id"),
    ("webhooks", "id"),
    ("events", "id"),
    ("sets", "id"),
    ("stream_subjects", "stream_id, resource_id"),
    ("streams", "id"),
    ("changes", "id"),
    ("signing_keys", "id"),
    ("deferred_operations", "request_id, number"),
    ("deferred_requests", "id"),
    ("mail_templates", "kind, language"),
    ("api_tokens", "id"),
    ("requests", "id"),
    ("journal", "id"),
    ("tokens", "id"),
    ("idempotency_keys", "connection_id, key"),
    ("walk_places", "connection_id, list, start_index, walk_id"),
    ("connections", "id"),
];

impl ReadUnit {
    /// How much the tenant holds. Test users are no people.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn contents(&self) -> Result<Contents, Error> {
        let counts = [
            ("connections", "connections", ""),
            ("tokens", "tokens", " AND revoked_at IS NULL"),
            ("people", "users", " AND deleted_at IS NULL"),
            ("groups_", "groups", ""),
            ("pools", "pools", ""),
            ("seats", "seats", " AND state = 'assigned'"),
            ("waiting", "seats", " AND state = 'waiting'"),
        ];
        let mut sql = Sql::new("SELECT ");
        for (at, (name, table, condition)) in counts.iter().enumerate() {
            sql.push(if at == 0 { "" } else { ", " });
            sql.push(&format!("(SELECT COUNT(*) FROM {table} u WHERE tenant_id = ")).bind(self.tenant());
            sql.push(condition);
            if *table == "users" {
                sql.push(" AND NOT ").is_test_user(self);
            }
            sql.push(&format!(") AS {name}"));
        }
        let row = self.transaction.one::<ContentsRow>(sql).await?.ok_or(Error::NotFound)?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(Contents {
            connections: count(row.connections),
            tokens: count(row.tokens),
            people: count(row.people),
            groups: count(row.groups_),
            pools: count(row.pools),
            seats: count(row.seats),
            waiting: count(row.waiting),
        })
    }
}

impl ReadUnit {
    /// The time zone of the tenant.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the tenant is gone; [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn time_zone(&self) -> Result<Zone, Error> {
        self.zone_with("").await
    }

    async fn zone_with(&self, lock: &str) -> Result<Zone, Error> {
        let mut sql = Sql::new("SELECT t.time_zone FROM tenants t WHERE t.id = ");
        sql.bind(self.tenant()).push(lock);
        let row = self.transaction.one::<ZoneRow>(sql).await?.ok_or(Error::NotFound)?;
        zone(&row.time_zone, self.tenant())
    }
}

impl ReadUnit {
    /// The tenant of the unit.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is gone; [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn own_tenant(&self) -> Result<Tenant, Error> {
        let row = tenants::Entity::find_by_id(self.tenant()).one(&self.transaction).await?;
        row.ok_or(Error::NotFound)?.try_into()
    }
}

impl WriteUnit {
    /// The time zone of the tenant, which no other unit changes until this one ends. It is locked before any other row,
    /// by units that say when a pool ends.
    ///
    /// # Errors
    /// As [`ReadUnit::time_zone`].
    pub async fn lock_time_zone(&mut self) -> Result<Zone, Error> {
        self.zone_with(for_update(self.backend())).await
    }

    /// Gives the tenant another time zone; its pools with a last day end at another instant then. As
    /// [`WriteUnit::lock_time_zone`], it comes before any other row.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the tenant is gone.
    pub async fn set_time_zone(&mut self, zone: Zone) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE tenants SET time_zone = ");
        sql.bind(zone.as_str()).push(" WHERE id = ").bind(self.tenant());
        if self.transaction.run(sql).await? == 1 { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Gives the tenant other settings.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the tenant is gone.
    pub async fn set_settings(&mut self, settings: &Value) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE tenants SET settings = ");
        sql.bind(settings.clone()).push(" WHERE id = ").bind(self.tenant());
        if self.transaction.run(sql).await? == 1 { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Creates a tenant.
    ///
    /// # Errors
    /// [`Error::Conflict`] if one of this name exists.
    pub async fn insert_tenant(
        &mut self,
        name: &str,
        time_zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Tenant, Error> {
        let row = tenants::Model {
            id: new_id(now),
            name: name.to_owned(),
            name_folded: fold(name).into_owned(),
            time_zone: time_zone.to_string(),
            settings: Value::Object(Map::new()),
            created_at: stored(now),
        };
        self.transaction.insert(row.clone()).await?;
        row.try_into()
    }

    /// Gives a tenant another name.
    ///
    /// # Errors
    /// [`Error::Conflict`] if another one has this name; [`Error::NotFound`] if there is no such tenant.
    pub async fn rename_tenant(&mut self, tenant: TenantId, name: &str) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE tenants SET name = ");
        sql.bind(name).push(", name_folded = ").bind(fold(name).into_owned());
        sql.push(" WHERE id = ").bind(tenant.uuid());
        if self.transaction.run(sql).await? == 1 { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Revokes every token of the tenant, so that no identity provider can push any more.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn revoke_all_tokens(&mut self, now: DateTime<Utc>) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE tokens SET revoked_at = ");
        sql.bind(stored(now)).push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND revoked_at IS NULL");
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// Deletes at most `most` rows of the tenant's data; says how many rows and how many people they were. Once it is
    /// no row, the tenant holds nothing any more but jobs.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_some_data(&mut self, most: u64) -> Result<(u64, u64), Error> {
        for (table, key) in TABLES {
            let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE tenant_id = "));
            sql.bind(self.tenant())
                .push(&format!(" AND ({key}) IN (SELECT {key} FROM {table} WHERE tenant_id = "));
            sql.bind(self.tenant()).push(&format!(" LIMIT {most})"));
            let deleted = self.transaction.run(sql).await?;
            if deleted > 0 {
                return Ok((deleted, if *table == "users" { deleted } else { 0 }));
            }
        }
        Ok((0, 0))
    }

    /// Deletes the tenant itself, which holds no data any more, and its jobs of all kinds but one.
    ///
    /// # Errors
    /// [`Error::Other`] if there is still something in it.
    pub async fn delete_tenant(&mut self, except: &str) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM jobs WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND kind <> ").bind(except);
        self.transaction.run(sql).await?;
        let mut sql = Sql::new("DELETE FROM tenants WHERE id = ");
        sql.bind(self.tenant());
        self.transaction.run(sql).await?;
        Ok(())
    }
}

impl Store {
    /// Every tenant, oldest first.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Error> {
        let rows =
            tenants::Entity::find().order_by_asc(tenants::Column::Id).all(&*self.database().await?).await?;
        rows.into_iter().map(Tenant::try_from).collect()
    }

    /// The tenant of this id or name.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn tenant(&self, id_or_name: &str) -> Result<Option<(TenantScope, Tenant)>, Error> {
        let named = tenants::Column::NameFolded.eq(fold(id_or_name).into_owned());
        let condition = match id_or_name.parse::<Uuid>() {
            Ok(id) => named.or(tenants::Column::Id.eq(id)),
            Err(_) => named,
        };
        let row = tenants::Entity::find().filter(condition).all(&*self.database().await?).await?.pop();
        row.map(|row| Ok((TenantScope::of(row.id), row.try_into()?))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::Options;

    #[derive(FromQueryResult)]
    struct Table {
        name: String,
    }

    #[tokio::test]
    async fn every_table_with_a_tenant_is_emptied_with_the_tenant() {
        let options = Options {
            url: "sqlite::memory:".to_owned(),
            max_connections: 1,
            migrate: true,
            statement_limit: None,
        };
        let store = Store::open(&options).await.expect("opens");
        let unit = store.read(&TenantScope::installation()).await.expect("a unit opens");
        let tables = Sql::new(
            "SELECT m.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'tenant_id'",
        );
        let tables = unit.transaction.all::<Table>(tables).await.expect("readable");
        let tables: BTreeSet<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        // Jobs are deleted with the tenant itself, because one of them does the work.
        let emptied = TABLES.iter().map(|(table, _)| *table).chain(["jobs"]);
        assert_eq!(emptied.collect::<BTreeSet<_>>(), tables);
    }
}
