//! Single-use links: what they are for, and what following them does.

use bailiwick_core::account::{
    Account, Actor, ActorRef, Command, Event, Invitation, InvitationStatus, Scope,
};
use bailiwick_core::ids::{AccountId, InvitationId, UserId};
use bailiwick_core::values::Name;
use bailiwick_store::{Commit, DirectoryChange, LinkRow, StoreError, TokenHash, UserRow};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::write::{Beside, Outcome};
use super::{Caller, Error, Origin, Service, SignedIn, WriteOptions};
use crate::identity::tokens::LinkToken;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// The first person of a platform sets it up.
    SetUp,
    /// An invitation, mailed: following it proves that the email is the person's.
    Invitation,
    /// An invitation, copied and passed on by hand: it proves nothing about the email.
    InvitationCopy,
    /// Signs a person in once, made by the operator on the command line.
    SignIn,
    /// Lets a person choose a new password. It was mailed to them or made by the operator, so it proves the email.
    PasswordReset,
}

impl LinkPurpose {
    /// Stable name, as stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::Invitation => "invitation",
            Self::InvitationCopy => "invitation_copy",
            Self::SignIn => "sign_in",
            Self::PasswordReset => "password_reset",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        if name == super::password_resets::BY_OPERATOR {
            return Some(Self::PasswordReset);
        }
        [Self::Invitation, Self::InvitationCopy, Self::SignIn, Self::PasswordReset]
            .into_iter()
            .find(|purpose| purpose.name() == name)
    }
}

/// What the holder of a link is shown before following it.
#[derive(Debug, Clone)]
pub struct LinkView {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Whose it is; none for set-up.
    pub user: Option<UserRow>,
    /// Whether the person must choose a password: they have none, have not proved yet that the email is theirs, or follow
    /// the link for that.
    pub needs_password: bool,
    /// Where it leads.
    pub account: Option<(AccountId, Name)>,
    /// The invitation that it answers.
    pub invitation: Option<(InvitationId, Invitation)>,
    /// What to call who invited.
    pub inviter: Option<String>,
    /// What people read for the roles that are offered.
    pub roles: Vec<String>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

/// Somebody who follows a link.
struct Follow<'a> {
    hash: TokenHash,
    name: Option<Name>,
    password: Option<SecretString>,
    signed_in: Option<&'a Caller>,
    origin: &'a Origin,
}

impl Service {
    /// The address of a link.
    pub fn link_url(&self, token: &LinkToken) -> String {
        format!("{}/links/{}", self.config.public_url, token.reveal().expose_secret())
    }

    /// What a link is for.
    ///
    /// # Errors
    /// [`Error::LinkInvalid`] for all that does not work (any more).
    pub async fn inspect_link(&self, token: &str) -> Result<LinkView, Error> {
        let hash = parse(token)?;
        if self.is_set_up_link(&hash).await? {
            return Ok(LinkView {
                purpose: LinkPurpose::SetUp,
                user: None,
                needs_password: true,
                account: None,
                invitation: None,
                inviter: None,
                roles: Vec::new(),
                expires_at: None,
            });
        }
        let (link, purpose, user) = self.link(hash).await?;
        let needs_password = needs_password(purpose, &user);
        let mut view = LinkView {
            purpose,
            needs_password,
            user: Some(user),
            account: None,
            invitation: None,
            inviter: None,
            roles: Vec::new(),
            expires_at: link.expires_at,
        };
        if let (Some(account_id), Some(id)) = (link.account_id, link.invitation_id) {
            let handle = self.accounts.get(account_id).await?.ok_or(Error::LinkInvalid)?;
            let account = handle.snapshot();
            let invitation = account.invitation(id).ok_or(Error::LinkInvalid)?.value.clone();
            if invitation.status_at(self.now()) != InvitationStatus::Pending {
                return Err(Error::LinkInvalid);
            }
            let people = self.people([invitation.sponsor]).await?;
            view.inviter = Some(people.label(invitation.sponsor));
            view.roles = role_titles(&account, &invitation);
            view.expires_at = invitation.expires_at;
            view.account = Some((account_id, account.profile().value.name.clone()));
            view.invitation = Some((id, invitation));
        }
        Ok(view)
    }

