//! Instants as SCIM writes them (RFC 7643 §2.3.5).

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeDelta, Utc};

/// The instant that the text names: an `xsd:dateTime` with date and time; without a zone it is UTC.
#[must_use]
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    if !text.is_ascii() || text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    // RFC 3339 §5.6 is all but the end-of-day form and the missing zone of xsd:dateTime.
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.with_timezone(&Utc));
    }
    if let Some(rest) = text[10..].strip_prefix("T24:00:00") {
        let day = NaiveDate::parse_from_str(&text[..10], "%Y-%m-%d").ok()?;
        let zone = rest.trim_start_matches(['.', '0']);
        let zone = if zone.is_empty() { "Z" } else { zone };
        let midnight = DateTime::parse_from_rfc3339(&format!("{day}T00:00:00{zone}")).ok()?;
        return midnight.with_timezone(&Utc).checked_add_signed(TimeDelta::days(1));
    }
    if text.ends_with(['Z', 'z']) {
        return None;
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|naive| naive.and_utc())
}

/// The text that answers hold: UTC with milliseconds.
#[must_use]
pub fn format(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_and_time_are_both_needed() {
        for good in [
            "2008-01-23T04:56:22Z",
            "2008-01-23T04:56:22.123456+02:00",
            "2011-05-13T24:00:00Z",
            "2011-05-13T24:00:00",
            "2011-05-13T04:42:34",
            "2016-12-31T23:59:60Z",
        ] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "2008-01-23",
            "04:56:22Z",
            "2008-13-01T00:00:00Z",
            "2011-02-30T00:00:00Z",
            "yesterday",
            "",
            "2011-05-13 04:42:34Z",
            "2011-05-13T04:42Z",
            "2011-05-13T24:00:01Z",
            "２011-05-13T04:42:34Z",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn offsets_fractions_and_the_end_of_a_day_are_instants() {
        let equal = [
            ("2011-05-13T06:42:34+02:00", "2011-05-13T04:42:34Z"),
            ("2011-05-13T04:42:34.000Z", "2011-05-13T04:42:34"),
            ("2011-05-13T24:00:00Z", "2011-05-14T00:00:00Z"),
            ("2011-05-13T24:00:00+02:00", "2011-05-13T22:00:00Z"),
        ];
        for (a, b) in equal {
            assert_eq!(parse(a), parse(b), "{a} {b}");
        }
    }

    #[test]
    fn answers_hold_utc_with_milliseconds() {
        let instant = parse("2011-05-13T06:42:34.1239+02:00").expect("valid");
        assert_eq!(format(instant), "2011-05-13T04:42:34.123Z");
    }
}
