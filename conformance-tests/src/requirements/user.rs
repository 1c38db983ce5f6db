//! The User resource (RFC 7643 §4.1).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    CERTIFICATE, Scratch, USER, accepted, assert_unassigned, element, id_of, is_unassigned, member, name_of,
    path_of, shown_groups, values, with,
};
use crate::{Level, encode, group, patch_op, skip, unique, user};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_user_01, r_user_02, r_user_03, r_user_04, r_user_05, r_user_06, r_user_07, r_user_08, r_user_09,
    r_user_10, r_user_11, r_user_12, r_user_13, r_user_14, r_user_15, r_user_16, r_user_17, r_user_20,
    r_user_21, r_user_22, r_user_23, r_user_24, r_user_25, r_user_26, r_user_27, r_user_28, r_user_29,
    r_user_30, r_user_31, r_user_32, r_user_33,
];

/// The multi-valued attributes that have `value`, `display`, `type` and `primary`.
/// Each with two types that every server takes, where the RFC has some, and two values.
const PLURAL: [(&str, [&str; 2], [&str; 2]); 6] = [
    ("emails", ["work", "home"], ["a@people.example", "b@people.example"]),
    ("phoneNumbers", ["work", "mobile"], ["tel:+1-201-555-0123", "tel:+1-201-555-0124"]),
    ("ims", ["aim", "xmpp"], ["kim", "kim2"]),
    ("photos", ["photo", "thumbnail"], ["https://people.example/a.png", "https://people.example/b.png"]),
    ("entitlements", ["", ""], ["read", "write"]),
    ("roles", ["", ""], ["reader", "writer"]),
];

/// `schemas` and `userName` make a user.
fn r_user_01(run: &Run) {
    let scratch = run.shared();
    let name = unique("user");
    let body = json!({ "schemas": [USER], "userName": name });
    assert_eq!(scratch.create("/Users", &body)["userName"], json!(name));
}

/// A user needs a `userName` with something in it.
fn r_user_02(run: &Run) {
    let scratch = run.shared();
    scratch.post("/Users", &json!({ "schemas": [USER] })).expect_error(400, &["invalidValue"]);
    for name in [json!(null), json!(""), json!([])] {
        let body = with(&user("x"), &json!({ "userName": name }));
        scratch.post("/Users", &body).expect_error(400, &["invalidValue"]);
    }
}

/// `userName` is unique ignoring case.
fn r_user_03(run: &Run) {
    let scratch = run.shared();
    for name in [unique("bjensen"), unique("bjensen-ÄÖ")] {
        if !name.is_ascii() && scratch.post("/Users", &user(&name)).status == 400 {
            // A server may take addresses alone for names.
            continue;
        }
        if name.is_ascii() {
            scratch.create("/Users", &user(&name));
        }
        for other in [name.clone(), name.to_uppercase(), name.replace("bj", "Bj")] {
            scratch.post("/Users", &user(&other)).expect_error(409, &["uniqueness"]);
        }
    }
}

/// Names that differ in width or composition are one name.
fn r_user_04(run: &Run) {
    let scratch = run.shared();
    let tail = unique("n");
    if scratch.post("/Users", &user(&format!("zoë-{tail}"))).status == 400 {
        skip("the server takes no names with letters beyond ASCII");
    }
    let decomposed = format!("zoe\u{308}-{tail}");
    scratch.post("/Users", &user(&decomposed)).expect_error(409, &["uniqueness"]);
    let found = scratch.total(&format!("/Users?filter={}", encode(&format!("userName eq \"{decomposed}\""))));
    assert_eq!(found, 1, "the filter does not compare prepared names");

    scratch.create("/Users", &user(&format!("abc-{tail}")));
    let wide = format!("\u{ff41}\u{ff42}\u{ff43}-{tail}");
    scratch.post("/Users", &user(&wide)).expect_error(409, &["uniqueness"]);
}

