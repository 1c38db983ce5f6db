//! Members of a group: by other names than the id, where whoever a name adds, the same name takes out; and of every type (RFC 9944 §4).

use std::path::Path;

use crate::support::{Client, GROUP, TestApp, USER};
use chrono::TimeDelta;
use operations::owners::{self, What};
use serde_json::{Value, json};

const DEVICE: &str = "urn:ietf:params:scim:schemas:core:2.0:Device";
const APPLICATION: &str = "urn:ietf:params:scim:schemas:core:2.0:EndpointApp";

/// A server with the types that files of the program define.
async fn with_devices() -> TestApp {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/schemas");
    TestApp::open_with(&[("ROLLCALL_SCHEMAS_DIR", &folder.display().to_string())]).await
}

async fn device(client: &Client, name: Option<&str>) -> String {
    let body = json!({ "schemas": [DEVICE], "displayName": name, "active": true });
    client.post("/Devices", &body).await.expect(201).id()
}

/// The ids that a filter finds.
async fn found(client: &Client, endpoint: &str, filter: &str) -> Vec<String> {
    let message =
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter });
    let list = client.post(&format!("{endpoint}/.search"), &message).await.expect(200).body;
    let resources = list["Resources"].as_array().expect("a list");
    resources.iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn devices_and_applications_are_members_of_groups() {
    let app = with_devices().await;
    let client = app.connection("generic").await;
    let schema = client.get(&format!("/Schemas/{GROUP}")).await.expect(200).body.to_string();
    assert!(schema.contains("[\"User\",\"Group\",\"Device\",\"EndpointApp\",\"TestResource\"]"), "{schema}");
    let (lamp, plain) = (device(&client, Some("Lamp")).await, device(&client, None).await);
    let body =
        json!({ "schemas": [APPLICATION], "applicationType": "telemetry", "applicationName": "Meter" });
    let meter = client.post("/EndpointApps", &body).await.expect(201).id();
    let ada = client.user("ada@alpha.example").await;
    let body = json!({ "schemas": [GROUP], "displayName": "Hall", "members": [
        { "value": lamp, "type": "Device" }, { "value": meter, "type": "EndpointApp" }, { "value": ada },
    ] });
    let made = client.post("/Groups", &body).await.expect(201);
    let hall = made.id();
    for member in made.body["members"].as_array().expect("members") {
        let (kind, endpoint, display) = match member["value"].as_str().expect("an id") {
            id if id == lamp => ("Device", "Devices", json!("Lamp")),
            id if id == meter => ("EndpointApp", "EndpointApps", Value::Null),
            _ => ("User", "Users", Value::Null),
        };
        let address = format!("/{endpoint}/{}", member["value"].as_str().expect("an id"));
        assert_eq!((&member["type"], &member["display"]), (&json!(kind), &display));
        assert!(member["$ref"].as_str().is_some_and(|it| it.ends_with(&address)), "{member}");
        client.get(&address).await.expect(200);
    }
    let place = format!("/Groups/{hall}");
    assert_eq!(client.get(&place).await.expect(200).body, made.body);
    for wrong in ["EndpointApp", "User", "Group"] {
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": plain, "type": wrong }] }]);
        let refused = client.patch(&place, add).await.expect_error(400, Some("invalidValue"));
        assert!(
            refused.body["detail"].as_str().is_some_and(|it| it.contains("is a Device")),
            "{}",
            refused.body
        );
    }
    client.add(&hall, &plain).await.expect(200);
    let by_kind = format!("members.type eq \"device\" and id eq \"{hall}\"");
    for filter in [
        by_kind.as_str(),
        "members[type eq \"EndpointApp\"]",
        "members.display eq \"LAMP\"",
        &format!("members.$ref ew \"/Devices/{plain}\""),
        &format!("members.$ref eq \"{}\"", made.body["members"][0]["$ref"].as_str().expect("an address")),
        &format!("members.value eq \"{meter}\""),
    ] {
        assert_eq!(found(&client, "/Groups", filter).await, [hall.as_str()], "{filter}");
    }
    assert!(found(&client, "/Groups", "members.type eq \"Group\"").await.is_empty());
    let remove = json!([{ "op": "remove", "path": "members[type eq \"Device\"]" }]);
    let left = client.patch(&place, remove).await.expect(200).body;
    assert_eq!(left["members"].as_array().map(Vec::len), Some(2), "{left}");
}

