//! The whole journey of a person: pushed, invited by mail, verified by code, PIN set, active, seen over SCIM; and what the mail
//! server and the application may do wrong on the way.

use crate::support::sending::Site;
use crate::support::smtp::{Script, WILLING};
use crate::support::{TestApp, USER};
use chrono::TimeDelta;
use operations::{Claim, api_tokens, mail};
use serde_json::json;

#[tokio::test]
async fn a_person_is_pushed_invited_verified_and_active() {
    let site = Site::open(WILLING).await;
    let person = site.invited("keoni").await;
    let invitation = site.sink.received().pop().expect("an invitation");
    assert_eq!(invitation.to, "keoni@alpha.example");
    let text = invitation.body("text/plain").expect("a text");
    assert!(text.contains("Hello Keoni") && text.contains("https://rollcall.example.com/enrol/"), "{text}");
    let before = site.get(&format!("/people/{person}")).await.expect(200);
    assert_eq!((&before.body["status"], &before.body["access"]), (&json!("pending"), &json!(true)));
    assert_eq!(before.body["steps"][0]["step"], "invitation-sent");
    assert_eq!(
        before.body["missingSteps"],
        json!(["invitation-opened", "signed-in", "email-verified", "pin-set"])
    );

    let device = json!({ "name": "HL-LT-2231", "platform": "Windows 11", "appVersion": "7.1" });
    let path = format!("/api/v1/people/{person}/devices/d-1");
    let headers = [("content-type", "application/json")];
    let registered = site.application.send("PUT", &path, &headers, Some(device.to_string())).await;
    assert_eq!(registered.expect(200).body["reference"], "d-1");
    let code = site.code(&person).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let check = format!("/people/{person}/code/check");
    let refused = site.post(&check, &json!({ "code": wrong })).await.expect(422);
    assert_eq!(
        (&refused.body["type"], &refused.body["triesLeft"]),
        (&json!("urn:rollcall:problem:wrong-code"), &json!(4))
    );
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let verified = site.post(&check, &json!({ "code": format!("{} {}", &code[..3], &code[3..]) })).await;
    assert_eq!(verified.expect(200).body["missingSteps"], json!(["pin-set"]));
    let again = site.post(&check, &json!({ "code": code })).await.expect(422);
    assert_eq!(again.body["type"], "urn:rollcall:problem:code-ended", "a code counts once");
    let active =
        site.post(&format!("/people/{person}/steps"), &json!({ "step": "pin-set" })).await.expect(200);
    assert_eq!(active.body["status"], "active");
    assert_eq!(site.directory.status(&person).await, "active", "seen over SCIM");
    let story = site.app.story(&person).await;
    for kind in ["enrolled", "step-taken", "code-sent", "device-registered", "activated"] {
        assert!(story.contains(&kind.to_owned()), "{kind}: {story:?}");
    }
    let codes = site.outbox("sent").await;
    assert_eq!(codes.iter().map(|mail| mail.kind.as_str()).collect::<Vec<_>>(), ["code", "invitation"]);
    let operator = site.app.admin.operator("test");
    let show = async |mail: &mail::Listed| {
        mail::show(site.app.admin.db(), &operator, &site.app.tenant, &mail.id.to_string())
            .await
            .expect("there")
    };
    assert_eq!(show(&codes[0]).await.text, None, "a code that was sent is forgotten");
    assert!(show(&codes[1]).await.text.is_some_and(|text| text.contains("Hello Keoni")));
}

#[tokio::test]
async fn the_application_asks_by_every_name_and_a_cache_asks_whether_anything_is_new() {
    let site = Site::open(WILLING).await;
    let body = json!({ "schemas": [USER], "userName": "Keoni", "externalId": "e-1", "emails": [{ "value": "k@alpha.example" }] });
    let id = site.directory.post("/Users", &body).await.expect(201).id();
    let queries = ["userName=KEONI", "email=K@alpha.example", "externalId=e-1", &format!("id={id}")];
    for query in queries {
        let found = site.get(&format!("/entitlement?{query}")).await.expect(200);
        assert_eq!(found.body["id"], id.as_str(), "{query}");
        assert_eq!(found.body["seats"], json!(["Vault"]));
    }
    for (query, status) in
        [("userName=x", 404), ("", 422), ("id=x", 404), ("userName=a&email=b", 422), ("email=%22%5C", 404)]
    {
        let refused = site.get(&format!("/entitlement?{query}")).await.expect(status);
        assert_eq!(refused.header("content-type"), "application/problem+json", "{query}");
    }
    let path = format!("/api/v1/people/{id}");
    let tag = site.get(&format!("/people/{id}")).await.expect(200).header("etag").to_owned();
    let known = async |tag: &str| site.application.send("GET", &path, &[("if-none-match", tag)], None).await;
    assert_eq!(known(&tag).await.status, 304);
    site.directory.set_active(&id, false).await.expect(200);
    let cut = known(&tag).await.expect(200);
    assert_eq!((&cut.body["access"], &cut.body["status"]), (&json!(false), &json!("suspended")));
    let listed = site.get("/people?filter=userName%20sw%20%22k%22").await.expect(200);
    assert_eq!((&listed.body["total"], &listed.body["items"][0]["id"]), (&json!(1), &json!(id)));
    site.get("/people?filter=nope%20eq%201").await.expect(400);
}

