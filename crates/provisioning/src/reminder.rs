//! Who is reminded, and when the schedule of a tenant has the next reminder.

use chrono::{DateTime, TimeDelta, Utc};

use crate::enrolment::{Enrolment, Status};
use crate::words::words;

/// Why a person is not reminded, or not invited again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// The person has no access.
    NoAccess,
    /// The person has taken every step.
    Active,
    /// No invitation was sent yet.
    NotInvited,
    /// The application invites the person.
    ByApplication,
    /// There is no address.
    NoAddress,
    /// The mail server refused the address for good.
    AddressRefused,
    /// A mail of this kind is on its way.
    OnItsWay,
    /// The person was reminded a short while ago.
    RemindedJustNow,
}

words!(LeftOut, "reason not to send", {
    NoAccess => "no-access",
    Active => "active",
    NotInvited => "not-invited",
    ByApplication => "by-application",
    NoAddress => "no-address",
    AddressRefused => "address-refused",
    OnItsWay => "on-its-way",
    RemindedJustNow => "reminded-just-now",
});

/// What counts for a reminder, or another invitation, besides the enrolment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reminded {
    /// Whether there is an address.
    pub address: bool,
    /// Whether the mail server refused mail to this address for good.
    pub refused: bool,
    /// Whether a mail of the kind that is to be sent is on its way.
    pub on_its_way: bool,
    /// When the last reminder was sent.
    pub last: Option<DateTime<Utc>>,
}

/// Whether a person may be reminded now; `pause` is how long after a reminder there is no other one.
///
/// # Errors
/// Why not.
pub fn may_remind(
    enrolment: &Enrolment,
    reminded: &Reminded,
    pause: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(), LeftOut> {
    let steps = &enrolment.steps;
    let reasons = [
        (enrolment.status == Status::Active, LeftOut::Active),
        (!enrolment.has_access(), LeftOut::NoAccess),
        (steps.invitation_sent.is_none() && !steps.invited_by_application, LeftOut::NotInvited),
        (!reminded.address, LeftOut::NoAddress),
        (reminded.refused, LeftOut::AddressRefused),
        (reminded.on_its_way, LeftOut::OnItsWay),
        (reminded.last.is_some_and(|last| now < last + pause), LeftOut::RemindedJustNow),
    ];
    first_of(reasons)
}

/// Whether a person may be invited again; an address that was refused may work by now.
///
/// # Errors
/// Why not.
pub fn may_invite(enrolment: &Enrolment, reminded: &Reminded) -> Result<(), LeftOut> {
    first_of([
        (enrolment.status == Status::Active, LeftOut::Active),
        (!enrolment.has_access(), LeftOut::NoAccess),
        (enrolment.steps.invited_by_application, LeftOut::ByApplication),
        (!reminded.address, LeftOut::NoAddress),
        (reminded.on_its_way, LeftOut::OnItsWay),
    ])
}

fn first_of<const N: usize>(reasons: [(bool, LeftOut); N]) -> Result<(), LeftOut> {
    reasons.into_iter().find(|(holds, _)| *holds).map_or(Ok(()), |(_, reason)| Err(reason))
}

/// When the schedule has the next reminder behind an instant; none behind the last.
///
/// `days` are counted from the invitation, and rise.
#[must_use]
pub fn next(days: &[u32], invited: DateTime<Utc>, behind: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = |days: &u32| invited.checked_add_signed(TimeDelta::days((*days).into()));
    days.iter().filter_map(at).find(|at| *at > behind)
}

/// What a timer of the schedule does that rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// The person is reminded.
    Remind,
    /// Nothing now; the next reminder is at this instant.
    Wait(DateTime<Utc>),
    /// Nothing any more.
    End,
}

