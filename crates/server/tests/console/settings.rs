//! Settings, API tokens, webhooks, administrators, permissions and mail in the console.

use operations::mail;

use crate::support::tab::{Tab, text, value};
use crate::support::{Answer, TestApp};

/// The value of the field that shows a secret.
fn secret(page: &Answer) -> String {
    let field = text(page).split("id=\"secret\"").nth(1).and_then(|rest| rest.split("value=\"").nth(1));
    field.and_then(|rest| rest.split('"').next()).expect("a secret").to_owned()
}

/// The addresses on a page that end so.
fn links(page: &Answer, end: &str) -> Vec<String> {
    let all = text(page).split(['"']).filter(|part| part.starts_with("/console/") && part.ends_with(end));
    all.map(str::to_owned).collect()
}

async fn settings(app: &TestApp) -> operations::tenants::Tenant {
    operations::tenants::find(app.admin.db(), &app.tenant).await.expect("readable").expect("there")
}

#[tokio::test]
async fn settings_are_saved_and_what_cannot_be_used_is_said() {
    let app = TestApp::open().await;
    app.pool("Vault", 2, "queue").await;
    let tab = Tab::of(&app, "administrator").await;
    let root = format!("/console/{}/settings", app.tenant);
    let page = tab.get(&root).await.expect(200);
    let names = ["name", "zone", "application", "language", "support", "faq", "case", "privacy", "pool"];
    let mut fields: Vec<(&str, String)> = names
        .iter()
        .map(|name| {
            (*name, if ["language", "pool"].contains(name) { String::new() } else { value(&page, name) })
        })
        .collect();
    fields.push(("downloads", String::new()));
    let with = |changes: &[(&str, &str)]| {
        let mut all = fields.clone();
        for (name, value) in changes {
            all.iter_mut().filter(|(known, _)| known == name).for_each(|field| field.1 = (*value).to_owned());
        }
        all
    };
    let send = async |path: &str, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        tab.post(path, &fields).await
    };
    send(&root, &with(&[])).await.expect(303);
    let changed = with(&[
        ("application", "Latchkey"),
        ("support", "help@alpha.example"),
        ("downloads", "windows=https://alpha.example/w\nmacos=https://alpha.example/m"),
    ]);
    send(&root, &changed).await.expect(303);
    let now = settings(&app).await.settings;
    assert_eq!((now.application_name().as_str(), now.downloads.len()), ("Latchkey", 2));
    // A line that is gone takes its link along.
    let changed = with(&[("application", "Latchkey"), ("downloads", "macos=https://alpha.example/m")]);
    send(&root, &changed).await.expect(303);
    let now = settings(&app).await.settings;
    assert_eq!((now.downloads.len(), now.support), (1, None));
    for (name, typed) in [("zone", "Mars/Olympus"), ("name", ""), ("support", "nobody"), ("downloads", "x=y")]
    {
        let refused = send(&root, &with(&[(name, typed)])).await.expect(422);
        assert!(text(&refused).contains("Nothing has been saved."), "{name}: {}", text(&refused));
    }

    let mail = |changes: &[(&'static str, &str)]| {
        let mut all =
            vec![("remind", ""), ("quiet", ""), ("per_hour", ""), ("per_domain", ""), ("refusals", "20/50")];
        for (name, value) in changes {
            all.retain(|(known, _)| known != name);
            all.push((*name, *value));
        }
        all.into_iter().map(|(name, value)| (name, value.to_owned())).collect::<Vec<_>>()
    };
    let path = format!("{root}/mail");
    let changes = [
        ("remind", "3, 8"),
        ("quiet", "20:00-07:00"),
        ("weekends", "yes"),
        ("per_hour", "50"),
        ("refusals", "none"),
    ];
    send(&path, &mail(&changes)).await.expect(303);
    let sending = settings(&app).await.settings.sending;
    assert_eq!((sending.remind_after, sending.per_hour), (vec![3, 8], Some(50)));
    assert!(sending.quiet.is_some_and(|quiet| quiet.weekends));
    let page = tab.get(&path).await.expect(200);
    assert_eq!((value(&page, "refusals").as_str(), value(&page, "quiet").as_str()), ("none", "20:00-07:00"));
    let shown = value(&page, "shown");
    send(&path, &mail(&[("shown", &shown)])).await.expect(303);
    let sending = settings(&app).await.settings.sending;
    assert_eq!((sending.remind_after, sending.quiet, sending.per_hour), (Vec::new(), None, None));
    for (name, typed) in [("remind", "8, 3"), ("quiet", "late"), ("per_hour", "many"), ("refusals", "200/1")]
    {
        let refused = send(&path, &mail(&[(name, typed)])).await.expect(422);
        assert!(text(&refused).contains("Nothing has been saved."), "{name}: {}", text(&refused));
    }

    let path = format!("{root}/domains");
    tab.post(&path, &[("add", "Alpha.Example")]).await.expect(303);
    tab.post(&path, &[("policy", "hold")]).await.expect(303);
    tab.post(&path, &[("policy", "hold")]).await.expect(303);
    let page = tab.get(&path).await.expect(200);
    assert!(text(&page).contains("alpha.example") && text(&page).contains("value=\"hold\" checked"));
    let refused = tab.post(&path, &[("add", "no domain")]).await.expect(422);
    assert!(text(&refused).contains("Nothing has been saved."));
    tab.post(&path, &[("remove", "alpha.example")]).await.expect(303);
    assert!(text(&tab.get(&path).await.expect(200)).contains("No domain"));
    tab.get(&format!("{root}/nowhere")).await.expect(404);
}

