//! `rollcall migrate`: the database to the newest schema.

use anyhow::Result;
use clap::Args;
use server::admin;

use crate::global::Global;
use crate::output;

/// Brings the database to the newest schema; `serve` does the same at start unless `migrate = false`.
#[derive(Args)]
#[command(after_help = "Example: rollcall migrate --database-url postgres://rollcall@db.internal/rollcall")]
pub(crate) struct Arguments {}

pub(crate) async fn run(_: Arguments, global: &Global) -> Result<()> {
    let settings = global.settings(&[])?;
    let names = admin::Admin::migrate(&settings).await?;
    output::note(&format!("the database is {}", admin::Admin::place(&settings)));
    if global.json {
        return output::json(&serde_json::json!({"items": names}));
    }
    match names.len() {
        0 => output::line("the database has the newest schema already"),
        number => {
            let run = output::counted(number as u64, "migration", "migrations");
            output::line(format!("{run} run: {}", names.join(", ")))
        }
    }
}
