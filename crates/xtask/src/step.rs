//! The steps of a run: each is announced, timed and counted, and the verdict is drawn from all of them.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::counts::Counts;
use crate::process;

/// What was done so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

struct Step {
    name: String,
    outcome: Outcome,
    counts: Counts,
    took: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed(String),
    NotRun(String),
    /// As not run, but not every machine has what it needs.
    LeftOut(String),
}

impl Steps {
    /// Runs a command whose exit status is the verdict; tests that it reports are counted.
    pub(crate) fn check(&mut self, name: &str, command: Command) {
        self.command(name, command, |_| Outcome::Passed);
    }

    /// Runs tests and adds their counts; a run without a single test is a failure.
    pub(crate) fn tests(&mut self, name: &str, command: Command) {
        self.command(name, command, |counts| at_least_one(*counts));
    }

    /// As [`Steps::tests`], of tests that were chosen by name: the others are not meant, so they are not counted as skipped.
    pub(crate) fn chosen_tests(&mut self, name: &str, command: Command) {
        self.command(name, command, |counts| {
            counts.skipped = 0;
            at_least_one(*counts)
        });
    }

    /// Does something that gives a value the later steps need; `None` when it failed.
    pub(crate) fn work<T>(&mut self, name: &str, what: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        announce(name, what);
        let start = Instant::now();
        let result = work();
        let outcome = match &result {
            Ok(_) => Outcome::Passed,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        };
        self.close_step(name, outcome, Counts::default(), start.elapsed());
        result.ok()
    }

    /// Records a step that could not run because an earlier one failed.
    pub(crate) fn not_run(&mut self, name: &str, why: &str) {
        self.close_step(name, Outcome::NotRun(why.to_owned()), Counts::default(), Duration::ZERO);
    }

    /// Records a step that needs something from outside which is not here: the table says so, and the verdict is that of
    /// the others.
    pub(crate) fn left_out(&mut self, name: &str, why: &str) {
        self.close_step(name, Outcome::LeftOut(why.to_owned()), Counts::default(), Duration::ZERO);
    }

