//! A list over users and groups: which resources a page has is one statement, and those of one type are read together.

use scim::filter::ResolvedFilter;
use scim::protocol::list::Page;
use scim::protocol::sort::Sort;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::order::sortable;
use super::page::{Found, condition, count};
use super::{Chosen, FilterWriter, Listing, Table};
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

#[derive(FromQueryResult)]
struct Row {
    kind: i32,
    id: Uuid,
    size: i64,
}

impl ReadUnit {
    /// How many users and groups there are, and those of one page.
    ///
    /// # Errors
    /// [`Error::TooManyToSort`], [`Error::Busy`] or [`Error::Other`].
    pub async fn list_every(
        &self,
        every: Every<'_>,
        page: Page,
        wanted: Wanted,
    ) -> Result<(u64, Vec<Run<'_>>), Error> {
        let users = Chosen { filter: every.users, ..Chosen::default() };
        let groups = Chosen { filter: every.groups, ..Chosen::default() };
        let total = count(self, Table::Users, users).await? + count(self, Table::Groups, groups).await?;
        if every.sorts.is_some() {
            sortable(total, every.most)?;
        }
        let (of_users, of_groups) = every.sorts.unwrap_or_default();
        let mut sql = Sql::new("SELECT x.kind, x.id, x.size FROM (");
        self.rows_of(&mut sql, (Table::Users, 0), users, of_users);
        sql.push(" UNION ALL ");
        self.rows_of(&mut sql, (Table::Groups, 1), groups, of_groups);
        sql.push(") x ORDER BY ");
        if let Some(sort) = of_users.or(of_groups) {
            sql.push(if sort.descending { "x.place DESC NULLS FIRST, " } else { "x.place ASC NULLS LAST, " });
        }
        let before = page.start_index.saturating_sub(1).min(i64::MAX as u64);
        sql.push(&format!("x.kind, x.id LIMIT {} OFFSET {before}", page.count));
        let rows = self.transaction.all::<Row>(sql).await?;
        let runs = rows.chunk_by(|one, next| one.kind == next.kind).map(|run| {
            let found = run.iter().map(|row| Found { id: row.id, size: row.size }).collect();
            if run[0].kind == 0 {
                let columns = self.whole(wanted);
                return Run::Users(Listing::of::<users::WholeRow>(self, Table::Users, columns, found));
            }
            Run::Groups(Listing::of::<groups::Row>(self, Table::Groups, Sql::new(groups::COLUMNS), found))
        });
        Ok((total, runs.collect()))
    }

    fn rows_of(&self, sql: &mut Sql, (table, kind): (Table, i32), chosen: Chosen<'_>, sort: Option<&Sort>) {
        let (name, alias) = (table.name(), table.alias());
        let size = table.document_size(self.backend());
        sql.push(&format!("SELECT {kind} AS kind, {alias}.id AS id, {size} AS size, "));
        let place = FilterWriter::of(self, table, sql).key_among_types(sort);
        sql.push(&format!("{place} AS place FROM {name} {alias}"));
        condition(self, sql, table, chosen);
    }
}
