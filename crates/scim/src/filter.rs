//! From a filter as written to a filter over attributes (RFC 7644 §3.4.2.2): the second of three stages.

use std::sync::Arc;

use chrono::{DateTime, Utc};
pub use scim_filter_parser::CompareOp;
use scim_filter_parser::{
    CompareValue, Comparison, ErrorKind, Filter, Lenience, ParseError, parse_filter_with,
};

use crate::path::{AttributeRef, Located, locate};
use crate::protocol::error::Error;
use crate::schema::{Attribute, Kind, ResourceType, Returned};
use crate::{text, time};

/// A filter over attributes of one resource type; what it means is [`ResolvedFilter::matches`].
#[derive(Clone, Debug, PartialEq)]
pub enum ResolvedFilter {
    /// All of them.
    And(Vec<ResolvedFilter>),
    /// Any of them.
    Or(Vec<ResolvedFilter>),
    /// Not this.
    Not(Box<ResolvedFilter>),
    /// Some value of the attribute compares so.
    Compare {
        /// The attribute; a multi-valued complex one always has its sub-attribute here.
        target: AttributeRef,
        /// The operator.
        op: CompareOp,
        /// What to compare with, in comparison form.
        operand: Operand,
    },
    /// The attribute has a value.
    Present(AttributeRef),
    /// Some one element of the attribute satisfies the filter inside the brackets.
    Element {
        /// The attribute, without sub-attribute.
        attribute: AttributeRef,
        /// The filter over one element.
        filter: ElementFilter,
    },
}

/// A filter over one element of an attribute; `None` for `sub` is the element itself.
#[derive(Clone, Debug, PartialEq)]
pub enum ElementFilter {
    /// All of them.
    And(Vec<ElementFilter>),
    /// Any of them.
    Or(Vec<ElementFilter>),
    /// Not this.
    Not(Box<ElementFilter>),
    /// The sub-attribute compares so.
    Compare {
        /// The sub-attribute.
        sub: Option<Arc<Attribute>>,
        /// The operator.
        op: CompareOp,
        /// What to compare with, in comparison form.
        operand: Operand,
    },
    /// The sub-attribute has a value.
    Present {
        /// The sub-attribute.
        sub: Option<Arc<Attribute>>,
    },
}

/// What an attribute is compared with, of the attribute's type.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// No value.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// An instant.
    Instant(DateTime<Utc>),
    /// Text in the attribute's comparison form.
    Text(String),
}

/// What a filter may do beyond the standard; as an answer, what it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilterDialect {
    /// In the grammar.
    pub grammar: Lenience,
    /// Attributes of an extension may stand without its URI.
    pub bare_extensions: bool,
    /// A single complex attribute is compared by its `value`.
    pub complex_value: bool,
    /// `"True"` and `"False"` are booleans.
    pub boolean_strings: bool,
}

/// Parses and resolves a filter; the second part of the answer says which parts of the dialect were used.
///
/// # Errors
/// `invalidFilter` that says where and why.
pub fn parse(
    resource_type: &ResourceType,
    filter: &str,
    dialect: FilterDialect,
) -> Result<(ResolvedFilter, FilterDialect), Error> {
    let (mut resolved, used) = parse_over(&[resource_type], filter, dialect)?;
    Ok((resolved.swap_remove(0), used))
}

/// The same for resources of several types, a filter for each: an attribute that a type lacks has no value there, if
/// another of the types has it (RFC 7644 §3.4.2.1).
///
/// # Errors
/// As [`parse`].
pub fn parse_over(
    types: &[&ResourceType],
    filter: &str,
    dialect: FilterDialect,
) -> Result<(Vec<ResolvedFilter>, FilterDialect), Error> {
    let (parsed, grammar) = parse_filter_with(filter, dialect.grammar)
        .map_err(|error| Error::invalid_filter(unreadable("filter", filter, &error)))?;
    let mut used = FilterDialect { grammar, ..FilterDialect::default() };
    let resolve = |resource_type: &&ResourceType| {
        let mut resolver = Resolver { resource_type, types, dialect, used };
        let resolved = resolver.filter(&parsed)?;
        used = resolver.used;
        Ok(resolved)
    };
    let resolved = types.iter().map(resolve).collect::<Result<_, Error>>()?;
    Ok((resolved, used))
}

/// Says where a filter or path cannot be read. An unknown operator is named; other text may be personal data and
/// is not repeated.
pub(crate) fn unreadable(what: &str, text: &str, error: &ParseError) -> String {
    let rest = text.get(error.offset..).unwrap_or_default();
    let word: String = rest.chars().take_while(char::is_ascii_alphabetic).take(20).collect();
    if error.kind == ErrorKind::Operator && !word.is_empty() {
        format!("The {what} cannot be read: \"{word}\" is no operator, {error}.")
    } else {
        format!("The {what} cannot be read: {error}.")
    }
}

