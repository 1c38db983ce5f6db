//! Which areas of a tenant have changed, for pages that follow what happens.

use std::collections::BTreeSet;

use store::{JournalQuery, Place, TenantScope};
use uuid::Uuid;

use super::search::Area;
use crate::database::Database;
use crate::error::Error;

/// Entries that are looked at at once; more than that are of every area that matters.
const MOST: u64 = 500;

/// The word for requests of identity providers, which have an area of their own.
pub const REQUESTS: &str = "requests";

/// A place in the journal, in the order of commits, and in the request log of a tenant.
#[derive(Debug)]
pub struct Watch {
    scope: TenantScope,
    end: Place,
    request: Option<Uuid>,
}

impl Watch {
    /// Begins at the present end.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn open(db: &Database, tenant: &str) -> Result<Self, Error> {
        let (scope, _) = db.tenant(tenant).await?;
        let unit = db.read(&scope).await?;
        let (end, request) = (unit.end_of_journal().await?, unit.last_request().await?);
        Ok(Self { scope, end, request })
    }

    /// The words of the areas that have changed since the last look, see [`Area::as_str`] and [`REQUESTS`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn changed(&mut self, db: &Database) -> Result<BTreeSet<&'static str>, Error> {
        let unit = db.read(&self.scope).await?;
        let query = JournalQuery { after: Some(self.end), most: MOST, ..JournalQuery::default() };
        let entries = unit.journal(query).await?;
        let mut areas: BTreeSet<_> = entries.iter().map(|it| Area::of(it.entry.kind).as_str()).collect();
        self.end = entries.last().map_or(self.end, |last| last.place);
        let request = unit.last_request().await?;
        if request != self.request {
            self.request = request;
            areas.insert(REQUESTS);
        }
        Ok(areas)
    }
}
