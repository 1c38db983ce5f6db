//! Traffic that goes on at once: rounds of requests, and others' requests while one is under way.
use std::sync::atomic::{AtomicBool, Ordering};

use conformance_tests::{Answer, Connection, Target};

use crate::message::{Message, Rounds};
use crate::scene::send;
use crate::world::World;

/// Makes the requests of each round at once; each must be answered as it says.
pub(crate) fn go_round(world: &World, rounds: &Rounds) {
    for number in 1..=rounds.count {
        let messages = rounds.round(number);
        std::thread::scope(|scope| {
            let running: Vec<_> =
                messages.iter().map(|message| scope.spawn(|| world.send(message, None))).collect();
            for thread in running {
                join(thread);
            }
        });
    }
}

/// Sends the request, and until it is answered the others of another tenant, each of which must be answered.
pub(crate) fn with_others(
    world: &World,
    others: &[Message],
    request: impl FnOnce() -> Answer + Send,
) -> Answer {
    let tenant = Connection::apart("generic").target;
    let answered = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            loop {
                for message in others {
                    ask(world, &tenant, message);
                }
                if answered.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let answer = request();
        answered.store(true, Ordering::Relaxed);
        join(waiting);
        answer
    })
}

fn ask(world: &World, tenant: &Target, message: &Message) {
    let path = world.fill(&message.path, None).unwrap_or_else(|complaint| panic!("{complaint}"));
    let answer = send(tenant, &message.method, &path, &message.headers, &message.body);
    if answer.status >= 500 {
        answer.fail("another tenant got no answer");
    }
}

/// Waits for a thread and passes its panic on.
fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) {
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
