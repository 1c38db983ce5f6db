//! Checks on one document: values, schemas, headers, and what changed.
use conformance_tests::{encode, user};
use serde_json::{Value, json};

use crate::scene::{Scene, Verdict, check};
use crate::tables;

pub(crate) fn body_is_empty(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    check(scene.answer.text.is_empty(), || format!("the body is {}", scene.answer.text))
}

/// Of a 204 the body must be empty; of a 200 it must be what a read gives.
pub(crate) fn body_is_updated_resource(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    if scene.answer.status == 204 {
        return body_is_empty(scene, &[]);
    }
    let body = scene.answer.json();
    let stored = body["id"].as_str().and_then(|id| scene.after.resource(id));
    check(stored == Some(&body), || format!("the body is {body}, stored is {stored:?}"))
}

pub(crate) fn answered_as_sent(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    match first_difference(scene.sent, scene.document, "") {
        Some(difference) => Err(difference),
        None => Ok(()),
    }
}

pub(crate) fn no_null(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    check(!any_value(scene.document, &Value::is_null), || "there is a null".to_owned())
}

pub(crate) fn camel_case(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let camel = |key: &str| {
        let lower = key.starts_with(|first: char| first.is_ascii_lowercase());
        lower && key.chars().all(|letter| letter.is_ascii_alphanumeric())
    };
    let fixed = |key: &str| key.starts_with("urn:") || key == "$ref" || key == "Resources";
    let mut wrong = Vec::new();
    each_key(scene.document, &mut |key| {
        if !fixed(key) && !camel(key) {
            wrong.push(key.to_owned());
        }
    });
    check(wrong.is_empty(), || format!("these keys are not in camel case: {wrong:?}"))
}

/// `schemas` lists known schemas only, and no object of another schema is answered.
pub(crate) fn known_schemas(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let known = |urn: &str| tables::KNOWN_SCHEMAS.contains(&urn);
    let listed = scene.elements("/schemas");
    let keys = scene.document.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    let strange: Vec<_> = keys.filter(|key| key.contains(':') && !known(key)).collect();
    check(!listed.is_empty() && listed.iter().all(|urn| urn.as_str().is_some_and(known)), || {
        format!("schemas is {listed:?}")
    })?;
    check(strange.is_empty(), || format!("objects of unknown schemas: {strange:?}"))
}

pub(crate) fn meta_is_own(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let before = scene.before.resource(scene.document_id()?).ok_or("the resource did not exist before")?;
    for name in ["resourceType", "created", "location"] {
        let (then, now) = (&before["meta"][name], &scene.document["meta"][name]);
        check(then == now, || format!("meta.{name} was {then} and is {now}"))?;
    }
    Ok(())
}

/// A read gives the same id, and an id in other letters names nobody (RFC 7643 §3.1: `id` is case-exact).
pub(crate) fn id_is_stable(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let id = scene.document_id()?;
    let again = scene.target().get(&format!("/Users/{id}")).expect_status(200).id();
    check(again == id, || format!("{id} became {again}"))?;
    let other_case = id.to_uppercase();
    if other_case != id {
        let status = scene.target().get(&format!("/Users/{other_case}")).check().status;
        check(status == 404, || format!("{other_case} is answered {status}"))?;
    }
    Ok(())
}

pub(crate) fn location(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let (header, meta) = (scene.answer.header("location"), &scene.document["meta"]["location"]);
    check(header.is_some() && header == meta.as_str(), || format!("{header:?} and {meta}"))
}

pub(crate) fn header_starts(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let value = scene.answer.header(words[0]).unwrap_or_default();
    check(value.starts_with(words[1]), || format!("it is {value:?}"))
}

pub(crate) fn header_number(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let value = scene.answer.header(words[0]).unwrap_or_default();
    check(value.parse::<u32>().is_ok(), || format!("it is {value:?}"))
}

