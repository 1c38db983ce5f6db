//! People who come by a file: read row by row, tried without a change, and created in batches by long work.

mod columns;
mod decoded;
mod dry_run;
mod file;
mod verdict;

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Seek};

use chrono::{DateTime, Utc};
use provisioning::{PoolId, UserId};
use scim::text::{fold, fold_name};
use serde::Serialize;
use store::{Import, ImportRow, Known, ReadUnit, WriteUnit, new_id};
use uuid::Uuid;

/// The id of an import.
pub type ImportId = Uuid;

use self::file::File;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::{Operator, Requester};
use crate::rights::Right;
use crate::users::by_hand::{Licence, Person, licensed};
use crate::work::Work;
use crate::work::import::{self, ImportWork};

pub(crate) use dry_run::judge_domain;
pub use dry_run::{check, dry_run};
pub use verdict::Verdict;

/// How many rows are read and kept in one unit.
const PORTION: usize = 500;

/// How a file is read, and what its people get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The name of the file.
    pub name: String,
    /// Which column is what, such as `Name=name,Mail=email`; guessed without it.
    pub mapping: Option<String>,
    /// The licence that each person gets.
    pub licence: Licence,
}

/// A row of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The line of the file on which it begins, from 1.
    pub number: u64,
    /// What the person is called.
    pub name: String,
    /// The address.
    pub email: String,
    /// The `userName`.
    pub user_name: String,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<String>,
    /// The person.
    pub user: Option<UserId>,
}

/// What an import comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The id; none of a dry run.
    pub id: Option<Uuid>,
    /// The name of the file.
    pub name: String,
    /// Its encoding, where it was read just now.
    pub encoding: Option<&'static str>,
    /// Which column is what, as a mapping, where it was read just now.
    pub columns: Option<String>,
    /// The operator.
    pub operator: String,
    /// The name of the pool of which people get a licence.
    pub pool: Option<String>,
    /// `reading`, `read`, `working` or `done`; `dry-run` of a dry run.
    pub state: String,
    /// How many rows it has.
    pub rows: u64,
    /// How many of them have each verdict.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// What the seats come to, in a dry run.
    pub seats: Option<Seats>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// The seats that an import needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seats {
    /// People who are to get a licence.
    pub needed: u64,
    /// Seats that are free now.
    pub free: u64,
    /// People for whom no seat is free.
    pub missing: u64,
}

impl Summary {
    /// What it comes to, in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        let parts: Vec<String> =
            self.verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        if parts.is_empty() { "no rows".to_owned() } else { parts.join(", ") }
    }

    /// How many people do not come in.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.verdicts.iter().filter(|(verdict, _)| verdict.is_refusal()).map(|(_, count)| count).sum()
    }
}

impl From<ImportRow> for Row {
    fn from(row: ImportRow) -> Self {
        Self {
            number: row.number,
            name: row.name,
            email: row.email,
            user_name: row.user_name,
            verdict: Verdict::of(&row.verdict),
            reason: row.reason,
            user: row.user,
        }
    }
}

impl Row {
    /// The row as it is kept.
    pub(crate) fn kept(&self) -> ImportRow {
        ImportRow {
            number: self.number,
            name: self.name.clone(),
            email: self.email.clone(),
            user_name: self.user_name.clone(),
            verdict: self.verdict.as_str().to_owned(),
            reason: self.reason.clone(),
            user: self.user,
        }
    }

    /// The person that the row is about.
    pub(crate) fn person(&self) -> Person {
        let (name, email) = (self.name.clone(), self.email.clone());
        Person { name, email, user_name: Some(self.user_name.clone()) }
    }

    pub(crate) fn judge(&mut self, verdict: Verdict, reason: impl Into<Option<String>>) {
        (self.verdict, self.reason) = (verdict, reason.into());
    }
}

