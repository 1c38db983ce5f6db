//! Paths of PATCH operations: grammar, URNs, extensions, filters (RFC 7644 §3.5.2, §3.10).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{ENTERPRISE, USER, assert_holds, assert_unassigned, element, id_of, path_of};
use crate::{Level, patch_op, unique};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_patch_50, r_patch_51, r_patch_52, r_patch_53, r_patch_54, r_patch_55, r_patch_56, r_patch_57,
    r_patch_58, r_patch_59, r_patch_70, r_patch_71,
];

/// One operation with path and value.
fn operation(op: &str, path: &str, value: Value) -> Value {
    let mut operation = json!({ "op": op, "path": path });
    operation["value"] = value;
    json!([operation])
}

/// A path outside the grammar is `invalidPath`, or `invalidFilter` when the fault is inside the brackets.
fn r_patch_50(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": [{ "value": "a@people.example", "type": "work" }] }));
    for path in
        [".value", "emails..value", "name/givenName", "/name/givenName", "title title", "name.", "emails]"]
    {
        scratch.refuse(&person, operation("replace", path, json!("x")), &["invalidPath", "invalidValue"]);
    }
    for path in
        ["emails[", "emails[type eq \"work\"", "emails[0]", "emails[]", "emails[type eq \"work\"]value"]
    {
        scratch.refuse(
            &person,
            operation("replace", path, json!("x")),
            &["invalidPath", "invalidFilter", "invalidValue"],
        );
    }
}

/// A path that names nothing in the resource's schemas is `invalidPath`.
fn r_patch_51(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let unknown = [
        "shoeSize".to_owned(),
        "name.shoeSize".to_owned(),
        "members".to_owned(),
        format!("{ENTERPRISE}:shoeSize"),
        "urn:example:unknown:2.0:User:title".to_owned(),
    ];
    for path in unknown {
        for op in ["add", "replace", "remove"] {
            let operation = match op {
                "remove" => json!([{ "op": op, "path": path }]),
                _ => operation(op, &path, json!("x")),
            };
            scratch.refuse(&person, operation, &["invalidPath", "noTarget", "invalidValue"]);
        }
    }
}

/// A value path on a single-valued attribute is `invalidPath`.
fn r_patch_52(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "name": { "givenName": "x" } }));
    for path in
        ["name[givenName eq \"x\"]", "userName[value eq \"x\"]", "name[givenName eq \"x\"].familyName"]
    {
        scratch.refuse(&person, operation("replace", path, json!("y")), &["invalidPath"]);
    }
}

/// A comparison that the attribute does not allow is `invalidFilter`.
fn r_patch_53(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": [{ "value": "a@people.example", "primary": true }] }));
    let refuse = |filter: &str| {
        let path = format!("emails[{filter}].display");
        scratch.refuse(&person, operation("replace", &path, json!("x")), &["invalidFilter", "invalidPath"]);
    };
    refuse("primary gt true");
    // Nothing in the standard says that these cannot be compared, only that nothing can match.
    for filter in ["primary co true", "primary eq \"yes\"", "value eq 5", "value gt null"] {
        run.at_most(Level::Should, || refuse(filter));
    }
}

/// Paths are read in any case and may carry a schema's URN.
fn r_patch_54(run: &Run) {
    let scratch = run.shared();
    let (person, boss) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let stored = scratch.change(&person, operation("replace", "NAME.givenname", json!("Kim")));
    assert_holds(&stored["name"], &json!({ "givenName": "Kim" }));
    let stored = scratch.change(&person, operation("replace", &format!("{USER}:title"), json!("New")));
    assert_eq!(stored["title"], "New");
    let path = format!("{ENTERPRISE}:manager.value");
    let stored = scratch.change(&person, operation("add", &path, json!(id_of(&boss))));
    assert_eq!(stored[ENTERPRISE]["manager"]["value"], boss["id"]);
    let path = format!("{}:DEPARTMENT", ENTERPRISE.to_lowercase());
    let stored = scratch.change(&person, operation("replace", &path, json!("Tours")));
    assert_eq!(stored[ENTERPRISE]["department"], "Tours");
}

/// The first attribute of an extension brings its URN into `schemas`.
fn r_patch_55(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    assert_eq!(person["schemas"], json!([USER]));
    let path = format!("{ENTERPRISE}:employeeNumber");
    let stored = scratch.change(&person, operation("add", &path, json!("701984")));
    assert_eq!(stored["schemas"], json!([USER, ENTERPRISE]));
    assert_eq!(stored[ENTERPRISE], json!({ "employeeNumber": "701984" }));
    let stored = scratch.change(&person, operation("remove", &path, json!(null)));
    assert_eq!(stored["schemas"], json!([USER]));
    assert_unassigned(&stored, ENTERPRISE);
}

