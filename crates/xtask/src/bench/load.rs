//! Closed-loop load: so many workers, each sending its next request when the last one is answered.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use super::client::Scim;

/// Connections of every load that is not sent one request at a time.
pub(crate) const CONNECTIONS: usize = 16;

/// What a run took, altogether and for each request.
pub(crate) struct Run<T> {
    took: Duration,
    each: Vec<Duration>,
    /// What the requests gave, in the order of their numbers.
    pub(crate) values: Vec<T>,
}

impl<T> Run<T> {
    /// Requests per second.
    pub(crate) fn rate(&self) -> f64 {
        count(self.each.len()) / self.took.as_secs_f64()
    }

    /// The median of one request, in milliseconds.
    pub(crate) fn median_ms(&self) -> f64 {
        median_ms(self.each.clone())
    }
}

/// Does the work once for each number of the range, with so many workers at once.
///
/// # Errors
/// The first error of any request ends the run.
pub(crate) async fn drive<T, F, W>(workers: usize, numbers: Range<usize>, work: F) -> Result<Run<T>>
where
    T: Send + 'static,
    F: Fn(usize) -> W + Clone + Send + 'static,
    W: Future<Output = Result<T>> + Send,
{
    let next = Arc::new(AtomicUsize::new(numbers.start));
    let start = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..workers {
        let (next, work, end) = (Arc::clone(&next), work.clone(), numbers.end);
        running.spawn(async move {
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return anyhow::Ok(done);
                }
                let sent = Instant::now();
                let value = work(number).await?;
                done.push((number, sent.elapsed(), value));
            }
        });
    }
    let mut done = Vec::with_capacity(numbers.len());
    while let Some(worker) = running.join_next().await {
        done.extend(worker??);
    }
    let took = start.elapsed();
    done.sort_unstable_by_key(|(number, ..)| *number);
    let (each, values) = done.into_iter().map(|(_, each, value)| (each, value)).unzip();
    Ok(Run { took, each, values })
}

/// Does the work again and again for so many seconds, with numbers from 0 and all connections at once; gives how often
/// a second it was done. The first fifth of the time warms what is warm in use, and is not counted.
///
/// # Errors
/// The first error of any request ends the run.
pub(crate) async fn saturate<F, W>(seconds: u32, work: F) -> Result<f64>
where
    F: Fn(usize) -> W + Clone + Send + 'static,
    W: Future<Output = Result<()>> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let time = Duration::from_secs(seconds.into());
    let (start, mut running) = (Instant::now(), JoinSet::new());
    let (warm, end) = (time / 5, time + time / 5);
    for _ in 0..CONNECTIONS {
        let (next, work) = (Arc::clone(&next), work.clone());
        running.spawn(async move {
            let mut done = 0_usize;
            while start.elapsed() < end {
                let counted = start.elapsed() >= warm;
                work(next.fetch_add(1, Ordering::Relaxed)).await?;
                done += usize::from(counted);
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0;
    while let Some(worker) = running.join_next().await {
        done += worker??;
    }
    Ok(count(done) / start.elapsed().saturating_sub(warm).as_secs_f64())
}

/// Does the work so often with each client, which it gets with its index and a number, one request at a time, and gives
/// the best median of three rounds in milliseconds. The clients take turns, since a machine has slow minutes, and a ratio of figures from different ones
/// says nothing. A first round warms caches and is not timed.
///
/// # Errors
/// The first request that fails.
pub(crate) async fn taking_turns<const N: usize, W>(
    clients: [Scim; N],
    repetitions: usize,
    work: impl Fn(usize, Scim, usize) -> W,
) -> Result<[f64; N]>
where
    W: Future<Output = Result<()>>,
{
    let mut best = [f64::INFINITY; N];
    for counted in [false, true, true, true] {
        for (index, client) in clients.iter().enumerate() {
            let mut each = Vec::with_capacity(repetitions);
            for number in 0..repetitions {
                each.push(timed(work(index, client.clone(), number)).await?);
            }
            if counted {
                best[index] = best[index].min(median_ms(each));
            }
        }
    }
    Ok(best)
}

/// How long the work takes.
///
/// # Errors
/// Those of the work.
pub(crate) async fn timed(work: impl Future<Output = Result<()>>) -> Result<Duration> {
    let start = Instant::now();
    work.await?;
    Ok(start.elapsed())
}

/// The longest of the durations in milliseconds; 0 when there are none.
pub(crate) fn longest_ms(durations: &[Duration]) -> f64 {
    durations.iter().max().map_or(0.0, |longest| longest.as_secs_f64() * 1_000.0)
}

/// The middle of the durations in milliseconds; 0 when there are none.
pub(crate) fn median_ms(mut durations: Vec<Duration>) -> f64 {
    durations.sort_unstable();
    durations.get(durations.len() / 2).map_or(0.0, |middle| middle.as_secs_f64() * 1_000.0)
}

/// A count as a number to divide; exact for every count that a run can reach.
#[expect(clippy::cast_precision_loss, reason = "counts here stay far below 2^52")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_number_is_worked_once_and_values_keep_their_order() {
        let run = drive(4, 10..30, |number| async move { Ok(number * 2) }).await.expect("no request fails");
        assert_eq!(run.values, (10..30).map(|number| number * 2).collect::<Vec<_>>());
        assert_eq!(run.each.len(), 20);
    }

    #[tokio::test]
    async fn an_error_ends_the_run() {
        let run = drive(2, 0..10, |number| async move {
            anyhow::ensure!(number != 7, "seven");
            Ok(())
        });
        assert_eq!(run.await.err().expect("one request fails").to_string(), "seven");
    }

    #[tokio::test]
    async fn an_error_ends_a_load_before_its_time() {
        let run = saturate(3_600, |number| async move {
            // As a request does that waits for its answer.
            tokio::task::yield_now().await;
            anyhow::ensure!(number != 70, "seventy");
            Ok(())
        });
        assert_eq!(run.await.expect_err("one request fails").to_string(), "seventy");
    }

    #[test]
    fn the_longest_is_found_wherever_it_stands() {
        assert!((longest_ms(&[1, 9, 5].map(Duration::from_millis)) - 9.0).abs() < f64::EPSILON);
        assert!(longest_ms(&[]).abs() < f64::EPSILON);
    }

    #[test]
    fn the_median_is_the_middle_of_the_sorted() {
        let durations = [9, 1, 5].map(Duration::from_millis).to_vec();
        assert!((median_ms(durations) - 5.0).abs() < f64::EPSILON);
        assert!(median_ms(Vec::new()).abs() < f64::EPSILON);
    }
}
