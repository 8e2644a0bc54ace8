//! The record of what happened.

use std::time::Duration;

use crate::http::call::Call;
use crate::http::{Error, Export, InAccount, Listing};
use crate::wire::{Event, EventQuery, ExportQuery};

/// How long an export may take altogether; the client's own timeout counts for each piece.
const EXPORT_TIMEOUT: Duration = Duration::from_hours(6);

impl InAccount {
    /// What happened, newest first unless the query says otherwise.
    pub fn list_events(&self, query: &EventQuery) -> Listing<Event> {
        self.list(self.at("events"), query)
    }

    /// What happened, as JSON lines or CSV, all of what the query asks for.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn export_events(&self, query: &ExportQuery) -> Result<Export, Error> {
        let mut call = Call::get(self.at("events").action("export")).query(query);
        call.timeout = Some(EXPORT_TIMEOUT);
        let response = self.client.send(&mut call).await?;
        Ok(Export::new(response, self.client.base_url()))
    }
}
