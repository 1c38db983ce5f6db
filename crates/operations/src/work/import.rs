//! The people of an import are created in batches: each batch is one unit that also says what became of its rows, so that
//! whatever ends the work, no row is done twice and none is left out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, Person as Facts, Subject, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Actor, ActorKind, Import, NewJob, WriteUnit};
use uuid::Uuid;

use super::{Progress, Step, WorkError};
use crate::database::Attempt;
use crate::error::{Error, sentence};
use crate::imports::{Row, Verdict, judge_domain, judge_known, state};
use crate::requester::Requester;
use crate::tenants::Settings;
use crate::users::by_hand::{Coming, arrive};

/// The kind of the job.
pub(crate) const KIND: &str = "import";

/// The import whose people are to be created; its rows say how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImportWork {
    import: Uuid,
    /// The rows up to this one are done.
    #[serde(default)]
    after: u64,
    /// The administrator who began it in the console; none at the terminal.
    #[serde(default)]
    administrator: Option<Uuid>,
}

impl ImportWork {
    /// All rows that are not done, for the one who begins it.
    pub(crate) fn new(import: Uuid, by: &Actor) -> Self {
        let administrator =
            (by.kind == ActorKind::Administrator).then(|| by.reference.parse().ok()).flatten();
        Self { import, after: 0, administrator }
    }

    /// The job that does the work.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        let key = format!("{KIND}:{}", self.import);
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup: Some(key) }
    }
}

/// Creates the people of the next rows. When one of them is refused, each is created in a unit of its own.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let mut work: ImportWork = step.read()?;
    let progress = create_some(step, &mut work).await?;
    step.saved(json!(work));
    Ok(progress)
}

async fn create_some(step: &Step<'_>, work: &mut ImportWork) -> Result<Option<Progress>, WorkError> {
    match create_next(step, work, step.pace.batch).await? {
        Next::Done(0) => Ok(None),
        Next::Done(people) => Ok(Some(Progress { people, refused: 0 })),
        Next::Refused(..) => {
            let mut progress = Progress::default();
            for _ in 0..step.pace.batch {
                match create_next(step, work, 1).await? {
                    Next::Done(0) => break,
                    Next::Done(people) => progress.people += people,
                    Next::Refused(number, refusal) => {
                        if refuse(step, work, number, &refusal).await? {
                            progress.add(Progress { people: 1, refused: 1 });
                        }
                    }
                }
            }
            Ok(Some(progress))
        }
    }
}

/// What an attempt at the next rows came to.
enum Next {
    /// So many rows are done.
    Done(u64),
    /// One of the rows was refused, of which this is the first.
    Refused(u64, Error),
}

/// Creates the people of at most `most` rows in one unit. At the end of the rows the import is done.
async fn create_next(step: &Step<'_>, work: &mut ImportWork, most: u64) -> Result<Next, Error> {
    let first = AtomicU64::new(0);
    let attempt = async |mut unit: WriteUnit| -> Attempt<(u64, u64)> {
        let known = unit.lock_import(work.import).await?;
        let Some(mut known) = known.filter(|known| known.state == state::WORKING) else {
            return Ok((unit, (0, 0)));
        };
        unit.lock_additions().await?;
        let requester = requester(step, &known, work.administrator);
        let mut rows = next_rows(&unit, work, most).await?;
        let Some(last) = rows.last().map(|row| row.number) else {
            state::DONE.clone_into(&mut known.state);
            known.ended_at = Some(step.pace.now);
            unit.save_import(&known).await?;
            let entry = told(&unit, &known).await?;
            unit.record([(&entry, &requester.actor)], step.pace.now).await?;
            return Ok((unit, (0, 0)));
        };
        first.store(rows.first().map_or(0, |row| row.number), Ordering::Relaxed);
        create(step, &mut unit, (&requester, &known), &mut rows).await?;
        let kept: Vec<_> = rows.iter().map(Row::kept).collect();
        unit.save_import_rows(work.import, &kept).await?;
        step.save(&mut unit, &json!(ImportWork { after: last, ..*work })).await?;
        Ok((unit, (rows.len() as u64, last)))
    };
    match step.db.write(step.scope, attempt).await {
        Ok(written) => {
            let (people, last) = written.value;
            work.after = last.max(work.after);
            Ok(Next::Done(people))
        }
        Err(refusal @ (Error::Rule(_) | Error::Scim(_) | Error::Refused(_))) => {
            Ok(Next::Refused(first.into_inner(), refusal))
        }
        Err(other) => Err(other),
    }
}

