//! The table of figures with their aims, as text or as Markdown.

use super::Sizes;
use super::scenario::{CONNECTIONS, CYCLE_PEOPLE, Measured};

/// Rows of figure, SQLite, PostgreSQL, aim and what is expected to bound the figure.
pub(crate) struct Table {
    rows: Vec<[String; 5]>,
}

/// What a figure should be.
#[derive(Clone, Copy)]
enum Aim {
    None,
    AtMost(f64),
    AtLeast(f64),
}

const HEADING: [&str; 5] = ["", "SQLite", "PostgreSQL", "aim", "expected to be bounded by"];

impl Table {
    /// The table of one run on each database; the binary's size is in MiB.
    pub(crate) fn new(sqlite: &Measured, postgres: &Measured, sizes: Sizes, binary_mib: f64) -> Self {
        let mut table = Self { rows: Vec::new() };
        let both = [sqlite, postgres];
        table.writes(both);
        table.look_ups(both, sizes);
        table.members(both, sizes);
        table.resources(both, sizes, binary_mib);
        table
    }

    /// Columns of equal width for a terminal.
    pub(crate) fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.chain([HEADING[column].chars().count()]).max().unwrap_or(0)
        };
        let widths = [0, 1, 2, 3, 4].map(width);
        self.lines(|row| {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .join("\n")
    }

    /// A Markdown table.
    pub(crate) fn markdown(&self) -> String {
        let mut lines = self.lines(|row| format!("| {} |", row.join(" | ")));
        lines.insert(1, "|---|---|---|---|---|".to_owned());
        lines.join("\n")
    }

    fn lines(&self, line: impl Fn(&[String; 5]) -> String) -> Vec<String> {
        let heading = HEADING.map(str::to_owned);
        std::iter::once(&heading).chain(&self.rows).map(line).collect()
    }

    fn writes(&mut self, both: [&Measured; 2]) {
        let none = [Aim::None; 2];
        self.row("write 4 KiB and sync, ms", 3, both.map(|m| m.sync_ms), none, "the disk");
        let name = format!("bare INSERT transactions/s, {CONNECTIONS} connections");
        self.row(
            &name,
            0,
            both.map(|m| m.baseline_rate),
            none,
            "one sync a commit, three round trips, and on SQLite the wait for the one writer",
        );
        let name = format!("creates/s, {CONNECTIONS} connections");
        let bound = "the sync, then the processor: document, index, journal and log rows in one commit";
        self.row(&name, 0, both.map(|m| m.create_rate), none, bound);
        let aims = [Aim::AtLeast(0.8), Aim::AtLeast(0.35)];
        self.row("… as a share of bare INSERTs", 2, both.map(|m| m.create_rate / m.baseline_rate), aims, "");
        let bound = "the database at its best: one SQLite connection, pgbench";
        self.row("bare INSERT statements/s at best", 0, both.map(|m| m.best_rate), none, bound);
        self.row("… creates as a share of these", 2, both.map(|m| m.create_rate / m.best_rate), none, "");
        self.row(
            "… median of one create, ms",
            2,
            both.map(|m| m.create_ms),
            none,
            "waiting for the writers before it",
        );
        let bound = "a read, and one durable transaction";
        self.row("PATCH active, median ms", 2, both.map(|m| m.set_active_ms), none, bound);
        let name = format!("initial cycle of Entra ID, s per {} people", grouped(CYCLE_PEOPLE));
        let bound = "latency: look-up, create and group add of each person, one request at a time";
        self.row(&name, 2, both.map(|m| m.cycle_seconds), none, bound);
    }

    fn look_ups(&mut self, both: [&Measured; 2], sizes: Sizes) {
        let none = [Aim::None; 2];
        let bound = "HTTP over loopback: what every request costs at least";
        self.row("GET /healthz, median ms", 2, both.map(|m| m.round_trip_ms), none, bound);
        let under = [Aim::AtMost(1.0); 2];
        let name = |people| format!("look-up by userName among {}, median ms", grouped(people));
        let bound = "HTTP, the token and one index look-up";
        self.row(&name(sizes.few), 2, both.map(|m| m.look_up_ms[0]), under, bound);
        self.row(&name(sizes.many), 2, both.map(|m| m.look_up_ms[1]), under, "the same, in a deeper index");
        let ratio = both.map(|m| m.look_up_ms[1] / m.look_up_ms[0]);
        self.row("… ratio of the two", 2, ratio, [Aim::AtMost(1.2); 2], "");
    }

    fn members(&mut self, both: [&Measured; 2], sizes: Sizes) {
        for (index, size) in sizes.groups.into_iter().enumerate() {
            let name = format!("add one member to a group of {}, median ms", grouped(size));
            let figures = both.map(|m| m.add_member_ms[index]);
            self.row(&name, 2, figures, [Aim::None; 2], "a fixed number of statements and one sync");
        }
        let ratio = both.map(|m| m.add_member_ms[2] / m.add_member_ms[0]);
        self.row("… ratio of the last to the first", 2, ratio, [Aim::AtMost(1.5); 2], "");
    }

    fn resources(&mut self, both: [&Measured; 2], sizes: Sizes, binary_mib: f64) {
        let none = [Aim::None; 2];
        let many = grouped(sizes.many);
        let bound = "page caches of the database connections, and the largest requests of the load";
        self.row("peak memory of the server, MiB", 1, both.map(|m| m.memory.peak), none, bound);
        let under = [Aim::AtMost(60.0); 2];
        let bound = "page caches and what the allocator keeps";
        self.row(
            &format!("at rest after the load, {many} people, MiB"),
            1,
            both.map(|m| m.memory.now),
            under,
            bound,
        );
        let restarted = both.map(|m| m.memory_restarted.now);
        self.row(
            &format!("at rest after a restart, {many} people, MiB"),
            1,
            restarted,
            under,
            "code and connections",
        );
        let bound = "opening the database and looking for migrations";
        self.row(
            "cold start to the first answer, ms",
            0,
            both.map(|m| m.start_ms),
            [Aim::AtMost(100.0); 2],
            bound,
        );
        self.row(
            "size of the binary, MiB",
            1,
            [binary_mib; 2],
            none,
            "both databases, SQLite and TLS are built in",
        );
    }

    fn row(&mut self, name: &str, digits: usize, figures: [f64; 2], aims: [Aim; 2], bound: &str) {
        let cell = |index: usize| {
            format!("{}{}", number(figures[index], digits), aims[index].verdict(figures[index]))
        };
        let aim = match [aims[0].text(digits), aims[1].text(digits)] {
            [first, second] if first == second => first,
            [first, second] => format!("{first} / {second}"),
        };
        self.rows.push([name.to_owned(), cell(0), cell(1), aim, bound.to_owned()]);
    }
}

