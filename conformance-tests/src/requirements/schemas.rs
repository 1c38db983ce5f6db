//! The Schemas endpoint and the schemas that it serves (RFC 7643 §7 and §8.7).
use crate::probe::includes;
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    CERTIFICATE, ENTERPRISE, GROUP, LIST, NOT_WRITABLE, USER, element, id_of, keys, refused, values, with,
};
use crate::{Level, encode, unique, user};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_sch_01, r_sch_02, r_sch_03, r_sch_04, r_sch_05, r_sch_06, r_sch_07, r_sch_08, r_sch_09, r_sch_10,
    r_sch_11, r_sch_12, r_sch_13, r_sch_14, r_sch_15, r_sch_16,
];

/// The user attributes of RFC 7643 §8.7.1: name, type, whether multi-valued, mutability, returned, uniqueness.
const USER_ATTRIBUTES: [(&str, &str, bool, &str, &str, &str); 21] = [
    ("userName", "string", false, "readWrite", "default", "server"),
    ("name", "complex", false, "readWrite", "default", "none"),
    ("displayName", "string", false, "readWrite", "default", "none"),
    ("nickName", "string", false, "readWrite", "default", "none"),
    ("profileUrl", "reference", false, "readWrite", "default", "none"),
    ("title", "string", false, "readWrite", "default", "none"),
    ("userType", "string", false, "readWrite", "default", "none"),
    ("preferredLanguage", "string", false, "readWrite", "default", "none"),
    ("locale", "string", false, "readWrite", "default", "none"),
    ("timezone", "string", false, "readWrite", "default", "none"),
    ("active", "boolean", false, "readWrite", "default", "none"),
    ("password", "string", false, "writeOnly", "never", "none"),
    ("emails", "complex", true, "readWrite", "default", "none"),
    ("phoneNumbers", "complex", true, "readWrite", "default", "none"),
    ("ims", "complex", true, "readWrite", "default", "none"),
    ("photos", "complex", true, "readWrite", "default", "none"),
    ("addresses", "complex", true, "readWrite", "default", "none"),
    ("groups", "complex", true, "readOnly", "default", "none"),
    ("entitlements", "complex", true, "readWrite", "default", "none"),
    ("roles", "complex", true, "readWrite", "default", "none"),
    ("x509Certificates", "complex", true, "readWrite", "default", "none"),
];

/// Sub-attributes of the same section, by attribute.
const USER_SUB_ATTRIBUTES: [(&str, &[&str]); 10] = [
    ("name", &["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"]),
    ("emails", &["value", "display", "type", "primary"]),
    ("phoneNumbers", &["value", "display", "type", "primary"]),
    ("ims", &["value", "display", "type", "primary"]),
    ("photos", &["value", "display", "type", "primary"]),
    ("addresses", &["formatted", "streetAddress", "locality", "region", "postalCode", "country", "type"]),
    ("groups", &["value", "$ref", "display", "type"]),
    ("entitlements", &["value", "display", "type", "primary"]),
    ("roles", &["value", "display", "type", "primary"]),
    ("x509Certificates", &["value", "display", "type", "primary"]),
];

/// The schemas, as the list shows them.
fn schemas(run: &Run) -> Vec<Value> {
    let list = run.target().get("/Schemas").expect_status(200).json();
    list["Resources"].as_array().cloned().expect("a list of schemas")
}

fn schema(run: &Run, urn: &str) -> Value {
    run.target().get(&format!("/Schemas/{urn}")).expect_status(200).json()
}

/// The attributes of a schema with all their sub-attributes.
fn attributes(schema: &Value) -> Vec<Value> {
    let mut found = schema["attributes"].as_array().cloned().unwrap_or_default();
    let inner: Vec<_> =
        found.iter().flat_map(|one| one["subAttributes"].as_array().cloned().unwrap_or_default()).collect();
    found.extend(inner);
    found
}

