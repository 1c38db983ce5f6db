//! The table from a fact in words to the check that proves it; a fact without an entry fails the replay.
use crate::pattern::holes;
use crate::scene::{Scene, Verdict};
use crate::{checks, lists, members, tables};

/// Proves a fact about a scene; the words are those in the holes of its pattern.
type Check = fn(&Scene<'_>, &[&str]) -> Verdict;

/// All facts that a fixture may state.
const FACTS: &[(&str, Check)] = &[
    ("the body is empty", checks::body_is_empty),
    ("the body is the updated resource", checks::body_is_updated_resource),
    ("every value sent is answered as sent", checks::answered_as_sent),
    ("no value is null", checks::no_null),
    ("every key is in camel case", checks::camel_case),
    ("only known schemas are answered", checks::known_schemas),
    ("meta is the server's own", checks::meta_is_own),
    ("the id is stable and case-sensitive", checks::id_is_stable),
    ("the header location equals meta.location", checks::location),
    ("header {} starts with {}", checks::header_starts),
    ("header {} is a whole number", checks::header_number),
    ("a changed signature is refused", checks::changed_signature),
    ("a PUT of the body changes nothing", checks::put_changes_nothing),
    ("the same userName can be created again", checks::created_again),
    ("the user is found by userName", checks::found_by_user_name),
    ("scimType is one of {..}", checks::scim_type),
    ("present: {..}", checks::present),
    ("unassigned: {..}", checks::unassigned),
    ("{} is absent", checks::absent),
    ("{} is a non-empty string", checks::non_empty_string),
    ("{} is a boolean", checks::boolean),
    ("{} is an array", checks::array),
    ("{} is a number from {} to {}", checks::number_between),
    ("{} is not the word {}", checks::not_the_word),
    ("{} contains {}", checks::contains),
    ("{} is unchanged", checks::pointer_unchanged),
    ("the resource is unchanged", checks::resource_unchanged),
    ("exactly {} in {}", checks::exactly),
    ("exactly {} of type {} in {}", checks::exactly_of_type),
    ("{} holds {} of type {}", checks::holds),
    ("{} holds no {}", checks::holds_no),
    ("the answer is a list", lists::is_list),
    ("the list is empty", lists::is_empty),
    ("list numbers are numbers", lists::numbers),
    ("the list holds {} resources", lists::holds),
    ("the list holds at most {} resources", lists::holds_at_most),
    ("the list names {..}", lists::names),
    ("every listed resource has only {..}", lists::has_only),
    ("every listed resource has {..}", lists::has),
    ("totalResults is the number of users", lists::total_is_users),
    ("totalResults says whether {} reports to {}", lists::total_is_manager),
    ("no listed resource stands on page one", lists::not_on_page_one),
    ("the order is stable", lists::order_is_stable),
    ("no members are answered", members::none_answered),
    ("members are exactly {..}", members::exactly),
    ("members contain {} exactly once", members::once),
    ("members are unchanged", members::unchanged),
    ("all other members are unchanged", members::others_unchanged),
    ("every bulk user is a member", members::every_bulk_user),
    ("{} is a member", members::is_member),
    ("{} is no member", members::is_no_member),
    ("the id {} is not listed", members::not_listed),
    ("{} keeps all memberships", members::kept),
];

/// Proves a fact. `if accepted:` and `if refused:` limit it to answers of that kind.
pub(crate) fn prove(fact: &str, scene: &Scene<'_>) -> Verdict {
    let (condition, plain) = split_condition(fact);
    let applies = match condition {
        Some(Condition::Accepted) => scene.answer.status < 400,
        Some(Condition::Refused) => scene.answer.status >= 400,
        None => true,
    };
    if !applies || tables::LEFT_OUT.iter().any(|(left_out, _)| *left_out == plain) {
        return Ok(());
    }
    let (check, words) = find(plain).ok_or_else(|| format!("no check knows this fact: {fact:?}"))?;
    check(scene, &words).map_err(|complaint| format!("{fact}: {complaint}"))
}

/// Whether the fact is limited to one kind of answer, so that it applies to whatever status came.
pub(crate) fn is_conditional(fact: &str) -> bool {
    split_condition(fact).0.is_some()
}

enum Condition {
    Accepted,
    Refused,
}

fn split_condition(fact: &str) -> (Option<Condition>, &str) {
    if let Some(plain) = fact.strip_prefix("if accepted: ") {
        (Some(Condition::Accepted), plain)
    } else if let Some(plain) = fact.strip_prefix("if refused: ") {
        (Some(Condition::Refused), plain)
    } else {
        (None, fact)
    }
}

fn find(plain: &str) -> Option<(Check, Vec<&str>)> {
    FACTS.iter().find_map(|(pattern, check)| holes(pattern, plain).map(|words| (*check, words)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::library::Library;

    fn stated() -> Vec<(String, String)> {
        let clients =
            tables::CONNECTIONS.iter().map(|(client, ..)| *client).chain(["own", "faults", tables::APART]);
        let fixtures = clients.flat_map(|client| Library::of(client).all());
        fixtures
            .flat_map(|fixture| {
                fixture.facts().map(|fact| (fixture.id.clone(), fact.to_owned())).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn every_stated_fact_has_its_check() {
        let stated = stated();
        assert!(stated.len() > 300, "only {} facts are stated", stated.len());
        for (id, fact) in stated {
            let plain = split_condition(&fact).1;
            let left_out = tables::LEFT_OUT.iter().any(|(left_out, _)| *left_out == plain);
            assert!(left_out || find(plain).is_some(), "{id}: no check knows {fact:?}");
        }
    }

    #[test]
    fn every_check_proves_a_stated_fact() {
        let stated: BTreeSet<String> = stated().into_iter().map(|(_, fact)| fact).collect();
        for (pattern, _) in FACTS {
            let first = |plain: &str| FACTS.iter().find(|(pattern, _)| holes(pattern, plain).is_some());
            let used =
                stated.iter().any(|fact| first(split_condition(fact).1).is_some_and(|(p, _)| p == pattern));
            assert!(used, "no fixture states {pattern:?}");
        }
        for (fact, _) in tables::LEFT_OUT {
            assert!(stated.contains(*fact), "no fixture states {fact:?}");
        }
    }

    #[test]
    fn a_condition_is_told_from_its_fact() {
        assert!(is_conditional("if refused: the body is empty") && is_conditional("if accepted: x"));
        assert!(!is_conditional("the body is empty"));
        assert_eq!(split_condition("if refused: the body is empty").1, "the body is empty");
    }
}
