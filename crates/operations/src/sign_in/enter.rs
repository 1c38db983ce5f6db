//! Signing in with a password and a second factor.

use provisioning::EntryKind;
use store::{Stage, WriteUnit};
use uuid::Uuid;

use super::{
    Browser, Entered, Next, Refused, Secret,
    failures::Sources,
    known::{is_marked, mark},
    password, record, record_failure, second_factor, session,
};
use crate::database::{Attempt, Database};
use crate::single_sign_on;

/// How many administrators with one e-mail address, of several tenants, a password is compared with.
const SAME_ADDRESS: u64 = 5;

/// Compares a password. The session that follows knows the administrator, and is not signed in yet. Of several administrators with
/// one address those of the tenant come first whose page is signed in to.
///
/// # Errors
/// [`Refused::Wrong`] or [`Refused::Wait`].
pub async fn with_password(
    db: &Database,
    (email, password, tenant): (&str, &str, Option<Uuid>),
    browser: &Browser,
) -> Result<Next, Refused> {
    let (sources, keys) = (Sources::of(browser, email), db.keys(browser.now).await?);
    let mut known = Vec::new();
    for (scope, administrator) in db.store().administrators_of_email(email, SAME_ADDRESS).await? {
        let unit = db.read(&scope).await?;
        let mut credential = unit.credential(administrator.id).await?;
        if !single_sign_on::allows_password(&unit, administrator.id).await? {
            credential.password = None;
        }
        known.push((scope, administrator, credential));
    }
    known.sort_by_key(|(scope, ..)| Some(scope.tenant_id().uuid()) != tenant);
    let is_known = known.iter().any(|(scope, administrator, credential)| {
        is_marked(keys, (scope, administrator.id), credential, &browser.mark)
    });
    sources.attempt(db, browser.now, is_known).await?;
    let mut found = None;
    for (scope, administrator, credential) in &known {
        if password::matches(password, credential.password.as_deref()).await? {
            found = Some((scope, administrator, credential));
            break;
        }
    }
    if known.is_empty() {
        password::matches(password, None).await?;
    }
    let Some((scope, administrator, credential)) = found else {
        for (scope, administrator, _) in &known {
            let note = async |mut unit: WriteUnit| -> Attempt<()> {
                let why = format!("A sign-in as {} failed: the password was wrong.", administrator.email);
                record_failure(&mut unit, scope, why, browser).await?;
                Ok((unit, ()))
            };
            db.write(scope, note).await?;
        }
        return Err(Refused::Wrong);
    };
    let stage = if credential.confirmed_at.is_some() { Stage::SecondFactor } else { Stage::SetUp };
    let begin = async |mut unit: WriteUnit| -> Attempt<Option<Secret>> {
        // The comparison took a while, and single sign-on may have been enforced meanwhile.
        unit.lock_administrator(administrator.id).await?;
        if !single_sign_on::allows_password(&unit, administrator.id).await? {
            return Ok((unit, None));
        }
        let secret = session::begin(&mut unit, administrator.id, (stage, None), browser).await?;
        Ok((unit, Some(secret)))
    };
    let secret = db.write(scope, begin).await?.value.ok_or(Refused::Wrong)?;
    sources.forgive(db).await?;
    Ok(if stage == Stage::SetUp { Next::SetUp(secret) } else { Next::Code(secret) })
}

/// What is typed as the second factor.
#[derive(Clone, Copy)]
enum Typed<'a> {
    Code(&'a str),
    Recovery(&'a str),
}

/// Signs in with a code of the second factor: a session with another secret.
///
/// # Errors
/// [`Refused::WrongCode`], [`Refused::Wait`] or [`Refused::NoSession`].
pub async fn with_code(
    db: &Database,
    secret: &str,
    code: &str,
    browser: &Browser,
) -> Result<Entered, Refused> {
    second(db, secret, Typed::Code(code), browser).await
}

/// Signs in with a recovery code, which is used up.
///
/// # Errors
/// As [`with_code`].
pub async fn with_recovery_code(
    db: &Database,
    secret: &str,
    code: &str,
    browser: &Browser,
) -> Result<Entered, Refused> {
    second(db, secret, Typed::Recovery(code), browser).await
}

async fn second(
    db: &Database,
    secret: &str,
    typed: Typed<'_>,
    browser: &Browser,
) -> Result<Entered, Refused> {
    let found = session::at_stage(db, secret, Stage::SecondFactor, browser).await?;
    let sources = Sources::of(browser, &found.administrator.id.to_string());
    let keys = db.keys(browser.now).await?;
    let (scope, administrator) = (&found.scope, &found.administrator);
    let credential = db.read(scope).await?.credential(administrator.id).await?;
    let is_known = is_marked(keys, (scope, administrator.id), &credential, &browser.mark);
    sources.attempt(db, browser.now, is_known).await?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<Result<Secret, Refused>> {
        let present = unit.lock_administrator(administrator.id).await?;
        let Some(present) = present else { return Ok((unit, Err(Refused::NoSession))) };
        if !single_sign_on::allows_password(&unit, administrator.id).await? {
            return Ok((unit, Err(Refused::NoSession)));
        }
        let name = &administrator.name;
        let why = match typed {
            Typed::Code(code) => {
                let used = (code, browser.now);
                second_factor::use_code(&mut unit, keys, (scope, administrator), used)
                    .await?
                    .then(|| format!("{name} signed in with a password and a code."))
            }
            Typed::Recovery(code) => {
                second_factor::use_recovery_code(&mut unit, keys, (scope, administrator.id), code).await?.map(
                    |left| format!("{name} signed in with a password and a recovery code; {left} are left."),
                )
            }
        };
        let Some(why) = why else {
            let why = format!("A sign-in as {} failed: the code was wrong.", administrator.email);
            record_failure(&mut unit, scope, why, browser).await?;
            return Ok((unit, Err(Refused::WrongCode)));
        };
        single_sign_on::as_invited(&mut unit, &present).await?;
        unit.end_session(found.session.id).await?;
        let secret = session::begin(&mut unit, administrator.id, (Stage::SignedIn, None), browser).await?;
        record(&mut unit, (scope, administrator), (EntryKind::SignedIn, why), browser.now).await?;
        Ok((unit, Ok(secret)))
    };
    let secret = db.write(scope, attempt).await?.value?;
    sources.forgive(db).await?;
    single_sign_on::tell_owners(db, scope, administrator, browser).await?;
    Ok(Entered { secret, mark: mark(keys, (scope, administrator.id), &credential) })
}
