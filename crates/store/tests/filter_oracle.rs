//! The meaning of filters: SQL selects exactly what `ResolvedFilter::matches` accepts, on both databases.

mod support;

use std::cell::Cell;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use provisioning::{Decision, Effect, GroupId, PoolId, PoolPolicy, SeatState, UserId};
use scim::schema::{ENROLMENT, ENTERPRISE_USER, Registry};
use scim::{Object, time};
use serde_json::{Map, Value, json};
use store::{GroupOf, Licence, MemberKind, NewGroup, NewUser, ReadUnit, TenantScope, User};
use support::generate::{GROUPS, POOLS, Tenant, USERS, filter, tenant};
use support::{BASE, TestStore, actor, group_filter, id_at, new_pool, now, page, user_document, user_filter};
use uuid::Uuid;

#[derive(serde::Deserialize)]
struct Answers {
    people: BTreeMap<String, PersonOfAnswers>,
    answers: BTreeMap<String, Vec<String>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersonOfAnswers {
    created: DateTime<Utc>,
    last_modified: DateTime<Utc>,
    body: Value,
}

#[tokio::test]
async fn the_answers_of_the_specification() {
    let store = TestStore::open().await;
    let data: Answers = serde_json::from_str(include_str!("data/filter_answers.json")).expect("readable");
    let mut ids = BTreeMap::new();
    let mut unit = store.unit().await;
    for (name, person) in data.people {
        let document = user_document(person.body);
        let new = NewUser { id: UserId::new(id_at(now())), document: document.clone(), connection: None };
        let user = unit.insert_user(&new, person.created).await.expect("inserted");
        unit.save_user(&user, &document, person.last_modified).await.expect("saved");
        ids.insert(new.id, name);
    }
    unit.commit().await.expect("committed");

    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(data.answers.len(), 45);
    for (filter, expected) in data.answers {
        let filter = ids.iter().fold(filter, |text, (id, name)| text.replace(&format!("{{{name}}}"), &id.to_string()));
        let (total, found) = unit.users(Some(&user_filter(&filter)), page(1, 100)).await.expect(&filter);
        let mut found: Vec<&str> = found.iter().map(|user| ids[&user.id].as_str()).collect();
        found.sort_unstable();
        assert_eq!((total, found), (expected.len() as u64, expected.iter().map(String::as_str).collect()), "{filter}");
    }
}

#[test]
fn generated_filters_mean_the_same_in_sql() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = runtime.block_on(TestStore::open());
    let config = Config { cases: cases(), failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let filters = |groups| prop::collection::vec(filter(groups), 24);
    let (number, telling) = (Cell::new(0_u32), Cell::new(0_u32));
    let outcome = TestRunner::new(config).run(&(tenant(), filters(false), filters(true)), |(tenant, users, groups)| {
        number.set(number.get() + 1);
        runtime.block_on(async {
            let scope = store.tenant_named(&format!("Tenant {}", number.get())).await;
            let ids = fill(&store, &scope, &tenant).await;
            let unit = store.read(&scope).await.expect("a unit opens");
            let documents = user_documents(&unit).await;
            for text in users {
                let filter = user_filter(&ids.named_in(&text));
                let expected: Vec<Uuid> = matching(&documents, |document| filter.matches(document));
                telling.set(telling.get() + u32::from(!expected.is_empty() && expected.len() < documents.len()));
                let (_, found) = unit.users(Some(&filter), page(1, 100)).await.expect(&text);
                let found: Vec<Uuid> = found.iter().map(|user| user.id.uuid()).collect();
                prop_assert_eq!(found, expected, "{}", ids.named_in(&text));
            }
            let documents = group_documents(&unit).await;
            for text in groups {
                let filter = group_filter(&ids.named_in(&text));
                let expected: Vec<Uuid> = matching(&documents, |document| filter.matches(document));
                telling.set(telling.get() + u32::from(!expected.is_empty() && expected.len() < documents.len()));
                let (_, found) = unit.groups(Some(&filter), page(1, 100)).await.expect(&text);
                let found: Vec<Uuid> = found.iter().map(|group| group.id.uuid()).collect();
                prop_assert_eq!(found, expected, "{}", ids.named_in(&text));
            }
            Ok(())
        })
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    // A filter that accepts all or nothing tells little: enough of them must tell some from others.
    assert!(telling.get() > number.get() * 10, "{} of {} cases of 48 filters", telling.get(), number.get());
}

#[tokio::test]
async fn the_largest_filters_are_answered() {
    let store = TestStore::open().await;
    store.add_user("ada").await;
    let unit = store.read(&store.scope).await.expect("a unit opens");
    let nested = format!("{}userName eq \"ada\"{}", "not (".repeat(50), ")".repeat(50));
    assert_eq!(unit.users(Some(&user_filter(&nested)), page(1, 10)).await.expect("nested").0, 1);
    for term in ["emails ne \"x\"", "groups.type eq \"direct\"", "title sw \"x\"", "photos.value eq \"x\""] {
        let term = format!("{term} or ");
        let many = (16_384 - 20) / term.len();
        let long = format!("{}userName eq \"ada\"", term.repeat(many.min(499)));
        assert_eq!(unit.users(Some(&user_filter(&long)), page(1, 10)).await.expect(&term).0, 1);
    }
}

/// The ids behind the numbers of a generated tenant.
struct Ids {
    users: Vec<Uuid>,
    groups: Vec<Uuid>,
    pools: Vec<PoolId>,
}

impl Ids {
    fn named_in(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let users = self.users.iter().enumerate().map(|(number, id)| (format!("{{u{number}}}"), id.to_string()));
        let groups = self.groups.iter().enumerate().map(|(number, id)| (format!("{{g{number}}}"), id.to_string()));
        let pools = self.pools.iter().enumerate().map(|(number, id)| (format!("{{p{number}}}"), id.to_string()));
        for (placeholder, id) in users.chain(groups).chain(pools) {
            text = text.replace(&placeholder, &id);
        }
        text
    }
}

fn later(milliseconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::milliseconds(milliseconds)
}

async fn fill(store: &TestStore, scope: &TenantScope, tenant: &Tenant) -> Ids {
    let make = |count: usize| -> Vec<Uuid> { (0..count).map(|_| id_at(now())).collect() };
    let mut ids = Ids { users: make(USERS), groups: make(GROUPS), pools: Vec::new() };
    let mut unit = store.write(scope).await.expect("a unit opens");
    for number in 0..POOLS {
        let pool = new_pool(&format!("VAULT {number}"), 100, PoolPolicy::Queue);
        ids.pools.push(unit.insert_pool(&pool, now()).await.expect("inserted").pool.id);
    }
    for (number, body) in tenant.users.iter().enumerate() {
        let body: Value = serde_json::from_str(&ids.named_in(&Value::Object(body.clone()).to_string())).expect("JSON");
        let name = ["ada", "ÄDA", "ß%", "x_", "Zoe\u{308}"][number];
        let mut named = json!({ "userName": name });
        named.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
        let new = NewUser { id: UserId::new(ids.users[number]), document: user_document(named), connection: None };
        let user = unit.insert_user(&new, later(tenant.milliseconds[number])).await.expect("inserted");
        if number % 2 == 1 {
            let changed = later(tenant.milliseconds[number] + 500);
            unit.save_user(&user, &new.document, changed).await.expect("saved");
        }
    }
    for (number, (name, external)) in tenant.groups.iter().enumerate() {
        let mut document = Map::new();
        document.insert("displayName".to_owned(), (*name).into());
        document.extend(external.map(|external| ("externalId".to_owned(), external.into())));
        let new = NewGroup { id: GroupId::new(ids.groups[number]), document, unique_name: None };
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
                SeatState::Assigned => Effect::SeatTaken { user, pool: *pool, overage: false },
                SeatState::Waiting => Effect::SeatQueued { user, pool: *pool },
            }));
        }
        let enrolment = tenant.enrolments[number].clone();
        decision.effects.extend(enrolment.map(|enrolment| Effect::EnrolmentChanged { user, enrolment }));
    }
    let mut unit = store.write(scope).await.expect("a unit opens");
    unit.carry_out(&decision, &actor(), later(500)).await.expect("carried out");
    unit.commit().await.expect("committed");
    ids
}

