//! References between the operations of a bulk request (RFC 7644 §3.7.1, §3.7.2).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::bulk::{bulk, delete, person, place, post, send, status, team};
use crate::support::{ENTERPRISE, USER, id_of, members_of, with};
use crate::{Level, patch_op, unique, user};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] =
    tests![r_bulk_21, r_bulk_22, r_bulk_23, r_bulk_24, r_bulk_25, r_bulk_26, r_bulk_27,];

/// A member that names a `bulkId` is the resource that this operation creates.
fn r_bulk_21(run: &Run) {
    let scratch = run.shared();
    let entries = bulk(&scratch, &[person("ada"), team("crew", &["bulkId:ada"])]);
    let crew = scratch.read(&place(&entries[1]));
    assert_eq!(members_of(&crew), [id_of(&scratch.read(&place(&entries[0])))]);
}

/// A manager that names a `bulkId` is the user that this operation creates.
fn r_bulk_22(run: &Run) {
    let scratch = run.shared();
    let enterprise =
        json!({ "schemas": [USER, ENTERPRISE], ENTERPRISE: { "manager": { "value": "bulkId:boss" } } });
    let entries =
        bulk(&scratch, &[person("boss"), post("/Users", "ada", &with(&user(&unique("bulk")), &enterprise))]);
    let boss = scratch.read(&place(&entries[0]));
    let ada = scratch.read(&place(&entries[1]));
    assert_eq!(ada[ENTERPRISE]["manager"]["value"], boss["id"], "{ada}");
}

/// A reference may stand before the operation that it names.
fn r_bulk_23(run: &Run) {
    let scratch = run.shared();
    let entries =
        bulk(&scratch, &[team("crew", &["bulkId:ada", "bulkId:lin"]), person("lin"), person("ada")]);
    assert_eq!(status(&entries), ["201"; 3]);
    let mut people: Vec<String> =
        entries[1..].iter().map(|entry| id_of(&scratch.read(&place(entry))).to_owned()).collect();
    people.sort();
    assert_eq!(members_of(&scratch.read(&place(&entries[0]))), people);
}

/// Groups that hold each other are created, each with the other.
fn r_bulk_24(run: &Run) {
    let scratch = run.shared();
    let entries =
        bulk(&scratch, &[team("a", &["bulkId:b"]), team("b", &["bulkId:c"]), team("c", &["bulkId:a"])]);
    // "MAY stop after a failed attempt and instead return HTTP status code 409" (RFC 7644 §3.7.1).
    run.at_most(Level::May, || assert_eq!(status(&entries), ["201"; 3]));
    if status(&entries) == ["409"; 3] {
        return;
    }
    assert_eq!(status(&entries), ["201"; 3], "{entries:?}");
    let teams: Vec<Value> = entries.iter().map(|entry| scratch.read(&place(entry))).collect();
    for (at, team) in teams.iter().enumerate() {
        assert_eq!(members_of(team), [id_of(&teams[(at + 1) % 3])], "{team}");
        if run.service().lacks("etag").is_none() {
            assert_eq!(entries[at]["version"], team["meta"]["version"], "the version of the end");
        }
    }
}

/// References work in paths, in the values of a PATCH and in the filters of its paths.
fn r_bulk_25(run: &Run) {
    let scratch = run.shared();
    let change = patch_op(json!([
        { "op": "add", "path": "members", "value": [{ "value": "bulkId:ada" }, { "value": "bulkId:lin" }] },
        { "op": "remove", "path": "members[value eq \"bulkId:ada\"]" },
    ]));
    let entries = bulk(
        &scratch,
        &[
            json!({ "method": "PATCH", "path": "/Groups/bulkId:crew", "data": change }),
            person("ada"),
            person("lin"),
            team("crew", &[]),
            person("gone"),
            delete("/Users/bulkId:gone"),
        ],
    );
    assert_eq!(entries[5]["status"], "204", "{entries:?}");
    let lin = scratch.read(&place(&entries[2]));
    assert_eq!(members_of(&scratch.read(&place(&entries[3]))), [id_of(&lin)], "{entries:?}");
    scratch.get(&place(&entries[4])).expect_error(404, &[]);
}

/// A reference to what does not exist or could not be created fails its operation with 409.
fn r_bulk_26(run: &Run) {
    let scratch = run.shared();
    let entries = bulk(
        &scratch,
        &[
            team("a", &["bulkId:nobody"]),
            post("/Users", "bad", &json!({ "schemas": [USER] })),
            team("b", &["bulkId:bad"]),
            team("c", &["bulkId:d"]),
            post("/Groups", "d", &json!({ "members": [{ "value": "bulkId:c" }] })),
        ],
    );
    assert_eq!(status(&entries), ["409", "400", "409", "409", "400"], "{entries:?}");
    for (entry, name) in [(&entries[0], "nobody"), (&entries[2], "bad"), (&entries[3], "d")] {
        let detail = entry["response"]["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(&format!("\"{name}\"")), "{entry}");
    }
    assert_eq!(scratch.total("/Groups?filter=members.value%20co%20%22bulkId%22"), 0);
}

/// Two operations with one `bulkId` are no request.
fn r_bulk_27(run: &Run) {
    send(&run.shared(), &[person("a"), person("a")], &json!({})).expect_error(400, &["invalidSyntax"]);
}
