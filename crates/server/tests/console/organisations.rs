//! The organisations, for administrators of the installation.

use operations::{administrators, sign_in};

use crate::support::TestApp;
use crate::support::tab::{Tab, text};

/// A tab of an administrator of the installation.
async fn of_installation(app: &TestApp, role: &str) -> Tab {
    let email = format!("{role}@installation.example");
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let (name, role) = (role.to_owned(), role.to_owned());
    let new = administrators::New { name, email: email.clone(), role, ..Default::default() };
    administrators::add(db, &operator, None, &new).await.expect("added");
    let link = sign_in::sign_in_link(db, &operator, None, &email).await.expect("a link");
    let tab = Tab::open(app);
    tab.post(&link.path, &[]).await.expect(303);
    tab
}

#[tokio::test]
async fn an_owner_of_the_installation_makes_an_organisation_and_enters_it_and_the_journal_says_so() {
    let app = TestApp::open().await;
    let tab = of_installation(&app, "owner").await;
    let own = format!("/console/{}", app.tenant);
    assert_eq!(tab.get("/console").await.expect(303).header("location"), own, "there is no other one");
    assert!(text(&tab.get(&own).await.expect(200)).contains("href=\"/console/organisations\""));
    let page = tab.get("/console/organisations").await.expect(200);
    assert!(text(&page).contains("Alpha") && text(&page).contains("Make and enter it"));
    for name in ["", "ALPHA"] {
        let refused = tab.post("/console/organisations", &[("name", name)]).await.expect(422);
        assert!(text(&refused).contains("Nothing has been saved."), "{name}: {}", text(&refused));
    }
    let made = tab.post("/console/organisations", &[("name", "Beta <b>")]).await.expect(303);
    let beta = made.header("location").to_owned();
    assert!(text(&tab.get(&beta).await.expect(200)).contains("Beta &#60;b&#62;"));
    assert_eq!(tab.get("/console").await.expect(303).header("location"), "/console/organisations");
    let entered = tab.post(&format!("/console/organisations/{}", app.tenant), &[]).await.expect(303);
    assert_eq!(entered.header("location"), own);
    let journal = tab.get(&format!("{own}/journal?area=sign-ins")).await.expect(200);
    assert!(
        text(&journal).contains("an administrator of the installation, entered the tenant"),
        "{}",
        text(&journal)
    );
    for id in ["nonsense", "019ca8a0-3e80-7391-abd8-513445d081e0"] {
        tab.post(&format!("/console/organisations/{id}"), &[]).await.expect(404);
    }

    // Who looks after the installation without being its owner makes none, and an administrator of a tenant sees none.
    let auditor = of_installation(&app, "auditor").await;
    assert!(!text(&auditor.get("/console/organisations").await.expect(200)).contains("Make and enter it"));
    auditor.post("/console/organisations", &[("name", "Gamma")]).await.expect(403);
    let foreign = Tab::of(&app, "owner").await;
    foreign.get("/console/organisations").await.expect(404);
    foreign.post(&format!("/console/organisations/{}", app.tenant), &[]).await.expect(404);
    assert!(!text(&foreign.get(&own).await.expect(200)).contains("/console/organisations"));
    Tab::open(&app).get("/console/organisations").await.expect(303);
}
