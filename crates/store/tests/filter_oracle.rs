//! The meaning of filters: SQL selects exactly what `ResolvedFilter::matches` accepts, on both databases.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use crate::support::fill::fill;
use crate::support::generate::{Target, Tenant, filter, targets, tenant};
use crate::support::represent::{group_documents, matching, user_documents};
use crate::support::{
    TestStore, create, group_filter, id_at, new_user, now, page, user_document, user_filter,
};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use provisioning::{Enrolment, SeatState, Status};
use scim::Object;
use scim::schema::{Attribute, ENROLMENT, ENTERPRISE_USER, Kind};
use serde_json::{Value, json};
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
        let new = new_user(id_at(now()), document.clone());
        let user = create(&mut unit, new, person.created).await.expect("inserted");
        unit.save_user(&user, &document, person.last_modified).await.expect("saved");
        ids.insert(user.id, name);
    }
    unit.commit().await.expect("committed");

    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(data.answers.len(), 45);
    for (filter, expected) in data.answers {
        let filter =
            ids.iter().fold(filter, |text, (id, name)| text.replace(&format!("{{{name}}}"), &id.to_string()));
        let (total, found) = unit.users(Some(&user_filter(&filter)), page(1, 100)).await.expect(&filter);
        let mut found: Vec<&str> = found.iter().map(|user| ids[&user.id].as_str()).collect();
        found.sort_unstable();
        assert_eq!(
            (total, found),
            (expected.len() as u64, expected.iter().map(String::as_str).collect()),
            "{filter}"
        );
    }
}

#[test]
fn generated_filters_mean_the_same_in_sql() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = runtime.block_on(TestStore::open());
    let config =
        Config { cases: cases(), failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let filters = |groups| prop::collection::vec(filter(groups), 24);
    let (number, telling) = (Cell::new(0_u32), Cell::new(0_u32));
    let outcome =
        TestRunner::new(config).run(&(tenant(), filters(false), filters(true)), |(tenant, users, groups)| {
            number.set(number.get() + 1);
            runtime.block_on(async {
                let scope = store.tenant_named(&format!("Tenant {}", number.get())).await;
                let ids = fill(&store, &scope, &tenant).await;
                for sight in &ids.sights {
                    let unit = store.read(sight).await.expect("a unit opens");
                    let documents = user_documents(&unit).await;
                    for text in &users {
                        let filter = user_filter(&ids.named_in(text));
                        let expected: Vec<Uuid> = matching(&documents, |document| filter.matches(document));
                        telling.set(
                            telling.get()
                                + u32::from(!expected.is_empty() && expected.len() < documents.len()),
                        );
                        let (_, found) = unit.users(Some(&filter), page(1, 100)).await.expect(text);
                        let found: Vec<Uuid> = found.iter().map(|user| user.id.uuid()).collect();
                        prop_assert_eq!(found, expected, "{}", ids.named_in(text));
                    }
                    let documents = group_documents(&unit).await;
                    for text in &groups {
                        let filter = group_filter(&ids.named_in(text));
                        let expected: Vec<Uuid> = matching(&documents, |document| filter.matches(document));
                        telling.set(
                            telling.get()
                                + u32::from(!expected.is_empty() && expected.len() < documents.len()),
                        );
                        let (_, found) = unit.groups(Some(&filter), page(1, 100)).await.expect(text);
                        let found: Vec<Uuid> = found.iter().map(|group| group.id.uuid()).collect();
                        prop_assert_eq!(found, expected, "{}", ids.named_in(text));
                    }
                }
                Ok(())
            })
        });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    // A filter that accepts all or nothing tells little: enough of them must tell some from others.
    assert!(telling.get() > number.get() * 12, "{} of {} cases of 96 filters", telling.get(), number.get());
}

