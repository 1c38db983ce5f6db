//! Protected people, permissions and holds: what administrators and the application say, and what no push undoes.

use crate::support::{Client, TestApp};
use operations::administrators::{self, Change};
use operations::permissions::{self, For};
use operations::{api_tokens, mail};
use provisioning::permission::Value as Permitted;
use serde_json::{Value, json};

/// A group of three people with access, and the application of the tenant.
async fn site(app: &TestApp) -> (Client, Client, [String; 3], String) {
    let directory = app.connection("generic").await;
    let people = [directory.user("ada").await, directory.user("bob").await, directory.user("cy").await];
    let team = directory.group("Team", &people.each_ref().map(String::as_str)).await;
    app.pool("Vault", 10, "queue").await;
    app.bind(&team, "Vault").await;
    let operator = app.admin.operator("test");
    let token = api_tokens::create(app.admin.db(), &operator, &app.tenant, ("app", &[]), None).await;
    let application = directory.with_token(token.expect("a new token").token);
    (directory, application, people, team)
}

async fn alerts(app: &TestApp) -> Vec<String> {
    let query = mail::Query { kind: Some("alert".to_owned()), most: 10, ..mail::Query::default() };
    let mails = mail::list(app.admin.db(), &app.admin.operator("test"), &app.tenant, &query).await;
    mails.expect("readable").into_iter().map(|mail| mail.recipient).collect()
}

#[tokio::test]
async fn no_push_locks_out_the_last_administrator() {
    let app = TestApp::open_with(&[("ROLLCALL_JOBS__BATCH", "1")]).await;
    let (directory, _, [ada, bob, cy], team) = site(&app).await;
    app.owner("ada", Some(&ada)).await;
    let group = |members: &[&str]| {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        json!({ "schemas": [crate::support::GROUP], "displayName": "Team", "members": members })
    };
    for refused in [
        directory.set_active(&ada, false).await,
        directory.delete(&format!("/Users/{ada}")).await,
        directory.remove(&team, &ada).await,
        directory.put(&format!("/Groups/{team}"), &group(&[&bob])).await,
        // More members than a batch are settled by a job, which could refuse nothing any more.
        directory.delete(&format!("/Groups/{team}")).await,
    ] {
        let refused = refused.expect_error(400, Some("invalidValue"));
        let detail = refused.body["detail"].as_str().expect("a detail").to_owned();
        assert!(detail.contains("ada is protected") && detail.contains("rollcall administrator"), "{detail}");
    }
    for person in [&ada, &bob, &cy] {
        assert_eq!(directory.status(person).await, "pending", "nothing was changed");
    }
    assert_eq!(alerts(&app).await, ["ada@alpha.example"], "one alert a day");
    let story = app.story(&ada).await;
    assert_eq!(story.iter().filter(|kind| *kind == "protected-refused").count(), 5, "{story:?}");

    // With another administrator the first one is a person like any other.
    app.owner("bob", Some(&bob)).await;
    directory.set_active(&ada, false).await.expect(200);
    assert_eq!(directory.status(&ada).await, "suspended");
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let change = Change { role: Some("auditor".to_owned()), ..Change::default() };
    let last =
        administrators::update(db, &operator, Some(app.tenant.as_str()), ("ada@alpha.example", &change))
            .await;
    last.expect("another owner is left");
    directory.set_active(&bob, false).await.expect_error(400, Some("invalidValue"));
    administrators::remove(db, &operator, Some(app.tenant.as_str()), "bob@alpha.example")
        .await
        .expect_err("the last owner");
}

#[tokio::test]
async fn a_break_glass_account_is_protected_until_an_operator_says_otherwise() {
    let app = TestApp::open().await;
    let (directory, _, [ada, ..], _) = site(&app).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    administrators::protect(db, &operator, &ada, true).await.expect("protected");
    administrators::protect(db, &operator, &ada, true).await.expect_err("it is already");
    assert!(app.person(&ada).await.protected);
    directory.set_active(&ada, false).await.expect_error(400, Some("invalidValue"));
    administrators::protect(db, &operator, &ada, false).await.expect("not any more");
    directory.set_active(&ada, false).await.expect(200);
    assert_eq!(directory.status(&ada).await, "suspended");
}

