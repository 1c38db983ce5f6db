//! A panic ends what it happened in, and nothing around that.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

/// Something panicked; the panic hook has logged where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it panicked, see the log")]
pub(crate) struct Panicked;

/// What comes of a future, also when it panics.
///
/// # Errors
/// [`Panicked`]. What the future borrowed must be of no further use then, or sound at every point.
pub(crate) async fn survived<T>(future: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|_| Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_and_nothing_else_is() {
        assert_eq!(survived(async { 7 }).await, Ok(7));
        assert_eq!(survived(async { panic!("at once") }).await, Err::<(), _>(Panicked));
        let later = async {
            tokio::task::yield_now().await;
            panic!("later")
        };
        assert_eq!(survived(later).await, Err::<(), _>(Panicked));
    }
}
