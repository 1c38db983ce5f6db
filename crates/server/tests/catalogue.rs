//! Licence pools as roles and entitlements that clients read (draft-ietf-scim-roles-entitlements).

use operations::consequences::Agreed;
use operations::pools::{Change, New, update};
use serde_json::{Value, json};

use crate::support::{Client, TestApp, USER};

const ENTITLEMENT: &str = "urn:ietf:params:scim:schemas:core:2.0:Entitlement";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

async fn app() -> TestApp {
    TestApp::open_with(&[("ROLLCALL_ROLES_AND_ENTITLEMENTS", "true")]).await
}

async fn pool(app: &TestApp, name: &str, rule: Option<&str>, policy: &str, expires: Option<&str>) {
    let new = New {
        name: name.to_owned(),
        seats: 2,
        policy: policy.to_owned(),
        rule: rule.map(str::to_owned),
        expires: expires.map(str::to_owned),
        ..New::default()
    };
    app.pool_of(new).await;
}

/// The values of the entries that a path lists.
async fn values(client: &Client, path: &str) -> Vec<String> {
    let list = client.get(path).await.expect(200).body;
    let resources = list["Resources"].as_array().expect("a list");
    resources.iter().map(|it| it["value"].as_str().expect("a value").to_owned()).collect()
}

#[tokio::test]
async fn each_pool_is_a_role_or_an_entitlement_with_its_seats() {
    let app = app().await;
    let client = app.connection("generic").await;
    pool(&app, "Vault", Some("entitlements.value eq \"Vault Plus\""), "queue", None).await;
    pool(&app, "Desk", Some("title pr or roles[value eq \"Engineer\"]"), "overage", None).await;
    pool(&app, "By hand", None, "reject", None).await;

    let config = client.get("/ServiceProviderConfig").await.expect(200).body;
    assert_eq!(config["RolesAndEntitlements"]["roles"]["supported"], true);
    assert_eq!(config["RolesAndEntitlements"]["entitlements"]["multipleEntitlementsSupported"], true);
    let shape = client.get(&format!("/Schemas/{ENTITLEMENT}")).await.expect(200).body;
    let attributes = shape["attributes"].as_array().expect("attributes");
    assert!(attributes.iter().all(|attribute| attribute["mutability"] == "readOnly"));

    let list = client.get("/Entitlements?filter=value%20eq%20%22vault%20plus%22").await.expect(200).body;
    assert_eq!(list["totalResults"], 1);
    let vault = &list["Resources"][0];
    assert_eq!(
        [
            &vault["schemas"],
            &vault["value"],
            &vault["display"],
            &vault["type"],
            &vault["meta"]["resourceType"]
        ],
        [
            &json!([ENTITLEMENT]),
            &json!("Vault Plus"),
            &json!("Vault"),
            &json!("licence"),
            &json!("Entitlement")
        ]
    );
    assert_eq!([&vault["supported"], &vault["limitedAssignmentsPermitted"]], [true, true]);
    assert_eq!([&vault["totalAssignmentsPermitted"], &vault["totalAssignmentsUsed"]], [2, 0]);
    let by_hand = &client.get("/Entitlements?filter=display%20eq%20%22By%20hand%22").await.expect(200).body;
    assert_eq!(by_hand["Resources"][0]["value"], "By hand");
    assert_eq!(by_hand["Resources"][0]["supported"], false, "no value gives a seat of it");
    let roles = client.get("/Roles").await.expect(200).body;
    assert_eq!(roles["totalResults"], 1);
    assert_eq!(roles["Resources"][0]["value"], "Engineer");
    assert_eq!(roles["Resources"][0]["limitedAssignmentsPermitted"], false);
    let id = roles["Resources"][0]["id"].as_str().expect("an id");
    client.get(&format!("/Entitlements/{id}")).await.expect_error(404, None);

    // What the catalogue offers, a push can give.
    let mut ada = json!({ "schemas": [USER], "userName": "ada@alpha.example" });
    ada["entitlements"] = json!([{ "value": "Vault Plus" }]);
    client.post("/Users", &ada).await.expect(201);
    let path = format!("/Entitlements/{}", vault["id"].as_str().expect("an id"));
    let now = client.get(&path).await.expect(200);
    assert_eq!(now.body["totalAssignmentsUsed"], 1);
    assert_ne!(now.body["meta"]["version"], vault["meta"]["version"]);
    let tag = now.header("etag").to_owned();
    client.send("GET", &format!("/scim/v2{path}"), &[("If-None-Match", &tag)], None).await.expect(304);
}

