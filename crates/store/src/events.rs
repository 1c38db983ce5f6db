//! Events: what the application is told, written in the transaction of the change and read in the order of commits.

use chrono::{DateTime, Utc};
use provisioning::{EventKind, UserId};
use sea_orm::{DbBackend, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use crate::db::backend::{behind_own, json_text};
use crate::db::rows::{Rows, given};
use crate::db::sql::Sql;
use crate::entity::events::{self, Column};
use crate::error::Error;
use crate::ids::{IdRow, new_id, stored};
use crate::place::Place;
use crate::unit::{ReadUnit, WriteUnit};

/// What is to be told about a person. The person's names are found where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// The person.
    pub user: UserId,
    /// Everything else.
    pub details: Value,
}

/// An event as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Where it stands; its id stays the same wherever it is told.
    pub place: Place,
    /// What happened.
    pub kind: EventKind,
    /// The person, who may be gone.
    pub user: UserId,
    /// The person's name when it was written.
    pub user_name: Option<String>,
    /// The id that the identity provider gave the person.
    pub external_id: Option<String>,
    /// Everything else.
    pub details: Value,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    position: i64,
    #[sea_orm(nested)]
    event: events::Model,
}

impl TryFrom<Row> for Event {
    type Error = Error;

    fn try_from(Row { position, event: row }: Row) -> Result<Self, Error> {
        let inconsistent =
            |_| Error::Inconsistent { table: "events", column: "kind", id: row.id.to_string() };
        Ok(Self {
            place: Place { position, id: row.id },
            kind: row.kind.parse().map_err(inconsistent)?,
            user: UserId::new(row.user_id),
            user_name: row.user_name,
            external_id: row.external_id,
            details: row.details,
            created_at: row.created_at,
        })
    }
}

impl ReadUnit {
    /// At most so many events behind a place, in the order of their commits: the one way in which events are read. No event
    /// is ever committed before one that was read.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn events(&self, after: Place, most: u64) -> Result<Vec<Event>, Error> {
        let mut sql = Sql::new("SELECT e.* FROM events e WHERE ");
        self.push_behind(&mut sql, "e", after);
        sql.push(" ORDER BY e.position, e.id LIMIT ").bind(most);
        self.transaction.all::<Row>(sql).await?.into_iter().map(Event::try_from).collect()
    }

    /// Where the events end that can be read now.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn end_of_events(&self) -> Result<Place, Error> {
        self.end_of("events").await
    }

    /// Whether the event of this place is kept.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn keeps_event(&self, place: Place) -> Result<bool, Error> {
        let mut sql = Sql::new("SELECT e.id FROM events e WHERE e.tenant_id = ");
        sql.bind(self.tenant()).push(" AND e.id = ").bind(place.id);
        sql.push(" AND e.position = ").bind(place.position);
        Ok(self.transaction.one::<IdRow>(sql).await?.is_some())
    }

    /// The event of this id.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn event(&self, id: Uuid) -> Result<Option<Event>, Error> {
        let mut sql = Sql::new("SELECT e.* FROM events e WHERE e.tenant_id = ");
        sql.bind(self.tenant()).push(" AND e.id = ").bind(id);
        self.transaction.one::<Row>(sql).await?.map(Event::try_from).transpose()
    }
}

impl WriteUnit {
    /// Tells the application about people whom this unit has locked; it is read once the unit is committed.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if another unit has told something about the same person that would be read behind it: drop
    /// the unit then and try again. [`Error::Busy`] or [`Error::Other`].
    pub async fn tell(&mut self, told: Vec<NewEvent>, now: DateTime<Utc>) -> Result<(), Error> {
        if told.is_empty() {
            return Ok(());
        }
        let rows = self.event_rows(told, now);
        let mut sql = Sql::default();
        push_events(self.backend(), &mut sql, rows);
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// The rows of new events, for [`push_events`].
    pub(crate) fn event_rows(&mut self, told: Vec<NewEvent>, now: DateTime<Utc>) -> Vec<events::Model> {
        // Webhooks have something to deliver.
        self.queued_work |= !told.is_empty();
        let row = |event: NewEvent| events::Model {
            tenant_id: self.tenant(),
            id: new_id(now),
            kind: event.kind.to_string(),
            user_id: event.user.uuid(),
            user_name: None,
            external_id: None,
            details: event.details,
            created_at: stored(now),
        };
        told.into_iter().map(row).collect()
    }
}

/// Appends what writes events, each with the names that its person has now; the person must be locked.
///
/// Events of one person are read in the order in which they happened. So nothing is written behind which another transaction
/// has told something about the same person already: such an event gets no id, and the statement fails as
/// [`Error::OutOfOrder`]. The attempt that follows stands behind. Few events have a greater number than a transaction that
/// is open, and they are read once for all rows.
pub(crate) fn push_events(backend: DbBackend, sql: &mut Sql, rows: Vec<events::Model>) {
    let [tenant, user, id] =
        [Column::TenantId, Column::UserId, Column::Id].map(|column| given::<events::Entity>(backend, column));
    let of_user =
        |value: &str| format!("(SELECT {value} FROM users u WHERE u.tenant_id = {tenant} AND u.id = {user})");
    let mut found = vec![
        (Column::UserName, of_user(&json_text(backend, "u.document", &["userName"]))),
        (Column::ExternalId, of_user("u.external_id")),
    ];
    if let Some(first) = rows.first() {
        let in_order = push_later(backend, sql, first.tenant_id, ("events", "user_id"), (&user, &id));
        found.extend(in_order.map(|in_order| (Column::Id, in_order)));
    }
    sql.insert_with(backend, &rows.into_iter().collect::<Rows<events::Entity>>(), &found, "");
}

/// Appends the beginning of a statement that adds rows to a table in the order of commits, each about something; answers what
/// stands for the id of a row: none, which is refused, where a later transaction has written about the same.
pub(crate) fn push_later(
    backend: DbBackend,
    sql: &mut Sql,
    tenant: Uuid,
    (table, about): (&str, &str),
    (given_about, given_id): (&str, &str),
) -> Option<String> {
    let behind = behind_own(backend, "o.position")?;
    sql.push(&format!("WITH later AS (SELECT o.{about} AS about FROM {table} o WHERE o.tenant_id = "));
    sql.bind(tenant).push(&format!(" AND {behind}) "));
    Some(format!("CASE WHEN {given_about} IN (SELECT l.about FROM later l) THEN NULL ELSE {given_id} END"))
}
