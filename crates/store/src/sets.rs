//! Security event tokens on their way: each of a change, or of something that concerns one stream alone.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::db::sql::{CHUNK, Sql};
use crate::entity::sets;
use crate::error::Error;
use crate::ids::{new_id, stored};
use crate::unit::{ReadUnit, WriteUnit};

/// What became of a token. One that was taken is kept no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetState {
    /// The receiver has yet to take it.
    Waiting,
    /// The receiver refused it, or could not take it in time.
    Dead,
}

impl SetState {
    /// The word in columns and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Dead => "dead",
        }
    }
}

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamSet {
    /// Its id, which stays the same however often it is sent; those of one stream sort as they were made.
    pub id: Uuid,
    /// The stream.
    pub stream: Uuid,
    /// The change that it is made of.
    pub change: Option<Uuid>,
    /// What it says, where it is made of no change.
    pub own: Option<Value>,
    /// What became of it.
    pub state: SetState,
    /// How often it was sent.
    pub attempts: u32,
    /// What came of the last attempt, or why the receiver refused it.
    pub answer: Option<String>,
    /// When it is sent next.
    pub next_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was sent last.
    pub tried_at: Option<DateTime<Utc>>,
}

impl TryFrom<sets::Model> for StreamSet {
    type Error = Error;

    fn try_from(row: sets::Model) -> Result<Self, Error> {
        let inconsistent = |column| Error::Inconsistent { table: "sets", column, id: row.id.to_string() };
        let state = [SetState::Waiting, SetState::Dead].into_iter().find(|state| state.as_str() == row.state);
        Ok(Self {
            state: state.ok_or_else(|| inconsistent("state"))?,
            attempts: u32::try_from(row.attempts).map_err(|_| inconsistent("attempts"))?,
            id: row.id,
            stream: row.stream_id,
            change: row.change_id,
            own: row.own,
            answer: row.answer,
            next_at: row.next_at,
            created_at: row.created_at,
            tried_at: row.tried_at,
        })
    }
}

#[derive(FromQueryResult)]
struct Count {
    number: i64,
}

impl ReadUnit {
    /// The first tokens of a stream in a state, in their order.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn sets(&self, stream: Uuid, state: SetState, most: u64) -> Result<Vec<StreamSet>, Error> {
        let mut sql = Sql::new("SELECT t.* FROM sets t WHERE t.tenant_id = ");
        sql.bind(self.tenant()).push(" AND t.stream_id = ").bind(stream);
        sql.push(" AND t.state = ").bind(state.as_str()).push(" ORDER BY t.id LIMIT ").bind(most);
        self.transaction.all::<sets::Model>(sql).await?.into_iter().map(StreamSet::try_from).collect()
    }

    /// How many tokens of a stream are in a state.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn count_sets(&self, stream: Uuid, state: SetState) -> Result<u64, Error> {
        let mut sql = Sql::new("SELECT COUNT(*) AS number FROM sets t WHERE t.tenant_id = ");
        sql.bind(self.tenant()).push(" AND t.stream_id = ").bind(stream);
        sql.push(" AND t.state = ").bind(state.as_str());
        let count = self.transaction.one::<Count>(sql).await?.map_or(0, |row| row.number);
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

impl WriteUnit {
    /// Makes tokens for a stream, each of a change or of what it says itself.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_sets(
        &mut self,
        stream: Uuid,
        new: Vec<(Option<Uuid>, Option<Value>)>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let row = |(change_id, own)| sets::Model {
            tenant_id: self.tenant(),
            id: new_id(now),
            stream_id: stream,
            change_id,
            own,
            state: SetState::Waiting.as_str().to_owned(),
            attempts: 0,
            answer: None,
            next_at: None,
            created_at: stored(now),
            tried_at: None,
        };
        self.transaction.insert_all::<sets::Entity>(new.into_iter().map(row).collect()).await
    }

    /// Deletes tokens of a stream that the receiver took; says how many.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_sets(&mut self, stream: Uuid, ids: &[Uuid]) -> Result<u64, Error> {
        let mut deleted = 0;
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Sql::new("DELETE FROM sets WHERE tenant_id = ");
            sql.bind(self.tenant()).push(" AND stream_id = ").bind(stream);
            sql.push(" AND id IN ").list(chunk.iter().copied());
            deleted += self.transaction.run(sql).await?;
        }
        Ok(deleted)
    }

    /// Deletes all tokens of a stream.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_all_sets(&mut self, stream: Uuid) -> Result<u64, Error> {
        let mut sql = Sql::new("DELETE FROM sets WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND stream_id = ").bind(stream);
        self.transaction.run(sql).await
    }

    /// Notes that a receiver refused a token, and why.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn bury_set(&mut self, stream: Uuid, id: Uuid, why: &str) -> Result<u64, Error> {
        let mut sql = Sql::new("UPDATE sets SET state = 'dead', next_at = NULL, answer = ");
        sql.bind(why).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND stream_id = ").bind(stream).push(" AND id = ").bind(id);
        self.transaction.run(sql).await
    }

    /// Saves what became of an attempt to send a token.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_set(&mut self, set: &StreamSet) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE sets SET state = ");
        sql.bind(set.state.as_str()).push(", attempts = ").bind(set.attempts);
        sql.push(", answer = ").bind(set.answer.as_deref());
        sql.push(", next_at = ").bind(set.next_at.map(stored));
        sql.push(", tried_at = ").bind(set.tried_at.map(stored));
        sql.push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND id = ").bind(set.id);
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// Has the tokens of a stream that died wait again; says how many they are.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn revive_sets(&mut self, stream: Uuid) -> Result<u64, Error> {
        let mut sql = Sql::new("UPDATE sets SET state = 'waiting', attempts = 0 WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND stream_id = ").bind(stream).push(" AND state = 'dead'");
        self.transaction.run(sql).await
    }
}
