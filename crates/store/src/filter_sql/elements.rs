//! Sets of elements: some element of an attribute satisfies a condition, or there is no element.

use std::sync::Arc;

use scim::schema::{Attribute, ENROLMENT, ResourceType};

use super::FilterWriter;
use super::compare::Value;
use super::places::shows_enrolment;
use crate::db::backend;
use crate::db::backend::literal;

/// Where the elements of a multi-valued attribute are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// Rows of `user_values`.
    Values { attribute: String },
    /// An array of the `search` document.
    Document { container: Option<String>, attribute: String },
    /// The groups of a user or another resource, with those around them.
    Groups(Reach),
    /// The members of a group.
    Members,
    /// The seats and places of a user.
    Licences,
    /// The schemas that a resource uses.
    Schemas,
}

/// Which groups of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All of them.
    All,
    /// All of them, where it matters which have the resource as a member.
    Typed,
    /// Those that have the resource as a member.
    Direct,
    /// Those around them that do not.
    Indirect,
}

/// One element of a set.
pub(super) enum Element {
    Row(Set),
    Schema(String),
}

impl Set {
    /// The set as it is needed when these sub-attributes are used.
    pub(super) fn for_subs(self, subs: &[&str]) -> Self {
        match self {
            Self::Values { attribute }
                if subs.iter().any(|sub| !["value", "type", "primary"].contains(sub)) =>
            {
                Self::Document { container: None, attribute }
            }
            Self::Groups(_) if subs.contains(&"type") => Self::Groups(Reach::Typed),
            other => other,
        }
    }

    /// Whether each element is a row that has an id as its value.
    pub(super) const fn always_has_value(&self) -> bool {
        matches!(self, Self::Groups(_) | Self::Members | Self::Licences)
    }
}

