//! People whom an operator adds, edits and removes by hand; those of a connection are changed where it gets them from.

use chrono::{DateTime, Utc};
use provisioning::{Cause, Grant, PoolId, Situation, UserId, may_remove};
use scim::schema::USER;
use scim::{Object, Registry, resource};
use serde::Serialize;
use serde_json::{Value, json};
use store::{PoolState, ReadUnit, User, WriteUnit};

use super::create::{Arrival, together};
use super::{remove as remove_locked, save};
use crate::consequences::{Agreed, Consequences};
use crate::database::{Attempt, Database};
use crate::entitlement::Rules;
use crate::error::Error;
use crate::find::{checked_address, checked_name};
use crate::hand;
use crate::imports::whose;
use crate::outcome::{Effects, Outcome};
use crate::preview::Preview;
use crate::requester::{Operator, Requester};
use crate::resources::existing;
use crate::rights::Right;

/// A person to add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// What the person is called.
    pub name: String,
    /// The address.
    pub email: String,
    /// The `userName`; the address without it.
    pub user_name: Option<String>,
}

/// Which licence a person gets who is added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Licence {
    /// That of the tenant's pool for people by hand, where there is one.
    #[default]
    OfTenant,
    /// That of this pool, by id or name.
    Of(String),
    /// None.
    None,
}

/// A person who was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// The id.
    pub id: UserId,
    /// The `userName`.
    pub user_name: String,
    /// What followed, in plain words.
    pub effects: Vec<String>,
}

impl Changed {
    pub(crate) fn new(id: UserId, user_name: &str, effects: Effects) -> Self {
        Self { id, user_name: user_name.to_owned(), effects: effects.listed() }
    }
}

impl Person {
    /// The document of the person.
    ///
    /// # Errors
    /// [`Error::Refused`] for a name or an address that cannot be used.
    pub(crate) fn document(&self) -> Result<Object, Error> {
        let (name, email) = (named(&self.name)?, checked_address(&self.email)?);
        let user_name = self.user_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let body = json!({
            "schemas": [USER],
            "userName": user_name.unwrap_or(email),
            "displayName": name,
            "name": { "formatted": name },
            "emails": [{ "value": email, "type": "work", "primary": true }],
        });
        let Value::Object(body) = body else { return Ok(Object::new()) };
        Ok(resource::parse(Registry::standard().user(), &body)?)
    }
}

fn named(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    if name.is_empty() { Err(Error::Refused("the name is missing".to_owned())) } else { checked_name(name) }
}

/// Adds a person, who belongs to no connection.
///
/// # Errors
/// [`Error`] for a name or address that cannot be used, a `userName` or address of another person, a domain that is refused, a pool that has
/// expired, or a full one that refuses.
pub async fn add(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    person: &Person,
    licence: &Licence,
) -> Result<Changed, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let requester = operator.of(scope, Right::Change)?;
    let document = person.document()?;
    let pool = licensed(&db.read(&requester.scope).await?, licence, requester.now).await?;
    let pool = pool.map(|state| state.pool.id);
    let user_name = document.get("userName").and_then(Value::as_str).unwrap_or_default();
    let attempt = async |mut unit: WriteUnit| -> Attempt<(UserId, Effects)> {
        unit.lock_additions().await?;
        check_unknown(&unit, user_name, person.email.trim()).await?;
        let coming = vec![Coming::new(unit.registry(), &requester, document.clone(), pool)?];
        let arrived = arrive(db, &mut unit, coming).await?.pop();
        let (id, effects) = arrived.ok_or_else(|| Error::Refused("no person was added".to_owned()))?;
        Ok((unit, (id, effects?)))
    };
    let (id, effects) = db.write(&requester.scope, attempt).await?.value;
    Ok(Changed::new(id, user_name, effects))
}

/// Refuses a person who is there already, by the name or the address.
async fn check_unknown(unit: &ReadUnit, user_name: &str, email: &str) -> Result<(), Error> {
    let known = unit.known_people(&[user_name], &[email]).await?;
    let Some(known) = known.first() else { return Ok(()) };
    let user = existing(unit.user(known.user).await?, "User", known.user)?;
    let (name, whose) = (user.user_name(), whose(known));
    Err(Error::Refused(format!(
        "a person with that userName or e-mail address exists already: {name}, {whose}"
    )))
}

/// A person who is to be created in a unit.
pub(crate) struct Coming(Arrival);

impl Coming {
    /// A person with this document, and a licence of this pool.
    ///
    /// # Errors
    /// What is wrong with the document.
    pub(crate) fn new(
        registry: &Registry,
        requester: &Requester,
        document: Object,
        pool: Option<PoolId>,
    ) -> Result<Self, Error> {
        Arrival::by_hand(registry, requester, document, pool).map(Self)
    }

    /// The id of the person, and the grants with which the person comes.
    pub(crate) fn facts(&self, rules: &Rules) -> (UserId, Vec<Grant>) {
        (self.0.user().id, self.0.grants(rules))
    }
}

