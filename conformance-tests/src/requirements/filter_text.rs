//! Filters as text: schema URNs, literals, encoding, malformed and hostile input (RFC 7644 §3.4.2.2, §3.10).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    ENTERPRISE, SEARCH, Scratch, USER, id_of, name_of, path_of, shown_groups, values, with,
};
use crate::{Level, encode, group, skip, unique, user};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_filter_33,
    r_filter_34,
    r_filter_35,
    r_filter_36,
    r_filter_37,
    r_filter_38,
    r_filter_39,
    r_filter_40,
    r_filter_41,
    r_filter_42,
    r_filter_43,
    r_filter_44,
    r_filter_45,
    r_filter_46,
    r_filter_47,
    r_filter_50,
    r_filter_52,
    r_filter_53,
    r_filter_54,
    r_filter_55,
    r_filter_57,
    r_filter_58,
    r_filter_59,
    r_filter_60,
];

/// A core attribute may carry its schema's URN.
fn r_filter_33(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[
        ("a", json!({ "nickName": "Jo", "name": { "givenName": "Jo" } })),
        ("b", json!({ "nickName": "Al" })),
    ]);
    people.expect(&format!("{USER}:nickName sw \"J\""), &["a"]);
    people.expect(&format!("{USER}:name.givenName eq \"jo\""), &["a"]);
    people.expect("nickName sw \"J\"", &["a"]);
}

/// Extension attributes are named with their URN, in any case.
fn r_filter_34(run: &Run) {
    let scratch = run.shared();
    let boss = scratch.person(&json!({}));
    let work = json!({ "department": "Tours", "manager": { "value": id_of(&boss) } });
    let people = scratch.people(&[("a", json!({ ENTERPRISE: work })), ("b", json!({}))]);
    people.expect(&format!("{ENTERPRISE}:department eq \"tours\""), &["a"]);
    people.expect(&format!("{}:DEPARTMENT eq \"tours\"", ENTERPRISE.to_uppercase()), &["a"]);
    people.expect(&format!("{ENTERPRISE}:manager.value eq \"{}\"", id_of(&boss)), &["a"]);
    people.expect(&format!("not ({ENTERPRISE}:department pr)"), &["b"]);
}

/// Without its URN an extension attribute is found where the profile is lenient, and refused where it is strict.
fn r_filter_35(run: &Run) {
    let lenient = run.profile("entra");
    let people = lenient.people(&[("a", json!({ ENTERPRISE: { "department": "Tours" } })), ("b", json!({}))]);
    people.expect("department eq \"Tours\"", &["a"]);
    run.shared().bad_filter("department eq \"Tours\"");
}

/// `schemas` selects by schema or extension.
fn r_filter_36(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[("a", json!({ ENTERPRISE: { "department": "Tours" } })), ("b", json!({}))]);
    people.expect(&format!("schemas eq \"{ENTERPRISE}\""), &["a"]);
    people.expect(&format!("schemas eq \"{USER}\""), &["a", "b"]);
    run.at_most(Level::Proj, || people.expect(&format!("schemas[value eq \"{ENTERPRISE}\"]"), &["a"]));
}

/// An unknown operator is refused and named.
fn r_filter_37(run: &Run) {
    let scratch = run.shared();
    let answer = scratch.bad_filter("userName regex \"b.*\"");
    let detail = answer.at("/detail").unwrap_or_default().to_string();
    run.at_most(Level::Proj, || {
        assert!(detail.contains("regex"), "the detail does not name the operator: {detail}");
    });
}

/// An empty filter is refused.
fn r_filter_38(run: &Run) {
    let scratch = run.shared();
    for query in ["filter=", "filter=%20", "filter=+", "filter=%09", "filter"] {
        // Nobody says whether a filter that is empty is one.
        run.at_most(Level::Should, || {
            scratch.get(&format!("/Users?{query}")).expect_error(400, &["invalidFilter"]);
        });
    }
}

