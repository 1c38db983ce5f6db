//! Closed-loop load: so many workers, each sending its next request when the last one is answered.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

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

    #[test]
    fn the_median_is_the_middle_of_the_sorted() {
        let durations = [9, 1, 5].map(Duration::from_millis).to_vec();
        assert!((median_ms(durations) - 5.0).abs() < f64::EPSILON);
        assert!(median_ms(Vec::new()).abs() < f64::EPSILON);
    }
}
