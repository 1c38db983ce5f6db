//! Creating users: one way, for one or for many who arrive at the same time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use provisioning::{Cause, Entry, EntryKind, Grant, GrantSource, PoolId, Subject, UserId};
use scim::compat::{Profile, Used};
use scim::project::Projection;
use scim::{Object, Registry};
use serde_json::json;
use store::{
    Arrived, Computed, ConnectionId, Constraint, GrantKind, NewUser, Newcomer, ResourceKey, User, Wanted,
    WriteUnit,
};

use crate::alerts;
use crate::conflicts;
use crate::database::Database;
use crate::domains::Mark;
use crate::entitlement::Rules;
use crate::error::Error;
use crate::outcome::{Effects, Outcome};
use crate::parked;
use crate::representation::{View, shown, wanted};
use crate::requester::Requester;
use crate::resources::{check_formats, existing};
use crate::settle::Change;
use crate::tenants::Settings;

/// A user to create, with everything done that needs no unit of work.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) requester: Requester,
    pub(super) newcomer: Newcomer,
    /// The user who was deleted, and has come back as the same one.
    returned: Option<User>,
    projection: Projection,
    /// The pool of which the person gets a licence by hand.
    licence: Option<PoolId>,
}

/// Creates a user, who may have arrived together with others. The answer comes once the user is on the disk.
///
/// # Errors
/// What is wrong with the document, `uniqueness` for a `userName` that is taken, or what a rule or the database says.
pub async fn create(
    db: &super::super::database::Shared,
    requester: &Requester,
    document: Object,
    projection: &Projection,
) -> Result<Outcome, Error> {
    let mut used = Used::default();
    check_formats(requester, None, &document, &mut used)?;
    let arrival = Arrival::new(&db.registry(&requester.scope), requester, document, projection)?;
    let user_name = arrival.user().user_name().to_owned();
    let mut outcome = super::arrivals::create(db, arrival).await;
    match &mut outcome {
        Ok(outcome) => outcome.used.merge(used),
        Err(refusal) => {
            alerts::note_refusal(db, &requester.scope, refusal, requester.now).await;
            conflicts::note(db, requester, &user_name, refusal).await?;
        }
    }
    outcome
}

impl Arrival {
    fn new(
        registry: &Registry,
        requester: &Requester,
        document: Object,
        projection: &Projection,
    ) -> Result<Self, Error> {
        let (id, now) = (UserId::new(store::new_id(requester.now)), requester.now);
        let name = document.get("userName").and_then(serde_json::Value::as_str).unwrap_or_default();
        let by = requester.provider.as_ref().map(|it| format!("“{}”", it.connection.name));
        let why = format!("{name} was created by {}.", by.as_deref().unwrap_or("an administrator"));
        let mut entry = Entry::new(Subject::User(id), EntryKind::UserCreated, why);
        // The journal is asked by e-mail address, too, when the user is there no more.
        entry.after = document.get("emails").map(|emails| json!({ "emails": emails }));
        let new = NewUser {
            id,
            document,
            connection: requester.provider.as_ref().map(|provider| provider.connection.id),
            entry,
            actor: requester.actor.clone(),
        };
        let newcomer = Newcomer::new(registry, &requester.scope, new, now)?;
        Ok(Self {
            requester: requester.clone(),
            newcomer,
            returned: None,
            projection: projection.clone(),
            licence: None,
        })
    }

    /// A person whom an operator adds, with a licence of this pool.
    pub(super) fn by_hand(
        registry: &Registry,
        requester: &Requester,
        document: Object,
        licence: Option<PoolId>,
    ) -> Result<Self, Error> {
        check_formats(requester, None, &document, &mut Used::default())?;
        Ok(Self { licence, ..Self::new(registry, requester, document, &Projection::default())? })
    }

    pub(super) fn user(&self) -> &User {
        self.returned.as_ref().unwrap_or_else(|| self.newcomer.user())
    }

    /// The connection whose deleted users may come back by this request, by an equal `externalId`: a name alone makes no
    /// one the same person, and some profiles mean the standard, in which what was deleted is gone (RFC 7644 §3.6).
    fn may_return(&self) -> Option<ConnectionId> {
        let provider = self.requester.provider.as_deref()?;
        let forgets = provider.connection.profile.parse().is_ok_and(Profile::forgets_deleted);
        let named = self.newcomer.user().resource.document.contains_key("externalId");
        (named && !forgets).then_some(provider.connection.id)
    }

    /// The grants with which the user comes: the licence by hand, those by rules, and those that every user gets.
    pub(super) fn grants(&self, rules: &Rules) -> Vec<Grant> {
        let by_hand = self.licence.map(|pool| Grant { pool, source: GrantSource::ByHand });
        let mut grants: Vec<Grant> = by_hand.into_iter().collect();
        rules.grants(&rules.matching(self.user()), &mut grants);
        rules.defaults(&mut grants);
        grants
    }
}

