//! Which step is due for a person whose code was right.

use crate::rollcall::Person;

/// What the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The person is not let in.
    Closed,
    /// The enrolment began anew: the application is installed anew, too.
    Anew,
    /// The PIN has to be set.
    Pin,
    /// The backup has to be restored.
    Restore,
    /// Nothing is left to do.
    Done,
}

/// The step that is due.
pub(crate) fn stage(person: &Person) -> Stage {
    let misses = |step: &str| person.missing_steps.iter().any(|missing| missing == step);
    if !person.access {
        Stage::Closed
    } else if misses("signed-in") || misses("email-verified") {
        Stage::Anew
    } else if misses("pin-set") {
        Stage::Pin
    } else if person.restore_owed {
        Stage::Restore
    } else {
        Stage::Done
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_step_that_is_due_follows_from_access_and_missing_steps() {
        for (access, missing, owed, expected) in [
            (false, &["pin-set"][..], true, Stage::Closed),
            (true, &["signed-in", "email-verified", "pin-set"], false, Stage::Anew),
            (true, &["email-verified", "pin-set"], true, Stage::Anew),
            (true, &["invitation-opened", "pin-set"], false, Stage::Pin),
            (true, &["pin-set", "restored"], true, Stage::Pin),
            (true, &["restored"], true, Stage::Restore),
            (true, &["invitation-opened"], false, Stage::Done),
            (true, &[], false, Stage::Done),
        ] {
            let person = json!({
                "id": "x", "userName": "x", "steps": [], "access": access, "status": "pending", "missingSteps": missing,
                "restoreOwed": owed, "seats": [], "waiting": []
            });
            let person: Person = serde_json::from_value(person).expect("a person");
            assert_eq!(stage(&person), expected, "{missing:?} {owed}");
        }
    }
}
