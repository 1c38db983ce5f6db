//! The store means by an effect what `provisioning::apply` means, whatever happens in whatever order.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use crate::support::{TestStore, by, insert_group, insert_user, new_connection, new_pool, now, page};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use provisioning::{
    ApplicationEvent, Cause, Effect, GroupId, Person, Pool, PoolChange, PoolId, PoolPolicy, Position,
    SeatState, Situation, UserId, apply, settle,
};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, FromQueryResult, Statement};
use serde_json::{Value, json};
use store::{GrantKind, MemberKind, NewConnection, ReadUnit, TenantScope, WriteUnit, job_kind};

/// A change of the facts about one of the people.
#[derive(Clone, Copy, Debug)]
enum Change {
    Active(usize, bool),
    Join(usize, usize),
    Leave(usize, usize),
    Grant(usize, usize),
    Lift(usize, usize),
    Resize(usize, u32),
    /// The binding of the pool has another priority, which is no change of any seat.
    Prioritise(usize, u16),
    /// Every step of the enrolment that is left is taken.
    Enrol(usize),
    Remove(usize),
    Wait,
}

const PEOPLE: usize = 5;

macro_rules! effects {
    ($($name:ident),* $(,)?) => {
        /// Every effect: one that is new does not compile before it stands here.
        const EFFECTS: &[&str] = &[$(stringify!($name)),*];

        fn name_of(effect: &Effect) -> &'static str {
            match effect {
                $(Effect::$name { .. } => stringify!($name)),*
            }
        }
    };
}

effects!(
    SeatTaken,
    SeatQueued,
    SeatFreed,
    QueueLeft,
    EnrolmentChanged,
    InvitationOwed,
    InvitationWithdrawn,
    ApplicationTold,
    GraceTimer,
    GraceCancelled,
    LossCounted,
    LossHeld,
    HoldEnded,
);

/// What effects mean that are no facts: work that is due, a job of a kind for each person or one for each message.
#[derive(Default)]
struct Due {
    keyed: BTreeMap<(&'static str, UserId), DateTime<Utc>>,
    messages: Vec<(UserId, ApplicationEvent, DateTime<Utc>)>,
}

impl Due {
    fn note(&mut self, effect: &Effect, now: DateTime<Utc>) {
        match effect {
            Effect::InvitationOwed { user, not_before } => {
                self.keyed.insert((job_kind::INVITATION, *user), *not_before);
            }
            Effect::InvitationWithdrawn { user } => {
                self.keyed.remove(&(job_kind::INVITATION, *user));
            }
            Effect::GraceTimer { user, at } => {
                self.keyed.insert((job_kind::END_GRACE, *user), *at);
            }
            Effect::GraceCancelled { user } => {
                self.keyed.remove(&(job_kind::END_GRACE, *user));
            }
            Effect::ApplicationTold { user, event } => self.messages.push((*user, *event, now)),
            Effect::SeatTaken { .. }
            | Effect::SeatQueued { .. }
            | Effect::SeatFreed { .. }
            | Effect::QueueLeft { .. }
            | Effect::EnrolmentChanged { .. }
            | Effect::LossCounted { .. }
            | Effect::LossHeld { .. }
            | Effect::HoldEnded { .. } => {}
        }
    }

