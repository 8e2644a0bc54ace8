//! The standard figures about the process itself, read from `/proc` when they are asked for.
//!
//! Three small files are read per scrape. Elsewhere than on Linux there are none and the figures are left
//! out.

use metrics::{Unit, describe_gauge};

const CPU_SECONDS: &str = "process_cpu_seconds_total";
const RESIDENT_BYTES: &str = "process_resident_memory_bytes";
const VIRTUAL_BYTES: &str = "process_virtual_memory_bytes";
const START_SECONDS: &str = "process_start_time_seconds";
const THREADS: &str = "process_threads";
const OPEN_FILES: &str = "process_open_fds";

/// Tells the recorder what the figures mean.
pub(super) fn describe() {
    describe_gauge!(CPU_SECONDS, Unit::Seconds, "Processor time spent, user and system.");
    describe_gauge!(RESIDENT_BYTES, Unit::Bytes, "Memory in RAM.");
    describe_gauge!(VIRTUAL_BYTES, Unit::Bytes, "Address space.");
    describe_gauge!(
        START_SECONDS,
        Unit::Seconds,
        "When the process started, in seconds since the Unix epoch."
    );
    describe_gauge!(THREADS, Unit::Count, "Threads.");
    describe_gauge!(OPEN_FILES, Unit::Count, "Open file descriptors.");
}

/// Reads the figures and hands them to the recorder; what cannot be read is left as it was.
#[cfg(target_os = "linux")]
pub(super) fn record() {
    use metrics::gauge;

    if let Some(facts) =
        std::fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(linux::parse_stat)
    {
        let per_second = linux::to_f64(rustix::param::clock_ticks_per_second());
        gauge!(CPU_SECONDS).set(linux::to_f64(facts.cpu_ticks) / per_second);
        gauge!(VIRTUAL_BYTES).set(linux::to_f64(facts.virtual_bytes));
        let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
        gauge!(RESIDENT_BYTES).set(linux::to_f64(facts.resident_pages.saturating_mul(page)));
        gauge!(THREADS).set(linux::to_f64(facts.threads));
        if let Some(boot) = linux::boot_seconds() {
            gauge!(START_SECONDS).set(linux::to_f64(boot) + linux::to_f64(facts.start_ticks) / per_second);
        }
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        // One of the entries is the descriptor that reads the directory.
        let open = u64::try_from(files.count().saturating_sub(1)).unwrap_or(u64::MAX);
        gauge!(OPEN_FILES).set(linux::to_f64(open));
    }
}

/// There is nothing cheap to read here.
#[cfg(not(target_os = "linux"))]
pub(super) fn record() {}

#[cfg(target_os = "linux")]
mod linux {
    /// What `/proc/self/stat` says (proc_pid_stat(5)).
    #[derive(Debug, PartialEq, Eq)]
    pub struct Stat {
        pub cpu_ticks: u64,
        pub threads: u64,
        pub start_ticks: u64,
        pub virtual_bytes: u64,
        pub resident_pages: u64,
    }

    /// The second field is the program's name in parentheses and may itself hold spaces and parentheses, so
    /// that counting starts behind the last one.
    pub fn parse_stat(text: &str) -> Option<Stat> {
        let (_, rest) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // Field 3 of the manual is the first one here.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Stat {
            cpu_ticks: field(14)?.checked_add(field(15)?)?,
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }

    pub fn boot_seconds() -> Option<u64> {
        let text = std::fs::read_to_string("/proc/stat").ok()?;
        text.lines()
            .find_map(|line| line.strip_prefix("btime "))
            .and_then(|number| number.trim().parse().ok())
    }

    /// Figures are floating-point numbers; what exceeds 2^53 may lose its last digits.
    #[expect(clippy::cast_precision_loss, reason = "the format of the figures is a floating-point number")]
    pub fn to_f64(n: u64) -> f64 {
        n as f64
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_name_with_parentheses_does_not_shift_the_fields() {
            let text = "7 (a ) b) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 9 0 1000 4096000 300 18446744073709551615";
            let expected = Stat {
                cpu_ticks: 300,
                threads: 9,
                start_ticks: 1000,
                virtual_bytes: 4_096_000,
                resident_pages: 300,
            };
            assert_eq!(parse_stat(text), Some(expected));
            assert_eq!(parse_stat("7 (a) S 1"), None);
        }
    }
}
