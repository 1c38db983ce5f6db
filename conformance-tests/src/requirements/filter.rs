//! Filters on lists: attributes, operators, logic and value paths (RFC 7644 §3.4.2.2).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{ENTERPRISE, LIST, id_of, name_of, with};
use crate::{Level, encode, unique};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_filter_01,
    r_filter_02,
    r_filter_03,
    r_filter_04,
    r_filter_05,
    r_filter_06,
    r_filter_07,
    r_filter_08,
    r_filter_09,
    r_filter_10,
    r_filter_11,
    r_filter_12,
    r_filter_13,
    r_filter_15,
    r_filter_16,
    r_filter_17,
    r_filter_18,
    r_filter_19,
    r_filter_20,
    r_filter_21,
    r_filter_22,
    r_filter_23,
    r_filter_24,
    r_filter_25,
    r_filter_26,
    r_filter_27,
    r_filter_28,
    r_filter_29,
    r_filter_30,
    r_filter_31,
    r_filter_32,
    r_filter_48,
    r_filter_49,
    r_filter_51,
];

/// `eq` on `userName` answers a list with exactly the user of that name.
fn r_filter_01(run: &Run) {
    let scratch = run.shared();
    let (person, _other) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let answer = scratch.filtered("/Users", &format!("userName eq \"{}\"", name_of(&person)));
    let list = answer.expect_status(200).json();
    assert_eq!(list["schemas"], json!([LIST]));
    assert_eq!(list["totalResults"], 1);
    assert_eq!(list["Resources"], json!([person]));
}

/// A filter that nothing matches is 200 with no results.
fn r_filter_02(run: &Run) {
    let scratch = run.shared();
    for endpoint in ["/Users", "/Groups"] {
        let answer = scratch.filtered(endpoint, &format!("externalId eq \"{}\"", unique("nobody")));
        assert_eq!(answer.expect_status(200).at("/totalResults"), Some(json!(0)));
    }
}

/// Names, operators and connectives are read in any case.
fn r_filter_03(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[("a", json!({ "nickName": "x", "title": "t" })), ("b", json!({}))]);
    people.expect("NICKNAME Eq \"x\" AND TITLE PR", &["a"]);
    people.expect("NickName EQ \"X\" Or NOT (tItLe pR)", &["a", "b"]);
}

/// `true`, `false` and `null` are lower-case JSON literals.
fn r_filter_04(run: &Run) {
    let scratch = run.shared();
    for filter in ["active eq True", "active eq FALSE", "title eq Null", "title eq NULL"] {
        scratch.bad_filter(filter);
    }
    let people = scratch.people(&[("a", json!({ "active": true })), ("b", json!({ "active": false }))]);
    people.expect("active eq true", &["a"]);
    people.expect("active eq false", &["b"]);
}

/// `eq` minds the case of case-exact attributes only.
fn r_filter_05(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[
        ("a", json!({ "nickName": "Jörg", "title": "Straße", "externalId": "abc" })),
        ("b", json!({ "nickName": "other", "externalId": "ABC" })),
    ]);
    people.expect("nickName eq \"OTHER\"", &["b"]);
    people.expect("nickName eq \"JÖRG\"", &["a"]);
    run.at_most(Level::Proj, || people.expect("title eq \"STRASSE\"", &["a"]));
    people.expect("externalId eq \"abc\"", &["a"]);
    people.expect("externalId eq \"ABC\"", &["b"]);
    people.expect("externalId eq \"Abc\"", &[]);
}

/// `ne` is the opposite of `eq` for an assigned single value.
fn r_filter_06(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[("a", json!({ "nickName": "one" })), ("b", json!({ "nickName": "two" }))]);
    people.expect("nickName ne \"ONE\"", &["b"]);
    people.expect("nickName eq \"one\"", &["a"]);
    people.expect("nickName ne \"three\"", &["a", "b"]);
}

/// `ne` is true of an unassigned attribute.
fn r_filter_07(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[("a", json!({ "title": "x" })), ("b", json!({}))]);
    people.expect("title ne \"x\"", &["b"]);
    people.expect("title ne \"y\"", &["a", "b"]);
}

/// `co`, `sw` and `ew` match a part, the start, the end, and the whole text.
fn r_filter_08(run: &Run) {
    let scratch = run.shared();
    let people =
        scratch.people(&[("a", json!({ "title": "Tour Guide" })), ("b", json!({ "title": "Guided" }))]);
    people.expect("title co \"GUIDE\"", &["a", "b"]);
    people.expect("title sw \"guide\"", &["b"]);
    people.expect("title ew \"guide\"", &["a"]);
    for operator in ["co", "sw", "ew"] {
        people.expect(&format!("title {operator} \"tour guide\""), &["a"]);
    }
}