/// Every attribute with every operator, compared with values that are there, with parts of them, and with others.
#[tokio::test]
async fn every_attribute_and_operator_means_the_same_in_sql() {
    let store = TestStore::open().await;
    let scope = store.tenant_named("Beta").await;
    let ids = fill(&store, &scope, &telling_tenant()).await;
    let mut checked = 0;
    for sight in &ids.sights {
        let unit = store.read(sight).await.expect("a unit opens");
        let documents = user_documents(&unit).await;
        for text in sweep(&targets(false), &documents) {
            let filter = user_filter(&text);
            let expected = matching(&documents, |document| filter.matches(document));
            let (_, found) = unit.users(Some(&filter), page(1, 100)).await.expect(&text);
            let found: Vec<Uuid> = found.iter().map(|user| user.id.uuid()).collect();
            assert_eq!(found, expected, "{text}");
            checked += 1;
        }
        let documents = group_documents(&unit).await;
        for text in sweep(&targets(true), &documents) {
            let filter = group_filter(&text);
            let expected = matching(&documents, |document| filter.matches(document));
            let (_, found) = unit.groups(Some(&filter), page(1, 100)).await.expect(&text);
            let found: Vec<Uuid> = found.iter().map(|group| group.id.uuid()).collect();
            assert_eq!(found, expected, "{text}");
            checked += 1;
        }
    }
    assert!(checked > 2_000, "{checked} filters over {} users", ids.users.len());
}

/// A filter that names an extension alone finds those who have it, as answers show it.
#[tokio::test]
async fn an_extension_alone_means_has_it() {
    let store = TestStore::open().await;
    let scope = store.tenant_named("Beta").await;
    fill(&store, &scope, &telling_tenant()).await;
    let unit = store.read(&scope).await.expect("a unit opens");
    let documents = user_documents(&unit).await;
    for schema in [ENTERPRISE_USER, ENROLMENT] {
        let has_it = matching(&documents, |document| document.contains_key(schema));
        let has_not = matching(&documents, |document| !document.contains_key(schema));
        assert!(!has_it.is_empty() && !has_not.is_empty(), "{schema} tells people apart");
        for (text, expected) in [(format!("{schema} pr"), has_it), (format!("not ({schema} pr)"), has_not)] {
            let filter = user_filter(&text);
            assert_eq!(matching(&documents, |document| filter.matches(document)), expected, "{text}");
            let (_, found) = unit.users(Some(&filter), page(1, 100)).await.expect(&text);
            let found: Vec<Uuid> = found.iter().map(|user| user.id.uuid()).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}

/// People and groups with a value for every attribute that can have one.
pub(crate) fn telling_tenant() -> Tenant {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let rich = |tag: &str, manager: &str| {
        let element =
            json!({ "value": format!("{tag}-Value"), "display": format!("{tag} Display"), "type": "WORK" });
        let other = json!({ "value": format!("x{tag}"), "type": "home", "primary": true });
        json!({
            "externalId": format!("E-{tag}"),
            "name": {
                "formatted": format!("F {tag}"), "familyName": format!("{tag}mann"), "givenName": tag,
                "middleName": "M", "honorificPrefix": "Dr.", "honorificSuffix": "II",
            },
            "displayName": format!("{tag} Ünal"), "nickName": format!("N%{tag}_"), "title": "Boß",
            "userType": "Employee", "preferredLanguage": "de", "locale": "de-DE", "timezone": "Europe/Berlin",
            "profileUrl": format!("https://alpha.example/{}", manager.len()), "active": tag == "Jörg",
            "emails": [element, other], "phoneNumbers": [element], "ims": [other], "roles": [element, other],
            "entitlements": [other],
            "photos": [{ "value": "https://alpha.example/P", "type": "photo", "display": "P", "primary": true }],
            "addresses": [{
                "formatted": "A", "streetAddress": format!("{tag} Straße 1"), "locality": "Köln", "region": "NW",
                "postalCode": "50667", "country": "DE", "type": "work", "primary": true,
            }],
            "x509Certificates": [{ "value": "QUI=", "display": "C", "type": "cert", "primary": false }],
            enterprise: {
                "employeeNumber": tag, "costCenter": "C1", "organization": "Alpha", "division": "D",
                "department": "日本部", "manager": { "value": manager },
            },
        })
    };
    let users = [
        rich("Jörg", "{u1}"),
        rich("Zoë", "ä/b"),
        rich("Bob", "{g0}"),
        json!({}),
        json!({ "emails": [{ "value": "" }] }),
    ];
    let enrolment = |status, offset: i64, cause: &str| {
        let at = Some(now() + chrono::TimeDelta::milliseconds(offset));
        let cause = Some(cause.to_owned());
        let restore_owed = offset > 0;
        Some(Enrolment {
            status,
            since: at,
            seat_kept_until: at,
            last_used: at,
            cause,
            restore_owed,
            ..Enrolment::default()
        })
    };
    let (assigned, waiting) = (Some(SeatState::Assigned), Some(SeatState::Waiting));
    Tenant {
        users: users.iter().map(|user| user.as_object().expect("an object").clone()).collect(),
        milliseconds: vec![0, 1, 500, 1_000, 0, 0, 1, 500],
        groups: vec![("Ännä", Some("G-1")), ("bb", None), ("ß", Some("g-1"))],
        // Group 1 holds group 0 and group 0 holds group 2, which holds group 1: a ring.
        members: vec![(0, 0), (1, 5), (1, 1), (2, 2), (0, 7), (2, 6), (1, 0)],
        enrolments: vec![
            enrolment(Status::Active, 0, "Every step"),
            // This user has no grant.
            enrolment(Status::Pending, 250, "Ärger"),
            None,
            None,
            enrolment(Status::NoLicence, 604_800_250, ""),
        ],
        seats: vec![
            vec![assigned, waiting],
            vec![assigned, None],
            vec![None, waiting],
            vec![None; 2],
            vec![None; 2],
        ],
    }
}

fn sweep(targets: &[Target], documents: &[(Uuid, Object)]) -> Vec<String> {
    let mut filters = Vec::new();
    for target in targets {
        let (path, attribute) = (target.path(), target.attribute);
        let holders: Vec<&Value> = documents
            .iter()
            .filter_map(|(_, document)| match target.schema {
                Some(schema) => document.get(schema)?.get(&attribute.name),
                None => document.get(&attribute.name),
            })
            .flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice))
            .collect();
        if !attribute.complex() {
            filters.extend(comparisons(&path, attribute, &holders));
        }
        for sub in &attribute.sub_attributes {
            let values: Vec<&Value> = holders.iter().filter_map(|holder| holder.get(&sub.name)).collect();
            filters.extend(comparisons(&format!("{path}.{}", sub.name), sub, &values));
            let inside = comparisons(&sub.name, sub, &values);
            filters.extend(inside.iter().step_by(3).map(|inner| format!("{path}[{inner}]")));
            filters.extend(
                inside
                    .iter()
                    .step_by(5)
                    .map(|inner| format!("not ({path}[not ({inner}) and {} pr])", sub.name)),
            );
        }
        filters.push(format!("{path} pr"));
        filters.push(format!("{path} eq null"));
        filters.push(format!("not ({path} ne null)"));
    }
    filters
}

