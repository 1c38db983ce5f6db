//! What no sequence of changes breaks: random changes on five people, three groups and three pools.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use proptest::prelude::*;
use provisioning::{
    ApplicationEvent, Cause, Decision, Effect, GrantSource, GroupId, Hand, Person, PoolId, PoolPolicy,
    SeatState, Situation, Status, Step, UserId, settle,
};

use crate::story::{KEYS, LEGAL, NOTES, PEOPLE, SALES, STAFF, Story, VAULT, by_hand, name, through_with};

const GROUPS: [GroupId; 3] = [SALES, LEGAL, STAFF];
const POOLS: [PoolId; 3] = [VAULT, NOTES, KEYS];

/// One change, by indices into [`PEOPLE`], [`GROUPS`] and [`POOLS`].
#[derive(Clone, Debug)]
enum Change {
    Create(usize),
    Remove(BTreeSet<usize>),
    Switch(usize, bool),
    Join(BTreeSet<usize>, usize),
    Leave(BTreeSet<usize>, usize),
    /// With a priority.
    Bind(usize, usize, u16),
    Unbind(usize, usize),
    /// Another priority of what is bound.
    Prioritise(usize, usize, u16),
    DeleteGroup(usize),
    Assign(usize, usize),
    Unassign(usize, usize),
    Withhold(usize, usize, bool),
    ByHand(usize, bool),
    Hold(usize, bool),
    TestUser(usize, bool),
    Resize(usize, u32),
    Policy(usize, PoolPolicy),
    Expiry(usize, Option<i64>),
    Grace(i64),
    Wait(i64),
    WaitWithoutTimers(i64),
    Steps(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let person = || 0..PEOPLE.len();
    let group = || 0..GROUPS.len();
    let pool = || 0..POOLS.len();
    let several = || prop::collection::btree_set(0..PEOPLE.len(), 1..4);
    let policy = prop_oneof![Just(PoolPolicy::Queue), Just(PoolPolicy::Reject), Just(PoolPolicy::Overage)];
    prop_oneof![
        4 => person().prop_map(Change::Create),
        1 => several().prop_map(Change::Remove),
        6 => (person(), any::<bool>()).prop_map(|(p, on)| Change::Switch(p, on)),
        6 => (several(), group()).prop_map(|(p, g)| Change::Join(p, g)),
        4 => (several(), group()).prop_map(|(p, g)| Change::Leave(p, g)),
        3 => (group(), pool(), 0..3_u16).prop_map(|(g, p, n)| Change::Bind(g, p, n)),
        1 => (group(), pool()).prop_map(|(g, p)| Change::Unbind(g, p)),
        2 => (group(), pool(), 0..3_u16).prop_map(|(g, p, n)| Change::Prioritise(g, p, n)),
        1 => group().prop_map(Change::DeleteGroup),
        2 => (person(), pool()).prop_map(|(p, l)| Change::Assign(p, l)),
        2 => (person(), pool()).prop_map(|(p, l)| Change::Unassign(p, l)),
        3 => (person(), pool(), any::<bool>()).prop_map(|(p, l, on)| Change::Withhold(p, l, on)),
        2 => (person(), any::<bool>()).prop_map(|(p, on)| Change::ByHand(p, on)),
        1 => (person(), any::<bool>()).prop_map(|(p, on)| Change::Hold(p, on)),
        1 => (person(), any::<bool>()).prop_map(|(p, is)| Change::TestUser(p, is)),
        2 => (pool(), 0..5_u32).prop_map(|(l, n)| Change::Resize(l, n)),
        1 => (pool(), policy).prop_map(|(l, p)| Change::Policy(l, p)),
        1 => (pool(), prop::option::of(0..200_i64)).prop_map(|(l, h)| Change::Expiry(l, h)),
        1 => (0..4_i64).prop_map(|days| Change::Grace(days * 2)),
        4 => (0..100_i64).prop_map(Change::Wait),
        1 => (0..200_i64).prop_map(Change::WaitWithoutTimers),
        3 => (person(), 1..6_usize).prop_map(|(p, n)| Change::Steps(p, n)),
    ]
}

/// The tenant, with the memberships, bindings and grants by hand from which grants follow.
#[derive(Clone)]
struct Tenant {
    story: Story,
    members: BTreeMap<GroupId, BTreeSet<UserId>>,
    bindings: BTreeMap<(GroupId, PoolId), u16>,
    by_hand: BTreeSet<(UserId, PoolId)>,
}

impl Tenant {
    fn new() -> Self {
        let story = Story::new().pool(VAULT, 2, PoolPolicy::Queue).pool(NOTES, 1, PoolPolicy::Reject).pool(
            KEYS,
            1,
            PoolPolicy::Overage,
        );
        let bindings = [((SALES, VAULT), 1), ((LEGAL, VAULT), 2), ((LEGAL, KEYS), 0)].into();
        Self { story, members: BTreeMap::new(), bindings, by_hand: BTreeSet::new() }
    }

