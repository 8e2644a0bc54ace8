//! Service accounts.

use crate::http::call::Call;
use crate::http::{Error, InAccount, Listing, Write};
use crate::wire::{CreateServiceAccount, ServiceAccount, ServiceAccountQuery, UpdateServiceAccount};

impl InAccount {
    /// The account's service accounts.
    pub fn list_service_accounts(&self, query: &ServiceAccountQuery) -> Listing<ServiceAccount> {
        self.list(self.at("service-accounts"), query)
    }

    /// Creates a service account.
    pub fn create_service_account(&self, service_account: &CreateServiceAccount) -> Write<ServiceAccount> {
        self.write(Call::post(self.at("service-accounts")).json(service_account))
    }

    /// One service account.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_service_account(&self, service_account: &str) -> Result<ServiceAccount, Error> {
        self.client.fetch(Call::get(self.at("service-accounts").id(service_account))).await
    }

    /// Changes a service account; what the change leaves out stays.
    pub fn update_service_account(
        &self,
        service_account: &str,
        change: &UpdateServiceAccount,
    ) -> Write<ServiceAccount> {
        self.write(Call::patch(self.at("service-accounts").id(service_account)).json(change))
    }

    /// Deletes a service account with its keys and grants.
    pub fn delete_service_account(&self, service_account: &str) -> Write<()> {
        self.write(Call::delete(self.at("service-accounts").id(service_account)))
    }
}
