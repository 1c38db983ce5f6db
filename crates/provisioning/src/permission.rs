//! Permissions (S-02, E-15): named values that the application gets with an entitlement. The tenant sets them, a group may set
//! them otherwise, and an administrator may for one person.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::{GroupId, UserId};

/// The value of a permission.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Allowed or not.
    Boolean(bool),
    /// A number, such as minutes.
    Number(i64),
    /// A word of the application's own.
    Text(String),
}

impl Value {
    /// Whether both are of one kind.
    #[must_use]
    pub const fn is_like(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Boolean(_), Self::Boolean(_))
                | (Self::Number(_), Self::Number(_))
                | (Self::Text(_), Self::Text(_))
        )
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Text(value) => f.pad(value),
        }
    }
}

/// For whom a permission has another value than for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "kebab-case")]
pub enum Holder {
    /// The members of a group.
    Group(GroupId),
    /// One person.
    User(UserId),
}

/// A permission and its value for all for whom no other one is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// The name by which the application knows it.
    pub name: String,
    /// The value.
    pub value: Value,
}

/// Another value for some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exception {
    /// The permission.
    pub name: String,
    /// For whom.
    pub holder: Holder,
    /// Which comes first among groups: the lowest.
    pub position: u32,
    /// The value.
    pub value: Value,
}

/// The value that one person gets, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Granted {
    /// The value.
    pub value: Value,
    /// The group or person for which it was set; none for the value of the tenant.
    pub by: Option<Holder>,
}

/// The permissions of a person who is in these groups: by hand before any group, and the group that comes first before the
/// others. An exception to a permission that is not there counts nothing.
#[must_use]
pub fn granted(
    permissions: &[Permission],
    exceptions: &[Exception],
    user: UserId,
    groups: &BTreeSet<GroupId>,
) -> BTreeMap<String, Granted> {
    let rank = |exception: &Exception| match exception.holder {
        Holder::User(holder) => (holder == user).then_some((0, 0)),
        Holder::Group(group) => groups.contains(&group).then_some((1, exception.position)),
    };
    let one = |permission: &Permission| {
        let own = exceptions.iter().filter(|exception| exception.name == permission.name);
        let first =
            own.filter_map(|exception| Some((rank(exception)?, exception))).min_by_key(|(rank, _)| *rank);
        let granted = first.map_or_else(
            || Granted { value: permission.value.clone(), by: None },
            |(_, exception)| Granted { value: exception.value.clone(), by: Some(exception.holder) },
        );
        (permission.name.clone(), granted)
    };
    permissions.iter().map(one).collect()
}

/// Whether a text can be the name of a permission: what an application can write down as one word.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=100).contains(&text.len()) && text.bytes().all(plain)
}
