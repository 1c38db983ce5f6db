//! The pages over the whole router: every sample in every language, headers, forms and errors.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};

use super::samples::{PAGES, RIGHT, SAMPLES};
use super::*;
use crate::pages::words::languages;
use crate::router::dress;
use crate::router::tests::app;
use tower::ServiceExt as _;

/// An answer of the pages on samples.
struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

async fn pages() -> Router {
    let app = app().await;
    dress(routes(SAMPLES), &app)
}

async fn ask(request: Request<Body>) -> Answer {
    let response = pages().await.oneshot(request).await.expect("the router always answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    Answer { status, headers, text: String::from_utf8(body.to_vec()).expect("text") }
}

async fn get(path: &str) -> Answer {
    ask(Request::get(path).body(Body::empty()).expect("a request")).await
}

async fn post(path: &str, form: &str) -> Answer {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    ask(request.body(Body::from(form.to_owned())).expect("a request")).await
}

#[tokio::test]
async fn every_page_is_whole_in_every_language() {
    for (path, status) in PAGES {
        for language in languages() {
            let answer = get(&format!("/enrol/{path}?lang={}", language.code)).await;
            let text = &answer.text;
            assert_eq!(answer.status, *status, "{path}");
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
            assert!(text.starts_with("<!doctype html>\n"), "{path}");
            assert!(text.contains(&format!("<html lang=\"{}\">", language.words.tag)), "{path}");
            assert!(!text.contains("<title></title>") && text.matches("<h1>").count() == 1, "{path}");
            for forbidden in ["<script", "style=", " on", "s3cret"] {
                let inside = text.split('<').filter(|tag| !tag.starts_with('/'));
                let tags = inside.map(|tag| format!("<{}", tag.split('>').next().unwrap_or_default()));
                assert!(!tags.clone().any(|tag| tag.contains(forbidden)), "{path}: {forbidden}");
            }
            // A slot that nothing filled is a mistake; the hostile names hold braces of their own.
            let slots = text.contains('{') || text.contains('}');
            assert_eq!(slots, path.starts_with("hostile"), "{path} in {}", language.code);
        }
    }
}

#[tokio::test]
async fn every_answer_keeps_the_link_to_its_reader() {
    let opened = PAGES.iter().map(|(path, _)| Request::get(format!("/enrol/{path}")));
    let others = [
        Request::get("/enrol/x/y/z"),
        Request::get("//enrol/invited/"),
        Request::get("/enrol"),
        Request::delete("/enrol/invited"),
        Request::post("/enrol/invited/code"),
        Request::head("/enrol/invited"),
    ];
    for request in opened.chain(others) {
        let request = request.body(Body::empty()).expect("a request");
        let path = request.uri().path().to_owned();
        let answer = ask(request).await;
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                 frame-ancestors 'none'; base-uri 'none'",
            ),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        assert_eq!(answer.header("set-cookie"), "", "{path}");
        assert!(!answer.text.contains("urn:ietf"), "{path} shows an error of the protocol");
    }
}

#[tokio::test]
async fn the_invitation_says_what_it_is_and_marks_the_reader_s_download() {
    let request =
        Request::get("/enrol/invited").header("user-agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X)");
    let answer = ask(request.body(Body::empty()).expect("a request")).await;
    for expected in [
        "Kestrel Maritime",
        "keoni.kahananui@harbourline.example",
        "9 December 2026",
        "mailto:it-desk@kestrel.example",
        "action=\"/enrol/invited/code\"",
        "Download for macOS",
    ] {
        assert!(answer.text.contains(expected), "{expected}");
    }
    let place = |text: &str| answer.text.find(text).unwrap_or_else(|| panic!("{text} is not there"));
    assert!(place("Download for macOS") < place(">Windows<"), "the reader's own comes first");
    assert_eq!(answer.text.matches("download-main").count(), 1);
    assert_eq!(
        get("/enrol/invited").await.text.matches("download-main").count(),
        0,
        "no guess without a name"
    );
    let one = get("/enrol/one-download").await.text;
    assert!(
        one.contains("Download Latchkey") && !one.contains("Recommended"),
        "one page for all is for everyone"
    );
}

