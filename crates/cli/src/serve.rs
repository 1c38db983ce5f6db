//! `rollcall serve`: the server itself.

use std::future::ready;
use std::pin::pin;

use anyhow::Result;
use clap::Args;
use operations::sign_in;
use server::Server;
use server::admin::Admin;

use crate::global::{Global, told};
use crate::output;

/// Runs the server until it is interrupted; what it accepted by then, it finishes.
#[derive(Args)]
#[command(
    after_help = "Example: rollcall serve --listen 0.0.0.0:8080 --database-url sqlite:///var/lib/rollcall/rollcall.db?mode=rwc\n\
    \n\
    It prints `listening on http://ADDRESS` once it does. Port 0 picks a free port."
)]
pub(crate) struct Arguments {
    /// Address and port to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, global: &Global) -> Result<()> {
    let flags: Vec<(&str, String)> = arguments.listen.into_iter().map(|listen| ("listen", listen)).collect();
    let config = global.settings(&flags)?;
    server::logging::start(&config.log);
    let server = Server::build(config.clone()).await?;
    // Who reads the address may ask for the end at once, so the signals are waited for before it is printed.
    let mut ended = pin!(server::ended());
    tokio::select! {
        biased;
        () = &mut ended => return Ok(()),
        () = ready(()) => {}
    }
    output::line(format!("listening on http://{}", server.address()))?;
    let admin = Admin::open(&config).await?;
    if operations::tenants::list(admin.db()).await.map_err(told)?.is_empty() {
        let first = sign_in::first(admin.db(), &admin.operator("serve")).await.map_err(told)?;
        let link = first.map(|first| format!("{}{}", server.site(), first.path));
        output::lines(how_to_go_on(global, server.scim_url(), link.as_deref()))?;
    }
    drop(admin);
    Ok(server.serve(ended).await?)
}

/// What to do with an empty database: the commands, with this one's own database.
fn how_to_go_on(global: &Global, url: &str, link: Option<&str>) -> Vec<String> {
    let mut with = String::new();
    for (flag, value) in [
        ("--config", global.config.as_ref().map(|file| file.display().to_string())),
        ("--database-url", global.database_url.clone()),
    ] {
        with.extend(value.map(|value| format!(" {flag} '{value}'")));
    }
    let console = link.map(|link| {
        [
            String::new(),
            "The console has no administrator yet. The first owner follows this link, which counts for three days and once:".to_owned(),
            format!("  {link}"),
        ]
    });
    let mut lines: Vec<String> = console.into_iter().flatten().collect();
    lines.extend([
        String::new(),
        "The database is empty. In another terminal, in the same folder:".to_owned(),
        format!("  rollcall tenant create example{with}"),
        format!("  rollcall connection create --tenant example --name directory --profile generic{with}"),
        format!("  rollcall token create --connection directory{with}"),
        format!("  rollcall pool create --tenant example --name licences --seats 25{with}"),
        "Give the identity provider the token and this URL:".to_owned(),
        format!("  {url}"),
        "Once it has pushed a group, bind it, and its members get seats:".to_owned(),
        format!("  rollcall binding create --group 'NAME OF THE GROUP' --pool licences{with}"),
    ]);
    lines
}
