//! The seats of one pool: the people who hold one, and the people who wait.

use chrono::{DateTime, Utc};
use provisioning::{PoolId, SeatState, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::backend::json_text;
use crate::db::sql::Sql;
use crate::error::Error;
use crate::pools::seat_state;
use crate::unit::ReadUnit;

/// A seat of a pool, or a place in its queue, with the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatRecord {
    /// The person.
    pub user: UserId,
    /// The `userName`.
    pub user_name: String,
    /// Held or waited for.
    pub state: SeatState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether it was assigned beyond the bought seats.
    pub overage: bool,
}

#[derive(FromQueryResult)]
struct Row {
    user_id: Uuid,
    user_name: Option<String>,
    state: String,
    since: DateTime<Utc>,
    overage: bool,
}

impl ReadUnit {
    /// At most `most` seats of a pool in a state, behind the first `before` of them: the longest held first, and
    /// places in the order in which they are served.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn seats_of(
        &self,
        pool: PoolId,
        state: SeatState,
        before: u64,
        most: u64,
    ) -> Result<Vec<SeatRecord>, Error> {
        let name = json_text(self.backend(), "u.document", &["userName"]);
        let mut sql = Sql::new(&format!(
            "SELECT s.user_id, {name} AS user_name, s.state, s.since, s.overage FROM seats s \
             JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id WHERE s.tenant_id = "
        ));
        sql.bind(self.tenant()).push(" AND s.pool_id = ").bind(pool.uuid());
        sql.push(" AND s.state = ").bind(state.as_str());
        sql.push(&format!(" ORDER BY s.since, s.user_id LIMIT {most} OFFSET {before}"));
        let seat = |row: Row| {
            Ok(SeatRecord {
                user: UserId::new(row.user_id),
                user_name: row.user_name.unwrap_or_default(),
                state: seat_state(&row.state, row.user_id)?,
                since: row.since,
                overage: row.overage,
            })
        };
        self.transaction.all::<Row>(sql).await?.into_iter().map(seat).collect()
    }
}
