//! Management keys.

use crate::http::call::Call;
use crate::http::{Error, InAccount, Listing, Write};
use crate::wire::{CreateKey, Key, KeyCreated, KeyQuery};

impl InAccount {
    /// Management keys, without their secrets.
    pub fn list_keys(&self, query: &KeyQuery) -> Listing<Key> {
        self.list(self.at("keys"), query)
    }

    /// Makes a management key. Its secret is in this answer and nowhere else.
    pub fn create_key(&self, key: &CreateKey) -> Write<KeyCreated> {
        self.write(Call::post(self.at("keys")).json(key))
    }

    /// One management key.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_key(&self, key: &str) -> Result<Key, Error> {
        self.client.fetch(Call::get(self.at("keys").id(key))).await
    }

    /// Deletes a management key, which ends it at once.
    pub fn delete_key(&self, key: &str) -> Write<()> {
        self.write(Call::delete(self.at("keys").id(key)))
    }
}
