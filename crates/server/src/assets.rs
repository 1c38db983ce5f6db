//! The files that pages load: embedded, with a digest of their content in their address, kept by browsers for good.

use std::sync::OnceLock;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse as _, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};

use crate::http::error::Failure;

/// The stylesheet of all pages.
pub(crate) static STYLE: Asset =
    Asset::new("rollcall.css", "text/css; charset=utf-8", include_bytes!("../assets/rollcall.css"));
/// The icons, each a `<symbol>` that pages use by its id.
pub(crate) static ICONS: Asset =
    Asset::new("icons.svg", "image/svg+xml", include_bytes!("../assets/icons.svg"));
/// The mark that a browser shows beside the title.
pub(crate) static FAVICON: Asset =
    Asset::new("favicon.svg", "image/svg+xml", include_bytes!("../assets/favicon.svg"));

/// The little that the console does by script.
pub(crate) static SCRIPT: Asset =
    Asset::new("console.js", "text/javascript; charset=utf-8", include_bytes!("../assets/console.js"));
/// The library that asks for parts of pages.
pub(crate) static HTMX: Asset = Asset::new(
    "htmx.min.js",
    "text/javascript; charset=utf-8",
    include_bytes!("../assets/vendor/htmx.min.js"),
);

/// Its extension for events that the server sends.
pub(crate) static HTMX_SSE: Asset = Asset::new(
    "htmx-sse.min.js",
    "text/javascript; charset=utf-8",
    include_bytes!("../assets/vendor/htmx-sse.min.js"),
);

static ALL: [&Asset; 6] = [&STYLE, &ICONS, &FAVICON, &SCRIPT, &HTMX, &HTMX_SSE];

/// Where the files are served.
pub(crate) const ROUTE: &str = "/assets/{name}";

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// One embedded file.
#[derive(Debug)]
pub(crate) struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static [u8],
    version: OnceLock<String>,
}

impl Asset {
    const fn new(name: &'static str, media_type: &'static str, content: &'static [u8]) -> Self {
        Self { name, media_type, content, version: OnceLock::new() }
    }

    /// Its address, which changes with its content.
    pub(crate) fn url(&self) -> String {
        format!("/assets/{}?v={}", self.name, self.version())
    }

    /// The beginning of the digest of its content, 16 hexadecimal digits.
    fn version(&self) -> &str {
        self.version.get_or_init(|| {
            let digest = Sha256::digest(self.content);
            let first = digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
            format!("{first:016x}")
        })
    }
}

/// Answers with a file; 404 for a name that is none of ours.
///
/// Only the address with the digest of the present content may be kept for good: while versions change, a page of one
/// server may ask another one.
pub(crate) async fn asset(
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(asset) = name.ok().and_then(|name| ALL.iter().find(|asset| asset.name == *name)) else {
        return Failure::no_endpoint().into_response();
    };
    let present = query.as_deref().and_then(|query| query.strip_prefix("v=")) == Some(asset.version());
    let tag = format!("\"{}\"", asset.version());
    let known = headers.get_all(IF_NONE_MATCH).iter().any(|value| {
        value.to_str().is_ok_and(|list| list.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
    });
    let (status, body) = if known {
        (StatusCode::NOT_MODIFIED, Body::empty())
    } else {
        (StatusCode::OK, Body::from(asset.content))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    let kept = if present { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(ETAG, HeaderValue::from_str(&tag).expect("digits are a header value"));
    // The answer is the same for every reader.
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    response
}

#[cfg(test)]
mod tests;
