//! Test users of connections: users whom an identity provider makes to try a connection, and who are no people (J-04).
//!
//! A user is a test user by the names that an administrator has said of the connection. So a user who is renamed, or gets
//! another owner, becomes a test user or ceases to be one at once.

use std::collections::{BTreeMap, BTreeSet};

use provisioning::UserId;
use scim::text::{fold, fold_name};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::backend::for_each;
use crate::db::sql::Sql;
use crate::entity::test_users;
use crate::error::Error;
use crate::ids::{ConnectionId, IdRow};
use crate::unit::{ReadUnit, WriteUnit};

#[derive(FromQueryResult)]
struct NameRow {
    connection_id: Uuid,
    name: String,
}

impl Sql {
    /// Appends whether user `u` is a test user of the connection that owns the user: by the user name or an e-mail address.
    pub(crate) fn is_test_user(&mut self, unit: &ReadUnit) -> &mut Self {
        self.push("COALESCE((u.id, u.connection_id) IN (").test_users(unit).push("), FALSE)")
    }

    /// Appends how many users who are not deleted are test users of this connection, or of any.
    pub(crate) fn count_test_users(&mut self, unit: &ReadUnit, of: Option<ConnectionId>) -> &mut Self {
        let (before, behind) = for_each(unit.backend());
        self.push("(SELECT COUNT(DISTINCT t.id) FROM (").test_users(unit);
        self.push(&format!(") k {before} users t WHERE t.tenant_id = ")).bind(unit.tenant());
        self.push(" AND t.id = k.id AND t.connection_id = k.connection_id AND t.deleted_at IS NULL");
        if let Some(connection) = of {
            self.push(" AND t.connection_id = ").bind(connection.uuid());
        }
        self.push(behind).push(")")
    }

    /// Appends a query of users, each with the connection for which the name or an address is that of a test user, whoever owns
    /// the user. The few names are looked up, and not the many users.
    fn test_users(&mut self, unit: &ReadUnit) -> &mut Self {
        let (before, behind) = for_each(unit.backend());
        let names = "FROM (SELECT n.tenant_id, n.connection_id, n.name_folded, n.email_folded FROM test_users n \
                     WHERE n.tenant_id = ";
        self.push("SELECT t.id, l.connection_id ").push(names).bind(unit.tenant());
        self.push(&format!(
            ") l {before} users t WHERE t.tenant_id = l.tenant_id AND t.user_name_folded = l.name_folded{behind} \
             UNION ALL SELECT t.user_id, l.connection_id {names}"
        ));
        self.bind(unit.tenant());
        self.push(&format!(
            ") l {before} user_values t WHERE t.tenant_id = l.tenant_id AND t.attribute = 'emails' \
             AND t.value = l.email_folded{behind}"
        ))
    }
}

impl ReadUnit {
    /// The names of the test users of each connection that has any, in the order of names.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn test_users(&self) -> Result<BTreeMap<ConnectionId, Vec<String>>, Error> {
        let mut sql = Sql::new("SELECT n.connection_id, n.name FROM test_users n WHERE n.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY n.connection_id, n.name_folded");
        let mut names: BTreeMap<ConnectionId, Vec<String>> = BTreeMap::new();
        for row in self.transaction.all::<NameRow>(sql).await? {
            names.entry(ConnectionId::new(row.connection_id)).or_default().push(row.name);
        }
        Ok(names)
    }

    /// The users of a connection who have one of these names as user name or e-mail address.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn users_named(
        &self,
        connection: ConnectionId,
        names: &[String],
    ) -> Result<BTreeSet<UserId>, Error> {
        if names.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut sql = Sql::new("SELECT u.id FROM users u WHERE u.tenant_id = ");
        sql.bind(self.tenant()).push(" AND u.connection_id = ").bind(connection.uuid());
        sql.push(" AND u.ended_at IS NULL AND (u.user_name_folded IN ");
        sql.list(names.iter().map(|name| fold_name(name)));
        sql.push(" OR u.id IN (SELECT v.user_id FROM user_values v WHERE v.tenant_id = ").bind(self.tenant());
        sql.push(" AND v.attribute = 'emails' AND v.value IN ");
        sql.list(names.iter().map(|name| fold(name).into_owned())).push("))");
        let rows = self.transaction.all::<IdRow>(sql).await?;
        Ok(rows.into_iter().map(|row| UserId::new(row.id)).collect())
    }
}

impl WriteUnit {
    /// Gives a connection exactly these test users; users who become test users, or cease to be, must be settled afterwards.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn set_test_users(&mut self, connection: ConnectionId, names: &[String]) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM test_users WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND connection_id = ").bind(connection.uuid());
        self.transaction.run(sql).await?;
        let row = |name: &String| test_users::Model {
            tenant_id: self.tenant(),
            connection_id: connection.uuid(),
            name: name.clone(),
            name_folded: fold_name(name),
            email_folded: fold(name).into_owned(),
        };
        self.transaction.insert_all::<test_users::Entity>(names.iter().map(row).collect()).await
    }
}
