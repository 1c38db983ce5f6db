//! Pure work that takes long leaves the threads that serve sockets.

use std::panic::resume_unwind;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::http::error::Failure;

/// Work on less than this many bytes is done at once: it takes less than a millisecond, and a thread costs more.
const LIGHT: usize = 64 * 1024;

/// How many such works run at the same time, whatever the clients send: each holds its input and its result.
static PLACES: Semaphore = Semaphore::const_new(4);

/// How long a work waits for its place.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does pure work on this many bytes: here if they are few, otherwise on a thread of its own.
///
/// The work goes on when the caller gives up, and keeps its place until it ends. A panic of the work is the caller's.
///
/// # Errors
/// 503 if too many others work for longer than the caller can wait.
pub(crate) async fn run<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    run_among(&PLACES, bytes, work).await
}

async fn run_among<T: Send + 'static>(
    places: &'static Semaphore,
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    if bytes < LIGHT {
        return Ok(work());
    }
    let Ok(Ok(place)) = timeout(PATIENCE, places.acquire()).await else { return Err(full()) };
    let working = spawn_blocking(move || {
        let _place = place;
        work()
    });
    working.await.map_err(|ended| match ended.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        // The program is ending.
        Err(_) => full(),
    })
}

fn full() -> Failure {
    let detail = "The server works on as many large requests as it can: send the request again.";
    Failure::Later(scim::Error::status(503, detail), 1)
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;
    use std::pin::pin;
    use std::thread::{ThreadId, current};

    use futures::{FutureExt as _, poll};

    use super::*;

    async fn thread(places: &'static Semaphore, bytes: usize) -> Option<ThreadId> {
        run_among(places, bytes, || current().id()).await.ok()
    }

    #[tokio::test]
    async fn only_large_work_leaves_the_thread_and_each_gives_its_place_back() {
        static ONE: Semaphore = Semaphore::const_new(1);
        let here = current().id();
        assert_eq!(thread(&ONE, LIGHT - 1).await, Some(here));
        for _ in 0..2 {
            assert!(thread(&ONE, LIGHT).await.is_some_and(|there| there != here));
        }
        let panicking = AssertUnwindSafe(run_among(&ONE, LIGHT, || panic!("of the work"))).catch_unwind();
        assert!(panicking.await.is_err());
        assert!(thread(&ONE, LIGHT).await.is_some(), "a panic gives its place back");
    }

    #[tokio::test]
    async fn work_keeps_its_place_until_it_ends_also_when_its_caller_has_gone() {
        static ONE: Semaphore = Semaphore::const_new(1);
        let (begin, begun) = tokio::sync::oneshot::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        {
            let mut working = pin!(run_among(&ONE, LIGHT, move || {
                begin.send(()).expect("the test waits");
                // The test drops the other end.
                let _ = ended.recv();
            }));
            assert!(poll!(&mut working).is_pending());
            begun.await.expect("the work has begun");
        }
        assert_eq!(ONE.available_permits(), 0);
        drop(end);
        drop(ONE.acquire().await.expect("free once the work has ended"));
    }

    #[tokio::test(start_paused = true)]
    async fn large_work_without_a_place_is_refused_and_small_work_needs_none() {
        static NONE: Semaphore = Semaphore::const_new(0);
        let refused = run_among(&NONE, LIGHT, || ()).await.expect_err("no place");
        assert!(matches!(refused, Failure::Later(error, 1) if error.status == 503));
        assert!(thread(&NONE, 0).await.is_some());
    }
}
