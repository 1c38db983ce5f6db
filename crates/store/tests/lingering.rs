//! People who linger in a dynamic group: what is written of them, and what the rules see.

use crate::support::{TestStore, by, insert_user, now};
use chrono::TimeDelta;
use provisioning::{
    Cause, Grant, GrantSource, GroupGrace, GroupId, Person, PoolId, PoolPolicy, UserId, settle,
};
use serde_json::json;
use store::{GrantKind, Lingerers, MemberKind, WriteUnit};
use uuid::Uuid;

/// A dynamic group of three people that is bound to two pools: Vault has a seat for two of them, and Notes none and no queue.
struct Site {
    store: TestStore,
    group: GroupId,
    vault: PoolId,
    notes: PoolId,
    people: [UserId; 3],
}

const GRACE: u32 = 24;

impl Site {
    async fn open() -> Self {
        let store = TestStore::open().await;
        let vault = store.add_pool("Vault", 2, PoolPolicy::Queue).await;
        let notes = store.add_pool("Notes", 0, PoolPolicy::Reject).await;
        let group = store.add_group("Shore staff").await;
        let mut unit = store.unit().await;
        let mut people = Vec::new();
        for name in ["ada", "ben", "cleo"] {
            people.push(insert_user(&mut unit, json!({ "userName": name })).await);
        }
        let people: [UserId; 3] = people.try_into().expect("three");
        for pool in [vault, notes] {
            unit.insert_binding(group, pool, 0, now()).await.expect("bound");
        }
        unit.set_group_grace(group, GroupGrace::of_hours(GRACE).ok()).await.expect("marked");
        let members = people.map(|user| (user.uuid(), MemberKind::User));
        unit.add_members(group, &members, now()).await.expect("added");
        let situation = unit.lock_facts(&people, &[], now()).await.expect("facts");
        let cause = Cause::SeatFreed { pool: vault, name: "Vault".to_owned() };
        let decision = settle(&situation, &cause, now()).expect("not refused");
        unit.carry_out(&decision, by, now()).await.expect("carried out");
        unit.commit().await.expect("committed");
        Self { store, group, vault, notes, people }
    }

    fn ids(&self) -> [Uuid; 3] {
        self.people.map(UserId::uuid)
    }

    async fn facts(&self, unit: &WriteUnit) -> Vec<Person> {
        let mut people = unit.facts(&self.people, &[], now()).await.expect("facts").people;
        for person in &mut people {
            person.grants.sort_by_key(|grant| format!("{grant:?}"));
        }
        people
    }
}

#[tokio::test]
async fn who_leaves_keeps_in_the_rows_what_the_rule_says() {
    let site = Site::open().await;
    let mut unit = site.store.unit().await;
    let until = GroupGrace::of_hours(GRACE).expect("a grace").until(now());
    let mut wanted = site.facts(&unit).await;
    for person in &mut wanted {
        person.lingers(site.group, until);
    }
    unit.remove_members(site.group, &site.ids()).await.expect("removed");
    let mut lingering = unit.linger(site.group, &site.ids(), None, now()).await.expect("kept");
    lingering.sort_unstable();
    let mut all = site.ids().to_vec();
    all.sort_unstable();
    assert_eq!(lingering, all);
    let people = site.facts(&unit).await;
    assert_eq!(people, wanted, "the rows are what the rule says");
    let source =
        GrantSource::Lingering { group: site.group, name: "Shore staff".to_owned(), until, priority: 0 };
    assert!(
        people.iter().all(|person| person.grants == [Grant { pool: site.vault, source: source.clone() }])
    );
    assert!(
        !people[0].grants.iter().any(|grant| grant.pool == site.notes),
        "nobody had anything of that pool"
    );
    let listed = unit.grants(Some(site.people[0]), None, 0, 10).await.expect("readable");
    assert_eq!((listed[0].kind, listed[0].group), (GrantKind::Lingering, Some(site.group)));
    assert_eq!(unit.pool_people_without_grant(site.vault, None, 10).await.expect("readable"), []);

    // A group of another name, or of another grace, keeps them under that name and for that long.
    unit.set_group_grace(site.group, GroupGrace::of_hours(2).ok()).await.expect("marked");
    let GrantSource::Lingering { until, .. } = site.facts(&unit).await[0].grants[0].source.clone() else {
        panic!("they linger")
    };
    assert_eq!(until, now() + TimeDelta::hours(2));
}

#[tokio::test]
async fn who_comes_back_lingers_no_more_and_who_leaves_again_begins_anew() {
    let site = Site::open().await;
    let mut unit = site.store.unit().await;
    let (ada, ids) = (site.people[0], site.ids());
    unit.linger(site.group, &ids, None, now()).await.expect("kept");
    assert_eq!(unit.linger_no_more(site.group, &[ada.uuid()]).await.expect("back"), [ada.uuid()]);
    assert!(unit.linger_no_more(site.group, &[ada.uuid()]).await.expect("back before").is_empty());
    let later = now() + TimeDelta::hours(5);
    unit.linger(site.group, &[ada.uuid()], None, later).await.expect("kept");
    unit.linger(site.group, &[site.people[1].uuid()], None, later).await.expect("kept longer");
    assert_eq!(unit.lingering_since(site.group).await.expect("readable"), Some(now()), "cleo is the first");
    let early = Lingerers { left_by: Some(now()), ..Lingerers::default() };
    assert_eq!(unit.lingerers(site.group, early).await.expect("readable"), [site.people[2]]);
    let ended = unit.end_lingering(site.group, early).await.expect("ended");
    assert_eq!(ended.into_iter().collect::<Vec<_>>(), [(None, vec![site.people[2]])]);
    let of_notes = Lingerers { pool: Some(site.notes), ..Lingerers::default() };
    assert!(unit.end_lingering(site.group, of_notes).await.expect("nobody").is_empty());
    let mut left = unit.lingerers(site.group, Lingerers::default()).await.expect("readable");
    left.sort_unstable();
    let mut others = site.people[..2].to_vec();
    others.sort_unstable();
    assert_eq!(left, others);
    // A group that lingers elsewhere, and one of another tenant, are not meant.
    let other = unit.lingerers(GroupId::new(Uuid::from_u128(7)), Lingerers::default()).await;
    assert!(other.expect("readable").is_empty());
    unit.commit().await.expect("committed");
    let scope = site.store.tenant_named("Beta").await;
    let theirs = site.store.read(&scope).await.expect("a unit opens");
    assert!(theirs.lingerers(site.group, Lingerers::default()).await.expect("readable").is_empty());
}

#[tokio::test]
async fn what_a_user_keeps_goes_with_the_user() {
    let site = Site::open().await;
    let mut unit = site.store.unit().await;
    let cleo = site.people.into_iter().max().expect("three");
    unit.linger(site.group, &site.ids(), None, now()).await.expect("kept");
    let situation = unit.lock_facts(&[cleo], &[], now()).await.expect("facts");
    let decision = settle(&situation, &Cause::Removed, now()).expect("not refused");
    unit.carry_out(&decision, by, now()).await.expect("carried out");
    assert!(unit.delete_user(cleo, now()).await.expect("deleted"));
    let left = unit.lingerers(site.group, Lingerers::default()).await.expect("readable");
    assert!(left.len() == 2 && !left.contains(&cleo), "{left:?}");
}
