//! How an operator agrees to what people lose: by a flag, or by an answer at a terminal.

use std::io::{self, IsTerminal, Write};

use anyhow::{Result, bail};
use clap::Args;
use operations::consequences::{Agreed, Losses};

use crate::output;

/// Flags of a command by which people may lose something.
#[derive(Args)]
pub(crate) struct Agreement {
    /// Does it without a question, whatever people lose
    #[arg(long, conflicts_with = "expect_people")]
    yes: bool,
    /// Does it if exactly so many people lose a seat, a place in a queue or their access; for scripts
    #[arg(long, value_name = "N")]
    expect_people: Option<u64>,
}

impl Agreement {
    /// What was agreed to by a flag; otherwise by the answer to a question, where a person sits at a terminal. `losses`
    /// is asked for only then.
    ///
    /// # Errors
    /// When the answer is no, or `losses` fails.
    pub(crate) async fn agreed(
        &self,
        what: &str,
        losses: impl Future<Output = Result<Losses, operations::Error>>,
    ) -> Result<Agreed> {
        if self.yes {
            return Ok(Agreed::Anything);
        }
        if let Some(people) = self.expect_people {
            return Ok(Agreed::People(people));
        }
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Ok(Agreed::Nothing);
        }
        let losses = losses.await.map_err(crate::global::told)?;
        if losses.people == 0 {
            return Ok(Agreed::Nothing);
        }
        output::note(&format!("{what}: {}", losses.sentence()));
        if !answered_yes()? {
            bail!("nothing was changed");
        }
        Ok(Agreed::People(losses.people))
    }
}

/// Asks on the terminal.
fn answered_yes() -> Result<bool> {
    let mut terminal = io::stderr().lock();
    write!(terminal, "Go on? [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer)? == 0 {
        // Ctrl-D ends the answer and not the line of the question.
        writeln!(terminal)?;
    }
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
