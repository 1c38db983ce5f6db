//! `rollcall key`: the master key, under which secrets in the database are sealed.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use operations::Error;
use operations::keys::MasterKey;
use serde_json::json;
use server::master_key;

use crate::global::{Global, told};
use crate::output;

/// The key under which mail, codes and other secrets in the database are sealed; it is in a file, never in the database.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Makes a key in a new file, which only its owner may read; no database is used.
    #[command(after_help = "Example: rollcall key create /etc/rollcall/master.key\n\
        \n\
        Name the file in master_key_file, for every server of the database. Keep a copy apart from the backups of the database:\n\
        without the key, what is sealed is lost.")]
    Create(File),
    /// Makes a new key, and seals what the present key sealed under it.
    #[command(after_help = "Example: rollcall key rotate /etc/rollcall/master-2027.key\n\
        \n\
        Servers that run go on. Name the new file in master_key_file before the next start; the old key is of no use any more,\n\
        except for backups of the database from before.")]
    Rotate(File),
}

/// Where a key is written.
#[derive(Args)]
pub(crate) struct File {
    /// The new file
    file: PathBuf,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let key = MasterKey::new();
    match command {
        Command::Create(File { file }) => {
            master_key::write(&file, &key)?;
            let said = format!("key written: set master_key_file = \"{}\"", file.display());
            output::created(global, &json!({ "file": file }), &said)
        }
        Command::Rotate(File { file }) => {
            let admin = global.admin().await?;
            // The file comes first: a key that sealed something must not be lost.
            master_key::write(&file, &key)?;
            let keys = match admin.rotate_master_key(&key).await {
                // Nothing was written, so the new key seals nothing.
                Err(error @ Error::Refused(_)) => {
                    _ = std::fs::remove_file(&file);
                    return Err(told(error));
                }
                Err(error) => return Err(told(error).context(kept(&file))),
                Ok(keys) => keys,
            };
            let said = format!(
                "{keys} data {} sealed under the new key: set master_key_file = \"{}\"",
                if keys == 1 { "key is" } else { "keys are" },
                file.display()
            );
            output::created(global, &json!({ "file": file, "dataKeys": keys }), &said)
        }
    }
}

/// What to do with a new key of which it is not known whether it seals anything.
fn kept(file: &Path) -> String {
    format!(
        "the new key stays in {}, because it may seal the data keys already: keep it and the present one until a server \
         has started with one of them",
        file.display()
    )
}
