//! Members of groups: which resources they are, who may join, what follows from joining and leaving.

mod moved;

use std::collections::{BTreeSet, HashMap, HashSet};

use provisioning::{GroupId, PoolId, PoolPolicy, Refusal, UserId};
use scim::compat::names::PARK_UNKNOWN_MEMBERS;
use scim::patch::{MemberChanges, Members};
use scim::text::fold_name;
use serde_json::Value;
use store::{Group, Member, MemberKind, MemberName, PoolState, WriteUnit};
use uuid::Uuid;

pub(crate) use self::moved::{Lingering, Moved, subject, told, users};
use crate::brake;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::representation::member as element;
use crate::requester::Requester;
use crate::settle::{CHUNK, Change};
use crate::work::end_lingering;
use crate::work::members_moved::MovedWork;

/// The most members who join or leave a group and are told of and settled in the request itself.
const AT_ONCE: usize = 1_000;

/// The members that a request is about.
#[derive(Debug, Default)]
pub(crate) struct Present {
    /// As elements of `members`. A member that the request calls by another name than the id has that name as its value.
    pub(crate) elements: Vec<Value>,
    /// The ids behind such names.
    pub(crate) called: HashMap<String, Uuid>,
    /// What those ids stand for that the request names and that are no members.
    pub(crate) others: HashMap<Uuid, MemberName>,
}

impl Present {
    /// Loads those members that a footprint names, with addresses below `base`.
    ///
    /// # Errors
    /// `invalidValue` for a name that stands for several users.
    pub(crate) async fn load(
        unit: &mut WriteUnit,
        group: GroupId,
        wanted: &Members,
        base: &str,
    ) -> Result<Self, Error> {
        let values = match wanted {
            Members::None => return Ok(Self::default()),
            Members::All => {
                let element = |member: &Member| addressed(member, unit, base);
                let elements = unit.members(group).await?.iter().map(element).collect();
                return Ok(Self { elements, ..Self::default() });
            }
            Members::Named(values) => values,
        };
        let ids: Vec<Uuid> = values.iter().filter_map(|value| id(value)).collect();
        let mut members = if ids.is_empty() { Vec::new() } else { unit.members_among(group, &ids).await? };
        let there: HashSet<Uuid> = members.iter().copied().collect();
        let strangers: Vec<Uuid> = ids.into_iter().filter(|id| !there.contains(id)).collect();
        let others = if strangers.is_empty() { HashMap::new() } else { unit.names_of(&strangers).await? };
        // What looks like an id and is none of ours may be the externalId of a user. PostgreSQL keeps no NUL, so nothing
        // that holds one can be a name.
        let is_id = |value: &str| id(value).is_some_and(|id| there.contains(&id) || others.contains_key(&id));
        let names = values.iter().filter(|value| !is_id(value) && !value.contains('\0'));
        let names: Vec<String> = names.cloned().collect();
        let mut called = HashMap::new();
        if !names.is_empty() {
            for (name, people) in unit.people_called(&names).await? {
                called.insert(name.clone(), only(&name, &people)?);
            }
            let people: Vec<Uuid> = called.values().copied().filter(|id| !there.contains(id)).collect();
            let people = if people.is_empty() { people } else { unit.members_among(group, &people).await? };
            called.retain(|_, person| there.contains(person) || people.contains(person));
            members.extend(people);
        }
        if members.is_empty() {
            return Ok(Self { others, ..Self::default() });
        }
        let names = unit.names_of_members(&members).await?;
        let mut elements = Vec::with_capacity(members.len());
        for member in &members {
            let Some(name) = names.get(member) else { continue };
            let display = name.display.clone().filter(|_| name.seen);
            let member = Member { id: *member, kind: name.kind.clone(), display };
            elements.push(addressed(&member, unit, base));
            for (name, _) in called.iter().filter(|(_, person)| **person == member.id) {
                let mut element = addressed(&member, unit, base);
                element["value"] = name.as_str().into();
                elements.push(element);
            }
        }
        Ok(Self { elements, called, others })
    }
}