/// `userName` is shown in the case in which it was sent.
fn r_user_05(run: &Run) {
    let scratch = run.shared();
    let name = unique("case").replace("case", "CamelCase");
    let person = scratch.create("/Users", &user(&name));
    assert_eq!(name_of(&person), name);
    assert_eq!(name_of(&scratch.again(&person)), name);
    let filter = encode(&format!("userName eq \"{}\"", name.to_lowercase()));
    assert_eq!(scratch.list(&format!("/Users?filter={filter}"))["Resources"][0]["userName"], json!(name));
}

/// A user can be renamed and stays the same resource.
fn r_user_06(run: &Run) {
    let scratch = run.shared();
    let (person, other) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let by_put = scratch.replace(&person, &user(&unique("renamed")));
    assert_eq!(by_put["id"], person["id"]);
    let name = unique("renamed");
    let by_patch = scratch.change(&person, json!([{ "op": "replace", "path": "userName", "value": name }]));
    assert_eq!((&by_patch["id"], &by_patch["userName"]), (&person["id"], &json!(name)));
    scratch.refuse_put(&person, &user(name_of(&other)), 409, "uniqueness");
    scratch.create("/Users", &user(name_of(&person)));
}

/// The parts of a name come back one by one.
fn r_user_07(run: &Run) {
    let scratch = run.shared();
    let name = json!({
        "formatted": "Ms. Barbara J Jensen, III",
        "familyName": "Jensen",
        "givenName": "Barbara",
        "middleName": "Jane",
        "honorificPrefix": "Ms.",
        "honorificSuffix": "III",
    });
    let name = run.service().with_parts(USER, "name", &name);
    assert_eq!(scratch.person(&json!({ "name": name }))["name"], name);
}

/// Whichever parts of a name are shown, they are those that were sent.
fn r_user_08(run: &Run) {
    let scratch = run.shared();
    for name in [
        json!({ "formatted": "Kim Doe" }),
        json!({ "givenName": "Kim", "familyName": "Doe" }),
        json!({ "formatted": "Kim Doe", "givenName": "Kim", "familyName": "Doe" }),
    ] {
        let stored = scratch.person(&json!({ "name": name }))["name"].clone();
        for (part, text) in [("formatted", "Kim Doe"), ("givenName", "Kim"), ("familyName", "Doe")] {
            let shown = &stored[part];
            let kept =
                shown.is_null() || *shown == text || shown.as_str().is_some_and(|shown| shown.contains(text));
            assert!(kept && (name[part].is_null() || *shown == text), "{name} became {stored}");
        }
    }
}

/// Plain text attributes take any text.
fn r_user_09(run: &Run) {
    let scratch = run.shared();
    for text in ["Vice President", "工程师 🚀", " spaced  out ", "a'b\"c\\d<e>&%_", "\u{202e}rtl", "e\u{301}"]
    {
        for name in ["displayName", "nickName", "title", "userType"] {
            assert_eq!(scratch.person(&json!({ name: text }))[name], text);
        }
    }
}

/// `profileUrl` is a URL; what cannot be one is refused.
fn r_user_10(run: &Run) {
    let scratch = run.shared();
    let url = "https://people.example/bjensen?x=1#top";
    assert_eq!(scratch.person(&json!({ "profileUrl": url }))["profileUrl"], url);
    for wrong in [json!("http://["), json!("https://a b/"), json!(5)] {
        let body = with(&user(&unique("user")), &json!({ "profileUrl": wrong }));
        scratch.post("/Users", &body).expect_error(400, &["invalidValue"]);
    }
}

/// `preferredLanguage` takes what `Accept-Language` takes.
fn r_user_11(run: &Run) {
    let scratch = run.shared();
    for text in ["en", "en-US", "en-US, fr;q=0.8", "zh-Hant-TW", "*"] {
        assert_eq!(scratch.person(&json!({ "preferredLanguage": text }))["preferredLanguage"], text);
    }
}

/// `locale` takes language tags; where it is checked, blanks are refused.
fn r_user_12(run: &Run) {
    let scratch = run.shared();
    for tag in ["en-US", "de-CH-1996"] {
        assert_eq!(scratch.person(&json!({ "locale": tag }))["locale"], tag);
    }
    kept_or_refused(&scratch, &json!({ "locale": "en US" }));
}

