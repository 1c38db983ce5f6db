//! One user: the document with the columns that are looked up, and the enrolment.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use provisioning::{Enrolment, UserId};
use scim::filter::ResolvedFilter;
use scim::protocol::list::Page;
use scim::schema::{ENTERPRISE_USER, Registry};
use scim::text::fold_name;
use scim::{Meta, Object, Resource};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::connections::decode;
use crate::db::sql::{CHUNK, Sql};
use crate::enrolments::ShownRow;
use crate::error::Error;
use crate::filter_sql::{self, Chosen, Listing, Order, Stretch, Table, Walked};
use crate::ids::ConnectionId;
use crate::reminders::ReminderCount;
use crate::seats::Licence;
use crate::unit::ReadUnit;
use crate::users::computed::{Computed, ComputedRow, Wanted};

/// A user as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The resource: document and meta, without anything computed.
    pub resource: Resource,
    /// What became of the person, as it is shown: the rules look at [`facts`](ReadUnit::facts).
    pub enrolment: Enrolment,
    /// The connection that owns the user.
    pub connection: Option<ConnectionId>,
    /// Whether a push deleted the user, and the brake keeps the person's access.
    pub deleted: bool,
}

impl User {
    /// The `userName`.
    #[must_use]
    pub fn user_name(&self) -> &str {
        text(&self.resource.document, "userName").unwrap_or_default()
    }

    /// Whether the person may use the application; a person is active unless said to be inactive.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.resource.document.get("active").and_then(Value::as_bool).unwrap_or(true)
    }

    /// The values by which a group may have named the user before the user was there.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        text(&self.resource.document, "externalId").into_iter().chain([self.user_name()])
    }

    /// Whether the user has a manager.
    #[must_use]
    pub fn names_manager(&self) -> bool {
        self.resource
            .document
            .get(ENTERPRISE_USER)
            .is_some_and(|extension| extension.get("manager").is_some())
    }

    /// Whether answers hold the enrolment extension: there is a licence, a place in a queue, or there was a licence.
    #[must_use]
    pub fn shows_enrolment(&self, licences: &[Licence]) -> bool {
        !licences.is_empty() || self.enrolment.has_begun()
    }
}

#[derive(FromQueryResult)]
struct OwnerRow {
    id: Uuid,
    connection_id: Option<Uuid>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    document: Value,
    #[sea_orm(nested)]
    enrolment: ShownRow,
    connection_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    modified_at: DateTime<Utc>,
    version: i64,
    deleted_at: Option<DateTime<Utc>>,
}

/// The beginning of a query of users.
fn columns() -> Sql {
    let own =
        "SELECT u.id, u.document, u.connection_id, u.created_at, u.modified_at, u.version, u.deleted_at, ";
    Sql::new(&[own, &ShownRow::columns()].concat())
}

/// A user with what is computed.
#[derive(FromQueryResult)]
pub(crate) struct WholeRow {
    #[sea_orm(nested)]
    user: Row,
    #[sea_orm(nested)]
    computed: ComputedRow,
}

impl TryFrom<WholeRow> for (User, Computed) {
    type Error = Error;

    fn try_from(row: WholeRow) -> Result<Self, Error> {
        let computed = row.computed.read(row.user.id)?;
        Ok((row.user.try_into()?, computed))
    }
}

impl TryFrom<Row> for User {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let id = row.id.to_string();
        let meta = Meta { created: row.created_at, last_modified: row.modified_at, version: row.version };
        Ok(Self {
            id: UserId::new(row.id),
            enrolment: row.enrolment.read(row.id)?,
            connection: row.connection_id.map(ConnectionId::new),
            deleted: row.deleted_at.is_some(),
            resource: Resource { document: decode(row.document, "users", "document", &id)?, id, meta },
        })
    }
}

/// What is looked up, from a document.
pub(crate) struct Indexed {
    pub(crate) search: Object,
    pub(crate) user_name_folded: String,
    pub(crate) external_id: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) active: Option<bool>,
}

impl Indexed {
    pub(crate) fn of(registry: &Registry, document: &Object) -> Result<Self, Error> {
        let user_name = text(document, "userName").ok_or_else(|| Error::other("a user needs a userName"))?;
        Ok(Self {
            search: filter_sql::search_document(registry.user(), document),
            user_name_folded: fold_name(user_name),
            external_id: text(document, "externalId").map(str::to_owned),
            display_name: text(document, "displayName").filter(|name| !name.is_empty()).map(str::to_owned),
            active: document.get("active").and_then(Value::as_bool),
        })
    }
}

