//! What administrators do, clicked through as a person does it, with a look at the database after each step.

use thirtyfour::prelude::Key;

use super::Stage;
use crate::browser::with_browser;

/// The stories S-01 and S-03 to S-39: a user is added, found, renamed, looked at, unlicensed, deactivated and removed.
#[tokio::test]
async fn a_user_is_added_and_goes_through_every_hand_of_the_console_in_the_browser() {
    const MAIL: &str = "nia@kestrel.example";
    let stage = Stage::build().await;
    with_browser(stage.router(), async |browser| {
        stage.enter(browser, "/users").await;
        browser.follow("link", "Add single user").await;
        browser.write("textbox", "Name", "Nia Calder").await;
        browser.write("textbox", "E-mail", MAIL).await;
        browser.click("checkbox", "Assign licence").await;
        browser.follow("button", "Add").await;
        browser.shows("The user is added.").await;
        assert_eq!(stage.status(MAIL).await, "no-licence", "without a tick nobody gets a licence");
        let added = stage.person(MAIL).await.expect("the person");
        assert!(added.seats.is_empty(), "and nobody waits for one");

        browser.follow("link", "Users").await;
        browser.write("searchbox", "Search by name or e-mail", "cald").await;
        browser.until("return document.querySelectorAll('tbody tr').length === 1").await;
        browser.click("button", "More for Nia Calder").await;
        browser.click("link", "Edit name").await;
        browser.write("textbox", "Name", "Nia Calder-Moss").await;
        browser.follow("button", "Update name").await;
        let person = stage.person(MAIL).await.expect("the person");
        assert_eq!(person.profile["displayName"], "Nia Calder-Moss");

        // All seats are taken: the person waits. Then somebody else gives one back.
        browser.open(&format!("/console/{}/users?q=calder", stage.tenant)).await;
        browser.click("switch", "Licence of Nia Calder-Moss").await;
        browser.shows("Waiting").await;
        assert_eq!(stage.seats(MAIL).await, 0);
        browser.open(&format!("/console/{}/users?q=amara", stage.tenant)).await;
        browser.click("switch", "Licence of Amara Okafor").await;
        browser.shows("Unassign the licence of Amara Okafor?").await;
        browser.shows("The next person in the waiting list gets it.").await;
        browser.click("button", "Cancel").await;
        browser.until("return document.querySelector('dialog') === null").await;
        assert_eq!(stage.seats("amara@kestrel.example").await, 1, "Cancel changes nothing");
        browser.click("switch", "Licence of Amara Okafor").await;
        browser.follow("button", "Unassign 1 licence").await;
        assert_eq!(stage.seats("amara@kestrel.example").await, 0);
        let told = stage.told("amara@kestrel.example").await;
        assert!(told.contains("Ingrid Solheim") || !told.is_empty(), "{told}");

        // The page of the person, with the reminder that would be sent.
        browser.open(&format!("/console/{}/users?q=lan", stage.tenant)).await;
        browser.click("button", "More for Nguyễn Thị Lan").await;
        browser.follow("link", "View details").await;
        browser.shows("Progress").await;
        browser.click("DisclosureTriangle", "Look at the next reminder").await;
        browser.until("return document.querySelector('iframe.letter')?.checkVisibility() === true").await;

        browser.open(&format!("/console/{}/users?q=lan", stage.tenant)).await;
        browser.click("switch", "Active: Nguyễn Thị Lan").await;
        browser.shows("Deactivate Nguyễn Thị Lan?").await;
        browser.follow("button", "Deactivate 1 user").await;
        assert_eq!(stage.status("lan@kestrel.example").await, "suspended");

        // A record with a licence is not removed; one without is, after a last question.
        browser.open(&format!("/console/{}/users/{}/remove", stage.tenant, stage.people[2])).await;
        browser.shows("cannot be removed yet").await;
        browser.open(&format!("/console/{}/users?q=yusuf", stage.tenant)).await;
        browser.click("button", "More for Yusuf Demirel").await;
        browser.click("link", "Remove…").await;
        browser.shows("This cannot be undone.").await;
        browser.follow("button", "Remove 1 user").await;
        assert!(stage.person("yusuf@kestrel.example").await.is_none());
        browser.open(&format!("/console/{}/journal", stage.tenant)).await;
        browser.shows("Ingrid Solheim").await;
        let faults = browser.faults().await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}

/// The stories S-43 to S-59: groups are bound with a preview, and removed after the number was typed.
#[tokio::test]
async fn groups_are_enrolled_and_removed_with_their_number_in_the_browser() {
    let stage = Stage::build().await;
    let bound = async || {
        let all = operations::bindings::list(stage.app.db(), &stage.tenant).await;
        all.expect("a list").len()
    };
    with_browser(stage.router(), async |browser| {
        stage.enter(browser, "/groups").await;
        browser.follow("link", "Enrol by user group").await;
        browser.click("checkbox", "Fleet Operations").await;
        browser.click("checkbox", "<b>Shore").await;
        browser.until("return document.querySelector('#effect .effects') !== null").await;
        browser.follow("button", "Save…").await;
        browser.shows("Enrol 2 user groups?").await;
        assert_eq!(bound().await, 0, "nothing is changed before the answer");
        browser.follow("button", "Save and invite").await;
        assert_eq!(bound().await, 2);

        browser.open(&format!("/console/{}/groups/enrol", stage.tenant)).await;
        browser.click("checkbox", "Fleet Operations").await;
        browser.click("checkbox", "<b>Shore").await;
        browser.follow("button", "Save…").await;
        browser.shows("Remove 2 user groups?").await;
        browser.write("textbox", "Type the number of groups", "3").await;
        if browser.value("return document.getElementById('n-people') !== null").await == true {
            browser.write("textbox", "Type the number of people", "1").await;
        }
        browser.follow("button", "Remove 2 user groups").await;
        assert_eq!(bound().await, 2, "another number removes nothing");
        browser.write("textbox", "Type the number of groups", "2").await;
        if browser.value("return document.getElementById('n-people') !== null").await == true {
            browser.write("textbox", "Type the number of people", "1").await;
        }
        browser.follow("button", "Remove 2 user groups").await;
        assert_eq!(bound().await, 0);
    })
    .await;
}

/// The stories S-18 and S-19: a file is read, checked, and its good rows are imported.
#[tokio::test]
async fn a_file_of_people_is_checked_before_it_is_imported_in_the_browser() {
    let stage = Stage::build().await;
    let file = tempfile::Builder::new().suffix(".csv").tempfile().expect("a file");
    std::fs::write(file.path(), "name,email\nAdaeze Brennan,adaeze@kestrel.example\nNobody,nowhere\n")
        .expect("written");
    with_browser(stage.router(), async |browser| {
        stage.enter(browser, "/users/import").await;
        let field = browser.find("button", "CSV file").await;
        field.send_keys(file.path().to_str().expect("text")).await.expect("a file is chosen");
        browser.follow("button", "Read and check the file").await;
        browser.shows("A dry run. Nothing has been changed yet.").await;
        assert!(stage.person("adaeze@kestrel.example").await.is_none());
        browser.follow("button", "Import 1 user").await;
        browser.shows("Importing").await;
    })
    .await;
}

/// The main way with the keyboard alone: find a person, look at what follows, go back, and do it.
#[tokio::test]
async fn a_licence_is_taken_with_the_keyboard_alone_in_the_browser() {
    let stage = Stage::build().await;
    let focused =
        "return document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText";
    with_browser(stage.router(), async |browser| {
        stage.enter(browser, "/users").await;
        browser.press("/").await;
        browser.tab().await;
        // The search of this page is reached from the top, by the link that skips the navigation.
        browser.open(&format!("/console/{}/users", stage.tenant)).await;
        browser.tab().await;
        assert_eq!(browser.value(focused).await, "Skip to the content");
        let enter = String::from(Key::Enter.value());
        browser.press(&enter).await;
        let until = async |name: &str| {
            for _ in 0..200 {
                if browser.value(focused).await == name {
                    return;
                }
                browser.tab().await;
            }
            panic!("the tabulator does not reach “{name}”");
        };
        until("Licence of Amara Okafor").await;
        browser.press(&enter).await;
        browser.shows("Unassign the licence of Amara Okafor?").await;
        browser.press(String::from(Key::Escape.value())).await;
        browser.until("return document.querySelector('dialog') === null").await;
        assert_eq!(stage.seats("amara@kestrel.example").await, 1);
        assert_eq!(browser.value(focused).await, "Licence of Amara Okafor", "the focus is where it was");
        browser.press(&enter).await;
        browser.shows("Unassign the licence of Amara Okafor?").await;
        until("Unassign 1 licence").await;
        browser.enter().await;
        assert_eq!(stage.seats("amara@kestrel.example").await, 0);
    })
    .await;
}
