//! The stories S-57 to S-60: people leave bound groups, come back, and groups go, while an administrator looks.

use http::Method;
use serde_json::json;

use super::Stage;
use crate::browser::with_browser;

impl Stage {
    /// The directory adds the last person to one of the groups, or takes the person out of it.
    async fn member(&self, group: usize, op: &str) {
        let (path, person) = (format!("/scim/v2/Groups/{}", self.groups[group]), &self.people[5]);
        let operation = match op {
            "add" => json!({ "op": "add", "path": "members", "value": [{ "value": person }] }),
            _ => json!({ "op": "remove", "path": format!("members[value eq \"{person}\"]") }),
        };
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
        let body = json!({ "schemas": schemas, "Operations": [operation] });
        let pushed = self.push(Method::PATCH, &path, &body).await;
        assert!(pushed.status().is_success(), "{op}: {}", pushed.status());
    }
}

/// A person who leaves one of two groups keeps the licence (S-58); who leaves the last one, or whose group is deleted, has no access
/// (S-57, S-60), and the pages say why.
#[tokio::test]
async fn leaving_bound_groups_takes_the_licence_with_the_last_one_in_the_browser() {
    const YUSUF: &str = "yusuf@kestrel.example";
    let stage = Stage::build().await;
    with_browser(stage.router(), async |browser| {
        stage.enlarge(browser).await;
        browser.open(&format!("/console/{}/groups/enrol", stage.tenant)).await;
        browser.click("checkbox", "Fleet Operations").await;
        browser.click("checkbox", "<b>Shore").await;
        browser.follow("button", "Save…").await;
        browser.follow("button", "Save and invite").await;
        stage.work().await;
        assert_eq!((stage.status(YUSUF).await.as_str(), stage.seats(YUSUF).await), ("pending", 1));

        let page = format!("/console/{}/users/{}", stage.tenant, stage.people[5]);
        let shows = async |tab: &str, words: &str| {
            browser.open(&format!("{page}{tab}")).await;
            browser.shows(words).await;
        };
        stage.member(0, "remove").await;
        assert_eq!((stage.status(YUSUF).await.as_str(), stage.seats(YUSUF).await), ("pending", 1));
        shows("/grants", "Stands").await;

        stage.member(1, "remove").await;
        assert_eq!((stage.status(YUSUF).await.as_str(), stage.seats(YUSUF).await), ("suspended", 1));
        shows("/grants", "No grant stands").await;
        shows("/grants", "In no group").await;
        shows("", "Deactivated").await;
        browser.shows("The seat is kept until").await;
        shows("/journal", "<b>Shore").await;

        stage.member(1, "add").await;
        assert_eq!((stage.status(YUSUF).await.as_str(), stage.seats(YUSUF).await), ("pending", 1));
        let gone =
            stage.push(Method::DELETE, &format!("/scim/v2/Groups/{}", stage.groups[1]), &json!({})).await;
        assert_eq!(gone.status(), 204);
        assert_eq!((stage.status(YUSUF).await.as_str(), stage.seats(YUSUF).await), ("suspended", 1));
        browser.open(&format!("/console/{}/groups", stage.tenant)).await;
        browser.shows("Fleet Operations").await;
        browser.until("return !document.body.innerText.includes('<b>Shore')").await;
        let faults = browser.faults().await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}
