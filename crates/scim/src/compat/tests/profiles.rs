//! What each profile tolerates, and that every tolerance has a name.

use super::*;
use crate::filter;

#[test]
fn filter_quirks_are_needed_and_named() {
    let cases = [
        ("filter-whitespace", "userName  eq \"x\""),
        ("filter-capital-booleans", "active eq True"),
        ("filter-value-path-comparison", "emails[type eq \"work\"].value eq \"x\""),
        ("filter-bare-extension", "department eq \"x\""),
        (
            "filter-complex-value",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq \"x\"",
        ),
        ("filter-boolean-strings", "active eq \"True\""),
    ];
    for (name, text) in cases {
        let strict = Dialect::new(Profile::Strict, &[], &[]).expect("valid");
        assert!(filter::parse(user(), text, strict.filter()).is_err(), "{text}");
        let lenient = Dialect::new(Profile::Strict, &[name.to_owned()], &[]).expect("valid");
        let (_, used) =
            filter::parse(user(), text, lenient.filter()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(lenient.filter_used(used).quirks.into_iter().collect::<Vec<_>>(), [name]);
        let (_, used) = filter::parse(user(), "userName eq \"x\"", lenient.filter()).expect("valid");
        assert!(lenient.filter_used(used).quirks.is_empty());
    }
    assert_eq!(quirks().filter(|quirk| matches!(quirk.act, Act::Filter(..))).count(), cases.len());
}

#[test]
fn rules_are_set_by_their_quirk_alone() {
    let rules = |profile| Dialect::new(profile, &[], &[]).expect("valid").rules();
    let entra = rules(Profile::Entra);
    assert!(entra.create_missing_element && entra.unique_group_names && entra.group_patch_no_content);
    assert_eq!(rules(Profile::Strict), Rules::default());
    assert_eq!(rules(Profile::Generic), Rules { free_formats: true, ..Rules::default() });
    let retired = ["check-formats".to_owned()];
    let checked = Dialect::new(Profile::Generic, &retired, &[]).expect("known from the last version");
    assert!(!checked.rules().free_formats);
    let free = Dialect::new(Profile::Strict, &[], &retired).expect("known from the last version");
    assert!(free.rules().free_formats);
    let switched = Dialect::new(
        Profile::Entra,
        &["put-keeps-external-id".to_owned()],
        &["create-missing-element".to_owned()],
    );
    let switched = switched.expect("valid").rules();
    assert!(switched.keep_external_id && !switched.create_missing_element);
}

#[test]
fn every_quirk_is_told_and_used() {
    let mut names: Vec<&str> = quirks().map(|quirk| quirk.name).collect();
    for quirk in quirks() {
        for text in [quirk.product, quirk.summary, quirk.evidence, quirk.fixture] {
            assert!(!text.is_empty(), "{}", quirk.name);
        }
        assert!(
            Profile::ALL.iter().any(|profile| profile.quirks().contains(&quirk.name)),
            "{} is unused",
            quirk.name
        );
    }
    for profile in Profile::ALL {
        for name in profile.quirks() {
            assert!(names.contains(name), "{profile} names {name}");
        }
        assert_eq!(profile.as_str().parse(), Ok(profile));
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), quirks().count());
    assert!("nope".parse::<Profile>().is_err());
    assert!(Dialect::new(Profile::Generic, &["nope".to_owned()], &[]).is_err());
}

#[test]
fn what_a_profile_is_narrower_in_is_refused_by_its_quirk_alone() {
    let with =
        |name: &str| Dialect::new(Profile::Generic, &[name.to_owned()], &[]).expect("the quirk exists");
    let refused = |name: &str, kind: RequestKind, body: Value| {
        let Some(body) = body.as_object() else { return false };
        let plain = Dialect::new(Profile::Generic, &[], &[]).expect("the profile exists");
        assert!(plain.request(kind, user(), &mut body.clone()).is_ok(), "{name} is needed");
        with(name).request(kind, user(), &mut body.clone()).is_err()
    };
    let created = |more: &str| json!({"schemas": [USER], "userName": "a", more: 1});
    assert!(refused("refuse-unknown-keys", RequestKind::Create, created("shoeSize")));
    assert!(refused("refuse-unknown-keys", RequestKind::Replace, created("shoeSize")));
    assert!(!refused("refuse-unknown-keys", RequestKind::Create, created("TITLE")));
    for inner in [
        json!({"schemas": [USER], "userName": "a", "name": {"nick": "x"}}),
        json!({"schemas": [USER], "userName": "a", "emails": [{"value": "a@b.example"}, {"nick": "x"}]}),
        json!({"schemas": [USER], "userName": "a", ENTERPRISE_USER: {"hat": 1}}),
        json!({"schemas": [USER], "userName": "a", ENTERPRISE_USER: {"manager": {"value": "1", "hat": 1}}}),
    ] {
        assert!(refused("refuse-unknown-keys", RequestKind::Create, inner));
    }
    for (path, value) in
        [("name", json!({"nick": 1})), ("emails", json!([{"nick": 1}])), (ENTERPRISE_USER, json!({"hat": 1}))]
    {
        let change = patch(json!([{"op": "replace", "path": path, "value": value}]));
        let body = change.as_object().expect("an object");
        assert!(
            with("refuse-unknown-keys").request(RequestKind::Patch, user(), &mut body.clone()).is_err(),
            "{path}"
        );
    }
    let patched = |path: &str| patch(json!([{"op": "add", "path": path, "value": {}}]));
    assert!(refused("path-required", RequestKind::Patch, patched("")));
    assert!(!refused("path-required", RequestKind::Patch, patched("title")));
    assert!(Dialect::new(Profile::Interop, &[], &[]).expect("valid").is_interoperable());
    let more = ["boolean-strings".to_owned()];
    assert!(!Dialect::new(Profile::Interop, &more, &[]).expect("valid").is_interoperable());
    let without = ["path-required".to_owned()];
    assert!(!Dialect::new(Profile::Interop, &[], &without).expect("valid").is_interoperable());
}
