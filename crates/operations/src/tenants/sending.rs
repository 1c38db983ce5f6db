//! How a tenant's mail is sent: reminders by schedule, quiet hours, caps, when it stops, and which mail is sent at all.

use chrono::NaiveTime;
use provisioning::pace::{Quiet, Refusals};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// How much refused mail stops the mail of a tenant that has set nothing.
const REFUSALS: Refusals = Refusals { percent: 20, of: 50 };
/// No share of refused mail is more than this.
const NEVER: Refusals = Refusals { percent: 100, of: 1 };
/// The most reminders that a schedule has.
const MOST_REMINDERS: usize = 20;
/// The last day that a schedule may name.
const LAST_DAY: u32 = 365;
/// What takes a setting away.
const NONE: &str = "none";

/// How the mail of a tenant is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Sending {
    /// The days after the invitation on which a person is reminded who has not finished; they rise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remind_after: Vec<u32>,
    /// When no invitations and reminders leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// The most mails within an hour of those that leave in waves: reminders, and invitations of connections that invite so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<u32>,
    /// The most invitations and reminders within an hour to addresses of one domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_domain: Option<u32>,
    /// How much refused mail stops invitations and reminders, where that is not the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusals: Option<Refusals>,
    /// Whether people are told that their access has ended for good.
    pub deactivation_notice: bool,
}

/// What of it is to be another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendingChange {
    /// Days such as `3,7,14`, or `none`.
    pub remind_after: Option<String>,
    /// Times of day such as `20:00-07:00`, or `none`.
    pub quiet_hours: Option<String>,
    /// Whether weekends are quiet.
    pub quiet_weekends: Option<bool>,
    /// See [`Sending::per_hour`]; 0: no cap.
    pub per_hour: Option<u32>,
    /// See [`Sending::per_domain`]; 0: no cap.
    pub per_domain: Option<u32>,
    /// Percent and number of mails such as `20/50`, or `none`.
    pub stop_at_refused: Option<String>,
    /// See [`Sending::deactivation_notice`].
    pub deactivation_notice: Option<bool>,
}

impl Sending {
    /// Whether nothing is set.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// How much refused mail stops invitations and reminders.
    pub(crate) fn refusals(&self) -> Refusals {
        self.refusals.unwrap_or(REFUSALS)
    }
}

impl SendingChange {
    /// The settings after the change.
    ///
    /// # Errors
    /// [`Error::Refused`] for a value that cannot be used.
    pub(crate) fn apply(&self, before: &Sending) -> Result<Sending, Error> {
        let mut after = before.clone();
        if let Some(text) = &self.remind_after {
            after.remind_after = days(text).map_err(Error::Refused)?;
        }
        let mut quiet =
            before.quiet.unwrap_or(Quiet { from: NaiveTime::MIN, until: NaiveTime::MIN, weekends: false });
        if let Some(text) = &self.quiet_hours {
            (quiet.from, quiet.until) = hours(text).map_err(Error::Refused)?;
        }
        quiet.weekends = self.quiet_weekends.unwrap_or(quiet.weekends);
        after.quiet = Some(quiet).filter(|quiet| quiet.weekends || quiet.from != quiet.until);
        let cap = |given: Option<u32>, known| given.map_or(known, |cap| Some(cap).filter(|cap| *cap > 0));
        after.per_hour = cap(self.per_hour, before.per_hour);
        after.per_domain = cap(self.per_domain, before.per_domain);
        if let Some(text) = &self.stop_at_refused {
            after.refusals = Some(refusals(text).map_err(Error::Refused)?).filter(|rule| *rule != REFUSALS);
        }
        after.deactivation_notice = self.deactivation_notice.unwrap_or(before.deactivation_notice);
        Ok(after)
    }
}

fn days(text: &str) -> Result<Vec<u32>, String> {
    if text.trim() == NONE {
        return Ok(Vec::new());
    }
    let said = || {
        format!(
            "\"{text}\" is no schedule of reminders: write up to {MOST_REMINDERS} days after the invitation that rise, of at \
             most {LAST_DAY}, such as 3,7,14, or none"
        )
    };
    let days: Vec<u32> =
        text.split(',').map(|day| day.trim().parse()).collect::<Result<_, _>>().map_err(|_| said())?;
    let good = days.windows(2).all(|pair| pair[0] < pair[1])
        && days.len() <= MOST_REMINDERS
        && days.first().is_some_and(|day| *day > 0)
        && days.last().is_some_and(|day| *day <= LAST_DAY);
    if good { Ok(days) } else { Err(said()) }
}

