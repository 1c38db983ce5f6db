//! Values from people and directories, made harmless before a template sees them.

/// How much of a name or of another short value a letter shows.
pub(crate) const LONGEST_VALUE: usize = 200;
/// How much of a paragraph a letter shows.
pub(crate) const LONGEST_PARAGRAPH: usize = 2_000;
/// How long a subject gets.
pub(crate) const LONGEST_SUBJECT: usize = 200;

/// One line without control characters, cut at so many characters. Whatever would end a line or act on a terminal becomes a
/// space; whatever would turn the order of the text around it is left out.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let harmless = text.chars().filter(|c| !turns_order(*c)).map(|c| if ends_line(c) { ' ' } else { c });
    let mut line = String::new();
    for c in harmless {
        if c != ' ' || !(line.is_empty() || line.ends_with(' ')) {
            line.push(c);
        }
    }
    let line = line.trim_end();
    if line.chars().count() <= longest {
        return line.to_owned();
    }
    let cut: String = line.chars().take(longest - 1).collect();
    format!("{}…", cut.trim_end())
}

fn ends_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The embeddings, overrides and isolates of the Unicode bidirectional algorithm; marks and joiners may stay.
fn turns_order(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_value_is_one_line_of_a_sane_length() {
        for (given, made) in [
            ("Keoni", "Keoni"),
            ("a\r\nBcc: all@b.example", "a Bcc: all@b.example"),
            ("a\u{85}b\u{2028}c\u{2029}d\u{0}e\u{1b}[31m", "a b c d e [31m"),
            (" \t a  b \n", "a b"),
            ("\u{202e}gnp.exe\u{202c}", "gnp.exe"),
            ("שלום עולם", "שלום עולם"),
            ("👩‍👩‍👧 a\u{200b}b", "👩‍👩‍👧 a\u{200b}b"),
            ("12345678901", "123456789…"),
            ("123456789 12", "123456789…"),
            ("", ""),
        ] {
            assert_eq!(one_line(given, 10.max(made.chars().count())), made, "{given:?}");
        }
    }
}
