//! SQL text with bound values.

use sea_orm::{DbBackend, Statement, Value};
use uuid::Uuid;

use crate::db::backend;

/// The most rows that one statement inserts or names, well below the limits of both databases on parameters.
pub(crate) const CHUNK: usize = 500;

/// A statement under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sql {
    text: String,
    values: Vec<Value>,
    /// Where in the text the parameter of each value goes.
    places: Vec<usize>,
    /// How many statements stand before the last one.
    statements: usize,
}

impl Sql {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// Appends text; never anything that came from outside.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a parameter with its value.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.places.push(self.text.len());
        self
    }

    /// Appends another text with its parameters.
    pub(crate) fn append(&mut self, other: &Self) -> &mut Self {
        let before = self.text.len();
        self.text.push_str(&other.text);
        self.values.extend(other.values.iter().cloned());
        self.places.extend(other.places.iter().map(|place| before + place));
        self
    }

    /// Appends `(…, …)` with a parameter for each value; an empty list matches nothing.
    ///
    /// The last value is repeated until their number is a power of two, so that a database has to prepare, and a
    /// connection to keep, ten statements for lists of up to 512 values and not one for each length.
    pub(crate) fn list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        let mut values: Vec<Value> = values.into_iter().map(Into::into).collect();
        let Some(last) = values.last().cloned() else { return self.push("(NULL)") };
        values.resize(values.len().next_power_of_two(), last);
        self.tuple(values)
    }

    /// Appends a source `alias`: the rows of a table whose value in this column is one of the keys. Each key is looked for
    /// in an index, whatever the planner believes about the table, and rows are found, and locked, in the order of keys.
    pub(crate) fn among(
        &mut self,
        backend: DbBackend,
        tenant: Uuid,
        (table, alias, column): (&str, &str, &str),
        keys: impl IntoIterator<Item = Uuid>,
    ) -> &mut Self {
        self.among_those(backend, tenant, (table, alias, column), keys, |sql| sql)
    }

    /// As [`Sql::among`], with one more condition on a row `t`.
    pub(crate) fn among_those(
        &mut self,
        backend: DbBackend,
        tenant: Uuid,
        (table, alias, column): (&str, &str, &str),
        keys: impl IntoIterator<Item = Uuid>,
        condition: impl FnOnce(&mut Self) -> &mut Self,
    ) -> &mut Self {
        self.columns_among(backend, tenant, ("t.*", table, alias, column), keys, condition)
    }

    /// As [`Sql::among_those`], with these columns of a row `t` alone: a lock takes along all that its source has, however large.
    pub(crate) fn columns_among(
        &mut self,
        backend: DbBackend,
        tenant: Uuid,
        (columns, table, alias, column): (&str, &str, &str, &str),
        keys: impl IntoIterator<Item = Uuid>,
        condition: impl FnOnce(&mut Self) -> &mut Self,
    ) -> &mut Self {
        let mut keys: Vec<Uuid> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        // As in a list of values, but a key that comes twice would be found twice. Nothing has this key.
        keys.resize(keys.len().next_power_of_two(), Uuid::nil());
        let (before, behind) = backend::for_each_of(backend, columns);
        self.push(&format!("(SELECT {columns} FROM (VALUES ")).rows(keys.into_iter().map(|key| [key.into()]));
        self.push(&format!(") i {before} {table} t WHERE t.tenant_id = ")).bind(tenant);
        self.push(&format!(" AND t.{column} = i.column1"));
        condition(self).push(&format!("{behind}) {alias}"))
    }

    pub(crate) fn tuple(&mut self, values: impl IntoIterator<Item = Value>) -> &mut Self {
        self.push("(");
        for (position, value) in values.into_iter().enumerate() {
            self.push(if position > 0 { ", " } else { "" }).bind(value);
        }
        self.push(")")
    }

    /// Appends `(…, …), (…, …)` with a parameter for each value.
    pub(crate) fn rows<const N: usize>(&mut self, rows: impl IntoIterator<Item = [Value; N]>) -> &mut Self {
        let mut first = true;
        for row in rows {
            if !std::mem::take(&mut first) {
                self.push(", ");
            }
            self.tuple(row);
        }
        self
    }

    /// Appends a statement that goes to the database in one trip with the one that is appended behind it.
    pub(crate) fn together(
        &mut self,
        backend: DbBackend,
        statement: impl FnOnce(&mut Self) -> &mut Self,
    ) -> &mut Self {
        let (before, after) = backend::together(backend, self.statements);
        self.statements += 1;
        self.push(&before);
        statement(self);
        self.push(after)
    }

    pub(crate) fn statement(self, backend: DbBackend) -> Statement {
        let text = self.text(backend);
        Statement::from_sql_and_values(backend, text, self.values)
    }

    fn text(&self, backend: DbBackend) -> String {
        let mut text = String::with_capacity(self.text.len() + 4 * self.places.len());
        let mut done = 0;
        for (at, place) in self.places.iter().enumerate() {
            text.push_str(&self.text[done..*place]);
            backend::parameter(backend, at + 1, &mut text);
            done = *place;
        }
        text + &self.text[done..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stand_where_they_were_bound_and_lists_are_never_empty() {
        let mut sql = Sql::new("a = ");
        sql.bind(1).push(" AND b IN ").list([2, 3, 5]).push(" AND c IN ").list(Vec::<i32>::new());
        let text = |url| sql.text(backend::of_url(url).expect("a database"));
        assert_eq!(text("postgres://"), "a = $1 AND b IN ($2, $3, $4, $5) AND c IN (NULL)");
        assert_eq!(text("sqlite://"), "a = ? AND b IN (?, ?, ?, ?) AND c IN (NULL)");
        assert_eq!(sql.values, [1, 2, 3, 5, 5].map(Value::from));
    }
}