/// Says of one row that its person was refused, unless another worker has done the row meanwhile.
async fn refuse(step: &Step<'_>, work: &ImportWork, number: u64, refusal: &Error) -> Result<bool, Error> {
    let verdict = if matches!(refusal, Error::Rule(_)) { Verdict::NoSeat } else { Verdict::Refused };
    let before = ImportWork { after: number.saturating_sub(1), ..work.clone() };
    let attempt = async |mut unit: WriteUnit| -> Attempt<bool> {
        unit.lock_import(work.import).await?;
        let next = next_rows(&unit, &before, 1).await?.pop();
        let Some(mut row) = next.filter(|row| row.number == number) else { return Ok((unit, false)) };
        row.judge(verdict, sentence(refusal));
        unit.save_import_rows(work.import, &[row.kept()]).await?;
        step.save(&mut unit, &json!(work)).await?;
        Ok((unit, true))
    };
    Ok(step.db.write(step.scope, attempt).await?.value)
}

async fn next_rows(unit: &WriteUnit, work: &ImportWork, most: u64) -> Result<Vec<Row>, Error> {
    let rows = unit.import_rows(work.import, Some(Verdict::New.as_str()), work.after, most).await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

/// Creates the people of these rows, and judges each.
async fn create(
    step: &Step<'_>,
    unit: &mut WriteUnit,
    (requester, import): (&Requester, &Import),
    rows: &mut [Row],
) -> Result<(), Error> {
    judge_known(unit, rows).await?;
    let domains = Settings::of(&unit.own_tenant().await?)?.domains();
    let mut coming = Vec::new();
    let mut places = Vec::new();
    // The pool may be gone since.
    let pools = unit.pools().await?;
    let pool = import.pool.filter(|pool| pools.iter().any(|state| state.pool.id == *pool));
    for (at, row) in rows.iter_mut().enumerate() {
        judge_domain(&domains, row);
        if row.verdict.is_refusal() {
            continue;
        }
        match row
            .person()
            .document()
            .and_then(|document| Coming::new(unit.registry(), requester, document, pool))
        {
            Ok(person) => {
                coming.push(person);
                places.push(at);
            }
            Err(refusal) => row.judge(Verdict::Refused, sentence(&refusal)),
        }
    }
    let arrived = arrive(step.db, unit, coming).await?;
    let people: Vec<UserId> = arrived.iter().map(|(user, _)| *user).collect();
    let facts = unit.facts(&people, &[], step.pace.now).await?.people;
    let facts: HashMap<UserId, Facts> = facts.into_iter().map(|person| (person.id, person)).collect();
    for (at, (user, outcome)) in places.into_iter().zip(arrived) {
        let Some(row) = rows.get_mut(at) else { continue };
        match (outcome, facts.get(&user)) {
            (Ok(_), person) => {
                row.user = Some(user);
                row.verdict = person.map_or(Verdict::Created, became);
            }
            // The name was taken while this unit waited.
            (Err(Error::Database(_)), _) => row.judge(Verdict::Known, "already a user".to_owned()),
            (Err(refusal), _) => row.judge(Verdict::Refused, sentence(&refusal)),
        }
    }
    Ok(())
}

fn became(person: &Facts) -> Verdict {
    if person.hand.held.is_some() {
        Verdict::Held
    } else if person.waiting().next().is_some() {
        Verdict::Waiting
    } else {
        Verdict::Created
    }
}

/// People are created in the name of the operator who began the import, whoever takes the step.
fn requester(step: &Step<'_>, import: &Import, administrator: Option<Uuid>) -> Requester {
    let (kind, reference) = match administrator {
        Some(id) => (ActorKind::Administrator, id.to_string()),
        None => (ActorKind::Operator, "import".to_owned()),
    };
    let actor = Actor { kind, name: import.operator.clone(), reference, connection: None };
    Requester::direct(step.scope.clone(), actor, step.pace.now)
}

async fn told(unit: &WriteUnit, import: &Import) -> Result<Entry, Error> {
    let verdicts = unit.import_verdicts(import.id).await?;
    let words = |(word, count): &(String, u64)| format!("{count} {}", word.replace('-', " "));
    let parts: Vec<String> = verdicts.iter().map(words).collect();
    let why = format!("People were imported from “{}”: {}.", import.name, parts.join(", "));
    let tenant = unit.scope().tenant_id();
    Ok(Entry::new(Subject::Tenant(tenant), EntryKind::Imported, why))
}
