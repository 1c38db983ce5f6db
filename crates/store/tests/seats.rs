//! Facts out of rows, decisions into rows: seats, queues, enrolments and the jobs that follow.

use crate::support::{
    TestStore, by, insert_group, insert_user, licences_of, new_pool, now, policy, user_document,
};
use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{
    Cause, Decision, Effect, Enrolment, GrantSource, PoolPolicy, SeatState, Status, Subject, UserId, settle,
};
use serde_json::json;
use store::{Claim, Error, GrantKind, JournalQuery, MemberKind, NewJob, WriteUnit, job_kind};

/// Settles people as a request does, and answers what was decided.
async fn settled(unit: &mut WriteUnit, people: &[UserId], cause: &Cause, at: DateTime<Utc>) -> Decision {
    let situation = unit.lock_facts(people, &[], at).await.expect("facts");
    let decision = settle(&situation, cause, at).expect("nothing refuses");
    unit.carry_out(&decision, by, at).await.expect("carried out");
    decision
}

#[tokio::test]
async fn facts_are_gathered_from_everywhere() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    let ada = insert_user(&mut unit, json!({ "userName": "Ada" })).await;
    let bob = insert_user(&mut unit, json!({ "userName": "bob", "active": false })).await;
    let group = insert_group(&mut unit, "Staff").await;
    let mut new = new_pool("Bound", 3, PoolPolicy::Queue);
    let bound = unit.insert_pool(&new, now()).await.expect("inserted").pool;
    new.name = "By rule".to_owned();
    new.rule = Some("title pr".to_owned());
    let ruled = unit.insert_pool(&new, now()).await.expect("inserted").pool;
    new.name = "Everybody".to_owned();
    new.default = true;
    let default = unit.insert_pool(&new, now()).await.expect("inserted").pool;
    unit.insert_binding(group, bound.id, 0, now()).await.expect("bound");
    unit.add_members(group, &[(ada.uuid(), MemberKind::User)], now()).await.expect("added");
    assert!(unit.attribute_grants(ada, &[ruled.id], &[], now()).await.expect("given"));
    assert!(!unit.attribute_grants(ada, &[ruled.id], &[], now()).await.expect("stood"));
    assert!(unit.default_grants(ada, now()).await.expect("given"));
    assert!(unit.insert_grant(ada, bound.id, GrantKind::ByHand, now()).await.expect("given"));
    assert!(!unit.insert_grant(ada, bound.id, GrantKind::ByHand, now()).await.expect("stood"));

    let situation = unit.lock_facts(&[bob, ada, bob], &[], now()).await.expect("facts");
    let person = |id: UserId| situation.people.iter().find(|person| person.id == id).expect("there");
    assert_eq!(situation.people.len(), 2, "each once");
    assert_eq!((person(ada).name.as_str(), person(ada).active, person(bob).active), ("Ada", true, false));
    let source = |wanted: &GrantSource| person(ada).grants.iter().any(|grant| grant.source == *wanted);
    assert!(source(&GrantSource::ByHand) && source(&GrantSource::Default));
    assert!(source(&GrantSource::Attribute { filter: "title pr".to_owned() }));
    assert!(source(&GrantSource::Binding { group, name: "Staff".to_owned(), priority: 0 }));
    assert_eq!(situation.pools, [bound.clone(), ruled.clone(), default]);
    assert_eq!(
        unit.lock_facts(&[bob], &[], now()).await.expect("facts").pools,
        [],
        "no fact of bob's names a pool"
    );
    let with = unit.lock_facts(&[], &[ruled.id], now()).await.expect("facts");
    assert_eq!((with.people.len(), with.pools), (0, vec![ruled.clone()]));

    assert!(unit.attribute_grants(ada, &[], &[], now()).await.expect("lifted"));
    assert!(unit.delete_grant(ada, bound.id, GrantKind::ByHand).await.expect("lifted"));
    assert!(!unit.delete_grant(ada, bound.id, GrantKind::ByHand).await.expect("lifted before"));
    assert!(unit.remove_binding(group, bound.id).await.expect("unbound"));
    assert!(!unit.remove_binding(group, bound.id).await.expect("unbound before"));
    let situation = unit.lock_facts(&[ada], &[], now()).await.expect("facts");
    assert_eq!(situation.people[0].grants.len(), 1);
}

