//! People who come by a file: the import, and its rows with what became of each.

use chrono::{DateTime, Utc};
use provisioning::{PoolId, UserId};
use scim::text::{fold, fold_name};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::backend::for_update;
use crate::db::locks::Lock;
use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::ids::stored;
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Its id.
    pub id: Uuid,
    /// The name of the file.
    pub name: String,
    /// The operator in whose name people are created.
    pub operator: String,
    /// The pool of which they get a licence.
    pub pool: Option<PoolId>,
    /// Where it is: a word of the operations.
    pub state: String,
    /// How many rows it has, once all are read.
    pub rows: u64,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A row of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportRow {
    /// Which row of the file it is, from 1.
    pub number: u64,
    /// What the person is called.
    pub name: String,
    /// The address.
    pub email: String,
    /// The `userName`.
    pub user_name: String,
    /// What became of it: a word of the operations.
    pub verdict: String,
    /// Why, for people.
    pub reason: Option<String>,
    /// The person.
    pub user: Option<UserId>,
}

/// A person who is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The person.
    pub user: UserId,
    /// The folded `userName` by which the person was found, or the folded address.
    pub by: String,
    /// The name of the connection that owns the person.
    pub owner: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    name: String,
    operator: String,
    pool_id: Option<Uuid>,
    state: String,
    total: i64,
    created_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct RowRow {
    number: i64,
    name: String,
    email: String,
    user_name: String,
    verdict: String,
    reason: Option<String>,
    user_id: Option<Uuid>,
}

#[derive(FromQueryResult)]
struct KnownRow {
    id: Uuid,
    found: String,
    owner: Option<String>,
}

#[derive(FromQueryResult)]
struct CountRow {
    verdict: String,
    number: i64,
}

impl From<Row> for Import {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            operator: row.operator,
            pool: row.pool_id.map(PoolId::new),
            state: row.state,
            rows: u64::try_from(row.total).unwrap_or(0),
            created_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}

impl From<RowRow> for ImportRow {
    fn from(row: RowRow) -> Self {
        Self {
            number: u64::try_from(row.number).unwrap_or(0),
            name: row.name,
            email: row.email,
            user_name: row.user_name,
            verdict: row.verdict,
            reason: row.reason,
            user: row.user_id.map(UserId::new),
        }
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl ReadUnit {
    /// The imports of the tenant, the latest first, at most `most`.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn imports(&self, most: u64) -> Result<Vec<Import>, Error> {
        let mut sql = Sql::new("SELECT i.* FROM imports i WHERE i.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY i.id DESC LIMIT ").bind(most);
        Ok(self.transaction.all::<Row>(sql).await?.into_iter().map(Import::from).collect())
    }

    /// The import of this id.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn import(&self, id: Uuid) -> Result<Option<Import>, Error> {
        self.one_import(id, "").await
    }

    async fn one_import(&self, id: Uuid, lock: &str) -> Result<Option<Import>, Error> {
        let mut sql = Sql::new("SELECT i.* FROM imports i WHERE i.tenant_id = ");
        sql.bind(self.tenant()).push(" AND i.id = ").bind(id).push(lock);
        Ok(self.transaction.one::<Row>(sql).await?.map(Import::from))
    }

    /// At most `most` rows of an import behind the row of this number, in their order; those with one verdict, where one is named.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn import_rows(
        &self,
        import: Uuid,
        verdict: Option<&str>,
        after: u64,
        most: u64,
    ) -> Result<Vec<ImportRow>, Error> {
        let mut sql = Sql::new("SELECT r.* FROM import_rows r WHERE r.tenant_id = ");
        sql.bind(self.tenant()).push(" AND r.import_id = ").bind(import);
        sql.push(" AND r.number > ").bind(signed(after));
        if let Some(verdict) = verdict {
            sql.push(" AND r.verdict = ").bind(verdict);
        }
        sql.push(" ORDER BY r.number LIMIT ").bind(most);
        Ok(self.transaction.all::<RowRow>(sql).await?.into_iter().map(ImportRow::from).collect())
    }

    /// How many rows of an import have each verdict.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn import_verdicts(&self, import: Uuid) -> Result<Vec<(String, u64)>, Error> {
        let mut sql =
            Sql::new("SELECT r.verdict, COUNT(*) AS number FROM import_rows r WHERE r.tenant_id = ");
        sql.bind(self.tenant()).push(" AND r.import_id = ").bind(import);
        sql.push(" GROUP BY r.verdict ORDER BY r.verdict");
        let rows = self.transaction.all::<CountRow>(sql).await?;
        let count = |row: CountRow| (row.verdict, u64::try_from(row.number).unwrap_or(0));
        Ok(rows.into_iter().map(count).collect())
    }

    /// The people who have one of these names as `userName`, or one of these addresses.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn known_people(&self, names: &[&str], emails: &[&str]) -> Result<Vec<Known>, Error> {
        let owner = "(SELECT c.name FROM connections c WHERE c.tenant_id = u.tenant_id AND c.id = u.connection_id) AS owner";
        let mut known = Vec::new();
        for chunk in names.chunks(CHUNK) {
            let mut sql =
                Sql::new(&format!("SELECT u.id, u.user_name_folded AS found, {owner} FROM users u"));
            sql.push(" WHERE u.tenant_id = ")
                .bind(self.tenant())
                .push(" AND u.deleted_at IS NULL AND u.user_name_folded IN ");
            sql.list(chunk.iter().map(|name| fold_name(name)));
            known.extend(self.transaction.all::<KnownRow>(sql).await?);
        }
        for chunk in emails.chunks(CHUNK) {
            let mut sql = Sql::new(&format!("SELECT u.id, v.value AS found, {owner} FROM user_values v"));
            sql.push(" JOIN users u ON u.tenant_id = v.tenant_id AND u.id = v.user_id WHERE v.tenant_id = ");
            sql.bind(self.tenant())
                .push(" AND u.deleted_at IS NULL AND v.attribute = 'emails' AND v.value IN ");
            sql.list(chunk.iter().map(|email| fold(email).into_owned()));
            known.extend(self.transaction.all::<KnownRow>(sql).await?);
        }
        let known = known.into_iter();
        Ok(known.map(|row| Known { user: UserId::new(row.id), by: row.found, owner: row.owner }).collect())
    }
}

