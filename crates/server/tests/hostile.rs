//! Requests that mean harm: each is refused, or done as far as it says something, with a short answer.

use serde_json::{Value, json};

use crate::support::{Client, GROUP, PATCH, TestApp, USER};

const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// The most bytes of an answer to a request that asks for no data.
const SHORT: usize = 16 * 1024;

/// The status of an answer, which is no fault of the server and short.
async fn status(
    client: &Client,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<String>,
) -> u16 {
    let shown: String =
        format!("{method} {path} {}", body.as_deref().unwrap_or("")).chars().take(120).collect();
    let mut all = vec![("content-type", "application/scim+json")];
    all.extend(headers);
    let answer = client.send(method, &format!("/scim/v2{path}"), &all, body).await;
    assert!(answer.status < 500, "{shown}: {}", answer.body);
    assert!(answer.body.to_string().len() < SHORT, "{shown}: a long answer");
    answer.status
}

fn nested(depth: usize, open: &str, close: &str) -> String {
    format!("{}1{}", open.repeat(depth), close.repeat(depth))
}

#[tokio::test]
async fn bodies_that_mean_harm_are_refused_shortly() {
    let app = TestApp::open().await;
    let client = app.connection("strict").await;
    let with = |value: &str| format!(r#"{{"schemas":["{USER}"],"userName":{value}}}"#);
    let many: Vec<String> = (0..20_000).map(|number| format!(r#","u{number}":{number}"#)).collect();
    let many = many.concat();
    for (body, expected) in [
        (nested(100_000, "[", "]"), 400),
        (nested(100_000, r#"{"a":"#, "}"), 400),
        (with(&nested(500, "[", "]")), 400),
        (with("1e999"), 400),
        (with("-0.0000000000000000000000000000000000001"), 400),
        (with(&format!("\"{}\"", "x".repeat(300_000))), 400),
        (with("\"\\ud800\""), 400),
        (with("\"a\\u0000b\""), 400),
        (format!(r#"{{"schemas":["{USER}"],"userName":"many"{many}}}"#), 201),
        (format!(r#"{{"schemas":["{USER}"],"userName":"a","userName":"b"}}"#), 400),
        (format!(r#"{{"schemas":["{USER}"],"userName":"a","USERNAME":"b"}}"#), 400),
        (json!({ "schemas": vec![USER; 20_000], "userName": "schemas" }).to_string(), 201),
        ("\u{feff}{}".to_owned(), 400),
        (String::new(), 400),
    ] {
        let told: String = body.chars().take(80).collect();
        let got = status(&client, "POST", "/Users", &[], Some(body)).await;
        assert!(got == expected || (400..500).contains(&got) && expected >= 400, "{told}: {got}");
    }
}

#[tokio::test]
async fn questions_that_mean_harm_are_refused_shortly() {
    let app = TestApp::open().await;
    let client = app.connection("strict").await;
    client.user("ada").await;
    let brackets = format!("{}userName pr{}", "(".repeat(5_000), ")".repeat(5_000));
    let terms = vec!["userName eq \"a\""; 5_000].join(" or ");
    for filter in [
        brackets,
        terms,
        "not ".repeat(5_000) + "(userName pr)",
        format!("userName eq \"{}\"", "x".repeat(100_000)),
        "userName eq 1e999".to_owned(),
        "meta.created gt \"99999999-99-99T99:99:99Z\"".to_owned(),
        format!("emails[{}]", "type eq \"a\" and ".repeat(2_000)),
        format!("{}.value pr", "a".repeat(50_000)),
        "userName eq \"\u{0}\"".to_owned(),
    ] {
        let body = json!({ "schemas": [SEARCH], "filter": filter }).to_string();
        let got = status(&client, "POST", "/Users/.search", &[], Some(body)).await;
        assert!((200..500).contains(&got), "{got}");
    }
    let names: Vec<String> = (0..20_000).map(|number| format!("a{number}")).collect();
    for message in [
        json!({ "attributes": names }),
        json!({ "excludedAttributes": names }),
        json!({ "sortBy": "a".repeat(100_000) }),
        json!({ "startIndex": i64::MAX, "count": i64::MAX }),
        json!({ "startIndex": i64::MIN, "count": i64::MIN }),
        json!({ "startIndex": 1e300, "count": 1e300 }),
        json!({ "cursor": "A".repeat(100_000) }),
        json!({ "cursor": {} }),
    ] {
        let mut body = message.clone();
        body["schemas"] = json!([SEARCH]);
        status(&client, "POST", "/Users/.search", &[], Some(body.to_string())).await;
    }
    for path in [
        "/Users/%00",
        "/Users/%ff%fe",
        "/Users/..%2f..%2fetc",
        "/Users?startIndex=99999999999999999999999",
        "/Users?count=-99999999999999999999999",
        "/Users?filter=%",
        "/Users?filter=%ff",
        "/Users?filter=userName%20eq%20%22a%22&filter=title%20pr",
        "/Users?cursor=%00",
    ] {
        status(&client, "GET", path, &[], None).await;
    }
    let tags = vec!["W/\"1\""; 5_000].join(", ");
    for header in ["if-match", "if-none-match", "prefer"] {
        status(&client, "GET", "/Users/0190d9a0-0000-7000-8000-00000000000a", &[(header, &tags)], None).await;
    }
}

#[tokio::test]
async fn changes_that_mean_harm_are_refused_shortly() {
    let app = TestApp::open().await;
    let client = app.connection("strict").await;
    let path = format!("/Users/{}", client.user("ada").await);
    let one = json!({ "op": "add", "path": "emails", "value": [{ "value": "a@b.example" }] });
    for operations in [
        json!(vec![one; 1_001]),
        json!([{ "op": "add", "path": format!("emails[{}]", "type eq \"a\" or ".repeat(2_000)), "value": 1 }]),
        json!([{ "op": "add", "path": "x".repeat(100_000), "value": 1 }]),
        json!([{ "op": "add", "path": "title", "value": 1e300 }]),
        json!([{ "op": { "op": "add" } }, 7, null, []]),
        json!({ "op": "add" }),
    ] {
        let body = json!({ "schemas": [PATCH], "Operations": operations }).to_string();
        let got = status(&client, "PATCH", &path, &[], Some(body)).await;
        assert!((400..500).contains(&got), "{got}");
    }
    // Two hundred groups, each inside the next one, and the last inside the first.
    let group = |number: usize| {
        json!({ "method": "POST", "path": "/Groups", "bulkId": format!("g{number}"), "data": {
            "schemas": [GROUP], "displayName": format!("G{number}"),
            "members": [{ "value": format!("bulkId:g{}", (number + 1) % 200), "type": "Group" }],
        } })
    };
    let circle: Vec<Value> = (0..200).map(group).collect();
    let answer = client.post("/Bulk", &json!({ "schemas": [BULK], "Operations": circle })).await.expect(200);
    assert_eq!(answer.body["Operations"].as_array().map(Vec::len), Some(200));
    for operations in [
        json!(vec![json!({ "method": "DELETE", "path": "/Users/a" }); 1_001]),
        json!([{ "method": "POST", "path": "/Bulk", "bulkId": "a", "data": {} }, { "method": "GET", "path": "/Users" }]),
        json!([{ "method": "POST", "path": "/Users/../Users", "bulkId": "x".repeat(50_000), "data": {} }]),
        json!([null, 1, [], {}]),
    ] {
        let body = json!({ "schemas": [BULK], "Operations": operations }).to_string();
        let body = client
            .send("POST", "/scim/v2/Bulk", &[("content-type", "application/scim+json")], Some(body))
            .await;
        assert!(body.status < 500, "{}", body.body);
    }
    client.get(&path).await.expect(200);
}
