//! What the types of attributes mean (RFC 7643 §2.1 to §2.3).
use serde_json::{Value, json};

use crate::Level;
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{CERTIFICATE, Scratch, USER, id_of, is_unassigned, name_of, path_of, values, with};
use crate::{Answer, encode, patch_op, skip, unique, user};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_schema_01,
    r_schema_02,
    r_schema_04,
    r_schema_05,
    r_schema_06,
    r_schema_07,
    r_schema_08,
    r_schema_12,
    r_schema_13,
    r_schema_14,
    r_schema_15,
    r_schema_17,
    r_schema_18,
    r_schema_19,
    r_schema_20,
];

/// Every attribute of the served schemas, sub-attributes after theirs, each with its dotted name.
pub(super) fn attributes(run: &Run) -> Vec<(String, Value)> {
    fn walk(prefix: &str, all: &Value, found: &mut Vec<(String, Value)>) {
        for one in all.as_array().into_iter().flatten() {
            let name = format!("{prefix}{}", one["name"].as_str().unwrap_or_default());
            found.push((name.clone(), one.clone()));
            walk(&format!("{name}."), &one["subAttributes"], found);
        }
    }
    let mut found = Vec::new();
    for schema in &run.service().schemas {
        let urn = schema["id"].as_str().unwrap_or_default();
        walk(&format!("{urn}:"), &schema["attributes"], &mut found);
    }
    if found.is_empty() {
        skip("the schemas of the server could not be read");
    }
    found
}

/// POSTs a user with these attributes.
pub(super) fn post(scratch: &Scratch, extra: &Value) -> Answer {
    scratch.post("/Users", &with(&user(&unique("person")), extra))
}

/// The users that a filter selects.
pub(super) fn found(scratch: &Scratch, filter: &str) -> Vec<String> {
    values(&scratch.list(&format!("/Users?filter={}", encode(filter)))["Resources"], "id")
}

/// A user with these attributes is refused; a server that reads the value as the right type stores it as that.
fn refused_or_read(run: &Run, name: &str, value: &Value, is_right: fn(&Value) -> bool) {
    let scratch = run.shared();
    let answer = post(&scratch, &json!({ name: value }));
    run.at_most(Level::Should, || assert_eq!(answer.status, 400, "{name} {value} was taken"));
    if answer.status != 201 {
        answer.expect_error(400, &["invalidValue", "invalidSyntax"]);
        return;
    }
    let stored = scratch.again(&answer.json())[name].clone();
    assert!(is_unassigned(&stored) || is_right(&stored), "{name} {value} is stored as {stored}");
}

/// The case of attribute names does not count, in bodies, paths and filters, and answers have that of the schema.
fn r_schema_01(run: &Run) {
    let scratch = run.shared();
    let name = unique("person");
    let body = json!({ "schemas": [USER], "USERNAME": name, "Name": { "GIVENNAME": "Kim" } });
    let stored = scratch.again(&scratch.create("/Users", &body));
    assert_eq!(
        (&stored["userName"], &stored["name"]["givenName"]),
        (&json!(name), &json!("Kim")),
        "{stored}"
    );
    if run.service().lacks("filter").is_none() {
        assert_eq!(found(&scratch, &format!("USERNAME eq \"{name}\"")), [id_of(&stored)]);
    }
    if run.service().lacks("patch").is_none() {
        let change = json!([{ "op": "replace", "path": "NAME.givenname", "value": "Robin" }]);
        assert_eq!(scratch.change(&stored, change)["name"]["givenName"], "Robin");
    }
}

/// Names of attributes begin with a letter and go on with letters, digits, `-`, `_` and `$`.
fn r_schema_02(run: &Run) {
    for (path, attribute) in attributes(run) {
        let name = attribute["name"].as_str().unwrap_or_default();
        let rest_is_good = name.chars().skip(1).all(|one| one.is_ascii_alphanumeric() || "-_$".contains(one));
        let first_is_good = name.starts_with(|one: char| one.is_ascii_alphabetic());
        // RFC 9944 §7.1 keeps extensions inside an extension, by their URIs.
        let is_container = attribute["type"] == "complex" && name.starts_with("urn:");
        assert!(name == "$ref" || is_container || (first_is_good && rest_is_good), "{path}");
    }
}