    /// Follows a link: joins the account or signs in. A person without a password chooses one here, and so does one who
    /// forgot it; a person with one must be signed in as who is invited, or say the password.
    ///
    /// # Errors
    /// [`Error::LinkInvalid`], [`Error::Unauthenticated`] for known people who are not signed in, those of signing in for
    /// who says a password, the rules for passwords, [`Error::PasswordNotAsked`], and the domain's refusals.
    pub async fn accept_link(
        &self,
        token: &str,
        name: Option<Name>,
        password: Option<SecretString>,
        signed_in: Option<&Caller>,
        origin: &Origin,
    ) -> Result<SignedIn, Error> {
        let follow = Follow { hash: parse(token)?, name, password, signed_in, origin };
        for _ in 0..super::identity::ATTEMPTS {
            if let Some(signed_in) = self.try_accept(&follow).await? {
                return Ok(signed_in);
            }
        }
        Err(Error::WrongCredentials)
    }

    /// `None` when the person's password, or the proof of their email, changed since it was looked at.
    async fn try_accept(&self, follow: &Follow<'_>) -> Result<Option<SignedIn>, Error> {
        let Follow { hash, name, password, signed_in, origin } = follow;
        let (link, purpose, user) = self.link(*hash).await?;
        let user_id = user.user_id;
        // Judged again by the transaction: passwords take a while, and what is decided here depends on there being none.
        let mut first = vec![
            super::identity::password_as_read(&user),
            DirectoryChange::ConsumeLink { token_hash: *hash, now: self.now() },
        ];
        if needs_password(purpose, &user) {
            let password = password.as_ref().ok_or_else(|| super::identity::missing("password"))?;
            let name = match name {
                Some(name) => name.as_str().to_owned(),
                None if !user.name.is_empty() => user.name.clone(),
                None => return Err(super::identity::missing("name")),
            };
            self.rules.check(password.expose_secret(), &[&user.email, &name])?;
            let stored = self.hasher.hash(password).await?;
            first.push(DirectoryChange::UpdateUserName { user_id, name });
            first.push(DirectoryChange::SetPassword { user_id, hash: Some(stored) });
            // Whoever signed in with a password that was set before the email was proved is not known to be its owner.
            first.push(DirectoryChange::EndSessionsOfUser { user_id, except: None });
            if purpose == LinkPurpose::PasswordReset {
                first.extend(super::password_resets::end_links(user_id));
            }
        } else if purpose == LinkPurpose::SignIn {
            if password.is_some() {
                return Err(Error::PasswordNotAsked);
            }
        } else {
            match (signed_in, password) {
                (Some(caller), _) if caller.actor == Actor::User(user_id) => {
                    let session =
                        caller.session.map(|token_hash| DirectoryChange::RequireSession { token_hash });
                    first.extend(session);
                }
                (None, Some(password)) => self.prove(&user, password, origin).await?,
                _ => return Err(Error::Unauthenticated),
            }
        }
        let proves = purpose != LinkPurpose::InvitationCopy && user.verified_at.is_none();
        if proves {
            first.push(DirectoryChange::VerifyUser { user_id, at: self.now() });
            self.end_in_the_name_of(user_id, origin).await?;
        }
        let caller = Caller { actor: Actor::User(user_id), session: None, origin: (*origin).clone() };
        if let (Some(account_id), Some(invitation)) = (link.account_id, link.invitation_id) {
            let signed_in = self.new_session(user_id, Some(account_id), origin)?;
            let command = Command::AcceptInvitation { invitation };
            let mut then =
                vec![signed_in.change.clone(), DirectoryChange::SignedIn { user_id, at: self.now() }];
            if user.default_account.is_none() {
                then.push(DirectoryChange::SetDefaultAccount { user_id, account_id: Some(account_id) });
            }
            let beside = |_: &super::write::Changed<'_>| {
                Ok(Beside { first: first.clone(), then: then.clone(), outbox: Vec::new() })
            };
            let options = WriteOptions::default();
            match self.write_beside(&caller, account_id, &command, &options, |_| (), beside).await {
                Ok(Outcome::Done { .. }) => {
                    if proves {
                        self.end_in_the_name_of(user_id, origin).await?;
                    }
                    self.record_sign_in(user_id, "link", origin).await;
                    Ok(Some(signed_in.session))
                }
                Err(Error::WrongCredentials) => Ok(None),
                Err(error) => Err(error),
                Ok(Outcome::Dry { .. } | Outcome::Replayed(_)) => {
                    Err(Error::internal("an acceptance was not written"))
                }
            }
        } else {
            let account_id = self.landing_account(&user).await?;
            let signed_in = self.new_session(user_id, account_id, origin)?;
            first.push(signed_in.change);
            first.push(DirectoryChange::SignedIn { user_id, at: self.now() });
            match self.store.commit(Commit { directory: first, ..Commit::default() }).await {
                Ok(()) => {
                    if proves {
                        self.end_in_the_name_of(user_id, origin).await?;
                    }
                    if purpose == LinkPurpose::PasswordReset {
                        self.record_password_changed(user_id, "reset_link", origin).await;
                    }
                    self.record_sign_in(user_id, "link", origin).await;
                    Ok(Some(signed_in.session))
                }
                Err(StoreError::PasswordChanged) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }
    }

