//! What the interoperability profile (draft-zollner-scim-interop-profile) wants beside the standard, or instead of it.
use serde_json::{Value, json};

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{USER, element, id_of, is_unassigned, name_of, values, with};
use crate::{encode, skip, unique, user};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    p_interop_01,
    p_interop_02,
    p_interop_03,
    p_interop_04,
    p_interop_05,
    p_interop_06,
    p_interop_07,
    p_interop_08,
];

/// An attribute that no schema defines is refused with `invalidSyntax`.
fn p_interop_01(run: &Run) {
    let body = with(&user(&unique("person")), &json!({ "shoeSize": 44 }));
    run.shared().post("/Users", &body).expect_error(400, &["invalidSyntax"]);
}

/// A schema that the resource type does not have is refused with `invalidSyntax`.
fn p_interop_02(run: &Run) {
    let body = with(&user(&unique("person")), &json!({ "schemas": [USER, "urn:example:foreign:2.0:User"] }));
    run.shared().post("/Users", &body).expect_error(400, &["invalidSyntax"]);
}

/// A PATCH operation without a path is refused with `invalidSyntax`.
fn p_interop_03(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Old" }));
    for op in ["add", "replace"] {
        let operation = json!([{ "op": op, "value": { "title": "New" } }]);
        scratch.refuse(&person, operation, &["invalidSyntax"]);
    }
}

/// `replace` of a complex attribute replaces it whole, and `add` leaves what it does not name.
fn p_interop_04(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "name": { "givenName": "Kim", "familyName": "Doe" } }));
    let named = |op: &str, value: Value| {
        scratch.change(&person, json!([{ "op": op, "path": "name", "value": value }]))["name"].clone()
    };
    let added = named("add", json!({ "middleName": "Q" }));
    assert_eq!((&added["givenName"], &added["middleName"]), (&json!("Kim"), &json!("Q")), "{added}");
    let replaced = named("replace", json!({ "familyName": "Roe" }));
    assert!(replaced["familyName"] == "Roe" && is_unassigned(&replaced["givenName"]), "{replaced}");
}

/// `add` and `replace` of a simple single value do the same.
fn p_interop_05(run: &Run) {
    let scratch = run.shared();
    for op in ["add", "replace"] {
        for before in [json!({}), json!({ "title": "Old" })] {
            let person = scratch.person(&before);
            let change = json!([{ "op": op, "path": "title", "value": "New" }]);
            assert_eq!(scratch.change(&person, change)["title"], "New", "{op}");
        }
    }
}

/// The configuration says `interopProfileConformant`.
fn p_interop_06(run: &Run) {
    assert_eq!(run.shared().read("/ServiceProviderConfig")["interopProfileConformant"], true);
}

/// The schemas list the canonical values of every `type`.
fn p_interop_07(run: &Run) {
    let schema = run.service().schema(USER).unwrap_or_else(|| skip("the schema of users could not be read"));
    for name in ["emails", "phoneNumbers", "addresses"] {
        let kind = element(&element(&schema["attributes"], "name", name)["subAttributes"], "name", "type");
        assert!(!is_unassigned(&kind["canonicalValues"]), "{name}.type has no canonicalValues");
    }
}

/// Users are found by `eq`, alone and joined by `and`.
fn p_interop_08(run: &Run) {
    let scratch = run.shared();
    let external = unique("ext");
    let person = scratch.person(&json!({ "externalId": external }));
    let name = name_of(&person);
    for filter in [
        format!("userName eq \"{name}\""),
        format!("externalId eq \"{external}\""),
        format!("userName eq \"{name}\" and externalId eq \"{external}\""),
    ] {
        let list = scratch.list(&format!("/Users?filter={}", encode(&filter)));
        assert_eq!(values(&list["Resources"], "id"), [id_of(&person)], "{filter}");
    }
}
