//! One target, run by libFuzzer for a while: its progress, and what it came to.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::Target;
use crate::cargo::workspace;

/// The most seconds that one input may take.
const TIME: u32 = 5;
/// The most memory that a target may take, in megabytes.
const MEMORY: u32 = 256;
/// How much of what a target says is shown when it fails.
const LAST_LINES: usize = 40;

/// What a target came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) executions: u64,
    pub(super) per_second: u64,
    /// Edges of the program that some input takes.
    pub(super) coverage: u64,
    /// Why it did not pass.
    pub(super) failure: Option<String>,
}

/// Runs a target for so many seconds. What it has learnt stays below the folder for the next run.
pub(super) fn one(target: Target, programs: &Path, folder: &Path, seconds: u64) -> Verdict {
    let program = programs.join(target.name());
    let told = command(target, &program, folder, seconds).and_then(|command| watched(target, command));
    match told {
        Ok((verdict, None)) => verdict,
        Ok((verdict, Some(said))) => {
            println!("\n── {}: its last words\n{}", target.name(), said.join("\n"));
            let input =
                said.iter().find_map(|line| line.split_once("Test unit written to ").map(|(_, path)| path));
            let failure = match input {
                Some(input) => format!("FAILED: replay it with `{} {input}`", program.display()),
                None => "FAILED: it ended by itself".to_owned(),
            };
            Verdict { failure: Some(failure), ..verdict }
        }
        Err(error) => Verdict { failure: Some(format!("FAILED: {error:#}")), ..Verdict::default() },
    }
}

fn command(target: Target, program: &Path, folder: &Path, seconds: u64) -> Result<Command> {
    let [corpus, failures, seeds] = ["corpus", "failures", "seeds"].map(|name| folder.join(name));
    let corpus = corpus.join(target.name());
    for folder in [&corpus, &failures] {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let mut command = Command::new(program);
    command.arg(corpus);
    let ours = workspace().join("fuzz").join("seeds");
    let seeds = [ours, seeds].map(|folder: PathBuf| folder.join(target.name()));
    command.args(seeds.iter().filter(|folder| folder.is_dir()));
    if let Some(dictionary) = target.dictionary() {
        let dictionary = workspace().join("fuzz").join("dictionaries").join(dictionary);
        command.arg(format!("-dict={}", dictionary.display()));
    }
    command
        .arg(format!("-artifact_prefix={}/{}-", failures.display(), target.name()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={}", target.longest()))
        .arg(format!("-timeout={TIME}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .args(["-print_final_stats=1", "-print_pcs=0", "-print_funcs=0"]);
    Ok(command)
}

/// Runs it to its end; its last lines come back when it failed.
fn watched(target: Target, mut command: Command) -> Result<(Verdict, Option<Vec<String>>)> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().context("the target did not start")?;
    let (mut verdict, mut last) = (Verdict::default(), VecDeque::new());
    let mut said = BufReader::new(child.stderr.take().context("no pipe")?);
    let mut bytes = Vec::new();
    // What a target says may hold parts of its inputs, which are no text.
    while said.read_until(b'\n', &mut bytes)? > 0 {
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        bytes.clear();
        if line.contains("\tpulse ") {
            println!("   {:<8}{}", target.name(), line.replace('\t', " "));
        }
        verdict.read(&line);
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }
    let passed = child.wait().context("the target could not be waited for")?.success();
    Ok((verdict, (!passed).then(|| last.into())))
}

impl Verdict {
    /// Takes what a line of libFuzzer says of the run.
    fn read(&mut self, line: &str) {
        let after = |name: &str| {
            line.split_once(name).and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok())
        };
        // Lines of progress begin with the number of executions, and parts of inputs never do.
        if line.starts_with('#') {
            self.coverage = after(" cov: ").unwrap_or(self.coverage);
        } else if line.starts_with("stat::") {
            self.executions = after("stat::number_of_executed_units:").unwrap_or(self.executions);
            self.per_second = after("stat::average_exec_per_sec:").unwrap_or(self.per_second);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_what_libfuzzer_says() {
        let mut verdict = Verdict::default();
        for line in [
            "INFO: Loaded 1 modules   (2206 inline 8-bit counters)",
            "#2\tINITED cov: 82 ft: 82 corp: 1/1b exec/s: 0 rss: 27Mb",
            "#524288\tpulse  cov: 640 ft: 2104 corp: 401/10Kb lim: 4096 exec/s: 87381 rss: 40Mb",
            "stat::number_of_executed_units: 749838",
            "stat::average_exec_per_sec:     83315",
        ] {
            verdict.read(line);
        }
        let expected = Verdict { executions: 749_838, per_second: 83_315, coverage: 640, failure: None };
        assert_eq!(verdict, expected);
    }
}
