//! The history of a pool by day, and the forecast that is made of it.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use provisioning::{Forecast, PoolChange, PoolDay, Zone, days};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn change(at: &str, bought: i64, taken: i64, freed: i64, waiting: i64) -> PoolChange {
    PoolChange { at: at.parse().expect("an instant"), bought, taken, freed, waiting }
}

fn state(at: &str, seats: i64, used: i64, waiting: i64) -> PoolDay {
    PoolDay { day: day(at), seats, used, waiting, joined: 0, left: 0 }
}

#[test]
fn days_are_those_of_the_zone_and_a_day_without_change_is_like_the_one_before() {
    let changes = [
        change("2027-03-01T09:00:00Z", 10, 0, 0, 0),
        change("2027-03-01T22:45:00Z", 0, 4, 0, 0),
        change("2027-03-01T23:00:00Z", 0, 6, 1, 2),
        change("2027-03-04T12:00:00Z", -1, 0, 0, -1),
    ];
    let lines = |zone: &str| -> Vec<(String, [i64; 5])> {
        let zone: Zone = zone.parse().expect("a zone");
        let days = days(state("2027-03-04", 9, 9, 1), day("2027-03-01"), &changes, zone);
        let line = |at: &PoolDay| (at.day.to_string(), [at.seats, at.used, at.waiting, at.joined, at.left]);
        days.iter().map(line).collect()
    };
    let line = |day: u32, values: [i64; 5]| (format!("2027-03-0{day}"), values);
    let rest = [line(3, [10, 9, 2, 0, 0]), line(4, [9, 9, 1, 0, 0])];
    let utc = [line(1, [10, 9, 2, 10, 1]), line(2, [10, 9, 2, 0, 0])];
    assert_eq!(lines("UTC"), [&utc[..], &rest[..]].concat());
    let berlin = [line(1, [10, 4, 0, 4, 0]), line(2, [10, 9, 2, 6, 1])];
    assert_eq!(lines("Europe/Berlin"), [&berlin[..], &rest[..]].concat());
    let before = days(state("2027-03-01", 10, 9, 2), day("2027-03-02"), &[], Zone::UTC);
    assert_eq!(before, [], "nothing stands behind today");
}

/// Whole days that end with the seventh of March, a Sunday, each with so many joins; the pool stands at `used` of 100.
fn forecast(joins: &[i64], used: i64) -> Forecast {
    let today = state("2027-03-08", 100, used, 0);
    let past = |(at, joins): (usize, &i64)| PoolDay {
        day: today.day - Days::new(at as u64 + 1),
        joined: (*joins).max(0),
        left: (-joins).max(0),
        ..today
    };
    let mut past: Vec<PoolDay> = joins.iter().rev().enumerate().map(past).collect();
    past.reverse();
    Forecast::of(&today, &past)
}

#[test]
fn the_coming_days_bring_what_their_weekdays_have_brought() {
    let week = [2, 2, 2, 2, 2, 0, 0];
    for (joins, used, expected) in [
        (&[1; 7][..], 100, Forecast::Full),
        (&[1; 7], 120, Forecast::Full),
        (&[1; 6], 90, Forecast::TooEarly),
        (&[], 0, Forecast::TooEarly),
        (&[1; 7], 90, Forecast::Day(day("2027-03-18"))),
        (&[1; 28], 99, Forecast::Day(day("2027-03-09"))),
        (&[0; 28], 99, Forecast::NotWithinAYear),
        (&[-1; 28], 99, Forecast::NotWithinAYear),
        // Today is a Monday: four working days bring eight, the next Monday two, and the Tuesday the last one.
        (&week, 89, Forecast::Day(day("2027-03-16"))),
        // It would be full on the 366th day.
        (&[0, 0, 0, 0, 0, 0, 1], 47, Forecast::NotWithinAYear),
        (&[0, 0, 0, 0, 0, 0, 1], 48, Forecast::Day(day("2028-03-05"))),
        // What is longer ago than four weeks does not count.
        (&[[50; 7], [0; 7], [0; 7], [0; 7], [0; 7]].concat(), 99, Forecast::NotWithinAYear),
    ] {
        assert_eq!(forecast(joins, used), expected, "{joins:?} from {used}");
    }
}

proptest! {
    /// Added up forwards, the changes give what is told backwards.
    #[test]
    fn history_adds_up_in_both_directions(
        steps in proptest::collection::vec((0i64..40_000, 0i64..5, 0i64..5, -3i64..4, -9i64..10), 0..60),
        east in any::<bool>(),
    ) {
        let zone: Zone = if east { "Asia/Kathmandu" } else { "America/St_Johns" }.parse().expect("a zone");
        let begin: DateTime<Utc> = "2027-03-01T00:00:00Z".parse().expect("an instant");
        let quarters = |steps: i64| TimeDelta::minutes(15 * (steps / 900));
        let mut at = begin;
        let mut changes = Vec::new();
        for (pause, taken, freed, waiting, bought) in steps {
            at += quarters(pause);
            changes.push(PoolChange { at, bought, taken, freed, waiting });
        }
        let sum = |to: NaiveDate, of: fn(&PoolChange) -> i64| -> i64 {
            changes.iter().filter(|change| zone.day(change.at) <= to).map(of).sum()
        };
        let at_end = |day: NaiveDate| {
            (sum(day, |c| c.bought), sum(day, |c| c.taken - c.freed), sum(day, |c| c.waiting))
        };
        let (seats, used, waiting) = at_end(zone.day(at));
        let now = PoolDay { day: zone.day(at), seats, used, waiting, joined: 0, left: 0 };
        let told = days(now, zone.day(begin), &changes, zone);
        prop_assert_eq!(told.last().map(|last| last.day), Some(now.day));
        for day in &told {
            prop_assert_eq!((day.seats, day.used, day.waiting), at_end(day.day));
        }
        prop_assert_eq!(told.iter().map(PoolDay::net).sum::<i64>(), used);
    }

    /// A pool that grows by `growth` seats a day, seen with an error of at most `noise` seats, is forecast to be full when it would
    /// be with a growth that is wrong by a fourteenth of the noise, and a week for the days of the week.
    #[test]
    fn the_forecast_of_linear_growth_is_as_good_as_the_noise_lets_it(
        growth in 1i32..20,
        room in 1i32..2_000,
        noise in proptest::collection::vec(-10i64..=10, 29),
    ) {
        let today = PoolDay { seats: 10_000, used: i64::from(10_000 - room), ..state("2027-03-08", 0, 0, 0) };
        let level = |at: usize| i64::from(growth) * i64::try_from(at).expect("small") + noise[at];
        let net = |at: usize| level(at) - level(at - 1);
        let past: Vec<PoolDay> = (1..29)
            .map(|at| PoolDay {
                day: today.day - Days::new(29 - at as u64),
                joined: net(at).max(0),
                left: (-net(at)).max(0),
                ..today
            })
            .collect();
        let (growth, room, error) = (f64::from(growth), f64::from(room), 20.0 / 28.0);
        let soonest = room / (growth + error) - 7.0 - 20.0 / growth;
        let latest = if growth > error { room / (growth - error) + 7.0 + 20.0 / growth } else { f64::INFINITY };
        match Forecast::of(&today, &past) {
            Forecast::Day(day) => {
                let ahead = f64::from(i32::try_from((day - today.day).num_days()).expect("small"));
                prop_assert!((soonest..=latest).contains(&ahead), "{} not in {}..={}", ahead, soonest, latest);
            }
            Forecast::NotWithinAYear => prop_assert!(latest > 365.0),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