/// The empty text is part, start and end of every assigned value.
fn r_filter_09(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[("a", json!({ "title": "x" })), ("b", json!({}))]);
    for operator in ["co", "sw", "ew"] {
        people.expect(&format!("title {operator} \"\""), &["a"]);
    }
}

/// Percent, underscore, star and backslash stand for themselves.
fn r_filter_10(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[
        ("back", json!({ "title": "a\\b" })),
        ("percent", json!({ "title": "100% sure" })),
        ("plain", json!({ "title": "100 sure" })),
        ("star", json!({ "title": "a*b" })),
        ("under", json!({ "title": "a_b" })),
    ]);
    people.expect("title co \"%\"", &["percent"]);
    people.expect("title co \"_\"", &["under"]);
    people.expect("title eq \"a_b\" or title sw \"a_\" or title ew \"_b\"", &["under"]);
    people.expect("title co \"*\"", &["star"]);
    people.expect("title co \"\\\\\"", &["back"]);
    people.expect("title eq \"a%b\"", &[]);
}

/// Ordering of text is lexical after case folding.
fn r_filter_11(run: &Run) {
    let scratch = run.shared();
    let fruit = |name: &str| json!({ "nickName": name });
    let people = scratch.people(&[
        ("a", fruit("apple")),
        ("b", fruit("Banana")),
        ("c", fruit("cherry")),
        ("d", json!({})),
    ]);
    people.expect("nickName gt \"banana\"", &["c"]);
    people.expect("nickName ge \"BANANA\"", &["b", "c"]);
    people.expect("nickName lt \"banana\"", &["a"]);
    people.expect("nickName le \"Banana\"", &["a", "b"]);
    people.expect("nickName lt \"zebra\"", &["a", "b", "c"]);
}

/// Ordering of dates compares instants, whatever the offset.
fn r_filter_12(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[("a", json!({}))]);
    for name in ["created", "lastModified"] {
        let stamp = people.of("a")["meta"][name].as_str().expect("meta has dates").to_owned();
        for same in [stamp.clone(), elsewhere(&stamp)] {
            people.expect(&format!("meta.{name} ge \"{same}\""), &["a"]);
            people.expect(&format!("meta.{name} le \"{same}\""), &["a"]);
            people.expect(&format!("meta.{name} gt \"{same}\""), &[]);
            people.expect(&format!("meta.{name} lt \"{same}\""), &[]);
        }
        people.expect(&format!("meta.{name} gt \"2011-05-13T04:42:34Z\""), &["a"]);
        people.expect(&format!("meta.{name} lt \"2011-05-13T04:42:34+02:00\""), &[]);
    }
}

/// `eq` and `ne` on dates compare instants too, fractions included.
fn r_filter_13(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[("a", json!({}))]);
    let stamp = people.of("a")["meta"]["created"].as_str().expect("meta has dates").to_owned();
    let bare = stamp.trim_end_matches('Z');
    let longer = if bare.contains('.') { format!("{bare}000Z") } else { format!("{bare}.000Z") };
    for same in [&stamp, &longer, &elsewhere(&stamp)] {
        people.expect(&format!("meta.created eq \"{same}\""), &["a"]);
        people.expect(&format!("meta.created ne \"{same}\""), &[]);
    }
    people.expect("meta.created ne \"2011-05-13T04:42:34Z\"", &["a"]);
}

/// Ordering on boolean and binary values is refused.
fn r_filter_15(run: &Run) {
    let scratch = run.shared();
    for operator in ["gt", "ge", "lt", "le"] {
        scratch.bad_filter(&format!("active {operator} true"));
        scratch.bad_filter(&format!("x509Certificates.value {operator} \"MIID\""));
        scratch.bad_filter(&format!("emails[primary {operator} true]"));
    }
}

/// Substring operators need text, and nothing is ordered against `null`.
fn r_filter_16(run: &Run) {
    let scratch = run.shared();
    for operator in ["co", "sw", "ew"] {
        scratch.bad_filter(&format!("active {operator} true"));
        scratch.bad_filter(&format!("meta.created {operator} \"2011\""));
    }
    for operator in ["gt", "ge", "lt", "le", "co", "sw", "ew"] {
        scratch.bad_filter(&format!("title {operator} null"));
    }
}

