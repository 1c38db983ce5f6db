//! Any body of a bulk request: each operation has its turn once, what it refers to comes before it or is put in later, and every
//! reference is filled or refused (RFC 7644 §3.7).
#![no_main]

use libfuzzer_sys::fuzz_target;
use scim::Registry;
use scim::json::{MAX_DEPTH, parse_object};
use scim::protocol::bulk::{BulkRequest, Created, Done, Method, Operation, References, completion, order};

/// As in the settings.
const OPERATIONS: usize = 1_000;

fuzz_target!(|body: &[u8]| {
    let Ok(body) = parse_object(body, MAX_DEPTH) else { return };
    let Ok(request) = BulkRequest::parse(body, OPERATIONS) else { return };
    let mut operations = request.operations;
    let references: Vec<References> =
        operations.iter().map(|it| it.references(Registry::standard())).collect();
    let creates = |name: &str| {
        let creates = |it: &&Operation| it.method == Ok(Method::Post) && it.bulk_id.as_deref() == Some(name);
        operations.iter().filter(creates).count()
    };
    let known: Vec<References> = references
        .iter()
        .map(|names| names.iter().filter(|name| creates(name) == 1).cloned().collect())
        .collect();
    let mut created = Created::default();
    let mut turns = vec![0; operations.len()];
    for step in order(&operations, &references) {
        turns[step.operation] += 1;
        let operation = &mut operations[step.operation];
        assert!(step.put_off.is_subset(&known[step.operation]), "only what the request creates is put off");
        for name in known[step.operation].difference(&step.put_off) {
            assert!(created.knows(name), "what it refers to has had its turn: {name:?}");
        }
        check(operation, &references[step.operation], &step.put_off, &created);
        if let (Ok(Method::Post), Some(name)) = (&operation.method, &operation.bulk_id) {
            created.note(name, Some(format!("id-{}", step.operation)));
        }
        let answer = operation.answer(Done { status: 200, ..Done::default() }, "https://scim.example/v2");
        assert_eq!(answer["status"], "200", "{answer}");
    }
    assert!(turns.iter().all(|turns| *turns == 1), "each operation has its turn once: {turns:?}");
});

/// Takes out what is put off, and fills the rest.
fn check(operation: &mut Operation, references: &References, put_off: &References, created: &Created) {
    if !put_off.is_empty() {
        assert_eq!(operation.method, Ok(Method::Post), "only what is created can be referred to in a ring");
        let later = completion(Registry::standard(), operation, put_off);
        assert!(
            later.references(Registry::standard()).is_superset(put_off),
            "what is put off is put in later: {put_off:?}"
        );
    }
    let left = operation.references(Registry::standard());
    // Where nothing can be created the path itself may refer to something, and is refused.
    if matches!(operation.path.as_str(), "/Users" | "/Groups") {
        assert!(left.is_disjoint(put_off), "what is put off is taken out");
    }
    assert!(left.is_subset(references), "nothing else is referred to than before");
    let met = left.iter().all(|name| created.knows(name));
    assert_eq!(
        created.fill(Registry::standard(), operation, &left).is_ok(),
        met,
        "{left:?} is filled or refused"
    );
    assert!(!met || operation.references(Registry::standard()).is_empty(), "all of {left:?} is filled");
}
