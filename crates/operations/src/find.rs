//! Things by id or by name, as people type them.

use provisioning::UserId;
use scim::Registry;
use scim::filter::{self, FilterDialect};
use scim::protocol::list::Page;
use scim::text::{fold, fold_name, invisible};
use serde_json::Value;
use store::{Connection, Group, PoolState, ReadUnit, Tenant, TenantScope, User};

use crate::address::is_address;
use crate::database::Database;
use crate::error::Error;
use crate::requester::Operator;

/// What to do about a group that is not there.
const NO_GROUP: &str =
    "an identity provider has to push it first, `rollcall group list --tenant TENANT` shows all";

impl Database {
    /// The tenant of this id or name.
    pub(crate) async fn tenant(&self, name: &str) -> Result<(TenantScope, Tenant), Error> {
        let found = self.store().tenant(name).await?;
        found.ok_or_else(|| Error::unknown("tenant", name, "`rollcall tenant list` shows all"))
    }

    /// The scope of the tenant of this id or name, or of the installation.
    pub(crate) async fn scope_of(&self, tenant: Option<&str>) -> Result<TenantScope, Error> {
        match tenant {
            Some(tenant) => Ok(self.tenant(tenant).await?.0),
            None => Ok(TenantScope::installation()),
        }
    }

    /// The tenant that an operator has named, if any.
    pub(crate) async fn within(&self, operator: &Operator) -> Result<Option<TenantScope>, Error> {
        match &operator.tenant {
            Some(tenant) => Ok(Some(self.tenant(tenant).await?.0)),
            None => Ok(None),
        }
    }

    /// The connection of this id or name.
    pub(crate) async fn connection(
        &self,
        operator: &Operator,
        name: &str,
    ) -> Result<(TenantScope, Connection), Error> {
        let within = self.within(operator).await?;
        let found = self.store().connection(name, within.as_ref()).await?;
        let advice = "`rollcall connection list --tenant TENANT` shows all";
        found.ok_or_else(|| Error::unknown("connection", name, advice))
    }

    /// The user of this id or `userName`.
    pub(crate) async fn user(&self, operator: &Operator, name: &str) -> Result<(TenantScope, User), Error> {
        let within = self.within(operator).await?;
        let found = self.store().find_user(name, within.as_ref()).await?;
        let advice = "name one by userName or id, `rollcall user list --tenant TENANT` shows all";
        found.ok_or_else(|| Error::unknown("user", name, advice))
    }

    /// The person of this id or `userName` for whom the brake holds something.
    pub(crate) async fn held(&self, operator: &Operator, name: &str) -> Result<(TenantScope, UserId), Error> {
        let within = self.within(operator).await?;
        let found = self.store().find_held(name, within.as_ref()).await?;
        let why = || {
            format!("the brake holds nothing for \"{name}\": `rollcall brake list` shows for whom it does")
        };
        found.ok_or_else(|| Error::Refused(why()))
    }

    /// The group of this id or name.
    pub(crate) async fn group(&self, operator: &Operator, name: &str) -> Result<(TenantScope, Group), Error> {
        let within = self.within(operator).await?;
        let found = self.store().find_group(name, within.as_ref()).await?;
        found.ok_or_else(|| Error::unknown("group", name, NO_GROUP))
    }

    /// The pool of this id or name.
    pub(crate) async fn pool(
        &self,
        operator: &Operator,
        name: &str,
    ) -> Result<(TenantScope, PoolState), Error> {
        let within = self.within(operator).await?;
        let found = self.store().find_pool(name, within.as_ref()).await?;
        let advice = "`rollcall pool list --tenant TENANT` shows all";
        found.ok_or_else(|| Error::unknown("licence pool", name, advice))
    }

    /// A group and a pool of one tenant: either may have a name that exists in other tenants too.
    pub(crate) async fn group_and_pool(
        &self,
        operator: &Operator,
        group: &str,
        pool: &str,
    ) -> Result<(TenantScope, Group, PoolState), Error> {
        let within = self.within(operator).await?;
        match self.store().find_group(group, within.as_ref()).await {
            Ok(Some((scope, group))) => {
                let pool = pool_in(&self.read(&scope).await?, pool).await?;
                Ok((scope, group, pool))
            }
            Ok(None) => Err(Error::unknown("group", group, NO_GROUP)),
            Err(ambiguous @ store::Error::Ambiguous(_)) => {
                let Ok(Some((scope, pool))) = self.store().find_pool(pool, within.as_ref()).await else {
                    return Err(ambiguous.into());
                };
                match group_in(&self.read(&scope).await?, group).await? {
                    Some(group) => Ok((scope, group, pool)),
                    None => Err(ambiguous.into()),
                }
            }
            Err(other) => Err(other.into()),
        }
    }
}

/// The only group of this name in the unit's tenant.
async fn group_in(unit: &ReadUnit, name: &str) -> Result<Option<Group>, Error> {
    let filter = format!("displayName eq {}", Value::from(name));
    let parsed = filter::parse(Registry::standard().group(), &filter, FilterDialect::default());
    let (filter, _) = parsed.map_err(|error| Error::Refused(error.to_string()))?;
    let (total, mut groups) = unit.groups(Some(&filter), Page { start_index: 1, count: 2 }).await?;
    Ok(if total == 1 { groups.pop() } else { None })
}

/// The user of this id or `userName` in a tenant.
pub(crate) async fn user_in(db: &Database, scope: &TenantScope, name: &str) -> Result<User, Error> {
    let found = db.store().find_user(name, Some(scope)).await?;
    let advice = "it must be one of the same tenant, `rollcall user list` shows them";
    found.map(|(_, user)| user).ok_or_else(|| Error::unknown("user", name, advice))
}

/// The pool of this id or name in the unit's tenant.
pub(crate) async fn pool_in(unit: &ReadUnit, name: &str) -> Result<PoolState, Error> {
    let folded = fold(name);
    let is_it = |state: &PoolState| state.pool.id.to_string() == name || fold(&state.pool.name) == folded;
    let found = unit.pools().await?.into_iter().find(is_it);
    found.ok_or_else(|| {
        Error::unknown(
            "licence pool",
            name,
            "it must be one of the same tenant, `rollcall pool list` shows them",
        )
    })
}

/// A name that people can type again.
pub(crate) fn checked_name(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    let hides = name.chars().any(char::is_control) || invisible(name).is_some();
    if fold_name(name).is_empty() || name.chars().count() > 200 || hides {
        let why = "a name has 1 to 200 letters, and neither control characters nor invisible ones";
        return Err(Error::Refused(why.to_owned()));
    }
    Ok(name)
}

/// An e-mail address as people type it, without the spaces around it.
pub(crate) fn checked_address(typed: &str) -> Result<&str, Error> {
    let email = typed.trim();
    if !is_address(email) {
        return Err(Error::Refused(format!("\"{email}\" is no e-mail address")));
    }
    Ok(email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_read_and_typed_again() {
        for name in ["Northlight", " Vault ", "中村", "👩‍🚀"] {
            assert_eq!(checked_name(name).ok(), Some(name.trim()), "{name}");
        }
        for name in ["", " ", "\u{200b}", "\u{200d}", "\u{202e}evil", "North\u{200b}light", "a\nb"] {
            assert!(checked_name(name).is_err(), "{name:?}");
        }
    }
}
