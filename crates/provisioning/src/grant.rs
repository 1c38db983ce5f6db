//! Grants: the reasons why a person is entitled to a pool.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{GroupId, PoolId};

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
    /// The person's attributes match a rule.
    Attribute {
        /// The rule, as a SCIM filter.
        filter: String,
    },
    /// Every user who is provisioned gets one (E-09).
    Default,
}

impl fmt::Display for GrantSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByHand => f.write_str("by an administrator's hand"),
            Self::Binding { name, .. } => write!(f, "through the group “{name}”"),
            Self::Attribute { filter } => write!(f, "by the rule “{filter}”"),
            Self::Default => f.write_str("as every user does by default"),
        }
    }
}
