//! Resources of types that files define, and extensions of users (RFC 7643 §3.2, §3.3): all that the protocol does with users and
//! groups it does with them.

use std::fs;
use std::path::{Path, PathBuf};

use operations::owners::{self, What};
use serde_json::{Value, json};

use crate::support::{Client, TestApp, USER, user};

const DEVICE: &str = "urn:ietf:params:scim:schemas:core:2.0:Device";
const BLE: &str = "urn:ietf:params:scim:schemas:extension:ble:2.0:Device";
const DPP: &str = "urn:ietf:params:scim:schemas:extension:dpp:2.0:Device";
const TEST: &str = "urn:rollcall:params:scim:schemas:test:1.0:TestResource";
const NOTES: &str = "urn:rollcall:params:scim:schemas:extension:test:1.0:TestResource";
const BADGE: &str = "urn:example:params:scim:schemas:extension:badge:1.0:User";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/// The files that the program ships.
fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/schemas")
}

async fn app_with(folder: &Path) -> TestApp {
    TestApp::open_with(&[("ROLLCALL_SCHEMAS_DIR", &folder.display().to_string())]).await
}

fn test_resource(name: &str, more: &Value) -> Value {
    let mut body = json!({ "schemas": [TEST], "name": name });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

async fn create(client: &Client, path: &str, body: &Value) -> Value {
    client.post(path, body).await.expect(201).body
}

/// The names that a filter finds, in the order of a sort.
async fn found(client: &Client, filter: &str, sort: &str) -> Vec<String> {
    let message = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": filter,
        "sortBy": sort,
    });
    let list = client.post("/TestResources/.search", &message).await.expect(200).body;
    let resources = list["Resources"].as_array().expect("a list");
    resources.iter().map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn a_type_of_a_file_is_discovered_and_works_like_any_other() {
    let app = app_with(&shipped()).await;
    let client = app.connection("generic").await;
    let types = client.get("/ResourceTypes").await.expect(200).body;
    let endpoints: Vec<&Value> =
        types["Resources"].as_array().expect("a list").iter().map(|it| &it["endpoint"]).collect();
    assert_eq!(endpoints, ["/Users", "/Groups", "/Devices", "/EndpointApps", "/TestResources"]);
    assert_eq!(client.get(&format!("/Schemas/{BLE}")).await.expect(200).body["id"], BLE);

    let application = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:EndpointApp"],
        "applicationType": "telemetry",
        "applicationName": "Hearts",
    });
    let application =
        create(&client, "/EndpointApps", &application).await["id"].as_str().expect("an id").to_owned();
    let apps = "urn:ietf:params:scim:schemas:extension:endpointAppsExt:2.0:Device";
    let device = json!({
        "schemas": [DEVICE, BLE, apps],
        "displayName": "Heart monitor",
        "active": true,
        BLE: {
            "versionSupport": ["5.3"],
            "deviceMacAddress": "2C:54:91:88:C9:E2",
            "irk": "s3cret",
            "pairingMethods": ["urn:ietf:params:scim:schemas:extension:pairingPassKey:2.0:Device"],
            "urn:ietf:params:scim:schemas:extension:pairingPassKey:2.0:Device": { "key": 123_456 },
        },
        apps: { "applications": [{ "value": application }] },
    });
    let made = create(&client, "/Devices", &device).await;
    assert_eq!(made["schemas"], json!([DEVICE, BLE, apps]));
    assert_eq!(made["meta"]["resourceType"], "Device");
    assert!(made[BLE].get("irk").is_none(), "what is never returned is not returned: {made}");
    assert_eq!(made[BLE]["urn:ietf:params:scim:schemas:extension:pairingPassKey:2.0:Device"]["key"], 123_456);
    let reference = made[apps]["applications"][0]["$ref"].as_str().expect("an address");
    assert!(reference.ends_with(&format!("/EndpointApps/{application}")), "{reference}");
    let place = format!("/Devices/{}", made["id"].as_str().expect("an id"));
    assert_eq!(client.get(&place).await.expect(200).body, made);

    let filter = format!("{BLE}:deviceMacAddress eq \"2c:54:91:88:c9:e2\" and active eq true");
    let list =
        client.get(&format!("/Devices?filter={}", filter.replace(' ', "%20").replace('"', "%22"))).await;
    assert_eq!(list.expect(200).body["totalResults"], 1);
    let key = format!("{BLE}:urn:ietf:params:scim:schemas:extension:pairingPassKey:2.0:Device.key");
    let list = client.get(&format!("/Devices?filter={key}%20eq%20123456&attributes={key}")).await.expect(200);
    let shown = &list.body["Resources"][0][BLE];
    assert_eq!(
        shown,
        &json!({ "urn:ietf:params:scim:schemas:extension:pairingPassKey:2.0:Device": { "key": 123_456 } })
    );
    let pairing = key.trim_end_matches(".key");
    let unpaired = client.patch(&place, json!([{ "op": "remove", "path": pairing }])).await.expect(200).body;
    assert_eq!(unpaired[BLE].get(pairing.trim_start_matches(BLE).trim_start_matches(':')), None);
    let patched = client
        .patch(
            &place,
            json!([
                { "op": "replace", "path": format!("{BLE}:mobility"), "value": true },
                { "op": "replace", "path": "active", "value": false },
            ]),
        )
        .await
        .expect(200)
        .body;
    assert_eq!((&patched[BLE]["mobility"], &patched["active"]), (&json!(true), &json!(false)));
    let wrong = json!([{ "op": "replace", "path": format!("{BLE}:deviceMacAddress"), "value": "2C-54" }]);
    client.patch(&place, wrong).await.expect_error(400, Some("invalidValue"));
    client
        .patch(&place, json!([{ "op": "remove", "path": "active" }]))
        .await
        .expect_error(400, Some("mutability"));
    client.post("/Devices", &json!({ "schemas": [DEVICE] })).await.expect_error(400, Some("invalidValue"));
    let keyless = json!({ "schemas": [DEVICE, DPP], "active": true, DPP: { "dppVersion": 2 } });
    client.post("/Devices", &keyless).await.expect_error(400, Some("invalidValue"));
    client.delete(&place).await.expect(204);
    client.get(&place).await.expect_error(404, None);
}

