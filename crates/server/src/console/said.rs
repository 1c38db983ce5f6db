//! What a form says when it is refused.

use operations::Error;

use crate::http::error::Failure;

/// The sentence of a refusal; a right that is missing and a fault of the server are no matter of the form.
pub(super) fn said(error: Error) -> Result<String, Failure> {
    match error {
        Error::Database(_) => match Failure::from(error) {
            // Another one has the name, for example.
            Failure::Told(told) => Ok(for_page(&told.detail)),
            failure => Err(failure),
        },
        Error::Forbidden(_) => Err(error.into()),
        error => Ok(for_page(&operations::sentence(&error))),
    }
}

/// A sentence of an operation as a page says it: with a capital letter, a full stop, and without the command that would help at
/// the terminal.
pub(super) fn for_page(sentence: &str) -> String {
    let command = ["`rollcall", " --"].into_iter().filter_map(|word| sentence.find(word)).min();
    let told = command.and_then(|at| sentence.get(..at)).unwrap_or(sentence);
    // The part of the sentence goes with the command in it.
    let told = if command.is_some() {
        told.rfind([':', ';']).and_then(|at| told.get(..at)).unwrap_or(told)
    } else {
        told
    };
    let mut letters = told.trim().chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let text = first + letters.as_str();
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_whole_sentences_and_no_commands() {
        for (sentence, expected) in [
            (
                "there is no connection \"x\": `rollcall connection list --tenant TENANT` shows all",
                "There is no connection \"x\".",
            ),
            (
                "no column has names: say which one with --map \"COLUMN=name\", by its name or number",
                "No column has names.",
            ),
            ("the grace must be between 0 and 3650 days", "The grace must be between 0 and 3650 days."),
            ("Another user has this userName.", "Another user has this userName."),
            (
                "\u{201c}x\u{201d} is no kind: use one of a, b",
                "\u{201c}x\u{201d} is no kind: use one of a, b.",
            ),
            ("", ""),
        ] {
            assert_eq!(for_page(sentence), expected);
        }
    }
}