/// A member as an element of `members`, with its address, by which a filter may choose it.
fn addressed(member: &Member, unit: &WriteUnit, base: &str) -> Value {
    let mut element = element(member);
    if let Some(of) = unit.registry().resource_type(member.kind.as_str()) {
        element["$ref"] = format!("{base}{}/{}", of.endpoint, member.id).into();
    }
    element
}

/// The only user that a name stands for.
fn only(name: &str, people: &BTreeSet<Uuid>) -> Result<Uuid, Error> {
    match people.first() {
        Some(person) if people.len() == 1 => Ok(*person),
        _ => {
            let name: String = name.chars().take(100).collect();
            let detail = format!("The member \"{name}\" stands for several users: name one by id.");
            Err(scim::Error::invalid_value(detail).into())
        }
    }
}

/// The members that join and leave, looked up and found lawful.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    joining: Vec<(Uuid, MemberKind)>,
    leaving: Vec<Uuid>,
    /// Values that name no user yet.
    park: Vec<String>,
    names: HashMap<Uuid, MemberName>,
}

impl Moves {
    /// Looks up the members that are meant; groups may contain each other (RFC 7644 §3.7.1). `known` has what some of their ids stand for.
    ///
    /// # Errors
    /// `invalidValue` for a member that is not known (if it is not parked), or that is not what its `type` says.
    pub(crate) async fn of(
        requester: &Requester,
        unit: &mut WriteUnit,
        group: GroupId,
        changes: &MemberChanges,
        called: &HashMap<String, Uuid>,
        known: HashMap<Uuid, MemberName>,
    ) -> Result<Self, Error> {
        let leaves = |value: &String| called.get(value).copied().or_else(|| id(value));
        let leaving: BTreeSet<Uuid> = changes.removed.iter().filter_map(leaves).collect();
        let leaving: Vec<Uuid> = leaving.into_iter().collect();
        let ids = changes.added.iter().filter_map(|element| id(value(element)?));
        let ids: Vec<Uuid> = ids.filter(|id| !known.contains_key(id)).collect();
        let mut moves = Self { leaving, names: known, ..Self::default() };
        if !ids.is_empty() {
            moves.names.extend(unit.names_of(&ids).await?);
        }
        for element in &changes.added {
            let value = value(element).filter(|value| !fold_name(value).is_empty());
            let value = value.ok_or_else(|| scim::Error::invalid_value("A member needs a value."))?;
            match id(value).and_then(|id| Some((id, moves.names.get(&id)?))) {
                Some((id, name)) => {
                    matches_type(element, value, &name.kind)?;
                    moves.joining.push((id, name.kind.clone()));
                }
                None => moves.park.push(value.to_owned()),
            }
        }
        moves.find_parked(unit, group, &changes.added).await?;
        // A value that cannot be an id of ours may be the externalId or userName of a user to come.
        let unknown = moves.park.iter().find(|value| Uuid::try_parse(value).is_ok());
        if let Some(value) = unknown.filter(|_| !requester.rules().park_unknown_members) {
            let value: String = value.chars().take(100).collect();
            let detail = format!("The member \"{value}\" is no user, no group and no other resource.");
            return Err(scim::Error::invalid_value(detail).into());
        }
        if !moves.leaving.is_empty() && !moves.leave_by_job() {
            // A group releases every member by id, whichever connection owns the member.
            moves.names.extend(unit.names_of_members(&moves.leaving).await?);
        }
        Ok(moves)
    }