impl FilterWriter<'_> {
    /// Some element satisfies the condition.
    pub(super) fn any(&mut self, set: &Set, attribute: &Attribute, condition: &dyn Fn(&mut Self, &Element)) {
        // The type of a group depends on the resource: as a value it would be computed for every pair of a resource and a group.
        if *set == Set::Groups(Reach::Typed) {
            self.sql.push("(");
            self.any(&Set::Groups(Reach::Direct), attribute, condition);
            self.sql.push(" OR ");
            self.any(&Set::Groups(Reach::Indirect), attribute, condition);
            self.sql.push(")");
            return;
        }
        let element = Element::Row(set.clone());
        let tenant = self.scope.tenant_id().uuid();
        match set {
            Set::Schemas => return self.any_schema(attribute, condition),
            Set::Values { attribute } => {
                self.sql
                    .push("u.id IN (SELECT v.user_id FROM user_values v WHERE v.tenant_id = ")
                    .bind(tenant);
                self.sql.push(&format!(" AND v.attribute = {} AND (", literal(attribute)));
                condition(self, &element);
            }
            Set::Document { container, attribute } => {
                let path: Vec<&str> = container.iter().chain([attribute]).map(String::as_str).collect();
                let document = format!("{}.search", self.table.alias());
                let rows = backend::json_elements(self.backend, &document, &path);
                self.sql.push(&format!("EXISTS (SELECT 1 FROM {rows} WHERE ("));
                condition(self, &element);
            }
            Set::Members => {
                self.sql.push("g.id IN (SELECT m.group_id FROM group_members m");
                self.sql.push(" WHERE m.tenant_id = ").bind(tenant).push(" AND (");
                condition(self, &element);
            }
            Set::Licences => {
                self.sql.push(
                    "u.id IN (SELECT s.user_id FROM seats s \
                     JOIN pools p ON p.tenant_id = s.tenant_id AND p.id = s.pool_id WHERE s.tenant_id = ",
                );
                self.sql.bind(tenant).push(" AND (");
                condition(self, &element);
            }
            Set::Groups(Reach::Direct) => {
                self.sql.push(self.table.id()).push(
                    " IN (SELECT m.member_id FROM groups eg CROSS JOIN group_members m WHERE eg.tenant_id = ",
                );
                self.sql.bind(tenant).seen(self.scope, "eg").push(" AND m.tenant_id = ").bind(tenant);
                self.sql.push(" AND m.group_id = eg.id AND (");
                condition(self, &element);
            }
            // From the groups that satisfy the condition down to all resources inside them.
            Set::Groups(Reach::All | Reach::Typed) => {
                self.below(false, &element, condition);
                self.sql.push(
                    "SELECT m.member_id FROM below CROSS JOIN group_members m WHERE m.group_id = below.group_id AND (m.tenant_id = ",
                );
                self.sql.bind(tenant);
            }
            Set::Groups(Reach::Indirect) => {
                self.below(true, &element, condition);
                self.sql.push(
                    "SELECT m.member_id FROM below CROSS JOIN group_members m WHERE m.group_id = below.group_id AND m.tenant_id = ",
                );
                self.sql.bind(tenant).push(" AND below.group_id <> below.origin AND NOT EXISTS (");
                self.sql.push("SELECT 1 FROM group_members d WHERE d.tenant_id = ").bind(tenant);
                self.sql.push(" AND d.group_id = below.origin AND d.member_id = m.member_id");
            }
        }
        self.sql.push("))");
    }

    /// The groups that satisfy the condition, and those inside them. With the origin of each, a group inside two of them
    /// stands there twice.
    fn below(&mut self, with_origin: bool, element: &Element, condition: &dyn Fn(&mut Self, &Element)) {
        let tenant = self.scope.tenant_id().uuid();
        let [columns, first, next] = if with_origin {
            ["origin, group_id", "eg.id, eg.id", "below.origin, m.member_id"]
        } else {
            ["group_id", "eg.id", "m.member_id"]
        };
        let id = self.table.id();
        self.sql.push(&format!("{id} IN (WITH RECURSIVE below({columns}) AS (SELECT {first}"));
        self.sql
            .push(" FROM groups eg WHERE eg.tenant_id = ")
            .bind(tenant)
            .seen(self.scope, "eg")
            .push(" AND (");
        condition(self, element);
        self.sql.push(&format!(") UNION SELECT {next} FROM below CROSS JOIN group_members m"));
        self.sql.push(" WHERE m.group_id = below.group_id AND m.member_kind = 'Group' AND m.tenant_id = ");
        self.sql.bind(tenant).push(") ");
    }

    /// There is no element.
    pub(super) fn none(&mut self, set: &Set, attribute: &Attribute) {
        if matches!(set, Set::Groups(_)) && !self.scope.sees_all() {
            return self.negated(|writer| writer.any(set, attribute, &|writer, _| writer.constant(true)));
        }
        let (table, key, row) = match set {
            Set::Schemas => return self.constant(false),
            Set::Document { container, attribute } => {
                let path: Vec<&str> = container.iter().chain([attribute]).map(String::as_str).collect();
                let document = format!("{}.search", self.table.alias());
                let rows = backend::json_elements(self.backend, &document, &path);
                self.sql.push(&format!("NOT EXISTS (SELECT 1 FROM {rows})"));
                return;
            }
            Set::Values { .. } => ("user_values", "user_id", "u"),
            Set::Groups(_) => ("group_members", "member_id", self.table.alias()),
            Set::Members => ("group_members", "group_id", "g"),
            Set::Licences => ("seats", "user_id", "u"),
        };
        self.sql.push(&format!(
            "NOT EXISTS (SELECT 1 FROM {table} n WHERE n.tenant_id = {row}.tenant_id AND n.{key} = {row}.id"
        ));
        if let Set::Values { attribute } = set {
            self.sql.push(&format!(" AND n.attribute = {}", literal(attribute)));
        }
        self.sql.push(")");
    }

    /// RFC 7643 §3: the core schema always, an extension where the resource has data of it.
    fn any_schema(&mut self, attribute: &Attribute, condition: &dyn Fn(&mut Self, &Element)) {
        debug_assert!(attribute.multi_valued, "schemas is a list");
        let resource_type = self.resource_type();
        self.sql.push("(");
        condition(self, &Element::Schema(resource_type.schema.id.clone()));
        for extension in &resource_type.extensions {
            let uri = extension.schema.id.as_str();
            let stored =
                backend::json_exists(self.backend, &format!("{}.search", self.table.alias()), &[uri]);
            let used = if uri == ENROLMENT { format!("({stored} OR {})", shows_enrolment()) } else { stored };
            self.sql.push(&format!(" OR ({used} AND "));
            condition(self, &Element::Schema(uri.to_owned()));
            self.sql.push(")");
        }
        self.sql.push(")");
    }

    /// Where a value of an element is; without a sub-attribute, the element itself.
    pub(super) fn inside(
        &self,
        element: &Element,
        attribute: &Attribute,
        sub: Option<&Arc<Attribute>>,
    ) -> Value {
        let set = match element {
            Element::Schema(uri) => return Value::Same(uri.clone()),
            Element::Row(set) => set,
        };
        if let Set::Document { .. } = set {
            let path: Vec<&str> = sub.iter().map(|sub| sub.name.as_str()).collect();
            return match sub {
                None if attribute.complex() => Value::Complex("TRUE".to_owned()),
                None => self.json("e.value", &[], attribute),
                Some(sub) => self.json("e.value", &path, sub),
            };
        }
        let Some(sub) = sub else { return Value::Complex("TRUE".to_owned()) };
        match (set, sub.name.as_str()) {
            (Set::Values { .. }, "value") => Value::Text("v.value".to_owned()),
            (Set::Values { .. }, "type") => Value::Text("v.kind".to_owned()),
            (Set::Values { .. }, "primary") => Value::Boolean("v.is_primary".to_owned()),
            (Set::Groups(Reach::Direct), "type") => Value::Same("direct".to_owned()),
            (Set::Groups(Reach::Indirect), "type") => Value::Same("indirect".to_owned()),
            (Set::Groups(_), name) => self.group(name),
            (Set::Members, "value") => Value::Id("m.member_id".to_owned()),
            (Set::Members, "type") => {
                // Names of resource types are ASCII.
                Value::Text(backend::by_code_point(self.backend, "lower(m.member_kind)"))
            }
            (Set::Members, "display") => Value::Text(self.name_of_member()),
            (Set::Members, "$ref") => {
                let types = self.registry.writable_types();
                let endpoint = |of: &Arc<ResourceType>| {
                    format!(" WHEN {} THEN {}", literal(&of.name), literal(&format!("{}/", of.endpoint)))
                };
                let endpoints: String = types.map(endpoint).collect();
                let id = backend::uuid_text(self.backend, "m.member_id");
                let rest = format!("((CASE m.member_kind{endpoints} END) || {id})");
                Value::Address { prefix: self.base.to_owned(), rest }
            }
            (Set::Licences, "value") => Value::Id("s.pool_id".to_owned()),
            (Set::Licences, "display") => Value::Text("p.name_folded".to_owned()),
            (Set::Licences, "state") => Value::Text("s.state".to_owned()),
            (Set::Licences, "since") => Value::Instant("s.since".to_owned()),
            _ => Value::Nothing,
        }
    }

    /// Where a value of a group around a resource is.
    fn group(&self, name: &str) -> Value {
        match name {
            "value" => Value::Id("eg.id".to_owned()),
            "display" => Value::Text("eg.display_name_folded".to_owned()),
            "$ref" => Value::Address {
                prefix: format!("{}/Groups/", self.base),
                rest: backend::uuid_text(self.backend, "eg.id"),
            },
            "type" => {
                let id = self.table.id();
                let direct = format!(
                    "EXISTS (SELECT 1 FROM group_members d WHERE d.tenant_id = eg.tenant_id \
                     AND d.group_id = eg.id AND d.member_id = {id})"
                );
                let word = format!("(CASE WHEN {direct} THEN 'direct' ELSE 'indirect' END)");
                Value::Text(backend::by_code_point(self.backend, &word))
            }
            _ => Value::Nothing,
        }
    }
}
