//! `rollcall pool`: seats that were bought.

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use operations::pools;
use serde_json::json;

use crate::agreement::{Agreement, Preview, show as show_consequences};
use crate::global::{Format, Global, Part, Within, told};
use crate::output;
use crate::people::People;

/// Licence pools: the seats of a product plan.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a pool.
    #[command(
        after_help = "Example: rollcall pool create --tenant \"Northlight Instruments\" --name \"Vault Standard\" --seats 190 --policy queue\n\
        \n\
        People get a seat through a group (`rollcall binding create`), by hand (`rollcall grant create`), by an\n\
        attribute (--for 'title eq \"Counsel\"') or because every user does (--for-everyone)."
    )]
    Create {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Its name, unlike that of any other pool of the tenant
        #[arg(long)]
        name: String,
        /// Seats bought
        #[arg(long)]
        seats: u32,
        /// When no seat is left: queue (people wait), reject (the push is refused), overage (assigned and flagged)
        #[arg(long, default_value = "queue", hide_possible_values = true)]
        #[arg(value_parser = PossibleValuesParser::new(pools::policies()))]
        policy: String,
        /// The last day on which its seats count, in the tenant's time zone, or the instant from which they do not:
        /// 2027-01-31 or 2027-01-31T12:00:00Z
        #[arg(long, value_name = "DATE")]
        expires: Option<String>,
        /// Every user of the tenant gets a seat
        #[arg(long)]
        for_everyone: bool,
        /// Users who match this SCIM filter get a seat
        #[arg(long = "for", value_name = "FILTER")]
        rule: Option<String>,
        #[command(flatten)]
        preview: Preview,
    },
    /// Lists the pools of a tenant.
    #[command(after_help = "Example: rollcall pool list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
    /// Shows a pool with the people who hold a seat and the people who wait.
    #[command(after_help = "Example: rollcall pool show \"Vault Standard\" --count 20")]
    Show {
        /// The pool, by id, or by name where only one tenant has one of that name
        pool: String,
        #[command(flatten)]
        within: Within,
        #[command(flatten)]
        part: Part,
    },
    /// Shows a pool day by day, and the day on which it runs full if it goes on as in the last four weeks.
    #[command(after_help = "Example: rollcall pool history \"Vault Standard\" --days 90\n\
        \n\
        Days are those of the tenant's time zone. The last one is today so far.")]
    History {
        /// The pool, by id, or by name where only one tenant has one of that name
        pool: String,
        #[command(flatten)]
        within: Within,
        /// How many days, today included
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3660))]
        days: u32,
    },
    /// Changes a pool; people who wait get the seats that are new.
    #[command(
        visible_alias = "resize",
        after_help = "Example: rollcall pool update \"Vault Standard\" --seats 250\n         rollcall pool update \"Vault Standard\" --expires 2027-01-31 --policy overage"
    )]
    Update {
        /// The pool, by id, or by name where only one tenant has one of that name
        pool: String,
        #[command(flatten)]
        within: Within,
        #[command(flatten)]
        changes: Changes,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Lists the people who have seats beyond those that were bought, since when and through what.
    #[command(after_help = "Example: rollcall pool overage --tenant \"Northlight Instruments\"\n\
        \n\
        Of a pool with so many seats too many these are the ones that were taken last.")]
    Overage {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
    /// Moves people whose licence was given by hand to another pool of the tenant; each person has a seat all the time.
    #[command(
        after_help = "Example: rollcall pool move \"Vault Trial\" \"Vault Standard\" --filter 'userName sw \"n\"' --preview\n\
        \n\
        People whose licence comes through a group or a rule stay, and so do people for whom the other pool has no seat."
    )]
    Move {
        /// The pool that they are in, by id, or by name where only one tenant has one of that name
        from: String,
        /// The pool that they are to be in
        to: String,
        #[command(flatten)]
        within: Within,
        /// Only people who match this SCIM filter
        #[arg(long)]
        filter: Option<String>,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Deletes a pool: its groups are unbound, and the people in it lose their licence without a grace.
    #[command(after_help = "Example: rollcall pool delete \"Vault Standard\" --expect-people 12")]
    Delete {
        /// The pool, by id, or by name where only one tenant has one of that name
        pool: String,
        #[command(flatten)]
        within: Within,
        #[command(flatten)]
        agreement: Agreement,
    },
}

