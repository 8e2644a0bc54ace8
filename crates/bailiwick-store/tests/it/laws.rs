//! The laws of `Store` on SQLite.

use std::sync::Arc;

use bailiwick_store::{SqliteOptions, SqliteStore, Store, conformance};
use tempfile::TempDir;

fn empty() -> (TempDir, Arc<dyn Store>) {
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::open(&SqliteOptions::new(dir.path())).unwrap();
    (dir, Arc::new(store))
}

fn fresh() -> std::future::Ready<(TempDir, Arc<dyn Store>)> {
    std::future::ready(empty())
}

bailiwick_store::store_laws!(fresh);

#[test]
fn random_commits_match_the_model() {
    conformance::model::random_commits_match_the_model(64, empty);
}
