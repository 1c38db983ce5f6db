//! Strategies for users, groups, enrolments and filters, made from the schemas.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use provisioning::{Enrolment, SeatState, Status};
use scim::schema::{Attribute, Kind, Registry, Returned};
use serde_json::{Map, Value};

use super::{BASE, now};

/// How many users, groups and pools a generated tenant has.
pub(crate) const USERS: usize = 5;
pub(crate) const GROUPS: usize = 3;
pub(crate) const POOLS: usize = 2;

/// Texts that databases and careless code treat specially. `{u0}` stands for the id of a user, `{g0}` of a group,
/// `{p0}` of a pool.
const WORDS: &[&str] = &[
    "",
    "a",
    "A",
    "ab",
    "aB",
    "b",
    "ä",
    "Ä",
    "ß",
    "SS",
    "ss",
    "ẞx",
    "İ",
    "ſ",
    "日本",
    "日",
    "äb",
    "😀x",
    "%",
    "_",
    "a%b",
    "a_b",
    "\\",
    "'",
    "\"",
    "O'Malley",
    " ",
    "a ",
    "work",
    "WORK",
    "home",
    "user",
    "direct",
    "pending",
    "Assigned",
    "{u0}",
    "{u1}",
    "{g0}",
    "zoe\u{308}",
    "zoë",
];

/// Texts that only operands hold.
const OPERANDS: &[&str] = &[
    "a\u{0}",
    "\u{0}",
    "a\u{0}b",
    "\u{10FFFF}",
    "a\u{10FFFF}",
    "\u{D7FF}",
    "{p0}",
    "{p1}",
    "{u2}",
    "{g1}",
    "-",
    "0",
    "W/\"1\"",
    "W/",
    "User",
    "Group",
    "Users",
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "urn:",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "urn:rollcall:params:scim:schemas:extension:enrolment:1.0:User",
    "{base}/Users/{u0}",
    "{base}/Groups/{g0}",
    "{base}/",
    "{base}/Users/a",
    "https://photos.alpha.example/A",
    "QUI=",
    "suspended",
    "waiting",
    "Vault 0",
    "indirect",
];

/// Instants at which generated resources are created, and near them.
const INSTANTS: &[&str] = &[
    "2026-03-01T09:00:00Z",
    "2026-03-01T09:00:00.001Z",
    "2026-03-01T10:00:00.5+01:00",
    "2026-03-01T09:00:00.5005Z",
    "2026-03-01T09:00:01Z",
    "2016-12-31T23:59:60Z",
    "0000-01-01T00:00:00+14:00",
    "9999-12-31T24:00:00Z",
    "2026-03-08T09:00:00.25Z",
];

/// One generated tenant.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) users: Vec<Map<String, Value>>,
    pub(crate) milliseconds: Vec<i64>,
    pub(crate) groups: Vec<(&'static str, Option<&'static str>)>,
    /// Group, and the number of a user, or behind the users of a group.
    pub(crate) members: Vec<(usize, usize)>,
    pub(crate) enrolments: Vec<Option<Enrolment>>,
    pub(crate) seats: Vec<Vec<Option<SeatState>>>,
}

pub(crate) fn tenant() -> impl Strategy<Value = Tenant> {
    let people = prop::collection::vec(user(), USERS);
    let milliseconds = prop::collection::vec(select(vec![0_i64, 1, 500, 1_000]), USERS + GROUPS);
    let groups = prop::collection::vec((select(WORDS), prop::option::of(select(WORDS))), GROUPS);
    let members = prop::collection::vec((0..GROUPS, 0..USERS + GROUPS), 0..8);
    let enrolments = prop::collection::vec(prop::option::of(enrolment()), USERS);
    let seat = prop::option::weighted(0.3, select(vec![SeatState::Assigned, SeatState::Waiting]));
    let seats = prop::collection::vec(prop::collection::vec(seat, POOLS), USERS);
    (people, milliseconds, groups, members, enrolments, seats).prop_map(
        |(users, milliseconds, groups, members, enrolments, seats)| Tenant {
            users,
            milliseconds,
            groups,
            members,
            enrolments,
            seats,
        },
    )
}

