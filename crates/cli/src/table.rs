//! Plain-text tables: columns as wide as their widest cell, numbers to the right.

/// The table with its headings underlined, one line each.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([headings[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let is_number = |cell: &str| !cell.is_empty() && cell.chars().all(|c| c.is_ascii_digit());
    let numeric: Vec<bool> = (0..headings.len())
        .map(|column| {
            !rows.is_empty() && rows.iter().all(|row| row.get(column).is_some_and(|cell| is_number(cell)))
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().enumerate().map(|(column, cell)| {
            let width = widths[column];
            if numeric[column] { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  ");
    let body = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    [line(headings.to_vec()), rule].into_iter().chain(body).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_letters_are_in_them() {
        let rows = [vec!["Zoë".to_owned(), "9".to_owned()], vec!["Björn Ek".to_owned(), "120".to_owned()]];
        let expected = ["Name      Seats", "────────  ─────", "Zoë           9", "Björn Ek    120"];
        assert_eq!(table(&["Name", "Seats"], &rows), expected);
    }
}
