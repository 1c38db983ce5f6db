//! Which rules a message breaks: the words of RFC 7644 §3.12, Table 9.

use std::collections::BTreeSet;

/// The words of all broken rules; an answer may name any of them.
pub(crate) type Faults = BTreeSet<&'static str>;

/// One broken rule.
pub(crate) fn fault(word: &'static str) -> Faults {
    Faults::from([word])
}

/// The value, when no rule is broken.
pub(crate) fn none<T>(faults: Faults, value: T) -> Result<T, Faults> {
    if faults.is_empty() { Ok(value) } else { Err(faults) }
}
