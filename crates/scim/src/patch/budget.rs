//! A bound on the work of one request, counted in steps instead of time.

use serde_json::Value;

use crate::protocol::error::Error;

/// The most steps that a PATCH may take: a step is one look at one value, well below a microsecond.
pub const MAX_STEPS: usize = 10_000_000;

/// So many bytes of text cost one step more.
const BYTES_PER_STEP: usize = 16;

/// A copy takes so many times the steps of a look: it needs memory, and becomes part of the resource.
pub(super) const COPY: usize = 8;

/// The steps that a piece of work may still take. Work is paid for before it is done.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    pub(super) const fn new(steps: usize) -> Self {
        Self { left: steps }
    }

    /// Pays for steps.
    ///
    /// # Errors
    /// 413 when so many are not left.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Error> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Error::status(
                413,
                "The operations look at too many values: name them by a path such as members[value eq \"id\"], or \
                 split the request into several.",
            )),
        }
    }
}

/// The steps that a look at a value takes.
pub(super) fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / BYTES_PER_STEP,
        Value::Array(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Value::Object(object) => 1 + object.values().map(weight).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_spent_is_gone_and_no_more_can_be_spent() {
        let mut budget = Budget::new(10);
        assert!(budget.spend(10).is_ok());
        assert_eq!(budget.spend(1).expect_err("nothing is left").status, 413);
        assert!(Budget::new(0).spend(0).is_ok());
    }

    #[test]
    fn long_text_weighs_more() {
        assert_eq!(weight(&json!({"a": "x", "b": [true, null]})), 5);
        assert_eq!(weight(&"x".repeat(1_600).into()), 101);
    }
}
