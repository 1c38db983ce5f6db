//! The roster: the people of a tenant as an administrator looks through them, by name, a page at a time.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use provisioning::{PoolId, Status, UserId};
use scim::text::fold;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::sql::Sql;
use crate::enrolments::{lapsed, next_step};
use crate::error::Error;
use crate::filter_sql::after_prefix;
use crate::ids::{ConnectionId, IdRow, stored};
use crate::seats::queue_order;
use crate::unit::ReadUnit;
use crate::users::values::{WORDS, words_of};

/// Which people are wanted; a field that is not set wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterQuery {
    /// The person of this id.
    pub id: Option<UserId>,
    /// What people are looked for by, see [`ReadUnit::sought`]; everyone without it.
    pub sought: Vec<Sought>,
    /// People in one of these statuses, as it is shown.
    pub statuses: Vec<Status>,
    /// Whether few people are in those statuses, see [`ReadUnit::are_few`].
    pub few: bool,
    /// People who have a seat, wait for one, or neither.
    pub licence: Option<LicenceWanted>,
    /// Whether few people wait, see [`ReadUnit::few_wait`].
    pub few_wait: bool,
    /// People who are in the present status since this instant or longer.
    pub status_before: Option<DateTime<Utc>>,
    /// Pending people by the word of the step that they take next, as [`ReadUnit::pending_by_step`] counts them.
    pub step: Option<String>,
    /// People by when they used the application.
    pub used: Option<UseWanted>,
    /// People by what was said of them.
    pub said: Option<SaidWanted>,
    /// People who are held for a foreign domain.
    pub held: bool,
    /// People who belong to a connection, or to none.
    pub owned: Option<bool>,
    /// People who belong to this connection.
    pub connection: Option<ConnectionId>,
    /// People who have a device that the hub has authenticated, or none.
    pub hub: Option<bool>,
}

/// A part of what was typed to find people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// People of whom a word begins so; whether few words do.
    Word(String, bool),
    /// People whose user name or address begins so.
    Address(String),
    /// Nobody: what was typed has no word in it.
    Nobody,
}

/// The most words that are few: up to so many people are looked at one by one.
const FEW: u64 = 2_000;

/// Which people are wanted by their licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LicenceWanted {
    /// Those with a seat.
    Assigned,
    /// Those who wait for one.
    Waiting,
    /// Those with neither.
    None,
}

/// Which people are wanted by when they used the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseWanted {
    /// At this instant or later.
    Since(DateTime<Utc>),
    /// Before this instant, and not since.
    NotSince(DateTime<Utc>),
    /// Never.
    Never,
}

/// Which people are wanted by what was said of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidWanted {
    /// They are switched off, by the directory or by hand.
    Off,
    /// An administrator has said something by hand that beats every push.
    ByHand,
}

/// From where a page of the roster is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RosterFrom {
    /// From the beginning.
    Start,
    /// Behind this folded user name.
    After(String),
    /// Before this folded user name.
    Before(String),
}

/// A person of the roster, to whom others add what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterRow {
    /// The person.
    pub id: UserId,
    /// The folded user name, by which the roster is ordered.
    pub place: String,
    /// When the person last used the application.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether the hub has authenticated one of the person's devices.
    pub hub: bool,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    user_name_folded: String,
    last_used_at: Option<DateTime<Utc>>,
    hub: bool,
}

#[derive(FromQueryResult)]
struct PlaceRow {
    user_id: Uuid,
    place: i64,
}

/// Whether the hub has authenticated a device of user `u`.
const HUB: &str = "EXISTS (SELECT 1 FROM devices d WHERE d.tenant_id = u.tenant_id AND d.user_id = u.id \
                   AND d.hub_at IS NOT NULL AND d.revoked_at IS NULL)";

