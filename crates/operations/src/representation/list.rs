//! List answers, written portion by portion: however large the resources are, an answer and what is held for it have
//! a bound.

use scim::protocol::list::{Page, head};
use serde_json::Value;
use store::{Computed, Group, Listing, ReadUnit, User};

use super::{Text, View, groups, users};
use crate::error::Error;

/// Bytes of resources with which a page ends, however many were asked for: fewer are allowed (RFC 7644 §3.4.2.4), and
/// `itemsPerPage` says how many there are.
const LONG: usize = 16 * 1024 * 1024;

/// The resources of an answer, with a comma between them.
#[derive(Default)]
pub(super) struct Items {
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

    fn answer(self, total: u64, page: Page) -> Text {
        let head = head(total, page, self.items).to_string();
        let mut text = Text::default();
        text.push(head.strip_suffix('}').unwrap_or(&head));
        text.push(",\"Resources\":[");
        text.append(self.text);
        text.push("]}");
        text
    }
}

/// A list answer with the users of a page.
pub(crate) async fn list_users(
    mut listing: Listing<'_, (User, Computed)>,
    page: Page,
    view: View<'_>,
) -> Result<Text, Error> {
    let mut items = Items::default();
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
    Ok(items.answer(listing.total(), page))
}

/// A list answer with the groups of a page.
pub(crate) async fn list_groups(
    unit: &ReadUnit,
    mut listing: Listing<'_, Group>,
    page: Page,
    view: View<'_>,
) -> Result<Text, Error> {
    let mut items = Items::default();
    while !items.are_long()
        && let Some(portion) = listing.next().await?
    {
        groups::write(&mut items, unit, portion, view).await?;
    }
    Ok(items.answer(listing.total(), page))
}
