//! People are moved from one pool to another one without losing access, and seats beyond those bought are listed (O-11, S-38).

use operations::Error;
use operations::consequences::Agreed;
use operations::grants;
use operations::pools::{self, Change, Move, Plan};
use provisioning::Stays;

use crate::support::{Client, TestApp};

/// Three people with a seat of "Trial" by hand, one through a group, and a pool "Vault" of so many seats.
async fn site(seats: u32) -> (TestApp, Client, Vec<String>) {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool("Trial", 10, "queue").await;
    app.pool("Vault", seats, "queue").await;
    let mut people = Vec::new();
    for name in ["ada", "ben", "cem", "dan"] {
        people.push(client.user(name).await);
    }
    let operator = app.admin.operator("grant create");
    for person in &people[..3] {
        grants::create(app.admin.db(), &operator, person, "Trial").await.expect("given");
    }
    let team = client.group("Team", &[&people[3]]).await;
    app.bind(&team, "Trial").await;
    (app, client, people)
}

fn wanted(filter: Option<&str>) -> Move {
    Move { from: "Trial".to_owned(), to: "Vault".to_owned(), filter: filter.map(str::to_owned) }
}

async fn plan(app: &TestApp, filter: Option<&str>) -> Plan {
    let operator = app.admin.operator("pool move");
    pools::preview_move(app.admin.db(), &operator, &wanted(filter)).await.expect("two pools")
}

/// Moves people; answers how many were looked at, and how many found no seat.
async fn move_them(app: &TestApp, filter: Option<&str>, agreed: Agreed) -> Result<(u64, u64), Error> {
    let operator = app.admin.operator("pool move");
    let (_, work) = pools::move_people(app.admin.db(), &operator, &wanted(filter), agreed).await?;
    let settled = app.admin.finish(work, |_| {}).await.expect("done");
    Ok((settled.people, settled.refused))
}

async fn used(app: &TestApp) -> (u32, u32) {
    (app.pool_now("Trial").await.used, app.pool_now("Vault").await.used)
}

#[tokio::test]
async fn people_by_hand_are_moved_and_keep_access_and_those_of_a_group_stay() {
    let (app, client, people) = site(10).await;
    let planned = plan(&app, None).await;
    assert_eq!((planned.moved, planned.consequences.losses.access), (3, 0));
    assert_eq!(planned.consequences.losses.seats, 3, "they give a seat back");
    let stays: Vec<_> = planned.stay.iter().map(|stay| (stay.user_name.as_str(), &stay.why)).collect();
    assert_eq!(stays, [("dan", &Stays::NotByHand("through the group “Team”".to_owned()))]);
    assert_eq!(used(&app).await, (4, 0), "a preview changes nothing");
    let refused = move_them(&app, None, Agreed::People(2)).await.expect_err("3 people give a seat back");
    assert!(refused.to_string().contains('3'), "{refused}");

    assert_eq!(move_them(&app, None, Agreed::People(3)).await.expect("agreed"), (4, 0));
    assert_eq!(used(&app).await, (1, 3));
    for person in &people {
        assert_eq!(client.status(person).await, "pending");
    }
    let story = app.story(&people[0]).await;
    let kinds = ["user-created", "granted", "seat-taken", "enrolled", "granted", "seat-freed", "seat-taken"];
    assert_eq!(story, kinds, "no access is cut in between");
    assert_eq!(plan(&app, None).await.moved, 0, "nothing is left to do");
}

#[tokio::test]
async fn who_finds_no_seat_stays_and_is_counted() {
    let (app, client, people) = site(2).await;
    assert_eq!(plan(&app, None).await.moved, 2);
    assert_eq!(move_them(&app, None, Agreed::Anything).await.expect("agreed"), (4, 1));
    assert_eq!(used(&app).await, (2, 2));
    for person in &people {
        assert_eq!(client.status(person).await, "pending");
    }
    let left = plan(&app, None).await;
    assert_eq!((left.moved, left.stay.iter().filter(|stay| stay.why == Stays::NoSeat).count()), (0, 1));
}

#[tokio::test]
async fn a_filter_says_who_is_meant_and_an_interrupted_move_goes_on_as_a_job() {
    let (app, _, _) = site(10).await;
    assert_eq!(move_them(&app, Some("userName eq \"ben\""), Agreed::Anything).await.expect("agreed"), (1, 0));
    assert_eq!(used(&app).await, (3, 1));
    let operator = app.admin.operator("pool move");
    let (_, work) =
        pools::move_people(app.admin.db(), &operator, &wanted(None), Agreed::Anything).await.expect("agreed");
    drop(work);
    app.later(chrono::TimeDelta::minutes(2)).await;
    assert_eq!(used(&app).await, (1, 3));
    for (from, to) in [("Trial", "Trial"), ("Trial", "Nowhere")] {
        let wanted = Move { from: from.to_owned(), to: to.to_owned(), filter: None };
        pools::preview_move(app.admin.db(), &operator, &wanted).await.expect_err("no two pools");
    }
}

#[tokio::test]
async fn seats_beyond_those_bought_are_listed_with_since_when_and_through_what() {
    let (app, client, _) = site(10).await;
    let operator = app.admin.operator("pool overage");
    let overage = async || pools::overage(app.admin.db(), &operator, "Alpha").await.expect("a tenant");
    assert_eq!(overage().await, []);
    let change = Change { seats: Some(2), policy: Some("overage".to_owned()), ..Change::default() };
    pools::update(app.admin.db(), &operator, "Trial", &change, Agreed::Anything).await.expect("changed");
    app.later(chrono::TimeDelta::hours(1)).await;
    let eve = client.user("eve").await;
    let later = app.admin.operator("grant create");
    grants::create(app.admin.db(), &later, &eve, "Trial").await.expect("given");
    let listed = overage().await;
    assert_eq!(listed.len(), 3, "five seats, two of them bought");
    assert!(listed.iter().all(|over| over.pool_name == "Trial"));
    let last = listed.last().expect("three");
    assert_eq!((last.user_name.as_str(), last.assigned_beyond), ("eve", true));
    assert_eq!(last.through, ["by an administrator's hand"]);
    assert!(!listed[0].assigned_beyond, "fewer were bought later");
    assert!(listed[0].since < last.since);
}
