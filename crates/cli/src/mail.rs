//! `rollcall mail`: the mail to people, the state of each mail, and its text.

use anyhow::Result;
use clap::{Subcommand, value_parser};
use operations::mail::{self, Query, templates::Parts};
use serde_json::json;

use crate::global::{Format, Global, told};
use crate::output;

/// Mail to people: waiting mail, sent mail, and the text of each mail.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the mail of a tenant, the latest first.
    #[command(after_help = "Example: rollcall mail list --tenant \"Northlight Instruments\" --state refused")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Only mail of this state: waiting, queued, held, sent, refused, given-up or withdrawn
        #[arg(long)]
        state: Option<String>,
        /// Only mail of this kind, such as invitation or code
        #[arg(long)]
        kind: Option<String>,
        /// Only mail about this person, by userName or id
        #[arg(long)]
        user: Option<String>,
        /// The most that are shown
        #[arg(long, default_value_t = 50, value_name = "N", value_parser = value_parser!(u64).range(1..=100_000))]
        count: u64,
    },
    /// Shows a mail with what it says. A code that was sent is not kept.
    #[command(
        after_help = "Example: rollcall mail show --tenant \"Northlight Instruments\" 019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8"
    )]
    Show {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// The mail, by id
        mail: String,
        /// Prints the HTML instead of the text
        #[arg(long)]
        html: bool,
    },
    /// Has mail sent that is held because it was written long before it could be sent. Invitations are written anew.
    #[command(after_help = "Example: rollcall mail send --tenant \"Northlight Instruments\"")]
    Send {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
    /// Lets invitations and reminders leave again that stopped because too much mail was refused for good.
    #[command(after_help = "Example: rollcall mail resume --tenant \"Northlight Instruments\"")]
    Resume {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
    /// Shows how a mail to a person would look, in the tenant's words and the person's language; nothing is sent.
    #[command(
        after_help = "Example: rollcall mail preview --user noor.halvorsen@northlight.example --kind reminder"
    )]
    Preview {
        /// The person, by id, or by userName where only one tenant has one of that name
        #[arg(long)]
        user: String,
        /// The tenant in which to look, by name or id
        #[arg(long)]
        tenant: Option<String>,
        /// The kind of mail: invitation, code, reminder, return or deactivated
        #[arg(long)]
        kind: String,
        /// The language, such as de, instead of the person's
        #[arg(long)]
        language: Option<String>,
        /// Prints the HTML instead of the text
        #[arg(long)]
        html: bool,
    },
    /// Sends a mail to an address, with samples in the tenant's words.
    #[command(
        after_help = "Example: rollcall mail test --tenant \"Northlight Instruments\" --to ingrid@northlight.example"
    )]
    Test {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// The address
        #[arg(long)]
        to: String,
        /// The kind of mail, such as invitation
        #[arg(long, default_value = "test")]
        kind: String,
        /// The language, such as de, instead of the tenant's
        #[arg(long)]
        language: Option<String>,
    },
    /// Asks the mail server of the settings whether it would take mail; none is sent.
    #[command(after_help = "Example: rollcall mail check")]
    Check,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::List { tenant, state, kind, user, count } => {
            let query = Query { state, kind, user, after: None, most: count };
            let mails = mail::list(db, &admin.operator("mail list"), &tenant, &query).await.map_err(told)?;
            let columns = [
                ("Written", "/createdAt"),
                ("Kind", "/kind"),
                ("To", "/recipient"),
                ("State", "/state"),
                ("Tries", "/attempts"),
                ("Answer", "/said"),
                ("Id", "/id"),
            ];
            output::items(global, &mails, &columns)
        }
        Command::Show { tenant, mail, html } => {
            let shown = mail::show(db, &admin.operator("mail show"), &tenant, &mail).await.map_err(told)?;
            if global.format() != Format::Text {
                return output::details(global, &shown, &[]);
            }
            let columns = [
                ("to", "/recipient"),
                ("subject", "/subject"),
                ("kind", "/kind"),
                ("state", "/state"),
                ("tries", "/attempts"),
                ("answer", "/said"),
                ("written", "/createdAt"),
                ("sent", "/sentAt"),
            ];
            output::details(global, &shown, &columns)?;
            let body = if html { shown.html } else { shown.text };
            let body = body.unwrap_or_else(|| "What the mail said is not kept.".to_owned());
            output::lines(std::iter::once(String::new()).chain(body.lines().map(str::to_owned)))
        }
        Command::Send { tenant } => {
            let released = mail::release(db, &admin.operator("mail send"), &tenant).await.map_err(told)?;
            let said = match released {
                0 => "no mail is held".to_owned(),
                1 => "1 mail is sent by the server now".to_owned(),
                many => format!("{many} mails are sent by the server now"),
            };
            output::created(global, &json!({ "mails": released }), &said)
        }
        Command::Resume { tenant } => {
            let resumed = mail::resume(db, &admin.operator("mail resume"), &tenant).await.map_err(told)?;
            let said = if resumed { "invitations and reminders leave again" } else { "mail had not stopped" };
            output::created(global, &json!({ "resumed": resumed }), said)
        }
        Command::Preview { user, tenant, kind, language, html } => {
            let (of, look) = ((tenant.as_deref(), Some(user.as_str())), (kind.as_str(), language.as_deref()));
            let operator = admin.operator("mail preview");
            let shown = mail::preview(db, &operator, of, look, &Parts::default()).await.map_err(told)?;
            show_look(global, &shown, html)
        }
        Command::Test { tenant, to, kind, language } => {
            let operator = admin.operator("mail test");
            let (to, look) = ((tenant.as_str(), to.as_str()), (kind.as_str(), language.as_deref()));
            let id = mail::test(db, &operator, to, look, &Parts::default()).await.map_err(told)?;
            let said = format!("a test mail to {} is sent by the server now", to.1);
            output::created(global, &json!({ "id": id }), &said)
        }
        Command::Check => {
            let said = if admin.check_mail().await? {
                "the mail server would take mail"
            } else {
                "no mail server is set: mail stays in the outbox, set mail.smtp_host"
            };
            output::created(global, &json!({ "said": said }), said)
        }
    }
}

/// Prints how a mail looks.
pub(crate) fn show_look(global: &Global, look: &mail::Look, html: bool) -> Result<()> {
    if global.format() != Format::Text {
        return output::details(global, look, &[]);
    }
    let columns = [("subject", "/subject"), ("kind", "/kind"), ("language", "/language")];
    output::details(global, look, &columns)?;
    let body = if html { &look.html } else { &look.text };
    output::lines(std::iter::once(String::new()).chain(body.lines().map(str::to_owned)))
}