/// Reads a file and keeps its rows; no person is created until the import begins.
///
/// # Errors
/// [`Error`] if there is no such tenant or pool, the pool has expired, or the file cannot be read; then nothing is kept.
pub async fn read(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    file: impl Read + Seek + Send,
    options: &Options,
) -> Result<Uuid, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let requester = operator.of(scope, Right::Change)?;
    let mut file = File::open(file, options.mapping.as_deref())?;
    let pool = licensed(&db.read(&requester.scope).await?, &options.licence, operator.now).await?;
    let mut import = Import {
        id: new_id(operator.now),
        name: options.name.clone(),
        operator: operator.name.clone(),
        pool: pool.map(|state| state.pool.id),
        state: state::READING.to_owned(),
        rows: 0,
        created_at: operator.now,
        ended_at: None,
    };
    let keep = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.insert_import(&import).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, keep).await?;
    let id = import.id;
    loop {
        let rows: Vec<ImportRow> = match file.next(PORTION) {
            Ok(rows) => rows.iter().map(Row::kept).collect(),
            Err(error) => {
                drop_import(db, &requester, id).await?;
                return Err(error);
            }
        };
        if rows.is_empty() {
            break;
        }
        let keep = async |mut unit: WriteUnit| -> Attempt<()> {
            unit.insert_import_rows(id, &rows).await?;
            Ok((unit, ()))
        };
        db.write(&requester.scope, keep).await?;
        import.rows += rows.len() as u64;
    }
    if import.rows == 0 {
        drop_import(db, &requester, id).await?;
        return Err(Error::Refused("the file has no rows with people".to_owned()));
    }
    state::READ.clone_into(&mut import.state);
    let keep = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.save_import(&import).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, keep).await?;
    Ok(id)
}

/// Keeps nothing of an import.
async fn drop_import(db: &Database, requester: &Requester, id: Uuid) -> Result<(), Error> {
    let forget = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.delete_import(id).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, forget).await.map(drop)
}

/// Begins to create the people of an import whose file was read; the work goes on in steps. A crash leaves work that a server
/// goes on with.
///
/// # Errors
/// [`Error`] if there is no such import, it has begun before, or its pool is gone.
pub async fn begin(db: &Database, operator: &Operator, tenant: &str, import: Uuid) -> Result<Work, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let requester = operator.of(scope, Right::Change)?;
    let begin = async |mut unit: WriteUnit| -> Attempt<Work> {
        let mut known = unit.lock_import(import).await?.ok_or_else(|| unknown(import))?;
        if known.state != state::READ {
            return Err(Error::already("that import", "has begun before"));
        }
        if known.pool.is_some() && pool_name(&unit, known.pool).await?.is_none() {
            let said = "the licence pool of that import was deleted since: import the file again";
            return Err(Error::Refused(said.to_owned()));
        }
        state::WORKING.clone_into(&mut known.state);
        unit.save_import(&known).await?;
        let job = ImportWork::new(import, &requester.actor).job(requester.now);
        let work = Work::start(&requester, &mut unit, job, import::KIND).await?;
        Ok((unit, work))
    };
    Ok(db.write(&requester.scope, begin).await?.value)
}

/// Forgets an import that has not begun.
///
/// # Errors
/// [`Error`] if there is no such import, or it has begun.
pub async fn discard(db: &Database, operator: &Operator, tenant: &str, import: Uuid) -> Result<(), Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let requester = operator.of(scope, Right::Change)?;
    let discard = async |mut unit: WriteUnit| -> Attempt<()> {
        let known = unit.lock_import(import).await?.ok_or_else(|| unknown(import))?;
        if ![state::READ, state::READING].contains(&known.state.as_str()) {
            return Err(Error::Refused("that import has begun, and its people stay".to_owned()));
        }
        unit.delete_import(import).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, discard).await.map(drop)
}

/// Reads a file and begins to create its people; the work goes on in steps.
///
/// # Errors
/// As [`read`].
pub async fn start(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    file: impl Read + Seek + Send,
    options: &Options,
) -> Result<(Uuid, Work), Error> {
    let import = read(db, operator, tenant, file, options).await?;
    Ok((import, begin(db, operator, tenant, import).await?))
}

/// Goes on with an import whose work has stopped.
///
/// # Errors
/// [`Error`] if there is no such import, its file was not read to the end, or it is done.
pub async fn resume(db: &Database, operator: &Operator, tenant: &str, import: Uuid) -> Result<Work, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let requester = operator.of(scope, Right::Change)?;
    let begin = async |mut unit: WriteUnit| -> Attempt<Work> {
        let known = unit.lock_import(import).await?.ok_or_else(|| unknown(import))?;
        match known.state.as_str() {
            state::DONE => Err(Error::already("that import", "is done")),
            state::READ => {
                let said = "the people of that import were not created yet, because it has not begun: begin it, or import the file again";
                Err(Error::Refused(said.to_owned()))
            }
            state::READING => {
                let said = "the file of that import was not read to its end, and no person was created: import it again";
                Err(Error::Refused(said.to_owned()))
            }
            _ => {
                let job = ImportWork::new(import, &requester.actor).job(requester.now);
                let work = Work::start(&requester, &mut unit, job, import::KIND).await?;
                Ok((unit, work))
            }
        }
    };
    Ok(db.write(&requester.scope, begin).await?.value)
}