#[tokio::test]
async fn a_token_of_the_api_is_shown_once_and_revoked() {
    let app = TestApp::open().await;
    let tab = Tab::of(&app, "administrator").await;
    let root = format!("/console/{}/settings/tokens", app.tenant);
    let refused = tab.post(&root, &[("name", "Latchkey")]).await.expect(422);
    assert!(text(&refused).contains("Tick at least one thing"));
    let made = tab.post(&root, &[("name", "Latchkey"), ("scope", "people:read")]).await.expect(200);
    let client = app.nobody().with_token(secret(&made));
    assert_eq!(client.send("GET", "/api/v1/people", &[], None).await.status, 200);
    let page = tab.get(&root).await.expect(200);
    assert!(text(&page).contains("Latchkey") && !text(&page).contains(&secret(&made)));
    let revoke = links(&page, "/revoke").remove(0);
    assert!(text(&tab.get(&revoke).await.expect(200)).contains("Revoke the token Latchkey?"));
    tab.post(&revoke, &[]).await.expect(303);
    app.later(chrono::TimeDelta::minutes(2)).await;
    assert_eq!(client.send("GET", "/api/v1/people", &[], None).await.status, 401);
    let again = tab.post(&revoke, &[]).await.expect(422);
    assert!(text(&again).contains("Nothing has been saved."), "{}", text(&again));
}

#[tokio::test]
async fn a_webhook_is_added_switched_off_and_deleted() {
    let app = TestApp::open().await;
    let tab = Tab::of(&app, "administrator").await;
    let root = format!("/console/{}/settings/webhooks", app.tenant);
    let refused = tab.post(&root, &[("url", "http://127.0.0.1/x")]).await.expect(422);
    assert!(
        text(&refused).contains("Nothing has been saved.") && value(&refused, "url") == "http://127.0.0.1/x"
    );
    let fields = [
        ("url", "https://hooks.example.com/in"),
        ("description", "<b>Audit</b>"),
        ("event", "enrolment-step"),
    ];
    let made = tab.post(&root, &fields).await;
    let made = if made.status == 422 { panic!("{}", text(&made)) } else { made.expect(200) };
    let key = secret(&made);
    assert!(key.starts_with("whsec_"), "{key}");
    let page = tab.get(&root).await.expect(200);
    assert!(text(&page).contains("enrolment-step") && !text(&page).contains("<b>Audit</b>"));
    let own = text(&page).split("href=\"").find(|part| part.contains("/settings/webhooks/")).expect("a link");
    let own = own.split('"').next().expect("an address").to_owned();
    for (act, state) in [("disable", "Switched off"), ("enable", "Delivering")] {
        tab.post(&format!("{own}/{act}"), &[]).await.expect(303);
        assert!(text(&tab.get(&own).await.expect(200)).contains(state), "{act}");
    }
    tab.post(&format!("{own}/events"), &[("description", "All")]).await.expect(303);
    let rotated = tab.post(&format!("{own}/rotate"), &[]).await.expect(200);
    assert_ne!(secret(&rotated), key);
    tab.post(&format!("{own}/replay"), &[]).await.expect(303);
    assert!(text(&tab.get(&format!("{own}?state=given-up")).await.expect(200)).contains("No delivery"));
    assert!(text(&tab.get(&format!("{own}/delete")).await.expect(200)).contains("Delete the webhook"));
    tab.post(&format!("{own}/delete"), &[]).await.expect(303);
    tab.get(&own).await.expect(404);
}

