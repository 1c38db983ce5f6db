//! When the database is asked, what a slow one changes, and how the page is written.

use std::cell::Cell;
use std::future::{pending, ready};

use operations::{ConnectionFigures, JobFigures, NameInTenant, PoolFigures};

use super::*;
use crate::process::Process;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_355_600, 0).expect("an instant")
}

fn named(tenant: &str, name: &str) -> NameInTenant {
    NameInTenant { tenant: tenant.to_owned(), name: name.to_owned() }
}

fn with_a_pool_of(bought: i64) -> Figures {
    let pool = PoolFigures { pool: Some(named("Alpha", "Vault")), bought, used: 0, waiting: 0 };
    Figures { pools: vec![pool], ..Figures::default() }
}

#[tokio::test]
async fn the_database_is_asked_once_in_a_few_seconds() {
    let latest = Latest::starting(start());
    let asked = Cell::new(0);
    let ask = async || {
        asked.set(asked.get() + 1);
        Ok(with_a_pool_of(asked.get()))
    };
    for (seconds, questions, age) in [(0, 1, 0), (4, 1, 4), (5, 2, 0), (9, 2, 4), (20, 3, 0)] {
        let (figures, old) = latest.at(start() + TimeDelta::seconds(seconds), ask()).await;
        assert_eq!(figures.as_deref(), Some(&with_a_pool_of(questions)), "after {seconds} s");
        assert_eq!((asked.get(), old), (questions, TimeDelta::seconds(age)), "after {seconds} s");
    }
    let (_, old) = latest.at(start(), ask()).await;
    assert_eq!((asked.get(), old), (4, TimeDelta::zero()), "a clock that was put back is no reason to wait");
}

#[tokio::test(start_paused = true)]
async fn a_database_that_does_not_answer_costs_a_second_and_the_old_figures_stay() {
    let latest = Latest::starting(start());
    let at = |seconds| start() + TimeDelta::seconds(seconds);
    let began = tokio::time::Instant::now();
    let (figures, age) = latest.at(at(3), pending()).await;
    assert_eq!((figures, age), (None, TimeDelta::seconds(3)), "there were none before");
    assert_eq!(began.elapsed(), PATIENCE);
    let (figures, _) = latest.at(at(10), ready(Ok(with_a_pool_of(7)))).await;
    assert_eq!(figures.as_deref(), Some(&with_a_pool_of(7)));
    let (figures, age) = latest.at(at(20), pending()).await;
    assert_eq!((figures.as_deref(), age), (Some(&with_a_pool_of(7)), TimeDelta::seconds(10)));
    let began = tokio::time::Instant::now();
    let (_, age) = latest.at(at(24), pending()).await;
    assert_eq!(age, TimeDelta::seconds(14));
    assert_eq!(began.elapsed(), Duration::ZERO, "it was asked lately");
    let (figures, age) = latest.at(at(30), ready(Err(DatabaseError::Busy))).await;
    assert_eq!((figures.as_deref(), age), (Some(&with_a_pool_of(7)), TimeDelta::seconds(20)));
}

#[test]
fn names_cannot_break_a_line_and_the_others_stand_without_a_tenant() {
    let pool = |pool, bought| PoolFigures { pool, bought, used: 2, waiting: 1 };
    let due = |seconds| Some(start() - TimeDelta::seconds(seconds));
    let figures = Figures {
        pools: vec![pool(Some(named("A \"b\"", "c\\d\n# forged 1")), 9), pool(None, 4)],
        jobs: vec![JobFigures { kind: "end-grace".to_owned(), due: 3, running: 2, oldest_due: due(90) }],
        connections: vec![ConnectionFigures {
            connection: Some(named("A", "all others")),
            last_request: start(),
        }],
    };
    let process = Process { resident_bytes: Some(4096), open_files: None, cpu_seconds: Some(1.5) };
    let page = page::lines(Some(&figures), TimeDelta::milliseconds(2_500), process, start());
    for line in [
        "rollcall_figures_age_seconds 2.5",
        r#"rollcall_pool_seats_bought{tenant="A \"b\"",pool="c\\d\n# forged 1"} 9"#,
        r#"rollcall_pool_seats_bought{pool="all others"} 4"#,
        r#"rollcall_pool_seats_used{pool="all others"} 2"#,
        r#"rollcall_pool_people_waiting{pool="all others"} 1"#,
        r#"rollcall_jobs_due{lane="timers",kind="end-grace"} 3"#,
        r#"rollcall_jobs_running{lane="timers",kind="end-grace"} 2"#,
        r#"rollcall_jobs_oldest_due_seconds{lane="timers",kind="end-grace"} 90"#,
        r#"rollcall_jobs_oldest_due_seconds{lane="timers",kind="serve-queue"} 0"#,
        r#"rollcall_jobs_due{lane="long",kind="delete-tenant"} 0"#,
        r#"rollcall_last_push_timestamp_seconds{tenant="A",connection="all others"} 1772355600"#,
        "process_resident_memory_bytes 4096",
        "process_cpu_seconds_total 1.5",
        "# TYPE process_cpu_seconds_total counter",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is not in {page}");
    }
    assert!(!page.contains("process_open_fds"), "what is unknown is left out");
    assert!(!page.lines().any(|line| line.starts_with("# forged")), "{page}");
}
