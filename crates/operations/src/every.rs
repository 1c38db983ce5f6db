//! Users and groups in one list: a search over all types of resources (RFC 7644 §3.4.2.1, §3.4.3).

use store::{Every, Walked};

use crate::database::Database;
use crate::error::Error;
use crate::representation::{self, Search, Text, View, wanted};
use crate::requester::Requester;

/// One page of the users and groups that two searches find, as a list answer. Both searches have the same page and the same
/// direction.
///
/// # Errors
/// `tooMany` for more resources than are sorted, or what the database says.
pub async fn list(
    db: &Database,
    requester: &Requester,
    (users, groups): (&Search, &Search),
) -> Result<Text, Error> {
    let unit = db.read(&requester.scope).await?;
    let sorts =
        (users.order.as_ref().map(|order| &order.sort), groups.order.as_ref().map(|order| &order.sort));
    let every = Every {
        users: users.filter.as_ref(),
        groups: groups.filter.as_ref(),
        sorts: (sorts != (None, None)).then_some(sorts),
        most: users.order.or(groups.order).map_or(0, |order| order.most),
    };
    let views = (
        View { base: db.base(), projection: &users.projection },
        View { base: db.base(), projection: &groups.projection },
    );
    let step = users.walk.step(db, &unit, requester).await?;
    let Walked { resources, reached } =
        unit.list_every(every, &step.stretch, wanted(&[&users.projection])).await?;
    let items = representation::list_every(&unit, resources, views).await?;
    drop(unit);
    step.answer(db, requester, &reached, items).await
}
