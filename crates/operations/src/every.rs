//! Resources of all types in one list: a search over all types of resources (RFC 7644 §3.4.2.1, §3.4.3).

use scim::Registry;
use store::{Every, Part, Walked};

use crate::database::Database;
use crate::error::Error;
use crate::representation::{self, Search, Text, View, wanted};
use crate::requester::Requester;

/// One page of the resources that searches find, one for each type of the registry and in its order, as a list answer. All
/// searches have the same page and the same direction.
///
/// # Errors
/// `tooMany` for more resources than are sorted, or what the database says.
pub async fn list(
    db: &Database,
    requester: &Requester,
    registry: &Registry,
    searches: &[Search],
) -> Result<Text, Error> {
    let Some(first) = searches.first() else { return Err(Error::Refused("no type is searched".to_owned())) };
    let unit = db.read(&requester.scope).await?;
    let each = || registry.resource_types().iter().zip(searches);
    let parts: Vec<Part<'_>> = each()
        .map(|(of, search)| Part {
            of,
            filter: search.filter.as_ref(),
            sort: search.order.as_ref().map(|order| &order.sort),
        })
        .collect();
    let most = searches.iter().find_map(|search| search.order.as_ref()).map_or(0, |order| order.most);
    let views = each().map(|(of, search)| View { base: db.base(), of, projection: &search.projection });
    let views: Vec<View<'_>> = views.collect();
    let step = first.walk.step(db, &unit, requester).await?;
    let every = Every { parts: &parts, most };
    let Walked { resources, reached } =
        unit.list_every(every, &step.stretch, wanted(&[&first.projection])).await?;
    let items = representation::list_every(&unit, resources, &views).await?;
    drop(unit);
    Ok(step.answer(db, requester, &reached, items).await)
}
