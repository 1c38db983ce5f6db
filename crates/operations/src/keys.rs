//! Keys: what is secret is sealed in the database under data keys, and those under the master key, which is in a file.
//!
//! A sealed text is the number of its data key, a nonce and the ciphertext of AES-256-GCM. What it is about is authenticated
//! with it, so that a text that is moved to another row does not open. Each purpose has a key of its own, derived by HKDF.

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use store::{SealedKey, Store};

use crate::error::Error;

/// What the text of every master key begins with.
const PREFIX: &str = "rollcall-master-key:";

/// Bytes of a key.
const LENGTH: usize = 32;

/// What a key is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// What mail says.
    Mail,
    /// The links of mail.
    Link,
    /// Verification codes, which are hashed.
    Code,
    /// The secrets of webhooks.
    Webhook,
    /// The second factors of administrators, and their recovery codes, which are hashed.
    SecondFactor,
    /// The client secrets of issuers, and what a browser keeps while it is at one.
    Issuer,
    /// The cursors of lists.
    Cursor,
    /// The access tokens of OAuth, which are signed.
    AccessToken,
    /// The keys that sign what streams carry, and what their receivers want to be shown.
    Stream,
}

impl Purpose {
    const ALL: [Self; 9] = [
        Self::Mail,
        Self::Link,
        Self::Code,
        Self::Webhook,
        Self::SecondFactor,
        Self::Issuer,
        Self::Cursor,
        Self::AccessToken,
        Self::Stream,
    ];

    const fn label(self) -> &'static [u8] {
        match self {
            Self::Mail => b"mail",
            Self::Link => b"link",
            Self::Code => b"code",
            Self::Webhook => b"webhook",
            Self::SecondFactor => b"second-factor",
            Self::Issuer => b"issuer",
            Self::Cursor => b"cursor",
            Self::AccessToken => b"access-token",
            Self::Stream => b"stream",
        }
    }
}

/// The key that seals the data keys.
pub struct MasterKey([u8; LENGTH]);

impl MasterKey {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        Self(rand::random())
    }

    /// The one line that a key file holds.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{PREFIX}{}\n", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// The key of such a line; nothing for other text.
    #[must_use]
    pub fn of_line(line: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(line.trim().strip_prefix(PREFIX)?).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    fn seal(&self, number: u32, key: &[u8; LENGTH]) -> SealedKey {
        SealedKey { number, sealed: sealed(&self.0, &number.to_be_bytes(), key) }
    }

    fn open(&self, key: &SealedKey) -> Option<[u8; LENGTH]> {
        opened(&self.0, &key.number.to_be_bytes(), &key.sealed)?.try_into().ok()
    }
}

impl Default for MasterKey {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey")
    }
}

