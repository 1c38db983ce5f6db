//! Every cause reads on from “because”, and entries show what stood before and after.

use provisioning::{Cause, Entry, GrantSource, PoolPolicy, Subject};
use serde_json::json;

use crate::story::{ADA, SALES, Story, VAULT};

#[test]
fn every_cause_in_words() {
    let group = || (SALES, "Sales".to_owned());
    let (joined, left, bound, unbound, deleted) = (group(), group(), group(), group(), group());
    let pool = || (VAULT, "Vault".to_owned());
    let (expired, freed, changed) = (pool(), pool(), pool());
    let table = [
        (Cause::Created, "the account was created"),
        (Cause::PushedActive, "the account was switched on"),
        (Cause::PushedInactive, "the account was switched off"),
        (Cause::AttributesChanged, "their attributes changed"),
        (Cause::JoinedGroup { group: joined.0, name: joined.1 }, "they joined the group “Sales”"),
        (Cause::LeftGroup { group: left.0, name: left.1 }, "they left the group “Sales”"),
        (Cause::Bound { group: bound.0, name: bound.1, pool: VAULT }, "the group “Sales” was bound"),
        (Cause::Unbound { group: unbound.0, name: unbound.1, pool: VAULT }, "the group “Sales” was unbound"),
        (Cause::GroupDeleted { group: deleted.0, name: deleted.1 }, "the group “Sales” was deleted"),
        (Cause::Removed, "the account was removed"),
        (Cause::Expired { pool: expired.0, name: expired.1 }, "the licence pool “Vault” expired"),
        (Cause::GraceOver, "the grace period was over"),
        (Cause::SeatFreed { pool: freed.0, name: freed.1 }, "a seat became free in “Vault”"),
        (Cause::GrantedByHand, "an administrator assigned a licence"),
        (Cause::GrantLifted, "an administrator unassigned the licence"),
        (Cause::Withheld, "an administrator withholds the licence"),
        (Cause::WithheldNoMore, "an administrator withholds the licence no more"),
        (Cause::DeactivatedByHand, "an administrator deactivated the account"),
        (Cause::ActivatedByHand, "an administrator activated the account"),
        (Cause::HeldForDomain, "their address is in none of the organisation's domains"),
        (Cause::Released, "an administrator released the account"),
        (Cause::CameBack, "the account came back without what gave the licence"),
        (Cause::Admitted, "their address is in a domain of the organisation"),
        (Cause::PoolChanged { pool: changed.0, name: changed.1 }, "the licence pool “Vault” was changed"),
    ];
    for (cause, words) in table {
        assert_eq!(cause.to_string(), words);
        let text = serde_json::to_string(&cause).expect("serialises");
        assert_eq!(serde_json::from_str::<Cause>(&text).expect("deserialises"), cause);
    }
}

#[test]
fn every_source_of_a_grant_in_words() {
    let table = [
        (GrantSource::ByHand, "by an administrator's hand"),
        (
            GrantSource::Binding { group: SALES, name: "Sales".to_owned(), priority: 0 },
            "through the group “Sales”",
        ),
        (
            GrantSource::Attribute { filter: "userType eq \"Staff\"".to_owned() },
            "by the rule “userType eq \"Staff\"”",
        ),
        (GrantSource::Default, "as every user does by default"),
    ];
    for (source, words) in table {
        assert_eq!(source.to_string(), words);
    }
}

#[test]
fn an_entry_shows_what_stood_before_and_what_stands_now() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).people(&[ADA]);
    story.joins(ADA, SALES, VAULT);
    let [taken, enrolled] = &story.last.entries[..] else { panic!("two entries") };
    assert_eq!(taken.subject, Subject::User(ADA));
    assert_eq!(taken.why, "ada has a seat in “Vault” because they joined the group “Sales”.");
    assert_eq!(taken.before, None);
    assert_eq!(
        taken.after,
        Some(json!({
            "pool": "Vault",
            "seat": "assigned",
            "since": "2026-03-01 09:00 UTC",
            "overage": false,
            "grants": ["through the group “Sales”"],
        }))
    );
    let status = |value: &Option<serde_json::Value>| value.as_ref().map(|value| value["status"].clone());
    assert_eq!(
        (status(&enrolled.before), status(&enrolled.after)),
        (Some("no-licence".into()), Some("pending".into()))
    );
    let text = serde_json::to_string(&story.last.entries).expect("serialises");
    assert_eq!(serde_json::from_str::<Vec<Entry>>(&text).expect("deserialises"), story.last.entries);
}

#[test]
fn the_cause_stays_with_the_enrolment() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.leaves(ADA, SALES);
    assert_eq!(story.people[&ADA].enrolment.cause.as_deref(), Some("they left the group “Sales”"));
}

#[test]
fn an_effect_names_a_pool_that_nobody_knows_by_its_id() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).people(&[ADA]);
    story.joins(ADA, SALES, VAULT);
    assert_eq!(
        story.last.effects[0].plain(|_| None),
        "seat taken in pool 00000000-0000-0000-0000-000000000021"
    );
}