#[tokio::test]
async fn every_characteristic_of_a_schema_is_enforced() {
    let app = app_with(&shipped()).await;
    let client = app.connection("generic").await;
    let body = test_resource(
        "one",
        &json!({
            "singleInteger": 7, "singleDecimal": 1.5, "singleBoolean": true, "singleDateTime": "2026-01-02T03:04:05+01:00",
            "singleBinary": "aGVsbG8=", "singleReference": "https://a.example/x", "multiInteger": [3, 1, 3],
            "singleComplex": { "value": "v", "count": 2 }, "readOnlyString": "x", "immutableString": "kept",
            "writeOnlyString": "gone", "alwaysString": "always", "onRequestString": "asked", "uniqueString": "First",
            "uniqueInteger": 1, NOTES: { "note": "n", "numbers": [1, 2], "code": "c1" },
        }),
    );
    let made = create(&client, "/TestResources", &body).await;
    let place = format!("/TestResources/{}", made["id"].as_str().expect("an id"));
    assert_eq!(made["singleDateTime"], "2026-01-02T02:04:05.000Z");
    assert_eq!(made["multiInteger"], json!([3, 1]));
    for absent in ["readOnlyString", "writeOnlyString"] {
        assert!(made.get(absent).is_none(), "{absent}: {made}");
    }
    assert_eq!(made["onRequestString"], "asked", "what was just written comes back");
    let asked = json!([{ "op": "replace", "path": "onRequestString", "value": "asked" }]);
    assert_eq!(client.patch(&place, asked).await.expect(200).body["onRequestString"], "asked");
    let read = client.get(&place).await.expect(200).body;
    assert!(read.get("onRequestString").is_none());
    let asked = client.get(&format!("{place}?attributes=onRequestString")).await.expect(200).body;
    assert_eq!((&asked["onRequestString"], &asked["alwaysString"]), (&json!("asked"), &json!("always")));
    assert!(asked.get("name").is_none());

    for (taken, value) in [("uniqueString", json!("FIRST")), ("uniqueInteger", json!(1))] {
        let other = test_resource("two", &json!({ taken: value }));
        client.post("/TestResources", &other).await.expect_error(409, Some("uniqueness"));
    }
    let other = test_resource("two", &json!({ NOTES: { "code": "c1" } }));
    client.post("/TestResources", &other).await.expect_error(409, Some("uniqueness"));
    let two =
        create(&client, "/TestResources", &test_resource("two", &json!({ "uniqueString": "second" }))).await;
    let second = format!("/TestResources/{}", two["id"].as_str().expect("an id"));
    let rename = json!([{ "op": "replace", "path": "uniqueString", "value": "first" }]);
    client.patch(&second, rename.clone()).await.expect_error(409, Some("uniqueness"));
    client.patch(&place, json!([{ "op": "remove", "path": "uniqueString" }])).await.expect(200);
    client.patch(&second, rename).await.expect(200);

    let immutable = json!([{ "op": "replace", "path": "immutableString", "value": "other" }]);
    client.patch(&place, immutable).await.expect_error(400, Some("mutability"));
    let read_only = json!([{ "op": "replace", "path": "readOnlyString", "value": "other" }]);
    client.patch(&place, read_only).await.expect_error(400, Some("mutability"));
    let replaced = client.put(&place, &test_resource("uno", &json!({}))).await.expect(200).body;
    assert_eq!((&replaced["immutableString"], &replaced["name"]), (&json!("kept"), &json!("uno")));
    assert_eq!(replaced[NOTES], json!({ "code": "c1" }), "what is immutable in an extension stays, too");
    let changed = test_resource("uno", &json!({ NOTES: { "code": "c2" } }));
    client.put(&place, &changed).await.expect_error(400, Some("mutability"));
    for operation in [
        json!({ "op": "remove", "path": NOTES }),
        json!({ "op": "replace", "path": "schemas", "value": [TEST] }),
    ] {
        client.patch(&place, json!([operation])).await.expect_error(400, Some("mutability"));
    }
    let late = test_resource("late", &json!({ "singleDateTime": "9999-12-31T23:59:59-14:00" }));
    client.post("/TestResources", &late).await.expect_error(400, Some("invalidValue"));

    let tag = client.get(&place).await.expect(200).headers["etag"].to_str().expect("text").to_owned();
    let known = client.send("GET", &format!("/scim/v2{place}"), &[("if-none-match", &tag)], None).await;
    known.expect(304);
    let stale = client.send("DELETE", &format!("/scim/v2{place}"), &[("if-match", "W/\"1\"")], None).await;
    stale.expect_error(412, None);
}

