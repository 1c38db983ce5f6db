//! Members of a group by other names than the id: whoever a name adds, the same name takes out.

use crate::support::{GROUP, TestApp, USER};
use serde_json::{Value, json};

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
