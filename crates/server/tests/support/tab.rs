//! A browser's tab without a browser: it keeps cookies, sends forms as pages do, and reads what it gets as text.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::Value;

use super::{Answer, Client, TestApp};

/// A tab.
pub(crate) struct Tab {
    client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Tab {
    pub(crate) fn open(app: &TestApp) -> Self {
        Self { client: app.nobody(), cookies: Mutex::default() }
    }

    /// A tab of an administrator of the tenant who has signed in, with this role.
    pub(crate) async fn of(app: &TestApp, role: &str) -> Self {
        let email = format!("{role}@alpha.example");
        let (db, operator) = (app.admin.db(), app.admin.operator("test"));
        let new = operations::administrators::New {
            name: role.to_owned(),
            email: email.clone(),
            role: role.to_owned(),
            ..Default::default()
        };
        operations::administrators::add(db, &operator, Some(app.tenant.as_str()), &new).await.expect("added");
        let link = operations::sign_in::sign_in_link(db, &operator, Some(&app.tenant), &email).await;
        let tab = Self::open(app);
        let entered = tab.post(&link.expect("a link").path, &[]).await;
        assert_eq!((entered.status, entered.header("location")), (303, "/console"));
        tab
    }

    /// The same cookies in another tab.
    pub(crate) fn copy(&self) -> Self {
        Self { client: self.client.clone(), cookies: Mutex::new(self.jar().clone()) }
    }

    /// Opens an address.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    /// Sends a form of one of our own pages.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send("POST", path, &[("sec-fetch-site", "same-origin")], Some(form(fields))).await
    }

    /// Sends a request with further headers.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        let cookies: Vec<String> = self.jar().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut all = vec![("cookie", cookies.as_str())];
        if body.is_some() && headers.iter().all(|(name, _)| *name != "content-type") {
            all.push(("content-type", "application/x-www-form-urlencoded"));
        }
        all.extend(headers);
        let answer = self.client.send(method, path, &all, body).await;
        for set in answer.headers.get_all("set-cookie") {
            let pair = set.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            self.jar().insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Opens a stream of events.
    pub(crate) async fn follow(&self, path: &str) -> axum::body::Body {
        let cookies: Vec<String> = self.jar().iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.client.follow(path, &[("cookie", &cookies.join("; "))]).await
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().expect("no test panics with it")
    }
}

/// A form as a browser writes it.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The text of a page.
pub(crate) fn text(answer: &Answer) -> &str {
    match &answer.body {
        Value::String(text) => text,
        other => panic!("no page: {other}"),
    }
}

/// The value of the first field of this name on a page.
pub(crate) fn value(answer: &Answer, name: &str) -> String {
    let tag = text(answer).split(&format!("name=\"{name}\"")).nth(1).expect("such a field");
    let value = tag.split('>').next().and_then(|tag| tag.split("value=\"").nth(1));
    let written = value.and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let signs = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    signs.iter().fold(written.to_owned(), |text, (written, sign)| text.replace(written, sign))
}
