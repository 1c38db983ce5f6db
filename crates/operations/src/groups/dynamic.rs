//! A group that is marked as dynamic or static: no identity provider says in a push which it is.

use chrono::{DateTime, Utc};
use provisioning::{Cause, Entry, EntryKind, GroupGrace, Situation, Subject, UserId};
use serde::Serialize;
use serde_json::json;
use store::{Lingerers, ReadUnit, WriteUnit};

use crate::consequences::{Agreed, Consequences, counted};
use crate::database::{Attempt, Database};
use crate::directory;
use crate::error::Error;
use crate::preview::Preview;
use crate::requester::Operator;
use crate::rights::Right;
use crate::work::Work;
use crate::work::end_lingering::{self, LingeringWork};

/// How a group is to be marked; what is left out stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marking {
    /// Whether it is dynamic.
    pub dynamic: Option<bool>,
    /// How many hours it keeps the seats of people who leave it; 24 for a group that was static.
    pub grace_hours: Option<u32>,
}

/// A dynamic group among those that are bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dynamic {
    /// The display name.
    pub name: String,
    /// How many hours it keeps the seats of people who leave it.
    pub grace_hours: u32,
}

impl Dynamic {
    /// Of a group with this name, if it has a grace.
    pub(crate) fn of(name: &str, grace: Option<GroupGrace>) -> Option<Self> {
        grace.map(|grace| Self { name: name.to_owned(), grace_hours: grace.hours() })
    }

    /// The warning for administrators who bind these groups; `None` without a dynamic one.
    #[must_use]
    pub fn warning(groups: &[Self]) -> Option<String> {
        let hours = |group: &Self| counted(group.grace_hours.into(), "hour", "hours");
        let (what, who) = match groups {
            [] => return None,
            [one] => {
                let who = format!("its grace of {}", hours(one));
                (format!("the group {} is dynamic", one.name), who)
            }
            several => {
                let names: Vec<String> =
                    several.iter().map(|group| format!("{} ({})", group.name, hours(group))).collect();
                (
                    format!("{} groups are dynamic: {}", several.len(), names.join(", ")),
                    "the grace".to_owned(),
                )
            }
        };
        Some(format!(
            "{what}. Choose static groups where you can: people can drop out of a dynamic group unexpectedly. Who is \
             back within {who} loses nothing; who is not loses the licence"
        ))
    }
}

impl Marking {
    /// The grace of a group that had this one; none for a static group.
    fn grace(self, name: &str, before: Option<GroupGrace>) -> Result<Option<GroupGrace>, Error> {
        let refused = |refused: provisioning::GraceRefused| Error::Refused(refused.to_string());
        let given = self.grace_hours.map(GroupGrace::of_hours).transpose().map_err(refused)?;
        let after = match (self.dynamic.unwrap_or(before.is_some()), given) {
            (true, given) => Some(given.or(before).unwrap_or_default()),
            (false, None) => None,
            (false, Some(_)) => {
                return Err(Error::Refused(format!(
                    "the group \"{name}\" is static and has no grace: mark it as dynamic with --dynamic"
                )));
            }
        };
        if after == before {
            let is =
                after.map_or_else(|| "static".to_owned(), |grace| format!("dynamic with a grace of {grace}"));
            return Err(Error::already(format!("the group \"{name}\""), format!("is {is} already")));
        }
        Ok(after)
    }
}

/// What would follow if a group was marked: for people who left it, and who would be kept no longer.
///
/// # Errors
/// As [`mark`].
pub async fn preview_mark(
    db: &Database,
    operator: &Operator,
    group: &str,
    marking: Marking,
) -> Result<Consequences, Error> {
    let (scope, group) = db.group(operator, group).await?;
    let grace = marking.grace(group.display_name(), group.grace)?;
    let (unit, id) = (db.read(&scope).await?, group.id);
    let ending = ending(&unit, &group, grace, operator.now).await?;
    let change = |situation: &mut Situation| {
        let ends = situation.people.iter_mut().filter(|person| ending.binary_search(&person.id).is_ok());
        ends.for_each(|person| person.lingers_no_more(id));
    };
    let pools = unit.pools_bound_to(id).await?;
    let mut preview = Preview::new(&unit, pools, operator.batch, operator.now, change);
    preview.settle(&ending, &cause(&group)).await?;
    preview.consequences().await
}

