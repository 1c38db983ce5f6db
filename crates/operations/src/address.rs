//! The address at which a person is written to, and what the person is called in mail.

use scim::Object;
use scim::text::fold;
use serde_json::Value;

/// The longest address that SMTP carries, RFC 5321 §4.5.3.1.3, in bytes.
const LONGEST: usize = 254;
/// The longest part before the `@`, RFC 5321 §4.5.3.1.1, in bytes.
const LONGEST_LOCAL: usize = 64;
/// The longest label of a domain, in bytes.
const LONGEST_LABEL: usize = 63;

/// The address of a person: the primary e-mail address, else the one of the type `work`, else the first, else a `userName` that
/// is an address.
pub(crate) fn of(document: &Object) -> Option<&str> {
    let emails = document.get("emails").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let value =
        |email: &'_ Value| -> bool { email.get("value").and_then(Value::as_str).is_some_and(is_address) };
    let primary = |email: &Value| email.get("primary").and_then(Value::as_bool) == Some(true);
    let work = |email: &Value| {
        email.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
    };
    let usable = || emails.iter().filter(|email| value(email));
    let chosen = usable().find(|email| primary(email)).or_else(|| usable().find(|email| work(email)));
    let chosen = chosen.or_else(|| usable().next());
    let chosen = chosen.and_then(|email| email.get("value")).and_then(Value::as_str);
    chosen.or_else(|| text(document, "userName").filter(|name| is_address(name)))
}

/// Whether mail can be sent to this text: dots part words before the `@` and labels behind it, and nothing in them needs
/// quotation marks. What is no address here is none to the mailer either.
pub(crate) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    text.len() <= LONGEST
        && local.len() <= LONGEST_LOCAL
        && local.split('.').all(is_atom)
        && domain.split('.').all(is_label)
}

/// Whether a text is an atom of RFC 5322 §3.2.3, or one of RFC 6531 in another script.
fn is_atom(text: &str) -> bool {
    let fits = |letter: char| {
        letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter) || is_of_script(letter)
    };
    !text.is_empty() && text.chars().all(fits)
}

/// Whether a text is a label of a domain, in any script.
fn is_label(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || is_of_script(letter);
    (1..=LONGEST_LABEL).contains(&text.len())
        && text.chars().all(fits)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_of_script(letter: char) -> bool {
    !letter.is_ascii() && !letter.is_whitespace() && !letter.is_control()
}

/// The form in which two addresses are compared.
pub(crate) fn folded(address: &str) -> String {
    fold(address).into_owned()
}

/// The address with most of its local part hidden, for a page that its reader may not own: `k…i@example.com`.
pub(crate) fn masked(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else { return "…".to_owned() };
    let first: String = local.chars().take(1).collect();
    let last: String =
        if local.chars().count() > 3 { local.chars().last().into_iter().collect() } else { String::new() };
    format!("{first}…{last}@{domain}")
}

/// What a person is called in mail: the given name, else the display name; none where neither is known.
pub(crate) fn called(document: &Object) -> Option<&str> {
    let given = document.get("name").and_then(|name| name.get("givenName")).and_then(Value::as_str);
    let filled = |name: &&str| !name.trim().is_empty();
    given.filter(filled).or_else(|| text(document, "displayName").filter(filled))
}

fn text<'d>(document: &'d Object, name: &str) -> Option<&'d str> {
    document.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn address(document: Value) -> Option<String> {
        let Value::Object(document) = document else { panic!("an object") };
        of(&document).map(str::to_owned)
    }

    #[test]
    fn the_primary_address_comes_first_and_then_work() {
        let emails = json!([{ "value": "a@x.example" }, { "value": "b@x.example", "type": "Work" },
            { "value": "c@x.example", "primary": true }]);
        assert_eq!(address(json!({ "emails": emails })).as_deref(), Some("c@x.example"));
        let emails = json!([{ "value": "a@x.example" }, { "value": "b@x.example", "type": "Work" }]);
        assert_eq!(address(json!({ "emails": emails })).as_deref(), Some("b@x.example"));
        let emails = json!([{ "value": "not one", "primary": true }, { "value": "a@x.example" }]);
        assert_eq!(address(json!({ "emails": emails })).as_deref(), Some("a@x.example"));
        assert_eq!(address(json!({ "userName": "ada@x.example" })).as_deref(), Some("ada@x.example"));
        assert_eq!(address(json!({ "userName": "ada", "emails": [] })), None);
    }

    #[test]
    fn an_address_has_two_parts_and_breaks_no_header() {
        for text in ["a@b", "a.b+c@d.example", "jörg@bücher.example", "o'neill@x.example"] {
            assert!(is_address(text), "{text}");
        }
        let local = |letters| format!("{}@x.example", "a".repeat(letters));
        let label = |letters| format!("a@{}.example", "x".repeat(letters));
        assert!(is_address(&local(64)) && is_address(&label(63)));
        for text in [
            "",
            "a",
            "@x",
            "a@",
            "a b@x",
            "a@x\r\nBcc: y@z",
            "a@@x",
            "<a@x>",
            "a@.x",
            "a@x.",
            "a,b@x",
            "a..b@x",
            ".a@x",
            "a.@x",
            "a@x..y",
            "a@-x",
            "a@x-.y",
            "a@x_y",
            "\"a b\"@x",
            &local(65),
            &label(64),
            &local(250),
        ] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn a_masked_address_is_known_to_its_owner_alone() {
        assert_eq!(masked("keoni@x.example"), "k…i@x.example");
        assert_eq!(masked("al@x.example"), "a…@x.example");
        assert_eq!(masked("nothing"), "…");
    }

    #[test]
    fn people_are_called_by_their_given_names() {
        let called = |document: Value| called(document.as_object().expect("an object")).map(str::to_owned);
        let both = json!({ "name": { "givenName": "Keoni" }, "displayName": "K. Kahananui" });
        assert_eq!(called(both).as_deref(), Some("Keoni"));
        let display = json!({ "name": { "givenName": " " }, "displayName": "K. Kahananui" });
        assert_eq!(called(display).as_deref(), Some("K. Kahananui"));
        assert_eq!(called(json!({ "userName": "x" })), None);
    }
}