#[tokio::test]
async fn a_token_allows_its_scopes_in_its_tenant_until_it_is_revoked() {
    let site = Site::open(WILLING).await;
    let person = site.invited("keoni").await;
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    let read = ["people:read".to_owned()];
    let token = api_tokens::create(db, &operator, &site.app.tenant, ("reader", &read), None).await;
    let reader = site.application.with_token(token.expect("a new token").token);
    let path = format!("/api/v1/people/{person}");
    reader.send("GET", &path, &[], None).await.expect(200);
    let headers = [("content-type", "application/json")];
    let body = Some(json!({ "step": "pin-set" }).to_string());
    let refused = reader.send("POST", &format!("{path}/steps"), &headers, body).await.expect(403);
    assert_eq!(refused.body["type"], "urn:rollcall:problem:forbidden");
    let other = site.app.other_tenant().await;
    let token = api_tokens::create(db, &operator, &other, ("stranger", &[]), None).await;
    let stranger = site.application.with_token(token.expect("a new token").token);
    stranger.send("GET", &path, &[], None).await.expect(404);
    for client in [site.app.nobody(), site.directory.clone()] {
        let refused = client.send("GET", &path, &[], None).await.expect(401);
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
    }
    let scim = reader.send("GET", "/scim/v2/Users", &[], None).await;
    assert_eq!(scim.status, 401, "the application's token opens no protocol of a directory");
    api_tokens::revoke(db, &operator, &site.app.tenant, "reader").await.expect("it was valid");
    reader.send("GET", &path, &[], None).await.expect(401);
}

#[tokio::test]
async fn codes_have_pauses_and_a_changed_address_ends_them() {
    let site = Site::open(WILLING).await;
    let person = site.invited("keoni").await;
    let code = site.code(&person).await;
    let early = site.post(&format!("/people/{person}/code"), &json!({})).await.expect(429);
    assert_eq!(early.header("retry-after"), "30");
    assert_eq!(early.body["type"], "urn:rollcall:problem:too-many-codes");
    let change = json!([{ "op": "replace", "path": "emails", "value": [{ "value": "new@alpha.example" }] }]);
    site.directory.patch(&format!("/Users/{person}"), change).await.expect(200);
    let check = format!("/people/{person}/code/check");
    let refused = site.post(&check, &json!({ "code": code })).await.expect(422);
    assert_eq!(refused.body["type"], "urn:rollcall:problem:wrong-code", "it went to another address");
    site.app.later(TimeDelta::minutes(1)).await;
    let second = site.code(&person).await;
    assert_eq!(site.sink.received().last().expect("a mail").to, "new@alpha.example");
    site.app.later(TimeDelta::minutes(10)).await;
    let late = site.post(&check, &json!({ "code": second })).await.expect(422);
    assert_eq!(late.body["type"], "urn:rollcall:problem:code-ended", "ten minutes are over");
    let nonsense = site.post(&check, &json!({ "code": "12345x" })).await.expect(422);
    assert_eq!(nonsense.body["type"], "urn:rollcall:problem:not-a-code");
}

