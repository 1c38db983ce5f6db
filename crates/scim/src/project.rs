//! Which attributes an answer holds (RFC 7644 §3.9, RFC 7643 §7 `returned`).

use scim_filter_parser::{Lenience, parse_path_with};
use serde_json::Value;

use crate::json::Object;
use crate::path::{AttributeRef, Located, locate};
use crate::protocol::error::Error;
use crate::schema::{Attribute, ResourceType, Returned};

/// The wish of a client: everything usual, only some attributes, or all but some.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Projection {
    /// What is returned by default.
    #[default]
    Default,
    /// These and what is always returned.
    Only(Vec<Located>),
    /// What is returned by default, without these.
    Without(Vec<Located>),
}

impl Projection {
    /// Reads `attributes` and `excludedAttributes`: names separated by commas; unknown ones are ignored.
    ///
    /// # Errors
    /// `invalidValue` when both are given.
    pub fn parse(
        resource_type: &ResourceType,
        attributes: Option<&str>,
        excluded: Option<&str>,
    ) -> Result<Self, Error> {
        let named = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(str::to_owned);
        match (named(attributes), named(excluded)) {
            (Some(_), Some(_)) => {
                Err(Error::invalid_value("attributes and excludedAttributes exclude each other."))
            }
            (Some(only), None) => Ok(Self::Only(names(resource_type, &only))),
            (None, Some(without)) => Ok(Self::Without(names(resource_type, &without))),
            (None, None) => Ok(Self::Default),
        }
    }

    /// Whether answers hold this core attribute of the resource type: what they do not hold need not be loaded.
    #[must_use]
    pub fn wants(&self, attribute: &str) -> bool {
        let names_it = |located: &Located| matches!(located, Located::Attribute(named) if named.extension.is_none() && named.attribute.name == attribute);
        match self {
            Self::Default => true,
            Self::Only(only) => only.iter().any(names_it),
            Self::Without(without) => !without.iter().any(|located| {
                names_it(located) && matches!(located, Located::Attribute(AttributeRef { sub: None, .. }))
            }),
        }
    }

    /// Takes away from a whole representation what the answer does not hold.
    #[must_use]
    pub fn project(&self, resource_type: &ResourceType, rendered: &Object) -> Object {
        let mut answer = Object::new();
        for (name, value) in rendered {
            if let Some(schema) = resource_type.extension(name) {
                let container = value.as_object().cloned().unwrap_or_default();
                let mut kept = Object::new();
                for (name, value) in &container {
                    let Some(attribute) = schema.attribute(name) else { continue };
                    let whole = self.names_extension(&schema.id);
                    let path = AttributeRef { extension: Some(schema), attribute, sub: None };
                    if let Some(value) = self.value(path, value, whole) {
                        kept.insert(name.clone(), value);
                    }
                }
                if !kept.is_empty() {
                    answer.insert(name.clone(), Value::Object(kept));
                }
            } else if let Some(attribute) = resource_type.attribute(name) {
                let path = AttributeRef { extension: None, attribute, sub: None };
                if let Some(value) = self.value(path, value, false) {
                    answer.insert(name.clone(), value);
                }
            }
        }
        answer
    }

    fn names_extension(&self, uri: &str) -> bool {
        let (Self::Only(located) | Self::Without(located)) = self else { return false };
        located.iter().any(|located| matches!(located, Located::Extension(schema) if schema.id == uri))
    }

    /// What is left of a value, `container` says whether its whole extension was named.
    fn value(&self, path: AttributeRef, value: &Value, container: bool) -> Option<Value> {
        let attribute = path.attribute;
        match attribute.returned {
            Returned::Never => return None,
            Returned::Always => return Some(value.clone()),
            Returned::Default | Returned::Request => {}
        }
        match self {
            Self::Default => {
                (attribute.returned == Returned::Default).then(|| subs(attribute, value, usual))?
            }
            Self::Only(_) if container => Some(value.clone()),
            Self::Only(only) => {
                let named = of(only, path);
                if named.is_empty() {
                    return None;
                }
                if named.contains(&None) {
                    return subs(attribute, value, |sub| sub.returned != Returned::Never);
                }
                subs(attribute, value, |sub| {
                    sub.returned == Returned::Always || named.contains(&Some(sub.name.as_str()))
                })
            }
            Self::Without(_) if container || attribute.returned == Returned::Request => None,
            Self::Without(without) => {
                let named = of(without, path);
                if named.contains(&None) {
                    return None;
                }
                subs(attribute, value, |sub| {
                    sub.returned == Returned::Always
                        || usual(sub) && !named.contains(&Some(sub.name.as_str()))
                })
            }
        }
    }
}

fn usual(sub: &Attribute) -> bool {
    matches!(sub.returned, Returned::Default | Returned::Always)
}

/// The sub-attributes by which the list names the attribute; `None` for the whole of it.
fn of(located: &[Located], path: AttributeRef) -> Vec<Option<&'static str>> {
    let named = located.iter().filter_map(|located| match located {
        Located::Attribute(named) if named.whole() == path => Some(named.sub.map(|sub| sub.name.as_str())),
        _ => None,
    });
    named.collect()
}

/// A value with only the sub-attributes that stay; nothing when none is left.
fn subs(attribute: &Attribute, value: &Value, stays: impl Fn(&Attribute) -> bool + Copy) -> Option<Value> {
    if !attribute.complex() {
        return Some(value.clone());
    }
    match value {
        Value::Array(items) => {
            let kept: Vec<Value> = items.iter().filter_map(|item| subs(attribute, item, stays)).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        Value::Object(object) => {
            let kept = object.iter().filter(|(name, _)| attribute.sub(name).is_some_and(stays));
            let kept: Object = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        other => Some(other.clone()),
    }
}

fn names(resource_type: &ResourceType, text: &str) -> Vec<Located> {
    let known = text.split(',').filter_map(|name| {
        let (path, _) = parse_path_with(name.trim(), Lenience::NONE).ok()?;
        if path.filter.is_some() {
            return None;
        }
        locate(resource_type, &path.attribute, true).ok().map(|(located, _)| located)
    });
    known.collect()
}
