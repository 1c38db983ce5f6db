//! A preview: decisions that are not performed, each on what those before it came to.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use provisioning::{Cause, Fate, Person, PoolId, PoolPolicy, Preview, Situation, Unaffected, UserId};

use crate::story::{
    ADA, BEN, CLEO, DAN, EVE, LEGAL, NOTES, PEOPLE, SALES, STAFF, Story, VAULT, by_hand, through,
    through_with,
};

fn bound() -> Cause {
    Cause::Bound { group: STAFF, name: "Staff".to_owned(), pool: VAULT }
}

/// What would follow if these people were bound to the vault, in batches of a size.
fn binding(story: &Story, people: &[UserId], batch: usize) -> Preview {
    previewed(story, people, batch, &bound(), |person| person.grants.push(through(STAFF, VAULT)))
}

fn previewed(
    story: &Story,
    people: &[UserId],
    batch: usize,
    cause: &Cause,
    change: impl Fn(&mut Person),
) -> Preview {
    let mut preview = Preview::new([VAULT], story.now);
    let read = |preview: &mut Preview, people: &[UserId]| {
        let Situation { people, pools, .. } = story.situation(&preview.unread(people));
        preview.read(Situation { people, pools, ..Situation::default() }, |situation| {
            situation.people.iter_mut().for_each(&change);
        });
    };
    for batch in people.chunks(batch) {
        read(&mut preview, batch);
        for pool in preview.looks_at(batch, &[]) {
            // The waiters one by one, as far as they can be served.
            let waits = |person: &&Person| person.waiting().any(|place| place.pool == pool);
            let mut queue: Vec<_> = story.people.values().filter(waits).collect();
            // In the order after the change, where it is another one.
            let position = |person: &Person| {
                let mut person = person.clone();
                change(&mut person);
                person.seat_in(pool).map(|place| person.position(place))
            };
            queue.sort_by_key(|person| position(person));
            let mut last = None;
            for person in queue {
                if preview.lacks_waiters(batch, pool, last) {
                    read(&mut preview, &[person.id]);
                    last = position(person);
                }
            }
        }
        preview.settle(batch, cause);
    }
    preview
}

fn fates(preview: &Preview) -> BTreeMap<UserId, Result<Fate, Unaffected>> {
    preview.fates().map(|(id, _, fate)| (id, fate)).collect()
}

fn seats_after(preview: &Preview, pool: PoolId) -> (u32, i64) {
    let after = preview.pools().filter_map(|(_, after)| after).find(|after| after.id == pool);
    let (left, joined) = preview.queue_moves().get(&pool).copied().unwrap_or_default();
    (after.map_or(0, |pool| pool.used), i64::try_from(joined).unwrap_or(0) - i64::try_from(left).unwrap_or(0))
}

#[test]
fn what_one_batch_uses_the_next_one_lacks() {
    let story = Story::new().pool(VAULT, 3, PoolPolicy::Queue).people(&PEOPLE);
    for batch in 1..=5 {
        let preview = binding(&story, &PEOPLE, batch);
        assert_eq!(seats_after(&preview, VAULT), (3, 2), "batches of {batch}");
        let seated = Fate { gets_access: true, seats: vec![VAULT], ..Fate::default() };
        let waits = Fate { places: vec![VAULT], ..Fate::default() };
        let expected = [&seated, &seated, &seated, &waits, &waits].map(|fate| Ok(fate.clone()));
        assert_eq!(fates(&preview).into_values().collect::<Vec<_>>(), expected, "batches of {batch}");
    }
}

#[test]
fn a_seat_that_goes_back_serves_who_waits_and_is_no_part_of_the_change() {
    let story = Story::new().without_grace().pool(VAULT, 2, PoolPolicy::Queue);
    let story = story.in_sales(&[ADA, BEN, CLEO, DAN], VAULT);
    for batch in 1..=2 {
        let cause = Cause::GrantLifted;
        let change = |person: &mut Person| person.grants.retain(|_| ![ADA, BEN].contains(&person.id));
        let fates = fates(&previewed(&story, &[ADA, BEN], batch, &cause, change));
        let gone = Fate { loses_access: true, lost_seats: vec![VAULT], ..Fate::default() };
        let served = Fate { gets_access: true, seats: vec![VAULT], ..Fate::default() };
        assert_eq!(fates[&ADA], Ok(gone), "batches of {batch}");
        assert_eq!((&fates[&CLEO], &fates[&DAN]), (&Ok(served.clone()), &Ok(served)), "batches of {batch}");
    }
}

