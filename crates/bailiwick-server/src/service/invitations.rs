//! Inviting people: emails become users of the directory, links are made and mailed.

use std::collections::HashMap;

use bailiwick_core::account::{Account, Command, Event, Invitation, Invitee, Refusal, RoleAtScope};
use bailiwick_core::catalog::InvitationField;
use bailiwick_core::ids::{AccountId, GroupId, InvitationId, Revision, UserId};
use bailiwick_core::values::{Email, Name};
use bailiwick_store::{DirectoryChange, LinkRow, OutboxMessage, TokenHash, UserRow};
use jiff::Timestamp;
use serde::Serialize;

use super::invitation_facts::InvitationFacts;
use super::invitation_mails::Counted;
use super::links::LinkPurpose;
use super::write::{Beside, Changed, Outcome};
use super::{Caller, Error, People, Service, WriteOptions, in_the_way, new_id};
use crate::delivery::message::moment;
use crate::delivery::request::{self, MailRequest, Newcomer, SecretLink};
use crate::identity::tokens::LinkToken;

/// How often users are looked up anew when somebody else made one of them in between.
const ATTEMPTS: u32 = 5;

/// People to be invited.
#[derive(Debug, Clone)]
pub struct InviteRequest {
    /// Their emails, each once.
    pub emails: Vec<Email>,
    /// What each of them gets.
    pub grants: Vec<RoleAtScope>,
    /// The groups that each of them joins.
    pub groups: Vec<GroupId>,
    /// What to call the person, if there is one.
    pub name: Option<Name>,
    /// When the memberships end that come of it.
    pub member_until: Option<Timestamp>,
    /// What will be said of each of them.
    pub attributes: bailiwick_core::account::Attributes,
}

/// What people are invited to, and how.
pub(super) struct ToBeInvited {
    account: AccountId,
    is_rehearsed: bool,
    now: Timestamp,
}

impl ToBeInvited {
    pub(super) fn new(account: AccountId, options: &WriteOptions, now: Timestamp) -> Self {
        Self { account, is_rehearsed: options.dry_run, now }
    }
}

/// What an invitation came to, for shaping the answer.
#[derive(Debug)]
pub struct Invited<'a> {
    /// The account after it.
    pub account: &'a Account,
    /// Everybody it is about.
    pub people: &'a People,
    /// Invitations that were sent.
    pub invitations: Vec<InvitationId>,
    /// Members who got the grants at once.
    pub members: Vec<UserId>,
    /// When.
    pub now: Timestamp,
}

/// A link to be passed on by hand.
#[derive(Debug)]
pub struct InvitationLink {
    /// The address, with the secret in it.
    pub url: String,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// The account's revision after it was made.
    pub revision: Revision,
}