/// The data keys, opened.
pub(crate) struct Keys(BTreeMap<(u32, Purpose), [u8; LENGTH]>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Opens the data keys of a database; makes the first one where there is none.
    ///
    /// # Errors
    /// [`Error::Refused`] if this is not the master key that sealed them.
    pub(crate) async fn load(store: &Store, master: &MasterKey, now: DateTime<Utc>) -> Result<Self, Error> {
        let mut stored = store.data_keys().await?;
        if stored.is_empty() {
            // Of two servers that start at once, one inserts the key, and both read it.
            store.insert_data_key(&master.seal(1, &rand::random()), now).await?;
            stored = store.data_keys().await?;
        }
        let open = |key: &SealedKey| Some((key.number, master.open(key)?));
        let keys: Option<Vec<(u32, [u8; LENGTH])>> = stored.iter().map(open).collect();
        let keys = keys.ok_or_else(|| {
            let said = "the file of master_key_file holds another key than the one that this database was set up \
                        with: name the file of that key, every server needs the same one";
            Error::Refused(said.to_owned())
        })?;
        let derived = keys.iter().flat_map(|(number, key)| {
            Purpose::ALL.iter().map(move |purpose| ((*number, *purpose), derived(key, *purpose)))
        });
        Ok(Self(derived.collect()))
    }

    /// The newest key for a purpose, with its number.
    fn newest(&self, purpose: Purpose) -> (u32, &[u8; LENGTH]) {
        let newest = self.0.iter().rev().find(|((_, known), _)| *known == purpose);
        #[expect(clippy::expect_used, reason = "there is a data key, and it is derived for every purpose")]
        let ((number, _), key) = newest.expect("a key");
        (*number, key)
    }

    /// Seals bytes; `about` must be the same when they are opened.
    pub(crate) fn seal(&self, purpose: Purpose, about: &[u8], plain: &[u8]) -> Vec<u8> {
        let (number, key) = self.newest(purpose);
        let mut whole = number.to_be_bytes().to_vec();
        whole.extend(sealed(key, about, plain));
        whole
    }

    /// Opens what was sealed; nothing if it was sealed for something else, or changed.
    pub(crate) fn open(&self, purpose: Purpose, about: &[u8], whole: &[u8]) -> Option<Vec<u8>> {
        let (number, sealed) = whole.split_at_checked(4)?;
        let key = self.0.get(&(u32::from_be_bytes(number.try_into().ok()?), purpose))?;
        opened(key, about, sealed)
    }

    /// The same as text that stands in an address or a cookie, and that nobody else can read.
    pub(crate) fn seal_text(&self, purpose: Purpose, about: &[u8], plain: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.seal(purpose, about, plain))
    }

    /// Opens such a text; nothing if this installation did not write the text, or wrote it for something else.
    pub(crate) fn open_text(&self, purpose: Purpose, about: &[u8], text: &str) -> Option<Vec<u8>> {
        self.open(purpose, about, &URL_SAFE_NO_PAD.decode(text).ok()?)
    }

    /// The keys from which those that sign are made, each with its number; the last one signs what is new.
    pub(crate) fn seeds(&self, purpose: Purpose) -> impl Iterator<Item = (u32, &[u8; LENGTH])> {
        let of_purpose = self.0.iter().filter(move |((_, known), _)| *known == purpose);
        of_purpose.map(|((number, _), key)| (*number, key))
    }

    /// A keyed hash of bytes about something.
    pub(crate) fn hash(&self, purpose: Purpose, about: &[u8], bytes: &[u8]) -> Vec<u8> {
        let (number, key) = self.newest(purpose);
        let mut whole = number.to_be_bytes().to_vec();
        whole.extend(tagged(key, about, bytes).as_ref());
        whole
    }

    /// Whether a keyed hash is that of these bytes; takes the same time for every answer.
    pub(crate) fn is_hash_of(&self, purpose: Purpose, about: &[u8], bytes: &[u8], whole: &[u8]) -> bool {
        let Some((number, hash)) = whole.split_at_checked(4) else { return false };
        let number = number.try_into().map_or(0, u32::from_be_bytes);
        let Some(key) = self.0.get(&(number, purpose)) else { return false };
        aws_lc_rs::constant_time::verify_slices_are_equal(tagged(key, about, bytes).as_ref(), hash).is_ok()
    }
}

