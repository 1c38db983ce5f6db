//! Filling a tenant: people, groups and their members.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use hyper::body::Bytes;

use super::client::Scim;
use super::load::{CONNECTIONS, Run, drive};
use super::people;

/// Members that one request adds when a group is filled.
const BATCH: usize = 500;

/// Creates the people of these numbers, as many at once as there are connections; gives their ids.
///
/// # Errors
/// The first request that fails.
pub(crate) async fn create(scim: &Scim, numbers: Range<usize>) -> Result<Run<String>> {
    let scim = scim.clone();
    // Written out ahead: what the client does takes the processor from the server.
    let body = |number| Bytes::from(people::person(number));
    let (first, bodies) = (numbers.start, numbers.clone().map(body).collect::<Arc<[Bytes]>>());
    drive(CONNECTIONS, numbers, move |number| {
        let (scim, body) = (scim.clone(), bodies[number - first].clone());
        async move { scim.create_user(body).await }
    })
    .await
}

/// Creates a group with these members, who may be names of people yet to come; gives its id.
///
/// # Errors
/// The first request that fails.
pub(crate) async fn group(scim: &Scim, name: &str, members: &[String]) -> Result<String> {
    let group = scim.create_group(name).await?;
    for batch in members.chunks(BATCH) {
        scim.add_members(&group, batch).await?;
    }
    Ok(group)
}