/// The same request with the last letter of its token changed must be refused.
pub(crate) fn changed_signature(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let mut headers = scene.headers.to_vec();
    let mut body = scene.sent.clone();
    match (&mut body, headers.iter_mut().find(|(name, _)| name == "Authorization")) {
        (Value::String(form), _) => *form = form.replace("&scope=", "x&scope="),
        (_, Some((_, value))) => value.push('x'),
        _ => return Err("there is no token in the request".to_owned()),
    }
    let status = scene.resend(&headers, &body).status;
    check(matches!(status, 400 | 401), || format!("it is answered {status}"))
}

/// What GET returned can be sent back as it is (the read-modify-write of Okta).
pub(crate) fn put_changes_nothing(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let path = format!("/Users/{}", scene.document_id()?);
    scene.target().put(&path, scene.document).expect_status(200);
    let now = scene.target().get(&path).expect_status(200).json();
    let without_meta = |resource: &Value| {
        let mut resource = resource.clone();
        resource["meta"].take();
        resource
    };
    check(without_meta(&now) == without_meta(scene.document), || format!("it became {now}"))
}

pub(crate) fn created_again(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let id = scene.answer.path.rsplit('/').next().unwrap_or_default();
    let before = scene.before.resource(id).ok_or("the user did not exist before")?;
    let name = before["userName"].as_str().ok_or("the user had no userName")?;
    let again = scene.target().post("/Users", &user(name)).expect_status(201).id();
    scene.target().delete(&format!("/Users/{again}")).expect_status(204);
    check(again != id, || format!("the new user has the old id {id}"))
}

pub(crate) fn found_by_user_name(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let name = scene.document["userName"].as_str().ok_or("there is no userName")?;
    let filter = encode(&format!("userName eq \"{name}\""));
    let list = scene.target().get(&format!("/Users?filter={filter}")).expect_status(200).json();
    let found = &list["Resources"][0]["id"];
    check(list["totalResults"] == 1 && *found == scene.document["id"], || format!("the list is {list}"))
}

pub(crate) fn scim_type(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let found = scene.document["scimType"].as_str().unwrap_or_default();
    check(words.contains(&found), || format!("it is {found:?}"))
}

pub(crate) fn present(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let missing: Vec<_> =
        words.iter().filter(|pointer| scene.at(pointer).is_none_or(Value::is_null)).collect();
    check(missing.is_empty(), || format!("missing: {missing:?}"))
}

/// Absent, or an empty array: null is never answered (RFC 7643 §2.5).
pub(crate) fn unassigned(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    let assigned: Vec<_> =
        words.iter().filter_map(|pointer| scene.at(pointer)).filter(|v| !empty(v)).collect();
    check(assigned.is_empty(), || format!("assigned: {assigned:?}"))
}

pub(crate) fn absent(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    check(scene.at(words[0]).is_none(), || format!("it is {:?}", scene.at(words[0])))
}

pub(crate) fn non_empty_string(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let value = scene.at(words[0]);
    let text = value.and_then(Value::as_str).unwrap_or_default();
    check(!text.trim().is_empty(), || format!("it is {value:?}"))
}

pub(crate) fn boolean(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    check(scene.at(words[0]).is_some_and(Value::is_boolean), || format!("it is {:?}", scene.at(words[0])))
}

pub(crate) fn array(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    check(!scene.elements(words[0]).is_empty(), || format!("it is {:?}", scene.at(words[0])))
}

pub(crate) fn number_between(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let number = scene.at(words[0]).and_then(Value::as_u64);
    let [low, high] = [words[1], words[2]].map(|bound| bound.parse::<u64>().ok());
    check(number.is_some() && low <= number && number <= high, || format!("it is {number:?}"))
}

pub(crate) fn not_the_word(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    check(scene.at(words[0]).is_some_and(|value| *value != words[1]), || "it is".to_owned())
}

pub(crate) fn contains(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let elements = scene.elements(words[0]);
    check(elements.contains(&json!(words[1])), || format!("it is {elements:?}"))
}