    /// A user whom a value names by `externalId` or `userName` joins at once, if the user is there already.
    async fn find_parked(
        &mut self,
        unit: &mut WriteUnit,
        group: GroupId,
        elements: &[Value],
    ) -> Result<(), Error> {
        if self.park.is_empty() {
            return Ok(());
        }
        // Groups are locked before users are kept from arriving.
        for inner in self.of_kind(&MemberKind::Group).collect::<BTreeSet<Uuid>>() {
            unit.lock_group(GroupId::new(inner)).await?;
        }
        let called = unit.people_called(&self.park).await?;
        if called.is_empty() {
            return Ok(());
        }
        for element in elements {
            let Some(value) = value(element).filter(|value| called.contains_key(*value)) else { continue };
            matches_type(element, value, &MemberKind::User)?;
            only(value, &called[value])?;
        }
        self.park.retain(|value| !called.contains_key(value));
        let mut found: HashSet<Uuid> = called.into_values().flatten().collect();
        self.leaving.retain(|id| !found.contains(id));
        let asked: Vec<Uuid> = found.iter().copied().collect();
        for member in unit.members_among(group, &asked).await? {
            found.remove(&member);
        }
        let new: Vec<Uuid> = found.into_iter().collect();
        self.names.extend(unit.names_of(&new).await?);
        self.joining.extend(new.into_iter().map(|id| (id, MemberKind::User)));
        Ok(())
    }

    /// Whether so many leave that a job tells of them and settles them, so that no other request has to wait.
    fn leave_by_job(&self) -> bool {
        self.leaving.len() > AT_ONCE
    }

    /// Whether no member joins or leaves.
    pub(crate) fn is_empty(&self) -> bool {
        self.joining.is_empty() && self.leaving.is_empty()
    }

    /// Writes the memberships, and what follows when the group is bound: first for those who leave, then for those
    /// who join. Groups inside the group are members too, but give no licence: only users in the group itself have one.
    pub(crate) async fn carry_out(
        self,
        requester: &Requester,
        unit: &mut WriteUnit,
        group: &Group,
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        if !self.park.is_empty() {
            if requester.rules().park_unknown_members {
                outcome.used.note(PARK_UNKNOWN_MEMBERS);
            }
            // What a connection that shares the tenant parks, any user may claim.
            let owner = requester.provider.as_ref().map(|provider| &provider.connection);
            let owner = owner.filter(|connection| !connection.shared).map(|connection| connection.id);
            unit.park_members(group.id, &self.park, owner).await?;
            outcome.effects.note(format!("members not known yet, kept for later: {}", self.park.len()));
        }
        if self.is_empty() {
            return Ok(());
        }
        let pools = unit.pools_bound_to(group.id).await?;
        let bound = !pools.is_empty();
        let join_by_job = self.joining.len() > AT_ONCE && !refuses(unit, &pools).await?;
        if bound {
            // All at once, so that two requests that move the same people do not wait for each other.
            let leaving: &[Uuid] = if self.leave_by_job() { &[] } else { &self.leaving };
            let joining: &[_] = if join_by_job { &[] } else { &self.joining };
            let moved: Vec<Uuid> = leaving.iter().copied().chain(joining.iter().map(|(id, _)| *id)).collect();
            unit.lock_people(&moved).await?;
        }
        let now = requester.now;
        let mut gone = unit.remove_members(group.id, &self.leaving).await?;
        gone.sort_unstable();
        let mut lingering = Lingering::default();
        if let Some(grace) = group.grace.filter(|_| bound && !gone.is_empty()) {
            let people = unit.linger(group.id, &gone, requester.actor.connection, now).await?;
            if !people.is_empty() {
                outcome
                    .effects
                    .note(format!("members kept for the grace of the dynamic group: {}", people.len()));
                unit.enqueue(end_lingering::timer(group.id, grace, now), now).await?;
            }
            lingering = Lingering { people, until: Some(grace.until(now)) };
        }
        if bound && self.leave_by_job() {
            refuse_protected(unit, &gone).await?;
        }
        if bound && gone.len() > CHUNK {
            let cause = Moved::Out.cause(group.id, group.display_name());
            let people: Vec<UserId> = gone.iter().copied().map(UserId::new).collect();
            brake::hold_ahead(unit, Change { cause: &cause, actor: &requester.actor, now }, &people).await?;
        }
        let mut added = unit.add_members(group.id, &self.joining, now).await?;
        added.sort_unstable();
        let mut back = Lingering::default();
        if group.grace.is_some() && !added.is_empty() {
            back.people = unit.linger_no_more(group.id, &added).await?;
        }
        for (words, people) in [("members added", &added), ("members removed", &gone)] {
            if !people.is_empty() {
                outcome.effects.note(format!("{words}: {}", people.len()));
            }
        }
        let (id, name) = (group.id, group.display_name());
        let by_job = [
            (Moved::Out, self.leave_by_job(), &mut gone, &lingering),
            (Moved::In, join_by_job, &mut added, &back),
        ];
        for (moved, _, people, lingering) in by_job.into_iter().filter(|(_, by_job, ..)| *by_job) {
            for members in people.chunks(CHUNK) {
                let work = MovedWork::new(moved, (id, name), &requester.actor, members, lingering);
                unit.enqueue(work.job(now), now).await?;
            }
            outcome.effects.note(format!("the members who {} are settled in batches", moved.word()));
            people.clear();
        }
        let mut entries = told(&self.names, &gone, Moved::Out, name, &lingering);
        entries.extend(told(&self.names, &added, Moved::In, name, &back));
        unit.record(entries.iter().map(|entry| (entry, &requester.actor)), now).await?;
        if !bound {
            return Ok(());
        }
        for (moved, people) in [(Moved::Out, &gone), (Moved::In, &added)] {
            let change = Change { cause: &moved.cause(id, name), actor: &requester.actor, now };
            outcome.effects.merge(change.settle(unit, &users(&self.names, people)).await?);
        }
        Ok(())
    }