    /// As [`Job`]s.
    fn jobs(&self) -> Vec<Job> {
        let job = |kind: &str, payload: Value, run_at| Job { kind: kind.to_owned(), payload, run_at };
        self.keyed.iter().map(|((kind, user), at)| job(kind, json!({ "user": user }), *at)).collect()
    }
}

/// A stored event.
#[derive(FromQueryResult)]
struct Told {
    user_id: uuid::Uuid,
    kind: String,
    created_at: DateTime<Utc>,
}

/// A stored job.
#[derive(Debug, PartialEq, FromQueryResult)]
struct Job {
    kind: String,
    payload: Value,
    run_at: DateTime<Utc>,
}

fn change() -> impl Strategy<Value = Change> {
    let (person, two) = (0..PEOPLE, 0..2_usize);
    prop_oneof![
        3 => (person.clone(), any::<bool>()).prop_map(|(person, active)| Change::Active(person, active)),
        6 => (person.clone(), two.clone()).prop_map(|(person, group)| Change::Join(person, group)),
        3 => (person.clone(), two.clone()).prop_map(|(person, group)| Change::Leave(person, group)),
        2 => (person.clone(), two.clone()).prop_map(|(person, pool)| Change::Grant(person, pool)),
        2 => (person.clone(), two.clone()).prop_map(|(person, pool)| Change::Lift(person, pool)),
        1 => (two.clone(), 0..4_u32).prop_map(|(pool, seats)| Change::Resize(pool, seats)),
        2 => (two, 0..3_u16).prop_map(|(pool, priority)| Change::Prioritise(pool, priority)),
        2 => person.clone().prop_map(Change::Enrol),
        1 => person.prop_map(Change::Remove),
        2 => Just(Change::Wait),
    ]
}

#[test]
fn rows_follow_decisions_as_the_rules_define_them() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = runtime.block_on(TestStore::open());
    let number = Cell::new(0);
    let policies = vec![PoolPolicy::Queue, PoolPolicy::Overage, PoolPolicy::Reject];
    let input = (select(policies), prop::collection::vec(change(), 30));
    let config = Config { cases: 16, failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let outcome = TestRunner::new(config).run(&input, |(policy, changes)| {
        number.set(number.get() + 1);
        let name = format!("Tenant {}", number.get());
        runtime.block_on(async {
            let scope = store.tenant_named(&name).await;
            let mut world = World::set_up(&store, scope, policy).await;
            for change in changes {
                world.happens(change).await;
            }
        });
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// A story in which every effect happens, and the application is told everything.
#[tokio::test]
async fn every_effect_leaves_in_the_rows_what_the_rules_say() {
    let story = [
        Change::Join(0, 0),
        Change::Join(1, 0),
        // One waits for a seat and leaves the queue, the other gets one beyond those bought.
        Change::Join(2, 0),
        Change::Leave(2, 0),
        Change::Join(0, 1),
        Change::Join(1, 1),
        Change::Join(3, 1),
        // One comes back within the grace, the other does not.
        Change::Active(0, false),
        Change::Active(0, true),
        Change::Enrol(1),
        Change::Active(1, false),
        // One more than the brake lets go, who is given access again.
        Change::Active(3, false),
        Change::Active(3, true),
        Change::Wait,
        Change::Remove(3),
    ];
    let store = TestStore::open().await;
    let mut world = World::set_up(&store, store.scope.clone(), PoolPolicy::Overage).await;
    for change in story {
        world.happens(change).await;
    }
    let events = ApplicationEvent::ALL.iter().map(|event| format!("ApplicationTold {event}"));
    let all = EFFECTS.iter().map(|name| (*name).to_owned()).chain(events);
    let missing: Vec<String> = all.filter(|effect| !world.seen.contains(effect)).collect();
    assert_eq!(missing, [""; 0], "the story is to make them happen, too");
    assert!(world.seen.contains("SeatTaken beyond those bought"), "{:?}", world.seen);
}

/// A connection that may take access from two people in a day.
fn new_connection_braked() -> NewConnection {
    let mut connection = new_connection(DIRECTORY);
    connection.policy.brake.people = 2;
    connection
}

/// The facts, as they are for the causes by which a push takes something.
async fn facts(
    unit: &mut WriteUnit,
    people: &[UserId],
    pools: &[PoolId],
    cause: &Cause,
    now: DateTime<Utc>,
) -> Situation {
    let mut situation = unit.lock_facts(people, pools, now).await.expect("facts");
    if is_push(cause) {
        let directory = unit.connections().await.expect("readable").pop().expect("a connection").id;
        situation.pushed = true;
        situation.brake = unit.lock_brake(directory, now).await.expect("a brake");
    }
    situation
}

/// The directory says whether the person is active.
async fn switch(unit: &mut WriteUnit, user: UserId, active: bool, now: DateTime<Utc>) {
    let stored = unit.lock_user(user).await.expect("readable").expect("there");
    let mut document = stored.resource.document.clone();
    document.insert("active".to_owned(), active.into());
    unit.save_user(&stored, &document, now).await.expect("saved");
}

/// The person takes every step of the enrolment that is left.
async fn enrol(unit: &mut WriteUnit, user: UserId, now: DateTime<Utc>) {
    let situation = unit.lock_facts(&[user], &[], now).await.expect("facts");
    let mut enrolment = situation.people[0].enrolment.clone();
    for step in enrolment.missing_steps() {
        enrolment = enrolment.complete(step, now).expect("the next one");
    }
    unit.save_enrolment(user, &enrolment, now).await.expect("saved");
}

/// Whether a push can take something by it here.
fn is_push(cause: &Cause) -> bool {
    let takes = matches!(cause, Cause::PushedInactive | Cause::LeftGroup { .. } | Cause::Removed);
    takes || matches!(cause, Cause::PushedActive | Cause::AttributesChanged | Cause::JoinedGroup { .. })
}

const DIRECTORY: &str = "directory";

struct World<'s> {
    store: &'s TestStore,
    scope: TenantScope,
    people: Vec<Option<UserId>>,
    groups: Vec<GroupId>,
    pools: Vec<PoolId>,
    /// How many deleted people the brake keeps.
    hidden: u64,
    now: DateTime<Utc>,
    due: Due,
    /// Sees the rows as they are.
    database: DatabaseConnection,
    /// The effects that happened.
    seen: BTreeSet<String>,
}

impl<'s> World<'s> {
    async fn set_up(store: &'s TestStore, scope: TenantScope, policy: PoolPolicy) -> Self {
        let mut unit = store.write(&scope).await.expect("a unit opens");
        let (mut people, mut groups, mut pools) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..PEOPLE {
            people
                .push(Some(insert_user(&mut unit, json!({ "userName": format!("person-{number}") })).await));
        }
        for (name, policy) in [("One", PoolPolicy::Queue), ("Two", policy)] {
            let pool = unit.insert_pool(&new_pool(name, 2, policy), now()).await.expect("inserted").pool.id;
            let group = insert_group(&mut unit, name).await;
            unit.insert_binding(group, pool, 0, now()).await.expect("bound");
            pools.push(pool);
            groups.push(group);
        }
        unit.insert_connection(&new_connection_braked(), now()).await.expect("inserted");
        unit.commit().await.expect("committed");
        let mut one = ConnectOptions::new(&store.url);
        let database =
            Database::connect(one.max_connections(1).to_owned()).await.expect("the database opens");
        let (due, seen) = (Due::default(), BTreeSet::new());
        Self { store, scope, people, groups, pools, hidden: 0, now: now(), due, database, seen }
    }

    async fn happens(&mut self, change: Change) {
        self.now += TimeDelta::hours(1);
        let mut unit = self.store.write(&self.scope).await.expect("a unit opens");
        let group = |number: usize| (self.groups[number], "One".to_owned());
        let (person, pools, cause) = match change {
            Change::Wait => {
                self.now += TimeDelta::days(8);
                (None, vec![], Cause::GraceOver)
            }
            Change::Resize(pool, seats) => {
                let pool = self.pools[pool];
                unit.set_pool_size(pool, seats, self.now).await.expect("there");
                (None, vec![pool], Cause::PoolChanged { pool, name: "One".to_owned() })
            }
            Change::Prioritise(number, priority) => {
                let pool = self.pools[number];
                assert!(unit.prioritise(self.groups[number], pool, priority).await.expect("changed"));
                (None, vec![pool], Cause::PoolChanged { pool, name: "One".to_owned() })
            }
            Change::Active(person, active) => {
                let Some(user) = self.people[person] else { return };
                switch(&mut unit, user, active, self.now).await;
                (Some(user), vec![], if active { Cause::PushedActive } else { Cause::PushedInactive })
            }
            Change::Join(person, number) => {
                let (Some(user), (group, name)) = (self.people[person], group(number)) else { return };
                let member = [(user.uuid(), MemberKind::User)];
                unit.add_members(group, &member, self.now).await.expect("added");
                (Some(user), vec![], Cause::JoinedGroup { group, name })
            }
            Change::Leave(person, number) => {
                let (Some(user), (group, name)) = (self.people[person], group(number)) else { return };
                unit.remove_members(group, &[user.uuid()]).await.expect("removed");
                (Some(user), vec![], Cause::LeftGroup { group, name })
            }
            Change::Grant(person, pool) => {
                let Some(user) = self.people[person] else { return };
                unit.insert_grant(user, self.pools[pool], GrantKind::ByHand, self.now).await.expect("given");
                (Some(user), vec![], Cause::GrantedByHand)
            }
            Change::Lift(person, pool) => {
                let Some(user) = self.people[person] else { return };
                if !unit.delete_grant(user, self.pools[pool], GrantKind::ByHand).await.expect("lifted") {
                    return;
                }
                (Some(user), vec![], Cause::GrantLifted)
            }
            Change::Enrol(person) => {
                let Some(user) = self.people[person] else { return };
                enrol(&mut unit, user, self.now).await;
                (Some(user), vec![], Cause::AttributesChanged)
            }
            Change::Remove(person) => {
                let Some(user) = self.people[person].take() else { return };
                unit.lock_user_for_removal(user).await.expect("readable").expect("there");
                (Some(user), vec![], Cause::Removed)
            }
        };
        let all = self.people.iter().flatten().filter(|_| matches!(change, Change::Wait)).copied();
        let people: Vec<UserId> = all.chain(person).collect();
        let situation = facts(&mut unit, &people, &pools, &cause, self.now).await;
        let decision = match settle(&situation, &cause, self.now) {
            Ok(decision) => decision,
            Err(refusal) => {
                assert!(situation.pools.iter().any(|pool| pool.policy == PoolPolicy::Reject), "{refusal}");
                return;
            }
        };
        unit.carry_out(&decision, by, self.now).await.expect("carried out");
        assert!(!matches!(change, Change::Prioritise(..)) || decision.is_empty(), "{decision:?}");
        for effect in &decision.effects {
            self.seen.insert(name_of(effect).to_owned());
            self.due.note(effect, self.now);
        }
        self.seen.extend(decision.effects.iter().filter_map(detail_of));
        let held = decision.effects.iter().any(|effect| matches!(effect, Effect::LossHeld { .. }));
        if cause == Cause::Removed && !held {
            assert!(unit.delete_user(people[0], self.now).await.expect("deleted"));
        }
        let expected = apply(&situation, &decision, self.now);
        let touched: Vec<UserId> =
            situation.people.iter().chain(&situation.queue).map(|person| person.id).collect();
        let looked_at: Vec<PoolId> = situation.pools.iter().map(|pool| pool.id).collect();
        let mut found = facts(&mut unit, &touched, &looked_at, &cause, self.now).await;
        // Who else could be served now is no part of what was decided.
        found.queue.clear();
        found.pools.retain(|pool| looked_at.contains(&pool.id));
        assert_eq!(sorted(&found), sorted(&expected), "{change:?}");
        if cause == Cause::Removed && held {
            unit.hide_user(people[0], self.now).await.expect("hidden");
            self.hidden += 1;
        }
        let after = facts(&mut unit, &people, &pools, &cause, self.now).await;
        let again = settle(&after, &cause, self.now).expect("nothing refuses");
        assert!(again.is_empty(), "{change:?} decides again: {again:?}");
        unit.commit().await.expect("committed");
        self.is_due(change).await;
        self.adds_up().await;
    }

    /// What is due, and what the application was told, is what the effects said.
    async fn is_due(&self, change: Change) {
        assert_eq!(self.jobs().await, self.due.jobs(), "{change:?}");
        let messages = self.due.messages.iter().map(|(user, event, at)| (*user, event.to_string(), *at));
        assert_eq!(self.told().await, messages.collect::<Vec<_>>(), "{change:?}");
    }

    /// The jobs of the tenant, as [`Due::jobs`] orders them.
    async fn jobs(&self) -> Vec<Job> {
        let query = "SELECT kind, payload, run_at FROM jobs WHERE tenant_id = $1 ORDER BY id";
        let tenant = [self.scope.tenant_id().uuid().into()];
        let query = Statement::from_sql_and_values(self.database.get_database_backend(), query, tenant);
        let mut jobs = Job::find_by_statement(query).all(&self.database).await.expect("readable");
        jobs.sort_by_key(|job| (job.kind.clone(), job.payload["user"].to_string()));
        jobs
    }

    /// What the application was told, in order. Tests beside this one may hold transactions open on the same server, so the
    /// table is looked at, and not what can be read already.
    async fn told(&self) -> Vec<(UserId, String, DateTime<Utc>)> {
        let query = "SELECT user_id, kind, created_at FROM events WHERE tenant_id = $1 ORDER BY position, id";
        let tenant = [self.scope.tenant_id().uuid().into()];
        let query = Statement::from_sql_and_values(self.database.get_database_backend(), query, tenant);
        let told = Told::find_by_statement(query).all(&self.database).await.expect("readable");
        told.into_iter().map(|row| (UserId::new(row.user_id), row.kind, row.created_at)).collect()
    }

    /// Pools count their seats, their history adds up to what they are, nobody waits while there is room, and statuses are counted.
    async fn adds_up(&self) {
        let unit = self.store.read(&self.scope).await.expect("a unit opens");
        let (_, users) = unit.users(None, page(1, 100)).await.expect("readable");
        let history = unit.pool_changes(None, now()).await.expect("readable");
        for state in unit.pools().await.expect("readable") {
            let sum = |of: fn(&PoolChange) -> i64| history[&state.pool.id].iter().map(of).sum::<i64>();
            let told = (sum(|at| at.bought), sum(|at| at.taken - at.freed), sum(|at| at.waiting));
            let stands = (state.pool.seats.into(), state.pool.used.into(), state.waiting.into());
            assert_eq!(told, stands, "the history of {}", state.pool.name);
            // Deleted people whose seat the brake keeps are in no list of users.
            let seats = unit.seats_of(state.pool.id, SeatState::Assigned, 0, 100).await.expect("readable");
            assert_eq!(u32::try_from(seats.len()), Ok(state.pool.used));
            self.wait_in_order(&unit, state.pool.id).await;
            assert!(
                state.waiting == 0 || !state.pool.has_room(),
                "{} wait although there is room",
                state.waiting
            );
        }
        let counted: u64 =
            unit.people_by_status().await.expect("readable").iter().map(|(_, people)| people).sum();
        assert_eq!(counted, users.len() as u64 + self.hidden);
    }

    /// A queue stands in the rows in the order in which the rules serve it.
    async fn wait_in_order(&self, unit: &ReadUnit, pool: PoolId) {
        let everyone: Vec<UserId> = self.people.iter().flatten().copied().collect();
        let people = unit.facts(&everyone, &[], self.now).await.expect("readable").people;
        let position =
            |person: &Person| Some(person.position(person.waiting().find(|place| place.pool == pool)?));
        let mut expected: Vec<Position> = people.iter().filter_map(position).collect();
        expected.sort_unstable();
        let expected: Vec<UserId> = expected.into_iter().map(|position| position.user).collect();
        let stored = unit.seats_of(pool, SeatState::Waiting, 0, 100).await.expect("readable");
        assert_eq!(stored.iter().map(|place| place.user).collect::<Vec<_>>(), expected);
        let told = unit.waiting().await.expect("readable").into_iter().filter(|place| place.pool == pool);
        assert_eq!(told.map(|place| place.user).collect::<Vec<_>>(), expected);
    }
}

/// What there is to tell apart within an effect.
fn detail_of(effect: &Effect) -> Option<String> {
    match effect {
        Effect::SeatTaken { overage: true, .. } => Some("SeatTaken beyond those bought".to_owned()),
        Effect::ApplicationTold { event, .. } => Some(format!("ApplicationTold {event}")),
        _ => None,
    }
}

/// Everybody and the pools, each once and in the order of ids.
fn sorted(situation: &Situation) -> (Vec<Person>, Vec<Pool>) {
    let everybody = situation.queue.iter().chain(&situation.people);
    let people: BTreeMap<UserId, &Person> = everybody.map(|person| (person.id, person)).collect();
    let mut people: Vec<Person> = people.into_values().cloned().collect();
    for person in &mut people {
        person.seats.sort_by_key(|seat| seat.pool);
        person.grants.sort_by_key(|grant| (grant.pool, grant.source.to_string()));
    }
    let mut pools = situation.pools.clone();
    pools.sort_by_key(|pool| pool.id);
    (people, pools)
}