pub(crate) fn pointer_unchanged(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let before = scene.before.resource(scene.document_id()?).ok_or("the resource did not exist before")?;
    let (then, now) = (before.pointer(words[0]), scene.at(words[0]));
    check(then == now, || format!("it was {then:?} and is {now:?}"))
}

/// Nothing changed, `meta.lastModified` and `meta.version` included (RFC 7644 §3.5.2.1).
pub(crate) fn resource_unchanged(scene: &Scene<'_>, _: &[&str]) -> Verdict {
    let id = scene.document_id()?;
    let before = scene.before.resource(id).ok_or("the resource did not exist before")?;
    check(before == scene.document, || format!("it was {before} and is {}", scene.document))
}

pub(crate) fn exactly(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let elements = scene.elements(words[1]);
    check(words[0].parse() == Ok(elements.len()), || format!("there are {elements:?}"))
}

pub(crate) fn exactly_of_type(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let of_type = scene.elements(words[2]).iter().filter(|element| element["type"] == words[1]).count();
    check(words[0].parse() == Ok(of_type), || format!("there are {of_type}"))
}

pub(crate) fn holds(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let elements = scene.elements(words[0]);
    let wanted = |element: &Value| element["value"] == words[1] && element["type"] == words[2];
    check(elements.iter().any(wanted), || format!("there are {elements:?}"))
}

pub(crate) fn holds_no(scene: &Scene<'_>, words: &[&str]) -> Verdict {
    let elements = scene.elements(words[0]);
    check(!elements.iter().any(|element| element["value"] == words[1]), || format!("there are {elements:?}"))
}

/// Where the answer differs from what was sent; what only the server sets is not compared.
fn first_difference(sent: &Value, answered: &Value, at: &str) -> Option<String> {
    match (sent, answered) {
        (Value::Object(sent), _) => sent
            .iter()
            .filter(|(key, value)| !matches!(key.as_str(), "meta" | "password") && !value.is_null())
            .find_map(|(key, value)| {
                first_difference(value, &answered[key.as_str()], &format!("{at}/{key}"))
            }),
        (Value::Array(sent), Value::Array(answered)) if sent.len() == answered.len() => {
            let mut pairs = sent.iter().zip(answered).enumerate();
            pairs.find_map(|(index, (sent, answered))| {
                first_difference(sent, answered, &format!("{at}/{index}"))
            })
        }
        _ => (sent != answered).then(|| format!("{at} was sent as {sent} and is answered as {answered}")),
    }
}

fn any_value(value: &Value, found: &dyn Fn(&Value) -> bool) -> bool {
    found(value)
        || match value {
            Value::Array(items) => items.iter().any(|item| any_value(item, found)),
            Value::Object(members) => members.values().any(|member| any_value(member, found)),
            _ => false,
        }
}

fn each_key(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| each_key(item, visit)),
        Value::Object(members) => members.iter().for_each(|(key, member)| {
            visit(key);
            each_key(member, visit);
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_found_where_it_is() {
        let sent = json!({ "a": [{ "b": "X" }], "meta": { "x": 1 }, "gone": null });
        let answered = json!({ "a": [{ "b": "X", "more": 1 }], "id": "7" });
        assert_eq!(first_difference(&sent, &answered, ""), None);
        let other = json!({ "a": [{ "b": "x" }] });
        assert!(first_difference(&sent, &other, "").expect("differs").starts_with("/a/0/b "));
        assert!(first_difference(&sent, &json!({ "a": [] }), "").is_some());
    }

    #[test]
    fn nested_nulls_and_keys_are_seen() {
        assert!(any_value(&json!({ "a": [{ "b": null }] }), &Value::is_null));
        assert!(!any_value(&json!({ "a": [{ "b": 0 }] }), &Value::is_null));
        let mut keys = Vec::new();
        each_key(&json!({ "a": [{ "B": 1 }] }), &mut |key| keys.push(key.to_owned()));
        assert_eq!(keys, ["a", "B"]);
    }
}
