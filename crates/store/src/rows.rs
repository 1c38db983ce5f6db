//! Many rows in one statement, whose text depends little or not at all on how many they are: `PostgreSQL` gets one JSON
//! parameter and prepares one statement, `SQLite` gets every value and prepares one for each power of two.

use std::io::{self, Write as _};
use std::iter::repeat;
use std::marker::PhantomData;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ColumnType, DbBackend, EntityTrait, IdenStatic as _, IntoActiveModel,
    Iterable, Value,
};

use crate::backend::{ELEMENTS, cell, concurrent, most_rows};
use crate::gates::Gates;
use crate::sql::Sql;

/// Rows of one table, each with its values in the order of the columns; JSON is its text.
#[derive(Clone, Debug)]
pub(crate) struct Rows<E> {
    values: Vec<Value>,
    table: PhantomData<E>,
}

impl<E> Default for Rows<E> {
    fn default() -> Self {
        Self { values: Vec::new(), table: PhantomData }
    }
}

impl<E> FromIterator<E::Model> for Rows<E>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    fn from_iter<I: IntoIterator<Item = E::Model>>(rows: I) -> Self {
        let mut all = Self::default();
        for row in rows {
            all.push(row, None);
        }
        all
    }
}

impl<E> Rows<E>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    /// One row, with this JSON in this column: nobody has to make a value of it.
    pub(crate) fn with(row: E::Model, column: E::Column, json: Option<String>) -> Self {
        let mut one = Self::default();
        one.push(row, Some((column, json)));
        one
    }

    fn push(&mut self, row: E::Model, mut with: Option<(E::Column, Option<String>)>) {
        let mut row = row.into_active_model();
        self.values.extend(E::Column::iter().map(|column| {
            if let Some((_, json)) = with.take_if(|(other, _)| other.as_str() == column.as_str()) {
                return Value::String(json);
            }
            match row.take(column).into_value().expect("a model has a value for every column") {
                Value::Json(json) => Value::String(json.map(|json| json.to_string())),
                value => value,
            }
        }));
    }
}

impl<E: EntityTrait> Rows<E> {
    /// Appends the rows of another list.
    pub(crate) fn append(&mut self, others: Self) {
        self.values.extend(others.values);
    }

    /// How many they are.
    pub(crate) fn len(&self) -> usize {
        self.values.len() / E::Column::iter().count()
    }

    /// An array of arrays.
    fn json(&self) -> String {
        let types: Vec<ColumnType> =
            E::Column::iter().map(|column| column.def().get_column_type().clone()).collect();
        let mut text = vec![b'['];
        for (at, row) in self.values.chunks(types.len()).enumerate() {
            text.extend_from_slice(if at == 0 { b"[" } else { b",[" });
            for (at, (value, column)) in row.iter().zip(&types).enumerate() {
                text.extend_from_slice(if at == 0 { b"" } else { b"," });
                write(&mut text, column, value).expect("memory takes everything");
            }
            text.push(b']');
        }
        text.push(b']');
        String::from_utf8(text).expect("JSON is text")
    }
}

impl Sql {
    /// Appends what inserts rows into one table, on the way through these gates.
    pub(crate) fn insert<E: EntityTrait>(
        &mut self,
        backend: DbBackend,
        gates: &Gates<'_>,
        rows: Rows<E>,
        behind: &str,
    ) -> &mut Self {
        let always = |sql: &mut Self| {
            sql.push("TRUE");
        };
        self.insert_if(backend, gates, rows, always, behind)
    }

    /// The same for rows `e` of which a condition holds.
    pub(crate) fn insert_if<E: EntityTrait>(
        &mut self,
        backend: DbBackend,
        gates: &Gates<'_>,
        rows: Rows<E>,
        condition: impl Fn(&mut Self),
        behind: &str,
    ) -> &mut Self {
        let names: Vec<&str> = E::Column::iter().map(|column| column.as_str()).collect();
        let into = format!("INSERT INTO {} ({}) SELECT ", E::default().table_name(), names.join(", "));
        if concurrent(backend) {
            let (before, after) = ELEMENTS;
            self.push("WITH e AS MATERIALIZED (SELECT value FROM ").push(before);
            self.bind(rows.json()).push(after).push(")");
            let through = if gates.push(self, ", ", backend) { ", gate" } else { "" };
            let picked: Vec<String> = E::Column::iter().map(|column| value(backend, column)).collect();
            self.push(" ").push(&into).push(&picked.join(", ")).push(" FROM e").push(through).push(" WHERE ");
            condition(self);
            return self.push(behind);
        }
        let (mut values, width) = (rows.values.into_iter(), names.len());
        while values.len() > 0 {
            let rows = (values.len() / width).min(most_rows(backend));
            self.push(&into).push("* FROM (VALUES ");
            // Rows of NULL make their number a power of two, and are left out again by the key.
            let mut padded = values.by_ref().take(rows * width).chain(repeat(Value::String(None)));
            for row in 0..rows.next_power_of_two() {
                self.push(if row == 0 { "" } else { ", " }).tuple(padded.by_ref().take(width));
            }
            self.push(") e WHERE e.column1 IS NOT NULL AND ");
            condition(self);
            self.push(behind).push(if values.len() > 0 { "; " } else { "" });
        }
        self
    }
}

/// The value of a column of a row `e`.
pub(crate) fn value<C: ColumnTrait + Iterable>(backend: DbBackend, column: C) -> String {
    let at = C::iter().take_while(|other| other.as_str() != column.as_str()).count();
    cell(backend, at, column.def().get_column_type())
}

/// Appends a value as the JSON of the text by which its column stores it.
fn write(text: &mut Vec<u8>, column: &ColumnType, value: &Value) -> io::Result<()> {
    match value {
        Value::String(Some(json)) if matches!(column, ColumnType::Json | ColumnType::JsonBinary) => {
            text.write_all(json.as_bytes())
        }
        Value::String(Some(value)) => Ok(serde_json::to_writer(text, &value)?),
        Value::Uuid(Some(id)) => write!(text, "\"{}\"", id.simple()),
        Value::ChronoDateTimeUtc(Some(at)) => write!(text, "\"{}\"", at.to_rfc3339()),
        Value::Bool(Some(yes)) => write!(text, "{yes}"),
        Value::BigInt(Some(number)) => write!(text, "{number}"),
        present if *present != present.as_null() => {
            unreachable!("no table that is filled with many rows has a column of another type")
        }
        _ => text.write_all(b"null"),
    }
}