#[tokio::test]
async fn resources_of_a_type_are_filtered_sorted_and_paged() {
    let app = app_with(&shipped()).await;
    let client = app.connection("generic").await;
    for (name, number) in [("c", 3), ("a", 10), ("b", 2)] {
        let more = json!({ "singleInteger": number, "singleDateTime": "2020-01-01T00:00:00Z",
            "singleBinary": "YWJj", "owner": { "value": "u1" }, "multiComplex": [{ "value": name, "count": number }],
            NOTES: { "box": { "size": 0.5 } } });
        create(&client, "/TestResources", &test_resource(name, &more)).await;
    }
    create(&client, "/TestResources", &test_resource("d", &json!({}))).await;
    for (filter, sort, expected) in [
        ("singleInteger gt 2", "name", vec!["a", "c"]),
        ("singleInteger pr", "singleInteger", vec!["b", "c", "a"]),
        ("not (singleInteger pr)", "name", vec!["d"]),
        ("multiComplex[value eq \"B\" and count lt 3]", "name", vec!["b"]),
        ("multiComplex.count ge 3", "multiComplex.count", vec!["c", "a"]),
        (&format!("{NOTES}:box.size eq 0.5 and name ne \"a\""), "name", vec!["b", "c"]),
        ("meta.resourceType eq \"TestResource\" and name sw \"D\"", "name", vec!["d"]),
        (&format!("schemas eq \"{NOTES}\""), "singleInteger", vec!["b", "c", "a"]),
        ("singleBoolean eq true or singleDateTime gt \"2026-01-01T00:00:00Z\"", "name", vec![]),
        (
            "singleDateTime eq \"2020-01-01T01:00:00+01:00\" and singleDateTime le \"2020-01-01T00:00:00Z\"",
            "name",
            vec!["a", "b", "c"],
        ),
        ("singleDateTime gt \"2020-01-01T00:00:00Z\" or singleBinary eq \"ywjj\"", "name", vec![]),
        ("owner.$ref ew \"/Users/u1\" and owner.$ref pr", "name", vec!["a", "b", "c"]),
    ] {
        assert_eq!(found(&client, filter, sort).await, expected, "{filter}");
    }
    let mut seen = Vec::new();
    let mut next = "/TestResources?count=3&cursor".to_owned();
    loop {
        let page = client.get(&next).await.expect(200).body;
        seen.extend(page["Resources"].as_array().expect("a list").iter().map(|it| it["name"].clone()));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        next = format!("/TestResources?count=3&cursor={cursor}");
    }
    assert_eq!(seen, ["c", "a", "b", "d"], "in the order of their creation");
    for sort in ["singleInteger", "groups.value", "multiComplex.count", "singleBoolean", "owner.$ref"] {
        let root = client.get(&format!("/?sortBy={sort}")).await.expect(200).body;
        assert_eq!(root["totalResults"], 4, "{sort}");
    }
    let refused = client.get("/TestResources?filter=nope%20eq%201").await;
    refused.expect_error(400, Some("invalidFilter"));
}

