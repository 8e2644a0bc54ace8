//! Sessions: how they begin, whom they stand for, how they end.

use bailiwick_core::account::Actor;
use bailiwick_core::ids::{AccountId, UserId};
use bailiwick_store::{Commit, DirectoryChange, SessionRow, TokenHash};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::{Caller, Error, Origin, Service};
use crate::identity::tokens::SessionToken;

/// A session's last use is written at most this often: it is for people to look at, not for the second.
const TOUCH_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// A new session; the token is shown this once.
#[derive(Debug)]
pub struct SignedIn {
    /// The session's secret.
    pub token: SecretString,
    /// Whose session it is.
    pub user: UserId,
    /// The account in which it starts.
    pub account: Option<AccountId>,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// A session that is about to be stored.
pub(super) struct NewSession {
    pub(super) session: SignedIn,
    pub(super) change: DirectoryChange,
}

impl Service {
    /// Ends the caller's session.
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), Error> {
        let Some(token_hash) = caller.session else { return Ok(()) };
        let directory = vec![DirectoryChange::EndSession { token_hash }];
        self.store.commit(Commit { directory, ..Commit::default() }).await?;
        if let Actor::User(user) = caller.actor {
            self.record_sign_out(user, None, &caller.origin).await;
        }
        Ok(())
    }

    /// Who a session token stands for, and the account the session is in.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for all that is not a live session.
    pub async fn authenticate_session(
        &self,
        token: &str,
        origin: Origin,
    ) -> Result<(Caller, SessionRow), Error> {
        let token = SessionToken::parse(token).map_err(|_| Error::Unauthenticated)?;
        let token_hash = TokenHash(*token.hash().as_bytes());
        let session = self.store.session(token_hash).await?.ok_or(Error::Unauthenticated)?;
        let now = self.now();
        if !self.is_live(&session, now) {
            return Err(Error::Unauthenticated);
        }
        if now.duration_since(session.seen_at) > TOUCH_AFTER {
            let directory = vec![DirectoryChange::TouchSession { token_hash, seen_at: now }];
            // Nobody waits for this: losing it costs a minute of precision.
            drop(self.store.commit(Commit { directory, ..Commit::default() }));
        }
        let caller = Caller { actor: Actor::User(session.user_id), session: Some(token_hash), origin };
        Ok((caller, session))
    }

    fn is_live(&self, session: &SessionRow, now: Timestamp) -> bool {
        let idle = SignedDuration::try_from(self.config.session.idle).unwrap_or(SignedDuration::MAX);
        session.expires_at > now && now.duration_since(session.seen_at) <= idle
    }

    /// The caller's sessions that are alive, the newest first.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionRow>, Error> {
        let Actor::User(user) = caller.actor else { return Ok(Vec::new()) };
        let now = self.now();
        let sessions = self.store.sessions_of(user).await?;
        Ok(sessions.into_iter().filter(|session| self.is_live(session, now)).collect())
    }

    /// Ends one of the caller's sessions.
    pub async fn end_session(&self, caller: &Caller, token_hash: TokenHash) -> Result<(), Error> {
        let own = self.sessions(caller).await?.iter().any(|session| session.token_hash == token_hash);
        if !own {
            return Err(bailiwick_core::account::Refusal::NotFound { kind: "session" }.into());
        }
        let directory = vec![DirectoryChange::EndSession { token_hash }];
        self.store.commit(Commit { directory, ..Commit::default() }).await?;
        if let Actor::User(user) = caller.actor {
            self.record_sign_out(user, None, &caller.origin).await;
        }
        Ok(())
    }

    /// Ends all of the caller's sessions but the one that asks.
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<(), Error> {
        let (Actor::User(user_id), Some(token_hash)) = (caller.actor, caller.session) else {
            return Err(Error::Unauthenticated);
        };
        let sessions = self.sessions(caller).await?;
        let others = sessions.iter().filter(|session| session.token_hash != token_hash).count();
        let directory = vec![
            // Who was signed out meanwhile signs nobody else out.
            DirectoryChange::RequireSession { token_hash },
            DirectoryChange::EndSessionsOfUser { user_id, except: Some(token_hash) },
        ];
        self.store.commit(Commit { directory, ..Commit::default() }).await?;
        if others > 0 {
            self.record_sign_out(user_id, Some(others), &caller.origin).await;
        }
        Ok(())
    }

    /// Moves the caller's session to another of their accounts.
    pub async fn switch_account(&self, caller: &Caller, account: AccountId) -> Result<(), Error> {
        let (Actor::User(user), Some(token_hash)) = (caller.actor, caller.session) else {
            return Err(Error::Unauthenticated);
        };
        if !self.active_accounts(user).await?.contains(&account) {
            return Err(super::error::no_account());
        }
        let directory = vec![DirectoryChange::SetSessionAccount { token_hash, account_id: Some(account) }];
        Ok(self.store.commit(Commit { directory, ..Commit::default() }).await?)
    }

    pub(super) fn new_session(
        &self,
        user: UserId,
        account: Option<AccountId>,
        origin: &Origin,
    ) -> Result<NewSession, Error> {
        let token = SessionToken::generate().map_err(Error::internal)?;
        let now = self.now();
        let lifetime = SignedDuration::try_from(self.config.session.absolute).unwrap_or(SignedDuration::MAX);
        let expires_at = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let row = SessionRow {
            token_hash: TokenHash(*token.hash().as_bytes()),
            user_id: user,
            account_id: account,
            created_at: now,
            seen_at: now,
            expires_at,
            source_ip: origin.source_ip,
            user_agent: origin.user_agent.as_deref().map(|agent| agent.chars().take(200).collect()),
        };
        let session = SignedIn { token: token.reveal(), user, account, expires_at };
        Ok(NewSession { session, change: DirectoryChange::CreateSession(row) })
    }
}