/// `timezone` takes names of the IANA database; where it is checked, others are refused.
fn r_user_13(run: &Run) {
    let scratch = run.shared();
    assert_eq!(scratch.person(&json!({ "timezone": "Europe/Zurich" }))["timezone"], "Europe/Zurich");
    kept_or_refused(&scratch, &json!({ "timezone": "GMT+25" }));
}

/// An inactive user can still be read and found.
fn r_user_14(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "active": true }));
    let stored = scratch.change(&person, json!([{ "op": "replace", "path": "active", "value": false }]));
    assert_eq!(stored["active"], false);
    for filter in [
        format!("userName eq \"{}\"", name_of(&person)),
        format!("id eq \"{}\" and active eq false", id_of(&person)),
    ] {
        assert_eq!(scratch.total(&format!("/Users?filter={}", encode(&filter))), 1, "{filter}");
    }
    let body = with(&user(name_of(&person)), &json!({ "active": true }));
    assert_eq!(scratch.replace(&person, &body)["active"], true);
}

/// A user is active unless the client says otherwise.
fn r_user_15(run: &Run) {
    let scratch = run.shared();
    assert_eq!(scratch.person(&json!({}))["active"], true);
    assert_eq!(scratch.person(&json!({ "active": false }))["active"], false);
}

/// A password is accepted by POST, PUT and PATCH and never shown.
fn r_user_16(run: &Run) {
    let scratch = run.shared();
    let (name, password) = (unique("user"), unique("Secret-Word-8"));
    let body = with(&user(&name), &json!({ "password": password }));
    let created = scratch.post("/Users", &body).expect_status(201);
    let path = format!("/Users/{}", created.id());
    let change = patch_op(json!([{ "op": "replace", "path": "password", "value": password }]));
    let filter = encode(&format!("userName eq \"{name}\""));
    for answer in [
        created,
        scratch.put(&path, &body).expect_status(200),
        accepted(scratch.patch(&path, &change)),
        scratch.get(&path).expect_status(200),
        scratch.get(&format!("/Users?filter={filter}")).expect_status(200),
    ] {
        if answer.text.contains("assword") || answer.text.contains(&password) {
            answer.fail("the password shows");
        }
    }
}

/// A password is not shown when it is asked for by name either.
fn r_user_17(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "password": unique("Secret-Word-8") }));
    let filter = encode(&format!("userName eq \"{}\"", name_of(&person)));
    for path in [
        format!("{}?attributes=password", path_of(&person)),
        format!("/Users?filter={filter}&attributes=password"),
        format!("/Users?filter={filter}&attributes={USER}:password"),
    ] {
        let answer = scratch.get(&path).expect_status(200);
        assert!(!answer.text.contains("assword"), "{}", answer.text);
    }
}

/// Where a policy refuses a password, the refusal does not repeat it.
fn r_user_20(run: &Run) {
    let scratch = run.shared();
    let body = with(&user(&unique("user")), &json!({ "password": "zq7" }));
    let answer = scratch.post("/Users", &body).check();
    if answer.status != 201 {
        let answer = answer.expect_error(400, &["invalidValue"]);
        assert!(!answer.text.contains("zq7"), "{}", answer.text);
    } else if answer.text.contains("zq7") {
        answer.fail("the password shows");
    }
}

/// Nobody can filter by a password or reach into it.
fn r_user_21(run: &Run) {
    let scratch = run.shared();
    for filter in ["password eq \"x\"", "password sw \"x\"", "userName pr and password co \"x\""] {
        scratch.bad_filter(filter);
    }
    let person = scratch.person(&json!({}));
    let change = json!([{ "op": "replace", "path": "password[value eq \"x\"]", "value": "y" }]);
    scratch.refuse(&person, change, &["invalidPath", "invalidFilter"]);
}

