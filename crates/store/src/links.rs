//! Links to the database: of those that are free, the one that came back last goes out first.
//!
//! A pool that hands them out in turn keeps all of them half warm, and behind each is a process of `PostgreSQL` or a
//! cache of `SQLite`. So work that one or two links can do stays with one or two.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::DatabaseConnection;
use tokio::sync::{OnceCell, Semaphore};

use crate::backend::{self, PATIENCE};
use crate::error::Error;

/// All links of a store.
#[derive(Debug)]
pub(crate) struct Links(Arc<All>);

struct All {
    url: String,
    /// Each is made when it is first needed.
    links: Vec<OnceCell<DatabaseConnection>>,
    /// The places of those that are free, the last used at the end.
    free: Mutex<Vec<usize>>,
    /// As many as are free.
    turns: Semaphore,
}

/// A link in use; dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Link(Place);

/// A place that is taken; dropped, it is free again.
#[derive(Debug)]
struct Place {
    all: Arc<All>,
    number: usize,
}

impl Links {
    /// Makes the first of so many links, but at least one, and connects it.
    ///
    /// # Errors
    /// [`Error::Other`] if the database does not answer.
    pub(crate) async fn connect(url: &str, count: u32) -> Result<Self, Error> {
        let mut links = vec![OnceCell::new_with(Some(backend::connect_link(url, false).await?))];
        links.extend((1..count).map(|_| OnceCell::new()));
        let (free, turns) = ((0..links.len()).rev().collect(), Semaphore::new(links.len()));
        Ok(Self(Arc::new(All { url: url.to_owned(), links, free: Mutex::new(free), turns })))
    }

    /// Waits for a link.
    ///
    /// # Errors
    /// [`Error::Busy`] if none is free in time, or [`Error::Other`].
    pub(crate) async fn link(&self) -> Result<Link, Error> {
        let all = Arc::clone(&self.0);
        let turn = tokio::time::timeout(PATIENCE, all.turns.acquire()).await.map_err(|_| Error::Busy)?;
        // It comes back when the link does.
        turn.map_err(|_| Error::other("the database is closed"))?.forget();
        let number = all.free().pop().ok_or_else(|| Error::other("a turn came without a link"))?;
        let place = Place { all, number };
        let made = place.all.links[number].get_or_try_init(|| backend::connect_link(&place.all.url, true));
        made.await?;
        Ok(Link(place))
    }

    /// Closes every link, once those in use are done.
    pub(crate) async fn close(self) {
        for link in self.0.links.iter().filter_map(OnceCell::get) {
            if let Err(error) = link.close_by_ref().await {
                tracing::warn!(%error, "a link to the database did not close cleanly");
            }
        }
    }
}

impl All {
    fn free(&self) -> std::sync::MutexGuard<'_, Vec<usize>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Link {
    type Target = DatabaseConnection;

    fn deref(&self) -> &DatabaseConnection {
        let Self(place) = self;
        place.all.links[place.number].get().expect("it was made before it went out")
    }
}

impl std::fmt::Debug for All {
    /// Without the URL, which can hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("All").field("links", &self.links).finish_non_exhaustive()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.free().push(self.number);
        self.all.turns.add_permits(1);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    fn place(link: &Link) -> usize {
        link.0.number
    }

    #[tokio::test]
    async fn the_link_that_came_back_last_goes_out_first_and_who_finds_none_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("t.db").display());
        backend::connect_writer(&url).await.expect("a file").close().await.expect("closed");
        let links = Links::connect(&url, 2).await.expect("opens");
        let made = || links.0.links.iter().filter(|link| link.initialized()).count();
        let first = links.link().await.expect("free");
        assert_eq!(made(), 1, "the second is not needed yet");
        let second = links.link().await.expect("free");
        assert_eq!((place(&first), place(&second), made()), (0, 1, 2));
        {
            let mut third = pin!(links.link());
            assert!(poll!(&mut third).is_pending());
            drop(first);
            assert_eq!(place(&third.await.expect("free now")), 0);
        }
        drop(second);
        for _ in 0..3 {
            let link = links.link().await.expect("free");
            assert_eq!(place(&link), 1);
            link.ping().await.expect("connected");
        }
        links.close().await;
    }
}
