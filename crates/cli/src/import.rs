//! `rollcall import`: people from a file.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use operations::Error;
use operations::imports::{self, Options, Row, Summary};
use server::admin::Admin;

use crate::by_hand::LicenceFlags;
use crate::global::{Format, Global, told};
use crate::output;
use crate::people::People;

/// How many rows are written to a result file at a time.
const PORTION: u64 = 1_000;

/// People from a file of comma- or semicolon-separated values, with a name and an e-mail address in each row.
///
/// The file may have a header or none, and be in UTF-8, UTF-16 or Windows-1252.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Example: rollcall import staff.csv --tenant \"Northlight Instruments\" --dry-run\n         rollcall import staff.csv --tenant \"Northlight Instruments\" --licence \"Vault Standard\" --result result.csv"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    new: New,
}

/// A file to import.
#[derive(Args)]
pub(crate) struct New {
    /// The file
    #[arg(required = true)]
    file: Option<PathBuf>,
    /// The tenant, by name or id
    #[arg(long, required = true)]
    tenant: Option<String>,
    /// Which column is what: name, given, family, email or user-name; columns by their names or numbers
    #[arg(long, value_name = "COLUMN=FIELD,…")]
    map: Option<String>,
    #[command(flatten)]
    licence: LicenceFlags,
    /// Says what would become of each row, and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// Writes what became of each row, with the reason, to this file
    #[arg(long, value_name = "FILE.csv")]
    result: Option<PathBuf>,
}

/// Imports that were begun.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the imports of a tenant, the latest first.
    #[command(after_help = "Example: rollcall import list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// The most that are listed
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000))]
        count: u64,
    },
    /// Shows an import: how many rows came to what.
    #[command(
        after_help = "Example: rollcall import show --tenant \"Northlight Instruments\" 0199b0b8-6d5e-7c1f-b9b1-6f0d2f6f9a10 --result result.csv"
    )]
    Show {
        #[command(flatten)]
        which: Which,
        /// Writes what became of each row, with the reason, to this file
        #[arg(long, value_name = "FILE.csv")]
        result: Option<PathBuf>,
    },
    /// Goes on with an import that has stopped; a running server does so by itself.
    #[command(
        after_help = "Example: rollcall import resume --tenant \"Northlight Instruments\" 0199b0b8-6d5e-7c1f-b9b1-6f0d2f6f9a10"
    )]
    Resume {
        #[command(flatten)]
        which: Which,
    },
}

/// An import.
#[derive(Args)]
pub(crate) struct Which {
    /// The tenant, by name or id
    #[arg(long)]
    tenant: String,
    /// The id of the import
    import: String,
}

impl Which {
    fn id(&self) -> Result<imports::ImportId> {
        self.import.parse().with_context(|| format!("\"{}\" is no id of an import", self.import))
    }
}

pub(crate) async fn run(arguments: Arguments, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    match arguments.command {
        Some(Command::List { tenant, count }) => {
            let imports = imports::list(admin.db(), &tenant, count).await.map_err(told)?;
            let columns = [
                ("File", "/name"),
                ("State", "/state"),
                ("Rows", "/rows"),
                ("By", "/operator"),
                ("Begun", "/createdAt"),
                ("Id", "/id"),
            ];
            output::items(global, &imports, &columns)
        }
        Some(Command::Show { which, result }) => {
            let summary = imports::show(admin.db(), &which.tenant, which.id()?).await.map_err(told)?;
            let result = result.map(ResultFile::create).transpose()?;
            finished(global, &admin, &which.tenant, &summary, result).await
        }
        Some(Command::Resume { which }) => {
            let (id, operator) = (which.id()?, admin.operator("import resume"));
            let work = imports::resume(admin.db(), &operator, &which.tenant, id).await.map_err(told)?;
            work_off(global, &admin, work).await?;
            let summary = imports::show(admin.db(), &which.tenant, id).await.map_err(told)?;
            finished(global, &admin, &which.tenant, &summary, None).await
        }
        None => import(global, &admin, arguments.new).await,
    }
}

