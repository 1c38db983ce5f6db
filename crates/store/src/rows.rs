//! Rows that travel as one JSON parameter: a statement has the same text, and is prepared once, for one row and for
//! five hundred.

use std::io::{self, Write as _};
use std::marker::PhantomData;

use scim::Object;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbBackend, EntityTrait, IdenStatic as _, IntoActiveModel, Iterable, Value,
};

use crate::backend::{cell, elements};
use crate::gates::Gates;
use crate::sql::Sql;

/// Rows of one table as the elements of a JSON array, each an array with the values in the order of the columns.
#[derive(Clone, Debug)]
pub(crate) struct Rows<E> {
    text: Vec<u8>,
    table: PhantomData<E>,
}

impl<E> Default for Rows<E> {
    fn default() -> Self {
        Self { text: Vec::new(), table: PhantomData }
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
    /// One row, with this object in this column: nobody has to give it away.
    pub(crate) fn with(row: E::Model, column: E::Column, object: &Object) -> Self {
        let mut one = Self::default();
        one.push(row, Some((column, object)));
        one
    }

    fn push(&mut self, row: E::Model, with: Option<(E::Column, &Object)>) {
        let (mut row, text) = (row.into_active_model(), &mut self.text);
        text.extend_from_slice(if text.is_empty() { b"[" } else { b",[" });
        for (at, column) in E::Column::iter().enumerate() {
            text.extend_from_slice(if at == 0 { b"" } else { b"," });
            let value = row.take(column).into_value();
            let written = match with {
                Some((other, object)) if other.as_str() == column.as_str() => {
                    serde_json::to_writer(&mut *text, object).map_err(io::Error::from)
                }
                _ => write(text, value),
            };
            written.expect("memory takes everything");
        }
        text.push(b']');
    }
}

impl<E> Rows<E> {
    /// Appends the rows of another list.
    pub(crate) fn append(&mut self, others: &Self) {
        if !self.text.is_empty() && !others.text.is_empty() {
            self.text.push(b',');
        }
        self.text.extend_from_slice(&others.text);
    }

    fn array(&self) -> String {
        let text = std::str::from_utf8(&self.text).expect("JSON is text");
        ["[", text, "]"].concat()
    }
}

impl Sql {
    /// Appends `INSERT INTO … SELECT …` for rows of one table, on the way through these gates; a condition may follow.
    pub(crate) fn insert<E: EntityTrait>(
        &mut self,
        backend: DbBackend,
        gates: &Gates<'_>,
        rows: &Rows<E>,
    ) -> &mut Self {
        self.insert_if(backend, gates, "TRUE", rows)
    }

    /// As [`Sql::insert`], for rows `e` of which a condition holds.
    pub(crate) fn insert_if<E: EntityTrait>(
        &mut self,
        backend: DbBackend,
        gates: &Gates<'_>,
        condition: &str,
        rows: &Rows<E>,
    ) -> &mut Self {
        let (mut names, mut picked) = (Vec::new(), Vec::new());
        for (at, column) in E::Column::iter().enumerate() {
            names.push(column.as_str());
            picked.push(cell(backend, at, column.def().get_column_type()));
        }
        let (names, picked, table) = (names.join(", "), picked.join(", "), E::default().table_name());
        let (before, behind) = elements(backend);
        // SQLite would make the text of a row anew for every value that is taken from it.
        self.push("WITH e AS MATERIALIZED (SELECT value FROM ").push(before);
        // As text: the layers below copy every parameter.
        self.bind(rows.array()).push(behind).push(")");
        let through = if gates.push(self, ", ", backend) { ", gate" } else { "" };
        self.push(&format!(" INSERT INTO {table} ({names}) SELECT {picked} FROM e{through}"));
        // With a WHERE, SQLite does not take an ON CONFLICT for the condition of a join.
        self.push(" WHERE ").push(condition)
    }
}

/// The value of a column of a row `e`.
pub(crate) fn value<C: ColumnTrait + Iterable>(backend: DbBackend, column: C) -> String {
    let at = C::iter().take_while(|other| other.as_str() != column.as_str()).count();
    cell(backend, at, column.def().get_column_type())
}

/// Appends a value as the JSON of the text by which its column stores it.
fn write(text: &mut Vec<u8>, value: Option<Value>) -> io::Result<()> {
    match value {
        Some(Value::String(Some(value))) => Ok(serde_json::to_writer(text, &value)?),
        Some(Value::Json(Some(json))) => Ok(serde_json::to_writer(text, &json)?),
        Some(Value::Uuid(Some(id))) => write!(text, "\"{}\"", id.simple()),
        Some(Value::ChronoDateTimeUtc(Some(at))) => write!(text, "\"{}\"", at.to_rfc3339()),
        Some(Value::Bool(Some(yes))) => write!(text, "{yes}"),
        Some(Value::BigInt(Some(number))) => write!(text, "{number}"),
        Some(present) if present != present.as_null() => {
            unreachable!("no table that is filled with many rows has a column of another type")
        }
        _ => text.write_all(b"null"),
    }
}
