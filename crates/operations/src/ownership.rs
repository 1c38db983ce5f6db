//! Who owns a user or group: the connection that created or adopted it. The owner's policy is the person's.

use provisioning::{Entry, EntryKind, Subject};
use scim::Object;
use store::ConnectionId;

use crate::error::Error;
use crate::requester::Requester;

/// What a write of a resource does to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The requester owns the resource already, or owns nothing by writing.
    None,
    /// The requester becomes the owner: the resource had none, or belonged to a connection that the requester takes
    /// over from.
    Adopt(ConnectionId),
    /// The resource stays with another connection, whose `externalId` is left alone.
    Foreign,
}

impl Claim {
    /// What an effective write of a resource with this owner does.
    pub(crate) fn of(requester: &Requester, owner: Option<ConnectionId>) -> Self {
        let Some(provider) = &requester.provider else { return Self::None };
        let connection = &provider.connection;
        match owner {
            Some(owner) if owner == connection.id => Self::None,
            None if connection.shared => Self::None,
            Some(_) if connection.shared => Self::Foreign,
            _ => Self::Adopt(connection.id),
        }
    }

    /// The owner after the write.
    pub(crate) fn owner(self, before: Option<ConnectionId>) -> Option<ConnectionId> {
        if let Self::Adopt(connection) = self { Some(connection) } else { before }
    }

    /// Makes the `externalId` of a document the one that the write says: an `externalId` belongs to the provisioning
    /// domain of one connection (RFC 7643 §3.1). `said` is whether the write names one.
    pub(crate) fn settle_external_id(self, stored: &Object, document: &mut Object, said: bool) {
        match self {
            Self::None => {}
            Self::Adopt(_) if said || document.get("externalId") != stored.get("externalId") => {}
            Self::Adopt(_) => drop(document.shift_remove("externalId")),
            Self::Foreign => match stored.get("externalId") {
                Some(external_id) => drop(document.insert("externalId".to_owned(), external_id.clone())),
                None => drop(document.shift_remove("externalId")),
            },
        }
    }

    /// What the journal says about it.
    pub(crate) fn entry(self, requester: &Requester, subject: Subject, name: &str) -> Option<Entry> {
        let (Self::Adopt(_), Some(provider)) = (self, &requester.provider) else { return None };
        let why =
            format!("{name} belongs to “{}” from now on, which has changed it.", provider.connection.name);
        Some(Entry::new(subject, EntryKind::OwnerChanged, why))
    }
}

/// Refuses to delete a resource that the connection sees and does not own.
///
/// # Errors
/// 403.
pub(crate) fn may_delete(requester: &Requester, owner: Option<ConnectionId>) -> Result<(), Error> {
    match Claim::of(requester, owner) {
        Claim::Adopt(_) => {
            let detail = "The resource does not belong to this connection: change it first, which makes it \
                          the connection's own, or have an administrator delete it.";
            Err(scim::Error::status(403, detail).into())
        }
        Claim::None | Claim::Foreign => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_external_id_is_the_one_that_the_owner_says() {
        let object = |value: serde_json::Value| value.as_object().cloned().expect("an object");
        let stored = object(json!({ "userName": "ada", "externalId": "7" }));
        let adopt = Claim::Adopt(ConnectionId::new(Uuid::nil()));
        for (claim, document, said, expected) in [
            (Claim::None, json!({ "externalId": "7" }), false, Some("7")),
            (adopt, json!({ "externalId": "7" }), false, None),
            (adopt, json!({ "externalId": "7" }), true, Some("7")),
            (adopt, json!({ "externalId": "8" }), true, Some("8")),
            (Claim::Foreign, json!({ "externalId": "8" }), true, Some("7")),
            (Claim::Foreign, json!({}), false, Some("7")),
        ] {
            let mut document = object(document);
            claim.settle_external_id(&stored, &mut document, said);
            let left = document.get("externalId").and_then(|value| value.as_str());
            assert_eq!(left, expected, "{claim:?}, said: {said}");
        }
    }
}
