//! Random tenants and changes: what the preview says is what performing the change then does.

#[path = "acts.rs"]
mod acts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use operations::consequences::{Consequences, Kind};
use operations::groups::Marking;
use operations::{Error, Operator, Provider, Requester, directory, grants, pools};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use provisioning::UserId;
use serde_json::json;

use crate::support::{Client, TestApp, USER};

const PEOPLE: usize = 9;
const POOLS: [&str; 2] = ["One", "Two"];

#[derive(Clone, Debug)]
struct Situation {
    /// Whether each person is active and a counsel, and in which groups.
    people: Vec<(bool, bool, BTreeSet<usize>)>,
    /// Seats and policy of each pool.
    pools: Vec<(u32, &'static str)>,
    /// Whether the second pool ends with a day that is over in one of the time zones.
    ends: bool,
    /// Bindings with their priorities.
    bound: BTreeMap<(usize, usize), u16>,
    by_hand: BTreeSet<(usize, usize)>,
    grace: u32,
    /// Whether each group is dynamic, and who then drops out of it, some before others.
    dynamic: [bool; 2],
    dropped: BTreeSet<(usize, usize)>,
}

#[derive(Clone, Debug)]
enum Change {
    Bind(usize, usize, u16),
    Prioritise(usize, usize, u16),
    Unbind(usize, usize),
    Give(usize, usize),
    Take(usize, usize),
    Update(usize, pools::Change),
    DeletePool(usize),
    CreatePool(u32, &'static str, bool),
    Move,
    DeleteGroup(usize),
    Mark(usize, Marking),
    SwitchOff(usize),
    Promote(usize),
    DeleteUser(usize),
}

fn situation() -> impl Strategy<Value = Situation> {
    let two = || 0..2_usize;
    let groups = prop::collection::btree_set(two(), 0..3);
    let people = prop::collection::vec((prop::bool::weighted(0.85), any::<bool>(), groups), PEOPLE);
    let pools = prop::collection::vec((0..6_u32, policy()), 2);
    let pairs = prop::collection::btree_map((two(), two()), 0..3_u16, 0..4);
    let by_hand = prop::collection::btree_set((0..PEOPLE, two()), 0..5);
    let dropped = prop::collection::btree_set((0..PEOPLE, two()), 0..6);
    let lingering = (any::<[bool; 2]>(), dropped);
    (people, pools, any::<bool>(), pairs, by_hand, select(vec![0, 7]), lingering).prop_map(
        |(people, pools, ends, bound, by_hand, grace, (dynamic, dropped))| Situation {
            people,
            pools,
            ends,
            bound,
            by_hand,
            grace,
            dynamic,
            dropped,
        },
    )
}

fn marking() -> impl Strategy<Value = Marking> {
    let dynamic = prop::option::of(any::<bool>());
    let grace_hours = prop::option::of(select(vec![1, 3, 48]));
    (dynamic, grace_hours).prop_map(|(dynamic, grace_hours)| Marking { dynamic, grace_hours })
}

fn policy() -> impl Strategy<Value = &'static str> {
    select(vec!["queue", "queue", "reject", "overage"])
}

fn change() -> impl Strategy<Value = Change> {
    let two = || 0..2_usize;
    let person = || 0..PEOPLE;
    let update = (
        prop::option::of(0..8_u32),
        prop::option::of(policy()),
        prop::option::of(prop::option::of(select(vec!["2026-01-31", "2027-01-31"]))),
        prop::option::of(any::<bool>()),
        prop::option::of(prop::option::of(select(vec!["title eq \"Counsel\"", "not (title pr)"]))),
    );
    let update = update.prop_map(|(seats, policy, expires, for_everyone, rule)| pools::Change {
        name: None,
        seats,
        policy: policy.map(str::to_owned),
        expires: expires.map(|day| day.map(str::to_owned)),
        for_everyone,
        rule: rule.map(|rule| rule.map(str::to_owned)),
    });
    prop_oneof![
        3 => (two(), two(), 0..3_u16).prop_map(|(group, pool, n)| Change::Bind(group, pool, n)),
        2 => (two(), two(), 0..3_u16).prop_map(|(group, pool, n)| Change::Prioritise(group, pool, n)),
        3 => (two(), two()).prop_map(|(group, pool)| Change::Unbind(group, pool)),
        2 => (person(), two()).prop_map(|(person, pool)| Change::Give(person, pool)),
        2 => (person(), two()).prop_map(|(person, pool)| Change::Take(person, pool)),
        8 => (two(), update).prop_map(|(pool, change)| Change::Update(pool, change)),
        1 => two().prop_map(Change::DeletePool),
        2 => (0..8_u32, policy(), any::<bool>()).prop_map(|(n, policy, all)| Change::CreatePool(n, policy, all)),
        1 => Just(Change::Move),
        1 => two().prop_map(Change::DeleteGroup),
        2 => (two(), marking()).prop_map(|(group, marking)| Change::Mark(group, marking)),
        1 => person().prop_map(Change::SwitchOff),
        1 => person().prop_map(Change::Promote),
        1 => person().prop_map(Change::DeleteUser),
    ]
}

#[test]
fn a_preview_says_what_performing_gives() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let app = runtime.block_on(TestApp::open());
    let input = (situation(), prop::collection::vec(change(), 1..5), 1..=5_u64);
    let config = Config { cases: 60, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let outcome = TestRunner::new(config).run(&input, |(situation, changes, batch)| {
        runtime.block_on(async {
            let mut world = World::set_up(&app, &situation, batch).await;
            for change in &changes {
                world.happens(change).await;
            }
        });
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

struct World<'a> {
    app: &'a TestApp,
    client: Client,
    requester: Requester,
    tenant: String,
    people: Vec<String>,
    groups: Vec<String>,
    batch: u64,
}

/// How a tenant stands: of each person seats, places and access; of each pool seats assigned and people who wait.
#[derive(Debug, PartialEq)]
struct State {
    people: BTreeMap<UserId, (BTreeSet<String>, BTreeSet<String>, bool)>,
    pools: BTreeMap<String, (u64, u64, u64)>,
}

impl<'a> World<'a> {
    async fn set_up(app: &'a TestApp, situation: &Situation, batch: u64) -> Self {
        let tenant = app.other_tenant().await;
        let client = app.connection_with(&tenant, "generic", Some(situation.grace)).await;
        // A preview says what a push asks for, and not what the brake keeps of it.
        app.without_brake(&client).await;
        let hash = operations::secret::hash(client.token.as_deref().expect("a token")).expect("a hash");
        let known = app.admin.db().authenticate(&hash, app.clock.now()).await.expect("readable");
        let known = known.expect("a valid token");
        let provider = Arc::new(Provider::new(known.connection).expect("a profile"));
        let requester = Requester::push(known.scope, provider, "test".to_owned(), app.clock.now());
        let mut world = Self { app, client, requester, tenant, people: vec![], groups: vec![], batch };
        let (db, operator) = (app.admin.db(), world.operator());
        world.move_to("Pacific/Honolulu").await.expect("a zone");
        for ((seats, policy), name) in situation.pools.iter().zip(POOLS) {
            let expires = (name == "Two" && situation.ends).then(|| "2026-02-28".to_owned());
            world.create_pool(name, *seats, policy, expires, None).await.expect("a new pool");
        }
        let mut members: [Vec<&str>; 2] = Default::default();
        for (number, (active, counsel, _)) in situation.people.iter().enumerate() {
            let name = format!("person-{number}");
            let mut body = json!({ "schemas": [USER], "userName": name, "active": active });
            if *counsel {
                body["title"] = "Counsel".into();
            }
            let id = world.client.post("/Users", &body).await.expect(201).id();
            world.people.push(id);
        }
        for ((.., groups), id) in situation.people.iter().zip(&world.people) {
            for group in groups {
                members[*group].push(id);
            }
        }
        for (number, members) in members.iter().enumerate() {
            let id = world.client.group(&format!("Group {number}"), members).await;
            world.groups.push(id);
        }
        for ((group, pool), priority) in &situation.bound {
            world.perform(&Change::Bind(*group, *pool, *priority)).await.expect("bound");
        }
        for (person, pool) in &situation.by_hand {
            // A full pool may refuse.
            _ = grants::create(db, &operator, &world.people[*person], POOLS[*pool]).await;
        }
        for (group, _) in situation.dynamic.iter().enumerate().filter(|(_, dynamic)| **dynamic) {
            let dynamic = Marking { dynamic: Some(true), grace_hours: None };
            world.perform(&Change::Mark(group, dynamic)).await.expect("marked");
        }
        for (person, group) in &situation.dropped {
            world.client.remove(&world.groups[*group], &world.people[*person]).await;
            app.clock.advance(TimeDelta::minutes(30));
        }
        world
    }

    fn operator(&self) -> Operator {
        Operator { batch: self.batch, ..self.app.admin.operator("test").within(Some(self.tenant.clone())) }
    }

    async fn happens(&mut self, change: &Change) {
        let told = self.preview(change, self.batch).await;
        let all_at_once = self.preview(change, 500).await;
        let before = self.state().await;
        let done = self.perform(change).await;
        let after = self.state().await;
        match (told, done) {
            (Ok(told), Ok(refused)) => {
                Self::compare(&told, &before, &after, change);
                if let Some(refused) = refused {
                    assert_eq!(told.refused, refused, "{change:?}");
                }
                let rejects = self.pools().await.iter().any(|pool| pool.policy.as_str() == "reject");
                if !rejects && !matches!(change, Change::CreatePool(..)) {
                    assert_eq!(all_at_once.expect("the same"), told, "{change:?}, batches of {}", self.batch);
                }
            }
            (Ok(told), Err(Error::Rule(_))) => {
                assert_eq!((told.refused, before), (1, after), "{change:?}: {told:?}");
            }
            (Err(told), Err(done)) => {
                assert_eq!(operations::sentence(&told), operations::sentence(&done), "{change:?}");
            }
            (told, done) => panic!("{change:?}: told {told:?}, done {done:?}"),
        }
    }

    fn compare(told: &Consequences, before: &State, after: &State, change: &Change) {
        let nothing = (BTreeSet::new(), BTreeSet::new(), false);
        let (mut gains, mut losses, mut gone) = ([0, 0, 0], [0, 0, 0], 0);
        let mut seated = BTreeSet::new();
        let mut same = BTreeSet::new();
        for (id, (seats, places, access)) in &before.people {
            let (seats_then, places_then, access_then) = after.people.get(id).unwrap_or(&nothing);
            gains[0] += seats_then.difference(seats).count();
            gains[1] += places_then.difference(places).count();
            gains[2] += usize::from(*access_then && !access);
            losses[0] += seats.difference(seats_then).count();
            losses[1] +=
                places.iter().filter(|it| !places_then.contains(*it) && !seats_then.contains(*it)).count();
            losses[2] += usize::from(*access && !access_then);
            gone += usize::from(!after.people.contains_key(id));
            if seats_then.difference(seats).next().is_some() {
                seated.insert(*id);
            }
            if (seats, places, access) == (seats_then, places_then, access_then) {
                same.insert(*id);
            }
        }
        let number = |number: u64| usize::try_from(number).expect("small");
        let told_gains = [told.gains.seats, told.gains.places, told.gains.access].map(number);
        assert_eq!(told_gains, gains, "{change:?}: {told:?}\n{before:?}\n{after:?}");
        let told_losses = [told.losses.seats, told.losses.places, told.losses.access].map(number);
        assert_eq!(told_losses[1..], losses[1..], "{change:?}: {told:?}\n{before:?}\n{after:?}");
        // A seat that is kept for a grace is lost all the same.
        assert!(told_losses[0] >= losses[0], "{change:?}: {told:?}");
        let named = |kind: Kind| {
            let shares = told.people.iter().filter(move |share| share.kind == kind);
            shares.flat_map(|share| &share.first).map(|named| named.id).collect::<BTreeSet<_>>()
        };
        assert_eq!(named(Kind::GetSeat), seated, "{change:?}: {told:?}");
        assert!(named(Kind::Unaffected).is_subset(&same), "{change:?}: {told:?}");
        assert!(gone <= number(told.losses.people + told.unaffected), "{change:?}: {told:?}");
        let mut pools = before.pools.clone();
        for stock in &told.pools {
            let known = before.pools.get(&stock.name).copied().unwrap_or_default();
            assert_eq!(known, (stock.seats.before, stock.used.before, stock.waiting.before), "{change:?}");
            pools.insert(stock.name.clone(), (stock.seats.after, stock.used.after, stock.waiting.after));
        }
        pools.retain(|name, _| after.pools.contains_key(name));
        assert_eq!(pools, after.pools, "{change:?}: {told:?}");
    }

    async fn pools(&self) -> Vec<pools::Pool> {
        pools::list(self.app.admin.db(), &self.tenant).await.expect("readable")
    }

    async fn state(&self) -> State {
        let part = directory::Part { count: 100, ..directory::Part::default() };
        let users = directory::users(self.app.admin.db(), &self.tenant, &part).await.expect("readable");
        let person = |user: directory::User| {
            let access = ["pending", "active"].contains(&user.status.as_str());
            (user.id, (user.seats.into_iter().collect(), user.waiting.into_iter().collect(), access))
        };
        let pools = self.pools().await.into_iter();
        State {
            people: users.items.into_iter().map(person).collect(),
            pools: pools.map(|it| (it.name, (it.seats.into(), it.used.into(), it.waiting.into()))).collect(),
        }
    }
}