/// Elements of multi-valued attributes keep `value`, `display`, `type` and `primary`.
fn r_user_22(run: &Run) {
    let scratch = run.shared();
    let mut extra = json!({});
    for (name, kinds, values) in PLURAL {
        let element = |value: &str, kind: &str, primary: bool| {
            let mut element = json!({ "value": value, "display": "Shown", "primary": primary });
            if !kind.is_empty() {
                element["type"] = json!(kind);
            }
            run.service().with_parts(USER, name, &element)
        };
        extra[name] = json!([element(values[0], kinds[0], true), element(values[1], kinds[1], false)]);
    }
    let certificate = json!({ "value": CERTIFICATE, "display": "Shown", "primary": true });
    extra["x509Certificates"] = json!([run.service().with_parts(USER, "x509Certificates", &certificate)]);
    let person = scratch.person(&extra);
    for (name, sent) in extra.as_object().expect("object") {
        for (sent, stored) in
            sent.as_array().into_iter().flatten().zip(person[name].as_array().into_iter().flatten())
        {
            for part in ["value", "display", "type"] {
                assert_eq!(sent[part], stored[part], "{name}: {person}");
            }
            let primary = stored["primary"].as_bool().unwrap_or_default();
            assert_eq!(sent["primary"].as_bool().unwrap_or_default(), primary, "{name}: {person}");
        }
        assert_eq!(person[name].as_array().map(Vec::len), sent.as_array().map(Vec::len), "{name}: {person}");
    }
}

/// An e-mail address has an `@`.
fn r_user_23(run: &Run) {
    let scratch = run.shared();
    let good = json!([{ "value": "o'neil+tag@people.example" }]);
    assert_eq!(scratch.person(&json!({ "emails": good }))["emails"][0]["value"], good[0]["value"]);
    let body = with(&user(&unique("user")), &json!({ "emails": [{ "value": "no-at-sign" }] }));
    run.at_most(Level::Proj, || {
        scratch.post("/Users", &body).expect_error(400, &["invalidValue"]);
    });
}

/// Telephone numbers may be `tel:` URIs or free text.
fn r_user_24(run: &Run) {
    let scratch = run.shared();
    for number in ["tel:+1-201-555-0123", "+41 44 555 01 23", "(201) 555-0123 ext. 9", "0800 FLOWERS"] {
        let stored = scratch.person(&json!({ "phoneNumbers": [{ "value": number, "type": "work" }] }));
        assert_eq!(stored["phoneNumbers"][0]["value"], number);
    }
}

/// Addresses keep all their parts.
fn r_user_25(run: &Run) {
    let scratch = run.shared();
    let address = json!({
        "formatted": "100 Universal City Plaza\nHollywood, CA 91608 US",
        "streetAddress": "100 Universal City Plaza",
        "locality": "Hollywood",
        "region": "CA",
        "postalCode": "91608",
        "country": "US",
        "type": "work",
        "primary": true,
    });
    let address = run.service().with_parts(USER, "addresses", &address);
    assert_eq!(scratch.person(&json!({ "addresses": [address] }))["addresses"], json!([address]));
}

/// `country` takes two-letter codes; where it is checked, three letters are refused.
fn r_user_26(run: &Run) {
    let scratch = run.shared();
    let stored = scratch.person(&json!({ "addresses": [{ "country": "US" }] }));
    assert_eq!(stored["addresses"][0]["country"], "US");
    kept_or_refused(&scratch, &json!({ "addresses": [{ "country": "USA" }] }));
}

/// A photo is a reference, kept as it is.
fn r_user_27(run: &Run) {
    let scratch = run.shared();
    let photo = "https://photos.people.example/profilephoto/72930000000Ccne/F";
    let stored = scratch.person(&json!({ "photos": [{ "value": photo, "type": "photo" }] }));
    assert_eq!(stored["photos"][0]["value"], photo);
    let body = with(&user(&unique("user")), &json!({ "photos": [{ "value": 5 }] }));
    scratch.post("/Users", &body).expect_error(400, &["invalidValue"]);
}

