//! A list from a place on: what lies behind a resource, or before it, is found by its key, so that a page far behind costs what
//! the first one costs, and nobody is skipped when others come or go (RFC 9865).

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use scim::protocol::list::Page;
use sea_orm::{ConnectionTrait as _, FromQueryResult as _, QueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::order::{Kind, sortable};
use super::page::{Found, condition, count};
use super::{Chosen, FilterWriter, Table};
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
    /// Which type of a list over several, which come one after the other: from 0.
    #[serde(default)]
    pub of: i32,
    /// Its id.
    pub id: Uuid,
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stretch {
    /// From where, and how many satisfy the filter, which was counted when the walk began; from the beginning without.
    pub from: Option<(Place, u64)>,
    /// How many resources come before the stretch: what the client has met, up to the place where there is one.
    pub before: u64,
    /// What lies before the place, rather than behind it.
    pub backwards: bool,
    /// The most resources.
    pub count: u64,
}

/// What a stretch came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// The place of each resource, in the order of the list.
    pub places: Vec<Place>,
    /// Whether there are more, in the direction of the walk.
    pub more: bool,
    /// How many there are in all, as counted when the walk began.
    pub total: u64,
}

/// A stretch of a list, as far as the client wants it.
#[derive(Debug)]
pub struct Walked<T> {
    /// The resources, in the order of the list.
    pub resources: T,
    /// Where they are.
    pub reached: Reached,
}

impl Stretch {
    /// The page by index.
    #[must_use]
    pub fn of(page: Page) -> Self {
        Self { before: page.start_index.saturating_sub(1), count: page.count, ..Self::default() }
    }

    /// Whether it is at the beginning of the list.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.from.is_none() && self.before == 0
    }
}

impl Place {
    /// Whether a list has this place before another one.
    #[must_use]
    pub fn precedes(&self, other: &Self, descending: bool) -> bool {
        let keys = match (&self.key, &other.key) {
            (Some(one), Some(other)) => one.compare(other),
            // Without a value behind all others (RFC 7644 §3.4.2.3).
            (one, other) => one.is_none().cmp(&other.is_none()),
        };
        let keys = if descending { keys.reverse() } else { keys };
        keys.then((self.of, self.id).cmp(&(other.of, other.id))).is_lt()
    }
}

impl Key {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Id(one), Self::Id(other)) => one.cmp(other),
            (Self::Boolean(one), Self::Boolean(other)) => one.cmp(other),
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Instant(one), Self::Instant(other)) => one.cmp(other),
            _ => Ordering::Equal,
        }
    }
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

/// The rows of which a list is made.
pub(super) struct Source {
    /// `FROM` and `WHERE`, with a condition at the end.
    pub(super) rows: Sql,
    /// The type of a row and its size, as SQL.
    pub(super) columns: [String; 2],
    /// Whether rows of several types are in the list.
    pub(super) several: bool,
    /// The id of a row.
    pub(super) id: &'static str,
    /// What rows are sorted by, and of which kind it is.
    pub(super) key: Option<(Kind, String)>,
    /// The greatest first.
    pub(super) descending: bool,
    /// How many are sorted at most, where no index has them in order.
    pub(super) most: Option<u64>,
}

impl Source {
    /// The chosen rows of a table.
    pub(super) fn of(unit: &ReadUnit, table: Table<'_>, chosen: Chosen<'_>) -> Self {
        let (name, alias) = (table.name(), table.alias());
        let mut rows = Sql::new(&format!(" FROM {name} {alias}"));
        condition(unit, &mut rows, table, chosen);
        let writer = FilterWriter::of(unit, table, &mut rows);
        let key = chosen.order.and_then(|order| writer.key(&order.sort.target));
        Self {
            rows,
            columns: ["0".to_owned(), table.document_size(unit.backend())],
            several: false,
            id: table.id(),
            key,
            descending: chosen.order.is_some_and(|order| order.sort.descending),
            most: chosen.order.filter(|order| !order.is_indexed(table)).map(|order| order.most),
        }
    }

