//! Users who are created: many at once, told to the journal, and met with what waits for them.

use std::collections::BTreeSet;
use std::sync::Arc;

use provisioning::{PoolId, UserId};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::db::backend::{for_each, text_elements};
use crate::db::locks::Lock;
use crate::db::sql::Sql;
use crate::error::Error;
use crate::ids::{ConnectionId, IdRow};
use crate::pools::PoolRule;
use crate::touched::{ResourceKey, Touch};
use crate::unique_values;
use crate::unit::WriteUnit;
use crate::users::newcomer::{Newcomer, NewcomerRows, called};
use crate::users::user::User;

/// Users who were created, and what waits for them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrived {
    /// The users who are there now; a user whose `userName` is taken is left out.
    pub created: BTreeSet<UserId>,
    /// Those of their names by which groups wait for them: see [`WriteUnit::unpark_for`].
    pub parked: BTreeSet<String>,
    /// The pools to which people are entitled without a binding.
    pub rules: Vec<PoolRule>,
    /// The settings of the tenant.
    pub settings: Value,
    /// Whether groups wait that this unit has not locked: it must be dropped, and another one begin with
    /// [`WriteUnit::lock_groups_awaiting`].
    pub unlocked: bool,
    /// Whether users who were deleted had an external id of the new: the unit must be dropped, and another one begin with
    /// [`WriteUnit::former_users`].
    pub former: bool,
}

#[derive(FromQueryResult)]
struct AwaitingRow {
    parked: Option<String>,
    pool: Option<Uuid>,
    rule: Option<String>,
    is_default: bool,
    settings: Option<Value>,
    former: bool,
}

impl Arrived {
    /// Whether a group waits for this user.
    #[must_use]
    pub fn is_awaited(&self, user: &User) -> bool {
        user.names().any(|name| self.parked.contains(name))
    }
}

impl WriteUnit {
    /// Creates users and tells the journal: two statements, however many they are, and one for locks. Beside them come users
    /// who have `returned`. Users whom these connections deleted are looked for, of the external ids of the new.
    ///
    /// # Errors
    /// [`Error::Conflict`] if one of them has a unique value that is taken; [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_users(
        &mut self,
        mut new: Vec<&Newcomer>,
        returned: &[&User],
        deleted_by: &BTreeSet<ConnectionId>,
    ) -> Result<Arrived, Error> {
        let mut arrived = Arrived::default();
        if new.is_empty() && returned.is_empty() {
            return Ok(arrived);
        }
        let (tenant, backend, all) = (self.tenant(), self.backend(), new.len());
        let mut rows = NewcomerRows::of(tenant, &mut new)?;
        self.share(&[Lock::Parking, Lock::Rules]).await?;
        let mut sql = Sql::default();
        sql.insert(
            backend,
            &rows.users,
            " ON CONFLICT (tenant_id, user_name_folded, apart) DO NOTHING RETURNING id",
        );
        let created = if new.is_empty() { Vec::new() } else { self.transaction.all::<IdRow>(sql).await? };
        arrived.created = created.iter().map(|row| UserId::new(row.id)).collect();
        new.retain(|newcomer| arrived.created.contains(&newcomer.user.id));
        if new.is_empty() && returned.is_empty() {
            return Ok(arrived);
        }
        let user_type = Arc::clone(self.registry.user());
        let values = new.iter().flat_map(|newcomer| {
            let user = &newcomer.user;
            unique_values::rows(tenant, &user_type, user.id.uuid(), &user.resource.document)
        });
        let values: Vec<_> = values.collect();
        self.insert_values(values).await?;
        if new.len() < all {
            rows = NewcomerRows::of(tenant, &mut new)?;
        }
        let mut sql = Sql::default();
        sql.together(backend, |sql| sql.insert(backend, &rows.values, ""));
        sql.together(backend, |sql| sql.insert(backend, &rows.entries, ""));
        let names = called(&new, returned);
        sql.push("SELECT t.value AS parked, CAST(NULL AS UUID) AS pool, CAST(NULL AS TEXT) AS rule, FALSE AS is_default, CAST(NULL AS JSONB) AS settings, FALSE AS former FROM ");
        let (before, behind) = text_elements(backend);
        sql.push(before).bind(names.as_str()).push(behind);
        let (before, behind) = for_each(backend);
        sql.push(&format!(
            " called {before} parked_members t WHERE t.value = called.value AND t.tenant_id = "
        ));
        sql.bind(tenant).claimed(&self.scope, "t").push(behind);
        sql.push(
            " UNION ALL SELECT NULL, q.id, q.rule, q.is_default, NULL, FALSE FROM pools q WHERE q.tenant_id = ",
        )
        .bind(tenant);
        sql.push(" AND (q.rule IS NOT NULL OR q.is_default)");
        sql.push(" UNION ALL SELECT NULL, NULL, NULL, FALSE, v.settings, FALSE FROM tenants v WHERE v.id = ")
            .bind(tenant);
        if !deleted_by.is_empty() {
            let (before, behind) = text_elements(backend);
            sql.push(" UNION ALL SELECT NULL, NULL, NULL, FALSE, NULL, TRUE FROM ");
            sql.push(before).bind(names.as_str()).push(behind);
            let (before, behind) = for_each(backend);
            sql.push(&format!(
                " called {before} users d WHERE d.external_id = called.value AND d.tenant_id = "
            ));
            sql.bind(tenant).push(" AND d.connection_id IN ");
            sql.list(deleted_by.iter().map(|connection| connection.uuid()));
            sql.push(" AND d.deleted_at IS NOT NULL").push(behind);
        }
        sql.push(" ORDER BY pool");
        for row in self.transaction.all::<AwaitingRow>(sql).await? {
            arrived.former |= row.former;
            arrived.parked.extend(row.parked);
            arrived.settings = row.settings.unwrap_or(arrived.settings);
            arrived.rules.extend(row.pool.map(|pool| PoolRule {
                pool: PoolId::new(pool),
                rule: row.rule,
                default: row.is_default,
            }));
        }
        arrived.created.extend(returned.iter().map(|user| user.id));
        arrived.unlocked = !arrived.parked.is_empty() && !self.locked_awaiting;
        self.bumped.extend(arrived.created.iter().map(|id| id.uuid()));
        for newcomer in new {
            let (key, meta) = (ResourceKey::user(newcomer.user.id.uuid()), newcomer.user.resource.meta);
            self.touch(key, Touch::Created, meta.created);
        }
        Ok(arrived)
    }
}
