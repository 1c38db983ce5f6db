//! Resources with all kinds of attributes, and values that fit an attribute or do not.

use std::ops::Deref;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use scim::schema::{Attribute, Kind, ResourceType};
use scim::{Meta, Object, Resource};
use serde_json::{Value, json};

use super::lists::{elements, is_primary};
use super::values::named_for_ever;

/// The members of a group before, and the ids that operations name.
pub(crate) const IDS: [&str; 5] = ["1", "2", "3", "a", "A"];

/// A stored resource with its type.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) resource_type: &'static Arc<ResourceType>,
    pub(crate) resource: Resource,
}

impl Deref for Typed {
    type Target = Resource;

    fn deref(&self) -> &Resource {
        &self.resource
    }
}

/// A stored resource of the type, with the members of a group in its document.
pub(crate) fn resource(resource_type: &'static Arc<ResourceType>) -> impl Strategy<Value = Typed> {
    let core = resource_type.schema.attributes.iter().chain(resource_type.attribute("externalId"));
    let mut parts: Vec<BoxedStrategy<(Option<String>, String, Value)>> =
        core.filter(|it| is_kept(it)).map(|it| stored(None, it)).collect();
    for extension in &resource_type.extensions {
        let schema = &extension.schema;
        parts
            .extend(schema.attributes.iter().filter(|it| is_kept(it)).map(|it| stored(Some(&schema.id), it)));
    }
    parts.prop_map(move |parts| {
        let mut document = Object::new();
        for (schema, name, value) in parts.into_iter().filter(|(_, _, value)| !value.is_null()) {
            match schema {
                None => document.insert(name, value),
                Some(schema) => {
                    let container = document.entry(schema).or_insert_with(|| json!({}));
                    container.as_object_mut().and_then(|container| container.insert(name, value))
                }
            };
        }
        let at = scim::time::parse("2026-01-02T03:04:05Z").expect("an instant");
        let meta = Meta { created: at, last_modified: at, version: 3 };
        let resource = Resource { id: "u1".to_owned(), document, meta };
        Typed { resource_type, resource }
    })
}

/// Whether a client may write the attribute and read it back.
fn is_kept(attribute: &Attribute) -> bool {
    !attribute.read_only() && attribute.name != "password"
}

fn stored(
    schema: Option<&str>,
    attribute: &'static Attribute,
) -> BoxedStrategy<(Option<String>, String, Value)> {
    let schema = schema.map(str::to_owned);
    let value = if attribute.multi_valued {
        proptest::collection::vec(element(attribute, false), 0..4)
            .prop_map(|given| settled(attribute, given))
            .boxed()
    } else if attribute.complex() {
        element(attribute, false)
            .prop_map(|given| if given == json!({}) { Value::Null } else { given })
            .boxed()
    } else if attribute.required {
        simple(attribute)
    } else {
        prop_oneof![Just(Value::Null), simple(attribute)].boxed()
    };
    value.prop_map(move |value| (schema.clone(), attribute.name.clone(), value)).boxed()
}

/// A list as it can be stored: no element twice, and one primary at most.
fn settled(attribute: &Attribute, mut given: Vec<Value>) -> Value {
    given.retain(|element| *element != json!({}));
    given
        .iter_mut()
        .filter(|element| is_primary(element))
        .skip(1)
        .for_each(|it| it["primary"] = false.into());
    if named_for_ever(attribute) {
        given.retain(|element| element.get("value").is_some());
        for element in &mut given {
            element["type"] = "User".into();
        }
    }
    let list = elements(attribute, &given.into()).unwrap_or_default();
    if list.is_empty() { Value::Null } else { list.into() }
}

/// A value of the type of a simple attribute, from so few that they meet each other.
pub(crate) fn simple(attribute: &Attribute) -> BoxedStrategy<Value> {
    let texts: &[&str] = match (attribute.kind, attribute.name.as_str()) {
        (Kind::Boolean, _) => return any::<bool>().prop_map(Value::from).boxed(),
        (Kind::Binary, _) => &["AQID", "AQ==", "AQ"],
        (Kind::Reference, "$ref") => &["https://scim.example/v2/Users/1", "../Groups/3", "a"],
        (Kind::Reference, _) => &["https://x.example/1", "https://x.example/A", "https://x.example/a"],
        (_, "type") => &["work", "Work", "home"],
        (_, "value") if attribute.case_exact() => &IDS,
        _ => &["a", "A", "b", "\u{e9}", "\u{c9}", "b c"],
    };
    select(texts).prop_map(Value::from).boxed()
}

/// A complex value with some of its parts; `wild` ones hold parts that are unknown, null or in another case.
pub(crate) fn element(attribute: &'static Attribute, wild: bool) -> BoxedStrategy<Value> {
    let part = move |sub: &'static Attribute| {
        let value = if wild {
            prop_oneof![40 => simple(sub), 2 => Just(Value::Null), 1 => junk()].boxed()
        } else {
            simple(sub)
        };
        let often = if sub.name == "value" { 0.85 } else { 0.4 };
        let name = if wild { cased(sub.name.clone()) } else { Just(sub.name.clone()).boxed() };
        proptest::option::weighted(often, (name, value)).boxed()
    };
    let usual = attribute.sub_attributes.iter().filter(|sub| wild || !sub.read_only() && sub.name != "$ref");
    let parts: Vec<_> = usual.map(|sub| part(sub)).collect();
    let unknown = proptest::option::weighted(0.1, Just(("nope".to_owned(), json!(1))));
    let unknown = unknown.prop_map(move |unknown| unknown.filter(|_| wild));
    (parts, unknown)
        .prop_map(|(parts, unknown)| Value::Object(parts.into_iter().chain([unknown]).flatten().collect()))
        .boxed()
}

/// A value that fits nothing in particular.
pub(crate) fn junk() -> BoxedStrategy<Value> {
    let all = [
        json!(5),
        json!(true),
        json!("x"),
        json!(""),
        json!(" "),
        json!({}),
        json!([]),
        json!([null]),
        json!([{}]),
        json!({ "nope": 1 }),
        json!([{ "nope": 1 }]),
        json!({ "value": null }),
        json!(["x"]),
        json!("a\0b"),
    ];
    select(all.to_vec()).boxed()
}

/// A name in some spelling: names and URIs ignore case (RFC 7643 §2.1).
pub(crate) fn cased(name: String) -> BoxedStrategy<String> {
    let mixed: String = name
        .char_indices()
        .map(|(at, c)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    let (small, capital) = (name.to_ascii_lowercase(), name.to_ascii_uppercase());
    prop_oneof![5 => Just(name), 1 => Just(small), 1 => Just(capital), 1 => Just(mixed)].boxed()
}
