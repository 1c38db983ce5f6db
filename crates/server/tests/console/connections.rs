//! The connections in the console: made, watched, changed, handed over, deleted; and what was sent.

use serde_json::json;

use crate::support::tab::{Tab, text, value};
use crate::support::{TestApp, USER};

/// The address of a connection.
fn address(app: &TestApp, id: &str) -> String {
    format!("/console/{}/connections/{id}", app.tenant)
}

/// The only connection.
async fn known(app: &TestApp) -> operations::connections::Connection {
    operations::connections::list(app.admin.db(), &app.tenant).await.expect("readable").remove(0)
}

#[tokio::test]
async fn a_connection_is_made_and_its_token_works_and_is_shown_once() {
    let app = TestApp::open().await;
    let tab = Tab::of(&app, "owner").await;
    let root = format!("/console/{}/connections", app.tenant);
    let empty = tab.get(&root).await.expect(200);
    assert!(text(&empty).contains("No connection yet"));
    let fields =
        [("profile", "okta"), ("name", "Alpha directory"), ("grace", "7"), ("invitations", "release")];
    let made = tab.post(&format!("{root}/add"), &fields).await.expect(200);
    let token = text(&made).split("id=\"token\"").nth(1).and_then(|rest| rest.split("value=\"").nth(1));
    let token = token.and_then(|rest| rest.split('"').next()).expect("a token").to_owned();
    assert!(text(&made).contains("Alpha directory is created") && text(&made).contains("Browse App Catalog"));
    app.nobody().with_token(token.clone()).user("ada").await;
    app.server.flush().await;
    let list = tab.get(&root).await.expect(200);
    assert!(text(&list).contains("Working") && !text(&list).contains(&token), "{}", text(&list));
    let own = address(&app, &known(&app).await.id.to_string());
    for rest in ["", "/tokens", "/settings", "/quirks", "/test"] {
        let page = tab.get(&format!("{own}{rest}")).await.expect(200);
        assert!(!text(&page).contains(&token), "{rest}");
    }
    let shown = known(&app).await;
    assert_eq!((shown.grace_seconds, shown.invitations.to_string()), (7 * 86_400, "release".to_owned()));

    // The same name is refused, and what was typed is kept.
    let again = tab.post(&format!("{root}/add"), &fields).await.expect(422);
    assert!(text(&again).contains("Nothing has been saved.") && value(&again, "grace") == "7");
    for (field, typed, said) in [
        ("grace", "soon", "must be a whole number"),
        ("name", " ", "name"),
        ("profile", "nonsense", "There is no profile"),
    ] {
        let fields: Vec<_> =
            fields.iter().map(|(name, was)| (*name, if *name == field { typed } else { was })).collect();
        let refused = tab.post(&format!("{root}/add"), &fields).await.expect(422);
        assert!(text(&refused).contains(said), "{field}: {}", text(&refused));
    }
}

#[tokio::test]
async fn a_token_is_replaced_with_an_overlap_and_revoked() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let tab = Tab::of(&app, "owner").await;
    let own = address(&app, &client.id);
    let tokens = tab.get(&format!("{own}/tokens")).await.expect(200);
    let link = |page: &str, end: &str| {
        let mut links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        links.find(|link| link.ends_with(end)).map(str::to_owned)
    };
    let replace = link(text(&tokens), "/replace").expect("a link");
    let asked = tab.get(&replace).await.expect(200);
    assert!(text(&asked).contains("goes on for 7 days"), "{}", text(&asked));
    let made = tab.post(&replace, &[]).await.expect(200);
    assert!(text(&made).contains("A new token of"));
    client.user("ada").await;
    app.later(chrono::TimeDelta::days(8)).await;
    client.get("/Users").await.expect(401);

    // The session has ended meanwhile.
    let tab = Tab::of(&app, "administrator").await;
    let tokens = tab.get(&format!("{own}/tokens")).await.expect(200);
    assert!(text(&tokens).contains("Expired") && text(&tokens).contains("Valid"), "{}", text(&tokens));
    let revoke = link(text(&tokens), "/revoke").expect("a link");
    tab.post(&revoke, &[]).await.expect(303);
    let tokens = tab.get(&format!("{own}/tokens")).await.expect(200);
    assert!(text(&tokens).contains("Revoked"));
    let again = tab.post(&revoke, &[]).await;
    assert!(text(&again).contains("was revoked before"), "{}", text(&again));
}