#[tokio::test]
async fn bulk_and_the_root_search_know_every_type() {
    let app = app_with(&shipped()).await;
    let client = app.connection("generic").await;
    let ada = client.user("ada@alpha.example").await;
    let operations = json!([
        { "method": "POST", "path": "/TestResources", "bulkId": "r", "data": test_resource("r", &json!({
            "owner": { "value": "bulkId:u" }, "related": [{ "value": ada, "type": "User" }] })) },
        { "method": "POST", "path": "/Users", "bulkId": "u", "data": user("ben@alpha.example") },
        { "method": "POST", "path": "/Nothing", "bulkId": "n", "data": { "schemas": [TEST] } },
    ]);
    let done =
        client.post("/Bulk", &json!({ "schemas": [BULK], "Operations": operations })).await.expect(200);
    let statuses: Vec<&Value> =
        done.body["Operations"].as_array().expect("entries").iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, ["201", "201", "404"], "{}", done.body);
    let ben = done.body["Operations"][1]["location"].as_str().expect("a location");
    let all = client.get("/TestResources").await.expect(200).body;
    let made = &all["Resources"][0];
    assert_eq!(made["owner"]["$ref"], ben);
    assert!(made["related"][0]["$ref"].as_str().expect("an address").ends_with(&format!("/Users/{ada}")));

    let root = client.get("/?sortBy=id").await.expect(200).body;
    let types: Vec<&Value> =
        root["Resources"].as_array().expect("a list").iter().map(|it| &it["meta"]["resourceType"]).collect();
    assert_eq!((root["totalResults"].as_u64(), types.len()), (Some(3), 3));
    assert!(types.contains(&&json!("TestResource")) && types.contains(&&json!("User")), "{types:?}");
    let named = client.get("/?filter=name%20eq%20%22r%22").await;
    named.expect_error(400, Some("invalidFilter"));
    let numbered =
        client.get("/?filter=singleInteger%20pr%20or%20userName%20sw%20%22ada%22").await.expect(200).body;
    assert_eq!(numbered["totalResults"], 1);
}

