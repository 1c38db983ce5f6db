//! Users and groups over HTTP: what is stored comes back, versions count, and nothing leaks between tenants.

use crate::support::{Client, GROUP, PATCH, TestApp, USER, user};
use chrono::TimeDelta;
use serde_json::{Value, json};

#[tokio::test]
async fn a_user_lives_from_create_to_delete() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let body = json!({
        "schemas": [USER], "userName": "Ada@alpha.example", "externalId": "a-1", "id": "mine", "groups": [{"value": "x"}],
        "emails": [{ "value": "ada@alpha.example", "type": "work", "primary": true }],
    });
    let created = client.post("/Users", &body).await.expect(201);
    let id = created.id();
    assert_ne!(id, "mine");
    assert_eq!(created.body["active"], true);
    assert_eq!(created.body["schemas"], json!([USER]));
    assert_eq!(created.body.get("groups"), None);
    assert_eq!(created.header("etag"), "W/\"1\"");
    assert_eq!(created.body["meta"]["version"], "W/\"1\"");
    assert_eq!(created.body["meta"]["location"], created.header("location"));
    assert!(created.header("location").ends_with(&format!("/scim/v2/Users/{id}")));
    assert_eq!(created.header("cache-control"), "no-store");

    let read = client.get(&format!("/Users/{id}")).await.expect(200);
    assert_eq!(read.body, created.body);
    client.post("/Users", &user("ADA@ALPHA.EXAMPLE")).await.expect_error(409, Some("uniqueness"));

    let put = json!({ "schemas": [USER], "userName": "ada@alpha.example", "title": "Counsel" });
    let put = client.put(&format!("/Users/{id}"), &put).await.expect(200);
    assert_eq!(put.body["meta"]["version"], "W/\"2\"");
    assert_eq!((put.body.get("emails"), &put.body["active"]), (None, &json!(true)));

    client.delete(&format!("/Users/{id}")).await.expect(204);
    client.get(&format!("/Users/{id}")).await.expect_error(404, None);
    client.delete(&format!("/Users/{id}")).await.expect_error(404, None);
    client.user("ada@alpha.example").await;
}

#[tokio::test]
async fn an_explicit_null_overrides_a_default() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let body = json!({ "schemas": [USER], "userName": "a", "active": null });
    assert_eq!(client.post("/Users", &body).await.expect(201).body.get("active"), None);
}

#[tokio::test]
async fn what_changes_nothing_keeps_version_and_time() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let id = client.user("a").await;
    let before = client.get(&format!("/Users/{id}")).await.expect(200).body;
    app.clock.advance(TimeDelta::hours(1));
    let same = json!([{ "op": "replace", "path": "active", "value": true }]);
    assert_eq!(client.patch(&format!("/Users/{id}"), same).await.expect(200).body, before);
    assert_eq!(client.put(&format!("/Users/{id}"), &before).await.expect(200).body, before);
    assert_eq!(app.last_request(&client).await.effects, ["nothing changed"]);

    let group = client.group("Team", &[&id]).await;
    let before = client.get(&format!("/Groups/{group}")).await.expect(200).body;
    client.add(&group, &id).await.expect(200);
    let put = json!({ "schemas": [GROUP], "displayName": "Team" });
    client.put(&format!("/Groups/{group}"), &put).await.expect(200);
    assert_eq!(client.get(&format!("/Groups/{group}")).await.expect(200).body, before);
}

