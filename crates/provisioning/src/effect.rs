//! Effects: everything that a rule can make happen, carried out in one place by the store.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    cause::Cause,
    enrolment::{Enrolment, Status},
    id::{ConnectionId, PoolId, UserId},
    person::Kept,
    words::words,
};

/// One consequence; [`apply`](crate::apply) says what each means for the facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Effect {
    /// A seat is assigned, out of the person's waiting place if there is one, and the pool counts one more.
    SeatTaken {
        /// Whose.
        user: UserId,
        /// In which pool.
        pool: PoolId,
        /// Whether all bought seats were in use already.
        overage: bool,
        /// Whether the person waited for it.
        waited: bool,
    },
    /// The person waits in the pool's queue from now on.
    SeatQueued {
        /// Who.
        user: UserId,
        /// For which pool.
        pool: PoolId,
    },
    /// An assigned seat goes back, and the pool counts one less.
    SeatFreed {
        /// Whose.
        user: UserId,
        /// In which pool.
        pool: PoolId,
    },
    /// A waiting place is given up.
    QueueLeft {
        /// Whose.
        user: UserId,
        /// For which pool.
        pool: PoolId,
    },
    /// The enrolment is this one from now on.
    EnrolmentChanged {
        /// Whose.
        user: UserId,
        /// The whole enrolment after the change.
        enrolment: Enrolment,
    },
    /// An invitation is to be sent, not before an instant.
    InvitationOwed {
        /// To whom.
        user: UserId,
        /// The earliest instant.
        not_before: DateTime<Utc>,
    },
    /// The invitation that was owed is not to be sent.
    InvitationWithdrawn {
        /// To whom it was owed.
        user: UserId,
    },
    /// The application is to be told.
    ApplicationTold {
        /// About whom.
        user: UserId,
        /// What.
        event: ApplicationEvent,
    },
    /// The person is to be settled again, with [`Cause::GraceOver`](crate::Cause::GraceOver), at an instant.
    GraceTimer {
        /// Who.
        user: UserId,
        /// When.
        at: DateTime<Utc>,
    },
    /// That timer need not ring; when it does all the same, nothing happens.
    GraceCancelled {
        /// Who.
        user: UserId,
    },
    /// A push took access from the person, and the brake counts it.
    LossCounted {
        /// Who.
        user: UserId,
        /// The connection that pushed.
        connection: ConnectionId,
    },
    /// A push would take access from the person, and the brake holds it.
    LossHeld {
        /// Who.
        user: UserId,
        /// The connection that pushed.
        connection: ConnectionId,
        /// All that is kept for the person from now on.
        kept: Kept,
        /// What would have taken it.
        cause: Cause,
    },
    /// The brake keeps less for the person, or nothing.
    HoldEnded {
        /// Who.
        user: UserId,
        /// What it still keeps.
        kept: Kept,
    },
}

impl Effect {
    /// The person whom it concerns.
    #[must_use]
    pub const fn user(&self) -> UserId {
        match self {
            Self::SeatTaken { user, .. }
            | Self::SeatQueued { user, .. }
            | Self::SeatFreed { user, .. }
            | Self::QueueLeft { user, .. }
            | Self::EnrolmentChanged { user, .. }
            | Self::InvitationOwed { user, .. }
            | Self::InvitationWithdrawn { user }
            | Self::ApplicationTold { user, .. }
            | Self::GraceTimer { user, .. }
            | Self::GraceCancelled { user }
            | Self::LossCounted { user, .. }
            | Self::LossHeld { user, .. }
            | Self::HoldEnded { user, .. } => *user,
        }
    }

    /// The effect in plain words for the request log: pools by name, people not at all.
    ///
    /// `pool_name` looks a name up, for example [`Situation::pool_name`](crate::Situation::pool_name); a pool that it
    /// does not know is shown by its id.
    #[must_use]
    pub fn plain(&self, pool_name: impl Fn(PoolId) -> Option<String>) -> String {
        let named = |pool: &PoolId| pool_name(*pool).unwrap_or_else(|| format!("pool {pool}"));
        match self {
            Self::SeatTaken { pool, overage: false, .. } => format!("seat taken in {}", named(pool)),
            Self::SeatTaken { pool, overage: true, .. } => {
                format!("seat taken in {} beyond those bought", named(pool))
            }
            Self::SeatQueued { pool, .. } => format!("waiting for a seat in {}", named(pool)),
            Self::SeatFreed { pool, .. } => format!("seat freed in {}", named(pool)),
            Self::QueueLeft { pool, .. } => format!("no longer waiting for a seat in {}", named(pool)),
            Self::EnrolmentChanged { enrolment, .. } => plain_enrolment(enrolment),
            Self::InvitationOwed { not_before, .. } => {
                format!("invitation owed from {}", instant(*not_before))
            }
            Self::InvitationWithdrawn { .. } => "invitation withdrawn".to_owned(),
            Self::ApplicationTold { event, .. } => format!("application told: {}", event.plain()),
            Self::GraceTimer { at, .. } => format!("grace ends {}", instant(*at)),
            Self::GraceCancelled { .. } => "grace cancelled".to_owned(),
            Self::LossCounted { .. } => "counted by the brake".to_owned(),
            Self::LossHeld { .. } => "held by the brake: access stays".to_owned(),
            Self::HoldEnded { .. } => "the brake holds it no more".to_owned(),
        }
    }
}

/// What the application is told; each says what it has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicationEvent {
    /// Let the person in, at the start of an enrolment.
    AccessGranted,
    /// Lock the person out and keep everything.
    AccessCut,
    /// Let the person in again, nothing was lost.
    AccessRestored,
    /// Lock the person out if they are not, and give up what was kept for them.
    Deactivated,
    /// The person is gone: lock out, give up, forget; an unknown one is nothing to do.
    Removed,
}

impl ApplicationEvent {
    /// The event in plain words.
    #[must_use]
    pub const fn plain(self) -> &'static str {
        match self {
            Self::AccessGranted => "access granted",
            Self::AccessCut => "access cut",
            Self::AccessRestored => "access restored",
            Self::Deactivated => "deactivated",
            Self::Removed => "removed",
        }
    }
}

words!(ApplicationEvent, "application event", {
    AccessGranted => "access-granted",
    AccessCut => "access-cut",
    AccessRestored => "access-restored",
    Deactivated => "deactivated",
    Removed => "removed",
});

/// An instant as reasons and logs write it, to the minute, in UTC.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn plain_enrolment(enrolment: &Enrolment) -> String {
    match (enrolment.status, enrolment.seat_kept_until) {
        (Status::NoLicence, _) => "now without a licence".to_owned(),
        (Status::Suspended, Some(until)) => format!("now suspended until {}", instant(until)),
        (Status::Pending, _) if enrolment.restore_owed => "now pending, restore owed".to_owned(),
        (status, _) => format!("now {status}"),
    }
}
