//! Lists by index (RFC 7644 §3.4.2.4): the database remembers behind which resource a client goes on at which index, because the
//! index of a resource changes when others come or go.

use chrono::{DateTime, TimeDelta, Utc};
use scim::protocol::list::{Page, head};
use serde_json::Value;
use store::{ListPlace, Reached, ReadUnit, Stretch, WalkPlace, WalkedList, WriteUnit, new_id};
use uuid::Uuid;

use super::{Going, Step, Walk};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Requester;

/// How long a place is remembered.
const GOOD_FOR: TimeDelta = TimeDelta::minutes(10);
/// For how long a client that came to a place seems to be at its walk yet, where others came to the same index.
const AT_IT: TimeDelta = TimeDelta::minutes(1);

/// Where a client is that reads a list by index.
pub(super) struct Index {
    page: Page,
    /// The list; none where no connection reads it.
    list: Option<WalkedList>,
    /// The walk that goes on here, if a walk came here, with how many there were when it began.
    came: Option<(Uuid, u64)>,
}

impl Index {
    /// The page that an index asks for: behind the place that a walk came to, if one did.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn step(
        walk: &Walk,
        page: Page,
        unit: &ReadUnit,
        requester: &Requester,
    ) -> Result<Step<'static>, Error> {
        let list = requester
            .provider
            .as_ref()
            .map(|provider| WalkedList { connection: provider.connection.id, list: walk.over.clone() });
        let came = match &list {
            Some(list) if page.start_index > 1 && page.count > 0 => {
                unit.walk_places(list, page.start_index, requester.now).await?
            }
            _ => Vec::new(),
        };
        let came = next(came, requester.now, walk.descending);
        let index = Self { page, list, came: came.as_ref().map(|came| (came.walk, came.total)) };
        let stretch = Stretch { from: came.map(|came| (came.place, came.total)), ..Stretch::of(page) };
        Ok(Step { stretch, going: Going::Index(index) })
    }

    /// The head of the answer. How many there are in all was counted when the walk began: what was met and is gone counts, so that
    /// a client does not stop early; as long as there are more, there is one more at least, and at the end there are as many as were
    /// met.
    pub(super) fn head(&self, reached: &Reached, written: usize) -> Value {
        let met = self.page.start_index.saturating_sub(1).saturating_add(written as u64);
        let total = match (goes_on(reached, written), self.came) {
            (Some(_), _) => reached.total.max(met.saturating_add(1)),
            (None, Some(_)) if self.page.count > 0 => met,
            (None, _) => reached.total,
        };
        head(total, self.page, written)
    }

    /// Remembers where the client goes on, or that the walk has ended.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn keep(
        &self,
        db: &Database,
        requester: &Requester,
        reached: &Reached,
        written: usize,
    ) -> Result<(), Error> {
        let Some(list) = &self.list else { return Ok(()) };
        let (goes_on, now) = (goes_on(reached, written), requester.now);
        let change = async |mut unit: WriteUnit| -> Attempt<()> {
            match (goes_on, self.came) {
                (Some(place), came) => {
                    let (walk, total) = came.unwrap_or_else(|| (new_id(now), reached.total));
                    let next = self.page.start_index + written as u64;
                    unit.keep_walk_place(list, next, (walk, place, total), (now, now + GOOD_FOR)).await?;
                }
                (None, Some((walk, _))) => unit.end_walk(list, walk).await?,
                (None, None) => {}
            }
            Ok((unit, ()))
        };
        if goes_on.is_some() || self.came.is_some() {
            db.write(&requester.scope, change).await?;
        }
        Ok(())
    }
}

/// The last resource that was written out, if there are more behind it.
fn goes_on(reached: &Reached, written: usize) -> Option<&ListPlace> {
    let last = written.checked_sub(1).and_then(|at| reached.places.get(at));
    last.filter(|_| reached.more || written < reached.places.len())
}

/// Which of the walks that came to an index goes on there: of those that clients are at, the one that is first; where no client
/// seems to be at one, the last one that came.
fn next(came: Vec<WalkPlace>, now: DateTime<Utc>, descending: bool) -> Option<WalkPlace> {
    let last = came.iter().map(|it| it.good_until).max()?;
    let since = (now + GOOD_FOR - AT_IT).min(last);
    let lately = came.into_iter().filter(|it| it.good_until >= since);
    lately.reduce(|one, other| first(one, other, descending))
}

/// Which of two walks that came to an index goes on there: one that has not ended, and then the one that is further back, so
/// that two clients that make the same walk both meet every resource.
fn first(one: WalkPlace, other: WalkPlace, descending: bool) -> WalkPlace {
    let behind = other.place.precedes(&one.place, descending);
    if (other.ended, !behind) < (one.ended, behind) { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_goes_on_where_the_slowest_is_that_has_not_ended() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let at = |id: u128, ended, seconds_ago| {
            let place = ListPlace { key: None, of: 0, id: Uuid::from_u128(id) };
            let good_until = now + GOOD_FOR - TimeDelta::seconds(seconds_ago);
            WalkPlace { walk: Uuid::from_u128(id), place, total: 9, ended, good_until }
        };
        for (came, expected) in [
            (vec![], None),
            (vec![at(1, false, 0), at(2, false, 5)], Some(1)),
            (vec![at(2, false, 0), at(1, false, 50)], Some(1)),
            (vec![at(1, true, 0), at(2, false, 0)], Some(2)),
            (vec![at(2, false, 0), at(1, true, 0)], Some(2)),
            (vec![at(2, true, 0), at(1, true, 0)], Some(1)),
            (vec![at(1, false, 90), at(2, false, 5)], Some(2)),
            (vec![at(1, false, 300), at(2, false, 200)], Some(2)),
        ] {
            let chosen = next(came.clone(), now, false).map(|it| it.walk.as_u128());
            assert_eq!(chosen, expected, "{came:?}");
        }
    }
}
