//! Passwords of administrators: which are taken, and their hashes (Argon2id, RFC 9106).

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::Refused;
use crate::error::Error;

/// The least letters.
pub(super) const LEAST: usize = 14;

/// The most letters.
const MOST: usize = 200;

/// Letters that are looked at for how soon they are guessed, which takes time by their square.
const LOOKED_AT: usize = 100;

/// How many are hashed at once: each takes 19 MiB and some 50 ms of a processor.
static PLACES: Semaphore = Semaphore::const_new(2);

/// What an unknown account is compared with, so that its answer takes as long.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hashed("there is no such account").ok());

/// Whether a password is taken from a person of this name and e-mail address.
///
/// # Errors
/// [`Refused::Weak`] with what to do.
pub(super) fn check(password: &str, known: &[&str]) -> Result<(), Refused> {
    let letters = password.chars().count();
    if letters < LEAST {
        return Err(Refused::Weak(format!(
            "A password has at least {LEAST} characters; a sentence is good."
        )));
    }
    if letters > MOST {
        return Err(Refused::Weak(format!("A password has at most {MOST} characters.")));
    }
    let part: String = password.chars().take(LOOKED_AT).collect();
    if u8::from(zxcvbn::zxcvbn(&part, known).score()) < 3 {
        let said = "This password is guessed soon: it repeats, or it is made of names, common words or keys side by side. Take \
                    four words that have nothing to do with each other.";
        return Err(Refused::Weak(said.to_owned()));
    }
    Ok(())
}

/// The hash of a password, as a PHC string.
pub(super) async fn hash(password: &str) -> Result<String, Error> {
    let password = password.to_owned();
    on_its_own(move || hashed(&password)).await?
}

/// Whether this is the password of a hash; without a hash it takes as long and is not.
pub(super) async fn matches(password: &str, hash: Option<&str>) -> Result<bool, Error> {
    let (password, hash) = (password.to_owned(), hash.map(str::to_owned));
    on_its_own(move || {
        let known = hash.is_some();
        let hash = hash.or_else(|| NOBODY.clone()).unwrap_or_default();
        let is_it = PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        known && is_it
    })
    .await
}

fn hashed(password: &str) -> Result<String, Error> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Error::Refused(error.to_string()))
}

/// Runs what takes long on a thread that serves no sockets.
async fn on_its_own<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let _place = PLACES.acquire().await.map_err(|error| Error::Refused(error.to_string()))?;
    spawn_blocking(work).await.map_err(|error| Error::Refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_are_guessed_soon_are_refused() {
        for (password, taken) in [
            ("short", false),
            ("aaaaaaaaaaaaaaaaaaaa", false),
            ("passwordpassword", false),
            ("qwertyuiopasdfgh", false),
            ("ada.lovelace@a.example", false),
            ("correct horse battery staple lantern", true),
            ("Ein Kamel tanzt im Regen von 1907", true),
            ("🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀", false),
        ] {
            assert_eq!(check(password, &["ada.lovelace@a.example", "Ada"]).is_ok(), taken, "{password}");
        }
        assert!(check(&"x1 ".repeat(100), &[]).is_err());
    }

    #[tokio::test]
    async fn only_the_password_itself_matches() {
        let hash = hash("correct horse battery staple").await.expect("a hash");
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(matches("correct horse battery staple", Some(&hash)).await.expect("an answer"));
        assert!(!matches("correct horse battery stapler", Some(&hash)).await.expect("an answer"));
        assert!(!matches("there is no such account", None).await.expect("an answer"));
        assert!(!matches("x", Some("no hash")).await.expect("an answer"));
    }
}
