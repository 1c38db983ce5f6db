//! Error bodies on every path (RFC 7644 §3.12).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    ENTERPRISE, NOT_WRITABLE, SEARCH, Scratch, USER, id_of, member, name_of, path_of, refused, with,
};
use crate::{Answer, Level, encode, patch_op, skip, unique, user};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_err_01, r_err_02, r_err_03, r_err_04, r_err_05, r_err_07, r_err_08, r_err_09, r_err_10, r_err_11,
    r_err_12, r_err_13, r_err_16, r_err_17, r_err_18, r_err_19, r_err_15, r_err_20, r_err_21,
];

/// The words of RFC 7644 §3.12 and RFC 9865 §2.1.
const SCIM_TYPES: [&str; 13] = [
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
];

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// One refusal of every kind that needs no special server.
fn refusals(scratch: &Scratch) -> Vec<Answer> {
    let person = scratch.person(&json!({}));
    let path = path_of(&person);
    let change = |operation: Value| scratch.patch(&path, &patch_op(json!([operation])));
    let answers = [
        scratch.get("/Users?filter=nonsense"),
        scratch.get("/Users?count=nonsense"),
        scratch.get("/Users/nobody"),
        scratch.get("/Nothing/here"),
        scratch.request("GET", "/Users").no_auth().send(),
        scratch.request("GET", "/Users").token("wrong").send(),
        scratch.request("POST", "/Users").text("{", "application/scim+json").send(),
        scratch.request("POST", "/Users").text("<x/>", "application/xml").send(),
        scratch.post("/Users", &json!({ "schemas": [USER] })),
        scratch.post("/Users", &user(name_of(&person))),
        scratch.put("/Users", &person),
        scratch.put(&path, &json!({})),
        change(json!({ "op": "remove" })),
        change(json!({ "op": "remove", "path": "userName" })),
        change(json!({ "op": "remove", "path": "a b" })),
        scratch.request("DELETE", &path).header("if-match", "W/\"stale\"").send(),
        scratch.delete("/ServiceProviderConfig"),
        scratch.post("/Users/.search", &json!({ "schemas": [SEARCH], "filter": "(" })),
    ];
    // What a server does not refuse is told by the requirement about it.
    answers.into_iter().filter(|answer| answer.status >= 400).collect()
}

/// Sends a filter every way there is: in the URL, in a search, in a path.
fn filter_refusals(scratch: &Scratch, filter: &str) -> [Answer; 3] {
    let person = scratch.person(&json!({}));
    let path = format!("emails[{filter}].value");
    [
        scratch.filtered("/Users", filter),
        scratch.post("/Users/.search", &json!({ "schemas": [SEARCH], "filter": filter })),
        scratch.patch(&path_of(&person), &patch_op(json!([{ "op": "remove", "path": path }]))),
    ]
}

/// POSTs and PUTs a user that is changed by `extra`, and patches the same in.
fn writes(scratch: &Scratch, extra: &Value) -> [Answer; 3] {
    let person = scratch.person(&json!({}));
    let path = path_of(&person);
    [
        scratch.post("/Users", &with(&user(&unique("error")), extra)),
        scratch.put(&path, &with(&user(name_of(&person)), extra)),
        scratch.patch(&path, &patch_op(json!([{ "op": "replace", "value": extra }]))),
    ]
}

/// Every refusal has a SCIM error body whose `status` is the code as a string.
fn r_err_01(run: &Run) {
    for answer in refusals(&run.shared()) {
        let status = answer.status;
        let body = answer.expect_error(status, &[]).json();
        assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(body["status"], json!(status.to_string()));
    }
}

/// A `scimType` is one of the registered words.
fn r_err_02(run: &Run) {
    for answer in refusals(&run.shared()) {
        let word = answer.at("/scimType").unwrap_or(Value::Null);
        if !word.is_null() && !SCIM_TYPES.iter().any(|known| word == **known) {
            answer.fail("an unregistered scimType");
        }
    }
}

