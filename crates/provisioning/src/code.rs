//! Verification codes (S-64, S-65, S-71): how often one is sent, how long it counts, how often it may be tried.

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

/// Digits of a code.
pub const DIGITS: usize = 6;
/// How long a code counts.
pub const LIFE: TimeDelta = TimeDelta::minutes(10);
/// How often one code may be tried.
pub const TRIES: u32 = 5;
/// The most codes of a person within [`DAY`].
pub const A_DAY: usize = 20;
/// What counts as a day for [`A_DAY`].
pub const DAY: TimeDelta = TimeDelta::hours(24);
/// The shortest time between two codes; it doubles with each code within [`SPELL`].
const PAUSE: TimeDelta = TimeDelta::seconds(30);
/// The longest time between two codes.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(10);
/// Codes that were sent longer ago do not lengthen the pause.
const SPELL: TimeDelta = TimeDelta::hours(1);

/// Why no code is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendRefused {
    /// The one before was sent a moment ago.
    #[error("a code was sent a moment ago: another one can be sent in {}", counted(*.wait))]
    TooSoon {
        /// How long to wait.
        wait: TimeDelta,
    },
    /// As many as a day allows were sent.
    #[error("{A_DAY} codes were sent within a day: another one can be sent in {}", counted(*.wait))]
    TooMany {
        /// How long to wait.
        wait: TimeDelta,
    },
}

impl SendRefused {
    /// How long to wait.
    #[must_use]
    pub const fn wait(self) -> TimeDelta {
        match self {
            Self::TooSoon { wait } | Self::TooMany { wait } => wait,
        }
    }
}

/// Why a code does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CheckRefused {
    /// It is another one.
    #[error("this is not the code that was sent: it can be tried {} more", times(*.left))]
    Wrong {
        /// How often the code that was sent may still be tried.
        left: u32,
    },
    /// There is no code that counts any more: it was used, is too old, or was tried too often.
    #[error("no code counts any more: have another one sent")]
    Ended,
}

/// A code that was sent, as far as the rules look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentCode {
    /// When.
    pub at: DateTime<Utc>,
    /// How often it may still be tried; 0 after it was used or ended.
    pub tries_left: u32,
}

/// Whether another code may be sent now, after these; their order does not matter.
///
/// # Errors
/// [`SendRefused`] with how long to wait.
pub fn may_send(sent: &[SentCode], now: DateTime<Utc>) -> Result<(), SendRefused> {
    let mut times: Vec<DateTime<Utc>> =
        sent.iter().map(|code| code.at).filter(|at| *at > now - DAY).collect();
    times.sort_unstable();
    if times.len() >= A_DAY {
        let wait = times[times.len() - A_DAY] + DAY - now;
        return Err(SendRefused::TooMany { wait });
    }
    let spell = times.iter().filter(|at| **at > now - SPELL).count();
    let Some(last) = times.last().filter(|_| spell > 0) else { return Ok(()) };
    let doubled = u32::try_from(spell - 1).unwrap_or(u32::MAX).min(8);
    let pause = (PAUSE * 2_i32.pow(doubled)).min(LONGEST_PAUSE);
    // A clock that went back must not make a person wait for longer than the pause.
    let wait = (*last + pause - now).min(pause);
    if wait > TimeDelta::zero() { Err(SendRefused::TooSoon { wait }) } else { Ok(()) }
}

/// What trying a code comes to: how often the code that was sent last may be tried afterwards, and whether it was the right one.
/// Only the last one counts; `matches` says whether the text is that code.
pub fn attempt(last: Option<SentCode>, matches: bool, now: DateTime<Utc>) -> (u32, Result<(), CheckRefused>) {
    let counts = |code: &SentCode| code.tries_left > 0 && code.at + LIFE > now;
    let Some(code) = last.filter(counts) else { return (0, Err(CheckRefused::Ended)) };
    if matches {
        return (0, Ok(()));
    }
    let left = code.tries_left - 1;
    (left, Err(if left > 0 { CheckRefused::Wrong { left } } else { CheckRefused::Ended }))
}

/// The digits of a code as a person may write them, with spaces or hyphens between; nothing for other text.
#[must_use]
pub fn digits(text: &str) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && !"-\u{2011}\u{a0}".contains(*letter))
        .collect();
    (digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn counted(wait: TimeDelta) -> String {
    let seconds = wait.num_seconds().max(1);
    match seconds {
        1 => "1 second".to_owned(),
        2..=119 => format!("{seconds} seconds"),
        120..=7_199 => format!("{} minutes", (seconds + 59) / 60),
        _ => format!("{} hours", (seconds + 3_599) / 3_600),
    }
}

fn times(left: u32) -> String {
    if left == 1 { "once".to_owned() } else { format!("{left} times") }
}
