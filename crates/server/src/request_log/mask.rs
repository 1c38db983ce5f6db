//! Bodies without personal data: structure and names stay, values become dots.

use std::borrow::Cow;

use scim::{Object, Registry};
use serde::ser::{Serialize, SerializeSeq as _, Serializer};
use serde_json::Value;
use uuid::Uuid;

/// What stands in the place of a value.
pub(crate) const DOTS: &str = "•••";

/// The most elements of a list that are shown.
const ELEMENTS: usize = 20;

/// The most letters of a name or of a value that is shown.
const LETTERS: usize = 200;

/// Members whose text says how something is meant, not who is meant.
const PLAIN: &[&str] = &["op", "method", "schemas", "type", "primary", "active", "resourceType"];

/// The body as JSON with its values masked; booleans, nulls, empty values and ids of ours stay.
pub(crate) fn object(body: &Object) -> String {
    serde_json::to_string(&Masked(body)).expect("an object is JSON")
}

/// The path of a URL without what may be a person's name: words of the protocol and ids of ours stay. What follows
/// `enrol` is the secret of an invitation, whatever it looks like.
pub(crate) fn url_path<'p>(path: &'p str) -> String {
    let mut after_enrol = false;
    let shown = |segment: &'p str| {
        if segment.is_empty() {
            return segment;
        }
        let known = is_id(segment) || URL_WORDS.contains(&segment);
        let plain = known || Registry::standard().schema(segment).is_some();
        let secret = std::mem::replace(&mut after_enrol, segment == "enrol");
        if plain && !secret { segment } else { DOTS }
    };
    path.split('/').take(20).map(shown).collect::<Vec<_>>().join("/")
}

/// The segments of URLs that name no one.
const URL_WORDS: &[&str] = &[
    "scim",
    "v1",
    "v2",
    "v3",
    "Users",
    "Groups",
    "Schemas",
    "ResourceTypes",
    "ServiceProviderConfig",
    "User",
    "Group",
    "Bulk",
    "Me",
    ".search",
    "healthz",
    "readyz",
    "metrics",
    "enrol",
    "code",
    "verify",
    "done",
    "restore",
    "assets",
    "oauth",
    "token",
    "jwks",
    ".well-known",
    "oauth-authorization-server",
    "oauth-protected-resource",
];

/// The sentence of an error without what the client sent: quoted names of attributes and ids of ours stay.
///
/// From the first quoted text that is none of these to the last quote everything goes, because a quote may stand
/// inside what is quoted.
pub(crate) fn sentence(text: &str) -> String {
    let mut from = 0;
    while let Some(open) = text[from..].find('"').map(|open| from + open) {
        let close = text[open + 1..].find('"').map(|close| open + 1 + close);
        let plain = |close: &usize| is_id(&text[open + 1..*close]) || is_attribute(&text[open + 1..*close]);
        let Some(close) = close.filter(plain) else {
            let end = text.rfind('"').filter(|end| *end > open).map_or(text.len(), |end| end + 1);
            return format!("{}\"{DOTS}\"{}", &text[..open], &text[end..]);
        };
        from = close + 1;
    }
    text.to_owned()
}

/// Whether the text names an attribute or a schema of ours.
fn is_attribute(text: &str) -> bool {
    let registry = Registry::standard();
    let known = |name: &str| registry.resource_types().iter().any(|it| it.attribute(name).is_some());
    let (schema, path) = text.rsplit_once(':').map_or((None, text), |(uri, path)| (Some(uri), path));
    let mut names = path.split('.');
    let first = names.next().unwrap_or_default();
    match schema {
        Some(uri) => {
            let found = registry.schema(uri).is_some_and(|schema| schema.attribute(first).is_some());
            registry.schema(text).is_some()
                || found && names.all(|name| name.bytes().all(|b| b.is_ascii_alphabetic()))
        }
        None => known(first) && names.all(|name| name.bytes().all(|b| b.is_ascii_alphabetic())),
    }
}

/// An object that shows itself masked.
struct Masked<'b>(&'b Object);

impl Serialize for Masked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(body) = self;
        serializer.collect_map(body.iter().map(|(name, value)| (path(name), Member { name, value })))
    }
}

/// A value that shows itself as its name allows.
struct Member<'b> {
    name: &'b str,
    value: &'b Value,
}

impl Serialize for Member<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { name, value } = *self;
        let named = |known: &str| known.eq_ignore_ascii_case(name);
        match value {
            Value::String(text) if named("path") => path(text).serialize(serializer),
            Value::String(text) if PLAIN.iter().any(|plain| named(plain)) => {
                impersonal(text).serialize(serializer)
            }
            Value::String(text) => masked(text).serialize(serializer),
            Value::Array(items) => {
                let mut shown = serializer.serialize_seq(None)?;
                for value in items.iter().take(ELEMENTS) {
                    shown.serialize_element(&Member { name, value })?;
                }
                if items.len() > ELEMENTS {
                    shown.serialize_element(&format!("… and {} more", items.len() - ELEMENTS))?;
                }
                shown.end()
            }
            Value::Object(body) => Masked(body).serialize(serializer),
            Value::Number(_) => DOTS.serialize(serializer),
            Value::Null | Value::Bool(_) => value.serialize(serializer),
        }
    }
}

