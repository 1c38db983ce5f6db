//! What a PATCH changed.

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

    /// The difference between two lists of members, told by their `value`.
    #[must_use]
    pub fn between(before: &[Value], after: &[Value]) -> Self {
        let values = |list: &[Value]| -> std::collections::HashSet<String> {
            list.iter().filter_map(|element| element["value"].as_str().map(str::to_owned)).collect()
        };
        let (old, new) = (values(before), values(after));
        let mut seen = std::collections::HashSet::new();
        let added = after.iter().filter(|element| {
            element["value"]
                .as_str()
                .is_some_and(|value| !old.contains(value) && seen.insert(value.to_owned()))
        });
        let removed = before.iter().filter_map(|element| element["value"].as_str());
        Self {
            added: added.cloned().collect(),
            removed: removed.filter(|value| !new.contains(*value)).map(str::to_owned).collect(),
        }
    }
}
