//! Any text as a cursor: it opens when it is, letter by letter, what this installation has sealed for the same list, and never
//! else (RFC 9865 §5.2).
#![no_main]

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, Utc};
use keys::{Keys, MasterKey, Purpose};
use libfuzzer_sys::fuzz_target;

/// The cipher, as the product has it.
#[path = "../../crates/operations/src/keys.rs"]
#[expect(dead_code, reason = "a cursor needs a part of it")]
mod keys;

/// What the cursor is of: a tenant, a connection and a list.
const ABOUT: &[u8] = b"a tenant, a connection and a list";
/// What it says.
const PLAIN: &[u8] =
    br#"{"from":{"key":null,"id":"019a"},"backwards":false,"count":100,"total":5,"until":1796000000}"#;

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let (master, store) = (MasterKey::new(), Store::new());
    let loaded = pin!(Keys::load(&store, &master, DateTime::UNIX_EPOCH));
    match loaded.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(keys) => keys.expect("the key that was sealed"),
        Poll::Pending => unreachable!("memory answers at once"),
    }
});

static CURSOR: LazyLock<String> = LazyLock::new(|| KEYS.seal_text(Purpose::Cursor, ABOUT, PLAIN));

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        check(text);
    }
    check(&edited(&CURSOR, data));
    let sealed = KEYS.seal_text(Purpose::Cursor, ABOUT, data);
    assert_eq!(KEYS.open_text(Purpose::Cursor, ABOUT, &sealed).as_deref(), Some(data));
    assert_eq!(KEYS.open_text(Purpose::Issuer, ABOUT, &sealed), None, "sealed for something else");
    if data != ABOUT {
        assert_eq!(KEYS.open_text(Purpose::Cursor, data, &sealed), None, "of another list");
    }
});

fn check(text: &str) {
    let opened = KEYS.open_text(Purpose::Cursor, ABOUT, text);
    assert_eq!(opened.as_deref(), (text == *CURSOR).then_some(PLAIN), "{text:?} instead of {:?}", *CURSOR);
}

/// The text with each pair of bytes as a change: a place, and a letter that is put there, in its place, or taken away.
fn edited(text: &str, changes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ";
    let mut letters = text.as_bytes().to_vec();
    for pair in changes.chunks_exact(2) {
        let (place, change) = (usize::from(pair[0]) % (letters.len() + 1), usize::from(pair[1]));
        let letter = LETTERS[change % LETTERS.len()];
        match letters.get_mut(place) {
            Some(there) if change < 128 => *there = letter,
            Some(_) if change < 192 => drop(letters.remove(place)),
            _ => letters.insert(place, letter),
        }
    }
    String::from_utf8(letters).expect("ASCII")
}

// The crate with the database would be most of the workspace, and the keys ask it for the data keys alone: here they are in memory,
// under the names by which the file above finds them.
extern crate self as store;

/// A data key, sealed under the master key.
#[derive(Clone, Debug)]
pub struct SealedKey {
    /// Its number.
    pub number: u32,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// Why the data keys cannot be had.
#[derive(Debug)]
pub enum Error {
    /// Others were written meanwhile.
    VersionMismatch,
    /// They cannot be read.
    Unreachable,
}

/// The data keys.
pub struct Store(std::sync::Mutex<Vec<SealedKey>>);

#[expect(clippy::unused_async, reason = "whoever asks waits, as for a database")]
impl Store {
    const fn new() -> Self {
        Self(std::sync::Mutex::new(Vec::new()))
    }

    async fn data_keys(&self) -> Result<Vec<SealedKey>, Error> {
        Ok(self.0.lock().expect("one thread").clone())
    }

    async fn insert_data_key(&self, key: &SealedKey, _: DateTime<Utc>) -> Result<(), Error> {
        self.0.lock().expect("one thread").push(key.clone());
        Ok(())
    }

    async fn replace_data_keys(&self, keys: &[(SealedKey, SealedKey)]) -> Result<(), Error> {
        *self.0.lock().expect("one thread") = keys.iter().map(|(_, new)| new.clone()).collect();
        Ok(())
    }
}

/// Errors of the operations.
mod error {
    /// Why the keys cannot be opened.
    #[derive(Debug)]
    pub(crate) enum Error {
        /// A sentence.
        Refused(#[expect(dead_code, reason = "it is shown by a panic alone")] String),
    }

    impl From<store::Error> for Error {
        fn from(error: store::Error) -> Self {
            Self::Refused(format!("{error:?}"))
        }
    }
}
