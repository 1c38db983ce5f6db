//! The users in the console: found, looked at, switched.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::tab::{Tab, text, value};
use crate::support::{Client, TestApp, USER};

async fn named(client: &Client, user_name: &str, name: &str) -> String {
    let body = json!({ "schemas": [USER], "userName": user_name, "displayName": name, "emails": [{ "value": format!("{user_name}@alpha.example"), "primary": true }] });
    client.post("/Users", &body).await.expect(201).id()
}

fn rows(page: &str) -> Vec<String> {
    let rows = page.split("<tr id=\"u-").skip(1);
    rows.filter_map(|row| Some(row.split_once('"')?.0.to_owned())).collect()
}

#[tokio::test]
async fn every_user_is_on_one_page_there_and_back_and_filters_narrow_the_list_down() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool("Vault", 2, "queue").await;
    let mut all = BTreeSet::new();
    for number in 0..45 {
        all.insert(named(&client, &format!("u{number:02}"), &format!("Person {number}")).await);
    }
    let tab = Tab::of(&app, "owner").await;
    let users = format!("/console/{}/users", app.tenant);
    let follow = |page: &str, rel: &str| {
        let link = page.split(" class=\"btn btn-sm\" href=\"").skip(1).find(|link| link.contains(rel));
        link.and_then(|link| link.split('"').next()).map(|link| link.replace("&#38;", "&"))
    };
    let (mut address, mut pages) = (users.clone(), Vec::new());
    loop {
        let page = tab.get(&address).await.expect(200);
        pages.push(rows(text(&page)));
        assert!(text(&page).contains("<strong>45</strong> users"), "the count is always shown");
        match follow(text(&page), "rel=\"next\"") {
            Some(next) => address = next,
            None => break,
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
    let seen: BTreeSet<String> = pages.concat().into_iter().collect();
    assert_eq!(seen, all);
    let mut back = vec![pages[2].clone()];
    while let Some(previous) = follow(text(&tab.get(&address).await), "rel=\"prev\"") {
        address = previous;
        back.push(rows(text(&tab.get(&address).await)));
    }
    back.reverse();
    assert_eq!(back, pages);

    tab.post(&format!("{users}/{}/assign", pages[0][0]), &[]).await.expect(303);
    for (query, people) in [
        ("licence=assigned", 1),
        ("licence=none&per=50", 44),
        ("status=pending", 1),
        ("q=person%204&per=50", 6),
        ("q=U1", 10),
        ("q=%25", 0),
        ("origin=hand", 0),
        ("used=never&hub=never&per=50", 45),
        ("held=domain", 0),
        ("status=nonsense&per=7", 20),
    ] {
        let page = tab.get(&format!("{users}?{query}")).await.expect(200);
        assert_eq!(rows(text(&page)).len(), people, "{query}");
        let part =
            tab.send("GET", &format!("{users}?{query}"), &[("hx-request", "true")], None).await.expect(200);
        assert_eq!(rows(text(&part)).len(), people, "{query}");
        assert!(!text(&part).contains("<html"), "a script gets the list alone");
    }
}

#[tokio::test]
async fn a_licence_is_switched_on_at_once_and_off_after_a_dialog_that_says_what_follows() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool("Vault", 1, "queue").await;
    let (ada, bob) = (client.user("ada").await, client.user("bob").await);
    let tab = Tab::of(&app, "owner").await;
    let users = format!("/console/{}/users", app.tenant);
    let row =
        [("hx-request", "true"), ("hx-target", &*format!("u-{ada}")), ("sec-fetch-site", "same-origin")];
    let switched =
        tab.send("POST", &format!("{users}/{ada}/assign"), &row, Some(String::new())).await.expect(200);
    assert!(
        rows(text(&switched)) == [ada.clone()] && text(&switched).contains("Vault"),
        "{}",
        text(&switched)
    );
    tab.post(&format!("{users}/{bob}/assign"), &[]).await.expect(303);
    assert_eq!((client.status(&ada).await, app.pool_now("Vault").await.waiting), ("pending".to_owned(), 1));

    let dialog = tab.get(&format!("{users}/{ada}/unassign")).await.expect(200);
    let said = text(&dialog);
    assert!(
        said.contains("The seat of Vault goes back.") && said.contains("The next person in the waiting list"),
        "{said}"
    );
    assert!(said.contains("<html"), "without a script a dialog is a page");
    let tag = value(&dialog, "tag");
    // Something else happens before the answer.
    tab.post(
        &format!("{users}/{bob}/unassign"),
        &[("tag", &value(&tab.get(&format!("{users}/{bob}/unassign")).await, "tag"))],
    )
    .await
    .expect(303);
    let stale = tab.post(&format!("{users}/{ada}/unassign"), &[("tag", &tag)]).await.expect(422);
    assert!(text(&stale).contains("Something has changed since this was shown"), "{}", text(&stale));
    assert_eq!(app.pool_now("Vault").await.used, 1);
    let done =
        tab.post(&format!("{users}/{ada}/unassign"), &[("tag", &value(&stale, "tag"))]).await.expect(303);
    let page = tab.get(done.header("location")).await.expect(200);
    assert!(text(&page).contains("The licence is unassigned.") && text(&page).contains("No licence"));
    assert_eq!(app.pool_now("Vault").await.used, 0);
    let entry = app.person(&ada).await.journal;
    assert!(
        entry.iter().any(|line| line.actor == "administrator" && line.actor_name == "owner"),
        "{entry:?}"
    );
}