/// An operand of the wrong JSON type is refused.
fn r_filter_17(run: &Run) {
    let scratch = run.shared();
    for filter in ["active eq \"yes\"", "active eq \"true\"", "active eq 1", "userName eq 5", "title eq true"]
    {
        scratch.bad_filter(filter);
    }
}

/// An operand that is no date is refused where a date is needed.
fn r_filter_18(run: &Run) {
    let scratch = run.shared();
    for operand in ["\"yesterday\"", "\"2011-05-13\"", "\"2011-02-30T00:00:00Z\"", "1305261754", "true"] {
        run.at_most(Level::Should, || {
            scratch.bad_filter(&format!("meta.created gt {operand}"));
            scratch.bad_filter(&format!("meta.lastModified eq {operand}"));
        });
    }
}

/// `pr` needs a value with something in it.
fn r_filter_19(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[
        ("blank", json!({ "title": "", "emails": [], "name": {} })),
        (
            "full",
            json!({ "title": "x", "emails": [{ "value": "f@x.example" }], "name": { "givenName": "F" } }),
        ),
        ("none", json!({})),
    ]);
    for attribute in ["title", "emails", "emails.value", "name", "name.givenName"] {
        people.expect(&format!("{attribute} pr"), &["full"]);
        people.expect(&format!("not ({attribute} pr)"), &["blank", "none"]);
    }
}

/// `eq null` selects what is unassigned, `ne null` what is assigned.
fn r_filter_20(run: &Run) {
    let scratch = run.shared();
    let people = scratch
        .people(&[("a", json!({ "title": "x", "emails": [{ "value": "a@x.example" }] })), ("b", json!({}))]);
    for attribute in ["title", "emails"] {
        people.expect(&format!("{attribute} eq null"), &["b"]);
        people.expect(&format!("{attribute} ne null"), &["a"]);
    }
}

/// A sub-attribute of a complex attribute is compared.
fn r_filter_21(run: &Run) {
    let scratch = run.shared();
    let family = |name: &str| json!({ "name": { "familyName": name, "givenName": "Kim" } });
    let people = scratch.people(&[("a", family("O'Malley")), ("b", family("Jensen"))]);
    people.expect("name.familyName co \"O'Malley\"", &["a"]);
    people.expect("name.givenName eq \"kim\"", &["a", "b"]);
}

/// A single-valued complex attribute cannot be compared itself; `pr` is fine.
fn r_filter_22(run: &Run) {
    let scratch = run.shared();
    scratch.bad_filter("name eq \"x\"");
    scratch.bad_filter("meta eq \"x\"");
    scratch.bad_filter(&format!("{ENTERPRISE}:manager eq \"1\""));
    let people = scratch.people(&[("a", json!({ "name": { "givenName": "A" } })), ("b", json!({}))]);
    people.expect("name pr", &["a"]);
}

/// A multi-valued complex attribute compares its `value` when no sub-attribute is named.
fn r_filter_23(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&emails());
    for attribute in ["emails", "emails.value"] {
        people.expect(&format!("{attribute} co \"@x.example\""), &["both", "split"]);
        people.expect(&format!("{attribute} eq \"BOTH@x.example\""), &["both"]);
    }
}

/// One matching value of a multi-valued attribute is enough.
fn r_filter_24(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&emails());
    people.expect("emails.type eq \"home\"", &["both", "split"]);
    people.expect("emails.type ne \"work\"", &["both", "none", "split"]);
    people.expect("not (emails.type eq \"work\")", &["none"]);
}

/// Two comparisons may be met by two elements; a value path wants one element to meet both.
fn r_filter_25(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&emails());
    people.expect("emails.type eq \"work\" and emails.value co \"@x.example\"", &["both", "split"]);
    people.expect("emails[type eq \"work\" and value co \"@x.example\"]", &["both"]);
    people.expect("not (emails[type eq \"work\" and value co \"@x.example\"])", &["none", "split"]);
}

/// `and` binds tighter than `or`.
fn r_filter_26(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&logic());
    people.expect("title pr or userType eq \"A\" and active eq true", &["a-active", "titled", "titled-off"]);
    people.expect("active eq true and userType eq \"A\" or title pr", &["a-active", "titled", "titled-off"]);
}

/// Brackets override precedence.
fn r_filter_27(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&logic());
    people.expect("(title pr or userType eq \"A\") and active eq true", &["a-active", "titled"]);
}

