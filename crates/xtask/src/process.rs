//! Running a child whose output is shown as it comes and kept for counting.

use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result};

/// True when a person watches: children may then print colours.
pub(crate) fn colours() -> bool {
    std::io::stdout().is_terminal()
}

/// Runs a command to its end, passes its output through line by line, and gives it back as well.
///
/// # Errors
/// When the program cannot be started.
pub(crate) fn shown_and_kept(command: &mut Command) -> Result<(ExitStatus, String)> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{program} did not start"))?;
    let kept = Mutex::new(String::new());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        scope.spawn(|| pass_on(err, &kept, |line| eprintln!("{line}")));
        pass_on(out, &kept, |line| println!("{line}"));
    });
    let status = child.wait().with_context(|| format!("{program} could not be waited for"))?;
    let kept = kept.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok((status, kept))
}

fn pass_on(stream: Option<impl Read>, kept: &Mutex<String>, show: impl Fn(&str)) {
    let Some(stream) = stream else { return };
    let mut lines = BufReader::new(stream);
    let mut bytes = Vec::new();
    // A test may print bytes that are no text: they are shown as well as they can be.
    while lines.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&bytes);
        let line = text.trim_end_matches(['\r', '\n']);
        show(line);
        let mut kept = kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.push_str(line);
        kept.push('\n');
        drop(kept);
        bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_and_the_exit_status_come_back() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let (status, kept) = shown_and_kept(&mut command).expect("sh starts");
        assert_eq!(status.code(), Some(3));
        assert!(kept.contains("out\n") && kept.contains("err\n"), "{kept}");
    }

    #[test]
    fn a_missing_program_is_an_error_that_names_it() {
        let error = shown_and_kept(&mut Command::new("no-such-program")).expect_err("there is none");
        assert!(error.to_string().contains("no-such-program"), "{error}");
    }
}
