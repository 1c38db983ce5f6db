//! The enrolment in a settlement: begun, suspended, reinstated, given up.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    effect::{ApplicationEvent, Effect, instant},
    enrolment::{Enrolment, Status, Steps},
    journal::EntryKind,
    person::Person,
    policy::Invitations,
    settle::book::Book,
};

impl Book<'_> {
    /// The person holds a seat they may have: the enrolment begins, begins anew or resumes, unless it is under way.
    pub(super) fn seated(&mut self, person: &mut Person, reason: &str) {
        match person.enrolment.status {
            Status::Pending | Status::Active => {}
            Status::Suspended if !person.enrolment.grace_over(self.now) => self.reinstate(person, reason),
            Status::NoLicence | Status::Suspended | Status::Deactivated => self.enrol(person, reason),
        }
    }

    /// Access ends by a loss: suspended for the grace, or deactivated at once where there is none.
    pub(super) fn cut(&mut self, person: &mut Person, reason: &str) {
        if person.policy.grace <= TimeDelta::zero() {
            let reason = self.with_facts(person, reason);
            self.deactivate(person, &reason);
        } else {
            self.suspend(person, reason);
        }
    }

    /// The grace ran out: what it kept is given up, for the reason for which the suspension began.
    pub(super) fn end_grace(&mut self, person: &mut Person) {
        let over = person.enrolment.seat_kept_until.map_or_else(
            || "the grace is over".to_owned(),
            |at| format!("the grace was over {}", instant(at)),
        );
        let reason = match &person.enrolment.cause {
            Some(cause) => format!("{cause} and {over}"),
            None => over,
        };
        self.deactivate(person, &reason);
    }

    /// S-39: an administrator took the licence back; there is no grace, and no licence is what is left.
    pub(super) fn unassign(&mut self, person: &mut Person, reason: &str) {
        let why = format!("{} has no licence any more because {reason}.", person.name);
        self.leave(person, Status::NoLicence, reason, EntryKind::Unassigned, why);
        self.tell(person, ApplicationEvent::Deactivated);
    }

    /// The person is gone, from whatever state: access cut, seats back, no grace.
    pub(super) fn remove(&mut self, person: &mut Person) {
        let reason = self.cause.to_string();
        self.release(person, |_| true, &reason);
        let why = format!("{} was removed.", person.name);
        if person.enrolment.status == Status::NoLicence {
            let before = seen(&person.enrolment);
            self.entry(person.id, EntryKind::Removed, why, Some(before), None);
        } else {
            self.leave(person, Status::NoLicence, &reason, EntryKind::Removed, why);
        }
        self.tell(person, ApplicationEvent::Removed);
    }

    /// Within the grace nothing is lost: the status is what it was.
    fn reinstate(&mut self, person: &mut Person, reason: &str) {
        let next = Enrolment {
            status: person.enrolment.resumes.unwrap_or(Status::Pending),
            since: Some(self.now),
            seat_kept_until: None,
            resumes: None,
            cause: Some(reason.to_owned()),
            ..person.enrolment.clone()
        };
        let why = format!("{} is back within the grace, with nothing lost, because {reason}.", person.name);
        self.change(person, next, EntryKind::Reinstated, why);
        self.effect(Effect::GraceCancelled { user: person.id });
        if person.enrolment.invitation_pending() {
            self.owe_invitation(person);
        }
        self.tell(person, ApplicationEvent::AccessRestored);
    }

    /// A first seat, or the first after a deactivation: pending, with fresh steps and an invitation.
    fn enrol(&mut self, person: &mut Person, reason: &str) {
        let restore_owed = person.enrolment.owes_restore();
        let uninvited = person.policy.invitations == Invitations::Never;
        let next = Enrolment {
            status: Status::Pending,
            since: Some(self.now),
            steps: Steps { invited_by_application: uninvited, ..Steps::default() },
            restore_owed,
            seat_kept_until: None,
            resumes: None,
            cause: Some(reason.to_owned()),
            last_used: person.enrolment.last_used,
        };
        let invited =
            if uninvited { "gets access, and the application invites them," } else { "is to be invited" };
        let mut why = format!("{} {invited} because {reason}.", person.name);
        if restore_owed {
            why += " Their data is to be restored from a backup.";
        }
        self.change(person, next, EntryKind::Enrolled, why);
        if !uninvited {
            self.owe_invitation(person);
        }
        self.tell(person, ApplicationEvent::AccessGranted);
    }

    fn suspend(&mut self, person: &mut Person, reason: &str) {
        let until = later(self.now, person.policy.grace);
        let withdrawn = person.enrolment.invitation_pending();
        let next = Enrolment {
            status: Status::Suspended,
            since: Some(self.now),
            seat_kept_until: Some(until),
            resumes: Some(person.enrolment.status),
            cause: Some(reason.to_owned()),
            ..person.enrolment.clone()
        };
        let kept = if person.is_seated() { "seat and enrolment are" } else { "enrolment is" };
        let why = format!(
            "{} has no access because {}; the {kept} kept until {}.",
            person.name,
            self.with_facts(person, reason),
            instant(until)
        );
        self.change(person, next, EntryKind::Suspended, why);
        if withdrawn {
            self.effect(Effect::InvitationWithdrawn { user: person.id });
        }
        self.tell(person, ApplicationEvent::AccessCut);
        self.effect(Effect::GraceTimer { user: person.id, at: until });
    }

    fn deactivate(&mut self, person: &mut Person, reason: &str) {
        let why = format!("{} is deactivated because {reason}.", person.name);
        self.leave(person, Status::Deactivated, reason, EntryKind::Deactivated, why);
        self.release(person, |seat| seat.state == crate::SeatState::Assigned, reason);
        self.tell(person, ApplicationEvent::Deactivated);
    }

    /// The enrolment ends; its steps stay to be looked at, and a PIN that was set makes a restore owed.
    fn leave(&mut self, person: &mut Person, status: Status, reason: &str, kind: EntryKind, why: String) {
        let withdrawn = person.enrolment.invitation_pending();
        let timed = person.enrolment.status == Status::Suspended && !person.enrolment.grace_over(self.now);
        let next = Enrolment {
            status,
            since: Some(self.now),
            restore_owed: person.enrolment.owes_restore(),
            seat_kept_until: None,
            resumes: None,
            cause: Some(reason.to_owned()),
            ..person.enrolment.clone()
        };
        self.change(person, next, kind, why);
        if withdrawn {
            self.effect(Effect::InvitationWithdrawn { user: person.id });
        }
        if timed {
            self.effect(Effect::GraceCancelled { user: person.id });
        }
    }

    fn change(&mut self, person: &mut Person, next: Enrolment, kind: EntryKind, why: String) {
        let before = seen(&person.enrolment);
        let after = seen(&next);
        person.enrolment = next.clone();
        self.effect(Effect::EnrolmentChanged { user: person.id, enrolment: next });
        self.entry(person.id, kind, why, Some(before), Some(after));
    }

    fn owe_invitation(&mut self, person: &Person) {
        let not_before = later(self.now, person.policy.invitation_delay.max(TimeDelta::zero()));
        self.effect(Effect::InvitationOwed { user: person.id, not_before });
    }

    fn tell(&mut self, person: &Person, event: ApplicationEvent) {
        self.effect(Effect::ApplicationTold { user: person.id, event });
    }

    /// The reason of a loss, with the fact that made it one.
    fn with_facts(&self, person: &Person, reason: &str) -> String {
        if !person.is_let_in() {
            reason.to_owned()
        } else if self.wanted(person).is_empty() {
            format!("{reason} and no other grant stands")
        } else {
            format!("{reason} and no seat is free in the pools that they are entitled to")
        }
    }
}

/// An instant after a delay; one that no calendar reaches is the last.
fn later(now: DateTime<Utc>, delay: TimeDelta) -> DateTime<Utc> {
    now.checked_add_signed(delay).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// An enrolment as the journal shows it.
fn seen(enrolment: &Enrolment) -> Value {
    json!({
        "status": enrolment.status.as_str(),
        "restoreOwed": enrolment.restore_owed,
        "seatKeptUntil": enrolment.seat_kept_until.map(instant),
    })
}
