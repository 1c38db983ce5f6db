//! The form in which strings are compared (RFC 7643 §2.2 `caseExact`, RFC 7644 §5).

use std::borrow::Cow;

use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use crate::schema::Attribute;

/// The form of `text` in which values of `attribute` are compared and sorted.
///
/// Case-exact text stands for itself, other text is case-folded in full. A unique name is first composed and
/// freed of width variants, which on every name that PRECIS `UsernameCaseMapped` allows (RFC 8265 §3.3)
/// gives the equality of PRECIS.
#[must_use]
pub fn comparison_form<'t>(attribute: &Attribute, text: &'t str) -> Cow<'t, str> {
    if attribute.case_exact() {
        Cow::Borrowed(text)
    } else if attribute.unique() {
        Cow::Owned(fold_name(text))
    } else {
        fold(text)
    }
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

/// The form in which user names are unique: compatibility composition, then case folding.
#[must_use]
pub fn fold_name(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let composed: String = text.nfkc().collect();
    let folded = UniCase::unicode(composed).to_folded_case();
    folded.nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_unicode_not_ascii() {
        for (a, b) in [("ÄPFEL", "äpfel"), ("STRASSE", "straße"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("Plain", "pLAIN")]
        {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_ne!(fold("a"), fold("ä"));
    }

    #[test]
    fn names_that_look_alike_in_width_or_composition_are_one() {
        for (a, b) in [
            ("ｂｊｅｎｓｅｎ", "bjensen"),
            ("zo\u{eb}", "zoe\u{308}"),
            ("Zoë", "ZOË"),
            ("BJensen@X.example", "bjensen@x.EXAMPLE"),
        ] {
            assert_eq!(fold_name(a), fold_name(b), "{a} {b}");
        }
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for name in ["ẞtraße", "ǅ", "ﬃ", "İstanbul", "ſ", "Ω"] {
            assert_eq!(fold_name(&fold_name(name)), fold_name(name));
            assert_eq!(fold(&fold(name)), fold(name));
        }
    }
}