#[tokio::test]
async fn settings_are_changed_and_the_dialect_switched() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_for_everyone(5).await;
    client.user("probe").await;
    let tab = Tab::of(&app, "owner").await;
    let own = address(&app, &client.id);
    let page = tab.get(&format!("{own}/settings")).await.expect(200);
    let mut fields = vec![
        ("name", "Renamed".to_owned()),
        ("grace", "3".to_owned()),
        ("invitations", "never".to_owned()),
        ("people", "7".to_owned()),
        ("percent", value(&page, "percent")),
        ("hours", value(&page, "hours")),
        ("test_users", String::new()),
    ];
    let sent = async |fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        tab.post(&format!("{own}/settings"), &fields).await
    };
    sent(&fields).await.expect(303);
    let now = known(&app).await;
    assert_eq!((now.name.as_str(), now.grace_seconds), ("Renamed", 3 * 86_400));
    assert_eq!(now.brake.map(|brake| brake.people), Some(7));
    sent(&fields).await.expect(303);

    // Who becomes a test user loses the seat: that is asked first.
    fields[6].1 = "probe".to_owned();
    let asked = sent(&fields).await.expect(200);
    assert!(
        text(&asked).contains("Make these people test users?") && text(&asked).contains("1 seat goes back.")
    );
    assert_eq!(client.status(&app.person("probe").await.id.to_string()).await, "pending");
    fields.push(("tag", value(&asked, "tag")));
    sent(&fields).await.expect(303);
    let shown = known(&app).await;
    assert_eq!(shown.test_users, ["probe"]);
    // No people, no brake.
    fields[3].1 = String::new();
    sent(&fields).await.expect(303);
    let now = known(&app).await;
    assert_eq!(now.brake, None);

    let before = now.quirks.clone();
    let kept: Vec<(&str, &str)> = before.iter().skip(1).map(|quirk| ("quirk", *quirk)).collect();
    // A page that does not know of a quirk changes nothing of it.
    tab.post(&format!("{own}/quirks"), &kept).await.expect(303);
    assert_eq!(known(&app).await.quirks, before);
    let shown: Vec<(&str, &str)> = before.iter().map(|quirk| ("known", *quirk)).collect();
    for _ in 0..2 {
        tab.post(&format!("{own}/quirks"), &[kept.clone(), shown.clone()].concat()).await.expect(303);
        assert_eq!(known(&app).await.quirks, before[1..]);
    }
}

/// The settings of a connection as its form sends them.
fn settings_form(page: &crate::support::Answer) -> Vec<(&'static str, String)> {
    let fields = ["name", "grace", "people", "percent", "hours", "shown"];
    let mut form: Vec<_> = fields.into_iter().map(|name| (name, value(page, name))).collect();
    form.extend([("profile", "generic".to_owned()), ("invitations", "at-once".to_owned())]);
    form
}

#[tokio::test]
async fn a_form_changes_only_what_was_changed_in_it_and_what_nobody_means_is_refused() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let tab = Tab::of(&app, "owner").await;
    let path = format!("{}/settings", address(&app, &client.id));
    let form = async || settings_form(&tab.get(&path).await.expect(200));
    let with = |form: &[(&'static str, String)], changes: &[(&str, &str)]| -> Vec<(&'static str, String)> {
        let typed = |name: &str| changes.iter().find(|(changed, _)| *changed == name);
        form.iter()
            .map(|(name, was)| (*name, typed(name).map_or(was.clone(), |(_, typed)| (*typed).to_owned())))
            .collect()
    };
    let send = async |fields: &[(&'static str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        tab.post(&path, &fields).await
    };
    let first = form().await;
    // Two administrators: each changes one field, and then both the same one.
    send(&with(&first, &[("grace", "9")])).await.expect(303);
    send(&with(&first, &[("name", "Renamed")])).await.expect(303);
    let now = known(&app).await;
    assert_eq!((now.name.as_str(), now.grace_seconds), ("Renamed", 9 * 86_400));
    let clash = send(&with(&first, &[("grace", "5")])).await.expect(422);
    assert!(text(&clash).contains("Another administrator has changed the same"), "{}", text(&clash));
    assert_eq!((value(&clash, "grace").as_str(), known(&app).await.grace_seconds), ("5", 9 * 86_400));
    send(&with(&settings_form(&clash), &[])).await.expect(303);
    assert_eq!(known(&app).await.grace_seconds, 5 * 86_400, "saved again, it holds");

    // The brake is off without people, which can be saved again, and people alone get the usual limits.
    send(&with(&form().await, &[("people", "")])).await.expect(303);
    assert_eq!(known(&app).await.brake, None);
    send(&form().await).await.expect(303);
    send(&with(&form().await, &[("people", "25")])).await.expect(303);
    let now = known(&app).await.brake.expect("a brake");
    assert_eq!((now.people, now.percent, now.hours), (25, 10, 24));
    for wrong in [("grace", "4294967295"), ("hours", "4294967295"), ("hours", "0"), ("percent", "101")] {
        let refused = send(&with(&form().await, &[wrong])).await.expect(422);
        assert!(text(&refused).contains("between"), "{wrong:?}: {}", text(&refused));
    }
}

#[tokio::test]
async fn a_connection_that_shares_is_handed_nothing() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let tab = Tab::of(&app, "owner").await;
    let own = address(&app, &client.id);
    let nobody = tab.get(&format!("{own}/hand-over")).await.expect(409);
    assert!(text(&nobody).contains("There is no other connection"), "{}", text(&nobody));
    let shared = operations::connections::New {
        tenant: app.tenant.clone(),
        profile: "generic".to_owned(),
        shared: true,
        ..Default::default()
    };
    let shared = app.connection_of(shared).await;
    tab.get(&format!("{own}/hand-over")).await.expect(409);
    let refused = tab.post(&format!("{own}/hand-over"), &[("to", &shared.id), ("what", "all")]).await;
    assert!((400..500).contains(&refused.status) && text(&refused).contains("becomes the owner of nothing"));
}

