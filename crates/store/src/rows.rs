//! Rows that travel as one JSON parameter: a statement has the same text, and is prepared once, for one row and for
//! five hundred.

use sea_orm::prelude::Json;
use sea_orm::{
    ActiveModelTrait, ColumnTrait as _, DbBackend, EntityName as _, EntityTrait, IdenStatic as _,
    IntoActiveModel, Iterable as _, Value,
};

use crate::backend::{cell, elements};
use crate::gates::Gates;
use crate::sql::Sql;

impl Sql {
    /// Appends `INSERT INTO … SELECT …` for rows of one table, on the way through these gates.
    pub(crate) fn insert<M, A>(&mut self, backend: DbBackend, gates: &Gates<'_>, rows: Vec<M>) -> &mut Self
    where
        M: IntoActiveModel<A>,
        A: ActiveModelTrait,
    {
        let (mut names, mut picked) = (Vec::new(), Vec::new());
        for (at, column) in <A::Entity as EntityTrait>::Column::iter().enumerate() {
            names.push(column.as_str());
            picked.push(cell(backend, at, column.def().get_column_type()));
        }
        let (names, picked, table) = (names.join(", "), picked.join(", "), A::Entity::default().table_name());
        let (before, behind) = elements(backend);
        // SQLite would make the text of a row anew for every value that is taken from it.
        self.push("WITH e AS MATERIALIZED (SELECT value FROM ").push(before);
        // As text: the layers below copy every parameter.
        self.bind(array(rows.into_iter().map(|row| array(cells(row.into_active_model())))))
            .push(behind)
            .push(")");
        let through = gates.push(self, ", ", backend);
        self.push(&format!(" INSERT INTO {table} ({names}) SELECT {picked} FROM e{through}"));
        // With a WHERE, SQLite does not take an ON CONFLICT for the condition of a join.
        self.push(" WHERE TRUE")
    }
}

/// A JSON array of elements that are JSON already.
fn array(elements: impl Iterator<Item = String>) -> String {
    let mut text = String::from("[");
    for (position, element) in elements.enumerate() {
        text.push_str(if position > 0 { "," } else { "" });
        text.push_str(&element);
    }
    text.push(']');
    text
}

/// The values of a row in the order of its columns, each as the JSON of the text by which its column stores it.
fn cells<A: ActiveModelTrait>(mut row: A) -> impl Iterator<Item = String> {
    <A::Entity as EntityTrait>::Column::iter().map(move |column| match row.take(column).into_value() {
        Some(Value::String(Some(text))) => Json::String(text).to_string(),
        Some(Value::Json(Some(json))) => json.to_string(),
        Some(Value::Uuid(Some(id))) => format!("\"{}\"", id.simple()),
        Some(Value::ChronoDateTimeUtc(Some(at))) => format!("\"{}\"", at.to_rfc3339()),
        Some(Value::Bool(Some(yes))) => yes.to_string(),
        Some(Value::BigInt(Some(number))) => number.to_string(),
        Some(present) if present != present.as_null() => {
            unreachable!("no table that is filled with many rows has a column of another type")
        }
        _ => "null".to_owned(),
    })
}
