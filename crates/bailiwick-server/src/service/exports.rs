//! Exports of the record are part of the record.

use bailiwick_core::account::Event;
use bailiwick_core::ids::AccountId;
use smol_str::SmolStr;

use super::error::no_account;
use super::{Caller, Error, Service};

impl Service {
    /// Records that somebody takes events away with them. To be called before the first of them is handed out.
    ///
    /// # Errors
    /// Whatever writing fails with; then the export must not take place.
    pub async fn record_export(
        &self,
        caller: &Caller,
        account: AccountId,
        filter: SmolStr,
        format: &'static str,
    ) -> Result<(), Error> {
        let handle = self.accounts.get(account).await?.ok_or_else(no_account)?;
        let event = Event::EventsExported { filter, format: SmolStr::new_static(format) };
        self.record(&handle, caller, vec![event]).await
    }
}
