//! People who arrive at the same time share a unit of work, and each gets what they would have got alone.

use crate::support::{TestApp, USER, user};
use futures::future::join_all;
use serde_json::{Value, json};

/// A user of this name with this external id and title.
fn person(name: &str, external_id: &str, title: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "externalId": external_id, "title": title })
}

#[tokio::test]
async fn a_crowd_is_created_and_each_answer_is_its_own() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    client.user("person-3").await;
    let bodies: Vec<Value> = (0..40).map(|number| user(&format!("person-{}", number % 30))).collect();
    let answers = join_all(bodies.iter().map(|body| client.post("/Users", body))).await;
    let created = answers.iter().filter(|answer| answer.status == 201);
    for answer in created.clone() {
        let found = client.get(&format!("/Users/{}", answer.id())).await.expect(200);
        assert_eq!(found.body, answer.body);
        assert_eq!(found.header("etag"), answer.header("etag"));
        assert_eq!(app.story(&answer.id()).await.len(), 1);
    }
    assert_eq!(created.count(), 29, "30 names, one of which was taken");
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.expect_error(409, Some("uniqueness"));
    }
    assert_eq!(crate::support::count(&app, "SELECT COUNT(*) FROM users").await, 30);
}

#[tokio::test]
async fn rules_and_waiting_groups_find_everybody_in_a_crowd() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let new = operations::pools::New {
        name: "Rule".to_owned(),
        seats: 9,
        policy: "queue".to_owned(),
        ..Default::default()
    };
    app.pool_of(operations::pools::New { rule: Some("title eq \"Clerk\"".to_owned()), ..new.clone() }).await;
    app.pool_of(operations::pools::New { name: "Everybody".to_owned(), for_everyone: true, ..new }).await;
    let team = client.group("Team", &["ext-1", "ext-2"]).await;
    let bodies: Vec<Value> = (0..6)
        .map(|number| {
            let title = if number % 2 == 0 { "Clerk" } else { "Cook" };
            person(&format!("person-{number}"), &format!("ext-{number}"), title)
        })
        .collect();
    let answers = join_all(bodies.iter().map(|body| client.post("/Users", body))).await;
    for (number, answer) in answers.into_iter().enumerate() {
        let answer = answer.expect(201);
        let licences = &answer.body[scim::schema::ENROLMENT]["licences"];
        assert_eq!(licences.as_array().map(Vec::len), Some(if number % 2 == 0 { 2 } else { 1 }), "{number}");
        let groups = answer.body.get("groups").and_then(Value::as_array).map_or(0, Vec::len);
        assert_eq!(groups, usize::from(number == 1 || number == 2), "{number}");
    }
    let members = client.get(&format!("/Groups/{team}")).await.expect(200).body;
    assert_eq!(members["members"].as_array().map(Vec::len), Some(2));
    assert_eq!((app.pool_now("Rule").await.used, app.pool_now("Everybody").await.used), (3, 6));
}

#[tokio::test]
async fn who_is_refused_takes_nobody_along() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_of(operations::pools::New {
        name: "Few".to_owned(),
        seats: 3,
        policy: "reject".to_owned(),
        for_everyone: true,
        ..Default::default()
    })
    .await;
    let bodies: Vec<Value> = (0..8).map(|number| user(&format!("person-{number}"))).collect();
    let answers = join_all(bodies.iter().map(|body| client.post("/Users", body))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(400)), (3, 5));
    assert_eq!(crate::support::count(&app, "SELECT COUNT(*) FROM users").await, 3);
    assert_eq!(app.pool_now("Few").await.used, 3);
    let told = app.last_request(&client).await;
    assert!(told.effects.iter().all(|effect| !effect.contains('×')), "nothing is told twice: {told:?}");
}

#[tokio::test]
async fn a_member_named_by_another_name_joins_at_once_if_the_person_is_there() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let ada = client.post("/Users", &person("ada", "ext-1", "Clerk")).await.expect(201).id();
    let bob = client.user("bob").await;
    let team = client.group("Team", &["ext-1", "bob", "nobody-yet"]).await;
    let shown = client.get(&format!("/Groups/{team}")).await.expect(200);
    let mut members: Vec<&str> = shown.body["members"]
        .as_array()
        .expect("members")
        .iter()
        .filter_map(|it| it["value"].as_str())
        .collect();
    members.sort_unstable();
    let mut expected = [ada.as_str(), bob.as_str()];
    expected.sort_unstable();
    assert_eq!(members, expected);
    let again = client.add(&team, "ext-1").await.expect(200);
    assert_eq!(again.header("etag"), shown.header("etag"), "who is a member already changes nothing");
    // A list that names the same people in another way neither removes nor adds anybody.
    let body = json!({ "schemas": [crate::support::GROUP], "displayName": "Team",
        "members": [{ "value": "ext-1" }, { "value": bob }] });
    let replaced = client.put(&format!("/Groups/{team}"), &body).await.expect(200);
    assert_eq!(replaced.body["members"].as_array().map(Vec::len), Some(2));
    assert_eq!(app.story(&ada).await.len(), 2, "created and added, never removed");
}
