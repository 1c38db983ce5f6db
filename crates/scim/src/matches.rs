//! What a filter means: the oracle that every other way to evaluate one must agree with (RFC 7644 §3.4.2.2).

use std::cmp::Ordering;

use scim_filter_parser::CompareOp;
use serde_json::Value;

use crate::filter::{ElementFilter, Operand, ResolvedFilter};
use crate::json::Object;
use crate::path::AttributeRef;
use crate::schema::{Attribute, Kind};
use crate::{text, time};

impl ResolvedFilter {
    /// Whether a canonical document, with everything that the server computes, satisfies the filter.
    #[must_use]
    pub fn matches(&self, document: &Object) -> bool {
        match self {
            Self::And(terms) => terms.iter().all(|term| term.matches(document)),
            Self::Or(terms) => terms.iter().any(|term| term.matches(document)),
            Self::Not(inner) => !inner.matches(document),
            Self::Present(target) => values(document, target).any(present),
            Self::Compare { target, op, operand } => {
                let mut elements = elements(document, target).peekable();
                // An attribute without elements counts as one that is not assigned.
                if elements.peek().is_none() {
                    return compare(target.leaf(), None, *op, operand);
                }
                elements.any(|element| {
                    compare(target.leaf(), inside(element, target.sub.as_deref()), *op, operand)
                })
            }
            Self::Element { attribute, filter } => {
                elements(document, attribute).any(|element| filter.matches(&attribute.attribute, element))
            }
        }
    }
}

impl ElementFilter {
    /// Whether one element of `attribute` satisfies the filter.
    #[must_use]
    pub fn matches(&self, attribute: &Attribute, element: &Value) -> bool {
        match self {
            Self::And(terms) => terms.iter().all(|term| term.matches(attribute, element)),
            Self::Or(terms) => terms.iter().any(|term| term.matches(attribute, element)),
            Self::Not(inner) => !inner.matches(attribute, element),
            Self::Present { sub } => inside(element, sub.as_deref()).is_some_and(present),
            Self::Compare { sub, op, operand } => {
                compare(sub.as_deref().unwrap_or(attribute), inside(element, sub.as_deref()), *op, operand)
            }
        }
    }

    /// How many comparisons and presence tests the filter makes for one element.
    #[must_use]
    pub fn terms(&self) -> usize {
        match self {
            Self::And(terms) | Self::Or(terms) => terms.iter().map(Self::terms).sum(),
            Self::Not(inner) => inner.terms(),
            Self::Compare { .. } | Self::Present { .. } => 1,
        }
    }
}

/// The elements of an attribute: each of its values, or its only one.
pub(crate) fn elements<'d>(
    document: &'d Object,
    attribute: &AttributeRef,
) -> impl Iterator<Item = &'d Value> + use<'d> {
    let container = match &attribute.extension {
        None => Some(document),
        Some(schema) => document.get(&schema.id).and_then(Value::as_object),
    };
    let value = container.and_then(|container| container.get(&attribute.attribute.name));
    let list: &[Value] = match value {
        None | Some(Value::Null) => &[],
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
    };
    list.iter()
}

fn values<'d>(document: &'d Object, target: &'d AttributeRef) -> impl Iterator<Item = &'d Value> {
    elements(document, target).filter_map(move |element| inside(element, target.sub.as_deref()))
}

pub(crate) fn inside<'v>(element: &'v Value, sub: Option<&Attribute>) -> Option<&'v Value> {
    match sub {
        None => Some(element),
        Some(sub) => element.get(&sub.name).filter(|value| !value.is_null()),
    }
}

/// RFC 7644 §3.4.2.2 `pr`: non-empty, or complex with a non-empty sub-attribute.
fn present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(present),
        Value::Object(object) => object.values().any(present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compare(leaf: &Attribute, value: Option<&Value>, op: CompareOp, operand: &Operand) -> bool {
    // RFC 7643 §2.4: an element without "primary" counts as not primary.
    let default = Value::Bool(false);
    let value = match value {
        None if leaf.kind == Kind::Boolean && leaf.name == "primary" && *operand != Operand::Null => {
            Some(&default)
        }
        value => value,
    };
    if op == CompareOp::Ne {
        return !compare(leaf, value, CompareOp::Eq, operand);
    }
    match (value, operand) {
        (None, Operand::Null) => true,
        (Some(Value::Bool(value)), Operand::Bool(operand)) => value == operand,
        (Some(Value::Number(value)), Operand::Number(operand)) => value
            .as_f64()
            .and_then(|value| value.partial_cmp(operand))
            .is_some_and(|order| ordered(op, order)),
        (Some(Value::String(value)), Operand::Instant(operand)) => {
            time::parse(value).is_some_and(|value| ordered(op, value.cmp(operand)))
        }
        (Some(Value::String(value)), Operand::Text(operand)) => {
            let value = text::comparison_form(leaf, value);
            match op {
                CompareOp::Co => value.contains(operand.as_str()),
                CompareOp::Sw => value.starts_with(operand.as_str()),
                CompareOp::Ew => value.ends_with(operand.as_str()),
                _ => ordered(op, value.as_ref().cmp(operand)),
            }
        }
        _ => false,
    }
}

fn ordered(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Ne | CompareOp::Co | CompareOp::Sw | CompareOp::Ew => false,
    }
}
