//! Status codes, media types, versions and headers (RFC 7644 §3.1, §3.8, §3.12 and §3.13).
use serde_json::{Value, json};

use super::error::rate_limit_is_told;
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{LIST, Scratch, id_of, path_of, refused, values, with};
use crate::{Answer, encode, skip, unique, user};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_http_01, r_http_02, r_http_03, r_http_04, r_http_05, r_http_06, r_http_07, r_http_08, r_http_09,
    r_http_10, r_http_11, r_http_12, r_http_13, r_http_14, r_http_15, r_http_16, r_http_17, r_http_18,
    r_http_20, r_http_21, r_http_22, r_http_24, r_http_25, r_http_26, r_http_27, r_http_28,
];

const SCIM: &str = "application/scim+json";

/// The media type of an answer, without parameters.
fn media(answer: &Answer) -> String {
    let media = answer.header("content-type").unwrap_or_default();
    media.split(';').next().unwrap_or_default().trim().to_lowercase()
}

/// The media type of a list that is asked for with this `Accept`, or without one.
fn accepted_as(run: &Run, accept: Option<&str>) -> Answer {
    let target = run.target();
    let request = target.request("GET", "/Users?count=1").without_header("accept");
    match accept {
        Some(accept) => request.header("accept", accept).send(),
        None => request.send(),
    }
}

/// POSTs a new user's JSON under this media type; an empty one leaves the header out.
fn posted_as(scratch: &Scratch, media: &str) -> Answer {
    scratch.request("POST", "/Users").text(&user(&unique("person")).to_string(), media).send()
}

/// Answers with a body are `application/scim+json`.
fn r_http_01(run: &Run) {
    let scratch = run.shared();
    let created = scratch.post("/Users", &user(&unique("person"))).expect_status(201);
    let path = path_of(&created.json());
    assert_eq!(media(&created), SCIM);
    for path in [path.as_str(), "/Users?count=1", "/Schemas", "/ServiceProviderConfig"] {
        assert_eq!(media(&scratch.get(path).expect_status(200)), SCIM, "{path}");
    }
}

/// Whoever accepts `application/scim+json` gets it.
fn r_http_02(run: &Run) {
    assert_eq!(media(&accepted_as(run, Some(SCIM)).expect_status(200)), SCIM);
}

/// Whoever accepts `application/json` is served.
fn r_http_03(run: &Run) {
    let answer = accepted_as(run, Some("application/json")).expect_status(200);
    assert!([SCIM, "application/json"].contains(&media(&answer).as_str()), "{}", media(&answer));
    assert_eq!(answer.at("/schemas"), Some(json!([LIST])));
}

/// Whoever accepts everything, or does not say, gets `application/scim+json`.
fn r_http_04(run: &Run) {
    for accept in [None, Some("*/*"), Some("application/*")] {
        assert_eq!(media(&accepted_as(run, accept).expect_status(200)), SCIM, "{accept:?}");
    }
}

/// Whoever accepts `text/html` alone gets 406, or the answer all the same.
fn r_http_05(run: &Run) {
    let answer = accepted_as(run, Some("text/html"));
    match answer.status {
        200 => assert_eq!(answer.at("/schemas"), Some(json!([LIST]))),
        _ => drop(answer.expect_error(406, &[])),
    }
}

/// Bodies of `application/scim+json` are taken.
fn r_http_06(run: &Run) {
    let scratch = run.shared();
    for media in [SCIM, "application/scim+json; charset=utf-8", "Application/SCIM+JSON"] {
        posted_as(&scratch, media).expect_status(201);
    }
}

/// Bodies of `application/json` are taken, too.
fn r_http_07(run: &Run) {
    posted_as(&run.shared(), "application/json").expect_status(201);
}

/// Bodies of another kind are 415, and one of no kind is taken for SCIM.
fn r_http_08(run: &Run) {
    let scratch = run.shared();
    for media in ["text/plain", "application/xml", "application/x-www-form-urlencoded"] {
        posted_as(&scratch, media).expect_error(415, &[]);
    }
    posted_as(&scratch, "").expect_status(201);
}

/// Text of every script survives, and answers begin with no byte order mark.
fn r_http_09(run: &Run) {
    let scratch = run.shared();
    let names = ["Ελένη", "فاطمة", "王小明", "😀👩‍💻", "Žofie"];
    for name in names {
        let answer =
            scratch.get(&path_of(&scratch.person(&json!({ "displayName": name })))).expect_status(200);
        assert_eq!(answer.at("/displayName"), Some(json!(name)));
        assert!(!answer.text.starts_with('\u{feff}'), "a byte order mark");
    }
}

