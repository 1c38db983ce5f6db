//! The table of figures with their aims, as text or as Markdown.

use super::figure::Figure;

/// Rows of figure, a cell for each database, aim and what is expected to bound the figure.
pub(crate) struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// The table of what each database gave, in the order in which the figures were first seen.
    pub(crate) fn new(columns: &[(&str, Vec<Figure>)]) -> Self {
        let labels = columns.iter().map(|(label, _)| *label);
        let heading = [""].into_iter().chain(labels).chain(["aim", "expected to be bounded by"]);
        let mut names: Vec<&str> = Vec::new();
        for figure in columns.iter().flat_map(|(_, figures)| figures) {
            if !names.contains(&figure.name.as_str()) {
                names.push(&figure.name);
            }
        }
        let rows = names.into_iter().map(|name| row(name, columns)).collect();
        Self { heading: heading.map(str::to_owned).collect(), rows }
    }

    /// Columns of equal width for a terminal.
    pub(crate) fn text(&self) -> String {
        let width = |column: usize| self.all().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.heading.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.all().map(line).collect::<Vec<_>>().join("\n")
    }

    /// A Markdown table.
    pub(crate) fn markdown(&self) -> String {
        let mut lines: Vec<String> = self.all().map(|row| format!("| {} |", row.join(" | "))).collect();
        lines.insert(1, format!("|{}", "---|".repeat(self.heading.len())));
        lines.join("\n")
    }

    fn all(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.heading).chain(&self.rows)
    }
}

fn row(name: &str, columns: &[(&str, Vec<Figure>)]) -> Vec<String> {
    let figures: Vec<Option<&Figure>> =
        columns.iter().map(|(_, figures)| figures.iter().find(|figure| figure.name == name)).collect();
    let mut aims: Vec<String> = figures.iter().flatten().map(|figure| figure.aim()).collect();
    aims.dedup();
    let mut row = vec![name.to_owned()];
    row.extend(figures.iter().map(|figure| figure.map(Figure::cell).unwrap_or_default()));
    row.push(aims.join(" / "));
    row.push(figures.iter().flatten().next().map_or("", |figure| figure.bound).to_owned());
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let share = |value, aim| Figure::new("share", 2, value).at_least(aim);
        let sync = Figure::new("sync, ms", 3, 0.1).bounded_by("the disk");
        Table::new(&[
            ("SQLite", vec![sync, share(0.5, 0.8)]),
            ("PostgreSQL", vec![Figure::failed("reads"), share(0.5, 0.4)]),
        ])
    }

    #[test]
    fn each_database_is_held_to_its_own_aim() {
        let table = table();
        assert_eq!(table.rows[1], ["share", "0.50 ✗ missed", "0.50 ✓", "≥ 0.80 / ≥ 0.40", ""]);
    }

    #[test]
    fn a_figure_of_one_database_leaves_the_cell_of_the_other_empty() {
        let table = table();
        assert_eq!(table.rows[0], ["sync, ms", "0.100", "", "", "the disk"]);
        assert_eq!(table.rows[2], ["reads", "", "failed", "", ""]);
    }

    #[test]
    fn markdown_has_one_line_for_each_row_and_two_of_heading() {
        let table = table();
        let markdown = table.markdown();
        assert_eq!(markdown.lines().count(), table.rows.len() + 2);
        assert!(markdown.lines().all(|line| line.matches('|').count() == 6), "{markdown}");
        assert_eq!(table.text().lines().count(), table.rows.len() + 1);
    }
}
