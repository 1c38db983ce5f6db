//! Webhooks by the command line, with a receiver that this test starts.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::{Site, text};

/// The address of a receiver that takes everything, and the bodies that it takes.
fn receiver() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (heard, hears) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut length = 0;
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).expect("a line");
                if let Some(bytes) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = bytes.trim().parse().expect("a length");
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).expect("a body");
            stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("answered");
            if heard.send(String::from_utf8(body).expect("text")).is_err() {
                return;
            }
        }
    });
    (format!("http://{address}/hook"), hears)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_made_tried_used_and_removed() {
    let (url, hears) = receiver();
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
    let hears = || hears.recv_timeout(Duration::from_mins(1)).expect("a request");
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
