//! Fills `{{name}}` placeholders in texts and in JSON.
use serde_json::Value;

/// Replaces every placeholder; a name that `value_of` does not know is the error.
pub(crate) fn fill(text: &str, value_of: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or_else(|| format!("{text:?} has an open {{{{"))?;
        out.push_str(before);
        out.push_str(&value_of(name).ok_or_else(|| format!("nothing is known as {{{{{name}}}}}"))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// As [`fill`], for every string and key of a JSON value; an array's `{"times": 9, "each": x}` stands for nine of `x`.
pub(crate) fn fill_json(value: &Value, value_of: &dyn Fn(&str) -> Option<String>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => Value::String(fill(text, value_of)?),
        Value::Array(items) => {
            let items = items.iter().flat_map(repeated);
            Value::Array(items.map(|item| fill_json(&item, value_of)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let mut filled = serde_json::Map::new();
            for (key, member) in members {
                filled.insert(fill(key, value_of)?, fill_json(member, value_of)?);
            }
            Value::Object(filled)
        }
        other => other.clone(),
    })
}

/// This value with `{{name}}` replaced by a number of three or more digits.
pub(crate) fn numbered(value: &Value, name: &str, number: usize) -> Value {
    let text = value.to_string().replace(&format!("{{{{{name}}}}}"), &format!("{number:03}"));
    serde_json::from_str(&text).expect("digits make no JSON invalid")
}

/// What an item of an array stands for; `{{i}}` counts the repetitions.
fn repeated(item: &Value) -> Vec<Value> {
    match (item.get("times").and_then(Value::as_u64), item.get("each")) {
        (Some(times), Some(each)) => {
            let times = usize::try_from(times).unwrap_or_default();
            (1..=times).map(|number| numbered(each, "i", number)).collect()
        }
        _ => vec![item.clone()],
    }
}

/// The names of all placeholders in a text, in order.
pub(crate) fn names(text: &str) -> Vec<String> {
    text.split("{{")
        .skip(1)
        .filter_map(|part| part.split_once("}}"))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value_of(name: &str) -> Option<String> {
        (name == "user1.id").then(|| "7".to_owned())
    }

    #[test]
    fn placeholders_are_filled_everywhere() {
        assert_eq!(fill("/Users/{{user1.id}}?a={{user1.id}}", &value_of).expect("known"), "/Users/7?a=7");
        let body = json!({ "{{user1.id}}": ["members[value eq \"{{user1.id}}\"]", 1, null] });
        let filled = fill_json(&body, &value_of).expect("known");
        assert_eq!(filled, json!({ "7": ["members[value eq \"7\"]", 1, null] }));
    }

    #[test]
    fn a_repetition_is_counted_out() {
        let body = json!(["a", { "times": 2, "each": { "value": "{{user{{i}}.id}}" } }]);
        let filled = fill_json(&body, &|name| Some(format!("<{name}>"))).expect("known");
        assert_eq!(filled, json!(["a", { "value": "<user001.id>" }, { "value": "<user002.id>" }]));
    }

    #[test]
    fn what_is_unknown_or_left_open_is_an_error() {
        assert!(fill("{{user2.id}}", &value_of).expect_err("unknown").contains("user2.id"));
        assert!(fill("{{user1.id", &value_of).is_err());
        assert!(fill_json(&json!([["{{x}}"]]), &value_of).is_err());
    }

    #[test]
    fn names_are_found_in_order() {
        assert_eq!(names("a{{b}}c{{d.id}}"), ["b", "d.id"]);
    }
}
