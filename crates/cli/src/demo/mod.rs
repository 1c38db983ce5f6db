//! `rollcall demo`: a company and the one it bought, two directories that push, and what becomes of each person.
//!
//! The server runs in this process and is spoken to over HTTP, in each product's own dialect. Everything is invented
//! and the same on every run; a clock that is moved by hand lets eleven days pass in a few seconds.

mod application;
mod cast;
mod client;
mod directory;
mod entra;
mod incremental;
mod initial;
mod jumpcloud;
mod mailbox;
mod names;
mod play;
mod progress;
mod report;
mod sample;
mod stage;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use clap::Args;
use operations::sign_in;
use server::admin::Admin;
use server::{Clock, Config, Server};
use tokio::sync::oneshot;

use crate::global::{Global, told};
use crate::output;
use mailbox::Mailbox;
use play::Play;
use progress::Progress;
use sample::Page;

/// Days that the demo plays.
const DAYS: i64 = 11;

/// Plays the pushes of two identity providers against a server of its own, and reports what became of each person.
///
/// About 200 invented people in 20 groups: an initial cycle and several incremental ones of Entra ID and of JumpCloud, with
/// joiners, movers, leavers, people who come back, a person who is in both directories, and a licence pool that is too
/// small. No setting of yours is used and no data of yours touched.
#[derive(Args)]
#[command(after_help = "Example: rollcall demo\n         rollcall demo --exit --data-dir ./demo-data")]
pub(crate) struct Arguments {
    /// Address and port of the demo's server; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: String,
    /// Keep the demo's data in this folder instead of one that is removed at the end
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// End after the report instead of serving on
    #[arg(long)]
    exit: bool,
}

pub(crate) async fn run(arguments: Arguments, global: &Global) -> Result<()> {
    ensure!(!global.json, "the demo's report is for people: leave --json out");
    let temporary = tempfile::Builder::new().prefix("rollcall-demo-").tempdir();
    let temporary = temporary.context("no temporary folder can be made")?;
    let folder = arguments.data_dir.as_deref().unwrap_or(temporary.path());
    let (mailbox, port, _mail_server) = Mailbox::open().await?;
    let config = settings(&arguments.listen, folder, port)?;
    server::logging::start(&config.log);

    // Besides the days, the requests take their time.
    let clock = Clock::standing_at(Clock::system().now() - TimeDelta::days(DAYS) - TimeDelta::hours(2));
    let admin = Admin::open_with(&config, clock.clone()).await?;
    let server = Server::build_with(config, clock.clone()).await?;
    let (site, url) = (server.site().to_owned(), server.scim_url().to_owned());
    let database = format!("sqlite://{}?mode=rwc", folder.join("rollcall.db").display());
    let is_kept = !arguments.exit || arguments.data_dir.is_some();
    let after = After {
        url: (!arguments.exit).then_some(url.as_str()),
        database: is_kept.then_some(database.as_str()),
    };

    let (stop, stopped) = oneshot::channel::<()>();
    let serving = server.serve(async {
        // The other end goes when the demo is over, however that came.
        _ = stopped.await;
    });
    let playing = async {
        let shown = tokio::select! {
            shown = show(&admin, &clock, (&site, &url), &mailbox, &after) => shown,
            () = server::ended() => Ok(()),
        };
        // Open databases end with the server.
        drop((admin, stop));
        shown
    };
    let (served, shown) = tokio::join!(serving, playing);
    shown?;
    Ok(served?)
}

/// What is there when the report was read.
struct After<'a> {
    /// The SCIM base URL of a server that stays up.
    url: Option<&'a str>,
    /// The URL of a database that stays.
    database: Option<&'a str>,
}

/// Plays, reports, and serves on if it is to.
async fn show(
    admin: &Admin,
    clock: &Clock,
    (site, url): (&str, &str),
    mailbox: &Arc<Mailbox>,
    after: &After<'_>,
) -> Result<()> {
    let progress = Progress::on_terminal_or_plain();
    let started = Instant::now();
    let mut play = Play::new(admin, clock, ((site, url), Page::open().await?, mailbox), &progress).await?;
    play.everything().await?;
    let (requests, seconds) = (play.requests(), started.elapsed().as_secs_f64());
    progress.say(&format!("{requests} requests, each answered as it should be, in {seconds:.1} s\n"))?;
    output::lines(report::lines(admin, &play).await?)?;
    if let Some(url) = after.url {
        let (operator, tenant) = (admin.operator("demo"), Some(play.stage.tenant.as_str()));
        let link = sign_in::sign_in_link(admin.db(), &operator, tenant, stage::OWNER).await.map_err(told)?;
        output::lines(report::to_try(&play, url, &format!("{site}{}", link.path)).await?)?;
    }
    output::lines(after.database.map(|database| report::to_look_at(&play, database)).unwrap_or_default())?;
    if after.url.is_some() {
        tick(clock).await;
    }
    Ok(())
}

/// Lets the clock go like any other, for as long as this is waited for.
async fn tick(clock: &Clock) {
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tick.tick().await;
        clock.advance((Clock::system().now() - clock.now()).max(TimeDelta::zero()));
    }
}

/// The demo's own settings: none of the environment, so that no real database is filled with invented people.
fn settings(listen: &str, folder: &Path, mail_port: u16) -> Result<Config> {
    let flags = [
        ("mail.smtp_host", "127.0.0.1".to_owned()),
        ("mail.smtp_port", mail_port.to_string()),
        ("mail.smtp_security", "none".to_owned()),
        ("mail.from", "Rollcall <rollcall@northlight.example>".to_owned()),
        ("listen", listen.to_owned()),
        ("data_dir", folder.display().to_string()),
        ("limits.requests_per_second", "0".to_owned()),
        ("jobs.poll_seconds", "1".to_owned()),
        ("log.level", "warn".to_owned()),
    ];
    Ok(Config::from_sources(None, &[], &flags)?)
}