/// A body that is no UTF-8 is refused, and a byte order mark before it is overlooked.
fn r_http_10(run: &Run) {
    let scratch = run.shared();
    let send =
        |body: &[u8]| scratch.request("POST", "/Users").header("content-type", SCIM).bytes(body).send();
    let text = user(&unique("person")).to_string();
    let broken = text.replace("person-", "person-\u{fffd}").into_bytes();
    let at = broken.windows(3).position(|three| three == "\u{fffd}".as_bytes()).unwrap_or_default();
    send(&[&broken[..at], &[0xff, 0xfe], &broken[at + 3..]].concat()).expect_error(400, &["invalidSyntax"]);
    send(&["\u{feff}".as_bytes(), text.as_bytes()].concat()).expect_status(201);
}

/// A resource's path may end in `.scim`, where the server has that.
fn r_http_11(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let answer = scratch.get(&format!("{}.scim", path_of(&person)));
    if answer.status == 200 {
        assert_eq!(answer.id(), id_of(&person));
    } else {
        refused(answer, &[400, 404]);
    }
}

/// The part of the base URL before the version.
fn root(run: &Run) -> String {
    let base = run.target().base;
    let root = base.strip_suffix("/v2").map(str::to_owned);
    root.unwrap_or_else(|| skip("the base URL has no /v2 at its end"))
}

/// A path without a version serves SCIM 2.0, if it serves anything.
fn r_http_12(run: &Run) {
    let target = run.target();
    target.get("/Users?count=1").expect_status(200);
    let answer = target.get(&format!("{}/Users?count=1", root(run)));
    if answer.status == 200 {
        assert_eq!(answer.at("/schemas"), Some(json!([LIST])), "{}", answer.text);
    }
}

/// A version that is not spoken is refused, and never answered as another one.
fn r_http_13(run: &Run) {
    for version in ["v1", "v3"] {
        let answer = run.target().get(&format!("{}/{version}/Users?count=1", root(run)));
        assert!(!answer.text.contains(LIST), "{version} is answered as 2.0: {}", answer.text);
    }
}

/// Every address that is shown begins with the base URL that was used.
fn r_http_14(run: &Run) {
    let scratch = run.shared();
    let created = scratch.post("/Users", &user(&unique("person"))).expect_status(201);
    let person = created.json();
    let header = created.header("location").map(str::to_owned);
    let mut shown: Vec<String> = header.into_iter().collect();
    shown.extend(person["meta"]["location"].as_str().map(str::to_owned));
    if run.service().has_endpoint("Groups") && run.service().lost.is_empty() {
        let team = scratch.again(&scratch.team_of(&[&person]));
        shown.extend(values(&team["members"], "$ref"));
        shown.extend(values(&scratch.again(&person)["groups"], "$ref"));
    }
    for address in shown {
        assert!(scratch.url(&address).starts_with(&scratch.base), "{address} is not below {}", scratch.base);
    }
}

/// A forged `Host` shows in no address.
fn r_http_15(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    if !scratch.base.starts_with("http://") {
        skip("over https the name of the host is that of the certificate");
    }
    let request = scratch.request("GET", &path_of(&person)).header("host", "forged.example").plain();
    let answer = request.send();
    assert!(!answer.text.contains("forged.example"), "{}", answer.text);
}

/// 401 says with `WWW-Authenticate` how to authenticate.
fn r_http_16(run: &Run) {
    let answer = run.target().request("GET", "/Users?count=1").no_auth().send().expect_error(401, &[]);
    let challenge = answer.header("www-authenticate").unwrap_or_else(|| answer.fail("no WWW-Authenticate"));
    assert!(!challenge.trim().is_empty(), "an empty challenge");
}

/// A challenge tells a bad token from none.
fn r_http_17(run: &Run) {
    let target = run.target();
    let none = target.request("GET", "/Users?count=1").no_auth().send().expect_error(401, &[]);
    let bad = target.request("GET", "/Users?count=1").token("no-such-token").send().expect_error(401, &[]);
    let challenge = |answer: &Answer| answer.header("www-authenticate").unwrap_or_default().to_owned();
    if !challenge(&none).to_lowercase().contains("bearer") {
        skip("the server does not challenge for bearer tokens");
    }
    assert!(!challenge(&none).contains("error="), "{}", challenge(&none));
    assert!(challenge(&bad).contains("error=\"invalid_token\""), "{}", challenge(&bad));
}

