//! Pages of a list: how many there are, and some of them, in a stable order.

use scim::filter::CompareOp;
use scim::filter::{Operand, ResolvedFilter};
use scim::protocol::list::Page;
use sea_orm::FromQueryResult;

use super::{FilterWriter, Table};
use crate::db::sql::Sql;
use crate::error::Error;
use crate::unit::ReadUnit;

#[derive(FromQueryResult)]
struct Total {
    total: i64,
}

/// How many rows satisfy the filter, and those of one page.
///
/// The page alone says how many there are, unless it is full or starts behind the end: then they are counted.
pub(crate) async fn page<T: FromQueryResult>(
    unit: &ReadUnit,
    table: Table,
    columns: Sql,
    filter: Option<&ResolvedFilter>,
    page: Page,
) -> Result<(u64, Vec<T>), Error> {
    let mut rows = Vec::new();
    let before = page.start_index.saturating_sub(1);
    if page.count > 0 {
        let sql = statement(unit, table, columns, filter, page);
        rows = unit.transaction.all::<T>(sql).await?;
        let found = rows.len() as u64;
        if finds_one(filter, page) || (found < page.count && (found > 0 || before == 0)) {
            return Ok((before + found, rows));
        }
    }
    let name = match table {
        Table::Users => "users",
        Table::Groups => "groups",
    };
    let mut sql = Sql::new(&format!("SELECT COUNT(*) AS total FROM {name} {}", table.alias()));
    condition(unit, &mut sql, table, filter);
    let total = unit.transaction.one::<Total>(sql).await?.map_or(0, |row| row.total);
    Ok((u64::try_from(total).unwrap_or(0), rows))
}

/// What selects the rows of a page.
pub(super) fn statement(
    unit: &ReadUnit,
    table: Table,
    columns: Sql,
    filter: Option<&ResolvedFilter>,
    page: Page,
) -> Sql {
    let mut sql = columns;
    condition(unit, &mut sql, table, filter);
    // A bound or needless LIMIT makes SQLite prepare the statement anew each time.
    if !finds_one(filter, page) {
        let before = page.start_index.saturating_sub(1).min(i64::MAX as u64);
        sql.push(&format!(" ORDER BY {}.id LIMIT {} OFFSET {before}", table.alias(), page.count));
    }
    sql
}

fn condition(unit: &ReadUnit, sql: &mut Sql, table: Table, filter: Option<&ResolvedFilter>) {
    let tenant = unit.tenant();
    sql.push(&format!(" WHERE {}.tenant_id = ", table.alias())).bind(tenant);
    sql.seen(&unit.scope, table.alias());
    if let Some(filter) = filter {
        sql.push(" AND (");
        FilterWriter { sql, backend: unit.backend(), table, scope: &unit.scope, base: &unit.base }
            .filter(filter);
        sql.push(")");
    }
}

/// Whether the first page holds the only row that can satisfy the filter: one statement finds all of the answer.
#[must_use]
pub fn finds_one(filter: Option<&ResolvedFilter>, page: Page) -> bool {
    page.start_index <= 1 && filter.is_some_and(names_one)
}

fn names_one(filter: &ResolvedFilter) -> bool {
    match filter {
        ResolvedFilter::And(terms) => terms.iter().any(names_one),
        ResolvedFilter::Compare { target, op: CompareOp::Eq, operand: Operand::Text(_) } => {
            target.extension.is_none()
                && target.sub.is_none()
                && matches!(target.attribute.name.as_str(), "id" | "userName")
        }
        _ => false,
    }
}
