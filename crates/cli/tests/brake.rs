//! What the brake holds, as an operator lists it and decides about it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, Site, text};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

async fn switch_off(client: &Client, id: &str) {
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    client.expect(Method::PATCH, &format!("/Users/{id}"), Some(body), 200).await;
}

#[tokio::test]
async fn an_operator_sets_the_brake_and_decides_about_what_it_holds() {
    let site = Site::sqlite();
    let (_, connection, token) = site.connected("Alpha", "generic");
    site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "9", "--for-everyone"]);
    let server = site.serve();
    let client = server.client(&token);
    let shown = |fields: [&str; 3]| {
        let shown = site.json(&["connection", "show", &connection]);
        fields.map(|field| shown["brake"][field].clone())
    };
    assert_eq!(shown(["people", "percent", "hours"]), [json!(200), json!(10), json!(24)]);
    let changed =
        site.run(&["connection", "update", &connection, "--brake-people", "1", "--brake-hours", "2"]);
    assert_eq!(changed.code, 0, "{changed:?}");
    assert_eq!(shown(["people", "percent", "hours"]), [json!(1), json!(10), json!(2)]);

    let mut people = Vec::new();
    for name in ["ada", "ben", "cleo", "dan"] {
        let body = json!({ "schemas": [USER], "userName": name });
        people.push(text(&client.expect(Method::POST, "/Users", Some(body), 201).await, "/id"));
    }
    for id in &people {
        switch_off(&client, id).await;
    }
    let listed = || site.json(&["brake", "list", "--tenant", "Alpha"])["items"].clone();
    let names = |listed: &Value| {
        let items = listed.as_array().expect("a list").iter();
        items.map(|item| (text(item, "/userName"), item["rejected"] == true)).collect::<Vec<_>>()
    };
    let held = |name: &str, rejected: bool| (name.to_owned(), rejected);
    assert_eq!(names(&listed()), [held("ben", false), held("cleo", false), held("dan", false)]);
    assert_eq!(listed()[0]["because"], "the account was switched off");
    assert!(site.run(&["user", "show", "ben"]).output.contains("The brake keeps for ben what a push took"));

    let approve = |more: &[&str]| site.run(&[&["brake", "approve"], more].concat());
    assert!(approve(&[]).refused(2).contains("--connection"));
    assert!(approve(&["--user", "ada"]).refused(1).contains("the brake holds nothing"));
    assert!(approve(&["--user", "ben"]).refused(1).contains("1 person"), "a loss needs agreement");
    let preview = approve(&["--connection", &connection, "--preview"]);
    assert!(preview.code == 0 && preview.output.contains("nothing was changed"), "{preview:?}");
    assert_eq!(names(&listed()).len(), 3);

    let done = approve(&["--user", "ben", "--expect-people", "1"]);
    assert!(done.code == 0 && done.output.contains("decided about 1 person"), "{done:?}");
    assert_eq!(text(&site.json(&["user", "show", "ben"]), "/enrolment/status"), "suspended");
    let rejected = site.run(&["brake", "reject", "--connection", &connection]);
    assert!(rejected.output.contains("decided about 2 people: their access stays"), "{rejected:?}");
    assert_eq!(names(&listed()), [held("cleo", true), held("dan", true)]);
    assert!(site.run(&["brake", "reject", "--connection", &connection]).refused(1).contains("holds nothing"));
    let journal = site.json(&["journal", "tail", "--user", "cleo"])["items"].to_string();
    assert!(journal.contains("cleo keeps access by the brake"), "{journal}");
    let after = approve(&["--user", "cleo", "--user", "dan", "--yes"]);
    assert_eq!((after.code, names(&listed())), (0, vec![]), "{after:?}");

    // A deleted person whom the brake keeps is found by name, also when another user has the name by now.
    let mut deleted = Vec::new();
    for name in ["finn", "gil"] {
        let body = json!({ "schemas": [USER], "userName": name });
        deleted.push(text(&client.expect(Method::POST, "/Users", Some(body), 201).await, "/id"));
    }
    for id in &deleted {
        client.expect(Method::DELETE, &format!("/Users/{id}"), None, 204).await;
    }
    let body = json!({ "schemas": [USER], "userName": "gil" });
    client.expect(Method::POST, "/Users", Some(body), 201).await;
    let refused = site.run(&["connection", "delete", &connection]).refused(1).to_owned();
    assert!(refused.contains("1 person keeps access by the brake"), "{refused}");
    let taken = approve(&["--user", "gil", "--yes"]);
    assert!(taken.code == 0 && names(&listed()).is_empty(), "{taken:?}");

    // A deleted person is found by id, and erased by the address that the journal knows.
    let body = json!({ "schemas": [USER], "userName": "eve", "emails": [{ "value": "eve@alpha.example" }] });
    let eve = text(&client.expect(Method::POST, "/Users", Some(body), 201).await, "/id");
    assert!(site.run(&["user", "erase", &eve]).refused(1).contains("not a deleted person"));
    client.expect(Method::DELETE, &format!("/Users/{eve}"), None, 204).await;
    let erased = site.run(&["user", "erase", "eve@alpha.example"]);
    assert!(erased.code == 0 && erased.output.contains("is erased"), "{erased:?}");
    assert!(!site.run(&["journal", "tail", "--user", &eve]).output.contains("eve "));
}
