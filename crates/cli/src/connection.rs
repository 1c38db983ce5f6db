//! `rollcall connection`: the identity providers that push into a tenant.

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{Subcommand, value_parser};
use operations::connections;

use crate::agreement::Agreement;
use crate::global::{Global, Within, told};
use crate::output;
use crate::owners;

/// Identity providers that push into a tenant.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a connection.
    #[command(
        after_help = "Example: rollcall connection create --tenant \"Northlight Instruments\" --name staff --profile generic\n\
        \n\
        A profile is a set of quirks, which are the deviations from the standard that are tolerated; --with and\n\
        --without switch single ones on and off. Every use is counted: `rollcall requests tail`."
    )]
    Create {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Its name, unlike that of any other connection of the tenant
        #[arg(long)]
        name: String,
        /// The product that pushes: entra, jumpcloud, okta, onelogin, google, ping, sailpoint, keycloak or authentik; for
        /// others, generic tolerates what does no harm, interop means the interoperability profile of SCIM, and strict means
        /// the standard to the letter
        #[arg(long, ignore_case = true, hide_possible_values = true)]
        #[arg(value_parser = PossibleValuesParser::new(connections::profiles()))]
        profile: String,
        /// A quirk to tolerate besides those of the profile; may be repeated
        #[arg(long, value_name = "QUIRK")]
        with: Vec<String>,
        /// A quirk of the profile not to tolerate; may be repeated
        #[arg(long, value_name = "QUIRK")]
        without: Vec<String>,
        /// Days for which a suspended person keeps seat and data; 0 deactivates at once
        #[arg(long, value_name = "DAYS", value_parser = value_parser!(u32).range(..=36_500))]
        grace_days: Option<u32>,
        /// Seconds by which an invitation waits, so that a test user is gone before it leaves
        #[arg(long, value_name = "SECONDS")]
        invitation_delay: Option<u32>,
        /// How invitations leave: at-once, in waves (by the tenant's mails per hour), on release (`rollcall invitation release`),
        /// or never, because the application invites by itself
        #[arg(long, value_name = "HOW", ignore_case = true, hide_possible_values = true)]
        #[arg(value_parser = PossibleValuesParser::new(["at-once", "waves", "release", "never"]))]
        invitations: Option<String>,
        /// Sees and writes the users and groups of the whole tenant, and owns none of other connections
        #[arg(long, conflicts_with = "takes_over")]
        shared: bool,
        /// A connection of the tenant whose users and groups become this one's when it writes them; may be repeated
        #[arg(long, value_name = "NAME")]
        takes_over: Vec<String>,
        /// The user name or e-mail address of a test user, such as that of JumpCloud's activation: it gets no seat and no
        /// mail, and is not counted; may be repeated
        #[arg(long, value_name = "ADDRESS")]
        test_user: Vec<String>,
        /// A network or an address that its requests come from, such as 198.51.100.0/24; others are refused; may be repeated
        #[arg(long, value_name = "NETWORK")]
        network: Vec<String>,
    },
    #[command(flatten)]
    Owners(owners::Command),
    /// Shows a connection with what hangs on it.
    #[command(after_help = "Example: rollcall connection show staff --tenant \"Northlight Instruments\"")]
    Show {
        /// The connection, by id, or by name
        connection: String,
        #[command(flatten)]
        within: Within,
    },
    /// Changes a connection; a running server follows within seconds (`auth.token_cache_seconds`).
    ///
    /// People who are suspended already keep the day until which their seat is kept. Users and groups keep their owner when a
    /// connection becomes shared or stops to be, and when it takes over from others: it becomes the owner when it writes them.
    #[command(after_help = "Example: rollcall connection update staff --grace-days 14")]
    Update {
        /// The connection, by id, or by name
        connection: String,
        #[command(flatten)]
        within: Within,
        /// Its new name
        #[arg(long)]
        name: Option<String>,
        /// The product that pushes: entra, jumpcloud, okta, onelogin, google, ping, sailpoint, keycloak or authentik; for
        /// others, generic tolerates what does no harm, interop means the interoperability profile of SCIM, and strict means
        /// the standard to the letter
        #[arg(long, ignore_case = true, hide_possible_values = true)]
        #[arg(value_parser = PossibleValuesParser::new(connections::profiles()))]
        profile: Option<String>,
        /// A quirk to tolerate besides those of the profile; those named now take the place of those named before
        #[arg(long, value_name = "QUIRK")]
        with: Vec<String>,
        /// A quirk of the profile not to tolerate; those named now take the place of those named before
        #[arg(long, value_name = "QUIRK")]
        without: Vec<String>,
        /// Goes back to the quirks of the profile, before those named now count
        #[arg(long)]
        reset_quirks: bool,
        /// Days for which a person who is suspended from now on keeps seat and data; 0 deactivates at once
        #[arg(long, value_name = "DAYS", value_parser = value_parser!(u32).range(..=36_500))]
        grace_days: Option<u32>,
        /// Seconds by which an invitation waits that is owed from now on
        #[arg(long, value_name = "SECONDS")]
        invitation_delay: Option<u32>,
        /// How invitations leave: at-once, in waves (by the tenant's mails per hour), on release (`rollcall invitation release`),
        /// or never, because the application invites by itself
        #[arg(long, value_name = "HOW", ignore_case = true, hide_possible_values = true)]
        #[arg(value_parser = PossibleValuesParser::new(["at-once", "waves", "release", "never"]))]
        invitations: Option<String>,
        /// The most people from whom its pushes may take access within the window of the brake; 0 switches the brake off
        #[arg(long, value_name = "N")]
        brake_people: Option<u32>,
        /// The most percent of its people, but never fewer than five people
        #[arg(long, value_name = "PERCENT", value_parser = value_parser!(u32).range(1..=100))]
        brake_percent: Option<u32>,
        /// The hours of the window
        #[arg(long, value_name = "HOURS", value_parser = value_parser!(u32).range(1..=8_760))]
        brake_hours: Option<u32>,
        /// Whether it sees and writes the users and groups of the whole tenant; it keeps those that it owns, and the others
        /// keep their owner
        #[arg(long)]
        shared: Option<bool>,
        /// A connection of the tenant whose users and groups become this one's when it writes them; may be repeated, and
        /// those named now take the place of those named before
        #[arg(long, value_name = "NAME")]
        takes_over: Vec<String>,
        /// Takes over from no connection any more
        #[arg(long, conflicts_with = "takes_over")]
        takes_over_none: bool,
        /// The user name or e-mail address of a test user, who gets no seat and no mail, and is not counted; may be
        /// repeated, and those named now take the place of those named before
        #[arg(long, value_name = "ADDRESS")]
        test_user: Vec<String>,
        /// Knows no test user any more
        #[arg(long, conflicts_with = "test_user")]
        test_user_none: bool,
        /// A network or an address that its requests come from; may be repeated, and those named now take the place of those
        /// named before
        #[arg(long, value_name = "NETWORK")]
        network: Vec<String>,
        /// Its requests come from everywhere
        #[arg(long, conflicts_with = "network")]
        network_any: bool,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Lists the connections of a tenant.
    #[command(after_help = "Example: rollcall connection list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    match command {
        Command::Create {
            tenant,
            name,
            profile,
            with,
            without,
            grace_days,
            invitation_delay,
            invitations,
            shared,
            takes_over,
            test_user,
            network,
        } => {
            let new = connections::New {
                tenant,
                name,
                profile,
                with,
                without,
                grace_days,
                invitation_delay_seconds: invitation_delay,
                invitations,
                shared,
                takes_over,
                test_users: test_user,
                networks: network,
            };
            let connection = connections::create(admin.db(), &admin.operator("connection create"), &new)
                .await
                .map_err(told)?;
            let said = format!("connection {} created, profile {}", connection.name, connection.profile);
            output::created(global, &connection, &said)
        }
        Command::Owners(command) => owners::run(command, &admin, global).await,
        Command::Show { connection, within } => {
            let operator = admin.operator("connection show").within(within.tenant);
            let shown = connections::show(admin.db(), &operator, &connection).await.map_err(told)?;
            output::details(global, &shown, &SHOWN)
        }
        Command::Update {
            connection,
            within,
            name,
            profile,
            with,
            without,
            reset_quirks,
            grace_days,
            invitation_delay,
            invitations,
            brake_people,
            brake_percent,
            brake_hours,
            shared,
            takes_over,
            takes_over_none,
            test_user,
            test_user_none,
            network,
            network_any,
            agreement,
        } => {
            let operator = admin.operator("connection update").within(within.tenant);
            let named = |quirks: Vec<String>| (reset_quirks || !quirks.is_empty()).then_some(quirks);
            let change = connections::Change {
                name,
                profile,
                with: named(with),
                without: named(without),
                grace_days,
                invitation_delay_seconds: invitation_delay,
                invitations,
                brake_people,
                brake_percent,
                brake_hours,
                shared,
                takes_over: (takes_over_none || !takes_over.is_empty()).then_some(takes_over),
                test_users: (test_user_none || !test_user.is_empty()).then_some(test_user),
                networks: (network_any || !network.is_empty()).then_some(network),
            };
            let consequences =
                Box::pin(connections::preview_update(admin.db(), &operator, &connection, &change));
            let what = format!("changing the connection {connection}");
            let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
            let updated = connections::update(admin.db(), &operator, &connection, &change, agreed);
            let updated = updated.await.map_err(told)?;
            output::created(global, &updated, &format!("connection {} changed", updated.name))
        }
        Command::List { tenant } => {
            let connections = connections::list(admin.db(), &tenant).await.map_err(told)?;
            output::items(global, &connections, &LISTED)
        }
    }
}

/// The columns of a list of connections.
const LISTED: [(&str, &str); 6] = [
    ("Connection", "/name"),
    ("Profile", "/profile"),
    ("With", "/with"),
    ("Without", "/without"),
    ("Grace (s)", "/graceSeconds"),
    ("Id", "/id"),
];

/// The fields of a connection, in the order in which they are shown.
const SHOWN: [(&str, &str); 21] = [
    ("connection", "/name"),
    ("id", "/id"),
    ("tenant", "/tenant"),
    ("created", "/createdAt"),
    ("profile", "/profile"),
    ("with", "/with"),
    ("without", "/without"),
    ("tolerates", "/quirks"),
    ("grace (s)", "/graceSeconds"),
    ("invitation delay (s)", "/invitationDelaySeconds"),
    ("invitations", "/invitations"),
    ("brake (people)", "/brake/people"),
    ("brake (percent)", "/brake/percent"),
    ("brake (hours)", "/brake/hours"),
    ("shared", "/shared"),
    ("takes over", "/takesOver"),
    ("test users", "/testUsers"),
    ("valid tokens", "/tokens"),
    ("people", "/people"),
    ("groups", "/groups"),
    ("last request", "/lastRequestAt"),
];