impl Store {
    /// Forgets imports that were read before an instant and have not begun; says how many.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn forget_imports(&self, before: DateTime<Utc>) -> Result<u64, Error> {
        let transaction = self.writing().await?;
        let mut sql = Sql::new("DELETE FROM imports WHERE state IN ('reading', 'read') AND created_at < ");
        sql.bind(stored(before));
        let forgotten = transaction.run(sql).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }
}

impl WriteUnit {
    /// Waits until no other unit adds people by hand or by a file, so that what [`ReadUnit::known_people`] says stays true
    /// until this unit ends.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_additions(&mut self) -> Result<(), Error> {
        self.hold(Lock::Additions).await
    }

    /// The import of this id, locked: no other unit works on its rows until this one ends. It is locked before any other
    /// row.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_import(&mut self, id: Uuid) -> Result<Option<Import>, Error> {
        self.one_import(id, for_update(self.backend())).await
    }

    /// Keeps a new import.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_import(&mut self, import: &Import) -> Result<(), Error> {
        let mut sql = Sql::new(
            "INSERT INTO imports (tenant_id, id, name, operator, pool_id, state, total, created_at) VALUES ",
        );
        sql.tuple([
            self.tenant().into(),
            import.id.into(),
            import.name.as_str().into(),
            import.operator.as_str().into(),
            import.pool.map(PoolId::uuid).into(),
            import.state.as_str().into(),
            signed(import.rows).into(),
            stored(import.created_at).into(),
        ]);
        self.transaction.run(sql).await.map(drop)
    }

    /// Says where an import is.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_import(&mut self, import: &Import) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE imports SET state = ");
        sql.bind(import.state.as_str()).push(", total = ").bind(signed(import.rows));
        sql.push(", ended_at = ").bind(import.ended_at.map(stored));
        sql.push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND id = ").bind(import.id);
        self.transaction.run(sql).await.map(drop)
    }

    /// Keeps rows that were read from the file.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_import_rows(&mut self, import: Uuid, rows: &[ImportRow]) -> Result<(), Error> {
        for chunk in rows.chunks(CHUNK) {
            let mut sql = Sql::new(
                "INSERT INTO import_rows (tenant_id, import_id, number, name, email, user_name, verdict, reason) VALUES ",
            );
            sql.rows(chunk.iter().map(|row| {
                [
                    self.tenant().into(),
                    import.into(),
                    signed(row.number).into(),
                    row.name.as_str().into(),
                    row.email.as_str().into(),
                    row.user_name.as_str().into(),
                    row.verdict.as_str().into(),
                    row.reason.as_deref().into(),
                ]
            }));
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// Forgets an import with its rows.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_import(&mut self, import: Uuid) -> Result<(), Error> {
        for (table, column) in [("import_rows", "import_id"), ("imports", "id")] {
            let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE tenant_id = "));
            sql.bind(self.tenant()).push(&format!(" AND {column} = ")).bind(import);
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// Says what became of rows.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_import_rows(&mut self, import: Uuid, rows: &[ImportRow]) -> Result<(), Error> {
        for chunk in rows.chunks(CHUNK) {
            let mut sql = Sql::new(
                "UPDATE import_rows SET verdict = v.column2, reason = v.column3, user_id = v.column4 FROM (VALUES ",
            );
            sql.rows(chunk.iter().map(|row| {
                [
                    signed(row.number).into(),
                    row.verdict.as_str().into(),
                    row.reason.as_deref().into(),
                    row.user.map(UserId::uuid).into(),
                ]
            }));
            sql.push(") AS v WHERE import_rows.tenant_id = ").bind(self.tenant());
            sql.push(" AND import_rows.import_id = ")
                .bind(import)
                .push(" AND import_rows.number = v.column1");
            self.transaction.run(sql).await?;
        }
        Ok(())
    }
}
