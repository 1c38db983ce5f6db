//! What a PATCH changed.

use std::collections::HashSet;

use serde_json::Value;

use crate::json::Object;

/// The resource after a PATCH, and what became different.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchOutcome {
    /// The canonical document, without `members`.
    pub document: Object,
    /// Whether the document differs from the one before.
    pub changed: bool,
    /// Who joined and who left the group.
    pub members: MemberChanges,
    /// How many elements were created because no element matched the path.
    pub created_elements: usize,
}

impl PatchOutcome {
    /// Whether nothing changed at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.changed && self.members.is_empty()
    }
}

/// Who joined and who left a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberChanges {
    /// The new elements, each with its `value`.
    pub added: Vec<Value>,
    /// The values of those who are no members any more.
    pub removed: Vec<String>,
}

impl MemberChanges {
    /// Whether the members are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    /// What makes members of these values the members of this list.
    #[must_use]
    pub fn between<'v>(before: impl Iterator<Item = &'v str> + Clone, after: &[Value]) -> Self {
        let value = |element: &'_ Value| element["value"].as_str().map(str::to_owned);
        let old: HashSet<&str> = before.clone().collect();
        let new: HashSet<String> = after.iter().filter_map(value).collect();
        let mut seen = HashSet::new();
        let is_new = |element: &&Value| {
            value(element).is_some_and(|value| !old.contains(value.as_str()) && seen.insert(value))
        };
        Self {
            added: after.iter().filter(is_new).cloned().collect(),
            removed: before.filter(|value| !new.contains(*value)).map(str::to_owned).collect(),
        }
    }
}