#[tokio::test]
async fn an_administrator_is_invited_gets_a_role_and_loses_the_session() {
    let app = TestApp::open().await;
    let tab = Tab::of(&app, "owner").await;
    let root = format!("/console/{}/administrators", app.tenant);
    let fields = [("name", "Tomasz"), ("email", "tomasz@alpha.example"), ("role", "auditor")];
    let made = tab.post(&root, &fields).await.expect(200);
    let link = secret(&made);
    let path = &link[link.find("/console/join/").expect("a path")..];
    assert!(text(&Tab::open(&app).get(path).await.expect(200)).contains("Tomasz"));
    let again = tab.post(&root, &fields).await.expect(422);
    assert!(
        text(&again).contains("Nothing has been saved.") && value(&again, "email") == "tomasz@alpha.example"
    );

    let page = tab.get(&root).await.expect(200);
    let enter = links(&page, "/enter");
    let mine = own_id(&app).await;
    let of_tomasz = enter.iter().find(|link| !link.contains(&mine)).cloned();
    let of_tomasz = of_tomasz.expect("a link").replace("/enter", "");
    tab.post(&format!("{of_tomasz}/role"), &[("role", "help-desk")]).await.expect(303);
    let entered = tab.post(&format!("{of_tomasz}/enter"), &[]).await.expect(200);
    let link = secret(&entered);
    let other = Tab::open(&app);
    other.post(&link[link.find("/console/enter/").expect("a path")..], &[]).await.expect(303);
    other.get(&root).await.expect(200);

    // A session is ended by an owner, and by nobody else but the one whose it is.
    let page = tab.get(&root).await.expect(200);
    let session = value(&page, "session");
    let auditor = Tab::of(&app, "auditor").await;
    auditor.post(&format!("{root}/sessions/end"), &[("session", &session)]).await.expect(403);
    other.get(&root).await.expect(200);
    tab.post(&format!("{root}/sessions/end"), &[("session", &session)]).await.expect(303);
    other.get(&root).await.expect(303);
    let told = crate::support::count(&app, "SELECT COUNT(*) FROM journal WHERE kind = 'session-ended'").await;
    assert_eq!(told, 1);

    assert!(
        text(&tab.get(&format!("{of_tomasz}/remove")).await.expect(200))
            .contains("Remove the administrator Tomasz?")
    );
    tab.post(&format!("{of_tomasz}/remove"), &[]).await.expect(303);
    let own = format!("{root}/{}", own_id(&app).await);
    let refused = tab.post(&format!("{own}/role"), &[("role", "auditor")]).await.expect(422);
    assert!(text(&refused).contains("owner"), "the last owner stays: {}", text(&refused));
    let refused = tab.post(&format!("{own}/remove"), &[]).await;
    assert!(
        refused.status >= 400 && text(&refused).contains("You cannot remove yourself"),
        "{}",
        text(&refused)
    );
    tab.get(&root).await.expect(200);
}

/// The id of the owner.
async fn own_id(app: &TestApp) -> String {
    let all = operations::administrators::list(app.admin.db(), Some(&app.tenant)).await.expect("readable");
    all.into_iter().find(|it| it.role == "owner").expect("an owner").id.to_string()
}

#[tokio::test]
async fn permissions_have_exceptions_and_a_person_sees_the_result() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let ada = client.user("ada").await;
    client.group("Staff", &[&ada]).await;
    let tab = Tab::of(&app, "administrator").await;
    let root = format!("/console/{}/permissions", app.tenant);
    tab.post(&format!("{root}/set"), &[("name", "export"), ("value", "false"), ("summary", "May export")])
        .await
        .expect(303);
    let except = [("name", "export"), ("holder", "group"), ("whose", "Staff"), ("value", "true")];
    tab.post(&format!("{root}/except"), &except).await.expect(303);
    let page = tab.get(&format!("{root}?user=ada")).await.expect(200);
    assert!(
        text(&page).contains("May export") && text(&page).matches("true").count() >= 2,
        "{}",
        text(&page)
    );
    for fields in [
        &[("name", "no name"), ("value", "1")][..],
        &[("name", "export"), ("holder", "user"), ("whose", "nobody"), ("value", "true")],
    ] {
        let act = if fields.len() == 2 { "set" } else { "except" };
        let refused = tab.post(&format!("{root}/{act}"), fields).await.expect(422);
        assert!(text(&refused).contains("Nothing has been saved."), "{}", text(&refused));
    }
    let gone =
        [("name", "export"), ("holder", value(&page, "holder").as_str()), ("whose", &value(&page, "whose"))]
            .map(|(name, value)| (name, value.to_owned()));
    let gone: Vec<(&str, &str)> = gone.iter().map(|(name, value)| (*name, value.as_str())).collect();
    tab.post(&format!("{root}/except-no-more"), &gone).await.expect(303);
    tab.post(&format!("{root}/delete"), &[("name", "export")]).await.expect(303);
    assert!(text(&tab.get(&root).await.expect(200)).contains("No permission yet"));
}

