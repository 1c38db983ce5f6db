//! A PATCH message, every path resolved before anything is touched (RFC 7644 §3.5.2).

use std::sync::Arc;

use scim_filter_parser::{CompareOp, CompareValue, Comparison, Filter, Lenience, parse_path_with};
use serde_json::Value;

use crate::filter::{ElementFilter, FilterDialect, boolean, resolve_element, unreadable};
use crate::json::{Object, member};
use crate::path::{AttributeRef, Located, locate, shortened};
use crate::protocol::error::Error;
use crate::protocol::search::require_schema;
use crate::resource::{Claim, hoisted};
use crate::schema::{Attribute, Kind, ResourceType, Schema};

/// The schema of PATCH messages.
pub const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The most operations in one message, unless settings say otherwise.
pub const MAX_OPERATIONS: usize = 1_000;

/// A PATCH message for one resource type.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchRequest {
    pub(super) resource_type: Arc<ResourceType>,
    /// The operations, in the order in which they apply.
    pub operations: Vec<Operation>,
    /// What the paths used beyond the standard.
    pub used: FilterDialect,
    /// What the values say of `id` and `meta`, and in which operation: it must be what is stored.
    pub(super) claims: Vec<(usize, Claim)>,
}

/// One operation on one target.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What to do.
    pub operator: Operator,
    /// Where.
    pub target: Target,
    /// With what; `Null` for remove and for "no value".
    pub value: Value,
    /// The place in the message, counted from 0, for errors.
    pub position: usize,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Adds values (RFC 7644 §3.5.2.1).
    Add,
    /// Removes values (RFC 7644 §3.5.2.2).
    Remove,
    /// Replaces values (RFC 7644 §3.5.2.3).
    Replace,
}

/// What an operation is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// An attribute, or one sub-attribute of it.
    Attribute(AttributeRef),
    /// Elements of a multi-valued attribute, or one sub-attribute of each.
    Elements {
        /// The attribute.
        attribute: AttributeRef,
        /// Which elements.
        filter: ElementFilter,
        /// The sub-attribute.
        sub: Option<Arc<Attribute>>,
        /// What the filter says of an element that would match, when it is a conjunction of equalities.
        literals: Option<Object>,
    },
    /// A whole extension.
    Extension(Arc<Schema>),
    /// The list of schemas, which follows the extensions that have data.
    Schemas,
}

impl PatchRequest {
    /// Reads a message: structure, operators, paths, mutability. No resource is looked at.
    ///
    /// # Errors
    /// `invalidSyntax`, `invalidPath`, `invalidFilter`, `invalidValue`, `mutability`, `noTarget`, or 413 for more
    /// than `most` operations.
    pub fn parse(
        resource_type: &Arc<ResourceType>,
        message: &Object,
        dialect: FilterDialect,
        most: usize,
    ) -> Result<Self, Error> {
        require_schema(message, SCHEMA)?;
        let listed = member(message, "Operations").and_then(Value::as_array);
        let listed = listed.filter(|operations| !operations.is_empty());
        let listed =
            listed.ok_or_else(|| Error::invalid_syntax("Operations must be an array that is not empty."))?;
        if listed.len() > most {
            let detail = format!("A PATCH may hold {most} operations, this one holds {}.", listed.len());
            return Err(Error::status(413, detail));
        }
        let mut request = Self {
            resource_type: Arc::clone(resource_type),
            operations: Vec::with_capacity(listed.len()),
            used: FilterDialect::default(),
            claims: Vec::new(),
        };
        for (position, operation) in listed.iter().enumerate() {
            request.read(position, operation, dialect).map_err(|error| located(position, error))?;
        }
        Ok(request)
    }

    /// The attributes that the operations are about; of a whole extension, those that its value names.
    #[must_use]
    pub fn named(&self) -> Vec<AttributeRef> {
        let of = |operation: &Operation| match &operation.target {
            Target::Attribute(attribute) | Target::Elements { attribute, .. } => vec![attribute.whole()],
            Target::Extension(schema) => {
                let inside = operation.value.as_object().into_iter().flatten();
                let inside = inside.filter_map(|(name, _)| schema.attribute(name));
                inside.map(|attribute| AttributeRef::of(Some(schema), attribute)).collect()
            }
            Target::Schemas => Vec::new(),
        };
        self.operations.iter().flat_map(of).collect()
    }

