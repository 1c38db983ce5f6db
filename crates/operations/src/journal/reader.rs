//! Reading the journal: the last lines, and then those that come.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use provisioning::{EntryKind, Subject};
use store::{JournalQuery, Place, TenantScope};
use uuid::Uuid;

use super::{Line, people};
use crate::database::Database;
use crate::error::Error;
use crate::requester::Operator;

/// Lines that are read at once.
const PAGE: u64 = 1000;

/// Which lines are wanted. Without a tenant and a person it is the journal of the installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The tenant, by id or name.
    pub tenant: Option<String>,
    /// The person, by id, `userName` or e-mail address; deleted people too.
    pub user: Option<String>,
    /// Kinds of entries, such as `suspended`; all without any.
    pub kinds: Vec<String>,
    /// From when on: a day, an instant, or how long ago (`90m`, `24h`, `7d`).
    pub since: Option<String>,
    /// The most lines of the first answer.
    pub most: u64,
}

/// A place in a journal from which reading goes on.
#[derive(Debug)]
pub struct Reader {
    scope: TenantScope,
    query: JournalQuery,
    /// Where the lines ended in the order of commits when they were read last.
    end: Option<Place>,
    /// The lines of the first answer, some of which stand behind its end.
    first: HashSet<Uuid>,
}

impl Reader {
    /// Finds what is wanted; nothing is read yet.
    ///
    /// # Errors
    /// [`Error`] for a tenant, person or kind that does not exist, or a time that cannot be read.
    pub async fn open(db: &Database, operator: &Operator, wanted: &Wanted) -> Result<Self, Error> {
        let kind =
            |word: &String| word.parse::<EntryKind>().map_err(|error| Error::Refused(error.to_string()));
        let mut query = JournalQuery {
            kinds: wanted.kinds.iter().map(kind).collect::<Result<_, _>>()?,
            since: wanted.since.as_deref().map(|text| instant(text, operator.now)).transpose()?,
            most: wanted.most,
            ..JournalQuery::default()
        };
        let operator = operator.clone().within(wanted.tenant.clone());
        let scope = match (&wanted.user, &wanted.tenant) {
            (Some(user), _) => {
                let (scope, user) = people::find(db, &operator, user).await?;
                query.subject = Some(Subject::User(user));
                scope
            }
            (None, tenant) => db.scope_of(tenant.as_deref()).await?,
        };
        Ok(Self { scope, query, end: None, first: HashSet::new() })
    }

    /// The last lines, the newest at the end; called again, those that were committed since then.
    ///
    /// # Errors
    /// What the database says.
    pub async fn read(&mut self, db: &Database) -> Result<Vec<Line>, Error> {
        let unit = db.read(&self.scope).await?;
        let Some(mut after) = self.end.replace(unit.end_of_journal().await?) else {
            let records = unit.journal(self.query.clone()).await?;
            self.first = records.iter().map(|record| record.place.id).collect();
            return Ok(records.into_iter().map(Line::from).collect());
        };
        let mut lines = Vec::new();
        loop {
            let query = JournalQuery { after: Some(after), most: PAGE, ..self.query.clone() };
            let page = unit.journal(query).await?;
            let is_last = (page.len() as u64) < PAGE;
            after = page.last().map_or(after, |record| record.place);
            lines.extend(
                page.into_iter().filter(|record| !self.first.remove(&record.place.id)).map(Line::from),
            );
            if is_last {
                return Ok(lines);
            }
        }
    }
}

/// A time as people type it.
fn instant(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    let ago = || {
        let unit = text.chars().last()?;
        let number: u32 = text[..text.len() - unit.len_utf8()].parse().ok()?;
        let ago = match unit {
            'm' => TimeDelta::minutes(number.into()),
            'h' => TimeDelta::hours(number.into()),
            'd' => TimeDelta::days(number.into()),
            _ => return None,
        };
        now.checked_sub_signed(ago)
    };
    let day = || Some(text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0)?.and_utc());
    scim::time::parse(text).or_else(day).or_else(ago).ok_or_else(|| {
        let advice = "write 2027-01-31, 2027-01-31T12:00:00Z, or how long ago: 90m, 24h, 7d";
        Error::Refused(format!("\"{text}\" is no time: {advice}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_day_an_instant_or_how_long_ago() {
        let now = scim::time::parse("2027-02-01T10:00:00Z").expect("an instant");
        for (text, expected) in [
            ("2027-01-31", Some("2027-01-31T00:00:00.000Z")),
            ("2027-01-31T12:00:00+02:00", Some("2027-01-31T10:00:00.000Z")),
            ("90m", Some("2027-02-01T08:30:00.000Z")),
            ("24h", Some("2027-01-31T10:00:00.000Z")),
            ("7d", Some("2027-01-25T10:00:00.000Z")),
            ("4294967295d", None),
            ("7", None),
            ("d", None),
            ("7ä", None),
            ("", None),
            ("yesterday", None),
        ] {
            assert_eq!(instant(text, now).ok().map(scim::time::format).as_deref(), expected, "{text}");
        }
    }
}