    /// Prints the table and, as the last line, the counts; the exit code says whether everything passed.
    pub(crate) fn close(self) -> ExitCode {
        println!("\n{}", self.table());
        println!("{}", self.total());
        if self.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn command(&mut self, name: &str, mut command: Command, judge: impl FnOnce(&mut Counts) -> Outcome) {
        announce(name, &spelled(&command));
        let start = Instant::now();
        let (outcome, counts) = match process::shown_and_kept(&mut command) {
            Ok((status, output)) => {
                let mut counts = Counts::read(&output);
                let outcome = if !status.success() {
                    Outcome::Failed(status.to_string())
                } else if counts.failed > 0 {
                    Outcome::Failed(format!("{} failed", counts.failed))
                } else {
                    judge(&mut counts)
                };
                (outcome, counts)
            }
            Err(error) => (Outcome::Failed(format!("{error:#}")), Counts::default()),
        };
        self.close_step(name, outcome, counts, start.elapsed());
    }

    fn close_step(&mut self, name: &str, outcome: Outcome, mut counts: Counts, took: Duration) {
        // What failed without a failing test (format, lints, a build) still shows in the closing line.
        if matches!(outcome, Outcome::Failed(_)) && counts.failed == 0 {
            counts.failed = 1;
        }
        let step = Step { name: name.to_owned(), outcome, counts, took };
        println!("   {}", step.verdict());
        self.done.push(step);
    }

    fn total(&self) -> Counts {
        self.done.iter().map(|step| step.counts).fold(Counts::default(), Counts::plus)
    }

    fn all_passed(&self) -> bool {
        let mut due = self.done.iter().filter(|step| !matches!(step.outcome, Outcome::LeftOut(_))).peekable();
        due.peek().is_some() && due.all(|step| step.outcome == Outcome::Passed)
    }

    fn table(&self) -> String {
        let width = self.done.iter().map(|step| step.name.chars().count()).max().unwrap_or(0);
        let row = |step: &Step| format!("  {:<width$}  {}\n", step.name, step.verdict());
        self.done.iter().map(row).collect()
    }
}

impl Step {
    fn verdict(&self) -> String {
        let seconds = format!("{:>6.1} s", self.took.as_secs_f64());
        let counts =
            if self.counts == Counts::default() { String::new() } else { format!("  {}", self.counts) };
        match &self.outcome {
            Outcome::Passed => format!("ok      {seconds}{counts}"),
            Outcome::Failed(why) => format!("FAILED  {seconds}{counts}  ({why})"),
            Outcome::NotRun(why) | Outcome::LeftOut(why) => format!("not run            ({why})"),
        }
    }
}

fn at_least_one(counts: Counts) -> Outcome {
    if counts.ran() == 0 { Outcome::Failed("not one test ran".to_owned()) } else { Outcome::Passed }
}

fn announce(name: &str, what: &str) {
    println!("\n── {name}: {what}");
}

/// A command as a person would type it.
fn spelled(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn counts_of_all_steps_add_up_and_a_green_run_is_a_success() {
        let mut steps = Steps::default();
        steps.check("fmt", shell("true"));
        steps.tests("tests", shell("echo 'test result: ok. 3 passed; 0 failed; 1 ignored'"));
        assert!(steps.all_passed());
        assert_eq!(steps.total().to_string(), "3 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn a_failed_check_counts_as_one_failure_and_later_steps_still_run() {
        let mut steps = Steps::default();
        steps.check("lints", shell("exit 1"));
        steps.tests("tests", shell("echo 'test result: ok. 3 passed; 0 failed'"));
        assert!(!steps.all_passed());
        assert_eq!(steps.total().to_string(), "3 passed, 1 failed, 0 skipped");
        assert!(steps.table().contains("lints  FAILED"), "{}", steps.table());
    }

    #[test]
    fn failing_tests_are_not_counted_twice() {
        let mut steps = Steps::default();
        steps.tests("tests", shell("echo 'test result: FAILED. 3 passed; 2 failed'; exit 101"));
        assert_eq!(steps.total().failed, 2);
    }

    #[test]
    fn a_reported_failure_fails_even_when_the_exit_status_is_zero() {
        let mut steps = Steps::default();
        steps.tests("suite", shell("echo 'suite: 3 passed, 1 failed'"));
        assert!(!steps.all_passed());
    }

    #[test]
    fn tests_that_are_none_are_a_failure() {
        let mut steps = Steps::default();
        steps.tests("tests", shell("true"));
        assert!(!steps.all_passed());
    }

    #[test]
    fn tests_that_were_not_chosen_are_not_skipped() {
        let mut steps = Steps::default();
        steps.chosen_tests("browser", shell("echo 'Summary [ 1s] 6 tests run: 6 passed, 277 skipped'"));
        assert_eq!(steps.total().to_string(), "6 passed, 0 failed, 0 skipped");
        steps.chosen_tests("browser", shell("echo 'Summary [ 1s] 0 tests run: 0 passed, 283 skipped'"));
        assert!(!steps.all_passed());
    }

    #[test]
    fn what_was_not_run_is_never_green() {
        let mut steps = Steps::default();
        steps.check("fmt", shell("true"));
        steps.not_run("PostgreSQL", "no database");
        assert!(!steps.all_passed());
        assert!(!Steps::default().all_passed(), "nothing at all is no success");
    }

    #[test]
    fn what_was_left_out_is_said_and_fails_nothing() {
        let mut steps = Steps::default();
        steps.left_out("advisories", "no network");
        assert!(!steps.all_passed(), "nothing at all is no success");
        steps.check("fmt", shell("true"));
        assert!(steps.all_passed());
        assert!(steps.table().contains("advisories  not run            (no network)"), "{}", steps.table());
    }

    #[test]
    fn work_gives_its_value_or_says_why_not() {
        let mut steps = Steps::default();
        assert_eq!(steps.work("build", "…", || Ok(7)), Some(7));
        assert_eq!(steps.work("build", "…", || anyhow::bail!("no disk") as Result<()>), None);
        assert!(steps.table().contains("no disk"), "{}", steps.table());
    }
}
