//! What the characteristics and types of attributes mean (RFC 7643 §2 and §7).
use serde_json::{Value, json};

use crate::Level;
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    CERTIFICATE, ENTERPRISE, REFUSED, SEARCH, Scratch, USER, accepted, assert_unassigned, id_of,
    is_unassigned, name_of, path_of, refused, values, with,
};
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
    r_schema_21,
    r_schema_22,
    r_schema_23,
    r_schema_24,
    r_schema_25,
    r_schema_27,
    r_schema_28,
    r_schema_29,
    r_schema_30,
    r_schema_31,
    r_schema_32,
    r_schema_34,
    r_schema_35,
];

/// Every attribute of the served schemas, sub-attributes after theirs, each with its dotted name.
fn attributes(run: &Run) -> Vec<(String, Value)> {
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
fn post(scratch: &Scratch, extra: &Value) -> Answer {
    scratch.post("/Users", &with(&user(&unique("person")), extra))
}

/// The users that a filter selects.
fn found(scratch: &Scratch, filter: &str) -> Vec<String> {
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
        assert!(name == "$ref" || (first_is_good && rest_is_good), "{path}");
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

/// In multi-valued attributes the names of the standard mean what they mean there.
fn r_schema_21(run: &Run) {
    for (path, attribute) in attributes(run).iter().filter(|(_, one)| one["multiValued"] == true) {
        for part in attribute["subAttributes"].as_array().into_iter().flatten() {
            let kinds: &[&str] = match part["name"].as_str().unwrap_or_default() {
                "primary" => &["boolean"],
                "type" | "display" => &["string"],
                "$ref" => &["reference"],
                _ => continue,
            };
            let kind = part["type"].as_str().unwrap_or_default();
            assert!(kinds.contains(&kind) && part["multiValued"] == false, "{path}: {part}");
        }
    }
}

/// No answer has two primary values in one attribute.
fn r_schema_22(run: &Run) {
    let scratch = run.shared();
    let email = |value: &str, primary: bool| json!({ "value": value, "type": "work", "primary": primary });
    let person = scratch.person(&json!({ "emails": [email("a@people.example", true)] }));
    let both = json!({ "emails": [email("a@people.example", true), email("b@people.example", true)] });
    let put = scratch.put(&path_of(&person), &with(&user(name_of(&person)), &both));
    let is_one = |shown: &Value| {
        let all = shown["emails"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(all.iter().filter(|one| one["primary"] == true).count() <= 1, "{shown}");
    };
    if put.status == 200 {
        is_one(&put.json());
    }
    is_one(&scratch.again(&person));
    if run.service().lacks("patch").is_none() {
        let add = json!([{ "op": "add", "path": "emails", "value": [email("c@people.example", true)] }]);
        let answer = scratch.patch(&path_of(&person), &patch_op(add));
        if answer.status < 300 {
            accepted(answer);
        }
        is_one(&scratch.again(&person));
    }
}

/// Two primary values in one attribute are refused.
fn r_schema_23(run: &Run) {
    let scratch = run.shared();
    let email = |value: &str| json!({ "value": value, "primary": true });
    let emails = json!({ "emails": [email("a@people.example"), email("b@people.example")] });
    post(&scratch, &emails).expect_error(400, &["invalidValue"]);
    let person = scratch.person(&json!({}));
    let body = with(&user(name_of(&person)), &emails);
    scratch.put(&path_of(&person), &body).expect_error(400, &["invalidValue"]);
}

/// An element that does not say so is not primary.
fn r_schema_24(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[
        ("plain", json!({ "emails": [{ "value": "a@people.example", "type": "work" }] })),
        ("primary", json!({ "emails": [{ "value": "b@people.example", "type": "work", "primary": true }] })),
    ]);
    people.expect("emails[primary eq true]", &["primary"]);
    people.expect("emails[primary eq false]", &["plain"]);
}

/// Elements with one type and one value are one element.
fn r_schema_25(run: &Run) {
    let scratch = run.shared();
    let email = json!({ "value": "a@people.example", "type": "work" });
    let answer = post(&scratch, &json!({ "emails": [email, email] })).check();
    if answer.status != 201 {
        refused(answer, REFUSED);
        return;
    }
    assert_eq!(values(&scratch.again(&answer.json())["emails"], "value"), ["a@people.example"]);
}

/// What is absent, `null` or an empty array is unassigned.
fn r_schema_27(run: &Run) {
    let scratch = run.shared();
    let emails = json!([{ "value": "a@people.example", "type": "work" }]);
    for nothing in [json!({}), json!({ "title": null, "emails": [] }), json!({ "emails": null })] {
        let person = scratch.person(&json!({ "title": "Guide", "emails": emails }));
        let body = with(&user(name_of(&person)), &nothing);
        scratch.put(&path_of(&person), &body).expect_status(200);
        let stored = scratch.again(&person);
        assert_unassigned(&stored, "title");
        assert_unassigned(&stored, "emails");
        if run.service().lacks("filter").is_none() {
            let name = name_of(&person);
            for attribute in ["title", "emails"] {
                let filter = encode(&format!("userName eq \"{name}\" and {attribute} pr"));
                let answer = scratch.get(&format!("/Users?filter={filter}"));
                let none = answer.status != 200 || answer.at("/totalResults") == Some(json!(0));
                assert!(none, "{attribute} is present after {nothing}");
            }
        }
    }
}

/// Unassigned attributes are left out of answers.
fn r_schema_28(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": null, "emails": [] }));
    for shown in [&person, &scratch.again(&person)] {
        for (name, value) in shown.as_object().into_iter().flatten() {
            assert!(!is_unassigned(value), "{name} is {value}");
        }
    }
}

/// Case counts where the schema says so, and is kept everywhere.
fn r_schema_29(run: &Run) {
    let scratch = run.shared();
    let external = unique("Ext").replace("ext", "Ext");
    let name = unique("person").replace("person", "Person");
    let body = with(&user(&name), &json!({ "externalId": external }));
    let person = scratch.again(&scratch.create("/Users", &body));
    assert_eq!(person["externalId"], json!(external));
    run.at_most(Level::Proj, || assert_eq!(person["userName"], json!(name)));
    assert_eq!(found(&scratch, &format!("userName eq \"{}\"", name.to_uppercase())), [id_of(&person)]);
    assert!(found(&scratch, &format!("externalId eq \"{}\"", external.to_uppercase())).is_empty());
}

/// A value outside the canonical ones is kept as it is, or refused.
fn r_schema_30(run: &Run) {
    let scratch = run.shared();
    let emails = json!([{ "value": "a@people.example", "type": "carrier-pigeon" }]);
    let answer = post(&scratch, &json!({ "emails": emails })).check();
    if answer.status == 201 {
        assert_eq!(scratch.again(&answer.json())["emails"][0]["type"], "carrier-pigeon");
    } else {
        answer.expect_error(400, &["invalidValue"]);
    }
}

/// What is never returned is in no answer whatever.
fn r_schema_31(run: &Run) {
    let scratch = run.shared();
    let (password, service) = (unique("Pass-Word-9"), run.service());
    let body = with(&user(&unique("person")), &json!({ "password": password }));
    let created = scratch.post("/Users", &body).expect_status(201);
    let person = created.json();
    let path = path_of(&person);
    let mut answers = vec![created, scratch.get(&path), scratch.get(&format!("{path}?attributes=password"))];
    answers.push(scratch.put(&path, &with(&user(name_of(&person)), &json!({ "password": password }))));
    answers.push(scratch.post("/Users", &body));
    if service.lacks("filter").is_none() {
        let filter = format!("userName eq \"{}\"", name_of(&person));
        answers.push(scratch.get(&format!("/Users?filter={}", encode(&filter))));
        let search = json!({ "schemas": [SEARCH], "filter": filter, "attributes": ["password"] });
        answers.push(scratch.post("/Users/.search", &search));
    }
    if service.lacks("patch").is_none() {
        let change = patch_op(json!([{ "op": "replace", "path": "password", "value": password }]));
        answers.push(scratch.patch(&path, &change));
    }
    for answer in answers {
        let shown: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        assert!(!answer.text.contains(&password), "the password is in an answer to {}", answer.method);
        assert!(shown.get("password").is_none(), "a password in an answer to {}", answer.method);
    }
}

/// A value that must be unique is refused when another resource has it, compared as its case counts.
fn r_schema_32(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for name in [name_of(&person).to_owned(), name_of(&person).to_uppercase()] {
        scratch.post("/Users", &user(&name)).expect_error(409, &["uniqueness"]);
    }
}

/// A body that names a member twice is refused, also when the two names differ in case.
fn r_schema_34(run: &Run) {
    let scratch = run.shared();
    for second in ["userName", "username"] {
        let (one, two) = (unique("person"), unique("person"));
        let body = format!(r#"{{"schemas":["{USER}"],"userName":"{one}","{second}":"{two}"}}"#);
        let request = scratch.request("POST", "/Users").text(&body, "application/scim+json");
        request.send().expect_error(400, &["invalidSyntax"]);
    }
}

/// An attribute that no schema defines is ignored, and shown by nobody.
fn r_schema_35(run: &Run) {
    let scratch = run.shared();
    let unknown = json!({ "shoeSize": 44, ENTERPRISE: { "department": "Tours", "shoeSize": 44 } });
    let person = scratch.person(&unknown);
    for shown in [&person, &scratch.again(&person)] {
        assert!(!shown.to_string().contains("shoeSize"), "{shown}");
        assert_eq!(shown[ENTERPRISE]["department"], "Tours", "{shown}");
    }
}
