//! Several commands as one commit, with the people whom they invite.

use std::collections::HashMap;

use bailiwick_core::access::Circumstances;
use bailiwick_core::account::{Account, Actor, Decided, Event, Refusal};
use bailiwick_core::ids::{AccountId, UserId};
use bailiwick_core::values::{Email, Name};
use bailiwick_store::DirectoryChange;
use serde::Serialize;

use super::invitation_mails::Counted;
use super::invitations::ToBeInvited;
use super::write::{Asked, Changed, Outcome, new_uuid};
use super::{Caller, Error, People, Service, WriteOptions};

/// How often users are looked up anew when somebody else made one of them in between.
const ATTEMPTS: u32 = 5;

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentProblem {
    /// Where, as a JSON pointer; empty for the document as a whole.
    pub field: String,
    /// Stable name of what is wrong.
    pub code: &'static str,
    /// What is wrong, in words.
    pub message: String,
    /// The refusal of the domain, if it is one.
    pub refusal: Option<Refusal>,
}

impl DocumentProblem {
    /// The first that the caller lacks a permission for: the answer as a whole is about that then.
    pub(crate) fn denied(problems: &[Self]) -> Option<&Refusal> {
        let mut refusals = problems.iter().filter_map(|problem| problem.refusal.as_ref());
        refusals.find(|refusal| refusal.kind() == bailiwick_core::account::Kind::Denied)
    }
}

/// The users whom emails stand for.
#[derive(Debug, Default)]
pub struct Invitees {
    users: HashMap<String, UserId>,
    emails: HashMap<UserId, String>,
}

impl Invitees {
    /// The user with this email, who may be about to be made.
    pub fn user(&self, email: &Email) -> Option<UserId> {
        self.users.get(email.as_str()).copied()
    }

    /// The email by which somebody was named.
    pub fn email(&self, user: UserId) -> Option<&str> {
        self.emails.get(&user).map(String::as_str)
    }

    fn add(&mut self, email: &Email, user: UserId) {
        self.users.insert(email.to_string(), user);
        self.emails.insert(user, email.to_string());
    }
}

/// Several commands under one name.
pub struct Several<'a, D> {
    /// What the record calls them when they are refused.
    pub name: &'static str,
    /// Emails of everybody named, whom the directory may know.
    pub named: &'a [Email],
    /// Emails of everybody who may get an invitation, and what to call them: they become users if they are not.
    pub invited: &'a [(Email, Option<Name>)],
    /// Decides: what it comes to, nothing where all is as it was asked to be; and the answer.
    pub decide: D,
}

struct Deciding<'a, D> {
    name: &'static str,
    invitees: &'a Invitees,
    decide: &'a D,
}

impl<T, D> Asked<T> for Deciding<'_, D>
where
    D: Fn(
        &Account,
        Circumstances<'static>,
        &Invitees,
        &mut dyn FnMut() -> uuid::Uuid,
    ) -> Result<(Option<Decided>, T), Error>,
{
    fn decide(
        &self,
        before: &Account,
        _: Actor,
        now: Circumstances<'static>,
    ) -> Result<(Option<Decided>, T), Error> {
        (self.decide)(before, now, self.invitees, &mut || new_uuid())
    }

    fn refused(&self, refusal: &Refusal) -> Event {
        Event::Refused { command: self.name.into(), code: refusal.code().into(), target: None }
    }
}

impl Service {
    /// Does several commands as one commit.
    ///
    /// # Errors
    /// Every [`Error`]; after any of them nothing has changed.
    pub async fn write_several<T, D>(
        &self,
        caller: &Caller,
        account: AccountId,
        several: &Several<'_, D>,
        options: &WriteOptions,
    ) -> Result<Outcome<T>, Error>
    where
        T: Serialize,
        D: Fn(
            &Account,
            Circumstances<'static>,
            &Invitees,
            &mut dyn FnMut() -> uuid::Uuid,
        ) -> Result<(Option<Decided>, T), Error>,
    {
        let mut attempts = 0;
        let counted = Counted::default();
        loop {
            match self.try_several(caller, account, several, options, &counted).await {
                Err(Error::EmailTaken) if attempts < ATTEMPTS => attempts += 1,
                other => return other,
            }
        }
    }

    async fn try_several<T, D>(
        &self,
        caller: &Caller,
        account: AccountId,
        several: &Several<'_, D>,
        options: &WriteOptions,
        counted: &Counted,
    ) -> Result<Outcome<T>, Error>
    where
        T: Serialize,
        D: Fn(
            &Account,
            Circumstances<'static>,
            &Invitees,
            &mut dyn FnMut() -> uuid::Uuid,
        ) -> Result<(Option<Decided>, T), Error>,
    {
        let to = ToBeInvited::new(account, options, self.now());
        if !several.invited.is_empty() {
            self.prepare_invitation_facts(account).await?;
        }
        let mut people = People::default();
        let mut new_users: Vec<DirectoryChange> = Vec::new();
        let mut invitees = Invitees::default();
        for (email, name) in several.invited {
            if invitees.user(email).is_none() {
                let user = self.to_be_invited(&to, email, name.as_ref(), &mut people, &mut new_users).await?;
                invitees.add(email, user);
            }
        }
        for email in several.named {
            if invitees.user(email).is_none()
                && let Some(user) = self.store.user_by_email(email.as_str()).await?
            {
                invitees.add(email, user.user_id);
            }
        }
        let inviter = self.inviter(caller, &mut people).await?;
        let asked = Deciding { name: several.name, invitees: &invitees, decide: &several.decide };
        let beside = |changed: &Changed<'_>| {
            let is_invited = |change: &&DirectoryChange| match change {
                DirectoryChange::CreateUser { user_id, .. } => {
                    changed.after.member_status(*user_id).is_some()
                }
                _ => true,
            };
            // Of those who are new, only the invited are kept: another may have been a member already under this email.
            let new_users: Vec<_> = new_users.iter().filter(is_invited).cloned().collect();
            self.beside_invitations(changed, counted, &new_users, &people, &inviter)
        };
        self.write_asked(caller, account, &asked, options, beside).await
    }
}