fn hours(text: &str) -> Result<(NaiveTime, NaiveTime), String> {
    if text.trim() == NONE {
        return Ok((NaiveTime::MIN, NaiveTime::MIN));
    }
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let parsed = text.split_once('-').and_then(|(from, until)| Some((time(from)?, time(until)?)));
    parsed.filter(|(from, until)| from != until).ok_or_else(|| {
        format!("\"{text}\" are no quiet hours: write two times of day, such as 20:00-07:00, or none")
    })
}

fn refusals(text: &str) -> Result<Refusals, String> {
    if text.trim() == NONE {
        return Ok(NEVER);
    }
    let parsed = text.split_once('/').and_then(|(percent, of)| {
        Some(Refusals { percent: percent.trim().parse().ok()?, of: of.trim().parse().ok()? })
    });
    parsed.filter(|rule| rule.percent < 100 && rule.of > 0).ok_or_else(|| {
        format!(
            "\"{text}\" is no share of refused mail: write percent and the number of mails from which on it counts, such as \
             20/50, or none"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(change: &SendingChange) -> Result<Sending, String> {
        change.apply(&Sending::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_read_and_wrong_ones_told() {
        let after = |text: &str| SendingChange { remind_after: Some(text.to_owned()), ..Default::default() };
        assert_eq!(changed(&after("3, 7,14")).expect("days").remind_after, [3, 7, 14]);
        assert_eq!(changed(&after("none")).expect("none"), Sending::default());
        for wrong in ["", "7,3", "3,3", "0", "366", "a", "3,", "-1"] {
            assert!(changed(&after(wrong)).expect_err(wrong).contains("such as 3,7,14"), "{wrong}");
        }
        let quiet = |text: &str| SendingChange { quiet_hours: Some(text.to_owned()), ..Default::default() };
        let night = changed(&quiet("20:00-07:00")).expect("hours").quiet.expect("quiet");
        assert_eq!((night.from.to_string(), night.until.to_string()), ("20:00:00".into(), "07:00:00".into()));
        for wrong in ["", "20:00", "20:00-20:00", "24:00-07:00", "8-9"] {
            assert!(changed(&quiet(wrong)).expect_err(wrong).contains("such as 20:00-07:00"), "{wrong}");
        }
        let refused =
            |text: &str| SendingChange { stop_at_refused: Some(text.to_owned()), ..Default::default() };
        let rule = |text: &str| changed(&refused(text)).expect("a share").refusals();
        assert_eq!(rule("5/10"), Refusals { percent: 5, of: 10 });
        assert!(!rule("none").stop(1000, 1000));
        for wrong in ["", "20", "100/5", "5/0", "x/y"] {
            assert!(changed(&refused(wrong)).expect_err(wrong).contains("such as 20/50"), "{wrong}");
        }
    }

    #[test]
    fn quiet_weekends_need_no_quiet_hours_and_zero_takes_a_cap_away() {
        let weekends = SendingChange { quiet_weekends: Some(true), ..Default::default() };
        let before = changed(&weekends).expect("settings");
        assert!(before.quiet.is_some_and(|quiet| quiet.weekends && quiet.from == quiet.until));
        let none = SendingChange { quiet_weekends: Some(false), ..Default::default() };
        assert_eq!(none.apply(&before).expect("settings").quiet, None);
        let capped = SendingChange { per_hour: Some(100), per_domain: Some(5), ..Default::default() };
        let before = changed(&capped).expect("settings");
        assert_eq!((before.per_hour, before.per_domain), (Some(100), Some(5)));
        let open = SendingChange { per_hour: Some(0), ..Default::default() };
        let after = open.apply(&before).expect("settings");
        assert_eq!((after.per_hour, after.per_domain), (None, Some(5)));
    }
}
