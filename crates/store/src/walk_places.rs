//! Where the clients of a connection are that read a list page by page, by index: `startIndex` counts resources that come and go,
//! and the place of the last resource that a client has met stays what it is.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::connections::decode;
use crate::db::sql::Sql;
use crate::error::Error;
use crate::filter_sql::ListPlace;
use crate::ids::{ConnectionId, new_id, stored};
use crate::unit::{ReadUnit, WriteUnit};

/// A list as a connection sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedList {
    /// The connection.
    pub connection: ConnectionId,
    /// A digest of the types, the filter and the order.
    pub list: Vec<u8>,
}

/// Where a client goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct WalkPlace {
    /// The walk that came here.
    pub walk: Uuid,
    /// The last resource before.
    pub place: ListPlace,
    /// How many there were in all, when the walk began.
    pub total: u64,
    /// Whether the walk came to its end.
    pub ended: bool,
    /// Until when it is remembered, which is so long after the client came here.
    pub good_until: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    walk_id: Uuid,
    place: Value,
    total: i64,
    ended: bool,
    good_until: DateTime<Utc>,
}

impl TryFrom<Row> for WalkPlace {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let place = decode(row.place, "walk_places", "place", &row.walk_id.to_string())?;
        let total = u64::try_from(row.total).unwrap_or(0);
        Ok(Self { walk: row.walk_id, place, total, ended: row.ended, good_until: row.good_until })
    }
}

impl ReadUnit {
    /// Where walks of a list are that go on at this index, counted from 1.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn walk_places(
        &self,
        list: &WalkedList,
        start_index: u64,
        now: DateTime<Utc>,
    ) -> Result<Vec<WalkPlace>, Error> {
        let mut sql = Sql::new(
            "SELECT w.walk_id, w.place, w.total, w.ended, w.good_until FROM walk_places w WHERE w.tenant_id = ",
        );
        sql.bind(self.tenant()).push(" AND w.connection_id = ").bind(list.connection.uuid());
        sql.push(" AND w.list = ")
            .bind(list.list.clone())
            .push(" AND w.start_index = ")
            .bind(index(start_index));
        sql.push(" AND w.good_until > ").bind(stored(now));
        let rows = self.transaction.all::<Row>(sql).await?;
        rows.into_iter().map(WalkPlace::try_from).collect()
    }
}

impl WriteUnit {
    /// Notes that a walk goes on behind this place at this index, until an instant; takes out what is too old. A walk that goes on
    /// behind another place there was made by two clients, and becomes two: neither moves the place of the other.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn keep_walk_place(
        &mut self,
        list: &WalkedList,
        start_index: u64,
        (walk, place, total): (Uuid, &ListPlace, u64),
        (now, good_until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM walk_places WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND connection_id = ").bind(list.connection.uuid());
        sql.push(" AND good_until <= ").bind(stored(now));
        self.transaction.run(sql).await?;
        let place = serde_json::to_value(place).map_err(|error| Error::Other(error.into()))?;
        for walk in [walk, new_id(now)] {
            if self.put_walk_place(list, start_index, (walk, &place, total), good_until).await? {
                break;
            }
        }
        Ok(())
    }

    /// Writes a place down; `false` where the walk has another one at this index.
    async fn put_walk_place(
        &mut self,
        list: &WalkedList,
        start_index: u64,
        (walk, place, total): (Uuid, &Value, u64),
        good_until: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let mut sql = Sql::new(
            "INSERT INTO walk_places (tenant_id, connection_id, list, start_index, walk_id, place, total, ended, good_until) VALUES ",
        );
        sql.rows([[
            self.tenant().into(),
            list.connection.uuid().into(),
            list.list.clone().into(),
            index(start_index).into(),
            walk.into(),
            place.clone().into(),
            index(total).into(),
            false.into(),
            stored(good_until).into(),
        ]]);
        sql.push(" ON CONFLICT (tenant_id, connection_id, list, start_index, walk_id)");
        sql.push(" DO UPDATE SET good_until = excluded.good_until WHERE walk_places.place = excluded.place");
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Notes that a walk came to its end: its places serve a page that is asked for again, and no other walk.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn end_walk(&mut self, list: &WalkedList, walk: Uuid) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE walk_places SET ended = TRUE WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND connection_id = ").bind(list.connection.uuid());
        sql.push(" AND list = ").bind(list.list.clone()).push(" AND walk_id = ").bind(walk);
        self.transaction.run(sql).await?;
        Ok(())
    }
}

fn index(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