#[tokio::test]
async fn entries_are_filtered_sorted_and_paged_like_other_resources() {
    let app = app().await;
    let client = app.connection("generic").await;
    for name in ["Cedar", "alder", "Birch"] {
        pool(&app, name, None, "queue", (name == "Birch").then_some("2020-01-01")).await;
    }
    assert_eq!(values(&client, "/Entitlements?sortBy=value").await, ["alder", "Birch", "Cedar"]);
    let sought = "/Entitlements?sortBy=value&sortOrder=descending&filter=";
    assert_eq!(values(&client, &format!("{sought}totalAssignmentsPermitted%20gt%201")).await.len(), 3);
    assert_eq!(
        values(&client, &format!("{sought}value%20co%20%22r%22%20and%20not%20(value%20sw%20%22c%22)")).await,
        ["Birch", "alder"]
    );
    let page = client.get("/Entitlements?cursor&count=2&sortBy=value").await.expect(200).body;
    let next = page["nextCursor"].as_str().expect("there is one more");
    let rest = format!("/Entitlements?cursor={next}&count=2&sortBy=value");
    assert_eq!(values(&client, &rest).await, ["Cedar"]);
    let all = client.get("/?filter=meta.resourceType%20eq%20%22Entitlement%22").await.expect(200).body;
    assert_eq!(all["totalResults"], 3);
    let expired = client.get("/Entitlements?filter=value%20eq%20%22birch%22").await.expect(200).body;
    assert_eq!(expired["Resources"][0]["supported"], false);
    assert_eq!(values(&client, "/Entitlements?filter=supported%20eq%20true").await, [""; 0]);
}

#[tokio::test]
async fn a_new_rule_and_a_new_name_change_the_entry() {
    let app = app().await;
    let client = app.connection("generic").await;
    pool(&app, "Vault", None, "queue", None).await;
    let operator = app.admin.operator("test");
    let change = async |change: Change| {
        update(app.admin.db(), &operator, "Vault", &change, Agreed::Nothing).await.expect("changed");
    };
    let rule = |text: &str| Change { rule: Some(Some(text.to_owned())), ..Change::default() };
    change(rule("roles.value eq \"Keeper\"")).await;
    assert_eq!(values(&client, "/Roles").await, ["Keeper"]);
    assert_eq!(values(&client, "/Entitlements").await, [""; 0]);
    change(Change { rule: Some(None), ..Change::default() }).await;
    change(Change { name: Some("Safe".to_owned()), ..Change::default() }).await;
    assert_eq!(values(&client, "/Entitlements").await, ["Safe"]);
}

#[tokio::test]
async fn clients_write_nothing_and_see_their_own_tenant_alone() {
    let app = app().await;
    let client = app.connection("generic").await;
    pool(&app, "Vault", None, "queue", None).await;
    let entry = client.get("/Entitlements").await.expect(200).body["Resources"][0].clone();
    let path = format!("/Entitlements/{}", entry["id"].as_str().expect("an id"));
    client.post("/Entitlements", &entry).await.expect_error(405, None);
    client.put(&path, &entry).await.expect_error(405, None);
    client.patch(&path, json!([{ "op": "remove", "path": "display" }])).await.expect_error(405, None);
    client.delete(&path).await.expect_error(405, None);
    let bulk = json!({ "schemas": [BULK], "Operations": [
        { "method": "DELETE", "path": path },
        { "method": "POST", "path": "/Roles", "bulkId": "a", "data": entry },
    ] });
    let answer = client.post("/Bulk", &bulk).await.expect(200).body;
    let statuses: Vec<&Value> =
        answer["Operations"].as_array().expect("a list").iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, ["405", "405"]);

    let tenant = app.other_tenant().await;
    let foreign = app.connection_with(&tenant, "generic", None).await;
    foreign.get(&path).await.expect_error(404, None);
    assert_eq!(values(&foreign, "/Entitlements").await, [""; 0]);
}

#[tokio::test]
async fn without_the_setting_there_is_no_catalogue() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    client.get("/Roles").await.expect_error(404, None);
    client.get("/Entitlements").await.expect_error(404, None);
    let config = client.get("/ServiceProviderConfig").await.expect(200).body;
    assert_eq!(config.get("RolesAndEntitlements"), None);
}
