//! The time zone of a tenant, as an operator sets it, and when its pools end by that.

use crate::support::{Ran, text, vault};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// What a command printed, in lines of at most 80 columns.
fn fits(ran: &Ran) -> &str {
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.output.lines().all(|line| line.chars().count() <= 80), "{ran:?}");
    &ran.output
}

#[tokio::test]
async fn the_last_day_of_a_pool_ends_where_its_tenant_is() {
    let (site, _server) = vault().await;
    let status = || text(&site.json(&["user", "show", "ada"]), "/enrolment/status");
    let update = |more: &[&str]| site.run(&[&["tenant", "update", "Alpha"], more].concat());
    assert!(update(&[]).refused(2).contains("--time-zone"));
    assert!(
        update(&["--time-zone", "berlin"])
            .refused(1)
            .contains("“berlin” is no time zone: write Europe/Berlin")
    );
    let refused = site.run(&["tenant", "create", "Beta", "--time-zone", "+02:00"]);
    assert!(refused.refused(1).contains("such as Europe/Berlin, America/New_York or UTC"));
    assert!(update(&["--time-zone", "UTC"]).refused(1).contains("like that already"));
    let beta = site.json(&["tenant", "create", "Beta", "--time-zone", "Europe/Berlin"]);
    assert_eq!(beta["timeZone"], json!("Europe/Berlin"));
    let listed = site.json(&["tenant", "list"]);
    let zones: Vec<&Value> =
        listed["items"].as_array().expect("a list").iter().map(|tenant| &tenant["timeZone"]).collect();
    assert_eq!(zones, ["UTC", "Europe/Berlin"]);
    assert!(fits(&site.run(&["tenant", "list"])).contains("Europe/Berlin"));
    assert!(fits(&site.run(&["tenant", "show", "Beta"])).contains("time zone     Europe/Berlin"));
    let create = ["pool", "create", "--tenant", "Beta", "--name", "Safe", "--seats", "1"];
    let safe = site.json(&[&create[..], &["--expires", "2027-07-31"]].concat());
    assert_eq!(
        (&safe["lastDay"], &safe["expiresAt"]),
        (&json!("2027-07-31"), &json!("2027-07-31T22:00:00Z"))
    );
    assert!(fits(&site.run(&["pool", "show", "Safe"])).contains("Last day      2027-07-31"));
    assert!(fits(&site.run(&["pool", "list", "--tenant", "Beta"])).contains("2027-07-31"));

    // A day that is over on Kiritimati already, and goes on for hours where the next date comes last.
    let (first, last) = ("Pacific/Kiritimati", "Etc/GMT+12");
    let now: DateTime<Utc> = text(&beta, "/createdAt").parse().expect("an instant");
    let day = (now + TimeDelta::hours(14)).date_naive() - TimeDelta::days(1);
    site.json(&["tenant", "update", "Alpha", "--time-zone", last]);
    site.json(&["pool", "update", "Vault", "--expires", &day.to_string()]);
    assert!(update(&["--time-zone", first]).refused(1).contains("2 people would lose something"));
    assert_eq!(status(), "pending", "a refusal changes nothing");
    let moved = update(&["--time-zone", first, "--expect-people", "2"]);
    assert!(fits(&moved).contains("time zone Pacific/Kiritimati"), "{moved:?}");
    assert_eq!(status(), "suspended");
    let both = site.json(&["tenant", "update", "Alpha", "--time-zone", last, "--name", "Gamma"]);
    assert_eq!((&both["name"], &both["timeZone"]), (&json!("Gamma"), &json!(last)));
    assert_eq!(status(), "pending", "the day goes on there");
    let journal = site.json(&["journal", "tail", "--tenant", "Gamma", "--kind", "tenant-changed"]);
    let after: Vec<&Value> =
        journal["items"].as_array().expect("a list").iter().map(|line| &line["after"]).collect();
    let zone = |name: &str| json!({ "timeZone": name });
    assert_eq!(after, [&zone(last), &zone(first), &json!({"name": "Gamma"}), &zone(last)]);
}