fn matching(documents: &[(Uuid, Object)], accepts: impl Fn(&Object) -> bool) -> Vec<Uuid> {
    documents.iter().filter(|(_, document)| accepts(document)).map(|(id, _)| *id).collect()
}

/// The whole representations, as a client sees them.
async fn user_documents(unit: &ReadUnit) -> Vec<(Uuid, Object)> {
    let (_, users) = unit.users(None, page(1, 100)).await.expect("readable");
    let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
    let groups = unit.groups_of(&ids).await.expect("readable");
    let licences = unit.licences_of(&ids).await.expect("readable");
    let manager = |user: &User| -> Option<Uuid> {
        user.resource.document.get(ENTERPRISE_USER)?.get("manager")?.get("value")?.as_str()?.parse().ok()
    };
    let managers: Vec<Uuid> = users.iter().filter_map(manager).collect();
    let names = unit.names_of(&managers).await.expect("readable");
    let document = |mut user: User| {
        let licences = licences.get(&user.id).map(Vec::as_slice).unwrap_or_default();
        let name = manager(&user).and_then(|id| names.get(&id));
        if user.shows_enrolment(licences) {
            user.resource.document.insert(ENROLMENT.to_owned(), enrolled(&user, licences));
        }
        if let Some(name) = name {
            user.resource.document[ENTERPRISE_USER]["manager"]["displayName"] = name.display.as_str().into();
        }
        if let Some(groups) = groups.get(&user.id) {
            user.resource.document.insert("groups".to_owned(), groups.iter().map(group_of).collect());
        }
        (user.id.uuid(), user.resource.render(BASE))
    };
    users.into_iter().map(document).collect()
}

