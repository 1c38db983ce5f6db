//! Many rows in one statement, whose text does not depend on how many they are: they travel as one JSON parameter.

use std::io::{self, Write as _};
use std::marker::PhantomData;

use sea_orm::{
    ActiveModelTrait, ColumnTrait as _, ColumnType, DbBackend, EntityTrait, IdenStatic as _, IntoActiveModel,
    Iterable, Value,
};

use crate::db::backend::{cell, elements};
use crate::db::sql::Sql;

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
    /// One row, with this JSON in this column: no value is made of it.
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
    /// Appends what inserts rows into one table.
    pub(crate) fn insert<E: EntityTrait>(
        &mut self,
        backend: DbBackend,
        rows: &Rows<E>,
        behind: &str,
    ) -> &mut Self {
        self.insert_with(backend, rows, &[], behind)
    }

    /// As [`Sql::insert`], with expressions of SQL in the place of the values of some columns.
    pub(crate) fn insert_with<E: EntityTrait>(
        &mut self,
        backend: DbBackend,
        rows: &Rows<E>,
        found: &[(E::Column, String)],
        behind: &str,
    ) -> &mut Self {
        let value = |at: usize, column: E::Column| {
            let found = found.iter().find(|(known, _)| known.as_str() == column.as_str());
            found.map_or_else(|| value_of::<E>(backend, at, column), |(_, expression)| expression.clone())
        };
        let (columns, cells): (Vec<&str>, Vec<String>) =
            E::Column::iter().enumerate().map(|(at, column)| (column.as_str(), value(at, column))).unzip();
        let (before, after) = elements(backend);
        self.push(&format!("INSERT INTO {} ({}) SELECT ", E::default().table_name(), columns.join(", ")));
        self.push(&cells.join(", ")).push(" FROM ").push(before).bind(rows.json()).push(after);
        // A parser that meets ON after a source takes it for a condition of a join.
        self.push(" e WHERE TRUE").push(behind)
    }
}

fn value_of<E: EntityTrait>(backend: DbBackend, at: usize, column: E::Column) -> String {
    cell(backend, at, column.def().get_column_type())
}

/// The value of a column in a row that is being inserted, for an expression of another column.
pub(crate) fn given<E: EntityTrait>(backend: DbBackend, column: E::Column) -> String {
    let at = E::Column::iter().position(|known| known.as_str() == column.as_str()).unwrap_or(0);
    value_of::<E>(backend, at, column)
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
