//! Whether a database that says nothing is at work or cannot be reached.
//!
//! The driver sets no time limit on a network that has gone silent, and the system notices one after many minutes. A
//! statement may take long, so silence alone proves nothing: after a while the database is asked on another connection,
//! and when it does not answer there either, the statement is given up. A network that loses one connection and lets
//! another through is noticed by the limit of the request.

use std::io;
use std::pin::pin;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::time::timeout;

/// How long the database may say nothing before it is asked on another connection.
const QUIET: Duration = Duration::from_secs(5);

/// How long it may take to answer there.
const SIGN: Duration = Duration::from_secs(4);

/// What comes of a trip to the database, or an error of the network once `sign` says that nothing answers.
pub(crate) async fn unless_silent<T>(
    trip: impl Future<Output = Result<T, sqlx::Error>>,
    sign: impl Fn() -> BoxFuture<'static, bool>,
) -> Result<T, sqlx::Error> {
    let mut trip = pin!(trip);
    loop {
        if let Ok(outcome) = timeout(QUIET, &mut trip).await {
            return outcome;
        }
        let answers = tokio::select! {
            biased;
            outcome = &mut trip => return outcome,
            answers = sign() => answers,
        };
        if !answers {
            return Err(sqlx::Error::Io(io::Error::new(
                io::ErrorKind::TimedOut,
                "the database says nothing on two connections",
            )));
        }
    }
}

/// Whether the database answers on a new connection; a refusal is an answer too.
pub(crate) async fn answers(options: PgConnectOptions) -> bool {
    match timeout(SIGN, PgConnection::connect_with(&options)).await {
        Ok(Ok(connection)) => {
            // Whether it ends well does not matter: it has answered.
            let _ = timeout(SIGN, connection.close()).await;
            true
        }
        Ok(Err(error)) => matches!(error, sqlx::Error::Database(_)),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures::FutureExt as _;
    use tokio::net::TcpListener;
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_ends_a_trip_within_ten_seconds_and_work_does_not() {
        let began = Instant::now();
        let silent = || async { sleep(SIGN).await }.map(|()| false).boxed();
        let lost: Result<(), _> = unless_silent(pending(), silent).await;
        assert!(matches!(lost, Err(sqlx::Error::Io(_))));
        // The clock of this test stands still but for what is waited for.
        assert!(began.elapsed() < Duration::from_secs(10));
        let long = async {
            sleep(Duration::from_mins(1)).await;
            Ok(7)
        };
        assert_eq!(unless_silent(long, || async { true }.boxed()).await.expect("it ends"), 7);
    }

    #[tokio::test]
    async fn a_host_that_accepts_and_says_nothing_does_not_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(port);
        let mut asked = pin!(answers(options.clone()));
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.expect("a client").0,
            _ = &mut asked => panic!("nothing was said"),
        };
        // Nothing but the limit of time can end it now.
        tokio::time::pause();
        assert!(!asked.await);
        drop((stream, listener));
        tokio::time::resume();
        assert!(!answers(options).await, "nor does a closed port");
    }
}