    fn read(&mut self, position: usize, operation: &Value, dialect: FilterDialect) -> Result<(), Error> {
        let operation =
            operation.as_object().ok_or_else(|| Error::invalid_syntax("It must be an object."))?;
        let member = |wanted: &str| member(operation, wanted);
        let operator = operator(member("op"))?;
        let path = match member("path") {
            None | Some(Value::Null) => "",
            Some(Value::String(path)) => path.as_str(),
            Some(_) => return Err(Error::invalid_path("path must be a string.")),
        };
        let value = match (operator, member("value")) {
            (Operator::Remove, _) => Value::Null,
            (_, None) => return Err(Error::invalid_value("value is missing.")),
            (_, Some(value)) => value.clone(),
        };
        if path.is_empty() || self.resource_type.schema.id.eq_ignore_ascii_case(path) {
            return self.read_pathless(position, operator, &value, dialect);
        }
        let (target, used) = self.target(path, dialect)?;
        merge(&mut self.used, used);
        let names_values =
            operator == Operator::Remove && member("value").is_some_and(|value| !value.is_null());
        if let Target::Attribute(AttributeRef { attribute, sub: None, .. }) = &target
            && names_values
            && attribute.multi_valued
        {
            // By the letter the value is ignored and all go: a client that lists values does not mean that.
            return Err(Error::invalid_value(format!(
                "\"{path}\" cannot be emptied by naming values of it."
            )));
        }
        writable(&target)?;
        if operator == Operator::Add && value.is_null() {
            return Err(Error::invalid_value("value is null: there is nothing to add."));
        }
        self.operations.push(Operation { operator, target, value, position });
        Ok(())
    }

    /// Without a path the members of `value` are the targets (RFC 7644 §3.5.2.1, §3.5.2.3).
    fn read_pathless(
        &mut self,
        position: usize,
        operator: Operator,
        value: &Value,
        dialect: FilterDialect,
    ) -> Result<(), Error> {
        if operator == Operator::Remove {
            return Err(Error::no_target("remove needs a path."));
        }
        let members = value.as_object();
        let members =
            members.ok_or_else(|| Error::invalid_value("Without a path, value must be an object."))?;
        for (name, value) in hoisted(&self.resource_type, members)?.as_ref() {
            if let Some(claim) = Claim::of(name, value) {
                self.claims.push((position, claim));
                continue;
            }
            let (target, used) = self.member_target(name, dialect)?;
            merge(&mut self.used, used);
            writable(&target)?;
            self.operations.push(Operation { operator, target, value: value.clone(), position });
        }
        Ok(())
    }

    /// A member of a path-less value: an attribute, with its schema or without, or a whole extension.
    fn member_target(&self, name: &str, dialect: FilterDialect) -> Result<(Target, FilterDialect), Error> {
        let whole = FilterDialect::default();
        if name.eq_ignore_ascii_case("schemas") {
            return Ok((Target::Schemas, whole));
        }
        if let Some(schema) = self.resource_type.extension(name) {
            return Ok((Target::Extension(Arc::clone(schema)), whole));
        }
        if let Some(attribute) = self.resource_type.attribute(name) {
            return Ok((Target::Attribute(AttributeRef::of(None, attribute)), whole));
        }
        // The name of an attribute is understood as a path would be, but a key is no path into an attribute.
        if name.contains(':') || (dialect.bare_extensions && !name.contains(['.', '['])) {
            let names = FilterDialect { bare_extensions: dialect.bare_extensions, ..whole };
            return self.target(name, names);
        }
        let name = shortened(name);
        Err(Error::invalid_path(format!(
            "{} resources have no attribute \"{name}\".",
            self.resource_type.name
        )))
    }

