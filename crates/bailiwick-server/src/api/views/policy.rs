//! Policies.

use bailiwick_client::wire;
use bailiwick_core::ids::PolicyId;

use super::Views;

impl Views<'_> {
    /// A policy.
    pub fn policy(&self, id: PolicyId) -> Option<wire::Policy> {
        let found = self.account.policy(id)?;
        Some(wire::Policy {
            id: id.to_string(),
            name: found.value.name.to_string(),
            description: found.value.description.to_string(),
            text: found.value.text.to_string(),
            enabled: found.value.enabled,
            revision: found.revision.0,
        })
    }
}
