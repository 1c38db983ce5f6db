//! Plain-text tables that fit a terminal of 80 columns: columns as wide as their widest cell where that fits, cells of
//! several lines where it does not, and one block for each row where even these are too wide.

use unicode_width::UnicodeWidthStr as _;

/// Columns of a terminal that every operator has.
pub(crate) const WIDTH: usize = 80;

/// Between two columns.
const GAP: usize = 2;

/// The widest word that a column keeps whole: an id.
const WORD: usize = 36;

/// The table with its headings underlined, in lines of at most `room` columns.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>], room: usize) -> Vec<String> {
    let column = |at: usize| rows.iter().filter_map(move |row| row.get(at)).map(String::as_str);
    let natural: Vec<usize> = (0..headings.len())
        .map(|at| column(at).chain([headings[at]]).map(width).max().unwrap_or(0))
        .collect();
    let Some(widths) = fitted(&natural, room, |at| {
        let words = column(at).chain([headings[at]]).flat_map(str::split_whitespace);
        words.map(width).max().unwrap_or(0).min(WORD)
    }) else {
        return blocks(headings, rows);
    };
    let is_number = |cell: &str| !cell.is_empty() && cell.chars().all(|c| c.is_ascii_digit());
    let numeric: Vec<bool> = (0..headings.len())
        .map(|at| !rows.is_empty() && rows.iter().all(|row| row.get(at).is_some_and(|cell| is_number(cell))))
        .collect();
    let lines = |cells: Vec<&str>| {
        let cells: Vec<Vec<String>> =
            cells.iter().zip(&widths).map(|(cell, width)| wrapped(cell, *width)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let mut lines = Vec::new();
        for line in 0..height {
            let padded = cells.iter().zip(&widths).zip(&numeric).map(|((cell, wide), numeric)| {
                let text = cell.get(line).map_or("", String::as_str);
                let blanks = " ".repeat(wide.saturating_sub(width(text)));
                if *numeric { format!("{blanks}{text}") } else { format!("{text}{blanks}") }
            });
            lines.push(padded.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned());
        }
        lines
    };
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join(&" ".repeat(GAP));
    let body = rows.iter().flat_map(|row| lines(row.iter().map(String::as_str).collect()));
    lines(headings.to_vec()).into_iter().chain([rule]).chain(body).collect()
}

/// Values with their names before them, each value in as many lines as it needs.
pub(crate) fn block<N: AsRef<str>>(pairs: &[(N, String)]) -> Vec<String> {
    let named = pairs.iter().map(|(name, _)| width(name.as_ref())).max().unwrap_or(0);
    let room = WIDTH.saturating_sub(named + GAP);
    let lines = |(name, value): &(N, String)| {
        let name = name.as_ref();
        let name = format!("{name}{}", " ".repeat(named + GAP - width(name)));
        let mut lines = wrapped(value, room).into_iter();
        let first = format!("{name}{}", lines.next().unwrap_or_default()).trim_end().to_owned();
        let rest = lines.map(|line| format!("{}{line}", " ".repeat(named + GAP)));
        [first].into_iter().chain(rest.collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    pairs.iter().flat_map(lines).collect()
}

fn blocks(headings: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let pairs: Vec<(&str, String)> = headings.iter().copied().zip(row.iter().cloned()).collect();
        lines.extend(block(&pairs));
    }
    lines
}

/// The widths with which the columns fit, the widest made narrower first; none when they cannot.
fn fitted(natural: &[usize], room: usize, least: impl Fn(usize) -> usize) -> Option<Vec<usize>> {
    let mut widths = natural.to_vec();
    let room = room.saturating_sub(GAP * natural.len().saturating_sub(1));
    let least: Vec<usize> = (0..natural.len()).map(least).collect();
    while widths.iter().sum::<usize>() > room {
        let widest = (0..widths.len()).filter(|at| widths[*at] > least[*at]).max_by_key(|at| widths[*at])?;
        let excess = widths.iter().sum::<usize>() - room;
        // Not at once: two wide columns share the loss.
        let step = excess.div_ceil(8).min(widths[widest] - least[widest]);
        widths[widest] -= step;
    }
    Some(widths)
}

/// The text in lines of at most `most` columns, broken between words where it can be.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let most = most.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is always a line");
        let gap = usize::from(!last.is_empty());
        if width(last) + gap + width(word) <= most {
            last.push_str(if gap == 1 { " " } else { "" });
            last.push_str(word);
            continue;
        }
        if !last.is_empty() {
            lines.push(String::new());
        }
        for letter in word.chars() {
            let last = lines.last_mut().expect("there is always a line");
            if width(last) + width(letter.encode_utf8(&mut [0; 4])) > most && !last.is_empty() {
                lines.push(letter.to_string());
            } else {
                last.push(letter);
            }
        }
    }
    lines
}

/// Columns of a terminal that the text takes.
fn width(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn columns_line_up_whatever_letters_are_in_them() {
        let rows = cells(&[&["Zoë", "9"], &["Björn Ek", "120"], &["名前", "7"]]);
        let expected =
            ["Name      Seats", "────────  ─────", "Zoë           9", "Björn Ek    120", "名前          7"];
        assert_eq!(table(&["Name", "Seats"], &rows, WIDTH), expected);
    }

    #[test]
    fn a_wide_table_fits_and_loses_no_letter() {
        let id = "019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8";
        let long = "a sentence that is much longer than one line of a terminal has room for, said twice";
        let huge = "x".repeat(10_000);
        for (headings, row) in [
            (vec!["Name", "Why", "Id"], vec!["Ada", long, id]),
            (vec!["Name", "Id"], vec![&huge, id]),
            (vec!["One", "Two", "Three", "Four"], vec![id, id, id, long]),
            (vec!["Only"], vec![&huge]),
        ] {
            let lines = table(&headings, &cells(&[&row, &row]), WIDTH);
            assert!(lines.iter().all(|line| width(line) <= WIDTH), "{lines:#?}");
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            let printed: usize = lines.iter().map(|line| letters(line)).sum();
            let given: usize = row.iter().map(|cell| letters(cell)).sum();
            let named: usize = headings.iter().map(|name| letters(name)).sum();
            assert!([given * 2 + named, (given + named) * 2].contains(&printed), "{lines:#?}");
            if row.contains(&id) && row.len() < 4 {
                assert!(lines.iter().any(|line| line.contains(id)), "an id can be copied: {lines:#?}");
            }
        }
    }

    #[test]
    fn a_value_is_broken_between_words() {
        let pairs = [("why", "one two three".repeat(12)), ("id", "7".to_owned())];
        let lines = block(&pairs);
        assert!(lines.len() > 2 && lines.iter().all(|line| width(line) <= WIDTH), "{lines:#?}");
        assert_eq!(lines.last().map(String::as_str), Some("id   7"));
    }
}
