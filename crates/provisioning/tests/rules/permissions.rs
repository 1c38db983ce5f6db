//! S-02, E-15: what a person may do in the application: the tenant's values, groups in order, by hand.

use std::collections::BTreeSet;

use provisioning::GroupId;
use provisioning::permission::{Exception, Holder, Permission, Value, granted, is_name};
use uuid::Uuid;

use crate::story::{ADA, BEN};

fn group(number: u128) -> GroupId {
    GroupId::new(Uuid::from_u128(number))
}

fn exception(name: &str, holder: Holder, position: u32, value: i64) -> Exception {
    Exception { name: name.to_owned(), holder, position, value: Value::Number(value) }
}

#[test]
fn a_hand_comes_before_groups_and_the_first_group_before_the_others() {
    let permissions = [("pin", 6), ("lock", 10)]
        .map(|(name, value)| Permission { name: name.to_owned(), value: Value::Number(value) });
    let exceptions = [
        exception("pin", Holder::Group(group(1)), 2, 8),
        exception("pin", Holder::Group(group(2)), 1, 7),
        exception("pin", Holder::User(ADA), 9, 4),
        exception("gone", Holder::User(ADA), 0, 1),
    ];
    let pin = |user, groups: &[u128]| {
        let groups: BTreeSet<GroupId> = groups.iter().map(|number| group(*number)).collect();
        let all = granted(&permissions, &exceptions, user, &groups);
        assert_eq!(all.keys().map(String::as_str).collect::<Vec<_>>(), ["lock", "pin"]);
        assert_eq!(all["lock"].by, None);
        all["pin"].value.to_string()
    };
    for (user, groups, value) in
        [(BEN, &[][..], "6"), (BEN, &[1], "8"), (BEN, &[1, 2], "7"), (BEN, &[3], "6"), (ADA, &[1, 2], "4")]
    {
        assert_eq!(pin(user, groups), value, "{groups:?}");
    }
}

#[test]
fn names_are_words_and_kinds_do_not_mix() {
    assert!(is_name("vault.export") && is_name("pin.min_length"));
    for text in ["", "a b", "ä", "a\n", &"a".repeat(101)] {
        assert!(!is_name(text), "{text:?}");
    }
    let (yes, one, text) = (Value::Boolean(true), Value::Number(1), Value::Text("x".to_owned()));
    assert!(yes.is_like(&Value::Boolean(false)) && !yes.is_like(&one) && !one.is_like(&text));
    let read: Vec<Value> = serde_json::from_str("[true, 6, \"after 30 s\"]").expect("values");
    assert_eq!(read, [yes, Value::Number(6), Value::Text("after 30 s".to_owned())]);
}
