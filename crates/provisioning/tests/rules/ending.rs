//! Warnings 30, 7 and 1 days before a pool ends: each once, also when the end is moved or no server ran in time.

use chrono::{DateTime, Utc};
use provisioning::Ending;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn ending(end: &str, zone: &str, told: Option<u32>) -> Ending {
    Ending { end: at(end), zone: zone.parse().expect("a zone"), told }
}

#[test]
fn the_nearest_warning_whose_time_has_come_is_sent_once() {
    let end = "2027-03-31T00:00:00Z";
    for (now, told, due, next) in [
        ("2027-02-28T23:59:59Z", None, None, Some("2027-03-01T00:00:00Z")),
        ("2027-03-01T00:00:00Z", None, Some(30), Some("2027-03-24T00:00:00Z")),
        ("2027-03-01T00:00:00Z", Some(30), None, Some("2027-03-24T00:00:00Z")),
        ("2027-03-24T00:00:00Z", Some(30), Some(7), Some("2027-03-30T00:00:00Z")),
        // Nobody looked for a month: only the nearest one is sent.
        ("2027-03-29T00:00:00Z", None, Some(7), Some("2027-03-30T00:00:00Z")),
        ("2027-03-30T12:00:00Z", None, Some(1), None),
        ("2027-03-30T12:00:00Z", Some(7), Some(1), None),
        ("2027-03-30T12:00:00Z", Some(1), None, None),
        ("2027-03-31T00:00:00Z", None, None, None),
    ] {
        let ending = ending(end, "UTC", told);
        assert_eq!((ending.due(at(now)), ending.next(at(now))), (due, next.map(at)), "{now}, {told:?} sent");
    }
}

#[test]
fn a_warning_comes_at_the_midnight_of_the_tenant_also_when_the_clock_is_changed_before_the_end() {
    // The last day is the 31st of March, and the summer begins on the 28th.
    let ending = ending("2027-03-31T22:00:00Z", "Europe/Berlin", None);
    assert_eq!(ending.next(at("2027-01-01T00:00:00Z")), Some(at("2027-03-01T23:00:00Z")));
    assert_eq!(ending.next(at("2027-03-20T00:00:00Z")), Some(at("2027-03-24T23:00:00Z")));
    assert_eq!(ending.days_left(at("2027-03-24T23:00:00Z")), 7);
    assert_eq!(ending.days_left(at("2027-03-31T21:00:00Z")), 1);
}

#[test]
fn an_end_that_is_moved_repeats_no_warning_and_leaves_none_out() {
    let now = at("2027-03-01T12:00:00Z");
    for (end, told, after, due) in [
        // Further away than every warning: all are to come again.
        ("2027-06-01T00:00:00Z", Some(1), None, None),
        // Nearer: the nearest one is sent, once.
        ("2027-03-05T00:00:00Z", Some(30), Some(30), Some(7)),
        ("2027-03-05T00:00:00Z", None, None, Some(7)),
        // Moved by little: what was sent is not sent again.
        ("2027-03-06T00:00:00Z", Some(7), Some(7), None),
        // Moved back a little: the nearer warning comes again, the further one does not.
        ("2027-03-20T00:00:00Z", Some(7), Some(30), None),
    ] {
        let moved = ending(end, "UTC", told).moved(now);
        assert_eq!((moved.told, moved.due(now)), (after, due), "{end}, {told:?} sent");
    }
}
