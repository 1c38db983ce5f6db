//! Links to the database: of those that are free, the one that came back last goes out first.
//!
//! A pool that hands them out in turn keeps all of them half warm, and behind each is a process of `PostgreSQL` or a
//! cache of `SQLite`. So work that one or two links can do stays with one or two.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::DatabaseConnection;
use tokio::sync::Semaphore;

use crate::backend::{self, PATIENCE};
use crate::error::Error;

/// All links of a store.
#[derive(Debug)]
pub(crate) struct Links(Arc<All>);

#[derive(Debug)]
struct All {
    links: Vec<DatabaseConnection>,
    /// The places of those that are free, the last used at the end.
    free: Mutex<Vec<usize>>,
    /// As many as are free.
    turns: Semaphore,
}

/// A link in use; dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Link {
    all: Arc<All>,
    place: usize,
}

impl Links {
    /// Makes so many links, and connects the first; the others connect when they are needed.
    ///
    /// # Errors
    /// [`Error::Other`] if the database does not answer.
    pub(crate) async fn connect(url: &str, count: u32) -> Result<Self, Error> {
        let mut links = vec![backend::connect_link(url, false).await?];
        for _ in 1..count {
            links.push(backend::connect_link(url, true).await?);
        }
        let (free, turns) = ((0..links.len()).rev().collect(), Semaphore::new(links.len()));
        Ok(Self(Arc::new(All { links, free: Mutex::new(free), turns })))
    }

    /// Waits for a link.
    ///
    /// # Errors
    /// [`Error::Busy`] if none is free in time.
    pub(crate) async fn link(&self) -> Result<Link, Error> {
        let all = Arc::clone(&self.0);
        let turn = tokio::time::timeout(PATIENCE, all.turns.acquire()).await.map_err(|_| Error::Busy)?;
        // It comes back when the link does.
        turn.map_err(|_| Error::other("the database is closed"))?.forget();
        let place = all.free().pop().ok_or_else(|| Error::other("a turn came without a link"))?;
        Ok(Link { all, place })
    }

    /// Closes every link, once those in use are done.
    pub(crate) async fn close(self) {
        for link in &self.0.links {
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
        &self.all.links[self.place]
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.all.free().push(self.place);
        self.all.turns.add_permits(1);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    #[tokio::test]
    async fn the_link_that_came_back_last_goes_out_first_and_who_finds_none_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("t.db").display());
        backend::connect_writer(&url).await.expect("a file").close().await.expect("closed");
        let links = Links::connect(&url, 2).await.expect("opens");
        let (first, second) = (links.link().await.expect("free"), links.link().await.expect("free"));
        assert_eq!((first.place, second.place), (0, 1));
        {
            let mut third = pin!(links.link());
            assert!(poll!(&mut third).is_pending());
            drop(first);
            assert_eq!(third.await.expect("free now").place, 0);
        }
        drop(second);
        for _ in 0..3 {
            let link = links.link().await.expect("free");
            assert_eq!(link.place, 1);
            link.ping().await.expect("connected");
        }
        links.close().await;
    }
}
