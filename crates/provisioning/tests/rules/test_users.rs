//! J-04: a test user of a connection is no person.

use provisioning::{Cause, PoolPolicy, Status, explain};

use crate::story::{ADA, BEN, CLEO, NOTES, SALES, STAFF, Story, VAULT, through};

#[test]
fn j04_a_test_user_gets_nothing_whatever_the_policy_of_the_pool() {
    for policy in [PoolPolicy::Queue, PoolPolicy::Reject, PoolPolicy::Overage] {
        for seats in [0, 1] {
            let mut story = Story::new().pool(VAULT, seats, policy).people(&[ADA]);
            story.person(ADA).test_user = true;
            story.person(ADA).grants.push(through(SALES, VAULT));
            assert_eq!(story.settle(&[ADA], &Cause::Created), [""; 0], "{policy}, {seats} seats");
            assert_eq!((story.seats(ADA), story.status(ADA)), (vec![], Status::NoLicence));
        }
    }
}

#[test]
fn j04_who_becomes_a_test_user_gives_everything_back_at_once_and_the_queue_is_served() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).pool(NOTES, 0, PoolPolicy::Queue);
    story = story.using(&[ADA], VAULT).in_sales(&[BEN], VAULT);
    story.joins(ADA, STAFF, NOTES);
    assert_eq!(story.seats(ADA), ["Vault assigned", "Notes waiting"]);
    story.person(ADA).test_user = true;
    let lines = story.settle(&[ADA], &Cause::TestUser);
    assert_eq!((story.seats(ADA), story.status(ADA)), (vec![], Status::NoLicence), "no grace");
    assert!(lines.contains(&"ben: seat taken in Vault".to_owned()), "{lines:?}");
    assert!(story.reasons()[0].contains("it is a test user of its connection"), "{:?}", story.reasons());
    let told = explain(&story.people[&ADA], &story.pools.values().cloned().collect::<Vec<_>>(), story.now);
    assert!(told[0].contains("ada is a test user of its connection"), "{told:?}");
    assert!(told.contains(&"ada has no seat in “Vault”: it is a test user.".to_owned()), "{told:?}");

    story.person(ADA).test_user = false;
    story.settle(&[ADA], &Cause::NoTestUser);
    assert_eq!(
        story.seats(ADA),
        ["Vault waiting", "Notes waiting"],
        "a person like any other, at the end of the queue"
    );
}

#[test]
fn j04_a_suspended_person_who_is_a_test_user_has_no_grace() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.switched_off(ADA);
    assert_eq!(story.status(ADA), Status::Suspended);
    story.person(ADA).test_user = true;
    story.settle(&[ADA], &Cause::TestUser);
    assert_eq!((story.seats(ADA), story.status(ADA), story.used(VAULT)), (vec![], Status::NoLicence, 0));
}

#[test]
fn j04_the_brake_counts_and_holds_no_test_user() {
    let mut story = Story::new().pool(VAULT, 9, PoolPolicy::Queue).using(&[ADA, BEN, CLEO], VAULT).braked(0);
    story.person(ADA).test_user = true;
    story.settle(&[ADA], &Cause::Removed);
    assert!(!story.people.contains_key(&ADA) || story.seats(ADA).is_empty(), "a test user goes");
    assert_eq!(story.used(VAULT), 2);
    story.switched_off(BEN);
    assert_eq!(story.seats(BEN), ["Vault assigned"], "a person is held");
    assert!(!story.people[&BEN].kept.is_empty());
}
