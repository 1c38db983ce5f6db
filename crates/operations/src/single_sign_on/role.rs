//! Which role a claim gives.

use serde_json::{Map, Value};
use store::Role;

/// The role that the first matching value gives; none where none matches or no claim is looked at.
///
/// # Errors
/// A sentence, when the identity provider has left the list out because it is too long (OpenID Connect Core 1.0 §5.6.2).
pub(super) fn role_of(
    claim: &str,
    roles: &[(String, Role)],
    all: &Map<String, Value>,
) -> Result<Option<Role>, String> {
    if claim.is_empty() {
        return Ok(None);
    }
    let Some(value) = found(claim, all) else {
        let elsewhere = all.get("_claim_names").is_some_and(|names| names.get(claim).is_some());
        let overage = format!("has{claim}");
        if elsewhere || all.get(&overage).is_some_and(|has| *has != false) {
            return Err(format!(
                "the identity provider sends a link instead of the list “{claim}”, because the list is too long for a token: \
                 send only the groups of this application, or use application roles (the claim “roles”)"
            ));
        }
        return Ok(None);
    };
    let values: Vec<&str> = match value {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    Ok(roles.iter().find(|(value, _)| values.contains(&value.as_str())).map(|(_, role)| *role))
}

/// The value of a claim, by its name or by a path with dots.
fn found<'a>(claim: &str, all: &'a Map<String, Value>) -> Option<&'a Value> {
    all.get(claim).or_else(|| {
        let mut parts = claim.split('.');
        let first = all.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(claim: &str, all: Value) -> Result<Option<Role>, String> {
        let roles = [("owners".to_owned(), Role::Owner), ("desk".to_owned(), Role::HelpDesk)];
        let Value::Object(all) = all else { panic!("an object") };
        role_of(claim, &roles, &all)
    }

    #[test]
    fn the_first_value_of_the_table_that_matches_counts() {
        for (claim, all, role) in [
            ("groups", json!({"groups": ["desk", "owners"]}), Some(Role::Owner)),
            ("groups", json!({"groups": "desk"}), Some(Role::HelpDesk)),
            ("groups", json!({"groups": ["Owners"]}), None),
            ("groups", json!({"groups": [1, {"a": "owners"}]}), None),
            ("groups", json!({"groups": 5}), None),
            ("groups", json!({}), None),
            ("", json!({"": "owners"}), None),
            ("realm.roles", json!({"realm": {"roles": ["desk"]}}), Some(Role::HelpDesk)),
            ("https://a.example/roles", json!({"https://a.example/roles": ["desk"]}), Some(Role::HelpDesk)),
            ("groups", json!({"hasgroups": false}), None),
        ] {
            assert_eq!(given(claim, all.clone()), Ok(role), "{claim} {all}");
        }
    }

    #[test]
    fn a_list_that_was_left_out_is_no_empty_list() {
        let elsewhere = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {}}});
        assert!(given("groups", elsewhere).expect_err("left out").contains("application roles"));
        assert!(given("groups", json!({"hasgroups": true})).is_err());
    }
}
