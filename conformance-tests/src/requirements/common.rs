//! The attributes that every resource has (RFC 7643 §3 and §3.1).
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Level;
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    ENTERPRISE, GROUP, Scratch, USER, accepted, assert_unassigned, id_of, is_unassigned, name_of, path_of,
    values, with,
};
use crate::{encode, patch_op, skip, unique, user};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_common_01,
    r_common_02,
    r_common_03,
    r_common_04,
    r_common_05,
    r_common_06,
    r_common_07,
    r_common_08,
    r_common_09,
    r_common_10,
    r_common_11,
    r_common_12,
    r_common_13,
    r_common_14,
    r_common_15,
    r_common_16,
    r_common_17,
    r_common_18,
    r_common_19,
    r_common_20,
    r_common_21,
    r_common_22,
    r_common_23,
    r_common_24,
    r_common_25,
    r_common_26,
    r_common_27,
    r_common_28,
];

/// A user, and a group where the server has groups.
fn resources(run: &Run, scratch: &Scratch) -> Vec<Value> {
    let mut all = vec![scratch.person(&json!({}))];
    if run.service().has_endpoint("Groups") {
        all.push(scratch.team(&json!({})));
    }
    all
}

/// A text with every letter in the other case.
fn flipped(text: &str) -> String {
    let flip = |one: char| {
        if one.is_ascii_lowercase() { one.to_ascii_uppercase() } else { one.to_ascii_lowercase() }
    };
    text.chars().map(flip).collect()
}

/// The user whose name this is, by a filter.
fn found(scratch: &Scratch, filter: &str) -> Vec<String> {
    values(&scratch.list(&format!("/Users?filter={}", encode(filter)))["Resources"], "id")
}

/// A PUT body for a user that changes nothing but what is given.
fn body_of(person: &Value, extra: &Value) -> Value {
    with(&user(name_of(person)), extra)
}

/// Whether a text is an instant as RFC 7643 §2.3.5 wants it: date and time, a T between them.
fn is_date_time(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let marks = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")];
    marks.iter().all(|(at, mark)| text.get(*at..at + 1) == Some(mark))
        && [0..4, 5..7, 8..10, 11..13, 14..16, 17..19].into_iter().all(digits)
}

/// Every resource has an `id` that is text with something in it.
fn r_common_01(run: &Run) {
    let scratch = run.shared();
    for made in resources(run, &scratch) {
        for shown in [&made, &scratch.again(&made)] {
            assert!(shown["id"].as_str().is_some_and(|id| !id.is_empty()), "{shown}");
        }
    }
}

/// No `id` is that of two resources, whatever their types.
fn r_common_02(run: &Run) {
    let scratch = run.shared();
    let made: Vec<_> = (0..3).flat_map(|_| resources(run, &scratch)).collect();
    let ids: BTreeSet<&str> = made.iter().map(id_of).collect();
    assert_eq!(ids.len(), made.len(), "{ids:?}");
}

/// An `id` stays the same through every change, and is given to nobody else.
fn r_common_03(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let put = scratch.put(&path_of(&person), &body_of(&person, &json!({}))).expect_status(200);
    assert_eq!((put.id().as_str(), id_of(&scratch.again(&person))), (id_of(&person), id_of(&person)));
    let change = json!([{ "op": "replace", "path": "userName", "value": unique("renamed") }]);
    if run.service().lacks("patch").is_none() {
        assert_eq!(scratch.change(&person, change)["id"], person["id"]);
    }
    scratch.delete(&path_of(&person)).expect_status(204);
    assert_ne!(scratch.person(&json!({}))["id"], person["id"]);
}

/// An `id` that the client chose is ignored, and the request succeeds.
fn r_common_04(run: &Run) {
    let scratch = run.shared();
    let chosen = unique("chosen");
    let person = scratch.person(&json!({ "id": chosen }));
    assert_ne!(person["id"], json!(chosen));
    scratch.get(&format!("/Users/{chosen}")).expect_error(404, &[]);
}

/// No `id` has `bulkId` in it.
fn r_common_05(run: &Run) {
    let scratch = run.shared();
    for made in resources(run, &scratch) {
        assert!(!id_of(&made).to_lowercase().contains("bulkid"), "{made}");
    }
}

