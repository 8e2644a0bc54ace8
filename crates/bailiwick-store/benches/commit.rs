//! How many commits a second the store makes durable, beside what SQLite alone does on the same disk, and how fast an account
//! loads. Run by `cargo bench -p bailiwick-store`; the last argument sets the seconds for each figure.

use std::collections::VecDeque;
use std::error::Error;
use std::time::{Duration, Instant};

use bailiwick_core::ids::{AccountId, Id, Revision};
use bailiwick_store::{
    AccountCommit, Commit, CommitReceipt, Ending, EntityChange, EntityRows, EventQuery, EventRow,
    SqliteOptions, SqliteStore, Store,
};
use jiff::Timestamp;

type Outcome<T> = Result<T, Box<dyn Error>>;

const MEMBER: &str =
    r#"{"user":"usr_0190b5b0a5c07c7f8a5be6f1b9c1d2e3","state":"active","joined_at":"2026-11-21T10:00:00Z"}"#;
const EVENT: &str =
    r#"{"version":1,"member":"usr_0190b5b0a5c07c7f8a5be6f1b9c1d2e3","before":"inactive","after":"active"}"#;

fn main() -> Outcome<()> {
    let seconds = std::env::args().next_back().and_then(|argument| argument.parse().ok()).unwrap_or(3);
    let time = Duration::from_secs(seconds);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    println!("raw SQLite, 1 row in a transaction:     {:>9.0} rows/s", raw(1, time)?);
    println!("raw SQLite, 64 rows in a transaction:   {:>9.0} rows/s", raw(64, time)?);
    for (accounts, waiting) in [(1, 1), (1, 64), (1, 1_024), (64, 64), (64, 1_024), (10_000, 1_024)] {
        let figure = runtime.block_on(commits(accounts, waiting, time))?;
        println!("commits, {accounts:>6} accounts, {waiting:>5} waiting:  {figure:>9.0} commits/s");
    }
    let (rows, elapsed) = runtime.block_on(load())?;
    println!("loading an account of {rows} entities:  {:>9.1} ms", elapsed.as_secs_f64() * 1e3);
    runtime.block_on(search())?;
    Ok(())
}

/// One table, one row of the size of a member, with the same durability.
fn raw(rows_per_transaction: u64, time: Duration) -> Outcome<f64> {
    let dir = tempfile::tempdir()?;
    let db = rusqlite::Connection::open(dir.path().join("raw.sqlite3"))?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.execute_batch("create table rows (id integer primary key, body text not null) strict")?;
    let mut insert = db.prepare("insert into rows (body) values (?1)")?;
    let start = Instant::now();
    let mut rows = 0_u64;
    while start.elapsed() < time {
        db.execute_batch("begin immediate")?;
        for _ in 0..rows_per_transaction {
            insert.execute([MEMBER])?;
        }
        db.execute_batch("commit")?;
        rows += rows_per_transaction;
    }
    Ok(per_second(rows, start.elapsed()))
}

/// Commits of one entity and one event each, round the accounts, with so many waiting at a time.
async fn commits(accounts: usize, waiting: usize, time: Duration) -> Outcome<f64> {
    let dir = tempfile::tempdir()?;
    let store = SqliteStore::open(&SqliteOptions::new(dir.path()))?;
    let mut revisions = vec![Revision(0); accounts];
    let mut receipts: VecDeque<CommitReceipt> = VecDeque::new();
    let start = Instant::now();
    let mut committed = 0_u64;
    'time: loop {
        for (revision, number) in revisions.iter_mut().zip(1..) {
            if start.elapsed() >= time {
                break 'time;
            }
            receipts.push_back(store.commit(commit(number, *revision, 1)));
            *revision = revision.next();
            if receipts.len() >= waiting
                && let Some(receipt) = receipts.pop_front()
            {
                receipt.await?;
                committed += 1;
            }
        }
    }
    for receipt in receipts {
        receipt.await?;
        committed += 1;
    }
    Ok(per_second(committed, start.elapsed()))
}

async fn load() -> Outcome<(usize, Duration)> {
    let dir = tempfile::tempdir()?;
    let store = SqliteStore::open(&SqliteOptions::new(dir.path()))?;
    let mut revision = Revision(0);
    for _ in 0..20 {
        store.commit(commit(1, revision, 10_000)).await?;
        revision = revision.next();
    }
    let start = Instant::now();
    let (sender, rows) = tokio::sync::oneshot::channel();
    let take = Box::new(move |rows: &mut dyn EntityRows| {
        let mut taken = 0;
        while rows.next()?.is_some() {
            taken += 1;
        }
        let _ = sender.send(taken);
        Ok(())
    });
    store.read_entities(account(1), "".."~", take).await?.ok_or("the account is missing")?;
    let rows = rows.await?;
    Ok((rows, start.elapsed()))
}

/// The dearest page of an audit log: a filter that nothing in the account matches, so that all of it is looked at.
async fn search() -> Outcome<()> {
    let dir = tempfile::tempdir()?;
    let store = SqliteStore::open(&SqliteOptions::new(dir.path()))?;
    for expected in 0..100 {
        let mut wanted = commit(1, Revision(expected), 0);
        if let Some(account) = &mut wanted.account {
            account.events = account.events.iter().cycle().take(5_000).cloned().collect();
        }
        store.commit(wanted).await?;
    }
    let all = EventQuery::of_account(account(1), 50);
    let nobody = Some("usr_0".to_owned());
    for (name, query) in [
        ("first page", all.clone()),
        ("actor", EventQuery { actor_id: nobody.clone(), ..all.clone() }),
        ("target", EventQuery { target_id: nobody.clone(), ..all.clone() }),
        ("type", EventQuery { type_prefix: nobody.clone(), ..all.clone() }),
        ("time", EventQuery { to: Some(Timestamp::UNIX_EPOCH + Duration::from_micros(1)), ..all.clone() }),
        ("text", EventQuery { text: Some("nowhere".to_owned()), ..all }),
    ] {
        let start = Instant::now();
        let found = store.events(query).await?.events.len();
        println!(
            "{found:>3} of 500000 events by {name:<10}     {:>9.1} ms",
            start.elapsed().as_secs_f64() * 1e3
        );
    }
    Ok(())
}

fn commit(number: u128, expected: Revision, entities: u64) -> Commit {
    let changes = (0..entities).map(|entity| EntityChange {
        kind: "member".into(),
        id: format!("usr_0190b5b0a5c07c7f{:016x}", expected.0 * entities + entity),
        body: Some(MEMBER.to_owned()),
    });
    let event = EventRow {
        at: Timestamp::UNIX_EPOCH + Duration::from_micros(expected.0),
        actor_kind: "user".into(),
        actor_id: Some("usr_0190b5b0a5c07c7f8a5be6f1b9c1d2e3".to_owned()),
        event_type: "member.activated".into(),
        target_kind: Some("member".into()),
        target_id: Some("usr_0190b5b0a5c07c7f8a5be6f1b9c1d2e4".to_owned()),
        request_id: Some("req_0190b5b0a5c07c7f8a5be6f1b9c1d2e5".to_owned()),
        source_ip: Some([192, 0, 2, 1].into()),
        body: EVENT.to_owned(),
    };
    let account = AccountCommit {
        account_id: account(number),
        expected,
        at: event.at,
        changes: changes.collect(),
        events: vec![event],
        ending: Ending::None,
        next_deadline: None,
    };
    Commit { account: Some(account), ..Commit::default() }
}

fn account(number: u128) -> AccountId {
    AccountId::from_uuid(uuid::Uuid::from_u128((0x0190_b5b0 << 96) + number))
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
