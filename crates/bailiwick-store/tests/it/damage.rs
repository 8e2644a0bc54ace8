//! Damage that is done behind the store's back is found and named.

use bailiwick_store::conformance::given::{commit, create_user, event, id, put};
use bailiwick_store::{Commit, DATABASE_FILE, SqliteOptions, SqliteStore, Store};
use tempfile::TempDir;

/// Two accounts with three revisions each and a user.
async fn sound() -> TempDir {
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::open(&SqliteOptions::new(dir.path())).unwrap();
    for number in [1, 2] {
        for expected in 0..3 {
            let change = vec![put("member", &expected.to_string(), "{}")];
            let events = vec![event("one"), event("two")];
            let directory = match expected {
                0 => vec![create_user(number, &format!("{number}@example.com"))],
                _ => Vec::new(),
            };
            store.commit(Commit { directory, ..commit(id(number), expected, change, events) }).await.unwrap();
        }
    }
    dir
}

#[tokio::test]
async fn each_kind_of_damage_has_its_sentence() {
    let account = "acc_00000000000000000000000000000001";
    for (damage, finding) in [
        ("delete from events where revision = 2", "do not lead up to its revision"),
        ("delete from events where revision = 3", "do not lead up to its revision"),
        ("update accounts set revision = 4", "do not lead up to its revision"),
        ("delete from events where sequence = 0", "are not numbered without a gap"),
        ("update entities set revision = 9", "an entity is newer than its account"),
        ("update accounts set deleted_at = 5", "entities of an account that does not exist or was deleted"),
        ("delete from accounts", "events of an account that does not exist"),
        (
            "insert into memberships select 'usr_0', account_id, 'active' from accounts",
            "a row of `memberships` refers to a row of `users` that does not exist",
        ),
    ] {
        let dir = sound().await;
        let db = rusqlite::Connection::open(dir.path().join(DATABASE_FILE)).unwrap();
        db.pragma_update(None, "foreign_keys", false).unwrap();
        db.execute_batch(damage).unwrap();
        drop(db);
        let store = SqliteStore::open_for_reading(dir.path()).unwrap();
        let findings = store.check_integrity().await.unwrap();
        assert!(findings.iter().any(|found| found.contains(finding)), "{damage}: {findings:?}");
        if !finding.contains("memberships") {
            assert!(findings.iter().any(|found| found.contains(account)), "{damage}: {findings:?}");
        }
    }
}

#[tokio::test]
async fn flipped_bytes_in_the_file_are_found() {
    let dir = sound().await;
    let path = dir.path().join(DATABASE_FILE);
    let mut bytes = std::fs::read(&path).unwrap();
    // Within every page after the first: the header of the page and its cell pointers.
    for page in bytes.chunks_mut(4_096).skip(1) {
        page[..16].fill(0xff);
    }
    std::fs::write(&path, bytes).unwrap();
    let outcome = match SqliteStore::open_for_reading(dir.path()) {
        Ok(store) => store.check_integrity().await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    assert!(
        outcome.as_ref().is_err() || outcome.as_ref().is_ok_and(|found| !found.is_empty()),
        "{outcome:?}"
    );
}