/// An `id` in another case is another one.
fn r_common_06(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let other = flipped(id_of(&person));
    if other == id_of(&person) {
        skip("the ids of the server have no letters");
    }
    scratch.get(&format!("/Users/{other}")).expect_error(404, &[]);
    if run.service().lacks("filter").is_none() {
        assert!(found(&scratch, &format!("id eq \"{other}\"")).is_empty(), "{other} was found");
    }
}

/// `id` is returned whatever attributes are asked for or excluded.
fn r_common_07(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for query in ["attributes=userName", "excludedAttributes=id", "excludedAttributes=userName,id"] {
        let shown = scratch.read(&format!("{}?{query}", path_of(&person)));
        assert_eq!(shown["id"], person["id"], "{query}");
    }
}

/// An `id` goes into a URL as it is, and says nothing about the person.
fn r_common_08(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let id = id_of(&person);
    assert_eq!(encode(id), id, "it needs percent-encoding");
    assert!(!id.contains(name_of(&person)), "{id} holds the user's name");
}

/// An `externalId` comes back as it was sent, and the server invents none.
fn r_common_09(run: &Run) {
    let scratch = run.shared();
    let sent = "Ext 0047/ÄÖ-é 漢";
    let person = scratch.person(&json!({ "externalId": sent }));
    assert_eq!((&person["externalId"], &scratch.again(&person)["externalId"]), (&json!(sent), &json!(sent)));
    let other = scratch.again(&scratch.person(&json!({})));
    assert!(is_unassigned(&other["externalId"]), "an externalId out of nowhere: {other}");
}

/// The case of an `externalId` counts.
fn r_common_10(run: &Run) {
    let scratch = run.shared();
    let external = unique("ext");
    let person = scratch.person(&json!({ "externalId": external }));
    assert_eq!(found(&scratch, &format!("externalId eq \"{external}\"")), [id_of(&person)]);
    assert!(found(&scratch, &format!("externalId eq \"{}\"", external.to_uppercase())).is_empty());
}

/// Two tenants may use one `externalId`.
fn r_common_11(run: &Run) {
    let (scratch, other) = (run.shared(), Scratch::on(run.sibling()));
    let external = json!({ "externalId": unique("ext") });
    let (one, two) = (scratch.person(&external), other.person(&external));
    assert_eq!((&one["externalId"], &two["externalId"]), (&external["externalId"], &external["externalId"]));
}

/// Two users of one tenant may have one `externalId`: the client keeps it unique.
fn r_common_12(run: &Run) {
    let scratch = run.shared();
    let external = json!({ "externalId": unique("ext") });
    assert_ne!(scratch.person(&external)["id"], scratch.person(&external)["id"]);
}

/// What a client says about `meta` is ignored, in POST and in PUT.
fn r_common_13(run: &Run) {
    let scratch = run.shared();
    let forged = json!({ "meta": { "created": "2001-01-01T00:00:00Z", "lastModified": "2001-01-01T00:00:00Z",
        "location": "https://forged.example/Users/1", "resourceType": "Forged", "version": "W/\"forged\"" } });
    let person = scratch.person(&forged);
    let put = scratch.put(&path_of(&person), &body_of(&person, &forged)).expect_status(200).json();
    for shown in [&person, &put, &scratch.again(&person)] {
        for (name, value) in forged["meta"].as_object().into_iter().flatten() {
            assert_ne!(&shown["meta"][name], value, "meta.{name} of the client sticks: {shown}");
        }
    }
}

/// `meta.resourceType` is the name of the resource type.
fn r_common_14(run: &Run) {
    let scratch = run.shared();
    for made in resources(run, &scratch) {
        let is_group = made["schemas"].as_array().is_some_and(|schemas| schemas.contains(&GROUP.into()));
        let endpoint = if is_group { "/Groups" } else { "/Users" };
        let named = |kind: &&Value| kind["endpoint"].as_str().is_some_and(|found| found.ends_with(endpoint));
        let name = run.service().types.iter().find(named).map(|kind| kind["name"].clone());
        let name = name.unwrap_or_else(|| json!(if is_group { "Group" } else { "User" }));
        assert_eq!(made["meta"]["resourceType"], name);
    }
}

