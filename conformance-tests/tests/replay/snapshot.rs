//! Everything in a tenant at one moment, so that a check can say what changed and what did not.
use std::collections::{BTreeMap, BTreeSet};

use conformance_tests::Target;
use serde_json::Value;

/// All users and groups of a tenant, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) users: BTreeMap<String, Value>,
    pub(crate) groups: BTreeMap<String, Value>,
}

impl Snapshot {
    /// Reads the whole tenant, which must be small enough for one page.
    pub(crate) fn take(target: &Target) -> Snapshot {
        let users = all(target, "/Users?count=500");
        let mut groups = all(target, "/Groups?count=500&excludedAttributes=members");
        for (id, group) in &mut groups {
            *group = target.get(&format!("/Groups/{id}")).expect_status(200).json();
        }
        Snapshot { users, groups }
    }

    /// The user or group of this id.
    pub(crate) fn resource(&self, id: &str) -> Option<&Value> {
        self.users.get(id).or_else(|| self.groups.get(id))
    }

    /// The ids of a group's members; empty when there is no such group.
    pub(crate) fn members(&self, group: &str) -> BTreeSet<String> {
        self.groups.get(group).map(members_of).unwrap_or_default().into_iter().collect()
    }

    /// The ids of the groups that list this user.
    pub(crate) fn memberships(&self, user: &str) -> BTreeSet<String> {
        let lists = |group: &&Value| members_of(group).iter().any(|member| member == user);
        self.groups.iter().filter(|(_, group)| lists(group)).map(|(id, _)| id.clone()).collect()
    }
}

/// The ids in a group's `members`, in order, with repetitions.
pub(crate) fn members_of(group: &Value) -> Vec<String> {
    let members = group["members"].as_array().map(Vec::as_slice).unwrap_or_default();
    members.iter().filter_map(|member| member["value"].as_str()).map(str::to_owned).collect()
}

fn all(target: &Target, path: &str) -> BTreeMap<String, Value> {
    let list = target.get(path).expect_status(200);
    let body = list.json();
    let resources = body["Resources"].as_array().cloned().unwrap_or_default();
    if body["totalResults"] != resources.len() {
        list.fail("a small tenant does not fit on one page of 500");
    }
    let id = |resource: &Value| resource["id"].as_str().unwrap_or_default().to_owned();
    resources.into_iter().map(|resource| (id(&resource), resource)).collect()
}