fn enrolment() -> impl Strategy<Value = Enrolment> {
    let instant = || prop::option::of(select(vec![0_i64, 250, 604_800_250]));
    (select(Status::ALL), instant(), instant(), instant(), any::<bool>(), prop::option::of(select(WORDS)))
        .prop_map(|(status, since, kept, used, restore_owed, cause)| {
            let at =
                |offset: Option<i64>| offset.map(|offset| now() + chrono::TimeDelta::milliseconds(offset));
            Enrolment {
                status,
                since: at(since),
                seat_kept_until: at(kept),
                last_used: at(used),
                restore_owed,
                cause: cause.map(str::to_owned),
                ..Enrolment::default()
            }
        })
}

/// The body of a user, without `schemas` and `userName`.
fn user() -> impl Strategy<Value = Map<String, Value>> {
    let registry = Registry::standard();
    let core = attributes(&registry.user().schema.attributes, &["userName"]);
    let enterprise = attributes(&registry.user().extensions[0].schema.attributes, &[]);
    let external = prop::option::of(select(WORDS));
    (core, prop::option::of(enterprise), external).prop_map(|(mut body, enterprise, external)| {
        if let Some(enterprise) = enterprise {
            body.insert(scim::schema::ENTERPRISE_USER.to_owned(), Value::Object(enterprise));
        }
        body.extend(external.map(|external| ("externalId".to_owned(), external.into())));
        body
    })
}

fn attributes(list: &'static [Arc<Attribute>], but: &[&str]) -> BoxedStrategy<Map<String, Value>> {
    let written = list.iter().filter(|a| !a.read_only() && !but.contains(&a.name.as_str()));
    let members: Vec<_> = written
        .map(|attribute| {
            let value = if attribute.multi_valued { many(attribute) } else { one(attribute) };
            prop::option::weighted(0.4, value)
                .prop_map(|value| value.map(|value| (attribute.name.clone(), value)))
        })
        .collect();
    members.prop_map(|members| members.into_iter().flatten().collect()).boxed()
}

fn many(attribute: &'static Attribute) -> BoxedStrategy<Value> {
    let elements = prop::collection::vec(one(attribute), 0..4);
    elements
        .prop_map(|mut elements| {
            let mut primary = false;
            for element in &mut elements {
                if element["primary"] == true && std::mem::replace(&mut primary, true) {
                    element["primary"] = false.into();
                }
            }
            elements.into()
        })
        .boxed()
}

fn one(attribute: &'static Attribute) -> BoxedStrategy<Value> {
    match attribute.kind {
        Kind::Complex => attributes(&attribute.sub_attributes, &[]).prop_map(Value::Object).boxed(),
        Kind::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Reference => {
            select(vec!["https://photos.alpha.example/A", "a", "A"]).prop_map(Value::from).boxed()
        }
        Kind::Binary => select(vec!["QUI=", "QUI", "aQ=="]).prop_map(Value::from).boxed(),
        _ => select(WORDS).prop_map(Value::from).boxed(),
    }
}

/// An attribute that a filter may name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) schema: Option<&'static str>,
    pub(crate) attribute: &'static Attribute,
}

impl Target {
    pub(crate) fn path(self) -> String {
        match self.schema {
            Some(schema) => format!("{schema}:{}", self.attribute.name),
            None => self.attribute.name.clone(),
        }
    }
}

/// Every attribute of users, or of groups, that can be compared.
pub(crate) fn targets(groups: bool) -> Vec<Target> {
    let registry = Registry::standard();
    let resource_type = if groups { registry.group() } else { registry.user() };
    let extensions = resource_type.extensions.iter().map(|extension| &extension.schema);
    let named = |schema: Option<&'static str>, list: &'static [Arc<Attribute>]| {
        let readable = list.iter().filter(|attribute| attribute.returned != Returned::Never);
        readable.map(|attribute| Target { schema, attribute }).collect::<Vec<_>>()
    };
    let mut all = named(None, scim::schema::common_attributes());
    all.extend(named(None, &resource_type.schema.attributes));
    all.extend(extensions.flat_map(|schema| named(Some(schema.id.as_str()), &schema.attributes)));
    all
}

