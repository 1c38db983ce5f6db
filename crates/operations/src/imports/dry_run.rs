//! An import that is only tried: a verdict for each row, and what the seats come to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};
use std::sync::Arc;

use provisioning::{
    Admission, Cause, Domains, Enrolment, Grant, Hand, Kept, Person, Policy, Pool, PoolId, Refusal,
    SeatState, Situation, UserId,
};

use scim::Registry;

use super::file::File;
use super::{ImportId, Options, PORTION, Row, Seats, Summary, Verdict, judge_known, unknown};
use store::TenantScope;

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
    let (scope, _) = db.tenant(tenant).await?;
    let mut file = File::open(file, options.mapping.as_deref())?;
    let pool = licensed(&db.read(&scope).await?, &options.licence, operator.now).await?;
    let mut trial = Trial::new(db, operator, &scope, pool.map(|state| state.pool.id)).await?;
    trial.summary.name.clone_from(&options.name);
    trial.summary.encoding = Some(file.encoding());
    trial.summary.columns = Some(file.mapping().to_owned());
    loop {
        let mut rows = file.next(PORTION)?;
        if rows.is_empty() {
            return Ok(trial.end());
        }
        trial.judge_all(db, &mut rows).await?;
        rows.iter().for_each(&mut seen);
    }
}

/// Says what would become of each row of an import whose file was read; `seen` is told of each. Nothing is changed.
///
/// # Errors
/// [`Error`] if there is no such tenant or import.
pub async fn check(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    import: ImportId,
    mut seen: impl FnMut(&Row) + Send,
) -> Result<Summary, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let known = db.read(&scope).await?.import(import).await?.ok_or_else(|| unknown(import))?;
    let mut trial = Trial::new(db, operator, &scope, known.pool).await?;
    trial.summary.id = Some(import);
    trial.summary.name = known.name;
    trial.summary.operator = known.operator;
    trial.summary.created_at = known.created_at;
    let mut after = 0;
    loop {
        let rows = db.read(&scope).await?.import_rows(import, None, after, PORTION as u64).await?;
        let mut rows: Vec<Row> = rows.into_iter().map(Row::from).collect();
        let Some(last) = rows.last() else { return Ok(trial.end()) };
        after = last.number;
        trial.judge_all(db, &mut rows).await?;
        rows.iter().for_each(&mut seen);
    }
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
    summary: Summary,
    domains: Domains,
    /// Seats of the pool that were free before.
    free: u32,
    requester: Requester,
    policy: Policy,
    rules: Rules,
    registry: Arc<Registry>,
    /// The pool of which each person gets a licence.
    licence: Option<PoolId>,
    /// The pools as the people before leave them.
    pools: BTreeMap<PoolId, Pool>,
    /// People who need a seat of that pool.
    needed: u64,
}

impl Trial {
    async fn new(
        db: &Database,
        operator: &Operator,
        scope: &TenantScope,
        licence: Option<PoolId>,
    ) -> Result<Self, Error> {
        let unit = db.read(scope).await?;
        let pools = unit.pools().await?.into_iter().map(|state| (state.pool.id, state.pool));
        let pools: BTreeMap<PoolId, Pool> = pools.collect();
        let pool = licence.and_then(|licence| pools.get(&licence));
        let summary = Summary {
            id: None,
            name: String::new(),
            encoding: None,
            columns: None,
            operator: operator.name.clone(),
            pool: pool.map(|pool| pool.name.clone()),
            state: "dry-run".to_owned(),
            rows: 0,
            verdicts: BTreeMap::new(),
            seats: None,
            created_at: operator.now,
            ended_at: None,
        };
        Ok(Self {
            domains: Settings::of(&unit.own_tenant().await?)?.domains(),
            free: pool.map_or(0, |pool| pool.seats.saturating_sub(pool.used)),
            licence: pool.map(|pool| pool.id),
            requester: operator.of(scope.clone(), Right::Change)?,
            policy: *db.policy(),
            rules: Rules::of(&unit).await?,
            registry: Arc::clone(unit.registry()),
            summary,
            pools,
            needed: 0,
        })
    }

    /// Judges the next rows.
    async fn judge_all(&mut self, db: &Database, rows: &mut [Row]) -> Result<(), Error> {
        let unit = db.read(&self.requester.scope).await?;
        judge_known(&unit, rows).await?;
        let names: Vec<String> = rows.iter().map(|row| row.user_name.clone()).collect();
        let mut awaiting = unit.grants_awaiting(&names).await?;
        drop(unit);
        for row in rows {
            judge_domain(&self.domains, row);
            self.judge(row, awaiting.remove(&row.user_name).unwrap_or_default());
            self.summary.rows += 1;
            *self.summary.verdicts.entry(row.verdict).or_default() += 1;
        }
        Ok(())
    }

    fn end(mut self) -> Summary {
        let (needed, free) = (self.needed, self.free.into());
        let seats = Seats { needed, free, missing: needed.saturating_sub(free) };
        self.summary.seats = self.summary.pool.is_some().then_some(seats);
        self.summary
    }

    /// Says of a new person, for whom groups have grants ready, what the import would.
    fn judge(&mut self, row: &mut Row, awaiting: Vec<Grant>) {
        if row.verdict.is_refusal() {
            return;
        }
        let coming = row.person().document();
        match coming.and_then(|document| Coming::new(&self.registry, &self.requester, document, self.licence))
        {
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
