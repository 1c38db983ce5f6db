//! From names as written to attributes of a schema (RFC 7644 §3.10).

use std::fmt;
use std::sync::Arc;

use scim_filter_parser::AttributePath;

use crate::schema::{Attribute, ResourceType, Schema};

/// An attribute of a resource type, or a sub-attribute of one.
#[derive(Clone, Debug)]
pub struct AttributeRef {
    /// The extension that holds the attribute; `None` for core and common attributes.
    pub extension: Option<Arc<Schema>>,
    /// The attribute.
    pub attribute: Arc<Attribute>,
    /// The sub-attribute, when the path goes so deep.
    pub sub: Option<Arc<Attribute>>,
}

impl AttributeRef {
    /// An attribute as a whole.
    #[must_use]
    pub fn of(extension: Option<&Arc<Schema>>, attribute: &Arc<Attribute>) -> Self {
        Self { extension: extension.cloned(), attribute: Arc::clone(attribute), sub: None }
    }

    /// The attribute that holds the value: the sub-attribute, if there is one.
    #[must_use]
    pub fn leaf(&self) -> &Arc<Attribute> {
        self.sub.as_ref().unwrap_or(&self.attribute)
    }

    /// The same attribute without its sub-attribute.
    #[must_use]
    pub fn whole(&self) -> Self {
        Self::of(self.extension.as_ref(), &self.attribute)
    }
}

impl PartialEq for AttributeRef {
    fn eq(&self, other: &Self) -> bool {
        fn names(it: &AttributeRef) -> (Option<&str>, &str, Option<&str>) {
            let AttributeRef { extension, attribute, sub } = it;
            let extension = extension.as_deref().map(|schema| schema.id.as_str());
            (extension, &attribute.name, sub.as_deref().map(|sub| sub.name.as_str()))
        }
        names(self) == names(other)
    }
}

impl fmt::Display for AttributeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.extension {
            write!(f, "{}:", schema.id)?;
        }
        f.write_str(&self.attribute.name)?;
        if let Some(sub) = &self.sub {
            write!(f, ".{}", sub.name)?;
        }
        Ok(())
    }
}

/// What a path names.
#[derive(Clone, Debug, PartialEq)]
pub enum Located {
    /// An attribute or sub-attribute.
    Attribute(AttributeRef),
    /// A whole extension.
    Extension(Arc<Schema>),
}

/// Finds what a path names.
///
/// With `bare_extensions`, an attribute of exactly one extension is also found without its URI; the second part
/// of the answer says whether that was needed.
///
/// # Errors
/// A sentence that says which part is unknown.
pub fn locate(
    resource_type: &ResourceType,
    path: &AttributePath,
    bare_extensions: bool,
) -> Result<(Located, bool), String> {
    // The URI of an extension parses as schema, colon and name: the whole text is compared first.
    if path.schema.is_some()
        && let Some(schema) = resource_type.extension(&path.to_string())
    {
        return Ok((Located::Extension(Arc::clone(schema)), false));
    }
    if let Some(named) = named_by_urn(resource_type, path) {
        let sub = path.sub.as_deref().map(|name| sub_of(&named.attribute, name)).transpose()?.cloned();
        return Ok((Located::Attribute(AttributeRef { sub, ..named }), false));
    }
    let (extension, attribute, bare) = match &path.schema {
        None => match resource_type.attribute(&path.name) {
            Some(attribute) => (None, attribute, false),
            None if bare_extensions => {
                let (schema, attribute) = bare_attribute(resource_type, &path.name)?;
                (Some(schema), attribute, true)
            }
            None => return Err(unknown(resource_type, &path.name)),
        },
        Some(uri) if resource_type.schema.id.eq_ignore_ascii_case(uri) => {
            let attribute =
                resource_type.attribute(&path.name).ok_or_else(|| unknown(resource_type, &path.name))?;
            (None, attribute, false)
        }
        Some(uri) => {
            let schema = resource_type.extension(uri).ok_or_else(|| {
                format!(
                    "The schema \"{}\" is not known for {} resources.",
                    shortened(uri),
                    resource_type.name
                )
            })?;
            let attribute = schema.attribute(&path.name).ok_or_else(|| {
                format!("The schema \"{}\" has no attribute \"{}\".", schema.id, shortened(&path.name))
            })?;
            (Some(schema), attribute, false)
        }
    };
    let sub = match &path.sub {
        None => None,
        Some(name) => Some(sub_of(attribute, name)?),
    };
    let attribute =
        AttributeRef { extension: extension.cloned(), attribute: Arc::clone(attribute), sub: sub.cloned() };
    Ok((Located::Attribute(attribute), bare))
}