#[tokio::test]
async fn what_a_tenant_has_no_other_tenant_sees() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = app_with(folder.path()).await;
    let own = folder.path().join(&app.tenant);
    fs::create_dir(&own).expect("made");
    fs::copy(shipped().join("devices.json"), own.join("devices.json")).expect("copied");
    let client = app.connection("generic").await;
    client.get("/Devices").await.expect_error(404, None);
    app.server.read_schemas().await.expect("the files are right");
    client.get("/Devices").await.expect(200);
    let made = create(&client, "/Devices", &json!({ "schemas": [DEVICE], "active": true })).await;
    assert_eq!(client.get("/ResourceTypes").await.expect(200).body["totalResults"], 4);

    let other = app.connection_with(&app.other_tenant().await, "generic", None).await;
    other.get("/Devices").await.expect_error(404, None);
    assert_eq!(other.get("/ResourceTypes").await.expect(200).body["totalResults"], 2);
    assert_eq!(app.nobody().get("/ResourceTypes").await.expect(200).body["totalResults"], 2);
    let second = app.connection("generic").await;
    let place = format!("/Devices/{}", made["id"].as_str().expect("an id"));
    second.get(&place).await.expect_error(404, None);
    assert_eq!(
        second.get("/Devices").await.expect(200).body["totalResults"],
        0,
        "another connection sees it as little"
    );
}

#[tokio::test]
async fn an_extension_of_users_is_kept_found_unique_and_a_reason_for_a_licence() {
    let folder = tempfile::tempdir().expect("a folder");
    let badge = json!([
        { "id": BADGE, "name": "Badge", "attributes": [
            { "name": "number", "uniqueness": "server" },
            { "name": "colours", "multiValued": true },
        ]},
        { "name": "User", "schemaExtensions": [{ "schema": BADGE, "required": false }] },
    ]);
    fs::write(folder.path().join("badge.json"), badge.to_string()).expect("written");
    let app = app_with(folder.path()).await;
    let client = app.connection("generic").await;
    let rule = format!("{BADGE}:colours eq \"red\"");
    app.pool_of(operations::pools::New {
        name: "Vault".to_owned(),
        seats: 5,
        policy: "queue".to_owned(),
        rule: Some(rule),
        ..Default::default()
    })
    .await;
    let with_badge = |name: &str, number: &str, colour: &str| {
        let mut body = user(name);
        body["schemas"] = json!([USER, BADGE]);
        body[BADGE] = json!({ "number": number, "colours": [colour] });
        body
    };
    let ada = create(&client, "/Users", &with_badge("ada@alpha.example", "7", "red")).await;
    assert_eq!(ada[BADGE], json!({ "number": "7", "colours": ["red"] }));
    assert_eq!(app.pool_now("Vault").await.used, 1, "the rule of the pool looks at the extension");
    client
        .post("/Users", &with_badge("ben@alpha.example", "7", "blue"))
        .await
        .expect_error(409, Some("uniqueness"));
    client.get("/Users?filter=userName%20eq%20%22ben@alpha.example%22").await.expect(200);
    create(&client, "/Users", &with_badge("ben@alpha.example", "8", "blue")).await;
    let filter = format!("/Users?filter={BADGE}:colours%20eq%20%22BLUE%22");
    assert_eq!(client.get(&filter).await.expect(200).body["Resources"][0]["userName"], "ben@alpha.example");
    let place = format!("/Users/{}", ada["id"].as_str().expect("an id"));
    let number = json!([{ "op": "replace", "path": format!("{BADGE}:number"), "value": "8" }]);
    let refused = client.patch(&place, number.clone()).await.expect_error(409, Some("uniqueness"));
    assert_eq!(refused.body["detail"], format!("Another resource has this value of {BADGE}:number."));
    // A user who is older than the requirement is changed, switched off and deleted without the extension.
    let dee = client.user("dee@alpha.example").await;
    let mut required = badge.clone();
    required[0]["attributes"][0]["required"] = true.into();
    required[1]["schemaExtensions"][0]["required"] = true.into();
    fs::write(folder.path().join("badge.json"), required.to_string()).expect("written");
    app.server.read_schemas().await.expect("the file is right");
    client.post("/Users", &user("eve@alpha.example")).await.expect_error(400, Some("invalidValue"));
    client.set_active(&dee, false).await.expect(200);
    let colours = json!([{ "op": "add", "path": format!("{BADGE}:colours"), "value": ["blue"] }]);
    client.patch(&format!("/Users/{dee}"), colours).await.expect_error(400, Some("invalidValue"));
    let gone = json!([{ "op": "remove", "path": format!("{BADGE}:number") }]);
    client.patch(&place, gone).await.expect_error(400, Some("mutability"));
    client.delete(&place).await.expect(204);
    create(&client, "/Users", &with_badge("cy@alpha.example", "7", "green")).await;
    client.delete(&format!("/Users/{dee}")).await.expect(204);
}

