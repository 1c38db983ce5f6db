//! The layers around routes that panic, hang or never end.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use operations::{Database, Options};
use secrecy::SecretString;
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;
use crate::clock::Clock;
use crate::config::Config;
use crate::outbound::Outbound;
use crate::request_log::RequestLog;

/// A server on a database in memory.
pub(crate) async fn app() -> Arc<App> {
    let options = Options {
        url: "sqlite::memory:".to_owned(),
        max_connections: 1,
        migrate: true,
        statement_limit: None,
    };
    let mut config = Config::from_sources(None, &[], &[]).expect("the defaults");
    let base = "http://localhost/scim/v2";
    let db = Database::open(&options, (base, ""), config.policy(), None).await.expect("a database in memory");
    config.database_url = SecretString::from(options.url);
    let (requests, _) = RequestLog::new(1);
    let outbound = Outbound::of(&config).expect("settings that can be used");
    Arc::new(App::new(config, Arc::new(db), Clock::system(), requests, outbound))
}

async fn answer(router: Router, path: &str) -> (u16, Option<String>, Value) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = router.oneshot(request).await.expect("the router always answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    let retry = headers.get("retry-after").map(|value| value.to_str().expect("text").to_owned());
    assert_eq!(headers["content-type"], "application/scim+json; charset=utf-8");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body["detail"].as_str().map(str::is_empty), Some(false));
    (status, retry, body)
}

#[tokio::test]
async fn a_panic_is_our_fault_and_keeps_its_words_to_itself() {
    let app = app().await;
    let routes = Router::new().route("/panic", get(async || -> Response { panic!("s3cret") }));
    let (status, _, body) = answer(dress(routes, &app), "/panic").await;
    assert_eq!((status, body["status"].as_str()), (500, Some("500")));
    assert!(!body.to_string().contains("s3cret"));
}

#[tokio::test]
async fn what_takes_too_long_is_ended() {
    let app = app().await;
    let routes = Router::new().route("/hang", get(async || -> Response { std::future::pending().await }));
    // Nothing here touches the database, so time may run ahead.
    tokio::time::pause();
    let (status, retry, body) = answer(dress(routes, &app), "/hang").await;
    assert_eq!((status, retry.as_deref()), (503, Some("5")));
    assert!(body["detail"].as_str().is_some_and(|detail| detail.contains("30 s")));
}