#[tokio::test]
async fn the_application_gets_permissions_with_an_entitlement() {
    let app = TestApp::open().await;
    let (directory, application, [ada, bob, _], team) = site(&app).await;
    let legal = directory.group("Legal", &[&ada]).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let set = async |name: &str, value: &str| {
        permissions::set(db, &operator, &app.tenant, (name, &permissions::value(value), None)).await
    };
    set("vault.export", "false").await.expect("a new permission");
    set("pin.min_length", "6").await.expect("a new permission");
    set("vault.export", "7").await.expect_err("another kind");
    set("a b", "7").await.expect_err("no name");
    let set_for = async |holder: For, value: Permitted, first| {
        let what = ("vault.export", &holder, &value);
        permissions::set_for(db, &operator, &app.tenant, what, first).await
    };
    let permitted = async |person: &str| {
        let answer =
            application.send("GET", &format!("/api/v1/people/{person}"), &[], None).await.expect(200);
        (answer.body["permissions"].clone(), answer.header("etag").to_owned())
    };
    let (value, tag) = permitted(&ada).await;
    assert_eq!(value, json!({ "pin.min_length": 6, "vault.export": false }));
    set_for(For::Group(team.clone()), Permitted::Boolean(false), false).await.expect("set");
    set_for(For::Group(legal.clone()), Permitted::Boolean(true), false).await.expect("set");
    assert_eq!(permitted(&ada).await.0["vault.export"], false, "the first group counts");
    set_for(For::Group(legal.clone()), Permitted::Boolean(true), true).await.expect("moved");
    let (value, other) = permitted(&ada).await;
    assert_eq!(value["vault.export"], true, "the group that was put first counts");
    assert_ne!(tag, other, "a cache learns of it");
    assert_eq!(permitted(&bob).await.0["vault.export"], false);
    set_for(For::User(bob.clone()), Permitted::Boolean(true), false).await.expect("set");
    assert_eq!(permitted(&bob).await.0["vault.export"], true, "by hand");
    directory.remove(&legal, &ada).await.expect(200);
    assert_eq!(permitted(&ada).await.0["vault.export"], false);
    directory.delete(&format!("/Groups/{legal}")).await.expect(204);
    let listed = permissions::list(db, &app.tenant).await.expect("readable");
    let called: Vec<&str> = listed[1].exceptions.iter().map(|exception| exception.called.as_str()).collect();
    assert_eq!(called, ["Team", "bob"], "what a deleted group had is gone");
}

#[tokio::test]
async fn holds_stand_until_the_application_releases_them() {
    let app = TestApp::open().await;
    let (_, application, [ada, ..], _) = site(&app).await;
    let path = format!("/api/v1/people/{ada}/holds");
    let headers = [("content-type", "application/json")];
    let put = async |reference: &str, words: &str| {
        let body = Some(json!({ "words": words }).to_string());
        application.send("PUT", &format!("{path}/{reference}"), &headers, body).await
    };
    put("vaults", "manages 3 shared vaults").await.expect(200);
    put("vaults", "manages 2 shared vaults").await.expect(200);
    put("vaults", "").await.expect(422);
    let listed = application.send("GET", &path, &[], None).await.expect(200);
    assert_eq!(listed.body["items"][0]["words"], "manages 2 shared vaults");
    assert_eq!(app.person(&ada).await.holds[0].words, "manages 2 shared vaults");
    for _ in 0..2 {
        application.send("DELETE", &format!("{path}/vaults"), &[], None).await.expect(204);
    }
    assert_eq!(app.person(&ada).await.holds, []);
    let story = app.story(&ada).await;
    assert_eq!(story.iter().filter(|kind| *kind == "hold-put").count(), 2, "{story:?}");
    assert_eq!(story.last().map(String::as_str), Some("hold-released"));
}

#[tokio::test]
async fn administrators_are_not_locked_out_one_after_the_other_nor_together() {
    let app = TestApp::open().await;
    let (directory, _, [ada, bob, cy], team) = site(&app).await;
    app.owner("ada", Some(&ada)).await;
    app.owner("bob", Some(&bob)).await;
    // One person under two names is one administrator.
    app.owner("bob-again", Some(&bob)).await;
    directory.remove(&team, &cy).await.expect(200);
    let empty = json!({ "schemas": [crate::support::GROUP], "displayName": "Team", "members": [] });
    let both = directory.put(&format!("/Groups/{team}"), &empty).await;
    both.expect_error(400, Some("invalidValue"));
    directory.set_active(&ada, false).await.expect(200);
    for refused in [directory.set_active(&bob, false).await, directory.delete(&format!("/Users/{bob}")).await]
    {
        refused.expect_error(400, Some("invalidValue"));
    }
    assert_eq!(
        (directory.status(&ada).await, directory.status(&bob).await),
        ("suspended".into(), "pending".into())
    );
    // Of two pushes at the same time one is refused.
    directory.set_active(&ada, true).await.expect(200);
    let (first, second) = tokio::join!(directory.set_active(&ada, false), directory.set_active(&bob, false));
    let mut answers = [first.status, second.status];
    answers.sort_unstable();
    assert_eq!(answers, [200, 400]);
}
