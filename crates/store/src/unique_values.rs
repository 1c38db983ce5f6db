//! Values that no other resource of the type may have in the tenant, each a row that its resource holds. The `userName` of
//! a user is not among them: it has a constraint of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scim::resource::UniqueAttribute;
use scim::{Object, Registry, ResourceType};
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use crate::db::backend::json_text;
use crate::db::rows::Rows;
use crate::db::sql::{CHUNK, Sql};
use crate::entity::unique_values::{Entity, Model};
use crate::error::Error;
use crate::filter_sql::Table;
use crate::scope::TenantScope;
use crate::store::Store;
use crate::tenants::Tenant;
use crate::unit::WriteUnit;

/// The rows of a document.
pub(crate) fn rows(tenant: Uuid, of: &ResourceType, id: Uuid, document: &Object) -> Vec<Model> {
    let values = scim::resource::unique_values(of, document);
    let kept = values.into_iter().filter(|(attribute, _)| !has_constraint(of, attribute));
    let row = |(attribute, value)| Model {
        tenant_id: tenant,
        resource_type: of.name.clone(),
        attribute,
        value,
        resource_id: id,
    };
    kept.map(row).collect()
}

/// Whether the table of the resources keeps the attribute unique.
fn has_constraint(of: &ResourceType, attribute: &str) -> bool {
    of.name == "User" && attribute == "userName"
}

/// The unique attributes of a type whose values are rows.
fn attributes(of: &ResourceType) -> impl Iterator<Item = UniqueAttribute> {
    scim::resource::unique_attributes(of).into_iter().filter(|attribute| !has_constraint(of, &attribute.path))
}

/// Values of an attribute that several resources have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubles {
    /// The type of the resources.
    pub resource_type: String,
    /// The attribute.
    pub attribute: String,
    /// The resources whose value another one has.
    pub resources: u64,
}

/// Resources that are looked at together.
const PORTION: usize = 1_000;

#[derive(FromQueryResult)]
struct Stored {
    id: Uuid,
    document: Value,
}

/// An attribute whose values have been taken up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, FromQueryResult)]
struct Known {
    resource_type: String,
    attribute: String,
    form: String,
}

impl Known {
    fn of(of: &ResourceType, attribute: &UniqueAttribute) -> Self {
        let (resource_type, form) = (of.name.clone(), attribute.form.to_owned());
        Self { resource_type, attribute: attribute.path.clone(), form }
    }
}

#[derive(FromQueryResult)]
struct Written {
    resource_id: Uuid,
    attribute: String,
}

#[derive(FromQueryResult)]
struct KnownIn {
    tenant_id: Uuid,
    #[sea_orm(nested)]
    known: Known,
}

fn wanted(registry: &Registry) -> BTreeSet<Known> {
    let types = registry.resource_types().iter();
    types.flat_map(|of| attributes(of).map(|attribute| Known::of(of, &attribute))).collect()
}

impl Store {
    /// The tenants whose schemas make other attributes unique than those whose values were taken up.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn tenants_with_other_unique_attributes(&self) -> Result<Vec<(TenantScope, Tenant)>, Error> {
        let sql =
            Sql::new("SELECT a.tenant_id, a.resource_type, a.attribute, a.form FROM unique_attributes a");
        let rows = self.database().await?.query_all_raw(sql.statement(self.backend())).await?;
        let mut known: BTreeMap<Uuid, BTreeSet<Known>> = BTreeMap::new();
        for row in &rows {
            let row = KnownIn::from_query_result(row, "")?;
            known.entry(row.tenant_id).or_default().insert(row.known);
        }
        let registries = self.registries();
        let mut tenants = self.tenants().await?;
        tenants.retain(|tenant| {
            known.remove(&tenant.id.uuid()).unwrap_or_default() != wanted(registries.of(tenant.id))
        });
        Ok(tenants.into_iter().map(|tenant| (TenantScope::of(tenant.id.uuid()), tenant)).collect())
    }
}

