//! Values that no other resource of the type may have in the tenant, each a row that its resource holds. The `userName` of
//! a user is not among them: it has a constraint of its own.

use scim::{Object, ResourceType};
use uuid::Uuid;

use crate::db::sql::Sql;
use crate::entity::unique_values::{Entity, Model};
use crate::error::Error;
use crate::unit::WriteUnit;

/// The rows of a document.
pub(crate) fn rows(tenant: Uuid, of: &ResourceType, id: Uuid, document: &Object) -> Vec<Model> {
    let values = scim::resource::unique_values(of, document);
    let kept = values.into_iter().filter(|(attribute, _)| of.name != "User" || attribute != "userName");
    let row = |(attribute, value)| Model {
        tenant_id: tenant,
        resource_type: of.name.clone(),
        attribute,
        value,
        resource_id: id,
    };
    kept.map(row).collect()
}

impl WriteUnit {
    /// Gives a resource the unique values of another document, in the place of those that it has.
    ///
    /// # Errors
    /// [`Error::Conflict`] if another resource has one of them; [`Error::Busy`] or [`Error::Other`].
    pub(crate) async fn claim_values(
        &mut self,
        of: &ResourceType,
        id: Uuid,
        before: &Object,
        after: &Object,
    ) -> Result<(), Error> {
        let tenant = self.tenant();
        let (before, after) = (rows(tenant, of, id, before), rows(tenant, of, id, after));
        if before == after {
            return Ok(());
        }
        self.release_values(id).await?;
        self.transaction.insert_all::<Entity>(after).await
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
