//! Several operators at once: each change that was said to be made stands.

use crate::support::TestApp;
use operations::connections::{self, Change};
use operations::consequences::Agreed;
use operations::tenants::{self, SettingsChange};
use operations::{domains, pools};

#[tokio::test]
async fn two_operators_lose_no_change_of_each_other() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let one = Change { grace_days: Some(3), ..Change::default() };
    let other = Change { invitation_delay_seconds: Some(5), ..Change::default() };
    let (one, other) = tokio::join!(
        connections::update(db, &operator, &client.id, &one, Agreed::Nothing),
        connections::update(db, &operator, &client.id, &other, Agreed::Nothing)
    );
    let stands = connections::show(db, &operator, &client.id).await.expect("a connection");
    let stands = (stands.connection.grace_seconds, stands.connection.invitation_delay_seconds);
    let said = (one.map(|done| done.grace_seconds), other.map(|done| done.invitation_delay_seconds));
    match said {
        (Ok(grace), Ok(delay)) => assert_eq!(stands, (grace, delay), "both were told that it is done"),
        (Ok(grace), Err(why)) => assert!(stands.0 == grace && why.to_string().contains("try again")),
        (Err(why), Ok(delay)) => assert!(stands.1 == delay && why.to_string().contains("try again")),
        (Err(one), Err(other)) => panic!("one of two changes is made: {one}; {other}"),
    }
}

#[tokio::test]
async fn two_operators_lose_no_change_of_a_pool() {
    let app = TestApp::open().await;
    app.pool("Vault", 1, "queue").await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let policy = pools::Change { policy: Some("overage".to_owned()), ..pools::Change::default() };
    let rule = pools::Change { for_everyone: Some(true), ..pools::Change::default() };
    let (policy, rule) = tokio::join!(
        pools::update(db, &operator, "Vault", &policy, Agreed::Anything),
        pools::update(db, &operator, "Vault", &rule, Agreed::Anything)
    );
    for why in [policy.as_ref().err(), rule.as_ref().err()].into_iter().flatten() {
        assert!(why.to_string().contains("try again"), "{why}");
    }
    let stands = pools::list(db, &app.tenant).await.expect("a tenant").remove(0);
    assert!(policy.is_ok() || rule.is_ok(), "one of two changes is made");
    assert_eq!((stands.policy.as_str() == "overage", stands.for_everyone), (policy.is_ok(), rule.is_ok()));
}

#[tokio::test]
async fn a_change_of_settings_keeps_a_domain_that_was_added_meanwhile() {
    let app = TestApp::open().await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    for round in 0..20 {
        let settings =
            SettingsChange { application: Some(format!("Latchkey {round}")), ..SettingsChange::default() };
        let change = tenants::Change { settings, ..tenants::Change::default() };
        let domain = domains::Change::Add(format!("d{round}.example"));
        let (settings, domain) = tokio::join!(
            tenants::update(db, &operator, &app.tenant, &change, Agreed::Nothing),
            domains::change(db, &operator, &app.tenant, &domain)
        );
        let (_, domains) = (settings.expect("changed"), domain.expect("added"));
        assert_eq!(domains.items.len(), round + 1, "no domain is lost");
        let stands = tenants::show(db, &app.tenant).await.expect("a tenant").tenant.settings;
        assert_eq!(stands.application, Some(format!("Latchkey {round}")));
        assert_eq!(stands.domains.len(), round + 1);
    }
}