/// Resolves the filter inside the brackets of `attribute`.
///
/// # Errors
/// `invalidFilter` that says why.
pub fn resolve_element(
    resource_type: &ResourceType,
    attribute: &Attribute,
    filter: &Filter,
    dialect: FilterDialect,
) -> Result<(ElementFilter, FilterDialect), Error> {
    let mut resolver = Resolver { resource_type, types: &[], dialect, used: FilterDialect::default() };
    let resolved = resolver.element(attribute, filter)?;
    Ok((resolved, resolver.used))
}

struct Resolver<'t> {
    resource_type: &'t ResourceType,
    /// All types that are searched.
    types: &'t [&'t ResourceType],
    dialect: FilterDialect,
    used: FilterDialect,
}

impl Resolver<'_> {
    fn filter(&mut self, filter: &Filter) -> Result<ResolvedFilter, Error> {
        Ok(match filter {
            Filter::And(terms) => ResolvedFilter::And(self.filters(terms)?),
            Filter::Or(terms) => ResolvedFilter::Or(self.filters(terms)?),
            Filter::Not(inner) => ResolvedFilter::Not(Box::new(self.filter(inner)?)),
            Filter::Present(path) if self.lacks(path) => FALSE,
            Filter::Present(path) => self.present(path)?,
            Filter::Compare(comparison) if self.lacks(&comparison.path) => absent(comparison),
            Filter::Compare(comparison) => self.comparison(comparison)?,
            Filter::Element(element) if self.lacks(&element.path) => FALSE,
            Filter::Element(element) => {
                let attribute = self.attribute(&element.path)?;
                if attribute.sub.is_some()
                    || !(attribute.attribute.multi_valued || attribute.attribute.complex())
                {
                    return Err(Error::invalid_filter(format!("\"{attribute}\" has no elements to filter.")));
                }
                readable(&attribute.attribute)?;
                let filter = self.element(&attribute.attribute, &element.filter)?;
                ResolvedFilter::Element { attribute, filter }
            }
        })
    }

    /// Whether only other types have the attribute.
    fn lacks(&self, path: &scim_filter_parser::AttributePath) -> bool {
        let has = |it: &ResourceType| locate(it, path, self.dialect.bare_extensions).is_ok();
        self.types.len() > 1 && !has(self.resource_type) && self.types.iter().any(|other| has(other))
    }

    /// An extension is there when one of its attributes is (RFC 7643 §3.3).
    fn present(&mut self, path: &scim_filter_parser::AttributePath) -> Result<ResolvedFilter, Error> {
        if let Ok((Located::Extension(schema), _)) = locate(self.resource_type, path, false) {
            let attributes = schema
                .attributes
                .iter()
                .map(|attribute| ResolvedFilter::Present(AttributeRef::of(Some(&schema), attribute)));
            return Ok(ResolvedFilter::Or(attributes.collect()));
        }
        Ok(ResolvedFilter::Present(self.attribute(path)?))
    }

    fn filters(&mut self, terms: &[Filter]) -> Result<Vec<ResolvedFilter>, Error> {
        terms.iter().map(|term| self.filter(term)).collect()
    }

    fn attribute(&mut self, path: &scim_filter_parser::AttributePath) -> Result<AttributeRef, Error> {
        let (located, bare) =
            locate(self.resource_type, path, self.dialect.bare_extensions).map_err(Error::invalid_filter)?;
        self.used.bare_extensions |= bare;
        match located {
            Located::Attribute(attribute) => Ok(attribute),
            Located::Extension(schema) => {
                Err(Error::invalid_filter(format!("\"{}\" is a schema, not an attribute.", schema.id)))
            }
        }
    }

    fn comparison(&mut self, comparison: &Comparison) -> Result<ResolvedFilter, Error> {
        let mut target = self.attribute(&comparison.path)?;
        readable(&target.attribute)?;
        if target.leaf().complex() && comparison.value != CompareValue::Null {
            // RFC 7644 §3.4.2.2: a multi-valued complex attribute means its "value" sub-attribute.
            let value = target.attribute.sub("value").cloned();
            let allowed = target.attribute.multi_valued || self.dialect.complex_value;
            match value {
                Some(value) if allowed => {
                    self.used.complex_value |= !target.attribute.multi_valued;
                    target.sub = Some(value);
                }
                _ => {
                    let detail = format!("\"{target}\" is complex: compare one of its sub-attributes.");
                    return Err(Error::invalid_filter(detail));
                }
            }
        }
        let operand = self.operand(target.leaf(), comparison)?;
        Ok(ResolvedFilter::Compare { target, op: comparison.op, operand })
    }

    fn element(&mut self, attribute: &Attribute, filter: &Filter) -> Result<ElementFilter, Error> {
        Ok(match filter {
            Filter::And(terms) => ElementFilter::And(self.elements(attribute, terms)?),
            Filter::Or(terms) => ElementFilter::Or(self.elements(attribute, terms)?),
            Filter::Not(inner) => ElementFilter::Not(Box::new(self.element(attribute, inner)?)),
            Filter::Present(path) => ElementFilter::Present { sub: sub_attribute(attribute, path)? },
            Filter::Compare(comparison) => {
                let sub = sub_attribute(attribute, &comparison.path)?;
                let operand = self.operand(sub.as_deref().unwrap_or(attribute), comparison)?;
                ElementFilter::Compare { sub, op: comparison.op, operand }
            }
            Filter::Element(_) => return Err(Error::invalid_filter("A value path cannot hold another one.")),
        })
    }

    fn elements(&mut self, attribute: &Attribute, terms: &[Filter]) -> Result<Vec<ElementFilter>, Error> {
        terms.iter().map(|term| self.element(attribute, term)).collect()
    }

    fn operand(&mut self, leaf: &Attribute, comparison: &Comparison) -> Result<Operand, Error> {
        let Comparison { op, value, .. } = comparison;
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        let substring = matches!(op, CompareOp::Co | CompareOp::Sw | CompareOp::Ew);
        let refused = |what: &str| {
            let name = &comparison.path;
            Err(Error::invalid_filter(format!("\"{name}\" is {what}: \"{op}\" cannot be used on it.")))
        };
        let mismatch = |wanted: &str| {
            Err(Error::invalid_filter(format!("\"{}\" must be compared with {wanted}.", comparison.path)))
        };
        let form = if substring { text::comparison_form_of_part } else { text::comparison_form };
        if *value == CompareValue::Null {
            return if equality { Ok(Operand::Null) } else { refused("compared with null") };
        }
        match leaf.kind {
            Kind::Boolean if !equality => refused("a boolean"),
            Kind::Boolean => match value {
                CompareValue::Bool(value) => Ok(Operand::Bool(*value)),
                CompareValue::String(value) if self.dialect.boolean_strings => match boolean(value) {
                    Some(value) => {
                        self.used.boolean_strings = true;
                        Ok(Operand::Bool(value))
                    }
                    None => mismatch("true or false"),
                },
                _ => mismatch("true or false"),
            },
            Kind::Integer | Kind::Decimal if substring => refused("a number"),
            Kind::Integer | Kind::Decimal => match value {
                CompareValue::Number(value) => match value.parse::<f64>() {
                    Ok(number) if number.is_finite() => Ok(Operand::Number(number)),
                    _ => mismatch("a number in the usual range"),
                },
                _ => mismatch("a number"),
            },
            Kind::DateTime if substring => refused("a date and time"),
            Kind::DateTime => match value {
                CompareValue::String(value) => match time::parse(value) {
                    Some(instant) => Ok(Operand::Instant(instant)),
                    None => mismatch("a date and time such as \"2011-05-13T04:42:34Z\""),
                },
                _ => mismatch("a date and time such as \"2011-05-13T04:42:34Z\""),
            },
            Kind::Binary if !equality => refused("binary"),
            Kind::String | Kind::Reference | Kind::Binary => match value {
                CompareValue::String(value) => Ok(Operand::Text(form(leaf, value).into_owned())),
                _ => mismatch("a string in double quotes"),
            },
            Kind::Complex => refused("complex"),
        }
    }
}

