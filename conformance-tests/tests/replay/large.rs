//! Populations that are too large to be made one request after the other.
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use conformance_tests::{Answer, Target, group, unique, user};
use serde_json::json;

/// How many requests are made at a time.
const WORKERS: usize = 8;

/// Makes so many users, and a group of them all; answers the group's id and theirs.
pub(crate) fn crowd(target: &Target, count: usize) -> (String, Vec<String>) {
    let (made, next) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while next.fetch_add(1, Ordering::Relaxed) < count {
                    let name = unique("crowd");
                    let mut body = user(&name);
                    body["displayName"] = name[..18].into();
                    let id = target.post("/Users", &body).expect_status(201).id();
                    made.lock().expect("no worker panics").push(id);
                }
            });
        }
    });
    let people = made.into_inner().expect("no worker panics");
    let mut body = group(&unique("crowd"));
    body["members"] = people.iter().map(|id| json!({ "value": id })).collect();
    (target.post("/Groups", &body).expect_status(201).id(), people)
}

/// Makes a user with so many e-mail addresses, or with as many as the server takes; answers the id.
pub(crate) fn addressee(target: &Target, most: usize) -> String {
    let mut count = most;
    loop {
        let address = |number: usize| json!({ "value": format!("p{number}@x.example"), "type": format!("t{}", number % 7) });
        let mut body = user(&unique("addressee"));
        body["emails"] = (0..count).map(address).collect();
        let answer: Answer = target.post("/Users", &body).check();
        match answer.status {
            201 => return answer.id(),
            400 | 413 if count > 1 => count /= 2,
            _ => answer.fail("no user with many addresses can be made"),
        }
    }
}
