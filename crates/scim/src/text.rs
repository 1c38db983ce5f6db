//! The form in which strings are compared (RFC 7643 §2.2 `caseExact`, RFC 7644 §5).

use std::borrow::Cow;
use std::fmt::Write as _;

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::Profile as _;
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use crate::schema::{Attribute, Kind};

/// The most bytes of a text by which resources are looked up, in its comparison form: what an index can hold.
pub const MAX_KEY: usize = 2_000;

/// The form of `text` in which values of `attribute` are compared and sorted.
///
/// Case-exact text and what is no text but is written as one stand for themselves, a unique name has the form of [`fold_name`], other text is case-folded in full.
#[must_use]
pub fn comparison_form<'t>(attribute: &Attribute, text: &'t str) -> Cow<'t, str> {
    if attribute.case_exact() || !matches!(attribute.kind, Kind::String | Kind::Reference) {
        Cow::Borrowed(text)
    } else if attribute.unique() {
        Cow::Owned(fold_name(text))
    } else {
        fold(text)
    }
}

/// As [`comparison_form`], for text that is only a part of a value: blanks at its ends belong to it.
#[must_use]
pub fn comparison_form_of_part<'t>(attribute: &Attribute, text: &'t str) -> Cow<'t, str> {
    if attribute.unique() && !attribute.case_exact() {
        Cow::Owned(mapped(text.chars().filter(|c| !unseen(*c))))
    } else {
        comparison_form(attribute, text)
    }
}

/// Text as people type it to find something: without regard to case, and without the marks on letters.
#[must_use]
pub fn without_accents(text: &str) -> String {
    fold(text).nfkd().filter(|letter| !unicode_normalization::char::is_combining_mark(*letter)).collect()
}

/// A segment of a URL's path without percent-encoding (RFC 3986 §2.1); nothing when the encoding is broken.
#[must_use]
pub fn decoded_segment(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            u8::try_from(high * 16 + low).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

/// Full Unicode case folding.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    Cow::Owned(UniCase::unicode(text).to_folded_case())
}

/// The form in which user names are unique and looked up: PRECIS `UsernameCaseMapped` (RFC 8265 §3.3).
///
/// Characters that are not seen and blanks at the ends make no second name, and neither do more blanks than one in a
/// row. A name that PRECIS refuses, such as one with a blank, is mapped in the same way nevertheless: clients have them.
#[must_use]
pub fn fold_name(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.to_ascii_lowercase();
    }
    // Composition turns some characters into blanks, hence the mapping comes before the words are split.
    let mapped = mapped(text.chars().filter(|c| !unseen(*c)));
    let words: Vec<&str> = mapped.split_whitespace().collect();
    let name = words.join(" ");
    match UsernameCaseMapped::new().enforce(name.as_str()) {
        Ok(enforced) => enforced.into_owned(),
        Err(_) => name,
    }
}

/// The first invisible character of a name: a new name must have none, because it looks like another name.
///
/// Joiners and variation selectors do not count, because scripts and emoji need them. Line breaks and tabs do not count either:
/// they are often an accident at the end of a name. What no text ever holds counts as well (RFC 8264 §9.13).
#[must_use]
pub fn invisible(name: &str) -> Option<char> {
    let blank = |c: char| c.is_control() && c.is_whitespace();
    name.chars().find(|c| (unseen(*c) && !joins(*c) && !blank(*c)) || is_no_character(*c))
}

/// Code points that stand for no character, and never will.
fn is_no_character(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// Characters without a width of their own: controls, and the default ignorable code points (RFC 8264 §9.13).
fn unseen(c: char) -> bool {
    c.is_control()
        || joins(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn joins(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}')
}

/// Compatibility composition and small letters, until nothing changes any more: what PRECIS maps of the names that it
/// allows is the same, but for the final sigma, which has no capital of its own.
fn mapped(characters: impl Iterator<Item = char>) -> String {
    let mut text: String = characters.nfkc().collect();
    for _ in 0..4 {
        let small = text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c });
        let next: String = small.nfkc().filter(|c| !unseen(*c)).collect();
        if next == text {
            break;
        }
        text = next;
    }
    text
}