/// All schemas come in one list, whatever page is asked for.
fn r_sch_01(run: &Run) {
    let target = run.target();
    let plain = target.get("/Schemas").expect_status(200).json();
    let all = plain["Resources"].as_array().expect("a list of schemas");
    assert_eq!((&plain["schemas"], &plain["totalResults"]), (&json!([LIST]), &json!(all.len())));
    for kind in &run.service().types {
        element(&plain["Resources"], "id", kind["schema"].as_str().unwrap_or_default());
    }
    let paged = target.get("/Schemas?startIndex=2&count=1").expect_status(200).json();
    assert_eq!(values(&paged["Resources"], "id"), values(&plain["Resources"], "id"));
}

/// One schema is one object; an unknown URN is 404.
fn r_sch_02(run: &Run) {
    for one in schemas(run) {
        assert_eq!(schema(run, id_of(&one)), one);
    }
    run.target().get("/Schemas/urn:example:unknown").expect_error(404, &[]);
}

/// The URN in the path may be percent-encoded and in any case.
fn r_sch_03(run: &Run) {
    let plain = schema(run, USER);
    for urn in [encode(USER), USER.to_uppercase(), USER.to_lowercase(), encode(&USER.to_uppercase())] {
        assert_eq!(schema(run, &urn), plain, "{urn}");
    }
}

/// Every attribute tells its characteristics.
fn r_sch_04(run: &Run) {
    for schema in schemas(run) {
        assert!(schema["id"].is_string(), "{schema}");
        for attribute in attributes(&schema) {
            let told = attribute["name"].is_string() && attribute["type"].is_string();
            let flags = attribute["multiValued"].is_boolean() && attribute["required"].is_boolean();
            assert!(told && flags && attribute["description"].is_string(), "{attribute}");
            let mutability = attribute["mutability"].as_str().unwrap_or_default();
            assert!(["readOnly", "readWrite", "immutable", "writeOnly"].contains(&mutability), "{attribute}");
            let returned = attribute["returned"].as_str().unwrap_or_default();
            assert!(["always", "never", "default", "request"].contains(&returned), "{attribute}");
            if attribute["type"] == "string" {
                assert!(attribute["caseExact"].is_boolean(), "{attribute}");
                let uniqueness = attribute["uniqueness"].as_str().unwrap_or_default();
                assert!(["none", "server", "global"].contains(&uniqueness), "{attribute}");
            }
        }
    }
}

/// Every type is one of the eight.
fn r_sch_05(run: &Run) {
    let known = ["string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"];
    for attribute in schemas(run).iter().flat_map(attributes) {
        assert!(known.contains(&attribute["type"].as_str().unwrap_or_default()), "{attribute}");
    }
}

/// Complex attributes have sub-attributes, and those are never complex.
fn r_sch_06(run: &Run) {
    for schema in schemas(run) {
        for attribute in schema["attributes"].as_array().into_iter().flatten() {
            let inner = attribute["subAttributes"].as_array().map(Vec::as_slice).unwrap_or_default();
            assert_eq!(attribute["type"] == "complex", !inner.is_empty(), "{attribute}");
            let meta = id_of(&schema).ends_with(":Schema");
            assert!(meta || inner.iter().all(|one| one["type"] != "complex"), "{attribute}");
        }
    }
}

/// References say what they refer to.
fn r_sch_07(run: &Run) {
    let mut seen = 0;
    for attribute in schemas(run).iter().flat_map(attributes).filter(|one| one["type"] == "reference") {
        let kinds = attribute["referenceTypes"].as_array();
        assert!(kinds.is_some_and(|kinds| kinds.iter().all(Value::is_string)), "{attribute}");
        seen += 1;
    }
    assert!(seen > 0, "no schema has a reference");
}

/// Messages of the protocol are no schemas of resources.
fn r_sch_08(run: &Run) {
    for schema in schemas(run) {
        assert!(!id_of(&schema).starts_with("urn:ietf:params:scim:api:messages:"), "{schema}");
    }
    run.target().get(&format!("/Schemas/{LIST}")).expect_error(404, &[]);
}

/// A filter on schemas is forbidden.
fn r_sch_09(run: &Run) {
    let filter = encode(&format!("id eq \"{USER}\""));
    run.target().get(&format!("/Schemas?filter={filter}")).expect_error(403, &[]);
}

