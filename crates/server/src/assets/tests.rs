//! How the embedded files are served, and that pages and sprite know each other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path as File;

use axum::Router;
use axum::http::Request;
use axum::routing::get;
use tower::ServiceExt as _;

use super::*;
use crate::router::dress;
use crate::router::tests::app;

async fn answer(path: &str, tag: Option<&str>) -> Response {
    let mut request = Request::get(path);
    if let Some(tag) = tag {
        request = request.header(IF_NONE_MATCH, tag);
    }
    let routes = Router::new().route(ROUTE, get(asset));
    let request = request.body(Body::empty()).expect("a request");
    dress(routes, &app().await).oneshot(request).await.expect("the router always answers")
}

#[tokio::test]
async fn a_file_under_its_present_address_is_kept_for_good() {
    for (asset, media_type) in
        [(&STYLE, "text/css; charset=utf-8"), (&ICONS, "image/svg+xml"), (&FAVICON, "image/svg+xml")]
    {
        let response = answer(&asset.url(), None).await;
        assert_eq!(response.status(), StatusCode::OK);
        let headers = response.headers();
        assert_eq!(headers[CONTENT_TYPE], media_type);
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let tag = headers[ETAG].to_str().expect("text").to_owned();
        for tag in [tag.clone(), format!("\"other\", W/{tag}")] {
            let response = answer(&asset.url(), Some(&tag)).await;
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{tag}");
        }
        assert_eq!(answer(&asset.url(), Some("\"other\"")).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_file_under_another_address_is_asked_for_again() {
    for path in ["/assets/rollcall.css", "/assets/rollcall.css?v=0000000000000000", "/assets/icons.svg?x"] {
        let response = answer(path, None).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-cache", "{path}");
    }
}

#[tokio::test]
async fn an_unknown_name_is_not_found() {
    for path in ["/assets/none.css", "/assets/..%2Frollcall.css", "/assets/%FF"] {
        assert_eq!(answer(path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn the_sprite_has_the_icons_that_pages_use_and_no_others() {
    fn read(folder: &File, all: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                read(&path, all);
            } else {
                all.push_str(&fs::read_to_string(&path).expect("a template"));
            }
        }
    }
    let text_of = |folder: &str| {
        let mut all = String::new();
        read(&File::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut all);
        all
    };
    let (templates, guides, code) = (text_of("templates"), text_of("guides"), text_of("src/console"));
    let named = |text: &str, before: &str| -> BTreeSet<String> {
        let after = text.split(before).skip(1);
        after.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
    };
    let there = named(str::from_utf8(ICONS.content).expect("text"), "id=\"i-");
    let macros = ["icon", "small", "large", "bad", "ok", "toned"];
    let mut used: BTreeSet<String> =
        macros.iter().flat_map(|name| named(&templates, &format!("i::{name}(\""))).collect();
    used.extend(named(&guides, "icon = \""));
    // What follows from a question is said with an icon in code.
    used.extend(there.iter().filter(|name| code.contains(&format!("(\"{name}\", \""))).cloned());
    assert!(!used.is_empty(), "the templates were not read");
    assert_eq!(used, there);
}