fn comparisons(path: &str, leaf: &Attribute, values: &[&Value]) -> Vec<String> {
    let mut filters = vec![format!("{path} pr"), format!("{path} eq null"), format!("{path} ne null")];
    let distinct: BTreeSet<String> = values.iter().map(ToString::to_string).collect();
    let mut operands: Vec<String> = distinct.into_iter().take(3).collect();
    let operators: &[&str] = match leaf.kind {
        Kind::Boolean => {
            operands = vec!["true".to_owned(), "false".to_owned()];
            &["eq", "ne"]
        }
        Kind::Binary => &["eq", "ne"],
        Kind::DateTime => {
            operands.push("\"2026-03-01T09:00:00.2505Z\"".to_owned());
            &["eq", "ne", "gt", "ge", "lt", "le"]
        }
        _ => {
            operands.push("\"\"".to_owned());
            operands.push("\"a\\u0000b\"".to_owned());
            for text in values.iter().take(2).filter_map(|value| value.as_str()) {
                let count = text.chars().count();
                let (head, tail): (String, String) =
                    (text.chars().take(count / 2 + 1).collect(), text.chars().skip(count / 2).collect());
                filters.extend(
                    [("sw", &head), ("ew", &tail), ("co", &tail), ("sw", &tail), ("ew", &head)]
                        .map(|(op, part)| format!("{path} {op} {}", Value::from(part.to_uppercase()))),
                );
                filters.extend(
                    [("sw", &head), ("ew", &tail), ("co", &head)]
                        .map(|(op, part)| format!("{path} {op} {}", Value::from(part.as_str()))),
                );
            }
            &["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]
        }
    };
    filters.extend(
        operators.iter().flat_map(|op| operands.iter().map(move |operand| format!("{path} {op} {operand}"))),
    );
    filters
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

/// Few by default, since every case is checked by 48 filters; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    let asked = Config::default().cases;
    if asked == 256 { 40 } else { asked }
}
