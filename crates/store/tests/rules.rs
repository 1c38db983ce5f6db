//! The store means by an effect what `provisioning::apply` means, whatever happens in whatever order.

mod support;

use std::cell::Cell;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use provisioning::{Cause, GroupId, Person, PoolId, PoolPolicy, SeatState, Situation, UserId, apply, settle};
use serde_json::json;
use store::{GrantKind, MemberKind, TenantScope};
use support::{TestStore, insert_group, insert_user, licences_of, new_pool, now, page};

/// A change of the facts about one of the people.
#[derive(Clone, Copy, Debug)]
enum Change {
    Active(usize, bool),
    Join(usize, usize),
    Leave(usize, usize),
    Grant(usize, usize),
    Lift(usize, usize),
    Resize(usize, u32),
    Remove(usize),
    Wait,
}

const PEOPLE: usize = 5;

fn change() -> impl Strategy<Value = Change> {
    let (person, two) = (0..PEOPLE, 0..2_usize);
    prop_oneof![
        3 => (person.clone(), any::<bool>()).prop_map(|(person, active)| Change::Active(person, active)),
        6 => (person.clone(), two.clone()).prop_map(|(person, group)| Change::Join(person, group)),
        3 => (person.clone(), two.clone()).prop_map(|(person, group)| Change::Leave(person, group)),
        2 => (person.clone(), two.clone()).prop_map(|(person, pool)| Change::Grant(person, pool)),
        2 => (person.clone(), two.clone()).prop_map(|(person, pool)| Change::Lift(person, pool)),
        1 => (two, 0..4_u32).prop_map(|(pool, seats)| Change::Resize(pool, seats)),
        1 => person.prop_map(Change::Remove),
        2 => Just(Change::Wait),
    ]
}

#[test]
fn rows_follow_decisions_as_the_rules_define_them() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = runtime.block_on(TestStore::open());
    let number = Cell::new(0);
    let policies = vec![PoolPolicy::Queue, PoolPolicy::Overage];
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

struct World<'s> {
    store: &'s TestStore,
    scope: TenantScope,
    people: Vec<Option<UserId>>,
    groups: Vec<GroupId>,
    pools: Vec<PoolId>,
    now: DateTime<Utc>,
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
            unit.insert_binding(group, pool, now()).await.expect("bound");
            pools.push(pool);
            groups.push(group);
        }
        unit.commit().await.expect("committed");
        Self { store, scope, people, groups, pools, now: now() }
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
                unit.set_pool_size(pool, seats).await.expect("there");
                (None, vec![pool], Cause::PoolChanged { pool, name: "One".to_owned() })
            }
            Change::Active(person, active) => {
                let Some(user) = self.people[person] else { return };
                let stored = unit.lock_user(user).await.expect("readable").expect("there");
                let mut document = stored.resource.document.clone();
                document.insert("active".to_owned(), active.into());
                unit.save_user(&stored, &document, self.now).await.expect("saved");
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
            Change::Remove(person) => {
                let Some(user) = self.people[person].take() else { return };
                unit.lock_user_for_removal(user).await.expect("readable").expect("there");
                (Some(user), vec![], Cause::Removed)
            }
        };
        let people: Vec<UserId> = if matches!(change, Change::Wait) {
            self.people.iter().flatten().copied().collect()
        } else {
            person.into_iter().collect()
        };
        let situation = unit.lock_facts(&people, &pools, self.now).await.expect("facts");
        let decision = settle(&situation, &cause, self.now).expect("nothing refuses");
        unit.carry_out(&decision, self.now).await.expect("carried out");
        if cause == Cause::Removed {
            assert!(unit.delete_user(people[0], self.now).await.expect("deleted"));
        } else {
            let expected = apply(&situation, &decision, self.now);
            let found = unit.lock_facts(&people, &pools, self.now).await.expect("facts");
            assert_eq!(sorted(&found), sorted(&expected), "{change:?}");
            let again = settle(&found, &cause, self.now).expect("nothing refuses");
            assert!(again.is_empty(), "{change:?} decides again: {again:?}");
        }
        unit.commit().await.expect("committed");
        self.adds_up().await;
    }

    /// Pools count their seats, nobody waits while there is room, and statuses are counted.
    async fn adds_up(&self) {
        let unit = self.store.read(&self.scope).await.expect("a unit opens");
        let (_, users) = unit.users(None, page(1, 100)).await.expect("readable");
        let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
        let licences = licences_of(&unit, &ids).await;
        for state in unit.pools().await.expect("readable") {
            let seats = licences.values().flatten().filter(|licence| licence.pool == state.pool.id);
            let assigned = seats.filter(|licence| licence.state == SeatState::Assigned).count();
            assert_eq!(u32::try_from(assigned), Ok(state.pool.used));
            assert!(
                state.waiting == 0 || !state.pool.has_room(),
                "{} wait although there is room",
                state.waiting
            );
        }
        let counted: u64 =
            unit.people_by_status().await.expect("readable").iter().map(|(_, people)| people).sum();
        assert_eq!(counted, users.len() as u64);
    }
}

/// People and pools in an order of their own; the queue is whatever was loaded.
fn sorted(situation: &Situation) -> (Vec<Person>, Vec<provisioning::Pool>) {
    let mut people = situation.people.clone();
    for person in &mut people {
        person.seats.sort_by_key(|seat| seat.pool);
        person.grants.sort_by_key(|grant| (grant.pool, grant.source.to_string()));
    }
    people.sort_by_key(|person| person.id);
    let named: Vec<PoolId> = people
        .iter()
        .flat_map(|person| person.grants.iter().map(|g| g.pool).chain(person.seats.iter().map(|s| s.pool)))
        .collect();
    let pools = situation.pools.iter().filter(|pool| named.contains(&pool.id)).cloned();
    let mut pools: Vec<_> = pools.collect();
    pools.sort_by_key(|pool| pool.id);
    (people, pools)
}
