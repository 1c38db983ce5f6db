//! A fresh database per test: `SQLite`, or `PostgreSQL` where `ROLLCALL_TEST_POSTGRES_URL` names a server.

pub(crate) mod fill;
pub(crate) mod generate;
pub(crate) mod postgres;
pub(crate) mod represent;

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use provisioning::{Entry, EntryKind, GroupId, Policy, Pool, PoolId, PoolPolicy, Subject, UserId, Zone};
use scim::Object;
use scim::filter::{FilterDialect, ResolvedFilter};
use scim::protocol::list::Page;
use scim::schema::Registry;
use serde_json::{Value, json};
use store::{
    Actor, ActorKind, Connection, Constraint, Error, Licence, MemberKind, NewConnection, NewGroup, NewPool,
    NewUser, Newcomer, Options, ReadUnit, Store, Tenant, TenantScope, User, Wanted, WriteUnit,
};
use uuid::{NoContext, Timestamp, Uuid};

/// The address below which the tests' resources live.
pub(crate) const BASE: &str = "https://scim.alpha.example/scim/v2";

/// A store with a database and a tenant of its own.
pub(crate) struct TestStore {
    pub(crate) store: Arc<Store>,
    pub(crate) scope: TenantScope,
    pub(crate) url: String,
    _folder: tempfile::TempDir,
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// Creates a tenant.
pub(crate) async fn create_tenant(store: &Store, name: &str) -> Result<Tenant, Error> {
    let mut unit = store.write(&TenantScope::installation()).await?;
    let tenant = unit.insert_tenant(name, Zone::UTC, now()).await?;
    unit.commit().await?;
    Ok(tenant)
}

impl TestStore {
    /// A store on a database without a tenant but its own.
    pub(crate) async fn open() -> Self {
        let (url, folder) = fresh_database().await;
        let store = Store::open(&options(&url)).await.expect("the database opens");
        let store = store.with_base(BASE).with_policy(policy());
        let tenant = create_tenant(&store, "Alpha").await.expect("an empty database has no Alpha");
        let (scope, _) = store.tenant(&tenant.id.to_string()).await.expect("readable").expect("just created");
        Self { store: Arc::new(store), scope, url, _folder: folder }
    }

    /// A unit that writes.
    pub(crate) async fn unit(&self) -> WriteUnit {
        self.write(&self.scope).await.expect("a unit opens")
    }

    /// Another tenant.
    pub(crate) async fn tenant_named(&self, name: &str) -> TenantScope {
        create_tenant(&self.store, name).await.expect("a new name");
        self.store.tenant(name).await.expect("readable").expect("just created").0
    }

    /// A committed user of this name.
    pub(crate) async fn add_user(&self, name: &str) -> UserId {
        let mut unit = self.unit().await;
        let id = insert_user(&mut unit, json!({ "userName": name })).await;
        unit.commit().await.expect("committed");
        id
    }

    /// A committed group of this name.
    pub(crate) async fn add_group(&self, name: &str) -> GroupId {
        let mut unit = self.unit().await;
        let id = insert_group(&mut unit, name).await;
        unit.commit().await.expect("committed");
        id
    }

    /// A committed pool.
    pub(crate) async fn add_pool(&self, name: &str, seats: u32, policy: PoolPolicy) -> PoolId {
        let mut unit = self.unit().await;
        let pool = unit.insert_pool(&new_pool(name, seats, policy), now()).await.expect("a new pool");
        unit.commit().await.expect("committed");
        pool.pool.id
    }

    /// A committed connection.
    pub(crate) async fn add_connection(&self, name: &str) -> Connection {
        let mut unit = self.unit().await;
        let connection =
            unit.insert_connection(&new_connection(name), now()).await.expect("a new connection");
        unit.commit().await.expect("committed");
        connection
    }

    /// The pool as it stands.
    pub(crate) async fn pool(&self, id: PoolId) -> Pool {
        let unit = self.read(&self.scope).await.expect("a unit opens");
        let pools = unit.pools().await.expect("readable");
        pools.into_iter().map(|state| state.pool).find(|pool| pool.id == id).expect("there is such a pool")
    }
}

/// How the tests open a database.
pub(crate) fn options(url: &str) -> Options {
    Options { url: url.to_owned(), max_connections: 12, migrate: true, statement_limit: None }
}

/// The URL of a database with the schema of today, and the folder that goes with the test.
pub(crate) async fn fresh_database() -> (String, tempfile::TempDir) {
    let Some(server) = postgres::server() else { return sqlite() };
    let migrate = async |url: &str| {
        Store::open(&options(url)).await.expect("the database is migrated").close().await;
    };
    (postgres::migrated(&server, migrate).await, tempfile::tempdir().expect("a folder"))
}

/// The URL of a database without a schema, and the folder that goes with the test.
pub(crate) async fn empty_database() -> (String, tempfile::TempDir) {
    let Some(server) = postgres::server() else { return sqlite() };
    (postgres::empty(&server).await, tempfile::tempdir().expect("a folder"))
}

fn sqlite() -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    (format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display()), folder)
}

/// The instant at which the tests begin.
pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 9, 0, 0).single().expect("an instant")
}