#[tokio::test]
async fn a_person_without_access_gets_no_code_and_takes_no_step() {
    let site = Site::open(WILLING).await;
    let person = site.invited("keoni").await;
    site.directory.set_active(&person, false).await.expect(200);
    for (path, body) in [
        ("code", json!({})),
        ("code/check", json!({ "code": "123456" })),
        ("steps", json!({ "step": "pin-set" })),
    ] {
        let refused = site.post(&format!("/people/{person}/{path}"), &body).await.expect(409);
        assert_eq!(refused.body["type"], "urn:rollcall:problem:no-access", "{path}");
    }
    for body in [json!({ "step": "email-verified" }), json!({ "step": "x" })] {
        site.post(&format!("/people/{person}/steps"), &body).await.expect(422);
    }
    for body in ["", "[]", "{", "{\"step\":1}", "{\"step\":\"pin-set\",\"x\":1}"] {
        let headers = [("content-type", "application/json")];
        let path = format!("/api/v1/people/{person}/steps");
        let refused = site.application.send("POST", &path, &headers, Some(body.to_owned())).await.expect(400);
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
}

#[tokio::test]
async fn a_refusal_for_good_is_told_and_a_passing_one_is_tried_again() {
    let answers = &[("RCPT no", "550 5.1.1 no such user"), ("RCPT busy", "450 4.2.1 busy")];
    let site = Site::open(Script { answers, ..WILLING }).await;
    let refused = site.invited("no").await;
    assert!(site.app.story(&refused).await.contains(&"mail-refused".to_owned()));
    let listed = site.outbox("refused").await;
    assert!(listed[0].said.as_deref().is_some_and(|said| said.contains("550")), "{listed:?}");
    let busy = site.invited("busy").await;
    for tries in 2..=4 {
        assert_eq!(site.outbox("queued").await[0].attempts, tries - 1);
        site.app.later(TimeDelta::hours(4)).await;
    }
    for _ in 0..30 {
        site.app.later(TimeDelta::hours(4)).await;
    }
    assert_eq!(site.outbox("given-up").await.len(), 1, "after three days");
    assert_eq!(site.count(), 0);
    let person = site.get(&format!("/people/{busy}")).await.expect(200);
    assert!(
        person.body["missingSteps"].as_array().is_some_and(|steps| steps.contains(&json!("invitation-sent")))
    );
}

#[tokio::test]
async fn a_mail_whose_job_ends_every_worker_is_given_up_with_it() {
    let site = Site::open(Script { answers: &[("RCPT busy", "450 4.2.1 busy")], ..WILLING }).await;
    site.invited("busy").await;
    let db = site.app.admin.db();
    site.app.clock.advance(TimeDelta::hours(4));
    for _ in 0..12 {
        let (claim, now) = (Claim::of(&[mail::SEND_MAIL], 9), site.app.clock.now());
        let claimed = db.claim_jobs(&claim, "crashed", now, TimeDelta::seconds(1)).await.expect("claimed");
        assert_eq!(claimed.len(), 1);
        site.app.clock.advance(TimeDelta::minutes(1));
    }
    assert_eq!(site.outbox("queued").await.len(), 1);
    site.app.later(TimeDelta::zero()).await;
    let given_up = site.outbox("given-up").await;
    assert_eq!((given_up.len(), site.outbox("queued").await.len()), (1, 0));
    assert!(given_up[0].said.as_deref().is_some_and(|said| said.contains("12 workers")), "{given_up:?}");
}

#[tokio::test]
async fn mail_waits_in_the_outbox_without_a_mail_server_and_old_invitations_wait_for_a_command() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool("Vault", 5, "queue").await;
    let address = json!([{ "value": "keoni@alpha.example" }]);
    let body = json!({ "schemas": [USER], "userName": "keoni", "emails": address });
    let person = client.post("/Users", &body).await.expect(201).id();
    let team = client.group("Team", &[&person]).await;
    app.bind(&team, "Vault").await;
    // The server was of an earlier version, or did not run, for eight days.
    app.later(TimeDelta::days(8)).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let list =
        async || mail::list(db, &operator, &app.tenant, &mail::Query { most: 9, ..Default::default() }).await;
    let states = async || list().await.expect("readable").iter().map(|mail| mail.state).collect::<Vec<_>>();
    assert_eq!(states().await, ["held"]);
    assert_eq!(mail::release(db, &operator, &app.tenant).await.expect("released"), 1);
    app.later(TimeDelta::zero()).await;
    assert_eq!(states().await, ["queued", "withdrawn"], "written anew, with a fresh link");
    assert_eq!(mail::release(db, &operator, &app.tenant).await.expect("nothing is held"), 0);
    let shown =
        mail::show(db, &operator, &app.tenant, &list().await.expect("readable")[0].id.to_string()).await;
    assert!(shown.expect("there").text.is_some_and(|text| text.contains("/enrol/")));
}

#[tokio::test]
async fn a_test_user_and_group_that_are_deleted_within_seconds_leave_neither_mail_nor_seat() {
    let site = Site::open(WILLING).await;
    let body =
        json!({ "schemas": [USER], "userName": "test", "emails": [{ "value": "test@alpha.example" }] });
    let person = site.directory.post("/Users", &body).await.expect(201).id();
    let group = site.directory.group("Test", &[&person]).await;
    site.app.later(TimeDelta::seconds(5)).await;
    site.directory.delete(&format!("/Users/{person}")).await.expect(204);
    site.directory.delete(&format!("/Groups/{group}")).await.expect(204);
    site.app.later(TimeDelta::days(1)).await;
    assert!(site.sink.received().is_empty() && site.outbox("waiting").await.is_empty());
    let pool = site.app.pool_now("Vault").await;
    assert_eq!((pool.used, pool.waiting), (0, 0));
}