#[tokio::test]
async fn the_language_follows_the_reader_and_is_carried_on() {
    let request = Request::get("/enrol/invited").header("accept-language", "de-AT, en;q=0.5");
    let answer = ask(request.body(Body::empty()).expect("a request")).await;
    assert!(answer.text.contains("Willkommen") && answer.text.contains("bis zum 9. Dezember 2026"));
    assert!(answer.text.contains("href=\"/enrol/invited?lang=en\""), "the other language is a link");
    assert!(
        answer.text.contains("action=\"/enrol/invited/code\""),
        "what the browser asks for it asks again"
    );
    let chosen = get("/enrol/invited?lang=de").await;
    assert!(chosen.text.contains("action=\"/enrol/invited/code?lang=de\""));
    let sent = post("/enrol/invited/code?lang=de", "").await;
    assert_eq!(sent.header("location"), "/enrol/invited/code?lang=de");
}

#[tokio::test]
async fn each_address_leads_to_what_is_due() {
    for (path, location) in [
        ("/enrol/verified", "/enrol/verified/done"),
        ("/enrol/restoring", "/enrol/restoring/done"),
        ("/enrol/finished/code", "/enrol/finished/done"),
        ("/enrol/bare/code", "/enrol/bare"),
        ("/enrol/invited/done", "/enrol/invited"),
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.header("location")), (303, location), "{path}");
    }
    // Who loads the answer of a form again by its address gets the page.
    assert_eq!(get("/enrol/invited/verify").await.status, 200);
    assert_eq!(get("/enrol/restoring/restore").await.status, 200);
}

#[tokio::test]
async fn a_form_that_was_carried_out_leads_on() {
    for (path, form, location) in [
        ("/enrol/invited/code", "", "/enrol/invited/code"),
        ("/enrol/verified/code", "", "/enrol/verified/done"),
        ("/enrol/invited/verify", "code=418203", "/enrol/invited/done"),
        ("/enrol/invited/verify", "code=+418+203%0A", "/enrol/invited/done"),
        ("/enrol/invited/verify", "code=418-203", "/enrol/invited/done"),
        ("/enrol/bare/verify", "code=418203", "/enrol/bare"),
        ("/enrol/restoring/restore", "restored=yes", "/enrol/restoring/done"),
        ("/enrol/restoring/restore", "restored=empty", "/enrol/restoring/done"),
    ] {
        let answer = post(path, form).await;
        assert_eq!((answer.status, answer.header("location")), (303, location), "{path} {form}");
    }
    assert_eq!(RIGHT, "418203");
}

#[tokio::test]
async fn a_form_that_was_not_carried_out_is_shown_again_with_what_was_typed() {
    for (path, form, status, typed, words) in [
        ("/enrol/invited/verify", "code=000000", 422, "000000", "Attempts left: 4"),
        ("/enrol/invited/verify", "code=41820", 422, "41820", "six digits"),
        ("/enrol/invited/verify", "code=%22%3E%3Cb%3E", 422, "&#34;&#62;&#60;b&#62;", "six digits"),
        ("/enrol/invited/verify", "", 422, "", "six digits"),
    ] {
        let answer = post(path, form).await;
        assert_eq!(answer.status, status, "{path} {form}");
        assert!(answer.text.contains(&format!("value=\"{typed}\"")), "{path} {form}");
        assert!(answer.text.contains("aria-invalid=\"true\" aria-describedby=\"code-error"), "{path} {form}");
        let error = answer.text.split("id=\"code-error\" role=\"alert\"").nth(1).expect("an error");
        assert!(error.split("</p>").next().is_some_and(|error| error.contains(words)), "{path} {form}");
        assert!(answer.text.contains("<title>Error: "), "{path} {form}");
    }
}

