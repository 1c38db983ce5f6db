//! From a resolved filter to SQL that selects what `ResolvedFilter::matches` accepts, on both databases.
//!
//! A condition holds when it *is true*: false and `NULL` are the same, so every negation is written
//! `(…) IS NOT TRUE`. Values are compared in the form that `scim` gives them, never folded by SQL; `LIKE` is not used.
//! Attributes live in columns, in the rows of `user_values`, `group_members`, `seats`, or in the `search` document.

mod compare;
mod elements;
mod every;
mod order;
mod page;
mod places;
#[cfg(test)]
mod tests;
mod walk;

use std::sync::Arc;

use chrono::DateTime;
use scim::filter::CompareOp;
use scim::filter::{ElementFilter, Operand, ResolvedFilter};
use scim::path::AttributeRef;
use scim::schema::{Attribute, Registry, ResourceType};
use scim::{Meta, Object, Resource};
use sea_orm::DbBackend;
use serde_json::Value as Json;

use crate::db::backend;
use crate::db::sql::Sql;
use crate::scope::TenantScope;
use crate::unit::ReadUnit;
use compare::Value;
pub(crate) use compare::after_prefix;
pub use every::{Every, Part, Run};
pub use order::Order;
pub(crate) use page::{Chosen, list};
pub use page::{Listing, finds_one};
use places::Place;
pub use walk::{Key as SortKey, Place as ListPlace, Reached, Stretch, Walked};

/// The table whose rows are filtered; its alias is `u`, `g` or `c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table<'t> {
    Users,
    Groups,
    /// Resources of a type that files define, or of the catalogue, which is a view.
    Custom(&'t ResourceType),
}

impl Table<'_> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Custom(of) if of.catalogue => "catalogue",
            Self::Custom(_) => "custom_resources",
        }
    }

    pub(crate) const fn alias(self) -> &'static str {
        match self {
            Self::Users => "u",
            Self::Groups => "g",
            Self::Custom(_) => "c",
        }
    }

    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Users => "u.id",
            Self::Groups => "g.id",
            Self::Custom(_) => "c.id",
        }
    }

    /// About how many bytes the document of a row has.
    fn document_size(self, backend: DbBackend) -> String {
        backend::document_size(backend, &format!("{}.document", self.alias()))
    }
}

/// The document in the form in which it is searched: values in comparison form, and the part of each `$ref` that
/// follows the address of the service, as `Resource::render` writes it.
pub(crate) fn search_document(resource_type: &ResourceType, document: &Object) -> Object {
    let mut search = scim::resource::comparison_document(resource_type, document);
    let refers = |attributes: &[Arc<Attribute>], inside: &Object| {
        attributes.iter().any(|it| it.sub("$ref").is_some() && inside.contains_key(&it.name))
    };
    let in_extension = resource_type.extensions.iter().any(|extension| {
        let container = document.get(&extension.schema.id).and_then(Json::as_object);
        container.is_some_and(|container| refers(&extension.schema.attributes, container))
    });
    if !in_extension && !refers(&resource_type.schema.attributes, document) {
        return search;
    }
    let meta = Meta { created: DateTime::UNIX_EPOCH, last_modified: DateTime::UNIX_EPOCH, version: 0 };
    let resource = Resource { id: String::new(), document: document.clone(), meta };
    let rendered = resource.render(resource_type, "");
    for (name, found) in &mut search {
        if let Some(rendered) = rendered.get(name) {
            copy_references(found, rendered);
        }
    }
    search
}

/// Copies each `$ref` to where it belongs; both sides have the same shape.
fn copy_references(into: &mut Json, from: &Json) {
    match (into, from) {
        (Json::Array(into), Json::Array(from)) => {
            into.iter_mut().zip(from).for_each(|(into, from)| copy_references(into, from));
        }
        (Json::Object(into), Json::Object(from)) => {
            for (name, into) in into.iter_mut() {
                if let Some(from) = from.get(name) {
                    copy_references(into, from);
                }
            }
            if let Some(reference) = from.get("$ref") {
                into.insert("$ref".to_owned(), reference.clone());
            }
        }
        _ => {}
    }
}

/// Writes the condition that a filter means.
pub(crate) struct FilterWriter<'a> {
    pub(crate) sql: &'a mut Sql,
    pub(crate) backend: DbBackend,
    pub(crate) table: Table<'a>,
    pub(crate) scope: &'a TenantScope,
    pub(crate) registry: &'a Registry,
    pub(crate) base: &'a str,
}

impl<'a> FilterWriter<'a> {
    /// Writes about the rows of a table that a unit sees.
    fn of(unit: &'a ReadUnit, table: Table<'a>, sql: &'a mut Sql) -> Self {
        let (backend, scope, registry) = (unit.backend(), &unit.scope, &*unit.registry);
        Self { sql, backend, table, scope, registry, base: &unit.base }
    }
}

