//! The database: its size, its log, the mail that waits in it, and whether it is sound.

use bailiwick_server::config::Config;
use bailiwick_store::{OutboxCounts, SqliteStore, Store, StoreError, StoreFacts};
use jiff::{SignedDuration, Timestamp};

use super::Finding;

/// The log is cut back to 64 MiB; it is larger only while something reads for long or writing into the database fails.
const LARGE_LOG_BYTES: u64 = 128 << 20;
/// Mail leaves within seconds if nothing is in its way.
const LATE: SignedDuration = SignedDuration::from_mins(15);

/// Looks at the database without holding up a server that uses it.
pub async fn look(config: &Config) -> Vec<Finding> {
    let store = match SqliteStore::open_for_reading(&config.data) {
        Ok(store) => store,
        Err(error) => return vec![Finding::broken("database", error.to_string(), error.hint())],
    };
    let mut findings = match store.facts().await {
        Ok(facts) => vec![size(&facts), log(&facts)],
        Err(error) => vec![unreadable("database", &error)],
    };
    findings.push(match store.outbox_counts().await {
        Ok(counts) => outbox(counts, Timestamp::now()),
        Err(error) => unreadable("outbox", &error),
    });
    findings.push(match store.check_integrity().await {
        Ok(found) => integrity(&found),
        Err(error) => unreadable("integrity", &error),
    });
    findings
}

fn unreadable(what: &'static str, error: &StoreError) -> Finding {
    let detail = error.detail().map_or_else(|| error.to_string(), |detail| format!("{error} ({detail})"));
    Finding::broken(what, detail, "check the disk, then run `bailiwick verify`")
}

fn size(facts: &StoreFacts) -> Finding {
    let StoreFacts { engine, schema_version, accounts, users, sessions, .. } = facts;
    let (size, free) = (facts.database_bytes >> 10, facts.free_bytes >> 10);
    let detail = format!(
        "{engine}, schema {schema_version}, {size} KiB of which {free} KiB are free, accounts: {accounts}, users: {users}, \
         sessions: {sessions}"
    );
    Finding::well("database", detail)
}

fn log(facts: &StoreFacts) -> Finding {
    let detail = format!("{} KiB", facts.log_bytes >> 10);
    if facts.log_bytes > LARGE_LOG_BYTES {
        let hint = "wait for long backups to end; if it stays so, stop the server, which folds the log into the database";
        return Finding::look("log", detail, hint);
    }
    Finding::well("log", detail)
}

fn outbox(counts: OutboxCounts, now: Timestamp) -> Finding {
    let OutboxCounts { waiting, failing, given_up, oldest_waiting_at } = counts;
    let late = oldest_waiting_at.is_some_and(|since| now.duration_since(since) > LATE);
    let since = oldest_waiting_at.map(|since| format!(", the oldest since {since:.0}")).unwrap_or_default();
    let detail = format!(
        "mails that wait: {waiting}{since}, of them after a failure: {failing}; given up: {given_up}"
    );
    if failing + given_up > 0 {
        let hint = "`bailiwick delivery list` says why, account by account; check the `mail.*` keys";
        return Finding::look("outbox", detail, hint);
    }
    if late {
        return Finding::look("outbox", detail, "see that the server runs: it sends them");
    }
    Finding::well("outbox", detail)
}

fn integrity(found: &[String]) -> Finding {
    if found.is_empty() {
        return Finding::well("integrity", "sound; `bailiwick verify` also replays the events");
    }
    Finding::broken(
        "integrity",
        found.join("; "),
        "keep this file and restore the newest backup that verifies",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::State;

    #[test]
    fn mail_that_does_not_leave_is_named() {
        let now = Timestamp::now();
        let waiting = |hours| OutboxCounts {
            waiting: 1,
            oldest_waiting_at: Some(now - SignedDuration::from_hours(hours)),
            ..OutboxCounts::default()
        };
        assert_eq!(outbox(OutboxCounts::default(), now).state, State::Well);
        assert_eq!(outbox(waiting(0), now).state, State::Well);
        assert_eq!(outbox(waiting(1), now).state, State::Look);
        assert_eq!(outbox(OutboxCounts { given_up: 1, ..OutboxCounts::default() }, now).state, State::Look);
    }

    #[test]
    fn a_large_log_is_named() {
        let facts = |log_bytes| StoreFacts { log_bytes, ..StoreFacts::default() };
        assert_eq!(log(&facts(1 << 20)).state, State::Well);
        assert_eq!(log(&facts(1 << 30)).state, State::Look);
    }
}
