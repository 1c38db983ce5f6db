//! Pages of a list: how many there are, and some of them, in a stable order and in portions of a bounded size.

use std::collections::{HashMap, VecDeque};

use scim::filter::CompareOp;
use scim::filter::{Operand, ResolvedFilter};
use scim::protocol::list::Page;
use sea_orm::{ConnectionTrait as _, FromQueryResult, QueryResult};
use uuid::Uuid;

use super::order::sortable;
use super::{FilterWriter, Order, Table};
use crate::db::sql::Sql;
use crate::error::Error;
use crate::unit::ReadUnit;

/// Bytes of the documents in a portion of more than one resource.
const PORTION_BYTES: i64 = 4 * 1024 * 1024;
/// Resources of a portion: how much is computed for each of them is known only when it is read.
const PORTION: usize = 100;

/// Which resources of a table, and in which order: by id without one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chosen<'c> {
    pub(crate) filter: Option<&'c ResolvedFilter>,
    /// A condition of our own.
    pub(crate) also: &'c str,
    pub(crate) order: Option<&'c Order>,
}

/// A resource of a page that was not read yet.
#[derive(Debug, FromQueryResult)]
pub(super) struct Found {
    pub(super) id: Uuid,
    pub(super) size: i64,
}

/// How many resources satisfy a filter, and those of one page, which are read in portions.
#[derive(Debug)]
pub struct Listing<'u, T> {
    unit: &'u ReadUnit,
    table: Table,
    /// The columns of a resource, without the table.
    columns: Sql,
    read: fn(&QueryResult) -> Result<T, Error>,
    pub(super) total: u64,
    /// The only resource that there can be, where the statement that looked for it has read it.
    only: Vec<T>,
    found: VecDeque<Found>,
}

impl<T: Send + Sync> Listing<'_, T> {
    /// How many resources satisfy the filter.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The next resources of the page, in its order; none behind the last.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, Error> {
        if !self.only.is_empty() {
            return Ok(Some(std::mem::take(&mut self.only)));
        }
        let portion = self.portion();
        if portion.is_empty() {
            return Ok(None);
        }
        let (name, alias) = (self.table.name(), self.table.alias());
        let mut sql = self.columns.clone();
        let places: HashMap<Uuid, usize> = portion.iter().copied().zip(0..).collect();
        sql.push(" FROM ").among(self.unit.backend(), self.unit.tenant(), (name, alias, "id"), portion);
        let rows = self.unit.transaction.query_all_raw(sql.statement(self.unit.backend())).await?;
        let placed = rows.iter().map(|row| Ok((places.get(&row.try_get("", "id")?), (self.read)(row)?)));
        let mut placed: Vec<(Option<&usize>, T)> = placed.collect::<Result<_, Error>>()?;
        placed.sort_by_key(|(place, _)| *place);
        Ok(Some(placed.into_iter().map(|(_, resource)| resource).collect()))
    }

    /// All resources of the page at once, with how many satisfy the filter.
    ///
    /// # Errors
    /// As [`Listing::next`].
    pub async fn all(mut self) -> Result<(u64, Vec<T>), Error> {
        let mut all = Vec::new();
        while let Some(portion) = self.next().await? {
            all.extend(portion);
        }
        Ok((self.total, all))
    }

    fn portion(&mut self) -> Vec<Uuid> {
        let (mut portion, mut bytes) = (Vec::new(), 0);
        while let Some(next) = self.found.front() {
            bytes += next.size;
            if portion.len() == PORTION || (bytes > PORTION_BYTES && !portion.is_empty()) {
                break;
            }
            portion.push(next.id);
            self.found.pop_front();
        }
        portion
    }

    async fn resources(&self, sql: Sql) -> Result<Vec<T>, Error> {
        let rows = self.unit.transaction.query_all_raw(sql.statement(self.unit.backend())).await?;
        rows.iter().map(self.read).collect()
    }
}

fn read<R, T>(row: &QueryResult) -> Result<T, Error>
where
    R: FromQueryResult + TryInto<T, Error = Error>,
{
    R::from_query_result(row, "")?.try_into()
}

