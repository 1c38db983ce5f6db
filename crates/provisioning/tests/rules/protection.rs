//! S-75, E-08: no push takes the access of the last administrator or of a break-glass account.

use provisioning::{Cause, PoolPolicy, Refusal, Status, settle};

use crate::story::{ADA, BEN, CLEO, LEGAL, NOTES, SALES, Story, VAULT, by_hand};

fn pushes() -> [Cause; 5] {
    let name = "Sales".to_owned();
    [
        Cause::PushedInactive,
        Cause::AttributesChanged,
        Cause::LeftGroup { group: SALES, name: name.clone() },
        Cause::GroupDeleted { group: LEGAL, name },
        Cause::Removed,
    ]
}

/// Two people with access, of whom one is protected.
fn story() -> Story {
    let mut story = Story::new().pool(VAULT, 2, PoolPolicy::Queue).using(&[ADA, BEN], VAULT);
    story.person(ADA).protected = true;
    story
}

#[test]
fn no_push_takes_access_from_a_protected_person() {
    for cause in pushes() {
        let mut story = story();
        for id in [ADA, BEN] {
            story.person(id).active = cause != Cause::PushedInactive;
            story.person(id).grants.clear();
        }
        let refused =
            story.try_settle(&[ADA, BEN], &cause).expect_err("a protected person would lose access");
        assert!(matches!(&refused, Refusal::Protected { user, .. } if *user == ADA), "{cause:?}: {refused}");
        assert!(refused.to_string().starts_with("ada is protected"), "{refused}");
        assert_eq!(
            (story.status(ADA), story.status(BEN)),
            (Status::Active, Status::Active),
            "nothing happens"
        );
        story.try_settle(&[BEN], &cause).expect("the other one is not protected");
    }
}

#[test]
fn an_administrator_may_and_what_takes_nothing_may_be_pushed() {
    for cause in [Cause::GrantLifted, Cause::Unbound { group: SALES, name: "Sales".to_owned(), pool: VAULT }]
    {
        let mut story = story();
        story.person(ADA).grants.clear();
        story.try_settle(&[ADA], &cause).expect("an administrator may");
        assert!(!story.people[&ADA].enrolment.has_access());
    }
    for cause in pushes().into_iter().filter(|cause| *cause != Cause::Removed) {
        let mut story = story();
        story.person(ADA).grants = vec![by_hand(VAULT)];
        story.try_settle(&[ADA], &cause).expect("another grant is left");
        assert_eq!(story.status(ADA), Status::Active);
    }
}

#[test]
fn a_move_to_a_full_pool_takes_no_access_from_a_protected_person() {
    let mut story = story().pool(NOTES, 0, PoolPolicy::Queue);
    story.joins(ADA, LEGAL, NOTES);
    story.loses(ADA, SALES);
    let left = Cause::LeftGroup { group: SALES, name: "Sales".to_owned() };
    story.try_settle(&[ADA], &left).expect_err("the person would only wait");
    assert_eq!(story.status(ADA), Status::Active);
}

#[test]
fn a_protected_person_without_a_licence_is_not_deleted_by_a_push() {
    let mut story = story().people(&[CLEO]);
    story.person(CLEO).protected = true;
    story.try_settle(&[CLEO], &Cause::Removed).expect_err("the person would be gone");
}

#[test]
fn what_an_administrator_edits_may_take_access() {
    let mut story = story();
    story.person(ADA).grants.clear();
    let situation = story.situation(&[ADA]);
    let decision = settle(&situation, &Cause::AttributesChanged, story.now).expect("no push");
    assert!(!decision.is_empty());
}
