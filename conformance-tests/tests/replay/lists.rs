//! Checks on a `ListResponse` (RFC 7644 §3.4.2).
use serde_json::{Value, json};

use crate::scene::{Scene, Verdict, check};
use crate::tables::ENTERPRISE;

pub(crate) fn is_list(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let urn = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    let schemas = scene.elements("/schemas");
    check(schemas.contains(&json!(urn)), || format!("schemas is {schemas:?}"))
}

pub(crate) fn is_empty(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let resources = scene.at("/Resources");
    let empty = resources.is_none_or(|resources| resources.as_array().is_some_and(Vec::is_empty));
    check(empty, || format!("Resources is {resources:?}"))
}

pub(crate) fn numbers(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    for name in ["totalResults", "startIndex", "itemsPerPage"] {
        let value = &scene.document[name];
        check(value.is_u64(), || format!("{name} is {value}"))?;
    }
    Ok(())
}

pub(crate) fn holds(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let count = scene.elements("/Resources").len();
    check(words[0].parse() == Ok(count), || format!("there are {count}"))
}

pub(crate) fn holds_at_most(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let count = scene.elements("/Resources").len();
    check(words[0].parse().is_ok_and(|most| count <= most), || format!("there are {count}"))
}

/// Every id given is among those of the listed schemas or resource types.
pub(crate) fn names(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let found = ids(scene.document);
    let missing: Vec<_> = words.iter().filter(|id| !found.contains(&Some(id))).collect();
    check(missing.is_empty(), || format!("missing: {missing:?}"))
}

pub(crate) fn has(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let resources = scene.elements("/Resources");
    let complete = |resource: &Value| words.iter().all(|key| !resource[*key].is_null());
    check(!resources.is_empty() && resources.iter().all(complete), || format!("there are {resources:?}"))
}

pub(crate) fn has_only(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let keys = |resource: &Value| {
        resource.as_object().is_some_and(|r| r.keys().all(|key| words.contains(&key.as_str())))
    };
    let resources = scene.elements("/Resources");
    check(resources.iter().all(keys), || format!("there are {resources:?}"))
}

pub(crate) fn total_is_users(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let (total, users) = (&scene.document["totalResults"], scene.after.users.len());
    check(*total == users, || format!("totalResults is {total} of {users}"))
}

pub(crate) fn total_is_manager(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let (user, manager) = (scene.id(words[0])?, scene.id(words[1])?);
    let stored = scene.after.users.get(user).ok_or("the user does not exist")?;
    let total = &scene.document["totalResults"];
    let expected = u64::from(stored[ENTERPRISE]["manager"]["value"] == manager);
    check(*total == expected, || format!("totalResults is {total} instead of {expected}"))
}

pub(crate) fn not_on_page_one(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let first = scene.answer.path.replace("startIndex=6", "startIndex=1");
    let first = scene.target().get(&first).expect_status(200).json();
    let (first, here) = (ids(&first), ids(scene.document));
    check(first.len() == here.len(), || format!("page one has {} resources", first.len()))?;
    check(!here.iter().any(|id| first.contains(id)), || format!("{first:?} and {here:?}"))
}

/// Pages of two, one after the other, give the same order as the whole list, twice.
pub(crate) fn order_is_stable(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let whole = ids(scene.document);
    let again = scene.target().get(&scene.answer.path).expect_status(200).json();
    check(ids(&again) == whole, || "a second read has another order".to_owned())?;
    let mut paged = Vec::new();
    for start in (1..=whole.len()).step_by(2) {
        let page =
            scene.target().get(&format!("/Users?startIndex={start}&count=2")).expect_status(200).json();
        paged.extend(ids(&page).into_iter().map(|id| id.map(str::to_owned)));
    }
    let paged: Vec<_> = paged.iter().map(Option::as_deref).collect();
    check(paged == whole, || format!("{whole:?} comes in pages as {paged:?}"))
}

fn ids(list: &Value) -> Vec<Option<&str>> {
    let resources = list["Resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    resources.iter().map(|resource| resource["id"].as_str()).collect()
}