#[tokio::test]
async fn a_join_takes_a_seat_and_tells_everybody() {
    let store = TestStore::open().await;
    let pool = store.add_pool("Vault", 1, PoolPolicy::Queue).await;
    let group = store.add_group("Staff").await;
    let (ada, bob) = (store.add_user("ada").await, store.add_user("bob").await);
    let mut unit = store.unit().await;
    unit.insert_binding(group, pool, 0, now()).await.expect("bound");
    let members = [(ada.uuid(), MemberKind::User), (bob.uuid(), MemberKind::User)];
    unit.add_members(group, &members, now()).await.expect("added");
    let cause = Cause::JoinedGroup { group, name: "Staff".to_owned() };
    let people = [ada.min(bob), ada.max(bob)];
    settled(&mut unit, &people, &cause, now()).await;
    assert!(settled(&mut unit, &people, &cause, now()).await.is_empty(), "a replay decides nothing");
    unit.commit().await.expect("committed");

    let [first, second] = people;
    let unit = store.read(&store.scope).await.expect("a unit opens");
    let licences = licences_of(&unit, &people).await;
    let seat =
        |user: UserId| (licences[&user][0].state, licences[&user][0].name.as_str(), licences[&user][0].since);
    assert_eq!(seat(first), (SeatState::Assigned, "Vault", now()));
    assert_eq!(seat(second), (SeatState::Waiting, "Vault", now()));
    let state = unit.pools().await.expect("readable").remove(0);
    assert_eq!((state.pool.used, state.waiting), (1, 1));
    let waiting = unit.waiting().await.expect("readable");
    assert_eq!(waiting.iter().map(|one| (one.pool, one.user)).collect::<Vec<_>>(), [(pool, second)]);
    let user = unit.user(first).await.expect("readable").expect("there");
    assert_eq!((user.enrolment.status, user.resource.meta.version), (Status::Pending, 2));
    let counts = unit.people_by_status().await.expect("readable");
    assert!(counts.contains(&(Status::Pending, 1)) && counts.contains(&(Status::NoLicence, 1)));
    assert_eq!(counts.len(), Status::ALL.len());
    let query = JournalQuery {
        subject: Some(Subject::User(first)),
        after: None,
        most: 10,
        ..JournalQuery::default()
    };
    assert!(!unit.journal(query).await.expect("readable").is_empty());
    drop(unit);

    let kinds = [job_kind::INVITATION, job_kind::END_GRACE];
    let jobs =
        store.claim_jobs(&Claim::of(&kinds, 10), "w", now(), TimeDelta::minutes(1)).await.expect("claimed");
    let jobs: Vec<_> = jobs.iter().map(|job| (job.kind.as_str(), job.payload.clone())).collect();
    assert_eq!(jobs, [(job_kind::INVITATION, json!({ "user": first }))]);
}

#[tokio::test]
async fn a_return_within_the_grace_cancels_its_timer() {
    let store = TestStore::open().await;
    let pool = store.add_pool("Vault", 1, PoolPolicy::Queue).await;
    let ada = store.add_user("ada").await;
    let set_active = async |active: bool, cause: &Cause, at: DateTime<Utc>| {
        let mut unit = store.unit().await;
        let user = unit.lock_user(ada).await.expect("readable").expect("there");
        let document = user_document(json!({ "userName": "ada", "active": active }));
        let version = unit.save_user(&user, &document, at).await.expect("saved");
        settled(&mut unit, &[ada], cause, at).await;
        let user = unit.user(ada).await.expect("readable").expect("there");
        assert_eq!(user.resource.meta.version, version, "one request, one version");
        unit.commit().await.expect("committed");
        user
    };
    let mut unit = store.unit().await;
    unit.insert_grant(ada, pool, GrantKind::ByHand, now()).await.expect("given");
    settled(&mut unit, &[ada], &Cause::GrantedByHand, now()).await;
    unit.commit().await.expect("committed");

    let later = now() + TimeDelta::hours(1);
    let user = set_active(false, &Cause::PushedInactive, later).await;
    assert_eq!(
        (user.enrolment.status, user.enrolment.seat_kept_until),
        (Status::Suspended, Some(later + policy().grace))
    );
    assert_eq!(store.pool(pool).await.used, 1, "the seat is kept");
    let user = set_active(true, &Cause::PushedActive, later).await;
    assert_eq!((user.enrolment.status, user.enrolment.seat_kept_until), (Status::Pending, None));
    let end = later + policy().grace;
    let jobs = store
        .claim_jobs(&Claim::of(&[job_kind::END_GRACE], 10), "w", end, TimeDelta::minutes(1))
        .await
        .expect("claimed");
    assert_eq!(jobs, [], "no timer rings");

    set_active(false, &Cause::PushedInactive, later).await;
    let jobs = store
        .claim_jobs(&Claim::of(&[job_kind::END_GRACE], 10), "w", end, TimeDelta::minutes(1))
        .await
        .expect("claimed");
    assert_eq!(jobs.len(), 1);
    let mut unit = store.unit().await;
    settled(&mut unit, &[ada], &Cause::GraceOver, end).await;
    unit.commit().await.expect("committed");
    assert_eq!(store.pool(pool).await.used, 0);
}

