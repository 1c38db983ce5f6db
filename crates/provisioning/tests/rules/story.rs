//! A small tenant in memory: facts are changed, settled and applied, and what happened comes back as lines to compare.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use provisioning::{
    Brake, Cause, ConnectionId, Decision, Enrolment, Grant, GrantSource, GroupId, Hand, Kept, Person, Policy,
    Pool, PoolId, PoolPolicy, Refusal, Situation, Status, Step, UserId, apply, settle,
};
use uuid::Uuid;

pub(crate) const ADA: UserId = UserId::new(Uuid::from_u128(1));
pub(crate) const BEN: UserId = UserId::new(Uuid::from_u128(2));
pub(crate) const CLEO: UserId = UserId::new(Uuid::from_u128(3));
pub(crate) const DAN: UserId = UserId::new(Uuid::from_u128(4));
pub(crate) const EVE: UserId = UserId::new(Uuid::from_u128(5));
pub(crate) const SOMEBODY: UserId = UserId::new(Uuid::from_u128(6));
pub(crate) const PEOPLE: [UserId; 5] = [ADA, BEN, CLEO, DAN, EVE];

pub(crate) const SALES: GroupId = GroupId::new(Uuid::from_u128(0x11));
pub(crate) const LEGAL: GroupId = GroupId::new(Uuid::from_u128(0x12));
pub(crate) const STAFF: GroupId = GroupId::new(Uuid::from_u128(0x13));

pub(crate) const VAULT: PoolId = PoolId::new(Uuid::from_u128(0x21));
pub(crate) const NOTES: PoolId = PoolId::new(Uuid::from_u128(0x22));
pub(crate) const KEYS: PoolId = PoolId::new(Uuid::from_u128(0x23));

/// The name of a person, a group or a pool, from its id.
pub(crate) fn name(id: Uuid) -> &'static str {
    match id.as_u128() {
        1 => "ada",
        2 => "ben",
        3 => "cleo",
        4 => "dan",
        5 => "eve",
        0x11 => "Sales",
        0x12 => "Legal",
        0x13 => "Staff",
        0x21 => "Vault",
        0x22 => "Notes",
        0x23 => "Keys",
        _ => "somebody else",
    }
}

/// Nine o'clock on the first of March.
pub(crate) fn morning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 9, 0, 0).single().expect("an instant")
}

/// The grant through a bound group.
pub(crate) fn through(group: GroupId, pool: PoolId) -> Grant {
    through_with(group, pool, 0)
}

/// The grant through a bound group, with a priority.
pub(crate) fn through_with(group: GroupId, pool: PoolId, priority: u16) -> Grant {
    Grant { pool, source: GrantSource::Binding { group, name: name(group.uuid()).to_owned(), priority } }
}

/// The grant by an administrator's hand.
pub(crate) fn by_hand(pool: PoolId) -> Grant {
    Grant { pool, source: GrantSource::ByHand }
}

/// The facts of a tenant, and the clock.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) now: DateTime<Utc>,
    pub(crate) policy: Policy,
    pub(crate) people: BTreeMap<UserId, Person>,
    pub(crate) pools: BTreeMap<PoolId, Pool>,
    /// The brake of the connection that pushes, where there is one.
    pub(crate) brake: Option<Brake>,
    /// The decision that was carried out last.
    pub(crate) last: Decision,
}

impl Story {
    /// Nobody yet; a grace of seven days, invitations at once.
    pub(crate) fn new() -> Self {
        Self {
            now: morning(),
            policy: Policy { grace: TimeDelta::days(7), ..Policy::default() },
            people: BTreeMap::new(),
            pools: BTreeMap::new(),
            brake: None,
            last: Decision::default(),
        }
    }

    pub(crate) fn without_grace(mut self) -> Self {
        self.policy.grace = TimeDelta::zero();
        self
    }

    /// The connection may take access from so many people.
    pub(crate) fn braked(mut self, limit: u64) -> Self {
        let connection = ConnectionId::new(Uuid::from_u128(0x31));
        self.brake = Some(Brake { connection, limit, counted: BTreeSet::new(), waiting: 0 });
        self
    }