/// An extension's URN as a path means its whole container.
fn r_patch_56(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let stored = scratch.change(&person, operation("add", ENTERPRISE, json!({ "department": "Tours" })));
    assert_eq!(stored[ENTERPRISE], json!({ "department": "Tours" }));
    let stored = scratch.change(&person, operation("replace", ENTERPRISE, json!({ "division": "Parks" })));
    assert_eq!(stored[ENTERPRISE]["division"], "Parks");
    let stored = scratch.change(&person, json!([{ "op": "remove", "path": ENTERPRISE }]));
    assert_unassigned(&stored, ENTERPRISE);
    assert_eq!(stored["schemas"], json!([USER]));
}

/// In a value without path, qualified keys and the container form mean the same.
fn r_patch_57(run: &Run) {
    let scratch = run.shared();
    for op in ["add", "replace"] {
        for key in [
            json!({ format!("{ENTERPRISE}:department"): "Tours" }),
            json!({ ENTERPRISE: { "department": "Tours" } }),
        ] {
            let person = scratch.person(&json!({ ENTERPRISE: { "division": "Parks" } }));
            let stored = scratch.change(&person, json!([{ "op": op, "value": key }]));
            let both = json!({ "division": "Parks", "department": "Tours" });
            assert_eq!(stored[ENTERPRISE], both, "{op} {key}");
        }
    }
}

/// Dotted keys of a value without path are paths to Entra's profile and unknown attributes to the strict one.
fn r_patch_58(run: &Run) {
    let change = json!([{ "op": "replace", "value": { "name.familyName": "Roe" } }]);
    let name = json!({ "name": { "familyName": "Doe", "givenName": "Kim" } });
    let entra = run.profile("entra");
    let stored = entra.change(&entra.person(&name), change.clone());
    assert_holds(&stored["name"], &json!({ "familyName": "Roe", "givenName": "Kim" }));

    let strict = run.shared();
    let person = strict.person(&name);
    strict.patch(&path_of(&person), &patch_op(change)).check();
    let stored = strict.again(&person);
    assert_eq!(stored["name"], name["name"]);
    assert_unassigned(&stored, "name.familyName");
}

/// What one operation does to `schemas`, the next one sees.
fn r_patch_59(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let department = format!("{ENTERPRISE}:department");
    let both = json!([
        { "op": "add", "path": "schemas", "value": [ENTERPRISE] },
        { "op": "add", "path": department, "value": "Tours" },
    ]);
    // A server may keep `schemas` to itself.
    run.at_most(Level::Proj, || {
        assert_eq!(scratch.change(&person, both)["schemas"], json!([USER, ENTERPRISE]));
    });
    scratch.change(&person, json!([{ "op": "add", "path": department, "value": "Tours" }]));
    let stored = scratch.change(
        &person,
        json!([
            { "op": "remove", "path": department },
            { "op": "add", "path": department, "value": "Parks" },
        ]),
    );
    assert_eq!(stored["schemas"], json!([USER, ENTERPRISE]));
    assert_eq!(stored[ENTERPRISE], json!({ "department": "Parks" }));
}

/// Filters in paths follow the operators, case rules and types of query filters.
fn r_patch_70(run: &Run) {
    let scratch = run.shared();
    let ims = json!([
        { "value": "Anna", "type": "xmpp", "primary": true },
        { "value": "bert", "type": "skype" },
        { "value": "100%", "type": "aim" },
    ]);
    for (filter, chosen) in [
        ("value EQ \"anna\"", "xmpp"),
        ("value co \"NN\"", "xmpp"),
        ("value sw \"b\" AND type pr", "skype"),
        ("value ew \"%\"", "aim"),
        ("value gt \"anna\"", "skype"),
        ("primary eq true", "xmpp"),
        ("not (type eq \"xmpp\" or type eq \"aim\")", "skype"),
        ("type ne \"xmpp\" and type ne \"skype\"", "aim"),
    ] {
        let person = scratch.person(&json!({ "ims": ims }));
        let path = format!("ims[{filter}].display");
        let stored = scratch.change(&person, operation("replace", &path, json!("Chosen")));
        let found = element(&stored["ims"], "display", "Chosen");
        assert_eq!(found["type"], chosen, "{filter}: {stored}");
        let marked = stored["ims"]
            .as_array()
            .map_or(0, |all| all.iter().filter(|im| im["display"].is_string()).count());
        assert_eq!(marked, 1, "{filter}: {stored}");
    }
}

/// Quotes, brackets and backslashes inside a quoted value do not end it.
fn r_patch_71(run: &Run) {
    let scratch = run.shared();
    let odd = format!("a\"]b\\c{}", unique("odd"));
    let ims = json!([{ "value": odd, "type": "xmpp" }, { "value": "plain", "type": "aim" }]);
    let person = scratch.person(&json!({ "ims": ims }));
    let path = format!("ims[value eq {}].type", json!(odd));
    let stored = scratch.change(&person, operation("replace", &path, json!("skype")));
    assert_eq!(element(&stored["ims"], "value", &odd)["type"], "skype");
    assert_eq!(element(&stored["ims"], "value", "plain")["type"], "aim");
}
