//! Operations of a PATCH, right and wrong ones, on the few attributes that they have in common.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use scim::Object;
use scim::schema::{Attribute, Kind, ResourceType, Schema};
use serde_json::{Value, json};

use super::documents::{IDS, cased, element, junk, simple};

/// The operations of a message.
pub(crate) fn operations(resource_type: &'static ResourceType) -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(operation(resource_type), 1..5)
}

fn operation(resource_type: &'static ResourceType) -> BoxedStrategy<Value> {
    let op = prop_oneof![
        30 => Just("add"), 30 => Just("replace"), 20 => Just("remove"), 1 => select(vec!["Add", "move", ""]),
    ];
    let target = prop_oneof![
        24 => attribute(resource_type).prop_flat_map(move |(schema, it)| at(resource_type, schema, it)),
        6 => members(resource_type).prop_map(|value| (Value::Null, value)),
        4 => container(resource_type),
        1 => odd(resource_type),
    ];
    (op, target, 0..100)
        .prop_map(|(op, (path, value), chance)| {
            let mut operation = json!({ "op": op });
            // Mostly "remove" comes without a value, and the others with one.
            if chance < if op == "remove" { 10 } else { 97 } {
                operation["value"] = value;
            }
            if !path.is_null() {
                operation["path"] = path;
            }
            operation
        })
        .boxed()
}

/// An attribute with the schema of its extension: mostly one of those whose rules are many.
fn attribute(
    resource_type: &'static ResourceType,
) -> BoxedStrategy<(Option<&'static Schema>, &'static Attribute)> {
    let core = |name: &str| Some((None, resource_type.attribute(name)?.as_ref()));
    let often = [
        "emails",
        "roles",
        "addresses",
        "photos",
        "x509Certificates",
        "name",
        "userName",
        "active",
        "members",
    ];
    let often: Vec<_> = often.into_iter().chain(["displayName"]).filter_map(core).collect();
    let common = ["id", "externalId", "meta"].into_iter().filter_map(core);
    let mut all: Vec<_> =
        resource_type.schema.attributes.iter().map(|it| (None, it.as_ref())).chain(common).collect();
    for extension in &resource_type.extensions {
        all.extend(
            extension.schema.attributes.iter().map(|it| (Some(extension.schema.as_ref()), it.as_ref())),
        );
    }
    prop_oneof![6 => select(often), 1 => select(all)].boxed()
}

/// A path to an attribute or a part of it, and a value for it.
fn at(
    resource_type: &'static ResourceType,
    schema: Option<&'static Schema>,
    attribute: &'static Attribute,
) -> BoxedStrategy<(Value, Value)> {
    // Mostly a part that can be written, now and then another one.
    let subs = attribute.sub_attributes.iter().map(Arc::as_ref).filter(|sub| !sub.read_only());
    let every = attribute.sub_attributes.iter().map(Arc::as_ref);
    let subs: Vec<&'static Attribute> = subs.clone().chain(subs).chain(every).collect();
    let filtered = if attribute.complex() {
        let wrong = Just(Some("nope eq 1".to_owned()));
        prop_oneof![30 => filter(attribute).prop_map(Some), 1 => wrong].boxed()
    } else {
        Just(Some("value eq \"a\"".to_owned())).boxed()
    };
    let often = if attribute.multi_valued { 60 } else { 1 };
    let brackets = prop_oneof![30 => Just(None), often => filtered].boxed();
    let sub = if subs.is_empty() { Just(None).boxed() } else { proptest::option::of(select(subs)).boxed() };
    (name(resource_type, schema, attribute), brackets, sub)
        .prop_flat_map(move |(name, brackets, sub)| {
            let value = match (&brackets, sub) {
                (_, Some(sub)) => prop_oneof![20 => simple(sub), 1 => Just(Value::Null), 1 => junk()].boxed(),
                (Some(_), None) if attribute.complex() => one(attribute),
                _ => whole(attribute),
            };
            let brackets = brackets.map(|filter| format!("[{filter}]")).unwrap_or_default();
            let sub = sub.map_or_else(|| Just(String::new()).boxed(), |sub| cased(format!(".{}", sub.name)));
            (sub, value).prop_map(move |(sub, value)| (format!("{name}{brackets}{sub}").into(), value))
        })
        .boxed()
}

/// The name of an attribute, with the URI of its schema where it needs one, or now and then.
fn name(
    resource_type: &'static ResourceType,
    schema: Option<&'static Schema>,
    attribute: &'static Attribute,
) -> BoxedStrategy<String> {
    let qualified = |schema: &Schema| cased(format!("{}:{}", schema.id, attribute.name));
    match schema {
        Some(schema) => qualified(schema),
        None => {
            prop_oneof![6 => cased(attribute.name.clone()), 1 => qualified(&resource_type.schema)].boxed()
        }
    }
}

/// A value for one element: an object, a list of one or two, or something else.
fn one(attribute: &'static Attribute) -> BoxedStrategy<Value> {
    let wild = element(attribute, true);
    prop_oneof![
        16 => wild.clone(),
        4 => proptest::collection::vec(wild, 1..3).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => junk(),
    ]
    .boxed()
}

/// A value for a whole attribute.
fn whole(attribute: &'static Attribute) -> BoxedStrategy<Value> {
    let fitting = match (attribute.complex(), attribute.multi_valued) {
        (false, _) => simple(attribute),
        (true, false) => element(attribute, true),
        (true, true) => {
            let wild = element(attribute, true);
            let list = proptest::collection::vec(wild.clone(), 0..4).prop_map(Value::from);
            prop_oneof![3 => list, 1 => wild].boxed()
        }
    };
    prop_oneof![24 => fitting, 1 => Just(Value::Null), 1 => junk()].boxed()
}

