//! What a client says of `id` and `meta`, which the server alone writes: repeating them is no change.

use serde_json::Value;

use super::Resource;
use crate::protocol::error::Error;
use crate::protocol::version::Condition;
use crate::schema::ResourceType;
use crate::time;

/// What a client says of a part of a resource that the server alone writes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Claim {
    /// Of `id`.
    Id(Value),
    /// Of `meta`.
    Meta(Value),
}

impl Claim {
    /// The claim that a member of a value is, if it is one.
    pub(crate) fn of(name: &str, value: &Value) -> Option<Self> {
        match () {
            () if name.eq_ignore_ascii_case("id") => Some(Self::Id(value.clone())),
            () if name.eq_ignore_ascii_case("meta") => Some(Self::Meta(value.clone())),
            () => None,
        }
    }
}

impl Resource {
    /// Checks what a client says of the parts that the server alone writes: repeating them is no change.
    ///
    /// # Errors
    /// `mutability` when it is not what they are.
    pub(crate) fn admits(
        &self,
        resource_type: &ResourceType,
        claim: &Claim,
        base: &str,
    ) -> Result<(), Error> {
        let (name, same) = match claim {
            Claim::Id(id) => ("id", id.as_str() == Some(&self.id)),
            Claim::Meta(meta) => ("meta", self.has_meta(resource_type, meta, base)),
        };
        if same { Ok(()) } else { Err(Error::mutability(format!("\"{name}\" is read-only."))) }
    }

    fn has_meta(&self, resource_type: &ResourceType, meta: &Value, base: &str) -> bool {
        let stored = self.meta_json(resource_type, base, None);
        let same = |name: &str, value: &Value| match (name, value.as_str()) {
            (_, _) if value.is_null() => true,
            (_, None) => false,
            ("created" | "lastModified", Some(text)) => {
                time::parse(text).map(time::format).as_deref() == stored[name].as_str()
            }
            ("version", Some(tag)) => {
                Condition::parse(tag).is_ok_and(|condition| condition.matches(self.meta.version))
            }
            (name, Some(text)) => stored[name].as_str() == Some(text),
        };
        let meta = meta.as_object();
        meta.is_some_and(|meta| {
            let known = |name: &str| {
                let names = ["resourceType", "created", "lastModified", "location", "version"];
                names.into_iter().find(|known| known.eq_ignore_ascii_case(name))
            };
            meta.iter().all(|(name, value)| known(name).is_some_and(|name| same(name, value)))
        })
    }
}
