//! The order of a list (RFC 7644 §3.4.2.3), and what it means: the oracle that the order of the database must agree with.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use scim_filter_parser::{Lenience, parse_path_with};
use serde_json::Value;

use super::error::Error;
use crate::filter::readable;
use crate::json::Object;
use crate::matches::{elements, inside};
use crate::path::{AttributeRef, Located, locate};
use crate::schema::{Kind, ResourceType};
use crate::{text, time};

/// By which attribute a list is sorted, and in which direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// The attribute; a multi-valued complex one has its sub-attribute here.
    pub target: AttributeRef,
    /// From the last to the first.
    pub descending: bool,
}

/// What is compared; values of one attribute have one kind.
#[derive(PartialEq, PartialOrd)]
enum Key<'v> {
    Boolean(bool),
    Number(f64),
    Instant(DateTime<Utc>),
    Text(Cow<'v, str>),
}

impl Sort {
    /// Reads `sortBy` and `sortOrder`; an order without an attribute sorts nothing.
    ///
    /// # Errors
    /// `invalidValue` for an attribute that is unknown, complex or never returned, and for an unknown order.
    pub fn parse(
        resource_type: &ResourceType,
        by: Option<&str>,
        order: Option<&str>,
    ) -> Result<Option<Self>, Error> {
        let order = order.unwrap_or("ascending");
        let descending = order.eq_ignore_ascii_case("descending");
        if !descending && !order.eq_ignore_ascii_case("ascending") {
            return Err(Error::invalid_value("sortOrder must be \"ascending\" or \"descending\"."));
        }
        let Some(by) = by else { return Ok(None) };
        let unusable = |why: String| Error::invalid_value(format!("sortBy cannot be used: {why}"));
        let (path, _) =
            parse_path_with(by.trim(), Lenience::NONE).map_err(|error| unusable(format!("{error}.")))?;
        if path.filter.is_some() {
            return Err(unusable("it takes no filter.".to_owned()));
        }
        let (located, _) = locate(resource_type, &path.attribute, false).map_err(unusable)?;
        let Located::Attribute(mut target) = located else {
            return Err(unusable("it names a schema, not an attribute.".to_owned()));
        };
        readable(target.leaf()).and_then(|()| readable(&target.attribute)).map_err(|e| unusable(e.detail))?;
        if target.leaf().complex() {
            let value = target.attribute.sub("value").cloned().filter(|_| target.attribute.multi_valued);
            let whole = format!("\"{target}\" is complex: name one of its sub-attributes.");
            target.sub = Some(value.ok_or_else(|| unusable(whole))?);
        }
        Ok(Some(Self { target, descending }))
    }

    /// The same over several types: a sort for each, none where the type lacks the attribute and another has it.
    ///
    /// # Errors
    /// As [`Sort::parse`].
    pub fn parse_over(
        types: &[&ResourceType],
        by: Option<&str>,
        order: Option<&str>,
    ) -> Result<Option<Vec<Option<Self>>>, Error> {
        let all: Vec<_> = types.iter().map(|it| Self::parse(it, by, order)).collect();
        if all.iter().any(Result::is_ok) {
            let sorts: Vec<Option<Self>> = all.into_iter().map(|sort| sort.ok().flatten()).collect();
            return Ok(Some(sorts).filter(|sorts| sorts.iter().any(Option::is_some)));
        }
        all.into_iter().find_map(Result::err).map_or(Ok(None), Err)
    }

    /// How two canonical documents, with everything that the server computes, stand to each other. Documents without a
    /// value come last, and first in descending order.
    #[must_use]
    pub fn compare(&self, one: &Object, other: &Object) -> Ordering {
        let ascending = match (self.key(one), self.key(other)) {
            (Some(one), Some(other)) => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (None, None) => Ordering::Equal,
        };
        if self.descending { ascending.reverse() } else { ascending }
    }