    fn target(&self, path: &str, dialect: FilterDialect) -> Result<(Target, FilterDialect), Error> {
        let (parsed, grammar) = parse_path_with(path, dialect.grammar).map_err(|error| {
            let detail = unreadable("path", path, &error);
            let in_filter = path.find('[').is_some_and(|open| error.offset > open) && !error.kind.is_limit();
            if in_filter { Error::invalid_filter(detail) } else { Error::invalid_path(detail) }
        })?;
        let (found, bare) = locate(&self.resource_type, &parsed.attribute, dialect.bare_extensions)
            .map_err(Error::invalid_path)?;
        let mut used = FilterDialect { grammar, bare_extensions: bare, ..FilterDialect::default() };
        let attribute = match (found, &parsed.filter) {
            (Located::Extension(schema), None) => return Ok((Target::Extension(schema), used)),
            (Located::Extension(schema), Some(_)) => {
                return Err(Error::invalid_path(format!(
                    "\"{}\" is a schema and has no elements.",
                    schema.id
                )));
            }
            (Located::Attribute(attribute), None) if attribute.attribute.name == "schemas" => {
                return Ok((Target::Schemas, used));
            }
            (Located::Attribute(attribute), None) => return Ok((Target::Attribute(attribute), used)),
            (Located::Attribute(attribute), Some(_)) => attribute,
        };
        if !attribute.attribute.multi_valued || attribute.sub.is_some() {
            return Err(Error::invalid_path(format!(
                "\"{attribute}\" has one value: a filter cannot choose from it."
            )));
        }
        let filter = parsed.filter.as_deref().expect("the arms without a filter have returned");
        let literals = literals(&attribute.attribute, filter, dialect.boolean_strings);
        let (filter, in_filter) =
            resolve_element(&self.resource_type, &attribute.attribute, filter, dialect)?;
        merge(&mut used, in_filter);
        let sub = match &parsed.sub {
            None => None,
            Some(name) => Some(attribute.attribute.sub(name).cloned().ok_or_else(|| {
                let name = shortened(name);
                Error::invalid_path(format!("The attribute \"{attribute}\" has no sub-attribute \"{name}\"."))
            })?),
        };
        Ok((Target::Elements { attribute, filter, sub, literals }, used))
    }
}

/// The element that a conjunction of equalities describes.
fn literals(attribute: &Attribute, filter: &Filter, boolean_strings: bool) -> Option<Object> {
    match filter {
        Filter::And(terms) => terms.iter().try_fold(Object::new(), |mut all, term| {
            all.extend(literals(attribute, term, boolean_strings)?);
            Some(all)
        }),
        Filter::Compare(Comparison { path, op: CompareOp::Eq, value, .. })
            if path.schema.is_none() && path.sub.is_none() =>
        {
            let sub = attribute.sub(&path.name)?;
            let value = match (value, sub.kind) {
                (CompareValue::String(text), Kind::Boolean) if boolean_strings => boolean(text)?.into(),
                (CompareValue::String(text), _) => text.as_str().into(),
                (CompareValue::Bool(value), _) => (*value).into(),
                (CompareValue::Number(_) | CompareValue::Null, _) => return None,
            };
            Some(Object::from_iter([(sub.name.clone(), value)]))
        }
        _ => None,
    }
}

fn operator(op: Option<&Value>) -> Result<Operator, Error> {
    match op.and_then(Value::as_str) {
        Some("add") => Ok(Operator::Add),
        Some("remove") => Ok(Operator::Remove),
        Some("replace") => Ok(Operator::Replace),
        _ => Err(Error::invalid_syntax("op must be \"add\", \"remove\" or \"replace\".")),
    }
}

/// RFC 7644 §3.5.2: an operation on a read-only attribute is refused.
fn writable(target: &Target) -> Result<(), Error> {
    let refused = |name: String| Err(Error::mutability(format!("\"{name}\" is read-only.")));
    match target {
        Target::Attribute(attribute) | Target::Elements { attribute, sub: None, .. }
            if attribute.attribute.read_only() || attribute.leaf().read_only() =>
        {
            refused(attribute.to_string())
        }
        Target::Elements { attribute, sub: Some(sub), .. }
            if attribute.attribute.read_only() || sub.read_only() =>
        {
            refused(format!("{attribute}.{}", sub.name))
        }
        _ => Ok(()),
    }
}

fn merge(into: &mut FilterDialect, from: FilterDialect) {
    into.grammar = Lenience {
        whitespace: into.grammar.whitespace | from.grammar.whitespace,
        capital_booleans: into.grammar.capital_booleans | from.grammar.capital_booleans,
        value_path_comparison: into.grammar.value_path_comparison | from.grammar.value_path_comparison,
    };
    into.bare_extensions |= from.bare_extensions;
    into.complex_value |= from.complex_value;
    into.boolean_strings |= from.boolean_strings;
}

/// Names the operation in the sentence of an error.
pub(super) fn located(position: usize, mut error: Error) -> Error {
    error.detail = format!("Operation {}: {}", position + 1, error.detail);
    error
}
