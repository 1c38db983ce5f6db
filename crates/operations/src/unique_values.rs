//! Values that are unique by the words of a schema: when schemas change, the values that are there follow.

use store::WriteUnit;

use crate::database::{Attempt, Database};
use crate::error::Error;

/// Takes up the values of attributes that are unique now, and forgets those of attributes that are no more, in every tenant.
/// Resources that share a value keep it, and the log says so.
///
/// # Errors
/// What the database says.
pub async fn follow(db: &Database) -> Result<(), Error> {
    for (scope, tenant) in db.store().tenants_with_other_unique_attributes().await? {
        let follow = async |mut unit: WriteUnit| -> Attempt<_> {
            let doubles = unit.follow_unique_attributes().await?;
            Ok((unit, doubles))
        };
        for it in db.write(&scope, follow).await?.value {
            tracing::warn!(
                tenant = tenant.name,
                resource_type = it.resource_type,
                attribute = it.attribute,
                resources = it.resources,
                "an attribute is to be unique, and resources have the value of an older one: they keep it until they change"
            );
        }
    }
    Ok(())
}
