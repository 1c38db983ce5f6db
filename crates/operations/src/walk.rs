//! Lists by cursor (RFC 9865): a cursor is a sealed place in a list, so that no server keeps anything for it, and any may serve it.

use chrono::TimeDelta;
use scim::ScimType;
use serde::{Deserialize, Serialize};
use store::{ListPlace, Stretch};

use crate::database::Database;
use crate::error::Error;
use crate::keys::{Keys, Purpose};
use crate::requester::Requester;

/// How long a cursor is good.
pub const GOOD_FOR: TimeDelta = TimeDelta::hours(1);

/// The page that a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The cursor; empty for the first page.
    pub cursor: String,
    /// A digest of the type, the filter and the order of the list. A cursor of another list does not open.
    pub over: Vec<u8>,
    /// The most resources, if the client says so.
    pub count: Option<u64>,
    /// The most resources where it does not.
    pub usual: u64,
}

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

/// The page of a walk that a request asks for, and what seals the cursors to the pages around that page.
pub(crate) struct Step<'k> {
    keys: &'k Keys,
    about: Vec<u8>,
    until: i64,
    pub(crate) stretch: Stretch,
}

impl Walk {
    /// What the cursor asks for.
    ///
    /// # Errors
    /// `invalidCursor`, `expiredCursor` or `invalidCount` (RFC 9865 §2.1), or what the database says of the keys.
    pub(crate) async fn step<'k>(&self, db: &'k Database, requester: &Requester) -> Result<Step<'k>, Error> {
        let keys = db.keys(requester.now).await?;
        let mut about = requester.scope.tenant_id().uuid().as_bytes().to_vec();
        if let Some(provider) = &requester.provider {
            about.extend(provider.connection.id.uuid().as_bytes());
        }
        about.extend(&self.over);
        let now = requester.now;
        let stretch = if self.cursor.is_empty() {
            Stretch { count: self.count.unwrap_or(self.usual), ..Stretch::default() }
        } else {
            // The answer is the same for the cursor of another client, a changed cursor and a cursor of another list (RFC 9865
            // §5.2).
            let plain = keys.open_text(Purpose::Cursor, &about, &self.cursor);
            let held = plain.and_then(|plain| serde_json::from_slice::<Held>(&plain).ok());
            let held = held.ok_or_else(|| {
                let said = "The cursor is none of this list: begin with an empty one.";
                scim::Error::new(ScimType::InvalidCursor, said)
            })?;
            if held.until < now.timestamp() {
                let said = "The cursor is too old: begin with an empty one.";
                return Err(scim::Error::new(ScimType::ExpiredCursor, said).into());
            }
            if self.count.is_some_and(|count| count != held.count) {
                let said = format!("count must stay {} during the walk.", held.count);
                return Err(scim::Error::new(ScimType::InvalidCount, said).into());
            }
            Stretch {
                from: Some(held.from),
                backwards: held.backwards,
                count: held.count,
                total: Some(held.total),
            }
        };
        Ok(Step { keys, about, until: (now + GOOD_FOR).timestamp(), stretch })
    }
}

impl Step<'_> {
    /// The cursors to the pages before and behind, when so many of these places were written out.
    pub(crate) fn around(
        &self,
        places: &[ListPlace],
        written: usize,
        (more, total): (bool, u64),
    ) -> (Option<String>, Option<String>) {
        let Stretch { from, backwards, .. } = &self.stretch;
        let before = if *backwards { more } else { from.is_some() };
        let behind = *backwards || more || written < places.len();
        let previous = places.first().filter(|_| before).map(|place| self.seal(place, true, total));
        let last = written.checked_sub(1).and_then(|at| places.get(at));
        (previous, last.filter(|_| behind).map(|place| self.seal(place, false, total)))
    }

    fn seal(&self, from: &ListPlace, backwards: bool, total: u64) -> String {
        let (from, count, until) = (from.clone(), self.stretch.count, self.until);
        let held = Held { from, backwards, count, total, until };
        let plain = serde_json::to_vec(&held).unwrap_or_default();
        self.keys.seal_text(Purpose::Cursor, &self.about, &plain)
    }
}
