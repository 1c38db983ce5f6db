//! One word about several people: what would follow for all of them, and why some are left out.

use std::collections::HashMap;

use provisioning::{PoolId, Situation, UserId};
use store::{ReadUnit, User};

use super::{Said, Word, say};
use crate::consequences::{Agreed, Consequences};
use crate::database::Database;
use crate::error::{Error, sentence};
use crate::preview::Preview;
use crate::requester::Operator;

/// What would follow from a word about several people, or what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Many {
    /// People about whom it is said.
    pub people: u64,
    /// What would follow for all of them together.
    pub follows: Consequences,
    /// The people who are left out: the user name of each, and the state of that person.
    pub left_out: Vec<(String, String)>,
}

/// What would follow from a word about these people, who are named by id or `userName`. People of whom it is so already are left
/// out.
///
/// # Errors
/// [`Error`] if there is no such person or pool, or the pool has expired.
pub async fn preview_many(
    db: &Database,
    operator: &Operator,
    users: &[String],
    word: &Word,
) -> Result<Many, Error> {
    let (mut all, mut left_out, mut unit) = (Vec::new(), Vec::new(), None);
    for name in users {
        let (scope, user) = db.user(operator, name).await?;
        let unit = match &mut unit {
            Some(unit) => unit,
            None => unit.insert(db.read(&scope).await?),
        };
        let facts = unit.facts(&[user.id], &[], operator.now).await?;
        match Said::of(unit, &user, &facts, word, operator.now).await {
            Ok(said) => all.push((user, said)),
            Err(Error::Already { what, state }) => left_out.push((what, state)),
            Err(error) => return Err(error),
        }
    }
    let Some(unit) = unit else { return Ok(Many::default()) };
    Ok(Many { people: all.len() as u64, follows: follow(&unit, operator, &all).await?, left_out })
}

/// What would follow if these words were said about these people, one person after the other.
pub(super) async fn follow(
    unit: &ReadUnit,
    operator: &Operator,
    all: &[(User, Said)],
) -> Result<Consequences, Error> {
    let ids: Vec<UserId> = all.iter().map(|(user, _)| user.id).collect();
    let facts = unit.facts(&ids, &[], operator.now).await?;
    let mut pools: Vec<PoolId> = facts.pools.iter().map(|pool| pool.id).collect();
    pools.extend(all.iter().filter_map(|(_, said)| said.pool()));
    pools.sort_unstable();
    pools.dedup();
    let by_person: HashMap<UserId, &Said> = all.iter().map(|(user, said)| (user.id, said)).collect();
    let change = |situation: &mut Situation| {
        for person in &mut situation.people {
            if let Some(said) = by_person.get(&person.id) {
                said.apply(person);
            }
        }
    };
    let mut preview = Preview::new(unit, pools, operator.batch, operator.now, change);
    for (user, said) in all {
        preview.settle(&[user.id], &said.cause()).await?;
    }
    preview.consequences().await
}

/// Says a word about these people, one after the other, if the operator has agreed to what would follow; each is done or left
/// out by itself.
///
/// # Errors
/// As [`preview_many`], and if something else would follow than what the operator has agreed to.
pub async fn say_many(
    db: &Database,
    operator: &Operator,
    users: &[String],
    word: &Word,
    agreed: Agreed,
) -> Result<Many, Error> {
    let mut done = preview_many(db, operator, users, word).await?;
    agreed.check(&done.follows)?;
    done.people = 0;
    done.left_out.clear();
    for user in users {
        match say(db, operator, user, word, Agreed::Anything).await {
            Ok(_) => done.people += 1,
            // A full pool refuses, or another administrator was faster.
            Err(error @ (Error::Already { .. } | Error::Refused(_) | Error::Rule(_))) => {
                done.left_out.push((user.clone(), sentence(&error)));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