    /// The value of the primary element, else of the first.
    fn key<'d>(&self, document: &'d Object) -> Option<Key<'d>> {
        let all = || elements(document, &self.target);
        let primary = all().find(|element| element.get("primary") == Some(&Value::Bool(true)));
        let leaf = self.target.leaf();
        match (inside(primary.or_else(|| all().next())?, self.target.sub.as_deref())?, leaf.kind) {
            (Value::String(text), Kind::DateTime) => time::parse(text).map(Key::Instant),
            (Value::String(text), _) => Some(Key::Text(text::comparison_form(leaf, text))),
            (Value::Bool(boolean), _) => Some(Key::Boolean(*boolean)),
            (Value::Number(number), _) => number.as_f64().map(Key::Number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{ENTERPRISE_USER, Registry};

    fn sort(by: &str, order: Option<&str>) -> Result<Option<Sort>, Error> {
        Sort::parse(Registry::standard().user(), Some(by), order)
    }

    #[test]
    fn an_attribute_with_one_value_can_be_sorted_by_and_no_other() {
        let department = format!("{ENTERPRISE_USER}:department");
        let core = "urn:ietf:params:scim:schemas:core:2.0:User:userName";
        for (by, target) in [
            ("userName", "userName"),
            ("USERNAME", "userName"),
            (core, "userName"),
            ("name.givenName", "name.givenName"),
            ("emails", "emails.value"),
            ("emails.type", "emails.type"),
            ("meta.lastModified", "meta.lastModified"),
            (department.as_str(), department.as_str()),
        ] {
            let read = sort(by, None).expect(by).expect("a sort");
            assert_eq!((read.target.to_string().as_str(), read.descending), (target, false), "{by}");
        }
        for by in
            ["", "name", "password", "nothing", "emails[type eq \"work\"].value", ENTERPRISE_USER, "a b"]
        {
            let refused = sort(by, None).expect_err(by);
            assert_eq!(refused.scim_type, Some(crate::ScimType::InvalidValue), "{by}: {refused}");
        }
    }

    #[test]
    fn the_order_is_one_of_two_words_in_any_case() {
        let descending = |order| sort("userName", order).map(|sort| sort.expect("a sort").descending);
        assert_eq!(descending(None), Ok(false));
        assert_eq!(descending(Some("Ascending")), Ok(false));
        assert_eq!(descending(Some("DESCENDING")), Ok(true));
        assert!(descending(Some("down")).is_err() && descending(Some("")).is_err());
        assert_eq!(Sort::parse(Registry::standard().user(), None, Some("descending")), Ok(None));
        assert!(Sort::parse(Registry::standard().user(), None, Some("up")).is_err());
    }

    #[test]
    fn values_sort_by_their_type_and_what_is_not_there_is_last() {
        let order = |by: &str, order: &str, documents: &[Value]| -> Vec<u64> {
            let sort = sort(by, Some(order)).expect(by).expect("a sort");
            let mut all: Vec<(u64, &Object)> = (0..)
                .zip(documents.iter().map(|document| document.as_object().expect("an object")))
                .collect();
            all.sort_by(|(_, one), (_, other)| sort.compare(one, other));
            all.into_iter().map(|(number, _)| number).collect()
        };
        let names = [
            json!({ "userName": "carol" }),
            json!({}),
            json!({ "userName": "Bob" }),
            json!({ "userName": "alice" }),
        ];
        assert_eq!(order("userName", "ascending", &names), [3, 2, 0, 1]);
        assert_eq!(order("userName", "descending", &names), [1, 0, 2, 3]);
        let times = [
            json!({ "meta": { "created": "2026-03-01T00:00:00+02:00" } }),
            json!({ "meta": { "created": "2026-02-28T23:00:00Z" } }),
        ];
        assert_eq!(order("meta.created", "ascending", &times), [0, 1]);
        let mails = [
            json!({ "emails": [{ "value": "a@x" }, { "value": "z@x", "primary": true }] }),
            json!({ "emails": [{ "value": "b@x" }, { "value": "c@x" }] }),
            json!({ "emails": [{ "type": "work", "primary": true }, { "value": "a@x" }] }),
        ];
        assert_eq!(order("emails", "ascending", &mails), [1, 0, 2]);
        assert_eq!(
            order("active", "ascending", &[json!({ "active": true }), json!({ "active": false })]),
            [1, 0]
        );
    }
}
