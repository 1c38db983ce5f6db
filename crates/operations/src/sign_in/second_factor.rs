//! The second factor: codes by time (RFC 6238), and recovery codes that count once.

use chrono::{DateTime, Utc};
use provisioning::EntryKind;
use sha2::{Digest as _, Sha256};
use store::{Credential, Stage, TenantScope, WriteUnit};
use totp_rs::{Builder, Totp};
use uuid::Uuid;

use super::{Browser, Entered, Refused, failures::Sources, known::mark, record, session};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::keys::{Keys, Purpose};
use crate::single_sign_on;

/// Under which name an app keeps the codes.
const ISSUER: &str = "Rollcall";

/// Bytes of a secret (RFC 4226 §4 recommends 160 bits), and of the seed of its recovery codes.
const LENGTH: usize = 20;

/// How many recovery codes there are.
const CODES: u8 = 10;

/// Letters of recovery codes: none that looks like another one.
const LETTERS: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";

/// What an administrator needs to set up the second factor.
#[derive(Clone, PartialEq, Eq)]
pub struct SetUp {
    /// The secret in base 32, in groups of four letters.
    pub secret: String,
    /// The same as an address for a QR code.
    pub url: String,
    /// The recovery codes.
    pub recovery_codes: Vec<String>,
}

impl std::fmt::Debug for SetUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetUp")
    }
}

/// A secret with the seed of its recovery codes, sealed for the row of an administrator.
pub(super) fn new_sealed(keys: &Keys, scope: &TenantScope, administrator: Uuid) -> Vec<u8> {
    let plain: [[u8; LENGTH]; 2] = rand::random();
    keys.seal(Purpose::SecondFactor, &about(scope, administrator), plain.as_flattened())
}

fn about(scope: &TenantScope, administrator: Uuid) -> Vec<u8> {
    [*scope.tenant_id().uuid().as_bytes(), *administrator.as_bytes()].concat()
}

/// What is sealed: the secret, and the seed.
fn opened(
    keys: &Keys,
    (scope, administrator): (&TenantScope, Uuid),
    credential: &Credential,
) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let sealed = credential.second_factor.as_deref();
    let plain = sealed
        .and_then(|sealed| keys.open(Purpose::SecondFactor, &about(scope, administrator), sealed))
        .filter(|plain| plain.len() == 2 * LENGTH);
    let said = "the second factor cannot be opened with the present master key: invite the administrator again with \
                `rollcall administrator invite`";
    let mut secret = plain.ok_or_else(|| Error::Refused(said.to_owned()))?;
    let seed = secret.split_off(LENGTH);
    Ok((secret, seed))
}

fn totp(secret: &[u8], email: &str) -> Result<Totp, Error> {
    // What an app shows beside the code may hold no colon.
    let account: String = email.chars().filter(|c| *c != ':').collect();
    let built = Builder::new()
        .with_secret(secret.to_vec())
        .with_issuer(Some(ISSUER))
        .with_account_name(account)
        .build();
    built.map_err(|error| Error::Refused(error.to_string()))
}

/// The recovery codes of a seed: twelve letters each, of 31, which is 59 bits.
fn recovery_codes(seed: &[u8]) -> Vec<String> {
    let code = |number: u8| {
        let digest = Sha256::new().chain_update(seed).chain_update([number]).finalize();
        let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
        let letters: Vec<char> = digest.iter().take(12).map(letter).collect();
        letters.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    };
    (0..CODES).map(code).collect()
}

/// A recovery code as it is hashed, however it was typed.
fn typed(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(64).collect()
}

/// What an administrator sees who sets up the second factor.
///
/// # Errors
/// [`Refused::NoSession`] if the session is not at that step.
pub async fn set_up(db: &Database, secret: &str, browser: &Browser) -> Result<SetUp, Refused> {
    let found = session::at_stage(db, secret, Stage::SetUp, browser).await?;
    let keys = db.keys(browser.now).await?;
    let credential = db.read(&found.scope).await?.credential(found.administrator.id).await?;
    if credential.confirmed_at.is_some() {
        return Err(Refused::NoSession);
    }
    let (secret, seed) = opened(keys, (&found.scope, found.administrator.id), &credential)?;
    let totp = totp(&secret, &found.administrator.email)?;
    let letters = totp.secret().to_base32();
    let groups: Vec<&str> =
        letters.as_bytes().chunks(4).filter_map(|part| str::from_utf8(part).ok()).collect();
    Ok(SetUp {
        secret: groups.join(" "),
        url: totp.to_url().map_err(|error| Error::Refused(error.to_string()))?,
        recovery_codes: recovery_codes(&seed),
    })
}