/// What of a pool is to be another.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Changes {
    /// Its new name
    #[arg(long)]
    name: Option<String>,
    /// Seats bought from now on
    #[arg(long)]
    seats: Option<u32>,
    /// When no seat is left: queue, reject or overage
    #[arg(long, hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(pools::policies()))]
    policy: Option<String>,
    /// The last day on which its seats count, in the tenant's time zone, or the instant from which they do not
    #[arg(long, value_name = "DATE", conflicts_with = "never_expires")]
    expires: Option<String>,
    /// Its seats count for ever
    #[arg(long)]
    never_expires: bool,
    /// Whether every user of the tenant gets a seat: yes or no
    #[arg(long, value_name = "YES|NO", value_parser = PossibleValuesParser::new(["yes", "no"]))]
    for_everyone: Option<String>,
    /// Users who match this SCIM filter get a seat
    #[arg(long = "for", value_name = "FILTER", conflicts_with = "no_rule")]
    rule: Option<String>,
    /// No user gets a seat by a filter any more
    #[arg(long)]
    no_rule: bool,
}

impl From<Changes> for pools::Change {
    fn from(changes: Changes) -> Self {
        let Changes { name, seats, policy, expires, never_expires, for_everyone, rule, no_rule } = changes;
        Self {
            name,
            seats,
            policy,
            expires: if never_expires { Some(None) } else { expires.map(Some) },
            for_everyone: for_everyone.map(|word| word == "yes"),
            rule: if no_rule { Some(None) } else { rule.map(Some) },
        }
    }
}

const COLUMNS: [(&str, &str); 10] = [
    ("Pool", "/name"),
    ("Seats", "/seats"),
    ("Used", "/used"),
    ("Waiting", "/waiting"),
    ("Policy", "/policy"),
    ("Last day", "/lastDay"),
    ("Expires", "/expiresAt"),
    ("For everyone", "/forEveryone"),
    ("For", "/rule"),
    ("Id", "/id"),
];

const OVERAGE: [(&str, &str); 6] = [
    ("Pool", "/poolName"),
    ("Person", "/userName"),
    ("Since", "/since"),
    ("Through", "/through"),
    ("Assigned beyond", "/assignedBeyond"),
    ("Id", "/id"),
];

const OUTLOOK: [(&str, &str); 2] = [("Runs full", "/forecast"), ("Full on", "/fullOn")];

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::Create { tenant, name, seats, policy, expires, for_everyone, rule, preview } => {
            let new = pools::New { tenant, name, seats, policy, expires, for_everyone, rule };
            let operator = admin.operator("pool create");
            let consequences = Box::pin(pools::preview_create(db, &operator, &new));
            if preview.shown(global, &format!("creating the pool {}", new.name), consequences).await? {
                return Ok(());
            }
            let progress = People::begin(global);
            let (mut pool, work) = pools::create(db, &operator, &new).await.map_err(told)?;
            if let Some(work) = work {
                admin.finish(work, |settled| progress.at(settled.people)).await?;
                pool = pools::find(db, &operator, &pool.id.to_string()).await.map_err(told)?;
            }
            progress.end();
            output::created(global, &pool, &sentence("created", &pool))
        }
        Command::List { tenant } => {
            let operator = admin.operator("pool list");
            let pools = pools::outlook(db, &operator, &tenant).await.map_err(told)?;
            output::items(global, &pools, &[&COLUMNS[..], &OUTLOOK].concat())
        }
        Command::Show { pool, within, part } => {
            let operator = admin.operator("pool show").within(within.tenant);
            let shown = pools::show(db, &operator, &pool, part.start - 1, part.count).await.map_err(told)?;
            show(global, &shown)
        }
        Command::History { pool, within, days } => {
            let operator = admin.operator("pool history").within(within.tenant);
            let history = pools::history(db, &operator, &pool, days).await.map_err(told)?;
            show_history(global, &history)
        }
        Command::Update { pool, within, changes, agreement } => {
            let operator = admin.operator("pool update").within(within.tenant);
            let change = pools::Change::from(changes);
            let consequences = Box::pin(pools::preview_update(db, &operator, &pool, &change));
            let what = format!("changing the pool {pool}");
            let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
            let (mut changed, work) =
                pools::update(db, &operator, &pool, &change, agreed).await.map_err(told)?;
            if let Some(work) = work {
                let progress = People::begin(global);
                admin.finish(work, |settled| progress.at(settled.people)).await?;
                progress.end();
                changed = pools::find(db, &operator, &changed.id.to_string()).await.map_err(told)?;
            }
            output::created(global, &changed, &sentence("changed", &changed))
        }
        Command::Overage { tenant } => {
            let operator = admin.operator("pool overage");
            let people = pools::overage(db, &operator, &tenant).await.map_err(told)?;
            output::items(global, &people, &OVERAGE)
        }
        Command::Move { from, to, within, filter, agreement } => {
            let operator = admin.operator("pool move").within(within.tenant);
            let what = format!("moving people from the pool {from} to {to}");
            let wanted = pools::Move { from, to, filter };
            if agreement.is_preview() {
                let plan = Box::pin(pools::preview_move(db, &operator, &wanted)).await.map_err(told)?;
                return show_plan(global, &what, &plan);
            }
            let consequences =
                Box::pin(async { Ok(pools::preview_move(db, &operator, &wanted).await?.consequences) });
            let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
            let (_, work) =
                Box::pin(pools::move_people(db, &operator, &wanted, agreed)).await.map_err(told)?;
            let progress = People::begin(global);
            let settled = admin.finish(work, |settled| progress.at(settled.people)).await?;
            progress.end();
            let left = Box::pin(pools::preview_move(db, &operator, &wanted)).await.map_err(told)?;
            let moved = settled.people.saturating_sub(left.moved + left.stay.len() as u64);
            let people = output::counted(moved, "person", "people");
            let stay = output::counted(left.stay.len() as u64, "person stays", "people stay");
            let done = json!({ "moved": moved, "stay": left.stay });
            output::created(global, &done, &format!("{people} moved, {stay}"))
        }
        Command::Delete { pool, within, agreement } => {
            let operator = admin.operator("pool delete").within(within.tenant);
            let consequences = Box::pin(pools::preview_delete(db, &operator, &pool));
            let what = format!("deleting the pool {pool}");
            let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
            let deleted = pools::delete(db, &operator, &pool, agreed).await;
            let (deleted, consequences, work) = deleted.map_err(told)?;
            let progress = People::begin(global);
            admin.finish(work, |settled| progress.at(settled.people)).await?;
            progress.end();
            let seats = output::counted(consequences.losses.seats, "seat", "seats");
            let people = output::counted(consequences.losses.people, "person", "people");
            output::created(
                global,
                &deleted,
                &format!("pool {} deleted: {people} lost something, {seats} went back", deleted.name),
            )
        }
    }
}

