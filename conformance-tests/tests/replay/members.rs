//! Checks on memberships, by the names that the fixtures give to people.
use std::collections::BTreeSet;

use crate::scene::{Scene, Verdict, check};
use crate::snapshot::members_of;

/// A 204, or a group without its members: what a PATCH of a group answers to Entra ID.
pub(crate) fn none_answered(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    match scene.answer.status {
        204 => check(scene.answer.text.is_empty(), || format!("the body is {}", scene.answer.text)),
        _ => check(scene.at("/members").is_none(), || "members are listed".to_owned()),
    }
}

pub(crate) fn exactly(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let mut expected = Vec::new();
    for name in words {
        expected.push(scene.id(name)?.to_owned());
    }
    let mut found = members_of(scene.document);
    expected.sort();
    found.sort();
    check(found == expected, || format!("they are {found:?} instead of {expected:?}"))
}

pub(crate) fn once(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let id = scene.id(words[0])?;
    let found = members_of(scene.document);
    check(found.iter().filter(|member| *member == id).count() == 1, || {
        format!("they are {found:?}, not {id}")
    })
}

pub(crate) fn unchanged(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let group = scene.document_id()?;
    let (then, now) = (scene.before.members(group), scene.after.members(group));
    check(then == now, || format!("they were {then:?} and are {now:?}"))
}

/// Whoever the request does not name is a member after it exactly if a member before it.
pub(crate) fn others_unchanged(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let group = scene.document_id()?;
    let request = scene.sent.to_string();
    let others = |members: BTreeSet<String>| -> BTreeSet<String> {
        members.into_iter().filter(|id| !request.contains(id.as_str())).collect()
    };
    let (then, now) = (others(scene.before.members(group)), others(scene.after.members(group)));
    check(then == now, || format!("the others were {then:?} and are {now:?}"))
}

pub(crate) fn every_bulk_user(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let found: BTreeSet<_> = members_of(scene.document).into_iter().collect();
    for number in 1..=100 {
        let name = format!("bulk_user_{number:03}");
        check(found.contains(scene.id(&name)?), || format!("{name} is not among {} members", found.len()))?;
    }
    Ok(())
}

pub(crate) fn is_member(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let id = scene.id(words[0])?;
    let found = members_of(scene.document);
    check(found.iter().any(|member| member == id), || format!("the members are {found:?}, not {id}"))
}

pub(crate) fn is_no_member(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    not_listed(scene, &[scene.id(words[0])?])
}

pub(crate) fn not_listed(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let found = members_of(scene.document);
    check(!found.iter().any(|member| member == words[0]), || format!("the members are {found:?}"))
}

pub(crate) fn kept(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let user = scene.id(words[0])?;
    let (then, now) = (scene.before.memberships(user), scene.after.memberships(user));
    check(then == now, || format!("a member of {then:?} before, of {now:?} after"))
}