    pub(crate) fn pool(mut self, id: PoolId, seats: u32, policy: PoolPolicy) -> Self {
        let name = name(id.uuid()).to_owned();
        self.pools.insert(id, Pool { id, name, seats, used: 0, policy, expires_at: None });
        self
    }

    /// Active people without a grant.
    pub(crate) fn people(mut self, ids: &[UserId]) -> Self {
        for id in ids {
            self.add(*id);
        }
        self
    }

    pub(crate) fn add(&mut self, id: UserId) {
        let person = Person {
            id,
            name: name(id.uuid()).to_owned(),
            active: true,
            hand: Hand::default(),
            test_user: false,
            grants: Vec::new(),
            seats: Vec::new(),
            enrolment: Enrolment::default(),
            kept: Kept::default(),
            protected: false,
            policy: self.policy,
        };
        self.people.insert(id, person);
    }

    /// People in Sales, which is bound to a pool, each a minute after the one before.
    pub(crate) fn in_sales(mut self, ids: &[UserId], pool: PoolId) -> Self {
        for id in ids {
            self.add(*id);
            self.joins(*id, SALES, pool);
            self.later(TimeDelta::minutes(1));
        }
        self
    }

    /// People in Sales who have taken every step.
    pub(crate) fn using(mut self, ids: &[UserId], pool: PoolId) -> Self {
        self = self.in_sales(ids, pool);
        for id in ids {
            self.completes(*id);
        }
        self
    }

    pub(crate) fn later(&mut self, delay: TimeDelta) {
        self.now += delay;
    }

    pub(crate) fn person(&mut self, id: UserId) -> &mut Person {
        self.people.get_mut(&id).expect("a person of this story")
    }

    pub(crate) fn used(&self, pool: PoolId) -> u32 {
        self.pools[&pool].used
    }

    pub(crate) fn status(&self, id: UserId) -> Status {
        self.people[&id].enrolment.status
    }

    /// The seats of a person, such as `Vault assigned`.
    pub(crate) fn seats(&self, id: UserId) -> Vec<String> {
        let mut seats: Vec<_> = self.people[&id].seats.iter().collect();
        seats.sort_by_key(|seat| seat.pool);
        let plain = |seat: &provisioning::Seat| {
            let over = if seat.overage { " (overage)" } else { "" };
            format!("{} {}{over}", name(seat.pool.uuid()), seat.state)
        };
        seats.into_iter().map(plain).collect()
    }

    /// Takes every step of the enrolment.
    pub(crate) fn completes(&mut self, id: UserId) {
        for step in [Step::InvitationSent, Step::SignedIn, Step::EmailVerified, Step::PinSet, Step::Restored]
        {
            let now = self.now;
            let enrolment = &mut self.person(id).enrolment;
            if step != Step::Restored || enrolment.restore_owed {
                *enrolment = enrolment.complete(step, now).expect("the next step");
            }
        }
        assert_eq!(self.status(id), Status::Active);
    }

    pub(crate) fn situation(&self, who: &[UserId]) -> Situation {
        let waits = |person: &&Person| person.waiting().next().is_some();
        let owned = |person: &Person| Person { policy: self.policy, ..person.clone() };
        Situation {
            people: who.iter().filter_map(|id| self.people.get(id)).map(owned).collect(),
            pools: self.pools.values().cloned().collect(),
            queue: self.people.values().filter(waits).map(owned).collect(),
            pushed: false,
            brake: None,
        }
    }

