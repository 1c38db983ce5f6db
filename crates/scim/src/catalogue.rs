//! The catalogue: the roles and entitlements that a directory can give to users, as resources that clients read
//! (draft-ietf-scim-roles-entitlements).

use scim_filter_parser::{CompareOp, CompareValue, Comparison, Filter};

use crate::schema::{Definition, USER};

/// The URI of the schema of roles.
pub const ROLE: &str = "urn:ietf:params:scim:schemas:core:2.0:Role";
/// The URI of the schema of entitlements.
pub const ENTITLEMENT: &str = "urn:ietf:params:scim:schemas:core:2.0:Entitlement";

/// A type of entries, each of which an attribute of users can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryType {
    /// `roles`.
    Role,
    /// `entitlements`.
    Entitlement,
}

impl EntryType {
    /// The name of the resource type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::Entitlement => "Entitlement",
        }
    }

    /// The type whose values an attribute of users holds.
    fn of_attribute(name: &str) -> Option<Self> {
        let named = |it: &str| name.eq_ignore_ascii_case(it);
        named("roles").then_some(Self::Role).or_else(|| named("entitlements").then_some(Self::Entitlement))
    }
}

/// The resource types of the catalogue with their schemas. All their attributes are readOnly.
pub(crate) fn definitions() -> Vec<Definition> {
    Definition::read("the program", include_str!("schema/catalogue.json"))
        .expect("the file is part of this crate and tested")
}

/// The role or the entitlement that is enough to satisfy a filter over users, with its value as written; none if the filter
/// asks for anything else.
#[must_use]
pub fn value_of_rule(rule: &str) -> Option<(EntryType, String)> {
    enough(&scim_filter_parser::parse_filter(rule).ok()?)
}

fn enough(filter: &Filter) -> Option<(EntryType, String)> {
    let (path, compared) = match filter {
        Filter::Or(terms) => return terms.iter().find_map(enough),
        Filter::Compare(compared) => (&compared.path, compared),
        Filter::Element(element) => match &*element.filter {
            Filter::Compare(compared) => (&element.path, compared),
            _ => return None,
        },
        _ => return None,
    };
    let Comparison { path: inner, op: CompareOp::Eq, value: CompareValue::String(value), .. } = compared
    else {
        return None;
    };
    let sub = if std::ptr::eq(path, inner) { path.sub.as_deref() } else { Some(inner.name.as_str()) };
    let of_user = path.schema.as_deref().is_none_or(|schema| schema.eq_ignore_ascii_case(USER));
    let is_value = sub.is_some_and(|sub| sub.eq_ignore_ascii_case("value"));
    let entry = EntryType::of_attribute(&path.name).filter(|_| of_user && is_value)?;
    Some((entry, value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Registry, ResourceType};

    #[test]
    fn the_catalogue_is_read_and_never_written() {
        let registry = Registry::standard().with_catalogue();
        let names: Vec<&str> = registry.custom().iter().map(|it| it.endpoint.as_str()).collect();
        assert_eq!(names, ["/Roles", "/Entitlements"]);
        let read_only =
            |it: &ResourceType| it.schema.attributes.iter().all(|attribute| attribute.read_only());
        assert!(registry.custom().iter().all(|it| it.catalogue && read_only(it)));
        assert!(!registry.user().catalogue);
    }

    #[test]
    fn a_rule_that_one_value_satisfies_names_it() {
        for (rule, expected) in [
            ("roles.value eq \"Engineer\"", Some((EntryType::Role, "Engineer"))),
            ("roles[value eq \"Engineer\"]", Some((EntryType::Role, "Engineer"))),
            ("Entitlements.Value EQ \"Vault\"", Some((EntryType::Entitlement, "Vault"))),
            ("title pr or entitlements.value eq \"Vault\"", Some((EntryType::Entitlement, "Vault"))),
            ("urn:ietf:params:scim:schemas:core:2.0:User:roles.value eq \"a\"", Some((EntryType::Role, "a"))),
            ("roles.value eq \"a\" and title pr", None),
            ("roles.value ne \"a\"", None),
            ("roles.display eq \"a\"", None),
            ("roles[type eq \"a\"]", None),
            ("not (roles.value eq \"a\")", None),
            ("userType eq \"Employee\"", None),
            ("urn:example:roles.value eq \"a\"", None),
            ("no filter", None),
        ] {
            let found = value_of_rule(rule);
            assert_eq!(found.as_ref().map(|(entry, value)| (*entry, value.as_str())), expected, "{rule}");
        }
    }
}