async fn import(global: &Global, admin: &Admin, new: New) -> Result<()> {
    let New { file, tenant, map, licence, dry_run, result } = new;
    let (path, tenant) = file.zip(tenant).context("a file and a tenant are needed")?;
    let file = File::open(&path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let options = Options { name, mapping: map, licence: licence.wanted() };
    let operator = admin.operator("import");
    // The file is opened first: when the file cannot be written, no person is created.
    let mut result = result.map(ResultFile::create).transpose()?;
    if dry_run {
        let mut failed = Ok(());
        let seen = |row: &Row| {
            if let (Some(writer), Ok(())) = (&mut result, &failed) {
                failed = writer.row(row);
            }
        };
        let tried = imports::dry_run(admin.db(), &operator, &tenant, file, &options, seen).await;
        let (summary, result) = ResultFile::kept_if(tried, result)?;
        failed?;
        result.map(ResultFile::end).transpose()?;
        return show(global, &summary);
    }
    let begun = imports::start(admin.db(), &operator, &tenant, file, &options).await;
    let ((id, work), result) = ResultFile::kept_if(begun, result)?;
    output::note(&format!(
        "the import {id} has begun; a running server goes on with it should this command end"
    ));
    work_off(global, admin, work).await?;
    let summary = imports::show(admin.db(), &tenant, id).await.map_err(told)?;
    finished(global, admin, &tenant, &summary, result).await
}

async fn work_off(global: &Global, admin: &Admin, work: operations::work::Work) -> Result<()> {
    let progress = People::begin(global);
    admin.finish(work, |done| progress.at(done.people)).await?;
    progress.end();
    Ok(())
}

async fn finished(
    global: &Global,
    admin: &Admin,
    tenant: &str,
    summary: &Summary,
    result: Option<ResultFile>,
) -> Result<()> {
    if let (Some(mut writer), Some(id)) = (result, summary.id) {
        let mut after = 0;
        loop {
            let rows = imports::rows(admin.db(), tenant, id, after, PORTION).await.map_err(told)?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            rows.iter().try_for_each(|row| writer.row(row))?;
        }
        writer.end()?;
    }
    show(global, summary)
}

fn show(global: &Global, summary: &Summary) -> Result<()> {
    if global.format() != Format::Text {
        let columns = [("File", "/name"), ("State", "/state"), ("Rows", "/rows"), ("Id", "/id")];
        return output::details(global, summary, &columns);
    }
    output::line(format!(
        "{} ({}): {} rows: {}",
        summary.name,
        summary.state,
        summary.rows,
        summary.sentence()
    ))?;
    if let Some(encoding) = summary.encoding {
        output::line(format!("read as {encoding}"))?;
    }
    if let Some(columns) = &summary.columns {
        output::line(format!("columns: {columns}"))?;
    }
    if let Some(seats) = summary.seats {
        let pool = summary.pool.as_deref().unwrap_or("no pool");
        let text = format!(
            "seats of {pool}: {} needed, {} free, {} missing",
            seats.needed, seats.free, seats.missing
        );
        output::line(text)?;
    }
    if summary.refused() > 0 {
        output::line("--result FILE.csv writes each row with the reason")?;
    }
    if let Some(id) = summary.id {
        output::line(format!("id  {id}"))?;
    }
    Ok(())
}

/// A file with what became of each row.
struct ResultFile {
    writer: BufWriter<File>,
    path: PathBuf,
}

impl ResultFile {
    fn create(path: PathBuf) -> Result<Self> {
        let file = File::create_new(&path);
        let file =
            file.with_context(|| format!("{} cannot be written, or exists already", path.display()))?;
        let mut writer = BufWriter::new(file);
        let heading = ["Line", "Name", "Email", "userName", "Result", "Reason"];
        writeln!(writer, "{}", output::csv_line(heading))?;
        Ok(Self { writer, path })
    }

    /// What was done, with the file; where the work was refused, the empty file is deleted.
    fn kept_if<T>(done: Result<T, Error>, file: Option<Self>) -> Result<(T, Option<Self>)> {
        if let (Err(_), Some(Self { path, .. })) = (&done, &file) {
            // What cannot be removed holds no more than a heading.
            _ = fs::remove_file(path);
        }
        Ok((done.map_err(told)?, file))
    }

    fn row(&mut self, row: &Row) -> Result<()> {
        let (number, verdict) = (row.number.to_string(), row.verdict.as_str());
        let reason = row.reason.as_deref().unwrap_or_default();
        let cells = [&number, &*row.name, &row.email, &row.user_name, verdict, reason];
        writeln!(self.writer, "{}", output::csv_line(cells))?;
        Ok(())
    }

    fn end(mut self) -> Result<()> {
        Ok(self.writer.flush()?)
    }
}
