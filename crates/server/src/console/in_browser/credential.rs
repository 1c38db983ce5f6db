//! The credentials of OAuth: a secret that is shown once, and an issuer that is believed.

use operations::tokens;

use super::Stage;
use crate::browser::with_browser;

#[tokio::test]
async fn oauth_credentials_are_made_in_the_browser() {
    let stage = Stage::build().await;
    let kinds = async || {
        let operator = super::operator(&stage.app);
        let listed = tokens::list(stage.app.db(), &operator, &stage.connection).await.expect("readable");
        listed.into_iter().map(|token| (token.kind, token.state)).collect::<Vec<_>>()
    };
    with_browser(stage.router(), async |browser| {
        stage.enter(browser, &format!("/connections/{}/tokens", stage.connection)).await;
        browser.follow("link", "OAuth credential…").await;
        browser.choose("Kind", "Issuer").await;
        browser.write("textbox", "Issuer", "https://login.kestrel.example/").await;
        browser.follow("button", "Create").await;
        browser.shows("The audience is empty").await;
        browser.write("textbox", "Audience", "rollcall").await;
        browser.follow("button", "Create").await;
        browser.shows("https://login.kestrel.example/").await;
        assert!(kinds().await.contains(&("issuer", "valid")));

        browser.follow("link", "OAuth credential…").await;
        browser.follow("button", "Create").await;
        browser.shows("The client secret is created").await;
        browser.shows("/oauth/token").await;
        browser.follow("link", "Tokens").await;
        browser.shows("Client secret").await;
        assert!(kinds().await.contains(&("secret", "valid")));
    })
    .await;
}
