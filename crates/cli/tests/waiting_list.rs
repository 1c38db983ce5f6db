//! The waiting list of a pool, as operators order it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Site, text};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

#[tokio::test]
async fn a_binding_has_a_priority_in_the_waiting_list() {
    let site = Site::sqlite();
    let (_, _, token) = site.connected("Alpha", "generic");
    let server = site.serve();
    let client = server.client(&token);
    let mut ids = Vec::new();
    for name in ["ada", "cleo", "dan"] {
        let body = json!({"schemas": [USER], "userName": format!("{name}@alpha.example")});
        ids.push(text(&client.expect(Method::POST, "/Users", Some(body), 201).await, "/id"));
    }
    let body = json!({"schemas": [GROUP], "displayName": "Officers", "members": [{"value": ids[1]}]});
    client.expect(Method::POST, "/Groups", Some(body), 201).await;
    site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "1"]);
    for user in ["ada@alpha.example", "dan@alpha.example"] {
        site.json(&["grant", "create", "--user", user, "--pool", "Vault"]);
    }
    let bind = ["binding", "create", "--group", "Officers", "--pool", "Vault", "--priority"];
    assert!(site.run(&[&bind[..], &["1001"]].concat()).refused(1).contains("from 0, the lowest, to 1000"));
    assert!(site.run(&[&bind[..], &["-1"]].concat()).code == 2);
    let queue = || {
        let shown = site.json(&["pool", "show", "Vault"]);
        let waits = |it: &Value| format!("{} {} {}", text(it, "/userName"), it["priority"], it["place"]);
        shown["queue"].as_array().expect("a list").iter().map(waits).collect::<Vec<_>>()
    };
    assert_eq!(site.json(&[&bind[..], &["0"]].concat())["priority"], json!(0));
    assert_eq!(queue(), ["dan@alpha.example 0 1", "cleo@alpha.example 0 2"]);

    let update = ["binding", "update", "--group", "Officers", "--pool", "Vault", "--priority", "5"];
    let told = site.json(&[&update[..], &["--preview"]].concat());
    assert_eq!((&told["reordered"], &told["losses"]["people"]), (&json!(2), &json!(0)));
    assert_eq!(queue()[0], "dan@alpha.example 0 1", "a preview changes nothing");
    let shown = site.run(&[&update[..], &["--preview"]].concat());
    assert!(shown.output.contains("2 people who wait would be served earlier or later"), "{shown:?}");
    let tag = text(&told, "/tag");
    assert!(site.run(&[&update[..], &["--expect-tag", "0"]].concat()).refused(1).contains(&tag));
    let said = site.run(&[&update[..], &["--expect-tag", &tag]].concat());
    assert!(said.output.contains("who has a seat keeps it"), "{said:?}");
    assert_eq!(queue(), ["cleo@alpha.example 5 1", "dan@alpha.example 0 2"]);
    let listed = site.json(&["binding", "list", "--tenant", "Alpha"]);
    assert_eq!(listed["items"][0]["priority"], json!(5));
    assert!(site.run(&["pool", "show", "Vault"]).output.contains("Officers (priority 5)"));
    let why = site.run(&["user", "show", "cleo@alpha.example"]);
    assert!(why.output.contains("with priority 5"), "{why:?}");
    let journal = site.json(&["journal", "tail", "--tenant", "Alpha", "--kind", "prioritised"]);
    let [before, after] = ["before", "after"].map(|side| &journal["items"][0][side]["priority"]);
    assert_eq!((before, after), (&json!(0), &json!(5)));

    site.json(&["pool", "update", "Vault", "--seats", "2"]);
    let shown = site.json(&["user", "show", "cleo@alpha.example"]);
    assert_eq!(text(&shown, "/enrolment/status"), "pending");
    assert_eq!(queue(), ["dan@alpha.example 0 1"]);
    let unknown = ["binding", "update", "--group", "Officers", "--pool", "Safe", "--priority", "1"];
    assert!(site.run(&unknown).refused(1).contains("Safe"));
}
