//! The values of multi-valued attributes that clients search for: one row each.

use scim::Object;
use serde_json::Value;
use uuid::Uuid;

use crate::entity::user_values::Model;

/// The attributes of a user whose values are rows.
pub(crate) const ATTRIBUTES: &[&str] = &["emails", "phoneNumbers", "roles", "entitlements", "ims"];

/// What stands in the place of an attribute for the words by which a person is found.
pub(crate) const WORDS: &str = "words";
/// Words of a person that are kept.
const MOST_WORDS: usize = 16;
/// Letters of a word that are kept.
const LONGEST_WORD: usize = 40;

/// The words of a text by which people are found: letters and digits, without regard to case and accents.
pub(crate) fn words_of(text: &str) -> Vec<String> {
    let plain = scim::text::without_accents(text);
    let words = plain.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word.chars().take(LONGEST_WORD).collect()).collect()
}

/// The words by which a person is found: of the names, the user name and the addresses.
fn words(search: &Object) -> Vec<String> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = search.get("name");
    let of_name = |part: &str| text(name.and_then(|name| name.get(part)));
    // Many people share the domain of an address, which finds nobody.
    let local = |address: String| address.split('@').next().unwrap_or_default().to_owned();
    let emails = search.get("emails").and_then(Value::as_array).into_iter().flatten();
    let mut texts = vec![
        text(search.get("displayName")),
        of_name("formatted"),
        of_name("givenName"),
        of_name("familyName"),
        text(search.get("nickName")),
        local(text(search.get("userName"))),
    ];
    texts.extend(emails.map(|email| local(text(email.get("value")))));
    let mut words: Vec<String> = Vec::new();
    for word in texts.iter().flat_map(|text| words_of(text)) {
        if words.len() < MOST_WORDS && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// The rows of a user, from the document in its form for comparisons.
pub(crate) fn rows(tenant: Uuid, user: Uuid, search: &Object) -> Vec<Model> {
    let mut rows = Vec::new();
    for attribute in ATTRIBUTES {
        let elements = search.get(*attribute).and_then(Value::as_array).into_iter().flatten();
        for (position, element) in (0..).zip(elements) {
            let text = |name: &str| element.get(name).and_then(Value::as_str).map(str::to_owned);
            rows.push(Model {
                tenant_id: tenant,
                user_id: user,
                attribute: (*attribute).to_owned(),
                position,
                value: text("value"),
                kind: text("type"),
                is_primary: element.get("primary").and_then(Value::as_bool),
            });
        }
    }
    rows.extend((0..).zip(words(search)).map(|(position, word)| Model {
        tenant_id: tenant,
        user_id: user,
        attribute: WORDS.to_owned(),
        position,
        value: Some(word),
        kind: None,
        is_primary: None,
    }));
    rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_person_is_found_by_the_words_of_names_and_addresses() {
        let document = json!({
            "userName": "w.tamihana@kestrel.example",
            "displayName": "wirihana t\u{101}mihana-o\u{2019}neil",
            "name": { "familyName": "t\u{101}mihana" },
            "emails": [{ "value": "wiri@kestrel.example" }],
        });
        let found = words(document.as_object().expect("an object"));
        assert_eq!(found, ["wirihana", "tamihana", "o", "neil", "w", "wiri"]);
        assert_eq!(words_of("  \u{dc}nal,  \u{df}eta % "), ["unal", "sseta"]);
        assert_eq!(words_of("%"), [""; 0]);
    }
}
