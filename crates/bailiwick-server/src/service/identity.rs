//! Signing in, passwords, and who a management key stands for.

use bailiwick_core::account::{Account, Actor, KeyHolder};
use bailiwick_core::ids::AccountId;
use bailiwick_core::values::{Email, InvalidText};
use bailiwick_store::{Commit, DirectoryChange, StoreError, UserRow};
use jiff::Timestamp;
use metrics::counter;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::{Caller, Error, Origin, Service, SignedIn};
use crate::identity::password::Verdict;
use crate::identity::tokens::ManagementKey;
use crate::telemetry::metrics::SIGN_INS;

/// How often a password is looked at anew after it was changed in between.
pub(super) const ATTEMPTS: u32 = 3;

/// Somebody who wants to sign in.
#[derive(Debug)]
pub struct SignInRequest {
    /// As typed.
    pub email: String,
    /// As typed.
    pub password: SecretString,
}

impl Service {
    /// Signs a person in by email and password.
    ///
    /// Unknown emails, missing passwords and wrong ones answer alike and take as long.
    ///
    /// # Errors
    /// [`Error::WrongCredentials`], [`Error::TooManyAttempts`], [`Error::Unavailable`] when too many passwords wait.
    pub async fn sign_in(&self, request: SignInRequest, origin: &Origin) -> Result<SignedIn, Error> {
        let email = Email::parse(&request.email).map_or_else(|_| String::new(), |email| email.to_string());
        let address = origin.address();
        if let Err(throttled) = self.throttle.attempt(&email, address, std::time::Instant::now()) {
            counter!(SIGN_INS, "result" => "throttled").increment(1);
            self.record_throttled(&email, origin).await;
            return Err(Error::TooManyAttempts { retry_after_seconds: throttled.retry_after_seconds });
        }
        for _ in 0..ATTEMPTS {
            if let Some(signed_in) = self.try_sign_in(&request, &email, origin).await? {
                self.throttle.succeeded(&email, address);
                counter!(SIGN_INS, "result" => "done").increment(1);
                return Ok(signed_in);
            }
        }
        Err(Error::WrongCredentials)
    }