/// A filter over users, or over groups.
pub(crate) fn filter(groups: bool) -> BoxedStrategy<String> {
    let all = targets(groups);
    let complex: Vec<Target> = all.iter().copied().filter(|target| target.attribute.complex()).collect();
    let elements = select(complex).prop_flat_map(|target| {
        let subs: Vec<&'static Attribute> = target.attribute.sub_attributes.iter().map(Arc::as_ref).collect();
        let inner = logic(select(subs).prop_flat_map(|sub| test(sub.name.clone(), sub)).boxed());
        inner.prop_map(move |inner| format!("{}[{inner}]", target.path()))
    });
    let simple = select(all).prop_flat_map(|target| {
        let mut leaves: Vec<(String, &'static Attribute)> = vec![(target.path(), target.attribute)];
        let subs = target.attribute.sub_attributes.iter().map(Arc::as_ref);
        leaves.extend(subs.map(|sub| (format!("{}.{}", target.path(), sub.name), sub)));
        select(leaves).prop_flat_map(|(path, leaf)| test(path, leaf))
    });
    logic(prop_oneof![3 => simple, 2 => elements].boxed())
}

fn logic(leaf: BoxedStrategy<String>) -> BoxedStrategy<String> {
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| format!("not ({inner})")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|terms| format!("({})", terms.join(" and "))),
            prop::collection::vec(inner, 2..4).prop_map(|terms| format!("({})", terms.join(" or "))),
        ]
    })
    .boxed()
}

/// A comparison or a test of presence.
fn test(path: String, leaf: &'static Attribute) -> BoxedStrategy<String> {
    let present = Just(format!("{path} pr")).boxed();
    let null = select(vec!["eq", "ne"]).prop_map({
        let path = path.clone();
        move |op| format!("{path} {op} null")
    });
    let equality = vec!["eq", "ne"];
    let order = vec!["eq", "ne", "gt", "ge", "lt", "le"];
    let every = vec!["eq", "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
    let (operators, operands) = match leaf.kind {
        Kind::Complex
            if leaf.multi_valued && leaf.sub("value").is_some_and(|value| value.kind == Kind::String) =>
        {
            (every, texts(leaf))
        }
        Kind::Complex => return prop_oneof![present, null].boxed(),
        Kind::Boolean => (equality, select(vec!["true", "false"]).prop_map(str::to_owned).boxed()),
        Kind::Integer | Kind::Decimal => (order, select(vec!["1", "1.5"]).prop_map(str::to_owned).boxed()),
        Kind::DateTime => (order, select(INSTANTS).prop_map(|text| format!("\"{text}\"")).boxed()),
        Kind::Binary => (equality, texts(leaf)),
        Kind::String | Kind::Reference => (every, texts(leaf)),
    };
    let compare =
        (select(operators), operands).prop_map(move |(op, operand)| format!("{path} {op} {operand}"));
    prop_oneof![1 => present, 1 => null, 6 => compare].boxed()
}

/// Operands for a text: mostly those that can tell something about this attribute.
fn texts(leaf: &Attribute) -> BoxedStrategy<String> {
    let fitting: &[&str] = match leaf.name.as_str() {
        "type" => &["work", "WORK", "home", "direct", "indirect", "in", "user", "Group", "", "a"],
        "$ref" | "location" => &[
            "{base}/Users/{u0}",
            "{base}/Groups/{g0}",
            "{base}/Groups/{g1}",
            "{base}/",
            "{base}/Users/a",
            "{base}/Users/",
            "{base}/Users/%C3%A4",
            "{u1}",
        ],
        "id" => &["{u0}", "{u1}", "{g0}", "{g1}", "-", "0"],
        "members" | "groups" | "licences" | "manager" | "value" => {
            &["{u0}", "{u1}", "{g0}", "{g1}", "{p0}", "a", "A", "ä"]
        }
        "version" => &["W/\"1\"", "W/\"2\"", "\"", "2"],
        "resourceType" => &["User", "user", "Group", "s"],
        "schemas" => &[
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "urn:rollcall:params:scim:schemas:extension:enrolment:1.0:User",
            "urn:",
        ],
        "status" => &["no-licence", "pending", "Active", "suspended", "deactivated", "e"],
        "state" => &["assigned", "WAITING", "a"],
        _ => &["a", "A", "ä", "ß", "日", "SS", "", "%", "_", "a%", "vault 0", "ada", "äda"],
    };
    let all: Vec<&'static str> = WORDS.iter().chain(OPERANDS).copied().collect();
    let fitting: Vec<String> = fitting.iter().map(|text| (*text).to_owned()).collect();
    let chosen = prop_oneof![2 => select(fitting), 1 => select(all).prop_map(str::to_owned)];
    chosen.prop_map(|text| Value::from(text.replace("{base}", BASE)).to_string()).boxed()
}