    /// Settles the facts as they are, carries the decision out, and makes sure that replaying it decides nothing.
    pub(crate) fn try_settle(&mut self, who: &[UserId], cause: &Cause) -> Result<Vec<String>, Refusal> {
        let mut situation = self.situation(who);
        situation.pushed = is_push(cause);
        situation.brake = self.brake.clone().filter(|_| situation.pushed);
        let decision = settle(&situation, cause, self.now)?;
        let after = apply(&situation, &decision, self.now);
        let again = settle(&after, cause, self.now).expect("a replay is never refused");
        assert!(again.is_empty(), "replaying {cause:?} decided {again:#?}\nafter {decision:#?}");
        for id in who {
            self.people.remove(id);
        }
        self.people.extend(after.queue.into_iter().chain(after.people).map(|person| (person.id, person)));
        self.pools.extend(after.pools.into_iter().map(|pool| (pool.id, pool)));
        if let Some(brake) = &mut self.brake {
            brake.counted.extend(after.brake.into_iter().flat_map(|brake| brake.counted));
            brake.waiting = self.people.values().filter(|person| !person.kept.is_empty()).count() as u64;
        }
        let lines = decision.effects.iter().map(|effect| {
            let plain = effect.plain(|pool| situation.pool_name(pool));
            format!("{}: {plain}", name(effect.user().uuid()))
        });
        let lines = lines.collect();
        self.last = decision;
        Ok(lines)
    }

    pub(crate) fn settle(&mut self, who: &[UserId], cause: &Cause) -> Vec<String> {
        self.try_settle(who, cause).expect("not refused")
    }

    /// The reasons in the journal of the last decision.
    pub(crate) fn reasons(&self) -> Vec<&str> {
        self.last.entries.iter().map(|entry| entry.why.as_str()).collect()
    }

    /// The kinds of the journal entries of the last decision.
    pub(crate) fn kinds(&self) -> Vec<&str> {
        self.last.entries.iter().map(|entry| entry.kind.as_str()).collect()
    }

    // --- the triggers, each as its change of facts and its cause

    pub(crate) fn joins(&mut self, id: UserId, group: GroupId, pool: PoolId) -> Vec<String> {
        self.try_joins(id, group, pool).expect("not refused")
    }

    pub(crate) fn try_joins(
        &mut self,
        id: UserId,
        group: GroupId,
        pool: PoolId,
    ) -> Result<Vec<String>, Refusal> {
        self.person(id).grants.push(through(group, pool));
        self.try_settle(&[id], &Cause::JoinedGroup { group, name: name(group.uuid()).to_owned() })
    }

    pub(crate) fn leaves(&mut self, id: UserId, group: GroupId) -> Vec<String> {
        self.loses(id, group);
        self.settle(&[id], &Cause::LeftGroup { group, name: name(group.uuid()).to_owned() })
    }

    /// The grants through a group no longer stand; not settled yet.
    pub(crate) fn loses(&mut self, id: UserId, lost: GroupId) {
        self.person(id)
            .grants
            .retain(|grant| !matches!(grant.source, GrantSource::Binding { group, .. } if group == lost));
    }

    pub(crate) fn switched_off(&mut self, id: UserId) -> Vec<String> {
        self.person(id).active = false;
        self.settle(&[id], &Cause::PushedInactive)
    }

    pub(crate) fn switched_on(&mut self, id: UserId) -> Vec<String> {
        self.person(id).active = true;
        self.settle(&[id], &Cause::PushedActive)
    }

    pub(crate) fn unassigned(&mut self, id: UserId, pool: PoolId) -> Vec<String> {
        self.person(id).grants.retain(|grant| grant.pool != pool);
        self.settle(&[id], &Cause::GrantLifted)
    }

    pub(crate) fn assigned(&mut self, id: UserId, pool: PoolId) -> Vec<String> {
        self.person(id).grants.push(by_hand(pool));
        self.settle(&[id], &Cause::GrantedByHand)
    }

    pub(crate) fn timer(&mut self, id: UserId) -> Vec<String> {
        self.settle(&[id], &Cause::GraceOver)
    }
}

/// Whether an identity provider brings a cause about.
pub(crate) fn is_push(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::Created
            | Cause::PushedActive
            | Cause::PushedInactive
            | Cause::AttributesChanged
            | Cause::JoinedGroup { .. }
            | Cause::LeftGroup { .. }
            | Cause::GroupGraceOver { .. }
            | Cause::GroupDeleted { .. }
            | Cause::HeldForDomain
            | Cause::Admitted
            | Cause::Removed
    )
}
