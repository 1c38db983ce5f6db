//! The changes themselves: each as a preview, and performed.

use chrono::TimeDelta;
use operations::consequences::{Agreed, Consequences};
use operations::work::{Pace, Work};
use operations::{Error, Operator, bindings, grants, groups, pools, tenants, users};
use provisioning::{GroupId, UserId};
use scim::Registry;
use scim::filter::FilterDialect;
use scim::patch::PatchRequest;
use scim::project::Projection;
use scim::protocol::conditions::Conditions;
use serde_json::json;

use super::{Change, POOLS, World};
use crate::support::PATCH;

impl World<'_> {
    fn user(&self, person: usize) -> UserId {
        self.people[person].parse().map(UserId::new).expect("an id")
    }

    fn new_pool(
        &self,
        name: &str,
        seats: u32,
        policy: &str,
        expires: Option<String>,
        all: Option<bool>,
    ) -> pools::New {
        pools::New {
            tenant: self.tenant.clone(),
            name: name.to_owned(),
            seats,
            policy: policy.to_owned(),
            expires,
            for_everyone: all == Some(true),
            rule: (all == Some(false)).then(|| "title eq \"Counsel\"".to_owned()),
        }
    }

    pub(super) async fn create_pool(
        &self,
        name: &str,
        seats: u32,
        policy: &str,
        expires: Option<String>,
        all: Option<bool>,
    ) -> Result<Option<u64>, Error> {
        let new = self.new_pool(name, seats, policy, expires, all);
        let (_, work) = pools::create(self.app.admin.db(), &self.operator(), &new).await?;
        self.finish(work).await;
        Ok(None)
    }

    async fn zone(&self) -> tenants::Change {
        let now = tenants::show(self.app.admin.db(), &self.tenant).await.expect("there").tenant.time_zone;
        let other = if now.as_str() == "UTC" { "Pacific/Honolulu" } else { "UTC" };
        tenants::Change { time_zone: Some(other.to_owned()), ..tenants::Change::default() }
    }

    pub(super) async fn move_to(&self, zone: &str) -> Result<Option<u64>, Error> {
        let change = tenants::Change { time_zone: Some(zone.to_owned()), ..tenants::Change::default() };
        let (db, operator) = (self.app.admin.db(), self.operator());
        let (_, works) = tenants::update(db, &operator, &self.tenant, &change, Agreed::Anything).await?;
        self.finish(works).await;
        Ok(None)
    }

    fn patch(attribute: &str, value: &serde_json::Value) -> PatchRequest {
        let operations = json!([{ "op": "replace", "path": attribute, "value": value }]);
        let message = json!({ "schemas": [PATCH], "Operations": operations });
        let message = message.as_object().expect("an object");
        let user = Registry::standard().user();
        PatchRequest::parse(user, message, FilterDialect::default(), 10).expect("a PATCH")
    }

    pub(super) async fn preview(&self, change: &Change, batch: u64) -> Result<Consequences, Error> {
        let (db, operator) = (self.app.admin.db(), Operator { batch, ..self.operator() });
        let (operator, requester, any) = (&operator, &self.requester, &Conditions::new(None, None));
        match change {
            Change::Bind(group, pool, priority) => {
                let groups = [self.groups[*group].as_str()];
                let new = bindings::New { groups: &groups, pool: POOLS[*pool], priority: *priority };
                bindings::preview_create(db, operator, new).await
            }
            Change::Prioritise(group, pool, priority) => {
                let named = (self.groups[*group].as_str(), POOLS[*pool]);
                bindings::preview_update(db, operator, named, *priority).await
            }
            Change::Unbind(group, pool) => {
                bindings::preview_delete(db, operator, &[&self.groups[*group]], POOLS[*pool]).await
            }
            Change::Give(person, pool) => {
                grants::preview_create(db, operator, &self.people[*person], POOLS[*pool]).await
            }
            Change::Take(person, pool) => {
                grants::preview_delete(db, operator, &self.people[*person], POOLS[*pool]).await
            }
            Change::Update(pool, change) => pools::preview_update(db, operator, POOLS[*pool], change).await,
            Change::DeletePool(pool) => pools::preview_delete(db, operator, POOLS[*pool]).await,
            Change::CreatePool(seats, policy, all) => {
                let new = self.new_pool("Three", *seats, policy, None, Some(*all));
                pools::preview_create(db, operator, &new).await
            }
            Change::Move => tenants::preview_update(db, operator, &self.tenant, &self.zone().await).await,
            Change::Mark(group, marking) => {
                groups::preview_mark(db, operator, &self.groups[*group], *marking).await
            }
            Change::DeleteGroup(group) => {
                let group = GroupId::new(self.groups[*group].parse().expect("an id"));
                groups::preview_delete(db, requester, group, any).await
            }
            Change::SwitchOff(person) => {
                let patch = Self::patch("active", &json!(false));
                users::preview_patch(db, requester, self.user(*person), any, &patch).await
            }
            Change::Promote(person) => {
                let patch = Self::patch("title", &json!("Counsel"));
                users::preview_patch(db, requester, self.user(*person), any, &patch).await
            }
            Change::DeleteUser(person) => users::preview_delete(db, requester, self.user(*person), any).await,
        }
    }

    /// Makes the change; answers how many a pool turned away, where the operation counts them.
    pub(super) async fn perform(&self, change: &Change) -> Result<Option<u64>, Error> {
        let (db, operator) = (self.app.admin.db(), self.operator());
        let (operator, requester, any) = (&operator, &self.requester, &Conditions::new(None, None));
        let (yes, shown) = (Agreed::Anything, &Projection::Default);
        match change {
            Change::Bind(group, pool, priority) => {
                let groups = [self.groups[*group].as_str()];
                let new = bindings::New { groups: &groups, pool: POOLS[*pool], priority: *priority };
                let bound = bindings::create(db, operator, new, yes).await?;
                Ok(Some(self.finish(bound.into_iter().map(|(_, work)| work)).await))
            }
            Change::Prioritise(group, pool, priority) => {
                let named = (self.groups[*group].as_str(), POOLS[*pool]);
                bindings::update(db, operator, named, *priority, yes).await.map(|_| None)
            }
            Change::Unbind(group, pool) => {
                let unbound =
                    bindings::delete(db, operator, &[&self.groups[*group]], POOLS[*pool], yes).await?;
                Ok(Some(self.finish(unbound.into_iter().map(|(_, work)| work)).await))
            }
            Change::Give(person, pool) => {
                grants::create(db, operator, &self.people[*person], POOLS[*pool]).await.map(|_| None)
            }
            Change::Take(person, pool) => {
                grants::delete(db, operator, &self.people[*person], POOLS[*pool], yes).await.map(|_| None)
            }
            Change::Update(pool, change) => {
                let (_, work) = pools::update(db, operator, POOLS[*pool], change, yes).await?;
                self.finish(work).await;
                Ok(None)
            }
            Change::DeletePool(pool) => {
                let (.., work) = pools::delete(db, operator, POOLS[*pool], yes).await?;
                self.finish([work]).await;
                Ok(None)
            }
            Change::CreatePool(seats, policy, all) => {
                self.create_pool("Three", *seats, policy, None, Some(*all)).await
            }
            Change::Move => {
                let zone = self.zone().await.time_zone.expect("a zone");
                self.move_to(&zone).await
            }
            Change::Mark(group, marking) => {
                let (_, work) = groups::mark(db, operator, &self.groups[*group], *marking, yes).await?;
                self.finish(work).await;
                Ok(None)
            }
            Change::DeleteGroup(group) => {
                let group = GroupId::new(self.groups[*group].parse().expect("an id"));
                groups::delete(db, requester, group, any, 100).await.map(|_| None)
            }
            Change::SwitchOff(person) => {
                let patch = Self::patch("active", &json!(false));
                users::patch(db, requester, self.user(*person), any, &patch, shown).await.map(|_| None)
            }
            Change::Promote(person) => {
                let patch = Self::patch("title", &json!("Counsel"));
                users::patch(db, requester, self.user(*person), any, &patch, shown).await.map(|_| None)
            }
            Change::DeleteUser(person) => {
                users::delete(db, requester, self.user(*person), any).await.map(|_| None)
            }
        }
    }

    /// Takes every step, and answers how many were turned away.
    async fn finish(&self, works: impl IntoIterator<Item = Work>) -> u64 {
        let pace = Pace { now: self.app.clock.now(), batch: self.batch, lease: TimeDelta::minutes(1) };
        let mut refused = 0;
        for mut work in works {
            while let Some(step) = work.step(self.app.admin.db(), pace).await.expect("a step") {
                refused += step.refused;
            }
        }
        refused
    }
}
