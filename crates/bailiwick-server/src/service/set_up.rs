//! A platform's first person and account, and how accounts are opened.

use bailiwick_core::account::Actor;
use bailiwick_core::ids::{AccountId, UserId};
use bailiwick_core::values::{Email, Name};
use bailiwick_store::{Commit, DirectoryChange, StoreError, TokenHash};
use secrecy::{ExposeSecret, SecretString};

use super::error::no_account;
use super::links::{hex, parse};
use super::{Caller, Error, Origin, Service, SignedIn, new_id};
use crate::identity::tokens::LinkToken;

/// The platform fact that holds the hash of the set-up link, in hexadecimal digits.
const SET_UP: &str = "set_up_link";

/// What the first person of a platform says.
#[derive(Debug)]
pub struct SetUp {
    /// The secret of the link that the first start printed.
    pub token: SecretString,
    /// The person's email.
    pub email: Email,
    /// The person's name.
    pub name: Name,
    /// The person's password.
    pub password: SecretString,
    /// The first account's name.
    pub account_name: Name,
}

impl Service {
    /// Makes the link for setting up a platform that has no user yet; `None` when it has one. Earlier links end.
    pub async fn set_up_link(&self) -> Result<Option<String>, Error> {
        if self.store.any_user_exists().await? {
            return Ok(None);
        }
        let token = LinkToken::generate().map_err(Error::internal)?;
        let fact = DirectoryChange::SetMeta { key: SET_UP.into(), value: Some(hex(token.hash().as_bytes())) };
        self.store.commit(Commit { directory: vec![fact], ..Commit::default() }).await?;
        Ok(Some(self.link_url(&token)))
    }

    /// Sets a platform up: the first person, who owns the first account, signed in.
    ///
    /// # Errors
    /// [`Error::LinkInvalid`], [`Error::AlreadySetUp`], and the rules for passwords.
    pub async fn set_up(&self, set_up: SetUp, origin: &Origin) -> Result<SignedIn, Error> {
        let hash = parse(set_up.token.expose_secret())?;
        if !self.is_set_up_link(&hash).await? {
            return Err(if self.store.any_user_exists().await? {
                Error::AlreadySetUp
            } else {
                Error::LinkInvalid
            });
        }
        let own_words = [set_up.email.as_str(), set_up.name.as_str(), set_up.account_name.as_str()];
        self.rules.check(set_up.password.expose_secret(), &own_words)?;
        let stored = self.hasher.hash(&set_up.password).await?;
        let user_id: UserId = new_id();
        let account_id: AccountId = new_id();
        let now = self.now();
        let signed_in = self.new_session(user_id, Some(account_id), origin)?;
        let first = vec![
            DirectoryChange::CreateUser {
                user_id,
                email: set_up.email.as_str().to_owned(),
                name: set_up.name.as_str().to_owned(),
                verified_at: Some(now),
                created_at: now,
            },
            DirectoryChange::SetPassword { user_id, hash: Some(stored) },
            DirectoryChange::SetMeta { key: SET_UP.into(), value: None },
        ];
        let then = vec![
            signed_in.change,
            DirectoryChange::SetDefaultAccount { user_id, account_id: Some(account_id) },
            DirectoryChange::SignedIn { user_id, at: now },
        ];
        let _one_at_a_time = self.accounts.setting_up.lock().await;
        if self.store.any_user_exists().await? {
            return Err(Error::AlreadySetUp);
        }
        let caller = Caller { actor: Actor::User(user_id), session: None, origin: origin.clone() };
        self.open_account(&caller, account_id, set_up.account_name, user_id, first, then).await?;
        self.record_sign_in(user_id, "link", origin).await;
        Ok(signed_in.session)
    }

    pub(super) async fn is_set_up_link(&self, hash: &TokenHash) -> Result<bool, Error> {
        let stored = self.store.meta(SET_UP).await?;
        // Hashes of random secrets: comparing them in variable time gives nothing away that helps to find a secret.
        Ok(stored.is_some_and(|stored| stored == hex(&hash.0)))
    }

    /// Opens an account.
    pub(super) async fn open_account(
        &self,
        caller: &Caller,
        account_id: AccountId,
        name: Name,
        owner: UserId,
        first: Vec<DirectoryChange>,
        then: Vec<DirectoryChange>,
    ) -> Result<std::sync::Arc<super::AccountHandle>, Error> {
        let now = self.now();
        let mut ids = uuid::Uuid::now_v7;
        let decided = bailiwick_core::account::open(&self.catalog, account_id, name, owner, now, &mut ids);
        let mut commit = super::write::commit_of_opening(&decided, caller, now);
        commit.directory = first.into_iter().chain(super::directory::changes(&decided)).chain(then).collect();
        self.store.ready().await;
        match self.store.commit(commit).await {
            Ok(()) => Ok(self.accounts.insert(decided.account).await),
            Err(StoreError::Conflict) => Err(no_account()),
            Err(error) => Err(error.into()),
        }
    }
}
