//! What must be loaded before a PATCH can be applied, and no more.

use std::borrow::Cow;
use std::collections::BTreeSet;

use scim_filter_parser::CompareOp;
use serde_json::{Value, json};

use super::request::{Operator, PatchRequest, Target};
use crate::filter::{ElementFilter, Operand};
use crate::json::member;
use crate::value::id_in_address;

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
                    named.extend(member_values(&operation.value).map(Cow::into_owned));
                }
                Target::Elements { attribute, filter, sub, .. } if attribute.attribute.name == "members" => {
                    touched = true;
                    let Some(values) = filter.named() else { return Members::All };
                    named.extend(values);
                    let of_sub = sub.as_ref().map(|sub| json!({ sub.name.as_str(): operation.value }));
                    let given = of_sub.as_ref().unwrap_or(&operation.value);
                    named.extend(member_values(given).map(Cow::into_owned));
                }
                _ => {}
            }
        }
        if touched { Members::Named(named) } else { Members::None }
    }
}

/// The value of each member in what an operation carries, or the id at the end of its address.
fn member_values(value: &Value) -> impl Iterator<Item = Cow<'_, str>> {
    let elements = match value {
        Value::Array(elements) => elements.as_slice(),
        other => std::slice::from_ref(other),
    };
    elements.iter().filter_map(|element| {
        let element = element.as_object()?;
        match member(element, "value").and_then(Value::as_str) {
            Some(value) => Some(Cow::Borrowed(value)),
            None => Some(id_in_address(member(element, "$ref")?.as_str()?)?.into()),
        }
    })
}

impl ElementFilter {
    /// The values of which an element must have one to satisfy the filter, each in the form in which values are compared;
    /// `None` when it can be any element.
    pub(super) fn named(&self) -> Option<BTreeSet<String>> {
        match self {
            Self::Compare { sub: Some(sub), op, operand: Operand::Text(text) } => {
                match (sub.name.as_str(), op) {
                    ("value", CompareOp::Eq) => Some([text.clone()].into()),
                    ("$ref", CompareOp::Eq | CompareOp::Ew) if text.contains('/') => {
                        Some(id_in_address(text).into_iter().collect())
                    }
                    _ => None,
                }
            }
            Self::Or(terms) => {
                let named: Option<Vec<_>> = terms.iter().map(Self::named).collect();
                Some(named?.into_iter().flatten().collect())
            }
            Self::And(terms) => terms.iter().filter_map(Self::named).min_by_key(BTreeSet::len),
            _ => None,
        }
    }
}