/// Text with every character escaped, as JSON escapes it (RFC 8259 §7), that would act on a terminal, end the line or
/// change the order of what is read. JSON whose strings hold such characters says the same afterwards.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if acts(character) {
            // All of them are in the first plane, so four digits are enough; memory takes everything.
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Whether a character is a control, separates lines, or changes the direction of text (UAX #9).
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_escaped_and_other_text_is_not() {
        for (text, safe) in [
            ("Zoë 名 \u{5e9}", "Zoë 名 \u{5e9}"),
            ("a\u{1b}[31mb\u{9b}c\u{7f}", "a\\u001b[31mb\\u009bc\\u007f"),
            ("one\r\ntwo\u{2028}three", "one\\u000d\\u000atwo\\u2028three"),
            ("\u{202e}gnp.exe\u{2066}", "\\u202egnp.exe\\u2066"),
        ] {
            assert_eq!(shown(text), safe);
        }
    }

    #[test]
    fn folding_is_unicode_not_ascii() {
        for (a, b) in [("ÄPFEL", "äpfel"), ("STRASSE", "straße"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("Plain", "pLAIN")]
        {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_ne!(fold("a"), fold("ä"));
    }

    #[test]
    fn names_that_look_alike_are_one() {
        for (a, b) in [
            ("ｂｊｅｎｓｅｎ", "bjensen"),
            ("zo\u{eb}", "zoe\u{308}"),
            ("Zoë", "ZOË"),
            ("BJensen@X.example", "bjensen@x.EXAMPLE"),
            ("\u{212b}sa", "åsa"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("mo\u{200b}na", "mona"),
            ("\u{feff}mona", "mona"),
            ("mo\u{ad}na\u{2060}", "mona"),
            ("mo\u{200d}na", "mona"),
            ("mona ", "mona"),
            (" \tmona\r\n", "mona"),
            ("mona\u{a0}", "mona"),
            ("mo\nna", "mona"),
            ("Mona  Lisa", "mona lisa"),
            ("mona\u{3000}lisa", "mona lisa"),
            ("ﬁn", "FIN"),
        ] {
            assert_eq!(fold_name(a), fold_name(b), "{a:?} {b:?}");
        }
        for (a, b) in [("mona", "mena"), ("mona lisa", "monalisa"), ("straße", "strasse"), ("a.b", "ab")] {
            assert_ne!(fold_name(a), fold_name(b), "{a:?} {b:?}");
        }
        assert_eq!(fold_name(" \u{200b}\n"), "");
    }

    #[test]
    fn a_part_of_a_name_keeps_its_blanks() {
        let user_name = crate::Registry::standard().user().attribute("userName").expect("userName");
        assert_eq!(comparison_form_of_part(user_name, "Mona "), "mona ");
        assert_eq!(comparison_form(user_name, "Mona "), "mona");
    }

    #[test]
    fn an_invisible_character_is_found() {
        for name in [
            "mo\u{200b}na",
            "\u{202e}anom",
            "mona\u{feff}",
            "mo\u{ad}na",
            "\u{3164}",
            "mo\u{7}na",
            "mona\u{ffff}",
            "\u{fdd0}",
        ] {
            assert!(invisible(name).is_some(), "{name:?}");
        }
        for name in ["mona", "👩‍💻", "क्‍ष", "❤\u{fe0f}", "mona\n", " mona "] {
            assert_eq!(invisible(name), None, "{name:?}");
        }
    }

    /// Names of every script, with what is not seen strewn in.
    fn name() -> impl Strategy<Value = String> {
        let odd = "[ \\t\\n\\u{200b}\\u{200d}\\u{feff}\\u{a0}ßẞςΣİıﬁǅÅ\\u{308}\\u{345}\\u{130}ÄöZ]";
        let part = prop_oneof![
            odd.prop_map(String::from),
            any::<char>().prop_map(String::from),
            "[a-zA-Z0-9@.]{1,3}"
        ];
        proptest::collection::vec(part, 0..10).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn folding_twice_changes_nothing(name in name()) {
            let folded = fold_name(&name);
            prop_assert_eq!(fold_name(&folded), folded.clone());
            let once = fold(&name).into_owned();
            prop_assert_eq!(fold(&once), once.as_str());
        }

        #[test]
        fn what_is_not_seen_makes_no_second_name(name in name(), at in any::<prop::sample::Index>(), c in "[\\n\\u{200b}\\u{ad}\\u{2060}\\u{feff}]") {
            let mut places: Vec<usize> = name.char_indices().map(|(at, _)| at).collect();
            places.push(name.len());
            let mut other = name.clone();
            other.insert_str(places[at.index(places.len())], &c);
            prop_assert_eq!(fold_name(&format!(" {other}\r\n")), fold_name(&name));
        }

        #[test]
        fn composition_makes_no_second_name(name in name()) {
            prop_assert_eq!(fold_name(&name.nfd().collect::<String>()), fold_name(&name));
            prop_assert_eq!(fold_name(&name.nfkc().collect::<String>()), fold_name(&name));
        }

        /// PRECIS calls two names equal: they are.
        #[test]
        fn names_that_are_equal_fold_equal(name in name()) {
            let precis = UsernameCaseMapped::new();
            if let Ok(enforced) = precis.enforce(name.as_str()) {
                prop_assert_eq!(fold_name(&enforced), fold_name(&name));
                if !name.contains('ς') && !name.chars().any(unseen) {
                    prop_assert_eq!(fold_name(&name), enforced.into_owned());
                }
            }
        }
    }
}
