//! Deleting what a run made: after each test what it created, and at the end what bears the run's own mark.
use serde_json::Value;

use crate::exchange::Made;
use crate::make::run_mark;
use crate::service::Service;
use crate::{Target, encode};

/// Deletes these resources in the given order.
///
/// Answers those that are still there, each with why.
pub(crate) fn delete_all(made: Vec<Made>) -> Vec<(Made, String)> {
    made.into_iter().filter_map(|one| delete(&one).map(|why| (one, why))).collect()
}

/// Deletes one resource; answers why it may still be there.
fn delete(made: &Made) -> Option<String> {
    match made.target.request("DELETE", &made.path).received() {
        Ok(received) if matches!(received.status, 200..=299 | 404 | 410) => None,
        Ok(received) => Some(format!("status {}", received.status)),
        Err(error) => Some(error),
    }
}

/// Deletes the users and groups whose names bear the mark of this run, such as those that a refused request created all the
/// same. Answers how many there were; a server that does not filter has none.
pub(crate) fn sweep(target: &Target, service: &Service) -> usize {
    if service.lacks("filter").is_some() {
        return 0;
    }
    let found = [("/Users", "userName"), ("/Groups", "displayName")].map(|(endpoint, name)| {
        if !service.has_endpoint(endpoint) {
            return 0;
        }
        let filter = encode(&format!("{name} co \"{}\"", run_mark()));
        let path = format!("{endpoint}?filter={filter}&count=200");
        let Ok(received) = target.request("GET", &path).received() else { return 0 };
        let list: Value = serde_json::from_str(&received.text).unwrap_or_default();
        let resources = list["Resources"].as_array().cloned().unwrap_or_default();
        // Only what certainly is of this run: a server that ignores the filter lists everybody.
        let ours =
            resources.iter().filter(|one| one[name].as_str().is_some_and(|name| name.contains(run_mark())));
        let paths = ours.filter_map(|one| Some(format!("{endpoint}/{}", one["id"].as_str()?)));
        let made: Vec<_> = paths.map(|path| Made { target: target.clone(), path }).collect();
        let count = made.len();
        count - delete_all(made).len()
    });
    found.iter().sum()
}