#[tokio::test]
async fn conditions_decide_before_anything_is_written() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let id = client.user("a").await;
    let path = format!("/scim/v2/Users/{id}");
    let body = Some(user("b").to_string());
    for (name, value, status) in [
        ("if-match", "W/\"7\"", 412),
        ("if-none-match", "*", 412),
        ("if-match", "W/7", 400),
        ("if-match", "W/\"1\"", 200),
        ("if-match", "W/\"1\"", 412),
        ("if-match", "*", 200),
    ] {
        let answer = client.send("PUT", &path, &[(name, value)], body.clone()).await;
        assert_eq!(answer.status, status, "{name}: {value}: {}", answer.body);
    }
    client.send("DELETE", &path, &[("if-match", "\"1\"")], None).await.expect_error(412, None);
    let unchanged = client.send("GET", &path, &[("if-none-match", "W/\"2\"")], None).await.expect(304);
    assert_eq!((unchanged.header("etag"), &unchanged.body), ("W/\"2\"", &json!("")));
    client.send("GET", &path, &[("if-none-match", "W/\"1\"")], None).await.expect(200);

    let missing = "/scim/v2/Users/00000000-0000-7000-8000-000000000000";
    client.send("PUT", missing, &[("if-match", "\"1\"")], body).await.expect_error(404, None);
    // Existence and version are said before what is wrong with the body.
    client.send("PATCH", missing, &[], Some("{}".to_owned())).await.expect_error(404, None);
    client
        .send("PATCH", &path, &[("if-match", "\"9\"")], Some("{}".to_owned()))
        .await
        .expect_error(412, None);
    client.send("PATCH", &path, &[], Some("{}".to_owned())).await.expect_error(400, Some("invalidSyntax"));
    client.send("PUT", missing, &[], Some("{}".to_owned())).await.expect_error(404, None);
}

#[tokio::test]
async fn groups_hold_members_of_both_kinds_and_people_see_their_groups() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let (ada, bob) = (client.user("ada").await, client.user("bob").await);
    let inner = client.group("Inner", &[&ada]).await;
    let outer = client.group("Outer", &[&inner, &bob]).await;
    let shown = client.get(&format!("/Groups/{outer}")).await.expect(200).body;
    let members = shown["members"].as_array().expect("members");
    let member = |id: &str| members.iter().find(|member| member["value"] == id).expect("a member").clone();
    assert_eq!((&member(&inner)["type"], &member(&inner)["display"]), (&json!("Group"), &json!("Inner")));
    assert!(member(&bob)["$ref"].as_str().expect("an address").ends_with(&format!("/scim/v2/Users/{bob}")));

    let groups = client.get(&format!("/Users/{ada}")).await.expect(200).body["groups"].clone();
    let direct = |id: &str| {
        let groups = groups.as_array().expect("groups");
        groups.iter().find(|group| group["value"] == id).expect("a group")["type"].clone()
    };
    assert_eq!((direct(&inner), direct(&outer)), (json!("direct"), json!("indirect")));

    // Groups may hold each other and themselves (RFC 7644 §3.7.1): a user sees each of them once.
    for member in [&outer, &inner] {
        client.add(&inner, member).await.expect(200);
        let seen = client.get(&format!("/Users/{ada}")).await.expect(200).body["groups"].clone();
        assert_eq!(seen, groups, "{member}");
        client.remove(&inner, member).await.expect(200);
    }
    let wrong = json!([{ "op": "add", "path": "members", "value": [{ "value": ada, "type": "Group" }] }]);
    client.patch(&format!("/Groups/{outer}"), wrong).await.expect_error(400, Some("invalidValue"));
    let unknown = "01900000-0000-7000-8000-000000000000";
    client.add(&outer, unknown).await.expect_error(400, Some("invalidValue"));
    // What cannot be an id of ours waits for a user of that name, and is no member until then.
    let waiting = client.add(&outer, "nobody").await.expect(200);
    assert_eq!(waiting.body, shown);

    let version = client.get(&format!("/Groups/{outer}")).await.header("etag").to_owned();
    client.delete(&format!("/Users/{bob}")).await.expect(204);
    let shown = client.get(&format!("/Groups/{outer}")).await.expect(200);
    assert_ne!(shown.header("etag"), version);
    assert_eq!(shown.body["members"].as_array().map(Vec::len), Some(1));

    let without = client.get(&format!("/Groups/{outer}?excludedAttributes=members")).await.expect(200);
    assert_eq!(without.body.get("members"), None);
    client.delete(&format!("/Groups/{inner}")).await.expect(204);
    let cleared = json!({ "schemas": [GROUP], "displayName": "Outer", "members": [] });
    assert_eq!(client.put(&format!("/Groups/{outer}"), &cleared).await.expect(200).body.get("members"), None);
}

