//! The binary `rollcall`: flags to functions of the server, results to standard output.

mod administrator;
mod agreement;
mod api_token;
mod binding;
mod brake;
mod by_hand;
mod completions;
mod config;
mod connection;
mod demo;
mod domain;
mod global;
mod grant;
mod group;
mod healthcheck;
mod import;
mod invitation;
mod journal;
mod key;
mod mail;
mod mail_template;
mod migrate;
mod output;
mod owners;
mod people;
mod permission;
mod pool;
mod reminder;
mod requests;
mod schema;
mod serve;
mod stream;
mod table;
mod tenant;
mod token;
mod user;
mod webhook;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use global::Global;

/// Less memory and lower latency under many small allocations than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A SCIM 2.0 provisioning server: identity providers push people and groups, rollcall makes enrolments, seats and
/// deactivations of them.
///
/// Every setting can also be given in the environment (`ROLLCALL_LISTEN`, `ROLLCALL_DATABASE_URL`,
/// `ROLLCALL_LIMITS__BURST`, ...); `rollcall config check` shows all of them with their values and where each is from.
/// Exit codes: 0 done, 1 failed, 2 the command line is wrong.
#[derive(Parser)]
#[command(name = "rollcall", version, arg_required_else_help = true, subcommand_required = true)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Demo(demo::Arguments),
    #[command(subcommand)]
    Tenant(tenant::Command),
    #[command(subcommand)]
    Connection(connection::Command),
    #[command(subcommand)]
    Token(token::Command),
    #[command(subcommand)]
    Administrator(administrator::Command),
    #[command(subcommand)]
    Permission(permission::Command),
    #[command(subcommand)]
    ApiToken(api_token::Command),
    #[command(subcommand)]
    Pool(pool::Command),
    #[command(subcommand)]
    Binding(binding::Command),
    #[command(subcommand)]
    Brake(brake::Command),
    #[command(subcommand)]
    Grant(grant::Command),
    #[command(subcommand)]
    User(user::Command),
    #[command(subcommand)]
    Group(group::Command),
    #[command(subcommand)]
    Domain(domain::Command),
    Import(import::Arguments),
    #[command(subcommand)]
    Journal(journal::Command),
    #[command(subcommand)]
    Requests(requests::Command),
    #[command(subcommand)]
    Mail(mail::Command),
    #[command(subcommand)]
    Webhook(webhook::Command),
    #[command(subcommand)]
    Stream(stream::Command),
    #[command(subcommand)]
    MailTemplate(mail_template::Command),
    #[command(subcommand)]
    Invitation(invitation::Command),
    #[command(subcommand)]
    Reminder(reminder::Command),
    #[command(subcommand)]
    Key(key::Command),
    Migrate(migrate::Arguments),
    #[command(subcommand)]
    Schema(schema::Command),
    #[command(subcommand)]
    Config(config::Command),
    Healthcheck(healthcheck::Arguments),
    Completions(completions::Arguments),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse().and_then(Arguments::checked) {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    let runtime = match arguments.command.runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(&format!("no threads can be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&output::causes(&error));
            ExitCode::FAILURE
        }
    }
}

impl Command {
    /// What runs the command: several threads for a server, and this one for the others, which then need no thread that the
    /// system might refuse.
    fn runtime(&self) -> std::io::Result<tokio::runtime::Runtime> {
        use tokio::runtime::Builder;
        if !matches!(self, Self::Serve(_) | Self::Demo(_)) {
            return Builder::new_current_thread().enable_all().build();
        }
        // Where the system refuses a thread, the runtime panics and then waits for ever for the threads that it has.
        let reported = std::panic::take_hook();
        std::panic::set_hook(Box::new(|panic| {
            output::error(&format!("no threads can be started: {panic}"));
            std::process::exit(1);
        }));
        let runtime = Builder::new_multi_thread().enable_all().build();
        std::panic::set_hook(reported);
        runtime
    }
}

impl Arguments {
    /// Refuses flags of every command where one has no use for them.
    fn checked(self) -> Result<Self, clap::Error> {
        let Global { config, database_url, .. } = &self.global;
        if matches!(self.command, Command::Demo(_)) && (config.is_some() || database_url.is_some()) {
            let flag = if config.is_some() { "--config" } else { "--database-url" };
            let said = format!(
                "the demo brings its own database and settings: leave {flag} out, --data-dir keeps its data"
            );
            return Err(Self::command().error(ErrorKind::ArgumentConflict, said));
        }
        Ok(self)
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let global = &arguments.global;
    match arguments.command {
        Command::Serve(arguments) => serve::run(arguments, global).await,
        Command::Demo(arguments) => Box::pin(demo::run(arguments, global)).await,
        Command::Tenant(command) => tenant::run(command, global).await,
        Command::Connection(command) => connection::run(command, global).await,
        Command::Token(command) => token::run(command, global).await,
        Command::Administrator(command) => administrator::run(command, global).await,
        Command::Permission(command) => permission::run(command, global).await,
        Command::ApiToken(command) => api_token::run(command, global).await,
        Command::Pool(command) => pool::run(command, global).await,
        Command::Binding(command) => binding::run(command, global).await,
        Command::Brake(command) => brake::run(command, global).await,
        Command::Grant(command) => grant::run(command, global).await,
        Command::User(command) => user::run(command, global).await,
        Command::Group(command) => group::run(command, global).await,
        Command::Import(arguments) => import::run(arguments, global).await,
        Command::Domain(command) => domain::run(command, global).await,
        Command::Journal(command) => journal::run(command, global).await,
        Command::Requests(command) => requests::run(command, global).await,
        Command::Mail(command) => mail::run(command, global).await,
        Command::Webhook(command) => webhook::run(command, global).await,
        Command::Stream(command) => stream::run(command, global).await,
        Command::MailTemplate(command) => mail_template::run(command, global).await,
        Command::Invitation(command) => invitation::run(command, global).await,
        Command::Reminder(command) => reminder::run(command, global).await,
        Command::Key(command) => key::run(command, global).await,
        Command::Migrate(arguments) => migrate::run(arguments, global).await,
        Command::Schema(command) => schema::run(&command, global),
        Command::Config(command) => config::run(&command, global),
        Command::Healthcheck(arguments) => healthcheck::run(arguments, global).await,
        Command::Completions(arguments) => completions::run(&arguments, Arguments::command()),
    }
}

/// Help and version as asked for; anything else is a wrong command line, said in one line.
fn refuse(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // When standard output is closed, no reader is left to be told.
            _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            _ = error.print();
            ExitCode::from(2)
        }
        _ => {
            let text = error.to_string();
            let said = text.split("\n\nUsage:").next().unwrap_or(&text);
            let said = said.split("\n\nFor more information").next().unwrap_or(said);
            output::error(&format!(
                "{} (rollcall help shows the commands)",
                said.trim_start_matches("error: ").trim()
            ));
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command without commands of its own, if its help shows no example of it.
    fn leaves(command: &clap::Command, path: &str, without: &mut Vec<String>) {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let path = format!("{path} {}", sub.get_name());
            let after = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            if sub.get_subcommands().next().is_none()
                && !after.contains(&format!("{path} "))
                && !after.ends_with(&path)
            {
                without.push(path.clone());
            }
            leaves(sub, &path, without);
        }
    }

    #[test]
    fn the_commands_hold_together_and_each_shows_an_example() {
        Arguments::command().debug_assert();
        let mut without = Vec::new();
        leaves(&Arguments::command(), "rollcall", &mut without);
        assert!(without.is_empty(), "no example in the help of: {without:?}");
    }
}