/// Creates users in one unit, gives them what waited for them, and settles all at once; answers each. Where groups
/// may have `awaited` one of them, those groups are locked first.
///
/// # Errors
/// [`Error`]; nothing may be committed then. [`Error::Awaited`] if a group waits for one of them and is not locked.
pub(super) async fn together(
    db: &Database,
    unit: &mut WriteUnit,
    arrivals: &[Arrival],
    awaited: bool,
) -> Result<Vec<Result<Outcome, Error>>, Error> {
    let mut own = Vec::new();
    if awaited {
        let documents: Vec<&Object> =
            arrivals.iter().map(|arrival| &arrival.user().resource.document).collect();
        unit.lock_groups_awaiting(&documents).await?;
        own = return_former(unit, arrivals).await?;
    }
    let deleted_by: BTreeSet<ConnectionId> =
        arrivals.iter().filter_map(Arrival::may_return).filter(|_| !awaited).collect();
    let arrivals = if awaited { &own } else { arrivals };
    let (returned, new): (Vec<&Arrival>, Vec<&Arrival>) =
        arrivals.iter().partition(|arrival| arrival.returned.is_some());
    let returned: Vec<&User> = returned.into_iter().map(Arrival::user).collect();
    let new = new.into_iter().map(|arrival| &arrival.newcomer).collect();
    let arrived = unit.insert_users(new, &returned, &deleted_by).await?;
    if arrived.unlocked || arrived.former {
        return Err(Error::Awaited);
    }
    for arrival in arrivals {
        let resource = ResourceKey::user(arrival.user().id.uuid());
        arrival.requester.ascribe(unit, resource, false);
    }
    let now = arrivals.iter().map(|arrival| arrival.requester.now).max().unwrap_or_default();
    let created: Vec<&Arrival> =
        arrivals.iter().filter(|arrival| arrived.created.contains(&arrival.user().id)).collect();
    for arrival in &created {
        arrival.requester.note_created(unit, arrival.user().id.uuid()).await?;
    }
    let mut welcome =
        Welcome { touched: returned.iter().map(|user| user.id).collect(), ..Welcome::default() };
    welcome.check_domains(unit, &created, &arrived, now).await?;
    welcome.join(unit, &created, &arrived, now).await?;
    welcome.grant(unit, &created, &arrived, now).await?;
    welcome.settle(unit, &created, now).await?;
    welcome.show(db, unit, arrivals, &arrived).await
}