fn sub_of<'a>(attribute: &'a Attribute, name: &str) -> Result<&'a Arc<Attribute>, String> {
    attribute.sub(name).ok_or_else(|| {
        format!("The attribute \"{}\" has no sub-attribute \"{}\".", attribute.name, shortened(name))
    })
}

/// An attribute whose own name is a URN (RFC 9944 §7.1 has some): the grammar takes the URN for a part of the schema's.
fn named_by_urn(resource_type: &ResourceType, path: &AttributePath) -> Option<AttributeRef> {
    let uri = path.schema.as_deref()?;
    let is_named = |schema: &Schema, attribute: &Attribute| {
        let core = schema.id == resource_type.schema.id;
        attribute.name.rsplit_once(':').is_some_and(|(start, last)| {
            last.eq_ignore_ascii_case(&path.name)
                && (uri.eq_ignore_ascii_case(&format!("{}:{start}", schema.id))
                    || core && uri.eq_ignore_ascii_case(start))
        })
    };
    let extensions = resource_type.extensions.iter().map(|it| (Some(&it.schema), &it.schema));
    [(None, &resource_type.schema)].into_iter().chain(extensions).find_map(|(extension, schema)| {
        let attribute = schema.attributes.iter().find(|it| is_named(schema, it))?;
        Some(AttributeRef::of(extension, attribute))
    })
}

fn bare_attribute<'t>(
    resource_type: &'t ResourceType,
    name: &str,
) -> Result<(&'t Arc<Schema>, &'t Arc<Attribute>), String> {
    let mut found = resource_type
        .extensions
        .iter()
        .filter_map(|extension| Some((&extension.schema, extension.schema.attribute(name)?)));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(unknown(resource_type, name)),
        _ => Err(format!(
            "Several extensions have an attribute \"{}\": name it with its schema.",
            shortened(name)
        )),
    }
}

fn unknown(resource_type: &ResourceType, name: &str) -> String {
    format!("{} resources have no attribute \"{}\".", resource_type.name, shortened(name))
}

/// At most 100 characters of a client's text, without control characters, for use in a message.
#[must_use]
pub fn shortened(text: &str) -> String {
    let mut characters = text.chars().filter(|c| !c.is_control());
    let mut short: String = characters.by_ref().take(100).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use scim_filter_parser::parse_path;

    use super::*;
    use crate::schema::{ENTERPRISE_USER, Registry};

    fn found(text: &str, bare: bool) -> Result<String, String> {
        let path = parse_path(text).map_err(|error| error.to_string())?;
        locate(Registry::standard().user(), &path.attribute, bare).map(|(located, _)| match located {
            Located::Attribute(attribute) => attribute.to_string(),
            Located::Extension(schema) => schema.id.clone(),
        })
    }

    #[test]
    fn names_ignore_case_and_answer_in_the_schemas_spelling() {
        assert_eq!(found("NAME.FAMILYNAME", false).as_deref(), Ok("name.familyName"));
        assert_eq!(
            found("urn:ietf:params:scim:schemas:core:2.0:USER:userName", false).as_deref(),
            Ok("userName")
        );
        assert_eq!(found("externalid", false).as_deref(), Ok("externalId"));
        assert_eq!(
            found(&format!("{}:MANAGER.value", ENTERPRISE_USER.to_uppercase()), false),
            Ok(format!("{ENTERPRISE_USER}:manager.value"))
        );
        assert_eq!(found(ENTERPRISE_USER, false).as_deref(), Ok(ENTERPRISE_USER));
    }

    #[test]
    fn an_extension_attribute_is_found_bare_only_when_asked_for() {
        assert!(found("department", false).is_err());
        assert_eq!(found("department", true), Ok(format!("{ENTERPRISE_USER}:department")));
    }

    #[test]
    fn what_no_schema_defines_is_named_in_the_error() {
        for (path, word) in [
            ("foo", "\"foo\""),
            ("name.nickName", "\"nickName\""),
            ("userName.value", "\"value\""),
            ("urn:example:unknown:2.0:User:foo", "urn:example:unknown:2.0:User"),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:foo", "\"foo\""),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.employeeNumber", "enterprise:2.0"),
        ] {
            let error = found(path, true).expect_err(path);
            assert!(error.contains(word), "{error}");
        }
    }
}
