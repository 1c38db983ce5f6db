//! Webhooks by the command line, with a receiver that this test starts.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::{Site, receiver, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_made_tried_used_and_removed() {
    let (url, hears) = receiver::start().expect("a free port");
    let mut site = Site::sqlite();
    let refused = site.run(&["tenant", "create", "Beta"]);
    assert_eq!(refused.code, 0, "{refused:?}");
    let refused = site.run(&["webhook", "create", "--tenant", "Beta", &url]);
    assert!(refused.refused(1).contains("webhooks.allow_private"), "{}", refused.error);
    site.settings.push(("ROLLCALL_WEBHOOKS__ALLOW_PRIVATE", "true"));
    let (_, _, token) = site.connected("Alpha", "generic");
    let webhook = |command: &str, more: &[&str]| {
        let all = [&["webhook", command, "--tenant", "Alpha", &url], more].concat();
        site.json(&all)
    };
    let created = webhook("create", &["--description", "Latchkey", "--event", "access-granted"]);
    assert!(text(&created, "/secret").starts_with("whsec_"), "{created}");
    let shown = webhook("show", &[]);
    assert!(shown.get("secret").is_none() && text(&shown, "/state") == "enabled", "{shown}");
    let hears = || hears.recv_timeout(Duration::from_mins(1)).expect("a request").body;
    webhook("test", &[]);
    assert!(hears().contains("\"type\":\"test\""));
    let rotated = webhook("rotate", &["--overlap-hours", "1"]);
    assert_ne!(text(&rotated, "/secret"), text(&created, "/secret"));

    site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "2", "--for-everyone"]);
    let mut server = site.serve();
    let body =
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@alpha.example"});
    server.client(&token).expect(Method::POST, "/Users", Some(body), 201).await;
    let told = hears();
    assert!(told.contains("access-granted") && told.contains("ada@alpha.example"), "{told}");
    server.stop();
    let listed = webhook("deliveries", &[]);
    let delivery = text(&listed, "/items/0/id");
    webhook("replay", &[&delivery]);
    assert_eq!(webhook("replay", &["--given-up"])["deliveries"], 0);
    let mut server = site.serve();
    assert_eq!(hears(), told, "made once more");
    server.stop();
    webhook("update", &["--disable"]);
    let refused = site.run(&["webhook", "replay", "--tenant", "Alpha", &url, &delivery]);
    assert!(refused.refused(1).contains("--enable"), "{}", refused.error);
    let enabled = webhook("update", &["--enable", "--all-events", "--description", ""]);
    assert_eq!((text(&enabled, "/state").as_str(), &enabled["events"]), ("enabled", &json!([])));
    webhook("delete", &[]);
    assert_eq!(site.json(&["webhook", "list", "--tenant", "Alpha"])["items"], json!([]));
}
