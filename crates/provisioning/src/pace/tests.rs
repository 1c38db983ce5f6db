//! Tables of when mail may leave.

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn quiet(from: &str, until: &str, weekends: bool) -> Quiet {
    let time = |text: &str| text.parse().expect("a time of day");
    Quiet { from: time(from), until: time(until), weekends }
}

#[test]
fn no_mail_leaves_in_quiet_hours_of_the_tenants_zone() {
    let night = quiet("20:00:00", "07:00:00", false);
    let week = quiet("20:00:00", "07:00:00", true);
    let noon = quiet("12:00:00", "13:30:00", false);
    let none = quiet("00:00:00", "00:00:00", false);
    let weekends = quiet("00:00:00", "00:00:00", true);
    for (quiet, zone, now, leaves) in [
        (night, "UTC", "2026-12-01T19:59:59Z", "2026-12-01T19:59:59Z"),
        (night, "UTC", "2026-12-01T20:00:00Z", "2026-12-02T07:00:00Z"),
        (night, "UTC", "2026-12-02T06:59:59Z", "2026-12-02T07:00:00Z"),
        (night, "UTC", "2026-12-02T07:00:00Z", "2026-12-02T07:00:00Z"),
        // It is 20:30 in Berlin, and 07:00 there is 06:00 UTC.
        (night, "Europe/Berlin", "2026-12-01T19:30:00Z", "2026-12-02T06:00:00Z"),
        (night, "America/New_York", "2026-12-01T19:30:00Z", "2026-12-01T19:30:00Z"),
        // The night in which the clock goes forward is an hour shorter.
        (night, "Europe/Berlin", "2027-03-27T20:00:00Z", "2027-03-28T05:00:00Z"),
        // Friday evening to Monday morning.
        (week, "UTC", "2026-12-04T21:00:00Z", "2026-12-07T07:00:00Z"),
        (week, "UTC", "2026-12-05T12:00:00Z", "2026-12-07T07:00:00Z"),
        (week, "Europe/Berlin", "2026-12-06T23:30:00Z", "2026-12-07T06:00:00Z"),
        (night, "UTC", "2026-12-05T12:00:00Z", "2026-12-05T12:00:00Z"),
        (noon, "UTC", "2026-12-05T12:15:00Z", "2026-12-05T13:30:00Z"),
        (noon, "UTC", "2026-12-05T13:30:00Z", "2026-12-05T13:30:00Z"),
        (none, "UTC", "2026-12-05T00:00:00Z", "2026-12-05T00:00:00Z"),
        (weekends, "UTC", "2026-12-05T09:00:00Z", "2026-12-07T00:00:00Z"),
    ] {
        let zone: Zone = zone.parse().expect("a zone");
        assert_eq!(leaves_at(zone, Some(&quiet), &[], at(now)), at(leaves), "{now} in {zone}, {quiet:?}");
    }
}

#[test]
fn quiet_hours_end_where_the_clock_skips_or_repeats_their_end() {
    let zone: Zone = "Europe/Berlin".parse().expect("a zone");
    // There is no 02:30 on this day: the clock goes from 02:00 to 03:00.
    let over = quiet("20:00:00", "02:30:00", false).over(zone, at("2027-03-28T00:30:00Z"));
    assert_eq!(over, at("2027-03-28T01:00:00Z"));
    // There are two 02:30: the second one ends them.
    for now in ["2027-10-30T23:00:00Z", "2027-10-31T00:10:00Z", "2027-10-31T01:10:00Z"] {
        let over = quiet("20:00:00", "02:30:00", false).over(zone, at(now));
        assert_eq!(over, at("2027-10-31T01:30:00Z"), "{now}");
    }
}

#[test]
fn no_hour_has_more_mail_than_its_caps() {
    let now = at("2026-12-01T10:00:00Z");
    let before = |minutes: &[i64]| -> Vec<DateTime<Utc>> {
        minutes.iter().map(|minutes| now - TimeDelta::minutes(*minutes)).collect()
    };
    for (caps, minutes) in [
        (vec![], 0),
        (vec![(3, vec![50, 40])], 0),
        (vec![(3, vec![50, 40, 5])], 10),
        // The earliest ones do not count any more when there is room again.
        (vec![(2, vec![50, 40, 5])], 20),
        (vec![(1, vec![50, 40, 5])], 55),
        (vec![(1, vec![60])], 0),
        (vec![(3, vec![50, 40, 5]), (1, vec![40])], 20),
        (vec![(3, vec![50, 40]), (1, vec![40])], 20),
    ] {
        let left: Vec<(u32, Vec<DateTime<Utc>>)> =
            caps.iter().map(|(most, minutes)| (*most, before(minutes))).collect();
        let given: Vec<Cap<'_>> = left.iter().map(|(most, left)| Cap { most: *most, left }).collect();
        assert_eq!(leaves_at(Zone::UTC, None, &given, now), now + TimeDelta::minutes(minutes), "{caps:?}");
    }
}

#[test]
fn room_that_comes_in_quiet_hours_waits_for_their_end() {
    let left = [at("2026-12-01T19:30:00Z")];
    let cap = Cap { most: 1, left: &left };
    let leaves =
        leaves_at(Zone::UTC, Some(&quiet("20:00:00", "07:00:00", false)), &[cap], at("2026-12-01T19:45:00Z"));
    assert_eq!(leaves, at("2026-12-02T07:00:00Z"));
}

#[test]
fn so_many_at_once_leave_at_the_pace_of_the_cap_and_never_faster() {
    let (most, mut left, mut now) = (7_u32, Vec::new(), at("2026-12-01T10:00:00Z"));
    for number in 0..100 {
        let leaves = leaves_at(Zone::UTC, None, &[Cap { most, left: &left }], now);
        assert_eq!(leaves, at("2026-12-01T10:00:00Z") + HOUR * (number / 7), "{number}");
        left.push(leaves);
        now = leaves;
    }
}

#[test]
fn few_refusals_or_few_answers_stop_nothing() {
    let rule = Refusals { percent: 20, of: 10 };
    for (refused, answered, stops) in
        [(0, 0, false), (9, 9, false), (2, 10, false), (3, 10, true), (20, 100, false), (21, 100, true)]
    {
        assert_eq!(rule.stop(refused, answered), stops, "{refused} of {answered}");
    }
    assert!(Refusals { percent: 0, of: 1 }.stop(1, 1));
}
