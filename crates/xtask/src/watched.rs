//! A program in the background that ends with us, however we end.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Starts the program, which says its process id before anything else, and waits until its own input closes: that
/// happens when the one who holds the other end lets go of it or dies. Then it ends the program and removes the folder,
/// if it was given one. It writes nothing itself, so that no closed pipe can end it before its work is done.
const WATCHDOG: &str = r#"signal=$1 folder=$2; shift 2
sh -c 'echo $$; exec "$@"' sh "$@" </dev/null & program=$!
exec >/dev/null
read _
kill -"$signal" $program 2>/dev/null; wait $program
[ -z "$folder" ] || rm -rf "$folder""#;

/// How long a program may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running program with its watchdog.
pub(crate) struct Watched {
    watchdog: Child,
    leash: Option<ChildStdin>,
    program: u32,
}

/// What to start, and how it ends.
pub(crate) struct Plan<'a> {
    /// Program and arguments, with the environment, user and folder it needs.
    pub(crate) command: &'a Command,
    /// User and group to run as; needs root.
    pub(crate) user: Option<(u32, u32)>,
    /// The signal that asks it to end, as `kill` spells it.
    pub(crate) signal: &'a str,
    /// A folder to remove after its end.
    pub(crate) folder: Option<&'a Path>,
    /// Where its error output goes.
    pub(crate) log: File,
}

impl Watched {
    /// Starts the program; gives also the lines of its standard output, which end when it ends.
    ///
    /// # Errors
    /// When no shell can be started.
    pub(crate) fn start(plan: Plan<'_>) -> Result<(Self, Lines<BufReader<ChildStdout>>)> {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", WATCHDOG, "watchdog", plan.signal])
            .arg(plan.folder.unwrap_or_else(|| Path::new("")));
        shell.arg(plan.command.get_program()).args(plan.command.get_args());
        for (name, value) in plan.command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        if let Some(folder) = plan.command.get_current_dir() {
            shell.current_dir(folder);
        }
        if let Some((user, group)) = plan.user {
            shell.uid(user).gid(group);
        }
        // In a process group of its own, an interrupt at the terminal reaches us only, and the watchdog does its work.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(plan.log);
        let mut watchdog = shell.spawn().context("sh did not start")?;
        let leash = watchdog.stdin.take();
        let mut lines = BufReader::new(watchdog.stdout.take().context("no pipe")?).lines();
        let first = lines.next().context("the program did not start")??;
        let program = first.trim().parse().context("the program named no process")?;
        Ok((Self { watchdog, leash, program }, lines))
    }

    /// The process id of the program.
    pub(crate) const fn program(&self) -> u32 {
        self.program
    }

    fn kill(&self) {
        // Nothing is left to do here when even this fails: the program is gone already.
        drop(Command::new("kill").args(["-KILL", &self.program.to_string()]).stderr(Stdio::null()).status());
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.leash.take());
        let asked = Instant::now();
        while matches!(self.watchdog.try_wait(), Ok(None)) {
            if asked.elapsed() > PATIENCE {
                self.kill();
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        drop(self.watchdog.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(script: &str, folder: Option<&Path>) -> (Watched, Lines<BufReader<ChildStdout>>) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let log = File::options().write(true).open("/dev/null").expect("/dev/null opens");
        let plan = Plan { command: &command, user: None, signal: "TERM", folder, log };
        Watched::start(plan).expect("sh starts")
    }

    fn alive(process: u32) -> bool {
        Command::new("kill")
            .args(["-0", &process.to_string()])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    }

    #[test]
    fn the_program_and_its_folder_go_with_us() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("data"), "x").expect("a file");
        let (program, mut lines) = watched("echo ready; exec sleep 600", Some(folder.path()));
        assert_eq!(lines.next().expect("a line").expect("text"), "ready");
        assert!(alive(program.program()));
        let process = program.program();
        drop(program);
        assert!(!alive(process), "the program outlived its owner");
        assert!(!folder.path().exists(), "the folder is still there");
    }

    #[test]
    fn its_output_ends_when_it_ends_by_itself() {
        let (_program, mut lines) = watched("echo one", None);
        assert_eq!(lines.next().expect("a line").expect("text"), "one");
        assert!(lines.next().is_none(), "the watchdog holds the output open");
    }
}