#[tokio::test]
async fn lists_are_filtered_paged_and_searched() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    for number in 0..7 {
        client.user(&format!("user{number}")).await;
    }
    let page = client.get("/Users?startIndex=3&count=2&attributes=userName").await.expect(200).body;
    assert_eq!(
        (&page["totalResults"], &page["itemsPerPage"], &page["startIndex"]),
        (&json!(7), &json!(2), &json!(3))
    );
    let first = page["Resources"][0].as_object().expect("a resource");
    assert_eq!(first.keys().collect::<Vec<_>>(), ["schemas", "id", "userName"]);

    for filter in ["userName+eq+%22USER3%22&", "userName%20eq%20%22user3%22", "USERNAME+EQ+%22user3%22&x=y"] {
        let found = client.get(&format!("/Users?filter={filter}")).await.expect(200).body;
        assert_eq!(
            (&found["totalResults"], &found["Resources"][0]["userName"]),
            (&json!(1), &json!("user3"))
        );
    }
    let none = client.get("/Users?filter=userName%20eq%20%22b4a0%22").await.expect(200).body;
    assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(0), &json!([])));
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "userName sw \"user\"", "count": 1
    });
    let found = client.post("/Users/.search?count=5", &search).await.expect(200).body;
    assert_eq!((&found["totalResults"], &found["itemsPerPage"]), (&json!(7), &json!(1)));
    let team = client.group("Team", &[]).await;
    let found =
        client.post("/Groups/.search", &json!({ "schemas": search["schemas"] })).await.expect(200).body;
    assert_eq!(found["Resources"][0]["id"], json!(team));

    for (query, word) in [
        ("filter=", "invalidFilter"),
        ("filter=userName", "invalidFilter"),
        ("filter=a+pr&filter=b+pr", "invalidFilter"),
        ("filter=%ff", "invalidFilter"),
        ("count=abc", "invalidValue"),
        ("attributes=id&excludedAttributes=name", "invalidValue"),
    ] {
        client.get(&format!("/Users?{query}")).await.expect_error(400, Some(word));
    }
    client.post("/Users/.search", &json!({ "schemas": [] })).await.expect_error(400, Some("invalidSyntax"));
    assert_eq!(client.post("/Users/.search", &json!({})).await.expect(200).body["totalResults"], 7);
    let strict = app.connection("strict").await;
    strict.post("/Users/.search", &json!({})).await.expect_error(400, Some("invalidSyntax"));
}

#[tokio::test]
async fn a_page_of_large_resources_ends_early_and_says_so() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let mut people = Vec::new();
    for number in 0..7 {
        let letters = if number == 6 { 1 } else { 4_000_000 };
        let mut body = user(&format!("person-{number}"));
        body["nickName"] = "n".repeat(letters).into();
        people.push(client.post("/Users", &body).await.expect(201).id());
    }
    people.sort_unstable();
    // A client goes on behind what it got, and gets everybody once.
    let (mut seen, mut pages) = (Vec::new(), Vec::new());
    while seen.len() < 7 {
        let path = format!("/Users?startIndex={}&count=500", seen.len() + 1);
        let page = client.get(&path).await.expect(200).body;
        assert_eq!((&page["totalResults"], &page["startIndex"]), (&json!(7), &json!(seen.len() + 1)));
        let resources = page["Resources"].as_array().expect("resources");
        assert_eq!(page["itemsPerPage"], json!(resources.len()));
        pages.push(resources.len());
        seen.extend(resources.iter().map(|it| it["id"].as_str().expect("an id").to_owned()));
    }
    assert_eq!((seen, pages), (people, vec![5, 2]));
    // What is not shown is not counted.
    let names = client.get("/Users?attributes=userName").await.expect(200).body;
    assert_eq!(names["itemsPerPage"], 7);
}

#[tokio::test]
async fn a_page_of_groups_with_long_members_ends_early_and_says_so() {
    let app = TestApp::open_with(&[("ROLLCALL_LIMITS__REQUESTS_PER_SECOND", "0")]).await;
    let client = app.connection("generic").await;
    let bodies: Vec<Value> = (0..300)
        .map(|number| {
            let mut body = user(&format!("person-{number}"));
            // JSON takes two letters for each.
            body["displayName"] = "\"".repeat(2_000).into();
            body
        })
        .collect();
    let answers = futures::future::join_all(bodies.iter().map(|body| client.post("/Users", body))).await;
    let people: Vec<String> = answers.into_iter().map(|answer| answer.expect(201).id()).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let mut groups = Vec::new();
    for number in 0..18 {
        groups.push(client.group(&format!("Group {number}"), &people).await);
    }
    groups.sort_unstable();
    let mut seen = Vec::new();
    for size in [14, 4] {
        let page = client.get(&format!("/Groups?startIndex={}", seen.len() + 1)).await.expect(200).body;
        assert_eq!((&page["totalResults"], &page["itemsPerPage"]), (&json!(18), &json!(size)));
        for group in page["Resources"].as_array().expect("groups") {
            assert_eq!(group["members"].as_array().map(Vec::len), Some(300), "a group is whole");
            seen.push(group["id"].as_str().expect("an id").to_owned());
        }
    }
    assert_eq!(seen, groups);
}

