//! The stories S-02 and S-10 to S-15: roles apart from permissions, and lists that are searched, filtered and paged.

use http::Method;
use operations::users::by_hand::{self, Licence, Person};
use operations::{administrators, permissions};
use serde_json::json;

use super::{Stage, operator};
use crate::browser::{Browser, with_browser};

impl Stage {
    /// What the application may do for a person, by the name of the permission.
    async fn granted(&self, person: &str, name: &str) -> String {
        let operator = operator(&self.app).within(Some(self.tenant.clone()));
        let all = permissions::show(self.app.db(), &operator, person).await.expect("permissions");
        all.iter().find(|granted| granted.name == name).expect("the permission").value.to_string()
    }
}

/// Waits until the list shows these people and nobody else, by the words of their rows.
async fn lists(browser: &Browser, names: &[&str]) {
    let names = json!(names);
    browser
        .until(&format!(
            "const rows = [...document.querySelectorAll('#user-list tbody tr')].map((row) => row.innerText);
             const names = {names};
             return rows.length === names.length && names.every((name) => rows.some((row) => row.includes(name)));"
        ))
        .await;
}

/// The story S-02: what an administrator may do, and what the application lets people do, are two pages.
#[tokio::test]
async fn roles_and_permissions_are_two_notions_in_the_browser() {
    let stage = Stage::build().await;
    with_browser(stage.router(), async |browser| {
        stage.enter(browser, "/users").await;
        browser.follow("link", "Permissions").await;
        browser.write("textbox", "Name", "export").await;
        browser.write("textbox", "Value for everyone", "false").await;
        browser.follow("button", "Add").await;
        assert_eq!(stage.granted("amara@kestrel.example", "export").await, "false");
        browser.click("DisclosureTriangle", "Change").await;
        browser.choose("Exception for", "One person").await;
        browser.write("textbox", "Name or ID", "amara@kestrel.example").await;
        browser.write("textbox", "Value for them", "true").await;
        browser.follow("button", "Add the exception").await;
        assert_eq!(stage.granted("amara@kestrel.example", "export").await, "true");
        assert_eq!(stage.granted("lan@kestrel.example", "export").await, "false");
        browser.follow("button", "Take out the exception of").await;
        assert_eq!(stage.granted("amara@kestrel.example", "export").await, "false");

        browser.follow("link", "Administrators").await;
        browser.shows("Ingrid Solheim").await;
        browser.write("textbox", "Name", "Tomasz Zielinski").await;
        browser.write("textbox", "E-mail", "tomasz@kestrel.example").await;
        browser.click("radio", "Auditor").await;
        browser.follow("button", "Add and show the link").await;
        let tenant = Some(stage.tenant.as_str());
        let all = administrators::list(stage.app.db(), tenant).await.expect("a list");
        let role = all.iter().find(|one| one.name == "Tomasz Zielinski").expect("invited").role.to_owned();
        assert_eq!(role, "auditor");
        let faults = browser.faults().await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}

/// The stories S-10 to S-15: words, each filter, filters together, and the pages of what is found.
#[tokio::test]
async fn a_list_is_searched_filtered_and_paged_in_the_browser() {
    let stage = Stage::build().await;
    let [amara, lan, ..] = &stage.people[..] else { panic!("there are people") };
    let device = format!("/people/{lan}/devices/d-1");
    stage
        .report(
            Method::PUT,
            &device,
            &json!({ "name": "HL-LT-2231", "platform": "Windows", "appVersion": "6.1" }),
        )
        .await;
    stage.report(Method::POST, &format!("{device}/hub"), &json!({ "authenticated": true })).await;
    let now = stage.app.now().to_rfc3339();
    stage.report(Method::POST, "/seen", &json!([{ "person": amara, "at": now }])).await;
    with_browser(stage.router(), async |browser| {
        stage.enter(browser, "/users").await;
        let everyone = format!("/console/{}/users", stage.tenant);
        browser.write("searchbox", "Search by name or e-mail", "nguyen").await;
        lists(browser, &["Nguyễn Thị Lan"]).await;
        browser.shows("1 user").await;
        browser.write("searchbox", "Search by name or e-mail", "YUSUF@kes").await;
        lists(browser, &["Yusuf Demirel"]).await;

        for (field, option, names) in [
            ("Licence", "Not assigned", &["Yusuf Demirel"][..]),
            ("Licence", "Waiting", &["עדה כהן", "Wirihana"]),
            ("Status", "Pending user action", &["Amara Okafor", "Nguyễn Thị Lan", "<script>"]),
            ("Active users", "Used in the last 30 days", &["Amara Okafor", "Nguyễn Thị Lan"]),
            ("Hub", "Authenticated", &["Nguyễn Thị Lan"]),
        ] {
            browser.open(&everyone).await;
            browser.choose(field, option).await;
            lists(browser, names).await;
        }

        // Filters and words count together, and the address of the page remembers them.
        browser.open(&everyone).await;
        browser.choose("Licence", "Assigned").await;
        lists(browser, &["Amara Okafor", "Nguyễn Thị Lan", "<script>"]).await;
        browser.choose("Hub", "Never authenticated").await;
        lists(browser, &["Amara Okafor", "<script>"]).await;
        browser.write("searchbox", "Search by name or e-mail", "amara").await;
        lists(browser, &["Amara Okafor"]).await;
        browser.until("return location.search.includes('q=amara')").await;
        let there = browser.path().await;
        browser.open(&there).await;
        lists(browser, &["Amara Okafor"]).await;

        for number in 0..20 {
            let email = format!("w{number:02}@kestrel.example");
            let person = Person { name: format!("Winch {number:02}"), email, user_name: None };
            let (db, operator) = (stage.app.db(), operator(&stage.app));
            by_hand::add(db, &operator, &stage.tenant, &person, &Licence::None).await.expect("a person");
        }
        browser.open(&everyone).await;
        browser.shows("26 users, 20 on this page").await;
        browser.click("link", "Next").await;
        browser.shows("26 users, 6 on this page").await;
        browser.click("link", "Previous").await;
        browser.shows("26 users, 20 on this page").await;
        let faults = browser.faults().await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}
