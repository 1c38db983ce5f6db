//! One fresh database on the server that the environment names.

use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};

use crate::support::Site;

/// Does something with a site on a database of its own, where a server is given: `cargo xtask test` gives one.
#[expect(clippy::print_stdout, reason = "a test that is not tried says so")]
pub(crate) fn with_site(act: impl FnOnce(&Site)) {
    let Some(database) = Database::create() else {
        println!("not tried: ROLLCALL_TEST_POSTGRES_URL names no PostgreSQL");
        return;
    };
    let mut site = Site::sqlite();
    site.database_url = database.url();
    act(&site);
}

/// Runs a statement on the database of a site, behind the back of every command.
pub(crate) fn execute(site: &Site, statement: &'static str) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let url = &site.database_url;
        if url.starts_with("postgres") {
            let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
            connection.execute(statement).await.expect("the statement runs");
            connection.close().await.expect("closed");
        } else {
            let mut connection = SqliteConnection::connect(url).await.expect("the file opens");
            connection.execute(statement).await.expect("the statement runs");
            connection.close().await.expect("closed");
        }
    });
}

/// A database that goes when dropped.
struct Database {
    admin: String,
    name: String,
}

impl Database {
    /// A new database, or none where no server is given.
    fn create() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "tests on PostgreSQL are told where it is")]
        let admin = std::env::var("ROLLCALL_TEST_POSTGRES_URL").ok()?;
        let name = format!("crash_{}", std::process::id());
        let database = Self { admin, name };
        database.execute(&format!("CREATE DATABASE {}", database.name));
        Some(database)
    }

    fn url(&self) -> String {
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