#[tokio::test]
async fn the_test_page_names_what_is_wrong_with_a_first_request() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let other = app.connection("okta").await;
    let tab = Tab::of(&app, "owner").await;
    let own = address(&app, &client.id);
    let token = client.token.clone().expect("a token");
    let nobody = app.nobody();
    let bearer = |token: &str| format!("Bearer {token}");
    for (path, authorization, said) in [
        ("/scim/v2/Users", None, "came without a token"),
        ("/scim/v2/Users", Some("Basic YTpi".to_owned()), "another kind of sign-in"),
        ("/scim/v2/Users", Some(bearer("eyJhbGciOiJ")), "none of ours"),
        ("/scim/v2/Users", Some(bearer(&token[..token.len() - 2])), "It had 50 characters and must have 52"),
        ("/scim/v2/Users", Some(bearer(&format!("\"{token}\""))), "without blanks and quotation marks"),
        ("/scim/v2/Users", Some(token.clone()), "without blanks and quotation marks"),
        (
            "/scim/v2/Users",
            Some(bearer(&format!("{}xxxxx", &token[..token.len() - 5]))),
            "changed on its way",
        ),
        ("/scim/v2/scim/v2/Users", Some(bearer(&token)), "entered twice"),
        ("/Users", Some(bearer(&token)), "went to another path"),
        ("/v2/Users", None, "went to another path"),
        ("/scim/Groups", None, "came without a token"),
        ("/nothing", Some(bearer(&token)), "went to another path"),
    ] {
        app.later(chrono::TimeDelta::hours(1)).await;
        let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        nobody.send("GET", path, &headers, None).await;
        let page = tab.get(&format!("{own}/test")).await.expect(200);
        assert!(text(&page).contains(said), "{path} {authorization:?}: {}", text(&page));
        assert!(!text(&page).contains(&token[13..]), "no token is shown");
    }
    // What another organisation was refused is told without its signs, and what was answered is not told at all.
    app.later(chrono::TimeDelta::hours(1)).await;
    let foreign = app.connection_with(&app.other_tenant().await, "generic", None).await;
    let theirs = foreign.token.clone().expect("a token");
    let cut = bearer(&theirs[..40]);
    let headers = [("authorization", cut.as_str()), ("user-agent", "WIN A PRIZE")];
    nobody
        .send("GET", "/scim/v2/Users/019ca8a0-3e80-7303-b22e-4ca120999ee1", &headers, None)
        .await
        .expect(401);
    let page = tab.get(&format!("{own}/test")).await.expect(200);
    assert!(text(&page).contains("token that was damaged."), "{}", text(&page));
    for secret in [&theirs[..13], "WIN A PRIZE", "019ca8a0-3e80-7303-b22e-4ca120999ee1"] {
        assert!(!text(&page).contains(secret), "{secret}: {}", text(&page));
    }
    app.later(chrono::TimeDelta::hours(1)).await;
    let twice = serde_json::json!({ "schemas": [USER], "userName": "twice" });
    client.post("/Users", &twice).await.expect(201);
    client.post("/Users", &twice).await.expect(409);
    client.get("/Users/nobody").await.expect(404);
    nobody.send("GET", "/console/nonsense/users", &[], None).await;
    nobody.send("GET", "/api/v1/users", &[("authorization", "Bearer x")], None).await;
    let page = tab.get(&format!("{own}/test")).await.expect(200);
    for said in ["A request came", "A request went"] {
        assert!(!text(&page).contains(said), "{}", text(&page));
    }
    // A token that was revoked, and one of another connection.
    app.later(chrono::TimeDelta::hours(1)).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    for client in [&client, &other] {
        operations::tokens::revoke(db, &operator, &client.id, &client.token_id).await.expect("revoked");
    }
    let of_other = address(&app, &other.id);
    app.later(chrono::TimeDelta::minutes(1)).await;
    other.get("/Users").await.expect(401);
    let page = tab.get(&format!("{own}/test")).await.expect(200);
    assert!(!text(&page).contains("revoked:"), "it is of the other connection: {}", text(&page));
    let page = tab.get(&format!("{of_other}/test")).await.expect(200);
    assert!(text(&page).contains("that was revoked:"), "{}", text(&page));
}