/// A token in the query lets nobody in.
fn r_http_18(run: &Run) {
    let target = run.target();
    let path = format!("/Users?count=1&access_token={}", encode(&target.token));
    target.request("GET", &path).no_auth().send().expect_error(401, &[]);
}

/// What does not exist is 404, be it a resource or an endpoint.
fn r_http_20(run: &Run) {
    let scratch = run.shared();
    for path in [format!("/Users/{}", unique("nobody")), format!("/{}", unique("nothing"))] {
        scratch.get(&path).expect_error(404, &[]);
    }
}

/// A method that a path does not have is 405 with `Allow`.
fn r_http_21(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for (method, path) in [("PATCH", "/Users"), ("PUT", "/Schemas"), ("POST", &path_of(&person))] {
        let answer = scratch.request(method, path).json(&person).send().expect_error(405, &[]);
        assert!(answer.header("allow").is_some(), "405 without Allow: {method} {path}");
    }
}

/// 204 and 304 have no body.
fn r_http_22(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    if let Some(tag) = scratch.get(&path_of(&person)).header("etag") {
        let request = scratch.request("GET", &path_of(&person)).header("if-none-match", tag).plain();
        let answer = request.send();
        assert!(answer.status != 304 || answer.text.is_empty(), "304 with {}", answer.text);
    }
    let answer = scratch.request("DELETE", &path_of(&person)).plain().send().expect_status(204);
    assert_eq!(answer.text, "");
    let length = answer.header("content-length");
    assert!(length.is_none_or(|length| length == "0"), "204 with Content-Length {length:?}");
}

/// Too many requests are 429 with `Retry-After`.
fn r_http_24(run: &Run) {
    if !rate_limit_is_told(run) {
        skip("the run has no server with a tight limit, and does not try how many requests this one takes");
    }
}

/// Queries are decoded as RFC 3986 says, and a zero byte cuts nothing off.
fn r_http_25(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let id = id_of(&person);
    refused(scratch.get(&format!("/Users/{id}%00")), &[400, 404]);
    refused(scratch.get(&format!("/Users/{id}%00x")), &[400, 404]);
    let name = person["userName"].as_str().unwrap_or_default();
    let filter = format!("userName eq \"{name}\u{0}x\"");
    let answer = scratch.get(&format!("/Users?filter={}", encode(&filter)));
    if answer.status == 200 {
        assert_eq!(answer.at("/totalResults"), Some(json!(0)), "the zero byte cut the name off");
    } else {
        refused(answer, &[400]);
    }
    let encoded = name.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02x}"));
    let all = scratch.list(&format!("/Users?filter=userName%20eq%20%22{encoded}%22"));
    assert_eq!(values(&all["Resources"], "id"), [id]);
}

/// A compressed body is refused, or read and not taken for JSON.
fn r_http_26(run: &Run) {
    let scratch = run.shared();
    let body = user(&unique("person")).to_string();
    let request = scratch.request("POST", "/Users").header("content-encoding", "gzip");
    refused(request.text(&body, SCIM).send(), &[400, 415]);
    let plain = scratch.request("GET", "/Users?count=1").header("accept-encoding", "identity").send();
    assert!(plain.expect_status(200).header("content-encoding").is_none_or(|coding| coding == "identity"));
}

/// Bodies that are nested too deep or too long are refused.
fn r_http_27(run: &Run) {
    let scratch = run.shared();
    let deep = |depth: usize| {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let nested: Value = serde_json::from_str(&nested).unwrap_or_default();
        with(&user(&unique("deep")), &json!({ "x": nested }))
    };
    scratch.post("/Users", &deep(100)).expect_error(400, &[]);
    let huge = with(&user(&unique("huge")), &json!({ "title": "x".repeat(4_300_000) }));
    scratch.post("/Users", &huge).expect_error(413, &[]);
}

/// A slash at the end of an endpoint means nothing.
fn r_http_28(run: &Run) {
    let answer = run.target().get("/Users/?count=1").expect_status(200);
    assert_eq!(answer.at("/schemas"), Some(json!([LIST])));
}
