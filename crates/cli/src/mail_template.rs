//! `rollcall mail-template`: a tenant's own words in mail.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use operations::mail::{self, templates};
use serde_json::json;

use crate::global::{Global, told};
use crate::mail::show_look;
use crate::output;

/// A tenant's own words in mail.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the kinds of mail in every language, with the parts that are the tenant's own.
    #[command(after_help = "Example: rollcall mail-template list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
    /// Shows a template as it is used: the tenant's own parts, and rollcall's for the others.
    #[command(
        after_help = "Example: rollcall mail-template show --tenant \"Northlight Instruments\" --kind reminder --language de"
    )]
    Show {
        #[command(flatten)]
        which: Which,
        /// Prints one part and nothing else, to begin a file with: subject, text or html
        #[arg(long, value_parser = ["subject", "text", "html"])]
        part: Option<String>,
    },
    /// Saves parts of a template from files. A check comes first, which names the part and the line of each fault.
    #[command(
        after_help = "Example: rollcall mail-template set --tenant \"Northlight Instruments\" --kind reminder --language de --text reminder.txt"
    )]
    #[command(mut_group("Files", |files| files.required(true)))]
    Set {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        files: Files,
    },
    /// Goes back to the template that rollcall brings.
    #[command(
        after_help = "Example: rollcall mail-template delete --tenant \"Northlight Instruments\" --kind reminder --language de"
    )]
    Delete {
        #[command(flatten)]
        which: Which,
    },
    /// Shows how a mail looks, with samples or with the data of a person, and with parts from files before they are saved;
    /// nothing is sent.
    #[command(
        after_help = "Example: rollcall mail-template preview --tenant \"Northlight Instruments\" --kind reminder --language de --text reminder.txt"
    )]
    Preview {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        files: Files,
        /// A person of the tenant, by id or userName
        #[arg(long)]
        user: Option<String>,
        /// Prints the HTML instead of the text
        #[arg(long)]
        as_html: bool,
    },
    /// Lists the variables that templates of a kind may use.
    #[command(after_help = "Example: rollcall mail-template variables --kind reminder")]
    Variables {
        /// The kind of mail, such as reminder
        #[arg(long)]
        kind: String,
    },
}

/// Which template.
#[derive(Args)]
pub(crate) struct Which {
    /// The tenant, by name or id
    #[arg(long)]
    tenant: String,
    /// The kind of mail: invitation, code, reminder, return, deactivated, alert or test
    #[arg(long)]
    kind: String,
    /// The language: en or de
    #[arg(long)]
    language: String,
}

/// The files of the parts.
#[derive(Args)]
#[group(multiple = true)]
pub(crate) struct Files {
    /// The file of the subject
    #[arg(long, value_name = "FILE")]
    subject: Option<PathBuf>,
    /// The file of the text
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// The file of the HTML
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Files {
    fn parts(&self) -> Result<templates::Parts> {
        Ok(templates::Parts {
            subject: self.subject.as_deref().map(read).transpose()?,
            text: self.text.as_deref().map(read).transpose()?,
            html: self.html.as_deref().map(read).transpose()?,
        })
    }
}

impl Which {
    fn look(&self) -> (&str, &str) {
        (&self.kind, &self.language)
    }
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    if let Command::Variables { kind } = &command {
        let variables = templates::variables(kind).map_err(told)?;
        let columns =
            [("Name", "/name"), ("May be empty", "/optional"), ("Link", "/link"), ("Meaning", "/meaning")];
        return output::items(global, &variables, &columns);
    }
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::Variables { .. } => Ok(()),
        Command::List { tenant } => {
            let listed = templates::list(db, &tenant).await.map_err(told)?;
            let columns = [
                ("Kind", "/kind"),
                ("Language", "/language"),
                ("Own parts", "/own"),
                ("Changed", "/changedAt"),
            ];
            output::items(global, &listed, &columns)
        }
        Command::Show { which, part } => {
            let shown = templates::show(db, &which.tenant, which.look()).await.map_err(told)?;
            let templates::Parts { subject, text, html } = &shown.parts;
            let part = match part.as_deref() {
                None => {
                    let columns = [
                        ("kind", "/kind"),
                        ("language", "/language"),
                        ("own parts", "/own"),
                        ("subject", "/subject"),
                        ("text", "/text"),
                        ("html", "/html"),
                    ];
                    return output::details(global, &shown, &columns);
                }
                Some("subject") => subject,
                Some("text") => text,
                Some(_) => html,
            };
            output::lines(part.as_deref().unwrap_or_default().lines().map(str::to_owned))
        }
        Command::Set { which, files } => {
            let parts = files.parts()?;
            let operator = admin.operator("mail-template set");
            let set =
                templates::set(db, &operator, &which.tenant, which.look(), &parts).await.map_err(told)?;
            let said = format!("the template of the {} in {} is saved", set.kind, set.language);
            output::created(global, &set, &said)
        }
        Command::Delete { which } => {
            let operator = admin.operator("mail-template delete");
            let deleted =
                templates::delete(db, &operator, &which.tenant, which.look()).await.map_err(told)?;
            let said = if deleted {
                "the template is the one that rollcall brings"
            } else {
                "there was no own template"
            };
            output::created(global, &json!({ "deleted": deleted }), said)
        }
        Command::Preview { which, files, user, as_html } => {
            let unsaved = files.parts()?;
            let operator = admin.operator("mail-template preview");
            let of = (Some(which.tenant.as_str()), user.as_deref());
            let look = (which.kind.as_str(), Some(which.language.as_str()));
            let shown = mail::preview(db, &operator, of, look, &unsaved).await.map_err(told)?;
            show_look(global, &shown, as_html)
        }
    }
}

/// A part of a template, without the end of its last line.
fn read(file: &Path) -> Result<String> {
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
