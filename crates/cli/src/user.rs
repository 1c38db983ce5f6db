//! `rollcall user`: one person, with why they have a seat or not.

use anyhow::Result;
use clap::Subcommand;
use operations::people;

use crate::global::{Global, told};
use crate::output;

/// People, as the pushes made them.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows a person: profile, enrolment, seats, groups, and why they have a seat or not.
    #[command(after_help = "Example: rollcall user show noor.halvorsen@northlight.example")]
    Show {
        /// The person, by id, or by userName where only one tenant has one of that name
        user: String,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let Command::Show { user } = command;
    let admin = global.admin().await?;
    let user = people::show(admin.db(), &user, admin.operator("user show").now).await.map_err(told)?;
    if global.json {
        return output::json(&user);
    }
    output::line(format!("{}  {}", user.user_name, user.id))?;
    let account = if user.active { "switched on" } else { "switched off" };
    output::line(format!("account     {account}, from {}", user.connection.as_deref().unwrap_or("nowhere")))?;
    let groups: Vec<&str> = user.groups.iter().map(|group| group.name.as_str()).collect();
    output::line(format!("groups      {}", some(&groups.join(", "))))?;
    let steps: Vec<String> = user.missing_steps.iter().map(ToString::to_string).collect();
    output::line(format!("enrolment   {}; still to do: {}", user.enrolment.status, some(&steps.join(", "))))?;
    output::line("\nWhy")?;
    output::lines(user.explanation.iter().map(|sentence| format!("  {sentence}")))?;
    output::line("\nWhat happened")?;
    output::lines(
        user.journal.iter().map(|line| format!("  {}  {}", line.at.format("%Y-%m-%d %H:%M"), line.why)),
    )
}

fn some(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}