impl ReadUnit {
    /// At most `most` people of the roster, in the order of their user names.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn roster(
        &self,
        query: &RosterQuery,
        from: &RosterFrom,
        most: u64,
    ) -> Result<Vec<RosterRow>, Error> {
        let mut sql = Sql::new(&format!(
            "SELECT u.id, u.user_name_folded, u.last_used_at, {HUB} AS hub FROM users u WHERE "
        ));
        self.of_roster(&mut sql, query);
        match from {
            RosterFrom::Start => sql.push(" ORDER BY u.user_name_folded"),
            RosterFrom::After(place) => sql
                .push(" AND u.user_name_folded > ")
                .bind(place.clone())
                .push(" ORDER BY u.user_name_folded"),
            RosterFrom::Before(place) => sql
                .push(" AND u.user_name_folded < ")
                .bind(place.clone())
                .push(" ORDER BY u.user_name_folded DESC"),
        };
        sql.push(" LIMIT ").bind(most);
        let rows = self.transaction.all::<Row>(sql).await?.into_iter().map(|row| RosterRow {
            id: UserId::new(row.id),
            place: row.user_name_folded,
            last_used_at: row.last_used_at,
            hub: row.hub,
        });
        let mut rows: Vec<RosterRow> = rows.collect();
        if matches!(from, RosterFrom::Before(_)) {
            rows.reverse();
        }
        Ok(rows)
    }

    /// How many people of the roster are wanted; counting ends at `most`.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn count_roster(&self, query: &RosterQuery, most: u64) -> Result<u64, Error> {
        // Those who wait are found without the others, and many of them are not counted one by one.
        let waiting = RosterQuery { licence: Some(LicenceWanted::Waiting), ..RosterQuery::default() };
        if *query == waiting {
            return self.count_waiting(most).await;
        }
        let mut sql = Sql::new("SELECT COUNT(*) AS people FROM (SELECT 1 FROM users u WHERE ");
        self.of_roster(&mut sql, query);
        sql.push(" LIMIT ").bind(most).push(") counted");
        self.transaction.number(sql).await
    }

    /// How many people the tenant has, who are counted as they come and go.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn count_people(&self) -> Result<u64, Error> {
        let mut sql = Sql::new(
            "SELECT CAST(COALESCE(SUM(c.people), 0) AS BIGINT) AS people FROM user_counts c WHERE c.tenant_id = ",
        );
        sql.bind(self.tenant());
        self.transaction.number(sql).await
    }

    /// The place from 1 in the queue of a pool for those of these people who wait among the first `most`, the best one of each, in
    /// the order in which free seats are given.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn places_in_queues(
        &self,
        people: &[UserId],
        most: u64,
    ) -> Result<HashMap<UserId, u64>, Error> {
        let mut places = HashMap::new();
        if people.is_empty() {
            return Ok(places);
        }
        let ids = || people.iter().map(|user| user.uuid());
        let mut sql = Sql::new("SELECT DISTINCT w.pool_id AS id FROM seats w WHERE w.tenant_id = ");
        sql.bind(self.tenant()).push(" AND w.state = 'waiting' AND w.user_id IN ").list(ids());
        for pool in self.transaction.all::<IdRow>(sql).await? {
            let (priority, order) = queue_order(self.prioritised(Some(PoolId::new(pool.id))).await?);
            let mut sql = Sql::new(&format!(
                "SELECT q.user_id, q.place FROM (\
                 SELECT s.user_id, ROW_NUMBER() OVER (ORDER BY {order}) AS place FROM (\
                 SELECT s.since, s.user_id, {priority} AS priority FROM seats s WHERE s.tenant_id = "
            ));
            sql.bind(self.tenant()).push(" AND s.state = 'waiting' AND s.pool_id = ").bind(pool.id);
            sql.push(&format!(" ORDER BY {order} LIMIT ")).bind(most);
            sql.push(") s) q WHERE q.user_id IN ").list(ids());
            for row in self.transaction.all::<PlaceRow>(sql).await? {
                let place = u64::try_from(row.place).unwrap_or(0);
                let best = places.entry(UserId::new(row.user_id)).or_insert(place);
                *best = place.min(*best);
            }
        }
        Ok(places)
    }

    /// Whether few people are in one of these statuses, so that those are looked for instead of a status of each.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn are_few(&self, statuses: &[Status]) -> Result<bool, Error> {
        let mut sql = Sql::new("SELECT COUNT(*) AS people FROM (");
        self.push_of_statuses(&mut sql, statuses);
        sql.push(" LIMIT ").bind(FEW).push(") counted");
        Ok(self.transaction.number(sql).await? < FEW)
    }

    /// Whether few people wait for a seat, so that those are looked for instead of the seats of each.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn few_wait(&self) -> Result<bool, Error> {
        Ok(self.count_waiting(FEW).await? < FEW)
    }

    /// How many people wait for a seat; counting ends at `most`.
    async fn count_waiting(&self, most: u64) -> Result<u64, Error> {
        let mut sql = Sql::new("SELECT COUNT(*) AS people FROM (");
        self.push_waiting(&mut sql);
        sql.push(" LIMIT ").bind(most).push(") counted");
        self.transaction.number(sql).await
    }

    /// The ids of the people who wait, pool by pool, each as it stands in the order of the queue.
    fn push_waiting(&self, sql: &mut Sql) {
        sql.push("SELECT DISTINCT w.user_id FROM seats w WHERE w.tenant_id = ").bind(self.tenant());
        sql.push(" AND w.pool_id IN (SELECT p.id FROM pools p WHERE p.tenant_id = ").bind(self.tenant());
        sql.push(") AND w.state = 'waiting'");
    }

    /// The ids of the people in one of these statuses, each status by itself.
    fn push_of_statuses(&self, sql: &mut Sql, statuses: &[Status]) {
        for (at, status) in statuses.iter().enumerate() {
            sql.push(if at == 0 { "" } else { " UNION ALL " });
            sql.push("SELECT n.id FROM users n WHERE n.deleted_at IS NULL AND n.tenant_id = ")
                .bind(self.tenant());
            sql.push(" AND n.enrolment_status = ").bind(status.as_str());
        }
    }

    /// What was typed to find people, in its parts: words that begin so, and addresses where there is an `@`.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn sought(&self, typed: &str) -> Result<Vec<Sought>, Error> {
        let mut parts = Vec::new();
        for part in typed.split_whitespace() {
            if part.contains('@') {
                parts.push(Sought::Address(fold(part).into_owned()));
                continue;
            }
            for word in words_of(part) {
                let mut sql = Sql::new("SELECT COUNT(*) AS people FROM (SELECT 1 FROM user_values v WHERE ");
                self.push_beginning(&mut sql, WORDS, &word);
                sql.push(" LIMIT ").bind(FEW).push(") counted");
                let few = self.transaction.number(sql).await? < FEW;
                parts.push(Sought::Word(word, few));
            }
        }
        if parts.is_empty() && !typed.trim().is_empty() {
            parts.push(Sought::Nobody);
        }
        Ok(parts)
    }

    /// The condition that a value `v` of an attribute begins so.
    fn push_beginning(&self, sql: &mut Sql, attribute: &'static str, beginning: &str) {
        sql.push("v.tenant_id = ").bind(self.tenant()).push(" AND v.attribute = ").bind(attribute);
        sql.push(" AND v.value >= ").bind(beginning.to_owned());
        if let Some(end) = after_prefix(beginning) {
            sql.push(" AND v.value < ").bind(end);
        }
    }

    /// The condition that user `u` is sought. Of few people the users are looked for, of many the words of each user.
    fn push_sought(&self, sql: &mut Sql, sought: &Sought) {
        match sought {
            Sought::Nobody => _ = sql.push(" AND FALSE"),
            Sought::Word(word, true) => {
                sql.push(" AND u.id IN (SELECT v.user_id FROM user_values v WHERE ");
                self.push_beginning(sql, WORDS, word);
                sql.push(")");
            }
            Sought::Word(word, false) => {
                sql.push(" AND EXISTS (SELECT 1 FROM user_values v WHERE v.user_id = u.id AND ");
                self.push_beginning(sql, WORDS, word);
                sql.push(")");
            }
            Sought::Address(begins) => {
                sql.push(" AND u.id IN (SELECT n.id FROM users n WHERE n.tenant_id = ").bind(self.tenant());
                sql.push(" AND n.user_name_folded >= ").bind(begins.clone());
                if let Some(end) = after_prefix(begins) {
                    sql.push(" AND n.user_name_folded < ").bind(end);
                }
                sql.push(" UNION SELECT v.user_id FROM user_values v WHERE ");
                self.push_beginning(sql, "emails", begins);
                sql.push(")");
            }
        }
    }

    fn of_roster(&self, sql: &mut Sql, query: &RosterQuery) {
        sql.push("u.tenant_id = ").bind(self.tenant()).push(" AND u.deleted_at IS NULL");
        if let Some(id) = query.id {
            sql.push(" AND u.id = ").bind(id.uuid());
        }
        for sought in &query.sought {
            self.push_sought(sql, sought);
        }
        match &query.statuses[..] {
            [] => {}
            [one] => _ = sql.push(" AND u.enrolment_status = ").bind(one.as_str()),
            several if query.few => {
                sql.push(" AND u.id IN (");
                self.push_of_statuses(sql, several);
                sql.push(")");
            }
            several => {
                _ = sql
                    .push(" AND u.enrolment_status IN ")
                    .list(several.iter().map(|status| status.as_str().to_owned()));
            }
        }
        // Who has lapsed is shown as suspended, and a job suspends them within moments.
        if query.statuses.iter().any(|status| matches!(status, Status::Pending | Status::Active)) {
            sql.push(&format!(" AND NOT {}", lapsed("")));
        }
        if let Some(before) = query.status_before {
            sql.push(" AND u.enrolment_since <= ").bind(stored(before));
        }
        if let Some(step) = &query.step {
            sql.push(" AND u.enrolment_status = 'pending'");
            sql.push(&format!(" AND {} = ", next_step(self.backend()))).bind(step.clone());
        }
        let seat = "EXISTS (SELECT 1 FROM seats s WHERE s.tenant_id = u.tenant_id AND s.user_id = u.id";
        match query.licence {
            Some(LicenceWanted::Assigned) => sql.push(&format!(" AND {seat} AND s.state = 'assigned')")),
            Some(LicenceWanted::Waiting) if query.few_wait => {
                sql.push(" AND u.id IN (");
                self.push_waiting(sql);
                sql.push(")")
            }
            Some(LicenceWanted::Waiting) => sql.push(&format!(" AND {seat} AND s.state = 'waiting')")),
            Some(LicenceWanted::None) => sql.push(&format!(" AND NOT {seat})")),
            None => sql,
        };
        match query.used {
            Some(UseWanted::Since(since)) => sql.push(" AND u.last_used_at >= ").bind(stored(since)),
            Some(UseWanted::NotSince(since)) => sql.push(" AND u.last_used_at < ").bind(stored(since)),
            Some(UseWanted::Never) => sql.push(" AND u.last_used_at IS NULL"),
            None => sql,
        };
        if query.said == Some(SaidWanted::Off) {
            sql.push(" AND (u.active IS FALSE OR u.deactivated_by_hand_at IS NOT NULL)");
        }
        if query.said == Some(SaidWanted::ByHand) {
            sql.push(" AND u.id IN (SELECT n.id FROM users n WHERE n.deactivated_by_hand_at IS NOT NULL AND n.tenant_id = ");
            sql.bind(self.tenant()).push(" UNION SELECT w.user_id FROM withheld w WHERE w.tenant_id = ");
            sql.bind(self.tenant()).push(")");
        }
        if query.held {
            sql.push(" AND u.held_domain IS NOT NULL");
        }
        match query.owned {
            Some(true) => sql.push(" AND u.connection_id IS NOT NULL"),
            Some(false) => sql.push(" AND u.connection_id IS NULL"),
            None => sql,
        };
        if let Some(connection) = query.connection {
            sql.push(" AND u.connection_id = ").bind(connection.uuid());
        }
        match query.hub {
            Some(true) => sql.push(&format!(" AND {HUB}")),
            Some(false) => sql.push(&format!(" AND NOT {HUB}")),
            None => sql,
        };
    }
}
