//! What needs attention: the overview, the brake, and conflicts between connections.

use crate::support::TestApp;
use crate::support::tab::{Tab, text, value};

#[tokio::test]
async fn an_overview_counts_people_and_names_what_needs_attention() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool("Vault", 2, "queue").await;
    let group = client.group("Staff", &[]).await;
    app.bind("Staff", "Vault").await;
    for name in ["ada", "bob", "eve", "dan"] {
        let id = client.user(name).await;
        if name != "dan" {
            client.add(&group, &id).await;
        }
    }
    app.server.run_due_jobs().await;
    app.server.flush().await;
    let tab = Tab::of(&app, "auditor").await;
    let root = format!("/console/{}", app.tenant);
    let page = tab.get(&root).await.expect(200);
    for said in ["1 person waits for a seat of Vault.", "of 2 seats used", "Working", "<b>2</b>"] {
        assert!(text(&page).contains(said), "{said}: {}", text(&page));
    }
    let row = |page: &str, label: &str| {
        let rest = page.split(&format!("<span>{label}</span><span class=\"num\">")).nth(1).expect("a row");
        rest.split('<').next().expect("a number").to_owned()
    };
    let numbers = ["No licence", "Pending user action", "Invitation not opened", "PIN not set", "Active"];
    assert_eq!(numbers.map(|label| row(text(&page), label)), ["2", "2", "2", "0", "0"]);
    // The numbers lead to the people.
    for (query, people) in [("status=pending", 2), ("step=open", 2), ("step=pin", 0), ("step=nonsense", 0)] {
        let list = tab.get(&format!("{root}/users?{query}")).await.expect(200);
        assert_eq!(text(&list).matches("<tr id=\"u-").count(), people, "{query}");
    }
    app.later(chrono::TimeDelta::days(8)).await;
    let tab = Tab::of(&app, "help-desk").await;
    let page = tab.get(&root).await.expect(200);
    for said in ["2 people have been pending for more than 7 days.", "has been silent for longer than usual"]
    {
        assert!(text(&page).contains(said), "{said}: {}", text(&page));
    }
}

#[tokio::test]
async fn what_the_brake_holds_is_approved_by_its_number_or_rejected() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_for_everyone(20).await;
    app.brake(&client, 2).await;
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(client.user(&format!("u{number}")).await);
    }
    for id in &people {
        client.set_active(id, false).await.expect(200);
    }
    let tab = Tab::of(&app, "administrator").await;
    let root = format!("/console/{}/brake", app.tenant);
    let page = tab.get(&root).await.expect(200);
    let held: Vec<&str> = text(&page).split("name=\"person\" value=\"").skip(1).collect();
    let held: Vec<String> =
        held.into_iter().filter_map(|rest| Some(rest.split('"').next()?.to_owned())).collect();
    assert!(held.len() >= 3, "{}", text(&page));
    assert!(text(&tab.get(&format!("/console/{}", app.tenant)).await).contains("deactivations wait"));

    // One is rejected, one approved after the question, with the number typed.
    tab.post(&format!("{root}/decide"), &[("person", &held[0]), ("decision", "reject")]).await.expect(303);
    app.server.run_due_jobs().await;
    assert_eq!(app.person(&held[0]).await.enrolment.status.to_string(), "pending");
    let fields = [("person", held[1].as_str()), ("decision", "approve")];
    let asked = tab.post(&format!("{root}/decide"), &fields).await.expect(200);
    assert!(text(&asked).contains("Approve 1 deactivation?") && text(&asked).contains("loses access"));
    let tag = value(&asked, "tag");
    let wrong = [("person", held[1].as_str()), ("tag", &tag), ("count", "2")];
    let refused = tab.post(&format!("{root}/approve"), &wrong).await.expect(422);
    assert!(text(&refused).contains("The number is another one."), "{}", text(&refused));
    let stale = [("person", held[1].as_str()), ("tag", "x"), ("count", "1")];
    let refused = tab.post(&format!("{root}/approve"), &stale).await.expect(422);
    assert!(text(&refused).contains("Something has changed since this was shown."), "{}", text(&refused));
    let right = [("person", held[1].as_str()), ("tag", &tag), ("count", "1")];
    tab.post(&format!("{root}/approve"), &right).await.expect(303);
    app.server.run_due_jobs().await;
    assert_ne!(app.person(&held[1]).await.enrolment.status.to_string(), "pending");

    // The rest of the connection at once.
    let asked =
        tab.post(&format!("{root}/decide"), &[("connection", &client.id), ("decision", "approve")]).await;
    let left = (held.len() - 2).to_string();
    let tag = value(&asked.expect(200), "tag");
    let all = [("connection", client.id.as_str()), ("tag", &tag), ("count", &left)];
    tab.post(&format!("{root}/approve"), &all).await.expect(303);
    app.server.run_due_jobs().await;
    let page = tab.get(&root).await.expect(200);
    assert!(text(&page).contains("Nothing is held"), "{}", text(&page));
    let nothing = tab.post(&format!("{root}/decide"), &[("decision", "reject")]).await.expect(422);
    assert!(text(&nothing).contains("Name at least one person"), "{}", text(&nothing));
}

#[tokio::test]
async fn a_conflict_is_solved_by_handing_one_user_over() {
    let app = TestApp::open().await;
    let owner = app.connection("generic").await;
    let other = app.connection("okta").await;
    let ada = owner.user("ada").await;
    let body = serde_json::json!({ "schemas": [crate::support::USER], "userName": "ada" });
    other.post("/Users", &body).await.expect(409);
    let tab = Tab::of(&app, "administrator").await;
    let root = format!("/console/{}/conflicts", app.tenant);
    let page = tab.get(&root).await.expect(200);
    assert!(
        text(&page).contains("refused once") && text(&page).contains("Dashboard › Tasks"),
        "{}",
        text(&page)
    );
    let address = format!("{root}/{ada}?to={}", other.id);
    let asked = tab.get(&address).await.expect(200);
    assert!(text(&asked).contains("Hand over ada to okta"));
    // The third one asks for the same user: the question is of the connection in the address.
    let third = app.connection("generic").await;
    third.post("/Users", &body).await.expect(409);
    let asked = tab.get(&format!("{root}/{ada}?to={}", third.id)).await.expect(200);
    assert!(text(&asked).contains("Hand over ada to generic 2?"), "{}", text(&asked));
    for to in [owner.id.as_str(), "nonsense", ""] {
        tab.get(&format!("{root}/{ada}?to={to}")).await.expect(404);
        tab.post(&format!("{root}/{ada}?to={to}"), &[]).await.expect(404);
    }
    tab.post(&address, &[]).await.expect(303);
    other.get(&format!("/Users/{ada}")).await.expect(200);
    owner.get(&format!("/Users/{ada}")).await.expect(404);
    assert_eq!(app.story("ada").await.last().map(String::as_str), Some("owner-changed"));
    let page = tab.get(&root).await.expect(200);
    assert!(!text(&page).contains("to okta"), "{}", text(&page));
    tab.get(&address).await.expect(404);
}
