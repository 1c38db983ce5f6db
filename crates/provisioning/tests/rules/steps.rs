//! S-61 to S-70: the steps of an enrolment and their timestamps, in any order.

use chrono::TimeDelta;
use provisioning::{Enrolment, Status, Step, StepRefused};

use crate::story::morning;

fn pending() -> Enrolment {
    Enrolment { status: Status::Pending, since: Some(morning()), ..Enrolment::default() }
}

/// The enrolment after some steps, a minute apart.
fn after(steps: &[Step]) -> Enrolment {
    let mut at = morning();
    steps.iter().fold(pending(), |enrolment, step| {
        at += TimeDelta::minutes(1);
        enrolment.complete(*step, at).expect("a step")
    })
}

#[test]
fn s70_every_step_has_its_timestamp_and_the_pin_completes_the_enrolment() {
    let all =
        [Step::InvitationSent, Step::InvitationOpened, Step::SignedIn, Step::EmailVerified, Step::PinSet];
    let minute = |n| Some(morning() + TimeDelta::minutes(n));
    for taken in 0..=all.len() {
        let enrolment = after(&all[..taken]);
        assert_eq!(enrolment.status, if taken == all.len() { Status::Active } else { Status::Pending });
        for (n, step) in (1..).zip(all) {
            let expected = minute(n).filter(|_| usize::try_from(n).expect("small") <= taken);
            assert_eq!(enrolment.steps.at(step), expected, "{step} after {taken} steps");
        }
        let missing = if taken == all.len() { vec![] } else { all[taken..].to_vec() };
        assert_eq!(enrolment.missing_steps(), missing);
    }
    assert_eq!(after(&all).since, minute(5), "active since the PIN was confirmed");
}

/// Every order of these steps.
fn orders(steps: &[Step]) -> Vec<Vec<Step>> {
    let Some((first, rest)) = steps.split_first() else { return vec![vec![]] };
    let insert =
        |order: Vec<Step>| (0..=order.len()).map(move |at| [&order[..at], &[*first], &order[at..]].concat());
    orders(rest).into_iter().flat_map(insert).collect()
}

#[test]
fn steps_count_in_any_order_and_address_pin_and_an_owed_restore_complete() {
    let orders = orders(Step::ALL);
    assert_eq!(orders.len(), 720);
    for (order, restore_owed) in orders.iter().flat_map(|order| [(order, false), (order, true)]) {
        let mut enrolment = Enrolment { restore_owed, ..pending() };
        for step in order.iter().filter(|step| restore_owed || **step != Step::Restored) {
            enrolment = enrolment.complete(*step, morning()).expect("a step");
            let taken = |step| enrolment.steps.at(step).is_some();
            let complete =
                taken(Step::EmailVerified) && taken(Step::PinSet) && (!restore_owed || taken(Step::Restored));
            let expected = if complete { Status::Active } else { Status::Pending };
            assert_eq!(enrolment.status, expected, "{order:?} up to {step}");
            assert!(!enrolment.missing_steps().contains(step), "{order:?} up to {step}");
            assert_eq!(enrolment.missing_steps().is_empty(), complete, "{order:?} up to {step}");
        }
    }
}

#[test]
fn s63_who_signs_in_without_the_link_has_nothing_left_to_open() {
    let enrolment = after(&[Step::InvitationSent, Step::SignedIn]);
    assert_eq!(enrolment.missing_steps(), [Step::EmailVerified, Step::PinSet]);
    let opened =
        enrolment.complete(Step::InvitationOpened, morning()).expect("the link may be followed later");
    assert_eq!(opened.steps.invitation_opened, Some(morning()));
}

#[test]
fn repeating_a_step_changes_nothing() {
    let steps = [Step::InvitationSent, Step::SignedIn, Step::EmailVerified, Step::PinSet];
    for taken in 1..=steps.len() {
        let enrolment = after(&steps[..taken]);
        for step in &steps[..taken] {
            let later = morning() + TimeDelta::days(1);
            assert_eq!(enrolment.complete(*step, later), Ok(enrolment.clone()), "{step} again");
        }
    }
}

#[test]
fn s59_an_owed_restore_completes() {
    let owed = Enrolment { restore_owed: true, ..pending() };
    let steps = [Step::InvitationSent, Step::SignedIn, Step::EmailVerified, Step::PinSet];
    let pin = steps.iter().fold(owed, |e, step| e.complete(*step, morning()).expect("a step"));
    assert_eq!((pin.status, pin.missing_steps()), (Status::Pending, vec![Step::Restored]));
    let restored = pin.complete(Step::Restored, morning()).expect("a step");
    assert_eq!((restored.status, restored.restore_owed), (Status::Active, false));
    assert_eq!(restored.complete(Step::Restored, morning()), Ok(restored.clone()));
}

#[test]
fn s59_there_is_nothing_to_restore_on_a_first_enrolment() {
    let enrolment = Enrolment { steps: after(&[Step::InvitationSent]).steps, ..pending() };
    let pin_set =
        Enrolment { steps: provisioning::Steps { pin_set: Some(morning()), ..enrolment.steps }, ..enrolment };
    assert_eq!(pin_set.complete(Step::Restored, morning()), Err(StepRefused::NothingToRestore));
}

#[test]
fn steps_need_access() {
    for status in [Status::NoLicence, Status::Suspended, Status::Deactivated] {
        let enrolment = Enrolment { status, ..after(&[Step::InvitationSent]) };
        for step in [Step::InvitationSent, Step::EmailVerified] {
            let refused = enrolment.complete(step, morning()).expect_err("no access");
            assert_eq!(refused, StepRefused::NoAccess { step, status });
        }
        assert!(enrolment.missing_steps().is_empty());
    }
    let active = after(&[Step::EmailVerified, Step::PinSet]);
    assert_eq!((active.status, active.missing_steps()), (Status::Active, vec![]));
    let opened =
        active.complete(Step::InvitationOpened, morning() + TimeDelta::days(1)).expect("a late step");
    assert_eq!((opened.status, opened.since), (Status::Active, active.since), "active stays active");
}

#[test]
fn access_is_for_pending_and_active() {
    for status in Status::ALL {
        let enrolment = Enrolment { status: *status, ..Enrolment::default() };
        assert_eq!(enrolment.has_access(), matches!(status, Status::Pending | Status::Active), "{status}");
    }
}

#[test]
fn last_used_only_moves_forward() {
    let later = morning() + TimeDelta::hours(1);
    let used = pending().used(later);
    assert_eq!(used.last_used, Some(later));
    assert_eq!(used.used(morning()), used);
}
