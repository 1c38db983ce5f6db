//! The pages in a browser: nothing keeps anybody out, at any width, in both themes, with the keyboard alone.

use axum::Router;

use super::routes;
use super::samples::{PAGES, SAMPLES};
use crate::assets;
use crate::browser::{Browser, NARROW, WIDE, with_browser};
use crate::router::dress;
use crate::router::tests::app;

async fn pages() -> Router {
    let app = app().await;
    dress(routes(SAMPLES).route(assets::ROUTE, axum::routing::get(assets::asset)), &app)
}

#[tokio::test]
async fn every_page_is_open_to_everyone_in_light_in_the_browser() {
    every_page("light").await;
}

#[tokio::test]
async fn every_page_is_open_to_everyone_in_dark_in_the_browser() {
    every_page("dark").await;
}

/// Forms whose answer is a page with an error, by the page that they are on and the end of their address.
const REFUSED: &[(&str, &str)] =
    &[("invited/code", "/verify"), ("waiting/code", "/code"), ("used-up", "/code")];

/// What is wrong with the present page.
async fn look(browser: &Browser, name: &str, theme: &str) -> Vec<String> {
    browser.inspect(&format!("enrol/{name}"), &[WIDE, NARROW], theme).await
}

async fn every_page(theme: &str) {
    with_browser(pages().await, async |browser| {
        let mut faults = Vec::new();
        for (path, _) in PAGES {
            browser.open(&format!("/enrol/{path}")).await;
            faults.extend(look(browser, &path.replace('/', "-"), theme).await);
        }
        for (path, form) in REFUSED {
            browser.open(&format!("/enrol/{path}")).await;
            browser.send(form, "123 456").await;
            faults.extend(look(browser, &format!("{}-refused", path.replace('/', "-")), theme).await);
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}

#[tokio::test]
async fn letters_twice_as_large_fit_in_the_browser() {
    with_browser(pages().await, async |browser| {
        let mut faults = Vec::new();
        for language in ["en", "de"] {
            for (path, _) in PAGES {
                browser.open(&format!("/enrol/{path}?lang={language}")).await;
                for width in [1_280, 640] {
                    browser.look(width, "light").await;
                    browser.value("document.documentElement.style.fontSize = '200%'").await;
                    let found = browser.faults().await;
                    faults.extend(found.into_iter().map(|fault| format!("{path} at {width}: {fault}")));
                }
                browser.picture(&format!("enrol/large/{}-{language}", path.replace('/', "-")), true).await;
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}

#[tokio::test]
async fn the_tabulator_reaches_every_control_in_order_in_the_browser() {
    with_browser(pages().await, async |browser| {
        browser.look(NARROW, "light").await;
        for (path, _) in PAGES {
            browser.open(&format!("/enrol/{path}")).await;
            browser.value(FROM_THE_TOP).await;
            let controls = browser.value(CONTROLS).await;
            let controls = controls.as_array().expect("a list");
            assert!(!controls.is_empty(), "{path} has at least its languages");
            for control in controls {
                browser.tab().await;
                let reached = browser.value(FOCUSED).await;
                assert_eq!(&reached, control, "{path}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_person_comes_through_with_the_keyboard_alone_in_the_browser() {
    with_browser(pages().await, async |browser| {
        browser.open("/enrol/walking?lang=de").await;
        tab_to(browser, "Code senden").await;
        browser.enter().await;
        assert_eq!(browser.path().await, "/enrol/walking/code?lang=de");
        assert_eq!(browser.value(FOCUSED).await, "code", "the field has the focus");

        browser.press("123 456").await;
        browser.enter().await;
        let alert = browser.value("return document.querySelector('[role=alert]').innerText").await;
        assert!(alert.as_str().is_some_and(|alert| alert.contains("Verbleibende Versuche: 4")), "{alert}");
        assert_eq!(browser.value(FOCUSED).await, "code", "the field has the focus again");
        assert_eq!(browser.value("return document.activeElement.value").await, "123 456");

        browser.value("document.activeElement.select()").await;
        browser.press("418 203").await;
        browser.enter().await;
        assert_eq!(browser.path().await, "/enrol/walking/done?lang=de");
        let heading = browser.value("return document.querySelector('h1').innerText").await;
        assert_eq!(heading, "Ihre E-Mail-Adresse ist bestätigt");
        tab_to(browser, "Erneut prüfen").await;
        browser.enter().await;
        assert_eq!(browser.path().await, "/enrol/walking/done?lang=de");
    })
    .await;
}

/// Presses the tabulator until the control with this text has the focus.
async fn tab_to(browser: &Browser, text: &str) {
    for _ in 0..30 {
        browser.tab().await;
        if browser.value(FOCUSED).await == text {
            return;
        }
    }
    panic!("the tabulator does not reach {text}");
}

/// Lets the tabulator begin at the top, also where a field has taken the focus.
const FROM_THE_TOP: &str = "
document.body.tabIndex = -1;
document.body.focus();
document.body.removeAttribute('tabindex');";

/// The controls of a page in its order, each by its id or text.
const CONTROLS: &str = "
const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')];
return all.map((e) => e.id || e.innerText.trim());";

/// The control that has the focus, when one can see that it has.
const FOCUSED: &str = "
const e = document.activeElement;
if (e === document.body) return 'nothing';
return getComputedStyle(e).outlineStyle === 'none' ? 'a focus that cannot be seen' : e.id || e.innerText.trim();";