#[tokio::test]
async fn nothing_of_one_tenant_is_visible_to_another() {
    let app = TestApp::open().await;
    let (ours, tenant) = (app.connection("generic").await, app.other_tenant().await);
    let theirs = app.connection_with(&tenant, "generic", None).await;
    let ada = ours.user("ada").await;
    let team = ours.group("Team", &[&ada]).await;
    for path in [format!("/Users/{ada}"), format!("/Groups/{team}")] {
        theirs.get(&path).await.expect_error(404, None);
        theirs.delete(&path).await.expect_error(404, None);
        theirs
            .patch(&path, json!([{ "op": "replace", "path": "externalId", "value": "x" }]))
            .await
            .expect_error(404, None);
    }
    theirs.put(&format!("/Users/{ada}"), &user("eve")).await.expect_error(404, None);
    assert_eq!(theirs.get("/Users").await.expect(200).body["totalResults"], 0);
    assert_eq!(
        theirs.get("/Groups?filter=displayName+eq+%22Team%22").await.expect(200).body["totalResults"],
        0
    );
    // Somebody else's id is answered like an unknown one, word for word.
    let foreign = theirs.group("Team", &[]).await;
    let unknown = "01900000-0000-7000-8000-000000000000";
    let words = |answer: crate::support::Answer, id: &str| {
        answer.body["detail"].as_str().expect("a detail").replace(id, "ID")
    };
    let other = words(theirs.add(&foreign, &ada).await.expect_error(400, Some("invalidValue")), &ada);
    let nobody = words(theirs.add(&foreign, unknown).await.expect_error(400, Some("invalidValue")), unknown);
    assert_eq!(other, nobody);
    assert_eq!(theirs.user("ada").await.len(), 36);
    ours.get(&format!("/Users/{ada}")).await.expect(200);
}

#[tokio::test]
async fn a_manager_is_shown_with_their_name() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let boss = json!({ "schemas": [USER], "userName": "boss", "displayName": "Grace" });
    let boss = client.post("/Users", &boss).await.expect(201).id();
    let body = json!({
        "schemas": [USER, enterprise], "userName": "ada", enterprise: { "manager": { "value": boss } }
    });
    let created = client.post("/Users", &body).await.expect(201).body;
    assert_eq!(created[enterprise]["manager"]["displayName"], "Grace");
    let same =
        client.put(&format!("/Users/{}", created["id"].as_str().expect("an id")), &created).await.expect(200);
    assert_eq!(same.body, created);
}

#[tokio::test]
async fn the_members_of_large_groups_are_all_there_in_order() {
    let app = TestApp::open_with(&[("ROLLCALL_LIMITS__REQUESTS_PER_SECOND", "0")]).await;
    let client = app.connection("generic").await;
    // More than are read at once, over two groups with an empty one beside them.
    let bodies: Vec<Value> = (0..1_100).map(|number| user(&format!("person-{number}"))).collect();
    let mut people: Vec<String> = Vec::new();
    for crowd in bodies.chunks(200) {
        let answers = futures::future::join_all(crowd.iter().map(|body| client.post("/Users", body))).await;
        people.extend(answers.into_iter().map(|answer| answer.expect(201).id()));
    }
    people.sort_unstable();
    let all: Vec<&str> = people.iter().map(String::as_str).collect();
    let (large, _, rest) = (
        client.group("Large", &all[..1_050]).await,
        client.group("Empty", &[]).await,
        client.group("Rest", &all[1_000..]).await,
    );
    let values = |group: &Value| -> Vec<String> {
        let members = group["members"].as_array().map(Vec::as_slice).unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().expect("a value").to_owned()).collect()
    };
    let one = client.get(&format!("/Groups/{large}")).await.expect(200);
    assert_eq!(values(&one.body), people[..1_050]);
    let keys: Vec<&String> = one.body.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["schemas", "id", "displayName", "members", "meta"]);
    let list = client.get("/Groups").await.expect(200).body;
    let lists: Vec<Vec<String>> = list["Resources"].as_array().expect("groups").iter().map(values).collect();
    assert_eq!(lists, [people[..1_050].to_vec(), Vec::new(), people[1_000..].to_vec()]);
    assert_eq!(list["Resources"][1].get("members"), None, "an empty list is no value");
    let short = client.get(&format!("/Groups/{rest}?attributes=members.value")).await.expect(200).body;
    assert_eq!((values(&short).len(), &short["members"][0]), (100, &json!({ "value": people[1_000] })));
    let without = client.get(&format!("/Groups/{rest}?excludedAttributes=members")).await.expect(200).body;
    assert_eq!(without.get("members"), None);
}