#[tokio::test]
async fn an_external_id_that_looks_like_an_id_names_its_user() {
    let app = TestApp::open().await;
    for profile in ["generic", "strict", "entra"] {
        let client = app.connection(profile).await;
        let name = "0b9f4c1e-5d1c-4a7e-9a43-6a2f3c1d7e55";
        let body = json!({ "schemas": [USER], "userName": format!("ada@{profile}"), "externalId": name });
        let ada = client.post("/Users", &body).await.expect(201).id();
        let team = client.group(&format!("Team {profile}"), &[name]).await;
        let path = format!("/Groups/{team}");
        let members = async || client.get(&path).await.expect(200).body["members"].clone();
        assert_eq!(members().await[0]["value"], ada.as_str(), "{profile}");
        let operations = [
            json!([{ "op": "remove", "path": format!("members[value eq \"{name}\"]") }]),
            json!([{ "op": "remove", "path": "members", "value": [{ "value": name }] }]),
        ];
        for operation in operations {
            let removed = client.patch(&path, operation.clone()).await;
            assert!(matches!(removed.status, 200 | 204), "{profile}: {}", removed.body);
            assert_eq!(members().await, Value::Null, "{profile}: {operation}");
            let add = json!([{ "op": "add", "path": "members", "value": [{ "value": name }] }]);
            let added = client.patch(&path, add).await;
            assert!(matches!(added.status, 200 | 204), "{profile}: {}", added.body);
            assert_eq!(members().await[0]["value"], ada.as_str(), "{profile}: {operation}");
        }
        let body = json!({ "schemas": [GROUP], "displayName": "Team", "members": [{ "value": name }] });
        client.put(&path, &body).await.expect(200);
        assert_eq!(members().await[0]["value"], ada.as_str(), "{profile}: a PUT repeats the member");
    }
    let client = app.connection("generic").await;
    let unknown = json!({ "schemas": [GROUP], "displayName": "Other",
        "members": [{ "value": "0b9f4c1e-5d1c-4a7e-9a43-6a2f3c1d7e56" }] });
    client.post("/Groups", &unknown).await.expect(400);
}

#[tokio::test]
async fn a_member_whose_value_cannot_be_seen_is_nobody() {
    let app = TestApp::open().await;
    let client = app.connection("entra").await;
    let team = client.group("Team", &[]).await;
    for value in ["\u{200b}", "\u{200d}", " \u{2060} ", "\u{1}"] {
        let members = json!([{ "value": value }]);
        let body = json!({ "schemas": [GROUP], "displayName": "Other", "members": members });
        client.post("/Groups", &body).await.expect_error(400, Some("invalidValue"));
        let add = json!([{ "op": "add", "path": "members", "value": members }]);
        client.patch(&format!("/Groups/{team}"), add).await.expect_error(400, Some("invalidValue"));
    }
}

#[tokio::test]
async fn a_device_shows_the_groups_that_hold_it() {
    let app = with_devices().await;
    let client = app.connection("generic").await;
    let (lamp, other) = (device(&client, Some("Lamp")).await, device(&client, Some("Door")).await);
    let place = format!("/Devices/{lamp}");
    let before = client.get(&place).await.expect(200);
    assert_eq!(before.body.get("groups"), None);
    let hall = client.group("Hall", &[&lamp]).await;
    let house = client.group("House", &[&hall]).await;
    let with_tag = async |tag: &str| {
        let headers = [("if-none-match", tag)];
        client.send("GET", &format!("/scim/v2{place}"), &headers, None).await
    };
    let shown = with_tag(before.header("etag")).await.expect(200);
    let groups = shown.body["groups"].as_array().expect("groups").clone();
    let parts =
        |group: &Value| ["value", "display", "type"].map(|part| group[part].as_str().map(str::to_owned));
    let expected = [[&hall, "Hall", "direct"], [&house, "House", "indirect"]];
    let expected = expected.map(|group| group.map(|part| Some(part.to_owned())));
    assert_eq!(groups.iter().map(parts).collect::<Vec<_>>(), expected);
    assert!(groups[0]["$ref"].as_str().is_some_and(|it| it.ends_with(&format!("/Groups/{hall}"))));
    assert_eq!(shown.body["meta"]["version"], shown.header("etag"));
    assert_eq!(shown.body["meta"]["lastModified"], before.body["meta"]["lastModified"]);
    with_tag(shown.header("etag")).await.expect(304);
    let listed = client.get("/Devices?sortBy=displayName").await.expect(200).body;
    assert_eq!((&listed["Resources"][1], listed["Resources"][0].get("groups")), (&shown.body, None));
    for sort in ["groups.value", "groups.type", "groups.display"] {
        let sorted = client.get(&format!("/Devices?sortBy={sort}")).await.expect(200).body;
        assert_eq!(sorted["Resources"][0]["id"], lamp.as_str(), "{sort}: what has no value is last");
    }
    for filter in [
        &format!("groups.value eq \"{house}\""),
        "groups.display sw \"ha\"",
        "groups[type eq \"indirect\" and display eq \"House\"]",
        "groups.type eq \"direct\"",
        "groups pr",
    ] {
        assert_eq!(found(&client, "/Devices", filter).await, [lamp.as_str()], "{filter}");
    }
    for filter in ["not (groups pr)", "groups.value ne \"x\" and displayName eq \"Door\""] {
        assert_eq!(found(&client, "/Devices", filter).await, [other.as_str()], "{filter}");
    }
    assert!(
        found(&client, "/Devices", &format!("groups[value eq \"{house}\" and type eq \"direct\"]"))
            .await
            .is_empty()
    );
    let root = client.get("/?filter=displayName%20eq%20%22Lamp%22").await.expect(200).body;
    assert_eq!(root["Resources"], json!([shown.body]));
    let renamed =
        client.patch(&place, json!([{ "op": "replace", "path": "displayName", "value": "Lantern" }])).await;
    assert_eq!(renamed.expect(200).body["groups"], shown.body["groups"]);

    let version = async || client.get(&format!("/Groups/{hall}")).await.expect(200).header("etag").to_owned();
    let held = version().await;
    client.delete(&place).await.expect(204);
    assert_ne!(version().await, held);
    assert_eq!(client.get(&format!("/Groups/{hall}")).await.expect(200).body.get("members"), None);
}

