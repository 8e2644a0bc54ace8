//! A full disk and a read-only one: a clear refusal, nothing half done, and service again afterwards.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bailiwick_core::ids::Revision;
use bailiwick_store::conformance::given::{commit, entities, event, id, message, put, time, touch};
use bailiwick_store::{Commit, SqliteOptions, SqliteStore, Store, StoreError, Unavailable};
use tempfile::TempDir;

fn large(number: u128, expected: u64) -> Commit {
    commit(
        id(number),
        expected,
        vec![put("member", &expected.to_string(), &"x".repeat(10_000))],
        vec![event("one")],
    )
}

fn is(outcome: &Result<(), StoreError>, wanted: Unavailable) -> bool {
    matches!(outcome, Err(StoreError::Unavailable { reason, .. }) if *reason == wanted)
}

/// Commits until the store says that it is full; answers the revision it got to.
async fn fill(store: &SqliteStore, number: u128) -> u64 {
    for expected in 0..10_000 {
        match store.commit(large(number, expected)).await {
            Ok(()) => {}
            outcome => {
                assert!(is(&outcome, Unavailable::DiskFull), "{outcome:?}");
                return expected;
            }
        }
    }
    panic!("the store did not get full");
}

#[tokio::test]
async fn a_full_database_refuses_keeps_what_it_has_and_serves_again_when_there_is_space() {
    let dir = TempDir::new().unwrap();
    let options = SqliteOptions { max_bytes: Some(2 << 20), ..SqliteOptions::new(dir.path()) };
    let store = SqliteStore::open(&options).unwrap();
    // What can be deleted later to make space.
    let outbox = (0..50).map(|_| message(None, &"y".repeat(10_000), 0)).collect();
    store.commit(Commit { outbox, ..Commit::default() }).await.unwrap();
    let reached = fill(&store, 1).await;
    assert!(reached > 10);

    let receipts: Vec<_> = (0..20).map(|number| store.commit(large(100 + number, 0))).collect();
    for receipt in receipts {
        let outcome = receipt.await;
        assert!(is(&outcome, Unavailable::DiskFull), "{outcome:?}");
    }
    let (revision, rows) = entities(&store, id(1)).await.unwrap();
    assert_eq!((revision, rows.len() as u64), (Revision(reached), reached));
    assert!(entities(&store, id(100)).await.is_none());
    assert_eq!(store.check_integrity().await.unwrap(), [""; 0]);

    for entry in store.claim_outbox(time(0), Duration::from_secs(1), 100).await.unwrap() {
        store.outbox_done(entry.outbox_id).await.unwrap();
    }
    store.commit(large(1, reached)).await.unwrap();
    assert_eq!(entities(&store, id(1)).await.unwrap().0, Revision(reached + 1));
    assert_eq!(store.check_integrity().await.unwrap(), [""; 0]);
}

/// A small file system of its own. Needs the right to mount.
struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    fn mount(kib: u32) -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let size = format!("size={kib}k");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self { dir })
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn remount(&self, option: &str) {
        let option = format!("remount,{option}");
        let output = Command::new("mount").args(["-o", &option]).arg(self.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.dir.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_serves_again_when_there_is_space() {
    let Some(disk) = SmallDisk::mount(4_096) else {
        println!("skipped: mounting a small disk needs root");
        return;
    };
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    let store = SqliteStore::open(&SqliteOptions::new(disk.path().join("data"))).unwrap();
    let reached = fill(&store, 1).await;
    let outcome = store.commit(large(2, 0)).await;
    assert!(is(&outcome, Unavailable::DiskFull), "{outcome:?}");
    let (revision, rows) = entities(&store, id(1)).await.unwrap();
    assert_eq!((revision, rows.len() as u64), (Revision(reached), reached));

    fs::remove_file(&ballast).unwrap();
    store.commit(large(1, reached)).await.unwrap();
    store.commit(large(2, 0)).await.unwrap();
    assert_eq!(store.check_integrity().await.unwrap(), [""; 0]);
    let target = disk.path().join("copy");
    let outcome = store.backup_to(&target).await;
    if let Err(error) = &outcome {
        assert!(error.is_unavailable(), "{error:?}");
    }
    assert_eq!(target.exists(), outcome.is_ok(), "a copy is whole or not there");
}

#[tokio::test]
async fn a_read_only_disk_is_refused_at_the_start_and_served_when_it_can_be_written() {
    let Some(disk) = SmallDisk::mount(16_384) else {
        println!("skipped: mounting a small disk needs root");
        return;
    };
    let data = disk.path().join("data");
    let store = SqliteStore::open(&SqliteOptions::new(&data)).unwrap();
    store.commit(touch(id(1), 0)).await.unwrap();
    drop(store);
    disk.remount("ro");
    let refused = SqliteStore::open(&SqliteOptions::new(&data)).unwrap_err();
    assert!(refused.hint().contains("check"), "{refused}");
    disk.remount("rw");
    let store = SqliteStore::open(&SqliteOptions::new(&data)).unwrap();
    store.commit(touch(id(1), 1)).await.unwrap();
    assert_eq!(store.check_integrity().await.unwrap(), [""; 0]);
}
