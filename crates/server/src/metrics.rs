//! What is measured, and `/metrics` in the text format of Prometheus.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use operations::webhooks::Fate;

const REQUESTS: &str = "rollcall_http_requests_total";
const SECONDS: &str = "rollcall_http_request_seconds";
const QUIRKS: &str = "rollcall_quirks_used_total";
const LOST: &str = "rollcall_request_log_lost_total";
const JOBS: &str = "rollcall_jobs_total";
const FAULTS: &str = "rollcall_faults_total";
const REFUSED: &str = "rollcall_connections_refused_total";
const TIMED_OUT: &str = "rollcall_connections_timed_out_total";
const PUSHED: &str = "rollcall_stream_pushes_total";
const POLLED: &str = "rollcall_stream_polled_total";
const DEFERRED: &str = "rollcall_deferred_requests_total";
const DATABASE: &str = "rollcall_database_info";

/// Upper bounds of the buckets of durations, in seconds.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The recorder is one for the whole process, so its handle is, too.
static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts measuring; a second call finds the first one's recorder.
pub(crate) fn start(database: &'static str) {
    HANDLE.get_or_init(|| {
        let builder =
            PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full(SECONDS.to_owned()), BUCKETS);
        let recorder = builder.expect("the buckets are a constant that is not empty").build_recorder();
        let handle = recorder.handle();
        // A recorder that was installed before stays: then our page is empty, and nothing else breaks.
        let _ = metrics::set_global_recorder(recorder);
        describe_counter!(REQUESTS, "Requests by method, route and status.");
        describe_histogram!(SECONDS, "How long answers took, by method and route.");
        describe_counter!(QUIRKS, "Deviations of products that requests used, by quirk.");
        describe_counter!(
            LOST,
            "Requests that the request log lost because its queue was full or a write failed."
        );
        describe_counter!(JOBS, "Jobs that ended, by kind and outcome.");
        describe_counter!(FAULTS, "Answers 500, each with an entry in the log.");
        describe_counter!(REFUSED, "Connections of clients for which there was no place.");
        describe_counter!(
            TIMED_OUT,
            "Connections that were closed because the client kept the server waiting."
        );
        describe_counter!(PUSHED, "Security event tokens that were sent to receivers, by answer.");
        describe_counter!(POLLED, "Security event tokens that receivers asked for, and what came of them.");
        describe_counter!(
            DEFERRED,
            "Requests whose clients did not wait, by whether they were answered after all."
        );
        describe_gauge!(DATABASE, "Which database the server runs on; always 1.");
        handle
    });
    gauge!(DATABASE, "kind" => database).set(1.0);
}

/// The page.
pub(crate) fn page() -> String {
    HANDLE.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Gives memory of old measurements free; to be called now and then.
pub(crate) fn tidy() {
    if let Some(handle) = HANDLE.get() {
        handle.run_upkeep();
    }
}

/// One answered request.
pub(crate) fn answered(method: &'static str, route: &str, status: u16, took: Duration) {
    counter!(REQUESTS, "method" => method, "route" => route.to_owned(), "status" => status.to_string())
        .increment(1);
    histogram!(SECONDS, "method" => method, "route" => route.to_owned()).record(took);
}

/// One use of a quirk.
pub(crate) fn quirk_used(name: &'static str) {
    counter!(QUIRKS, "quirk" => name).increment(1);
}

/// Requests that the request log lost.
pub(crate) fn requests_lost(number: u64) {
    counter!(LOST).increment(number);
}

/// One job that ended.
pub(crate) fn job_ended(kind: &str, outcome: &'static str) {
    counter!(JOBS, "kind" => kind.to_owned(), "outcome" => outcome).increment(1);
}

/// One request that was accepted before, and has ended.
pub(crate) fn deferred_ended(outcome: &'static str) {
    counter!(DEFERRED, "outcome" => outcome).increment(1);
}

/// One token that was sent to a receiver.
pub(crate) fn set_pushed(fate: &Fate) {
    let outcome = match fate {
        Fate::Answered(200..300, _) => "taken",
        Fate::Answered(..) => "refused",
        Fate::Failed(_) | Fate::GivenUp(_) => "failed",
    };
    counter!(PUSHED, "outcome" => outcome).increment(1);
}

/// What one answer to a receiver that asked came to.
pub(crate) fn sets_polled(given: usize, taken: usize, refused: usize) {
    for (outcome, number) in [("given", given), ("taken", taken), ("refused", refused)] {
        counter!(POLLED, "outcome" => outcome).increment(number as u64);
    }
}

/// One connection of a client for which there was no place.
pub(crate) fn connection_refused() {
    counter!(REFUSED).increment(1);
}

/// One connection that was closed because the client kept the server waiting.
pub(crate) fn connection_timed_out() {
    counter!(TIMED_OUT).increment(1);
}

/// One answer 500.
pub(crate) fn fault() {
    counter!(FAULTS).increment(1);
}