    /// Makes the change and settles it; a change that is refused leaves everything as it was.
    fn perform(&mut self, change: &Change) {
        let before = self.clone();
        let done = match change {
            Change::Create(person) => {
                let id = PEOPLE[*person];
                if self.story.people.contains_key(&id) {
                    self.settle([id], &Cause::AttributesChanged)
                } else {
                    self.story.add(id);
                    self.settle([id], &Cause::Created)
                }
            }
            Change::Remove(people) => {
                let gone: BTreeSet<_> = people.iter().map(|person| PEOPLE[*person]).collect();
                self.members.values_mut().for_each(|members| members.retain(|id| !gone.contains(id)));
                self.by_hand.retain(|(id, _)| !gone.contains(id));
                self.settle(gone, &Cause::Removed)
            }
            Change::Switch(person, on) => {
                let id = PEOPLE[*person];
                if let Some(person) = self.story.people.get_mut(&id) {
                    person.active = *on;
                }
                self.settle([id], if *on { &Cause::PushedActive } else { &Cause::PushedInactive })
            }
            Change::Join(people, group) => {
                let (ids, group) = (self.known(people), GROUPS[*group]);
                self.members.entry(group).or_default().extend(&ids);
                self.settle(ids, &Cause::JoinedGroup { group, name: name(group.uuid()).to_owned() })
            }
            Change::Leave(people, group) => {
                let (ids, group) = (self.known(people), GROUPS[*group]);
                self.members.entry(group).or_default().retain(|id| !ids.contains(id));
                self.settle(ids, &Cause::LeftGroup { group, name: name(group.uuid()).to_owned() })
            }
            Change::Bind(group, pool, priority) => {
                let (group, pool) = (GROUPS[*group], POOLS[*pool]);
                self.bindings.entry((group, pool)).or_insert(*priority);
                self.settle(
                    self.in_group(group),
                    &Cause::Bound { group, name: name(group.uuid()).to_owned(), pool },
                )
            }
            Change::Unbind(group, pool) => {
                let (group, pool) = (GROUPS[*group], POOLS[*pool]);
                self.bindings.remove(&(group, pool));
                self.settle(
                    self.in_group(group),
                    &Cause::Unbound { group, name: name(group.uuid()).to_owned(), pool },
                )
            }
            Change::Prioritise(group, pool, priority) => {
                let (group, pool) = (GROUPS[*group], POOLS[*pool]);
                self.bindings.entry((group, pool)).and_modify(|known| *known = *priority);
                self.is_only_an_order(group, pool);
                true
            }
            Change::DeleteGroup(group) => {
                let group = GROUPS[*group];
                self.bindings.retain(|(bound, _), _| *bound != group);
                let ids = self.members.remove(&group).unwrap_or_default();
                self.settle(ids, &Cause::GroupDeleted { group, name: name(group.uuid()).to_owned() })
            }
            Change::Assign(person, pool) => {
                for id in self.known(&[*person].into()) {
                    self.by_hand.insert((id, POOLS[*pool]));
                }
                self.settle([PEOPLE[*person]], &Cause::GrantedByHand)
            }
            Change::Unassign(person, pool) => {
                self.by_hand.remove(&(PEOPLE[*person], POOLS[*pool]));
                self.settle([PEOPLE[*person]], &Cause::GrantLifted)
            }
            Change::Resize(pool, seats) => self.pool_changed(POOLS[*pool], |pool| pool.seats = *seats),
            Change::Policy(pool, policy) => self.pool_changed(POOLS[*pool], |pool| pool.policy = *policy),
            Change::Expiry(pool, hours) => {
                let at = hours.map(|hours| self.story.now + TimeDelta::hours(hours));
                self.pool_changed(POOLS[*pool], |pool| pool.expires_at = at)
            }
            Change::Grace(days) => {
                self.story.policy.grace = TimeDelta::days(*days);
                true
            }
            Change::Wait(hours) => {
                self.story.later(TimeDelta::hours(*hours));
                self.ring_timers();
                true
            }
            Change::WaitWithoutTimers(hours) => {
                self.story.later(TimeDelta::hours(*hours));
                true
            }
            Change::Steps(person, count) => {
                self.take_steps(PEOPLE[*person], *count);
                true
            }
            word => self.by_hand(word),
        };
        if !done {
            *self = before;
        }
    }

