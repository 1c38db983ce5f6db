//! The id in a path.

use std::fmt;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use super::error::Failure;

/// The id of a resource as the client wrote it, percent-decoded once.
#[derive(Clone, Debug)]
pub(crate) struct ResourceId(String);

impl ResourceId {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ResourceId {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|_| Failure::no_endpoint())
    }
}