/// A file may change under what is stored: nothing is lost, and nothing that is asked of it fails.
#[tokio::test]
async fn what_was_stored_under_another_schema_is_read_and_kept() {
    const THING: &str = "urn:example:params:scim:schemas:2.0:Thing";
    const MORE: &str = "urn:example:params:scim:schemas:extension:2.0:Thing";
    let folder = tempfile::tempdir().expect("a folder");
    let write = |kinds: [&str; 3], extended: bool| {
        let complex = json!([{ "name": "a" }, { "name": "value" }]);
        let attribute = |name: &str, kind: &str, many: bool| {
            let mut attribute = json!({ "name": name, "type": kind, "multiValued": many });
            if kind == "complex" {
                attribute["subAttributes"] = complex.clone();
            }
            attribute
        };
        let many = kinds[2] == "complex";
        let attributes = [
            attribute("v", kinds[0], false),
            attribute("m", kinds[1], true),
            attribute("c", kinds[2], !many),
        ];
        let extensions = if extended { json!([{ "schema": MORE }]) } else { json!([]) };
        let file = json!([
            { "id": THING, "name": "Thing", "attributes": attributes },
            { "id": MORE, "name": "More", "attributes": [{ "name": "x" }] },
            { "name": "Thing", "endpoint": "/Things", "schema": THING, "schemaExtensions": extensions },
        ]);
        fs::write(folder.path().join("thing.json"), file.to_string()).expect("written");
    };
    write(["string", "string", "complex"], true);
    let app = app_with(folder.path()).await;
    let client = app.connection("generic").await;
    let body = json!({ "schemas": [THING, MORE], "v": "1", "m": ["a", "b"], "c": { "a": "x" }, MORE: { "x": "kept" } });
    let made = create(&client, "/Things", &body).await;
    let place = format!("/Things/{}", made["id"].as_str().expect("an id"));
    for kinds in [
        ["boolean", "complex", "string"],
        ["integer", "integer", "boolean"],
        ["dateTime", "reference", "decimal"],
    ] {
        write(kinds, false);
        app.server.read_schemas().await.expect("the file is right");
        for query in [
            "",
            "filter=v%20pr",
            "filter=m%20pr",
            "filter=c%20pr",
            "sortBy=v",
            "sortBy=m",
            "sortBy=c",
            "sortBy=v&cursor",
        ] {
            client.get(&format!("/Things?{query}")).await.expect(200);
        }
        client.get("/?sortBy=v").await.expect(200);
        client.get(&place).await.expect(200);
    }
    client.put(&place, &json!({ "schemas": [THING], "externalId": "e" })).await.expect(200);
    write(["string", "string", "complex"], true);
    app.server.read_schemas().await.expect("the file is right");
    assert_eq!(client.get(&place).await.expect(200).body[MORE], json!({ "x": "kept" }));
}

