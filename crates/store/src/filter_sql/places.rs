//! Where the attributes of resources are.

use scim::path::AttributeRef;
use scim::protocol::version::entity_tag;
use scim::schema::{Attribute, ENROLMENT, ENTERPRISE_USER, Kind};

use super::compare::Value;
use super::elements::{Reach, Set};
use super::{FilterWriter, Table};
use crate::db::backend;
use crate::db::backend::literal;
use crate::db::sql::Sql;
use crate::enrolments::{HAS_BEGUN, shown_cause, shown_status};
use crate::members::resource_name;
use crate::users::values;

/// Where an attribute is.
pub(super) enum Place {
    /// One value in each row.
    Single(Holder),
    /// A set of elements.
    Many(Set),
}

/// What holds single values.
pub(super) enum Holder {
    /// Columns.
    Columns,
    /// The columns of the enrolment extension.
    Enrolment,
    /// The `search` document.
    Document,
}

/// Whether answers hold the enrolment extension, see `User::shows_enrolment`.
pub(super) fn shows_enrolment() -> String {
    let holds = "EXISTS (SELECT 1 FROM seats x WHERE x.tenant_id = u.tenant_id AND x.user_id = u.id)";
    format!("({HAS_BEGUN} OR {holds})")
}

impl<'a> FilterWriter<'a> {
    pub(super) fn place(&self, target: &AttributeRef) -> Place {
        let name = target.attribute.name.as_str();
        match &target.extension {
            Some(schema) if schema.id == ENROLMENT && name == "licences" => {
                return Place::Many(Set::Licences);
            }
            Some(schema) if schema.id == ENROLMENT && target.attribute.read_only() => {
                return Place::Single(Holder::Enrolment);
            }
            Some(schema) if target.attribute.multi_valued => {
                return Place::Many(Set::Document {
                    container: Some(schema.id.clone()),
                    attribute: name.to_owned(),
                });
            }
            Some(_) => return Place::Single(Holder::Document),
            None => {}
        }
        match (self.table, name) {
            (_, "schemas") => Place::Many(Set::Schemas),
            (Table::Users | Table::Custom(_), "groups") if self.resource_type().shows_groups() => {
                Place::Many(Set::Groups(Reach::All))
            }
            (Table::Groups, "members") => Place::Many(Set::Members),
            (Table::Users, name) if values::ATTRIBUTES.contains(&name) => {
                Place::Many(Set::Values { attribute: name.to_owned() })
            }
            (_, name) if target.attribute.multi_valued => {
                Place::Many(Set::Document { container: None, attribute: name.to_owned() })
            }
            (Table::Users, "id" | "externalId" | "userName" | "active" | "meta")
            | (Table::Groups, "id" | "externalId" | "displayName" | "meta")
            | (Table::Custom(_), "id" | "externalId" | "meta") => Place::Single(Holder::Columns),
            _ => Place::Single(Holder::Document),
        }
    }

    /// Where a single value is.
    pub(super) fn single(&self, holder: &Holder, target: &AttributeRef) -> Value {
        match holder {
            Holder::Columns => self.column(target),
            Holder::Enrolment => enrolment(&target.attribute.name),
            Holder::Document => self.document(target),
        }
    }

    fn column(&self, target: &AttributeRef) -> Value {
        let row = self.table.alias();
        match (target.attribute.name.as_str(), target.sub.as_ref().map(|sub| sub.name.as_str())) {
            ("id", _) => Value::Id(format!("{row}.id")),
            ("externalId", _) => Value::Text(format!("{row}.external_id")),
            ("userName", _) => Value::Text("u.user_name_folded".to_owned()),
            ("displayName", _) => Value::Text("g.display_name_folded".to_owned()),
            ("active", _) => Value::Boolean("u.active".to_owned()),
            ("meta", None) => Value::Complex("TRUE".to_owned()),
            ("meta", Some("resourceType")) => Value::Same(self.resource_type().name.clone()),
            ("meta", Some("created")) => Value::Instant(format!("{row}.created_at")),
            ("meta", Some("lastModified")) => Value::Instant(format!("{row}.modified_at")),
            ("meta", Some("location")) => Value::Address {
                prefix: format!("{}{}/", self.base, self.resource_type().endpoint),
                rest: backend::uuid_text(self.backend, &format!("{row}.id")),
            },
            ("meta", Some("version")) => {
                let tag = entity_tag(0, None);
                let (before, after) = tag.split_once('0').unwrap_or((tag.as_str(), ""));
                let text =
                    format!("({} || CAST({row}.version AS TEXT) || {})", literal(before), literal(after));
                Value::Text(backend::by_code_point(self.backend, &text))
            }
            _ => Value::Nothing,
        }
    }