#[tokio::test]
async fn the_tag_of_a_person_changes_with_their_groups_and_the_version_does_not() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let ada = client.user("ada").await;
    let path = format!("/scim/v2/Users/{ada}");
    let read = |tag: String| {
        let (client, path) = (client.clone(), path.clone());
        async move { client.send("GET", &path, &[("if-none-match", &tag)], None).await }
    };
    let before = client.get(&format!("/Users/{ada}")).await.expect(200).header("etag").to_owned();
    assert_eq!(read(before.clone()).await.status, 304);
    client.group("Team", &[&ada]).await;
    let after = read(before.clone()).await.expect(200);
    let tag = after.header("etag").to_owned();
    assert_ne!(tag, before);
    assert_eq!(after.body["meta"]["version"], tag.as_str());
    assert_eq!(read(tag).await.status, 304);
    // The version alone still allows a write: nothing of the document has changed.
    let body = json!({ "schemas": [USER], "userName": "ada", "title": "Dr" }).to_string();
    let headers = [("if-match", before.as_str()), ("content-type", "application/scim+json")];
    client.send("PUT", &path, &headers, Some(body)).await.expect(200);
}

/// A cursor is good for an hour (RFC 9865 §2.1), on every server, and the next one is good for another.
#[tokio::test]
async fn a_cursor_is_good_for_an_hour() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    for name in ["ada", "bob", "cid"] {
        client.user(name).await;
    }
    let next = |page: &Value| page["nextCursor"].as_str().expect("a cursor").to_owned();
    let first = next(&client.get("/Users?count=1&cursor").await.expect(200).body);
    let page = |cursor: &str| format!("/Users?count=1&cursor={cursor}");
    app.later(TimeDelta::minutes(59)).await;
    let second = next(&client.get(&page(&first)).await.expect(200).body);
    app.later(TimeDelta::minutes(2)).await;
    client.get(&page(&first)).await.expect_error(400, Some("expiredCursor"));
    let last = client.get(&page(&second)).await.expect(200).body;
    assert_eq!((&last["Resources"][0]["userName"], last.get("nextCursor")), (&json!("cid"), None));
    let config = client.get("/ServiceProviderConfig").await.expect(200).body;
    assert_eq!(config["pagination"]["cursorTimeout"], 3_600);
}