    /// What an administrator says about a person.
    fn by_hand(&mut self, change: &Change) -> bool {
        match change {
            Change::Withhold(person, pool, on) => {
                let (id, pool) = (PEOPLE[*person], POOLS[*pool]);
                if let Some(person) = self.story.people.get_mut(&id) {
                    let withheld = &mut person.hand.withheld;
                    let _ = if *on { withheld.insert(pool) } else { withheld.remove(&pool) };
                }
                self.settle([id], if *on { &Cause::Withheld } else { &Cause::WithheldNoMore })
            }
            Change::ByHand(person, off) => {
                let id = PEOPLE[*person];
                if let Some(person) = self.story.people.get_mut(&id) {
                    person.hand.deactivated = *off;
                }
                self.settle([id], if *off { &Cause::DeactivatedByHand } else { &Cause::ActivatedByHand })
            }
            Change::Hold(person, on) => {
                let id = PEOPLE[*person];
                if let Some(person) = self.story.people.get_mut(&id) {
                    person.hand.held = on.then(|| "elsewhere.example".to_owned());
                }
                self.settle([id], if *on { &Cause::HeldForDomain } else { &Cause::Released })
            }
            Change::TestUser(person, is) => {
                let id = PEOPLE[*person];
                if let Some(person) = self.story.people.get_mut(&id) {
                    person.test_user = *is;
                }
                self.settle([id], if *is { &Cause::TestUser } else { &Cause::NoTestUser })
            }
            _ => unreachable!("no word of an administrator"),
        }
    }

    fn known(&self, people: &BTreeSet<usize>) -> BTreeSet<UserId> {
        people.iter().map(|person| PEOPLE[*person]).filter(|id| self.story.people.contains_key(id)).collect()
    }

    fn in_group(&self, group: GroupId) -> BTreeSet<UserId> {
        self.members.get(&group).cloned().unwrap_or_default()
    }

    /// Everybody whom a change of a pool concerns.
    fn in_pool(&self, pool: PoolId) -> BTreeSet<UserId> {
        let concerned = |person: &&Person| {
            person.grants.iter().any(|grant| grant.pool == pool) || person.seat_in(pool).is_some()
        };
        self.story.people.values().filter(concerned).map(|person| person.id).collect()
    }

    fn pool_changed(&mut self, id: PoolId, change: impl FnOnce(&mut provisioning::Pool)) -> bool {
        change(self.story.pools.get_mut(&id).expect("the pool"));
        self.settle(self.in_pool(id), &Cause::PoolChanged { pool: id, name: name(id.uuid()).to_owned() })
    }

    fn ring_timers(&mut self) {
        for pool in POOLS {
            if self.story.pools[&pool].is_expired(self.story.now) {
                let cause = Cause::Expired { pool, name: name(pool.uuid()).to_owned() };
                assert!(self.settle(self.in_pool(pool), &cause), "an expiry is never refused");
            }
        }
        for id in PEOPLE {
            // Timers ring for everybody: early ones and those of people who came back must do nothing.
            assert!(self.settle([id], &Cause::GraceOver), "a timer is never refused");
        }
    }

