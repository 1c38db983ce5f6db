//! One value against an operand.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use scim::filter::CompareOp;
use scim::filter::Operand;
use scim::schema::{Attribute, Kind};
use scim::time;

use super::FilterWriter;
use crate::db::backend;

/// Where a value is, as SQL; texts are in comparison form, what is not there is `NULL`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Text.
    Text(String),
    /// The same text in every row.
    Same(String),
    /// A UUID, compared by its text.
    Id(String),
    /// An address: what follows the prefix is text.
    Address { prefix: String, rest: String },
    /// A boolean.
    Boolean(String),
    /// A number.
    Number(String),
    /// An instant in a column.
    Instant(String),
    /// An instant as text, in UTC with milliseconds.
    InstantText(String),
    /// A complex value: the condition under which it is there.
    Complex(String),
    /// No value in any row.
    Nothing,
}

/// Whether a value that is not there satisfies the comparison.
pub(super) fn absent_matches(leaf: &Attribute, op: CompareOp, operand: &Operand) -> bool {
    if op == CompareOp::Ne {
        return !absent_matches(leaf, CompareOp::Eq, operand);
    }
    match operand {
        Operand::Null => true,
        // RFC 7643 §2.4: an element without "primary" counts as not primary.
        Operand::Bool(operand) => primary(leaf) && !operand,
        _ => false,
    }
}

fn primary(leaf: &Attribute) -> bool {
    leaf.kind == Kind::Boolean && leaf.name == "primary"
}

impl FilterWriter<'_> {
    /// The value compares so.
    pub(super) fn compare(&mut self, value: &Value, leaf: &Attribute, op: CompareOp, operand: &Operand) {
        if *value == Value::Nothing {
            self.constant(absent_matches(leaf, op, operand));
            return;
        }
        if op == CompareOp::Ne {
            return self.negated(|writer| writer.compare(value, leaf, CompareOp::Eq, operand));
        }
        match (value, operand) {
            (_, Operand::Null) => self.negated(|writer| writer.exists(value)),
            (Value::Text(text), Operand::Text(operand)) => self.text(|writer| writer.put(text), op, operand),
            (Value::Same(text), Operand::Text(operand)) => {
                let holds = same(text, op, operand);
                self.constant(holds);
            }
            (Value::Id(id), Operand::Text(operand)) => self.id(id, op, operand),
            (Value::Address { prefix, rest }, Operand::Text(operand)) => self.text(
                |writer| {
                    writer.sql.push("(").bind(prefix.as_str()).push(" || ").push(rest).push(")");
                },
                op,
                operand,
            ),
            (Value::Boolean(boolean), Operand::Bool(operand)) => {
                let truth = if *operand { "TRUE" } else { "FALSE" };
                let boolean =
                    if primary(leaf) { format!("COALESCE({boolean}, FALSE)") } else { boolean.clone() };
                self.sql.push(&format!("{boolean} = {truth}"));
            }
            (Value::Number(number), Operand::Number(operand)) => match symbol(op) {
                Some(symbol) => self.put_bound(&format!("{number} {symbol} "), *operand),
                None => self.constant(false),
            },
            (Value::Instant(instant), Operand::Instant(operand)) => {
                self.instant(instant, op, *operand, |writer, bound| writer.put_bound("", bound));
            }
            (Value::InstantText(instant), Operand::Instant(operand)) => {
                self.instant(instant, op, *operand, |writer, bound| {
                    writer.put_bound("", time::format(bound));
                });
            }
            _ => self.constant(false),
        }
    }

    /// RFC 7644 §3.4.2.2 `pr`: there is a value, and it is not empty.
    pub(super) fn has_value(&mut self, value: &Value) {
        match value {
            Value::Text(text) => self.put(&format!("{text} <> ''")),
            Value::Same(text) => self.constant(!text.is_empty()),
            value => self.exists(value),
        }
    }

    /// There is a value.
    pub(super) fn exists(&mut self, value: &Value) {
        match value {
            Value::Text(text) | Value::Address { rest: text, .. } => self.put(&format!("{text} IS NOT NULL")),
            Value::Id(other)
            | Value::Boolean(other)
            | Value::Number(other)
            | Value::Instant(other)
            | Value::InstantText(other) => self.put(&format!("{other} IS NOT NULL")),
            Value::Complex(condition) => self.put(&format!("({condition})")),
            Value::Same(_) => self.constant(true),
            Value::Nothing => self.constant(false),
        }
    }

    fn put(&mut self, text: &str) {
        self.sql.push(text);
    }

    fn put_bound(&mut self, text: &str, value: impl Into<sea_orm::Value>) {
        self.sql.push(text).bind(value);
    }

    pub(super) fn constant(&mut self, holds: bool) {
        self.sql.push(if holds { "TRUE" } else { "FALSE" });
    }

    fn text(&mut self, value: impl Fn(&mut Self), op: CompareOp, operand: &str) {
        // No stored text holds NUL, and PostgreSQL takes none: text up to one, and anything behind it, stays in order.
        if let Some((before, _)) = operand.split_once('\0') {
            return match op {
                CompareOp::Gt | CompareOp::Ge => self.text(value, CompareOp::Gt, before),
                CompareOp::Lt | CompareOp::Le => self.text(value, CompareOp::Le, before),
                _ => self.constant(false),
            };
        }
        let length = operand.chars().count();
        match op {
            // Every text contains the empty one, at every place.
            CompareOp::Co | CompareOp::Sw | CompareOp::Ew if length == 0 => {
                value(self);
                self.sql.push(" IS NOT NULL");
            }
            CompareOp::Co => {
                self.sql.push(backend::place(self.backend)).push("(");
                value(self);
                self.sql.push(", ").bind(operand).push(") > 0");
            }
            CompareOp::Sw => {
                self.sql.push("(");
                value(self);
                // The range can use an index, it leaves in a few texts too many.
                self.sql.push(" >= ").bind(operand).push(" AND substr(");
                value(self);
                self.sql.push(&format!(", 1, {length}) = ")).bind(operand);
                if let Some(end) = after_prefix(operand) {
                    self.sql.push(" AND ");
                    value(self);
                    self.sql.push(" < ").bind(end);
                }
                self.sql.push(")");
            }
            CompareOp::Ew => {
                let (open, close) = backend::tail(self.backend, length);
                self.sql.push(open);
                value(self);
                self.sql.push(&close).push(" = ").bind(operand);
            }
            _ => {
                value(self);
                self.sql.push(&format!(" {} ", symbol(op).unwrap_or("="))).bind(operand);
            }
        }
    }

    /// Identifiers sort like their texts, so that an index answers for whole identifiers.
    fn id(&mut self, id: &str, op: CompareOp, operand: &str) {
        let whole = operand.parse::<uuid::Uuid>().ok().filter(|uuid| uuid.to_string() == operand);
        match (symbol(op), whole) {
            (Some(symbol), Some(uuid)) => self.put_bound(&format!("{id} {symbol} "), uuid),
            (Some("="), None) => self.constant(false),
            _ => {
                let text = backend::uuid_text(self.backend, id);
                self.text(|writer| writer.put(&text), op, operand);
            }
        }
    }

    /// Stored instants are whole milliseconds, an operand between two of them is equal to none.
    fn instant(
        &mut self,
        instant: &str,
        op: CompareOp,
        operand: DateTime<Utc>,
        bind: impl Fn(&mut Self, DateTime<Utc>),
    ) {
        let (floor, exact) = floor(operand);
        let symbol = match (op, exact) {
            (CompareOp::Gt | CompareOp::Ge, false) => ">",
            (CompareOp::Lt | CompareOp::Le, false) => "<=",
            (op, true) => match symbol(op) {
                Some(symbol) => symbol,
                None => return self.constant(false),
            },
            _ => return self.constant(false),
        };
        self.sql.push(&format!("{instant} {symbol} "));
        bind(self, floor);
    }
}

