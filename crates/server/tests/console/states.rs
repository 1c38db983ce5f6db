//! Every page in every state: of a tenant with nothing in it and of one with everything, for who may change something and who may
//! not, and after a form that says nothing.

use std::collections::BTreeSet;

use serde_json::json;

use super::routes::{Need, ROUTES, address};
use crate::support::tab::{Tab, text};
use crate::support::{Answer, TestApp, count};

/// A name that breaks whatever does not escape it.
const HOSTILE: &str = "<b id=x>\"'&amp;</b>";

/// The values of an attribute in a page.
fn values<'p>(page: &'p str, attribute: &str) -> Vec<&'p str> {
    let begins = format!(" {attribute}=\"");
    page.split(begins.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// What is wrong with a page, whatever it shows.
fn faults(page: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let headings = page.matches("<h1").count();
    if headings != 1 {
        faults.push(format!("{headings} headings of the first level"));
    }
    let ids = values(page, "id");
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    if known.len() != ids.len() {
        let twice: Vec<&&str> =
            ids.iter().filter(|id| ids.iter().filter(|other| other == id).count() > 1).collect();
        faults.push(format!("ids that stand twice: {twice:?}"));
    }
    for attribute in ["for", "aria-labelledby", "aria-describedby", "popovertarget", "form"] {
        let named = values(page, attribute).into_iter().flat_map(str::split_whitespace);
        faults.extend(
            named
                .filter(|id| !known.contains(id))
                .map(|id| format!("{attribute} names {id}, which is not there")),
        );
    }
    for odd in ["Some(", "None)", "{{", "{%", "<b id=x>", "href=\"\"", "action=\"\""] {
        if page.contains(odd) {
            faults.push(format!("it says {odd}"));
        }
    }
    faults
}

/// The whole pages among the answers, with what is wrong.
fn looked(what: &str, answer: &Answer, found: &mut Vec<String>) {
    if answer.header("content-type").starts_with("text/html") && text(answer).contains("<!doctype html>") {
        found.extend(
            faults(text(answer)).into_iter().map(|fault| format!("{what} ({}): {fault}", answer.status)),
        );
    }
}

/// The first id behind a path in a page.
fn id_behind(page: &str, path: &str) -> String {
    let ids = page.split(path).skip(1).filter_map(|rest| rest.get(..36));
    let is_id = |id: &&str| id.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-');
    ids.into_iter().find(is_id).unwrap_or_else(|| panic!("no id behind {path}")).to_owned()
}

/// Something of every kind.
async fn fill(app: &TestApp) -> Vec<(&'static str, String)> {
    let client = app.connection("generic").await;
    let pool = app.pool_for_everyone(1).await.id.to_string();
    let mut users = Vec::new();
    for name in ["ada", "ben"] {
        users.push(client.user(name).await);
    }
    let hostile = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": HOSTILE, "displayName": HOSTILE,
    });
    client.post("/Users", &hostile).await.expect(201);
    let group = client.group(HOSTILE, &[&users[0], &users[1]]).await;
    client.delete("/Users/unknown").await;
    app.server.run_due_jobs().await;
    app.server.flush().await;
    let request = app.last_request(&client).await.id.to_string();
    let tab = Tab::of(app, "administrator").await;
    let root = format!("/console/{}", app.tenant);
    let hook = [("url", "https://hooks.example.com/x"), ("description", HOSTILE)];
    tab.post(&format!("{root}/settings/webhooks"), &hook).await.expect(200);
    tab.post(&format!("{root}/settings/tokens"), &[("name", "x"), ("scope", "people:read")]).await;
    tab.post(&format!("{root}/permissions/set"), &[("name", "export"), ("value", "false")]).await;
    tab.post(&format!("{root}/settings/domains"), &[("add", "alpha.example")]).await;
    let list = tab.get(&format!("{root}/connections")).await;
    let connection = id_behind(text(&list), "/connections/");
    let hooks = tab.get(&format!("{root}/settings/webhooks")).await;
    let hook = id_behind(text(&hooks), "/settings/webhooks/");
    vec![
        ("/users/{id}", users[0].clone()),
        ("/groups/{id}", group),
        ("/licences/{pool}", pool),
        ("/connections/{id}", connection),
        ("/inspector/{id}", request),
        ("/settings/webhooks/{id}", hook),
    ]
}

#[tokio::test]
async fn every_page_stands_in_every_state() {
    let app = TestApp::open().await;
    let owner = Tab::of(&app, "owner").await;
    let auditor = Tab::of(&app, "auditor").await;
    let root = format!("/console/{}", app.tenant);
    let mut found = Vec::new();
    let mut known = Vec::new();
    for state in ["empty", "full"] {
        if state == "full" {
            known = fill(&app).await;
        }
        // A stream is no page, a letter is one of its own kind, and the template of a mail shows its braces.
        let others = ["/live", "/letters/", "/mail/templates/"];
        for (route, opens, sends) in
            ROUTES.iter().filter(|(route, ..)| !others.iter().any(|it| route.contains(it)))
        {
            let with = known.iter().find(|(begins, _)| route.starts_with(begins));
            let route = with.map_or_else(
                || (*route).to_owned(),
                |(begins, id)| {
                    let (kept, slot) = begins.rsplit_once('/').expect("a path");
                    route.replacen(&format!("{kept}/{slot}"), &format!("{kept}/{id}"), 1)
                },
            );
            let path = format!("{root}{}", address(&route));
            if *opens != Need::Nothing {
                for (role, tab) in [("owner", &owner), ("auditor", &auditor)] {
                    let answer = tab.get(&path).await;
                    assert!(answer.status < 500, "{state} {role} {path}: {}", answer.status);
                    if state == "full" && role == "owner" && with.is_some() && !route.contains('{') {
                        assert_ne!(answer.status, 404, "{path} is there");
                    }
                    looked(&format!("{state} {role} GET {route}"), &answer, &mut found);
                }
            }
            // What deletes or decides is tried elsewhere; here it is asked with nothing typed.
            if *sends != Need::Nothing
                && !["delete", "remove", "revoke"].iter().any(|word| route.contains(word))
            {
                let answer = owner.post(&path, &[]).await;
                assert!(answer.status < 500, "{state} POST {path}: {}", answer.status);
                looked(&format!("{state} POST {route}"), &answer, &mut found);
            }
        }
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM users WHERE deleted_at IS NULL").await, 3);
    assert!(found.is_empty(), "{}", found.join("\n"));
}
