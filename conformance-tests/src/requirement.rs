//! One requirement, one test: expected failures must fail, and what cannot be tried here is said aloud.
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, UnwindSafe, catch_unwind, panic_any, resume_unwind};

use crate::ExpectedFailures;

/// The panic payload of a test that cannot be tried in this run.
#[derive(Debug)]
pub struct Skipped(
    /// Why, in one sentence.
    pub String,
);

/// Ends the current test without a verdict; [`case`] and [`requirement`] report it.
pub fn skip(reason: &str) -> ! {
    panic_any(Skipped(reason.to_owned()))
}

/// Runs one requirement's test; an id in `expected-failures.txt` must fail, and an unexpected pass fails.
pub fn requirement(id: &str, test: impl FnOnce() + UnwindSafe) {
    judge(&ExpectedFailures::of_this_suite(), id, test);
}

/// Runs a test that no list excuses; a skip is reported, everything else is as in any test.
pub fn case(name: &str, test: impl FnOnce()) {
    judge(&ExpectedFailures::default(), name, AssertUnwindSafe(test));
}

/// Writes one line to the test's output.
pub fn report(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn judge(expected: &ExpectedFailures, id: &str, test: impl FnOnce() + UnwindSafe) {
    let outcome = catch_unwind(test);
    match (outcome, expected.reason(id)) {
        (Err(payload), _) if payload.is::<Skipped>() => {
            let reason = payload.downcast_ref::<Skipped>().map_or("", |skipped| &skipped.0);
            report(&format!("skipped: {id}: {reason}"));
        }
        (Ok(()), None) => {}
        (Ok(()), Some(reason)) => {
            panic!("{id} passes although expected-failures.txt lists it ({reason}): take it off the list")
        }
        (Err(_), Some(reason)) => report(&format!("expected failure: {id}: {reason}")),
        (Err(payload), None) => resume_unwind(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(listed: &str, test: fn()) -> bool {
        let expected = ExpectedFailures::parse(listed).expect("well-formed");
        catch_unwind(|| judge(&expected, "R-A-1", test)).is_ok()
    }

    #[test]
    fn an_expected_failure_must_fail_and_everything_else_must_pass() {
        assert!(verdict("", || {}));
        assert!(!verdict("", || panic!("broken")));
        assert!(verdict("R-A-1\tlater", || panic!("broken")));
        assert!(!verdict("R-A-1\tlater", || {}));
        assert!(!verdict("R-A-2\tlater", || panic!("broken")));
    }

    #[test]
    fn a_skip_is_no_verdict() {
        assert!(verdict("", || skip("no server")));
        assert!(verdict("R-A-1\tlater", || skip("no server")));
    }
}
