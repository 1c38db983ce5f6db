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
    /// The same with these, which the client has just written and which are returned on request (RFC 7643 §7).
    Written(Vec<AttributeRef>),
    /// These and what is always returned.
    Only(Vec<Located>),
    /// What is returned by default, without these.
    Without(Vec<Located>),
    /// The attributes that are returned by default and those that are returned on request: events hold both.
    Everything,
    /// Nothing: the client wants to know that it was done (RFC 7240 §4.2).
    Nothing,
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

    /// The same for the answer to a request that writes these attributes.
    #[must_use]
    pub fn after_writing(self, written: impl IntoIterator<Item = AttributeRef>) -> Self {
        if self != Self::Default {
            return self;
        }
        let on_request = |it: &AttributeRef| it.attribute.returned == Returned::Request;
        let written: Vec<AttributeRef> = written.into_iter().filter(on_request).collect();
        if written.is_empty() { Self::Default } else { Self::Written(written) }
    }

    /// Whether answers hold this core attribute of the resource type: what they do not hold need not be loaded.
    #[must_use]
    pub fn wants(&self, attribute: &str) -> bool {
        let names_it = |located: &Located| matches!(located, Located::Attribute(named) if named.extension.is_none() && named.attribute.name == attribute);
        match self {
            Self::Default | Self::Written(_) | Self::Everything => true,
            Self::Nothing => false,
            Self::Only(only) => only.iter().any(names_it),
            Self::Without(without) => !without.iter().any(|located| {
                names_it(located) && matches!(located, Located::Attribute(AttributeRef { sub: None, .. }))
            }),
        }
    }

    /// Takes away from a whole representation what the answer does not hold.
    #[must_use]
    pub fn project(&self, resource_type: &ResourceType, mut rendered: Object) -> Object {
        rendered.retain(|name, value| {
            if let Some(schema) = resource_type.extension(name) {
                let Value::Object(container) = value else { return false };
                let whole = self.names_extension(&schema.id);
                container.retain(|name, value| {
                    schema.attribute(name).is_some_and(|attribute| {
                        let path = AttributeRef::of(Some(schema), attribute);
                        self.keeps(&path, value, whole)
                    })
                });
                return !container.is_empty();
            }
            resource_type
                .attribute(name)
                .is_some_and(|attribute| self.keeps(&AttributeRef::of(None, attribute), value, false))
        });
        rendered
    }

    fn names_extension(&self, uri: &str) -> bool {
        let (Self::Only(located) | Self::Without(located)) = self else { return false };
        located.iter().any(|located| matches!(located, Located::Extension(schema) if schema.id == uri))
    }

    /// Takes away from a value what the answer does not hold; `false` if nothing is left. `container` says whether its
    /// whole extension was named.
    fn keeps(&self, path: &AttributeRef, value: &mut Value, container: bool) -> bool {
        let attribute = &path.attribute;
        match attribute.returned {
            Returned::Never => return false,
            Returned::Always => return true,
            Returned::Default | Returned::Request => {}
        }
        match self {
            Self::Nothing => false,
            Self::Everything => subs(attribute, value, |sub| sub.returned != Returned::Never),
            Self::Written(written) if written.contains(&path.whole()) => subs(attribute, value, usual),
            Self::Default | Self::Written(_) => {
                attribute.returned == Returned::Default && subs(attribute, value, usual)
            }
            Self::Only(_) if container => true,
            Self::Only(only) => {
                let named = of(only, path);
                if named.is_empty() {
                    return false;
                }
                if named.contains(&None) {
                    return subs(attribute, value, |sub| sub.returned != Returned::Never);
                }
                subs(attribute, value, |sub| {
                    sub.returned == Returned::Always || named.contains(&Some(sub.name.as_str()))
                })
            }
            Self::Without(_) if container || attribute.returned == Returned::Request => false,
            Self::Without(without) => {
                let named = of(without, path);
                if named.contains(&None) {
                    return false;
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
fn of<'l>(located: &'l [Located], path: &AttributeRef) -> Vec<Option<&'l str>> {
    let named = located.iter().filter_map(|located| match located {
        Located::Attribute(named) if named.whole() == *path => {
            Some(named.sub.as_ref().map(|sub| sub.name.as_str()))
        }
        _ => None,
    });
    named.collect()
}

/// Takes away the sub-attributes that do not stay; `false` if none is left.
fn subs(attribute: &Attribute, value: &mut Value, stays: impl Fn(&Attribute) -> bool + Copy) -> bool {
    if !attribute.complex() {
        return true;
    }
    match value {
        Value::Array(items) => {
            items.retain_mut(|item| subs(attribute, item, stays));
            !items.is_empty()
        }
        Value::Object(object) => {
            object.retain(|name, _| attribute.sub(name).is_some_and(|sub| stays(sub)));
            !object.is_empty()
        }
        _ => true,
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