/// Malformed filters are refused.
fn r_filter_39(run: &Run) {
    let scratch = run.shared();
    for filter in [
        "(title pr",
        "title pr)",
        "emails[type eq \"work\"",
        "emails[type eq \"work\"]]",
        "emails[]",
        "userName eq \"x",
        "userName eq",
        "userName",
        "eq \"x\"",
        "eq",
        "title pr nickName pr",
        "title pr and",
        "or title pr",
        "title pr and or nickName pr",
        "title nickName eq \"x\"",
        "userName eq \"x\" \"y\"",
        "userName eq \"x\";",
        "userName pr \"x\"",
    ] {
        scratch.bad_filter(filter);
    }
}

/// Text literals follow JSON, escapes included.
fn r_filter_40(run: &Run) {
    let scratch = run.shared();
    let text = "q\"b\\s/n\nt\tr\rf\u{c}b\u{8}é";
    let people = scratch.people(&[("a", json!({ "nickName": text })), ("b", json!({ "nickName": "q" }))]);
    people.expect("nickName eq \"q\\\"b\\\\s\\/n\\nt\\tr\\rf\\fb\\b\\u00e9\"", &["a"]);
    for operand in ["'x'", "\"bad \\x\"", "\"\\u12\"", "\"line\nbreak\"", "\"tab\there\"", "“x”", "\"end\\\""]
    {
        scratch.bad_filter(&format!("nickName eq {operand}"));
    }
}

/// A surrogate pair is one character; half of one is refused.
fn r_filter_41(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[("a", json!({ "nickName": "😀" })), ("b", json!({ "nickName": "x" }))]);
    people.expect("nickName eq \"\\uD83D\\uDE00\"", &["a"]);
    for half in ["\\uD83D", "\\uDE00", "\\uD83D\\u0041", "\\uDE00\\uD83D"] {
        scratch.bad_filter(&format!("nickName eq \"{half}\""));
    }
}

/// Number literals follow JSON.
fn r_filter_42(run: &Run) {
    let scratch = run.shared();
    for number in ["01", "+1", ".5", "0x1", "NaN", "1.", "1e", "--1", "Infinity"] {
        scratch.bad_filter(&format!("title eq {number}"));
    }
}

/// The query is percent-decoded once.
fn r_filter_43(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[("a", json!({ "nickName": "%22" })), ("b", json!({ "nickName": "\"" }))]);
    people.expect("nickName eq \"%22\"", &["a"]);
    people.expect("nickName eq \"\\\"\"", &["b"]);
}

/// `+` in a query is a space and `%2B` a plus.
fn r_filter_44(run: &Run) {
    let scratch = run.shared();
    let tag = unique("tag");
    let name = format!("user+{tag}@people.example");
    scratch.create("/Users", &user(&name));
    let plus = format!("/Users?filter=userName+eq+%22user%2B{tag}%40people.example%22");
    assert_eq!(scratch.list(&plus)["Resources"][0]["userName"], json!(name));
    let space = format!("/Users?filter=userName+eq+%22user+{tag}%40people.example%22");
    assert_eq!(scratch.total(&space), 0);
}

/// Across resource types an attribute that a type lacks has no value there; nothing is refused.
fn r_filter_45(run: &Run) {
    let scratch = run.shared();
    let marker = unique("root");
    let person = scratch.person(&json!({ "displayName": marker }));
    scratch.create("/Groups", &group(&marker));
    let filter = format!("displayName eq \"{marker}\" and userName pr");
    let found = root_query(&scratch, &filter);
    assert!(found.is_none_or(|ids| ids == [id_of(&person)]), "only the user has a userName");
}

/// On one type an attribute that no schema defines is refused.
fn r_filter_46(run: &Run) {
    let scratch = run.shared();
    for filter in [
        "shoeSize eq \"x\"",
        "name.shoeSize pr",
        "userName.value eq \"x\"",
        "emails[shoeSize pr]",
        "members pr",
        "urn:ietf:params:scim:schemas:extension:enterprise:1.0:User:department pr",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department pr",
    ] {
        scratch.bad_filter(filter);
    }
    scratch.filtered("/Groups", "userName pr").expect_error(400, &["invalidFilter"]);
}

