//! The period of a log: a span until now, or days of the tenant's calendar.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use provisioning::Zone;

use super::chip::Chip;

const SPANS: [(&str, &str); 4] = [("1h", "1 hour"), ("1d", "24 hours"), ("7d", "7 days"), ("30d", "30 days")];

/// What was asked for.
pub(super) struct Period {
    pub(super) span: String,
    /// The first day, `2027-01-31`; empty from the beginning.
    pub(super) from: String,
    /// The last day; empty until now.
    pub(super) to: String,
}

impl Period {
    pub(super) fn chip(&self) -> Chip {
        Chip::new("Period", "period", &self.span, &SPANS)
    }

    /// From when, and before when; words that are no time count for nothing.
    pub(super) fn bounds(
        &self,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let span = match self.span.as_str() {
            "1h" => Some(TimeDelta::hours(1)),
            "1d" => Some(TimeDelta::days(1)),
            "7d" => Some(TimeDelta::days(7)),
            "30d" => Some(TimeDelta::days(30)),
            _ => None,
        };
        let begin = |day: NaiveDate| zone.instant(day, chrono::NaiveTime::MIN);
        let since = day(&self.from).map(begin).or_else(|| span.map(|span| now - span));
        (since, day(&self.to).map(|day| zone.end_of(day)))
    }

    /// The pairs of a query.
    pub(super) fn pairs(&self) -> [(&str, &str); 3] {
        [("period", &self.span), ("from", &self.from), ("to", &self.to)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_of_the_tenants_calendar_and_odd_words_count_for_nothing() {
        let zone: Zone = "Europe/London".parse().expect("a zone");
        let now = "2026-07-10T12:00:00Z".parse().expect("an instant");
        for (span, from, to, expected) in [
            ("", "", "", (None, None)),
            ("7d", "", "", (Some("2026-07-03T12:00:00Z"), None)),
            ("7d", "2026-07-01", "2026-07-02", (Some("2026-06-30T23:00:00Z"), Some("2026-07-02T23:00:00Z"))),
            ("x", "2026-02-30", "tomorrow", (None, None)),
        ] {
            let period = Period { span: span.to_owned(), from: from.to_owned(), to: to.to_owned() };
            let (since, until) = period.bounds(zone, now);
            let instant = |text: Option<&str>| text.map(|text| text.parse().expect("an instant"));
            assert_eq!((since, until), (instant(expected.0), instant(expected.1)), "{span} {from} {to}");
        }
    }
}
