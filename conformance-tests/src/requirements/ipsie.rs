//! What the account lifecycle profile of IPSIE (OpenID, level AL1) wants of an application and a client can see.
use std::collections::BTreeSet;

use serde_json::json;

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{GROUP, USER, id_of, is_unassigned, member, members_of, name_of, values};
use crate::{encode, unique};

/// The tests of this file.
pub(super) const TESTS: &[Test] =
    tests![p_ipsie_01, p_ipsie_02, p_ipsie_03, p_ipsie_04, p_ipsie_05, p_ipsie_06];

/// The configuration claims filters and PATCH, which the profile needs.
fn p_ipsie_01(run: &Run) {
    let config = run.shared().read("/ServiceProviderConfig");
    for name in ["filter", "patch"] {
        assert_eq!(config[name]["supported"], true, "{name}");
    }
}

/// There are resource types for users and groups, and schemas for both.
fn p_ipsie_02(run: &Run) {
    let service = run.service();
    let endpoints: Vec<&str> = service.types.iter().filter_map(|kind| kind["endpoint"].as_str()).collect();
    for endpoint in ["/Users", "/Groups"] {
        assert!(
            endpoints.iter().any(|found| found.ends_with(endpoint)),
            "{endpoint} is not in {endpoints:?}"
        );
    }
    for urn in [USER, GROUP] {
        assert!(service.schema(urn).is_some(), "{urn} is not served");
    }
    assert!(service.attribute(USER, "emails").is_some(), "users have no e-mail addresses");
}

/// Users are found by `userName`, `externalId` and the value of an e-mail address.
fn p_ipsie_03(run: &Run) {
    let scratch = run.shared();
    let (external, mail) = (unique("ext"), format!("{}@people.example", unique("mail")));
    let emails = json!([{ "value": mail, "type": "work", "primary": true }]);
    let person = scratch.person(&json!({ "externalId": external, "emails": emails }));
    for filter in [
        format!("userName eq \"{}\"", name_of(&person)),
        format!("externalId eq \"{external}\""),
        format!("emails[value eq \"{mail}\"]"),
    ] {
        let list = scratch.list(&format!("/Users?filter={}", encode(&filter)));
        assert_eq!(values(&list["Resources"], "id"), [id_of(&person)], "{filter}");
    }
}

/// A user is switched off and on again by PATCH.
fn p_ipsie_04(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "active": true }));
    for active in [false, true] {
        let change = json!([{ "op": "replace", "path": "active", "value": active }]);
        assert_eq!(scratch.change(&person, change)["active"], active);
    }
}

/// Members are added by `members` and removed by `members[value eq …]` or all at once.
fn p_ipsie_05(run: &Run) {
    let scratch = run.shared();
    let people = [(); 3].map(|()| scratch.person(&json!({})));
    let team = scratch.team(&json!({}));
    let members: Vec<_> = people.iter().map(member).collect();
    let added = scratch.change(&team, json!([{ "op": "add", "path": "members", "value": members }]));
    assert_eq!(members_of(&added).len(), 3, "{added}");
    let path = format!("members[value eq \"{}\"]", id_of(&people[0]));
    let left = scratch.change(&team, json!([{ "op": "remove", "path": path }]));
    assert!(
        members_of(&left).len() == 2 && !members_of(&left).contains(&id_of(&people[0]).to_owned()),
        "{left}"
    );
    let none = scratch.change(&team, json!([{ "op": "remove", "path": "members" }]));
    assert!(is_unassigned(&none["members"]), "{none}");
}

/// All users and all groups can be read page by page.
fn p_ipsie_06(run: &Run) {
    let scratch = run.shared();
    for (endpoint, made) in [("/Users", scratch.person(&json!({}))), ("/Groups", scratch.team(&json!({})))] {
        let (mut seen, mut start) = (BTreeSet::new(), 1);
        // Other tests make and delete resources meanwhile: only one that stays has to be met.
        while start < 100_000 {
            let page = scratch.list(&format!("{endpoint}?startIndex={start}&count=50"));
            let ids = values(&page["Resources"], "id");
            start += ids.len().max(1);
            let is_last =
                ids.is_empty() || page["totalResults"].as_u64().is_none_or(|all| all < start as u64);
            seen.extend(ids);
            if is_last || seen.contains(id_of(&made)) {
                break;
            }
        }
        assert!(seen.contains(id_of(&made)), "{endpoint}: {} is on no page of {}", id_of(&made), seen.len());
    }
}
