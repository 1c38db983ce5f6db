//! Enrolment: a person's journey into the application, its statuses and its steps (S-61 to S-70).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::words::words;

/// Why access is cut of a person whose settling is yet to come, in words that read on from “because”.
pub const GRANT_ENDED: &str = "no grant is left";

/// Where a person's journey into the application is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Enrolment {
    /// The status.
    pub status: Status,
    /// Since when it has been this status; none for a person who never had a seat.
    pub since: Option<DateTime<Utc>>,
    /// The steps taken on this journey; a deactivated person's are kept to look at until a new journey starts.
    pub steps: Steps,
    /// Whether coming back needs a restore from backup (S-59), because a PIN was set before access was given up.
    pub restore_owed: bool,
    /// The end of a suspension's grace: until then coming back loses nothing.
    pub seat_kept_until: Option<DateTime<Utc>>,
    /// The status that a suspension returns to.
    pub resumes: Option<Status>,
    /// Why it is this status, in plain words that read on from “because”.
    pub cause: Option<String>,
    /// When the application last saw the person.
    pub last_used: Option<DateTime<Utc>>,
}

impl Enrolment {
    /// The enrolment after a step was taken at `now`; on a step that was taken before, it is unchanged. Steps may be taken in any
    /// order, because the application and the pages report them as people take them.
    ///
    /// The person is [`Status::Active`] once the e-mail address is verified, the PIN is set and no restore is owed.
    ///
    /// # Errors
    ///
    /// [`StepRefused`] for a person without access, and for a restore that is not owed.
    pub fn complete(&self, step: Step, now: DateTime<Utc>) -> Result<Self, StepRefused> {
        if !self.has_access() {
            return Err(StepRefused::NoAccess { step, status: self.status });
        }
        if self.steps.at(step).is_some() {
            return Ok(self.clone());
        }
        if step == Step::Restored && !self.restore_owed {
            return Err(StepRefused::NothingToRestore);
        }
        let mut next = self.clone();
        *next.steps.slot(step) = Some(now);
        if step == Step::Restored {
            next.restore_owed = false;
        }
        let complete =
            next.steps.email_verified.is_some() && next.steps.pin_set.is_some() && !next.restore_owed;
        if complete && next.status == Status::Pending {
            next.status = Status::Active;
            next.since = Some(now);
            next.cause = Some("every step of the enrolment was taken".to_owned());
        }
        Ok(next)
    }

    /// The enrolment after the application saw the person at `now`; an older sighting changes nothing.
    #[must_use]
    pub fn used(&self, now: DateTime<Utc>) -> Self {
        Self { last_used: self.last_used.max(Some(now)), ..self.clone() }
    }

    /// What is shown of a person whose last grant has ended and whose settling is yet to come: access ends with the
    /// grant, and the seat is kept until it is settled.
    #[must_use]
    pub fn without_grant(self) -> Self {
        if !self.has_access() {
            return self;
        }
        Self {
            resumes: Some(self.status),
            status: Status::Suspended,
            cause: Some(GRANT_ENDED.to_owned()),
            ..self
        }
    }

    /// Whether the person has or had a seat, or was seen by the application: there is something to tell.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        !matches!(self.status, Status::NoLicence) || self.since.is_some() || self.last_used.is_some()
    }

    /// Whether the application lets the person in: pending to take the steps, active to use it.
    #[must_use]
    pub const fn has_access(&self) -> bool {
        matches!(self.status, Status::Pending | Status::Active)
    }

    /// The steps that a pending person still has to take, in order; empty in every other status.
    ///
    /// Those up to the first sign-in are not missing any more once a later one was taken: a person who finds the application
    /// without the link need not follow the link.
    #[must_use]
    pub fn missing_steps(&self) -> Vec<Step> {
        if self.status != Status::Pending {
            return Vec::new();
        }
        let overtaken =
            |step: &Step| Step::ALL.iter().any(|later| later > step && self.steps.at(*later).is_some());
        let missing = |step: &Step| match step {
            Step::InvitationSent if self.steps.invited_by_application => false,
            Step::InvitationSent | Step::InvitationOpened | Step::SignedIn => !overtaken(step),
            Step::EmailVerified | Step::PinSet => true,
            Step::Restored => self.restore_owed,
        };
        Step::ALL.iter().copied().filter(|step| self.steps.at(*step).is_none() && missing(step)).collect()
    }

    /// Whether a new journey would have to end with a restore.
    pub(crate) const fn owes_restore(&self) -> bool {
        self.restore_owed || self.steps.pin_set.is_some()
    }

    /// Whether an invitation is owed that has not been sent.
    #[must_use]
    pub const fn invitation_pending(&self) -> bool {
        matches!(self.status, Status::Pending)
            && self.steps.invitation_sent.is_none()
            && !self.steps.invited_by_application
    }

    /// The enrolment of a person whose invitation was sent to where the person does not get it: it is owed again.
    #[must_use]
    pub fn uninvited(&self) -> Self {
        Self { steps: Steps { invitation_sent: None, ..self.steps }, ..self.clone() }
    }

    /// Whether the grace of a suspension is over.
    pub(crate) fn grace_over(&self, now: DateTime<Utc>) -> bool {
        self.status == Status::Suspended && self.seat_kept_until.is_none_or(|until| until <= now)
    }
}

