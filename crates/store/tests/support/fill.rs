//! From a generated tenant to rows, through the ordinary units of work.

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{Decision, Effect, GroupId, PoolId, PoolPolicy, SeatState, UserId};
use serde_json::{Map, Value, json};
use store::{GrantKind, MemberKind, NewGroup, TenantScope};
use uuid::Uuid;

use super::generate::{GROUPS, POOLS, Tenant, USERS};
use super::{TestStore, by, create, id_at, new_connection, new_pool, new_user, now, user_document};

/// The ids behind the numbers of a generated tenant.
pub(crate) struct Ids {
    pub(crate) users: Vec<Uuid>,
    pub(crate) groups: Vec<Uuid>,
    pub(crate) pools: Vec<PoolId>,
    /// What is seen: all of the tenant, and what one of its two connections sees.
    pub(crate) sights: [TenantScope; 2],
}

impl Ids {
    pub(crate) fn named_in(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let users =
            self.users.iter().enumerate().map(|(number, id)| (format!("{{u{number}}}"), id.to_string()));
        let groups =
            self.groups.iter().enumerate().map(|(number, id)| (format!("{{g{number}}}"), id.to_string()));
        let pools =
            self.pools.iter().enumerate().map(|(number, id)| (format!("{{p{number}}}"), id.to_string()));
        for (placeholder, id) in users.chain(groups).chain(pools) {
            text = text.replace(&placeholder, &id);
        }
        text
    }
}

fn later(milliseconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::milliseconds(milliseconds)
}

/// Writes a generated tenant.
pub(crate) async fn fill(store: &TestStore, scope: &TenantScope, tenant: &Tenant) -> Ids {
    let make = |count: usize| -> Vec<Uuid> { (0..count).map(|_| id_at(now())).collect() };
    let mut unit = store.write(scope).await.expect("a unit opens");
    let one = unit.insert_connection(&new_connection("One"), now()).await.expect("inserted");
    let other = unit.insert_connection(&new_connection("Other"), now()).await.expect("inserted");
    let (seen, unseen) = (Some(one.id), Some(other.id));
    let sights = [scope.clone(), one.sight(scope)];
    let mut ids = Ids { users: make(USERS), groups: make(GROUPS), pools: Vec::new(), sights };
    for number in 0..POOLS {
        let pool = new_pool(&format!("VAULT {number}"), 100, PoolPolicy::Queue);
        ids.pools.push(unit.insert_pool(&pool, now()).await.expect("inserted").pool.id);
    }
    for (number, body) in tenant.users.iter().enumerate() {
        let body: Value =
            serde_json::from_str(&ids.named_in(&Value::Object(body.clone()).to_string())).expect("JSON");
        let name = ["ada", "ÄDA", "ß%", "x_", "Zoe\u{308}"][number];
        let mut named = json!({ "userName": name });
        named.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
        let mut new = new_user(ids.users[number], user_document(named));
        new.connection = [None, unseen, seen, None, unseen][number];
        let user = create(&mut unit, new, later(tenant.milliseconds[number])).await.expect("inserted");
        if number % 2 == 1 {
            let changed = later(tenant.milliseconds[number] + 500);
            unit.save_user(&user, &user.resource.document, changed).await.expect("saved");
        }
    }
    for (number, (name, external)) in tenant.groups.iter().enumerate() {
        let mut document = Map::new();
        document.insert("displayName".to_owned(), (*name).into());
        document.extend(external.map(|external| ("externalId".to_owned(), external.into())));
        let connection = [unseen, seen, None][number];
        let new = NewGroup { id: GroupId::new(ids.groups[number]), document, unique_name: None, connection };
        unit.insert_group(&new, later(tenant.milliseconds[USERS + number])).await.expect("inserted");
    }
    for (group, member) in &tenant.members {
        let member = match member.checked_sub(USERS) {
            None => (ids.users[*member], MemberKind::User),
            Some(number) => (ids.groups[number], MemberKind::Group),
        };
        unit.add_members(GroupId::new(ids.groups[*group]), &[member], now()).await.expect("added");
    }
    unit.commit().await.expect("committed");

    let mut decision = Decision::default();
    for (number, id) in ids.users.iter().enumerate() {
        let user = UserId::new(*id);
        for (pool, seat) in ids.pools.iter().zip(&tenant.seats[number]) {
            decision.effects.extend(seat.map(|seat| match seat {
                SeatState::Assigned => Effect::SeatTaken { user, pool: *pool, overage: false, waited: false },
                SeatState::Waiting => Effect::SeatQueued { user, pool: *pool },
            }));
        }
        let enrolment = tenant.enrolments[number].clone();
        decision.effects.extend(enrolment.map(|enrolment| Effect::EnrolmentChanged { user, enrolment }));
    }
    let mut unit = store.write(scope).await.expect("a unit opens");
    // Every other user has a grant, so that access by the enrolment of the others has lapsed.
    for id in ids.users.iter().step_by(2) {
        unit.insert_grant(UserId::new(*id), ids.pools[0], GrantKind::ByHand, now()).await.expect("given");
    }
    unit.carry_out(&decision, by, later(500)).await.expect("carried out");
    unit.commit().await.expect("committed");
    ids
}