    /// Ends the invitations, offers and keys in the name of somebody whose email is being proved: who came by a link that was
    /// passed on made them. Offers to the person are for whoever they turn out to be.
    ///
    /// It is done before the proof, so that a failure in between leaves none, and after it, when nobody makes more.
    pub(super) async fn end_in_the_name_of(&self, user: UserId, origin: &Origin) -> Result<(), Error> {
        let ended = |account: &Account| {
            let is_theirs = |event: &Event| match event {
                Event::OwnershipWithdrawn { offer, .. } => offer.from == user,
                _ => true,
            };
            account.ended_in_the_name_of(user).filter(is_theirs).collect()
        };
        for membership in self.store.accounts_of(user).await? {
            if let Some(handle) = self.accounts.get(membership.account_id).await? {
                self.record_of(&handle, ActorRef::User(user), origin, ended).await?;
            }
        }
        Ok(())
    }

    /// Declines the invitation of a link. Whoever holds the link may say no.
    pub async fn decline_link(&self, token: &str, origin: &Origin) -> Result<(), Error> {
        let hash = parse(token)?;
        let (link, _, user) = self.link(hash).await?;
        let (Some(account_id), Some(invitation)) = (link.account_id, link.invitation_id) else {
            return Err(Error::LinkInvalid);
        };
        let caller = Caller { actor: Actor::User(user.user_id), session: None, origin: origin.clone() };
        let command = Command::DeclineInvitation { invitation };
        self.write(&caller, account_id, &command, &WriteOptions::default(), |_| ()).await.map(|_| ())
    }

    async fn link(&self, hash: TokenHash) -> Result<(LinkRow, LinkPurpose, UserRow), Error> {
        let link = self.store.link(hash).await?.ok_or(Error::LinkInvalid)?;
        if link.expires_at.is_some_and(|end| end <= self.now()) {
            return Err(Error::LinkInvalid);
        }
        let purpose = LinkPurpose::parse(&link.purpose).ok_or(Error::LinkInvalid)?;
        let user = self.store.user(link.user_id).await?.ok_or(Error::LinkInvalid)?;
        Ok((link, purpose, user))
    }

    /// The account in which a person lands after signing in: the default one, else the first in which they may act.
    pub(super) async fn landing_account(&self, user: &UserRow) -> Result<Option<AccountId>, Error> {
        let active = self.active_accounts(user.user_id).await?;
        Ok(user.default_account.filter(|id| active.contains(id)).or_else(|| active.first().copied()))
    }

    /// The accounts in which a person may act.
    pub(super) async fn active_accounts(&self, user: UserId) -> Result<Vec<AccountId>, Error> {
        let memberships = self.store.accounts_of(user).await?;
        let active =
            memberships.into_iter().filter(|one| one.status == bailiwick_store::MembershipStatus::Active);
        Ok(active.map(|one| one.account_id).collect())
    }
}

/// A mailed link proves the email, so it replaces whatever password was set without that proof. A copied one proves nothing:
/// whoever holds it chooses a password only for a person of whom nothing is proved and who has none.
fn needs_password(purpose: LinkPurpose, user: &UserRow) -> bool {
    let (has_none, unproved) = (user.password_hash.is_none(), user.verified_at.is_none());
    match purpose {
        LinkPurpose::InvitationCopy => has_none && unproved,
        LinkPurpose::PasswordReset => true,
        LinkPurpose::SetUp | LinkPurpose::Invitation | LinkPurpose::SignIn => has_none || unproved,
    }
}

pub(super) fn parse(token: &str) -> Result<TokenHash, Error> {
    let token = LinkToken::parse(token).map_err(|_| Error::LinkInvalid)?;
    Ok(TokenHash(*token.hash().as_bytes()))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What people read for the roles of an invitation and where they count, each once.
pub(super) fn role_titles(account: &Account, invitation: &Invitation) -> Vec<String> {
    let titles: std::collections::BTreeSet<String> = invitation
        .grants
        .iter()
        .map(|grant| {
            let title = account.role_title(&grant.role).map_or_else(|| grant.role.to_string(), str::to_owned);
            match &grant.scope {
                Scope::Account => title,
                scope => format!("{title} ({})", account.scope_words(scope)),
            }
        })
        .collect();
    titles.into_iter().collect()
}