/// Sorting and paging parameters are ignored here.
fn r_sch_10(run: &Run) {
    let target = run.target();
    let plain = target.get("/Schemas").expect_status(200).json();
    for query in ["sortBy=id&sortOrder=descending", "startIndex=3", "count=0", "count=-1"] {
        let answer = target.get(&format!("/Schemas?{query}")).expect_status(200);
        assert_eq!(answer.json(), plain, "{query}");
    }
}

/// Schemas cannot be written.
fn r_sch_11(run: &Run) {
    let (target, body) = (run.target(), schema(run, USER));
    for path in ["/Schemas".to_owned(), format!("/Schemas/{USER}")] {
        for method in ["POST", "PUT", "PATCH"] {
            refused(target.request(method, &path).json(&body).send(), NOT_WRITABLE);
        }
        refused(target.delete(&path), NOT_WRITABLE);
    }
    assert_eq!(schema(run, USER), body);
}

/// The user schema is that of RFC 7643 §8.7.1 with its errata.
fn r_sch_12(run: &Run) {
    let schema = schema(run, USER);
    let served = schema["attributes"].as_array().expect("attributes");
    for (name, kind, plural, mutability, returned, uniqueness) in USER_ATTRIBUTES {
        // A server may leave an attribute out, but not make another one of it.
        let found = served.iter().find(|one| one["name"] == name);
        run.at_most(Level::Should, || assert!(found.is_some(), "the schema has no {name}"));
        let Some(attribute) = found else { continue };
        assert_eq!(attribute["type"], kind, "{name}");
        assert_eq!(attribute["multiValued"], plural, "{name}");
        assert_eq!(attribute["mutability"], mutability, "{name}");
        assert_eq!(attribute["returned"], returned, "{name}");
        let told = attribute["uniqueness"].as_str().unwrap_or("none");
        assert_eq!(told, uniqueness, "{name}");
        assert_eq!(attribute["required"], name == "userName", "{name}");
    }
    for one in served {
        let name = one["name"].as_str().unwrap_or_default();
        let common = ["id", "externalId", "meta", "schemas"].contains(&name);
        let known = common || USER_ATTRIBUTES.iter().any(|known| known.0 == name);
        run.at_most(Level::Should, || assert!(known, "{name} is not in the RFC"));
    }
    for (name, parts) in USER_SUB_ATTRIBUTES {
        let Some(attribute) = served.iter().find(|one| one["name"] == name) else { continue };
        for part in parts {
            let inner =
                attribute["subAttributes"].as_array().into_iter().flatten().find(|one| one["name"] == *part);
            run.at_most(Level::Should, || assert!(inner.is_some(), "the schema has no {name}.{part}"));
            let Some(inner) = inner else { continue };
            assert_eq!(inner["multiValued"], false, "{name}.{part}");
            assert_eq!(inner["mutability"] == "readOnly", name == "groups", "{name}.{part}");
            let kind = match (name, *part) {
                (_, "primary") => "boolean",
                ("x509Certificates", "value") => "binary",
                ("photos", "value") | (_, "$ref") => "reference",
                _ => "string",
            };
            assert_eq!(inner["type"], kind, "{name}.{part}");
        }
    }
    run.at_most(Level::Should, || {
        let groups = element(&schema["attributes"], "name", "groups");
        let reference = element(&groups["subAttributes"], "name", "$ref");
        assert_eq!(reference["referenceTypes"], json!(["Group"]), "erratum 8471");
    });
}

/// In the group schema `displayName` is required and members are immutable.
fn r_sch_13(run: &Run) {
    let schema = schema(run, GROUP);
    let name = element(&schema["attributes"], "name", "displayName");
    assert_eq!(name["type"], "string");
    run.at_most(Level::Should, || assert_eq!(name["required"], true, "erratum 5368"));
    let members = element(&schema["attributes"], "name", "members");
    assert_eq!(members["multiValued"], true);
    for part in ["value", "$ref", "type"] {
        let inner = element(&members["subAttributes"], "name", part);
        assert_eq!(inner["mutability"], "immutable", "{part}");
    }
}

