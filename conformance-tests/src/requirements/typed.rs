//! Attributes of every type and with every characteristic (RFC 7643 §2.3 and §7), which the standard types lack: tried on the type
//! `TestResource`, where a server has it. The file `config/schemas/test-resource.json` of Rollcall defines it.
use serde_json::{Value, json};

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{Scratch, path_of, with};
use crate::{encode, skip, unique};

/// The tests of this file.
pub(super) const TESTS: &[Test] =
    tests![r_schema_09, r_schema_10, r_schema_11, r_create_20, r_filter_14, r_attr_11, r_put_08, r_rt_13,];

const TEST: &str = "urn:rollcall:params:scim:schemas:test:1.0:TestResource";

/// A connection to a server with resources of the type.
fn scratch(run: &Run) -> Scratch {
    if !run.service().lists_endpoint("/TestResources") {
        skip("the server has no resource type TestResource, which has attributes of every type");
    }
    run.shared()
}

fn body(attributes: &Value) -> Value {
    with(&json!({ "schemas": [TEST], "name": unique("resource") }), attributes)
}

/// Each of these values is taken and kept, and each of those is refused.
fn takes(run: &Run, attribute: &str, good: &[Value], bad: &[Value]) {
    let scratch = scratch(run);
    for value in good {
        let made = scratch.create("/TestResources", &body(&json!({ attribute: value })));
        assert!(scratch.again(&made).get(attribute).is_some(), "{attribute}: {value}");
    }
    for value in bad {
        let refused = scratch.post("/TestResources", &body(&json!({ attribute: value })));
        refused.expect_error(400, &["invalidValue"]);
    }
}

/// A decimal is a number, and no text.
fn r_schema_09(run: &Run) {
    takes(run, "singleDecimal", &[json!(1.5), json!(-0.25)], &[json!("1.5")]);
}

/// An integer has neither fraction nor exponent.
fn r_schema_10(run: &Run) {
    takes(run, "singleInteger", &[json!(42)], &[json!(42.0), json!(4.2e1), json!("42")]);
}

/// A dateTime has a date and a time.
fn r_schema_11(run: &Run) {
    let good = ["2008-01-23T04:56:22Z", "2008-01-23T04:56:22.123456+02:00"].map(Value::from);
    let bad = ["2008-01-23", "04:56:22Z", "2008-13-01T00:00:00Z", "yesterday"].map(Value::from);
    takes(run, "singleDateTime", &good, &bad);
}

/// An attribute returned on request that the POST set comes back in its answer.
fn r_create_20(run: &Run) {
    let scratch = scratch(run);
    let made = scratch.create("/TestResources", &body(&json!({ "onRequestString": "asked" })));
    assert_eq!(made["onRequestString"], "asked", "{made}");
}

/// Ordering of numbers is numerical.
fn r_filter_14(run: &Run) {
    let scratch = scratch(run);
    let name = unique("numbers");
    for number in [9, 10] {
        let more = json!({ "name": name, "singleInteger": number, "singleDecimal": number });
        scratch.create("/TestResources", &body(&more));
    }
    for attribute in ["singleInteger", "singleDecimal"] {
        for (filter, expected) in
            [("lt 10", vec![9]), ("le 10", vec![9, 10]), ("gt 9", vec![10]), ("ge 9", vec![9, 10])]
        {
            let filter = encode(&format!("name eq \"{name}\" and {attribute} {filter}"));
            let list = scratch.list(&format!("/TestResources?filter={filter}"));
            let resources = list["Resources"].as_array().cloned().unwrap_or_default();
            let mut found: Vec<i64> =
                resources.iter().filter_map(|one| one["singleInteger"].as_i64()).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{attribute}: {list}");
        }
    }
}

/// An attribute returned on request comes when it is named or was just written.
fn r_attr_11(run: &Run) {
    let scratch = scratch(run);
    let made = scratch.create("/TestResources", &body(&json!({ "onRequestString": "asked" })));
    assert!(scratch.again(&made).get("onRequestString").is_none());
    let named = scratch.read(&format!("{}?attributes=onRequestString", path_of(&made)));
    assert_eq!(named["onRequestString"], "asked", "{named}");
}

/// Another value for a stored immutable attribute is 400 `mutability`.
fn r_put_08(run: &Run) {
    let scratch = scratch(run);
    let made = scratch.create("/TestResources", &body(&json!({ "immutableString": "first" })));
    let other = body(&json!({ "immutableString": "second" }));
    scratch.refuse_put(&made, &other, 400, "mutability");
}

/// A resource type of one's own lives at an endpoint in the plural.
fn r_rt_13(run: &Run) {
    let types = run.target().get("/ResourceTypes").expect_status(200).json();
    let types = types["Resources"].as_array().cloned().unwrap_or_default();
    let own = types.iter().filter(|one| !["User", "Group"].iter().any(|name| one["name"] == *name));
    let own: Vec<&Value> = own.collect();
    if own.is_empty() {
        skip("the server has no type of its own");
    }
    for one in own {
        let (name, endpoint) =
            (one["name"].as_str().unwrap_or_default(), one["endpoint"].as_str().unwrap_or_default());
        assert!(endpoint.ends_with('s') && endpoint.len() > name.len(), "{one}");
    }
}
