//! The parameters `attributes` and `excludedAttributes`, and what is returned when (RFC 7644 §3.9).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{ENTERPRISE, SEARCH, Scratch, assert_only, id_of, name_of, path_of, with};
use crate::{Answer, Level, encode, patch_op, unique, user};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_attr_01, r_attr_02, r_attr_03, r_attr_04, r_attr_05, r_attr_06, r_attr_07, r_attr_08, r_attr_09,
    r_attr_10, r_attr_12, r_attr_13, r_attr_14, r_attr_15, r_attr_16, r_attr_17, r_attr_18,
];

/// A user with something of every shape, and the scratch it lives in.
fn rich(run: &Run) -> (Scratch, Value) {
    let scratch = run.shared();
    let person = scratch.person(&json!({
        "title": "Guide",
        "name": { "givenName": "Kim", "familyName": "Doe" },
        "emails": [
            { "value": "kim@work.example", "type": "work", "primary": true },
            { "value": "kim@home.example", "type": "home" },
        ],
        ENTERPRISE: { "department": "Tours", "division": "Parks" },
    }));
    (scratch, person)
}

/// GETs a resource with this query.
fn shaped(scratch: &Scratch, resource: &Value, query: &str) -> Value {
    scratch.read(&format!("{}?{query}", path_of(resource)))
}

/// `attributes` returns what it names and what is returned always, and nothing else.
fn r_attr_01(run: &Run) {
    let (scratch, person) = rich(run);
    let answer = shaped(&scratch, &person, "attributes=userName");
    assert_only(&answer, &["userName"]);
    assert_eq!(answer["userName"], person["userName"]);
}

/// A named sub-attribute comes alone.
fn r_attr_02(run: &Run) {
    let (scratch, person) = rich(run);
    let answer = shaped(&scratch, &person, "attributes=name.givenName");
    assert_only(&answer, &["name"]);
    assert_eq!(answer["name"], json!({ "givenName": "Kim" }));
}

/// A sub-attribute of a multi-valued attribute comes from every element.
fn r_attr_03(run: &Run) {
    let (scratch, person) = rich(run);
    let answer = shaped(&scratch, &person, "attributes=emails.value");
    let values = json!([{ "value": "kim@work.example" }, { "value": "kim@home.example" }]);
    assert_eq!(answer["emails"], values);
}

/// An extension attribute is named with its URN and comes inside its container.
fn r_attr_04(run: &Run) {
    let (scratch, person) = rich(run);
    let answer = shaped(&scratch, &person, &format!("attributes={ENTERPRISE}:department"));
    assert_eq!(answer[ENTERPRISE], json!({ "department": "Tours" }));
    assert_only(&answer, &[ENTERPRISE]);
}

/// An extension's URN names its whole container.
fn r_attr_05(run: &Run) {
    let (scratch, person) = rich(run);
    let answer = shaped(&scratch, &person, &format!("attributes={}", ENTERPRISE.to_uppercase()));
    assert_eq!(answer[ENTERPRISE], person[ENTERPRISE]);
    assert_only(&answer, &[ENTERPRISE]);
    let rest = shaped(&scratch, &person, &format!("excludedAttributes={ENTERPRISE}"));
    assert!(rest.get(ENTERPRISE).is_none() && rest.get("userName").is_some(), "{rest}");
}

/// `excludedAttributes` takes away what it names and nothing else.
fn r_attr_06(run: &Run) {
    let (scratch, person) = rich(run);
    let answer = shaped(&scratch, &person, "excludedAttributes=emails,name.familyName");
    let mut expected = person;
    expected.as_object_mut().expect("object").remove("emails");
    expected["name"] = json!({ "givenName": "Kim" });
    assert_eq!(answer, expected);
}

/// `id` and `schemas` cannot be excluded.
fn r_attr_07(run: &Run) {
    let (scratch, person) = rich(run);
    assert_eq!(shaped(&scratch, &person, "excludedAttributes=id"), person);
    run.at_most(Level::Should, || {
        assert_eq!(shaped(&scratch, &person, "excludedAttributes=schemas,id"), person);
    });
}

/// Names are read in any case, blanks around commas are no harm.
fn r_attr_08(run: &Run) {
    let (scratch, person) = rich(run);
    let answer = shaped(&scratch, &person, "attributes=USERNAME,%20Name.GIVENname%20,+title");
    assert_only(&answer, &["name", "title", "userName"]);
    assert_eq!(answer["name"], json!({ "givenName": "Kim" }));
    let rest = shaped(&scratch, &person, "excludedAttributes=EMAILS%20,%20TITLE");
    assert!(rest.get("emails").is_none() && rest.get("title").is_none(), "{rest}");
}

/// Both parameters at once are refused.
fn r_attr_09(run: &Run) {
    let (scratch, person) = rich(run);
    let both = "attributes=userName&excludedAttributes=title";
    for path in [path_of(&person), "/Users".to_owned()] {
        scratch.get(&format!("{path}?{both}")).expect_error(400, &["invalidValue"]);
    }
}

/// Names that no schema knows are ignored.
fn r_attr_10(run: &Run) {
    let (scratch, person) = rich(run);
    let answer = shaped(&scratch, &person, "attributes=userName,shoeSize,urn:x:y,name.shoe");
    assert_only(&answer, &["userName"]);
    assert_eq!(shaped(&scratch, &person, "excludedAttributes=shoeSize,a.b.c"), person);
}