    fn take_steps(&mut self, id: UserId, count: usize) {
        let now = self.story.now;
        let Some(person) = self.story.people.get_mut(&id) else { return };
        for step in Step::ALL.iter().take(count + 1) {
            if let Ok(next) = person.enrolment.complete(*step, now) {
                person.enrolment = next;
            }
        }
    }

    /// Brings the grants up to date, settles, and checks what must hold for this one decision.
    fn settle(&mut self, who: impl IntoIterator<Item = UserId>, cause: &Cause) -> bool {
        let who: Vec<UserId> = who.into_iter().filter(|id| self.story.people.contains_key(id)).collect();
        for id in &who {
            let bound = self.bindings.iter().filter(|((group, _), _)| self.in_group(*group).contains(id));
            let bound = bound.map(|((group, pool), priority)| through_with(*group, *pool, *priority));
            let mut grants: Vec<_> = bound.collect();
            grants.extend(self.by_hand.iter().filter(|(user, _)| user == id).map(|(_, pool)| by_hand(*pool)));
            self.story.person(*id).grants = grants;
        }
        let before = self.story.clone();
        let situation = self.story.situation(&who);
        // Settling replays the decision and demands that nothing follows from it.
        if self.story.try_settle(&who, cause).is_err() {
            assert!(cause.can_be_refused(), "{cause:?} was refused");
            return false;
        }
        let decision = &self.story.last;
        nobody_else_is_touched(&situation, decision, &before);
        nobody_is_overtaken(&situation, decision, &before);
        everybody_is_told_the_truth(decision, &before, &self.story);
        seats_never_overshoot(decision, &before, &self.story);
        the_hand_beats_every_push(decision, &self.story);
        true
    }

    /// The priority of a binding is a fact about people at once, and nothing follows from it: a person who has a seat keeps
    /// it, and no seat is free while anyone waits.
    fn is_only_an_order(&mut self, group: GroupId, pool: PoolId) {
        let Some(priority) = self.bindings.get(&(group, pool)) else { return };
        for person in self.story.people.values_mut() {
            for grant in person.grants.iter_mut().filter(|grant| grant.pool == pool) {
                if matches!(grant.source, GrantSource::Binding { group: it, .. } if it == group) {
                    *grant = through_with(group, pool, *priority);
                }
            }
        }
        if self.is_on_time() {
            let cause = Cause::PoolChanged { pool, name: name(pool.uuid()).to_owned() };
            let situation = Situation { people: Vec::new(), ..self.story.situation(&[]) };
            let decision = settle(&situation, &cause, self.story.now).expect("nobody is refused");
            assert!(decision.is_empty(), "a priority moved {decision:?}");
        }
    }

    /// Whether no expiry and no end of a grace is waiting to be settled.
    fn is_on_time(&self) -> bool {
        let now = self.story.now;
        let late = |person: &Person| person.enrolment.seat_kept_until.is_some_and(|until| until <= now);
        let stale = |pool: PoolId| {
            // A suspension keeps assigned seats whether their pool has expired or not.
            let held = |person: &Person| {
                let kept = person.enrolment.status == Status::Suspended;
                person.seat_in(pool).is_some_and(|seat| !kept || seat.state == SeatState::Waiting)
            };
            self.story.pools[&pool].is_expired(now) && self.story.people.values().any(held)
        };
        !self.story.people.values().any(late) && !POOLS.into_iter().any(stale)
    }
}

/// No effect on people whose facts did not change, except that the queue serves them.
fn nobody_else_is_touched(situation: &Situation, decision: &Decision, before: &Story) {
    let changed: BTreeSet<UserId> = situation.people.iter().map(|person| person.id).collect();
    for effect in decision.effects.iter().filter(|effect| !changed.contains(&effect.user())) {
        let person = &before.people[&effect.user()];
        match effect {
            Effect::SeatTaken { pool, .. } => {
                let place = person.seat_in(*pool).expect("only who waits is served");
                assert_eq!(place.state, SeatState::Waiting);
                assert!(may_have(person, *pool, before), "only who may have the seat is served");
            }
            Effect::EnrolmentChanged { enrolment, .. } => assert!(enrolment.has_access()),
            Effect::InvitationOwed { .. }
            | Effect::GraceCancelled { .. }
            | Effect::ApplicationTold {
                event: ApplicationEvent::AccessGranted | ApplicationEvent::AccessRestored,
                ..
            } => {}
            other => panic!("{other:?} for somebody whose facts did not change"),
        }
    }
}

/// Whoever gets a seat leaves nobody behind who may have it and waits with a higher priority, or with the same one for longer.
fn nobody_is_overtaken(situation: &Situation, decision: &Decision, before: &Story) {
    let removed: BTreeSet<UserId> = decision
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::ApplicationTold { user, event: ApplicationEvent::Removed } => Some(*user),
            _ => None,
        })
        .collect();
    let taken: BTreeSet<(PoolId, UserId)> = decision
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::SeatTaken { user, pool, .. } => Some((*pool, *user)),
            _ => None,
        })
        .collect();
    for (pool, user) in &taken {
        let place = |person: &Person| {
            let place = person.waiting().find(|seat| seat.pool == *pool)?;
            Some((Reverse(priority(person, *pool)), place.since, person.id))
        };
        let own = place(&before.people[user]);
        for other in &situation.queue {
            let Some(theirs) = place(other) else { continue };
            let earlier = own.is_none_or(|own| theirs < own);
            if earlier && may_have(other, *pool, before) && !removed.contains(&other.id) {
                assert!(taken.contains(&(*pool, other.id)), "{} was overtaken", other.name);
            }
        }
    }
}