pub(crate) fn policy() -> Policy {
    Policy { grace: TimeDelta::days(7), ..Policy::default() }
}

pub(crate) fn actor() -> Actor {
    Actor {
        kind: ActorKind::Operator,
        name: "test".to_owned(),
        reference: "test".to_owned(),
        connection: None,
    }
}

/// Who brings about what the tests do to a person.
pub(crate) fn by(_: UserId) -> &'static Actor {
    static ACTOR: LazyLock<Actor> = LazyLock::new(actor);
    &ACTOR
}

pub(crate) fn new_connection(name: &str) -> NewConnection {
    NewConnection {
        name: name.to_owned(),
        profile: "generic".to_owned(),
        with: vec!["one".to_owned()],
        without: Vec::new(),
        policy: policy(),
        shared: false,
        takes_over: Vec::new(),
        networks: Vec::new(),
    }
}

pub(crate) fn new_pool(name: &str, seats: u32, policy: PoolPolicy) -> NewPool {
    NewPool {
        name: name.to_owned(),
        seats,
        policy,
        expires_at: None,
        last_day: None,
        rule: None,
        default: false,
    }
}

/// The canonical document of a body without `schemas`.
pub(crate) fn user_document(mut body: Value) -> Object {
    body["schemas"] = json!([scim::schema::USER]);
    scim::resource::parse(Registry::standard().user(), body.as_object().expect("an object"))
        .expect("a valid user")
}

/// A user whom nobody sent.
pub(crate) fn new_user(id: Uuid, document: Object) -> NewUser {
    let id = UserId::new(id);
    let (subject, kind) = (Subject::User(id), EntryKind::UserCreated);
    let entry = Entry::new(subject, kind, "A test.".to_owned());
    NewUser { id, document, connection: None, entry, actor: actor() }
}

/// A user of this document whom nobody sent, ready to be created.
pub(crate) fn newcomer(scope: &TenantScope, document: Object) -> Newcomer {
    Newcomer::new(Registry::standard(), scope, new_user(id_at(now()), document), now())
        .expect("a user with a name")
}

/// Creates one user.
pub(crate) async fn create(unit: &mut WriteUnit, new: NewUser, at: DateTime<Utc>) -> Result<User, Error> {
    let newcomer = Newcomer::new(unit.registry(), unit.scope(), new, at)?;
    let arrived = unit.insert_users(vec![&newcomer], &[], &std::collections::BTreeSet::new()).await?;
    let user = newcomer.user();
    if arrived.created.contains(&user.id) {
        Ok(user.clone())
    } else {
        Err(Error::Conflict(Constraint::UserName))
    }
}

/// Makes whoever has this name a member of the group, or lets the group wait for them, as a push does.
pub(crate) async fn push_member(mut unit: WriteUnit, group: GroupId, name: &str) {
    unit.lock_group(group).await.expect("readable").expect("there");
    let name = [name.to_owned()];
    let called = unit.people_called(&name).await.expect("readable");
    if let Some(person) = called.get(&name[0]) {
        let people: Vec<_> = person.iter().map(|person| (*person, MemberKind::User)).collect();
        unit.add_members(group, &people, now()).await.expect("added");
    } else {
        unit.park_members(group, &name, None).await.expect("parked");
    }
    unit.commit().await.expect("committed");
}

/// Inserts a user into a unit.
pub(crate) async fn insert_user(unit: &mut WriteUnit, body: Value) -> UserId {
    let new = new_user(id_at(now()), user_document(body));
    create(unit, new, now()).await.expect("a new user").id
}

/// Inserts a group into a unit.
pub(crate) async fn insert_group(unit: &mut WriteUnit, name: &str) -> GroupId {
    let id = GroupId::new(id_at(now()));
    let mut document = Object::new();
    document.insert("displayName".to_owned(), name.into());
    unit.insert_group(&NewGroup { id, document, unique_name: None, connection: None }, now())
        .await
        .expect("a new group");
    id
}

/// A new id at an instant.
pub(crate) fn id_at(at: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(at.timestamp()).expect("after 1970");
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, at.timestamp_subsec_nanos()))
}

pub(crate) fn user_filter(text: &str) -> ResolvedFilter {
    let (filter, _) =
        scim::filter::parse(Registry::standard().user(), text, FilterDialect::default()).expect(text);
    filter
}

pub(crate) fn group_filter(text: &str) -> ResolvedFilter {
    let (filter, _) =
        scim::filter::parse(Registry::standard().group(), text, FilterDialect::default()).expect(text);
    filter
}

pub(crate) fn page(start_index: u64, count: u64) -> Page {
    Page { start_index, count }
}

/// The seats and places of those among these users who have any.
pub(crate) async fn licences_of(unit: &ReadUnit, users: &[UserId]) -> HashMap<UserId, Vec<Licence>> {
    let wanted = Wanted { licences: true, ..Wanted::default() };
    let computed = unit.computed(users, wanted).await.expect("readable");
    let licences = computed.into_iter().map(|(user, computed)| (user, computed.licences));
    licences.filter(|(_, licences)| !licences.is_empty()).collect()
}
