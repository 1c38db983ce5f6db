//! `rollcall-conformance`: holds a SCIM 2.0 server against the standard, and reports what it found.
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use conformance_tests::runner::{self, Plan};
use conformance_tests::{ExpectedFailures, Target, Transport, database, profile, report};
use indicatif::{ProgressBar, ProgressStyle};

/// Holds a SCIM 2.0 server against RFC 7643, RFC 7644 and what came after them.
///
/// It makes users and groups with a random mark in their names, and deletes them at the end, also after Ctrl-C. What the
/// server does not claim in its discovery documents is skipped. Exit codes: 0 nothing failed,
/// 1 something failed or the run did not come to its end, 2 the command line is wrong.
#[derive(Parser)]
#[command(name = "rollcall-conformance", version)]
struct Arguments {
    /// Base URL of the service, to which `/Users` can be added
    #[arg(long, env = "SCIM_URL", value_name = "URL")]
    url: String,
    /// Bearer token of a client that may do everything in its tenant
    #[arg(long, env = "SCIM_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: String,
    /// Bearer token of another tenant, for what tenants may not see of each other
    #[arg(long, env = "SCIM_OTHER_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    other_token: Option<String>,
    /// Bearer token that may manage event streams of the same tenant (OpenID Shared Signals 1.0)
    #[arg(long, env = "SCIM_EVENT_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    event_token: Option<String>,
    /// Which requirements count, and how much
    #[arg(long, default_value = profile::STRICT, value_parser = profile::names())]
    profile: String,
    /// Only requirements whose id starts so, such as R-PATCH; may be given several times
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// Writes a report; the ending of the name says its form: .html, .json or .xml. May be given several times
    #[arg(long, value_name = "FILE", value_parser = report_file)]
    report: Vec<PathBuf>,
    /// How many tests run at once
    #[arg(long, default_value_t = 4, value_name = "NUMBER")]
    jobs: usize,
    /// Seconds that an answer may take
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Takes any certificate, as a server in a laboratory has one
    #[arg(long)]
    insecure: bool,
    /// Fails also for what is recommended, optional, or a rule of the Rollcall project
    #[arg(long)]
    every_level: bool,
    /// A list of known deviations: an id, a tab, the reason. What is on it must fail
    #[arg(long, value_name = "FILE")]
    expected_failures: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let plan = match plan(&arguments) {
        Ok(plan) => plan,
        Err(error) => return complain(&error, 2),
    };
    run(&arguments, &plan).unwrap_or_else(|error| complain(&error, 1))
}

/// Says what was wrong, and gives the exit code.
fn complain(error: &anyhow::Error, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {error:#}");
    ExitCode::from(code)
}

fn run(arguments: &Arguments, plan: &Plan) -> Result<ExitCode> {
    let transport =
        Transport { timeout: Duration::from_secs(arguments.timeout), insecure: arguments.insecure };
    transport.install().map_err(|error| anyhow!(error))?;
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_interrupt(Arc::clone(&stop))?;
    let progress = Progress::new();
    let results = runner::run(plan, &stop, &|id, word, all| progress.seen(id, word, all));
    progress.bar.finish_and_clear();
    let results = results.map_err(|error| anyhow!(error))?;
    io::stdout().write_all(results.text().as_bytes())?;
    for path in &arguments.report {
        results.write(path).map_err(|error| anyhow!(error))?;
    }
    Ok(if results.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    report::ending(&path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(format!("there is no folder {}", folder.display())),
        _ => Ok(path),
    }
}

fn plan(arguments: &Arguments) -> Result<Plan> {
    let url = &arguments.url;
    let parsed = reqwest::Url::parse(url).with_context(|| format!("--url {url} is no URL"))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(anyhow!("--url {url}: it must start with http:// or https://"));
    }
    let expected = match &arguments.expected_failures {
        None => ExpectedFailures::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            let list =
                ExpectedFailures::parse(&text).map_err(|error| anyhow!("{}: {error}", path.display()))?;
            list.on(database())
        }
    };
    let plan = Plan {
        target: Target::new(url, &arguments.token),
        other: arguments.other_token.as_ref().map(|token| Target::new(url, token)),
        events: arguments.event_token.as_ref().map(|token| Target::new(url, token)),
        profile: arguments.profile.clone(),
        only: arguments.only.clone(),
        jobs: arguments.jobs,
        every_level: arguments.every_level,
        expected,
        when: now(),
    };
    plan.check().map_err(|error| anyhow!("--only: {error}"))?;
    Ok(plan)
}

#[expect(clippy::disallowed_methods, reason = "the one place of this program that reads the clock")]
fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Sets the flag at the first Ctrl-C, so that what was made is deleted; the second one ends the program at once.
fn stop_on_interrupt(stop: Arc<AtomicBool>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.store(true, Ordering::Relaxed);
                let _ =
                    writeln!(io::stderr(), "interrupted: deleting what was made; Ctrl-C again ends at once");
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(130);
                }
            }
        });
    });
    Ok(())
}

/// A bar on a terminal; elsewhere a line for every fifty requirements.
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new() -> Progress {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
        Progress { bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())) }
    }

    fn seen(&self, id: &str, word: &str, all: usize) {
        self.bar.set_length(u64::try_from(all).unwrap_or(u64::MAX));
        self.bar.set_message(format!("{id} {word}"));
        self.bar.inc(1);
        let done = self.bar.position();
        if !io::stderr().is_terminal() && done.is_multiple_of(50) {
            let _ = writeln!(io::stderr(), "{done} of {all}");
        }
    }
}
