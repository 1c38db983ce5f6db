//! Test users of connections (J-04): which users a change makes one, and what an administrator says about a connection.

use std::collections::BTreeSet;

use provisioning::{Cause, Situation, UserId};
use scim::Object;
use scim::text::{fold, fold_name};
use serde_json::Value;
use store::{ConnectionId, ReadUnit, User};

use crate::consequences::Consequences;
use crate::error::Error;
use crate::find::checked_name;
use crate::ownership::Claim;
use crate::preview::Preview;
use crate::requester::Operator;

/// The most test users of a connection.
const MOST: usize = 20;

/// Whether a user is a test user from now on, or is one no more, by another document or another owner; none where that stays.
pub(crate) async fn of_change(
    unit: &ReadUnit,
    user: &User,
    after: &Object,
    claim: Claim,
) -> Result<Option<bool>, Error> {
    let before = &user.resource.document;
    let named = ["userName", "emails"].iter().any(|name| before.get(*name) != after.get(*name));
    if !named && !matches!(claim, Claim::Adopt(_)) {
        return Ok(None);
    }
    let known = unit.test_users().await?;
    let is = |document: &Object, owner: Option<ConnectionId>| {
        owner.and_then(|owner| known.get(&owner)).is_some_and(|names| is_one(document, names))
    };
    let (was, is) = (is(before, user.connection), is(after, claim.owner(user.connection)));
    Ok((was != is).then_some(is))
}

/// Why a user is settled after becoming a test user, or ceasing to be one.
pub(crate) const fn cause(is: bool) -> Cause {
    if is { Cause::TestUser } else { Cause::NoTestUser }
}

fn is_one(document: &Object, names: &[String]) -> bool {
    let user_name = document.get("userName").and_then(Value::as_str).unwrap_or_default();
    let emails = document.get("emails").and_then(Value::as_array).into_iter().flatten();
    is_test_user(user_name, emails.filter_map(|email| email.get("value")?.as_str()), names)
}

/// Whether a user with this name and these e-mail addresses is one of the test users that an administrator has said of the
/// connection that owns the user. Names are compared as user names are, addresses without regard to case.
fn is_test_user<'a>(
    user_name: &str,
    mut emails: impl Iterator<Item = &'a str>,
    test_users: &[String],
) -> bool {
    let user_name = fold_name(user_name);
    let named = test_users.iter().any(|name| fold_name(name) == user_name);
    named || emails.any(|email| test_users.iter().any(|name| fold(name) == fold(email)))
}

/// Names of test users as an operator says them, each once.
///
/// # Errors
/// [`Error::Refused`] for a text that is no name, and for too many.
pub(crate) fn checked(names: &[String]) -> Result<Vec<String>, Error> {
    let mut checked: Vec<String> = Vec::new();
    for name in names {
        let name = checked_name(name)?;
        if !is_test_user(name, std::iter::empty(), &checked) {
            checked.push(name.to_owned());
        }
    }
    if checked.len() > MOST {
        return Err(Error::Refused(format!("a connection has at most {MOST} test users")));
    }
    checked.sort_by_cached_key(|name| fold_name(name));
    Ok(checked)
}

/// The users of a connection who become test users, and those who cease to be.
pub(crate) struct Moved {
    pub(crate) becoming: Vec<UserId>,
    pub(crate) ceasing: Vec<UserId>,
}

impl Moved {
    /// Who they are if a connection gets exactly these test users; the stored ones are those before.
    pub(crate) async fn of(
        unit: &ReadUnit,
        connection: ConnectionId,
        names: &[String],
    ) -> Result<Self, Error> {
        let known = unit.test_users().await?.remove(&connection).unwrap_or_default();
        let before = unit.users_named(connection, &known).await?;
        let after = unit.users_named(connection, names).await?;
        let only = |these: &BTreeSet<UserId>, those| these.difference(those).copied().collect();
        Ok(Self { becoming: only(&after, &before), ceasing: only(&before, &after) })
    }

    /// What follows for them.
    pub(crate) async fn preview(&self, unit: &ReadUnit, operator: &Operator) -> Result<Consequences, Error> {
        let change = |situation: &mut Situation| {
            for person in &mut situation.people {
                let becoming = self.becoming.binary_search(&person.id).is_ok();
                let ceasing = self.ceasing.binary_search(&person.id).is_ok();
                person.test_user = becoming || person.test_user && !ceasing;
            }
        };
        let pools = unit.pools().await?.into_iter().map(|state| state.pool.id).collect();
        let mut preview = Preview::new(unit, pools, operator.batch, operator.now, change);
        preview.settle(&self.becoming, &cause(true)).await?;
        preview.settle(&self.ceasing, &cause(false)).await?;
        preview.consequences().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_user_is_known_by_name_or_address_whatever_the_case() {
        let known = ["Probe@Alpha.example".to_owned(), "jürgen".to_owned()];
        for (name, email, is) in [
            ("probe@alpha.example", None, true),
            ("PROBE@ALPHA.EXAMPLE", None, true),
            ("J\u{dc}RGEN", None, true),
            ("ju\u{308}rgen", None, true),
            ("ada", Some("probe@ALPHA.example"), true),
            ("ada", Some("ada@alpha.example"), false),
            ("xprobe@alpha.example", None, false),
            ("probe", None, false),
        ] {
            assert_eq!(is_test_user(name, email.into_iter(), &known), is, "{name} {email:?}");
        }
        assert!(!is_test_user("", std::iter::once(""), &[]), "no connection has a test user by itself");
    }
}