    fn of_kind(&self, kind: &MemberKind) -> impl Iterator<Item = Uuid> {
        self.joining.iter().filter(move |(_, of)| of == kind).map(|(id, _)| *id)
    }
}

/// Refuses a change after which a protected person would have access and no grant; a job could only say so later.
///
/// # Errors
/// [`Error::Rule`] that names the first of them.
pub(crate) async fn refuse_protected(unit: &WriteUnit, users: &[Uuid]) -> Result<(), Error> {
    let Some(user) = unit.protected_without_grant(users).await?.first().copied() else { return Ok(()) };
    let name = unit.user(user).await?.map_or_else(|| user.to_string(), |user| user.user_name().to_owned());
    Err(Refusal::Protected { user, name }.into())
}

/// Whether one of these pools refuses a push for which it has no seats: then it has to be asked in the request itself.
async fn refuses(unit: &WriteUnit, pools: &[PoolId]) -> Result<bool, Error> {
    let refuses =
        |state: &PoolState| state.pool.policy == PoolPolicy::Reject && pools.contains(&state.pool.id);
    Ok(unit.pools().await?.iter().any(refuses))
}

/// RFC 7643 §4.2: a type that contradicts the resource is an error of the client.
fn matches_type(element: &Value, value: &str, kind: &MemberKind) -> Result<(), scim::Error> {
    match element.get("type").and_then(Value::as_str) {
        Some(claimed) if !claimed.eq_ignore_ascii_case(kind.as_str()) => {
            let claimed: String = claimed.chars().take(100).collect();
            Err(scim::Error::invalid_value(format!("The member \"{value}\" is a {kind}, not a {claimed}.")))
        }
        _ => Ok(()),
    }
}

fn value(element: &Value) -> Option<&str> {
    element.get("value").and_then(Value::as_str)
}

/// The id that a value is, in the exact text of ids of ours.
fn id(value: &str) -> Option<Uuid> {
    Uuid::try_parse(value).ok().filter(|id| id.to_string() == value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_may_be_left_out_but_not_contradict() {
        assert!(matches_type(&json!({ "value": "x" }), "x", &MemberKind::User).is_ok());
        assert!(matches_type(&json!({ "value": "x", "type": "user" }), "x", &MemberKind::User).is_ok());
        let error =
            matches_type(&json!({ "type": "Group" }), "x", &MemberKind::User).expect_err("contradicts");
        assert_eq!(error.detail, "The member \"x\" is a User, not a Group.");
    }
}
