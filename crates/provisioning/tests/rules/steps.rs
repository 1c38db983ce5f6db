//! S-61 to S-70: the steps of an enrolment, their order and their timestamps.

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
        enrolment.complete(*step, at).expect("in order")
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

#[test]
fn a_step_before_its_turn_is_refused() {
    let order = [Step::InvitationSent, Step::SignedIn, Step::EmailVerified, Step::PinSet];
    for (n, missing) in order.iter().enumerate() {
        for step in &order[n + 1..] {
            let refused = after(&order[..n]).complete(*step, morning()).expect_err("too early");
            assert!(matches!(refused, StepRefused::TooEarly { step: found, .. } if found == *step));
        }
        if let Some(next) = order.get(n + 1) {
            let refused = after(&order[..n]).complete(*next, morning());
            assert_eq!(refused, Err(StepRefused::TooEarly { step: *next, missing: *missing }));
        }
    }
    let opened = pending().complete(Step::InvitationOpened, morning()).expect_err("never sent");
    assert_eq!(
        opened.to_string(),
        "the step “invitation-opened” comes after “invitation-sent”, which has not been taken"
    );
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
fn s59_an_owed_restore_comes_last_and_completes() {
    let owed = Enrolment { restore_owed: true, ..pending() };
    let steps = [Step::InvitationSent, Step::SignedIn, Step::EmailVerified];
    let verified = steps.iter().fold(owed, |e, step| e.complete(*step, morning()).expect("in order"));
    assert_eq!(
        verified.complete(Step::Restored, morning()),
        Err(StepRefused::TooEarly { step: Step::Restored, missing: Step::PinSet })
    );
    let pin = verified.complete(Step::PinSet, morning()).expect("in order");
    assert_eq!((pin.status, pin.missing_steps()), (Status::Pending, vec![Step::Restored]));
    let restored = pin.complete(Step::Restored, morning()).expect("in order");
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
fn steps_belong_to_a_pending_enrolment() {
    for status in [Status::NoLicence, Status::Active, Status::Suspended, Status::Deactivated] {
        let enrolment = Enrolment { status, ..pending() };
        let refused = enrolment.complete(Step::InvitationSent, morning()).expect_err("not pending");
        assert_eq!(refused, StepRefused::NotPending { step: Step::InvitationSent, status });
        assert!(enrolment.missing_steps().is_empty());
    }
    let cut = Enrolment { status: Status::Suspended, ..after(&[Step::InvitationSent]) };
    assert!(cut.complete(Step::InvitationSent, morning()).is_err(), "not even a repeated one without access");
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