/// `meta.created` is an instant and never changes.
fn r_common_15(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let created = &person["meta"]["created"];
    assert!(created.as_str().is_some_and(is_date_time), "meta.created is {created}");
    let put = scratch.put(&path_of(&person), &body_of(&person, &json!({}))).expect_status(200).json();
    assert_eq!((&put["meta"]["created"], &scratch.again(&person)["meta"]["created"]), (created, created));
}

/// What was just created was last modified then.
fn r_common_16(run: &Run) {
    let scratch = run.shared();
    for made in resources(run, &scratch) {
        assert_eq!(made["meta"]["lastModified"], made["meta"]["created"]);
    }
}

/// `meta.lastModified` never goes back.
fn r_common_17(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let body = body_of(&person, &json!({ "userName": unique("renamed") }));
    let changed = scratch.put(&path_of(&person), &body).expect_status(200).json();
    let (before, after) = (&person["meta"]["lastModified"], &changed["meta"]["lastModified"]);
    assert!(after.as_str().is_some_and(is_date_time), "meta.lastModified is {after}");
    assert!(after.as_str() >= before.as_str(), "from {before} to {after}");
}

/// `meta.location` leads to the resource.
fn r_common_18(run: &Run) {
    let scratch = run.shared();
    for made in resources(run, &scratch) {
        let location = made["meta"]["location"].as_str().unwrap_or_else(|| panic!("no location in {made}"));
        run.at_most(Level::Proj, || assert!(location.contains("://"), "{location} is not absolute"));
        assert_eq!(scratch.get(location).expect_status(200).id(), id_of(&made));
    }
}

/// `meta.location` is what the `Location` of a new resource and every `Content-Location` say.
fn r_common_19(run: &Run) {
    let scratch = run.shared();
    let created = scratch.post("/Users", &user(&unique("person"))).expect_status(201);
    let read = scratch.get(&path_of(&created.json())).expect_status(200);
    let told =
        [created.header("location"), created.header("content-location"), read.header("content-location")];
    for header in told.into_iter().flatten() {
        assert_eq!(created.at("/meta/location"), Some(json!(header)));
    }
}

/// `meta.version` is the `ETag`, byte for byte.
fn r_common_20(run: &Run) {
    let scratch = run.shared();
    let created = scratch.post("/Users", &user(&unique("person"))).expect_status(201);
    let read = scratch.get(&path_of(&created.json())).expect_status(200);
    for answer in [created, read] {
        let tag = answer.header("etag").map(|tag| json!(tag));
        assert!(tag.is_some(), "no ETag");
        assert_eq!(answer.at("/meta/version"), tag);
    }
}

/// A tag that two representations share says that it is weak.
fn r_common_21(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let whole = scratch.get(&path_of(&person)).expect_status(200);
    let part = scratch.get(&format!("{}?attributes=userName", path_of(&person))).expect_status(200);
    let tag = whole.header("etag").unwrap_or_else(|| whole.fail("no ETag"));
    let opaque = tag.strip_prefix("W/").unwrap_or(tag);
    assert!(opaque.len() >= 2 && opaque.starts_with('"') && opaque.ends_with('"'), "{tag} is no entity tag");
    assert!(tag.starts_with("W/") || part.header("etag") != Some(tag), "{tag} looks strong and is not");
}

/// `schemas` is an array of different URIs with something in it, in resources and in messages.
fn r_common_22(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let list = scratch.get("/Users?count=1").expect_status(200).json();
    let error = scratch.get(&format!("/Users/{}", unique("nobody"))).json();
    for body in [&person, &scratch.again(&person), &list, &error] {
        let all = body["schemas"].as_array().unwrap_or_else(|| panic!("schemas is no array in {body}"));
        let different: BTreeSet<&str> = all.iter().filter_map(Value::as_str).collect();
        assert!(!all.is_empty() && different.len() == all.len(), "{}", body["schemas"]);
        assert!(different.iter().all(|one| one.starts_with("urn:")), "{}", body["schemas"]);
    }
}

