//! The data directory: modes, the lock, opening again, backups, schemas of another age.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use bailiwick_core::ids::Revision;
use bailiwick_store::conformance::given::{commit, entities, event, id, put, touch};
use bailiwick_store::{
    DATABASE_FILE, LOCK_FILE, OpenError, SqliteOptions, SqliteStore, Store, StoreError, Unavailable,
};
use tempfile::TempDir;

fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(&SqliteOptions::new(dir)).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn files_are_private_whatever_the_umask() {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("deep/data");
    let store = open(&dir);
    store.commit(touch(id(1), 0)).await.unwrap();
    assert_eq!(mode(&dir), 0o700);
    for file in [DATABASE_FILE, LOCK_FILE, "bailiwick.sqlite3-wal", "bailiwick.sqlite3-shm"] {
        assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    store.commit(commit(id(1), 0, vec![put("member", "a", "{}")], vec![event("one")])).await.unwrap();
    drop(store);
    assert!(!dir.path().join("bailiwick.sqlite3-wal").exists_with_content(), "closing folds the log in");
    let store = open(dir.path());
    let (revision, rows) = entities(&store, id(1)).await.unwrap();
    assert_eq!((revision, rows.len()), (Revision(1), 1));
    store.commit(touch(id(1), 1)).await.unwrap();
}

trait ExistsWithContent {
    fn exists_with_content(&self) -> bool;
}

impl ExistsWithContent for std::path::PathBuf {
    fn exists_with_content(&self) -> bool {
        fs::metadata(self).is_ok_and(|metadata| metadata.len() > 0)
    }
}

#[tokio::test]
async fn one_process_serves_a_directory_and_others_may_look() {
    let dir = TempDir::new().unwrap();
    let nothing = SqliteStore::open_for_reading(dir.path()).unwrap_err();
    assert!(matches!(nothing, OpenError::NotFound { .. }));
    let store = open(dir.path());
    store.commit(touch(id(1), 0)).await.unwrap();
    let second = SqliteStore::open(&SqliteOptions::new(dir.path())).unwrap_err();
    assert!(matches!(second, OpenError::InUse { .. }), "{second}");
    assert!(second.hint().contains("--data"));

    let looking = SqliteStore::open_for_reading(dir.path()).unwrap();
    assert_eq!(entities(&looking, id(1)).await.unwrap().0, Revision(1));
    store.commit(touch(id(1), 1)).await.unwrap();
    assert_eq!(entities(&looking, id(1)).await.unwrap().0, Revision(2));
    looking.ping().await.unwrap();
    let refused = looking.commit(touch(id(1), 2)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { reason: Unavailable::ReadOnly, .. }));
    store.close().await;
    open(dir.path());
}

#[tokio::test]
async fn a_backup_under_load_is_sound_private_and_of_one_moment() {
    let dir = TempDir::new().unwrap();
    let store = Arc::new(open(dir.path()));
    let changes = (0..5_000).map(|number| put("member", &number.to_string(), "{}")).collect();
    store.commit(commit(id(1), 0, changes, vec![event("one")])).await.unwrap();
    let copies = TempDir::new().unwrap();
    let target = copies.path().join(DATABASE_FILE);
    let (backup, ()) = tokio::join!(store.backup_to(&target), async {
        for expected in 1..200 {
            let change = vec![put("member", "counter", &expected.to_string())];
            store.commit(commit(id(1), expected, change, vec![event("more")])).await.unwrap();
        }
    });
    backup.unwrap();
    assert_eq!(mode(&target), 0o600);
    assert_eq!(fs::read_dir(copies.path()).unwrap().count(), 1, "nothing is left beside it");

    let copy = open(copies.path());
    assert_eq!(copy.check_integrity().await.unwrap(), [""; 0]);
    let (revision, rows) = entities(&copy, id(1)).await.unwrap();
    let counter = rows.iter().find(|row| row.id == "counter").map_or(0, |row| row.body.parse().unwrap());
    assert_eq!(revision, Revision(counter + 1));

    let before = fs::read(&target).unwrap();
    let refused = store.backup_to(&target).await.unwrap_err();
    assert_eq!(refused, StoreError::Exists { path: target.display().to_string() });
    assert_eq!(fs::read(&target).unwrap(), before);
    let nowhere = store.backup_to(&copies.path().join("no/such/place")).await.unwrap_err();
    assert!(nowhere.is_unavailable(), "{nowhere:?}");
}

#[tokio::test]
async fn a_foreign_or_newer_database_is_refused_unchanged() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(DATABASE_FILE);
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("create table theirs (id integer)").unwrap();
    drop(foreign);
    let before = fs::read(&path).unwrap();
    let refused = SqliteStore::open(&SqliteOptions::new(dir.path())).unwrap_err();
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused}");
    assert!(matches!(SqliteStore::open_for_reading(dir.path()), Err(OpenError::Foreign { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);

    fs::write(&path, "this is a text and not a database, and it is long enough to have a header of a hundred bytes or more").unwrap();
    let refused = SqliteStore::open(&SqliteOptions::new(dir.path())).unwrap_err();
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused}");

    fs::remove_file(&path).unwrap();
    drop(open(dir.path()));
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer
        .execute_batch("insert into migrations (version, name, applied_at) values (99, 'later', 0)")
        .unwrap();
    drop(newer);
    let refused = SqliteStore::open(&SqliteOptions::new(dir.path())).unwrap_err();
    assert!(matches!(refused, OpenError::SchemaTooNew { found: 99, .. }), "{refused}");
    assert_eq!(
        refused.to_string(),
        "the database has schema 99, but this version of Bailiwick knows only up to schema 2"
    );
    assert!(matches!(SqliteStore::open_for_reading(dir.path()), Err(OpenError::SchemaTooNew { .. })));
}
