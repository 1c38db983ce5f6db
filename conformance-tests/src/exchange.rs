//! What one test sent and got, what it made on the way, and what its answers lack that another requirement asks for.
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::received::Received;
use crate::requirement::{Level, group_of};
use crate::service::Service;
use crate::{Target, encode};

/// How many exchanges of a test are kept; of more, the last ones, where a test ends.
const KEPT: usize = 50;
/// How much of a body is kept, in characters.
const BODY: usize = 6_000;
/// A token that is shorter is a word, and hides nothing.
const SHORT: usize = 8;
/// Groups whose tests are about what can be stored.
const SUBJECTS: &[&str] = &["USER", "GROUP", "ENT", "SCH", "RT", "CREATE", "SCHEMA", "COMMON"];
/// Requirements whose filters no server may call unsupported.
const SIMPLEST: &[&str] = &["R-FILTER-01", "R-FILTER-02", "P-IPSIE-03", "P-INTEROP-08"];
/// What stands where a credential stood.
const MASK: &str = "•••";

/// One request and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) sent: String,
    pub(crate) received: Result<Received, String>,
}

impl Exchange {
    /// Request and status in a line.
    pub(crate) fn title(&self) -> String {
        let status = self.received.as_ref().map_or_else(Clone::clone, |received| received.status.to_string());
        format!("{} {} → {status}", self.method, self.url)
    }

    /// The exchange without its credentials, and with its bodies cut where they are long.
    fn fit_to_keep(mut self, token: &str) -> Exchange {
        let encoded = encode(token);
        let masked = |text: &str| {
            let long = token.len() >= SHORT;
            if long { text.replace(token, MASK).replace(&encoded, MASK) } else { text.to_owned() }
        };
        if let Some(credentials) = self.headers.get_mut("authorization") {
            let scheme = credentials.split(' ').next().unwrap_or_default();
            *credentials = format!("{scheme} {MASK}");
        }
        self.headers.values_mut().for_each(|value| *value = masked(value));
        self.url = masked(&self.url);
        self.sent = masked(&cut(&self.sent));
        if let Ok(received) = &mut self.received {
            received.text = masked(&cut(&received.text));
            received.headers.values_mut().for_each(|value| *value = masked(value));
        }
        self
    }
}

impl fmt::Display for Exchange {
    /// The request and the answer as HTTP writes them, with JSON bodies indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.method, self.url)?;
        self.headers.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))?;
        if !self.sent.is_empty() {
            writeln!(f, "\n{}", indented(&self.sent))?;
        }
        match &self.received {
            Ok(received) => {
                writeln!(f, "\n→ {}", received.status)?;
                received.headers.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))?;
                write!(f, "\n{}", indented(&received.text))
            }
            Err(why) => write!(f, "\n→ {why}"),
        }
    }
}

fn indented(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body)
        .map_or_else(|_| body.to_owned(), |value| format!("{value:#}"))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(BODY) {
        Some((end, _)) => format!("{}… ({} bytes in all)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

/// A fault that every answer could have, told once under the requirement that is about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    /// Id of the requirement.
    pub(crate) id: &'static str,
    /// What is wrong, in one sentence.
    pub(crate) complaint: String,
    /// How much it weighs at most, where the text of the RFC weighs it less than the requirement.
    pub(crate) at_most: Option<Level>,
    /// The exchange that shows it.
    pub(crate) exchange: Option<Box<Exchange>>,
}

impl PartialEq for Exchange {
    fn eq(&self, other: &Exchange) -> bool {
        (&self.method, &self.url, &self.sent) == (&other.method, &other.url, &other.sent)
    }
}

impl Eq for Exchange {}

/// A resource that was made: its path below the base URL, or its absolute URL, and who can delete it.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) target: Target,
    pub(crate) path: String,
}

#[derive(Debug, Default)]
struct Entries {
    exchanges: VecDeque<Exchange>,
    made: Vec<Made>,
    remarks: Vec<Remark>,
}

/// The notes of one test.
#[derive(Debug)]
pub(crate) struct Log {
    /// Id of the requirement that is tested.
    id: &'static str,
    /// What the server says about itself.
    service: Arc<Service>,
    stop: Arc<AtomicBool>,
    /// Whether a test may be skipped for what the server refuses on the way to it.
    lenient: bool,
    entries: Mutex<Entries>,
}

