//! What is recorded about people beside their requests: that they signed in, or did not, and how they came by a password.

use bailiwick_core::account::{ActorRef, Event};
use bailiwick_core::ids::UserId;
use smol_str::SmolStr;

use super::{Error, Origin, Service};

impl Service {
    pub(super) async fn record_sign_in(&self, user: UserId, method: &'static str, origin: &Origin) {
        let event = Event::SignedIn { user, method: SmolStr::new_static(method) };
        self.record_for(user, event, ActorRef::User(user), origin).await;
    }

    /// `others` counts the sessions that ended, if they were all but the one that asked.
    pub(super) async fn record_sign_out(&self, user: UserId, others: Option<usize>, origin: &Origin) {
        self.record_for(user, Event::SignedOut { user, others }, ActorRef::User(user), origin).await;
    }

    pub(super) async fn record_password_changed(&self, user: UserId, method: &'static str, origin: &Origin) {
        let event = Event::PasswordChanged { user, method: SmolStr::new_static(method) };
        self.record_for(user, event, ActorRef::User(user), origin).await;
    }

    /// Whoever asked for the link by mail need not be the person, so the record says that Bailiwick made it.
    ///
    /// # Errors
    /// What the record of one of the person's accounts could not be written for.
    pub(super) async fn record_reset_link(
        &self,
        user: UserId,
        by: &'static str,
        origin: &Origin,
    ) -> Result<(), Error> {
        let event = Event::PasswordResetLinkMade { user, by: SmolStr::new_static(by) };
        self.try_record_for(user, event, ActorRef::System, origin).await
    }

    /// Records that somebody could not prove to be a person, once a minute for each: who does not know the password must
    /// not be able to fill the records of that person's accounts.
    ///
    /// It happens in the background, for unknown emails (where there is nothing to record) as for known ones: the commits of
    /// a person's accounts take a time that would tell which emails are known.
    pub(super) async fn record_sign_in_refused(
        &self,
        user: Option<UserId>,
        code: &'static str,
        origin: &Origin,
    ) {
        let room = self.refusals.room().await;
        let (service, origin) = (self.clone(), origin.clone());
        tokio::spawn(async move {
            let _room = room;
            service.record_refused_now(user, code, &origin).await;
        });
    }

    /// The same for who tried too often. Whose email it is, is looked up in the background too.
    pub(super) async fn record_throttled(&self, email: &str, origin: &Origin) {
        let room = self.refusals.room().await;
        let (service, email, origin) = (self.clone(), email.to_owned(), origin.clone());
        tokio::spawn(async move {
            let _room = room;
            match service.store.user_by_email(&email).await {
                Ok(user) => {
                    let user = user.map(|user| user.user_id);
                    service.record_refused_now(user, "too_many_attempts", &origin).await;
                }
                Err(error) => tracing::warn!(%error, "who tried to sign in too often could not be looked up"),
            }
        });
    }

    async fn record_refused_now(&self, user: Option<UserId>, code: &'static str, origin: &Origin) {
        let Some(user) = user else { return };
        if self.refusals.admit(None, user, code, self.now()) {
            let event = Event::SignInRefused { user, code: SmolStr::new_static(code) };
            self.record_for(user, event, ActorRef::User(user), origin).await;
        }
    }

    /// Records an event about a person in every account in which they may act. What cannot be recorded is logged.
    async fn record_for(&self, user: UserId, event: Event, actor: ActorRef, origin: &Origin) {
        if let Err(error) = self.try_record_for(user, event, actor, origin).await {
            tracing::warn!(error = %error, detail = error.detail(), "an event of a person could not be recorded");
        }
    }
    async fn try_record_for(
        &self,
        user: UserId,
        event: Event,
        actor: ActorRef,
        origin: &Origin,
    ) -> Result<(), Error> {
        for account in self.active_accounts(user).await? {
            if let Some(handle) = self.accounts.get(account).await? {
                self.record_of(&handle, actor, origin, |_| vec![event.clone()]).await?;
            }
        }
        Ok(())
    }
}