/// `not` turns round the bracketed expression and nothing after it.
fn r_filter_28(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&logic());
    people.expect("not (title pr) and userType eq \"A\"", &["a-active", "a-off"]);
    people.expect("not (title pr) or userType eq \"B\"", &["a-active", "a-off", "titled", "titled-off"]);
    people.expect("not (not (title pr))", &["titled", "titled-off"]);
}

/// `not(` and `not (` both stand.
fn r_filter_29(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&logic());
    people.expect("not(title pr)", &["a-active", "a-off"]);
    people.expect("not (title pr)", &["a-active", "a-off"]);
}

/// `not` without brackets is refused.
fn r_filter_30(run: &Run) {
    let scratch = run.shared();
    for filter in ["not title pr", "not active eq true", "title pr and not nickName pr"] {
        scratch.bad_filter(filter);
    }
}

/// A value path holds full logic.
fn r_filter_31(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&emails());
    people.expect("emails[type eq \"other\" or (type eq \"home\" and value ew \"@x.example\")]", &["split"]);
    people.expect("emails[not (type eq \"work\")]", &["both", "split"]);
    people.expect("emails[not(type eq \"work\" or type eq \"home\")]", &[]);
}

/// A value path inside a value path is refused.
fn r_filter_32(run: &Run) {
    let scratch = run.shared();
    scratch.bad_filter("emails[type eq \"work\" and emails[value pr]]");
    scratch.bad_filter("emails[value[type pr]]");
}

/// Filters select by the common attributes.
fn r_filter_48(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[("a", json!({ "externalId": "ext-1" })), ("b", json!({}))]);
    let id = id_of(people.of("a"));
    let created = people.of("a")["meta"]["created"].as_str().expect("meta has dates");
    people.expect(&format!("id eq \"{id}\""), &["a"]);
    people.expect("externalId eq \"ext-1\"", &["a"]);
    people.expect(&format!("meta.created le \"{created}\" and id eq \"{id}\""), &["a"]);
    people.expect("meta.lastModified gt \"2001-01-01T00:00:00Z\"", &["a", "b"]);
    people.expect("meta.resourceType eq \"User\"", &["a", "b"]);
    people.expect("meta.resourceType eq \"Group\"", &[]);
}

/// A defaulted attribute is filtered by the value that its writer was shown.
fn r_filter_49(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[("a", json!({})), ("off", json!({ "active": false }))]);
    match people.of("a")["active"].as_bool() {
        Some(shown) => {
            people.expect(&format!("active eq {shown}"), if shown { &["a"] } else { &["a", "off"] });
        }
        None => people.expect("not (active pr)", &["a"]),
    }
}

/// The filter counts before paging does.
fn r_filter_51(run: &Run) {
    let scratch = run.shared();
    let marker = unique("paged");
    for number in 0..5 {
        let title = if number < 3 { "in" } else { "out" };
        scratch.person(&json!({ "displayName": marker, "title": title }));
    }
    let filter = encode(&format!("displayName eq \"{marker}\" and title eq \"in\""));
    let page = scratch.list(&format!("/Users?filter={filter}&startIndex=2&count=1"));
    assert_eq!((&page["totalResults"], &page["itemsPerPage"]), (&json!(3), &json!(1)), "{page}");
    assert_eq!(page["Resources"][0]["title"], "in");
}

/// The same instant in another zone: five hours on or back, so that the day stays.
fn elsewhere(stamp: &str) -> String {
    let hour: i32 = stamp[11..13].parse().expect("an hour stands after the T");
    let (shifted, zone) = if hour < 12 { (hour + 5, "+05:00") } else { (hour - 5, "-05:00") };
    format!("{}{shifted:02}{}{zone}", &stamp[..11], stamp[13..].trim_end_matches('Z'))
}

/// `both`: a work address at x; `split`: work elsewhere, home at x; `none`: no address.
fn emails() -> [(&'static str, Value); 3] {
    let address = |value: &str, kind: &str| json!({ "value": value, "type": kind });
    [
        ("both", json!({ "emails": [address("both@x.example", "work"), address("both@y.example", "home")] })),
        ("none", json!({})),
        (
            "split",
            json!({ "emails": [address("split@y.example", "work"), address("split@x.example", "home")] }),
        ),
    ]
}

/// Users that differ in `title`, `userType` and `active`.
fn logic() -> [(&'static str, Value); 4] {
    let kind = |kind: &str, active: bool| json!({ "userType": kind, "active": active });
    let title = json!({ "title": "T" });
    [
        ("a-active", kind("A", true)),
        ("a-off", kind("A", false)),
        ("titled", with(&kind("B", true), &title)),
        ("titled-off", with(&kind("B", false), &title)),
    ]
}
