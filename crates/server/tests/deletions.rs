//! Deletions that take several steps: what a command began, the server brings to its end.

use crate::support::{TestApp, count, user};
use chrono::TimeDelta;
use operations::consequences::Agreed;
use operations::{pools, tenants};

/// How many rows a table has.
async fn rows(app: &TestApp, table: &str) -> i64 {
    count(app, &format!("SELECT COUNT(*) FROM {table}")).await
}

#[tokio::test]
async fn a_tenant_that_is_deleted_leaves_nothing_of_a_request_that_was_let_in_before() {
    let settings = [("ROLLCALL_JOBS__BATCH", "1"), ("ROLLCALL_AUTH__TOKEN_CACHE_SECONDS", "60")];
    let app = TestApp::open_with(&settings).await;
    let client = app.connection("generic").await;
    client.user("ada").await;
    let operator = app.admin.operator("tenant delete");
    let deleted = tenants::delete(app.admin.db(), &operator, &app.tenant, Agreed::People(1)).await;
    let (contents, work) = deleted.expect("it is agreed to");
    assert_eq!(contents.people, 1);
    // The server still remembers the token, and the operator's terminal goes away.
    client.user("late").await;
    drop(work);
    assert_eq!(rows(&app, "tenants").await, 1, "nothing is done yet");
    app.later(TimeDelta::minutes(2)).await;
    assert_eq!(rows(&app, "tenants").await, 0, "a job stands in for the command");
    assert_eq!((rows(&app, "users").await, rows(&app, "user_values").await), (0, 0));

    // The token is remembered for some seconds, and its connection is gone.
    client.post("/Users", &user("later")).await.expect_error(401, None);
    assert_eq!(rows(&app, "users").await, 0);
    // The request log is written behind the answers.
    app.server.flush().await;
    app.later(TimeDelta::hours(1)).await;
    for table in ["users", "user_values", "requests", "jobs", "connections", "tokens"] {
        assert_eq!(rows(&app, table).await, 0, "{table}");
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM journal WHERE kind = 'tenant-deleted'").await, 1);
}

#[tokio::test]
async fn a_pool_whose_deletion_was_interrupted_is_deleted_by_the_server() {
    let app = TestApp::open_with(&[("ROLLCALL_JOBS__BATCH", "1")]).await;
    let client = app.connection("generic").await;
    let (ada, bob) = (client.user("ada").await, client.user("bob").await);
    client.group("Team", &[&ada, &bob]).await;
    app.pool("Vault", 1, "queue").await;
    app.bind("Team", "Vault").await;
    let operator = app.admin.operator("pool delete");
    let refused = pools::delete(app.admin.db(), &operator, "Vault", Agreed::Nothing).await;
    let refused = refused.expect_err("people lose something").to_string();
    assert!(refused.contains("1 person would lose access, 1 seat would go back, 1 place"), "{refused}");
    let deleted = pools::delete(app.admin.db(), &operator, "Vault", Agreed::People(2)).await;
    drop(deleted.expect("it is agreed to"));
    assert_eq!(client.status(&ada).await, "pending");
    app.later(TimeDelta::minutes(2)).await;
    assert_eq!(
        (rows(&app, "pools").await, rows(&app, "bindings").await, rows(&app, "seats").await),
        (0, 0, 0)
    );
    assert_eq!(
        (client.status(&ada).await.as_str(), client.status(&bob).await.as_str()),
        ("no-licence", "none")
    );
    assert_eq!(
        rows(&app, "jobs").await,
        count(&app, "SELECT COUNT(*) FROM jobs WHERE kind = 'invitation'").await
    );
}