/// `Prefer: return` (RFC 7240 §4.2): the client says how much of what it wrote it wants to see.
#[tokio::test]
async fn a_client_says_how_much_of_what_it_wrote_it_wants_to_see() {
    let app = TestApp::open().await;
    let client = app.connection("entra").await;
    let write = async |method: &str, path: &str, wish: &str, body: &Value| {
        let headers = [("content-type", "application/scim+json"), ("prefer", wish)];
        client.send(method, &format!("/scim/v2{path}"), &headers, Some(body.to_string())).await
    };
    let created = write("POST", "/Users", "return=minimal", &user("ada")).await.expect(201);
    assert_eq!((created.header("preference-applied"), &created.body), ("return=minimal", &json!("")));
    let path = created.header("location").split("/scim/v2").last().expect("a path").to_owned();
    let shown = client.get(&path).await.expect(200);
    assert_eq!(
        (shown.body["userName"].as_str(), shown.header("etag")),
        (Some("ada"), created.header("etag"))
    );

    let title = json!([{ "op": "add", "path": "title", "value": "Dr" }]);
    let patch = json!({ "schemas": [PATCH], "Operations": title });
    let changed = write("PATCH", &path, "wait=5, return=minimal", &patch).await.expect(204);
    assert_eq!((changed.header("preference-applied"), changed.header("etag")), ("return=minimal", "W/\"2\""));
    write("PUT", &path, "return=minimal", &user("ada")).await.expect(204);
    assert_eq!(client.get(&path).await.expect(200).body.get("title"), None);

    // The rules of this connection answer the PATCH of a group with 204, unless the client asks for more.
    let group = client.group("Crew", &[]).await;
    let (path, name) =
        (format!("/Groups/{group}"), json!([{ "op": "replace", "path": "displayName", "value": "C" }]));
    let patch = json!({ "schemas": [PATCH], "Operations": name });
    client.json("PATCH", &path, &patch).await.expect(204);
    let shown = write("PATCH", &path, "return=representation", &patch).await.expect(200);
    assert_eq!(
        (&shown.body["displayName"], shown.header("preference-applied")),
        (&json!("C"), "return=representation")
    );
    let refused = write("PATCH", &path, "return=minimal", &json!({})).await;
    let refused = refused.expect_error(400, Some("invalidSyntax"));
    assert!(refused.headers.get("preference-applied").is_none(), "nothing was done");
    let read = client.send("GET", &format!("/scim/v2{path}"), &[("prefer", "return=minimal")], None).await;
    assert!(read.expect(200).body["displayName"].is_string(), "reading shows what is there");
}

#[tokio::test]
async fn the_configuration_says_what_is_special_to_a_connection() {
    let app = TestApp::open().await;
    let config = async |client: &Client| client.get("/ServiceProviderConfig").await.expect(200).body;
    for (profile, interoperable) in [("entra", false), ("interop", true), ("strict", false)] {
        let config = config(&app.connection(profile).await).await;
        assert_eq!(config["profile"], profile);
        assert_eq!(config["interopProfileConformant"], interoperable, "{profile}");
        let quirks = config["quirks"].as_array().expect("a list");
        assert!(quirks.iter().any(|quirk| quirk["name"] == "remove-with-value"), "{profile}");
        assert!(quirks.iter().all(|quirk| quirk["summary"].as_str().is_some_and(|it| !it.is_empty())));
    }
    let public = config(&app.nobody()).await;
    assert_eq!((public.get("profile"), public.get("interopProfileConformant")), (None, None));
}

#[tokio::test]
async fn the_interoperability_profile_refuses_what_others_ignore() {
    let app = TestApp::open().await;
    let client = app.connection("interop").await;
    let mut stranger = user("ada");
    stranger["shoeSize"] = json!(44);
    client.post("/Users", &stranger).await.expect_error(400, Some("invalidSyntax"));
    let id = client.user("ada").await;
    let path = format!("/Users/{id}");
    client.put(&path, &stranger).await.expect_error(400, Some("invalidSyntax"));
    client.put("/Users/0190d9a0-0000-7000-8000-00000000000a", &stranger).await.expect_error(404, None);
    let typo = json!([{ "op": "replace", "path": "name", "value": { "nick": "A" } }]);
    client.patch(&path, typo).await.expect_error(400, Some("invalidSyntax"));
    let pathless = json!([{ "op": "replace", "value": { "title": "Dr" } }]);
    client.patch(&path, pathless).await.expect_error(400, Some("invalidSyntax"));
    assert_eq!(app.last_request(&client).await.quirks, ["path-required"], "each use is counted");
    let name = |op: &str, name: Value| json!([{ "op": op, "path": "name", "value": name }]);
    client.patch(&path, name("add", json!({ "givenName": "Ada" }))).await.expect(200);
    let added = client.patch(&path, name("add", json!({ "familyName": "King" }))).await.expect(200).body;
    assert_eq!(added["name"]["givenName"], "Ada");
    let replaced = client.patch(&path, name("replace", json!({ "familyName": "Roe" }))).await.expect(200);
    assert_eq!(replaced.body["name"], json!({ "familyName": "Roe" }));
    assert!(app.last_request(&client).await.quirks.contains(&"replace-complex-whole".to_owned()));
}
