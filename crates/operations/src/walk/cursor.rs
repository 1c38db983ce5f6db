//! Lists by cursor (RFC 9865): a cursor is a sealed place in a list, so that no server keeps anything for it, and any may serve it.

use chrono::TimeDelta;
use scim::ScimType;
use scim::protocol::list::walk_head;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{ListPlace, Reached, Stretch};

use super::{Going, Step, Walk};
use crate::database::Database;
use crate::error::Error;
use crate::keys::{Keys, Purpose};
use crate::requester::Requester;

/// How long a cursor is good.
pub const GOOD_FOR: TimeDelta = TimeDelta::hours(1);

/// What a cursor holds.
#[derive(Serialize, Deserialize)]
struct Held {
    from: ListPlace,
    backwards: bool,
    count: u64,
    total: u64,
    /// Seconds since 1970 after which the cursor is too old.
    until: i64,
}

/// What seals the cursors to the pages around a page.
pub(super) struct Cursor<'k> {
    keys: &'k Keys,
    about: Vec<u8>,
    until: i64,
}

impl<'k> Cursor<'k> {
    /// The page that a cursor asks for.
    ///
    /// # Errors
    /// `invalidCursor`, `expiredCursor` or `invalidCount` (RFC 9865 §2.1), or what the database says of the keys.
    pub(super) async fn step(
        walk: &Walk,
        cursor: &str,
        (count, usual): (Option<u64>, u64),
        db: &'k Database,
        requester: &Requester,
    ) -> Result<Step<'k>, Error> {
        let keys = db.keys(requester.now).await?;
        let mut about = requester.scope.tenant_id().uuid().as_bytes().to_vec();
        if let Some(provider) = &requester.provider {
            about.extend(provider.connection.id.uuid().as_bytes());
        }
        about.extend(&walk.over);
        let now = requester.now;
        let stretch = if cursor.is_empty() {
            Stretch { count: count.unwrap_or(usual), ..Stretch::default() }
        } else {
            // The answer is the same for the cursor of another client, a changed cursor and a cursor of another list (RFC 9865
            // §5.2).
            let plain = keys.open_text(Purpose::Cursor, &about, cursor);
            let held = plain.and_then(|plain| serde_json::from_slice::<Held>(&plain).ok());
            let held = held.ok_or_else(|| {
                let said = "The cursor is none of this list: begin with an empty one.";
                scim::Error::new(ScimType::InvalidCursor, said)
            })?;
            if held.until < now.timestamp() {
                let said = "The cursor is too old: begin with an empty one.";
                return Err(scim::Error::new(ScimType::ExpiredCursor, said).into());
            }
            if count.is_some_and(|count| count != held.count) {
                let said = format!("count must stay {} during the walk.", held.count);
                return Err(scim::Error::new(ScimType::InvalidCount, said).into());
            }
            Stretch {
                from: Some((held.from, held.total)),
                backwards: held.backwards,
                count: held.count,
                ..Stretch::default()
            }
        };
        let cursor = Self { keys, about, until: (now + GOOD_FOR).timestamp() };
        Ok(Step { stretch, going: Going::Cursor(cursor) })
    }

    /// The head of the answer, with the cursors to the pages before and behind, when so many resources were written out.
    pub(super) fn head(&self, stretch: &Stretch, reached: &Reached, written: usize) -> Value {
        let Reached { places, more, total } = reached;
        let seal = |from: &ListPlace, backwards| self.seal(from, backwards, stretch.count, *total);
        let before = if stretch.backwards { *more } else { stretch.from.is_some() };
        let behind = stretch.backwards || *more || written < places.len();
        let previous = places.first().filter(|_| before).map(|place| seal(place, true));
        let last = written.checked_sub(1).and_then(|at| places.get(at));
        let next = last.filter(|_| behind).map(|place| seal(place, false));
        walk_head(*total, written, previous.as_deref(), next.as_deref())
    }

    fn seal(&self, from: &ListPlace, backwards: bool, count: u64, total: u64) -> String {
        let held = Held { from: from.clone(), backwards, count, total, until: self.until };
        let plain = serde_json::to_vec(&held).unwrap_or_default();
        self.keys.seal_text(Purpose::Cursor, &self.about, &plain)
    }
}