impl Service {
    /// Invites people by email, or gives members of the account the grants at once.
    ///
    /// # Errors
    /// [`Error::InTheWay`] with everybody who cannot be invited; then nobody is.
    pub async fn invite<T: Serialize>(
        &self,
        caller: &Caller,
        account: AccountId,
        request: &InviteRequest,
        options: &WriteOptions,
        shape: impl Fn(Invited<'_>) -> T,
    ) -> Result<Outcome<T>, Error> {
        // Names are the directory's, so the account itself cannot ask for one.
        if request.name.is_none() && self.catalog.rules.invitation_asks_for.contains(&InvitationField::Name) {
            return Err(Refusal::InvitationAsks { field: InvitationField::Name.name() }.into());
        }
        let mut attempts = 0;
        let counted = Counted::default();
        loop {
            match self.try_invite(caller, account, request, options, &shape, &counted).await {
                Err(Error::EmailTaken) if attempts < ATTEMPTS => attempts += 1,
                Err(Error::Refused(refusal)) if in_the_way::is_about_a_person(&refusal) => {
                    let people = self.in_the_way(caller, account, request).await?;
                    let nobody_now = people.is_empty();
                    return Err(if nobody_now { refusal.into() } else { Error::InTheWay(people) });
                }
                other => return other,
            }
        }
    }

    async fn try_invite<T: Serialize>(
        &self,
        caller: &Caller,
        account: AccountId,
        request: &InviteRequest,
        options: &WriteOptions,
        shape: &impl Fn(Invited<'_>) -> T,
        counted: &Counted,
    ) -> Result<Outcome<T>, Error> {
        let now = self.now();
        self.prepare_invitation_facts(account).await?;
        let mut people = People::default();
        let mut new_users = Vec::new();
        let mut invitees = Vec::with_capacity(request.emails.len());
        let mut by_email: HashMap<&str, UserId> = HashMap::new();
        for email in &request.emails {
            let user = if let Some(known) = by_email.get(email.as_str()) {
                *known
            } else {
                let (to, name) = (ToBeInvited::new(account, options, now), request.name.as_ref());
                self.to_be_invited(&to, email, name, &mut people, &mut new_users).await?
            };
            by_email.insert(email.as_str(), user);
            invitees.push(Invitee { user, invitation: new_id() });
        }
        let inviter = self.inviter(caller, &mut people).await?;
        let command = Command::Invite {
            people: invitees,
            grants: request.grants.clone(),
            groups: request.groups.clone(),
            member_until: request.member_until,
            attributes: request.attributes.clone(),
        };
        let shape_changed = |changed: &Changed<'_>| shape(invited(changed, &people));
        let beside =
            |changed: &Changed<'_>| self.beside_invitations(changed, counted, &new_users, &people, &inviter);
        self.write_beside(caller, account, &command, options, shape_changed, beside).await
    }

    async fn is_in(&self, account: AccountId, user: UserId) -> Result<bool, Error> {
        let handle = self.accounts.get(account).await?;
        Ok(handle.is_some_and(|handle| handle.read().member_status(user).is_some()))
    }

    /// The user with an email: one of the directory, or a new one. A rehearsal reaches nobody, and so tells nothing of people who
    /// are not in the account: to it, all of them are new.
    pub(super) async fn to_be_invited(
        &self,
        to: &ToBeInvited,
        email: &Email,
        name: Option<&Name>,
        people: &mut People,
        new_users: &mut Vec<DirectoryChange>,
    ) -> Result<UserId, Error> {
        let mut known = self.store.user_by_email(email.as_str()).await?;
        if to.is_rehearsed
            && let Some(user) = &known
            && !self.is_in(to.account, user.user_id).await?
        {
            known = None;
        }
        let user = known.unwrap_or_else(|| {
            let user = unknown_user(email, name, to.now);
            new_users.push(creation(&user));
            user
        });
        let id = user.user_id;
        people.add(user);
        Ok(id)
    }

    /// What mails call the person in whose name they are sent.
    pub(super) async fn inviter(&self, caller: &Caller, people: &mut People) -> Result<String, Error> {
        let sponsor = match caller.actor {
            bailiwick_core::account::Actor::User(id) => self.store.user(id).await?,
            bailiwick_core::account::Actor::ServiceAccount { .. }
            | bailiwick_core::account::Actor::PersonalKey { .. } => None,
        };
        let inviter = sponsor.as_ref().map(label).unwrap_or_default();
        if let Some(sponsor) = sponsor {
            people.add(sponsor);
        }
        Ok(inviter)
    }

    /// New users, links and mails of the invitations that were sent.
    pub(super) fn beside_invitations(
        &self,
        changed: &Changed<'_>,
        counted: &Counted,
        new_users: &[DirectoryChange],
        people: &People,
        inviter: &str,
    ) -> Result<Beside, Error> {
        let mailed: Vec<InvitationId> = sent(changed.events).collect();
        self.invitation_mails.admit(counted, changed.after.id(), &mailed, changed.now)?;
        let mut beside = Beside { first: new_users.to_vec(), ..Beside::default() };
        let mut facts = InvitationFacts::default();
        for event in changed.events {
            if let Event::InvitationSent { id, .. } = event {
                self.add_mailed_link(&mut beside, &mut facts, changed, *id, people, inviter)?;
            }
        }
        Ok(beside)
    }

    /// Sends an invitation again; the earlier links end.
    pub async fn resend_invitation<T: Serialize>(
        &self,
        caller: &Caller,
        account: AccountId,
        id: InvitationId,
        options: &WriteOptions,
        shape: impl Fn(Invited<'_>) -> T,
    ) -> Result<Outcome<T>, Error> {
        self.prepare_invitation_facts(account).await?;
        let people = self.people_of_invitation(caller, account, id).await?;
        let inviter = match caller.actor {
            bailiwick_core::account::Actor::User(user) => people.label(user),
            bailiwick_core::account::Actor::ServiceAccount { .. }
            | bailiwick_core::account::Actor::PersonalKey { .. } => String::new(),
        };
        let counted = Counted::default();
        let beside = |changed: &Changed<'_>| {
            self.invitation_mails.admit(&counted, account, &[id], changed.now)?;
            let mut beside = Beside::default();
            let facts = &mut InvitationFacts::default();
            self.add_mailed_link(&mut beside, facts, changed, id, &people, &inviter)?;
            Ok(beside)
        };
        let shape = |changed: &Changed<'_>| {
            shape(Invited {
                account: changed.after,
                people: &people,
                invitations: vec![id],
                members: Vec::new(),
                now: changed.now,
            })
        };
        self.write_beside(
            caller,
            account,
            &Command::ResendInvitation { invitation: id },
            options,
            shape,
            beside,
        )
        .await
    }

    /// Makes a link to an invitation that is passed on by hand. Earlier links go on working until one of them is used.
    pub async fn copy_invitation_link(
        &self,
        caller: &Caller,
        account: AccountId,
        id: InvitationId,
    ) -> Result<InvitationLink, Error> {
        let token = LinkToken::generate().map_err(Error::internal)?;
        let command = Command::CopyInvitationLink { invitation: id };
        let beside = |changed: &Changed<'_>| {
            let invitation = changed.after.invitation(id).map(|found| &found.value);
            let link = invitation.map(|invitation| {
                link_row(&token, LinkPurpose::InvitationCopy, account, id, invitation, changed.now)
            });
            Ok(Beside {
                then: link.map(DirectoryChange::CreateLink).into_iter().collect(),
                ..Beside::default()
            })
        };
        let expiry =
            |changed: &Changed<'_>| changed.after.invitation(id).and_then(|found| found.value.expires_at);
        match self.write_beside(caller, account, &command, &WriteOptions::default(), expiry, beside).await? {
            Outcome::Done { value, revision } => {
                Ok(InvitationLink { url: self.link_url(&token), expires_at: value, revision })
            }
            Outcome::Dry { .. } | Outcome::Replayed(_) => Err(Error::internal("a link was not written")),
        }
    }

