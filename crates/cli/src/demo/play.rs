//! The order of things: who pushes when, and how much time passes in between.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use operations::{brake, report, request_log};
use sample_application::{NAME, Person};
use server::Clock;
use server::admin::Admin;
use tokio::task::JoinSet;

use super::application::Application;
use super::cast::{crew, crew_groups, staff, staff_groups};
use super::client::{Client, Space};
use super::directory::Directory;
use super::entra::Entra;
use super::incremental::HERO;
use super::jumpcloud::JumpCloud;
use super::mailbox::Mailbox;
use super::names::{BOUGHT_COMPANY, COMPANY};
use super::progress::Progress;
use super::sample::Page;
use super::stage::{self, Stage};
use super::{DAYS, incremental, initial};
use crate::global::told;

/// How long the server may take for what it does behind its answers.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks whether it is done.
const LOOK: Duration = Duration::from_millis(20);

/// The demo under way.
pub(super) struct Play<'d> {
    admin: &'d Admin,
    clock: &'d Clock,
    progress: &'d Progress,
    pub(super) stage: Stage,
    pub(super) staff: Directory,
    crew: Directory,
    entra: Entra,
    jumpcloud: JumpCloud,
    application: Application,
    /// Where the page of the sample application is.
    pub(super) page: String,
    _served: JoinSet<()>,
    mailbox: &'d Mailbox,
    days: i64,
    /// How many people kept access by the brake.
    pub(super) held: usize,
}