/// A schema that the resource type does not have is refused, and never becomes one of the resource.
fn r_common_23(run: &Run) {
    let scratch = run.shared();
    let foreign = "urn:example:foreign:2.0:User";
    let body = with(&user(&unique("person")), &json!({ "schemas": [USER, foreign] }));
    let answer = scratch.post("/Users", &body);
    run.at_most(Level::Should, || assert_eq!(answer.status, 400, "a foreign schema was taken"));
    if answer.status == 201 {
        assert!(!answer.text.contains(foreign), "{}", answer.text);
    } else {
        answer.expect_error(400, &["invalidSyntax", "invalidValue"]);
    }
}

/// A resource has the schema of its type, also when the client forgot it.
fn r_common_24(run: &Run) {
    let scratch = run.shared();
    let body = with(&user(&unique("person")), &json!({ "schemas": [ENTERPRISE] }));
    let answer = scratch.post("/Users", &body);
    run.at_most(Level::Should, || assert_eq!(answer.status, 400, "a user without its schema was taken"));
    if answer.status == 201 {
        let schemas = answer.json()["schemas"].clone();
        assert!(schemas.as_array().is_some_and(|all| all.contains(&USER.into())), "{schemas}");
    } else {
        answer.expect_error(400, &["invalidSyntax", "invalidValue"]);
    }
}

/// Schema URIs are read in any case and shown as they are registered.
fn r_common_25(run: &Run) {
    let scratch = run.shared();
    let body = json!({ "schemas": [USER.to_uppercase(), ENTERPRISE.to_lowercase()], "userName": unique("person"),
        ENTERPRISE.to_lowercase(): { "department": "Tours" } });
    let stored = scratch.again(&scratch.create("/Users", &body));
    assert_eq!(stored[ENTERPRISE]["department"], "Tours", "{stored}");
    let mut schemas: Vec<_> = stored["schemas"].as_array().into_iter().flatten().cloned().collect();
    schemas.sort_by_key(Value::to_string);
    assert_eq!(schemas, [json!(USER), json!(ENTERPRISE)]);
}

/// Attributes of an extension stand in its container and nowhere else.
fn r_common_26(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ ENTERPRISE: { "department": "Tours", "costCenter": "4130" } }));
    for shown in [&person, &scratch.again(&person)] {
        assert_eq!(shown[ENTERPRISE]["department"], "Tours", "{shown}");
        assert!(shown.get("department").is_none() && shown.get("costCenter").is_none(), "{shown}");
    }
}

/// Whoever has data of an extension lists its URN, and nobody else does.
fn r_common_27(run: &Run) {
    let scratch = run.shared();
    let with_data = scratch.again(&scratch.person(&json!({ ENTERPRISE: { "department": "Tours" } })));
    let without = scratch.again(&scratch.person(&json!({})));
    let lists = |person: &Value| {
        person["schemas"].as_array().is_some_and(|schemas| schemas.contains(&ENTERPRISE.into()))
    };
    assert!(lists(&with_data) && !lists(&without), "{with_data} {without}");
    assert_unassigned(&without, ENTERPRISE);
}

/// Data of an extension whose URN the client forgot is stored as such, or refused.
fn r_common_28(run: &Run) {
    let scratch = run.shared();
    let body = with(&user(&unique("person")), &json!({ ENTERPRISE: { "department": "Tours" } }));
    let answer = scratch.post("/Users", &body).check();
    if answer.status != 201 {
        answer.expect_error(400, &["invalidSyntax", "invalidValue"]);
        return;
    }
    let stored = scratch.again(&answer.json());
    let listed = stored["schemas"].as_array().is_some_and(|schemas| schemas.contains(&ENTERPRISE.into()));
    let kept = stored[ENTERPRISE]["department"] == "Tours";
    assert_eq!(listed, kept, "data without its schema, or the other way round: {stored}");
    run.at_most(Level::Proj, || assert!(kept, "the data was dropped: {stored}"));
    if run.service().lacks("patch").is_none() {
        let operations = json!([{ "op": "replace", "value": { ENTERPRISE: { "department": "Sea" } } }]);
        accepted(scratch.patch(&path_of(&stored), &patch_op(operations)));
    }
}