/// A query at the root answers resources of several types, where it is offered.
fn r_filter_47(run: &Run) {
    let scratch = run.shared();
    let marker = unique("root");
    let person = scratch.person(&json!({ "displayName": marker }));
    let team = scratch.create("/Groups", &group(&marker));
    let mut both = [id_of(&person), id_of(&team)];
    both.sort_unstable();
    let found = root_query(&scratch, &format!("displayName eq \"{marker}\""));
    assert!(found.is_none_or(|ids| ids == both), "both types have the display name");
}

/// More results than fit are counted in full, never silently cut.
fn r_filter_50(run: &Run) {
    let scratch = run.shared();
    let marker = unique("many");
    for _ in 0..4 {
        scratch.person(&json!({ "displayName": marker }));
    }
    let filter = encode(&format!("displayName eq \"{marker}\""));
    let answer = scratch.get(&format!("/Users?filter={filter}&count=3")).check();
    if answer.status == 200 {
        let shown = answer.at("/Resources").and_then(|all| all.as_array().map(Vec::len));
        assert_eq!((answer.at("/totalResults"), shown), (Some(json!(4)), Some(3)), "{}", answer.text);
    } else if answer.at("/scimType") == Some(json!("invalidFilter")) {
        skip("the server refuses the filter as unsupported, which RFC 7644 §3.12 allows");
    } else {
        answer.expect_error(400, &["tooMany"]);
    }
}

/// Query parameters that nobody knows are ignored.
fn r_filter_52(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let filter = encode(&format!("userName eq \"{}\"", name_of(&person)));
    for query in
        [format!("foo=bar&filter={filter}&x"), format!("filter={filter}&"), format!("&filter={filter}&&a=")]
    {
        assert_eq!(scratch.total(&format!("/Users?{query}")), 1, "{query}");
    }
    scratch.get("/Users?").expect_status(200);
}

/// Two `filter` parameters are refused.
fn r_filter_53(run: &Run) {
    let scratch = run.shared();
    let filter = encode("title pr");
    let path = format!("/Users?filter={filter}&filter={filter}");
    scratch.get(&path).expect_error(400, &["invalidFilter"]);
}

/// Length, nesting and the number of comparisons are limited, and hostile depth harms nobody.
fn r_filter_54(run: &Run) {
    let scratch = run.shared();
    let search = |filter: &str| {
        let body = json!({ "schemas": [SEARCH], "filter": filter, "count": 0 });
        scratch.post("/Users/.search", &body)
    };
    let nested = |depth: usize| format!("{}title pr{}", "(".repeat(depth), ")".repeat(depth));
    let many = |terms: usize| vec!["title pr"; terms].join(" or ");
    search(&nested(40)).expect_status(200);
    search(&many(500)).expect_status(200);
    search(&format!("title eq \"{}\"", "x".repeat(16_000))).expect_status(200);
    for hostile in [
        nested(60),
        nested(100_000),
        "(".repeat(100_000),
        "not (".repeat(50_000),
        many(501),
        format!("title eq \"{}\"", "x".repeat(17_000)),
    ] {
        search(&hostile).expect_error(400, &["invalidFilter"]);
    }
    search("title pr").expect_status(200);
}

/// An attribute that nobody may read selects nobody: a guess at a password tells nothing.
fn r_filter_55(run: &Run) {
    let scratch = run.shared();
    let password = unique("Secret-Word-7");
    let person = scratch.person(&json!({ "password": password }));
    let guess = |text: &str| {
        let filter = format!("userName eq \"{}\" and password eq \"{text}\"", name_of(&person));
        let answer = scratch.filtered("/Users", &filter).check();
        (answer.status, answer.text.replace(text, ""))
    };
    assert_eq!(guess(&password), guess(&unique("Wrong-Word-7")));
}

