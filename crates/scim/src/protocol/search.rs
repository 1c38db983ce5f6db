//! Queries in a body: POST to `.search` (RFC 7644 §3.4.3).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use crate::json::{Object, member};

/// The schema of search requests.
pub const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// The parameters of a query, from a URL or from a body; lists are joined by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The filter as written.
    pub filter: Option<String>,
    /// The first resource, as written.
    pub start_index: Option<String>,
    /// The most resources, as written.
    pub count: Option<String>,
    /// The cursor of a page, empty for that of the first one (RFC 9865 §2).
    pub cursor: Option<String>,
    /// The attribute that sorts, as written.
    pub sort_by: Option<String>,
    /// In which order, as written.
    pub sort_order: Option<String>,
    /// Attributes wanted.
    pub attributes: Option<String>,
    /// Attributes not wanted.
    pub excluded_attributes: Option<String>,
    /// How much of a resource that was written the answer is to hold (RFC 7240 §4.2).
    pub prefer: Option<Return>,
}

/// How much an answer is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Return {
    /// That it was done.
    Minimal,
    /// The resource.
    Representation,
}

impl Query {
    /// Reads a search request.
    ///
    /// # Errors
    /// `invalidSyntax` for another schema or a member of the wrong type.
    pub fn from_search(body: &Object) -> Result<Self, Error> {
        require_schema(body, SCHEMA)?;
        let mut query = Self::default();
        for (name, value) in body {
            if value.is_null() {
                continue;
            }
            match name.to_ascii_lowercase().as_str() {
                "filter" => query.filter = Some(text(name, value)?),
                "startindex" => query.start_index = Some(number(name, value)?),
                "count" => query.count = Some(number(name, value)?),
                "cursor" => query.cursor = Some(text(name, value)?),
                "sortby" => query.sort_by = Some(text(name, value)?),
                "sortorder" => query.sort_order = Some(text(name, value)?),
                "attributes" => query.attributes = Some(names(name, value)?),
                "excludedattributes" => query.excluded_attributes = Some(names(name, value)?),
                _ => {}
            }
        }
        Ok(query)
    }
}

/// Checks that `schemas` of a message is exactly the one expected (RFC 7644 §3.1).
///
/// # Errors
/// `invalidSyntax`.
pub fn require_schema(body: &Object, schema: &str) -> Result<(), Error> {
    let listed = member(body, "schemas");
    let named = listed.and_then(Value::as_array).is_some_and(|uris| {
        !uris.is_empty()
            && uris.iter().all(|uri| uri.as_str().is_some_and(|uri| uri.eq_ignore_ascii_case(schema)))
    });
    if named { Ok(()) } else { Err(Error::invalid_syntax(format!("schemas must be [\"{schema}\"]."))) }
}

fn text(name: &str, value: &Value) -> Result<String, Error> {
    let text = value.as_str().ok_or_else(|| Error::invalid_syntax(format!("{name} must be a string.")))?;
    Ok(text.to_owned())
}

fn number(name: &str, value: &Value) -> Result<String, Error> {
    let number =
        value.as_number().ok_or_else(|| Error::invalid_syntax(format!("{name} must be a number.")))?;
    Ok(number.to_string())
}

fn names(name: &str, value: &Value) -> Result<String, Error> {
    let wrong = || Error::invalid_syntax(format!("{name} must be an array of strings."));
    let names: Option<Vec<&str>> = value.as_array().ok_or_else(wrong)?.iter().map(Value::as_str).collect();
    Ok(names.ok_or_else(wrong)?.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn search(body: &Value) -> Result<Query, Error> {
        Query::from_search(body.as_object().expect("an object"))
    }

    #[test]
    fn a_search_is_the_query_in_a_body() {
        let query = search(&json!({
            "schemas": [SCHEMA], "filter": "id pr", "startIndex": 2, "count": 5,
            "attributes": ["userName", "emails.value"], "excludedAttributes": [], "sortBy": "userName"
        }))
        .expect("valid");
        assert_eq!(query.filter.as_deref(), Some("id pr"));
        assert_eq!(query.start_index.as_deref(), Some("2"));
        assert_eq!(query.count.as_deref(), Some("5"));
        assert_eq!(query.sort_by.as_deref(), Some("userName"));
        assert_eq!(query.attributes.as_deref(), Some("userName,emails.value"));
    }

    #[test]
    fn another_schema_or_a_wrong_type_is_invalid_syntax() {
        for body in [
            json!({}),
            json!({"schemas": []}),
            json!({"schemas": ["urn:x"]}),
            json!({"schemas": [SCHEMA], "count": "10"}),
            json!({"schemas": [SCHEMA], "filter": 5}),
            json!({"schemas": [SCHEMA], "attributes": "userName"}),
            json!({"schemas": [SCHEMA], "attributes": [1]}),
        ] {
            let error = search(&body).expect_err(&body.to_string());
            assert_eq!(
                error.scim_type.map(super::super::error::ScimType::as_str),
                Some("invalidSyntax"),
                "{body}"
            );
        }
    }
}
