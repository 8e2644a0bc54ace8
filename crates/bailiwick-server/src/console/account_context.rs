//! An account as the person at a page may see it.

use std::sync::Arc;

use bailiwick_core::access::{Circumstances, Target};
use bailiwick_core::account::{Account, Actor, Command, Offer, Refusal, RoleRef, Scope};
use bailiwick_core::catalog::{Operation, PermissionSet};
use bailiwick_core::ids::{AccountId, InvitationId, UserId};
use jiff::Timestamp;

use super::answer::Failure;
use super::complaint::Complaint;
use super::shell::{AccountBar, Shell, Tab};
use super::visitor::{Person, Visitor};
use crate::service::{AccountHandle, Error, Outcome, Service, WriteOptions};

/// The account of a page, and who looks at it.
pub(super) struct AccountContext<'a> {
    /// The use cases.
    pub(super) service: &'a Service,
    /// Whoever looks.
    pub(super) visitor: &'a Visitor,
    /// The same, signed in.
    pub(super) person: &'a Person,
    /// Where the account lives.
    handle: Arc<AccountHandle>,
    /// The account at one revision.
    pub(super) account: Arc<Account>,
    /// The moment of the request.
    pub(super) now: Timestamp,
}

impl<'a> AccountContext<'a> {
    /// The account of this id, for people who may act in it. For everybody else it does not exist.
    pub(super) async fn open(service: &'a Service, visitor: &'a Visitor, id: &str) -> Result<Self, Failure> {
        let person = visitor.signed_in()?;
        let id: AccountId = id.parse().map_err(|_| Failure::missing("account"))?;
        let handle = service.accounts().get(id).await?.ok_or_else(|| Failure::missing("account"))?;
        let account = handle.snapshot();
        let now = service.now();
        account.may_act(person.caller.actor, now)?;
        Ok(Self { service, visitor, person, handle, account, now })
    }

