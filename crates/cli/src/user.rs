//! `rollcall user`: people, and why each has a seat or not.

use anyhow::Result;
use clap::Subcommand;
use operations::{administrators, directory, people};
use serde_json::json;

use crate::by_hand;
use crate::global::{Format, Global, Part, Within, told};
use crate::output;
use crate::table::block;

/// People: pushed by a directory, added by hand, or read from a file.
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
        /// Only people who got so many reminders: 0, 1, 2, or 3+ for three or more
        #[arg(long, value_name = "N|N+")]
        reminders: Option<String>,
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
    /// Protects a person against every push, such as a break-glass account; the person of the last administrator is protected
    /// anyway.
    #[command(
        after_help = "Example: rollcall user protect break-glass@northlight.example\n         rollcall user protect break-glass@northlight.example --off"
    )]
    Protect {
        /// The person, by id, or by userName where only one tenant has one of that name
        user: String,
        #[command(flatten)]
        within: Within,
        /// Pushes count again
        #[arg(long)]
        off: bool,
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
    /// Erases what is kept of a person who was deleted: the person cannot come back as the same one any more.
    #[command(after_help = "Example: rollcall user erase ada@northlight.example")]
    Erase {
        /// The person, by id, or by an e-mail address that the journal knows
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
        Command::List { tenant, filter, reminders, part } => {
            let wanted = directory::Part { filter, reminders, start: part.start, count: part.count };
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
                ("Test user", "/testUser"),
            ];
            if global.format() != Format::Text {
                return output::listed(global, &users, part.start, &columns);
            }
            // A userName is enough for a person to name another one, and leaves room for the rest.
            let marked = users.items.iter().any(|user| !user.by_hand.is_empty());
            let (shown, by_hand) = (columns.iter().take(5), columns.iter().skip(8).take(marked.into()));
            let tested = users.items.iter().any(|user| user.test_user);
            let test_user = columns.iter().skip(9).take(tested.into());
            let columns: Vec<_> = shown.chain(by_hand).chain(test_user).copied().collect();
            output::listed(global, &users, part.start, &columns)
        }
        Command::Show { user, within } => {
            let operator = admin.operator("user show").within(within.tenant);
            let user = people::show(db, &operator, &user).await.map_err(told)?;
            show(global, &user)
        }
        Command::Protect { user, within, off } => {
            let operator = admin.operator("user protect").within(within.tenant);
            let id = administrators::protect(db, &operator, &user, !off).await.map_err(told)?;
            let words =
                if off { "is not protected any more" } else { "is protected: no push takes access away" };
            output::created(global, &json!({ "id": id, "protected": !off }), &format!("{user} {words}"))
        }
        Command::Export { user, within } => {
            let operator = admin.operator("user export").within(within.tenant);
            output::json(&people::export(db, &operator, &user).await.map_err(told)?)
        }
        Command::Erase { user, within } => {
            let operator = admin.operator("user erase").within(within.tenant);
            let id = people::erase(db, &operator, &user).await.map_err(told)?;
            output::created(global, &json!({ "id": id }), &format!("what was kept of {id} is erased"))
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
    let devices = user.devices.iter().filter(|device| device.revoked_at.is_none());
    let devices: Vec<String> = devices.map(|it| format!("{} ({})", it.name, it.platform)).collect();
    let holds: Vec<&str> = user.holds.iter().map(|hold| hold.words.as_str()).collect();
    let protected = if user.protected { ", protected against pushes" } else { "" };
    let test_user = if user.test_user { ", test user" } else { "" };
    let known = [
        (
            "account",
            format!(
                "{account}{protected}{test_user}, from {}",
                user.connection.as_deref().unwrap_or("no connection")
            ),
        ),
        ("groups", some(groups.join(", "))),
        ("seats", some(seats.collect::<Vec<_>>().join(", "))),
        ("devices", some(devices.join(", "))),
        ("to hand over", some(holds.join("; "))),
        ("enrolment", format!("{}; still to do: {}", user.enrolment.status, some(steps.join(", ")))),
        ("reminders", user.reminders.to_string()),
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
