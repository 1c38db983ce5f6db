//! How a client reads a list, page by page: by cursor (RFC 9865) or by index (RFC 7644 §3.4.2.4). In both ways the next page begins
//! behind the last resource that the client has met, and not at a number that changes when resources come and go.

mod cursor;
mod index;

use std::time::Duration;

use scim::protocol::list::Page;
use store::{Reached, ReadUnit, Stretch};
use tokio::time::timeout;

use self::cursor::Cursor;
use self::index::Index;
use crate::database::Database;
use crate::error::Error;
use crate::representation::{Items, Text};
use crate::requester::Requester;

/// How long a page waits until it is remembered where the client goes on.
const PATIENCE: Duration = Duration::from_millis(500);

pub use cursor::GOOD_FOR;

/// The page that a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// A digest of the types, the filter and the order of the list.
    pub over: Vec<u8>,
    /// Whether the greatest come first.
    pub descending: bool,
    /// The page.
    pub paging: Paging,
}

/// How a page is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paging {
    /// By the index of its first resource.
    Index(Page),
    /// By a cursor.
    Cursor {
        /// The cursor; empty for the first page.
        cursor: String,
        /// The most resources, if the client says so.
        count: Option<u64>,
        /// The most resources where it does not.
        usual: u64,
    },
}

/// A page of a walk: which stretch of the list it is, and how the client goes on from there.
pub(crate) struct Step<'k> {
    pub(crate) stretch: Stretch,
    going: Going<'k>,
}

enum Going<'k> {
    Cursor(Cursor<'k>),
    Index(Index),
}

impl Walk {
    /// Whether the page is the first one by index.
    pub(crate) fn is_first_by_index(&self) -> bool {
        matches!(self.paging, Paging::Index(page) if page.start_index <= 1)
    }

    /// What the page is.
    ///
    /// # Errors
    /// `invalidCursor`, `expiredCursor` or `invalidCount` (RFC 9865 §2.1), or what the database says.
    pub(crate) async fn step<'k>(
        &self,
        db: &'k Database,
        unit: &ReadUnit,
        requester: &Requester,
    ) -> Result<Step<'k>, Error> {
        match &self.paging {
            Paging::Index(page) => Index::step(self, *page, unit, requester).await,
            Paging::Cursor { cursor, count, usual } => {
                Cursor::step(self, cursor, (*count, *usual), db, requester).await
            }
        }
    }
}

impl Step<'_> {
    /// The answer with the resources that were written out; remembers where the client goes on. The unit of the step has ended.
    pub(crate) async fn answer(
        self,
        db: &Database,
        requester: &Requester,
        reached: &Reached,
        items: Items,
    ) -> Text {
        let written = items.count();
        let head = match &self.going {
            Going::Cursor(cursor) => cursor.head(&self.stretch, reached, written),
            Going::Index(index) => {
                // The page was read: a database that takes no changes at the moment is no reason to withhold it.
                match timeout(PATIENCE, index.keep(db, requester, reached, written)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(%error, "a place in a list is not remembered"),
                    Err(_) => tracing::warn!("a place in a list is not remembered: the database is busy"),
                }
                index.head(reached, written)
            }
        };
        items.behind(&head)
    }
}
