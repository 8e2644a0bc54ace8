//! Policies.

use crate::http::call::Call;
use crate::http::{Error, InAccount, Listing, Write};
use crate::wire::{CheckPolicy, CreatePolicy, Policy, PolicyCheck, PolicyQuery, UpdatePolicy};

impl InAccount {
    /// The account's policies.
    pub fn list_policies(&self, query: &PolicyQuery) -> Listing<Policy> {
        self.list(self.at("policies"), query)
    }

    /// Creates a policy.
    pub fn create_policy(&self, policy: &CreatePolicy) -> Write<Policy> {
        self.write(Call::post(self.at("policies")).json(policy))
    }

    /// Looks for mistakes in a text without saving it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn check_policy(&self, policy: &CheckPolicy) -> Result<PolicyCheck, Error> {
        self.client.fetch(Call::post(self.at("policies").action("check")).json(policy)).await
    }

    /// One policy.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_policy(&self, policy: &str) -> Result<Policy, Error> {
        self.client.fetch(Call::get(self.at("policies").id(policy))).await
    }

    /// Changes a policy; what the change leaves out stays.
    pub fn update_policy(&self, policy: &str, change: &UpdatePolicy) -> Write<Policy> {
        self.write(Call::patch(self.at("policies").id(policy)).json(change))
    }

    /// Deletes a policy.
    pub fn delete_policy(&self, policy: &str) -> Write<()> {
        self.write(Call::delete(self.at("policies").id(policy)))
    }
}
