//! The commands about permissions, as an operator gives them.

use crate::support::vault;
use serde_json::json;

#[tokio::test]
async fn what_a_person_gets_is_shown_with_who_it_was_set_for() {
    let (site, _server) = vault().await;
    for name in ["export", "print"] {
        site.json(&["permission", "set", "--tenant", "Alpha", name, "true"]);
    }
    site.json(&["permission", "set", "--tenant", "Alpha", "print", "false", "--user", "ada"]);
    let shown = site.json(&["permission", "show", "ada"]);
    let of = |at: usize| (&shown["items"][at]["value"], &shown["items"][at]["called"]);
    assert_eq!(of(0), (&json!(true), &json!("the tenant")));
    assert_eq!(of(1), (&json!(false), &json!("ada")));
    let table = site.run(&["permission", "show", "ada"]).output;
    assert!(table.lines().any(|line| line.starts_with("print") && line.ends_with("ada")), "{table}");
    assert!(!table.contains('{'), "no JSON in a table: {table}");
}