/// Groups are found by a member.
fn r_filter_57(run: &Run) {
    let scratch = run.shared();
    let (person, other) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let (team, _empty) = (scratch.team_of(&[&person]), scratch.team(&json!({})));
    for filter in ["members.value eq", "members eq"] {
        let of = |user: &Value| {
            let answer = scratch.filtered("/Groups", &format!("{filter} \"{}\"", id_of(user)));
            values(&answer.expect_status(200).json()["Resources"], "id")
        };
        assert_eq!(of(&person), [id_of(&team)], "{filter}");
        assert!(of(&other).is_empty(), "{filter}");
    }
    let shown = &scratch.again(&team)["members"][0]["type"];
    let kind = if shown == "User" { "type eq \"User\"" } else { "value pr" };
    let path = format!("members[value eq \"{}\" and {kind}]", id_of(&person));
    let answer = scratch.filtered("/Groups", &path).expect_status(200);
    assert_eq!(values(&answer.json()["Resources"], "id"), [id_of(&team)]);
}

/// Users are found by the group they are in.
fn r_filter_58(run: &Run) {
    let scratch = run.shared();
    let (person, other) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let of_team = scratch.team_of(&[&person]);
    shown_groups(&scratch.again(&person));
    scratch.delete(&path_of(&of_team)).expect_status(204);
    let (team, empty) = (scratch.team_of(&[&person]), scratch.team(&json!({})));
    for filter in ["groups.value eq", "groups eq"] {
        let inside = |group: &Value| {
            let answer = scratch.filtered("/Users", &format!("{filter} \"{}\"", id_of(group)));
            values(&answer.expect_status(200).json()["Resources"], "id")
        };
        assert_eq!(inside(&team), [id_of(&person)], "{filter} without {}", id_of(&other));
        assert!(inside(&empty).is_empty(), "{filter}");
    }
}

/// Lenient profiles accept more than one blank; the strict one keeps to the grammar.
fn r_filter_59(run: &Run) {
    let (lenient, strict) = (run.profile("entra"), run.shared());
    let name = unique("blank");
    lenient.create("/Users", &user(&name));
    for filter in [
        format!("userName  eq   \"{name}\""),
        format!("userName\teq\t\"{name}\""),
        format!("( userName eq \"{name}\" )"),
        format!(" userName eq \"{name}\" "),
    ] {
        let answer = lenient.filtered("/Users", &filter).expect_status(200);
        assert_eq!(answer.at("/totalResults"), Some(json!(1)), "{filter:?}");
        strict.bad_filter(&filter);
    }
}

/// A comparison after a value path is read as part of it by Entra's profile, and refused by the strict one.
fn r_filter_60(run: &Run) {
    let (lenient, strict) = (run.profile("entra"), run.shared());
    let (work, home) = (unique("work"), unique("home"));
    let emails = json!([
        { "value": format!("{work}@people.example"), "type": "work" },
        { "value": format!("{home}@people.example"), "type": "home" },
    ]);
    let body = with(&user(&unique("entra")), &json!({ "emails": emails }));
    let person = lenient.create("/Users", &body);
    let filter = |value: &str| format!("emails[type eq \"work\"].value eq \"{value}@people.example\"");
    let found = lenient.filtered("/Users", &filter(&work)).expect_status(200).json();
    assert_eq!(values(&found["Resources"], "id"), [id_of(&person)]);
    let missed = lenient.filtered("/Users", &filter(&home)).expect_status(200);
    assert_eq!(missed.at("/totalResults"), Some(json!(0)));
    strict.bad_filter(&filter(&work));
}

/// Ids that a query at the root finds, sorted; none where the server cleanly says that it has no such query.
fn root_query(scratch: &Scratch, filter: &str) -> Option<Vec<String>> {
    let answer = scratch.get(&format!("/?filter={}", encode(filter))).check();
    match answer.status {
        200 => Some(values(&answer.json()["Resources"], "id")),
        404 | 405 | 501 => None,
        _ => answer.fail("a query at the root is answered with a list, 404, 405 or 501"),
    }
}