fn masked(text: &str) -> &str {
    let harmless =
        text.is_empty() || is_id(text) || ["true", "false"].iter().any(|it| it.eq_ignore_ascii_case(text));
    if harmless { text } else { DOTS }
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

/// A path with the values inside its filter masked, but for those that choose by kind.
fn path(text: &str) -> Cow<'_, str> {
    if !text.contains('"') {
        return impersonal(text);
    }
    let mut masked_path = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('"') {
        let (before, quoted) = rest.split_at(open);
        let literal = &quoted[1..];
        let end = end_of_literal(literal);
        masked_path.push_str(before);
        let before = before.trim_end().to_ascii_lowercase();
        let by_kind = ["type eq", "primary eq"].iter().any(|kind| before.ends_with(kind));
        let shown = if by_kind { &literal[..end] } else { masked(&literal[..end]) };
        masked_path.extend(["\"", shown, "\""]);
        rest = literal.get(end + 1..).unwrap_or_default();
    }
    masked_path.push_str(rest);
    impersonal(&masked_path).into_owned().into()
}

/// The text, shortened, unless it looks like a person's address.
fn impersonal(text: &str) -> Cow<'_, str> {
    if text.contains('@') { DOTS.into() } else { shortened(text) }
}

/// Where a JSON string ends: at the first quote that no backslash escapes.
fn end_of_literal(text: &str) -> usize {
    let mut escaped = false;
    for (position, letter) in text.char_indices() {
        match letter {
            '"' if !escaped => return position,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= LETTERS && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.into();
    }
    // PostgreSQL keeps no NUL, and a log wants no control characters.
    text.chars().filter(|c| !c.is_control()).take(LETTERS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(body: &Value) -> Value {
        serde_json::from_str(&object(body.as_object().expect("an object"))).expect("JSON")
    }

    #[test]
    fn structure_stays_and_values_go() {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": "ada@alpha.example",
            "active": "False",
            "name": { "givenName": "Ada", "familyName": "" },
            "emails": [{ "type": "work", "value": "ada@alpha.example", "primary": true }],
            "password": "s3cret",
            "employeeNumber": 4711,
            "nickName": null,
        });
        assert_eq!(
            shown(&body),
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                "userName": "•••",
                "active": "False",
                "name": { "givenName": "•••", "familyName": "" },
                "emails": [{ "type": "work", "value": "•••", "primary": true }],
                "password": "•••",
                "employeeNumber": "•••",
                "nickName": null,
            })
        );
    }

    #[test]
    fn operations_keep_what_they_do_and_to_whom_of_ours() {
        let id = "0190d9a0-0000-7000-8000-000000000001";
        let body = json!({ "Operations": [
            { "op": "Replace", "path": "emails[type eq \"work\" and value eq \"a\\\"b@x.example\"].value", "value": "x" },
            { "op": "Remove", "path": format!("members[value eq \"{id}\"]") },
            { "op": "Add", "path": "members", "value": [{ "value": id }, { "value": "not-an-id" }] },
        ]});
        let shown = shown(&body);
        let operations = shown["Operations"].as_array().expect("a list");
        assert_eq!(operations[0]["path"], "emails[type eq \"work\" and value eq \"•••\"].value");
        assert_eq!(operations[0]["value"], "•••");
        assert_eq!(operations[1]["path"], format!("members[value eq \"{id}\"]"));
        assert_eq!(operations[2]["value"], json!([{ "value": id }, { "value": "•••" }]));
    }

    #[test]
    fn errors_keep_names_and_lose_what_was_sent() {
        let id = "0190d9a0-0000-7000-8000-000000000001";
        for (text, expected) in [
            ("\"userName\" and \"name.familyName\" differ.", "\"userName\" and \"name.familyName\" differ."),
            ("The member \"ada\" is no user, no group.", "The member \"•••\" is no user, no group."),
            ("near \"\"ada@x.example\", at byte 12: no quote", "near \"•••\", at byte 12: no quote"),
            ("\"title\" is not \"a\" or \"b\".", "\"title\" is not \"•••\"."),
            ("an odd \"quote", "an odd \"•••\""),
            ("nothing quoted", "nothing quoted"),
        ] {
            assert_eq!(sentence(text), expected);
        }
        let named = format!("There is no User with the id \"{id}\".");
        assert_eq!(sentence(&named), named);
        let enterprise = format!("\"{}:manager.value\" is wrong.", scim::schema::ENTERPRISE_USER);
        assert_eq!(sentence(&enterprise), enterprise);
    }

    #[test]
    fn long_lists_are_cut() {
        let members: Vec<Value> = (0..1000).map(|_| json!({ "value": "x" })).collect();
        let shown = shown(&json!({ "members": members }));
        let list = shown["members"].as_array().expect("a list");
        assert_eq!((list.len(), &list[20]), (21, &json!("… and 980 more")));
    }

    #[test]
    fn urls_show_nobody() {
        let id = Uuid::nil();
        for (path, shown) in [
            (format!("/scim/v2/Users/{id}"), format!("/scim/v2/Users/{id}")),
            ("/scim/v2/Users/ada@x.example".to_owned(), "/scim/v2/Users/•••".to_owned()),
            ("/scim/v2//Groups/.search".to_owned(), "/scim/v2//Groups/.search".to_owned()),
            ("/ada/v2".to_owned(), "/•••/v2".to_owned()),
            ("/enrol/7Qx2/code".to_owned(), "/enrol/•••/code".to_owned()),
            (format!("//enrol//{id}/code"), "//enrol//•••/code".to_owned()),
            ("/enrol/code/code".to_owned(), "/enrol/•••/code".to_owned()),
        ] {
            assert_eq!(url_path(&path), shown);
        }
    }

    #[test]
    fn broken_paths_show_nothing_personal() {
        for (text, expected) in [
            ("emails[value eq \"ada", "emails[value eq \"•••\""),
            ("emails[value eq \"ada\\", "emails[value eq \"•••\""),
            ("\"\"", "\"\""),
            ("members", "members"),
            ("ada@x.example", "•••"),
        ] {
            assert_eq!(path(text), expected);
        }
    }
}
