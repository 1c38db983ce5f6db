//! The order of lists: SQL sorts exactly as `Sort::compare` does, on both databases, by every attribute.

use proptest::test_runner::{Config, TestRunner};
use scim::protocol::sort::Sort;
use scim::schema::Registry;
use scim::{Object, ResourceType};
use store::{Error, Order, Reached, ReadUnit, Stretch, Wanted};
use uuid::Uuid;

use crate::filter_oracle::telling_tenant;
use crate::support::fill::fill;
use crate::support::generate::{targets, tenant};
use crate::support::represent::{group_documents, user_documents};
use crate::support::{TestStore, page};

/// Every way to sort resources of a type, by what a client writes.
fn sorts(resource_type: &ResourceType, groups: bool) -> Vec<(String, Sort)> {
    let paths = targets(groups).into_iter().flat_map(|target| {
        let path = target.path();
        let subs: Vec<String> =
            target.attribute.sub_attributes.iter().map(|sub| format!("{path}.{}", sub.name)).collect();
        subs.into_iter().chain([path])
    });
    let read = |path: &String, order| Sort::parse(resource_type, Some(path), Some(order)).ok().flatten();
    let both = paths.flat_map(|path| {
        ["ascending", "descending"].map(|order| Some((format!("{path} {order}"), read(&path, order)?)))
    });
    both.flatten().collect()
}

fn expected(documents: &[(Uuid, Object)], sort: &Sort) -> Vec<Uuid> {
    let mut all: Vec<_> = documents.iter().collect();
    all.sort_by(|(_, one), (_, other)| sort.compare(one, other));
    all.into_iter().map(|(id, _)| *id).collect()
}

async fn users(unit: &ReadUnit, order: Order) -> Result<Vec<Uuid>, Error> {
    let listing = unit.list_users(None, Some(&order), &Stretch::of(page(1, 100)), Wanted::default()).await?;
    let (total, all) = listing.all().await?;
    assert_eq!(total, all.len() as u64);
    Ok(all.into_iter().map(|(user, _)| user.id.uuid()).collect())
}

/// The same by walking, two at a time, from the first to the last and back again.
async fn walk(unit: &ReadUnit, order: Option<&Order>, wanted: &[Uuid], text: &str) {
    for backwards in [false, true] {
        let (mut seen, mut from) = (Vec::new(), None);
        loop {
            let begun = from.map(|place| (place, wanted.len() as u64));
            let stretch = Stretch { from: begun, backwards, count: 2, ..Stretch::default() };
            let walked = unit.list_users(None, order, &stretch, Wanted::default()).await.expect(text);
            let Reached { places, more, .. } = walked.reached.clone();
            let (total, page) = walked.all().await.expect(text);
            assert_eq!((total, page.len()), (wanted.len() as u64, places.len()), "{text}");
            let page: Vec<Uuid> = page.into_iter().map(|(user, _)| user.id.uuid()).collect();
            assert_eq!(page, places.iter().map(|place| place.id).collect::<Vec<_>>(), "{text}");
            if backwards {
                seen.splice(0..0, page);
            } else {
                seen.extend(page);
            }
            from = if backwards { places.first().cloned() } else { places.last().cloned() };
            if !more {
                break;
            }
        }
        assert_eq!(seen, wanted, "{text}, backwards: {backwards}");
    }
}

/// How many orders told resources apart.
async fn check(unit: &ReadUnit) -> usize {
    let mut telling = 0;
    let documents = user_documents(unit).await;
    for (text, sort) in sorts(Registry::standard().user(), false) {
        let wanted = expected(&documents, &sort);
        let order = Order { sort, most: 100 };
        assert_eq!(users(unit, order.clone()).await.expect(&text), wanted, "{text}");
        walk(unit, Some(&order), &wanted, &text).await;
        telling += usize::from(wanted.iter().ne(documents.iter().map(|(id, _)| id)));
    }
    let by_id: Vec<Uuid> = documents.iter().map(|(id, _)| *id).collect();
    walk(unit, None, &by_id, "by id").await;
    let documents = group_documents(unit).await;
    for (text, sort) in sorts(Registry::standard().group(), true) {
        let order = Order { sort, most: 100 };
        let listing = unit.list_groups(None, Some(&order), &Stretch::of(page(1, 100))).await.expect(&text);
        let (_, found) = listing.all().await.expect(&text);
        let found: Vec<Uuid> = found.iter().map(|group| group.id.uuid()).collect();
        assert_eq!(found, expected(&documents, &order.sort), "{text}");
    }
    telling
}

#[tokio::test]
async fn every_attribute_sorts_the_same_in_sql() {
    let store = TestStore::open().await;
    let scope = store.tenant_named("Beta").await;
    let ids = fill(&store, &scope, &telling_tenant()).await;
    for sight in &ids.sights {
        let telling = check(&store.read(sight).await.expect("a unit opens")).await;
        assert!(telling > 40, "{telling} orders differ from that of the ids");
    }
}

#[test]
fn generated_tenants_sort_the_same_in_sql_by_property() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = runtime.block_on(TestStore::open());
    let number = std::cell::Cell::new(0_u32);
    let config = Config { cases: 8, failure_persistence: None, max_shrink_iters: 50, ..Config::default() };
    let outcome = TestRunner::new(config).run(&tenant(), |tenant| {
        number.set(number.get() + 1);
        runtime.block_on(async {
            let scope = store.tenant_named(&format!("Tenant {}", number.get())).await;
            let ids = fill(&store, &scope, &tenant).await;
            for sight in &ids.sights {
                check(&store.read(sight).await.expect("a unit opens")).await;
            }
        });
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Pages of a sorted list are parts of one order, and an order without an index has a bound.
#[tokio::test]
async fn pages_follow_the_order_and_too_many_are_not_sorted() {
    let store = TestStore::open().await;
    for name in ["dan", "Ada", "carl", "Bea", "eve"] {
        store.add_user(name).await;
    }
    let unit = store.read(&store.scope).await.expect("a unit opens");
    let order = |by, most| {
        let sort = Sort::parse(Registry::standard().user(), Some(by), Some("descending"));
        Order { sort: sort.expect(by).expect("a sort"), most }
    };
    let mut names = Vec::new();
    for start in [1, 3, 5, 7] {
        let order = order("userName", 2);
        let listing =
            unit.list_users(None, Some(&order), &Stretch::of(page(start, 2)), Wanted::default()).await;
        let (total, found) = listing.expect("readable").all().await.expect("readable");
        assert_eq!(total, 5);
        names.extend(found.into_iter().map(|(user, _)| user.user_name().to_owned()));
    }
    assert_eq!(names, ["eve", "dan", "carl", "Bea", "Ada"]);
    assert_eq!(users(&unit, order("title", 5)).await.expect("few enough").len(), 5);
    let refused = users(&unit, order("title", 4)).await.expect_err("too many");
    assert!(matches!(refused, Error::TooManyToSort { found: 5, most: 4 }), "{refused}");
}
