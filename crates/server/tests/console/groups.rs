//! Enrolment by group in the console: groups are ticked, what follows is shown, and only then it happens.

use crate::support::tab::{Tab, form, text, value};
use crate::support::{Client, TestApp};

async fn staff(client: &Client, prefix: &str, people: usize) -> Vec<String> {
    let mut all = Vec::new();
    for number in 0..people {
        all.push(client.user(&format!("{prefix}{number}")).await);
    }
    all
}

fn ids(people: &[String]) -> Vec<&str> {
    people.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn groups_are_bound_and_removed_after_what_follows_was_shown_and_numbers_were_typed() {
    let app = TestApp::open().await;
    let client = app.connection_with(&app.tenant, "generic", Some(0)).await;
    let pool = app.pool("Vault", 3, "queue").await.id.to_string();
    let (crew, shore) = (staff(&client, "crew", 2).await, staff(&client, "shore", 2).await);
    let one = client.group("Crew <b>", &ids(&crew)).await;
    let two = client.group("Shore", &ids(&shore)).await;
    let tab = Tab::of(&app, "administrator").await;
    let root = format!("/console/{}/groups", app.tenant);
    let list = tab.get(&root).await.expect(200);
    assert!(text(&list).contains("Crew &#60;b&#62;") && text(&list).contains("Not bound"));
    let page = tab.get(&format!("{root}/enrol")).await.expect(200);
    assert!(text(&page).contains(&format!("name=\"pool\" value=\"{pool}\"")), "the only pool is chosen");

    let shown = [("pool", pool.as_str()), ("shown", &one), ("shown", &two)];
    let ticked = |groups: &[&'static str]| {
        let all = [("group", one.as_str()), ("group", two.as_str())];
        let those = all.into_iter().zip(["one", "two"]).filter(|(_, name)| groups.contains(name));
        [&shown[..], &those.map(|(pair, _)| pair).collect::<Vec<_>>()].concat()
    };
    let fragment = [("hx-request", "true"), ("sec-fetch-site", "same-origin")];
    let preview = tab
        .send("POST", &format!("{root}/enrol/preview"), &fragment, Some(form(&ticked(&["one", "two"]))))
        .await;
    let said = text(&preview);
    assert!(
        said.contains("3 people get a seat and an invitation.") && said.contains("1 person waits"),
        "{said}"
    );
    assert_eq!(app.pool_now("Vault").await.used, 0, "a preview changes nothing");

    let confirm = tab.post(&format!("{root}/enrol"), &ticked(&["one", "two"])).await.expect(200);
    assert!(text(&confirm).contains("Save and invite 3 people"), "{}", text(&confirm));
    let both = |name: &'static str| [("pool", pool.as_str()), (name, one.as_str()), (name, two.as_str())];
    let tag = value(&confirm, "tag");
    // A person joins meanwhile: the page does not show what would follow any more.
    let late = client.user("late").await;
    client.add(&two, &late).await;
    let stale = tab
        .post(&format!("{root}/enrol/apply"), &[&both("bind")[..], &[("tag", &tag)]].concat())
        .await
        .expect(422);
    assert!(text(&stale).contains("Something has changed since this was shown"), "{}", text(&stale));
    let tag = value(&stale, "tag");
    let done = tab
        .post(&format!("{root}/enrol/apply"), &[&both("bind")[..], &[("tag", &tag)]].concat())
        .await
        .expect(303);
    app.server.run_due_jobs().await;
    assert!(text(&tab.get(done.header("location")).await).contains("The groups are bound."));
    let now = app.pool_now("Vault").await;
    assert_eq!((now.used, now.waiting), (3, 2));

    // Nothing ticked otherwise is told; unticking asks for the numbers of groups and of people.
    let same = tab.post(&format!("{root}/enrol"), &ticked(&["one", "two"])).await.expect(422);
    assert!(text(&same).contains("nothing is to be saved"));
    let confirm = tab.post(&format!("{root}/enrol"), &ticked(&[])).await.expect(200);
    assert!(
        text(&confirm).contains("Remove 2 user groups?") && text(&confirm).contains("3 people lose access."),
        "{}",
        text(&confirm)
    );
    let tag = value(&confirm, "tag");
    let unbind = |groups: &str, people: &str| {
        let typed = [("tag", tag.clone()), ("groups", groups.to_owned()), ("people", people.to_owned())];
        let both = both("unbind").map(|(name, id)| (name, id.to_owned()));
        [&both[..], &typed].concat()
    };
    for (groups, people, why) in
        [("", "5", "number of groups"), ("2", "4", "number of people"), ("1", "5", "number of groups")]
    {
        let fields = unbind(groups, people);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = tab.post(&format!("{root}/enrol/apply"), &fields).await.expect(422);
        assert!(text(&refused).contains(&format!("Type the {why}")), "{why}: {}", text(&refused));
    }
    assert_eq!(app.pool_now("Vault").await.used, 3);
    let fields = unbind("2", "5");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    tab.post(&format!("{root}/enrol/apply"), &fields).await.expect(303);
    app.server.run_due_jobs().await;
    let now = app.pool_now("Vault").await;
    assert_eq!((now.used, now.waiting), (0, 0));
    assert_ne!(client.status(&crew[0]).await, "pending");
}

#[tokio::test]
async fn another_choice_is_bound_first_and_what_then_follows_from_removing_is_asked() {
    let app = TestApp::open().await;
    let client = app.connection_with(&app.tenant, "generic", Some(0)).await;
    let pool = app.pool("Vault", 5, "queue").await.id.to_string();
    let people = staff(&client, "p", 2).await;
    let one = client.group("One", &ids(&people)).await;
    let two = client.group("Two", &ids(&people[..1])).await;
    app.bind("One", "Vault").await;
    let tab = Tab::of(&app, "owner").await;
    let root = format!("/console/{}/groups", app.tenant);
    let fields = [("pool", pool.as_str()), ("shown", &one), ("shown", &two), ("group", &two)];
    let first = tab.post(&format!("{root}/enrol"), &fields).await.expect(200);
    assert!(text(&first).contains("Enrol 1 user group?") && text(&first).contains("asked about next"));
    let tag = value(&first, "tag");
    let apply = [("pool", pool.as_str()), ("bind", &two), ("unbind", &one), ("tag", &tag)];
    let second = tab.post(&format!("{root}/enrol/apply"), &apply).await.expect(200);
    let said = text(&second);
    assert!(
        said.contains("Remove 1 user group?") && said.contains("1 person loses access."),
        "the mover keeps the seat: {said}"
    );
    let apply = [("pool", pool.as_str()), ("unbind", &*one), ("tag", &value(&second, "tag"))];
    tab.post(&format!("{root}/enrol/apply"), &apply).await.expect(303);
    app.server.run_due_jobs().await;
    assert_eq!(client.status(&people[0]).await, "pending");
    assert_ne!(client.status(&people[1]).await, "pending");
}

#[tokio::test]
async fn dynamic_groups_are_hidden_and_warned_about() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let pool = app.pool("Vault", 5, "queue").await.id.to_string();
    let people = staff(&client, "p", 1).await;
    let fluid = client.group("Fluid", &ids(&people)).await;
    client.group("Fixed", &[]).await;
    let marking = operations::groups::Marking { dynamic: Some(true), ..Default::default() };
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let marked =
        operations::groups::mark(db, &operator, &fluid, marking, operations::consequences::Agreed::Nothing)
            .await;
    marked.expect("marked");
    let tab = Tab::of(&app, "auditor").await;
    let root = format!("/console/{}/groups", app.tenant);
    let all = tab.get(&root).await.expect(200);
    assert!(text(&all).contains("Fluid") && text(&all).contains(">Dynamic<"));
    let hidden = tab.get(&format!("{root}?hide_dynamic=yes")).await.expect(200);
    assert!(!text(&hidden).contains("Fluid") && text(&hidden).contains("Fixed"));
    assert_eq!(tab.get(&format!("{root}/enrol")).await.status, 403, "an auditor binds nothing");
    let tab = Tab::of(&app, "owner").await;
    let fields = [("pool", pool.as_str()), ("shown", &fluid), ("group", &fluid)];
    let confirm = tab.post(&format!("{root}/enrol"), &fields).await.expect(200);
    assert!(text(&confirm).contains("Choose static groups where you can"), "{}", text(&confirm));
}
