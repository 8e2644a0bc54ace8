//! What searches need before they can answer.

use std::sync::Arc;

use bailiwick_core::account::Account;

use super::Service;

/// So many entities are read backwards in about a millisecond, which no other request notices.
const AT_ONCE: usize = 2_000;

impl Service {
    /// Makes the index that searches of an account need, apart from the threads that answer requests where it takes long.
    pub async fn prepare_search(&self, account: &Arc<Account>) {
        if account.is_search_prepared() {
            return;
        }
        if account.entity_count() <= AT_ONCE {
            account.prepare_search();
            return;
        }
        let account = Arc::clone(account);
        // Should the task be lost, the search makes the index itself.
        let _ = tokio::task::spawn_blocking(move || account.prepare_search()).await;
    }
}
