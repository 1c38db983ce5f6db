//! The brake: pushes that would take access from too many people take it from none of them.

use provisioning::{Brake, BrakePolicy, Cause, ConnectionId, Kept, PoolPolicy, Status, UserId};
use uuid::Uuid;

use crate::story::{ADA, BEN, CLEO, DAN, EVE, NOTES, PEOPLE, SALES, STAFF, Story, VAULT};

/// Five people with access, of whom pushes may lock out two.
fn five() -> Story {
    Story::new()
        .pool(VAULT, 9, PoolPolicy::Queue)
        .pool(NOTES, 9, PoolPolicy::Queue)
        .braked(2)
        .using(&PEOPLE, VAULT)
}

fn left_sales() -> Cause {
    Cause::LeftGroup { group: SALES, name: "Sales".to_owned() }
}

#[test]
fn one_by_one_the_first_go_and_the_others_keep_access() {
    let mut story = five();
    assert!(story.switched_off(ADA).contains(&"ada: counted by the brake".to_owned()));
    story.switched_off(BEN);
    assert_eq!((story.status(ADA), story.status(BEN)), (Status::Suspended, Status::Suspended));
    assert_eq!(story.switched_off(CLEO), ["cleo: held by the brake: access stays"]);
    assert_eq!(story.status(CLEO), Status::Active);
    assert_eq!(
        story.reasons(),
        [
            "cleo keeps access although the account was switched off, because the brake lets pushes take access from at most \
             2 people at a time: an administrator decides."
        ]
    );
    assert!(!story.person(CLEO).active, "what was pushed is shown as it is");
}

#[test]
fn in_one_push_it_is_all_or_none() {
    let mut story = five();
    for id in PEOPLE {
        story.loses(id, SALES);
    }
    let lines = story.settle(&PEOPLE, &left_sales());
    assert_eq!(lines.len(), 5, "{lines:?}");
    for id in PEOPLE {
        assert_eq!((story.status(id), story.seats(id)), (Status::Active, vec!["Vault assigned".to_owned()]));
        assert!(story.person(id).kept.pools.contains(&VAULT));
    }
    assert_eq!(story.used(VAULT), 5);
}

#[test]
fn a_person_counts_once_however_often_the_directory_flaps() {
    let mut story = five();
    for _ in 0..10 {
        story.switched_off(ADA);
        assert_eq!(story.status(ADA), Status::Suspended);
        story.switched_on(ADA);
        assert_eq!(story.status(ADA), Status::Active);
    }
    story.switched_off(BEN);
    assert_eq!(story.status(BEN), Status::Suspended);
}

#[test]
fn a_push_that_gives_access_ends_the_hold() {
    let mut story = five();
    story.switched_off(ADA);
    story.switched_off(BEN);
    story.switched_off(CLEO);
    assert_eq!(story.switched_on(CLEO), ["cleo: the brake holds it no more"]);
    assert_eq!(story.person(CLEO).kept, Kept::default());
    // Another group gives the same licence back.
    story.leaves(DAN, SALES);
    assert!(!story.person(DAN).kept.is_empty());
    assert_eq!(story.joins(DAN, STAFF, VAULT), ["dan: the brake holds it no more"]);
    // A group gives another licence, and the seat that was kept goes back.
    story.leaves(EVE, SALES);
    let lines = story.joins(EVE, STAFF, NOTES);
    assert_eq!(
        lines,
        ["eve: seat taken in Notes", "eve: the brake holds it no more", "eve: seat freed in Vault"]
    );
    assert_eq!((story.status(EVE), story.used(VAULT)), (Status::Active, 4));
}

#[test]
fn a_deleted_person_stays_until_an_administrator_decides() {
    let mut story = five();
    story.switched_off(ADA);
    story.switched_off(BEN);
    assert_eq!(story.settle(&[CLEO], &Cause::Removed), ["cleo: held by the brake: access stays"]);
    // The deletion takes the groups.
    story.loses(CLEO, SALES);
    assert_eq!(story.settle(&[CLEO], &left_sales()), [""; 0]);
    assert_eq!((story.status(CLEO), story.seats(CLEO)), (Status::Active, vec!["Vault assigned".to_owned()]));
    let kept = &story.person(CLEO).kept;
    assert!(kept.account && kept.pools.contains(&VAULT), "{kept:?}");
    // An administrator approves.
    story.person(CLEO).kept = Kept::default();
    story.brake = None;
    story.settle(&[CLEO], &Cause::Removed);
    assert!(!story.people.contains_key(&CLEO));
}

#[test]
fn what_is_held_is_not_taken_by_the_next_push_either() {
    let mut story = five();
    for id in [ADA, BEN, CLEO] {
        story.switched_off(id);
    }
    // An administrator has looked: what comes next is counted anew, but for what is held.
    let brake = story.brake.as_mut().expect("a brake");
    brake.counted.clear();
    brake.waiting = 0;
    story.leaves(CLEO, SALES);
    assert_eq!(story.status(CLEO), Status::Active);
    story.switched_off(DAN);
    assert_eq!(story.status(DAN), Status::Suspended);
}

#[test]
fn an_administrator_deactivates_whomever_the_brake_keeps() {
    let mut story = five();
    for id in [ADA, BEN, CLEO] {
        story.switched_off(id);
    }
    story.person(CLEO).hand.deactivated = true;
    story.settle(&[CLEO], &Cause::DeactivatedByHand);
    assert_eq!(story.status(CLEO), Status::Suspended);
}

#[test]
fn who_has_no_access_is_not_counted() {
    let mut story = five();
    story.add(crate::story::SOMEBODY);
    story.switched_off(ADA);
    story.settle(&[crate::story::SOMEBODY], &Cause::Removed);
    story.settle(&[ADA], &Cause::Removed);
    story.switched_off(BEN);
    assert_eq!(story.status(BEN), Status::Suspended);
}

/// 50,000 people, of whom a fifth leaves in a year: on working days, three times as many on the first of a month.
#[test]
fn a_year_of_ordinary_churn_never_trips_it() {
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    for people in [20_u64, 400, 5_000, 50_000] {
        let policy = BrakePolicy::default();
        let limit = policy.limit(people).expect("a limit");
        let mut lately: Vec<(u64, UserId)> = Vec::new();
        let mut person = 0_u128;
        for hour in 0..365 * 24 {
            let (day, working) = (hour / 24, hour / 24 % 7 < 5 && (8..18).contains(&(hour % 24)));
            let busy = if day % 30 == 0 { 3 } else { 1 };
            // So many chances in 10,000 for each hour of 2,600 working hours.
            let leavers = if working { (0..people).filter(|_| next() % 13_000 < busy).count() } else { 0 };
            lately.retain(|(at, _)| at + 24 > hour);
            let counted = lately.iter().map(|(_, user)| *user).collect();
            let brake = Brake { connection: ConnectionId::new(Uuid::nil()), limit, counted, waiting: 0 };
            let leaving: Vec<UserId> = (0..leavers)
                .map(|_| {
                    person += 1;
                    UserId::new(Uuid::from_u128(person))
                })
                .collect();
            assert!(
                brake.lets(leaving.iter().copied()),
                "{people} people, day {day}: {} and {leavers}",
                lately.len()
            );
            lately.extend(leaving.into_iter().map(|user| (hour, user)));
        }
        assert!(person > u128::from(people) / 8, "people left: {person} of {people}");
    }
}