#[tokio::test]
async fn a_code_that_is_void_cannot_be_typed_again_and_a_new_one_is_offered() {
    for (answer, status, words) in [
        (post("/enrol/expired-code/verify", "code=000000").await, 422, "no longer valid"),
        (get("/enrol/expired-code/code").await, 200, "no longer valid"),
        (post("/enrol/spent/verify", "code=000000").await, 429, "in 2 min"),
        (get("/enrol/spent/code").await, 200, "in 2 min"),
    ] {
        assert_eq!(answer.status, status, "{words}");
        let error = answer.text.split("role=\"alert\"").nth(1).expect("an error");
        assert!(error.split("</p>").next().is_some_and(|error| error.contains(words)), "{words}");
        assert!(!answer.text.contains("<input"), "{words}");
        assert!(answer.text.contains("aria-describedby=\"code-error\">Send a new code"), "{words}");
    }
    assert_eq!(post("/enrol/spent/verify", "code=000000").await.header("retry-after"), "120");
}

#[tokio::test]
async fn a_code_that_is_asked_for_too_early_or_too_often_says_when() {
    let early = post("/enrol/waiting/code", "").await;
    assert_eq!((early.status, early.header("retry-after")), (429, "25"));
    assert!(early.text.contains("id=\"again-error\" role=\"alert\"") && early.text.contains("in 25 s"));
    assert!(!early.text.contains("aria-invalid"), "what was typed is not wrong");
    let used_up = post("/enrol/used-up/code", "").await;
    assert_eq!((used_up.status, used_up.header("retry-after")), (429, "18000"));
    assert!(used_up.text.contains("in 5 h") && used_up.text.contains("it-desk@kestrel.example"));
}

#[tokio::test]
async fn a_link_that_is_not_valid_any_more_says_why_and_whom_to_ask() {
    for (path, words) in
        [("expired", "until 9 December 2026"), ("moved", "address has changed"), ("ended", "no access")]
    {
        for answer in [get(&format!("/enrol/{path}")).await, post(&format!("/enrol/{path}/code"), "").await] {
            assert_eq!(answer.status, 410, "{path}");
            assert!(answer.text.contains(words), "{path}");
            assert!(answer.text.contains("it-desk@kestrel.example"), "{path}");
        }
    }
}

#[tokio::test]
async fn what_fails_is_a_page_with_the_right_status() {
    let large = format!("code={}", "1".repeat(2_000));
    for (answer, status, words) in [
        (get("/enrol/unknown").await, 404, "does not exist"),
        (get("/enrol/in%20vited").await, 404, "does not exist"),
        (get(&format!("/enrol/{}", "x".repeat(201))).await, 404, "does not exist"),
        (get("/enrol/%FF").await, 404, "does not exist"),
        (get("/enrol/a/b/c").await, 404, "does not exist"),
        (post("/enrol/invited", "").await, 405, "cannot be used"),
        (post("/enrol/invited/verify", &large).await, 413, "Too much"),
        (post("/enrol/restoring/restore", "restored=no").await, 422, "not understood"),
        (get("/enrol/guessed").await, 429, "in 90 s"),
        (get("/enrol/busy").await, 503, "in 1 s"),
        (get("/enrol/broken").await, 500, "Reference: "),
    ] {
        assert_eq!(answer.status, status, "{words}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{words}");
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
    }
    let broken = get("/enrol/broken").await;
    assert!(broken.text.contains(broken.header("x-request-id")) && !broken.header("x-request-id").is_empty());
    assert_eq!(get("/enrol/guessed").await.header("retry-after"), "90");
    assert_eq!(post("/enrol/invited", "").await.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn forms_of_other_sites_are_refused_and_their_links_are_not() {
    let from = async |request: http::request::Builder, site: &str| {
        ask(request.header("sec-fetch-site", site).body(Body::empty()).expect("a request")).await.status
    };
    assert_eq!(from(Request::post("/enrol/invited/code"), "cross-site").await, 403);
    assert_eq!(from(Request::post("/enrol/invited/code"), "same-origin").await, 303);
    assert_eq!(from(Request::get("/enrol/invited"), "cross-site").await, 200, "mail is read on another site");
}

#[tokio::test]
async fn only_the_paths_of_pages_get_pages() {
    for path in ["/enrolment", "/scim/v2/enrol", "/"] {
        let answer = get(path).await;
        assert_eq!(answer.header("content-type"), "application/scim+json; charset=utf-8", "{path}");
        assert_eq!(answer.header("content-security-policy"), "", "{path}");
    }
}