/// A value that is never returned stays away even when it is named.
fn r_attr_12(run: &Run) {
    let scratch = run.shared();
    let password = unique("Never-Shown-5");
    let person = scratch.person(&json!({ "password": password }));
    let list = encode(&format!("userName eq \"{}\"", name_of(&person)));
    for path in [
        format!("{}?attributes=password", path_of(&person)),
        format!("{}?attributes=userName,password", path_of(&person)),
        format!("/Users?attributes=password&filter={list}"),
    ] {
        let answer = scratch.get(&path).expect_status(200);
        assert!(!answer.text.contains("password") && !answer.text.contains(&password), "{}", answer.text);
    }
}

/// What is returned always comes without being named and although it is excluded.
fn r_attr_13(run: &Run) {
    let (scratch, person) = rich(run);
    for query in ["attributes=title", "excludedAttributes=id,title"] {
        assert_eq!(shaped(&scratch, &person, query)["id"], person["id"], "{query}");
    }
    run.at_most(Level::Proj, || {
        assert_eq!(shaped(&scratch, &person, "attributes=shoeSize")["id"], person["id"]);
    });
}

/// Both parameters work on GET, lists, `.search`, POST, PUT and PATCH.
fn r_attr_14(run: &Run) {
    let (scratch, person) = rich(run);
    let (path, body) = (path_of(&person), with(&user(name_of(&person)), &json!({ "title": "Guide" })));
    let change = patch_op(json!([{ "op": "replace", "path": "nickName", "value": "Kiki" }]));
    let filter = format!("userName eq \"{}\"", name_of(&person));
    let list = format!("/Users?filter={}", encode(&filter));
    let search = |name: &str| {
        let body = json!({ "schemas": [SEARCH], "filter": filter, name: ["userName"] });
        first(&scratch.post("/Users/.search", &body))
    };
    let create = |query: &str| {
        let answer =
            scratch.post(&format!("/Users?{query}"), &with(&body, &json!({ "userName": unique("u") })));
        answer.expect_status(201).json()
    };
    for only in [
        shaped(&scratch, &person, "attributes=userName"),
        first(&scratch.get(&format!("{list}&attributes=userName"))),
        search("attributes"),
        create("attributes=userName"),
        scratch.put(&format!("{path}?attributes=userName"), &body).expect_status(200).json(),
        scratch.patch(&format!("{path}?attributes=userName"), &change).expect_status(200).json(),
    ] {
        assert_only(&only, &["userName"]);
    }
    for rest in [
        shaped(&scratch, &person, "excludedAttributes=userName"),
        first(&scratch.get(&format!("{list}&excludedAttributes=userName"))),
        search("excludedAttributes"),
        create("excludedAttributes=userName"),
        scratch.put(&format!("{path}?excludedAttributes=userName"), &body).expect_status(200).json(),
        scratch.patch(&format!("{path}?excludedAttributes=userName"), &change).expect_status(200).json(),
    ] {
        assert!(rest.get("userName").is_none() && rest["title"] == "Guide", "{rest}");
    }
}

/// A PATCH with `attributes` is answered with a body.
fn r_attr_15(run: &Run) {
    let (scratch, person) = rich(run);
    let change = patch_op(json!([{ "op": "replace", "path": "title", "value": "Boss" }]));
    let path = format!("{}?attributes=title", path_of(&person));
    assert_eq!(scratch.patch(&path, &change).expect_status(200).at("/title"), Some(json!("Boss")));

    run.at_most(Level::Proj, || {
        let entra = run.profile("entra");
        let team = entra.team(&json!({}));
        let change = patch_op(json!([{ "op": "replace", "path": "externalId", "value": "x" }]));
        let path = format!("{}?attributes=externalId", path_of(&team));
        assert_eq!(entra.patch(&path, &change).expect_status(200).at("/externalId"), Some(json!("x")));
    });
}

/// An empty parameter is as good as none.
fn r_attr_16(run: &Run) {
    let (scratch, person) = rich(run);
    assert_eq!(shaped(&scratch, &person, "attributes="), person);
    assert_eq!(shaped(&scratch, &person, "excludedAttributes="), person);
}

/// An attribute of which nothing is left is left out.
fn r_attr_17(run: &Run) {
    let (scratch, person) = rich(run);
    let answer = shaped(&scratch, &person, "attributes=name.middleName,emails.display,userName");
    assert_only(&answer, &["userName"]);
    let rest = shaped(&scratch, &person, "excludedAttributes=name.givenName,name.familyName");
    assert!(rest.get("name").is_none(), "{rest}");
}

/// The `ETag` belongs to the resource, whatever part of it is shown.
fn r_attr_18(run: &Run) {
    let (scratch, person) = rich(run);
    let tag = |query: &str| {
        let answer = scratch.get(&format!("{}{query}", path_of(&person))).expect_status(200);
        answer.header("etag").unwrap_or_else(|| answer.fail("no ETag")).to_owned()
    };
    assert_eq!(tag("?attributes=userName"), tag(""));
    assert_eq!(tag("?excludedAttributes=title"), tag(""));
    assert_eq!(id_of(&person), scratch.get(&path_of(&person)).id());
}

/// The only resource of a list.
fn first(answer: &Answer) -> Value {
    let list = answer.clone().expect_status(200).json();
    assert_eq!(list["totalResults"], 1, "{list}");
    list["Resources"][0].clone()
}