#[tokio::test]
async fn a_connection_is_handed_over_and_deleted_by_its_name() {
    let app = TestApp::open().await;
    let old = app.connection("generic").await;
    let new = app.connection("okta").await;
    let ada = old.user("ada").await;
    let tab = Tab::of(&app, "owner").await;
    let own = address(&app, &old.id);
    let to = new.id.as_str();
    let asked = tab.get(&format!("{own}/hand-over")).await.expect(200);
    assert!(text(&asked).contains(to) && text(&asked).contains("Access, seats and devices stay."));
    tab.post(&format!("{own}/hand-over"), &[("to", to), ("what", "users")]).await.expect(303);
    app.server.run_due_jobs().await;
    assert!(app.person(&ada).await.connection.is_some_and(|name| name.starts_with("okta")));

    let name = known(&app).await.name;
    let asked = tab.get(&format!("{own}/delete")).await.expect(200);
    assert!(text(&asked).contains("Its tokens are refused from now on."));
    let wrong = tab.post(&format!("{own}/delete"), &[("name", "another")]).await.expect(422);
    assert!(text(&wrong).contains("Nothing was deleted."));
    old.get("/Users").await.expect(200);
    tab.post(&format!("{own}/delete"), &[("name", &name)]).await.expect(303);
    app.server.run_due_jobs().await;
    old.get("/Users").await.expect(401);
    tab.get(&own).await.expect(404);
}

#[tokio::test]
async fn what_was_sent_is_shown_with_its_effect_and_refusals_with_what_to_change() {
    let app = TestApp::open().await;
    let client = app.connection("okta").await;
    app.pool_for_everyone(5).await;
    let ada = client.user("ada").await;
    client.get(&format!("/Users/{ada}")).await.expect(200);
    let again = json!({ "schemas": [USER], "userName": "ada" });
    client.post("/Users", &again).await.expect(409);
    app.server.flush().await;
    let tab = Tab::of(&app, "owner").await;
    let root = format!("/console/{}/inspector", app.tenant);
    let page = tab.get(&root).await.expect(200);
    let rows = |page: &str| page.matches("<details class=\"req").count();
    assert_eq!(rows(text(&page)), 2, "what did nothing is left out: {}", text(&page));
    for (query, number) in [
        ("quiet=yes", 3),
        ("outcome=changed", 1),
        ("outcome=refused", 1),
        ("outcome=held", 0),
        ("method=GET&quiet=yes", 1),
        ("q=Users&quiet=yes", 3),
        ("resource=groups", 0),
        ("period=1h", 2),
        ("from=2020-01-01&to=2020-01-02", 0),
        ("connection=019ca8a0-3e80-7391-abd8-513445d081e0", 0),
        ("q=%25&before=x&connection=y", 0),
    ] {
        let part = tab.send("GET", &format!("{root}?{query}"), &[("hx-request", "true")], None).await;
        assert_eq!(rows(text(&part.expect(200))), number, "{query}");
    }
    let refused = tab.get(&format!("{root}?outcome=refused")).await;
    let id =
        text(&refused).split("id=\"r-").nth(1).and_then(|rest| rest.split('"').next()).expect("a request");
    let shown = tab.get(&format!("{root}/{id}")).await.expect(200);
    for said in ["Solve it in Okta", "Dashboard › Tasks", "Why it was refused", "hand the person over"] {
        assert!(text(&shown).contains(said), "{said}: {}", text(&shown));
    }
    let found = tab.get(&format!("{root}?q={id}")).await.expect(303);
    assert!(found.header("location").ends_with(id));
    tab.get(&format!("{root}/019ca8a0-3e80-7391-abd8-513445d081e0")).await.expect(404);
    tab.get(&format!("{root}/nothing")).await.expect(404);
}
