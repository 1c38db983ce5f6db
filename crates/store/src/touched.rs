//! What a unit has changed of users, groups and other resources, noted where it is written, so that no way to change a resource can forget it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use scim::Object;
use uuid::Uuid;

use crate::custom_resources::CustomResource;
use crate::error::Error;
use crate::members::MemberKind;
use crate::unit::WriteUnit;

/// The kind of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A resource of a type that files define.
    Custom,
}

/// A resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceKey {
    /// What it is.
    pub kind: ResourceKind,
    /// Its id.
    pub id: Uuid,
}

/// What became of a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Touch {
    /// It is there since.
    Created,
    /// It has another version.
    #[default]
    Changed,
    /// It is there no more.
    Deleted,
}

/// A resource that was changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Touched {
    /// What became of it.
    pub touch: Touch,
    /// The document before, where it was given another one.
    pub before: Option<Object>,
    /// Whether something of a user was changed that the server determines.
    pub computed: bool,
    /// The members that joined a group.
    pub joined: Vec<(Uuid, MemberKind)>,
    /// The members that left it.
    pub left: Vec<Uuid>,
    /// Whether a client replaced it (RFC 7644 §3.5.1).
    pub replaced: bool,
    /// The external id of a group or another resource that was deleted.
    pub external_id: Option<String>,
    /// The endpoint of a resource of a type that files define, with the resource after the change; none once deleted.
    pub custom: Option<(String, Option<CustomResource>)>,
    /// The transaction by which events name the change, where the request has one.
    pub transaction: Option<String>,
}

/// All that a unit has changed.
#[derive(Debug, Default)]
pub(crate) struct Touches {
    resources: BTreeMap<ResourceKey, Touched>,
    /// The transactions of resources that requests name.
    transactions: BTreeMap<ResourceKey, String>,
    replaced: Option<ResourceKey>,
    /// The operations of requests that were accepted before, by what they change.
    deferred: BTreeMap<ResourceKey, (Uuid, usize)>,
    at: DateTime<Utc>,
}

impl ResourceKey {
    /// The user of this id.
    #[must_use]
    pub const fn user(id: Uuid) -> Self {
        Self { kind: ResourceKind::User, id }
    }

    /// The group of this id.
    #[must_use]
    pub const fn group(id: Uuid) -> Self {
        Self { kind: ResourceKind::Group, id }
    }

    /// The resource of this id, of a type that files define.
    #[must_use]
    pub const fn custom(id: Uuid) -> Self {
        Self { kind: ResourceKind::Custom, id }
    }
}

impl WriteUnit {
    /// Says under which transaction events name what a request does to a resource; with `replaced`, by another document.
    pub fn ascribe(&mut self, resource: ResourceKey, transaction: Option<String>, replaced: bool) {
        if let Some(transaction) = transaction {
            self.touches.transactions.insert(resource, transaction);
        }
        if replaced {
            self.touches.replaced = Some(resource);
        }
    }

    /// Says that an operation of a request that was accepted before is done by what the unit does to a resource.
    pub fn await_end(&mut self, resource: ResourceKey, operation: (Uuid, usize)) {
        self.touches.deferred.insert(resource, operation);
    }

    /// Notes which of these operations the unit has done.
    ///
    /// # Errors
    /// [`Error::NotFound`] if one of them was done before: drop the unit then. [`Error::Busy`] or [`Error::Other`].
    pub async fn note_ends(&mut self) -> Result<(), Error> {
        for (key, (id, number)) in std::mem::take(&mut self.touches.deferred) {
            let Some(touched) = self.touches.resources.get(&key) else { continue };
            let registry = self.registry();
            let endpoint = match (key.kind, &touched.custom) {
                (ResourceKind::Custom, Some((endpoint, _))) => endpoint,
                (ResourceKind::Group, _) => &registry.group().endpoint,
                _ => &registry.user().endpoint,
            };
            let (uri, number) = (format!("{endpoint}/{}", key.id), i64::try_from(number).unwrap_or(i64::MAX));
            if !self.apply_deferred(id, number, &uri).await? {
                return Err(Error::NotFound);
            }
        }
        Ok(())
    }

    /// Takes what was changed so far, with the instant of the last change. What a request named has its transaction, and so
    /// has what followed from the only request of the unit.
    pub fn take_touched(&mut self) -> (BTreeMap<ResourceKey, Touched>, DateTime<Utc>) {
        let Touches { mut resources, transactions, replaced, at, .. } = *std::mem::take(&mut self.touches);
        let only = transactions.values().next().filter(|_| transactions.len() == 1);
        for (key, touched) in &mut resources {
            touched.transaction = transactions.get(key).or(only).cloned();
            touched.replaced = replaced == Some(*key);
        }
        (resources, at)
    }

    /// Notes a change.
    pub(crate) fn touch(&mut self, key: ResourceKey, touch: Touch, now: DateTime<Utc>) -> &mut Touched {
        self.touches.at = self.touches.at.max(now);
        let touched = self.touches.resources.entry(key).or_default();
        if touch != Touch::Changed {
            touched.touch = touch;
        }
        touched
    }
}
