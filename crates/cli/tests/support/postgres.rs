//! One fresh database on the server that the environment names.

use sqlx::{Connection as _, Executor as _, PgConnection};

/// A database that goes when dropped.
pub(crate) struct Database {
    admin: String,
    name: String,
}

impl Database {
    /// A new database, or none where no server is given: `cargo xtask test` gives one.
    pub(crate) fn create() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "tests on PostgreSQL are told where it is")]
        let admin = std::env::var("ROLLCALL_TEST_POSTGRES_URL").ok()?;
        let name = format!("crash_{}", std::process::id());
        let database = Self { admin, name };
        database.execute(&format!("CREATE DATABASE {}", database.name));
        Some(database)
    }

    pub(crate) fn url(&self) -> String {
        let (server, _) = self.admin.rsplit_once('/').expect("a URL with a database name");
        format!("{server}/{}", self.name)
    }

    fn execute(&self, statement: &str) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&self.admin).await.expect("PostgreSQL answers");
            connection.execute(sqlx::AssertSqlSafe(statement)).await.expect("the statement runs");
        });
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
