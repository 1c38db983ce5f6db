//! What must be loaded before a PATCH can be applied, and no more.

use std::collections::BTreeSet;

use scim_filter_parser::CompareOp;
use serde_json::Value;

use super::request::{Operator, PatchRequest, Target};
use crate::filter::{ElementFilter, Operand};
use crate::json::member;

/// Which members of a group a PATCH looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// None.
    None,
    /// Those with these values, if they are members.
    Named(BTreeSet<String>),
    /// Every one: the message replaces or empties the list, or chooses by something else than the value.
    All,
}

impl PatchRequest {
    /// Which members of the group the operations look at.
    #[must_use]
    pub fn footprint(&self) -> Members {
        let mut named = BTreeSet::new();
        let mut touched = false;
        for operation in &self.operations {
            match &operation.target {
                Target::Attribute(attribute) if attribute.attribute.name == "members" => {
                    if operation.operator != Operator::Add || attribute.sub.is_some() {
                        return Members::All;
                    }
                    touched = true;
                    named.extend(member_values(&operation.value).map(str::to_owned));
                }
                Target::Elements { attribute, filter, .. } if attribute.attribute.name == "members" => {
                    touched = true;
                    if !named_by(filter, &mut named) {
                        return Members::All;
                    }
                    named.extend(member_values(&operation.value).map(str::to_owned));
                }
                _ => {}
            }
        }
        if touched { Members::Named(named) } else { Members::None }
    }
}

/// The `value` of each member in what an operation carries.
fn member_values(value: &Value) -> impl Iterator<Item = &str> {
    let elements = match value {
        Value::Array(elements) => elements.as_slice(),
        other => std::slice::from_ref(other),
    };
    elements.iter().filter_map(|element| member(element.as_object()?, "value")?.as_str())
}

/// Whether the filter can only match members whose values it names; they are collected.
pub(super) fn named_by(filter: &ElementFilter, named: &mut BTreeSet<String>) -> bool {
    match filter {
        ElementFilter::Compare { sub: Some(sub), op: CompareOp::Eq, operand: Operand::Text(value) }
            if sub.name == "value" =>
        {
            named.insert(value.clone());
            true
        }
        ElementFilter::Or(terms) => terms.iter().all(|term| named_by(term, named)),
        ElementFilter::And(terms) => terms.iter().any(|term| named_by(term, named)),
        _ => false,
    }
}
