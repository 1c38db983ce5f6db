//! Paths as clients write them, brought into the one form that the router knows.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::Uri;
use http::uri::PathAndQuery;
use scim::compat::PATH_SUFFIXES;
use scim::{Error, ScimType};

use super::error::Failure;

/// Where the protocol lives.
pub(crate) const SCIM: &str = "/scim/v2";

/// Whether a path, as it came, begins with this segment.
pub(crate) fn is_below(path: &str, first: &str) -> bool {
    path.split('/').find(|segment| !segment.is_empty()) == Some(first)
}

/// Whether a path, as it came, is one of the protocol.
pub(crate) fn is_scim(path: &str) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut wanted = SCIM.split('/').filter(|segment| !segment.is_empty());
    wanted.all(|wanted| segments.next() == Some(wanted))
}

/// Rewrites the path of a request before it is routed.
pub(crate) async fn normalise<F>(mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    match normal(request.uri().path()) {
        Ok(None) => {}
        Ok(Some(path)) => match with_path(request.uri(), &path) {
            Some(uri) => *request.uri_mut() = uri,
            None => return Failure::no_endpoint().into_response(),
        },
        Err(error) => return Failure::from(error).into_response(),
    }
    next(request).await
}

/// The path without doubled slashes, without one at its end, with the protocol's version and without the segments
/// that products leave behind; nothing when it is in order.
///
/// # Errors
/// `invalidVers` for a version that is not served (RFC 7644 §3.13).
fn normal(path: &str) -> Result<Option<String>, Error> {
    let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    if segments.first() == Some(&"scim") {
        if let Some(version) = segments.get(1).filter(|segment| **segment != "v2") {
            if is_version(version) {
                let version: String = version.chars().take(20).collect();
                return Err(Error::new(
                    ScimType::InvalidVers,
                    format!("Version {version} is not served, v2 is."),
                ));
            }
            // Without a version the newest is meant (RFC 7644 §3.13).
            segments.insert(1, "v2");
        }
        segments.retain(|segment| !PATH_SUFFIXES.contains(segment));
    }
    let normal = format!("/{}", segments.join("/"));
    Ok((normal != path).then_some(normal))
}

fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix(['v', 'V']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let text = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_versions_and_left_over_segments_are_put_in_order() {
        for (path, expected) in [
            ("/scim/v2/Users", "/scim/v2/Users"),
            ("/scim/v2/Users/", "/scim/v2/Users"),
            ("//scim//v2///Users//7", "/scim/v2/Users/7"),
            ("/scim/Users", "/scim/v2/Users"),
            ("/scim/v2", "/scim/v2"),
            ("/scim/", "/scim"),
            ("/", "/"),
            ("/healthz/", "/healthz"),
            ("/scim/v2/Users/%2F", "/scim/v2/Users/%2F"),
        ] {
            assert_eq!(normal(path).expect(path).as_deref().unwrap_or(path), expected, "{path}");
        }
        for suffix in PATH_SUFFIXES {
            let path = format!("/scim/v2/{suffix}/Users");
            assert_eq!(normal(&path).expect("served").as_deref(), Some("/scim/v2/Users"));
        }
    }

    #[test]
    fn paths_of_the_protocol_are_known() {
        for path in ["/scim/v2", "/scim/v2/Users", "//scim//v2//Users"] {
            assert!(is_scim(path) && is_below(path, "scim"), "{path}");
        }
        for path in ["/scim", "/scim/v3/Users", "/Users", "/", "/console/scim/v2"] {
            assert!(!is_scim(path), "{path}");
        }
    }

    #[test]
    fn other_versions_are_refused() {
        for path in ["/scim/v1/Users", "/scim/v3/Users/7", "/scim/V1", "/scim/v2.1/Users"] {
            assert_eq!(normal(path).expect_err(path).scim_type, Some(ScimType::InvalidVers), "{path}");
        }
        assert!(normal("/scim/verify").is_ok());
    }

    #[test]
    fn the_query_stays() {
        let uri: Uri = "/scim//v2/Users/?filter=a%20b&x".parse().expect("a URI");
        assert_eq!(with_path(&uri, "/scim/v2/Users").expect("a URI"), "/scim/v2/Users?filter=a%20b&x");
    }
}