#[tokio::test]
async fn a_value_that_becomes_unique_later_is_unique_with_what_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |unique: bool, there: bool| {
        let unique = if unique { "server" } else { "none" };
        let attributes =
            json!([{ "name": "number", "uniqueness": unique }, { "name": "seat", "uniqueness": "server" }]);
        let extensions = if there { json!([{ "schema": BADGE }]) } else { json!([]) };
        let file = json!([
            { "id": BADGE, "name": "Badge", "attributes": attributes },
            { "name": "User", "schemaExtensions": extensions },
        ]);
        fs::write(folder.path().join("badge.json"), file.to_string()).expect("written");
    };
    write(false, true);
    let app = app_with(folder.path()).await;
    let client = app.connection("generic").await;
    let badge = |name: &str, number: &str, seat: &str| {
        let mut body = user(name);
        body["schemas"] = json!([USER, BADGE]);
        body[BADGE] = json!({ "number": number, "seat": seat });
        body
    };
    let ada =
        create(&client, "/Users", &badge("ada", "A7", "1")).await["id"].as_str().expect("an id").to_owned();
    create(&client, "/Users", &badge("ben", "a7", "2")).await;
    write(true, true);
    app.server.read_schemas().await.expect("the file is right");
    client.post("/Users", &badge("cy", "A7", "3")).await.expect_error(409, Some("uniqueness"));
    // Who shares a value keeps it, and is changed in other ways.
    let path = format!("/Users/{ada}");
    client.patch(&path, json!([{ "op": "add", "path": "title", "value": "Dr" }])).await.expect(200);
    let ben = client.get("/Users?filter=userName%20eq%20%22ben%22").await.expect(200).body;
    let ben = format!("/Users/{}", ben["Resources"][0]["id"].as_str().expect("an id"));
    let seat = json!([{ "op": "replace", "path": format!("{BADGE}:seat"), "value": "22" }]);
    client.patch(&ben, seat).await.expect(200);

    // While no file has the extension, a change lets nothing go.
    write(true, false);
    app.server.read_schemas().await.expect("the file is right");
    client.patch(&path, json!([{ "op": "add", "path": "title", "value": "Prof" }])).await.expect(200);
    create(&client, "/Users", &user("dee")).await;
    write(true, true);
    app.server.read_schemas().await.expect("the file is right");
    client.post("/Users", &badge("cy", "A9", "1")).await.expect_error(409, Some("uniqueness"));
    create(&client, "/Users", &badge("cy", "A9", "3")).await;

    // Another comparison is another uniqueness.
    let file = |exact: bool| {
        let attributes = json!([{ "name": "number", "uniqueness": "server", "caseExact": exact }]);
        let file = json!([
            { "id": BADGE, "name": "Badge", "attributes": attributes },
            { "name": "User", "schemaExtensions": [{ "schema": BADGE }] },
        ]);
        fs::write(folder.path().join("badge.json"), file.to_string()).expect("written");
    };
    file(true);
    app.server.read_schemas().await.expect("the file is right");
    create(&client, "/Users", &badge("fay", "a9", "5")).await;
    client.post("/Users", &badge("gus", "A9", "6")).await.expect_error(409, Some("uniqueness"));
    file(false);
    app.server.read_schemas().await.expect("the file is right");
    client.post("/Users", &badge("gus", "A9", "6")).await.expect_error(409, Some("uniqueness"));

    // What is unique no more binds nobody.
    write(false, true);
    app.server.read_schemas().await.expect("the file is right");
    create(&client, "/Users", &badge("eve", "A9", "4")).await;
}

#[tokio::test]
async fn resources_of_a_connection_that_goes_stay_and_belong_to_others() {
    let app = app_with(&shipped()).await;
    let (first, second) = (app.connection("generic").await, app.connection("generic").await);
    let place = async |client: &Client, name: &str| {
        let made = create(client, "/TestResources", &test_resource(name, &json!({}))).await;
        format!("/TestResources/{}", made["id"].as_str().expect("an id"))
    };
    let given = place(&first, "given").await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let (_, work) = owners::hand_over(db, &operator, &first.id, &second.id, What::All).await.expect("begun");
    app.admin.finish(work, |_| {}).await.expect("the end");
    second.get(&given).await.expect(200);
    first.get(&given).await.expect_error(404, None);
    let left = place(&first, "left").await;
    second.get(&left).await.expect_error(404, None);
    assert_eq!(owners::owned(db, &operator, &first.id).await.expect("readable").resources, 1);
    let (_, work) = owners::delete(db, &operator, &first.id).await.expect("begun");
    app.admin.finish(work, |_| {}).await.expect("the end");
    second.get(&left).await.expect(200);
    second.delete(&left).await.expect_error(403, None);
}
