//! Every address of the console: who may open it, and who may send a form to it.

use std::collections::BTreeSet;

use crate::support::TestApp;
use crate::support::tab::{Tab, form};

/// What is needed to do something at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// A session.
    Look,
    /// To change something.
    Change,
    /// To send reminders.
    Remind,
    /// To export.
    Export,
    /// To say who looks after the tenant.
    Administer,
    /// It does not exist.
    Nothing,
}

impl Need {
    fn is_of(self, role: &str) -> bool {
        match (self, role) {
            (Self::Look, _) | (_, "owner") => true,
            (Self::Administer, _) => false,
            (_, "administrator") => true,
            (Self::Remind, role) => role == "help-desk",
            (Self::Export, role) => role == "auditor",
            _ => false,
        }
    }
}

use Need::{Administer, Change, Export, Look, Nothing, Remind};

/// The addresses below a tenant, what is needed to open each, and to send a form to it.
pub(super) const ROUTES: &[(&str, Need, Need)] = &[
    ("", Look, Nothing),
    ("/live", Look, Nothing),
    ("/users", Look, Nothing),
    ("/users/add", Change, Change),
    ("/users/import", Change, Change),
    ("/users/import/{id}", Change, Nothing),
    ("/users/import/{id}/begin", Nothing, Change),
    ("/users/import/{id}/discard", Nothing, Change),
    ("/users/import/{id}/left-out.csv", Change, Nothing),
    ("/users/export/users.csv", Export, Nothing),
    ("/users/bulk/{act}", Nothing, Remind),
    ("/users/{id}/menu", Look, Nothing),
    ("/users/{id}", Look, Nothing),
    ("/users/{id}/devices", Look, Nothing),
    ("/users/{id}/grants", Look, Nothing),
    ("/users/{id}/scim", Look, Nothing),
    ("/users/{id}/journal", Look, Nothing),
    ("/users/{id}/letters/{kind}", Look, Nothing),
    ("/users/{id}/assign", Nothing, Change),
    ("/users/{id}/activate", Nothing, Change),
    ("/users/{id}/reminders", Nothing, Remind),
    ("/users/{id}/{dialog}", Change, Change),
    ("/groups", Look, Nothing),
    ("/search", Look, Nothing),
    ("/groups/{id}", Look, Nothing),
    ("/groups/{id}/mark", Nothing, Change),
    ("/groups/enrol", Change, Change),
    ("/groups/enrol/preview", Nothing, Change),
    ("/groups/enrol/apply", Nothing, Change),
    ("/licences", Look, Nothing),
    ("/licences/{pool}", Look, Nothing),
    ("/licences/add", Change, Change),
    ("/licences/{pool}/edit", Change, Change),
    ("/licences/{pool}/delete", Change, Change),
    ("/licences/{pool}/seats", Look, Nothing),
    ("/licences/{pool}/history", Look, Nothing),
    ("/connections", Look, Nothing),
    ("/connections/add", Change, Change),
    ("/connections/{id}", Look, Nothing),
    ("/connections/{id}/tokens", Look, Change),
    ("/connections/{id}/tokens/{token}/{act}", Change, Change),
    ("/connections/{id}/credential", Change, Change),
    ("/connections/{id}/settings", Look, Change),
    ("/connections/{id}/quirks", Look, Change),
    ("/connections/{id}/test", Look, Nothing),
    ("/connections/{id}/delete", Change, Change),
    ("/connections/{id}/hand-over", Change, Change),
    ("/brake", Look, Nothing),
    ("/brake/decide", Nothing, Change),
    ("/brake/approve", Nothing, Change),
    ("/conflicts", Look, Nothing),
    ("/conflicts/{user}", Change, Change),
    ("/inspector", Look, Nothing),
    ("/inspector/{id}", Look, Nothing),
    ("/journal", Look, Nothing),
    ("/journal/export/{file}", Export, Nothing),
    ("/permissions", Look, Nothing),
    ("/permissions/{act}", Nothing, Change),
    ("/mail", Look, Nothing),
    ("/mail/templates", Look, Nothing),
    ("/mail/templates/{kind}/{language}", Look, Change),
    ("/mail/templates/{kind}/{language}/look", Look, Change),
    ("/mail/{id}", Look, Nothing),
    ("/mail/act/{act}", Nothing, Change),
    ("/administrators", Look, Administer),
    ("/administrators/sessions/end", Nothing, Look),
    ("/administrators/sso", Look, Nothing),
    ("/administrators/sso/enforce", Nothing, Administer),
    ("/administrators/sso/{id}", Look, Administer),
    ("/administrators/sso/{id}/test", Administer, Nothing),
    ("/administrators/sso/{id}/remove", Administer, Administer),
    ("/preferences", Look, Nothing),
    ("/preferences/connect/{id}", Look, Nothing),
    ("/preferences/{act}", Nothing, Look),
    ("/administrators/{id}/{act}", Administer, Administer),
    ("/settings", Look, Change),
    ("/settings/limits", Look, Nothing),
    ("/settings/tokens", Look, Change),
    ("/settings/tokens/{id}/revoke", Change, Change),
    ("/settings/webhooks", Look, Change),
    ("/settings/webhooks/{id}", Look, Nothing),
    ("/settings/webhooks/{id}/{act}", Change, Change),
    ("/settings/{tab}", Look, Change),
];

