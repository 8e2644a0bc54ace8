//! What the handlers of writes have in common: the command goes to the service, the entity after it comes back.

use bailiwick_core::account::{Account, Command, EntityKey, Event};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::Call;
use super::problem::Failure;
use super::references::References;
use super::respond::{Answer, Entity};
use super::views::{Views, person_behind};
use crate::service::People;

impl Call {
    /// Reads references into the account, for this caller.
    ///
    /// # Errors
    /// Those of [`References::new`].
    pub fn references<'a>(&self, account: &'a Account) -> Result<References<'a>, Failure> {
        Ok(References::new(account, self.actor()?, self.circumstances()?)?)
    }

    /// The caller as somebody who can be shown; nobody for machines, whose names are in the account.
    ///
    /// # Errors
    /// What the directory fails with.
    pub async fn oneself(&self) -> Result<People, Failure> {
        let caller = person_behind(self.actor()?.reference());
        Ok(self.service.people(caller).await?)
    }

    /// Does a command and answers with the entity after it. `entity` is what `If-Match` is about.
    ///
    /// # Errors
    /// Refusals of the domain, and all that the service fails with; after any of them nothing has changed.
    pub async fn change<T>(
        &self,
        command: &Command,
        dry_run: bool,
        entity: Option<EntityKey>,
        people: &People,
        show: impl Fn(&Views<'_>, &[Event]) -> Option<T>,
    ) -> Result<Answer<T>, Failure>
    where
        T: Entity + Serialize + DeserializeOwned,
    {
        let options = self.write_options(dry_run, entity)?;
        let people = self.told(people, dry_run)?;
        let shape = |changed: &crate::service::Changed<'_>| {
            show(&Views::new(changed.after, &people, changed.now), changed.events)
        };
        let outcome =
            self.service.write(self.caller()?, self.account_id()?, command, &options, shape).await?;
        self.written(outcome).await
    }

    /// Does a command whose answer has no body.
    ///
    /// # Errors
    /// Those of [`Call::change`].
    pub async fn change_silently(
        &self,
        command: &Command,
        dry_run: bool,
        entity: Option<EntityKey>,
    ) -> Result<Answer<()>, Failure> {
        let options = self.write_options(dry_run, entity)?;
        let outcome =
            self.service.write(self.caller()?, self.account_id()?, command, &options, |_| ()).await?;
        self.done(outcome).await
    }
}