    /// Finds a stretch of the rows, which are those of these tables.
    ///
    /// # Errors
    /// [`Error::TooManyToSort`], [`Error::Busy`] or [`Error::Other`].
    pub(super) async fn find(
        &self,
        unit: &ReadUnit,
        all: &[(Table<'_>, Chosen<'_>)],
        stretch: &Stretch,
    ) -> Result<(Vec<Found>, Reached), Error> {
        let mut total = stretch.from.as_ref().map(|(_, total)| *total);
        if let Some(most) = self.most {
            let counted = match total {
                Some(total) => total,
                None => count_all(unit, all).await?,
            };
            sortable(counted, most)?;
            total = Some(counted);
        }
        let (mut found, mut places) = (Vec::new(), Vec::new());
        if stretch.count > 0 {
            let sql = self.select(stretch);
            for row in unit.transaction.query_all_raw(sql.statement(unit.backend())).await? {
                let key = self.key.as_ref().map_or(Ok(None), |(kind, _)| key(&row, *kind))?;
                let one = Found::from_query_result(&row, "")?;
                places.push(Place { key, of: one.kind, id: one.id });
                found.push(one);
            }
        }
        let more = found.len() as u64 > stretch.count;
        found.truncate(usize::try_from(stretch.count).unwrap_or(usize::MAX));
        places.truncate(found.len());
        let ends = !more && stretch.count > 0;
        let total = match total {
            Some(total) => total,
            None if ends && (!found.is_empty() || stretch.before == 0) => stretch.before + found.len() as u64,
            None => count_all(unit, all).await?,
        };
        if stretch.backwards {
            found.reverse();
            places.reverse();
        }
        Ok((found, Reached { places, more, total }))
    }

    /// What selects one row more than are wanted, with their keys.
    pub(super) fn select(&self, stretch: &Stretch) -> Sql {
        let [kind, size] = &self.columns;
        let key = self.key.as_ref().map_or("NULL", |(_, key)| key.as_str());
        let mut sql =
            Sql::new(&format!("SELECT {kind} AS kind, {} AS id, {size} AS size, {key} AS place", self.id));
        sql.append(&self.rows);
        self.beyond(&mut sql, stretch);
        sql.push(" ORDER BY ");
        let down = self.descending != stretch.backwards;
        if let Some((_, key)) = &self.key {
            sql.push(&format!("{key} {}, ", if down { "DESC NULLS FIRST" } else { "ASC NULLS LAST" }));
        }
        let direction = if stretch.backwards { " DESC" } else { "" };
        if self.several {
            sql.push(&format!("{kind}{direction}, "));
        }
        sql.push(&format!("{}{direction} LIMIT {}", self.id, stretch.count + 1));
        if stretch.from.is_none() && stretch.before > 0 {
            sql.push(&format!(" OFFSET {}", stretch.before.min(i64::MAX as u64)));
        }
        sql
    }

    /// The condition that a row lies behind the place, or before it.
    fn beyond(&self, sql: &mut Sql, stretch: &Stretch) {
        let Some((place, _)) = &stretch.from else { return };
        let down = self.descending != stretch.backwards;
        let after = if down { "<" } else { ">" };
        let Some((_, key)) = &self.key else {
            sql.push(" AND ");
            return self.behind_id(sql, place, stretch.backwards);
        };
        match place.key.clone() {
            // Every row has a value: a range of the index.
            Some(value) if self.most.is_none() => {
                sql.push(&format!(" AND {key} {after}= ")).bind(value.clone());
                sql.push(&format!(" AND ({key} {after} ")).bind(value).push(" OR ");
                self.behind_id(sql, place, stretch.backwards);
                sql.push(")");
            }
            Some(value) => {
                sql.push(&format!(" AND ({key} {after} ")).bind(value.clone());
                sql.push(&format!(" OR ({key} = ")).bind(value).push(" AND ");
                self.behind_id(sql, place, stretch.backwards);
                sql.push(")");
                sql.push(&if down { ")".to_owned() } else { format!(" OR {key} IS NULL)") });
            }
            None => {
                sql.push(&format!(" AND (({key} IS NULL AND "));
                self.behind_id(sql, place, stretch.backwards);
                sql.push(")");
                sql.push(&if down { format!(" OR {key} IS NOT NULL)") } else { ")".to_owned() });
            }
        }
    }

    /// The same among rows of one value, which are in the order of types and ids.
    fn behind_id(&self, sql: &mut Sql, place: &Place, backwards: bool) {
        let (id, after) = (self.id, if backwards { "<" } else { ">" });
        if !self.several {
            sql.push(&format!("{id} {after} ")).bind(place.id);
            return;
        }
        let (kind, of) = (&self.columns[0], place.of);
        sql.push(&format!("({kind} {after} {of} OR ({kind} = {of} AND {id} {after} "));
        sql.bind(place.id).push("))");
    }
}

/// How many rows of all these tables satisfy the filter.
async fn count_all(unit: &ReadUnit, all: &[(Table<'_>, Chosen<'_>)]) -> Result<u64, Error> {
    let mut total = 0;
    for (table, chosen) in all {
        total += count(unit, *table, *chosen).await?;
    }
    Ok(total)
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
