//! An import that is only tried: a verdict for each row, and what the seats come to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use provisioning::{
    Admission, Cause, Domains, Enrolment, Grant, Hand, Kept, Person, Policy, Pool, PoolId, Refusal,
    SeatState, Situation, UserId,
};

use super::file::File;
use super::{Options, PORTION, Row, Seats, Summary, Verdict, judge_known};
use crate::database::Database;
use crate::entitlement::Rules;
use crate::error::{Error, sentence};
use crate::requester::{Operator, Requester};
use crate::rights::Right;
use crate::tenants::Settings;
use crate::users::by_hand::{Coming, licensed};

/// Reads a file and says what would become of each row; `seen` is told of each. Nothing is changed.
///
/// # Errors
/// [`Error`] if there is no such tenant or pool, the pool has expired, or the file cannot be read.
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
    let pool = licensed(&unit, &options.licence, operator.now).await?.map(|state| state.pool);
    let free = pool.as_ref().map_or(0, |pool| pool.seats.saturating_sub(pool.used));
    let mut trial = Trial {
        requester: operator.of(scope.clone(), Right::Change)?,
        policy: *db.policy(),
        rules: Rules::of(&unit).await?,
        licence: pool.as_ref().map(|pool| pool.id),
        pools: unit.pools().await?.into_iter().map(|state| (state.pool.id, state.pool)).collect(),
        needed: 0,
    };
    drop(unit);
    let domains = Settings::of(&known)?.domains();
    let mut summary = Summary {
        id: None,
        name: options.name.clone(),
        encoding: Some(file.encoding()),
        columns: Some(file.mapping().to_owned()),
        operator: operator.name.clone(),
        pool: pool.map(|pool| pool.name),
        state: "dry-run".to_owned(),
        rows: 0,
        verdicts: BTreeMap::new(),
        seats: None,
        created_at: operator.now,
        ended_at: None,
    };
    loop {
        let mut rows = file.next(PORTION)?;
        if rows.is_empty() {
            break;
        }
        let unit = db.read(&scope).await?;
        judge_known(&unit, &mut rows).await?;
        let names: Vec<String> = rows.iter().map(|row| row.user_name.clone()).collect();
        let mut awaiting = unit.grants_awaiting(&names).await?;
        drop(unit);
        for row in &mut rows {
            judge_domain(&domains, row);
            trial.judge(row, awaiting.remove(&row.user_name).unwrap_or_default());
            summary.rows += 1;
            *summary.verdicts.entry(row.verdict).or_default() += 1;
            seen(row);
        }
    }
    let (needed, free) = (trial.needed, free.into());
    summary.seats =
        summary.pool.is_some().then(|| Seats { needed, free, missing: needed.saturating_sub(free) });
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

/// New people as facts, decided one after the other: the seats that one takes are gone for the next.
struct Trial {
    requester: Requester,
    policy: Policy,
    rules: Rules,
    /// The pool of which each person gets a licence.
    licence: Option<PoolId>,
    /// The pools as the people before leave them.
    pools: BTreeMap<PoolId, Pool>,
    /// People who need a seat of that pool.
    needed: u64,
}

impl Trial {
    /// Says of a new person, for whom groups have grants ready, what the import would.
    fn judge(&mut self, row: &mut Row, awaiting: Vec<Grant>) {
        if row.verdict.is_refusal() {
            return;
        }
        let coming = row.person().document();
        match coming.and_then(|document| Coming::new(&self.requester, document, self.licence)) {
            Ok(coming) => {
                let (id, mut grants) = coming.facts(&self.rules);
                grants.extend(awaiting);
                self.settle(row, id, grants);
            }
            Err(refusal) => row.judge(Verdict::Refused, sentence(&refusal)),
        }
    }

    fn settle(&mut self, row: &mut Row, id: UserId, grants: Vec<Grant>) {
        let named: BTreeSet<PoolId> = grants.iter().map(|grant| grant.pool).collect();
        let held = (row.verdict == Verdict::Held).then(|| row.email.clone());
        let needs = held.is_none() && self.licence.is_some();
        let person = Person {
            id,
            name: row.user_name.clone(),
            active: true,
            hand: Hand { held, ..Hand::default() },
            test_user: false,
            kept: Kept::default(),
            grants,
            seats: Vec::new(),
            enrolment: Enrolment::default(),
            protected: false,
            policy: self.policy,
        };
        let pools = named.iter().filter_map(|pool| self.pools.get(pool).cloned()).collect();
        let situation = Situation { people: vec![person], pools, ..Situation::default() };
        let now = self.requester.now;
        match provisioning::settle(&situation, &Cause::Created, now) {
            Ok(decision) => {
                let after = provisioning::apply(&situation, &decision, now);
                self.pools.extend(after.pools.into_iter().map(|pool| (pool.id, pool)));
                after.people.iter().for_each(|person| self.judge_seats(row, person));
                self.needed += u64::from(needs);
            }
            Err(refusal) => {
                let of_licence =
                    matches!(&refusal, Refusal::PoolFull { pool, .. } if Some(*pool) == self.licence);
                self.needed += u64::from(of_licence);
                row.judge(Verdict::NoSeat, refusal.to_string());
            }
        }
    }

    fn judge_seats(&self, row: &mut Row, person: &Person) {
        for seat in &person.seats {
            let name = self.pools.get(&seat.pool).map_or("", |pool| &pool.name);
            if seat.state == SeatState::Waiting {
                row.judge(Verdict::Waiting, format!("would wait for a seat of “{name}”"));
                return;
            }
            if seat.overage {
                row.reason = Some(format!("beyond the bought seats of “{name}”"));
            }
        }
    }
}
