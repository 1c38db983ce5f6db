//! `rollcall tenant`: customer organisations.

use anyhow::Result;
use clap::{Args, Subcommand};
use operations::tenants;

use crate::agreement::Agreement;
use crate::global::{Global, told};
use crate::output;
use crate::people::People;

/// Customer organisations; everything else belongs to exactly one.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a tenant.
    #[command(
        after_help = "Example: rollcall tenant create \"Northlight Instruments\" --time-zone Europe/Berlin"
    )]
    Create {
        /// Its name, unlike that of any other tenant
        name: String,
        /// Where the last days of its pools end, as the IANA list names it; UTC without it
        #[arg(long, value_name = "ZONE")]
        time_zone: Option<String>,
    },
    /// Lists all tenants.
    #[command(after_help = "Example: rollcall tenant list --json")]
    List,
    /// Shows a tenant with how much is in it.
    #[command(after_help = "Example: rollcall tenant show \"Northlight Instruments\"")]
    Show {
        /// The tenant, by name or id
        tenant: String,
    },
    /// Gives a tenant another name or time zone, and says what its people see in mail and on pages; its pools keep their last
    /// days, which end in the time zone.
    #[command(
        after_help = "Example: rollcall tenant update \"Northlight Instruments\" --name \"Northlight Optics\"\n         rollcall tenant update \"Northlight Instruments\" --time-zone America/New_York\n         rollcall tenant update \"Northlight Instruments\" --application Latchkey --support it@northlight.example\n         rollcall tenant update \"Northlight Instruments\" --remind-after 3,7,14 --quiet-hours 20:00-07:00 --quiet-weekends true"
    )]
    Update {
        /// The tenant, by name or id
        tenant: String,
        #[command(flatten)]
        changes: Box<Changes>,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Deletes a tenant with everything in it: people, groups, pools, connections, tokens, journal and request log.
    ///
    /// Its tokens are refused within seconds. What it held stands in the journal of the installation.
    #[command(
        after_help = "Example: rollcall tenant delete \"Northlight Instruments\" --expect-people 190\n\
        \n\
        Every user of the tenant counts as a person who loses something."
    )]
    Delete {
        /// The tenant, by name or id
        tenant: String,
        #[command(flatten)]
        agreement: Agreement,
    },
}

/// The flags that change a tenant: at least one is given.
const CHANGES: [&str; 17] = [
    "name",
    "time_zone",
    "application",
    "language",
    "support",
    "faq",
    "case",
    "privacy",
    "downloads",
    "remind_after",
    "quiet_hours",
    "quiet_weekends",
    "mails_per_hour",
    "mails_per_domain",
    "stop_at_refused",
    "pool_by_hand",
    "deactivation_notice",
];

/// What of a tenant is to be another.
#[derive(Args)]
#[group(required = true, multiple = true, args = CHANGES)]
pub(crate) struct Changes {
    /// Its new name
    #[arg(long)]
    name: Option<String>,
    /// Where the last days of its pools end from now on, as the IANA list names it
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// What people call the application; empty: nothing in particular
    #[arg(long, value_name = "NAME")]
    application: Option<String>,
    /// The language of mail to people whose own is not known or not spoken here: en or de
    #[arg(long)]
    language: Option<String>,
    /// The e-mail address or page at which people ask; empty: none
    #[arg(long, value_name = "ADDRESS|URL")]
    support: Option<String>,
    /// The page with answers to frequent questions; empty: none
    #[arg(long, value_name = "URL")]
    faq: Option<String>,
    /// The page on which people open a case; empty: none
    #[arg(long, value_name = "URL")]
    case: Option<String>,
    /// The page that says what becomes of personal data; empty: none
    #[arg(long, value_name = "URL")]
    privacy: Option<String>,
    /// Where the application is downloaded, for windows, macos, linux, ios, android, browser or any; may be repeated
    #[arg(long = "download", value_name = "PLATFORM=URL")]
    downloads: Vec<String>,
    /// The pool that people get by hand where none is named, by id or name; empty: none
    #[arg(long, value_name = "POOL")]
    pool_by_hand: Option<String>,
    #[command(flatten)]
    sending: Sending,
}

/// How mail is sent.
#[derive(Args)]
#[group(skip)]
struct Sending {
    /// The days after the invitation on which people are reminded who have not finished, such as 3,7,14; or none
    #[arg(long, value_name = "DAYS|none")]
    remind_after: Option<String>,
    /// When no invitations and reminders leave, in the tenant's time zone, such as 20:00-07:00; or none
    #[arg(long, value_name = "TIMES|none")]
    quiet_hours: Option<String>,
    /// Whether no invitations and reminders leave on Saturdays and Sundays
    #[arg(long)]
    quiet_weekends: Option<bool>,
    /// The most mails in an hour of those that leave in waves: reminders, and invitations of connections with `waves`; 0: no cap
    #[arg(long, value_name = "N")]
    mails_per_hour: Option<u32>,
    /// The most invitations and reminders in an hour to addresses of one domain; 0: no cap
    #[arg(long, value_name = "N")]
    mails_per_domain: Option<u32>,
    /// Stops invitations and reminders when more percent of at least so many mails of an hour were refused for good, such as
    /// 20/50; or none
    #[arg(long, value_name = "PERCENT/MAILS|none")]
    stop_at_refused: Option<String>,
    /// Whether people are told that their access has ended for good
    #[arg(long)]
    deactivation_notice: Option<bool>,
}

