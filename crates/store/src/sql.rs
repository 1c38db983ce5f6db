//! SQL text with bound values: one text for both databases, since both number their parameters `$1`, `$2`, ….

use sea_orm::{DbBackend, Statement, Value};

/// A statement under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Appends text; never anything that came from outside.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a parameter with its value.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.push(&format!("${}", self.values.len()))
    }

    /// Appends `(…, …)` with a parameter for each value; an empty list matches nothing.
    pub(crate) fn list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        self.push("(");
        let mut first = true;
        for value in values {
            if !std::mem::take(&mut first) {
                self.push(", ");
            }
            self.bind(value);
        }
        self.push(if first { "NULL)" } else { ")" })
    }

    /// Appends `(…, …), (…, …)` with a parameter for each value.
    pub(crate) fn rows<const N: usize>(&mut self, rows: impl IntoIterator<Item = [Value; N]>) -> &mut Self {
        let mut first = true;
        for row in rows {
            if !std::mem::take(&mut first) {
                self.push(", ");
            }
            self.list(row);
        }
        self
    }

    pub(crate) fn statement(self, backend: DbBackend) -> Statement {
        Statement::from_sql_and_values(backend, self.text, self.values)
    }
}

/// A literal of SQL for a name of our own, such as a schema's URI.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_and_lists_are_never_empty() {
        let mut sql = Sql::new("a = ");
        sql.bind(1).push(" AND b IN ").list([2, 3]).push(" AND c IN ").list(Vec::<i32>::new());
        assert_eq!(sql.text, "a = $1 AND b IN ($2, $3) AND c IN (NULL)");
        assert_eq!(sql.values.len(), 3);
        assert_eq!(literal("it's"), "'it''s'");
    }
}