/// The highest priority of the bindings through which a person has grants of a pool.
fn priority(person: &Person, pool: PoolId) -> u16 {
    let of =
        |source: &GrantSource| if let GrantSource::Binding { priority, .. } = source { *priority } else { 0 };
    person.grants.iter().filter(|grant| grant.pool == pool).map(|grant| of(&grant.source)).max().unwrap_or(0)
}

/// The application is told of access exactly when access changes.
fn everybody_is_told_the_truth(decision: &Decision, before: &Story, after: &Story) {
    let mut access: BTreeMap<UserId, bool> =
        before.people.iter().map(|(id, person)| (*id, person.enrolment.has_access())).collect();
    for effect in &decision.effects {
        if let Effect::ApplicationTold { user, event } = effect {
            let granted = matches!(event, ApplicationEvent::AccessGranted | ApplicationEvent::AccessRestored);
            let had = access.insert(*user, granted).expect("a known person");
            match event {
                ApplicationEvent::AccessGranted | ApplicationEvent::AccessRestored => assert!(!had),
                ApplicationEvent::AccessCut => assert!(had),
                ApplicationEvent::Deactivated | ApplicationEvent::Removed => {}
            }
        }
    }
    for (id, person) in &after.people {
        assert_eq!(access[id], person.enrolment.has_access(), "{} was told wrong", person.name);
    }
}

/// Seats are taken only where one is free, except in overage; pools count what is assigned.
fn seats_never_overshoot(decision: &Decision, before: &Story, after: &Story) {
    for (id, pool) in &after.pools {
        let assigned =
            after.people.values().flat_map(Person::assigned).filter(|seat| seat.pool == *id).count();
        assert_eq!(usize::try_from(pool.used).expect("small"), assigned, "{} counts wrong", pool.name);
        if pool.policy != PoolPolicy::Overage {
            let most = pool.seats.max(before.pools[id].used);
            assert!(pool.used <= most, "{} of {} seats of {} are used", pool.used, pool.seats, pool.name);
            // A pool that was made smaller gives no seat before it has room again.
            let took =
                decision.effects.iter().any(|e| matches!(e, Effect::SeatTaken { pool, .. } if pool == id));
            assert!(!took || pool.used <= pool.seats, "{} gave a seat that it does not have", pool.name);
        }
    }
    for effect in &decision.effects {
        if let Effect::SeatTaken { pool, overage: true, .. } = effect {
            assert_eq!(after.pools[pool].policy, PoolPolicy::Overage);
        }
    }
}