/// The schemas write every characteristic down, and none where it means nothing.
fn r_schema_04(run: &Run) {
    for (path, attribute) in attributes(run) {
        let kind = attribute["type"].as_str().unwrap_or_default();
        for name in ["type", "multiValued", "description", "required", "mutability", "returned"] {
            assert!(!attribute[name].is_null(), "{path} has no {name}");
        }
        let has = |name: &str| !attribute[name].is_null();
        match kind {
            "complex" | "boolean" => {
                assert!(!has("caseExact") && !has("uniqueness"), "{path} is {kind}: {attribute}");
            }
            "string" | "reference" => assert!(has("caseExact") && has("uniqueness"), "{path}: {attribute}"),
            _ => {}
        }
    }
}

/// Where text is needed, nothing else is stored.
fn r_schema_05(run: &Run) {
    for value in [json!(5), json!({ "value": "x" }), json!(["x"]), json!(true)] {
        refused_or_read(run, "title", &value, Value::is_string);
    }
}

/// Text comes back with every character that it was sent with.
fn r_schema_06(run: &Run) {
    let scratch = run.shared();
    let text = "😀👩‍💻 e\u{301} שלום 漢字 \t\n \"\\/ \u{1f}\u{7f}";
    let person = scratch.person(&json!({ "title": text }));
    assert_eq!((&person["title"], &scratch.again(&person)["title"]), (&json!(text), &json!(text)));
}

/// Booleans are `true` and `false`, and nothing else is stored as one.
fn r_schema_07(run: &Run) {
    for value in [json!("true"), json!(1), json!("perhaps"), json!({})] {
        refused_or_read(run, "active", &value, Value::is_boolean);
    }
}

/// A connection for Entra ID takes booleans that are written as text.
fn r_schema_08(run: &Run) {
    let scratch = run.profile("entra");
    let person = scratch.person(&json!({ "active": "False" }));
    assert_eq!(person["active"], false);
    let change = json!([{ "op": "Replace", "path": "active", "value": "True" }]);
    assert_eq!(scratch.change(&person, change)["active"], true);
}

/// Instants are shown in UTC with milliseconds, and read as UTC where they name no zone.
fn r_schema_12(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for name in ["created", "lastModified"] {
        let shown = person["meta"][name].as_str().unwrap_or_default();
        assert!(shown.len() == 24 && shown.ends_with('Z') && shown.get(19..20) == Some("."), "{shown}");
    }
    let created = person["meta"]["created"].as_str().unwrap_or_default().trim_end_matches('Z');
    let filter = format!("userName eq \"{}\" and meta.created eq \"{created}\"", name_of(&person));
    assert_eq!(found(&scratch, &filter), [id_of(&person)], "{filter}");
}

/// Binary values are base64, padded or not, and nothing else is taken.
fn r_schema_13(run: &Run) {
    let scratch = run.shared();
    let with_value = |value: &str| json!({ "x509Certificates": [{ "value": value }] });
    scratch.person(&with_value(CERTIFICATE));
    run.at_most(Level::Should, || {
        post(&scratch, &with_value(CERTIFICATE.trim_end_matches('='))).expect_status(201);
    });
    post(&scratch, &with_value("not base64 !")).expect_error(400, &["invalidValue"]);
    // A decoder may be made for both alphabets, and for any padding.
    for odd in ["M-_I", "===="] {
        run.at_most(Level::Should, || {
            post(&scratch, &with_value(odd)).expect_error(400, &["invalidValue"]);
        });
    }
}

/// The case of a binary value counts, and two resources may have one value.
fn r_schema_14(run: &Run) {
    let scratch = run.shared();
    let certificate = json!({ "x509Certificates": [{ "value": CERTIFICATE }] });
    let (one, two) = (scratch.person(&certificate), scratch.person(&certificate));
    assert_ne!(one["id"], two["id"]);
    let name = name_of(&one);
    let filter = |value: &str| format!("userName eq \"{name}\" and x509Certificates.value eq \"{value}\"");
    assert_eq!(found(&scratch, &filter(CERTIFICATE)), [id_of(&one)]);
    assert!(found(&scratch, &filter(&CERTIFICATE.to_uppercase())).is_empty());
}