/// `detail` is a sentence for people.
fn r_err_03(run: &Run) {
    for answer in refusals(&run.shared()) {
        let detail =
            answer.at("/detail").and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default();
        if detail.split_whitespace().count() < 2 {
            answer.fail("the detail is no sentence");
        }
    }
}

/// Errors are `application/scim+json`.
fn r_err_04(run: &Run) {
    for answer in refusals(&run.shared()) {
        let media = answer.header("content-type").unwrap_or_default();
        if !media.starts_with("application/scim+json") {
            answer.fail(&format!("an error as {media:?}"));
        }
    }
}

/// Bad filters are `invalidFilter` in a list, a search and a path.
fn r_err_05(run: &Run) {
    let scratch = run.shared();
    for filter in ["primary gt true", "type regex \"x\"", "type eq work"] {
        let [list, search, path] = filter_refusals(&scratch, filter);
        list.expect_error(400, &["invalidFilter"]);
        search.expect_error(400, &["invalidFilter"]);
        path.expect_error(400, &["invalidFilter", "invalidPath"]);
    }
}

/// A unique value that is taken is 409 `uniqueness` in POST, PUT and PATCH.
fn r_err_07(run: &Run) {
    let scratch = run.shared();
    let taken = scratch.person(&json!({}));
    for answer in writes(&scratch, &json!({ "userName": name_of(&taken) })) {
        answer.expect_error(409, &["uniqueness"]);
    }
}

/// A change against an attribute's mutability is 400 `mutability`.
fn r_err_08(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let change = json!([{ "op": "replace", "path": "id", "value": "chosen" }]);
    scratch.refuse(&person, change, &["mutability"]);
    let team = scratch.team_of(&[&person]);
    let path = format!("members[value eq \"{}\"].value", id_of(&person));
    run.at_most(Level::Should, || {
        scratch.refuse(&team, json!([{ "op": "replace", "path": path, "value": "x" }]), &["mutability"]);
    });
}

/// A body of the wrong structure is `invalidSyntax` in POST, `.search` and PUT.
fn r_err_09(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for (method, path) in [("POST", "/Users"), ("POST", "/Users/.search"), ("PUT", &path_of(&person))] {
        let send = |body: &str| scratch.request(method, path).text(body, "application/scim+json").send();
        for body in ["{", "[]"] {
            send(body).expect_error(400, &["invalidSyntax"]);
        }
        run.at_most(Level::Should, || {
            send("{}").expect_error(400, &["invalidSyntax"]);
        });
    }
}

/// A path that cannot be is `invalidPath`.
fn r_err_10(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for path in ["shoeSize", "name..x", "name/x"] {
        let change = json!([{ "op": "replace", "path": path, "value": "x" }]);
        scratch.refuse(&person, change, &["invalidPath"]);
    }
}

/// A path that finds nothing is `noTarget`.
fn r_err_11(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let change =
        json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@x.example" }]);
    scratch.refuse(&person, change, &["noTarget"]);
    scratch.refuse(&person, json!([{ "op": "remove" }]), &["noTarget"]);
}

/// A value that does not fit is `invalidValue` in GET, POST, `.search`, PUT and PATCH.
fn r_err_12(run: &Run) {
    let scratch = run.shared();
    for answer in writes(&scratch, &json!({ "active": "perhaps" })) {
        answer.expect_error(400, &["invalidValue"]);
    }
    run.at_most(Level::Should, || {
        scratch.get("/Users?count=many").expect_error(400, &["invalidValue"]);
        let search = json!({ "schemas": [SEARCH], "count": "many" });
        scratch.post("/Users/.search", &search).expect_error(400, &["invalidValue", "invalidSyntax"]);
    });
}

