//! Whether a connection is heard of as usual: its silence, its errors, and requests that fail again and again.

use chrono::{DateTime, TimeDelta, Utc};

/// Silence that alarms no one, however often a connection is heard of.
const LEAST_SILENCE: TimeDelta = TimeDelta::hours(2);
/// Silence that alarms no one while nothing is known of the nights of a connection.
const A_DAY: TimeDelta = TimeDelta::hours(24);
/// How many times its usual pause a connection may be silent.
const PAUSES: i32 = 3;
/// After how many equal refusals a request is stuck.
const STUCK: usize = 3;
/// The last requests whose share of refusals counts.
const SHARE_OF: usize = 20;

/// A request, as far as it says whether the connection works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// When it came.
    pub at: DateTime<Utc>,
    /// The method and the path.
    pub what: String,
    /// The status of the answer.
    pub status: u16,
}

/// How a connection is heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing was heard yet.
    New,
    /// As usual.
    Working,
    /// Most of its last requests were refused.
    Failing,
    /// Nothing was heard for much longer than usual.
    Silent,
}

/// What the last requests of a connection say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// How it is heard of.
    pub state: State,
    /// The longest pause that is usual; none after one request.
    pub pause: Option<TimeDelta>,
    /// Requests that are refused again and again, each with how often in a row.
    pub stuck: Vec<(String, usize)>,
}

/// Judges the last requests of a connection, the newest last.
///
/// The usual pause is the longest one but one between two requests: a single long one, such as the pause of a provider that was
/// repaired, is not usual.
#[must_use]
pub fn heartbeat(beats: &[Beat], now: DateTime<Utc>) -> Heartbeat {
    let Some(last) = beats.last() else {
        return Heartbeat { state: State::New, pause: None, stuck: Vec::new() };
    };
    let mut pauses: Vec<TimeDelta> = beats.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    pauses.sort_unstable();
    let pause = pauses.iter().rev().nth(1).or(pauses.last()).copied();
    // Requests of a single day say nothing of the pauses at night.
    let span = beats.first().map_or(TimeDelta::zero(), |first| last.at - first.at);
    let least = if span < A_DAY { A_DAY } else { LEAST_SILENCE };
    let silence = pause.map(|pause| (pause * PAUSES).max(least));
    let recent = &beats[beats.len().saturating_sub(SHARE_OF)..];
    let refused = recent.iter().filter(|beat| is_refused(beat)).count();
    let state = if silence.is_some_and(|silence| now - last.at > silence) {
        State::Silent
    } else if refused * 2 > recent.len() {
        State::Failing
    } else {
        State::Working
    };
    Heartbeat { state, pause, stuck: stuck(beats) }
}

fn is_refused(beat: &Beat) -> bool {
    // What is not there is asked for all the time, to find out.
    beat.status >= 400 && !(beat.status == 404 && beat.what.starts_with("GET"))
}

/// Requests whose last answers were all refusals.
fn stuck(beats: &[Beat]) -> Vec<(String, usize)> {
    let mut rows: Vec<(String, usize, bool)> = Vec::new();
    for beat in beats.iter().rev() {
        let refused = is_refused(beat);
        match rows.iter_mut().find(|(what, ..)| *what == beat.what) {
            Some((_, times, goes_on)) if *goes_on && refused => *times += 1,
            Some((_, _, goes_on)) => *goes_on = false,
            None => rows.push((beat.what.clone(), usize::from(refused), refused)),
        }
    }
    rows.into_iter().filter(|(_, times, _)| *times >= STUCK).map(|(what, times, _)| (what, times)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beats(rows: &[(i64, &str, u16)]) -> Vec<Beat> {
        let beat = |(minute, what, status): &(i64, &str, u16)| Beat {
            at: at(*minute),
            what: (*what).to_owned(),
            status: *status,
        };
        rows.iter().map(beat).collect()
    }

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    #[test]
    fn a_connection_is_silent_after_three_times_its_usual_pause() {
        // A cycle of 40 minutes, with one night of repair in it.
        let rows: Vec<_> =
            (0..36).map(|cycle| (cycle * 40 + if cycle > 4 { 600 } else { 0 }, "GET", 200)).collect();
        let (last, cycles) = (rows[35].0, beats(&rows));
        assert_eq!(heartbeat(&cycles, at(last)).pause, Some(TimeDelta::minutes(40)));
        for (later, state) in [(0, State::Working), (119, State::Working), (121, State::Silent)] {
            assert_eq!(heartbeat(&cycles, at(last + later)).state, state, "{later}");
        }
        // One that pushes at once is not silent because it has nothing to push at night.
        let busy: Vec<_> = (0..50).map(|minute| (minute, "PATCH", 200)).collect();
        assert_eq!(heartbeat(&beats(&busy), at(49 + 1_439)).state, State::Working);
        assert_eq!(heartbeat(&beats(&busy), at(49 + 1_441)).state, State::Silent);
        assert_eq!(heartbeat(&[], at(0)).state, State::New);
        assert_eq!(
            heartbeat(&beats(&[(0, "GET", 200)]), at(9_999)).state,
            State::Working,
            "no pause is known"
        );
    }

    #[test]
    fn refusals_are_told_from_look_ups_and_repeated_ones_are_stuck() {
        let rows = [
            (0, "POST /Users", 409),
            (1, "GET /Users", 404),
            (2, "POST /Users", 409),
            (3, "GET /Users", 404),
        ];
        let told = heartbeat(&beats(&rows), at(4));
        assert_eq!((told.state, told.stuck), (State::Working, Vec::new()));
        let rows = [rows.as_slice(), &[(4, "POST /Users", 409), (5, "PUT /Users/1", 400)]].concat();
        let told = heartbeat(&beats(&rows), at(6));
        assert_eq!((told.state, told.stuck), (State::Failing, vec![("POST /Users".to_owned(), 3)]));
        let rows = [rows.as_slice(), &[(7, "POST /Users", 201)]].concat();
        assert_eq!(heartbeat(&beats(&rows), at(8)).stuck, Vec::new(), "it went through");
    }
}
