//! One measured figure: its name, its value, what it should be and what bounds it.

/// A row of the table, as one database gave it.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) name: String,
    digits: usize,
    value: Option<f64>,
    aim: Aim,
    /// What is expected to bound it; empty where the row above says so.
    pub(crate) bound: &'static str,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
enum Aim {
    None,
    AtMost(f64),
    AtLeast(f64),
}

impl Figure {
    /// A figure without an aim, to be printed with so many digits after the point.
    pub(crate) fn new(name: impl Into<String>, digits: usize, value: f64) -> Self {
        Self { name: name.into(), digits, value: Some(value), aim: Aim::None, bound: "" }
    }

    /// The row of a scenario that could not be measured.
    pub(crate) fn failed(scenario: &str) -> Self {
        Self { value: None, ..Self::new(scenario, 0, 0.0) }
    }

    /// What is expected to bound it.
    pub(crate) fn bounded_by(self, bound: &'static str) -> Self {
        Self { bound, ..self }
    }

    /// The aim is this or less.
    pub(crate) fn at_most(self, limit: f64) -> Self {
        Self { aim: Aim::AtMost(limit), ..self }
    }

    /// The aim is this or more.
    pub(crate) fn at_least(self, limit: f64) -> Self {
        Self { aim: Aim::AtLeast(limit), ..self }
    }

    /// The value with the verdict on its aim.
    pub(crate) fn cell(&self) -> String {
        match self.value {
            Some(value) => format!("{}{}", number(value, self.digits), self.aim.verdict(value)),
            None => "failed".to_owned(),
        }
    }

    /// The aim in words; empty when there is none.
    pub(crate) fn aim(&self) -> String {
        match self.aim {
            Aim::None => String::new(),
            Aim::AtMost(limit) => format!("≤ {}", number(limit, self.digits)),
            Aim::AtLeast(limit) => format!("≥ {}", number(limit, self.digits)),
        }
    }
}

impl Aim {
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
pub(crate) fn grouped(number: usize) -> String {
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
    use super::*;

    #[test]
    fn limits_are_judged() {
        let figure = |value| Figure::new("ratio", 2, value);
        assert_eq!(figure(1.4).at_most(1.2).cell(), "1.40 ✗ missed");
        assert_eq!(figure(1.2).at_most(1.2).cell(), "1.20 ✓");
        assert_eq!(figure(0.5).at_least(0.8).cell(), "0.50 ✗ missed");
        assert_eq!(figure(0.8).at_least(0.8).cell(), "0.80 ✓");
        assert_eq!(figure(0.8).cell(), "0.80");
        assert_eq!(Figure::failed("reads").cell(), "failed");
        assert_eq!(figure(0.8).at_least(0.8).aim(), "≥ 0.80");
        assert_eq!(figure(0.8).aim(), "");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(number(1_234_567.891, 1), "1,234,567.9");
        assert_eq!(number(12.0, 0), "12");
        assert_eq!(grouped(100_000), "100,000");
        assert_eq!(grouped(999), "999");
    }
}
