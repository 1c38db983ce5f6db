//! `rollcall user`: people, and why each has a seat or not.

use anyhow::Result;
use clap::Subcommand;
use operations::{directory, people};

use crate::by_hand;
use crate::global::{Format, Global, Part, Within, told};
use crate::output;
use crate::table::block;

/// People, as the pushes made them.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the people of a tenant.
    #[command(
        after_help = "Example: rollcall user list --tenant \"Northlight Instruments\" --filter 'active eq false' --csv"
    )]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Only people who match this SCIM filter
        #[arg(long)]
        filter: Option<String>,
        #[command(flatten)]
        part: Part,
    },
    /// Shows a person: profile, enrolment, seats, groups, and why they have a seat or not.
    #[command(after_help = "Example: rollcall user show noor.halvorsen@northlight.example")]
    Show {
        /// The person, by id, or by userName where only one tenant has one of that name
        user: String,
        #[command(flatten)]
        within: Within,
    },
    /// Prints everything that is stored about one person as JSON: profile, seats, groups, journal and requests.
    #[command(after_help = "Example: rollcall user export noor.halvorsen@northlight.example > noor.json\n\
        \n\
        Of a person who was deleted, it prints what the journal kept. It holds personal data: protect it.")]
    Export {
        /// The person, by id, userName or e-mail address
        user: String,
        #[command(flatten)]
        within: Within,
    },
    #[command(flatten)]
    ByHand(by_hand::Command),
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    if let Command::ByHand(command) = command {
        return by_hand::run(command, global).await;
    }
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::List { tenant, filter, part } => {
            let wanted = directory::Part { filter, start: part.start, count: part.count };
            let users = directory::users(db, &tenant, &wanted).await.map_err(told)?;
            let columns = [
                ("User", "/userName"),
                ("On", "/active"),
                ("Status", "/status"),
                ("Seats", "/seats"),
                ("Waits for", "/waiting"),
                ("Name", "/displayName"),
                ("Connection", "/connection"),
                ("Id", "/id"),
                ("By hand", "/byHand"),
            ];
            if global.format() != Format::Text {
                return output::listed(global, &users, part.start, &columns);
            }
            // A userName is enough for a person to name another one, and leaves room for the rest.
            let marked = users.items.iter().any(|user| !user.by_hand.is_empty());
            let (shown, by_hand) = (columns.iter().take(5), columns.iter().skip(8).take(marked.into()));
            let columns: Vec<_> = shown.chain(by_hand).copied().collect();
            output::listed(global, &users, part.start, &columns)
        }
        Command::Show { user, within } => {
            let operator = admin.operator("user show").within(within.tenant);
            let user = people::show(db, &operator, &user).await.map_err(told)?;
            show(global, &user)
        }
        Command::Export { user, within } => {
            let operator = admin.operator("user export").within(within.tenant);
            output::json(&people::export(db, &operator, &user).await.map_err(told)?)
        }
        Command::ByHand(_) => Ok(()),
    }
}

fn show(global: &Global, user: &people::User) -> Result<()> {
    if global.format() != Format::Text {
        let columns = [
            ("User", "/userName"),
            ("On", "/active"),
            ("Status", "/enrolment/status"),
            ("Connection", "/connection"),
            ("Id", "/id"),
        ];
        return output::details(global, user, &columns);
    }
    output::line(format!("{}  {}", user.user_name, user.id))?;
    let account = match (user.active, &user.by_hand) {
        (false, _) => "switched off",
        (true, by_hand) if by_hand.deactivated => "switched on, deactivated by hand",
        (true, by_hand) if by_hand.held.is_some() => "switched on, held for a foreign domain",
        (true, by_hand) if by_hand.flagged.is_some() => "switched on, flagged for a foreign domain",
        (true, _) => "switched on",
    };
    let groups: Vec<&str> = user.groups.iter().map(|group| group.name.as_str()).collect();
    let seats = user.seats.iter().map(|seat| format!("{} ({})", seat.pool, seat.state));
    let steps: Vec<String> = user.missing_steps.iter().map(ToString::to_string).collect();
    let known = [
        ("account", format!("{account}, from {}", user.connection.as_deref().unwrap_or("no connection"))),
        ("groups", some(groups.join(", "))),
        ("seats", some(seats.collect::<Vec<_>>().join(", "))),
        ("enrolment", format!("{}; still to do: {}", user.enrolment.status, some(steps.join(", ")))),
    ];
    output::lines(block(&known))?;
    output::lines(["", "Why"])?;
    let sentences: Vec<(&str, String)> = user.explanation.iter().map(|it| ("", it.clone())).collect();
    output::lines(block(&sentences))?;
    output::lines(["", "What happened"])?;
    let lines: Vec<(String, String)> =
        user.journal.iter().map(|it| (it.at.format("%Y-%m-%d %H:%M").to_string(), it.why.clone())).collect();
    output::lines(block(&lines))
}

fn some(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}