impl Log {
    /// Empty notes of the test of this requirement; once `stop` is set no request leaves any more.
    pub(crate) fn new(id: &'static str, service: Arc<Service>, stop: Arc<AtomicBool>) -> Log {
        Log { id, service, stop, lenient: false, entries: Mutex::default() }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same notes of a test that is to be skipped where the server refuses what it needs on the way.
    pub(crate) fn lenient(self, lenient: bool) -> Log {
        Log { lenient, ..self }
    }

    /// Whether a refusal may be of something that the test is not about.
    pub(crate) fn may_be_on_the_way(&self) -> bool {
        self.lenient && !SUBJECTS.contains(&group_of(self.id))
    }

    /// Whether a filter may be refused as unsupported (RFC 7644 §3.12), which the simplest ones may not.
    pub(crate) fn may_lack_filter(&self) -> bool {
        self.lenient && !SIMPLEST.contains(&self.id)
    }

    /// Whether the test may be skipped for what the server refuses on the way to it.
    pub(crate) fn is_lenient(&self) -> bool {
        self.lenient
    }

    /// What the server says about itself.
    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    /// Why a request cannot be tried on this server.
    pub(crate) fn lacks_for(&self, method: &str, path: &str, body: Option<&[u8]>) -> Option<String> {
        self.service.lacks_for(self.id, method, path, body)
    }

    /// Why a test cannot go on after this answer: what it uses on the way is not there.
    pub(crate) fn lacks_after(&self, method: &str, path: &str, status: u16) -> Option<String> {
        let search = method == "POST" && path.ends_with("/.search") && matches!(status, 404 | 405 | 501);
        if search && self.id != "R-SEARCH-01" {
            return Some("the server has no `.search`, which R-SEARCH-01 tells".to_owned());
        }
        let patch = method == "PATCH" && status == 501 && self.id != "R-SPC-09";
        patch.then(|| "the server answers 501 to a PATCH, which R-SPC-09 tells".to_owned())
    }

    /// Whether the run was interrupted.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Keeps an exchange that was sent with this token.
    pub(crate) fn write_down(&self, exchange: Exchange, token: &str) {
        let mut entries = self.entries();
        if entries.exchanges.len() == KEPT {
            entries.exchanges.pop_front();
        }
        entries.exchanges.push_back(exchange.fit_to_keep(token));
    }

    /// Notes a resource that was made.
    pub(crate) fn made(&self, made: Made) {
        self.entries().made.push(made);
    }

    /// Notes a fault under the requirement that is about it.
    pub(crate) fn remark(&self, id: &'static str, complaint: String, at_most: Option<Level>) {
        let mut entries = self.entries();
        if entries.remarks.iter().all(|remark| (remark.id, remark.at_most) != (id, at_most)) {
            let exchange = entries.exchanges.back().cloned().map(Box::new);
            entries.remarks.push(Remark { id, complaint, at_most, exchange });
        }
    }

    /// Notes a fault of the requirement itself, which weighs no more than this.
    pub(crate) fn weaker(&self, complaint: String, at_most: Level) {
        self.remark(self.id, complaint, Some(at_most));
    }

    /// What the test made, in the order in which it must be deleted.
    pub(crate) fn take_made(&self) -> Vec<Made> {
        let mut made = std::mem::take(&mut self.entries().made);
        made.reverse();
        made
    }

    /// The kept exchanges and the remarks.
    pub(crate) fn take(&self) -> (Vec<Exchange>, Vec<Remark>) {
        let mut entries = self.entries();
        (std::mem::take(&mut entries.exchanges).into(), std::mem::take(&mut entries.remarks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_masked_wherever_they_stand_and_long_bodies_cut() {
        let headers = BTreeMap::from([("authorization".to_owned(), "Bearer other-secret".to_owned())]);
        let received =
            Received { status: 200, headers: BTreeMap::new(), text: "says s3cret-word+".to_owned() };
        let exchange = Exchange {
            method: "GET".to_owned(),
            url: "https://s.example/Users?access_token=s3cret-word%2B&x=s3cret-word+".to_owned(),
            headers,
            sent: "ü".repeat(7_000) + "s3cret-word+",
            received: Ok(received),
        };
        let kept = exchange.fit_to_keep("s3cret-word+");
        let shown = format!("{kept:?}");
        assert!(!shown.contains("s3cret-word") && !shown.contains("other-secret"), "{shown}");
        assert!(kept.sent.ends_with("… (14012 bytes in all)"), "{}", kept.sent);
    }
}