/// The filter inside the brackets.
fn filter(attribute: &'static Attribute) -> BoxedStrategy<String> {
    let comparison = select(attribute.sub_attributes.iter().collect::<Vec<_>>()).prop_flat_map(|sub| {
        let literal = match sub.kind {
            Kind::Boolean => any::<bool>().prop_map(|it| it.to_string()).boxed(),
            _ if sub.name == "value" && sub.case_exact() => {
                select(&IDS[..]).prop_map(|id| format!("\"{id}\"")).boxed()
            }
            _ => simple(sub).prop_map(|it| it.to_string()).boxed(),
        };
        let op = match sub.kind {
            Kind::Boolean => prop_oneof![20 => Just("eq"), 5 => Just("ne"), 1 => Just("gt")].boxed(),
            _ => select(vec!["eq", "eq", "eq", "EQ", "ne", "co", "sw", "ew", "ge"]).boxed(),
        };
        let compared = (cased(sub.name.clone()), op, literal)
            .prop_map(|(name, op, literal)| format!("{name} {op} {literal}"));
        let name = sub.name.clone();
        prop_oneof![12 => compared, 1 => Just(format!("{name} pr")), 1 => Just(format!("{name} eq null"))]
    });
    let logic = |inner: BoxedStrategy<String>| {
        prop_oneof![
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            1 => inner.prop_map(|a| format!("not ({a})")),
        ]
    };
    comparison.boxed().prop_recursive(2, 4, 2, logic).boxed()
}

/// The value of an operation without a path: attributes, with the URI of their schema or inside its object.
fn members(resource_type: &'static ResourceType) -> BoxedStrategy<Value> {
    let member = attribute(resource_type).prop_flat_map(move |(schema, attribute)| {
        let known = match attribute.name.as_str() {
            "id" => select(vec![json!("u1"), json!("u2")]).boxed(),
            "meta" => {
                select(vec![json!({ "resourceType": "User" }), json!({ "version": null }), json!(1)]).boxed()
            }
            _ => whole(attribute),
        };
        let alone = (name(resource_type, schema, attribute), known);
        let inside = move |(name, value): (String, Value)| match schema {
            Some(schema) => (schema.id.clone(), json!({ name: value })),
            None => (resource_type.schema.id.clone(), json!({ name: value })),
        };
        let inner = (cased(attribute.name.clone()), whole(attribute)).prop_map(inside);
        prop_oneof![3 => alone, 1 => inner]
    });
    let schemas = Just(("schemas".to_owned(), json!(every_schema(resource_type))));
    let unknown =
        select(vec!["nope", "name.givenName", "urn:example:nope"]).prop_map(|it| (it.to_owned(), json!("a")));
    let pair = prop_oneof![80 => member, 2 => schemas, 1 => unknown];
    let object = proptest::collection::vec(pair, 1..4).prop_map(|pairs| {
        // A name that stands twice in any case never gets past the reading of the body.
        let mut object = Object::new();
        for (name, value) in pairs {
            if !object.keys().any(|there| there.eq_ignore_ascii_case(&name)) {
                object.insert(name, value);
            }
        }
        Value::Object(object)
    });
    prop_oneof![40 => object, 1 => junk()].boxed()
}

/// A path that is the URI of a whole extension, or of the list of schemas.
fn container(resource_type: &'static ResourceType) -> BoxedStrategy<(Value, Value)> {
    let uris = every_schema(resource_type);
    let core = resource_type.schema.id.as_str();
    let listed = vec![json!(uris), json!([core]), json!(core), json!(["urn:example:nope"]), json!([])];
    let chosen = select(uris).prop_map(|uri| (format!("schemas[value eq \"{uri}\"]").into(), json!([])));
    let schemas = select(listed).prop_map(|listed| ("schemas".into(), listed));
    let extensions: Vec<&'static Schema> =
        resource_type.extensions.iter().map(|it| it.schema.as_ref()).collect();
    if extensions.is_empty() {
        return prop_oneof![schemas, chosen].boxed();
    }
    let whole = select(extensions).prop_flat_map(|schema| {
        let inside = select(schema.attributes.iter().collect::<Vec<_>>()).prop_flat_map(|attribute| {
            (cased(attribute.name.clone()), whole(attribute)).prop_map(|(name, value)| json!({ name: value }))
        });
        let value = prop_oneof![8 => inside, 1 => Just(Value::Null), 1 => junk()];
        (cased(schema.id.clone()).prop_map(Value::from), value)
    });
    prop_oneof![4 => whole, 1 => schemas, 1 => chosen].boxed()
}

fn every_schema(resource_type: &'static ResourceType) -> Vec<String> {
    let extensions = resource_type.extensions.iter().map(|it| it.schema.id.clone());
    std::iter::once(resource_type.schema.id.clone()).chain(extensions).collect()
}

/// A path that names nothing or cannot be read, and one that says "no path".
fn odd(resource_type: &'static ResourceType) -> BoxedStrategy<(Value, Value)> {
    let paths = [
        json!("nope"),
        json!("nope.value"),
        json!("name.nope"),
        json!("emails.nope"),
        json!("emails[type eq \"work\"].nope"),
        json!("emails["),
        json!("emails[type eq \"work\""),
        json!("emails[type xx \"work\"]"),
        json!("emails..value"),
        json!(".value"),
        json!("emails[0]"),
        json!("urn:example:nope:x"),
        json!("title[value eq \"a\"]"),
        json!(5),
        json!("userName.value"),
        json!(""),
        json!(resource_type.schema.id),
    ];
    let value = prop_oneof![Just(json!("a")), Just(json!({ "displayName": "a" })), junk()];
    (select(paths.to_vec()), value).boxed()
}