impl<'d> Play<'d> {
    /// Prepares the tenant and the two who push.
    pub(super) async fn new(
        admin: &'d Admin,
        clock: &'d Clock,
        ((site, url), page, mailbox): ((&str, &str), Page, &'d Arc<Mailbox>),
        progress: &'d Progress,
    ) -> Result<Self> {
        let stage = stage::build(admin, page.url()).await?;
        let api = format!("{site}/api/v1");
        let application = Application::new(api.clone(), &stage.application, clock.clone())?;
        let page_url = page.url().to_owned();
        let served = page.serve(api, stage.application.clone(), mailbox).await?;
        let staff = Directory::new(staff(), staff_groups());
        let crew = Directory::new(crew(), crew_groups());
        let client = |token: &str, space| Client::new(url.to_owned(), token.to_owned(), space, clock.clone());
        let entra = Entra::new(
            client(&stage.entra.token, Space::Plus)?,
            progress.bar("Entra ID", initial::entra_steps(&staff)),
        );
        let jumpcloud = JumpCloud::new(
            client(&stage.jumpcloud.token, Space::Percent20)?,
            progress.bar("JumpCloud", initial::jumpcloud_steps(&crew)),
        );
        Ok(Self {
            admin,
            clock,
            progress,
            stage,
            staff,
            crew,
            entra,
            jumpcloud,
            application,
            page: page_url,
            _served: served,
            mailbox,
            days: 0,
            held: 0,
        })
    }

    /// How many requests were sent.
    pub(super) fn requests(&self) -> u64 {
        self.entra.requests() + self.jumpcloud.requests()
    }

    /// All cycles, and what happens between them.
    pub(super) async fn everything(&mut self) -> Result<()> {
        self.progress.say(&format!(
            "{COMPANY} has Entra ID; {BOUGHT_COMPANY}, which it bought, has JumpCloud. Both push into one tenant.\n"
        ))?;
        self.initial_cycles().await?;
        let (groups, people) = stage::bind(self.admin, self.progress, [&self.crew, &self.staff]).await?;
        self.say("Operator", &format!("{groups} groups bound to pools: {people} memberships settled"))?;

        self.days_pass(1);
        self.people_begin().await?;
        let told = incremental::entra_first(&self.entra, &mut self.staff).await?;
        self.say("Entra ID", told)?;
        let told = incremental::jumpcloud_first(&self.jumpcloud, &mut self.crew).await?;
        self.say("JumpCloud", told)?;

        self.days_pass(1);
        let told = incremental::entra_second(&self.entra, &mut self.staff).await?;
        self.say("Entra ID", told)?;
        let told = incremental::jumpcloud_second(&self.jumpcloud, &mut self.crew).await?;
        self.say("JumpCloud", told)?;

        self.days_pass(1);
        let told = incremental::entra_third(&self.entra, &mut self.staff).await?;
        self.say("Entra ID", told)?;

        self.days_pass(1);
        self.filter_goes_wrong().await?;

        // The people who joined last are invited before a week has passed.
        self.clock.advance(TimeDelta::hours(1));
        self.wait(Goal::Invited).await?;
        self.days_pass(DAYS - self.days);
        let over = self.graces_end().await?;
        self.say(
            "Server",
            &format!("the grace of {over} people is over: they are deactivated and their seats free again"),
        )?;
        self.request_log_is_written().await
    }

    /// The invitations arrive; every third person installs the application, and the one whose story is told.
    async fn people_begin(&self) -> Result<()> {
        self.wait(Goal::Invited).await?;
        self.say("Mail", &format!("{} invitations are in the mailboxes", self.mailbox.count()))?;
        let invited = self.application.invited().await?;
        let hero = &self.staff.people[HERO].user_name;
        let begins = |(number, person): &(usize, &Person)| {
            number % 3 == 0 || person.user_name.eq_ignore_ascii_case(hero)
        };
        let begin: Vec<_> = invited.iter().enumerate().filter(begins).map(|(_, person)| person).collect();
        let bar = self.progress.bar(NAME, begin.len());
        for (number, person) in (1..).zip(&begin) {
            self.application.installed_by(person, self.mailbox).await?;
            bar.at(number);
        }
        bar.finish();
        let words = "typed the code from their mail and set a PIN: they are active, with a device";
        self.say(NAME, &format!("{} people installed it, {words}", begin.len()))?;
        self.say(NAME, &format!("its own page is served at {}, for people who try it by hand", self.page))
    }

    /// A person who can install the application: invited, with the mail in the mailbox.
    pub(super) async fn somebody_invited(&self) -> Result<Option<String>> {
        let mut invited = self.application.invited().await?.into_iter();
        let found = invited.find(|person| !self.mailbox.mails(&person.user_name).is_empty());
        Ok(found.map(|person| person.user_name))
    }

    /// The brake holds what a mistake would take, until the mistake is mended.
    async fn filter_goes_wrong(&mut self) -> Result<()> {
        let before = self.suspended().await?;
        incremental::entra_mistaken(&self.entra, &mut self.staff).await?;
        let cut = self.suspended().await? - before;
        self.say("Entra ID", "40 disabled one by one: a filter of the directory went wrong")?;
        let operator = self.admin.operator("demo");
        let held = brake::list(self.admin.db(), &operator, Some(&self.stage.entra.id), None, 1_000).await;
        let held = held.map_err(told)?.len();
        self.held = held;
        self.say("Brake", &format!("{cut} lost access, {held} more keep it until an administrator decides"))?;
        self.days_pass(1);
        let told = incremental::entra_mended(&self.entra, &mut self.staff).await?;
        self.say("Entra ID", told)
    }

    /// Both at once, as two companies do.
    async fn initial_cycles(&mut self) -> Result<()> {
        let entra = initial::entra(&self.entra, &mut self.staff);
        let jumpcloud = initial::jumpcloud(&self.jumpcloud, &mut self.crew);
        tokio::try_join!(entra, jumpcloud)?;
        let cycle = |directory: &Directory, first: usize, requests: u64| {
            format!("initial cycle: {first} people, {} groups, {requests} requests", directory.groups.len())
        };
        self.say("Entra ID", &cycle(&self.staff, super::cast::FIRST_STAFF, self.entra.requests()))?;
        self.say("JumpCloud", &cycle(&self.crew, super::cast::FIRST_CREW, self.jumpcloud.requests()))
    }

    fn say(&self, who: &str, what: &str) -> Result<()> {
        self.progress.say(&format!("day {:2}  {who:<10} {what}", self.days + 1))
    }

    fn days_pass(&mut self, days: i64) {
        self.clock.advance(TimeDelta::days(days));
        self.days += days;
    }

    /// Waits for the server's own timers; says for how many people they rang.
    async fn graces_end(&self) -> Result<u64> {
        let before = self.suspended().await?;
        ensure!(before > 0, "no person is suspended, so no grace can end");
        self.wait(Goal::NobodySuspended).await?;
        Ok(before)
    }

    /// The request log is written behind the answers; the report counts what is in it.
    async fn request_log_is_written(&self) -> Result<()> {
        let (entra, jumpcloud) = (&self.stage.entra.id, &self.stage.jumpcloud.id);
        self.wait(Goal::Logged { connection: entra, requests: self.entra.requests() }).await?;
        self.wait(Goal::Logged { connection: jumpcloud, requests: self.jumpcloud.requests() }).await
    }

    async fn suspended(&self) -> Result<u64> {
        let report = report::of(self.admin.db(), &self.stage.tenant).await.map_err(told)?;
        let suspended = report.people.iter().find(|people| people.id.to_string() == "suspended");
        Ok(suspended.map_or(0, |people| people.people))
    }

    async fn wait(&self, goal: Goal<'_>) -> Result<()> {
        let waiting = async {
            while !self.reached(goal).await? {
                tokio::time::sleep(LOOK).await;
            }
            Ok(())
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.with_context(|| format!("waited {} s in vain until {goal}", PATIENCE.as_secs()))?
    }

    async fn reached(&self, goal: Goal<'_>) -> Result<bool> {
        match goal {
            Goal::Invited => Ok(self.application.awaiting().await? == 0),
            Goal::NobodySuspended => Ok(self.suspended().await? == 0),
            Goal::Logged { connection, requests } => {
                let operator = self.admin.operator("demo");
                let logged = request_log::tail(self.admin.db(), &operator, connection, requests).await;
                let logged = logged.map_err(told)?;
                Ok(u64::try_from(logged.len()) == Ok(requests))
            }
        }
    }
}

/// What the server does behind its answers.
#[derive(Clone, Copy)]
enum Goal<'g> {
    Invited,
    NobodySuspended,
    Logged { connection: &'g str, requests: u64 },
}

impl fmt::Display for Goal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invited => f.write_str("every invitation has arrived"),
            Self::NobodySuspended => f.write_str("every grace has ended"),
            Self::Logged { requests, .. } => write!(f, "{requests} requests are in the request log"),
        }
    }
}