impl FilterWriter<'_> {
    pub(crate) fn filter(&mut self, filter: &ResolvedFilter) {
        match filter {
            ResolvedFilter::And(terms) => self.joined(" AND ", "TRUE", terms, Self::filter),
            ResolvedFilter::Or(terms) => self.joined(" OR ", "FALSE", terms, Self::filter),
            ResolvedFilter::Not(inner) => self.negated(|writer| writer.filter(inner)),
            ResolvedFilter::Present(target) => self.present(target),
            ResolvedFilter::Compare { target, op, operand } => self.comparison(target, *op, operand),
            ResolvedFilter::Element { attribute, filter } => match self.place(attribute) {
                Place::Single(holder) => {
                    self.sql.push("(");
                    let whole = self.single(&holder, attribute);
                    self.exists(&whole);
                    self.sql.push(" AND ");
                    self.element(filter, &attribute.attribute, &|writer, sub| {
                        writer.single(&holder, &AttributeRef { sub: sub.cloned(), ..attribute.clone() })
                    });
                    self.sql.push(")");
                }
                Place::Many(set) => {
                    let set = set.for_subs(&subs(filter));
                    self.any(&set, &attribute.attribute, &|writer, element| {
                        writer.element(filter, &attribute.attribute, &|writer, sub| {
                            writer.inside(element, &attribute.attribute, sub)
                        });
                    });
                }
            },
        }
    }

    fn present(&mut self, target: &AttributeRef) {
        match self.place(target) {
            Place::Single(holder) => {
                let whole = target.sub.is_none() && target.attribute.complex();
                let targets: Vec<AttributeRef> = if whole {
                    target
                        .attribute
                        .sub_attributes
                        .iter()
                        .map(|sub| AttributeRef { sub: Some(Arc::clone(sub)), ..target.clone() })
                        .collect()
                } else {
                    vec![target.clone()]
                };
                self.joined(" OR ", "FALSE", &targets, |writer, target| {
                    let value = writer.single(&holder, target);
                    writer.has_value(&value);
                });
            }
            Place::Many(set) => {
                let attribute = &*target.attribute;
                let subs: Vec<Option<&Arc<Attribute>>> = match &target.sub {
                    None if attribute.complex() && !set.always_has_value() => {
                        attribute.sub_attributes.iter().map(Some).collect()
                    }
                    sub => vec![sub.as_ref()],
                };
                let set =
                    set.for_subs(&subs.iter().flatten().map(|sub| sub.name.as_str()).collect::<Vec<_>>());
                self.any(&set, attribute, &|writer, element| {
                    writer.joined(" OR ", "FALSE", &subs, |writer, sub| {
                        let value = writer.inside(element, attribute, *sub);
                        writer.has_value(&value);
                    });
                });
            }
        }
    }

    fn comparison(&mut self, target: &AttributeRef, op: CompareOp, operand: &Operand) {
        match self.place(target) {
            Place::Single(holder) => {
                let value = self.single(&holder, target);
                self.compare(&value, target.leaf(), op, operand);
            }
            Place::Many(set) => {
                let used: Vec<&str> = target.sub.iter().map(|sub| sub.name.as_str()).collect();
                let set = set.for_subs(&used);
                self.sql.push("(");
                self.any(&set, &target.attribute, &|writer, element| {
                    let value = writer.inside(element, &target.attribute, target.sub.as_ref());
                    writer.compare(&value, target.leaf(), op, operand);
                });
                // An attribute without elements counts as one that is not assigned.
                if compare::absent_matches(target.leaf(), op, operand) {
                    self.sql.push(" OR ");
                    self.none(&set, &target.attribute);
                }
                self.sql.push(")");
            }
        }
    }

    /// The filter over one element, whose values `find` places.
    fn element(
        &mut self,
        filter: &ElementFilter,
        attribute: &Attribute,
        find: &dyn Fn(&Self, Option<&Arc<Attribute>>) -> Value,
    ) {
        match filter {
            ElementFilter::And(terms) => {
                self.joined(" AND ", "TRUE", terms, |writer, term| writer.element(term, attribute, find));
            }
            ElementFilter::Or(terms) => {
                self.joined(" OR ", "FALSE", terms, |writer, term| writer.element(term, attribute, find));
            }
            ElementFilter::Not(inner) => self.negated(|writer| writer.element(inner, attribute, find)),
            ElementFilter::Present { sub } => {
                let value = find(self, sub.as_ref());
                self.has_value(&value);
            }
            ElementFilter::Compare { sub, op, operand } => {
                let value = find(self, sub.as_ref());
                self.compare(&value, sub.as_deref().unwrap_or(attribute), *op, operand);
            }
        }
    }

    pub(crate) fn negated(&mut self, inner: impl FnOnce(&mut Self)) {
        self.sql.push("((");
        inner(self);
        self.sql.push(") IS NOT TRUE)");
    }

    fn joined<T>(&mut self, between: &str, empty: &str, terms: &[T], mut write: impl FnMut(&mut Self, &T)) {
        if terms.is_empty() {
            self.sql.push(empty);
        } else {
            self.halves(between, terms, &mut write);
        }
    }

    /// Terms between brackets, as a balanced tree: both databases limit how deep an expression nests.
    fn halves<T>(&mut self, between: &str, terms: &[T], write: &mut dyn FnMut(&mut Self, &T)) {
        if let [only] = terms {
            return write(self, only);
        }
        let (left, right) = terms.split_at(terms.len() / 2);
        self.sql.push("(");
        self.halves(between, left, write);
        self.sql.push(between);
        self.halves(between, right, write);
        self.sql.push(")");
    }
}

/// The names of the sub-attributes that a filter over elements uses.
fn subs(filter: &ElementFilter) -> Vec<&str> {
    match filter {
        ElementFilter::And(terms) | ElementFilter::Or(terms) => terms.iter().flat_map(subs).collect(),
        ElementFilter::Not(inner) => subs(inner),
        ElementFilter::Present { sub } | ElementFilter::Compare { sub, .. } => {
            sub.iter().map(|sub| sub.name.as_str()).collect()
        }
    }
}
