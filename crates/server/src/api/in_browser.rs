//! The page of the API's document in a browser: at both widths, in both themes, with axe.

use crate::browser::{NARROW, WIDE, with_browser};
use crate::router::dress;
use crate::router::tests::app;
use crate::{api, assets};

#[tokio::test]
async fn the_document_can_be_read_by_everyone_in_the_browser() {
    let app = app().await;
    let routes = api::routes().route(assets::ROUTE, axum::routing::get(assets::asset));
    with_browser(dress(routes, &app), async |browser| {
        let mut faults = Vec::new();
        for theme in ["light", "dark"] {
            browser.open("/api/v1/docs").await;
            faults.extend(browser.inspect("api/docs", &[WIDE, NARROW], theme).await);
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}
