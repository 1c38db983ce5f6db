//! The journal in the console: searched, paged, exported.

use crate::support::TestApp;
use crate::support::tab::{Tab, text, value};

#[tokio::test]
async fn the_journal_is_searched_paged_and_exported() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool("Vault", 5, "queue").await;
    let names: Vec<String> = (0..60).map(|number| format!("u{number:02}")).collect();
    for name in &names {
        client.user(name).await;
    }
    let tab = Tab::of(&app, "owner").await;
    let root = format!("/console/{}/journal", app.tenant);
    let rows = |page: &str| page.matches("<td class=\"full\"><span class=\"strong\">").count();
    let page = tab.get(&root).await.expect(200);
    assert_eq!(rows(text(&page)), 50);
    let older = text(&page).split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let older = older.into_iter().find(|link| link.contains("before=")).expect("a link").to_owned();
    let rest = tab.get(&older).await.expect(200);
    assert!((10..50).contains(&rows(text(&rest))), "{}", rows(text(&rest)));
    let gone = client.user("=gone").await;
    client.delete(&format!("/Users/{gone}")).await.expect(204);
    for (query, said, number) in [
        ("q=u07", "u07", 1),
        ("q=Vault", "Vault", 1),
        ("q=%3Dgone", "=gone", 2),
        ("area=seats", "Vault", 1),
        ("area=users&period=1h", "u59", 50),
        ("cause=operator", "Vault", 3),
        ("cause=nobody", "No entry", 0),
        ("q=nobody", "Nothing is called “nobody”", 0),
        ("to=2020-01-01", "No entry", 0),
        ("before=x&area=x&period=x", "u59", 50),
    ] {
        let part = tab.send("GET", &format!("{root}?{query}"), &[("hx-request", "true")], None).await;
        let part = part.expect(200);
        assert!(text(&part).contains(said), "{query}: {}", text(&part));
        assert!(rows(text(&part)) >= number && (number > 0 || rows(text(&part)) == 0), "{query}");
    }
    let file = tab.get(&format!("{root}/export/journal.csv?area=users")).await.expect(200);
    let lines: Vec<&str> = text(&file).split("\r\n").collect();
    assert!(lines[0].starts_with("id,at,kind,") && lines.len() > 60, "{}", lines.len());
    assert!(file.header("content-disposition").contains("journal.csv"));
    let of_gone = tab.get(&format!("{root}/export/journal.csv?q=%3Dgone")).await.expect(200);
    assert!(text(&of_gone).contains(",'=gone"), "no formula: {}", text(&of_gone));
    tab.get(&format!("{root}/export/journal.exe")).await.expect(404);
}

#[tokio::test]
async fn the_journal_tells_of_settings_and_of_several_things_of_one_name() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    for _ in 0..2 {
        client.group("Crew", &[]).await;
    }
    let tab = Tab::of(&app, "owner").await;
    let root = format!("/console/{}", app.tenant);
    let settings = tab.get(&format!("{root}/settings")).await.expect(200);
    let fields = [
        ("shown", value(&settings, "shown")),
        ("name", value(&settings, "name")),
        ("support", "help@alpha.example".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    tab.post(&format!("{root}/settings"), &fields).await.expect(303);
    tab.post(&format!("{root}/settings/domains"), &[("add", "alpha.example")]).await.expect(303);
    let journal = tab.get(&format!("{root}/journal?area=settings")).await.expect(200);
    for said in ["changed the settings of the tenant", "added the domain alpha.example", "help@alpha.example"]
    {
        assert!(text(&journal).contains(said), "{said}: {}", text(&journal));
    }
    let several = tab.get(&format!("{root}/journal?q=Crew")).await.expect(200);
    assert!(
        text(&several).contains("Several things are called") && text(&several).contains("/search?q=Crew")
    );
    let unknown = tab.get(&format!("{root}/journal?q=Nothing")).await.expect(200);
    assert!(text(&unknown).contains("Nothing is called"));
    let of_it = tab.get(&format!("{root}/journal?cause={}", client.id)).await.expect(200);
    assert!(text(&of_it).contains("Crew") && !text(&of_it).contains("alpha.example"), "{}", text(&of_it));
}