#[tokio::test]
async fn mail_is_listed_and_a_template_written_looked_at_and_taken_back() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_for_everyone(3).await;
    let ada = client.user("ada@alpha.example").await;
    app.later(chrono::TimeDelta::hours(1)).await;
    let tab = Tab::of(&app, "administrator").await;
    let root = format!("/console/{}/mail", app.tenant);
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let page = tab.get(&root).await.expect(200);
    assert!(text(&page).contains("ada@alpha.example") && text(&page).contains("No mail server is set."));
    for (query, found) in [
        ("kind=invitation", true),
        ("kind=reminder", false),
        ("q=nobody", false),
        (&format!("q={ada}"), true),
        ("state=nonsense", false),
    ] {
        let part = tab.send("GET", &format!("{root}?{query}"), &[("hx-request", "true")], None).await;
        assert_eq!(text(&part.expect(200)).contains("ada@alpha.example"), found, "{query}");
    }
    let link =
        text(&page).split("class=\"cell-link\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let shown = tab.get(link.expect("a link")).await.expect(200);
    assert!(text(&shown).contains("Invitation"), "{}", text(&shown));
    // A reader cannot act in the person's place.
    let secret = text(&shown).split("/enrol/").nth(1).and_then(|rest| rest.get(..20)).expect("a link");
    for role in ["auditor", "help-desk"] {
        let read = Tab::of(&app, role).await.get(link.expect("a link")).await.expect(200);
        assert!(!text(&read).contains(secret) && text(&read).contains("/enrol/\u{2022}"), "{role}");
    }
    let person = format!("/console/{}/users/{ada}/letters/reminder", app.tenant);
    let letter = tab.get(&person).await.expect(200);
    assert!(letter.header("content-security-policy").ends_with("sandbox") && !text(&letter).contains(secret));
    tab.get(&format!("{root}/nothing")).await.expect(404);

    let template = format!("{root}/templates/invitation/en");
    let page = tab.get(&template).await.expect(200);
    assert!(text(&page).contains("The original text."));
    let subject = value(&page, "subject");
    let with = |subject: &str, act: &str| {
        vec![("subject".to_owned(), subject.to_owned()), ("act".to_owned(), act.to_owned())]
    };
    let send = async |fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        tab.post(&template, &fields).await
    };
    let looked = send(with("Come in to {{ application }}", "preview")).await.expect(200);
    assert!(text(&looked).contains("Come in to ") && text(&looked).contains("The original text."));
    let broken = send(with("{{ nothing }}", "save")).await.expect(422);
    assert!(
        text(&broken).contains("Nothing has been saved.") && value(&broken, "subject") == "{{ nothing }}"
    );
    send(with("Come in", "save")).await.expect(303);
    assert!(text(&tab.get(&template).await.expect(200)).contains("An own text."));
    // The test is of what was typed, which stays on the page.
    let tested = send(with("Come in now", "test")).await.expect(200);
    assert_eq!(value(&tested, "subject"), "Come in now");
    let all = mail::list(db, &operator, &app.tenant, &mail::Query { most: 9, ..Default::default() }).await;
    let sent = mail::show(db, &operator, &app.tenant, &all.expect("readable")[0].id.to_string()).await;
    assert_eq!(sent.expect("readable").subject.as_deref(), Some("Come in now"));
    // As a document of its own it runs nothing, and only our own pages show it.
    let look = format!("{template}/look");
    let saved = tab.get(&look).await.expect(200);
    assert!(saved.header("content-security-policy").ends_with("sandbox") && text(&saved).contains("<h1"));
    let typed = tab.post(&look, &[("html", "<h1>Typed</h1>")]).await.expect(200);
    assert!(text(&typed).contains("Typed"), "{}", text(&typed));
    assert!(typed.header("content-security-policy").ends_with("sandbox"));
    let broken = tab.post(&look, &[("html", "{{ <b>")]).await.expect(200);
    assert!(!text(&broken).contains("<b>"), "{}", text(&broken));
    let asked = send(with("Come in", "reset")).await.expect(200);
    assert!(text(&asked).contains("Back to the original?"), "{}", text(&asked));
    tab.post(&template, &[("act", "reset"), ("sure", "yes")]).await.expect(303);
    assert_eq!(value(&tab.get(&template).await.expect(200), "subject"), subject);
    tab.get(&format!("{root}/templates/nothing/en")).await.expect(404);
    for act in ["release", "resume", "invitations"] {
        tab.post(&format!("{root}/act/{act}"), &[]).await.expect(303);
    }
}
