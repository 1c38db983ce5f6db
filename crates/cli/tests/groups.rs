//! `rollcall group update`: a group is marked as dynamic, binding it is warned about, and what people keep is shown.

use crate::support::{Site, text};
use reqwest::Method;
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

fn names(list: &Value) -> Vec<String> {
    list["items"].as_array().expect("a list").iter().map(|item| text(item, "/name")).collect()
}

#[tokio::test]
async fn a_group_is_marked_as_dynamic_listed_so_warned_about_and_marked_as_static() {
    let site = Site::sqlite();
    let (_, _, token) = site.connected("Alpha", "generic");
    let server = site.serve();
    let client = server.client(&token);
    let body = json!({"schemas": [USER], "userName": "ada"});
    let ada = text(&client.expect(Method::POST, "/Users", Some(body), 201).await, "/id");
    let mut groups = Vec::new();
    for (name, members) in [("Shore staff", json!([{"value": ada}])), ("Pilots", json!([]))] {
        let body = json!({"schemas": [GROUP], "displayName": name, "members": members});
        groups.push(text(&client.expect(Method::POST, "/Groups", Some(body), 201).await, "/id"));
    }
    site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "2"]);
    let update = |more: &[&str]| site.run(&[&["group", "update", "Shore staff"], more].concat());
    for (wrong, words) in [
        (&[][..], "--dynamic"),
        (&["--dynamic", "--static"], "--static"),
        (&["--static", "--grace-hours", "2"], "--grace-hours"),
        (&["--dynamic", "--grace-hours", "0"], "1..=2160"),
        (&["--dynamic", "--grace-hours", "2161"], "1..=2160"),
    ] {
        assert!(update(wrong).refused(2).contains(words), "{wrong:?}");
    }
    assert!(update(&["--grace-hours", "2"]).refused(1).contains("mark it as dynamic with --dynamic"));
    assert!(update(&["--static"]).refused(1).contains("is static already"));
    let unknown = site.run(&["group", "update", "Nobody", "--dynamic"]);
    assert!(unknown.refused(1).contains("there is no group"));

    let marked = site.json(&["group", "update", "Shore staff", "--dynamic", "--grace-hours", "72"]);
    assert_eq!(
        (&marked["id"], &marked["dynamic"], &marked["graceHours"]),
        (&json!(groups[0]), &json!(true), &json!(72))
    );
    let list = |more: &[&str]| site.json(&[&["group", "list", "--tenant", "Alpha"], more].concat());
    assert_eq!(names(&list(&["--dynamic"])), ["Shore staff"]);
    assert_eq!(names(&list(&["--static"])), ["Pilots"]);
    assert_eq!(list(&[])["total"], 2);
    assert_eq!(list(&["--static", "--filter", "displayName sw \"Shore\""])["total"], 0);
    let csv = site.run(&["group", "list", "--tenant", "Alpha", "--csv"]).output;
    assert!(
        csv.starts_with("Group,Members,Pools,Grace in hours,") && csv.contains("Shore staff,1,,72,"),
        "{csv}"
    );

    let bind = ["binding", "create", "--group", "Shore staff", "--pool", "Vault"];
    let warning = "the group Shore staff is dynamic. Choose static groups where you can";
    let told = site.run(&[&bind[..], &["--preview"]].concat());
    let line = told.output.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        line.contains(warning) && line.contains("within its grace of 72 hours loses nothing"),
        "{told:?}"
    );
    let bound = site.run(&bind);
    assert!(bound.code == 0 && bound.error.contains(warning), "{bound:?}");
    let shown = site.json(&["binding", "show", "--group", "Shore staff", "--pool", "Vault"]);
    assert_eq!((&shown["dynamic"], &shown["graceHours"]), (&json!(true), &json!(72)));

    let remove = json!({"schemas": [PATCH], "Operations": [{"op": "remove", "path": "members"}]});
    client.expect(Method::PATCH, &format!("/Groups/{}", groups[0]), Some(remove), 200).await;
    let shown = site.json(&["group", "show", "Shore staff"]);
    assert_eq!((&shown["members"], &shown["lingering"]), (&json!(0), &json!(1)));
    let why = site.run(&["user", "show", "ada"]).output.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(why.contains("because the group “Shore staff”, which they left, is dynamic"), "{why}");
    let grant = &site.json(&["grant", "list", "--tenant", "Alpha"])["items"][0];
    assert_eq!((&grant["kind"], &grant["group"]), (&json!("lingering"), &json!(groups[0])));

    let fixed = ["group", "update", "Shore staff", "--static"];
    let told = site.json(&[&fixed[..], &["--preview"]].concat());
    assert_eq!((&told["losses"]["access"], &told["tag"].is_string()), (&json!(1), &true));
    assert!(site.run(&fixed).refused(1).contains("--expect-people 1"));
    assert_eq!(text(&site.json(&["user", "show", "ada"]), "/enrolment/status"), "pending");
    let done = site.json(&[&fixed[..], &["--expect-people", "1"]].concat());
    assert_eq!(
        (&done["dynamic"], &done["graceHours"], &done["settled"]["people"]),
        (&json!(false), &Value::Null, &json!(1))
    );
    assert_eq!(text(&site.json(&["user", "show", "ada"]), "/enrolment/status"), "suspended");
    let journal = site.json(&["journal", "tail", "--tenant", "Alpha", "--kind", "group-changed"]);
    let entries = journal["items"].as_array().expect("a list");
    assert_eq!(entries.len(), 2, "{journal}");
    assert!(entries.iter().any(|entry| entry["after"] == json!({"graceHours": 72})), "{journal}");
}