/// A protocol version that is not spoken is `invalidVers`.
fn r_err_13(run: &Run) {
    let target = run.target();
    let root = target.base.strip_suffix("/v2").unwrap_or_else(|| skip("the base URL has no /v2 at its end"));
    for version in ["v1", "v3"] {
        let answer = target.get(&format!("{root}/{version}/Users"));
        // A server that has no such path cannot know that it is a version (RFC 7644 §3.13).
        run.at_most(Level::Proj, || assert_eq!(answer.status, 400));
        if answer.status == 400 {
            answer.expect_error(400, &["invalidVers"]);
        } else {
            assert_eq!(answer.status, 404, "{version} is answered as if it was spoken");
        }
    }
}

/// Router, body parser and limits answer with SCIM errors too.
fn r_err_16(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let is_scim = |answer: &Answer| {
        let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        body["schemas"].as_array().is_some_and(|all| all.contains(&ERROR.into()))
    };
    for path in ["/Nothing", "/Users/a/b", "/Users/x/", "/Schemas/urn:none"] {
        let answer = refused(scratch.get(path), &[404]);
        assert!(is_scim(&answer), "GET {path} is answered with {}", answer.text);
    }
    for (method, path) in [("PATCH", "/Users"), ("PUT", "/Schemas"), ("POST", &path_of(&person))] {
        let answer = refused(scratch.request(method, path).json(&person).send(), NOT_WRITABLE);
        assert!(is_scim(&answer), "{method} {path} is answered with {}", answer.text);
        run.at_most(Level::Proj, || {
            let allow = answer.header("allow");
            assert!(answer.status == 405 && allow.is_some(), "{} with Allow {allow:?}", answer.status);
        });
    }
    let deep = format!("{{\"schemas\":[\"{USER}\"],\"x\":{}{}}}", "[".repeat(500), "]".repeat(500));
    let huge = with(&user(&unique("huge")), &json!({ "title": "x".repeat(4_300_000) }));
    let send = |body: &str, media: &str| scratch.request("POST", "/Users").text(body, media).send();
    let scim = "application/scim+json";
    for (answer, status) in [
        (scratch.post("/Users", &huge), 413),
        (send(&deep, scim), 400),
        (send("x=1", "text/plain"), 415),
        (send("x=1", "application/xml"), 415),
        (send("x=1", "application/x-www-form-urlencoded"), 415),
    ] {
        assert!(answer.status < 400 || is_scim(&answer), "{} with {}", answer.status, answer.text);
        run.at_most(Level::Proj, || assert_eq!(answer.status, status));
    }
    let answer = scratch.request("GET", "/Users").no_auth().send().expect_error(401, &[]);
    assert!(is_scim(&answer), "401 with {}", answer.text);
    rate_limit_is_told(run);
}

/// Errors tell nothing about the inside: no traces, SQL, paths, passwords or tokens.
fn r_err_17(run: &Run) {
    let scratch = run.shared();
    let password = unique("Leaked-Word-6");
    let wrong = with(&user(&unique("error")), &json!({ "password": password, "active": "perhaps" }));
    let mut answers = refusals(&scratch);
    answers.push(scratch.post("/Users", &wrong).expect_error(400, &[]));
    answers.push(scratch.filtered("/Users", &format!("password eq \"{password}")));
    for answer in answers {
        let said = format!("{:?} {}", answer.headers, answer.text);
        for secret in [password.as_str(), scratch.token.as_str()] {
            assert!(!said.contains(secret), "a secret shows in {said}");
        }
        for word in ["SELECT ", "INSERT ", "sqlx", "panicked", "stack backtrace", ".rs:", "/src/"] {
            assert!(!said.contains(word), "{word:?} shows in {said}");
        }
    }
}

/// `detail` names the attribute or operation at fault, and a header carries the request's id.
fn r_err_18(run: &Run) {
    let scratch = run.shared();
    let department = json!({ ENTERPRISE: { "department": 5 } });
    for (extra, named) in [
        (json!({ "active": "x" }), "active"),
        (json!({ "name": { "givenName": 5 } }), "givenName"),
        (department, "department"),
    ] {
        for answer in writes(&scratch, &extra) {
            let answer = answer.expect_error(400, &["invalidValue"]);
            let detail = answer.at("/detail").unwrap_or_default().to_string();
            assert!(detail.contains(named), "the detail does not name {named}: {detail}");
            let id = answer.header("x-request-id").unwrap_or_else(|| answer.fail("no x-request-id"));
            assert!(!id.is_empty());
        }
    }
}

