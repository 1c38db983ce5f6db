//! `rollcall completions`: what lets a shell complete commands and flags.

use std::io::{self, Write};

use anyhow::Result;
use clap::{Args, Command};
use clap_complete::Shell;

/// Prints the script by which a shell completes commands and flags.
#[derive(Args)]
#[command(
    after_help = "Example: rollcall completions bash > ~/.local/share/bash-completion/completions/rollcall\n         rollcall completions zsh > ~/.zfunc/_rollcall\n         rollcall completions fish > ~/.config/fish/completions/rollcall.fish"
)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, mut command: Command) -> Result<()> {
    // Into memory first, because the generator takes a closed output for a fault of the program.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "rollcall", &mut script);
    let mut output = io::stdout().lock();
    output.write_all(&script)?;
    output.flush()?;
    Ok(())
}
