//! What people do about themselves across accounts: profile, accounts of their own, invitations received.

use bailiwick_core::account::Actor;
use bailiwick_core::ids::{AccountId, InvitationId};
use bailiwick_core::values::Name;
use bailiwick_store::{Commit, DirectoryChange, Membership, MembershipStatus, UserRow};

use super::error::no_account;
use super::{AccountHandle, Caller, Error, Service, new_id};

/// An invitation that waits for the caller.
#[derive(Debug, Clone)]
pub struct Received {
    /// The account that invites.
    pub account: AccountId,
    /// The account as it is now.
    pub handle: std::sync::Arc<AccountHandle>,
    /// The invitation.
    pub invitation: InvitationId,
}

impl Service {
    /// The accounts in which the caller is, whatever their status; that of the key for machines.
    pub async fn memberships(&self, caller: &Caller) -> Result<Vec<Membership>, Error> {
        match caller.actor {
            Actor::User(user) => Ok(self.store.accounts_of(user).await?),
            Actor::ServiceAccount { key, .. } | Actor::PersonalKey { key, .. } => {
                let account = self.store.key_account(key).await?;
                let active = |account_id| Membership { account_id, status: MembershipStatus::Active };
                Ok(account.map(active).into_iter().collect())
            }
        }
    }

    /// The invitations that wait for the caller, expired ones included.
    ///
    /// # Errors
    /// [`Error::EmailNotVerified`]: an invitation is for the owner of an email, which the caller has not proved to be.
    pub async fn received_invitations(&self, caller: &Caller) -> Result<Vec<Received>, Error> {
        let user = self.user_of(caller).await?;
        if user.verified_at.is_none() {
            return Err(Error::EmailNotVerified);
        }
        let mut received = Vec::new();
        for membership in self.store.accounts_of(user.user_id).await? {
            if membership.status != MembershipStatus::Pending {
                continue;
            }
            let Some(handle) = self.accounts.get(membership.account_id).await? else { continue };
            let waiting = handle.read().waiting_invitation(user.user_id);
            received.extend(waiting.map(|invitation| Received {
                account: membership.account_id,
                handle: std::sync::Arc::clone(&handle),
                invitation,
            }));
        }
        Ok(received)
    }

    /// Changes the caller's name and the account that programs use unless told otherwise. What is `None` stays.
    ///
    /// # Errors
    /// `not_found` for an account in which the caller may not act.
    pub async fn update_profile(
        &self,
        caller: &Caller,
        name: Option<Name>,
        default_account: Option<Option<AccountId>>,
    ) -> Result<UserRow, Error> {
        let user_id = self.user_of(caller).await?.user_id;
        let mut directory = Vec::new();
        if let Some(name) = name {
            directory.push(DirectoryChange::UpdateUserName { user_id, name: name.as_str().to_owned() });
        }
        if let Some(account_id) = default_account {
            if let Some(id) = account_id
                && !self.active_accounts(user_id).await?.contains(&id)
            {
                return Err(no_account());
            }
            directory.push(DirectoryChange::SetDefaultAccount { user_id, account_id });
        }
        if directory.is_empty() {
            return Err(bailiwick_core::account::Refusal::Nothing.into());
        }
        self.store.ready().await;
        self.store.commit(Commit { directory, ..Commit::default() }).await?;
        self.user_of(caller).await
    }

    /// Opens an account that the caller owns.
    ///
    /// # Errors
    /// [`Error::SelfServiceOff`], [`Error::EmailNotVerified`].
    pub async fn create_account(
        &self,
        caller: &Caller,
        name: Name,
    ) -> Result<std::sync::Arc<AccountHandle>, Error> {
        let user = self.user_of(caller).await?;
        if !self.config.accounts.self_service {
            return Err(Error::SelfServiceOff);
        }
        if user.verified_at.is_none() {
            return Err(Error::EmailNotVerified);
        }
        let account_id: AccountId = new_id();
        let default =
            DirectoryChange::SetDefaultAccount { user_id: user.user_id, account_id: Some(account_id) };
        let then = if user.default_account.is_none() { vec![default] } else { Vec::new() };
        self.open_account(caller, account_id, name, user.user_id, Vec::new(), then).await
    }
}
