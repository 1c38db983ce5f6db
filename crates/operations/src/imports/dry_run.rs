//! An import that is only tried: a verdict for each row, and what the seats come to.

use std::io::{Read, Seek};

use provisioning::{Admission, Domains, PoolPolicy};
use store::PoolState;

use super::file::File;
use super::{Options, PORTION, Row, Seats, Summary, Verdict, judge_known};
use crate::database::Database;
use crate::error::Error;
use crate::requester::Operator;
use crate::tenants::Settings;
use crate::users::by_hand::licensed;

/// Reads a file and says what would become of each row; `seen` is told of each. Nothing is changed.
///
/// # Errors
/// [`Error`] if there is no such tenant or pool, or the file cannot be read.
pub async fn dry_run(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    file: impl Read + Seek + Send,
    options: &Options,
    mut seen: impl FnMut(&Row) + Send,
) -> Result<Summary, Error> {
    let (scope, known) = db.tenant(tenant).await?;
    let mut file = File::open(file, options.mapping.as_deref())?;
    let unit = db.read(&scope).await?;
    let pool = licensed(&unit, &options.licence).await?;
    let pool = unit.pools().await?.into_iter().find(|state| Some(state.pool.id) == pool);
    drop(unit);
    let domains = Settings::of(&known)?.domains();
    let expired = pool.as_ref().is_some_and(|state| state.pool.is_expired(operator.now));
    let free = pool.as_ref().map_or(0, |state| state.pool.seats.saturating_sub(state.pool.used));
    let mut seats = Seats { free: if expired { 0 } else { free.into() }, ..Seats::default() };
    let mut summary = Summary {
        id: None,
        name: options.name.clone(),
        encoding: Some(file.encoding()),
        operator: operator.name.clone(),
        pool: pool.as_ref().map(|state| state.pool.name.clone()),
        state: "dry-run".to_owned(),
        rows: 0,
        verdicts: std::collections::BTreeMap::new(),
        seats: None,
        created_at: operator.now,
        ended_at: None,
    };
    loop {
        let mut rows = file.next(PORTION)?;
        if rows.is_empty() {
            break;
        }
        judge_known(&db.read(&scope).await?, &mut rows).await?;
        for row in &mut rows {
            judge_domain(&domains, row);
            if let Some(pool) = pool.as_ref().filter(|_| row.verdict == Verdict::New) {
                judge_seat(pool, &mut seats, row);
            }
            summary.rows += 1;
            *summary.verdicts.entry(row.verdict).or_default() += 1;
            seen(row);
        }
    }
    summary.seats = pool.map(|_| seats);
    Ok(summary)
}

/// What the domains of the tenant say about a new person.
pub(crate) fn judge_domain(domains: &Domains, row: &mut Row) {
    if row.verdict != Verdict::New {
        return;
    }
    let why = |domain: &str| format!("the domain {domain} is none of the organisation's");
    match domains.admit([row.user_name.as_str(), row.email.as_str()]) {
        Admission::Admitted => {}
        Admission::Refused(domain) => row.judge(Verdict::DomainRefused, why(&domain)),
        Admission::Held(domain) => row.judge(Verdict::Held, why(&domain)),
        Admission::Flagged(domain) => row.reason = Some(why(&domain)),
    }
}

fn judge_seat(pool: &PoolState, seats: &mut Seats, row: &mut Row) {
    seats.needed += 1;
    if seats.needed <= seats.free {
        return;
    }
    seats.missing += 1;
    let name = &pool.pool.name;
    match pool.pool.policy {
        PoolPolicy::Queue => row.judge(Verdict::Waiting, format!("would wait for a seat of “{name}”")),
        PoolPolicy::Reject => row.judge(Verdict::NoSeat, format!("no seat of “{name}” is free")),
        PoolPolicy::Overage => row.reason = Some(format!("beyond the bought seats of “{name}”")),
    }
}