    /// `None` when the password was changed while it was checked: what it proved, it proves no more.
    async fn try_sign_in(
        &self,
        request: &SignInRequest,
        email: &str,
        origin: &Origin,
    ) -> Result<Option<SignedIn>, Error> {
        let user = self.store.user_by_email(email).await?;
        let stored = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let verdict = if let Some(stored) = stored {
            self.hasher.verify(&request.password, stored).await?
        } else {
            self.hasher.verify_dummy(&request.password).await?;
            Verdict::Wrong
        };
        let user_id = user.as_ref().map(|user| user.user_id);
        let Some(user) = user.filter(|_| verdict != Verdict::Wrong) else {
            counter!(SIGN_INS, "result" => "wrong").increment(1);
            self.record_sign_in_refused(user_id, "wrong_credentials", origin).await;
            return Err(Error::WrongCredentials);
        };
        let account = self.landing_account(&user).await?;
        let new = self.new_session(user.user_id, account, origin)?;
        let mut directory = vec![
            password_as_read(&user),
            new.change,
            DirectoryChange::SignedIn { user_id: user.user_id, at: self.now() },
        ];
        if verdict == Verdict::RightButOutdated {
            let hash = Some(self.hasher.hash(&request.password).await?);
            directory.push(DirectoryChange::SetPassword { user_id: user.user_id, hash });
        }
        match self.store.commit(Commit { directory, ..Commit::default() }).await {
            Ok(()) => {
                self.record_sign_in(user.user_id, "password", origin).await;
                Ok(Some(new.session))
            }
            Err(StoreError::PasswordChanged) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Proves by their password that somebody is who they say, as long as the user's row is as it was read.
    ///
    /// # Errors
    /// [`Error::WrongCredentials`], [`Error::TooManyAttempts`], [`Error::Unavailable`] when too many passwords wait.
    pub(super) async fn prove(
        &self,
        user: &UserRow,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<(), Error> {
        let address = origin.address();
        if let Err(throttled) = self.throttle.attempt(&user.email, address, std::time::Instant::now()) {
            self.record_sign_in_refused(Some(user.user_id), "too_many_attempts", origin).await;
            return Err(Error::TooManyAttempts { retry_after_seconds: throttled.retry_after_seconds });
        }
        let right = match &user.password_hash {
            Some(stored) => self.hasher.verify(password, stored).await? != Verdict::Wrong,
            None => false,
        };
        if !right {
            self.record_sign_in_refused(Some(user.user_id), "wrong_credentials", origin).await;
            return Err(Error::WrongCredentials);
        }
        self.throttle.succeeded(&user.email, address);
        Ok(())
    }

    /// Who a management key stands for in an account. Does not wait, lock or allocate.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for all that is not a live key of this account.
    #[inline]
    pub fn authenticate_key(account: &Account, key: &ManagementKey, now: Timestamp) -> Result<Actor, Error> {
        let stored = account.key(key.id()).map(|found| &found.value).ok_or(Error::Unauthenticated)?;
        let matches: bool = stored.secret_hash.0.ct_eq(key.hash().as_bytes()).into();
        let live = !account.is_deleted() && stored.expires_at.is_none_or(|end| end > now);
        if matches && live {
            Ok(match stored.holder {
                KeyHolder::ServiceAccount(id) => Actor::ServiceAccount { id, key: key.id() },
                KeyHolder::Member(user) => Actor::PersonalKey { user, key: key.id() },
            })
        } else {
            Err(Error::Unauthenticated)
        }
    }

    /// Who a management key stands for, and in which account, when the request names none.
    pub async fn authenticate_key_anywhere(&self, key: &ManagementKey) -> Result<(Actor, AccountId), Error> {
        let account_id = self.store.key_account(key.id()).await?.ok_or(Error::Unauthenticated)?;
        let handle = self.accounts.get(account_id).await?.ok_or(Error::Unauthenticated)?;
        let (account, now) = (handle.read(), self.now());
        let actor = Self::authenticate_key(&account, key, now)?;
        self.usage.note_key(&account, key.id(), now);
        Ok((actor, account_id))
    }

    /// Changes the caller's password, and ends their other sessions and the links that lead past the password.
    ///
    /// # Errors
    /// [`Error::WrongCredentials`] when the present one is wrong, and the rules for passwords.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &SecretString,
        new: &SecretString,
    ) -> Result<(), Error> {
        let user = self.user_of(caller).await?;
        let address = caller.origin.address();
        if let Err(throttled) = self.throttle.attempt(&user.email, address, std::time::Instant::now()) {
            self.record_sign_in_refused(Some(user.user_id), "too_many_attempts", &caller.origin).await;
            return Err(Error::TooManyAttempts { retry_after_seconds: throttled.retry_after_seconds });
        }
        let right = match &user.password_hash {
            Some(stored) => self.hasher.verify(current, stored).await? != Verdict::Wrong,
            None => false,
        };
        if !right {
            self.record_sign_in_refused(Some(user.user_id), "wrong_password", &caller.origin).await;
            return Err(Error::WrongCredentials);
        }
        self.rules.check(new.expose_secret(), &[&user.email, &user.name])?;
        let user_id = user.user_id;
        let hash = Some(self.hasher.hash(new).await?);
        let mut directory = vec![
            password_as_read(&user),
            DirectoryChange::SetPassword { user_id, hash },
            DirectoryChange::EndSessionsOfUser { user_id, except: caller.session },
        ];
        directory.extend(super::password_resets::end_links(user_id));
        self.store.commit(Commit { directory, ..Commit::default() }).await?;
        self.record_password_changed(user_id, "password", &caller.origin).await;
        Ok(())
    }

    /// The caller as the directory knows them.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for machines, which are no users.
    pub async fn user_of(&self, caller: &Caller) -> Result<UserRow, Error> {
        match caller.actor {
            Actor::User(id) => self.store.user(id).await?.ok_or(Error::Unauthenticated),
            Actor::ServiceAccount { .. } | Actor::PersonalKey { .. } => {
                Err(bailiwick_core::account::Refusal::PeopleOnly.into())
            }
        }
    }
}

/// Refuses what was decided by a user's password if it is another one by now.
pub(super) fn password_as_read(user: &UserRow) -> DirectoryChange {
    DirectoryChange::RequirePassword {
        user_id: user.user_id,
        hash: user.password_hash.clone(),
        verified: user.verified_at.is_some(),
    }
}

/// A field that must be filled in.
pub(super) fn missing(field: &str) -> Error {
    Error::InvalidText { field: field.to_owned(), problem: InvalidText::TooShort { least: 1, found: 0 } }
}
