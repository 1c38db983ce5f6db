//! Deliveries: one event on its way to one webhook, with what came of it.

use chrono::{DateTime, Utc};
use provisioning::UserId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::sql::{CHUNK, Sql};
use crate::entity::webhook_deliveries;
use crate::error::Error;
use crate::events::Event;
use crate::ids::{new_id, stored};
use crate::unit::{ReadUnit, WriteUnit};

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It is to be made, now or later.
    Waiting,
    /// The receiver took it.
    Delivered,
    /// It could not be made in time.
    GivenUp,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::GivenUp];

    /// The word in columns and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given-up",
        }
    }
}

/// A delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id; those of one webhook sort as their events do.
    pub id: Uuid,
    /// The webhook.
    pub webhook: Uuid,
    /// The event.
    pub event: Uuid,
    /// The person that the event is about.
    pub user: UserId,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// The beginning of the last answer, or why there was none.
    pub answer: Option<String>,
    /// When it is tried next; none while it waits for an earlier one of the same person.
    pub next_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was tried last.
    pub tried_at: Option<DateTime<Utc>>,
}

/// Which deliveries are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// To this webhook.
    pub webhook: Uuid,
    /// Of this state.
    pub state: Option<DeliveryState>,
    /// Older than this one.
    pub before: Option<Uuid>,
    /// At most so many.
    pub most: u64,
}

impl TryFrom<webhook_deliveries::Model> for Delivery {
    type Error = Error;

    fn try_from(row: webhook_deliveries::Model) -> Result<Self, Error> {
        let state = DeliveryState::ALL.into_iter().find(|state| state.as_str() == row.state);
        let inconsistent =
            |column| Error::Inconsistent { table: "webhook_deliveries", column, id: row.id.to_string() };
        let status = row.status.map(u16::try_from).transpose();
        Ok(Self {
            state: state.ok_or_else(|| inconsistent("state"))?,
            attempts: u32::try_from(row.attempts).map_err(|_| inconsistent("attempts"))?,
            status: status.map_err(|_| inconsistent("status"))?,
            id: row.id,
            webhook: row.webhook_id,
            event: row.event_id,
            user: UserId::new(row.user_id),
            answer: row.answer,
            next_at: row.next_at,
            created_at: row.created_at,
            tried_at: row.tried_at,
        })
    }
}

#[derive(FromQueryResult)]
struct First {
    user_id: Uuid,
    id: Option<Uuid>,
}

#[derive(FromQueryResult)]
struct WaitingUser {
    user_id: Uuid,
}

impl ReadUnit {
    /// Deliveries to a webhook, the latest first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn deliveries(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, Error> {
        let mut sql = Sql::new("SELECT d.* FROM webhook_deliveries d WHERE d.tenant_id = ");
        sql.bind(self.tenant()).push(" AND d.webhook_id = ").bind(query.webhook);
        if let Some(state) = query.state {
            sql.push(" AND d.state = ").bind(state.as_str());
        }
        if let Some(before) = query.before {
            sql.push(" AND d.id < ").bind(before);
        }
        sql.push(" ORDER BY d.id DESC LIMIT ").bind(query.most);
        self.transaction
            .all::<webhook_deliveries::Model>(sql)
            .await?
            .into_iter()
            .map(Delivery::try_from)
            .collect()
    }

    /// The delivery of this id.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn delivery(&self, id: Uuid) -> Result<Option<Delivery>, Error> {
        let mut sql = Sql::new("SELECT d.* FROM webhook_deliveries d WHERE d.tenant_id = ");
        sql.bind(self.tenant()).push(" AND d.id = ").bind(id);
        self.transaction.one::<webhook_deliveries::Model>(sql).await?.map(Delivery::try_from).transpose()
    }

    /// The first delivery that waits for each of these people.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn first_waiting(&self, webhook: Uuid, users: &[UserId]) -> Result<Vec<(UserId, Uuid)>, Error> {
        let mut first = Vec::new();
        for chunk in users.chunks(CHUNK) {
            let mut sql = Sql::new(
                "SELECT i.column1 AS user_id, (SELECT d.id FROM webhook_deliveries d WHERE d.state = 'waiting' AND d.tenant_id = ",
            );
            sql.bind(self.tenant()).push(" AND d.webhook_id = ").bind(webhook);
            sql.push(" AND d.user_id = i.column1 ORDER BY d.id LIMIT 1) AS id FROM (VALUES ");
            sql.rows(chunk.iter().map(|user| [user.uuid().into()])).push(") i");
            let rows = self.transaction.all::<First>(sql).await?;
            first.extend(rows.into_iter().filter_map(|row| Some((UserId::new(row.user_id), row.id?))));
        }
        Ok(first)
    }

    /// The people about whom deliveries wait.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn waiting_users(&self, webhook: Uuid) -> Result<Vec<UserId>, Error> {
        let mut sql = Sql::new("SELECT DISTINCT d.user_id FROM webhook_deliveries d WHERE d.tenant_id = ");
        sql.bind(self.tenant()).push(" AND d.webhook_id = ").bind(webhook).push(" AND d.state = 'waiting'");
        let rows = self.transaction.all::<WaitingUser>(sql).await?;
        Ok(rows.into_iter().map(|row| UserId::new(row.user_id)).collect())
    }
}

impl WriteUnit {
    /// Makes a delivery of each event to a webhook; answers their ids in the order of the events.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_deliveries(
        &mut self,
        webhook: Uuid,
        events: &[&Event],
        now: DateTime<Utc>,
    ) -> Result<Vec<Uuid>, Error> {
        let row = |event: &&Event| webhook_deliveries::Model {
            tenant_id: self.tenant(),
            id: new_id(now),
            webhook_id: webhook,
            event_id: event.place.id,
            user_id: event.user.uuid(),
            state: DeliveryState::Waiting.as_str().to_owned(),
            attempts: 0,
            status: None,
            answer: None,
            next_at: None,
            created_at: stored(now),
            tried_at: None,
        };
        let rows: Vec<_> = events.iter().map(row).collect();
        let ids = rows.iter().map(|row| row.id).collect();
        self.transaction.insert_all::<webhook_deliveries::Entity>(rows).await?;
        Ok(ids)
    }

    /// Saves what became of a delivery.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_delivery(&mut self, delivery: &Delivery) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE webhook_deliveries SET state = ");
        sql.bind(delivery.state.as_str()).push(", attempts = ").bind(delivery.attempts);
        sql.push(", status = ").bind(delivery.status.map(i64::from));
        sql.push(", answer = ").bind(delivery.answer.as_deref());
        sql.push(", next_at = ").bind(delivery.next_at.map(stored));
        sql.push(", tried_at = ").bind(delivery.tried_at.map(stored));
        sql.push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND id = ").bind(delivery.id);
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// Has the deliveries to a webhook that were given up wait again, from the first attempt on; says how many they are.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn revive_deliveries(&mut self, webhook: Uuid) -> Result<u64, Error> {
        let mut sql =
            Sql::new("UPDATE webhook_deliveries SET state = 'waiting', attempts = 0 WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND webhook_id = ").bind(webhook).push(" AND state = 'given-up'");
        self.transaction.run(sql).await
    }
}