/// What no resource satisfies.
const FALSE: ResolvedFilter = ResolvedFilter::Or(Vec::new());
/// What every resource satisfies.
const TRUE: ResolvedFilter = ResolvedFilter::And(Vec::new());

/// A comparison of an attribute that the type lacks: it has no value, and without `primary` nothing is primary.
fn absent(comparison: &Comparison) -> ResolvedFilter {
    let equal = match comparison.value {
        CompareValue::Null => true,
        CompareValue::Bool(value) => {
            !value && comparison.path.sub.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case("primary"))
        }
        _ => false,
    };
    let holds = match comparison.op {
        CompareOp::Eq => equal,
        CompareOp::Ne => !equal,
        _ => false,
    };
    if holds { TRUE } else { FALSE }
}

/// A value that is never returned may only be asked for its presence: anything else is a guessing oracle.
pub(crate) fn readable(attribute: &Attribute) -> Result<(), Error> {
    if attribute.returned == Returned::Never {
        return Err(Error::invalid_filter(format!("\"{}\" cannot be used in a comparison.", attribute.name)));
    }
    Ok(())
}

fn sub_attribute(
    attribute: &Attribute,
    path: &scim_filter_parser::AttributePath,
) -> Result<Option<Arc<Attribute>>, Error> {
    let qualified = path.schema.is_some() || path.sub.is_some();
    if !qualified && attribute.complex() {
        if let Some(sub) = attribute.sub(&path.name) {
            return Ok(Some(Arc::clone(sub)));
        }
    } else if !qualified && path.name.eq_ignore_ascii_case("value") {
        return Ok(None);
    }
    Err(Error::invalid_filter(format!("\"{}\" has no sub-attribute \"{path}\".", attribute.name)))
}

/// `true` and `false` as text, in any case.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
