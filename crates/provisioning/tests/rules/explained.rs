//! O-12: why a person has a seat, or has none.

use chrono::TimeDelta;
use provisioning::{PoolPolicy, explain};

use crate::story::{ADA, BEN, LEGAL, SALES, Story, VAULT, by_hand};

fn lines(story: &Story, id: provisioning::UserId) -> Vec<String> {
    let pools: Vec<_> = story.pools.values().cloned().collect();
    explain(&story.people[&id], &pools, story.now)
}

#[test]
fn o12_a_seat_with_all_its_reasons() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).in_sales(&[ADA], VAULT);
    story.person(ADA).grants.push(by_hand(VAULT));
    assert_eq!(
        lines(&story, ADA),
        [
            "ada is entitled to “Vault” through the group “Sales”.",
            "ada is entitled to “Vault” by an administrator's hand.",
            "ada has a seat in “Vault” since 2026-03-01 09:00 UTC.",
            "Access granted, enrolment pending; still to do: invitation-sent, invitation-opened, signed-in, \
         email-verified, pin-set, since 2026-03-01 09:00 UTC, because they joined the group “Sales”.",
        ]
    );
    story.completes(ADA);
    assert!(lines(&story, ADA)[3].starts_with("Access granted, enrolment complete, since"));
}

#[test]
fn o12_nothing_at_all() {
    let story = Story::new().people(&[ADA]);
    assert_eq!(
        lines(&story, ADA),
        ["No grant stands for ada: no bound group, no rule, nothing by hand.", "No licence.",]
    );
}

#[test]
fn o12_waiting() {
    let story = Story::new().pool(VAULT, 0, PoolPolicy::Queue).in_sales(&[ADA], VAULT);
    assert_eq!(
        lines(&story, ADA)[1..],
        ["ada waits for a seat in “Vault” since 2026-03-01 09:00 UTC.", "No licence yet.",]
    );
}

#[test]
fn o12_beyond_those_bought() {
    let story = Story::new().pool(VAULT, 0, PoolPolicy::Overage).in_sales(&[ADA], VAULT);
    assert_eq!(
        lines(&story, ADA)[1],
        "ada has a seat in “Vault” since 2026-03-01 09:00 UTC, beyond those bought."
    );
}

#[test]
fn o12_suspended_then_deactivated() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.switched_off(ADA);
    assert_eq!(
        lines(&story, ADA),
        [
            "ada's account is switched off, so no grant counts.",
            "ada is entitled to “Vault” through the group “Sales”.",
            "ada has a seat in “Vault” since 2026-03-01 09:00 UTC.",
            "No access; seat and enrolment are kept until 2026-03-08 09:01 UTC, since 2026-03-01 09:01 UTC, \
         because the account was switched off.",
        ]
    );
    story.later(TimeDelta::days(7));
    assert!(lines(&story, ADA)[3].starts_with("No access; the grace is over, since"));
    story.timer(ADA);
    assert_eq!(
        lines(&story, ADA)[2..],
        [
            "ada has no seat in “Vault”: the account is switched off.",
            "Deactivated: no access, since 2026-03-08 09:01 UTC, because the account was switched off and the grace was \
         over 2026-03-08 09:01 UTC. Coming in needs a restore from backup.",
        ]
    );
}

#[test]
fn o12_why_there_is_no_seat() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Reject).in_sales(&[ADA], VAULT).people(&[BEN]);
    assert!(story.try_joins(BEN, LEGAL, VAULT).is_err());
    assert_eq!(
        lines(&story, BEN)[1],
        "ben has no seat in “Vault”: all its seats are taken and it takes no waiters."
    );
    story.pools.get_mut(&VAULT).expect("the pool").expires_at = Some(story.now);
    assert_eq!(
        lines(&story, BEN)[..2],
        [
            "ben is entitled to “Vault” through the group “Legal”, but the pool expired 2026-03-01 09:01 UTC.",
            "ben has no seat in “Vault”: the pool has expired.",
        ]
    );
    story.pools.clear();
    assert_eq!(
        lines(&story, BEN)[..2],
        [
            "ben is entitled to pool 00000000-0000-0000-0000-000000000021 through the group “Legal”, but the pool is gone.",
            "ben has no seat in pool 00000000-0000-0000-0000-000000000021: the pool is gone.",
        ]
    );
}

#[test]
fn o12_a_seat_kept_after_its_last_grant() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.leaves(ADA, SALES);
    assert_eq!(
        lines(&story, ADA)[..2],
        [
            "No grant stands for ada: no bound group, no rule, nothing by hand.",
            "ada has a seat in “Vault” since 2026-03-01 09:00 UTC.",
        ]
    );
}
