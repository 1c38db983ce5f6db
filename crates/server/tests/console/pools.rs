//! A licence pool made, changed and deleted in the console.

use crate::support::TestApp;
use crate::support::tab::{Tab, text, value};

#[tokio::test]
async fn a_pool_is_made_changed_and_deleted_after_what_follows_was_shown() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    for name in ["ada", "bob", "eve"] {
        client.user(name).await;
    }
    let tab = Tab::of(&app, "administrator").await;
    let root = format!("/console/{}/licences", app.tenant);
    let mut fields = vec![
        ("name", "Vault".to_owned()),
        ("seats", "2".to_owned()),
        ("policy", "queue".to_owned()),
        ("expires", String::new()),
        ("rule", String::new()),
    ];
    let send = async |path: &str, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        tab.post(path, &fields).await
    };
    for (at, typed) in [(0, " "), (1, "many"), (2, "nonsense"), (3, "tomorrow"), (4, "department eq")] {
        let mut wrong = fields.clone();
        wrong[at].1 = typed.to_owned();
        let refused = send(&format!("{root}/add"), &wrong).await.expect(422);
        assert!(text(&refused).contains("Nothing has been saved."), "{typed}: {}", text(&refused));
    }
    let made = send(&format!("{root}/add"), &fields).await.expect(303);
    let own = made.header("location").split('?').next().expect("an address").to_owned();
    assert_eq!(app.pool_now("Vault").await.seats, 2);

    // Everyone gets a seat: that is shown first.
    fields.push(("everyone", "yes".to_owned()));
    let edit = format!("{own}/edit");
    let asked = send(&edit, &fields).await.expect(200);
    assert!(text(&asked).contains("Change the pool?") && text(&asked).contains("2 people get seats."));
    assert_eq!(app.pool_now("Vault").await.used, 0);
    fields.push(("tag", value(&asked, "tag")));
    send(&edit, &fields).await.expect(303);
    app.server.run_due_jobs().await;
    assert_eq!((app.pool_now("Vault").await.used, app.pool_now("Vault").await.waiting), (2, 1));
    fields.pop();
    send(&edit, &fields).await.expect(303);

    // And who loses one: with the number typed.
    let asked = tab.get(&format!("{own}/delete")).await.expect(200);
    assert!(text(&asked).contains("2 people</strong> lose access"), "{}", text(&asked));
    let tag = value(&asked, "tag");
    let refused = tab.post(&format!("{own}/delete"), &[("tag", &tag), ("count", "2")]).await.expect(422);
    assert!(text(&refused).contains("The number is another one."), "{}", text(&refused));
    tab.post(&format!("{own}/delete"), &[("tag", &tag), ("count", "3")]).await.expect(303);
    app.server.run_due_jobs().await;
    tab.get(&own).await.expect(404);
    assert!(text(&tab.get(&root).await.expect(200)).contains("No licence pool yet"));
}
