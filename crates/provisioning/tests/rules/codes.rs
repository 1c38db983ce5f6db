//! S-64, S-65, S-71: verification codes are sent with growing pauses, count for ten minutes, and may be tried five times.

use chrono::TimeDelta;
use provisioning::code::{
    A_DAY, CheckRefused, DAY, LIFE, SendRefused, SentCode, TRIES, attempt, digits, may_send,
};

use crate::story::morning;

fn sent(ago: TimeDelta) -> SentCode {
    SentCode { at: morning() - ago, tries_left: TRIES }
}

#[test]
fn the_pause_between_two_codes_doubles_and_ends_at_ten_minutes() {
    let mut codes = Vec::new();
    let mut now = morning();
    for seconds in [0, 30, 60, 120, 240, 480, 600, 600] {
        let pause = TimeDelta::seconds(seconds);
        if pause > TimeDelta::zero() {
            let early = may_send(&codes, now + pause - TimeDelta::seconds(1)).expect_err("too soon");
            assert_eq!(early, SendRefused::TooSoon { wait: TimeDelta::seconds(1) });
        }
        now += pause;
        assert_eq!(may_send(&codes, now), Ok(()), "after {seconds} s");
        codes.push(SentCode { at: now, tries_left: 0 });
    }
}

#[test]
fn an_hour_of_quiet_ends_the_growing_pauses() {
    let codes = [sent(TimeDelta::minutes(61)), sent(TimeDelta::minutes(60))];
    assert_eq!(may_send(&codes, morning()), Ok(()));
    let codes = [sent(TimeDelta::minutes(61)), sent(TimeDelta::seconds(29))];
    assert_eq!(may_send(&codes, morning()), Err(SendRefused::TooSoon { wait: TimeDelta::seconds(1) }));
}

#[test]
fn a_day_has_twenty_codes() {
    let mut codes: Vec<SentCode> =
        (0..20).map(|hour| sent(DAY - TimeDelta::hours(hour) - TimeDelta::seconds(1))).collect();
    assert_eq!(codes.len(), A_DAY);
    let refused = may_send(&codes, morning()).expect_err("too many");
    assert_eq!(
        refused,
        SendRefused::TooMany { wait: TimeDelta::seconds(DAY.num_seconds() - (DAY.num_seconds() - 1)) }
    );
    codes[0] = sent(DAY);
    assert_eq!(may_send(&codes, morning()), Ok(()), "one of them is a day old");
}

#[test]
fn a_clock_that_went_back_keeps_a_person_waiting_for_the_pause_alone() {
    let codes = [sent(-TimeDelta::days(1))];
    let wait = may_send(&codes, morning()).expect_err("too soon").wait();
    assert_eq!(wait, TimeDelta::seconds(30));
}

#[test]
fn five_tries_end_a_code() {
    let mut code = sent(TimeDelta::minutes(1));
    for left in [4, 3, 2, 1] {
        let (after, refused) = attempt(Some(code), false, morning());
        assert_eq!((after, refused), (left, Err(CheckRefused::Wrong { left })));
        code.tries_left = after;
    }
    assert_eq!(attempt(Some(code), true, morning()), (0, Ok(())), "the fifth may be right");
    assert_eq!(attempt(Some(code), false, morning()), (0, Err(CheckRefused::Ended)));
    code.tries_left = 0;
    assert_eq!(
        attempt(Some(code), true, morning()),
        (0, Err(CheckRefused::Ended)),
        "used, or tried too often"
    );
}

#[test]
fn a_code_counts_for_ten_minutes_and_for_one_use() {
    let last = sent(LIFE - TimeDelta::seconds(1));
    assert_eq!(attempt(Some(last), true, morning()), (0, Ok(())));
    assert_eq!(attempt(Some(sent(LIFE)), true, morning()).1, Err(CheckRefused::Ended));
    assert_eq!(attempt(None, true, morning()).1, Err(CheckRefused::Ended));
}

#[test]
fn people_write_codes_in_groups() {
    for text in ["418203", "418 203", " 418-203\n", "4 1 8\u{a0}2 0 3"] {
        assert_eq!(digits(text).as_deref(), Some("418203"), "{text:?}");
    }
    for text in ["", "41820", "4182033", "41820x", "٤١٨٢٠٣", "418.203"] {
        assert_eq!(digits(text), None, "{text:?}");
    }
}
