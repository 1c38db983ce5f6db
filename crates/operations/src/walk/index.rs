//! Lists by index (RFC 7644 §3.4.2.4): the database remembers behind which resource a client goes on at which index, because the
//! index of a resource changes when others come or go.

use chrono::TimeDelta;
use scim::protocol::list::{Page, head};
use serde_json::Value;
use store::{Reached, ReadUnit, Stretch, WalkPlace, WalkedList, WriteUnit, new_id};
use uuid::Uuid;

use super::{Going, Step, Walk};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Requester;

/// How long a place is remembered.
const GOOD_FOR: TimeDelta = TimeDelta::minutes(10);

/// Where a client is that reads a list by index.
pub(super) struct Index {
    page: Page,
    /// The list; none where no connection reads it.
    list: Option<WalkedList>,
    /// The walk that goes on here, if a walk came here.
    walk: Option<Uuid>,
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
        let came = came.into_iter().reduce(|one, other| first(one, other, walk.descending));
        let index = Self { page, list, walk: came.as_ref().map(|came| came.walk) };
        let stretch = Stretch { from: came.map(|came| came.place), ..Stretch::of(page) };
        Ok(Step { stretch, going: Going::Index(index) })
    }

    pub(super) fn head(&self, reached: &Reached, written: usize) -> Value {
        head(reached.total, self.page, written)
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
        let last = written.checked_sub(1).and_then(|at| reached.places.get(at));
        let goes_on = last.filter(|_| reached.more || written < reached.places.len());
        let now = requester.now;
        let change = async |mut unit: WriteUnit| -> Attempt<()> {
            match (goes_on, self.walk) {
                (Some(place), walk) => {
                    let walk = walk.unwrap_or_else(|| new_id(now));
                    let next = self.page.start_index + written as u64;
                    unit.keep_walk_place(list, next, (walk, place), (now, now + GOOD_FOR)).await?;
                }
                (None, Some(walk)) => unit.end_walk(list, walk).await?,
                (None, None) => {}
            }
            Ok((unit, ()))
        };
        if goes_on.is_some() || self.walk.is_some() {
            db.write(&requester.scope, change).await?;
        }
        Ok(())
    }
}

/// Which of two walks that came to an index goes on there: one that has not ended, and then the one that is further back, so
/// that two clients that make the same walk both meet every resource.
fn first(one: WalkPlace, other: WalkPlace, descending: bool) -> WalkPlace {
    let behind = other.place.precedes(&one.place, descending);
    if (other.ended, !behind) < (one.ended, behind) { other } else { one }
}

#[cfg(test)]
mod tests {
    use store::ListPlace;

    use super::*;

    #[test]
    fn a_walk_goes_on_where_the_slowest_is_that_has_not_ended() {
        let at = |id: u128, ended| {
            let place = ListPlace { key: None, of: 0, id: Uuid::from_u128(id) };
            WalkPlace { walk: Uuid::from_u128(id), place, ended }
        };
        let chosen = |one, other| first(one, other, false).walk.as_u128();
        for (one, other, expected) in [
            (at(1, false), at(2, false), 1),
            (at(2, false), at(1, false), 1),
            (at(1, true), at(2, false), 2),
            (at(2, false), at(1, true), 2),
            (at(2, true), at(1, true), 1),
        ] {
            assert_eq!(chosen(one.clone(), other.clone()), expected, "{one:?} {other:?}");
        }
    }
}
