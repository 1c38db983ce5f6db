//! The parameters `attributes` and `excludedAttributes`, and what is returned when (RFC 7644 §3.9).
use conformance_tests::{Answer, encode, patch_op, requirement, unique, user};
use serde_json::{Value, json};
use support::{ENTERPRISE, SEARCH, Scratch, id_of, keys, name_of, path_of, with};

#[expect(dead_code, reason = "each file of tests needs a part of it")]
mod support;

/// A user with something of every shape, and the scratch it lives in.
fn rich() -> (Scratch, Value) {
    let scratch = Scratch::shared();
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
#[test]
fn r_attr_01() {
    requirement("R-ATTR-01", || {
        let (scratch, person) = rich();
        let answer = shaped(&scratch, &person, "attributes=userName");
        assert_eq!(keys(&answer), ["id", "schemas", "userName"]);
        assert_eq!(answer["userName"], person["userName"]);
    });
}

/// A named sub-attribute comes alone.
#[test]
fn r_attr_02() {
    requirement("R-ATTR-02", || {
        let (scratch, person) = rich();
        let answer = shaped(&scratch, &person, "attributes=name.givenName");
        assert_eq!(keys(&answer), ["id", "name", "schemas"]);
        assert_eq!(answer["name"], json!({ "givenName": "Kim" }));
    });
}

/// A sub-attribute of a multi-valued attribute comes from every element.
#[test]
fn r_attr_03() {
    requirement("R-ATTR-03", || {
        let (scratch, person) = rich();
        let answer = shaped(&scratch, &person, "attributes=emails.value");
        let values = json!([{ "value": "kim@work.example" }, { "value": "kim@home.example" }]);
        assert_eq!(answer["emails"], values);
    });
}

/// An extension attribute is named with its URN and comes inside its container.
#[test]
fn r_attr_04() {
    requirement("R-ATTR-04", || {
        let (scratch, person) = rich();
        let answer = shaped(&scratch, &person, &format!("attributes={ENTERPRISE}:department"));
        assert_eq!(answer[ENTERPRISE], json!({ "department": "Tours" }));
        assert_eq!(keys(&answer), ["id", "schemas", ENTERPRISE]);
    });
}

/// An extension's URN names its whole container.
#[test]
fn r_attr_05() {
    requirement("R-ATTR-05", || {
        let (scratch, person) = rich();
        let answer = shaped(&scratch, &person, &format!("attributes={}", ENTERPRISE.to_uppercase()));
        assert_eq!(answer[ENTERPRISE], person[ENTERPRISE]);
        assert_eq!(keys(&answer), ["id", "schemas", ENTERPRISE]);
        let rest = shaped(&scratch, &person, &format!("excludedAttributes={ENTERPRISE}"));
        assert!(rest.get(ENTERPRISE).is_none() && rest.get("userName").is_some(), "{rest}");
    });
}

/// `excludedAttributes` takes away what it names and nothing else.
#[test]
fn r_attr_06() {
    requirement("R-ATTR-06", || {
        let (scratch, person) = rich();
        let answer = shaped(&scratch, &person, "excludedAttributes=emails,name.familyName");
        let mut expected = person;
        expected.as_object_mut().expect("object").remove("emails");
        expected["name"] = json!({ "givenName": "Kim" });
        assert_eq!(answer, expected);
    });
}

/// `id` and `schemas` cannot be excluded.
#[test]
fn r_attr_07() {
    requirement("R-ATTR-07", || {
        let (scratch, person) = rich();
        assert_eq!(shaped(&scratch, &person, "excludedAttributes=id"), person);
        assert_eq!(shaped(&scratch, &person, "excludedAttributes=schemas,id"), person);
    });
}

/// Names are read in any case, blanks around commas are no harm.
#[test]
fn r_attr_08() {
    requirement("R-ATTR-08", || {
        let (scratch, person) = rich();
        let answer = shaped(&scratch, &person, "attributes=USERNAME,%20Name.GIVENname%20,+title");
        assert_eq!(keys(&answer), ["id", "name", "schemas", "title", "userName"]);
        assert_eq!(answer["name"], json!({ "givenName": "Kim" }));
        let rest = shaped(&scratch, &person, "excludedAttributes=EMAILS%20,%20TITLE");
        assert!(rest.get("emails").is_none() && rest.get("title").is_none(), "{rest}");
    });
}

/// Both parameters at once are refused.
#[test]
fn r_attr_09() {
    requirement("R-ATTR-09", || {
        let (scratch, person) = rich();
        let both = "attributes=userName&excludedAttributes=title";
        for path in [path_of(&person), "/Users".to_owned()] {
            scratch.get(&format!("{path}?{both}")).expect_error(400, &["invalidValue"]);
        }
    });
}

/// Names that no schema knows are ignored.
#[test]
fn r_attr_10() {
    requirement("R-ATTR-10", || {
        let (scratch, person) = rich();
        let answer = shaped(&scratch, &person, "attributes=userName,shoeSize,urn:x:y,name.shoe");
        assert_eq!(keys(&answer), ["id", "schemas", "userName"]);
        assert_eq!(shaped(&scratch, &person, "excludedAttributes=shoeSize,a.b.c"), person);
    });
}

/// A value that is never returned stays away even when it is named.
#[test]
fn r_attr_12() {
    requirement("R-ATTR-12", || {
        let scratch = Scratch::shared();
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
    });
}

/// What is returned always comes without being named and although it is excluded.
#[test]
fn r_attr_13() {
    requirement("R-ATTR-13", || {
        let (scratch, person) = rich();
        for query in ["attributes=title", "attributes=shoeSize", "excludedAttributes=id,title"] {
            assert_eq!(shaped(&scratch, &person, query)["id"], person["id"], "{query}");
        }
    });
}

/// Both parameters work on GET, lists, `.search`, POST, PUT and PATCH.
#[test]
fn r_attr_14() {
    requirement("R-ATTR-14", || {
        let (scratch, person) = rich();
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
            scratch.clean_up(format!("/Users/{}", answer.id()));
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
            assert_eq!(keys(&only), ["id", "schemas", "userName"]);
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
    });
}

/// A PATCH with `attributes` is answered with a body.
#[test]
fn r_attr_15() {
    requirement("R-ATTR-15", || {
        let (scratch, person) = rich();
        let change = patch_op(json!([{ "op": "replace", "path": "title", "value": "Boss" }]));
        let path = format!("{}?attributes=title", path_of(&person));
        assert_eq!(scratch.patch(&path, &change).expect_status(200).at("/title"), Some(json!("Boss")));

        let entra = Scratch::profile("entra");
        let team = entra.team(&json!({}));
        let change = patch_op(json!([{ "op": "replace", "path": "externalId", "value": "x" }]));
        let path = format!("{}?attributes=externalId", path_of(&team));
        assert_eq!(entra.patch(&path, &change).expect_status(200).at("/externalId"), Some(json!("x")));
    });
}

/// An empty parameter is as good as none.
#[test]
fn r_attr_16() {
    requirement("R-ATTR-16", || {
        let (scratch, person) = rich();
        assert_eq!(shaped(&scratch, &person, "attributes="), person);
        assert_eq!(shaped(&scratch, &person, "excludedAttributes="), person);
    });
}

/// An attribute of which nothing is left is left out.
#[test]
fn r_attr_17() {
    requirement("R-ATTR-17", || {
        let (scratch, person) = rich();
        let answer = shaped(&scratch, &person, "attributes=name.middleName,emails.display,userName");
        assert_eq!(keys(&answer), ["id", "schemas", "userName"]);
        let rest = shaped(&scratch, &person, "excludedAttributes=name.givenName,name.familyName");
        assert!(rest.get("name").is_none(), "{rest}");
    });
}

/// The `ETag` belongs to the resource, whatever part of it is shown.
#[test]
fn r_attr_18() {
    requirement("R-ATTR-18", || {
        let (scratch, person) = rich();
        let tag = |query: &str| {
            let answer = scratch.get(&format!("{}{query}", path_of(&person))).expect_status(200);
            answer.header("etag").unwrap_or_else(|| answer.fail("no ETag")).to_owned()
        };
        assert_eq!(tag("?attributes=userName"), tag(""));
        assert_eq!(tag("?excludedAttributes=title"), tag(""));
        assert_eq!(id_of(&person), scratch.get(&path_of(&person)).id());
    });
}

/// The only resource of a list.
fn first(answer: &Answer) -> Value {
    let list = answer.clone().expect_status(200).json();
    assert_eq!(list["totalResults"], 1, "{list}");
    list["Resources"][0].clone()
}
