//! The Enterprise User extension (RFC 7643 §4.3).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{ENTERPRISE, USER, element, id_of, values, with};
use crate::{encode, skip, unique, user};
use serde_json::json;

/// The tests of this file.
pub(super) const TESTS: &[Test] =
    tests![r_ent_01, r_ent_02, r_ent_03, r_ent_04, r_ent_05, r_ent_06, r_ent_07, r_ent_08,];

/// The attributes of the extension come back in its container.
fn r_ent_01(run: &Run) {
    let scratch = run.shared();
    if !run.service().has_extension(ENTERPRISE) {
        skip("no resource type of the server has the enterprise extension");
    }
    let boss = scratch.person(&json!({}));
    let work = json!({
        "employeeNumber": "701984",
        "costCenter": "4130",
        "organization": "Universal Studios",
        "division": "Theme Park",
        "department": "Tour Operations",
        "manager": { "value": id_of(&boss) },
    });
    let person = scratch.person(&json!({ ENTERPRISE: work }));
    for name in ["employeeNumber", "costCenter", "organization", "division", "department"] {
        assert_eq!(person[ENTERPRISE][name], work[name], "{person}");
    }
    assert_eq!(person[ENTERPRISE]["manager"]["value"], boss["id"]);
}

/// Whoever has data of the extension lists its URN, and nobody else does.
fn r_ent_02(run: &Run) {
    let scratch = run.shared();
    let listed = json!({ "schemas": [USER, ENTERPRISE], ENTERPRISE: { "department": "Tours" } });
    assert_eq!(scratch.person(&listed)["schemas"], json!([USER, ENTERPRISE]));
    let forgotten = json!({ ENTERPRISE: { "department": "Tours" } });
    assert_eq!(scratch.person(&forgotten)["schemas"], json!([USER, ENTERPRISE]));
    assert_eq!(scratch.person(&json!({}))["schemas"], json!([USER]));
}

/// A manager's `displayName` is the server's: a client's is ignored.
fn r_ent_03(run: &Run) {
    let scratch = run.shared();
    let boss = scratch.person(&json!({ "displayName": "The Boss" }));
    let forged = json!({ "value": id_of(&boss), "displayName": "Somebody Else" });
    let person = scratch.person(&json!({ ENTERPRISE: { "manager": forged } }));
    let manager = &person[ENTERPRISE]["manager"];
    assert_eq!(manager["value"], boss["id"]);
    assert_ne!(manager["displayName"], "Somebody Else");
    let schema = scratch.read(&format!("/Schemas/{ENTERPRISE}"));
    let manager = element(&schema["attributes"], "name", "manager");
    for name in ["value", "$ref", "displayName"] {
        element(&manager["subAttributes"], "name", name);
    }
}

/// A manager's URI and name are computed from its id.
fn r_ent_04(run: &Run) {
    let scratch = run.shared();
    let boss = scratch.person(&json!({ "displayName": "The Boss" }));
    let person = scratch.person(&json!({ ENTERPRISE: { "manager": { "value": id_of(&boss) } } }));
    let stored = scratch.again(&person);
    let manager = &stored[ENTERPRISE]["manager"];
    assert_eq!((&manager["$ref"], &manager["displayName"]), (&boss["meta"]["location"], &json!("The Boss")));
}

/// A manager's id is compared by exact case.
fn r_ent_05(run: &Run) {
    let scratch = run.shared();
    let schema = scratch.read(&format!("/Schemas/{ENTERPRISE}"));
    let manager = element(&schema["attributes"], "name", "manager");
    if element(&manager["subAttributes"], "name", "value")["caseExact"] != true {
        skip("the schema of the server says that the case of `manager.value` does not count");
    }
    let boss = scratch.person(&json!({}));
    let boss = id_of(&boss);
    let people = scratch.people(&[("a", json!({ ENTERPRISE: { "manager": { "value": boss } } }))]);
    people.expect(&format!("{ENTERPRISE}:manager.value eq \"{boss}\""), &["a"]);
    let other = if boss.to_uppercase() == boss { boss.to_lowercase() } else { boss.to_uppercase() };
    if other != boss {
        people.expect(&format!("{ENTERPRISE}:manager.value eq \"{other}\""), &[]);
    }
}

/// A filter by the qualified `manager.value` works, the dot of `2.0` notwithstanding.
fn r_ent_06(run: &Run) {
    let scratch = run.shared();
    let (boss, other) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let person = scratch.person(&json!({ ENTERPRISE: { "manager": { "value": id_of(&boss) } } }));
    let under = |id: &str| {
        let filter = encode(&format!("{ENTERPRISE}:manager.value eq \"{id}\""));
        scratch.list(&format!("/Users?filter={filter}"))
    };
    assert_eq!(values(&under(id_of(&boss))["Resources"], "id"), [id_of(&person)]);
    assert_eq!(under(id_of(&other))["totalResults"], 0);
}

/// Extension attributes at the top level are not taken for the extension's.
fn r_ent_07(run: &Run) {
    let scratch = run.shared();
    let name = unique("user");
    let body = with(&user(&name), &json!({ "department": "Tours" }));
    let answer = scratch.post("/Users", &body).check();
    if answer.status == 201 {
        let stored = scratch.again(&answer.json());
        assert!(stored.get("department").is_none() && stored.get(ENTERPRISE).is_none(), "{stored}");
    } else {
        answer.expect_error(400, &["invalidSyntax", "invalidValue"]);
    }
}

/// The user's resource type lists the extension with its `required` flag, which is kept to.
fn r_ent_08(run: &Run) {
    let scratch = run.shared();
    if !run.service().has_extension(ENTERPRISE) {
        skip("no resource type of the server has the enterprise extension");
    }
    let kind = scratch.read("/ResourceTypes/User");
    let listed = element(&kind["schemaExtensions"], "schema", ENTERPRISE);
    let required = listed["required"].as_bool().expect("a boolean");
    let answer = scratch.post("/Users", &user(&unique("user"))).check();
    if required {
        answer.expect_error(400, &["invalidValue"]);
    } else {
        answer.expect_status(201);
    }
}
