//! The one place where the time is read and ids are made.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use uuid::Uuid;

/// Where the time comes from: the machine, or a test that moves it by hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<DateTime<Utc>>>>);

impl Clock {
    /// The machine's time.
    #[must_use]
    pub const fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at an instant until it is moved by [`Clock::advance`].
    #[must_use]
    pub fn standing_at(instant: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(Mutex::new(instant.trunc_subsecs(3)))))
    }

    /// Moves a standing clock forward; the machine's time is not moved.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(instant) = &self.0 {
            let mut instant = instant.lock().unwrap_or_else(PoisonError::into_inner);
            *instant += by;
        }
    }

    /// The present instant in milliseconds, which both databases store alike.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            None => Utc::now().trunc_subsecs(3),
            Some(instant) => *instant.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// A new id of the present instant; later ones sort behind earlier ones.
    #[must_use]
    pub fn id(&self) -> Uuid {
        operations::new_id(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_has_milliseconds_and_a_standing_clock_moves_by_hand() {
        assert_eq!(Clock::system().now().timestamp_subsec_nanos() % 1_000_000, 0);
        let start = DateTime::from_timestamp(1_700_000_000, 123_456_789).expect("an instant");
        let clock = Clock::standing_at(start);
        assert_eq!(clock.now(), clock.now());
        clock.clone().advance(TimeDelta::days(1));
        assert_eq!(clock.now() - start.trunc_subsecs(3), TimeDelta::days(1));
    }

    #[test]
    fn later_ids_sort_behind_earlier_ones() {
        let clock = Clock::system();
        let ids: Vec<Uuid> = (0..100).map(|_| clock.id()).collect();
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
