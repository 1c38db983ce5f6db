//! `rollcall token`: the secrets that identity providers present.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, value_parser};
use operations::tokens::{New, What};
use operations::{oauth, tokens};

use crate::global::{Format, Global, Within, told};
use crate::output;

/// What a connection shows to be let in: bearer tokens, and the secrets, keys and issuers of OAuth; several may be valid at once, so that
/// they can be exchanged without a gap.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a bearer token, or another credential that is asked for, and prints its secret, once: only its hash is stored. It is
    /// valid at once.
    #[command(after_help = "Examples:\n  \
        rollcall token create --connection staff --expires-in-days 365\n  \
        rollcall token create --connection staff --client-secret\n  \
        rollcall token create --connection staff --client-key public.jwk\n  \
        rollcall token create --connection staff --issuer https://sts.windows.net/TENANT/ \
        --audience 8adf8e6e-67b2-4cf2-a259-e3dc5476c621")]
    Create {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        what: Credential,
        /// It is good for reading alone (scope scim.read)
        #[arg(long)]
        read_only: bool,
        /// Days until it expires; without it, it does not
        #[arg(long, value_name = "DAYS", value_parser = value_parser!(u32).range(1..=36_500))]
        expires_in_days: Option<u32>,
    },
    /// Lists the tokens of a connection, without their secrets.
    #[command(after_help = "Example: rollcall token list --connection staff")]
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Shows a token, without its secret.
    #[command(after_help = "Example: rollcall token show --connection staff rollcall_x7Qp")]
    Show {
        #[command(flatten)]
        of: Of,
        /// The id of the token, or its first letters, as `token list` shows them
        token: String,
    },
    /// Changes when a token expires.
    #[command(
        after_help = "Example: rollcall token update --connection staff rollcall_x7Qp --expires-in-days 90"
    )]
    Update {
        #[command(flatten)]
        of: Of,
        /// The id of the token, or its first letters, as `token list` shows them
        token: String,
        /// Days from now until it expires
        #[arg(long, value_name = "DAYS", value_parser = value_parser!(u32).range(1..=36_500))]
        #[arg(required_unless_present = "never_expires", conflicts_with = "never_expires")]
        expires_in_days: Option<u32>,
        /// It does not expire any more
        #[arg(long)]
        never_expires: bool,
    },
    /// Revokes a token; a running server refuses it within seconds (`auth.token_cache_seconds`). It stays in the list.
    #[command(
        visible_alias = "revoke",
        after_help = "Example: rollcall token delete --connection staff 019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8"
    )]
    Delete {
        #[command(flatten)]
        of: Of,
        /// The id of the token, or its first letters, as `token list` shows them
        token: String,
    },
}

/// What is created, if it is no bearer token.
#[derive(Args)]
pub(crate) struct Credential {
    /// A client secret, with which the identity provider gets access tokens from /oauth/token
    #[arg(long, group = "credential")]
    client_secret: bool,
    /// The file of a public key as a JWK: the identity provider signs assertions with the private one
    #[arg(long, value_name = "FILE", group = "credential")]
    client_key: Option<PathBuf>,
    /// The address of public keys as a JWK set
    #[arg(long, value_name = "URL", group = "credential")]
    client_keys: Option<String>,
    /// An issuer whose tokens are believed, such as Entra ID's of your organisation
    #[arg(long, value_name = "URL", group = "credential", requires = "audience")]
    issuer: Option<String>,
    /// Whom the issuer's tokens must be for
    #[arg(long, requires = "issuer")]
    audience: Option<String>,
    /// About whom the issuer's tokens must be; about anyone without it
    #[arg(long, requires = "issuer")]
    subject: Option<String>,
}

impl Credential {
    fn what(self) -> Result<What> {
        if let Some(file) = self.client_key {
            let text = std::fs::read_to_string(&file);
            let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
            return Ok(What::Key(text));
        }
        if let Some(address) = self.client_keys {
            return Ok(What::Keys(address));
        }
        if let (Some(issuer), Some(audience)) = (self.issuer, self.audience) {
            return Ok(What::Issuer { issuer, audience, subject: self.subject });
        }
        Ok(if self.client_secret { What::Secret } else { What::Bearer })
    }
}

/// Whose token it is.
#[derive(Args)]
pub(crate) struct Of {
    /// The connection, by id, or by name where only one tenant has one of that name
    #[arg(long)]
    connection: String,
    #[command(flatten)]
    within: Within,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    let columns = [
        ("Token", "/hint"),
        ("Kind", "/kind"),
        ("Scopes", "/scopes"),
        ("State", "/state"),
        ("Created", "/createdAt"),
        ("Expires", "/expiresAt"),
        ("Last used", "/lastUsedAt"),
        ("Id", "/id"),
    ];
    match command {
        Command::Create { of, what, read_only, expires_in_days } => {
            let operator = admin.operator("token create").within(of.within.tenant);
            let new = New { what: what.what()?, read_only, expires_in_days };
            let created = tokens::create(db, &operator, &of.connection, &new).await.map_err(told)?;
            if global.format() != Format::Text {
                return output::details(global, &created, &[("token", "/token"), ("id", "/id")]);
            }
            output::line(match &new.what {
                What::Bearer => "token created; it is shown this once and valid at once",
                What::Secret => "client secret created; it is shown this once and valid at once",
                What::Key(_) | What::Keys(_) => {
                    "client key added; assertions that are signed with it count at once"
                }
                What::Issuer { .. } => "issuer added; its tokens count at once",
            })?;
            if let Some(client) = &created.client_id {
                output::line(format!("client id  {client}"))?;
                let endpoint = oauth::token_endpoint(db);
                // Without base_url the command does not know where clients reach the server.
                let host = if endpoint.starts_with('/') { "https://YOUR-HOST" } else { "" };
                output::line(format!("token endpoint  {host}{endpoint}"))?;
            }
            if !created.token.is_empty() {
                let name = if new.what == What::Bearer { "token" } else { "client secret" };
                output::line(format!("{name}  {}", created.token))?;
            }
            output::line(format!("id  {}", created.known.id))
        }
        Command::List { of } => {
            let operator = admin.operator("token list").within(of.within.tenant);
            let tokens = tokens::list(db, &operator, &of.connection).await.map_err(told)?;
            output::items(global, &tokens, &columns)
        }
        Command::Show { of, token } => {
            let operator = admin.operator("token show").within(of.within.tenant);
            let token = tokens::show(db, &operator, &of.connection, &token).await.map_err(told)?;
            output::details(global, &token, &columns)
        }
        Command::Update { of, token, expires_in_days, never_expires: _ } => {
            let operator = admin.operator("token update").within(of.within.tenant);
            let updated = tokens::update(db, &operator, &of.connection, &token, expires_in_days);
            let token = updated.await.map_err(told)?;
            let when = token.expires_at.map_or_else(
                || "does not expire any more".to_owned(),
                |at| format!("expires {}", at.format("%Y-%m-%d %H:%M UTC")),
            );
            output::created(global, &token, &format!("token {} {when}", token.hint))
        }
        Command::Delete { of, token } => {
            let operator = admin.operator("token delete").within(of.within.tenant);
            let token = tokens::revoke(db, &operator, &of.connection, &token).await.map_err(told)?;
            output::created(global, &token, &format!("token {} revoked", token.hint))
        }
    }
}
