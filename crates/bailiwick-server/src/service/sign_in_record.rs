//! What is recorded about people beside their requests: that they signed in, or did not.

use bailiwick_core::account::{Actor, Event};
use bailiwick_core::ids::UserId;
use smol_str::SmolStr;

use super::{Caller, Error, Origin, Service};

impl Service {
    pub(super) async fn record_sign_in(&self, user: UserId, method: &'static str, origin: &Origin) {
        self.record_for(user, Event::SignedIn { user, method: SmolStr::new_static(method) }, origin).await;
    }

    /// Records that somebody could not prove to be a person, once a minute for each: who does not know the password must
    /// not be able to fill the records of that person's accounts.
    ///
    /// It happens in the background, for unknown emails (where there is nothing to record) as for known ones: the commits of
    /// a person's accounts take a time that would tell which emails are known.
    pub(super) async fn record_sign_in_refused(&self, user: Option<UserId>, code: &'static str, origin: &Origin) {
        let room = self.refusals.room().await;
        let (service, origin) = (self.clone(), origin.clone());
        tokio::spawn(async move {
            let _room = room;
            let Some(user) = user else { return };
            if service.refusals.admit(None, user, code, service.now()) {
                let event = Event::SignInRefused { user, code: SmolStr::new_static(code) };
                service.record_for(user, event, &origin).await;
            }
        });
    }

    /// Records an event about a person in every account in which they may act. What cannot be recorded is logged.
    pub(super) async fn record_for(&self, user: UserId, event: Event, origin: &Origin) {
        let caller = Caller { actor: Actor::User(user), session: None, origin: origin.clone() };
        let result: Result<(), Error> = async {
            for account in self.active_accounts(user).await? {
                if let Some(handle) = self.accounts.get(account).await? {
                    self.record(&handle, &caller, vec![event.clone()]).await?;
                }
            }
            Ok(())
        }
        .await;
        if let Err(error) = result {
            tracing::warn!(error = %error, detail = error.detail(), "a sign-in event could not be recorded");
        }
    }
}
