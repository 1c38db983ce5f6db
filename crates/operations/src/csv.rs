//! Comma-separated values that a spreadsheet takes for nothing else.

/// A line of comma-separated values (RFC 4180), without its end. Text that a spreadsheet would take for a formula gets an
/// apostrophe before it, also where the spreadsheet parts cells at semicolons or tabs.
pub fn line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let quoted = |text: T| {
        let text = defused(text.as_ref());
        if text.contains(['"', ',', ';', '\t', '\r', '\n']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    cells.into_iter().map(quoted).collect::<Vec<_>>().join(",")
}

/// The text with an apostrophe before each part that would be a formula.
fn defused(text: &str) -> String {
    let mut defused = String::with_capacity(text.len());
    let mut begins = true;
    for letter in text.chars() {
        if begins && "=+-@".contains(letter) {
            defused.push('\'');
        }
        defused.push(letter);
        begins = matches!(letter, ';' | '\t' | '\r' | '\n');
    }
    defused
}

/// A cell as it was before [`line`] put an apostrophe before it.
pub(crate) fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula() {
        assert_eq!(
            line(["a", "=1+1", "b,c", "\"d\"", "-5;=2", "x\n@y"]),
            "a,'=1+1,\"b,c\",\"\"\"d\"\"\",\"'-5;'=2\",\"x\n'@y\""
        );
        assert_eq!(defused("a\t+1\t=2"), "a\t'+1\t'=2");
        assert_eq!(line([""; 0]), "");
        for (cell, text) in [("'-Dash", "-Dash"), ("'s-Graveland", "'s-Graveland"), ("'", "'"), ("", "")] {
            assert_eq!(plain(cell), text);
        }
    }
}