/// In the enterprise schema a manager's `displayName` is read-only.
fn r_sch_14(run: &Run) {
    let schema = schema(run, ENTERPRISE);
    let manager = element(&schema["attributes"], "name", "manager");
    let mutability = |name: &str| element(&manager["subAttributes"], "name", name)["mutability"].clone();
    assert_eq!((mutability("displayName"), mutability("value")), (json!("readOnly"), json!("readWrite")));
    run.at_most(Level::Should, || {
        assert_eq!(element(&manager["subAttributes"], "name", "value")["caseExact"], true, "erratum 8472");
    });
    for name in ["employeeNumber", "costCenter", "organization", "division", "department"] {
        assert_eq!(element(&schema["attributes"], "name", name)["type"], "string");
    }
}

/// The common attributes are not repeated in each schema.
fn r_sch_15(run: &Run) {
    for urn in [USER, GROUP, ENTERPRISE] {
        let schema = schema(run, urn);
        for attribute in schema["attributes"].as_array().into_iter().flatten() {
            let name = attribute["name"].as_str().unwrap_or_default();
            assert!(!["id", "externalId", "meta", "schemas"].contains(&name), "{name} in {urn}");
        }
    }
}

/// What the schemas list can be written and read back, and nothing else is returned.
fn r_sch_16(run: &Run) {
    let scratch = run.shared();
    let core = schema(run, USER);
    let has_extension = run.service().has_extension(ENTERPRISE);
    let extension = if has_extension { schema(run, ENTERPRISE) } else { json!({}) };
    let extended = if has_extension { json!({ ENTERPRISE: sample(&extension) }) } else { json!({}) };
    let sent = with(&sample(&core), &extended);
    let sent = with(&sent, &user(&unique("full")));
    let stored = scratch.create("/Users", &sent);
    let mut containers = vec![(&core, &sent, &stored)];
    if has_extension {
        containers.push((&extension, &sent[ENTERPRISE], &stored[ENTERPRISE]));
    }
    for (schema, sent, stored) in containers {
        for attribute in schema["attributes"].as_array().into_iter().flatten() {
            let name = attribute["name"].as_str().unwrap_or_default();
            if attribute["mutability"] == "readWrite" && name != "manager" {
                assert!(
                    includes(&stored[name], &sent[name]),
                    "{name}: {} became {}",
                    sent[name],
                    stored[name]
                );
            }
        }
        for name in keys(stored) {
            let common = ["schemas", "id", "externalId", "meta"].contains(&name) || name.starts_with("urn:");
            assert!(
                common
                    || schema["attributes"].as_array().into_iter().flatten().any(|one| one["name"] == name)
            );
        }
    }
    assert_eq!(stored[ENTERPRISE]["manager"]["value"], sent[ENTERPRISE]["manager"]["value"]);
}

/// A value for every attribute of a schema that a client may write.
fn sample(schema: &Value) -> Value {
    let mut body = json!({});
    for attribute in schema["attributes"].as_array().into_iter().flatten() {
        // Types without values of their own are left out: a server may know more than its schema says.
        let free_type = attribute["name"] == "type" && attribute["canonicalValues"].get(0).is_none();
        // A reference to a resource would have to name one.
        if attribute["mutability"] != "readOnly" && attribute["name"] != "$ref" && !free_type {
            body[attribute["name"].as_str().expect("named")] = value_of(attribute);
        }
    }
    body
}

fn value_of(attribute: &Value) -> Value {
    let single = match attribute["type"].as_str().unwrap_or_default() {
        "boolean" => json!(true),
        "integer" => json!(42),
        "decimal" => json!(1.5),
        "dateTime" => json!("2011-05-13T04:42:34Z"),
        "binary" => json!(CERTIFICATE),
        "reference" => json!("https://people.example/thing"),
        "complex" => sample(&json!({ "attributes": attribute["subAttributes"] })),
        _ => match (attribute["canonicalValues"].get(0), attribute["name"].as_str().unwrap_or_default()) {
            (Some(canonical), _) => canonical.clone(),
            (None, "country") => json!("CH"),
            (None, "preferredLanguage" | "locale") => json!("en-US"),
            (None, "timezone") => json!("Europe/Berlin"),
            (None, _) => json!("text@people.example"),
        },
    };
    if attribute["multiValued"] == true { json!([single]) } else { single }
}
