//! The id in a path.

use std::fmt;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use uuid::Uuid;

use super::error::Failure;

/// The id of a resource as the client wrote it, percent-decoded once.
#[derive(Clone, Debug)]
pub(crate) struct ResourceId(String);

impl ResourceId {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The id, if it can be one of ours: ids compare exactly (RFC 7643 §3.1).
    ///
    /// # Errors
    /// 404: there is no resource with another kind of id.
    pub(crate) fn uuid(&self, resource_type: &str) -> Result<Uuid, Failure> {
        let uuid = Uuid::try_parse(&self.0).ok().filter(|uuid| uuid.to_string() == self.0);
        uuid.ok_or_else(|| scim::Error::not_found(resource_type, &self.0).into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_text_of_an_id_names_a_resource() {
        let id = "0190d9a0-0000-7000-8000-00000000000a";
        assert!(ResourceId(id.to_owned()).uuid("User").is_ok());
        for other in [
            "7",
            "",
            &id.to_uppercase(),
            &id.replace('-', ""),
            &format!("{{{id}}}"),
            &format!("urn:uuid:{id}"),
        ] {
            assert!(ResourceId(other.to_owned()).uuid("User").is_err(), "{other}");
        }
    }
}