fn group_of(group: &GroupOf) -> Value {
    let kind = if group.direct { "direct" } else { "indirect" };
    json!({ "value": group.id.to_string(), "display": group.display, "type": kind })
}

fn enrolled(user: &User, licences: &[Licence]) -> Value {
    let enrolment = &user.enrolment;
    let licence = |licence: &Licence| {
        json!({
            "value": licence.pool.to_string(),
            "display": licence.name,
            "state": licence.state.to_string(),
            "since": time::format(licence.since),
        })
    };
    let whole = json!({
        "status": enrolment.status.to_string(),
        "statusSince": enrolment.since.map(time::format),
        "reason": enrolment.cause,
        "licences": licences.iter().map(licence).collect::<Vec<_>>(),
        "seatKeptUntil": enrolment.seat_kept_until.map(time::format),
        "restoreOwed": enrolment.restore_owed,
        "lastUsed": enrolment.last_used.map(time::format),
    });
    let members = whole.as_object().expect("an object").iter().filter(|(_, value)| !value.is_null());
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}

async fn group_documents(unit: &ReadUnit) -> Vec<(Uuid, Object)> {
    assert_eq!(Registry::standard().group().extensions.len(), 0, "groups have no computed extension");
    let (_, groups) = unit.groups(None, page(1, 100)).await.expect("readable");
    let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
    let mut members = unit.members_of(&ids).await.expect("readable");
    let mut documents = Vec::new();
    for mut group in groups {
        let members = members.remove(&group.id).unwrap_or_default();
        let members = members.iter().map(|member| {
            json!({ "value": member.id.to_string(), "type": member.kind.to_string(), "display": member.display })
        });
        group.resource.document.insert("members".to_owned(), members.collect());
        documents.push((group.id.uuid(), group.resource.render(BASE)));
    }
    documents
}

/// Few by default, since every case is checked by 48 filters; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    let asked = Config::default().cases;
    if asked == 256 { 40 } else { asked }
}
