//! Causes: the change behind a decision, in words that a reason can end with.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{GroupId, PoolId};

/// What changed; the text reads on from “… because”.
///
/// The facts decide, not the cause: only [`Cause::Removed`], [`Cause::GrantLifted`] and [`Cause::Withheld`] have rules of their own
/// (no grace), and [`Cause::can_be_refused`] tells the gains from the losses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Cause {
    /// The person was created.
    Created,
    /// `active` became true.
    PushedActive,
    /// `active` became false.
    PushedInactive,
    /// Other attributes changed, and with them perhaps an attribute grant.
    AttributesChanged,
    /// The person was added to a group.
    JoinedGroup {
        /// The group.
        group: GroupId,
        /// Its display name.
        name: String,
    },
    /// The person was taken out of a group (S-57).
    LeftGroup {
        /// The group.
        group: GroupId,
        /// Its display name.
        name: String,
    },
    /// The person left a dynamic group, and did not come back within the grace of the group (O-05).
    GroupGraceOver {
        /// The group.
        group: GroupId,
        /// Its display name.
        name: String,
    },
    /// A group was bound to a pool (S-49).
    Bound {
        /// The group.
        group: GroupId,
        /// Its display name.
        name: String,
        /// The pool.
        pool: PoolId,
    },
    /// A group was unbound from a pool (S-57).
    Unbound {
        /// The group.
        group: GroupId,
        /// Its display name.
        name: String,
        /// The pool.
        pool: PoolId,
    },
    /// A group was deleted, which unbinds it (S-60).
    GroupDeleted {
        /// The group.
        group: GroupId,
        /// Its display name.
        name: String,
    },
    /// The person was removed: by a push at once, by an administrator after [`may_remove`](crate::may_remove).
    Removed,
    /// A pool's last day is over.
    Expired {
        /// The pool.
        pool: PoolId,
        /// Its name.
        name: String,
    },
    /// The timer of a suspension rang.
    GraceOver,
    /// A seat became free outside a settlement, so the queue is looked at.
    SeatFreed {
        /// The pool.
        pool: PoolId,
        /// Its name.
        name: String,
    },
    /// An administrator assigned a licence.
    GrantedByHand,
    /// An administrator unassigned a licence (S-39): no grace.
    GrantLifted,
    /// An administrator moved a licence to another pool, in which there is a seat.
    Moved {
        /// The name of the pool that the person was in.
        from: String,
        /// The name of the other one.
        to: String,
    },
    /// An administrator took a seat away while a grant stands: no grace.
    Withheld,
    /// An administrator withholds a seat no more.
    WithheldNoMore,
    /// An administrator deactivated the person.
    DeactivatedByHand,
    /// An administrator lets the person in again.
    ActivatedByHand,
    /// The person has an address in a domain that is none of the tenant's.
    HeldForDomain,
    /// An administrator released the person.
    Released,
    /// The address is in one of the tenant's domains again.
    Admitted,
    /// The connection pushes it as a test user, by an administrator's word (J-04).
    TestUser,
    /// It is a test user no more.
    NoTestUser,
    /// A deleted person whom the brake keeps came back, without what gave the licence.
    CameBack,
    /// A pool's size, policy or expiry was changed.
    PoolChanged {
        /// The pool.
        pool: PoolId,
        /// Its name.
        name: String,
    },
}

impl Cause {
    /// Whether a full pool with the policy `reject` may refuse this change.
    ///
    /// Only what gives can be refused. A loss, a deadline or an administrator's change of a pool always goes through;
    /// a person who then finds no seat goes without one.
    #[must_use]
    pub const fn can_be_refused(&self) -> bool {
        match self {
            Self::Created
            | Self::PushedActive
            | Self::AttributesChanged
            | Self::JoinedGroup { .. }
            | Self::Bound { .. }
            | Self::GrantedByHand
            | Self::WithheldNoMore
            | Self::ActivatedByHand
            | Self::Released
            | Self::Admitted
            | Self::CameBack => true,
            Self::PushedInactive
            | Self::LeftGroup { .. }
            | Self::GroupGraceOver { .. }
            | Self::Unbound { .. }
            | Self::GroupDeleted { .. }
            | Self::Removed
            | Self::Expired { .. }
            | Self::GraceOver
            | Self::SeatFreed { .. }
            | Self::GrantLifted
            | Self::Moved { .. }
            | Self::Withheld
            | Self::DeactivatedByHand
            | Self::HeldForDomain
            | Self::TestUser
            | Self::NoTestUser
            | Self::PoolChanged { .. } => false,
        }
    }

    /// Whether an administrator took a licence away, which knows no grace (S-39).
    pub(crate) const fn is_unassignment(&self) -> bool {
        matches!(self, Self::GrantLifted | Self::Withheld)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created => f.write_str("the account was created"),
            Self::PushedActive => f.write_str("the account was switched on"),
            Self::PushedInactive => f.write_str("the account was switched off"),
            Self::AttributesChanged => f.write_str("their attributes changed"),
            Self::JoinedGroup { name, .. } => write!(f, "they joined the group “{name}”"),
            Self::LeftGroup { name, .. } => write!(f, "they left the group “{name}”"),
            Self::GroupGraceOver { name, .. } => {
                write!(f, "they left the dynamic group “{name}” and its grace is over")
            }
            Self::Bound { name, .. } => write!(f, "the group “{name}” was bound"),
            Self::Unbound { name, .. } => write!(f, "the group “{name}” was unbound"),
            Self::GroupDeleted { name, .. } => write!(f, "the group “{name}” was deleted"),
            Self::Removed => f.write_str("the account was removed"),
            Self::Expired { name, .. } => write!(f, "the licence pool “{name}” expired"),
            Self::GraceOver => f.write_str("the grace period was over"),
            Self::SeatFreed { name, .. } => write!(f, "a seat became free in “{name}”"),
            Self::GrantedByHand => f.write_str("an administrator assigned a licence"),
            Self::GrantLifted => f.write_str("an administrator unassigned the licence"),
            Self::Moved { from, to } => {
                write!(f, "an administrator moved the licence from “{from}” to “{to}”")
            }
            Self::Withheld => f.write_str("an administrator withholds the licence"),
            Self::WithheldNoMore => f.write_str("an administrator withholds the licence no more"),
            Self::DeactivatedByHand => f.write_str("an administrator deactivated the account"),
            Self::ActivatedByHand => f.write_str("an administrator activated the account"),
            Self::HeldForDomain => f.write_str("their address is in none of the organisation's domains"),
            Self::Released => f.write_str("an administrator released the account"),
            Self::Admitted => f.write_str("their address is in a domain of the organisation"),
            Self::TestUser => f.write_str("it is a test user of its connection"),
            Self::NoTestUser => f.write_str("it is a test user no more"),
            Self::CameBack => f.write_str("the account came back without what gave the licence"),
            Self::PoolChanged { name, .. } => write!(f, "the licence pool “{name}” was changed"),
        }
    }
}