impl WriteUnit {
    /// Takes up the values of attributes that the schemas of the tenant made unique, and forgets those of attributes that are
    /// unique no more. Of resources that share a value the oldest one has it; answers how many others there are.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn follow_unique_attributes(&mut self) -> Result<Vec<Doubles>, Error> {
        let mut sql = Sql::new(
            "SELECT a.resource_type, a.attribute, a.form FROM unique_attributes a WHERE a.tenant_id = ",
        );
        sql.bind(self.tenant());
        let known: BTreeSet<Known> = self.transaction.all::<Known>(sql).await?.into_iter().collect();
        let registry = Arc::clone(&self.registry);
        for Known { resource_type, attribute, .. } in known.symmetric_difference(&wanted(&registry)) {
            for table in ["unique_values", "unique_attributes"] {
                let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE tenant_id = "));
                sql.bind(self.tenant()).push(" AND resource_type = ").bind(resource_type.as_str());
                sql.push(" AND attribute = ").bind(attribute.as_str());
                self.transaction.run(sql).await?;
            }
        }
        let mut all = Vec::new();
        for of in registry.resource_types() {
            for attribute in attributes(of).filter(|it| !known.contains(&Known::of(of, it))) {
                let resources = self.take_up(of, &attribute).await?;
                let doubles =
                    Doubles { resource_type: of.name.clone(), attribute: attribute.path, resources };
                all.extend((resources > 0).then_some(doubles));
            }
        }
        Ok(all)
    }

    /// Makes a row of each value of an attribute; answers how many resources have none, because an older one has their value.
    async fn take_up(&mut self, of: &ResourceType, attribute: &UniqueAttribute) -> Result<u64, Error> {
        let table = self.table_of(of);
        let names: Vec<&str> = attribute.names.iter().map(String::as_str).collect();
        let (name, row) = (table.name(), table.alias());
        let value = json_text(self.backend(), &format!("{row}.document"), &names);
        let from = |sql: &mut Sql, unit: &Self| {
            sql.push(&format!(" FROM {name} {row} WHERE {row}.tenant_id = ")).bind(unit.tenant());
            match table {
                Table::Custom(_) => sql.push(" AND c.resource_type = ").bind(of.name.as_str()),
                Table::Users => sql.push(" AND u.deleted_at IS NULL"),
                Table::Groups => sql,
            }
            .push(&format!(" AND {value} IS NOT NULL"));
        };
        let (mut after, mut doubles) = (Uuid::nil(), 0);
        loop {
            let mut sql = Sql::new(&format!("SELECT {row}.id, {row}.document"));
            from(&mut sql, self);
            sql.push(&format!(" AND {row}.id > ")).bind(after);
            sql.push(&format!(" ORDER BY {row}.id LIMIT {PORTION}"));
            let found = self.transaction.all::<Stored>(sql).await?;
            let Some(last) = found.last() else { break };
            after = last.id;
            let of_document = |stored: &Stored| {
                let document = stored.document.as_object().cloned().unwrap_or_default();
                rows(self.tenant(), of, stored.id, &document)
            };
            let values = found.iter().flat_map(of_document).filter(|row| row.attribute == attribute.path);
            let values: Vec<Model> = values.collect();
            let otherwise = " ON CONFLICT (tenant_id, resource_type, attribute, value) DO NOTHING";
            doubles += values.len() as u64;
            doubles -= self.transaction.count_inserted::<Entity>(values, otherwise).await?;
        }
        let mut sql =
            Sql::new("INSERT INTO unique_attributes (tenant_id, resource_type, attribute, form) VALUES ");
        sql.rows([[
            self.tenant().into(),
            of.name.clone().into(),
            attribute.path.clone().into(),
            attribute.form.into(),
        ]]);
        sql.push(" ON CONFLICT (tenant_id, resource_type, attribute) DO NOTHING");
        self.transaction.run(sql).await?;
        Ok(doubles)
    }

    /// Gives a resource the unique values of another document, in the place of those that it has.
    ///
    /// # Errors
    /// [`Error::Taken`] if another resource has one of them; [`Error::Busy`] or [`Error::Other`].
    pub(crate) async fn claim_values(
        &mut self,
        of: &ResourceType,
        id: Uuid,
        before: &Object,
        after: &Object,
    ) -> Result<(), Error> {
        let tenant = self.tenant();
        let (before, after) = (rows(tenant, of, id, before), rows(tenant, of, id, after));
        // What stays as it was may be shared with another resource, or be of an attribute that no schema has at present.
        for row in before.iter().filter(|row| !after.contains(row)) {
            let mut sql = Sql::new("DELETE FROM unique_values WHERE tenant_id = ");
            sql.bind(tenant).push(" AND resource_id = ").bind(id);
            sql.push(" AND attribute = ").bind(row.attribute.as_str());
            self.transaction.run(sql).await?;
        }
        let new = after.into_iter().filter(|row| !before.contains(row)).collect();
        self.insert_values(new).await
    }

    /// Writes values that no resource of the type has.
    ///
    /// # Errors
    /// [`Error::Taken`] by the attribute for the first of them that a resource has; [`Error::Busy`] or [`Error::Other`].
    pub(crate) async fn insert_values(&mut self, new: Vec<Model>) -> Result<(), Error> {
        for chunk in new.chunks(CHUNK) {
            let mut sql = Sql::default();
            let rows: Rows<Entity> = chunk.iter().cloned().collect();
            sql.insert(self.backend(), &rows, " ON CONFLICT DO NOTHING RETURNING resource_id, attribute");
            let written = self.transaction.all::<Written>(sql).await?;
            let is_written = |row: &&Model| {
                written.iter().any(|it| it.resource_id == row.resource_id && it.attribute == row.attribute)
            };
            if let Some(taken) = chunk.iter().find(|row| !is_written(row)) {
                return Err(Error::Taken(taken.attribute.clone()));
            }
        }
        Ok(())
    }

    /// Frees the unique values of a resource.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub(crate) async fn release_values(&mut self, id: Uuid) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM unique_values WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND resource_id = ").bind(id);
        self.transaction.run(sql).await.map(drop)
    }
}
