//! A forgotten password: a link to choose a new one, by mail or from the operator. [`Service::accept_link`] follows it.

use std::time::Duration;

use bailiwick_core::ids::UserId;
use bailiwick_core::values::Email;
use bailiwick_store::{Commit, DirectoryChange, LinkRow, OutboxMessage, TokenHash, UserRow};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::links::LinkPurpose;
use super::{Error, Origin, Service};
use crate::delivery::request::{Action, MailRequest, Notice, SecretLink};
use crate::identity::limiter::Rate;
use crate::identity::tokens::LinkToken;

/// How many mails one user gets, whoever asks from wherever: few enough that nobody's mailbox is filled, and that the
/// link in the newest one lives long enough to be followed although each ends the one before.
pub(super) const MAILS: Rate = Rate { attempts: 5, interval: Duration::from_mins(12) };

/// How a link that was mailed is stored.
const MAILED: &str = LinkPurpose::PasswordReset.name();
/// How one that the operator made is stored.
pub(super) const BY_OPERATOR: &str = "password_reset_by_operator";

/// A link to choose a new password; shown this once.
#[derive(Debug)]
pub struct ResetLink {
    /// Whose password.
    pub user: UserId,
    /// The address, with the secret in it.
    pub url: SecretString,
    /// When it stops working.
    pub expires_at: Timestamp,
}

impl Service {
    /// Mails a link to choose a new password to an email, if a user has it. Earlier links of this kind end.
    ///
    /// What is asked is done after the answer, so that neither the answer nor its time tells whether the email is known.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`], for known emails and unknown ones alike.
    pub async fn ask_password_reset(&self, email: &Email, origin: &Origin) -> Result<(), Error> {
        let now = std::time::Instant::now();
        if let Err(throttled) = self.reset_throttle.attempt(email.as_str(), origin.address(), now) {
            return Err(Error::TooManyAttempts { retry_after_seconds: throttled.retry_after_seconds });
        }
        let room = self.refusals.room().await;
        let (service, email, origin) = (self.clone(), email.clone(), origin.clone());
        tokio::spawn(async move {
            let _room = room;
            if let Err(error) = service.mail_reset_link(&email, &origin).await {
                tracing::error!(error = %error, detail = error.detail(), "a link for a new password could not be mailed");
            }
        });
        Ok(())
    }

    async fn mail_reset_link(&self, email: &Email, origin: &Origin) -> Result<(), Error> {
        let Some(user) = self.store.user_by_email(email.as_str()).await? else { return Ok(()) };
        if self.reset_mails.take(user.user_id, 1, self.now()).is_err() {
            tracing::info!(user = %user.user_id, "no further link for a new password was mailed: there were many");
            return Ok(());
        }
        let (link, directory) = self.new_reset_link(&user, MAILED)?;
        let body = serde_json::to_string(&mail(&user, &link)).map_err(Error::internal)?;
        let message =
            OutboxMessage { account_id: None, kind: "mail".to_owned(), body, created_at: self.now() };
        self.store.ready().await;
        // First the record: a link of which nothing is known must not exist.
        self.record_reset_link(user.user_id, "mail", origin).await?;
        self.store.commit(Commit { directory, outbox: vec![message], ..Commit::default() }).await?;
        self.mail_queued.notify_one();
        Ok(())
    }

    /// Makes a link to choose a new password, for the operator to hand over where no mail arrives. Earlier links for that
    /// end; one that anybody can have mailed does not end it. The operator vouches that whoever gets it owns the email.
    ///
    /// Safe beside a serving process, which takes over what is recorded here with its own next commit. `None` when nobody has
    /// the email.
    pub async fn make_reset_link(&self, email: &Email) -> Result<Option<ResetLink>, Error> {
        let Some(user) = self.store.user_by_email(email.as_str()).await? else { return Ok(None) };
        let (link, mut directory) = self.new_reset_link(&user, BY_OPERATOR)?;
        directory.insert(0, end_links_for(user.user_id, MAILED));
        self.store.ready().await;
        // First the record, as for links that are mailed.
        self.record_reset_link(user.user_id, "operator", &Origin::default()).await?;
        self.store.commit(Commit { directory, ..Commit::default() }).await?;
        Ok(Some(link))
    }

    /// A link, and what has to be stored for it.
    fn new_reset_link(
        &self,
        user: &UserRow,
        purpose: &'static str,
    ) -> Result<(ResetLink, Vec<DirectoryChange>), Error> {
        let token = LinkToken::generate().map_err(Error::internal)?;
        let (user_id, now) = (user.user_id, self.now());
        let lifetime = SignedDuration::try_from(self.config.session.password_reset)
            .unwrap_or(SignedDuration::from_hours(1));
        let expires_at = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let row = LinkRow {
            token_hash: TokenHash(*token.hash().as_bytes()),
            purpose: purpose.into(),
            user_id,
            account_id: None,
            invitation_id: None,
            created_at: now,
            expires_at: Some(expires_at),
        };
        let directory = vec![end_links_for(user_id, purpose), DirectoryChange::CreateLink(row)];
        let url = SecretString::from(self.link_url(&token));
        Ok((ResetLink { user: user_id, url, expires_at }, directory))
    }
}

/// Ends what lets a person in past their password. Invitations stay: they let nobody in who does not say the new one, and
/// belong to who invites.
pub(super) fn end_links(user_id: UserId) -> [DirectoryChange; 3] {
    [MAILED, BY_OPERATOR, LinkPurpose::SignIn.name()].map(|purpose| end_links_for(user_id, purpose))
}

fn end_links_for(user_id: UserId, purpose: &'static str) -> DirectoryChange {
    DirectoryChange::EndLinksOfUser { user_id, purpose: purpose.into() }
}

fn mail(user: &UserRow, link: &ResetLink) -> MailRequest {
    use secrecy::ExposeSecret as _;

    MailRequest::Notice(Notice {
        to: user.email.clone(),
        subject: "Choose a new password".to_owned(),
        paragraphs: vec![
            format!("Somebody, hopefully you, has asked for a new password for {}.", user.email),
            "The link lets you choose one. You are then signed out everywhere else.".to_owned(),
            "If it was not you, ignore this mail: without the link nothing changes.".to_owned(),
        ],
        action: Some(Action {
            label: "Choose a new password".to_owned(),
            link: SecretLink::new(link.url.expose_secret()),
            expires_at: Some(link.expires_at),
        }),
    })
}
