//! The users of each scope who wait to be created, and how many tasks create them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use store::TenantScope;

/// The most users of one unit.
const MOST: usize = 64;
/// The most units of a scope at a time: with more, each is small, and a unit costs as much as two users.
const UNITS: usize = 2;
/// How many have to wait for a second unit.
const ENOUGH: usize = 8;

/// The users of one scope who wait, and how many tasks create them.
struct Queue<T> {
    waiting: Vec<T>,
    tasks: usize,
}

/// The queue of each scope; it stands here as long as one of its tasks runs.
pub(crate) struct Queues<T>(Mutex<HashMap<TenantScope, Queue<T>>>);

impl<T> Default for Queues<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> std::fmt::Debug for Queues<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queues").field("scopes", &self.queues().len()).finish()
    }
}

impl<T> Queues<T> {
    /// Gets in line; says whether a task has to be started.
    pub(super) fn join(&self, scope: &TenantScope, waiting: T) -> bool {
        self.queues().entry(scope.clone()).or_default().join(waiting)
    }

    /// The users who are next; none ends the task.
    pub(super) fn next(&self, scope: &TenantScope) -> Vec<T> {
        let mut queues = self.queues();
        let Some(queue) = queues.get_mut(scope) else { return Vec::new() };
        let next = queue.next();
        if queue.tasks == 0 {
            queues.remove(scope);
        }
        next
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<TenantScope, Queue<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: Vec::new(), tasks: 0 }
    }
}

impl<T> Queue<T> {
    /// Gets in line; says whether a task has to be started.
    fn join(&mut self, one: T) -> bool {
        self.waiting.push(one);
        let start = self.tasks == 0 || (self.tasks < UNITS && self.waiting.len() >= ENOUGH);
        self.tasks += usize::from(start);
        start
    }

    /// Those who are next; none ends a task: the last one when no user waits, another when too few do.
    fn next(&mut self) -> Vec<T> {
        let number = self.waiting.len().min(MOST);
        if number == 0 || (self.tasks > 1 && number < ENOUGH) {
            self.tasks -= 1;
            return Vec::new();
        }
        self.waiting.drain(..number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_serves_few_and_a_second_one_many() {
        let mut queue = Queue::default();
        assert!(queue.join(0), "the first starts a task");
        assert_eq!(queue.next(), [0]);
        let started: Vec<usize> = (1..=2 * ENOUGH).filter(|one| queue.join(*one)).collect();
        assert_eq!(started, [ENOUGH], "a second one helps when enough wait, and no third");
        assert_eq!(queue.next().len(), 2 * ENOUGH);
        for one in 1..ENOUGH {
            assert!(!queue.join(one));
        }
        assert_eq!(queue.next(), [0; 0], "the second ends when few wait");
        assert_eq!(queue.next().len(), ENOUGH - 1, "whom the first one serves");
        assert_eq!((queue.next().len(), queue.tasks), (0, 0));
        for one in 0..=MOST {
            queue.join(one);
        }
        assert_eq!(queue.next().len(), MOST, "a unit has a limit");
        assert!(!queue.waiting.is_empty());
    }
}
