//! What becomes of connections that the database has ended.

use crate::support::{TestStore, page};
use sea_orm::{ConnectionTrait as _, Database};
use store::Error;

const END_THE_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
     WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// Only `PostgreSQL` can end a connection from outside; on `SQLite` nothing is ended and nobody is refused.
#[tokio::test]
async fn who_meets_a_dead_connection_is_told_to_come_again_and_the_next_one_gets_a_new_one() {
    let store = TestStore::open().await;
    store.add_user("zoe@alpha.example").await;
    let concurrent = store.url.starts_with("postgres");
    if concurrent {
        let admin = Database::connect(&store.url).await.expect("the server is there");
        admin.execute_unprepared(END_THE_OTHERS).await.expect("ended");
        admin.close().await.expect("closed");
    }
    let mut refused = 0;
    let found = loop {
        let found = match store.read(&store.scope).await {
            Ok(unit) => unit.users(None, page(1, 10)).await,
            Err(error) => Err(error),
        };
        match found {
            Ok((total, _)) => break total,
            Err(error) => assert!(matches!(error, Error::Unreachable), "{error:?}"),
        }
        refused += 1;
        assert!(refused < 10, "the dead ones do not go away");
    };
    assert_eq!(found, 1);
    assert_eq!(refused > 0, concurrent);
}
