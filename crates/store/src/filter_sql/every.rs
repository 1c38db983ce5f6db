//! A list over several types: which resources a page has is one statement, and those of one type are read together.

use std::collections::VecDeque;

use scim::ResourceType;
use scim::filter::ResolvedFilter;
use scim::protocol::sort::Sort;

use super::page::{Found, condition};
use super::walk::Source;
use super::{Chosen, FilterWriter, Listing, Stretch, Table, Walked};
use crate::custom_resources::{self, CustomResource};
use crate::db::sql::Sql;
use crate::error::Error;
use crate::groups::{self, Group};
use crate::unit::ReadUnit;
use crate::users::{self, Computed, User, Wanted};

/// Which resources of a type are in a list over several.
#[derive(Clone, Copy, Debug)]
pub struct Part<'e> {
    /// The type.
    pub of: &'e ResourceType,
    /// Those that it matches.
    pub filter: Option<&'e ResolvedFilter>,
    /// The order; none for a type that lacks the attribute.
    pub sort: Option<&'e Sort>,
}

/// Which resources, and in which order: by type, as they stand here, in the order of ids.
#[derive(Clone, Copy, Debug, Default)]
pub struct Every<'e> {
    /// The types.
    pub parts: &'e [Part<'e>],
    /// Resources that are sorted at most.
    pub most: u64,
}

/// Resources of one type that follow each other on a page.
#[derive(Debug)]
pub enum Run<'u> {
    /// Users.
    Users(Listing<'u, (User, Computed)>),
    /// Groups.
    Groups(Listing<'u, Group>),
    /// Resources of a type that files define, with the place of the type.
    Custom(usize, Listing<'u, CustomResource>),
}

impl ReadUnit {
    /// A stretch of the list of resources of several types.
    ///
    /// # Errors
    /// [`Error::TooManyToSort`], [`Error::Busy`] or [`Error::Other`].
    pub async fn list_every<'u>(
        &'u self,
        every: Every<'u>,
        stretch: &Stretch,
        wanted: Wanted,
    ) -> Result<Walked<Vec<Run<'u>>>, Error> {
        let chosen = |part: &Part<'u>| Chosen { filter: part.filter, ..Chosen::default() };
        let all: Vec<_> = every.parts.iter().map(|part| (self.table_of(part.of), chosen(part))).collect();
        let mut rows = Sql::new(" FROM (");
        let keys = every.parts.iter().zip(&all).map(|(part, (table, _))| {
            FilterWriter::of(self, *table, &mut Sql::default()).key_among_types(part.sort)
        });
        let keys: Vec<_> = keys.collect();
        // What one type keeps as text and another one as a number is in no common order: the first type decides.
        let key = keys.iter().find_map(|key| key.as_ref().map(|(kind, _)| *kind));
        for (kind, ((table, chosen), own)) in all.iter().zip(&keys).enumerate() {
            rows.push(if kind == 0 { "" } else { " UNION ALL " });
            let own = own.as_ref().filter(|(kind, _)| Some(*kind) == key).map(|(_, sql)| sql.as_str());
            let none = key.map_or("NULL".to_owned(), |key| key.nothing(self.backend()));
            self.rows_of(&mut rows, (*table, kind), *chosen, own.unwrap_or(&none));
        }
        rows.push(") x WHERE TRUE");
        let sort = every.parts.iter().find_map(|part| part.sort);
        let source = Source {
            rows,
            columns: ["x.kind".to_owned(), "x.size".to_owned()],
            several: true,
            id: "x.id",
            key: key.map(|kind| (kind, "x.place".to_owned())),
            descending: sort.is_some_and(|sort| sort.descending),
            most: sort.map(|_| every.most),
        };
        let (found, reached) = source.find(self, &all, stretch).await?;
        let mut runs: Vec<(i32, VecDeque<Found>)> = Vec::new();
        for one in found {
            match runs.last_mut() {
                Some((kind, run)) if *kind == one.kind => run.push_back(one),
                _ => runs.push((one.kind, VecDeque::from([one]))),
            }
        }
        let runs = runs.into_iter().map(|(kind, found)| {
            let place = usize::try_from(kind).unwrap_or_default();
            match all[place].0 {
                Table::Users => {
                    let columns = self.whole(wanted);
                    Run::Users(Listing::of::<users::WholeRow>(self, Table::Users, columns, found))
                }
                Table::Groups => {
                    let columns = Sql::new(groups::COLUMNS);
                    Run::Groups(Listing::of::<groups::Row>(self, Table::Groups, columns, found))
                }
                table @ Table::Custom(of) => {
                    let columns = self.custom_columns(of);
                    Run::Custom(place, Listing::of::<custom_resources::Row>(self, table, columns, found))
                }
            }
        });
        Ok(Walked { resources: runs.collect(), reached })
    }

    /// Where resources of a type are.
    pub(crate) fn table_of<'t>(&self, of: &'t ResourceType) -> Table<'t> {
        match of.name.as_str() {
            name if name == self.registry.user().name => Table::Users,
            name if name == self.registry.group().name => Table::Groups,
            _ => Table::Custom(of),
        }
    }

    /// Writes the rows of one type, with what they are sorted by.
    fn rows_of(&self, sql: &mut Sql, (table, kind): (Table<'_>, usize), chosen: Chosen<'_>, place: &str) {
        let (name, alias) = (table.name(), table.alias());
        let size = table.document_size(self.backend());
        sql.push(&format!("SELECT {kind} AS kind, {alias}.id AS id, {size} AS size, {place} AS place"));
        sql.push(&format!(" FROM {name} {alias}"));
        condition(self, sql, table, chosen);
    }
}
