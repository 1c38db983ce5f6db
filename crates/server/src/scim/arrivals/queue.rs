//! Who waits to be created, and how many tasks of a tenant do that.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use store::TenantId;

/// The most people of one unit.
const MOST: usize = 64;
/// The most units of a tenant at a time: with more, each is small, and a unit costs as much as two people.
const UNITS: usize = 2;
/// How many have to wait for a second unit.
const ENOUGH: usize = 8;

/// Who of a tenant waits to be created, and how many tasks do that.
struct Queue<T> {
    waiting: Vec<T>,
    tasks: usize,
    /// Whether something waited for the last ones, so that the next ones get a unit at once.
    awaited: bool,
}

/// Who waits in each tenant; it stands here as long as one of its tasks runs.
pub(crate) struct Queues<T>(Mutex<HashMap<TenantId, Queue<T>>>);

impl<T> Default for Queues<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> std::fmt::Debug for Queues<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queues").field("tenants", &self.queues().len()).finish()
    }
}

impl<T> Queues<T> {
    /// Gets in line; says whether a task has to be started.
    pub(super) fn join(&self, tenant: TenantId, waiting: T) -> bool {
        self.queues().entry(tenant).or_default().join(waiting)
    }

    /// Those who are next; nobody ends the task.
    pub(super) fn next(&self, tenant: TenantId) -> Vec<T> {
        let mut queues = self.queues();
        let Some(queue) = queues.get_mut(&tenant) else { return Vec::new() };
        let next = queue.next();
        if queue.tasks == 0 {
            queues.remove(&tenant);
        }
        next
    }

    /// Whether something waited for the last ones of the tenant.
    pub(super) fn awaited(&self, tenant: TenantId) -> bool {
        self.queues().get(&tenant).is_some_and(|queue| queue.awaited)
    }

    /// Remembers that, as long as a task of the tenant runs.
    pub(super) fn remember(&self, tenant: TenantId, awaited: bool) {
        if let Some(queue) = self.queues().get_mut(&tenant) {
            queue.awaited = awaited;
        }
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<TenantId, Queue<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: Vec::new(), tasks: 0, awaited: false }
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

    /// Those who are next; nobody ends a task: the last one when nobody waits, another when too few do.
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

    #[test]
    fn what_waited_for_the_last_ones_is_remembered_while_a_task_runs() {
        let arrivals = Queues::<()>::default();
        let [busy, idle] = [1, 2].map(|number| TenantId::new(uuid::Uuid::from_u128(number)));
        arrivals.queues().insert(busy, Queue { tasks: 1, ..Queue::default() });
        assert!(!arrivals.awaited(busy), "at first nobody knows of anything");
        arrivals.remember(busy, true);
        arrivals.remember(idle, true);
        assert!(arrivals.awaited(busy) && !arrivals.awaited(idle));
        arrivals.remember(busy, false);
        assert!(!arrivals.awaited(busy), "people for whom nothing waits are created in one trip again");
        arrivals.remember(busy, true);
        assert!(arrivals.next(busy).is_empty());
        assert!(
            !arrivals.awaited(busy) && arrivals.queues().is_empty(),
            "nothing is left behind the last task"
        );
    }
}