/// Marks a group as dynamic, with a grace, or as static. Where the group keeps something for people who left it, the caller
/// settles by the work those for whom the grace is over by now.
///
/// # Errors
/// [`Error`] if there is no such group, it is marked so already, it cannot have such a grace, or the operator has not agreed to the
/// losses.
pub async fn mark(
    db: &Database,
    operator: &Operator,
    group: &str,
    marking: Marking,
    agreed: Agreed,
) -> Result<(directory::Group, Option<Work>), Error> {
    agreed.check(&preview_mark(db, operator, group, marking).await?)?;
    let (scope, found) = db.group(operator, group).await?;
    let (requester, id, now) = (operator.of(scope, Right::Change)?, found.id, operator.now);
    let change = async |mut unit: WriteUnit| -> Attempt<(directory::Group, Option<Work>)> {
        let known = unit.lock_group(id).await?;
        let mut known = known.ok_or_else(|| Error::Refused("the group was deleted just now".to_owned()))?;
        let (name, before) = (known.display_name().to_owned(), known.grace);
        let grace = marking.grace(&name, before)?;
        unit.set_group_grace(id, grace).await?;
        let how = grace.map_or_else(
            || "as static: who leaves it is kept no longer".to_owned(),
            |grace| format!("as dynamic: it keeps for {grace} what people have who leave it"),
        );
        let mut entry = Entry::new(
            Subject::Group(id),
            EntryKind::GroupChanged,
            format!("An administrator marked the group “{name}” {how}."),
        );
        entry.before = Some(json!({ "graceHours": before.map(GroupGrace::hours) }));
        entry.after = Some(json!({ "graceHours": grace.map(GroupGrace::hours) }));
        unit.record([(&entry, &requester.actor)], now).await?;
        known.grace = grace;
        let mut work = None;
        if unit.lingering_since(id).await?.is_some() {
            let job = LingeringWork::by_hand(id).job(now);
            work = Some(Work::start(&requester, &mut unit, job, end_lingering::KIND).await?);
        }
        let shown = directory::described(&unit, vec![known]).await?.pop();
        let shown = shown.ok_or_else(|| Error::Refused("the group was deleted just now".to_owned()))?;
        Ok((unit, (shown, work)))
    };
    Ok(db.write(&requester.scope, change).await?.value)
}

/// The people who linger in a group and for whom another grace is over.
async fn ending(
    unit: &ReadUnit,
    group: &store::Group,
    grace: Option<GroupGrace>,
    now: DateTime<Utc>,
) -> Result<Vec<UserId>, Error> {
    let left_by = grace.map(|grace| grace.over_for(now));
    Ok(unit.lingerers(group.id, Lingerers { pool: None, left_by }).await?)
}

fn cause(group: &store::Group) -> Cause {
    Cause::GroupGraceOver { group: group.id, name: group.display_name().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marking_gives_a_grace_or_says_why_not() {
        let hours = |hours| GroupGrace::of_hours(hours).ok();
        let marking = |dynamic, grace_hours| Marking { dynamic, grace_hours };
        for (marking, before, wanted) in [
            (marking(Some(true), None), None, Some(hours(24))),
            (marking(Some(true), None), hours(72), None),
            (marking(Some(true), Some(6)), hours(72), Some(hours(6))),
            (marking(None, Some(6)), hours(72), Some(hours(6))),
            (marking(Some(false), None), hours(72), Some(None)),
            (marking(None, Some(6)), None, None),
            (marking(None, None), None, None),
            (marking(Some(true), Some(72)), hours(72), None),
            (marking(Some(false), Some(6)), hours(72), None),
            (marking(Some(true), Some(0)), None, None),
            (marking(Some(true), Some(100_000)), None, None),
        ] {
            assert_eq!(marking.grace("Staff", before).ok(), wanted, "{marking:?} of {before:?}");
        }
    }

    #[test]
    fn a_warning_names_each_dynamic_group_and_its_grace() {
        let one = Dynamic { name: "Shore staff".to_owned(), grace_hours: 1 };
        let other = Dynamic { name: "Crew".to_owned(), grace_hours: 72 };
        assert_eq!(Dynamic::warning(&[]), None);
        let said = Dynamic::warning(std::slice::from_ref(&one)).expect("a warning");
        assert!(
            said.starts_with("the group Shore staff is dynamic.") && said.contains("its grace of 1 hour "),
            "{said}"
        );
        let said = Dynamic::warning(&[one, other]).expect("a warning");
        assert!(said.starts_with("2 groups are dynamic: Shore staff (1 hour), Crew (72 hours)."), "{said}");
    }
}