pub(crate) fn text<'d>(document: &'d Object, name: &str) -> Option<&'d str> {
    document.get(name).and_then(Value::as_str)
}

impl Sql {
    /// Appends the source `u`: the users of these ids, whether the unit sees them or not.
    pub(crate) fn users_among(&mut self, unit: &ReadUnit, ids: impl IntoIterator<Item = Uuid>) -> &mut Self {
        self.among(unit.backend(), unit.tenant(), ("users", "u", "id"), ids)
    }
}

impl ReadUnit {
    /// The user of this id.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn user(&self, id: UserId) -> Result<Option<User>, Error> {
        self.one_user(id, "").await
    }

    pub(crate) async fn one_user(&self, id: UserId, lock: &str) -> Result<Option<User>, Error> {
        let mut sql = columns();
        sql.push(" FROM users u WHERE u.tenant_id = ")
            .bind(self.tenant())
            .push(" AND u.id = ")
            .bind(id.uuid());
        sql.seen_user(&self.scope, "u").push(lock);
        self.transaction.one::<Row>(sql).await?.map(User::try_from).transpose()
    }

    /// The owner of each of these users who has one, whether the unit sees the user or not.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn owners_of(&self, ids: &[UserId]) -> Result<HashMap<UserId, ConnectionId>, Error> {
        let mut owners = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT u.id, u.connection_id FROM ");
            sql.users_among(self, chunk.iter().map(|id| id.uuid()));
            for row in self.transaction.all::<OwnerRow>(sql).await? {
                owners.extend(row.connection_id.map(|id| (UserId::new(row.id), ConnectionId::new(id))));
            }
        }
        Ok(owners)
    }

    /// The users among these that exist.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn users_among(&self, ids: &[UserId]) -> Result<Vec<User>, Error> {
        let mut users = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = columns();
            sql.push(" FROM ").users_among(self, chunk.iter().map(|id| id.uuid())).push(" ORDER BY u.id");
            for row in self.transaction.all::<Row>(sql).await? {
                users.push(User::try_from(row)?);
            }
        }
        Ok(users)
    }

    /// The user of this id, with what is wanted, in one statement.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn whole_user(&self, id: UserId, wanted: Wanted) -> Result<Option<(User, Computed)>, Error> {
        let mut sql = self.whole(wanted);
        sql.push(" FROM users u WHERE u.tenant_id = ").bind(self.tenant());
        sql.push(" AND u.id = ").bind(id.uuid());
        sql.seen_user(&self.scope, "u");
        self.transaction.one::<WholeRow>(sql).await?.map(TryInto::try_into).transpose()
    }

    /// A stretch of the users who satisfy the filter, with what is wanted; in the order of ids without another.
    ///
    /// One statement finds the only user that there can be ([`finds_one`](crate::finds_one)), with all that is wanted.
    ///
    /// # Errors
    /// [`Error::TooManyToSort`], [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn list_users(
        &self,
        filter: Option<&ResolvedFilter>,
        order: Option<&Order>,
        stretch: &Stretch,
        wanted: Wanted,
    ) -> Result<Walked<Listing<'_, (User, Computed)>>, Error> {
        let chosen = Chosen { filter, order, also: "" };
        filter_sql::list::<WholeRow, _>(self, Table::Users, self.whole(wanted), chosen, stretch).await
    }

    /// As [`ReadUnit::list_users`], of the users who got so many reminders.
    ///
    /// # Errors
    /// As [`ReadUnit::list_users`].
    pub async fn list_reminded_users(
        &self,
        filter: Option<&ResolvedFilter>,
        reminders: ReminderCount,
        stretch: &Stretch,
        wanted: Wanted,
    ) -> Result<Walked<Listing<'_, (User, Computed)>>, Error> {
        let also = reminders.condition();
        let columns = self.whole(wanted);
        let chosen = Chosen { filter, also: &also, order: None };
        filter_sql::list::<WholeRow, _>(self, Table::Users, columns, chosen, stretch).await
    }

    /// How many users satisfy the filter, and those of one page, at once and without anything computed.
    ///
    /// # Errors
    /// As [`ReadUnit::list_users`].
    pub async fn users(
        &self,
        filter: Option<&ResolvedFilter>,
        page: Page,
    ) -> Result<(u64, Vec<User>), Error> {
        let walked = self.list_users(filter, None, &Stretch::of(page), Wanted::default()).await?;
        let (total, users) = walked.all().await?;
        Ok((total, users.into_iter().map(|(user, _)| user).collect()))
    }

    pub(crate) fn whole(&self, wanted: Wanted) -> Sql {
        let mut sql = columns();
        self.add_computed(&mut sql, wanted);
        sql
    }
}
