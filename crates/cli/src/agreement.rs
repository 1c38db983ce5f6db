//! How an operator looks at what would follow, and agrees to what people lose: by a flag, or by an answer at a terminal.

use std::io::{self, IsTerminal, Write};

use anyhow::{Result, bail};
use clap::Args;
use operations::consequences::{Agreed, Consequences, Share};
use operations::groups::Dynamic;
use serde::Serialize;

use crate::global::{Format, Global, told};
use crate::output;
use crate::table::block;

/// The flag of a command from which something follows for people.
#[derive(Args)]
pub(crate) struct Preview {
    /// Prints who would get and lose what, and changes nothing
    #[arg(long)]
    preview: bool,
}

impl Preview {
    /// Whether that is all that was asked for; then it is printed. `consequences` is asked for only then.
    ///
    /// # Errors
    /// When `consequences` fails.
    pub(crate) async fn shown(
        &self,
        global: &Global,
        what: &str,
        consequences: impl Future<Output = Result<Consequences, operations::Error>>,
    ) -> Result<bool> {
        if self.preview {
            show(global, what, &consequences.await.map_err(told)?)?;
        }
        Ok(self.preview)
    }
}

/// Flags of a command by which people lose nothing, and whose outcome may be agreed to.
#[derive(Args)]
pub(crate) struct Expected {
    /// Does it if what would follow is exactly what a preview with this tag told
    #[arg(long, value_name = "TAG", conflicts_with = "preview")]
    expect_tag: Option<String>,
    #[command(flatten)]
    preview: Preview,
}

impl Expected {
    /// What the operator agreed to. None when only a preview was asked for, which is printed; `consequences` is asked for only
    /// then.
    ///
    /// # Errors
    /// When `consequences` fails.
    pub(crate) async fn agreed(
        self,
        global: &Global,
        what: &str,
        consequences: impl Future<Output = Result<Consequences, operations::Error>>,
    ) -> Result<Option<Agreed>> {
        if self.preview.shown(global, what, consequences).await? {
            return Ok(None);
        }
        Ok(Some(self.expect_tag.map_or(Agreed::Nothing, Agreed::Verdicts)))
    }
}

/// Flags of a command by which people may lose something.
#[derive(Args)]
pub(crate) struct Agreement {
    #[command(flatten)]
    preview: Preview,
    /// Does it without a question, whatever people lose
    #[arg(long, conflicts_with_all = ["expect_people", "expect_tag", "preview"])]
    yes: bool,
    /// Does it if exactly so many people lose a seat, a place in a queue or their access; for scripts
    #[arg(long, value_name = "N", conflicts_with_all = ["expect_tag", "preview"])]
    expect_people: Option<u64>,
    /// Does it if what would follow is exactly what a preview with this tag told
    #[arg(long, value_name = "TAG", conflicts_with = "preview")]
    expect_tag: Option<String>,
}

impl From<Preview> for Agreement {
    /// For a command by which people lose nothing.
    fn from(preview: Preview) -> Self {
        Self { preview, yes: false, expect_people: None, expect_tag: None }
    }
}

impl Agreement {
    /// Whether the operator says how many people lose something.
    pub(crate) fn by_number_of_people(&self) -> bool {
        self.expect_people.is_some()
    }

    /// Whether only a preview was asked for.
    pub(crate) const fn is_preview(&self) -> bool {
        self.preview.preview
    }

    /// What the operator agreed to: by a flag, or by the answer to a question at a terminal.
    /// `consequences` is asked for only then. None when only a preview was asked for, which is printed.
    ///
    /// # Errors
    /// When the answer is no, or `consequences` fails.
    pub(crate) async fn agreed(
        &self,
        global: &Global,
        what: &str,
        consequences: impl Future<Output = Result<Consequences, operations::Error>>,
    ) -> Result<Option<Agreed>> {
        if self.yes {
            return Ok(Some(Agreed::Anything));
        }
        if let Some(tag) = &self.expect_tag {
            return Ok(Some(Agreed::Verdicts(tag.clone())));
        }
        if let Some(people) = self.expect_people {
            return Ok(Some(Agreed::People(people)));
        }
        if self.preview.preview {
            self.preview.shown(global, what, consequences).await?;
            return Ok(None);
        }
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Ok(Some(Agreed::Nothing));
        }
        let consequences = consequences.await.map_err(told)?;
        let people = consequences.losses.people;
        if people == 0 {
            return Ok(Some(Agreed::Nothing));
        }
        output::note(&format!("{what}: {}", consequences.sentence()));
        if !answered_yes()? {
            bail!("nothing was changed");
        }
        Ok(Some(Agreed::People(people)))
    }
}

/// Prints what would follow: a sentence, the people by kind with the names of the first, and the pools.
pub(crate) fn show(global: &Global, what: &str, consequences: &Consequences) -> Result<()> {
    let people: Vec<Row<'_>> = consequences.people.iter().map(Row::from).collect();
    let columns = [("What would follow", "/what"), ("People", "/people"), ("The first of them", "/first")];
    match global.format() {
        Format::Text => {}
        Format::Json => return output::json(consequences),
        Format::JsonLines | Format::Csv => return output::items(global, &people, &columns),
    }
    let mut told = vec![("preview of", what.to_owned()), ("would follow", consequences.sentence())];
    told.extend(Dynamic::warning(&consequences.dynamic_groups).map(|warning| ("warning", warning)));
    told.extend([("tag", consequences.tag.clone()), ("done", "nothing was changed".to_owned())]);
    output::lines(block(&told))?;
    if !people.is_empty() {
        output::line("")?;
        output::items(global, &people, &columns)?;
    }
    if !consequences.pools.is_empty() {
        output::line("")?;
        let columns = [
            ("Pool", "/name"),
            ("Free now", "/free/before"),
            ("Free then", "/free/after"),
            ("Waiting now", "/waiting/before"),
            ("Waiting then", "/waiting/after"),
        ];
        output::items(global, &consequences.pools, &columns)?;
    }
    Ok(())
}

/// People of one kind, as a row of a table.
#[derive(Serialize)]
struct Row<'c> {
    what: String,
    people: u64,
    first: Vec<&'c str>,
}

impl<'c> From<&'c Share> for Row<'c> {
    fn from(share: &'c Share) -> Self {
        let first = share.first.iter().map(|named| named.user_name.as_str()).collect();
        Self { what: share.sentence(), people: share.people, first }
    }
}

/// Asks on the terminal.
fn answered_yes() -> Result<bool> {
    let mut terminal = io::stderr().lock();
    write!(terminal, "Go on? [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer)? == 0 {
        // Ctrl-D ends the answer and not the line of the question.
        writeln!(terminal)?;
    }
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