/// Turns the second factor on with a code of it, and signs in: a session with another secret.
///
/// # Errors
/// [`Refused::WrongCode`], [`Refused::Wait`] or [`Refused::NoSession`].
pub async fn confirm(db: &Database, secret: &str, code: &str, browser: &Browser) -> Result<Entered, Refused> {
    let found = session::at_stage(db, secret, Stage::SetUp, browser).await?;
    let sources = Sources::of(browser, &found.administrator.id.to_string());
    sources.attempt(db, browser.now, false).await?;
    let keys = db.keys(browser.now).await?;
    let (scope, id) = (&found.scope, found.administrator.id);
    let attempt = async |mut unit: WriteUnit| -> Attempt<Result<Entered, Refused>> {
        let present = unit.lock_administrator(id).await?;
        let mut credential = unit.credential(id).await?;
        let allowed = single_sign_on::allows_password(&unit, id).await?;
        let Some(present) = present.filter(|_| allowed && credential.confirmed_at.is_none()) else {
            return Ok((unit, Err(Refused::NoSession)));
        };
        let (secret, seed) = opened(keys, (scope, id), &credential)?;
        // A wrong code leaves the session for another try.
        let Some(step) = step_of(&totp(&secret, &found.administrator.email)?, code, browser.now) else {
            return Ok((unit, Err(Refused::WrongCode)));
        };
        // Of several browsers with the password, one sets the second factor up.
        if !unit.end_session(found.session.id).await? {
            return Ok((unit, Err(Refused::NoSession)));
        }
        (credential.last_step, credential.confirmed_at) = (step, Some(browser.now));
        unit.save_credential(id, &credential).await?;
        let hash =
            |code: &String| keys.hash(Purpose::SecondFactor, &about(scope, id), typed(code).as_bytes());
        let hashes: Vec<Vec<u8>> = recovery_codes(&seed).iter().map(hash).collect();
        unit.set_recovery_codes(id, &hashes).await?;
        unit.end_sessions_at(id, Stage::SetUp).await?;
        single_sign_on::as_invited(&mut unit, &present).await?;
        let secret = session::begin(&mut unit, id, (Stage::SignedIn, None), browser).await?;
        let why = format!("{} set up a second factor and signed in.", found.administrator.name);
        let what = (EntryKind::CredentialChanged, why);
        record(&mut unit, (scope, &found.administrator), what, browser.now).await?;
        let mark = mark(keys, (scope, id), &credential);
        Ok((unit, Ok(Entered { secret, mark })))
    };
    let entered = db.write(scope, attempt).await?.value?;
    sources.forgive(db).await?;
    single_sign_on::tell_owners(db, scope, &found.administrator, browser).await?;
    Ok(entered)
}

/// The step of time whose code this is, at or near an instant.
fn step_of(totp: &Totp, code: &str, now: DateTime<Utc>) -> Option<i64> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(now.timestamp()).ok()?;
    (digits.len() == 6).then(|| totp.check(&digits, seconds)).flatten().and_then(|step| step.try_into().ok())
}

/// Uses a code of the second factor; `false` if it is not valid, or was used.
pub(super) async fn use_code(
    unit: &mut WriteUnit,
    keys: &Keys,
    (scope, administrator): (&TenantScope, &store::Administrator),
    (code, now): (&str, DateTime<Utc>),
) -> Result<bool, Error> {
    let mut credential = unit.credential(administrator.id).await?;
    let (secret, _) = opened(keys, (scope, administrator.id), &credential)?;
    let step = step_of(&totp(&secret, &administrator.email)?, code, now);
    // A code counts once (RFC 6238 §5.2).
    let Some(step) = step.filter(|step| *step > credential.last_step) else { return Ok(false) };
    credential.last_step = step;
    unit.save_credential(administrator.id, &credential).await?;
    Ok(true)
}

/// Uses up a recovery code, and answers how many are left; nothing if it is none.
pub(super) async fn use_recovery_code(
    unit: &mut WriteUnit,
    keys: &Keys,
    (scope, administrator): (&TenantScope, Uuid),
    code: &str,
) -> Result<Option<usize>, Error> {
    let (code, about) = (typed(code), about(scope, administrator));
    let left = unit.recovery_codes(administrator).await?;
    let is_it = |hash: &&Vec<u8>| keys.is_hash_of(Purpose::SecondFactor, &about, code.as_bytes(), hash);
    let Some(hash) = left.iter().find(is_it) else { return Ok(None) };
    let used = unit.use_recovery_code(administrator, hash).await?;
    Ok(used.then(|| left.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_the_appendix_of_rfc_6238_is_of_its_step() {
        // Appendix B has eight digits; six are their end.
        let totp = totp(b"12345678901234567890", "a@a.example").expect("a second factor");
        for (seconds, code, step) in
            [(59, "287082", 1), (1_111_111_109, "081804", 37_037_036), (1_234_567_890, "005924", 41_152_263)]
        {
            let now = DateTime::from_timestamp(seconds, 0).expect("an instant");
            assert_eq!(step_of(&totp, code, now), Some(step), "{seconds}");
            let spaced = format!("{} {}", &code[..3], &code[3..]);
            assert_eq!(step_of(&totp, &spaced, now), Some(step), "{seconds}");
            assert_eq!(step_of(&totp, "000000", now), None, "{seconds}");
            assert_eq!(step_of(&totp, "", now), None, "{seconds}");
            // A telephone may be half a minute off, but not more.
            assert_eq!(step_of(&totp, code, now + chrono::TimeDelta::seconds(30)), Some(step), "{seconds}");
            assert_eq!(step_of(&totp, code, now + chrono::TimeDelta::seconds(90)), None, "{seconds}");
        }
    }

    #[test]
    fn recovery_codes_differ_and_may_be_typed_in_any_way() {
        let codes = recovery_codes(&[7; LENGTH]);
        let different: std::collections::BTreeSet<&String> = codes.iter().collect();
        assert_eq!((codes.len(), different.len()), (10, 10));
        assert_ne!(codes, recovery_codes(&[8; LENGTH]));
        for code in &codes {
            assert_eq!(code.len(), 14, "{code}");
            assert_eq!(typed(code), typed(&code.to_uppercase().replace('-', " ")), "{code}");
        }
    }
}