/// `groups` cannot be written: ignored in POST and PUT, refused in PATCH.
fn r_user_28(run: &Run) {
    let scratch = run.shared();
    let team = scratch.team(&json!({}));
    let claim = json!({ "groups": [member(&team)] });
    let person = scratch.person(&claim);
    assert_unassigned(&person, "groups");
    let stored = scratch.replace(&person, &with(&user(name_of(&person)), &claim));
    assert_unassigned(&stored, "groups");
    for op in ["add", "replace"] {
        let change = json!([{ "op": op, "path": "groups", "value": [member(&team)] }]);
        scratch.refuse(&person, change, &[]);
    }
    assert_unassigned(&scratch.again(&team), "members");
}

/// A member sees its group in `groups`, with id and URI.
fn r_user_29(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let team = scratch.team_of(&[&person]);
    let stored = scratch.again(&person);
    run.at_most(Level::Should, || assert!(!is_unassigned(&stored["groups"]), "no `groups` in {stored}"));
    let shown = element(shown_groups(&stored), "value", id_of(&team));
    run.at_most(Level::Should, || assert!(!shown["$ref"].is_null(), "no `$ref` in {shown}"));
    if let Some(reference) = shown["$ref"].as_str() {
        assert_eq!(scratch.get(reference).expect_status(200).id(), id_of(&team));
    }
    scratch.change(&team, json!([{ "op": "remove", "path": "members" }]));
    assert!(!values(&scratch.again(&person)["groups"], "value").contains(&id_of(&team).to_owned()));
}

/// `groups.type` tells one's own membership from one through a nested group.
fn r_user_30(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let inner = scratch.team_of(&[&person]);
    let body = with(&group(&unique("team")), &json!({ "members": [member(&inner)] }));
    let outer = scratch.post("/Groups", &body).check();
    let stored = scratch.again(&person);
    assert_eq!(element(shown_groups(&stored), "value", id_of(&inner))["type"], "direct");
    if outer.status == 201 && values(&stored["groups"], "value").contains(&outer.id()) {
        assert_eq!(element(&stored["groups"], "value", &outer.id())["type"], "indirect");
    }
}

/// `groups.$ref` leads to a group.
fn r_user_31(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let team = scratch.team_of(&[&person]);
    let stored = scratch.again(&person);
    let reference = shown_groups(&stored)[0]["$ref"].as_str();
    let reference = reference.unwrap_or_else(|| skip("the `groups` of the server have no `$ref`"));
    assert_eq!(scratch.get(reference).expect_status(200).id(), id_of(&team));
}

/// A certificate is base64; junk is refused, and where certificates are checked so is half of one.
fn r_user_32(run: &Run) {
    let scratch = run.shared();
    let stored = scratch.person(&json!({ "x509Certificates": [{ "value": CERTIFICATE }] }));
    assert_eq!(stored["x509Certificates"][0]["value"], CERTIFICATE);
    let body = with(&user(&unique("user")), &json!({ "x509Certificates": [{ "value": "not base64 !" }] }));
    scratch.post("/Users", &body).expect_error(400, &["invalidValue"]);
    kept_or_refused(&scratch, &json!({ "x509Certificates": [{ "value": "AAAA" }] }));
}

/// Roles and entitlements take any text.
fn r_user_33(run: &Run) {
    let scratch = run.shared();
    for name in ["roles", "entitlements"] {
        let any = json!([{ "value": "Räuber & Gendarm" }, { "value": "{\"id\":\"1\"}" }]);
        let stored = scratch.person(&json!({ name: any }));
        assert_eq!(values(&stored[name], "value"), values(&any, "value"));
        // A server may limit the types to those that its schemas list (RFC 7643 §7).
        run.at_most(Level::Proj, || {
            let typed = json!([{ "value": "x", "type": "anything" }]);
            assert_eq!(scratch.person(&json!({ name: typed }))[name], typed);
        });
    }
}

/// Requires that a doubtful value is either refused as `invalidValue` or kept exactly.
fn kept_or_refused(scratch: &Scratch, extra: &Value) {
    let answer = scratch.post("/Users", &with(&user(&unique("user")), extra)).check();
    if answer.status != 201 {
        answer.expect_error(400, &["invalidValue"]);
        return;
    }
    let stored = answer.json();
    for (name, sent) in extra.as_object().expect("object") {
        assert_eq!(&stored[name], sent, "accepted, but not kept");
    }
}
