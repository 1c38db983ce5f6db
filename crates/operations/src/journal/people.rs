//! Whom a name in the journal stands for: people who are there, and people who were deleted.

use std::collections::BTreeMap;

use provisioning::{Subject, UserId};
use scim::Registry;
use scim::filter::{self, FilterDialect};
use scim::protocol::list::Page;
use serde_json::Value;
use store::{ReadUnit, TenantScope};

use super::lines;
use crate::database::Database;
use crate::error::Error;
use crate::requester::Operator;

/// The person of this id, `userName` or e-mail address; one who is not there any more is looked up in the journal.
///
/// # Errors
/// [`Error`] if there is no such person, or several.
pub(crate) async fn find(
    db: &Database,
    operator: &Operator,
    name: &str,
) -> Result<(TenantScope, UserId), Error> {
    let within = db.within(operator).await?;
    if let Some((scope, user)) = db.store().find_user(name, within.as_ref()).await? {
        return Ok((scope, user.id));
    }
    let mut found: BTreeMap<UserId, (TenantScope, String)> = BTreeMap::new();
    for tenant in db.store().tenants().await? {
        if within.as_ref().is_some_and(|scope| scope.tenant_id() != tenant.id) {
            continue;
        }
        let (scope, _) = db.tenant(&tenant.id.to_string()).await?;
        let people = in_tenant(&db.read(&scope).await?, name, None).await?;
        found.extend(people.into_iter().map(|person| (person, (scope.clone(), tenant.name.clone()))));
    }
    if found.len() > 1 {
        let one = |(id, (_, tenant)): (&UserId, &(TenantScope, String))| format!("{id} (tenant {tenant})");
        let all: Vec<String> = found.iter().map(one).collect();
        let said = format!("\"{name}\" is one of several, name it by id: {}", all.join(", "));
        return Err(Error::Refused(said));
    }
    let advice = "name one by userName, e-mail address or id";
    let (person, (scope, _)) = found.pop_first().ok_or_else(|| Error::unknown("user", name, advice))?;
    Ok((scope, person))
}

/// The people of one tenant: those with this e-mail address, or else those whom the journal knows by this id or name, where
/// so many of its latest entries are read, or all.
pub(super) async fn in_tenant(
    unit: &ReadUnit,
    name: &str,
    latest: Option<u64>,
) -> Result<Vec<UserId>, Error> {
    let filter = format!("emails.value eq {}", Value::from(name));
    let parsed = filter::parse(Registry::standard().user(), &filter, FilterDialect::default());
    if let Ok((filter, _)) = parsed {
        let (_, users) = unit.users(Some(&filter), Page { start_index: 1, count: 10 }).await?;
        if !users.is_empty() {
            return Ok(users.into_iter().map(|user| user.id).collect());
        }
    }
    match name.parse::<UserId>() {
        Ok(id) if lines(unit, Some(Subject::User(id)), 1).await?.is_empty() => Ok(Vec::new()),
        Ok(id) => Ok(vec![id]),
        Err(_) => Ok(unit.people_in_journal(name, latest).await?),
    }
}