#[tokio::test]
async fn a_person_is_deactivated_only_when_the_handover_is_done_and_comes_back() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_for_everyone(5).await;
    let ada = client.user("ada").await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let token = operations::api_tokens::create(db, &operator, &app.tenant, ("app", &[]), None).await;
    let application = app.nobody().with_token(token.expect("a token").token);
    let hold = json!({ "words": "manages 3 shared vaults" }).to_string();
    let json = [("content-type", "application/json")];
    let put = application.send("PUT", &format!("/api/v1/people/{ada}/holds/vaults"), &json, Some(hold)).await;
    assert!(put.status < 300, "{put:?}");
    let tab = Tab::of(&app, "administrator").await;
    let address = format!("/console/{}/users/{ada}", app.tenant);
    let dialog = tab.get(&format!("{address}/deactivate")).await.expect(200);
    assert!(text(&dialog).contains("manages 3 shared vaults"));
    let tag = value(&dialog, "tag");
    let refused = tab.post(&format!("{address}/deactivate"), &[("tag", &tag)]).await.expect(422);
    assert!(text(&refused).contains("handover is done first"));
    let agreed = [("tag", &*tag), ("handed_over", "yes")];
    tab.post(&format!("{address}/deactivate"), &agreed).await.expect(303);
    assert!(app.person(&ada).await.by_hand.deactivated);
    tab.post(&format!("{address}/activate"), &[]).await.expect(303);
    assert!(!app.person(&ada).await.by_hand.deactivated);
    // What a connection owns is removed there.
    let dialog = tab.get(&format!("{address}/remove")).await.expect(200);
    assert!(text(&dialog).contains("owns this user"), "{}", text(&dialog));
    tab.post(&format!("{address}/remove"), &[("tag", "")]).await.expect(422);
    tab.post(&format!("{address}/name"), &[("name", "Another")]).await.expect(422);
}

