//! Lays out the text of a mail: prose is wrapped, links never, and empty lines do not pile up.

/// How many columns a line has.
const COLUMNS: usize = 76;
/// How far to the right the second of two columns may begin.
const DEEPEST_HANG: usize = 24;

/// The text with its lines wrapped between words, and second columns one below the other. A word that is longer than a
/// line, such as a link, stays whole.
pub(crate) fn wrap(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let blocks = lines.split(|line| line.is_empty()).filter(|block| !block.is_empty());
    let wrapped = blocks.map(|block| {
        let mut wrapped = String::new();
        for line in align(block) {
            wrap_line(&line, &mut wrapped);
        }
        wrapped
    });
    wrapped.collect::<Vec<_>>().join("\n")
}

/// The lines of a block whose second columns begin at the same place, if there is one that is not too far to the right.
fn align(block: &[&str]) -> Vec<String> {
    let farthest = block.iter().filter_map(|line| second_column(line)).max().unwrap_or_default();
    let aligned = block.iter().map(|line| match second_column(line) {
        Some(column) => {
            let head: String = line.chars().take(column).collect();
            format!("{head}{}{}", " ".repeat(farthest - column), &line[head.len()..])
        }
        None => (*line).to_owned(),
    });
    aligned.collect()
}

/// Where the second column of a line begins: behind the first two spaces or more that are not its indent.
fn second_column(line: &str) -> Option<usize> {
    let indent = line.chars().take_while(|c| *c == ' ').count();
    let gap = indent + line[indent..].find("  ")?;
    let spaces = line[gap..].chars().take_while(|c| *c == ' ').count();
    Some(line[..gap].chars().count() + spaces).filter(|column| *column <= DEEPEST_HANG)
}

fn wrap_line(line: &str, wrapped: &mut String) {
    if line.chars().count() <= COLUMNS {
        wrapped.push_str(line);
        wrapped.push('\n');
        return;
    }
    let hang = hang(line);
    // What stands left of the hang keeps its spaces.
    let head: String = line.chars().take(hang).collect();
    let mut column = hang;
    wrapped.push_str(&head);
    let mut first = true;
    for word in line[head.len()..].split(' ').filter(|word| !word.is_empty()) {
        let width = word.chars().count();
        if !first && column + 1 + width > COLUMNS {
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', hang));
            column = hang;
        } else if !first {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += width;
        first = false;
    }
    wrapped.push('\n');
}

/// Where the lines after the first begin: below the words of a list's item, or below the second of two columns.
fn hang(line: &str) -> usize {
    let indent = line.chars().take_while(|c| *c == ' ').count();
    let rest = &line[indent..];
    let marker = rest.split(' ').next().unwrap_or_default();
    let is_number =
        marker.strip_suffix('.').is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
    let is_mark = rest.starts_with('[') && rest.chars().nth(2) == Some(']');
    if is_mark {
        return indent + 4;
    }
    if is_number || marker == "-" {
        return indent + marker.len() + 1;
    }
    second_column(line).unwrap_or(indent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{COLUMNS, wrap};

    #[test]
    fn prose_is_wrapped_and_links_are_not() {
        let link = format!("https://a.example/{}", "x".repeat(100));
        let prose = "word ".repeat(20);
        assert_eq!(
            wrap(&format!("{prose}\n{link}\nend")),
            format!("{}\n{}\n{link}\nend\n", "word ".repeat(15).trim_end(), "word ".repeat(5).trim_end())
        );
        assert_eq!(wrap(&format!("see {link} now")), format!("see\n{link}\nnow\n"));
    }

    #[test]
    fn items_and_columns_hang() {
        let words = "word ".repeat(20);
        for (start, column) in
            [("1. ", 3), ("12. ", 4), ("[x] ", 4), ("- ", 2), ("    ", 4), ("Devices:  ", 10)]
        {
            let wrapped = wrap(&format!("{start}{words}"));
            let second = wrapped.lines().nth(1).unwrap();
            assert_eq!(second.find('w'), Some(column), "{start:?}\n{wrapped}");
            assert!(wrapped.starts_with(&format!("{start}word")), "{wrapped}");
        }
    }

    #[test]
    fn second_columns_stand_below_each_other() {
        let far = "a name that is longer than it should be:  z";
        assert_eq!(
            wrap(&format!("a:  x\nlong name:  y\n{far}\n\nb:  w")),
            format!("a:          x\nlong name:  y\n{far}\n\nb:  w\n")
        );
    }

    #[test]
    fn empty_lines_do_not_pile_up() {
        assert_eq!(wrap("\n\n  \na\n\n\n \nb\nc\n\n"), "a\n\nb\nc\n");
        assert_eq!(wrap(""), "");
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_only_long_words_overflow(text in "([ -~äß€\u{5d0}\u{1f600}]{0,40}[ \n]){0,30}") {
            let wrapped = wrap(&text);
            prop_assert!(wrapped.split_whitespace().eq(text.split_whitespace()));
            for line in wrapped.lines() {
                // What stands left of a hang counts as one word.
                prop_assert!(line.chars().count() <= COLUMNS + 40 + super::DEEPEST_HANG, "{line:?}");
            }
            prop_assert_eq!(wrap(&wrapped.clone()), wrapped);
        }
    }
}