    fn document(&self, target: &AttributeRef) -> Value {
        let container = target.extension.as_ref().map(|schema| schema.id.as_str());
        let names = [
            container,
            Some(target.attribute.name.as_str()),
            target.sub.as_ref().map(|sub| sub.name.as_str()),
        ];
        let path: Vec<&str> = names.into_iter().flatten().collect();
        if self.table == Table::Users
            && container == Some(ENTERPRISE_USER)
            && path.last() == Some(&"displayName")
        {
            return self.manager_name();
        }
        let value = self.json(&format!("{}.search", self.table.alias()), &path, target.leaf());
        match value {
            Value::Text(rest) if target.sub.as_ref().is_some_and(|sub| sub.name == "$ref") => {
                Value::Address { prefix: self.base.to_owned(), rest }
            }
            value => value,
        }
    }

    /// The name of the manager is the present name of whom the id names.
    fn manager_name(&self) -> Value {
        let id = backend::json_text(self.backend, "u.search", &[ENTERPRISE_USER, "manager", "value"]);
        let id = backend::uuid_of_text(self.backend, &id);
        let [user, group] = ["users", "groups"].map(|table| self.name_in(table, "u.tenant_id", &id));
        Value::Text(format!("COALESCE({user}, {group})"))
    }

    /// The name of a member `m`.
    pub(super) fn name_of_member(&self) -> String {
        let [user, group, resource] = ["users", "groups", "custom_resources"]
            .map(|table| self.name_in(table, "m.tenant_id", "m.member_id"));
        format!("(CASE m.member_kind WHEN 'User' THEN {user} WHEN 'Group' THEN {group} ELSE {resource} END)")
    }

    /// The name of the row of this id, if the unit sees the row: a look-up by the key, which no planner can turn into a scan.
    fn name_in(&self, table: &str, tenant: &str, id: &str) -> String {
        let seen = Sql::seen_text(self.scope, self.backend, "x");
        let name = match table {
            "custom_resources" => resource_name(self.backend, self.registry, "x", "search"),
            _ => "x.display_name_folded".to_owned(),
        };
        format!(
            "(SELECT CASE WHEN TRUE{seen} THEN {name} END FROM {table} x \
             WHERE x.tenant_id = {tenant} AND x.id = {id})"
        )
    }

    /// The value at a path of a JSON document.
    pub(super) fn json(&self, document: &str, path: &[&str], leaf: &Attribute) -> Value {
        match leaf.kind {
            Kind::String | Kind::Reference | Kind::Binary => {
                Value::Text(backend::json_text(self.backend, document, path))
            }
            Kind::Boolean => Value::Boolean(backend::json_boolean(self.backend, document, path)),
            Kind::Decimal | Kind::Integer => {
                Value::Number(backend::json_number(self.backend, document, path))
            }
            Kind::DateTime => Value::InstantText(backend::json_text(self.backend, document, path)),
            Kind::Complex => Value::Complex(backend::json_exists(self.backend, document, path)),
        }
    }

    pub(super) fn resource_type(&self) -> &'a scim::ResourceType {
        match self.table {
            Table::Users => self.registry.user(),
            Table::Groups => self.registry.group(),
            Table::Custom(resource_type) => resource_type,
        }
    }
}

fn enrolment(name: &str) -> Value {
    let shown = |column: &str| format!("CASE WHEN {} THEN {column} END", shows_enrolment());
    match name {
        "status" => Value::Text(shown(&shown_status())),
        "restoreOwed" => Value::Boolean(shown("u.restore_owed")),
        "statusSince" => Value::Instant("u.enrolment_since".to_owned()),
        "reason" => Value::Text(shown(&shown_cause())),
        "seatKeptUntil" => Value::Instant(shown("u.seat_kept_until")),
        "lastUsed" => Value::Instant("u.last_used_at".to_owned()),
        _ => Value::Nothing,
    }
}