#[tokio::test]
async fn names_that_a_push_brings_are_text_and_nothing_else() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_for_everyone(50).await;
    let names = [
        "<script>alert(1)</script>",
        "\" onmouseover=\"x",
        "{{ 7 * 7 }} {a} *b*",
        "\u{202e}evil",
        "O'Brien & sons",
        &"x".repeat(300),
        "👩‍🚀",
        "a\nb",
    ];
    let mut people = Vec::new();
    for (number, name) in names.iter().enumerate() {
        people.push(named(&client, &format!("p{number}"), name).await);
    }
    let tab = Tab::of(&app, "owner").await;
    let users = format!("/console/{}/users", app.tenant);
    let mut pages = vec![users.clone(), format!("{users}?q=%3Cscript%3E")];
    for person in &people {
        let tabs = ["", "/devices", "/grants", "/scim", "/journal", "/unassign", "/deactivate"];
        pages.extend(tabs.iter().map(|tab| format!("{users}/{person}{tab}")));
    }
    for address in pages {
        let page = tab.get(&address).await.expect(200);
        let said = text(&page);
        assert!(!said.contains("<script>alert") && !said.contains("\" onmouseover=\"x"), "{address}");
        assert_eq!(said.matches("<script ").count(), 3, "{address}");
        assert!(!said.contains(" style=") && !said.contains("<style"), "{address}");
        assert!(page.header("content-security-policy").contains("script-src 'self'"), "{address}");
    }
}

#[tokio::test]
async fn a_user_is_added_by_hand_and_what_was_typed_stays_when_it_cannot_be_used() {
    let app = TestApp::open().await;
    let pool = app.pool("Vault", 1, "queue").await.id.to_string();
    let tab = Tab::of(&app, "owner").await;
    let address = format!("/console/{}/users/add", app.tenant);
    let fields = [("name", "Ada Byron"), ("email", "ada@alpha.example"), ("assign", "yes"), ("pool", &pool)];
    let added = tab.post(&address, &fields).await.expect(303);
    let page = tab.get(added.header("location")).await.expect(200);
    assert!(text(&page).contains("An invitation goes out.") && text(&page).contains("Pending user action"));
    for (fields, why) in [
        ([("name", "Eve"), ("email", "ADA@alpha.example")], "exists already"),
        ([("name", "Eve"), ("email", "no address")], "is no e-mail address"),
        ([("name", " "), ("email", "eve@alpha.example")], "name is missing"),
    ] {
        let refused = tab.post(&address, &fields).await.expect(422);
        assert!(text(&refused).contains(why), "{why}: {}", text(&refused));
        assert_eq!(value(&refused, "email"), fields[1].1);
    }
    let another = [("name", "Bob"), ("email", "bob@alpha.example"), ("another", "yes")];
    let added = tab.post(&address, &another).await.expect(303);
    assert_eq!(added.header("location"), format!("{address}?done=added"));
    let bob = app.person("bob@alpha.example").await;
    assert_eq!(bob.seats, []);
    let remove = format!("/console/{}/users/{}/remove", app.tenant, bob.id);
    let dialog = tab.get(&remove).await.expect(200);
    assert!(text(&dialog).contains("This cannot be undone."), "{}", text(&dialog));
    let removed = tab.post(&remove, &[("tag", &value(&dialog, "tag"))]).await.expect(303);
    let list = tab.get(removed.header("location")).await.expect(200);
    assert!(text(&list).contains("The user is removed.") && rows(text(&list)).len() == 1);
    assert_eq!(tab.get(&remove).await.status, 404);
}

