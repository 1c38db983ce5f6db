//! The order of a list as SQL: what `Sort::compare` says, on both databases.

use scim::path::AttributeRef;
use scim::protocol::sort::Sort;
use scim::schema::Attribute;

use super::compare::Value;
use super::elements::{Element, Set};
use super::places::Place;
use super::{FilterWriter, Table};
use crate::db::backend::{json_boolean, json_elements, literal};
use crate::db::sql::Sql;

/// In which order a list is, and how many resources are sorted at most where no index has them in that order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// The attribute and the direction; ties are in the order of ids.
    pub sort: Sort,
    /// Resources.
    pub most: u64,
}

impl Order {
    /// Whether an index has the resources in this order.
    pub(super) fn is_indexed(&self, table: Table) -> bool {
        let AttributeRef { extension, attribute, .. } = self.sort.target;
        let name = attribute.name.as_str();
        extension.is_none() && matches!((table, name), (_, "id") | (Table::Users, "userName"))
    }
}

impl FilterWriter<'_> {
    /// What goes before the id in the order of the rows.
    pub(super) fn order(&mut self, sort: &Sort) {
        // Every row of one value has the same place.
        let Some(key) = self.key(sort.target) else { return };
        let direction = if sort.descending { "DESC NULLS FIRST" } else { "ASC NULLS LAST" };
        self.sql.push(&format!("{key} {direction}, "));
    }

    /// What is sorted among resources of other types as well; `NULL` where the type has no such attribute.
    pub(super) fn key_among_types(&self, sort: Option<&Sort>) -> String {
        let Some(Sort { target, .. }) = sort else { return "NULL".to_owned() };
        // What is the same for all of a type tells it from the others.
        let same = match (target.attribute.name.as_str(), target.sub.map(|sub| sub.name.as_str())) {
            ("schemas", None) => Some(self.resource_type().schema.id.as_str()),
            ("meta", Some("resourceType")) => Some(self.resource_type().name.as_str()),
            _ => None,
        };
        let same = same.filter(|_| target.extension.is_none()).map(literal);
        self.key(*target).or(same).unwrap_or_else(|| "NULL".to_owned())
    }

    fn key(&self, target: AttributeRef) -> Option<String> {
        match self.place(target) {
            Place::Single(holder) => sorted(self.single(&holder, target)),
            Place::Many(set) => {
                let set = set.for_subs(&target.sub.iter().map(|sub| sub.name.as_str()).collect::<Vec<_>>());
                let (rows, first) = self.rows(&set, target.attribute)?;
                let value = self.inside(&Element::Row(set), target.attribute, target.sub);
                Some(format!("(SELECT {} FROM {rows} ORDER BY {first} LIMIT 1)", sorted(value)?))
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
                let path: Vec<&str> = container.iter().copied().chain([*name]).collect();
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
            Set::Groups => (
                format!(
                    "groups eg WHERE eg.tenant_id = u.tenant_id{} AND eg.id IN (\
                     WITH RECURSIVE up(group_id) AS (SELECT m.group_id FROM group_members m \
                     WHERE m.tenant_id = u.tenant_id AND m.member_id = u.id UNION \
                     SELECT t.group_id FROM up JOIN group_members t ON t.tenant_id = u.tenant_id \
                     AND t.member_id = up.group_id) SELECT group_id FROM up)",
                    Sql::seen_text(self.scope, self.backend, "eg")
                ),
                "eg.id".to_owned(),
            ),
        })
    }
}

/// A value as what is sorted; none where it is the same for all.
fn sorted(value: Value) -> Option<String> {
    match value {
        Value::Text(sql)
        | Value::Id(sql)
        | Value::Boolean(sql)
        | Value::Number(sql)
        | Value::Instant(sql)
        | Value::InstantText(sql) => Some(sql),
        Value::Address { prefix, rest } => Some(format!("({} || {rest})", literal(&prefix))),
        Value::Same(_) | Value::Complex(_) | Value::Nothing => None,
    }
}
