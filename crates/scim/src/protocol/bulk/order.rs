//! The order of the operations: that of the request, but what an operation refers to is created before it.

use std::collections::HashMap;

use super::{Operation, References};

/// One operation, when its turn has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which of the operations.
    pub operation: usize,
    /// What it refers to and what itself refers to it: these references are put in later.
    pub put_off: References,
}

/// Where an operation is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Untouched,
    /// It waits for what it refers to.
    Waits,
    Ordered,
}

/// The operations, of which each has these references, in the order in which they are done; each stands in it once.
#[must_use]
pub fn order(operations: &[Operation], references: &[References]) -> Vec<Step> {
    let created: HashMap<&str, usize> = operations
        .iter()
        .enumerate()
        .filter(|(_, operation)| operation.creates())
        .filter_map(|(at, operation)| Some((operation.bulk_id.as_deref()?, at)))
        .collect();
    let mut states = vec![State::Untouched; operations.len()];
    let mut steps = Vec::with_capacity(operations.len());
    for first in 0..operations.len() {
        // A chain of references may be as long as the request: what waits is a list, not the stack of the program.
        let mut waiting = vec![first];
        while let Some(&at) = waiting.last() {
            if states[at] == State::Ordered {
                waiting.pop();
                continue;
            }
            let begun = std::mem::replace(&mut states[at], State::Waits) == State::Waits;
            let open = |name: &&String| created.get(name.as_str()).map(|other| (other, states[*other]));
            if !begun {
                // The last to be pushed is the first to be done.
                let needed = references[at].iter().rev().filter_map(|name| open(&name));
                let needed: Vec<usize> =
                    needed.filter(|(_, state)| *state == State::Untouched).map(|(other, _)| *other).collect();
                if !needed.is_empty() {
                    waiting.extend(needed);
                    continue;
                }
            }
            let later = references[at]
                .iter()
                .filter(|name| open(name).is_some_and(|(_, state)| state != State::Ordered));
            steps.push(Step { operation: at, put_off: later.cloned().collect() });
            states[at] = State::Ordered;
            waiting.pop();
        }
    }
    steps
}
