//! Management keys: never their secrets, nor the hashes of these.

use bailiwick_client::wire;
use bailiwick_core::account::KeyHolder;
use bailiwick_core::ids::KeyId;

use super::Views;
use crate::identity::tokens::display_prefix;

impl Views<'_> {
    /// A management key, by the beginning of its text.
    pub fn key(&self, id: KeyId) -> Option<wire::Key> {
        let found = self.account.key(id)?;
        Some(wire::Key {
            id: id.to_string(),
            service_account: match found.value.holder {
                KeyHolder::ServiceAccount(id) => Some(id.to_string()),
                KeyHolder::Member(_) => None,
            },
            member: match found.value.holder {
                KeyHolder::Member(id) => Some(id.to_string()),
                KeyHolder::ServiceAccount(_) => None,
            },
            prefix: display_prefix(id),
            name: found.value.name.to_string(),
            expires_at: found.value.expires_at,
            last_used: None,
            made_by: self.actor(found.value.made_by),
            made_at: found.value.made_at,
            revision: found.revision.0,
        })
    }
}
