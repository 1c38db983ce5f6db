//! The domains of a tenant: kept by operators, and asked about at every door by which people come in.

use provisioning::{Admission, Cause, DomainPolicy, Domains, Entry, EntryKind, Subject, UserId, domain_name};
use scim::Object;
use serde::Serialize;
use serde_json::{Value, json};
use store::{ReadUnit, User, WriteUnit};

use crate::address;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::{Operator, Requester};
use crate::rights::Right;
use crate::tenants::Settings;

pub use provisioning::DomainPolicy as Policy;

/// The domains of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// What becomes of people with an address in another domain, where there are domains.
    pub policy: DomainPolicy,
    /// The domains, each as an item of a list.
    pub items: Vec<Domain>,
}

/// A domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Domain {
    /// Its name in ASCII.
    pub id: String,
}

/// What is to be another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A domain comes.
    Add(String),
    /// A domain goes.
    Remove(String),
    /// Other people fare otherwise.
    Policy(DomainPolicy),
}

impl From<Domains> for Listed {
    fn from(domains: Domains) -> Self {
        Self { policy: domains.policy, items: domains.names.into_iter().map(|id| Domain { id }).collect() }
    }
}

/// The domains of a tenant.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, tenant: &str) -> Result<Listed, Error> {
    let (_, tenant) = db.tenant(tenant).await?;
    Ok(Settings::of(&tenant)?.domains().into())
}

/// Changes the domains of a tenant, or what becomes of people with an address elsewhere. It holds for people who come
/// or change from now on; those who are there stay as they are.
///
/// # Errors
/// [`Error`] if there is no such tenant, a text is no domain, or nothing would change.
pub async fn change(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    change: &Change,
) -> Result<Listed, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let requester = operator.of(scope, Right::Change)?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<Domains> {
        // The row of the tenant is locked, so that two changes at once are both kept.
        unit.lock_time_zone().await?;
        let known = unit.own_tenant().await?;
        let before = Settings::of(&known)?;
        let mut after = before.clone();
        let words = match change {
            Change::Add(text) => {
                let name = domain_name(text).map_err(Error::Refused)?;
                let words = format!("added the domain {name} to");
                after.domains.insert(name);
                words
            }
            Change::Remove(text) => {
                let name = domain_name(text).map_err(Error::Refused)?;
                if !after.domains.remove(&name) {
                    let advice = "`rollcall domain list --tenant TENANT` shows all";
                    return Err(Error::unknown("domain", &name, advice));
                }
                format!("removed the domain {name} from")
            }
            Change::Policy(policy) => {
                after.domain_policy = Some(*policy);
                format!("chose “{policy}” for people with an address in none of the domains of")
            }
        };
        if after.domains() == before.domains() {
            return Err(Error::already(format!("the tenant {}", known.name), "is like that already"));
        }
        unit.set_settings(&after.value()).await?;
        let why = format!("An administrator {words} the tenant “{}”.", known.name);
        let mut entry = Entry::new(Subject::Tenant(known.id), EntryKind::DomainsChanged, why);
        (entry.before, entry.after) = (Some(seen(&before)), Some(seen(&after)));
        unit.record([(&entry, &requester.actor)], requester.now).await?;
        Ok((unit, after.domains()))
    };
    Ok(db.write(&requester.scope, attempt).await?.value.into())
}

fn seen(settings: &Settings) -> Value {
    json!({ "domains": settings.domains, "policy": settings.domains().policy })
}

/// What stands on a person's row because of the domain of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The domain for which the person is held.
    pub(crate) held: Option<String>,
    /// The domain for which the person is flagged.
    pub(crate) flagged: Option<String>,
}

impl Mark {
    /// What the domains say about a person with this document.
    ///
    /// # Errors
    /// 400 `invalidValue`, naming the domain, where the policy refuses it.
    pub(crate) fn of(domains: &Domains, document: &Object) -> Result<Self, Error> {
        match domains.admit(texts(document)) {
            Admission::Admitted => Ok(Self::default()),
            Admission::Held(domain) => Ok(Self { held: Some(domain), flagged: None }),
            Admission::Flagged(domain) => Ok(Self { held: None, flagged: Some(domain) }),
            Admission::Refused(domain) => Err(refused(&domain).into()),
        }
    }

    /// The same for a document that takes the place of another one; none where the addresses stay.
    pub(crate) async fn of_change(
        unit: &ReadUnit,
        user: &User,
        after: &Object,
    ) -> Result<Option<Self>, Error> {
        if texts(&user.resource.document).eq(texts(after)) {
            return Ok(None);
        }
        let domains = Settings::of(&unit.own_tenant().await?)?.domains();
        Self::of(&domains, after)?.behind(unit, user.id).await.map(Some)
    }

    /// The same for a person who has a mark already: an administrator's word outlasts another address in the same domain.
    pub(crate) async fn behind(self, unit: &ReadUnit, user: UserId) -> Result<Self, Error> {
        let Some(domain) = &self.held else { return Ok(self) };
        let known = unit.marks(&[user]).await?.remove(&user);
        let released =
            known.is_some_and(|known| known.held.is_none() && known.flagged.as_ref() == Some(domain));
        Ok(if released { Self { flagged: self.held, held: None } } else { self })
    }

    /// Writes it on the row of a person whose address has changed; the cause to settle the person for, where being held
    /// begins or ends.
    pub(crate) async fn set(
        &self,
        unit: &mut WriteUnit,
        requester: &Requester,
        user: &User,
    ) -> Result<Option<Cause>, Error> {
        let known = unit.marks(&[user.id]).await?.remove(&user.id).unwrap_or_default();
        if (&known.held, &known.flagged) == (&self.held, &self.flagged) {
            return Ok(None);
        }
        unit.mark_domain(user.id, self.held.as_deref(), self.flagged.as_deref()).await?;
        let free = || {
            let why =
                format!("{} has an address that the domains of the organisation admit.", user.user_name());
            Entry::new(Subject::User(user.id), EntryKind::DomainChecked, why)
        };
        let entry = self.entry(user.id, user.user_name()).unwrap_or_else(free);
        unit.record([(&entry, &requester.actor)], requester.now).await?;
        Ok(Self::cause(known.held.is_some(), self.held.is_some()))
    }

    /// The cause to settle a person for who was held before or not, and is held after or not.
    pub(crate) const fn cause(before: bool, after: bool) -> Option<Cause> {
        match (before, after) {
            (false, true) => Some(Cause::HeldForDomain),
            (true, false) => Some(Cause::Admitted),
            _ => None,
        }
    }

    /// What the journal says of it, where there is something to say.
    pub(crate) fn entry(&self, user: UserId, name: &str) -> Option<Entry> {
        let why = match (&self.held, &self.flagged) {
            (Some(domain), _) => {
                format!("{name} is held because the domain {domain} is none of the organisation's.")
            }
            (None, Some(domain)) => {
                format!("{name} is flagged because the domain {domain} is none of the organisation's.")
            }
            (None, None) => return None,
        };
        Some(Entry::new(Subject::User(user), EntryKind::DomainChecked, why))
    }
}

/// The texts of a person whose domains count: the `userName`, and the address to which mail goes.
fn texts(document: &Object) -> impl Iterator<Item = &str> {
    let user_name = document.get("userName").and_then(Value::as_str);
    user_name.into_iter().chain(address::of(document))
}

fn refused(domain: &str) -> scim::Error {
    let detail = format!(
        "The domain {domain} is none of the organisation's, and people with an address elsewhere are refused."
    );
    scim::Error::invalid_value(detail)
}
