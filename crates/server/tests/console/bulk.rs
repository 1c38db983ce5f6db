//! Several users at once in the console, the menu of a row, and the list as a file.

use crate::support::TestApp;
use crate::support::sending::Site;
use crate::support::smtp::WILLING;
use crate::support::tab::{Tab, text, value};

#[tokio::test]
async fn licences_are_assigned_to_those_who_are_ticked_after_what_follows_was_shown() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool("Vault", 2, "reject").await;
    let mut ids = Vec::new();
    for name in ["ada", "bob", "eve", "kim"] {
        ids.push(client.user(name).await);
    }
    let tab = Tab::of(&app, "administrator").await;
    let users = format!("/console/{}/users", app.tenant);
    tab.post(&format!("{users}/{}/assign", ids[0]), &[]).await.expect(303);
    let path = format!("{users}/bulk/assign");
    let ticked: Vec<(&str, &str)> = ids.iter().map(|id| ("id", id.as_str())).collect();
    let nobody = tab.post(&path, &[("id", "nonsense")]).await.expect(422);
    assert!(text(&nobody).contains("Tick at least one person"), "{}", text(&nobody));

    let asked = tab.post(&path, &[&ticked[..], &[("list", "status=none")]].concat()).await.expect(200);
    for said in [
        "Assign a licence to 3 users?",
        "1 person gets a seat.",
        "2 people are turned away",
        "ada</strong> is left out: has that licence",
    ] {
        assert!(text(&asked).contains(said), "{said}: {}", text(&asked));
    }
    assert_eq!(app.pool_now("Vault").await.used, 1, "a question changes nothing");
    let hidden = |name: &str| value(&asked, name);
    let (tag, pool) = (hidden("tag"), hidden("previewed"));
    let agreed = [("tag", tag.as_str()), ("pool", &pool), ("previewed", &pool), ("list", "status=none")];
    // Another one is faster: it is asked again.
    tab.post(&format!("{users}/{}/assign", ids[3]), &[]).await.expect(303);
    let again = tab.post(&path, &[&ticked[..], &agreed].concat()).await.expect(422);
    assert!(text(&again).contains("Something has changed since this was shown"), "{}", text(&again));
    tab.post(
        &format!("{users}/{}/unassign", ids[3]),
        &[("tag", &value(&tab.get(&format!("{users}/{}/unassign", ids[3])).await, "tag"))],
    )
    .await
    .expect(303);
    let asked = tab.post(&path, &ticked).await.expect(200);
    let tag = value(&asked, "tag");
    let agreed = [("tag", tag.as_str()), ("pool", &pool), ("previewed", &pool), ("list", "status=none")];
    let done = tab.post(&path, &[&ticked[..], &agreed].concat()).await.expect(303);
    assert_eq!(done.header("location"), format!("{users}?status=none&done=some"));
    app.server.run_due_jobs().await;
    assert_eq!(app.pool_now("Vault").await.used, 2);
    assert!(text(&tab.get(done.header("location")).await).contains("Some people were left out"));

    // Another pool in the dialog is another question.
    let other = app.pool("Other", 9, "queue").await.id.to_string();
    let asked = tab
        .post(&path, &[&ticked[..], &[("tag", "x"), ("pool", &other), ("previewed", &pool)]].concat())
        .await
        .expect(200);
    assert!(text(&asked).contains("4 people get seats.") && value(&asked, "previewed") == other);
}

#[tokio::test]
async fn those_who_are_ticked_are_reminded() {
    let site = Site::open(WILLING).await;
    let (ada, bob) = (site.invited("ada").await, site.invited("bob").await);
    let kim = site.app.connection("generic").await.user("kim").await;
    site.pass(chrono::TimeDelta::days(3)).await;
    let helper = Tab::of(&site.app, "help-desk").await;
    let path = format!("/console/{}/users/bulk/remind", site.app.tenant);
    let ticked = [("id", ada.as_str()), ("id", bob.as_str()), ("id", kim.as_str())];
    let asked = helper.post(&path, &ticked).await.expect(200);
    for said in ["Send a reminder to 2 users?", "kim</strong>: left out, because"] {
        assert!(text(&asked).contains(said), "{said}: {}", text(&asked));
    }
    helper.post(&path, &[&ticked[..], &[("sure", "yes")]].concat()).await.expect(303);
    site.pass(chrono::TimeDelta::hours(1)).await;
    let again = helper.post(&path, &ticked).await.expect(200);
    assert!(text(&again).contains("they were reminded a short while ago"), "{}", text(&again));
    Tab::of(&site.app, "auditor").await.post(&path, &ticked).await.expect(403);
}

#[tokio::test]
async fn those_who_are_ticked_are_deactivated_by_their_number() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_for_everyone(5).await;
    let (ada, bob) = (client.user("ada").await, client.user("bob").await);
    let tab = Tab::of(&app, "administrator").await;
    let users = format!("/console/{}/users", app.tenant);
    let ticked = [("id", ada.as_str()), ("id", bob.as_str())];
    let helper = Tab::of(&app, "help-desk").await;
    helper.post(&format!("{users}/bulk/deactivate"), &ticked).await.expect(403);
    let path = format!("{users}/bulk/deactivate");
    let asked = tab.post(&path, &ticked).await.expect(200);
    assert!(text(&asked).contains("2 people</strong> lose access"), "{}", text(&asked));
    let tag = value(&asked, "tag");
    let wrong = tab.post(&path, &[&ticked[..], &[("tag", &tag), ("count", "1")]].concat()).await.expect(422);
    assert!(text(&wrong).contains("The number is another one."), "{}", text(&wrong));
    assert_eq!(client.status(&ada).await, "pending");
    tab.post(&path, &[&ticked[..], &[("tag", &tag), ("count", "2")]].concat()).await.expect(303);
    assert_eq!(
        (client.status(&ada).await, client.status(&bob).await),
        ("suspended".to_owned(), "suspended".to_owned())
    );
}

#[tokio::test]
async fn the_list_is_exported_as_it_is_filtered_and_a_row_has_a_menu() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool("Vault", 2, "queue").await;
    let (ada, bob) = (client.user("=ada").await, client.user("bob").await);
    let tab = Tab::of(&app, "auditor").await;
    let users = format!("/console/{}/users", app.tenant);
    let file = tab.get(&format!("{users}/export/users.csv")).await.expect(200);
    let lines: Vec<&str> = text(&file).lines().collect();
    assert!(lines.len() == 3 && lines[0].starts_with("id,user name,") && text(&file).contains(",'=ada,"));
    assert!(file.header("content-disposition").contains("users.csv"));
    let file = tab.get(&format!("{users}/export/users.csv?q=bob&licence=none")).await.expect(200);
    assert!(text(&file).lines().count() == 2 && text(&file).contains(&bob) && !text(&file).contains(&ada));
    Tab::of(&app, "help-desk").await.get(&format!("{users}/export/users.csv")).await.expect(403);

    let menu = tab.get(&format!("{users}/{ada}/menu")).await.expect(200);
    assert!(text(&menu).contains("View details") && !text(&menu).contains("/remove"), "{}", text(&menu));
    let menu = Tab::of(&app, "owner").await.get(&format!("{users}/{ada}/menu")).await.expect(200);
    assert!(text(&menu).contains("/remove") && !text(&menu).contains("<html"), "{}", text(&menu));
    tab.get(&format!("{users}/nobody/menu")).await.expect(404);
}