impl From<Sending> for tenants::SendingChange {
    fn from(sending: Sending) -> Self {
        Self {
            remind_after: sending.remind_after,
            quiet_hours: sending.quiet_hours,
            quiet_weekends: sending.quiet_weekends,
            per_hour: sending.mails_per_hour,
            per_domain: sending.mails_per_domain,
            stop_at_refused: sending.stop_at_refused,
            deactivation_notice: sending.deactivation_notice,
        }
    }
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    if let Command::Create { name, time_zone } = command {
        // The first command of a new installation.
        let admin = global.admin_of_new().await?;
        let new = tenants::New { name, time_zone };
        let tenant =
            tenants::create(admin.db(), &admin.operator("tenant create"), &new).await.map_err(told)?;
        return output::created(global, &tenant, &format!("tenant {} created", tenant.name));
    }
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::Create { .. } => Ok(()),
        Command::List => {
            let tenants = tenants::list(db).await.map_err(told)?;
            let columns =
                [("Tenant", "/name"), ("Time zone", "/timeZone"), ("Created", "/createdAt"), ("Id", "/id")];
            output::items(global, &tenants, &columns)
        }
        Command::Show { tenant } => {
            let contents = tenants::show(db, &tenant).await.map_err(told)?;
            output::details(global, &contents, &SHOWN)
        }
        Command::Update { tenant, changes, agreement } => {
            let operator = admin.operator("tenant update");
            let Changes {
                name,
                time_zone,
                pool_by_hand,
                application,
                language,
                support,
                faq,
                case,
                privacy,
                downloads,
                sending,
            } = *changes;
            let settings = tenants::SettingsChange {
                application,
                language,
                support,
                faq,
                case,
                privacy,
                downloads,
                sending: sending.into(),
            };
            let change = tenants::Change { name, time_zone, settings, pool_by_hand };
            let consequences = Box::pin(tenants::preview_update(db, &operator, &tenant, &change));
            let what = format!("changing the tenant {tenant}");
            let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
            let (changed, works) =
                tenants::update(db, &operator, &tenant, &change, agreed).await.map_err(told)?;
            let progress = People::begin(global);
            for work in works {
                admin.finish(work, |settled| progress.at(settled.people)).await?;
            }
            progress.end();
            let (name, zone) = (&changed.name, changed.time_zone);
            output::created(global, &changed, &format!("tenant {tenant} changed: {name}, time zone {zone}"))
        }
        Command::Delete { tenant, agreement } => {
            let operator = admin.operator("tenant delete");
            let contents = tenants::show(db, &tenant).await.map_err(told)?;
            let what = format!("deleting the tenant {} with {}", contents.tenant.name, contents.sentence());
            let consequences = async { Ok(contents.consequences()) };
            let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
            let (contents, work) = tenants::delete(db, &operator, &tenant, agreed).await.map_err(told)?;
            let progress = People::begin(global);
            admin.finish(work, |done| progress.at(done.people)).await?;
            progress.end();
            let said = format!("tenant {} deleted with {}", contents.tenant.name, contents.sentence());
            output::created(global, &contents, &said)
        }
    }
}

/// What is shown of a tenant.
const SHOWN: [(&str, &str); 28] = [
    ("tenant", "/name"),
    ("id", "/id"),
    ("time zone", "/timeZone"),
    ("application", "/settings/application"),
    ("language", "/settings/language"),
    ("support", "/settings/support"),
    ("faq", "/settings/faq"),
    ("case", "/settings/case"),
    ("privacy", "/settings/privacy"),
    ("remind after", "/settings/sending/remindAfter"),
    ("quiet from", "/settings/sending/quiet/from"),
    ("quiet until", "/settings/sending/quiet/until"),
    ("no weekends", "/settings/sending/quiet/weekends"),
    ("per hour", "/settings/sending/perHour"),
    ("per domain", "/settings/sending/perDomain"),
    ("stop at (%)", "/settings/sending/refusals/percent"),
    ("of mails", "/settings/sending/refusals/of"),
    ("alerts to", "/settings/sending/alertAddresses"),
    ("final notice", "/settings/sending/deactivationNotice"),
    ("created", "/createdAt"),
    ("people", "/people"),
    ("with access", "/withAccess"),
    ("groups", "/groups"),
    ("pools", "/pools"),
    ("seats held", "/seats"),
    ("waiting", "/waiting"),
    ("connections", "/connections"),
    ("valid tokens", "/tokens"),
];