    /// The circumstances in which the person looks, for policies.
    pub(super) fn circumstances(&self) -> Circumstances<'static> {
        self.person.caller.circumstances(self.now)
    }

    /// The person as an actor.
    pub(super) fn actor(&self) -> Actor {
        self.person.caller.actor
    }

    /// The address of a page of this account.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/accounts/{}{rest}", self.account.id())
    }

    /// Whether the person may do this in the whole account.
    pub(super) fn may(&self, operation: Operation) -> bool {
        self.may_at(operation, &Scope::Account)
    }

    /// Whether the person may do this at a scope.
    pub(super) fn may_at(&self, operation: Operation, scope: &Scope) -> bool {
        self.account.authorize(self.actor(), operation, scope, self.circumstances()).is_ok()
    }

    /// Whether the person may do this somewhere.
    pub(super) fn may_anywhere(&self, operation: Operation) -> bool {
        self.account.authorize_anywhere(self.actor(), operation, self.circumstances()).is_ok()
    }

    /// Refuses a page to people who may do this nowhere, and records that. `request` is what it would be in the API.
    pub(super) async fn admit_anywhere(
        &self,
        operation: Operation,
        request: &'static str,
    ) -> Result<(), Failure> {
        let answer = self.account.authorize_anywhere(self.actor(), operation, self.circumstances());
        self.or_recorded(answer, operation, request).await
    }

    /// Refuses a page or form to people who may not do this in the whole account, and records that: before anything that was
    /// typed is looked at, because what is said of it would tell of the page. `request` is what it would be in the API.
    pub(super) async fn admit(&self, operation: Operation, request: &'static str) -> Result<(), Failure> {
        let answer = self.account.authorize(self.actor(), operation, &Scope::Account, self.circumstances());
        self.or_recorded(answer, operation, request).await
    }

    async fn or_recorded(
        &self,
        answer: Result<(), Refusal>,
        operation: Operation,
        request: &'static str,
    ) -> Result<(), Failure> {
        let Err(refusal) = answer else {
            let permission = self.account.permission_for(operation);
            self.service.usage().note(&self.account, self.actor().principal(), permission, self.now);
            return Ok(());
        };
        self.service.record_refused_request(&self.handle, &self.person.caller, request, &refusal).await;
        Err(self.refused(refusal))
    }

    /// Whether the person may look at the settings: by permission, or because ownership is offered to them there.
    pub(super) fn sees_settings(&self) -> bool {
        let is_offered = |offer: &Offer| offer.to == self.person.id && offer.expires_at > self.now;
        self.may_anywhere(Operation::ReadAccount)
            || self.account.offers().any(|(_, offer)| is_offered(&offer.value))
    }

    fn refused(&self, refusal: Refusal) -> Failure {
        Failure::Complaint(Box::new(self.complaint(&Error::Refused(refusal))))
    }

    /// A refusal with the names of what it is about.
    pub(super) fn complaint(&self, error: &Error) -> Complaint {
        if let Some(detail) = error.detail() {
            tracing::error!(error = %error, detail, "a form could not be handled");
        }
        Complaint::with_names(error, Some(&self.account))
    }

    /// Does a command in the person's name.
    pub(super) async fn write(&self, command: &Command) -> Result<(), Error> {
        let options = WriteOptions::default();
        let outcome = self.service.write(&self.person.caller, self.account.id(), command, &options, |_| ());
        match outcome.await? {
            Outcome::Done { .. } => Ok(()),
            Outcome::Dry { .. } | Outcome::Replayed(_) => Err(Error::internal("a write was not done")),
        }
    }

    /// Does a command, or says why not on a page of its own.
    pub(super) async fn write_or_fail(&self, command: &Command) -> Result<(), Failure> {
        let written = self.write(command).await;
        written.map_err(|error| Failure::Complaint(Box::new(self.complaint(&error))))
    }

    /// Whether the person may look at a member, or at somebody who is invited.
    pub(super) fn may_see_member(&self, user: UserId) -> bool {
        self.account.sees_member(self.actor(), user, self.circumstances())
    }

    /// Whether the person may look at an invitation.
    pub(super) fn may_see_invitation(&self, id: InvitationId) -> bool {
        let invitation = self.account.invitation(id);
        invitation.is_some_and(|found| {
            self.account.sees_invitation(self.actor(), &found.value, self.circumstances())
        })
    }

    /// Whether a command would be done if the person asked for it now: what pages offer is what works.
    pub(super) fn would(&self, command: &Command) -> bool {
        self.account.decide(self.actor(), command, self.circumstances(), &mut uuid::Uuid::now_v7).is_ok()
    }

    /// Whether the person holds everything that a role would give in the whole account.
    pub(super) fn may_give(&self, role: &RoleRef) -> bool {
        let held = self.held();
        let escalates = held.contains_any(&self.account.catalog().escalate);
        escalates || held.contains_all(&self.account.permissions_of(role))
    }

    /// What people read for the role that every member has, if the catalog has one.
    pub(super) fn newcomer_title(&self) -> Option<String> {
        let role = self.account.newcomer_role()?;
        self.account.role_title(&role).map(str::to_owned)
    }

    /// What the person holds in the whole account.
    pub(super) fn held(&self) -> PermissionSet {
        self.account.effective_at(self.actor().principal(), &Target::Account, self.now)
    }

    /// The frame of a page about this account.
    pub(super) fn shell(&self, title: impl Into<String>, current: &str) -> Shell {
        let pages = [
            ("members", "Members", self.may_anywhere(Operation::ReadMembers)),
            ("roles", "Roles", self.may_anywhere(Operation::ReadRoles)),
            ("keys", "Keys", self.may(Operation::ReadKeys)),
            ("audit", "Audit log", self.may(Operation::ReadEvents)),
            ("settings", "Settings", self.sees_settings()),
        ];
        let tabs = pages.into_iter().filter(|(_, _, is_shown)| *is_shown).map(|(page, label, _)| Tab {
            href: self.path(&format!("/{page}")),
            label,
            is_current: page == current,
        });
        let name = self.account.profile().value.name.to_string();
        let mut shell = Shell::new(self.visitor, title);
        shell.account = Some(AccountBar { name, tabs: tabs.collect() });
        shell
    }
}