/// No decision gives a seat, or access, against what an administrator said by hand; a withheld seat is not even kept.
fn the_hand_beats_every_push(decision: &Decision, after: &Story) {
    for person in after.people.values() {
        let kept_out = person.hand.deactivated || person.hand.held.is_some();
        let settled = decision.effects.iter().any(|effect| effect.user() == person.id);
        if person.test_user {
            let owed =
                |effect: &Effect| matches!(effect, Effect::InvitationOwed { user, .. } if *user == person.id);
            assert!(person.seats.is_empty() && !person.enrolment.has_access(), "{person:?} is a test user");
            assert!(!decision.effects.iter().any(owed), "{} is a test user", person.name);
        }
        assert!(!(kept_out && settled && person.enrolment.has_access()), "{} has access", person.name);
        for pool in &person.hand.withheld {
            assert!(person.seat_in(*pool).is_none(), "{} has what is withheld", person.name);
        }
        for effect in decision.effects.iter().filter(|effect| effect.user() == person.id) {
            if let Effect::SeatTaken { pool, .. } | Effect::SeatQueued { pool, .. } = effect {
                assert!(!kept_out && !person.hand.withheld.contains(pool), "{effect:?} for {}", person.name);
            }
        }
    }
}

/// Whether a person is active and entitled to a pool.
fn may_have(person: &Person, pool: PoolId, story: &Story) -> bool {
    let granted = person.grants.iter().any(|grant| grant.pool == pool);
    let hand = &person.hand;
    let let_in = person.active
        && !person.test_user
        && !hand.deactivated
        && hand.held.is_none()
        && !hand.withheld.contains(&pool);
    let_in && granted && !story.pools[&pool].is_expired(story.now)
}

/// What holds whenever every timer was settled in time.
fn check(story: &Story) {
    for person in story.people.values() {
        let enrolment = &person.enrolment;
        let suspended = enrolment.status == Status::Suspended;
        for seat in &person.seats {
            let kept = suspended && seat.state == SeatState::Assigned;
            assert!(
                kept || may_have(person, seat.pool, story),
                "{} holds {seat:?} without a reason",
                person.name
            );
        }
        let seated = person.assigned().any(|seat| may_have(person, seat.pool, story));
        assert_eq!(enrolment.has_access(), seated, "{person:#?}");
        assert_eq!(
            suspended,
            enrolment.seat_kept_until.is_some_and(|until| until > story.now),
            "{person:#?}"
        );
        assert_eq!(suspended, enrolment.resumes.is_some(), "{person:#?}");
        if matches!(enrolment.status, Status::NoLicence | Status::Deactivated) {
            assert_eq!(person.assigned().count(), 0, "{person:#?}");
        }
        for place in person.waiting() {
            let pool = &story.pools[&place.pool];
            assert!(!pool.has_room(), "{} waits beside a free seat of {}", person.name, pool.name);
            assert_ne!(pool.policy, PoolPolicy::Overage, "{} waits where nobody has to", person.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_changes_breaks_the_rules(changes in prop::collection::vec(change(), 1..60)) {
        let mut tenant = Tenant::new();
        for change in &changes {
            tenant.perform(change);
            if tenant.is_on_time() {
                check(&tenant.story);
            }
        }
        tenant.ring_timers();
        prop_assert!(tenant.is_on_time());
        check(&tenant.story);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_lifted_by_hand_leaves_exactly_what_the_grants_say(changes in prop::collection::vec(change(), 1..60)) {
        let mut tenant = Tenant::new();
        for change in &changes {
            tenant.perform(change);
        }
        tenant.ring_timers();
        for id in PEOPLE {
            if let Some(person) = tenant.story.people.get_mut(&id) {
                person.hand = Hand::default();
                person.test_user = false;
            }
            // Nothing that a full pool could refuse: it then gives no seat.
            let freed = Cause::SeatFreed { pool: VAULT, name: name(VAULT.uuid()).to_owned() };
            prop_assert!(tenant.settle([id], &freed));
        }
        check(&tenant.story);
        for person in tenant.story.people.values() {
            for pool in POOLS.into_iter().filter(|pool| may_have(person, *pool, &tenant.story)) {
                let row = &tenant.story.pools[&pool];
                let full = row.policy == PoolPolicy::Reject && !row.has_room();
                prop_assert!(person.seat_in(pool).is_some() || full, "{} has nothing in {}", person.name, row.name);
            }
        }
    }
}