/// Text of the request comes back as JSON text, never as a page.
fn r_err_19(run: &Run) {
    let scratch = run.shared();
    let script = "<script>alert(\"x\")</script>";
    let person = scratch.person(&json!({}));
    for answer in [
        scratch.filtered("/Users", &format!("userName {script} 5")),
        scratch.get(&format!("/Users/{}", encode(script))),
        scratch
            .patch(&path_of(&person), &patch_op(json!([{ "op": "add", "path": script, "value": script }]))),
        scratch.post("/Users", &json!({ "schemas": [script], "userName": script })),
    ] {
        let answer = refused(answer, &[400, 404]);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", answer.path);
    }
}

/// Bad cursors are `invalidCursor`, `expiredCursor` or `invalidCount`.
fn r_err_15(run: &Run) {
    let scratch = run.shared();
    scratch.get("/Users?cursor=nothing&count=2").expect_error(400, &["invalidCursor"]);
    scratch.get("/Groups?cursor&count=two").expect_error(400, &["invalidCount"]);
}

/// What the configuration calls unsupported is 501: `/Bulk` and `/Me`.
fn r_err_20(run: &Run) {
    let scratch = run.shared();
    let config = scratch.read("/ServiceProviderConfig");
    if config["bulk"]["supported"] == false {
        let urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
        let bulk = json!({ "schemas": [urn], "Operations": [] });
        let answer = scratch.post("/Bulk", &bulk);
        assert!(answer.status >= 400, "bulk is not claimed, and answered {}", answer.status);
        run.at_most(Level::Should, || {
            answer.expect_error(501, &[]);
        });
    }
    let me = scratch.get("/Me").check();
    // "SHOULD respond with the HTTP status code 501" (RFC 7644 §3.11).
    if me.status != 200 && me.status != 308 {
        run.at_most(Level::Should, || {
            me.expect_error(501, &[]);
        });
    }
}

/// Of several faults the first in the document is told.
fn r_err_21(run: &Run) {
    let scratch = run.shared();
    for (first, second) in [("title", "nickName"), ("nickName", "title")] {
        let body = with(&user(&unique("error")), &json!({ first: 5, second: 6 }));
        let answer = scratch.post("/Users", &body).expect_error(400, &["invalidValue"]);
        let detail = answer.at("/detail").unwrap_or_default().to_string();
        let (told, also) = (detail.find(first), detail.find(second));
        assert!(told.is_some() && also.is_none_or(|also| told < Some(also)), "{first} first: {detail}");
    }
    let team = scratch.team(&json!({}));
    let operations = json!([
        { "op": "replace", "path": "shoeSize", "value": 1 },
        { "op": "remove", "path": "displayName" },
        { "op": "add", "path": "members", "value": [member(&team)] },
    ]);
    scratch.refuse(&team, operations, &["invalidPath"]);
}

/// The rate limit's 429 carries `Retry-After` in whole seconds; false when the run has no server with a tight limit.
pub(super) fn rate_limit_is_told(run: &Run) -> bool {
    let Some(target) = run.limited() else { return false };
    let ask = || target.request("GET", "/Users?count=0").impatient().send().check();
    let answers: Vec<_> = (0..10).map(|_| ask()).collect();
    let limited: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!limited.is_empty(), "ten requests at once are more than the limit of three");
    for answer in limited {
        let wait = answer.header("retry-after").unwrap_or_else(|| answer.fail("no Retry-After"));
        assert!(wait.parse::<u32>().is_ok(), "Retry-After is {wait:?}");
    }
    true
}