#[tokio::test]
async fn a_seat_that_becomes_free_goes_to_the_first_who_waits() {
    let store = TestStore::open().await;
    let pool = store.add_pool("Vault", 1, PoolPolicy::Queue).await;
    let mut users = Vec::new();
    for (minute, name) in (0..).zip(["ada", "bob", "cy"]) {
        let user = store.add_user(name).await;
        let at = now() + TimeDelta::minutes(minute);
        let mut unit = store.unit().await;
        unit.insert_grant(user, pool, GrantKind::ByHand, at).await.expect("given");
        settled(&mut unit, &[user], &Cause::GrantedByHand, at).await;
        unit.commit().await.expect("committed");
        users.push(user);
    }
    let mut unit = store.unit().await;
    let at = now() + TimeDelta::hours(1);
    unit.lock_user_for_removal(users[0]).await.expect("readable").expect("there");
    settled(&mut unit, &users[..1], &Cause::Removed, at).await;
    assert!(unit.delete_user(users[0], at).await.expect("deleted"));
    unit.commit().await.expect("committed");
    let unit = store.read(&store.scope).await.expect("a unit opens");
    let licences = licences_of(&unit, &users).await;
    assert_eq!(licences.get(&users[0]), None);
    assert_eq!(licences[&users[1]][0].state, SeatState::Assigned);
    assert_eq!(licences[&users[2]][0].state, SeatState::Waiting);
    let served = unit.user(users[1]).await.expect("readable").expect("there");
    assert_eq!(
        (served.resource.meta.version, served.resource.meta.last_modified),
        (3, at),
        "served is changed"
    );
    assert_eq!(unit.pool_people(pool, None, 1).await.expect("readable"), [users[1].min(users[2])]);
    drop(unit);

    let mut unit = store.unit().await;
    unit.set_pool_size(pool, 2, now()).await.expect("there");
    let situation = unit.lock_facts(&[], &[pool], at).await.expect("facts");
    let decision = settle(&situation, &Cause::PoolChanged { pool, name: "Vault".to_owned() }, at);
    unit.carry_out(&decision.expect("nothing refuses"), by, at).await.expect("carried out");
    unit.commit().await.expect("committed");
    assert_eq!(store.pool(pool).await.used, 2);
}

#[tokio::test]
async fn a_decision_that_would_overshoot_is_not_carried_out() {
    let store = TestStore::open().await;
    let pool = store.add_pool("Vault", 1, PoolPolicy::Queue).await;
    let (ada, bob) = (store.add_user("ada").await, store.add_user("bob").await);
    let taken = |user, overage| Effect::SeatTaken { user, pool, overage, waited: false };
    let mut unit = store.unit().await;
    let both = Decision { effects: vec![taken(ada, false), taken(bob, false)], entries: vec![] };
    assert!(matches!(unit.carry_out(&both, by, now()).await, Err(Error::Busy)));
    drop(unit);
    let mut unit = store.unit().await;
    let over = Decision { effects: vec![taken(ada, false), taken(bob, true)], entries: vec![] };
    unit.carry_out(&over, by, now()).await.expect("overage is allowed to");
    unit.commit().await.expect("committed");
    assert_eq!(store.pool(pool).await.used, 2);
}

#[tokio::test]
async fn a_step_of_the_enrolment_is_saved() {
    let store = TestStore::open().await;
    let ada = store.add_user("ada").await;
    let enrolment = Enrolment { status: Status::Active, since: Some(now()), ..Enrolment::default() };
    let mut unit = store.unit().await;
    unit.save_enrolment(ada, &enrolment, now()).await.expect("saved");
    unit.commit().await.expect("committed");
    let unit = store.read(&store.scope).await.expect("a unit opens");
    let user = unit.user(ada).await.expect("readable").expect("there");
    assert_eq!((user.enrolment.clone(), user.resource.meta.version), (enrolment.clone().without_grant(), 2));
    assert!(user.shows_enrolment(&[]));
    drop(unit);

    let mut unit = store.unit().await;
    let new = new_pool("Vault", 1, PoolPolicy::Queue);
    let pool = unit.insert_pool(&new, now()).await.expect("inserted").pool;
    unit.insert_grant(ada, pool.id, GrantKind::ByHand, now()).await.expect("given");
    unit.commit().await.expect("committed");
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(unit.user(ada).await.expect("readable").expect("there").enrolment, enrolment);
}

#[tokio::test]
async fn a_job_of_the_same_key_takes_the_place_of_the_waiting_one() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    let job = |hours: i64| NewJob {
        kind: "x".to_owned(),
        payload: json!({ "hours": hours }),
        run_at: now() + TimeDelta::hours(hours),
        dedup: Some("x:1".to_owned()),
    };
    unit.enqueue(job(1), now()).await.expect("queued");
    unit.enqueue(job(2), now()).await.expect("queued");
    unit.commit().await.expect("committed");
    let claim = async |hours: i64| {
        store
            .claim_jobs(&Claim::of(&["x"], 10), "w", now() + TimeDelta::hours(hours), TimeDelta::minutes(1))
            .await
            .expect("claimed")
    };
    assert_eq!(claim(1).await, []);
    let claimed = claim(2).await;
    assert_eq!(claimed.iter().map(|job| &job.payload).collect::<Vec<_>>(), [&json!({ "hours": 2 })]);
    let mut unit = store.unit().await;
    unit.enqueue(job(3), now()).await.expect("queued beside the running one");
    unit.withdraw_jobs(&["x:1".to_owned()]).await.expect("withdrawn");
    unit.commit().await.expect("committed");
    assert_eq!(claim(3).await.len(), 1, "the first again, its lease is over; the withdrawn one is gone");
}