fn show(global: &Global, shown: &pools::Details) -> Result<()> {
    let people = [("Place", "/place"), ("Person", "/userName"), ("Since", "/since")];
    match global.format() {
        Format::Text => {}
        Format::Json => return output::json(shown),
        Format::JsonLines | Format::Csv => {
            let both: Vec<&pools::Holder> = shown.holders.iter().chain(&shown.queue).collect();
            let more =
                [("State", "/state"), ("Overage", "/overage"), ("Priority", "/priority"), ("Id", "/id")];
            let columns = [&people[..], &more].concat();
            return output::items(global, &both, &columns);
        }
    }
    output::details(global, shown, &[&COLUMNS[..], &OUTLOOK].concat())?;
    let priority = |binding: &operations::bindings::Binding| match binding.priority {
        0 => binding.group_name.clone(),
        priority => format!("{} (priority {priority})", binding.group_name),
    };
    let groups: Vec<String> = shown.groups.iter().map(priority).collect();
    output::line(format!(
        "Groups        {}",
        if groups.is_empty() { "–".to_owned() } else { groups.join(", ") }
    ))?;
    output::line("")?;
    output::line("People with a seat, the longest held first")?;
    output::items(global, &shown.holders, &people)?;
    output::line("")?;
    output::line("People who wait, in the order in which they are served")?;
    let queue =
        [("Place", "/place"), ("Person", "/userName"), ("Priority", "/priority"), ("Since", "/since")];
    output::items(global, &shown.queue, &queue)
}

fn show_history(global: &Global, history: &pools::History) -> Result<()> {
    let days = [
        ("Day", "/day"),
        ("Seats", "/seats"),
        ("Used", "/used"),
        ("Waiting", "/waiting"),
        ("Joined", "/joined"),
        ("Left", "/left"),
    ];
    match global.format() {
        Format::Json => return output::json(history),
        Format::JsonLines | Format::Csv => {}
        Format::Text => {
            output::details(
                global,
                history,
                &[&[("Pool", "/name"), ("History since", "/since")], &OUTLOOK[..]].concat(),
            )?;
            output::line("")?;
        }
    }
    output::items(global, &history.days, &days)
}

/// Prints what would follow from a move, and who would stay.
fn show_plan(global: &Global, what: &str, plan: &pools::Plan) -> Result<()> {
    match global.format() {
        Format::Json => return output::json(plan),
        Format::Text => {
            show_consequences(global, what, &plan.consequences)?;
            if plan.stay.is_empty() {
                return Ok(());
            }
            output::line("")?;
            output::line("People who stay")?;
        }
        Format::JsonLines | Format::Csv => {}
    }
    output::items(global, &plan.stay, &[("Person", "/userName"), ("Why", "/why"), ("Through", "/through")])
}

fn sentence(done: &str, pool: &pools::Pool) -> String {
    let (name, used, waiting) = (&pool.name, pool.used, pool.waiting);
    let seats = output::counted(pool.seats.into(), "seat", "seats");
    format!("pool {name} {done}: {seats}, {used} used, {waiting} waiting")
}