/// Creates people in one unit, as a push does; says for each what followed, or that the `userName` is taken.
///
/// # Errors
/// What a rule or the database says; nothing of the unit may be committed then.
pub(crate) async fn arrive(
    db: &Database,
    unit: &mut WriteUnit,
    coming: Vec<Coming>,
) -> Result<Vec<(UserId, Result<Effects, Error>)>, Error> {
    let arrivals: Vec<Arrival> = coming.into_iter().map(|coming| coming.0).collect();
    if arrivals.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes = together(db, unit, &arrivals, true).await?;
    let ids = arrivals.iter().map(|arrival| arrival.user().id);
    let effects = |outcome: Result<Outcome, Error>| outcome.map(|outcome| outcome.effects);
    Ok(ids.zip(outcomes.into_iter().map(effects)).collect())
}

/// The pool of which people get a licence who are added.
///
/// # Errors
/// [`Error::Refused`] for a pool that has expired: its licences let nobody in.
pub(crate) async fn licensed(
    unit: &ReadUnit,
    licence: &Licence,
    now: DateTime<Utc>,
) -> Result<Option<PoolState>, Error> {
    let pool = match licence {
        Licence::None => None,
        Licence::Of(pool) => Some(crate::find::pool_in(unit, pool).await?),
        Licence::OfTenant => {
            let chosen = hand::pool_of_tenant(unit).await?;
            unit.pools().await?.into_iter().find(|state| Some(state.pool.id) == chosen)
        }
    };
    pool.map(|pool| hand::unexpired(pool, now)).transpose()
}

/// Gives a person another name; nothing else can be edited by hand.
///
/// # Errors
/// [`Error`] if there is no such person, a connection owns them, or the name is empty.
pub async fn rename(db: &Database, operator: &Operator, user: &str, name: &str) -> Result<Changed, Error> {
    let (scope, user) = db.user(operator, user).await?;
    let (requester, id, name) = (operator.of(scope, Right::Change)?, user.id, named(name)?);
    let attempt = async |mut unit: WriteUnit| -> Attempt<Changed> {
        let user = existing(unit.lock_user(id).await?, "User", id)?;
        check_owner(&unit, &user, "edited").await?;
        let mut document = user.resource.document.clone();
        document.insert("displayName".to_owned(), json!(name));
        document.insert("name".to_owned(), json!({ "formatted": name }));
        let mut effects = Effects::default();
        let user = save(&requester, &mut unit, user, document, &mut effects).await?;
        let changed = Changed::new(user.id, user.user_name(), effects);
        Ok((unit, changed))
    };
    Ok(db.write(&requester.scope, attempt).await?.value)
}

/// What would follow if a person was removed.
///
/// # Errors
/// As [`remove`].
pub async fn preview_remove(db: &Database, operator: &Operator, user: &str) -> Result<Consequences, Error> {
    let (scope, user) = db.user(operator, user).await?;
    let unit = db.read(&scope).await?;
    check_owner(&unit, &user, "removed").await?;
    let facts = unit.facts(&[user.id], &[], operator.now).await?;
    check_seats(&facts)?;
    let pools = facts.pools.iter().map(|pool| pool.id).collect();
    let mut preview = Preview::new(&unit, pools, operator.batch, operator.now, |_: &mut Situation| {});
    preview.settle(&[user.id], &Cause::Removed).await?;
    preview.consequences().await
}

/// Removes a person without a licence (S-33, S-36).
///
/// # Errors
/// [`Error`] if there is no such person, a connection owns them, they have a licence, or the operator has not agreed to
/// the loss.
pub async fn remove(
    db: &Database,
    operator: &Operator,
    user: &str,
    agreed: Agreed,
) -> Result<Changed, Error> {
    agreed.check(&preview_remove(db, operator, user).await?)?;
    let (scope, user) = db.user(operator, user).await?;
    let (requester, id) = (operator.of(scope, Right::Change)?, user.id);
    let attempt = async |mut unit: WriteUnit| -> Attempt<Changed> {
        let user = existing(unit.lock_user_for_removal(id).await?, "User", id)?;
        check_owner(&unit, &user, "removed").await?;
        check_seats(&unit.lock_facts(&[id], &[], requester.now).await?)?;
        let effects = remove_locked(&requester, &mut unit, id).await?;
        let changed = Changed::new(id, user.user_name(), effects);
        Ok((unit, changed))
    };
    Ok(db.write(&requester.scope, attempt).await?.value)
}

fn check_seats(facts: &Situation) -> Result<(), Error> {
    facts.people.iter().try_for_each(may_remove).map_err(|refused| Error::Refused(refused.to_string()))
}

/// Refuses to change a person whom a connection owns: the next push would undo it (E-07).
async fn check_owner(unit: &ReadUnit, user: &User, what: &str) -> Result<(), Error> {
    let Some(owner) = user.connection else { return Ok(()) };
    let name = unit.connection(owner).await?.map_or_else(|| owner.to_string(), |connection| connection.name);
    Err(Error::Refused(format!(
        "{} belongs to the connection “{name}” and cannot be {what} by hand: do it in the directory that pushes through \
         “{name}”",
        user.user_name()
    )))
}
