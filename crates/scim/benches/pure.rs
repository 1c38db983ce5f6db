//! What the pure parts cost: filters, resources, PATCH. Run by `cargo xtask bench`.

use divan::{Bencher, black_box};
use scim::compat::{Dialect, Profile, RequestKind};
use scim::filter::{self, FilterDialect};
use scim::patch::{MAX_OPERATIONS, PatchRequest, SCHEMA, Stored};
use scim::schema::{ENTERPRISE_USER, USER};
use scim::{Meta, Object, Registry, Resource, json, resource};
use serde_json::{Value, json as value};

fn main() {
    divan::main();
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn stored(document: Object) -> Resource {
    let at = scim::time::parse("2026-01-02T03:04:05Z").expect("an instant");
    let meta = Meta { created: at, last_modified: at, version: 1 };
    Resource { id: "1".to_owned(), document, meta }
}

fn with(resource: &Resource) -> Stored<'_> {
    Stored { resource, members: &[], base: "https://scim.example/v2", create_missing: true }
}

fn body() -> Object {
    object(value!({
        "schemas": [USER, ENTERPRISE_USER],
        "userName": "bjensen@example.com",
        "externalId": "701984",
        "active": true,
        "displayName": "Babs Jensen",
        "name": {"formatted": "Barbara Jensen", "familyName": "Jensen", "givenName": "Barbara"},
        "emails": [{"value": "bjensen@example.com", "type": "work", "primary": true}],
        "phoneNumbers": [{"value": "+1 555 0100", "type": "work"}],
        ENTERPRISE_USER: {"employeeNumber": "701984", "department": "Tours", "manager": {"value": "26118915"}}
    }))
}

#[divan::bench(args = [
    r#"userName eq "bjensen""#,
    r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"] or not (title pr)"#,
])]
fn parse_and_resolve_a_filter(bencher: Bencher<'_, '_>, text: &str) {
    let user = Registry::standard().user();
    bencher.bench(|| filter::parse(user, black_box(text), FilterDialect::default()));
}

#[divan::bench]
fn evaluate_a_filter(bencher: Bencher<'_, '_>) {
    let text = r#"emails[type eq "work" and value ew "@EXAMPLE.com"] and active eq true"#;
    let (filter, _) =
        filter::parse(Registry::standard().user(), text, FilterDialect::default()).expect("valid");
    let document = body();
    bencher.bench(|| filter.matches(black_box(&document)));
}

#[divan::bench]
fn parse_a_body(bencher: Bencher<'_, '_>) {
    let text = Value::Object(body()).to_string();
    bencher.bench(|| {
        let body = json::parse_object(black_box(text.as_bytes()), json::MAX_DEPTH).expect("valid");
        resource::parse(Registry::standard().user(), &body)
    });
}

#[divan::bench]
fn disable_in_the_most_lenient_dialect(bencher: Bencher<'_, '_>) {
    let dialect = Dialect::new(Profile::ALL[0], &[], &[]).expect("valid");
    let user = Registry::standard().user();
    let person = stored(resource::parse(user, &body()).expect("valid"));
    let operations = value!([{"op": "Replace", "path": "active", "value": "False"}]);
    let message = object(value!({"schemas": [SCHEMA], "Operations": operations}));
    bencher.bench(|| {
        let mut message = message.clone();
        dialect.request(RequestKind::Patch, user, &mut message).expect("allowed");
        let request = PatchRequest::parse(user, &message, dialect.filter(), MAX_OPERATIONS).expect("valid");
        request.apply(black_box(&with(&person)))
    });
}

#[divan::bench(args = [1, 1_000])]
fn add_members(bencher: Bencher<'_, '_>, count: usize) {
    let group = Registry::standard().group();
    let members: Vec<Value> = (0..count).map(|n| value!({"value": format!("member-{n}")})).collect();
    let operations = value!([{"op": "add", "path": "members", "value": members}]);
    let message = object(value!({"schemas": [SCHEMA], "Operations": operations}));
    let staff = stored(object(value!({"displayName": "Staff"})));
    bencher.bench(|| {
        let request =
            PatchRequest::parse(group, &message, FilterDialect::default(), MAX_OPERATIONS).expect("valid");
        request.apply(black_box(&with(&staff)))
    });
}

/// As much work as one message may ask for: a thousand operations that look at all of ten thousand values.
#[divan::bench(sample_count = 3)]
fn look_at_all_values_a_thousand_times(bencher: Bencher<'_, '_>) {
    let user = Registry::standard().user();
    let emails: Vec<Value> = (0..10_000).map(|n| value!({"value": format!("p{n}@x.example")})).collect();
    let person = stored(object(value!({"userName": "a", "emails": emails})));
    let operation = value!({"op": "replace", "path": "emails[value co \"@\"].display", "value": "x"});
    let message = object(value!({"schemas": [SCHEMA], "Operations": vec![operation; 1_000]}));
    let request =
        PatchRequest::parse(user, &message, FilterDialect::default(), MAX_OPERATIONS).expect("valid");
    bencher.bench(|| request.apply(black_box(&with(&person))));
}