#[test]
fn those_for_whom_nothing_follows_are_told_with_the_reason() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Reject).pool(NOTES, 1, PoolPolicy::Queue);
    story = story.in_sales(&[ADA], VAULT).people(&[BEN, CLEO, DAN]);
    story.person(BEN).active = false;
    story.person(CLEO).grants.push(by_hand(VAULT));
    let told = fates(&binding(&story, &[ADA, BEN, DAN], 5));
    assert_eq!(told[&ADA], Err(Unaffected::Seated));
    assert_eq!(told[&BEN], Err(Unaffected::SwitchedOff));
    assert_eq!(told[&DAN], Ok(Fate { refused: true, ..Fate::default() }));
    let cause = Cause::PoolChanged { pool: VAULT, name: "Vault".to_owned() };
    let told = fates(&previewed(&story, &[CLEO, DAN], 5, &cause, |_| {}));
    assert_eq!((&told[&CLEO], &told[&DAN]), (&Err(Unaffected::Full), &Err(Unaffected::NotEntitled)));
    story.pools.get_mut(&VAULT).expect("the vault").expires_at = Some(story.now);
    assert_eq!(fates(&binding(&story, &[DAN], 5))[&DAN], Err(Unaffected::Expired));
}

#[test]
fn one_refusal_undoes_nothing_of_the_others() {
    let story = Story::new().pool(VAULT, 2, PoolPolicy::Reject).people(&PEOPLE);
    for batch in 1..=5 {
        let preview = binding(&story, &PEOPLE, batch);
        assert_eq!(seats_after(&preview, VAULT), (2, 0));
        let refused =
            fates(&preview).into_iter().filter(|(_, fate)| fate.as_ref().is_ok_and(|it| it.refused));
        assert_eq!(refused.map(|(id, _)| id).collect::<Vec<_>>(), [CLEO, DAN, EVE], "batches of {batch}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_preview_in_batches_comes_to_what_settling_in_batches_does(
        seats in 0..5_u32,
        policy in select(vec![PoolPolicy::Queue, PoolPolicy::Reject, PoolPolicy::Overage]),
        grace in any::<bool>(),
        members in prop::collection::btree_map(0..PEOPLE.len(), any::<bool>(), 0..5),
        priorities in prop::array::uniform3(0..3_u16),
        off in prop::collection::btree_set(0..PEOPLE.len(), 0..3),
        joins in any::<bool>(),
        batch in 1..=5_usize,
    ) {
        let mut story = Story::new().pool(VAULT, seats, policy);
        if !grace {
            story = story.without_grace();
        }
        story = story.people(&PEOPLE);
        let [sales, legal, staff] = priorities;
        for (member, sells) in members {
            let id = PEOPLE[member];
            let (group, priority) = if sells { (SALES, sales) } else { (LEGAL, legal) };
            story.person(id).grants.push(through_with(group, VAULT, priority));
            // A full pool may refuse, and the grant stands all the same.
            _ = story.try_settle(&[id], &Cause::GrantedByHand);
        }
        for person in off {
            story.switched_off(PEOPLE[person]);
        }
        let cause = if joins { bound() } else { Cause::Unbound { group: SALES, name: "Sales".to_owned(), pool: VAULT } };
        let change = |person: &mut Person| {
            if joins {
                person.grants.push(through_with(STAFF, VAULT, staff));
            } else {
                person.grants.retain(|grant| *grant != through_with(SALES, VAULT, sales));
            }
        };
        let preview = previewed(&story, &PEOPLE, batch, &cause, change);
        let waiting = |story: &Story| story.people.values().flat_map(Person::waiting).count();
        let (before, start) = (story.clone(), waiting(&story));
        story.people.values_mut().for_each(change);
        for people in PEOPLE.chunks(batch) {
            if story.try_settle(people, &cause).is_err() {
                for person in people {
                    _ = story.try_settle(&[*person], &cause);
                }
            }
        }
        let (used, moved) = seats_after(&preview, VAULT);
        prop_assert_eq!(used, story.used(VAULT));
        prop_assert_eq!(i64::try_from(start).unwrap_or(0) + moved, i64::try_from(waiting(&story)).unwrap_or(0));
        for (id, fate) in fates(&preview) {
            let (then, now) = (&before.people[&id], &story.people[&id]);
            let fate = fate.unwrap_or_default();
            let access = |person: &Person| person.enrolment.has_access();
            prop_assert_eq!(fate.gets_access, access(now) && !access(then));
            prop_assert_eq!(fate.loses_access, access(then) && !access(now));
            let seats = |person: &Person| person.assigned().count();
            prop_assert_eq!(fate.seats.len(), seats(now).saturating_sub(seats(then)));
            let waits = |person: &Person| person.waiting().count();
            prop_assert_eq!(fate.places.len(), waits(now).saturating_sub(waits(then)));
        }
    }
}