/// References are URIs, and their case counts.
fn r_schema_15(run: &Run) {
    let scratch = run.shared();
    let good = "https://people.example/Bjensen";
    let person = scratch.person(&json!({ "profileUrl": good }));
    assert_eq!(scratch.again(&person)["profileUrl"], good);
    let answer = post(&scratch, &json!({ "profileUrl": "http://[" }));
    run.at_most(Level::Should, || assert_eq!(answer.status, 400, "`http://[` was taken for a URI"));
    // The published schema says `caseExact` false of this attribute, against the text (erratum 6001, reported).
    run.at_most(Level::Should, || {
        let filter =
            |value: &str| format!("userName eq \"{}\" and profileUrl eq \"{value}\"", name_of(&person));
        assert_eq!(found(&scratch, &filter(good)), [id_of(&person)]);
        assert!(found(&scratch, &filter(&good.to_lowercase())).is_empty(), "another case is found");
    });
}

/// Every reference that is shown leads to its resource.
fn r_schema_17(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let team = scratch.again(&scratch.team_of(&[&person]));
    let person = scratch.again(&person);
    let shown = [&team["members"], &person["groups"]].into_iter().flat_map(|all| values(all, "$ref"));
    let references: Vec<String> = shown.collect();
    if references.is_empty() {
        skip("the server shows no references");
    }
    for reference in references {
        let answer = scratch.get(&reference).expect_status(200);
        assert!(
            [id_of(&person), id_of(&team)].contains(&answer.id().as_str()),
            "{reference}: {}",
            answer.text
        );
    }
}

/// A member that does not exist is treated alike by POST, PUT and PATCH.
fn r_schema_18(run: &Run) {
    let scratch = run.shared();
    let nobody = json!({ "members": [{ "value": "00000000-0000-7000-8000-000000000000" }] });
    let body = |name: &str| with(&crate::group(name), &nobody);
    let team = scratch.team(&json!({}));
    let post = scratch.post("/Groups", &body(&unique("team")));
    let put = scratch.put(&path_of(&team), &body(team["displayName"].as_str().unwrap_or_default()));
    let mut done = vec![post.status < 300, put.status < 300];
    if run.service().lacks("patch").is_none() {
        let operations = json!([{ "op": "add", "path": "members", "value": nobody["members"] }]);
        done.push(scratch.patch(&path_of(&team), &patch_op(operations)).status < 300);
    }
    assert!(done.iter().all(|one| one == &done[0]), "taken by POST, PUT, PATCH: {done:?}");
}

/// The order of the members of an object means nothing.
fn r_schema_19(run: &Run) {
    let scratch = run.shared();
    let (one, two) = (unique("person"), unique("person"));
    let send = |body: String| {
        let request = scratch.request("POST", "/Users").text(&body, "application/scim+json");
        scratch.again(&request.send().expect_status(201).json())
    };
    let name = r#""name":{"familyName":"Doe","givenName":"Kim"}"#;
    let turned = r#""name":{"givenName":"Kim","familyName":"Doe"}"#;
    let first = send(format!(r#"{{"schemas":["{USER}"],"userName":"{one}",{name},"title":"T"}}"#));
    let second = send(format!(r#"{{"title":"T",{turned},"userName":"{two}","schemas":["{USER}"]}}"#));
    for attribute in ["schemas", "title", "name"] {
        assert_eq!(first[attribute], second[attribute]);
    }
}

/// No complex attribute is inside another one.
fn r_schema_20(run: &Run) {
    // The schema that describes schemas has to be an exception (erratum 8415).
    let of_data = |path: &str| !path.starts_with("urn:ietf:params:scim:schemas:core:2.0:Schema:");
    for (path, attribute) in attributes(run).into_iter().filter(|(path, _)| of_data(path)) {
        for part in attribute["subAttributes"].as_array().into_iter().flatten() {
            assert_ne!(part["type"], "complex", "{path}.{}", part["name"]);
        }
    }
}
