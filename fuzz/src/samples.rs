//! Resources with a value for everything that filters and paths can name.

use std::sync::{Arc, LazyLock};

use scim::compat::{Dialect, Profile};
use scim::filter::FilterDialect;
use scim::schema::{ENROLMENT, ENTERPRISE_USER};
use scim::{Meta, Object, Registry, Resource, ResourceType};
use scim_filter_parser::Lenience;
use serde_json::{Value, json};

/// The address below which the resources live.
pub const BASE: &str = "https://scim.example/v2";

/// Reads what filters may do beyond the standard: all of it.
pub const LENIENT: FilterDialect = FilterDialect {
    grammar: Lenience::ALL,
    bare_extensions: true,
    complex_value: true,
    boolean_strings: true,
};

/// A user.
pub static USER: LazyLock<Resource> = LazyLock::new(|| {
    let document = json!({
        "externalId": "E1",
        "userName": "bjensen@example.com",
        "name": {"formatted": "Ms. Barbara J Jensen", "familyName": "Jensen", "givenName": "Barbara"},
        "displayName": "Babs Jensen",
        "profileUrl": "https://login.example/bjensen",
        "title": "Tour Guide",
        "locale": "en-US",
        "active": true,
        "emails": [
            {"value": "bjensen@example.com", "type": "work", "primary": true},
            {"value": "babs@jensen.example", "type": "home", "display": "Babs"},
            {"display": "none"}
        ],
        "photos": [{"value": "https://photos.example/1", "type": "photo"}],
        "addresses": [
            {"type": "work", "streetAddress": "100 Universal City Plaza", "country": "US", "primary": true},
            {"type": "home", "locality": "Hollywood"}
        ],
        "roles": [{"value": "a"}, {"value": "b", "type": "x"}],
        "x509Certificates": [{"value": "AQID"}],
        ENTERPRISE_USER: {"employeeNumber": "701984", "department": "Tours", "manager": {"value": "26118915"}},
        ENROLMENT: {"remark": "r"}
    });
    resource(Registry::standard().user(), document)
});

/// A group, without its members.
pub static GROUP: LazyLock<Resource> = LazyLock::new(|| {
    resource(Registry::standard().group(), json!({"displayName": "Tour Guides", "externalId": "G1"}))
});

/// The members of the group.
pub static MEMBERS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let member = |(id, kind)| json!({"value": id, "type": kind, "display": "Somebody"});
    [("a", "User"), ("b", "User"), ("c", "Group")].map(member).to_vec()
});

/// Both resources, each with its members.
#[must_use]
pub fn both() -> [(&'static Resource, &'static [Value]); 2] {
    [(&USER, &[]), (&GROUP, &MEMBERS)]
}

/// The dialect of the standard, one with everything that is tolerated, and the interoperability profile.
pub static DIALECTS: LazyLock<[Dialect; 3]> = LazyLock::new(|| {
    let tolerant = Profile::ALL.into_iter().filter(|profile| *profile != Profile::Interop);
    let all: Vec<String> = tolerant.flat_map(Profile::quirks).map(|&name| name.to_owned()).collect();
    let dialect = |profile, with: &[String]| Dialect::new(profile, with, &[]).expect("known quirks");
    [dialect(Profile::Strict, &[]), dialect(Profile::Strict, &all), dialect(Profile::Interop, &[])]
});

/// The type of one of the samples, also after it was changed.
#[must_use]
pub fn type_of(resource: &Resource) -> &'static Arc<ResourceType> {
    let registry = Registry::standard();
    registry.resource_types().iter().find(|it| it.name == resource.id).unwrap_or(registry.user())
}

/// A resource that has the name of its type as its id.
fn resource(resource_type: &ResourceType, document: Value) -> Resource {
    let at = scim::time::parse("2026-01-02T03:04:05Z").expect("an instant");
    let meta = Meta { created: at, last_modified: at, version: 3 };
    Resource { id: resource_type.name.clone(), document: object(document), meta }
}

/// The object that a value is.
///
/// # Panics
/// When the value is none.
#[must_use]
pub fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}
