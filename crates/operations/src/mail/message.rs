//! What a mail to a person says, from where the person is.

use chrono::{DateTime, NaiveDate, Utc};
use letters::{Invitation, Link, Message, Progress, Reminder, Return};
use provisioning::{Enrolment, Step, UserId, Zone};
use store::ReadUnit;

use crate::error::Error;

/// What a mail to a person says besides the tenant's settings.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'f> {
    /// Where the person is.
    pub(crate) enrolment: &'f Enrolment,
    /// The name with which the person signs in.
    pub(crate) sign_in: &'f str,
    /// The name of the device on which the person was seen last.
    pub(crate) device: Option<String>,
    /// How many reminders the person got.
    pub(crate) reminders: u64,
    /// How many reminders the schedule has, for one that comes by the schedule.
    pub(crate) scheduled: Option<usize>,
    /// When the link ends.
    pub(crate) until: DateTime<Utc>,
    /// Where the tenant is.
    pub(crate) zone: Zone,
}

/// The invitation of a person, for the first time or back.
pub(crate) fn invitation(facts: &Facts<'_>, link: Link) -> Message {
    let sign_in = facts.sign_in.to_owned();
    if facts.enrolment.restore_owed {
        Message::Return(Return { link, sign_in, ended_on: None })
    } else {
        let valid_until = Some(facts.zone.day(facts.until));
        Message::Invitation(Invitation { link, sign_in, valid_until, introduction: None })
    }
}

/// A reminder, which shows how far the person is.
pub(crate) fn reminder(facts: &Facts<'_>, link: Link) -> Message {
    let number = u32::try_from(facts.reminders + 1).unwrap_or(u32::MAX);
    let of = facts.scheduled.and_then(|of| u32::try_from(of).ok()).filter(|of| number <= *of);
    let began_on = began_on(facts);
    let steps = progress(facts.enrolment, facts.device.clone());
    Message::Reminder(Reminder { link, steps, began_on, number, of })
}

/// The name of the device on which a person was seen last.
pub(crate) async fn device(unit: &ReadUnit, user: UserId) -> Result<Option<String>, Error> {
    let devices = unit.devices(user).await?.into_iter().filter(|device| device.revoked_at.is_none());
    Ok(devices.max_by_key(|device| device.seen_at).map(|device| device.name))
}

/// The day of the first step that the person took.
fn began_on(facts: &Facts<'_>) -> Option<NaiveDate> {
    let own = Step::ALL.iter().filter(|step| **step != Step::InvitationSent);
    own.filter_map(|step| facts.enrolment.steps.at(*step)).min().map(|at| facts.zone.day(at))
}

/// The steps of a person, with those that were taken.
fn progress(enrolment: &Enrolment, device: Option<String>) -> Vec<Progress> {
    let missing = enrolment.missing_steps();
    let restore = enrolment.restore_owed || enrolment.steps.at(Step::Restored).is_some();
    let steps = [
        (Step::InvitationOpened, letters::Step::Open),
        (Step::SignedIn, letters::Step::SignIn(device)),
        (Step::EmailVerified, letters::Step::Verify),
        (Step::PinSet, letters::Step::Pin),
        (Step::Restored, letters::Step::Restore),
    ];
    let shown = steps.into_iter().filter(|(step, _)| *step != Step::Restored || restore);
    shown.map(|(step, words)| Progress { step: words, done: !missing.contains(&step) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use provisioning::{Status, Steps};

    #[test]
    fn a_reminder_shows_what_was_done_and_counts() {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let steps = Steps { invitation_sent: Some(at), email_verified: Some(at), ..Steps::default() };
        let enrolment = Enrolment { status: Status::Pending, steps, ..Enrolment::default() };
        let facts = |scheduled| Facts {
            enrolment: &enrolment,
            sign_in: "keoni",
            device: None,
            reminders: 2,
            scheduled,
            until: at,
            zone: Zone::UTC,
        };
        let link = || Link::new("https://rollcall.example.com/enrol/x").expect("a link");
        let Message::Reminder(shown) = reminder(&facts(Some(3)), link()) else { panic!("a reminder") };
        let done: Vec<bool> = shown.steps.iter().map(|step| step.done).collect();
        assert_eq!(done, [true, true, true, false], "opened and signed in are overtaken");
        assert_eq!((shown.number, shown.of, shown.began_on), (3, Some(3), Some(at.date_naive())));
        for scheduled in [None, Some(2)] {
            let Message::Reminder(shown) = reminder(&facts(scheduled), link()) else { panic!("a reminder") };
            assert_eq!(shown.of, None, "{scheduled:?}");
        }
    }
}