    /// Everybody that a mail about the invitation names.
    async fn people_of_invitation(
        &self,
        caller: &Caller,
        account: AccountId,
        id: InvitationId,
    ) -> Result<People, Error> {
        let handle = self.accounts.get(account).await?.ok_or_else(super::error::no_account)?;
        let invited = handle.read().invitation(id).map(|found| [found.value.user, found.value.sponsor]);
        let actor = match caller.actor {
            bailiwick_core::account::Actor::User(user) => Some(user),
            bailiwick_core::account::Actor::ServiceAccount { .. }
            | bailiwick_core::account::Actor::PersonalKey { .. } => None,
        };
        self.people(invited.into_iter().flatten().chain(actor)).await
    }

    fn add_mailed_link(
        &self,
        beside: &mut Beside,
        facts: &mut InvitationFacts,
        changed: &Changed<'_>,
        id: InvitationId,
        people: &People,
        inviter: &str,
    ) -> Result<(), Error> {
        let account = changed.after;
        let Some(invitation) = account.invitation(id).map(|found| &found.value) else { return Ok(()) };
        let Some(user) = people.get(invitation.user) else { return Ok(()) };
        let token = LinkToken::generate().map_err(Error::internal)?;
        let link = link_row(&token, LinkPurpose::Invitation, account.id(), id, invitation, changed.now);
        beside.then.push(DirectoryChange::CreateLink(link));
        let is_known = user.password_hash.is_some() && user.verified_at.is_some();
        let ends = invitation.member_until.map(|until| request::Detail {
            label: "Your membership would end on".to_owned(),
            value: moment(until),
        });
        let facts = self.invitation_facts(facts, account, invitation, changed.now)?;
        let mail = MailRequest::Invitation(request::Invitation {
            to: user.email.clone(),
            account_name: account.profile().value.name.to_string(),
            inviter_name: inviter.to_owned(),
            roles: super::links::role_titles(account, invitation),
            note: None,
            details: facts.into_iter().chain(ends).collect(),
            newcomer: if is_known { Newcomer::Known } else { Newcomer::New },
            link: SecretLink::new(self.link_url(&token)),
            expires_at: invitation.expires_at,
        });
        beside.outbox.push(OutboxMessage {
            account_id: Some(account.id()),
            kind: "mail".to_owned(),
            body: serde_json::to_string(&mail).map_err(Error::internal)?,
            created_at: changed.now,
        });
        Ok(())
    }
}

/// The invitations that were sent.
fn sent(events: &[Event]) -> impl Iterator<Item = InvitationId> {
    events.iter().filter_map(|event| match event {
        Event::InvitationSent { id, .. } => Some(*id),
        _ => None,
    })
}

fn invited<'a>(changed: &Changed<'a>, people: &'a People) -> Invited<'a> {
    let mut members = std::collections::BTreeSet::new();
    for event in changed.events {
        if let Event::GrantMade { grant, .. } = event
            && let bailiwick_core::account::Principal::Member(user) = grant.principal
        {
            members.insert(user);
        }
    }
    let members = members.into_iter().collect();
    let invitations = sent(changed.events).collect();
    Invited { account: changed.after, people, invitations, members, now: changed.now }
}

fn unknown_user(email: &Email, name: Option<&Name>, now: Timestamp) -> UserRow {
    UserRow {
        user_id: new_id(),
        email: email.as_str().to_owned(),
        name: name.map(ToString::to_string).unwrap_or_default(),
        verified_at: None,
        password_hash: None,
        default_account: None,
        created_at: now,
        last_sign_in_at: None,
        revision: 0,
    }
}

fn creation(user: &UserRow) -> DirectoryChange {
    DirectoryChange::CreateUser {
        user_id: user.user_id,
        email: user.email.clone(),
        name: user.name.clone(),
        verified_at: None,
        created_at: user.created_at,
    }
}

fn link_row(
    token: &LinkToken,
    purpose: LinkPurpose,
    account: AccountId,
    id: InvitationId,
    invitation: &Invitation,
    now: Timestamp,
) -> LinkRow {
    LinkRow {
        token_hash: TokenHash(*token.hash().as_bytes()),
        purpose: purpose.name().into(),
        user_id: invitation.user,
        account_id: Some(account),
        invitation_id: Some(id),
        created_at: now,
        expires_at: invitation.expires_at,
    }
}

fn label(user: &UserRow) -> String {
    if user.name.is_empty() { user.email.clone() } else { user.name.clone() }
}