impl Default for Enrolment {
    /// A person has no licence to begin with.
    fn default() -> Self {
        Self {
            status: Status::NoLicence,
            since: None,
            steps: Steps::default(),
            restore_owed: false,
            seat_kept_until: None,
            resumes: None,
            cause: None,
            last_used: None,
        }
    }
}

/// The statuses of an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// No seat: never had one, only waits for one, or an administrator unassigned it.
    NoLicence,
    /// A seat and access; the steps are under way.
    Pending,
    /// A seat, access, and every step taken.
    Active,
    /// Access is cut; seat and enrolment are kept until the grace is over.
    Suspended,
    /// Access is cut and the seat was given back; coming back starts at pending.
    Deactivated,
}

words!(Status, "status", {
    NoLicence => "no-licence",
    Pending => "pending",
    Active => "active",
    Suspended => "suspended",
    Deactivated => "deactivated",
});

/// The steps of an enrolment, in the order in which people usually take them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The invitation left (S-61).
    InvitationSent,
    /// Its link was followed (S-62); may be skipped by who finds the application without it (S-63).
    InvitationOpened,
    /// First launch on a first device.
    SignedIn,
    /// The code from the second e-mail was entered (S-64, S-65).
    EmailVerified,
    /// The PIN was chosen and confirmed (S-66 to S-69).
    PinSet,
    /// The data came back from a backup (S-59); only after a deactivation.
    Restored,
}

words!(Step, "step", {
    InvitationSent => "invitation-sent",
    InvitationOpened => "invitation-opened",
    SignedIn => "signed-in",
    EmailVerified => "email-verified",
    PinSet => "pin-set",
    Restored => "restored",
});

/// When each step was taken (S-70).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Steps {
    /// The invitation left.
    pub invitation_sent: Option<DateTime<Utc>>,
    /// Its link was followed.
    pub invitation_opened: Option<DateTime<Utc>>,
    /// First launch on a first device.
    pub signed_in: Option<DateTime<Utc>>,
    /// The e-mailed code was entered.
    pub email_verified: Option<DateTime<Utc>>,
    /// The PIN was chosen and confirmed.
    pub pin_set: Option<DateTime<Utc>>,
    /// The data came back from a backup.
    pub restored: Option<DateTime<Utc>>,
    /// Whether the application invites by itself, so that no invitation is awaited (O-26).
    #[serde(skip_serializing_if = "is_not")]
    pub invited_by_application: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
const fn is_not(value: &bool) -> bool {
    !*value
}

impl Steps {
    /// When a step was taken.
    #[must_use]
    pub const fn at(&self, step: Step) -> Option<DateTime<Utc>> {
        match step {
            Step::InvitationSent => self.invitation_sent,
            Step::InvitationOpened => self.invitation_opened,
            Step::SignedIn => self.signed_in,
            Step::EmailVerified => self.email_verified,
            Step::PinSet => self.pin_set,
            Step::Restored => self.restored,
        }
    }

    const fn slot(&mut self, step: Step) -> &mut Option<DateTime<Utc>> {
        match step {
            Step::InvitationSent => &mut self.invitation_sent,
            Step::InvitationOpened => &mut self.invitation_opened,
            Step::SignedIn => &mut self.signed_in,
            Step::EmailVerified => &mut self.email_verified,
            Step::PinSet => &mut self.pin_set,
            Step::Restored => &mut self.restored,
        }
    }
}

/// Why a step was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StepRefused {
    /// The person has no access.
    #[error("the step “{step}” needs access to the application, and the enrolment is {status}")]
    NoAccess {
        /// The step.
        step: Step,
        /// The status found.
        status: Status,
    },
    /// A restore that is not owed.
    #[error("nothing is to be restored: this is the person's first enrolment")]
    NothingToRestore,
}
