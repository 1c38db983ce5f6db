//! The attributes that every resource has (RFC 7643 §3 and §3.1).

use std::sync::{Arc, LazyLock};

use super::Attribute;

static COMMON: LazyLock<Vec<Arc<Attribute>>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("common.json")).expect("common.json is part of this crate and tested")
});

/// `schemas`, `id`, `externalId` and `meta`, which no schema repeats.
#[must_use]
pub fn common_attributes() -> &'static [Arc<Attribute>] {
    &COMMON
}

/// The common attribute of this name, ignoring case.
#[must_use]
pub fn common_attribute(name: &str) -> Option<&'static Arc<Attribute>> {
    COMMON.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