/// Seals the data keys of a database under another master key.
///
/// # Errors
/// [`Error::Refused`] if `old` is not the key that sealed them, or not any more: nothing was written then. After another
/// error it is not known.
pub(crate) async fn rotate(store: &Store, old: &MasterKey, new: &MasterKey) -> Result<usize, Error> {
    let opened = resealed(store.data_keys().await?, old, new)?;
    match store.replace_data_keys(&opened).await {
        Ok(()) => Ok(opened.len()),
        Err(store::Error::VersionMismatch) => {
            let said = "the data keys were sealed under another new key meanwhile: this rotation changed nothing, and \
                        the key of the other one counts";
            Err(Error::Refused(said.to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Each data key as it is sealed, and as another master key seals it.
fn resealed(
    stored: Vec<SealedKey>,
    old: &MasterKey,
    new: &MasterKey,
) -> Result<Vec<(SealedKey, SealedKey)>, Error> {
    let reseal = |key: SealedKey| {
        let resealed = new.seal(key.number, &old.open(&key)?);
        Some((key, resealed))
    };
    let said = "the present master key does not open the data keys of this database: nothing was changed";
    stored.into_iter().map(reseal).collect::<Option<_>>().ok_or_else(|| Error::Refused(said.to_owned()))
}

fn derived(key: &[u8; LENGTH], purpose: Purpose) -> [u8; LENGTH] {
    let mut derived = [0; LENGTH];
    let label = [purpose.label()];
    let bytes = Salt::new(HKDF_SHA256, b"rollcall").extract(key);
    #[expect(clippy::expect_used, reason = "32 bytes are one block of the hash")]
    bytes.expand(&label, HKDF_SHA256).and_then(|okm| okm.fill(&mut derived)).expect("a short key");
    derived
}

fn sealed(key: &[u8; LENGTH], about: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut text = plain.to_vec();
    #[expect(
        clippy::expect_used,
        reason = "the key has the right length, and the text is far below the cipher's limit"
    )]
    let nonce = RandomizedNonceKey::new(&AES_256_GCM, key)
        .and_then(|key| key.seal_in_place_append_tag(Aad::from(about), &mut text))
        .expect("the cipher seals");
    let mut whole = nonce.as_ref().to_vec();
    whole.append(&mut text);
    whole
}

fn opened(key: &[u8; LENGTH], about: &[u8], whole: &[u8]) -> Option<Vec<u8>> {
    let (nonce, text) = whole.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = text.to_vec();
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let length = key.open_in_place(nonce, Aad::from(about), &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

fn tagged(key: &[u8; LENGTH], about: &[u8], bytes: &[u8]) -> hmac::Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut context = hmac::Context::with_key(&key);
    context.update(&(about.len() as u64).to_be_bytes());
    context.update(about);
    context.update(bytes);
    context.sign()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn store() -> Store {
        let url = "sqlite::memory:".to_owned();
        let options = store::Options { url, max_connections: 1, migrate: true, statement_limit: None };
        Store::open(&options).await.expect("opens")
    }

    #[tokio::test]
    async fn what_is_sealed_opens_for_its_purpose_and_subject_alone() {
        let (store, master) = (store().await, MasterKey::new());
        let keys = Keys::load(&store, &master, DateTime::UNIX_EPOCH).await.expect("opens");
        let sealed = keys.seal(Purpose::Mail, b"a", b"secret");
        assert_eq!(keys.open(Purpose::Mail, b"a", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(keys.open(Purpose::Link, b"a", &sealed), None);
        assert_eq!(keys.open(Purpose::Mail, b"b", &sealed), None);
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(keys.open(Purpose::Mail, b"a", &changed), None, "byte {position}");
            assert_eq!(keys.open(Purpose::Mail, b"a", &sealed[..position]), None, "{position} bytes");
        }
        assert_ne!(sealed, keys.seal(Purpose::Mail, b"a", b"secret"), "each has a nonce of its own");
        let hash = keys.hash(Purpose::Code, b"a", b"418203");
        assert!(keys.is_hash_of(Purpose::Code, b"a", b"418203", &hash));
        for (about, bytes) in [(&b"b"[..], &b"418203"[..]), (b"a", b"418204"), (b"a4", b"18203")] {
            assert!(!keys.is_hash_of(Purpose::Code, about, bytes, &hash));
        }
        store.close().await;
    }

    #[tokio::test]
    async fn the_same_master_key_opens_the_data_keys_and_another_one_does_not() {
        let (store, master, other) = (store().await, MasterKey::new(), MasterKey::new());
        let now = DateTime::UNIX_EPOCH;
        let sealed = Keys::load(&store, &master, now).await.expect("opens").seal(Purpose::Mail, b"", b"x");
        let refused = Keys::load(&store, &other, now).await.expect_err("another key").to_string();
        assert!(refused.contains("master_key_file holds another key"), "{refused}");
        rotate(&store, &other, &master).await.expect_err("not the present key");
        let read = MasterKey::of_line(&master.line()).expect("a line");
        assert_eq!(rotate(&store, &read, &other).await.expect("rotated"), 1);
        let keys = Keys::load(&store, &other, now).await.expect("opens");
        assert_eq!(
            keys.open(Purpose::Mail, b"", &sealed).as_deref(),
            Some(&b"x"[..]),
            "what was sealed stays"
        );
        Keys::load(&store, &master, now).await.expect_err("the old key opens nothing");
        store.close().await;
    }

    #[tokio::test]
    async fn of_two_rotations_at_once_one_fails_and_the_key_of_the_other_one_counts() {
        let (store, master) = (store().await, MasterKey::new());
        let (first, second) = (MasterKey::new(), MasterKey::new());
        let now = DateTime::UNIX_EPOCH;
        Keys::load(&store, &master, now).await.expect("opens");
        // Both have read what the present key sealed.
        let stored = store.data_keys().await.expect("readable");
        let late = resealed(stored, &master, &second).expect("the present key");
        assert_eq!(rotate(&store, &master, &first).await.expect("rotated"), 1);
        let refused = store.replace_data_keys(&late).await;
        assert!(matches!(refused, Err(store::Error::VersionMismatch)), "{refused:?}");
        Keys::load(&store, &first, now).await.expect("opens");
        store.close().await;
    }

    #[test]
    fn a_key_file_holds_a_key_or_nothing() {
        let line = MasterKey::new().line();
        assert!(MasterKey::of_line(&line).is_some());
        for text in ["", "x", PREFIX, &line[1..], &line[..line.len() - 3], &format!("{line}{line}")] {
            assert!(MasterKey::of_line(text).is_none(), "{text:?}");
        }
    }
}