impl<'u, T: Send + Sync> Listing<'u, T> {
    /// These resources, in this order.
    pub(super) fn of<R>(unit: &'u ReadUnit, table: Table, columns: Sql, found: VecDeque<Found>) -> Self
    where
        R: FromQueryResult + TryInto<T, Error = Error>,
    {
        let total = found.len() as u64;
        Self { unit, table, columns, read: read::<R, T>, total, only: Vec::new(), found }
    }
}

/// How many resources are chosen, and those of one page: rows of `R`, which have these columns.
///
/// The page alone says how many there are, unless it is full or starts behind the end: then they are counted.
pub(crate) async fn list<'u, R, T>(
    unit: &'u ReadUnit,
    table: Table,
    columns: Sql,
    chosen: Chosen<'_>,
    page: Page,
) -> Result<Listing<'u, T>, Error>
where
    R: FromQueryResult + TryInto<T, Error = Error>,
    T: Send + Sync,
{
    let mut listing = Listing::of::<R>(unit, table, columns, VecDeque::new());
    let before = page.start_index.saturating_sub(1);
    if page.count > 0 {
        if finds_one(chosen.filter, page) {
            let mut columns = listing.columns.clone();
            columns.push(&format!(" FROM {} {}", table.name(), table.alias()));
            let sql = statement(unit, table, columns, chosen, page);
            listing.only = listing.resources(sql).await?;
            listing.total = listing.only.len() as u64;
            return Ok(listing);
        }
        let (name, alias) = (table.name(), table.alias());
        let size = table.document_size(unit.backend());
        let columns = Sql::new(&format!("SELECT {alias}.id, {size} AS size FROM {name} {alias}"));
        let counted = chosen.order.filter(|order| !order.is_indexed(table));
        if let Some(order) = counted {
            listing.total = count(unit, table, chosen).await?;
            sortable(listing.total, order.most)?;
        }
        let page_ids = statement(unit, table, columns, chosen, page);
        listing.found = unit.transaction.all::<Found>(page_ids).await?.into();
        let found = listing.found.len() as u64;
        if counted.is_some() {
            return Ok(listing);
        }
        if found < page.count && (found > 0 || before == 0) {
            listing.total = before + found;
            return Ok(listing);
        }
    }
    listing.total = count(unit, table, chosen).await?;
    Ok(listing)
}

pub(super) async fn count(unit: &ReadUnit, table: Table, chosen: Chosen<'_>) -> Result<u64, Error> {
    let mut sql = Sql::default();
    if chosen.filter.is_none() && chosen.also.is_empty() && table == Table::Users {
        sql.push("SELECT CAST(COALESCE(SUM(c.people), 0) AS BIGINT)");
        if unit.scope.has_held() {
            sql.push(" + (SELECT COUNT(*) FROM users h WHERE h.tenant_id = ").bind(unit.tenant());
            sql.push(" AND h.deleted_at IS NOT NULL AND h.ended_at IS NULL)");
        }
        sql.push(" AS total FROM user_counts c WHERE c.tenant_id = ")
            .bind(unit.tenant())
            .seen(&unit.scope, "c");
    } else {
        sql.push(&format!("SELECT COUNT(*) AS total FROM {} {}", table.name(), table.alias()));
        condition(unit, &mut sql, table, chosen);
    }
    unit.transaction.number(sql).await
}

/// What selects the rows of a page.
pub(super) fn statement(unit: &ReadUnit, table: Table, columns: Sql, chosen: Chosen<'_>, page: Page) -> Sql {
    let mut sql = columns;
    condition(unit, &mut sql, table, chosen);
    // A bound or needless LIMIT makes SQLite prepare the statement anew each time.
    if !finds_one(chosen.filter, page) {
        sql.push(" ORDER BY ");
        if let Some(order) = chosen.order {
            FilterWriter::of(unit, table, &mut sql).order(&order.sort, false);
        }
        let before = page.start_index.saturating_sub(1).min(i64::MAX as u64);
        sql.push(&format!("{}.id LIMIT {} OFFSET {before}", table.alias(), page.count));
    }
    sql
}

pub(super) fn condition(unit: &ReadUnit, sql: &mut Sql, table: Table, chosen: Chosen<'_>) {
    let tenant = unit.tenant();
    sql.push(&format!(" WHERE {}.tenant_id = ", table.alias())).bind(tenant);
    match table {
        Table::Users => sql.seen_user(&unit.scope, table.alias()),
        Table::Groups => sql.seen(&unit.scope, table.alias()),
    }
    .push(chosen.also);
    if let Some(filter) = chosen.filter {
        sql.push(" AND (");
        FilterWriter::of(unit, table, sql).filter(filter);
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
