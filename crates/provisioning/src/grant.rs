//! Grants: the reasons why a person is entitled to a pool.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    effect::instant,
    id::{GroupId, PoolId},
};

/// One standing reason why a person is entitled to a seat of a pool; several may name the same pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The pool that it entitles to.
    pub pool: PoolId,
    /// Where it comes from.
    pub source: GrantSource,
}

/// Where a grant comes from; the text reads on from “a seat …”.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum GrantSource {
    /// An administrator assigned it.
    ByHand,
    /// The person is in a group that is bound to the pool.
    Binding {
        /// The group.
        group: GroupId,
        /// Its display name.
        name: String,
        /// The priority of its members in the queue of the pool.
        #[serde(default)]
        priority: u16,
    },
    /// The person has left a dynamic group that is bound to the pool, and keeps the grant for its grace.
    Lingering {
        /// The group.
        group: GroupId,
        /// Its display name.
        name: String,
        /// Until when.
        until: DateTime<Utc>,
        /// The priority of the group's members in the queue of the pool, which is kept, too.
        #[serde(default)]
        priority: u16,
    },
    /// The person's attributes match a rule.
    Attribute {
        /// The rule, as a SCIM filter.
        filter: String,
    },
    /// Every user who is provisioned gets one (E-09).
    Default,
}

impl GrantSource {
    /// Whether it comes from a group, of which the person is a member or which keeps it.
    #[must_use]
    pub fn is_through(&self, group: GroupId) -> bool {
        matches!(self, Self::Binding { group: it, .. } if *it == group) || self.is_kept_by(group)
    }

    /// Whether it is kept for the grace of a dynamic group.
    #[must_use]
    pub fn is_kept_by(&self, group: GroupId) -> bool {
        matches!(self, Self::Lingering { group: it, .. } if *it == group)
    }
}

impl fmt::Display for GrantSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByHand => f.write_str("by an administrator's hand"),
            Self::Binding { name, .. } => write!(f, "through the group “{name}”"),
            Self::Lingering { name, until, .. } => {
                write!(
                    f,
                    "kept until {} because the group “{name}”, which they left, is dynamic",
                    instant(*until)
                )
            }
            Self::Attribute { filter } => write!(f, "by the rule “{filter}”"),
            Self::Default => f.write_str("as every user does by default"),
        }
    }
}
