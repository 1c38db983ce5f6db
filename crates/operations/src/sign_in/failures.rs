//! How fast passwords and codes may be tried: by address and account together, by address, and by account, so that a
//! guesser gets nowhere and no administrator is locked out for good.

use std::net::Ipv6Addr;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use store::Failures;

use super::{Browser, Refused};
use crate::database::Database;

/// How long a failure counts.
pub(super) const COUNTS: TimeDelta = TimeDelta::hours(1);

/// What a source may do: so many failures without a pause, then pauses that double up to a longest one.
struct Rule {
    prefix: &'static str,
    free: u32,
    longest: TimeDelta,
}

/// From one address into one account: a person who mistypes, or a guesser.
const PAIR: Rule = Rule { prefix: "pair", free: 5, longest: TimeDelta::minutes(15) };
/// From one address into many accounts.
const ADDRESS: Rule = Rule { prefix: "address", free: 30, longest: TimeDelta::minutes(15) };
/// From many addresses into one account: its owner, who comes from another one, must still get in.
const ACCOUNT: Rule = Rule { prefix: "account", free: 100, longest: TimeDelta::minutes(1) };

/// From one address back from identity providers: nothing is guessed there, so that only a flood is slowed down.
const ISSUERS: Rule = Rule { prefix: "issuers", free: 100, longest: TimeDelta::minutes(1) };

const RULES: [Rule; 4] = [PAIR, ADDRESS, ACCOUNT, ISSUERS];

/// The sources of an attempt, as they are counted: no address and no account stands in the database.
pub(crate) struct Sources(Vec<String>);

impl Sources {
    pub(crate) fn of(browser: &Browser, account: &str) -> Self {
        let (account, address) = (crate::address::folded(account), network(&browser.address));
        let pair = format!("{address}\0{account}");
        Self(vec![hashed(&PAIR, &pair), hashed(&ADDRESS, &address), hashed(&ACCOUNT, &account)])
    }

    /// The source of a browser that comes back from an identity provider.
    pub(crate) fn at_issuers(browser: &Browser) -> Self {
        Self(vec![hashed(&ISSUERS, &network(&browser.address))])
    }

    /// Counts an attempt as failed before it is made, so that many at once get no further than one after the other. A browser
    /// that is known waits for no guesses that come from elsewhere.
    pub(crate) async fn attempt(
        &self,
        db: &Database,
        now: DateTime<Utc>,
        is_known: bool,
    ) -> Result<(), Refused> {
        let counts = |known: &&Failures| !is_known || !known.source.starts_with(ACCOUNT.prefix);
        let lets = |known: &[Failures]| match known.iter().filter(counts).map(|known| pause(known, now)).max()
        {
            Some(pause) if pause > TimeDelta::zero() => Err(Refused::Wait(pause)),
            _ => Ok(()),
        };
        db.store().count_attempt(&self.0, (now, now - COUNTS), lets).await?
    }

    /// The attempt was none that failed.
    pub(crate) async fn forgive(&self, db: &Database) -> Result<(), Refused> {
        Ok(db.store().forgive_attempt(&self.0).await?)
    }
}

fn hashed(rule: &Rule, what: &str) -> String {
    let digest = Sha256::digest(what.as_bytes());
    let short = digest.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes));
    format!("{}:{short:032x}", rule.prefix)
}

/// The network of an address: a client that has one address of IPv6 has 2^64 of them.
fn network(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
        Err(_) => address.to_owned(),
    }
}

/// How long a source has to wait yet.
fn pause(known: &Failures, now: DateTime<Utc>) -> TimeDelta {
    let prefix = known.source.split(':').next().unwrap_or_default();
    let Some(rule) = RULES.iter().find(|rule| rule.prefix == prefix) else { return TimeDelta::zero() };
    let Some(beyond) = known.failures.checked_sub(rule.free) else { return TimeDelta::zero() };
    let doubled = TimeDelta::seconds(1_i64.checked_shl(beyond.min(20)).unwrap_or(i64::MAX));
    // What a clock noted that was ahead of the present one would hold for as long as it was ahead.
    let last_at = Some(known.last_at).filter(|at| *at <= now);
    last_at.map_or(TimeDelta::zero(), |at| (at + doubled.min(rule.longest) - now).max(TimeDelta::zero()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_after_some_failures_and_end() {
        let now = DateTime::UNIX_EPOCH;
        for (prefix, failures, seconds) in [
            ("pair", 0, 0),
            ("pair", 4, 0),
            ("pair", 5, 1),
            ("pair", 6, 2),
            ("pair", 10, 32),
            ("pair", 15, 900),
            ("pair", u32::MAX, 900),
            ("address", 29, 0),
            ("address", 30, 1),
            ("account", 99, 0),
            ("account", 110, 60),
            ("unknown", 110, 0),
        ] {
            let known = Failures { source: format!("{prefix}:00"), failures, last_at: now };
            assert_eq!(pause(&known, now).num_seconds(), seconds, "{prefix} {failures}");
            assert_eq!(pause(&known, now + TimeDelta::minutes(15)), TimeDelta::zero(), "{prefix} {failures}");
        }
    }

    #[test]
    fn sources_hide_what_they_are_of_and_fold_the_account() {
        let browser = |address: &str| Browser {
            agent: String::new(),
            address: address.to_owned(),
            mark: String::new(),
            lasts: super::super::Lasts { idle: TimeDelta::hours(1), whole: TimeDelta::hours(1) },
            now: DateTime::UNIX_EPOCH,
        };
        let one = Sources::of(&browser("192.0.2.1"), "Ada@A.example").0;
        assert_eq!(one, Sources::of(&browser("192.0.2.1"), "ada@a.example").0);
        let two = Sources::of(&browser("192.0.2.2"), "ada@a.example").0;
        assert_eq!((one[0] == two[0], one[1] == two[1], one[2] == two[2]), (false, false, true));
        let [a, b] = ["2001:db8::1", "2001:db8::2:3"].map(|address| Sources::of(&browser(address), "ada").0);
        assert_eq!(a, b, "addresses of one network");
        assert!(one.iter().all(|source| !source.contains("192") && !source.contains("ada")));
    }
}
