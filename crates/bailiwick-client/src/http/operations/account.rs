//! Accounts and their settings.

use crate::http::call::Call;
use crate::http::path::Path;
use crate::http::{Client, Error, InAccount, Listing, Write};
use crate::wire::{
    Account, CreateAccount, DeleteAccountQuery, Delivery, DeliveryQuery, Settings, UpdateAccount,
    UpdateSettings,
};

impl Client {
    /// Opens an account, of which the caller becomes the owner.
    pub fn create_account(&self, account: &CreateAccount) -> Write<Account> {
        Write::new(self, Call::post(Path::api("accounts")).json(account))
    }
}

impl InAccount {
    /// The account itself.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get(&self) -> Result<Account, Error> {
        self.client.fetch(Call::get(self.own())).await
    }

    /// Renames the account. Needs the permission to change the account.
    pub fn update(&self, change: &UpdateAccount) -> Write<Account> {
        self.write(Call::patch(self.own()).json(change))
    }

    /// Deletes the account with everything in it; its name is retyped as confirmation.
    pub fn delete(&self, confirm_name: &str) -> Write<()> {
        self.write(
            Call::delete(self.own())
                .query(&DeleteAccountQuery { confirm: Some(confirm_name.to_owned()), dry_run: false }),
        )
    }

    /// Leaves the account. Refused to the last holder of a role that must keep one.
    pub fn leave(&self) -> Write<()> {
        self.write(Call::post(self.own().action("leave")))
    }

    /// What the account's administrators set.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn settings(&self) -> Result<Settings, Error> {
        self.client.fetch(Call::get(self.at("settings"))).await
    }

    /// Changes the settings; what the change leaves out stays.
    pub fn update_settings(&self, change: &UpdateSettings) -> Write<Settings> {
        self.write(Call::patch(self.at("settings")).json(change))
    }

    /// Mail on its way or failed.
    pub fn list_deliveries(&self, query: &DeliveryQuery) -> Listing<Delivery> {
        self.list(self.at("deliveries"), query)
    }
}
