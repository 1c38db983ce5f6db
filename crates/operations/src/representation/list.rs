//! List answers, written portion by portion: however large the resources are, an answer and what is held for it have
//! a bound.

use serde_json::Value;
use store::{Computed, CustomResource, Group, Listing, ReadUnit, Run, User};

use super::{Text, View, custom_resources, groups, users};
use crate::error::Error;

/// Bytes of resources with which a page ends, however many were asked for: fewer are allowed (RFC 7644 §3.4.2.4), and
/// `itemsPerPage` says how many there are.
const LONG: usize = 16 * 1024 * 1024;

/// The resources of an answer, with a comma between them.
#[derive(Default)]
pub(crate) struct Items {
    pub(super) text: Text,
    items: usize,
}

impl Items {
    /// Begins the next resource with its first text.
    pub(super) fn begin(&mut self, text: &str) {
        self.text.push(if self.items > 0 { "," } else { "" });
        self.text.push(text);
        self.items += 1;
    }

    /// Whether the page ends here.
    pub(super) fn are_long(&self) -> bool {
        self.text.len() >= LONG
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> usize {
        self.items
    }

    /// A list answer: the resources behind its other members.
    pub(crate) fn behind(self, head: &Value) -> Text {
        let head = head.to_string();
        let mut text = Text::default();
        text.push(head.strip_suffix('}').unwrap_or(&head));
        text.push(",\"Resources\":[");
        text.append(self.text);
        text.push("]}");
        text
    }
}

/// The users of a page.
pub(crate) async fn list_users(
    listing: Listing<'_, (User, Computed)>,
    view: View<'_>,
) -> Result<Items, Error> {
    let mut items = Items::default();
    add_users(&mut items, listing, view).await?;
    Ok(items)
}

/// The groups of a page.
pub(crate) async fn list_groups(
    unit: &ReadUnit,
    listing: Listing<'_, Group>,
    view: View<'_>,
) -> Result<Items, Error> {
    let mut items = Items::default();
    add_groups(&mut items, unit, listing, view).await?;
    Ok(items)
}

/// The resources of a page, whose types may alternate: users have the first view, groups the second, and the other types
/// those behind.
pub(crate) async fn list_every(
    unit: &ReadUnit,
    runs: Vec<Run<'_>>,
    views: &[View<'_>],
) -> Result<Items, Error> {
    let mut items = Items::default();
    for run in runs {
        match run {
            Run::Users(listing) => add_users(&mut items, listing, views[0]).await?,
            Run::Groups(listing) => add_groups(&mut items, unit, listing, views[1]).await?,
            Run::Custom(place, listing) => add_custom(&mut items, listing, views[place]).await?,
        }
    }
    Ok(items)
}

/// The resources of a page of a type that files define.
pub(crate) async fn list_custom(
    listing: Listing<'_, CustomResource>,
    view: View<'_>,
) -> Result<Items, Error> {
    let mut items = Items::default();
    add_custom(&mut items, listing, view).await?;
    Ok(items)
}

async fn add_custom(
    items: &mut Items,
    mut listing: Listing<'_, CustomResource>,
    view: View<'_>,
) -> Result<(), Error> {
    while !items.are_long()
        && let Some(portion) = listing.next().await?
    {
        for custom in portion {
            if items.are_long() {
                break;
            }
            items.begin(&Value::Object(custom_resources::render_custom(custom, view).0).to_string());
        }
    }
    Ok(())
}

async fn add_users(
    items: &mut Items,
    mut listing: Listing<'_, (User, Computed)>,
    view: View<'_>,
) -> Result<(), Error> {
    while !items.are_long()
        && let Some(portion) = listing.next().await?
    {
        for (user, computed) in portion {
            if items.are_long() {
                break;
            }
            items.begin(&Value::Object(users::render(user, &computed, view).0).to_string());
        }
    }
    Ok(())
}

async fn add_groups(
    items: &mut Items,
    unit: &ReadUnit,
    mut listing: Listing<'_, Group>,
    view: View<'_>,
) -> Result<(), Error> {
    while !items.are_long()
        && let Some(portion) = listing.next().await?
    {
        // Members of groups in the order of ids are read together.
        for run in portion.chunk_by(|one, next| one.id < next.id) {
            groups::write(items, unit, run.to_vec(), view).await?;
        }
    }
    Ok(())
}
