//! Who is moved from one pool to another one, and who stays, and why.

use provisioning::{Cause, Moving, PoolPolicy, Stays};

use crate::story::{ADA, BEN, KEYS, SALES, Story, VAULT, by_hand, through};

/// Ada and Ben use the pool Vault by hand; the other one has one seat.
fn story() -> Story {
    Story::new().pool(VAULT, 5, PoolPolicy::Queue).pool(KEYS, 1, PoolPolicy::Queue).using(&[ADA, BEN], VAULT)
}

/// What is decided about Ada.
fn decided(story: &Story) -> Result<(), Stays> {
    Moving::new(VAULT, &story.pools[&KEYS], 0, story.now).decide(&story.people[&ADA])
}

#[test]
fn who_stays_is_told_why() {
    let by_hand_only = |story: &mut Story| story.person(ADA).grants = vec![by_hand(VAULT)];
    let mut story = story();
    by_hand_only(&mut story);
    assert_eq!(decided(&story), Ok(()));
    story.person(ADA).grants.push(through(SALES, VAULT));
    assert_eq!(decided(&story), Err(Stays::NotByHand("through the group “Sales”".to_owned())));
    story.person(ADA).grants.clear();
    assert_eq!(decided(&story), Err(Stays::Kept), "nothing but the grace");
    by_hand_only(&mut story);
    story.person(ADA).kept.pools.insert(VAULT);
    assert_eq!(decided(&story), Err(Stays::Kept), "the brake");
    story.person(ADA).kept.pools.clear();
    for pool in [VAULT, KEYS] {
        story.person(ADA).hand.withheld.insert(pool);
        assert_eq!(decided(&story), Err(Stays::Withheld));
        story.person(ADA).hand.withheld.clear();
    }
    story.person(ADA).active = false;
    assert_eq!(decided(&story), Err(Stays::NotActive));
    story.person(ADA).seats.clear();
    assert_eq!(decided(&story), Ok(()), "who holds no seat needs none");
}

#[test]
fn no_more_people_are_moved_than_there_are_seats_that_nobody_waits_for() {
    let mut story = story();
    for person in [ADA, BEN] {
        story.person(person).grants = vec![by_hand(VAULT)];
    }
    let decide = |waiting: u32| {
        let mut moving = Moving::new(VAULT, &story.pools[&KEYS], waiting, story.now);
        [ADA, BEN].map(|person| moving.decide(&story.people[&person]).is_ok())
    };
    assert_eq!((decide(0), decide(1)), ([true, false], [false, false]));
}

#[test]
fn a_person_who_is_moved_keeps_access_all_the_time() {
    let mut story = story();
    let before = story.people[&ADA].enrolment.clone();
    story.person(ADA).grants = vec![by_hand(KEYS)];
    let cause = Cause::Moved { from: "Vault".to_owned(), to: "Keys".to_owned() };
    let effects = story.settle(&[ADA], &cause);
    assert_eq!(effects, ["ada: seat freed in Vault", "ada: seat taken in Keys"]);
    assert_eq!(story.people[&ADA].enrolment, before);
}
