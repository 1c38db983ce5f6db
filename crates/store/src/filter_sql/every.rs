//! A list over users and groups: which resources a page has is one statement, and those of one type are read together.

use std::collections::VecDeque;

use scim::filter::ResolvedFilter;
use scim::protocol::sort::Sort;

use super::order::Kind;
use super::page::{Found, condition};
use super::walk::Source;
use super::{Chosen, FilterWriter, Listing, Stretch, Table, Walked};
use crate::db::sql::Sql;
use crate::error::Error;
use crate::groups::{self, Group};
use crate::unit::ReadUnit;
use crate::users::{self, Computed, User, Wanted};

/// Which users and groups, and in which order: users come first, in the order of ids.
#[derive(Clone, Copy, Debug, Default)]
pub struct Every<'e> {
    /// Those that it matches.
    pub users: Option<&'e ResolvedFilter>,
    /// Those that it matches.
    pub groups: Option<&'e ResolvedFilter>,
    /// The order of both, each none for a type that lacks the attribute.
    pub sorts: Option<(Option<&'e Sort>, Option<&'e Sort>)>,
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
}

impl ReadUnit {
    /// A stretch of the list of users and groups.
    ///
    /// # Errors
    /// [`Error::TooManyToSort`], [`Error::Busy`] or [`Error::Other`].
    pub async fn list_every(
        &self,
        every: Every<'_>,
        stretch: &Stretch,
        wanted: Wanted,
    ) -> Result<Walked<Vec<Run<'_>>>, Error> {
        let users = Chosen { filter: every.users, ..Chosen::default() };
        let groups = Chosen { filter: every.groups, ..Chosen::default() };
        let (of_users, of_groups) = every.sorts.unwrap_or_default();
        let mut rows = Sql::new(" FROM (");
        let key_of_users = self.rows_of(&mut rows, (Table::Users, 0), users, of_users);
        rows.push(" UNION ALL ");
        let key_of_groups = self.rows_of(&mut rows, (Table::Groups, 1), groups, of_groups);
        rows.push(") x WHERE TRUE");
        let source = Source {
            rows,
            columns: ["x.kind".to_owned(), "x.size".to_owned()],
            several: true,
            id: "x.id",
            key: key_of_users.or(key_of_groups).map(|kind| (kind, "x.place".to_owned())),
            descending: of_users.or(of_groups).is_some_and(|sort| sort.descending),
            most: every.sorts.map(|_| every.most),
        };
        let all = [(Table::Users, users), (Table::Groups, groups)];
        let (found, reached) = source.find(self, &all, stretch).await?;
        let mut runs: Vec<(i32, VecDeque<Found>)> = Vec::new();
        for one in found {
            match runs.last_mut() {
                Some((kind, run)) if *kind == one.kind => run.push_back(one),
                _ => runs.push((one.kind, VecDeque::from([one]))),
            }
        }
        let runs = runs.into_iter().map(|(kind, found)| {
            if kind == 0 {
                let columns = self.whole(wanted);
                return Run::Users(Listing::of::<users::WholeRow>(self, Table::Users, columns, found));
            }
            Run::Groups(Listing::of::<groups::Row>(self, Table::Groups, Sql::new(groups::COLUMNS), found))
        });
        Ok(Walked { resources: runs.collect(), reached })
    }

    /// Writes the rows of one type, and says of which kind their key is.
    fn rows_of(
        &self,
        sql: &mut Sql,
        (table, kind): (Table, i32),
        chosen: Chosen<'_>,
        sort: Option<&Sort>,
    ) -> Option<Kind> {
        let (name, alias) = (table.name(), table.alias());
        let size = table.document_size(self.backend());
        sql.push(&format!("SELECT {kind} AS kind, {alias}.id AS id, {size} AS size, "));
        let key = FilterWriter::of(self, table, sql).key_among_types(sort);
        let place = key.as_ref().map_or("NULL", |(_, key)| key.as_str());
        sql.push(&format!("{place} AS place FROM {name} {alias}"));
        condition(self, sql, table, chosen);
        key.map(|(kind, _)| kind)
    }
}
