//! Lists of resources and their pages (RFC 7644 §3.4.2).

use serde_json::{Value, json};

use super::error::Error;

/// The schema of list answers.
pub const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Which page is asked for (RFC 7644 §3.4.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The first resource, counted from 1.
    pub start_index: u64,
    /// The most resources wanted.
    pub count: u64,
}

impl Page {
    /// Reads `startIndex` and `count`: below the least they act as the least, `count` is clamped to `most`.
    ///
    /// # Errors
    /// `invalidValue` for text that is no whole number.
    pub fn parse(
        start_index: Option<&str>,
        count: Option<&str>,
        default: u64,
        most: u64,
    ) -> Result<Self, Error> {
        let start_index =
            whole("startIndex", start_index)?.map_or(1, |value| u64::try_from(value).unwrap_or(0).max(1));
        let count = whole("count", count)?.map_or(default, |value| u64::try_from(value).unwrap_or(0));
        Ok(Self { start_index, count: count.min(most) })
    }
}

fn whole(name: &str, text: Option<&str>) -> Result<Option<i64>, Error> {
    let Some(text) = text else { return Ok(None) };
    let value =
        text.parse::<i64>().map_err(|_| Error::invalid_value(format!("{name} must be a whole number.")))?;
    Ok(Some(value))
}

/// A list answer: `total` resources match, `resources` of them are on this page.
#[must_use]
pub fn list(total: u64, page: Page, resources: Vec<Value>) -> Value {
    let mut list = head(total, page, resources.len());
    list["Resources"] = Value::Array(resources);
    list
}

/// A list answer up to its `Resources`, which come last: this page has so many `items`.
#[must_use]
pub fn head(total: u64, page: Page, items: usize) -> Value {
    json!({
        "schemas": [SCHEMA],
        "totalResults": total,
        "startIndex": page.start_index,
        "itemsPerPage": items,
    })
}

/// The same for a page that was asked for by a cursor, with those of the pages around it (RFC 9865 §2).
#[must_use]
pub fn walk_head(total: u64, items: usize, previous: Option<&str>, next: Option<&str>) -> Value {
    let mut head = json!({ "schemas": [SCHEMA], "totalResults": total, "itemsPerPage": items });
    for (name, cursor) in [("previousCursor", previous), ("nextCursor", next)] {
        if let Some(cursor) = cursor {
            head[name] = cursor.into();
        }
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_start_at_one_and_are_clamped() {
        let page = |start, count| Page::parse(start, count, 100, 500);
        assert_eq!(page(None, None), Ok(Page { start_index: 1, count: 100 }));
        assert_eq!(page(Some("0"), Some("-3")), Ok(Page { start_index: 1, count: 0 }));
        assert_eq!(page(Some("-5"), Some("0")), Ok(Page { start_index: 1, count: 0 }));
        assert_eq!(page(Some("7"), Some("9999")), Ok(Page { start_index: 7, count: 500 }));
        for bad in ["abc", "1.5", "9223372036854775808", ""] {
            assert!(page(Some(bad), None).is_err(), "{bad}");
            assert!(page(None, Some(bad)).is_err(), "{bad}");
        }
    }
}
