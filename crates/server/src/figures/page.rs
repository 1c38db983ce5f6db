//! The figures in the text format of Prometheus. They are written anew each time, so what is deleted leaves the page.

use std::fmt::{Display, Write as _};

use chrono::{DateTime, TimeDelta, Utc};
use operations::{Figures, JobFigures, NameInTenant, PoolFigures};

use crate::jobs::PLANS;
use crate::process::Process;

/// What stands for all pools, or connections, beyond those that are told by name. No tenant stands beside it, so nothing
/// else has these labels.
const OTHERS: &str = "all others";

/// The lines of these figures, which are so old, and of this process.
pub(super) fn lines(
    figures: Option<&Figures>,
    age: TimeDelta,
    process: Process,
    now: DateTime<Utc>,
) -> String {
    let mut page = Page::default();
    page.gauge("rollcall_figures_age_seconds", "How old the figures of pools, jobs and connections are.");
    page.sample(&[], age.as_seconds_f64());
    if let Some(figures) = figures {
        page.pools(figures, "rollcall_pool_seats_bought", "Seats bought, by pool.", |pool| pool.bought);
        page.pools(figures, "rollcall_pool_seats_used", "Seats in use, by pool.", |pool| pool.used);
        let help = "People who wait for a seat, by pool.";
        page.pools(figures, "rollcall_pool_people_waiting", help, |pool| pool.waiting);
        let help = "Jobs whose time has come and that no worker has, by lane and kind.";
        page.jobs(figures, "rollcall_jobs_due", help, |jobs| jobs.due);
        let help = "Jobs that a worker has, by lane and kind.";
        page.jobs(figures, "rollcall_jobs_running", help, |jobs| jobs.running);
        let help = "For how long the oldest job that is due has been due, by lane and kind; 0 when none is.";
        page.jobs(figures, "rollcall_jobs_oldest_due_seconds", help, |jobs| {
            jobs.oldest_due.map_or(0, |due| (now - due).num_seconds().max(0))
        });
        page.connections(figures);
    }
    page.process(process);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
    name: &'static str,
}

impl Page {
    /// A number of each pool.
    fn pools(
        &mut self,
        figures: &Figures,
        name: &'static str,
        help: &str,
        number: impl Fn(&PoolFigures) -> i64,
    ) {
        self.gauge(name, help);
        for pool in &figures.pools {
            self.sample(&labels("pool", pool.pool.as_ref()), number(pool));
        }
    }

    /// A number of the jobs of each kind, 0 where there are none.
    fn jobs(
        &mut self,
        figures: &Figures,
        name: &'static str,
        help: &str,
        number: impl Fn(&JobFigures) -> i64,
    ) {
        self.gauge(name, help);
        for (lane, kind) in PLANS.iter().flat_map(|plan| plan.kinds.iter().map(|kind| (plan.name, *kind))) {
            let jobs = figures.jobs.iter().find(|jobs| jobs.kind == kind);
            self.sample(&[("lane", lane), ("kind", kind)], jobs.map_or(0, &number));
        }
    }

    fn connections(&mut self, figures: &Figures) {
        self.gauge(
            "rollcall_last_push_timestamp_seconds",
            "When the last request of a connection came that the request log holds.",
        );
        for connection in &figures.connections {
            let labels = labels("connection", connection.connection.as_ref());
            self.sample(&labels, connection.last_request.timestamp());
        }
    }

    fn process(&mut self, process: Process) {
        if let Some(bytes) = process.resident_bytes {
            self.gauge("process_resident_memory_bytes", "Memory that the process uses.");
            self.sample(&[], bytes);
        }
        if let Some(files) = process.open_files {
            self.gauge("process_open_fds", "Files and sockets that the process has open.");
            self.sample(&[], files);
        }
        if let Some(seconds) = process.cpu_seconds {
            self.family("process_cpu_seconds_total", "Processor time that the process has used.", "counter");
            self.sample(&[], seconds);
        }
    }

    fn gauge(&mut self, name: &'static str, help: &str) {
        self.family(name, help, "gauge");
    }

    /// Begins the samples of one name.
    fn family(&mut self, name: &'static str, help: &str, kind: &str) {
        self.name = name;
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let name = self.name;
        let labels: Vec<String> =
            labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        if labels.is_empty() {
            self.line(format_args!("{name} {value}"));
        } else {
            self.line(format_args!("{name}{{{}}} {value}", labels.join(",")));
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("a String takes everything");
    }
}

fn labels<'l>(noun: &'l str, named: Option<&'l NameInTenant>) -> Vec<(&'l str, &'l str)> {
    match named {
        Some(named) => vec![("tenant", &named.tenant), (noun, &named.name)],
        None => vec![(noun, OTHERS)],
    }
}

/// The value of a label, as the format wants it between quotation marks.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
