//! The pages in a browser: nothing keeps anybody out, at any width, in both themes, with the keyboard alone.

use std::sync::Arc;

use axum::Router;

use super::stub::{CODE, Stub};
use crate::State;
use crate::browser::{Browser, NARROW, WIDE, with_browser};
use crate::routes::routes;

/// A telephone.
const PHONE: u32 = 390;

fn pages(stub: &Stub) -> Router {
    routes(Arc::new(State::new(stub.settings.clone()).expect("a client")))
}

#[tokio::test]
async fn every_page_of_the_application_is_open_to_everyone_in_light_in_the_browser() {
    every_page("light").await;
}

#[tokio::test]
async fn every_page_of_the_application_is_open_to_everyone_in_dark_in_the_browser() {
    every_page("dark").await;
}

async fn every_page(theme: &str) {
    let stub = Stub::start().await;
    with_browser(pages(&stub), async |browser| {
        let mut faults = Vec::new();
        let mut look = async |name: &str| {
            faults.extend(browser.inspect(&format!("sample/{name}"), &[WIDE, PHONE, NARROW], theme).await);
        };
        browser.open("/?address=back@a.example").await;
        look("welcome").await;
        browser.open("/mailbox?address=ada@a.example").await;
        look("mailbox").await;
        for (who, name) in [
            ("nobody", "unknown"),
            ("waiting", "waiting"),
            ("deactivated", "deactivated"),
            ("busy", "trouble"),
        ] {
            install(browser, who).await;
            look(name).await;
        }
        install(browser, "late").await;
        browser.send("/check", CODE).await;
        look("code-ended").await;
        install(browser, "back").await;
        look("code").await;
        browser.send("/check", "000000").await;
        look("code-wrong").await;
        browser.send("/check", CODE).await;
        look("pin").await;
        browser.send("/pin", "123456").await;
        look("pin-refused").await;
        browser.send("/pin", "735190").await;
        look("restore").await;
        browser.send("/restored", "").await;
        look("done").await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}

async fn install(browser: &Browser, who: &str) {
    browser.open("/").await;
    if browser.value("return document.querySelector('#address') === null").await == true {
        browser.send("/leave", "").await;
    }
    browser.send("/install", &format!("{who}@a.example")).await;
}

#[tokio::test]
async fn a_person_installs_and_is_in_with_the_keyboard_alone_in_the_browser() {
    let stub = Stub::start().await;
    with_browser(pages(&stub), async |browser| {
        browser.look(PHONE, "light").await;
        browser.open("/").await;
        assert_eq!(browser.value(FOCUSED).await, "address", "the first field has the focus");
        browser.press("ada@a.example").await;
        browser.enter().await;
        assert_eq!(browser.value(FOCUSED).await, "code");
        browser.press("000 000").await;
        browser.enter().await;
        assert_eq!(browser.value(FOCUSED).await, "code", "the field has the focus again");
        let alert = browser.value("return document.querySelector('[role=alert]').innerText").await;
        assert_eq!(alert, "This is not the code that was sent: it can be tried 4 times more.");
        browser.value("document.activeElement.select()").await;
        browser.press(CODE).await;
        browser.enter().await;
        assert_eq!(browser.value(FOCUSED).await, "pin");
        browser.press("735190").await;
        browser.tab().await;
        assert_eq!(browser.value(FOCUSED).await, "again");
        browser.press("735190").await;
        browser.enter().await;
        assert_eq!(browser.value("return document.querySelector('h1').innerText").await, "Latchkey is ready");
        assert_eq!(browser.path().await, "/");
    })
    .await;
    assert!(!stub.told().iter().any(|told| told.contains("735190")));
}

/// The control that has the focus, when one can see that it has.
const FOCUSED: &str = "
const e = document.activeElement;
if (e === document.body) return 'nothing';
return getComputedStyle(e).outlineStyle === 'none' ? 'a focus that cannot be seen' : e.id || e.innerText.trim();";
