//! The figures: one recorder for the process, rendered as text when somebody asks.
//!
//! There is no listener here; the server decides where the text is served. Labels take their values from
//! closed sets (a route's template, a status), never from what a caller wrote, so that the number of series
//! is bounded.

use std::sync::OnceLock;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::process;

/// Counter: requests answered; labels `method`, `route`, `status`.
pub const HTTP_REQUESTS: &str = "bailiwick_http_requests_total";
/// Histogram: seconds from a request's head to its answer; labels `method`, `route`.
pub const HTTP_SECONDS: &str = "bailiwick_http_request_seconds";
/// Counter: questions answered by the access index; label `decision`: `allow` or `deny`.
pub const CHECKS: &str = "bailiwick_checks_total";
/// Counter: commits; label `result`: `done`, `conflict` or `failed`.
pub const COMMITS: &str = "bailiwick_commits_total";
/// Histogram: seconds from a command to its durable commit.
pub const COMMIT_SECONDS: &str = "bailiwick_commit_seconds";
/// Gauge: accounts held in memory.
pub const ACCOUNTS_CACHED: &str = "bailiwick_accounts_cached";
/// Counter: accounts loaded from the store.
pub const ACCOUNT_LOADS: &str = "bailiwick_account_loads_total";
/// Counter: attempts to sign in; label `result`: `done`, `wrong` or `throttled`.
pub const SIGN_INS: &str = "bailiwick_sign_ins_total";
/// Histogram: seconds that a password took to hash, waiting included.
pub const PASSWORD_SECONDS: &str = "bailiwick_password_hash_seconds";
/// Counter: requests turned away because too many passwords waited to be hashed.
pub const PASSWORD_BUSY: &str = "bailiwick_password_hash_busy_total";
/// Counter: refusals that were not recorded because the same one, or too many, were just before.
pub const REFUSALS_NOT_RECORDED: &str = "bailiwick_refusals_not_recorded_total";
/// Counter: events that recorded that something ended, or ends soon.
pub const ENDS: &str = "bailiwick_ends_recorded_total";
/// Counter: uses of permissions and keys that were not recorded, because too many waited to be.
pub const USES_DROPPED: &str = "bailiwick_uses_dropped_total";
/// Counter: mails; label `result`: `sent`, `retry` or `given_up`.
pub const MAILS: &str = "bailiwick_mails_total";
/// Gauge: mails that wait to be sent.
pub const MAILS_WAITING: &str = "bailiwick_mails_waiting";

/// Upper bounds in seconds. Checks take microseconds over HTTP and sign-ins tens of milliseconds, so the
/// range is wide.
const SECONDS: [f64; 13] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

static INSTALLED: OnceLock<Option<Metrics>> = OnceLock::new();

/// The figures of this process.
#[derive(Debug, Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Installs the recorder at the first call, and gives the same one at every later call.
    ///
    /// `None` if another recorder was installed past this function.
    pub fn install() -> Option<Self> {
        INSTALLED
            .get_or_init(|| {
                let builder = PrometheusBuilder::new()
                    .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
                    .ok()?;
                let handle = builder.install_recorder().ok()?;
                describe();
                Some(Self { handle })
            })
            .clone()
    }

    /// The text that `/metrics` answers, in the format of Prometheus (`text/plain; version=0.0.4`).
    ///
    /// Also moves finished samples out of their buffers, so that a server that is scraped needs no background
    /// task for it; [`Metrics::upkeep`] is for one that is not.
    pub fn render(&self) -> String {
        process::record();
        self.handle.run_upkeep();
        self.handle.render()
    }

    /// Moves finished samples out of their buffers. To be called every few seconds, whether or not somebody
    /// scrapes.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

fn describe() {
    describe_counter!(HTTP_REQUESTS, Unit::Count, "Requests answered, by method, route and status.");
    describe_histogram!(HTTP_SECONDS, Unit::Seconds, "Time from a request's head to its answer.");
    describe_counter!(CHECKS, Unit::Count, "Questions answered by the access index, by decision.");
    describe_counter!(COMMITS, Unit::Count, "Commits, by result.");
    describe_histogram!(COMMIT_SECONDS, Unit::Seconds, "Time from a command to its durable commit.");
    describe_gauge!(ACCOUNTS_CACHED, Unit::Count, "Accounts held in memory.");
    describe_counter!(ACCOUNT_LOADS, Unit::Count, "Accounts loaded from the store.");
    describe_counter!(SIGN_INS, Unit::Count, "Attempts to sign in, by result.");
    describe_histogram!(
        PASSWORD_SECONDS,
        Unit::Seconds,
        "Time that a password took to hash, waiting included."
    );
    describe_counter!(PASSWORD_BUSY, Unit::Count, "Requests turned away because too many passwords waited.");
    describe_counter!(
        REFUSALS_NOT_RECORDED,
        Unit::Count,
        "Refusals not recorded because the same one, or too many, were just before."
    );
    describe_counter!(ENDS, Unit::Count, "Events that recorded that something ended, or ends soon.");
    describe_counter!(
        USES_DROPPED,
        Unit::Count,
        "Uses of permissions and keys not recorded because too many waited."
    );
    describe_counter!(MAILS, Unit::Count, "Mails, by result.");
    describe_gauge!(MAILS_WAITING, Unit::Count, "Mails that wait to be sent.");
    process::describe();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rendered_and_the_recorder_is_installed_once() {
        let metrics = Metrics::install().unwrap();
        metrics::counter!(SIGN_INS, "result" => "done").increment(2);
        metrics::histogram!(COMMIT_SECONDS).record(0.003);
        let text = Metrics::install().unwrap().render();
        assert!(text.contains("bailiwick_sign_ins_total{result=\"done\"} 2"), "{text}");
        assert!(text.contains("bailiwick_commit_seconds_bucket{le=\"0.005\"} 1"), "{text}");
        assert!(text.contains("bailiwick_commit_seconds_bucket{le=\"0.0025\"} 0"), "{text}");
        assert!(text.contains("# HELP bailiwick_sign_ins_total Attempts to sign in, by result."), "{text}");
        drop(metrics);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_describes_itself() {
        let text = Metrics::install().unwrap().render();
        let value = |name: &str| {
            let line =
                text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
            line.and_then(|line| line.rsplit(' ').next()).unwrap().parse::<f64>().unwrap()
        };
        assert!(value("process_resident_memory_bytes") > 1_000_000.0, "{text}");
        assert!(value("process_open_fds") >= 3.0, "{text}");
        assert!(value("process_start_time_seconds") > 1_600_000_000.0, "{text}");
        assert!(value("process_cpu_seconds_total") >= 0.0, "{text}");
    }
}
