//! The stories S-17, S-20, S-23 to S-29, S-34 and S-45 to S-51: from an invitation to a device, and what is asked before a person
//! leaves.

use http::Method;
use serde_json::json;

use super::Stage;
use crate::browser::with_browser;
use crate::outbound::mailer::tests::smtp::{Sink, WILLING};

/// A person is added with a licence, invited, reminded, appears with a device, and is asked for the handover before leaving.
#[tokio::test]
async fn a_user_goes_from_the_invitation_to_a_device_and_the_handover_in_the_browser() {
    const MAIL: &str = "nia@kestrel.example";
    let sink = Sink::start(WILLING).await;
    let settings = [
        ("ROLLCALL_MAIL__SMTP_HOST", "127.0.0.1".to_owned()),
        ("ROLLCALL_MAIL__SMTP_PORT", sink.port.to_string()),
        ("ROLLCALL_MAIL__SMTP_SECURITY", "none".to_owned()),
        ("ROLLCALL_MAIL__FROM", "Rollcall <rollcall@kestrel.example>".to_owned()),
    ];
    let stage = Stage::at("http://127.0.0.1", &settings.map(|(name, value)| (name.to_owned(), value))).await;
    with_browser(stage.router(), async |browser| {
        stage.enlarge(browser).await;
        browser.open(&format!("/console/{}/users/add", stage.tenant)).await;
        browser.write("textbox", "Name", "Nia Calder").await;
        browser.write("textbox", "E-mail", MAIL).await;
        let assigns = browser.find("checkbox", "Assign licence").await;
        assert!(
            assigns.is_selected().await.expect("a checkbox"),
            "a new user gets a licence, unless the tick is taken out"
        );
        browser.follow("button", "Add").await;
        browser.shows("An invitation goes out.").await;
        stage.work().await;
        assert_eq!((stage.status(MAIL).await.as_str(), stage.seats(MAIL).await), ("pending", 1));
        stage.work_ahead(1).await;
        browser.open(&format!("/console/{}/mail", stage.tenant)).await;
        browser.shows(MAIL).await;
        let sent = sink.received();
        assert!(sent.iter().any(|mail| mail.to == MAIL), "the invitation is sent");

        // A person without a licence gets one on the page of the person.
        let page = |rest: &str| format!("/console/{}/users/{}{rest}", stage.tenant, stage.people[5]);
        browser.open(&page("")).await;
        browser.shows("No licence").await;
        browser.follow("button", "Assign licence and invite").await;
        stage.work().await;
        assert_eq!(stage.status("yusuf@kestrel.example").await, "pending");
        browser.open(&page("")).await;
        browser.shows("Progress").await;
        stage.work_ahead(1).await;
        browser.follow("button", "Send reminder").await;
        browser.shows("The reminder is on its way.").await;
        stage.work_ahead(2).await;
        let person = stage.person("yusuf@kestrel.example").await.expect("the person");
        assert_eq!(person.reminders, 1);
        browser.open(&page("")).await;
        browser.until("return document.querySelector('#reminders .figure dd').innerText === '1'").await;

        // The application reports a device, and what must be handed over.
        let person = format!("/people/{}", stage.people[5]);
        let device = json!({ "name": "HL-LT-2231", "platform": "Windows", "appVersion": "6.1" });
        stage.report(Method::PUT, &format!("{person}/devices/d-1"), &device).await;
        let hold = json!({ "words": "Manages the vault Harbour" });
        stage.report(Method::PUT, &format!("{person}/holds/v-1"), &hold).await;
        browser.open(&page("/devices")).await;
        browser.shows("HL-LT-2231").await;
        browser.open(&page("")).await;
        browser.shows("Manages the vault Harbour").await;
        browser.click("link", "Deactivate…").await;
        browser.shows("Manages the vault Harbour").await;
        browser.click("checkbox", "The handover is done").await;
        browser.follow("button", "Deactivate 1 user").await;
        assert_eq!(stage.status("yusuf@kestrel.example").await, "suspended");
        let faults = browser.faults().await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}

/// Groups that are bound stand ticked, dynamic groups are hidden on request, and the users show what became of them.
#[tokio::test]
async fn bound_groups_stand_ticked_and_dynamic_ones_can_be_hidden_in_the_browser() {
    let stage = Stage::build().await;
    with_browser(stage.router(), async |browser| {
        stage.enlarge(browser).await;
        browser.open(&format!("/console/{}/groups", stage.tenant)).await;
        browser.follow("link", "Enrol by user group").await;
        browser.click("checkbox", "Fleet Operations").await;
        browser.follow("button", "Save…").await;
        browser.follow("button", "Save and invite").await;
        stage.work().await;
        browser.open(&format!("/console/{}/groups/enrol", stage.tenant)).await;
        let ticked = browser.find("checkbox", "Fleet Operations").await;
        assert!(ticked.is_selected().await.expect("a checkbox"), "a bound group is ticked");
        browser.open(&format!("/console/{}/users?q=yusuf", stage.tenant)).await;
        browser.shows("Pending user action").await;

        browser.open(&format!("/console/{}/groups/{}", stage.tenant, stage.groups[1])).await;
        browser.click("checkbox", "Dynamic").await;
        browser.follow("button", "Save").await;
        browser.open(&format!("/console/{}/groups/enrol", stage.tenant)).await;
        browser.shows("<b>Shore").await;
        browser.click("checkbox", "Hide dynamic groups").await;
        browser.follow("button", "Show").await;
        browser.shows("Fleet Operations").await;
        browser.until("return !document.body.innerText.includes('<b>Shore')").await;
        let faults = browser.faults().await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}
