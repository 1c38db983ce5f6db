//! The order of a list as SQL: what `Sort::compare` says, on both databases.

use scim::path::AttributeRef;
use scim::protocol::sort::Sort;
use scim::schema::Attribute;
use sea_orm::DbBackend;

use super::compare::Value;
use super::elements::{Element, Set};
use super::places::Place;
use super::{FilterWriter, Table};
use crate::db::backend::{json_boolean, json_elements, literal, no_value};
use crate::db::sql::Sql;
use crate::error::Error;

/// In which order a list is, and how many resources are sorted at most where no index has them in that order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The attribute and the direction; ties are in the order of ids.
    pub sort: Sort,
    /// Resources.
    pub most: u64,
}

/// Of which kind what is sorted by is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Id,
    Boolean,
    Number,
    Instant,
}

impl Kind {
    /// No value of the kind, as SQL.
    pub(super) fn nothing(self, backend: DbBackend) -> String {
        let kind = match self {
            Self::Text => "TEXT",
            Self::Id => "UUID",
            Self::Boolean => "BOOLEAN",
            Self::Number => "DOUBLE PRECISION",
            Self::Instant => "TIMESTAMPTZ",
        };
        no_value(backend, kind)
    }
}

impl Order {
    /// Whether an index has the resources in this order.
    pub(super) fn is_indexed(&self, table: Table<'_>) -> bool {
        let AttributeRef { extension, attribute, .. } = &self.sort.target;
        let name = attribute.name.as_str();
        extension.is_none() && matches!((table, name), (_, "id") | (Table::Users, "userName"))
    }
}

/// Refuses to sort more resources than may be sorted without an index.
///
/// # Errors
/// [`Error::TooManyToSort`].
pub(super) fn sortable(found: u64, most: u64) -> Result<(), Error> {
    if found > most { Err(Error::TooManyToSort { found, most }) } else { Ok(()) }
}

impl FilterWriter<'_> {
    /// What is sorted among resources of other types as well; none where the type has no such attribute.
    pub(super) fn key_among_types(&self, sort: Option<&Sort>) -> Option<(Kind, String)> {
        let Sort { target, .. } = sort?;
        // What is the same for all of a type tells it from the others.
        let same = match (target.attribute.name.as_str(), target.sub.as_ref().map(|sub| sub.name.as_str())) {
            ("schemas", None) => Some(self.resource_type().schema.id.as_str()),
            ("meta", Some("resourceType")) => Some(self.resource_type().name.as_str()),
            _ => None,
        };
        let same = same.filter(|_| target.extension.is_none()).map(literal);
        self.key(target).or_else(|| same.map(|same| (Kind::Text, same)))
    }

    /// What rows are sorted by, and of which kind it is; none where it is the same for all.
    pub(super) fn key(&self, target: &AttributeRef) -> Option<(Kind, String)> {
        match self.place(target) {
            Place::Single(holder) => sorted(self.single(&holder, target)),
            Place::Many(set) => {
                let set = set.for_subs(&target.sub.iter().map(|sub| sub.name.as_str()).collect::<Vec<_>>());
                let (rows, first) = self.rows(&set, &target.attribute)?;
                let value = self.inside(&Element::Row(set), &target.attribute, target.sub.as_ref());
                let (kind, value) = sorted(value)?;
                Some((kind, format!("(SELECT {value} FROM {rows} ORDER BY {first} LIMIT 1)")))
            }
        }
    }

    /// The elements of a row, and how the primary one, or else the first one, comes first.
    fn rows(&self, set: &Set, attribute: &Attribute) -> Option<(String, String)> {
        let primary = |flag: &str| format!("COALESCE({flag}, FALSE) DESC, ");
        Some(match set {
            // The schema of the type is always the first.
            Set::Schemas => return None,
            Set::Values { attribute } => (
                format!(
                    "user_values v WHERE v.tenant_id = u.tenant_id AND v.user_id = u.id AND v.attribute = {}",
                    literal(attribute)
                ),
                format!("{}v.position", primary("v.is_primary")),
            ),
            Set::Document { container, attribute: name } => {
                let path: Vec<&str> = container.iter().chain([name]).map(String::as_str).collect();
                let rows = json_elements(self.backend, &format!("{}.search", self.table.alias()), &path);
                let flag =
                    attribute.sub("primary").map(|_| json_boolean(self.backend, "e.value", &["primary"]));
                (rows, format!("{}e.key", flag.map(|flag| primary(&flag)).unwrap_or_default()))
            }
            Set::Members => (
                "group_members m WHERE m.tenant_id = g.tenant_id AND m.group_id = g.id".to_owned(),
                "m.member_id".to_owned(),
            ),
            Set::Licences => (
                "seats s JOIN pools p ON p.tenant_id = s.tenant_id AND p.id = s.pool_id \
                 WHERE s.tenant_id = u.tenant_id AND s.user_id = u.id"
                    .to_owned(),
                "s.pool_id".to_owned(),
            ),
            Set::Groups(_) => {
                // From the groups of the resource up, and not from all groups to those.
                let (row, seen) = (self.table.alias(), Sql::seen_text(self.scope, self.backend, "eg"));
                let groups = format!(
                    "(WITH RECURSIVE up(group_id) AS (SELECT m.group_id FROM group_members m \
                     WHERE m.tenant_id = {row}.tenant_id AND m.member_id = {row}.id UNION \
                     SELECT t.group_id FROM up JOIN group_members t ON t.tenant_id = {row}.tenant_id \
                     AND t.member_id = up.group_id) SELECT group_id FROM up) x \
                     JOIN groups eg ON eg.tenant_id = {row}.tenant_id AND eg.id = x.group_id{seen}"
                );
                (groups, "eg.id".to_owned())
            }
        })
    }
}

/// A value as what is sorted; none where it is the same for all.
fn sorted(value: Value) -> Option<(Kind, String)> {
    match value {
        Value::Text(sql) | Value::InstantText(sql) => Some((Kind::Text, sql)),
        Value::Id(sql) => Some((Kind::Id, sql)),
        Value::Boolean(sql) => Some((Kind::Boolean, sql)),
        Value::Number(sql) => Some((Kind::Number, sql)),
        Value::Instant(sql) => Some((Kind::Instant, sql)),
        Value::Address { prefix, rest } => Some((Kind::Text, format!("({} || {rest})", literal(&prefix)))),
        Value::Same(_) | Value::Complex(_) | Value::Nothing => None,
    }
}