/// The arrivals, with the users who were deleted and come back by one of them.
async fn return_former(unit: &mut WriteUnit, arrivals: &[Arrival]) -> Result<Vec<Arrival>, Error> {
    let mut own = arrivals.to_vec();
    let external_id = |arrival: &Arrival| {
        let document = &arrival.newcomer.user().resource.document;
        document.get("externalId").and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    let mut former = HashMap::new();
    for connection in own.iter().filter_map(Arrival::may_return).collect::<BTreeSet<_>>() {
        let its = own.iter().filter(|arrival| arrival.may_return() == Some(connection));
        let named: Vec<String> = its.filter_map(external_id).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        let found = unit.former_users(&named, connection).await?;
        former.extend(found.into_iter().map(|(external_id, user)| ((connection, external_id), user)));
    }
    for arrival in &mut own {
        let key = arrival.may_return().zip(external_id(arrival));
        let Some(id) = key.and_then(|key| former.remove(&key)) else { continue };
        let now = arrival.requester.now;
        // Where another user has the name by now, the request is refused as any other is.
        arrival.returned = unit.return_user(id, &arrival.newcomer.user().resource.document, now).await?;
        if let Some(user) = &arrival.returned {
            let by = arrival.requester.provider.as_ref().map_or("", |it| it.connection.name.as_str());
            let why = format!("{} came back through “{by}” as the same person.", user.user_name());
            let entry = Entry::new(Subject::User(id), EntryKind::Returned, why);
            unit.record([(&entry, &arrival.requester.actor)], now).await?;
        }
    }
    Ok(own)
}

/// The groups, grants and decisions that wait for users who arrive.
#[derive(Default)]
struct Welcome {
    effects: HashMap<UserId, Effects>,
    /// Users whose facts have changed since they were made.
    touched: BTreeSet<UserId>,
}

impl Welcome {
    /// What the domains of the tenant say about them: refused, held, flagged.
    async fn check_domains(
        &mut self,
        unit: &mut WriteUnit,
        created: &[&Arrival],
        arrived: &Arrived,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if created.is_empty() {
            return Ok(());
        }
        let domains = Settings::read(&arrived.settings, unit.scope().tenant_id())?.domains();
        let mut entries = Vec::new();
        for arrival in created {
            let user = arrival.user();
            let mut mark = Mark::of(&domains, &user.resource.document)?;
            if arrival.returned.is_some() {
                mark = mark.behind(unit, user.id).await?;
                unit.mark_domain(user.id, mark.held.as_deref(), mark.flagged.as_deref()).await?;
            }
            if let Some(entry) = mark.entry(user.id, user.user_name()) {
                unit.mark_domain(user.id, mark.held.as_deref(), mark.flagged.as_deref()).await?;
                let word = if mark.held.is_some() { "held" } else { "flagged" };
                self.effects.entry(user.id).or_default().note(format!("{word} for a foreign domain"));
                entries.push((entry, &arrival.requester.actor));
            }
        }
        Ok(unit.record(entries.iter().map(|(entry, actor)| (entry, *actor)), now).await?)
    }

    /// The groups that named a user before the user was there.
    async fn join(
        &mut self,
        unit: &mut WriteUnit,
        created: &[&Arrival],
        arrived: &Arrived,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        for arrival in created {
            self.effects.entry(arrival.user().id).or_default().note("person created");
        }
        let awaited = created.iter().filter(|arrival| arrived.is_awaited(arrival.user()));
        let awaited: Vec<_> = awaited.map(|arrival| (arrival.user(), &arrival.requester.actor)).collect();
        if awaited.is_empty() {
            return Ok(());
        }
        for (user, _, _) in parked::join(unit, &awaited, now).await? {
            if self.touched.insert(user) {
                self.effects.entry(user).or_default().note("joined a group that named the person before");
            }
        }
        Ok(())
    }

    /// The grants by rules, and those that every user gets.
    async fn grant(
        &mut self,
        unit: &mut WriteUnit,
        created: &[&Arrival],
        arrived: &Arrived,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let rules = Rules::among(unit.registry(), &arrived.rules);
        let mut matching: BTreeMap<PoolId, Vec<UserId>> = BTreeMap::new();
        for arrival in created {
            if let Some(pool) = arrival.licence {
                unit.insert_grant(arrival.user().id, pool, GrantKind::ByHand, now).await?;
                self.touched.insert(arrival.user().id);
            }
        }
        for arrival in created {
            for pool in rules.matching(arrival.user()) {
                matching.entry(pool).or_default().push(arrival.user().id);
            }
        }
        for (pool, users) in &matching {
            unit.grant_attribute(users, *pool, now).await?;
            self.touched.extend(users);
        }
        if arrived.rules.iter().any(|pool| pool.default) && !created.is_empty() {
            let users: Vec<UserId> = created.iter().map(|arrival| arrival.user().id).collect();
            unit.grant_default(&users, now).await?;
            self.touched.extend(users);
        }
        Ok(())
    }

    /// What follows for all of them.
    async fn settle(
        &mut self,
        unit: &mut WriteUnit,
        created: &[&Arrival],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let people: Vec<UserId> = self.touched.iter().copied().collect();
        if people.is_empty() {
            return Ok(());
        }
        let actors: HashMap<UserId, &store::Actor> =
            created.iter().map(|arrival| (arrival.user().id, &arrival.requester.actor)).collect();
        let Some(first) = created.first() else { return Ok(()) };
        let change = Change { cause: &Cause::Created, actor: &first.requester.actor, now };
        let followed = change.settle_together(unit, &people, &actors).await?;
        for (user, effects) in followed {
            self.effects.entry(user).or_default().merge(effects);
        }
        Ok(())
    }

    /// The answers, in the order of the arrivals.
    async fn show(
        mut self,
        db: &Database,
        unit: &store::ReadUnit,
        arrivals: &[Arrival],
        arrived: &Arrived,
    ) -> Result<Vec<Result<Outcome, Error>>, Error> {
        let touched: Vec<UserId> = self.touched.iter().copied().collect();
        let mut changed: HashMap<UserId, User> = HashMap::new();
        if !touched.is_empty() {
            changed = unit.users_among(&touched).await?.into_iter().map(|user| (user.id, user)).collect();
        }
        let projections: Vec<&Projection> = arrivals.iter().map(|arrival| &arrival.projection).collect();
        // A user who was not touched can have neither groups nor licences yet.
        let computed = unit.computed(&touched, wanted(&projections)).await?;
        let plain: Vec<User> = arrivals
            .iter()
            .map(Arrival::user)
            .filter(|user| arrived.created.contains(&user.id) && !changed.contains_key(&user.id))
            .cloned()
            .collect();
        let managed: Vec<UserId> =
            plain.iter().filter(|user| user.names_manager()).map(|user| user.id).collect();
        let manager = Wanted { groups: false, licences: false, ..wanted(&projections) };
        let named = unit.computed(&managed, manager).await?;
        let none = Computed::default();
        let mut plain: HashMap<UserId, User> = plain.into_iter().map(|user| (user.id, user)).collect();
        let mut outcomes = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            let id = arrival.user().id;
            if !arrived.created.contains(&id) {
                outcomes.push(Err(taken()));
                continue;
            }
            let view = View { base: db.base(), of: unit.registry().user(), projection: &arrival.projection };
            let found = changed.remove(&id).or_else(|| plain.remove(&id));
            let parts = computed.get(&id).or_else(|| named.get(&id)).unwrap_or(&none);
            let shown = shown(existing(found, "User", id)?, parts, view);
            let effects = self.effects.remove(&id).unwrap_or_default();
            outcomes.push(Ok(Outcome { shown: Some(shown), effects, ..Outcome::default() }));
        }
        Ok(outcomes)
    }
}

fn taken() -> Error {
    store::Error::Conflict(Constraint::UserName).into()
}
