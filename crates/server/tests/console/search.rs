//! People, groups, pools and connections found by words in the console, and the page of a group.

use serde_json::json;

use crate::support::tab::{Tab, text, value};
use crate::support::{Client, TestApp, USER};

async fn person(client: &Client, user_name: &str, name: &str, email: &str) -> String {
    let body = json!({ "schemas": [USER], "userName": user_name, "displayName": name, "emails": [{ "value": email, "primary": true }] });
    client.post("/Users", &body).await.expect(201).id()
}

#[tokio::test]
async fn a_person_is_found_by_the_beginnings_of_words_without_accents_and_by_the_address() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let wirihana = person(&client, "w1", "Wirihana T\u{101}mihana", "wiri@kestrel.example").await;
    let lan =
        person(&client, "lan.nguyen@kestrel.example", "Nguy\u{1ec5}n Th\u{1ecb} Lan", "lan@home.example")
            .await;
    person(&client, "w2", "Wilma O\u{2019}Neil", "wilma@kestrel.example").await;
    let tab = Tab::of(&app, "auditor").await;
    let users = format!("/console/{}/users?q=", app.tenant);
    let found = async |typed: &str| {
        let typed: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        let page = tab.get(&format!("{users}{typed}")).await.expect(200);
        let rows = text(&page).split("<tr id=\"u-").skip(1);
        rows.filter_map(|row| Some(row.split_once('"')?.0.to_owned())).collect::<Vec<_>>()
    };
    for typed in ["tamihana", "T\u{101}MI", "wiri tami", "tamihana, wirihana", "wiri@kestrel"] {
        assert_eq!(found(typed).await, [wirihana.as_str()], "{typed}");
    }
    for typed in ["nguyen", "thi lan", "lan.nguyen", "LAN.NGUYEN@k", "lan@home.example"] {
        assert_eq!(found(typed).await, [lan.as_str()], "{typed}");
    }
    assert_eq!(found("wi").await.len(), 2);
    assert_eq!(found("o'n").await.len(), 1);
    for typed in ["mihana", "kestrel.example", "%", "_", "wiri lan", "' OR 1=1 --"] {
        assert_eq!(found(typed).await, [""; 0], "{typed:?}");
    }
    // A name that changes is found by the new one alone.
    let change = json!([{ "op": "replace", "path": "displayName", "value": "Wirihana Marsh" }]);
    client.patch(&format!("/Users/{wirihana}"), change).await.expect(200);
    assert_eq!((found("marsh").await.len(), found("tamihana").await.len()), (1, 0));
}

#[tokio::test]
async fn everything_is_found_in_one_place_and_an_id_leads_to_what_it_is_of() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool("Vault of the fleet", 2, "queue").await;
    let ada = person(&client, "ada", "Ada Fleetwood", "ada@kestrel.example").await;
    let group = client.group("Fleet <b>", &[&ada]).await;
    let tab = Tab::of(&app, "auditor").await;
    let root = format!("/console/{}", app.tenant);
    let found = tab.get(&format!("{root}/search?q=fleet")).await.expect(200);
    for (part, what) in [
        (format!("/users/{ada}\""), "the person"),
        (format!("/groups/{group}\""), "the group"),
        ("Vault of the fleet".to_owned(), "the pool"),
        ("Fleet &#60;b&#62;".to_owned(), "the name of the group, escaped"),
    ] {
        assert!(text(&found).contains(&part), "{what}: {}", text(&found));
    }
    let by_id = tab.get(&format!("{root}/search?q={ada}")).await.expect(303);
    assert_eq!(by_id.header("location"), format!("{root}/users/{ada}"));
    let nothing = tab.get(&format!("{root}/search?q=zzz")).await.expect(200);
    assert!(!text(&nothing).contains(&ada));
    // Another tenant's people are not found.
    let other = app.connection_with(&app.other_tenant().await, "generic", None).await;
    let theirs = person(&other, "eve", "Eve Fleetwood", "eve@kestrel.example").await;
    for typed in ["fleet", theirs.as_str()] {
        let found = tab.get(&format!("{root}/search?q={typed}")).await.expect(200);
        assert!(!text(&found).contains(&format!("/users/{theirs}")), "{typed}");
    }
}

#[tokio::test]
async fn a_group_is_marked_as_dynamic_after_what_follows_was_shown() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool("Vault", 2, "queue").await;
    let ada = client.user("ada").await;
    let group = client.group("Crew", &[&ada]).await;
    let tab = Tab::of(&app, "administrator").await;
    let own = format!("/console/{}/groups/{group}", app.tenant);
    let page = tab.get(&own).await.expect(200);
    assert!(text(&page).contains(&ada) && text(&page).contains("Crew"));
    let wrong = tab.post(&format!("{own}/mark"), &[("dynamic", "yes"), ("hours", "many")]).await.expect(422);
    assert!(text(&wrong).contains("hours"), "{}", text(&wrong));
    let mut fields = vec![("dynamic", "yes".to_owned()), ("hours", "24".to_owned())];
    let send = async |fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        tab.post(&format!("{own}/mark"), &fields).await
    };
    let mut answer = send(&fields).await;
    if answer.status == 200 {
        fields.push(("tag", value(&answer, "tag")));
        answer = send(&fields).await;
    }
    answer.expect(303);
    let page = tab.get(&own).await.expect(200);
    assert!(text(&page).contains("value=\"24\""), "{}", text(&page));
    tab.get(&format!("/console/{}/groups/{ada}", app.tenant)).await.expect(404);
    tab.get(&format!("/console/{}/groups/nonsense", app.tenant)).await.expect(404);
}