#[tokio::test]
async fn each_role_does_what_it_may_and_is_told_who_may_the_rest() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let pool = app.pool("Vault", 50, "queue").await.id.to_string();
    let mut people = Vec::new();
    for number in 0..4 {
        people.push(client.user(&format!("p{number}")).await);
    }
    for (role, changes, reminds) in [
        ("owner", true, true),
        ("administrator", true, true),
        ("help-desk", false, true),
        ("auditor", false, false),
    ] {
        let tab = Tab::of(&app, role).await;
        let (users, person) = (format!("/console/{}/users", app.tenant), people.pop().expect("a person"));
        let own = format!("{users}/{person}");
        let allowed = |may: bool, done: u16| if may { done } else { 403 };
        for page in ["", "/devices", "/grants", "/scim", "/journal"] {
            assert_eq!(tab.get(&format!("{own}{page}")).await.status, 200, "{role} {page}");
        }
        for page in [users.clone(), format!("/console/{}/licences", app.tenant)] {
            assert_eq!(tab.get(&page).await.status, 200, "{role} {page}");
        }
        let list = tab.get(&users).await.expect(200);
        assert_eq!(text(&list).contains("aria-disabled=\"true\""), !changes, "{role}");
        for page in ["/unassign", "/deactivate", "/remove", "/name"] {
            let opened = tab.get(&format!("{own}{page}")).await.status;
            assert!(
                if changes { opened < 500 && opened != 403 } else { opened == 403 },
                "{role} {page} {opened}"
            );
        }
        assert_eq!(tab.get(&format!("{users}/add")).await.status, allowed(changes, 200), "{role}");
        let new = format!("{role}@beta.example");
        let fields = [("name", role), ("email", new.as_str())];
        let added = tab.post(&format!("{users}/add"), &fields).await;
        assert_eq!(added.status, allowed(changes, 303), "{role}");
        let assigned = tab.post(&format!("{own}/assign"), &[("pool", &pool)]).await;
        assert_eq!(assigned.status, allowed(changes, 303), "{role}: {}", text(&assigned));
        if !changes {
            assert!(
                text(&assigned).contains("Only owners and administrators may change"),
                "{}",
                text(&assigned)
            );
            operations::hand::say(
                app.admin.db(),
                &app.admin.operator("test"),
                &person,
                &operations::hand::Word::Assign(None),
                operations::consequences::Agreed::Anything,
            )
            .await
            .expect("assigned");
        }
        let reminded = tab.post(&format!("{own}/reminders"), &[]).await;
        // A person who was not invited yet is not reminded, and an administrator who may remind is told so.
        assert_eq!(reminded.status, if reminds { 400 } else { 403 }, "{role}: {}", text(&reminded));
        for form in ["deactivate", "unassign", "name", "remove"] {
            let sent = tab.post(&format!("{own}/{form}"), &[]).await.status;
            assert_eq!(sent == 403, !changes, "{role} {form} {sent}");
        }
        assert!(!app.person(&person).await.by_hand.deactivated, "{role}: without a tag nothing is done");
    }
}

#[tokio::test]
async fn odd_words_and_places_get_a_page_and_never_a_fault() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let ada = client.user("ada").await;
    // The user name of one person is the id of another one.
    let twin = client.user(&ada).await;
    let tab = Tab::of(&app, "owner").await;
    let users = format!("/console/{}/users", app.tenant);
    for query in [
        "q=%00",
        "after=%00",
        "before=%00",
        "before=0",
        "after=zzz",
        "q=%ff",
        "q=%25_%27",
        "per=-1&after=&before=",
    ] {
        let page = tab.get(&format!("{users}?{query}")).await;
        assert_eq!(page.status, 200, "{query}");
        if query.starts_with("after=") || query.starts_with("before=") {
            assert_eq!(rows(text(&page)).len(), 2, "{query}: people who are gone leave the beginning");
        }
    }
    for person in [&ada, &twin] {
        for page in ["", "/grants", "/deactivate"] {
            tab.get(&format!("{users}/{person}{page}")).await.expect(200);
        }
    }
    for name in ["\0", "a\nb", "\u{202e}evil", &"x".repeat(60_000)] {
        let fields = [("name", name), ("email", "eve@alpha.example")];
        assert_eq!(tab.post(&format!("{users}/add"), &fields).await.status, 422, "{name:.20}");
    }
    let headers = [("hx-request", "true"), ("hx-history-restore-request", "true")];
    let back = tab.send("GET", &users, &headers, None).await.expect(200);
    assert!(text(&back).contains("<html"), "the way back is a whole page");
    let long = tab.get("/console/sign-in?next=/console/%00").await;
    assert_eq!(long.status, 200);
}
