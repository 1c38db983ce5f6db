//! PATCH with anything that a client may send.

use proptest::prelude::*;

use super::*;

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-zA-Z@ .\\u{e9}]{0,6}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        ("[a-c]", "(work|home)", any::<bool>())
            .prop_map(|(value, kind, primary)| json!([{"value": value, "type": kind, "primary": primary}])),
        "[a-z]{1,4}".prop_map(|text| json!({"givenName": text, "value": text, "formatted": null})),
    ]
}

fn operation() -> impl Strategy<Value = Value> {
    let path = prop_oneof![
        Just(None),
        Just(Some("title")),
        Just(Some("userName")),
        Just(Some("name")),
        Just(Some("name.givenName")),
        Just(Some("emails")),
        Just(Some("emails.primary")),
        Just(Some("emails[type eq \"work\"]")),
        Just(Some("emails[type eq \"home\"].primary")),
        Just(Some("emails[not (value sw \"b\")].value")),
        Just(Some("active")),
        Just(Some(ENTERPRISE_USER)),
        Just(Some("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager")),
        Just(Some("nope[")),
    ];
    (prop_oneof![Just("add"), Just("remove"), Just("replace")], path, value())
        .prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}))
}

fn email() -> impl Strategy<Value = Value> {
    ("[abAB]", proptest::option::of("(work|Work|home)"), any::<bool>(), any::<bool>()).prop_map(
        |(value, kind, primary, named)| {
            let mut email = json!({"primary": primary, "display": value});
            if named {
                email["value"] = value.into();
            }
            if let Some(kind) = kind {
                email["type"] = kind.into();
            }
            email
        },
    )
}

/// An operation on e-mail addresses whose filter names a value; `told` says how the filter is written.
fn on_emails(told: fn(String) -> String) -> impl Fn(&(u8, String, Value)) -> Value {
    move |(kind, value, email)| {
        let path = |part: &str| format!("emails[{}]{part}", told(format!("value eq \"{value}\"")));
        let one = email["display"].clone();
        match kind {
            0 => json!({"op": "add", "path": "emails", "value": [email]}),
            1 => json!({"op": "remove", "path": path("")}),
            2 => json!({"op": "replace", "path": path(".value"), "value": one}),
            3 => json!({"op": "replace", "path": path(".type"), "value": "home"}),
            4 => json!({"op": "add", "path": path(""), "value": email}),
            5 => json!({"op": "remove", "path": path(".value")}),
            _ => json!({"op": "replace", "path": path(""), "value": email}),
        }
    }
}

proptest! {
    /// Whatever is sent: no panic, a canonical document or an error, at most one primary, and the same twice.
    #[test]
    fn any_message_leaves_a_canonical_document(operations in proptest::collection::vec(operation(), 1..6)) {
        if let Ok(outcome) = user(&json!(operations)) {
            let mut body = outcome.document.clone();
            body.insert("schemas".to_owned(), json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));
            let parsed = crate::resource::parse(Registry::standard().user(), &body).expect("canonical");
            prop_assert_eq!(&parsed, &outcome.document);
            prop_assert_eq!(outcome.changed, outcome.document != barbara());
        }
    }

    /// The index finds what a look at every element finds, over all operations of a message; "not (not …)" names no
    /// value, so every element is looked at.
    #[test]
    fn the_index_changes_nothing_but_the_cost(
        stored in proptest::collection::vec(email(), 0..6),
        operations in proptest::collection::vec((0_u8..7, "[abAB]", email()), 1..8),
    ) {
        let mut emails = stored;
        emails.iter_mut().filter(|email| email["primary"] == true).skip(1).for_each(|email| {
            email["primary"] = false.into();
        });
        let document = object(json!({"userName": "a", "emails": emails}));
        let user = Registry::standard().user();
        let result = |told: fn(String) -> String| {
            let operations: Vec<Value> = operations.iter().map(on_emails(told)).collect();
            let outcome = applied(&request(user, &json!(operations)).expect("valid"), document.clone(), &[], false);
            outcome.map(|outcome| outcome.document).map_err(|error| (error.status, error.detail))
        };
        let (by_index, by_looking) =
            (result(|filter| filter), result(|filter| format!("not (not ({filter}))")));
        prop_assert_eq!(&by_index, &by_looking);
        if let Ok(document) = by_index {
            let none = Vec::new();
            let emails = document.get("emails").and_then(Value::as_array).unwrap_or(&none);
            prop_assert!(emails.iter().filter(|email| email["primary"] == true).count() <= 1, "{:?}", emails);
        }
    }
}
