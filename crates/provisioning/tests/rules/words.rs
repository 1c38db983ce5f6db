//! Words and ids: what is written is what is read, in text and in JSON.

use std::{fmt::Display, str::FromStr};

use provisioning::{
    ApplicationEvent, Enrolment, EntryKind, GroupId, PoolId, PoolPolicy, SeatState, Status, Step,
    UnknownWord, UserId,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::story::{ADA, SALES, VAULT};

/// Text, JSON string and value go into each other and back.
fn round_trip<T>(values: &[T])
where
    T: Copy
        + Display
        + FromStr<Err: std::fmt::Debug>
        + Serialize
        + DeserializeOwned
        + PartialEq
        + std::fmt::Debug,
{
    assert!(!values.is_empty());
    for value in values {
        let text = value.to_string();
        assert_eq!(text.parse::<T>().expect("its own text"), *value);
        let json = serde_json::to_value(value).expect("serialises");
        assert_eq!(json, serde_json::Value::String(text));
        assert_eq!(serde_json::from_value::<T>(json).expect("its own JSON"), *value);
    }
}

#[test]
fn every_word_goes_both_ways() {
    round_trip(PoolPolicy::ALL);
    round_trip(SeatState::ALL);
    round_trip(Status::ALL);
    round_trip(Step::ALL);
    round_trip(ApplicationEvent::ALL);
    round_trip(EntryKind::ALL);
}

#[test]
fn every_id_goes_both_ways() {
    round_trip(&[ADA, UserId::new(uuid::Uuid::max())]);
    round_trip(&[SALES, GroupId::new(uuid::Uuid::nil())]);
    round_trip(&[VAULT, PoolId::new(uuid::Uuid::max())]);
    assert_eq!(ADA.uuid(), uuid::Uuid::from_u128(1));
    assert!("not an id".parse::<UserId>().is_err());
}

#[test]
fn an_unknown_word_is_told_the_known_ones() {
    let error: UnknownWord = "fifo".parse::<PoolPolicy>().expect_err("no such policy");
    assert_eq!(error.to_string(), "“fifo” is no pool policy: use one of queue, reject, overage");
    assert!("Queue".parse::<PoolPolicy>().is_err(), "words are written in small letters");
}

#[test]
fn the_words_that_others_store() {
    let words: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
    assert_eq!(words, ["no-licence", "pending", "active", "suspended", "deactivated"]);
    let kinds: Vec<_> = EntryKind::ALL.iter().take(11).map(|kind| kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "seat-taken",
            "seat-overage",
            "seat-queued",
            "seat-freed",
            "queue-left",
            "enrolled",
            "suspended",
            "deactivated",
            "reinstated",
            "unassigned",
            "removed",
        ]
    );
}

#[test]
fn an_enrolment_is_read_with_whatever_it_lacks() {
    let read: Enrolment = serde_json::from_str("{}").expect("every field has a default");
    assert_eq!(read, Enrolment::default());
    let text = serde_json::to_value(Enrolment::default()).expect("serialises");
    assert_eq!((&text["status"], &text["restoreOwed"]), (&"no-licence".into(), &false.into()));
}
