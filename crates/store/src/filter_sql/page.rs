//! Pages of a list: resources in a stable order and in portions of a bounded size.

use std::collections::{HashMap, VecDeque};

use scim::filter::CompareOp;
use scim::filter::{Operand, ResolvedFilter};
use sea_orm::{ConnectionTrait as _, FromQueryResult, QueryResult};
use uuid::Uuid;

use super::walk::{Reached, Source, Stretch, Walked};
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
    /// Which type of a list over several.
    pub(super) kind: i32,
    pub(super) id: Uuid,
    pub(super) size: i64,
}

/// The resources of a page, which are read in portions.
#[derive(Debug)]
pub struct Listing<'u, T> {
    unit: &'u ReadUnit,
    table: Table<'u>,
    /// The columns of a resource, without the table.
    columns: Sql,
    read: fn(&QueryResult) -> Result<T, Error>,
    /// The only resource that there can be, where the statement that looked for it has read it.
    only: Vec<T>,
    found: VecDeque<Found>,
}

impl<T: Send + Sync> Listing<'_, T> {
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

impl<T: Send + Sync> Walked<Listing<'_, T>> {
    /// How many there are in all.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.reached.total
    }

    /// As [`Listing::next`].
    ///
    /// # Errors
    /// As [`Listing::next`].
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, Error> {
        self.resources.next().await
    }

    /// How many there are in all, and all resources of the page at once.
    ///
    /// # Errors
    /// As [`Listing::next`].
    pub async fn all(mut self) -> Result<(u64, Vec<T>), Error> {
        let mut all = Vec::new();
        while let Some(portion) = self.next().await? {
            all.extend(portion);
        }
        Ok((self.reached.total, all))
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
    pub(super) fn of<R>(unit: &'u ReadUnit, table: Table<'u>, columns: Sql, found: VecDeque<Found>) -> Self
    where
        R: FromQueryResult + TryInto<T, Error = Error>,
    {
        Self { unit, table, columns, read: read::<R, T>, only: Vec::new(), found }
    }
}

/// A stretch of the chosen resources: rows of `R`, which have these columns.
pub(crate) async fn list<'u, R, T>(
    unit: &'u ReadUnit,
    table: Table<'u>,
    columns: Sql,
    chosen: Chosen<'_>,
    stretch: &Stretch,
) -> Result<Walked<Listing<'u, T>>, Error>
where
    R: FromQueryResult + TryInto<T, Error = Error>,
    T: Send + Sync,
{
    let mut listing = Listing::of::<R>(unit, table, columns, VecDeque::new());
    if stretch.count > 0 && stretch.is_first() && finds_one(chosen.filter) {
        listing.only = listing.resources(only(unit, table, listing.columns.clone(), chosen)).await?;
        let total = listing.only.len() as u64;
        let reached = Reached { places: Vec::new(), more: false, total };
        return Ok(Walked { resources: listing, reached });
    }
    let (found, reached) = Source::of(unit, table, chosen).find(unit, &[(table, chosen)], stretch).await?;
    listing.found = found.into();
    Ok(Walked { resources: listing, reached })
}

pub(super) async fn count(unit: &ReadUnit, table: Table<'_>, chosen: Chosen<'_>) -> Result<u64, Error> {
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

/// What selects the only row that there can be. A needless `LIMIT` makes `SQLite` prepare the statement anew each time.
pub(super) fn only(unit: &ReadUnit, table: Table<'_>, columns: Sql, chosen: Chosen<'_>) -> Sql {
    let mut sql = columns;
    sql.push(&format!(" FROM {} {}", table.name(), table.alias()));
    condition(unit, &mut sql, table, chosen);
    sql
}

pub(super) fn condition(unit: &ReadUnit, sql: &mut Sql, table: Table<'_>, chosen: Chosen<'_>) {
    let tenant = unit.tenant();
    sql.push(&format!(" WHERE {}.tenant_id = ", table.alias())).bind(tenant);
    match table {
        Table::Users => sql.seen_user(&unit.scope, table.alias()),
        Table::Groups => sql.seen(&unit.scope, table.alias()),
        Table::Custom(of) => {
            sql.push(" AND c.resource_type = ").bind(of.name.as_str()).seen(&unit.scope, table.alias())
        }
    }
    .push(chosen.also);
    if let Some(filter) = chosen.filter {
        sql.push(" AND (");
        FilterWriter::of(unit, table, sql).filter(filter);
        sql.push(")");
    }
}

/// Whether there is one row at most that can satisfy the filter: one statement finds all of the answer.
#[must_use]
pub fn finds_one(filter: Option<&ResolvedFilter>) -> bool {
    filter.is_some_and(names_one)
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