/// Forgets imports of all tenants that were read before an instant and have not begun; says how many.
///
/// # Errors
/// What the database says.
pub async fn forget(db: &Database, before: DateTime<Utc>) -> Result<u64, Error> {
    Ok(db.store().forget_imports(before).await?)
}

/// The imports of a tenant, the latest first, at most `most`.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, tenant: &str, most: u64) -> Result<Vec<Summary>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let mut summaries = Vec::new();
    for import in unit.imports(most).await? {
        summaries.push(summary(&unit, import).await?);
    }
    Ok(summaries)
}

/// One import.
///
/// # Errors
/// [`Error`] if there is no such tenant or import.
pub async fn show(db: &Database, tenant: &str, import: Uuid) -> Result<Summary, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let known = unit.import(import).await?.ok_or_else(|| unknown(import))?;
    summary(&unit, known).await
}

/// At most `most` rows of an import behind the line of this number.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn rows(
    db: &Database,
    tenant: &str,
    import: Uuid,
    after: u64,
    most: u64,
) -> Result<Vec<Row>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let rows = db.read(&scope).await?.import_rows(import, None, after, most).await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

fn unknown(import: Uuid) -> Error {
    Error::unknown("import", &import.to_string(), "`rollcall import list --tenant TENANT` shows all")
}

async fn summary(unit: &ReadUnit, import: Import) -> Result<Summary, Error> {
    let verdicts = unit.import_verdicts(import.id).await?;
    let mut counted = BTreeMap::new();
    for (word, count) in verdicts {
        *counted.entry(Verdict::of(&word)).or_default() += count;
    }
    Ok(Summary {
        id: Some(import.id),
        name: import.name,
        encoding: None,
        columns: None,
        operator: import.operator,
        pool: pool_name(unit, import.pool).await?,
        state: import.state,
        rows: import.rows,
        verdicts: counted,
        seats: None,
        created_at: import.created_at,
        ended_at: import.ended_at,
    })
}

async fn pool_name(unit: &ReadUnit, pool: Option<PoolId>) -> Result<Option<String>, Error> {
    let Some(pool) = pool else { return Ok(None) };
    let found = unit.pools().await?.into_iter().find(|state| state.pool.id == pool);
    Ok(found.map(|state| state.pool.name))
}

/// Where an import is.
pub(crate) mod state {
    /// Its file is being read.
    pub(crate) const READING: &str = "reading";
    /// Its file was read, and it has not begun.
    pub(crate) const READ: &str = "read";
    /// Its people are being created.
    pub(crate) const WORKING: &str = "working";
    /// It is at its end.
    pub(crate) const DONE: &str = "done";
}

/// Judges those rows whose person is there already, with the owner in the reason.
pub(crate) async fn judge_known(unit: &ReadUnit, rows: &mut [Row]) -> Result<(), Error> {
    let names: Vec<&str> = rows.iter().map(|row| row.user_name.as_str()).collect();
    let emails: Vec<&str> = rows.iter().map(|row| row.email.as_str()).collect();
    let known = unit.known_people(&names, &emails).await?;
    let known: HashMap<&str, &Known> = known.iter().map(|known| (known.by.as_str(), known)).collect();
    for row in rows.iter_mut().filter(|row| row.verdict == Verdict::New) {
        let found = known.get(fold_name(&row.user_name).as_str());
        if let Some(found) = found.or_else(|| known.get(&*fold(&row.email))) {
            row.user = Some(found.user);
            row.judge(Verdict::Known, format!("already a user, {}", whose(found)));
        }
    }
    Ok(())
}

/// Whose a person is who is there already.
pub(crate) fn whose(known: &Known) -> String {
    let owner = known.owner.as_ref();
    owner.map_or("of no connection".to_owned(), |name| format!("of the connection “{name}”"))
}
