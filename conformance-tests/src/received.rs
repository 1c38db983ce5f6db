//! An answer as it came off the wire, read with a deadline and a bound, so that nothing a server sends holds up a run.
use std::collections::BTreeMap;
use std::io::Read;
use std::time::{Duration, Instant};

/// The longest body that is read; a list of a thousand full users is a tenth of it.
pub(crate) const LONGEST_BODY: usize = 32 << 20;

/// Status, headers by lower-case name, and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl Received {
    /// How long `Retry-After` asks to wait; one second when it says nothing in seconds.
    pub(crate) fn pause(&self) -> Duration {
        let seconds = self.headers.get("retry-after").and_then(|value| value.trim().parse().ok());
        Duration::from_secs(seconds.unwrap_or(1))
    }
}

/// Reads the answer that the HTTP library has the head of.
///
/// # Errors
/// One sentence when it breaks off, takes too long or does not end.
pub(crate) fn of_library(
    response: reqwest::blocking::Response,
    deadline: Instant,
) -> Result<Received, String> {
    let status = response.status().as_u16();
    let mut headers = BTreeMap::new();
    for (name, value) in response.headers() {
        add(&mut headers, name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
    }
    let body = bounded(response, deadline, |_| false)?;
    Ok(Received { status, headers, text: String::from_utf8_lossy(&body).into_owned() })
}

/// Puts a header in; of several with one name the last counts, but challenges stand beside each other (RFC 9110 §11.6.1).
pub(crate) fn add(headers: &mut BTreeMap<String, String>, name: &str, value: &str) {
    let name = name.to_lowercase();
    let before = headers.get(&name).filter(|_| name == "www-authenticate");
    let value = before.map_or_else(|| value.to_owned(), |before| format!("{before}, {value}"));
    headers.insert(name, value);
}

/// Reads to the end, or until `complete` says that all is there.
///
/// # Errors
/// One sentence when the reader fails, the deadline passes or the bound is reached.
pub(crate) fn bounded(
    mut reader: impl Read,
    deadline: Instant,
    complete: impl Fn(&[u8]) -> bool,
) -> Result<Vec<u8>, String> {
    let (mut all, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        let length = reader.read(&mut piece).map_err(|error| format!("the answer broke off: {error}"))?;
        all.extend_from_slice(&piece[..length]);
        if length == 0 || complete(&all) {
            return Ok(all);
        }
        if all.len() > LONGEST_BODY {
            return Err(format!("the answer is longer than {} MiB", LONGEST_BODY >> 20));
        }
        if Instant::now() > deadline {
            return Err("the answer did not end in the time that a request may take".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_answer_ends_at_the_bound_and_at_the_deadline() {
        let later = Instant::now() + Duration::from_mins(5);
        let bound = bounded(std::io::repeat(b'x'), later, |_| false).expect_err("endless");
        assert!(bound.contains("longer than 32 MiB"), "{bound}");
        let late = bounded(std::io::repeat(b'x'), Instant::now(), |_| false).expect_err("late");
        assert!(late.contains("did not end"), "{late}");
        let part = bounded(std::io::repeat(b'x'), later, |all| all.len() > 3);
        assert!(part.is_ok_and(|part| part.len() == 64 << 10));
    }

    #[test]
    fn challenges_stand_beside_each_other_and_of_others_the_last_counts() {
        let mut headers = BTreeMap::new();
        for (name, value) in
            [("WWW-Authenticate", "Basic"), ("www-authenticate", "Bearer"), ("a", "1"), ("A", "2")]
        {
            add(&mut headers, name, value);
        }
        assert_eq!((headers["www-authenticate"].as_str(), headers["a"].as_str()), ("Basic, Bearer", "2"));
    }

    #[test]
    fn the_pause_is_what_retry_after_says_in_seconds() {
        let of = |value: &str| {
            let headers = BTreeMap::from([("retry-after".to_owned(), value.to_owned())]);
            Received { status: 429, headers, text: String::new() }.pause().as_secs()
        };
        assert_eq!((of("7"), of("Wed, 21 Oct 2026 07:28:00 GMT")), (7, 1));
    }
}