#[tokio::test]
async fn what_a_connection_does_not_see_joins_no_group() {
    let app = with_devices().await;
    let (first, second) = (app.connection("generic").await, app.connection("generic").await);
    let lamp = device(&first, Some("Lamp")).await;
    let body = json!({ "schemas": [GROUP], "displayName": "Hall", "members": [{ "value": lamp }] });
    second.post("/Groups", &body).await.expect_error(400, Some("invalidValue"));
    let hall = first.group("Hall", &[&lamp]).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let (_, work) =
        owners::hand_over(db, &operator, &first.id, &second.id, What::Groups).await.expect("begun");
    app.admin.finish(work, |_| {}).await.expect("the end");
    let shown = second.get(&format!("/Groups/{hall}")).await.expect(200).body;
    assert_eq!((&shown["members"][0]["value"], shown["members"][0].get("display")), (&json!(lamp), None));
    assert!(found(&second, "/Groups", "members.display eq \"Lamp\"").await.is_empty());
    assert_eq!(first.get(&format!("/Devices/{lamp}")).await.expect(200).body.get("groups"), None);
    second.remove(&hall, &lamp).await.expect(200);
}

#[tokio::test]
async fn a_device_in_a_bound_group_takes_no_seat() {
    let app = with_devices().await;
    let client = app.connection("generic").await;
    let (lamp, ada) = (device(&client, Some("Lamp")).await, client.user("ada@alpha.example").await);
    let hall = client.group("Hall", &[&lamp, &ada]).await;
    let vault = app.pool("Vault", 5, "queue").await;
    app.bind(&hall, &vault.name).await;
    client.add(&hall, &device(&client, Some("Door")).await).await.expect(200);
    assert_eq!(app.pool_now("Vault").await.used, 1);
    client.remove(&hall, &lamp).await.expect(200);
    assert_eq!(app.pool_now("Vault").await.used, 1);
    client.delete(&format!("/Groups/{hall}")).await.expect(204);
    app.later(TimeDelta::zero()).await;
    assert_eq!(client.get("/Devices").await.expect(200).body["totalResults"], 2);
}

#[tokio::test]
async fn a_group_is_not_at_a_version_that_holds_a_device_which_was_deleted_in_parallel() {
    let app = with_devices().await;
    let client = app.connection("generic").await;
    for meeting in 0..20 {
        let lamp = device(&client, Some("Lamp")).await;
        let place = format!("/Groups/{}", client.group("Hall", &[&lamp]).await);
        let name = json!([{ "op": "replace", "path": "displayName", "value": format!("Hall {meeting}") }]);
        let lamp = format!("/Devices/{lamp}");
        let (renamed, deleted) = tokio::join!(client.patch(&place, name), client.delete(&lamp));
        deleted.expect(204);
        let renamed = renamed.expect(200);
        let headers = [("if-none-match", renamed.header("etag"))];
        let shown = client.send("GET", &format!("/scim/v2{place}"), &headers, None).await;
        let held = renamed.body.get("members").is_some();
        assert_eq!(shown.status, if held { 200 } else { 304 }, "{meeting}: {}", renamed.body);
    }
}

#[tokio::test]
async fn a_device_whose_type_no_file_defines_any_more_stays_a_member_and_joins_no_group() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("devices.json");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/schemas/devices.json");
    std::fs::copy(shipped, &file).expect("copied");
    let app = TestApp::open_with(&[("ROLLCALL_SCHEMAS_DIR", &folder.path().display().to_string())]).await;
    let client = app.connection("generic").await;
    let lamp = device(&client, Some("Lamp")).await;
    let hall = client.group("Hall", &[&lamp]).await;
    std::fs::remove_file(file).expect("removed");
    app.server.read_schemas().await.expect("there is no file");
    let place = format!("/Groups/{hall}");
    let shown = client.get(&place).await.expect(200).body;
    assert_eq!(shown["members"], json!([{ "value": lamp, "type": "Device" }]));
    let members = json!([{ "value": lamp }]);
    let body = json!({ "schemas": [GROUP], "displayName": "Other", "members": members });
    client.post("/Groups", &body).await.expect_error(400, Some("invalidValue"));
    let body = json!({ "schemas": [GROUP], "displayName": "Hall", "members": members });
    assert_eq!(client.put(&place, &body).await.expect(200).body["members"], shown["members"]);
    assert!(found(&client, "/Groups", "members.display eq \"Lamp\"").await.is_empty());
    let left = client.remove(&hall, &lamp).await.expect(200).body;
    assert_eq!(left.get("members"), None);
}
