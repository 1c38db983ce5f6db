//! The engine of PATCH against a model that is written from the standard's text alone (RFC 7644 §3.5.2, RFC 7643 §2).

mod documents;
mod faults;
mod lists;
mod model;
mod operations;
mod place;
mod read;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use scim::filter::FilterDialect;
use scim::patch::{MAX_OPERATIONS, MemberChanges, Members, PatchOutcome, PatchRequest, SCHEMA, Stored};
use scim::{Error, Object, Registry, Resource, ResourceType};
use serde_json::{Value, json};

use documents::{Typed, resource};
use model::patched;
use operations::operations;

/// What the engine makes of a message. Of the members of a group it gets those that it asks for, as it does in the product.
fn by_engine(stored: &Typed, operations: &[Value], create_missing: bool) -> Result<PatchOutcome, Error> {
    let message = json!({ "schemas": [SCHEMA], "Operations": operations });
    let message = message.as_object().expect("an object");
    let request =
        PatchRequest::parse(stored.resource_type, message, FilterDialect::default(), MAX_OPERATIONS)?;
    let members = members(&stored.document);
    let loaded: Vec<Value> = match request.footprint() {
        Members::None => Vec::new(),
        Members::Named(ids) => members.into_iter().filter(|it| ids.contains(&id(it))).collect(),
        Members::All => members,
    };
    let stored = Stored {
        resource: &Resource { document: without_members(&stored.document), ..stored.resource.clone() },
        members: &loaded,
        base: "https://scim.example/v2",
        create_missing,
    };
    request.apply(&stored)
}

fn members(document: &Object) -> Vec<Value> {
    document.get("members").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn without_members(document: &Object) -> Object {
    document
        .iter()
        .filter(|(name, _)| *name != "members")
        .map(|(name, it)| (name.clone(), it.clone()))
        .collect()
}

fn id(member: &Value) -> String {
    member["value"].as_str().unwrap_or_default().to_owned()
}

/// Who joins and who leaves between two lists of members.
fn joined_and_left(before: &[Value], after: &[Value]) -> MemberChanges {
    let is_in = |list: &[Value], member: &Value| list.iter().any(|it| id(it) == id(member));
    MemberChanges {
        added: after.iter().filter(|it| !is_in(before, it)).cloned().collect(),
        removed: before.iter().filter(|it| !is_in(after, it)).map(id).collect(),
    }
}

/// A resource and a message for it.
struct Case {
    stored: Typed,
    operations: Vec<Value>,
    create_missing: bool,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operations, document) = (json!(self.operations), json!(self.stored.document));
        write!(f, "{operations} at {document}, creating: {}", self.create_missing)
    }
}

fn case(resource_type: &'static Arc<ResourceType>) -> impl Strategy<Value = Case> {
    (resource(resource_type), operations(resource_type), any::<bool>())
        .prop_map(|(stored, operations, create_missing)| Case { stored, operations, create_missing })
}

/// Panics when engine and model do not come to the same; answers what they came to, in one word.
fn agreed(case: &Case) -> &'static str {
    let Case { stored, operations, create_missing } = case;
    match (by_engine(stored, operations, *create_missing), patched(stored, operations, *create_missing)) {
        (Ok(engine), Ok(model)) => {
            let document = without_members(&model);
            assert_eq!(json!(engine.document), json!(document), "{case:?}");
            assert_eq!(engine.changed, document != without_members(&stored.document), "{case:?}");
            let changes = joined_and_left(&members(&stored.document), &members(&model));
            assert_eq!(engine.members, changes, "{case:?}");
            "accepted"
        }
        (Err(engine), Err(model)) => {
            let word = engine.scim_type.map_or("", scim::ScimType::as_str);
            assert!(model.contains(word), "{engine} is none of {model:?}: {case:?}");
            word
        }
        (Ok(engine), Err(model)) => panic!("{} instead of {model:?}: {case:?}", json!(engine.document)),
        (Err(engine), Ok(model)) => panic!("{engine} instead of {}: {case:?}", json!(model)),
    }
}

/// Four times the usual number of cases, which `PROPTEST_CASES` sets.
fn cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.saturating_mul(4), failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn engine_and_model_agree_on_users(case in case(Registry::standard().user())) {
        agreed(&case);
    }

    #[test]
    fn engine_and_model_agree_on_groups(case in case(Registry::standard().group())) {
        agreed(&case);
    }
}

#[test]
fn messages_come_to_every_answer() {
    let mut runner = TestRunner::deterministic();
    let mut answers = BTreeMap::new();
    for resource_type in Registry::standard().resource_types() {
        let cases = case(resource_type);
        for _ in 0..300 {
            let case = cases.new_tree(&mut runner).expect("a message").current();
            *answers.entry(agreed(&case)).or_insert(0_u32) += 1;
        }
    }
    assert!(answers["accepted"] > 120, "{answers:?}");
    let words = ["invalidFilter", "invalidPath", "invalidSyntax", "invalidValue", "mutability", "noTarget"];
    assert!(words.iter().all(|word| answers.contains_key(word)), "{answers:?}");
}
