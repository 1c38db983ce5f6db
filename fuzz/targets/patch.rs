//! Any body of a PATCH, read by the standard and with every quirk: what it leaves is a resource that can be read again, and that
//! repeating it does not change.
#![no_main]

use fuzz::laws::{after, apply, check_document, check_stable};
use fuzz::samples::{DIALECTS, both, type_of};
use libfuzzer_sys::fuzz_target;
use scim::compat::{Dialect, RequestKind};
use scim::json::{MAX_DEPTH, parse_object};
use scim::patch::{MAX_OPERATIONS, Members, PatchRequest};
use scim::{Object, Resource};
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    let Ok(message) = parse_object(body, MAX_DEPTH) else { return };
    for (resource, members) in both() {
        for dialect in DIALECTS.iter() {
            check(message.clone(), dialect, resource, members);
        }
    }
});

fn check(mut message: Object, dialect: &Dialect, resource: &Resource, members: &[Value]) {
    if dialect.request(RequestKind::Patch, type_of(resource), &mut message).is_err() {
        return;
    }
    let Ok(request) = PatchRequest::parse(type_of(resource), &message, dialect.filter(), MAX_OPERATIONS)
    else {
        return;
    };
    let loaded: Vec<Value> =
        members.iter().filter(|member| is_in(&request.footprint(), member)).cloned().collect();
    let with_some = apply(&request, resource, &loaded);
    let with_all = apply(&request, resource, members);
    assert_eq!(with_some, with_all, "more members than the footprint names change nothing");
    let Ok(outcome) = with_all else { return };
    assert_eq!(outcome.changed, outcome.document != resource.document, "it says whether it changed");
    let before = |id: &Value| members.iter().any(|member| member["value"] == *id);
    assert!(outcome.members.added.iter().all(|member| !before(&member["value"])), "they were members before");
    assert!(outcome.members.removed.iter().all(|id| before(&id.as_str().into())), "they were no members");
    check_document(resource, &outcome.document);
    check_stable(&after(resource, &outcome));
}

/// Whether a member is one that the request asks for.
fn is_in(footprint: &Members, member: &Value) -> bool {
    match footprint {
        Members::None => false,
        Members::Named(ids) => member["value"].as_str().is_some_and(|id| ids.contains(id)),
        Members::All => true,
    }
}