/// An address with something in each slot.
pub(super) fn address(route: &str) -> String {
    let id = "019ca8a0-3e80-7391-abd8-513445d081e0";
    let filled = route.replace("{dialog}", "deactivate").replace("{act}", "revoke");
    filled
        .replace("{file}", "journal.csv")
        .replace("{id}", id)
        .replace("{pool}", id)
        .replace("{token}", id)
        .replace("{user}", id)
        .replace("{kind}", "reminder")
        .replace("{language}", "en")
        .replace("{tab}", "mail")
}

#[test]
fn every_route_of_a_tenant_is_in_the_list() {
    let code = include_str!("../../src/console/routes.rs");
    let routes = code.split("\"/console/{tenant}").skip(1).filter_map(|rest| rest.split('"').next());
    let routes: BTreeSet<&str> = routes.collect();
    assert_eq!(routes, ROUTES.iter().map(|(route, ..)| *route).collect());
}

#[tokio::test]
async fn each_role_opens_and_sends_what_it_may_and_nobody_else_anything() {
    let app = TestApp::open().await;
    let other = app.other_tenant().await;
    let nobody = Tab::open(&app);
    let mut tabs = Vec::new();
    for role in ["owner", "administrator", "help-desk", "auditor"] {
        tabs.push((role, Tab::of(&app, role).await));
    }
    let root = format!("/console/{}", app.tenant);
    for (route, opens, sends) in ROUTES {
        let path = address(route);
        let (own, foreign) = (format!("{root}{path}"), format!("/console/{other}{path}"));
        if *opens != Nothing {
            assert_eq!(nobody.get(&own).await.status, 303, "GET {route}");
            for (role, tab) in &tabs {
                assert_eq!(tab.get(&foreign).await.status, 404, "{role} GET {route} of another tenant");
                let answer = tab.get(&own).await;
                assert_eq!(answer.status != 403, opens.is_of(role), "{role} GET {route}: {}", answer.status);
                assert!(answer.status < 500, "{role} GET {route}: {}", answer.status);
                assert_eq!(answer.header("cache-control"), "no-store", "{role} GET {route}");
            }
        }
        if *sends == Nothing {
            continue;
        }
        assert_eq!(nobody.post(&own, &[]).await.status, 303, "POST {route}");
        for (role, tab) in &tabs {
            assert_eq!(tab.post(&foreign, &[]).await.status, 404, "{role} POST {route} of another tenant");
            for headers in
                [&[("sec-fetch-site", "cross-site")][..], &[("origin", "https://evil.example")], &[]]
            {
                let sent = tab.send("POST", &own, headers, Some(form(&[]))).await;
                assert_eq!(sent.status, 403, "{role} POST {route} {headers:?}");
            }
            if !sends.is_of(role) {
                assert_eq!(tab.post(&own, &[]).await.status, 403, "{role} POST {route}");
            }
        }
        // Whoever may is not refused; what the form lacks is said.
        for (role, tab) in tabs.iter().filter(|(role, _)| sends.is_of(role)) {
            let answer = tab.post(&own, &[]).await;
            assert!(answer.status != 403 && answer.status < 500, "{role} POST {route}: {}", answer.status);
        }
    }
}