/// What a timer does at `now` that was set at `set`, when the invitation or the reminder before was sent.
#[must_use]
pub fn ring(
    days: &[u32],
    enrolment: &Enrolment,
    reminded: &Reminded,
    set: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Ring {
    let Some(invited) = enrolment.steps.invitation_sent else { return Ring::End };
    // A person who is suspended may come back with nothing lost.
    if !matches!(enrolment.status, Status::Pending | Status::Suspended) {
        return Ring::End;
    }
    let later = || next(days, invited, now).map_or(Ring::End, Ring::Wait);
    let due = next(days, invited, set).is_some_and(|at| at <= now);
    let by_hand = reminded.last.is_some_and(|last| last > set);
    if !due || by_hand || may_remind(enrolment, reminded, TimeDelta::zero(), now).is_err() {
        return later();
    }
    Ring::Remind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Steps;

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(number)
    }

    fn invited(status: Status) -> Enrolment {
        let steps = Steps { invitation_sent: Some(day(0)), ..Steps::default() };
        Enrolment { status, steps, ..Enrolment::default() }
    }

    /// A pending person whom no invitation has reached, and one whom the application invites.
    fn uninvited() -> (Enrolment, Enrolment) {
        let pending = |steps: Steps| Enrolment { steps, ..invited(Status::Pending) };
        (pending(Steps::default()), pending(Steps { invited_by_application: true, ..Steps::default() }))
    }

    const ADDRESS: Reminded = Reminded { address: true, refused: false, on_its_way: false, last: None };

    #[test]
    fn a_pending_person_is_invited_again_who_can_be_reached() {
        let pending = invited(Status::Pending);
        let (fresh, by_application) = uninvited();
        for (enrolment, reminded, answer) in [
            (&pending, ADDRESS, Ok(())),
            (&fresh, ADDRESS, Ok(())),
            (&pending, Reminded { refused: true, last: Some(day(9)), ..ADDRESS }, Ok(())),
            (&by_application, ADDRESS, Err(LeftOut::ByApplication)),
            (&invited(Status::Active), ADDRESS, Err(LeftOut::Active)),
            (&invited(Status::Suspended), ADDRESS, Err(LeftOut::NoAccess)),
            (&Enrolment::default(), ADDRESS, Err(LeftOut::NoAccess)),
            (&pending, Reminded { address: false, ..ADDRESS }, Err(LeftOut::NoAddress)),
            (&pending, Reminded { on_its_way: true, ..ADDRESS }, Err(LeftOut::OnItsWay)),
        ] {
            assert_eq!(may_invite(enrolment, &reminded), answer, "{enrolment:?}, {reminded:?}");
        }
    }

    #[test]
    fn a_person_is_reminded_who_is_invited_and_can_be_reached() {
        let pause = TimeDelta::hours(24);
        let pending = invited(Status::Pending);
        let (fresh, by_application) = uninvited();
        for (enrolment, reminded, answer) in [
            (&pending, ADDRESS, Ok(())),
            (&by_application, ADDRESS, Ok(())),
            (&invited(Status::Suspended), ADDRESS, Err(LeftOut::NoAccess)),
            (&invited(Status::Deactivated), ADDRESS, Err(LeftOut::NoAccess)),
            (&invited(Status::NoLicence), ADDRESS, Err(LeftOut::NoAccess)),
            (&invited(Status::Active), ADDRESS, Err(LeftOut::Active)),
            (&fresh, ADDRESS, Err(LeftOut::NotInvited)),
            (&pending, Reminded { address: false, ..ADDRESS }, Err(LeftOut::NoAddress)),
            (&pending, Reminded { refused: true, ..ADDRESS }, Err(LeftOut::AddressRefused)),
            (&pending, Reminded { on_its_way: true, ..ADDRESS }, Err(LeftOut::OnItsWay)),
            (&pending, Reminded { last: Some(day(10)), ..ADDRESS }, Err(LeftOut::RemindedJustNow)),
            (&pending, Reminded { last: Some(day(9)), ..ADDRESS }, Ok(())),
        ] {
            assert_eq!(
                may_remind(enrolment, &reminded, pause, day(10)),
                answer,
                "{enrolment:?}, {reminded:?}"
            );
        }
    }

    #[test]
    fn the_schedule_goes_on_from_reminder_to_reminder_and_ends() {
        let days = [3, 7, 14];
        for (behind, at) in [(0, Some(3)), (2, Some(3)), (3, Some(7)), (13, Some(14)), (14, None)] {
            assert_eq!(next(&days, day(0), day(behind)), at.map(day), "behind {behind}");
        }
        assert_eq!(next(&[], day(0), day(0)), None);
    }

    #[test]
    fn a_timer_reminds_who_needs_it_and_nobody_twice() {
        let days: &[u32] = &[3, 7, 14];
        let last = |number| Reminded { last: Some(day(number)), ..ADDRESS };
        let pending = invited(Status::Pending);
        for (days, enrolment, reminded, set, now, does) in [
            (days, &pending, ADDRESS, 0, 3, Ring::Remind),
            (days, &pending, last(3), 3, 7, Ring::Remind),
            // It rings early, because the schedule has become another one.
            (&[5][..], &pending, ADDRESS, 0, 3, Ring::Wait(day(5))),
            (&[][..], &pending, ADDRESS, 0, 3, Ring::End),
            // Reminded by hand since the timer was set.
            (days, &pending, last(2), 0, 3, Ring::Wait(day(7))),
            (days, &pending, last(13), 7, 14, Ring::End),
            // The server did not run for long: one reminder stands for those that are over.
            (days, &pending, ADDRESS, 0, 30, Ring::Remind),
            (days, &pending, last(30), 30, 30, Ring::End),
            (days, &invited(Status::Active), ADDRESS, 0, 3, Ring::End),
            (days, &invited(Status::Deactivated), ADDRESS, 0, 3, Ring::End),
            (days, &invited(Status::Suspended), ADDRESS, 0, 3, Ring::Wait(day(7))),
            (days, &pending, Reminded { refused: true, ..ADDRESS }, 0, 3, Ring::Wait(day(7))),
            (days, &pending, Reminded { on_its_way: true, ..ADDRESS }, 0, 3, Ring::Wait(day(7))),
        ] {
            let said = format!("set on {set}, rings on {now}, {:?}, {reminded:?}", enrolment.status);
            assert_eq!(ring(days, enrolment, &reminded, day(set), day(now)), does, "{said}");
        }
    }
}
