//! Tokens that are sent to an address (RFC 8935).

use std::sync::Mutex;

use crate::support::feed::{Feed, claims, happened, ssf};
use crate::support::receiver::{Heard, Receiver, Reply};
use crate::support::{Client, TestApp};
use chrono::TimeDelta;
use operations::streams;
use serde_json::json;

const TAKEN: Reply = Reply::Status(202, "");

struct Site {
    app: TestApp,
    directory: Client,
    receiver: Receiver,
    feed: Feed,
}

impl Site {
    async fn open(script: impl Fn(&Heard, usize) -> Reply + Send + Sync + 'static) -> Self {
        let app = TestApp::open_with(&[("ROLLCALL_WEBHOOKS__ALLOW_PRIVATE", "true")]).await;
        let directory = app.connection("generic").await;
        let receiver = Receiver::start(script).await;
        let delivery = json!({ "method": "urn:ietf:rfc:8935", "endpoint_url": receiver.url("/events"),
            "authorization_header": "Bearer of the receiver" });
        let feed = Feed::open(&app, json!({ "delivery": delivery, "signing_algorithm": "EdDSA" })).await;
        Self { app, directory, receiver, feed }
    }

    async fn until_heard(&self, many: usize) -> Vec<Heard> {
        self.app.until_heard(&self.receiver, many).await
    }

    /// Runs what is due until so many tokens wait: transactions of other tests on the same server may hold changes back.
    async fn until_waiting(&self, many: u64) {
        while self.shown().await.waiting < many {
            self.app.later(TimeDelta::zero()).await;
        }
    }

    async fn shown(&self) -> streams::Operated {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        streams::show(db, &operator, &self.app.tenant, &self.feed.stream).await.expect("there")
    }
}

fn names(heard: &[Heard]) -> Vec<String> {
    let name = |heard: &Heard| claims(&heard.body)["sub_id"]["userName"].as_str().map(str::to_owned);
    heard.iter().filter_map(name).collect()
}

#[tokio::test]
async fn a_token_is_sent_as_the_standard_says() {
    let site = Site::open(|_, _| TAKEN).await;
    site.directory.user("ada").await;
    let heard = site.until_heard(1).await.remove(0);
    let headers = ["content-type", "accept", "authorization"].map(|name| heard.header(name));
    assert_eq!(headers, ["application/secevent+jwt", "application/json", "Bearer of the receiver"]);
    let said = claims(&heard.body);
    assert_eq!(happened(&said), ["prov:create:notice"]);
    assert!(said["aud"].as_str().is_some_and(|audience| audience.ends_with(&site.feed.stream)));
    site.app.later(TimeDelta::days(1)).await;
    assert_eq!(site.receiver.heard().len(), 1, "what was taken is sent no more");
    let shown = site.shown().await;
    assert_eq!((shown.waiting, shown.dead, shown.failing_since), (0, 0, None));
    site.feed.poll(json!({})).await.expect(400);
}

#[tokio::test]
async fn tokens_wait_in_their_order_for_a_receiver_that_is_away() {
    let site = Site::open(|_, before| if before < 2 { Reply::Status(503, "later") } else { TAKEN }).await;
    site.directory.user("ada").await;
    site.until_heard(1).await;
    for name in ["ben", "cara"] {
        site.directory.user(name).await;
    }
    site.app.later(TimeDelta::seconds(1)).await;
    assert_eq!(site.receiver.heard().len(), 1, "what changes meanwhile has nothing sent earlier");
    site.app.later(TimeDelta::seconds(5)).await;
    assert_eq!(names(&site.receiver.heard()), ["ada", "ada"]);
    assert!(site.shown().await.failing_since.is_some());
    site.app.later(TimeDelta::minutes(6)).await;
    let heard = site.until_heard(5).await;
    assert_eq!(names(&heard), ["ada", "ada", "ada", "ben", "cara"]);
    let ids: Vec<_> = heard.iter().map(|heard| claims(&heard.body)["jti"].clone()).collect();
    assert_eq!((&ids[0], &ids[1]), (&ids[1], &ids[2]), "a token that is sent again keeps its id");
    assert_eq!(site.shown().await.failing_since, None);
}

#[tokio::test]
async fn a_token_that_is_refused_is_set_aside_and_the_next_one_is_sent() {
    let refused = "{\"err\":\"invalid_request\",\"description\":\"no\"}";
    let site =
        Site::open(move |_, before| if before == 0 { Reply::Status(400, refused) } else { TAKEN }).await;
    for name in ["ada", "ben"] {
        site.directory.user(name).await;
    }
    assert_eq!(names(&site.until_heard(2).await), ["ada", "ben"]);
    let shown = site.shown().await;
    assert_eq!((shown.dead, shown.failing_since), (1, None));
    site.app.later(TimeDelta::days(10)).await;
    assert_eq!(site.receiver.heard().len(), 2, "it is not tried blindly");
}

#[tokio::test]
async fn a_receiver_that_is_away_for_days_pauses_its_stream() {
    let away = std::sync::Arc::new(Mutex::new(true));
    let script = std::sync::Arc::clone(&away);
    let closed = "{\"err\":\"authentication_failed\"}";
    let reply = move |_: &Heard, _| {
        if *script.lock().expect("no holder panics") { Reply::Status(400, closed) } else { TAKEN }
    };
    let site = Site::open(reply).await;
    site.directory.user("ada").await;
    site.until_heard(1).await;
    site.directory.user("ben").await;
    site.until_waiting(2).await;
    for _ in 0..14 {
        site.app.later(TimeDelta::days(1)).await;
    }
    let shown = site.shown().await;
    assert_eq!((shown.status, shown.waiting), ("paused", 2), "what waits is kept");
    assert!(shown.reason.is_some_and(|reason| reason.contains("5 days")));
    *away.lock().expect("no holder panics") = false;
    let body = json!({ "stream_id": site.feed.stream, "status": "enabled" });
    ssf(&site.feed.application, "POST", "/status", Some(&body)).await.expect(200);
    let many = site.receiver.heard().len();
    let heard = site.until_heard(many + 2).await;
    assert_eq!(names(&heard[many..]), ["ada", "ben"]);
}

#[tokio::test]
async fn nothing_is_sent_into_a_private_network() {
    let app = TestApp::open().await;
    let application = crate::support::feed::application(&app, &app.tenant, &["streams:write"]).await;
    for url in ["http://events.example.com/", "https://127.0.0.1/", "https://[::1]/", "ftp://a.example/"] {
        let delivery = json!({ "method": "urn:ietf:rfc:8935", "endpoint_url": url });
        ssf(&application, "POST", "/stream", Some(&json!({ "delivery": delivery }))).await.expect(400);
    }
}
