//! What happens, told to pages that follow it.

use http_body_util::BodyExt as _;

use crate::support::TestApp;
use crate::support::tab::Tab;

/// Reads events until one has this name.
async fn until(events: &mut axum::body::Body, name: &str) -> String {
    let mut read = String::new();
    while !read.contains(&format!("event: {name}\n")) {
        let frame = events.frame().await.expect("the stream goes on").expect("readable");
        read.push_str(&String::from_utf8_lossy(&frame.into_data().expect("data")));
    }
    read
}

#[tokio::test]
async fn pages_are_told_which_areas_have_changed_by_whatever_server() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let other = app.connection_with(&app.other_tenant().await, "generic", None).await;
    let tab = Tab::of(&app, "auditor").await;
    let mut events = tab.follow(&format!("/console/{}/live", app.tenant)).await;
    other.group("Theirs", &[]).await;
    client.user("ada").await;
    let told = until(&mut events, "users").await;
    assert!(!told.contains("event: groups"), "another tenant changes nothing here: {told}");
    let pool = app.pool("Vault", 1, "queue").await;
    assert_eq!(pool.seats, 1);
    until(&mut events, "seats").await;
}