/// The last whole millisecond up to an instant, and whether it is the instant. A leap second lies behind every
/// millisecond of its minute; a year with five digits behind every stored instant.
fn floor(instant: DateTime<Utc>) -> (DateTime<Utc>, bool) {
    if instant.year() > 9999 {
        let last =
            DateTime::parse_from_rfc3339("9999-12-31T23:59:59.999Z").map(|last| last.with_timezone(&Utc));
        return (last.unwrap_or(instant), false);
    }
    let nanoseconds = instant.nanosecond();
    let (within, exact) = if nanoseconds >= 1_000_000_000 {
        (999, false)
    } else {
        (nanoseconds / 1_000_000, nanoseconds.is_multiple_of(1_000_000))
    };
    let second = instant.with_nanosecond(0).unwrap_or(instant);
    (second + TimeDelta::milliseconds(within.into()), exact)
}

/// The least text behind all those that start with the prefix, if there is one.
pub(crate) fn after_prefix(prefix: &str) -> Option<String> {
    let mut kept: Vec<char> = prefix.chars().collect();
    while let Some(last) = kept.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            kept.push(next);
            return Some(kept.into_iter().collect());
        }
    }
    None
}

fn same(text: &str, op: CompareOp, operand: &str) -> bool {
    match op {
        CompareOp::Eq => text == operand,
        CompareOp::Ne => text != operand,
        CompareOp::Co => text.contains(operand),
        CompareOp::Sw => text.starts_with(operand),
        CompareOp::Ew => text.ends_with(operand),
        CompareOp::Gt => text > operand,
        CompareOp::Ge => text >= operand,
        CompareOp::Lt => text < operand,
        CompareOp::Le => text <= operand,
    }
}

fn symbol(op: CompareOp) -> Option<&'static str> {
    Some(match op {
        CompareOp::Eq => "=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Ne | CompareOp::Co | CompareOp::Sw | CompareOp::Ew => return None,
    })
}