impl Aim {
    fn text(self, digits: usize) -> String {
        match self {
            Self::None => String::new(),
            Self::AtMost(limit) => format!("≤ {}", number(limit, digits)),
            Self::AtLeast(limit) => format!("≥ {}", number(limit, digits)),
        }
    }

    fn verdict(self, figure: f64) -> &'static str {
        let met = match self {
            Self::None => return "",
            Self::AtMost(limit) => figure <= limit,
            Self::AtLeast(limit) => figure >= limit,
        };
        if met { " ✓" } else { " ✗ missed" }
    }
}

/// A figure with so many digits after the point, and its thousands apart.
fn number(figure: f64, digits: usize) -> String {
    let text = format!("{figure:.digits$}");
    let (whole, fraction) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, part)| (whole, Some(part)));
    let whole = whole.parse::<usize>().map_or_else(|_| whole.to_owned(), grouped);
    fraction.map_or_else(|| whole.clone(), |fraction| format!("{whole}.{fraction}"))
}

/// `100000` as `100,000`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::{FULL, resources::Memory};
    use super::*;

    fn measured(create_rate: f64) -> Measured {
        Measured {
            sync_ms: 1.0,
            round_trip_ms: 0.1,
            baseline_rate: 1_000.0,
            best_rate: 2_000.0,
            create_rate,
            create_ms: 2.0,
            look_up_ms: [0.5, 0.7],
            add_member_ms: [1.0, 1.0, 1.4],
            set_active_ms: 1.0,
            cycle_seconds: 4.0,
            start_ms: 40.0,
            memory: Memory { now: 50.0, peak: 80.0 },
            memory_restarted: Memory { now: 70.0, peak: 70.0 },
        }
    }

    fn row(table: &Table, name: &str) -> [String; 5] {
        table.rows.iter().find(|row| row[0].contains(name)).unwrap_or_else(|| panic!("no row {name}")).clone()
    }

    #[test]
    fn each_database_is_held_to_its_own_aim() {
        let table = Table::new(&measured(500.0), &measured(500.0), FULL, 16.5);
        let share = row(&table, "share of bare");
        assert_eq!(share[1..4], ["0.50 ✗ missed", "0.50 ✓", "≥ 0.80 / ≥ 0.35"]);
        assert_eq!(row(&table, "share of these")[1..3], ["0.25", "0.25"]);
    }

    #[test]
    fn ratios_and_limits_are_judged() {
        let table = Table::new(&measured(900.0), &measured(900.0), FULL, 16.5);
        assert_eq!(row(&table, "ratio of the two")[1], "1.40 ✗ missed");
        assert_eq!(row(&table, "ratio of the last")[1], "1.40 ✓");
        assert_eq!(row(&table, "after a restart")[1], "70.0 ✗ missed");
        assert_eq!(row(&table, "cold start")[2], "40 ✓");
    }

    #[test]
    fn markdown_has_one_line_for_each_row_and_two_of_heading() {
        let table = Table::new(&measured(900.0), &measured(900.0), FULL, 16.5);
        let markdown = table.markdown();
        assert_eq!(markdown.lines().count(), table.rows.len() + 2);
        assert!(markdown.lines().all(|line| line.matches('|').count() == 6), "{markdown}");
        assert_eq!(table.text().lines().count(), table.rows.len() + 1);
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(number(1_234_567.891, 1), "1,234,567.9");
        assert_eq!(number(12.0, 0), "12");
        assert_eq!(grouped(100_000), "100,000");
        assert_eq!(grouped(999), "999");
    }
}
