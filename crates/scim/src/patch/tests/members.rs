//! PATCH of a group: which members are loaded, who joins and leaves.

use super::*;

fn group(operations: &Value) -> PatchRequest {
    request(Registry::standard().group(), operations).unwrap_or_else(|error| panic!("{operations}: {error}"))
}

fn changes(operations: &Value, loaded: &[&str]) -> MemberChanges {
    let loaded: Vec<Value> = loaded.iter().map(|id| json!({"value": id, "type": "User"})).collect();
    let staff = object(json!({"displayName": "Staff"}));
    applied(&group(operations), staff, &loaded, false).expect("valid").members
}

fn named(ids: &[&str]) -> Members {
    Members::Named(ids.iter().map(|id| (*id).to_owned()).collect())
}

#[test]
fn only_what_is_named_is_loaded() {
    let cases = [
        (json!([{"op": "replace", "path": "displayName", "value": "x"}]), Members::None),
        (
            json!([{"op": "add", "path": "members", "value": [{"value": "a"}, {"Value": "b"}]}]),
            named(&["a", "b"]),
        ),
        (json!([{"op": "add", "value": {"members": [{"value": "a"}], "displayName": "x"}}]), named(&["a"])),
        (json!([{"op": "remove", "path": "members[value eq \"a\"]"}]), named(&["a"])),
        (json!([{"op": "remove", "path": "members[value eq \"a\" or value eq \"b\"]"}]), named(&["a", "b"])),
        (json!([{"op": "remove", "path": "members[value eq \"a\" and type eq \"User\"]"}]), named(&["a"])),
        (json!([{"op": "add", "path": "members[value eq \"a\"].value", "value": "b"}]), named(&["a", "b"])),
        (
            json!([{"op": "add", "path": "members[value eq \"a\"].$ref", "value": "../Users/b"}]),
            named(&["a", "b"]),
        ),
        (json!([{"op": "remove", "path": "members"}]), Members::All),
        (json!([{"op": "replace", "path": "members", "value": []}]), Members::All),
        (json!([{"op": "replace", "value": {"members": []}}]), Members::All),
        (json!([{"op": "remove", "path": "members[type eq \"User\"]"}]), Members::All),
        (json!([{"op": "remove", "path": "members[value ne \"a\"]"}]), Members::All),
    ];
    for (operations, footprint) in &cases {
        assert_eq!(group(operations).footprint(), *footprint, "{operations}");
    }
}

#[test]
fn changes_are_told_as_who_joined_and_who_left() {
    let add = json!([{"op": "add", "path": "members", "value": [{"value": "a"}, {"value": "b"}]}]);
    let joined = changes(&add, &["a"]);
    assert_eq!((joined.added, joined.removed), (vec![json!({"value": "b"})], vec![]));
    let remove = changes(&json!([{"op": "remove", "path": "members[value eq \"a\"]"}]), &["a"]);
    assert_eq!((remove.added.len(), remove.removed), (0, vec!["a".to_owned()]));
    let replace =
        changes(&json!([{"op": "replace", "path": "members", "value": [{"value": "b"}]}]), &["a", "b"]);
    assert_eq!((replace.added.len(), replace.removed), (0, vec!["a".to_owned()]));
    let both = changes(
        &json!([{"op": "add", "path": "members", "value": [{"value": "a"}]}, {"op": "remove", "path": "members[value eq \"a\"]"}]),
        &[],
    );
    assert!(both.is_empty());
    assert!(changes(&json!([{"op": "remove", "path": "members[value eq \"z\"]"}]), &[]).is_empty());
}

#[test]
fn a_thousand_at_once_or_one_by_one_is_the_same() {
    let members: Vec<Value> = (0..1_000).map(|n| json!({"value": format!("m{n}")})).collect();
    let at_once = changes(&json!([{"op": "add", "path": "members", "value": members}]), &["m1", "x"]);
    let each: Vec<Value> =
        members.iter().map(|member| json!({"op": "add", "path": "members", "value": [member]})).collect();
    assert_eq!(changes(&json!(each), &["m1", "x"]), at_once);
    assert_eq!(at_once.added.len(), 999);
}

#[test]
fn a_member_is_replaced_as_a_whole_or_not_at_all() {
    let staff = object(json!({"displayName": "Staff"}));
    let loaded = [json!({"value": "a", "type": "User"})];
    for operations in [
        json!([{"op": "replace", "path": "members[value eq \"a\"].value", "value": "b"}]),
        json!([{"op": "replace", "path": "members[value eq \"a\"]", "value": {"value": "b"}}]),
    ] {
        let error = applied(&group(&operations), staff.clone(), &loaded, false).expect_err("immutable");
        assert_eq!(error.scim_type, Some(crate::ScimType::Mutability), "{operations}");
    }
}

/// A member as answers show it.
fn shown(id: &str, kind: &str, display: &str) -> Value {
    let address = format!("https://scim.example/v2/{kind}s/{id}");
    json!({"value": id, "type": kind, "display": display, "$ref": address})
}

fn members(operations: &Value) -> Result<MemberChanges, Error> {
    let loaded = [shown("a", "User", "Ann"), shown("b", "User", "Bob"), shown("g", "Group", "Crew")];
    let staff = object(json!({"displayName": "Staff"}));
    let request = request(Registry::standard().group(), operations)?;
    applied(&request, staff, &loaded, false).map(|outcome| outcome.members)
}

#[test]
fn a_filter_in_a_path_chooses_what_a_query_would_find() {
    for (filter, removed) in [
        ("$ref ew \"/Users/a\"", vec!["a"]),
        ("$ref eq \"https://scim.example/v2/Users/a\"", vec!["a"]),
        ("$ref eq \"https://other.example/v2/Users/a\"", vec![]),
        ("$ref co \"/Groups/\"", vec!["g"]),
        ("$ref ew \"a\"", vec!["a"]),
        ("$ref pr and type eq \"group\"", vec!["g"]),
        ("type eq \"User\" and value eq \"a\"", vec!["a"]),
        ("type eq \"Group\" and value eq \"a\"", vec![]),
        ("type eq \"User\" and display sw \"B\"", vec!["b"]),
        ("not (type eq \"User\")", vec!["g"]),
        ("value eq \"a\" or value eq \"g\"", vec!["a", "g"]),
    ] {
        let operations = json!([{"op": "remove", "path": format!("members[{filter}]")}]);
        assert_eq!(members(&operations).expect(filter).removed, removed, "{filter}");
    }
    let footprint = |filter: &str| {
        let operations = json!([{"op": "remove", "path": format!("members[{filter}]")}]);
        group(&operations).footprint()
    };
    let named = Members::Named(["a".to_owned()].into());
    assert_eq!(footprint("$ref ew \"/Users/a\""), named);
    assert_eq!(footprint("type eq \"User\" and $ref ew \"/Users/a\""), named);
    assert_eq!(footprint("$ref ew \"a\""), Members::All);
    let add = json!([{"op": "add", "path": "members", "value": [{"$ref": "../Users/a"}]}]);
    assert_eq!(request(Registry::standard().group(), &add).expect("valid").footprint(), named);
    assert!(members(&add).expect("valid").is_empty());
}
