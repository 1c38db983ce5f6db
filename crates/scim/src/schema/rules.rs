//! The rules that schemas and resource types keep (RFC 7643 §2, §6 and §7).

use std::collections::HashSet;
use std::sync::Arc;

use super::definition::of_attribute;
use super::{Attribute, Kind, Mutability, ResourceType, Returned, Schema, common_attribute};

/// The most attributes of a schema, and sub-attributes of an attribute.
const MOST_ATTRIBUTES: usize = 500;

/// Endpoints that are no resource types (RFC 7644 §3.2), and what stands beside them.
const TAKEN: &[&str] = &["Me", "Async", "Bulk", "Schemas", "ResourceTypes", "ServiceProviderConfig"];

/// Which rule is broken, after what breaks it.
pub(super) type Broken = (String, String);

/// Checks a schema; its references may point to resources of these types.
pub(super) fn schema(schema: &Schema, types: &dyn Fn(&str) -> bool) -> Result<(), Broken> {
    let of = format!("schema {}", schema.id);
    if !is_uri(&schema.id) {
        return Err((of, "its id is a URI, such as urn:example:params:scim:schemas:2.0:Thing".to_owned()));
    }
    if schema.name.trim().is_empty() {
        return Err((of, "it has a name".to_owned()));
    }
    distinct(&schema.attributes).map_err(|rule| (of, rule))?;
    for attribute in &schema.attributes {
        let named = |rule: String| (of_attribute(&schema.id, &attribute.name), rule);
        check(attribute, types).map_err(named)?;
        distinct(&attribute.sub_attributes).map_err(named)?;
        for sub in &attribute.sub_attributes {
            let named =
                |rule: String| (of_attribute(&schema.id, &format!("{}.{}", attribute.name, sub.name)), rule);
            check_sub(attribute, sub).and_then(|()| check(sub, types)).map_err(named)?;
        }
    }
    Ok(())
}

/// Checks a resource type beside those that are there already.
pub(super) fn resource_type(new: &ResourceType, others: &[Arc<ResourceType>]) -> Result<(), String> {
    let segment = new.endpoint.strip_prefix('/').unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if segment.is_empty() || !segment.chars().all(plain) {
        return Err("its endpoint is a slash and a word, such as /Things".to_owned());
    }
    let mut taken = others.iter().map(|it| it.endpoint.trim_start_matches('/')).chain(TAKEN.iter().copied());
    if taken.any(|taken| taken.eq_ignore_ascii_case(segment)) {
        return Err(format!("its endpoint {} is taken", new.endpoint));
    }
    if !legal_name(&new.name) {
        return Err("its name starts with a letter and holds letters, digits, '-', '_' and '$'".to_owned());
    }
    if let Some(common) = new.schema.attributes.iter().find(|it| common_attribute(&it.name).is_some()) {
        return Err(format!("its schema repeats {}, which every resource has", common.name));
    }
    extensions(new)
}

/// Checks the extensions of a resource type.
pub(super) fn extensions(of: &ResourceType) -> Result<(), String> {
    let mut seen = HashSet::from([of.schema.id.to_ascii_lowercase()]);
    match of.extensions.iter().find(|it| !seen.insert(it.schema.id.to_ascii_lowercase())) {
        Some(twice) => Err(format!("it has the schema {} twice", twice.schema.id)),
        None => Ok(()),
    }
}

fn distinct(attributes: &[Arc<Attribute>]) -> Result<(), String> {
    if attributes.len() > MOST_ATTRIBUTES {
        return Err(format!("it has at most {MOST_ATTRIBUTES} attributes"));
    }
    let mut seen = HashSet::new();
    match attributes.iter().find(|it| !seen.insert(it.name.to_ascii_lowercase())) {
        Some(twice) => Err(format!("the name {} stands twice, and names ignore case", twice.name)),
        None => Ok(()),
    }
}

/// The rules of RFC 7643 §2.1 to §2.4 and §7.
fn check(attribute: &Attribute, types: &dyn Fn(&str) -> bool) -> Result<(), String> {
    // RFC 9944 §7.1 keeps extensions inside an extension: their names are URIs.
    let container = attribute.complex() && !attribute.multi_valued && is_uri(&attribute.name);
    if !legal_name(&attribute.name) && attribute.name != "$ref" && !container {
        return Err("a name starts with a letter and holds letters, digits, '-', '_' and '$'".to_owned());
    }
    if attribute.complex() == attribute.sub_attributes.is_empty() {
        return Err("a complex attribute, and no other, has sub-attributes".to_owned());
    }
    if attribute.name == "password" && attribute.returned != Returned::Never {
        return Err("a password is never returned".to_owned());
    }
    if attribute.mutability == Mutability::WriteOnly && attribute.returned != Returned::Never {
        return Err("what is writeOnly is returned \"never\"".to_owned());
    }
    if attribute.unique()
        && (attribute.multi_valued
            || !matches!(attribute.kind, Kind::String | Kind::Integer | Kind::Reference))
    {
        return Err("a value is unique only where it is a single string, integer or reference".to_owned());
    }
    if attribute.unique() && attribute.returned == Returned::Never {
        return Err("what is never returned is not kept, so it cannot be unique".to_owned());
    }
    let texts = matches!(attribute.kind, Kind::String | Kind::Reference | Kind::Binary);
    if attribute.pattern.is_some() && attribute.kind != Kind::String {
        return Err("only a string has a pattern".to_owned());
    }
    if !texts && !attribute.canonical_values.is_empty() {
        return Err("only text has canonicalValues".to_owned());
    }
    if attribute.kind != Kind::Reference && !attribute.reference_types.is_empty() {
        return Err("only a reference has referenceTypes".to_owned());
    }
    let known = |name: &String| matches!(name.as_str(), "external" | "uri") || types(name);
    match attribute.reference_types.iter().find(|name| !known(name)) {
        Some(name) => Err(format!("it refers to {name}, which is no resource type, \"external\" or \"uri\"")),
        None => Ok(()),
    }
}

/// Only the schema of schemas nests complex attributes.
fn check_sub(attribute: &Attribute, sub: &Attribute) -> Result<(), String> {
    if sub.complex() && sub.name != "subAttributes" {
        return Err("a sub-attribute is never complex".to_owned());
    }
    if attribute.multi_valued && sub.name == "primary" && sub.kind != Kind::Boolean {
        return Err("primary is a boolean".to_owned());
    }
    if sub.unique() {
        return Err("a sub-attribute is not unique by itself".to_owned());
    }
    Ok(())
}

fn legal_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$'))
}

/// Whether the text is a URI with a scheme, of the characters that stand in names of schemas.
fn is_uri(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&()*+,;=%".contains(c);
    let scheme = text.split_once(':').map_or("", |(scheme, rest)| if rest.is_empty() { "" } else { scheme });
    let mut characters = scheme.chars();
    text.len() <= 300
        && characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && text.chars().all(legal)
}
