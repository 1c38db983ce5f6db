//! A list from a place on: what lies behind a resource, or before it, is found by its key, so that a page far behind costs what
//! the first one costs, and nobody is skipped when others come or go (RFC 9865).

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, FromQueryResult, QueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::order::{Kind, sortable};
use super::page::{Found, condition, count};
use super::{Chosen, FilterWriter, Listing, Order, Table};
use crate::db::sql::Sql;
use crate::error::Error;
use crate::unit::ReadUnit;

/// What a resource is sorted by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Key {
    /// Text in comparison form.
    Text(String),
    /// An id.
    Id(Uuid),
    /// Truth.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// An instant.
    Instant(DateTime<Utc>),
}

/// A place in a list: that of a resource, also when the resource is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// What the resource is sorted by; none without a sort or without a value.
    pub key: Option<Key>,
    /// Its id.
    pub id: Uuid,
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stretch {
    /// From where; from the beginning without.
    pub from: Option<Place>,
    /// What lies before the place, rather than behind it.
    pub backwards: bool,
    /// The most resources.
    pub count: u64,
    /// How many satisfy the filter, where that was counted before.
    pub total: Option<u64>,
}

impl From<Key> for sea_orm::Value {
    fn from(key: Key) -> Self {
        match key {
            Key::Text(text) => text.into(),
            Key::Id(id) => id.into(),
            Key::Boolean(boolean) => boolean.into(),
            Key::Number(number) => number.into(),
            Key::Instant(instant) => instant.into(),
        }
    }
}

/// A stretch of a list, as far as the client wants it.
#[derive(Debug)]
pub struct Walked<'u, T> {
    /// The resources, in the order of the list.
    pub listing: Listing<'u, T>,
    /// The place of each of them.
    pub places: Vec<Place>,
    /// Whether there are more, in the direction of the walk.
    pub more: bool,
}

/// A stretch of the chosen resources: rows of `R`, which have these columns.
pub(crate) async fn walk<'u, R, T>(
    unit: &'u ReadUnit,
    table: Table,
    columns: Sql,
    chosen: Chosen<'_>,
    stretch: &Stretch,
) -> Result<Walked<'u, T>, Error>
where
    R: FromQueryResult + TryInto<T, Error = Error>,
    T: Send + Sync,
{
    let total = match stretch.total {
        Some(total) => total,
        None => count(unit, table, chosen).await?,
    };
    if let Some(order) = chosen.order.filter(|order| !order.is_indexed(table)) {
        sortable(total, order.most)?;
    }
    let mut rows = Vec::new();
    if stretch.count > 0 {
        let (sql, kind) = statement(unit, table, chosen, stretch);
        for row in unit.transaction.query_all_raw(sql.statement(unit.backend())).await? {
            let found = Found::from_query_result(&row, "")?;
            let key = kind.map_or(Ok(None), |kind| key(&row, kind))?;
            rows.push((Place { key, id: found.id }, found));
        }
    }
    let more = rows.len() as u64 > stretch.count;
    rows.truncate(usize::try_from(stretch.count).unwrap_or(usize::MAX));
    if stretch.backwards {
        rows.reverse();
    }
    let (places, found): (Vec<_>, VecDeque<_>) = rows.into_iter().unzip();
    let mut listing = Listing::of::<R>(unit, table, columns, found);
    listing.total = total;
    Ok(Walked { listing, places, more })
}

/// What selects one resource more than are wanted, with their keys.
pub(super) fn statement(
    unit: &ReadUnit,
    table: Table,
    chosen: Chosen<'_>,
    stretch: &Stretch,
) -> (Sql, Option<Kind>) {
    let (name, alias) = (table.name(), table.alias());
    let size = table.document_size(unit.backend());
    let mut sql = Sql::new(&format!("SELECT {alias}.id, {size} AS size, "));
    let mut writer = FilterWriter::of(unit, table, &mut sql);
    let key = chosen.order.and_then(|order| writer.key(order.sort.target));
    let (kind, place) = key.map_or((None, "NULL".to_owned()), |(kind, key)| (Some(kind), key));
    writer.sql.push(&format!("{place} AS place FROM {name} {alias}"));
    condition(unit, writer.sql, table, chosen);
    writer.beyond(chosen.order, stretch);
    writer.sql.push(" ORDER BY ");
    if let Some(order) = chosen.order {
        writer.order(&order.sort, stretch.backwards);
    }
    let direction = if stretch.backwards { " DESC" } else { "" };
    writer.sql.push(&format!("{alias}.id{direction} LIMIT {}", stretch.count + 1));
    (sql, kind)
}

/// Reads the key of a row.
fn key(row: &QueryResult, kind: Kind) -> Result<Option<Key>, Error> {
    Ok(match kind {
        Kind::Text => row.try_get::<Option<String>>("", "place")?.map(Key::Text),
        Kind::Id => row.try_get::<Option<Uuid>>("", "place")?.map(Key::Id),
        Kind::Boolean => row.try_get::<Option<bool>>("", "place")?.map(Key::Boolean),
        Kind::Number => row.try_get::<Option<f64>>("", "place")?.map(Key::Number),
        Kind::Instant => row.try_get::<Option<DateTime<Utc>>>("", "place")?.map(Key::Instant),
    })
}

impl FilterWriter<'_> {
    /// The condition that a row lies behind the place, or before it.
    fn beyond(&mut self, order: Option<&Order>, stretch: &Stretch) {
        let Some(place) = &stretch.from else { return };
        let table = self.table;
        let id = format!("{}.id {} ", table.alias(), if stretch.backwards { "<" } else { ">" });
        let Some((_, key)) = order.and_then(|order| self.key(order.sort.target)) else {
            self.sql.push(&format!(" AND {id}")).bind(place.id);
            return;
        };
        let down = order.is_some_and(|order| order.sort.descending) != stretch.backwards;
        let after = if down { "<" } else { ">" };
        match place.key.clone() {
            // Every row has a value: a range of the index.
            Some(value) if order.is_some_and(|order| order.is_indexed(table)) => {
                self.sql.push(&format!(" AND {key} {after}= ")).bind(value.clone());
                self.sql.push(&format!(" AND ({key} {after} ")).bind(value);
                self.sql.push(&format!(" OR {id}")).bind(place.id).push(")");
            }
            Some(value) => {
                self.sql.push(&format!(" AND ({key} {after} ")).bind(value.clone());
                self.sql.push(&format!(" OR ({key} = ")).bind(value).push(&format!(" AND {id}"));
                self.sql.bind(place.id).push(")");
                self.sql.push(&if down { ")".to_owned() } else { format!(" OR {key} IS NULL)") });
            }
            None => {
                self.sql.push(&format!(" AND (({key} IS NULL AND {id}")).bind(place.id).push(")");
                self.sql.push(&if down { format!(" OR {key} IS NOT NULL)") } else { ")".to_owned() });
            }
        }
    }
}
