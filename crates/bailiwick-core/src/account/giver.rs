//! Rule 1: nobody gives more access than they hold themselves, for as long as they give it.
//!
//! Two things decide what somebody may give. What they were granted lasts as long and reaches as far as what they give. And no
//! policy may keep them from it, anywhere in it and at any moment, unless it keeps those to whom they give it as well: who is
//! bound in a part of a scope, or on Sundays, does not hold all of it, and could else let a machine do what they may not.
//! Owners are not bound, since they can take any policy back.

use std::borrow::Cow;
use std::cell::OnceCell;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::membership_ends::earlier;
use super::{Account, Forbidding, Grant, PermissionNames, Principal, Refusal, RoleAtScope, Scope};
use crate::access::{Circumstances, Target};
use crate::catalog::{Operation, PermissionSet};
use crate::ids::{GroupId, PolicyId, ServiceAccountId};
use crate::policy::{Applies, Effect, Object, Statement, Subject, types_below, types_in};

/// To whom access is given.
#[derive(Debug, Clone)]
pub(super) enum Grantee {
    /// Whoever it may be.
    Anyone,
    /// Whichever users are in all these groups; without groups, any users.
    Users(Vec<GroupId>),
    /// This one.
    One(Subject),
}

impl Grantee {
    /// A principal; of a group, whoever is in it. Machines are in no groups.
    pub(super) fn of(account: &Account, principal: Principal) -> Self {
        match principal {
            Principal::Group(_) => Self::Users(Subject::of(account, principal).groups),
            Principal::Member(_) | Principal::ServiceAccount(_) => Self::One(Subject::of(account, principal)),
        }
    }

    /// The same as a member of more groups.
    pub(super) fn joining(mut self, groups: impl Iterator<Item = GroupId>) -> Self {
        match &mut self {
            Self::Users(into) | Self::One(Subject { groups: into, .. }) => into.extend(groups),
            Self::Anyone => {}
        }
        self
    }
}

/// What a statement names that somebody gives or takes away with an attribute, a group or the statement itself.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub(super) statement: &'a Statement,
    pub(super) scope: Scope,
    pub(super) object: Object<'a>,
}

/// Somebody who would give access, and what they hold.
pub(super) struct Giver<'a> {
    /// The account as it is: what others hold, and what roles say.
    account: &'a Account,
    /// The account in which it counts what the giver holds: an older one within a draft.
    basis: &'a Account,
    principal: Principal,
    circumstances: Circumstances<'a>,
    /// What may bind the giver somewhere at some moment, and who the giver is to policies.
    bound: OnceCell<(Subject, Vec<&'a Statement>)>,
}

impl<'a> Giver<'a> {
    pub(super) fn new(
        account: &'a Account,
        basis: &'a Account,
        principal: Principal,
        circumstances: Circumstances<'a>,
    ) -> Self {
        Self { account, basis, principal, circumstances, bound: OnceCell::new() }
    }

    /// Where it counts what the giver holds at a scope: the account with the scope as that account knows it.
    pub(super) fn judged_at<'s>(&self, scope: &'s Scope) -> (&'a Account, Cow<'s, Scope>) {
        if std::ptr::eq(self.account, self.basis) {
            return (self.account, Cow::Borrowed(scope));
        }
        (self.basis, Cow::Owned(self.basis.older_scope(scope, self.account)))
    }

    pub(super) fn account(&self) -> &'a Account {
        self.account
    }

    pub(super) fn basis(&self) -> &'a Account {
        self.basis
    }

    pub(super) fn principal(&self) -> Principal {
        self.principal
    }

    pub(super) fn now(&self) -> Timestamp {
        self.circumstances.now
    }

    /// The moment and what else policies can look at.
    pub(super) fn circumstances(&self) -> Circumstances<'a> {
        self.circumstances
    }

    /// The giver holds all of this at the scope, for as long as it shall last.
    ///
    /// # Errors
    /// [`Refusal::Escalation`] with what is missing, [`Refusal::Outlasts`] if it is only held for less long,
    /// [`Refusal::KeptBack`] if a policy keeps the giver from it.
    pub(super) fn covers(
        &self,
        permissions: &PermissionSet,
        scope: &Scope,
        until: Option<Timestamp>,
        grantee: &Grantee,
    ) -> Result<(), Refusal> {
        self.covers_of(permissions, scope, until, grantee, None)
    }

    /// The same of one thing alone that is about to be in the scope.
    fn covers_of(
        &self,
        permissions: &PermissionSet,
        scope: &Scope,
        until: Option<Timestamp>,
        grantee: &Grantee,
        only: Option<Object<'_>>,
    ) -> Result<(), Refusal> {
        let (basis, judged) = self.judged_at(scope);
        let lasting = until.map_or(i64::MAX, Timestamp::as_microsecond);
        let held = basis.granted_at(self.principal, &judged, Some(lasting), self.circumstances.now);
        let missing = permissions.difference(&held);
        let kept = self.kept_from(permissions, &judged, grantee, only, None);
        if missing.is_empty() && kept.is_none() {
            return Ok(());
        }
        let held = basis.held_at(self.principal, &judged, Some(lasting), self.circumstances);
        if held.contains_any(&basis.catalog().escalate) {
            return Ok(());
        }
        let scope = scope.clone();
        match kept {
            Some((policy, kept)) if missing.is_empty() => {
                let missing = PermissionNames::of(basis.catalog(), &kept);
                Err(Refusal::KeptBack { policy: self.forbidding(policy), missing, scope })
            }
            _ => {
                let names = PermissionNames::of(basis.catalog(), &missing);
                Err(match basis.held_until(self.principal, permissions, &judged, self.circumstances) {
                    Some(until) => Refusal::Outlasts { until, missing: names, scope },
                    None => Refusal::Escalation { missing: names, scope },
                })
            }
        }
    }

    /// What of these permissions a policy may keep the giver from somewhere in a scope that it does not keep the grantee from;
    /// `now` for what it keeps the giver from at this moment, as far as that can be said of what is there.
    fn kept_from(
        &self,
        permissions: &PermissionSet,
        scope: &Scope,
        grantee: &Grantee,
        only: Option<Object<'_>>,
        now: Option<&Circumstances<'_>>,
    ) -> Option<(PolicyId, PermissionSet)> {
        if !self.basis.has_policies() {
            return None;
        }
        let (subject, bound) = self.bound();
        let keeps_from = |statement: &Statement, object: Object<'_>| {
            if let Object::New(of, holder, _) = object
                && !statement.is_at_new(self.basis, of, &holder)
            {
                return false;
            }
            let binds_now = || !self.basis.applies_when(statement, subject, object, now).is_never();
            let binds = self.basis.applies(statement, subject, object);
            !binds.is_never()
                && (now.is_none() || binds_now())
                && !self.binds_alike(statement, &binds, object, grantee)
        };
        bound.iter().find_map(|statement| {
            let kept = permissions.intersection(&statement.actions);
            let keeps = !kept.is_empty()
                && match only {
                    Some(object) => keeps_from(statement, object),
                    None => self.objects(statement, scope).any(|object| keeps_from(statement, object)),
                };
            keeps.then_some((statement.policy, kept))
        })
    }

    /// Whether a policy may keep the giver from any of this in a scope and does not keep the grantee from it.
    pub(super) fn keeps_back(&self, permissions: &PermissionSet, scope: &Scope, grantee: &Grantee) -> bool {
        self.kept_from(permissions, &self.judged_at(scope).1, grantee, None, None).is_some()
    }

    /// What of this a policy keeps the giver from somewhere in a scope at this moment, and not the grantee.
    pub(super) fn kept_now(
        &self,
        permissions: &PermissionSet,
        scope: &Scope,
        grantee: &Grantee,
    ) -> Option<PermissionSet> {
        let now = Some(&self.circumstances);
        self.kept_from(permissions, &self.judged_at(scope).1, grantee, None, now).map(|(_, kept)| kept)
    }

    /// What a machine may assert decides what it is answered: whoever speaks by it holds all that the statements name which
    /// read it.
    ///
    /// # Errors
    /// Those of [`Giver::covers_named`].
    pub(super) fn covers_assertions<'e>(
        &self,
        mut entries: impl Iterator<Item = &'e SmolStr>,
    ) -> Result<(), Refusal> {
        entries.try_for_each(|entry| {
            let name = entry.split_once('.').map_or(entry.as_str(), |(_, name)| name);
            let mut named = self.account.named_by(|statement| statement.reads(name));
            named.try_for_each(|named| self.covers_named(&named))
        })
    }

    /// Of a service account that comes to hold some permissions: if asking what others may do is among them, its answers depend
    /// on what it may assert.
    ///
    /// # Errors
    /// Those of [`Giver::covers_named`].
    pub(super) fn covers_asking(
        &self,
        permissions: &PermissionSet,
        id: ServiceAccountId,
    ) -> Result<(), Refusal> {
        if !permissions.contains(self.account.catalog().operation(Operation::CheckAccess)) {
            return Ok(());
        }
        let machine = self.account.service_account(id);
        self.covers_assertions(machine.into_iter().flat_map(|machine| &machine.value.may_assert))
    }

    /// The same of all service accounts that are given the permissions.
    ///
    /// # Errors
    /// Those of [`Giver::covers_named`].
    pub(super) fn covers_asking_of(
        &self,
        permissions: &PermissionSet,
        is_given: impl Fn(ServiceAccountId) -> bool,
    ) -> Result<(), Refusal> {
        if !self.account.has_policies() {
            return Ok(());
        }
        let mut machines = self.account.service_accounts_after(None).map(|(id, _)| id);
        machines.try_for_each(|id| if is_given(id) { self.covers_asking(permissions, id) } else { Ok(()) })
    }

    /// Whether a statement that binds the giver binds the grantee wherever it does.
    fn binds_alike(
        &self,
        statement: &Statement,
        binds: &Applies,
        object: Object<'_>,
        grantee: &Grantee,
    ) -> bool {
        let is_user = matches!(self.principal, Principal::Member(_));
        match grantee {
            Grantee::Anyone => statement.is_about_everybody(),
            Grantee::Users(groups) => {
                statement.is_about_all_users_in(groups) && (is_user || !statement.asks_how())
            }
            Grantee::One(other) => {
                come_alike(statement, self.principal, other.principal)
                    && binds.implies(&self.basis.applies(statement, other, object))
            }
        }
    }

    /// The giver as policies see them, and the statements that may bind them.
    pub(super) fn bound(&self) -> &(Subject, Vec<&'a Statement>) {
        self.bound.get_or_init(|| {
            let basis = self.basis;
            let subject = Subject::of(basis, self.principal);
            let is_owner = basis.is_owner(self.principal, self.circumstances.now);
            let statements = basis.statements().filter(|_| !is_owner);
            let binds = |statement: &&Statement| {
                statement.effect == Effect::Forbid
                    && !basis.applies(statement, &subject, Object::Anything).is_never()
            };
            let bound = statements.filter(binds).collect();
            (subject, bound)
        })
    }

    /// What a statement may be about in a scope: what is named by itself, anything of a type as such.
    pub(super) fn objects<'s>(
        &self,
        statement: &'s Statement,
        scope: &'s Scope,
    ) -> impl Iterator<Item = Object<'static>> + use<'a, 's> {
        let basis = self.basis;
        let (whole, named) = scope.targets();
        let types = types_in(basis, scope);
        let anything = whole.filter(move |top| statement.reaches_into(basis, types, top));
        let each = named.iter().flat_map(move |id| {
            let target = Target::Resource(*id);
            let itself = statement.is_about_target(basis, &target);
            let below = statement.reaches_into(basis, types_below(basis, *id), &target);
            let itself = itself.then_some(Object::There(target));
            itself.into_iter().chain(below.then_some(Object::Anything))
        });
        anything.map(|_| Object::Anything).into_iter().chain(each)
    }

    /// The giver may do what makes a difference to a statement: they hold all that it names, and it is none that binds them.
    ///
    /// # Errors
    /// Those of [`Giver::covers`], and [`Refusal::Lifts`].
    pub(super) fn covers_named(&self, named: &Named<'_>) -> Result<(), Refusal> {
        let Named { statement, scope, object } = named;
        if statement.effect == Effect::Forbid {
            self.lifts(statement, *object)?;
        }
        let only = matches!(object, Object::New(..)).then_some(*object);
        self.covers_of(&statement.actions, scope, None, &Grantee::Anyone, only)
    }

    /// The giver is not bound by a forbid that they would take away, now or at any other moment.
    pub(super) fn lifts(&self, statement: &Statement, object: Object<'_>) -> Result<(), Refusal> {
        let (subject, _) = self.bound();
        let bound = !self.basis.is_owner(self.principal, self.circumstances.now)
            && !self.basis.applies(statement, subject, object).is_never();
        let held = || self.basis.held_at(self.principal, &Scope::Account, None, self.circumstances);
        if !bound || held().contains_any(&self.basis.catalog().escalate) {
            return Ok(());
        }
        Err(Refusal::Lifts { policy: self.forbidding(statement.policy) })
    }

    /// What policies permit a grantee beside its grants, other than what they permit the giver alike; not for longer than `until`.
    ///
    /// # Errors
    /// Those of [`Giver::covers`].
    pub(super) fn covers_permits_of(
        &self,
        grantee: &Subject,
        until: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        let to = Grantee::One(grantee.clone());
        let mut beyond = self.permits_beyond(grantee, &to);
        beyond.try_for_each(|(statement, scope)| self.covers(&statement.actions, &scope, until, &to))
    }

    /// The statements that permit somebody what they do not permit the giver alike, and where.
    pub(super) fn permits_beyond(
        &self,
        theirs: &Subject,
        to: &Grantee,
    ) -> impl Iterator<Item = (&'a Statement, Scope)> {
        let permits = self.account.statements().filter(|statement| statement.effect == Effect::Permit);
        permits.filter_map(|statement| {
            let (own, _) = self.bound();
            let applies = self.account.applies(statement, theirs, Object::Anything);
            if applies.is_never() {
                return None;
            }
            let alike = come_alike(statement, self.principal, theirs.principal)
                && applies.implies(&self.basis.applies(statement, own, Object::Anything));
            let scope = self.account.place_of(statement)?;
            // What a policy permits the giver alike is still not theirs where another one keeps them from it.
            let is_beyond = !alike || self.keeps_back(&statement.actions, &scope, to);
            is_beyond.then_some((statement, scope))
        })
    }

    /// What policies permit a principal beside its grants and not whoever else it may be of its kind: to be given to anybody.
    ///
    /// # Errors
    /// Those of [`Giver::covers`].
    pub(super) fn covers_permits_of_bearer(&self, principal: Principal) -> Result<(), Refusal> {
        let bearer = Subject::of(self.account, principal);
        let is_user = matches!(principal, Principal::Member(_));
        let mut permits = self.account.statements().filter(|statement| {
            let is_alike =
                statement.is_about_everybody() || (is_user && statement.is_about_all_users_in(&[]));
            statement.effect == Effect::Permit
                && !is_alike
                && !self.account.applies(statement, &bearer, Object::Anything).is_never()
        });
        permits.try_for_each(|statement| {
            self.account
                .place_of(statement)
                .map_or(Ok(()), |scope| self.covers(&statement.actions, &scope, None, &Grantee::Anyone))
        })
    }

    /// A role at a scope, for as long as the grant lasts and not longer than `until`.
    pub(super) fn covers_role(
        &self,
        grant: &RoleAtScope,
        until: Option<Timestamp>,
        grantee: &Grantee,
    ) -> Result<(), Refusal> {
        let until = earlier(grant.until, until);
        self.covers(&self.account.permissions_of(&grant.role), &grant.scope, until, grantee)
    }

    /// All that a principal was granted, through groups too, each grant for as long as it lasts and not longer than `until`.
    pub(super) fn covers_grants_that_reach(
        &self,
        principal: Principal,
        until: Option<Timestamp>,
        grantee: &Grantee,
    ) -> Result<(), Refusal> {
        let account = self.account;
        let mut grants = account.holders(principal).flat_map(|holder| account.grants_of(holder));
        grants.try_for_each(|(_, grant)| {
            let Grant { role, scope, until: end, .. } = &grant.value;
            if !grant.value.is_live(self.circumstances.now) {
                return Ok(());
            }
            let until = earlier(*end, until);
            self.covers(&account.permissions_of(role), scope, until, grantee)
        })
    }

    /// All that reaches whoever joins a group: what it was granted, not for longer than `until`, and the policies in which being in
    /// it makes a difference.
    pub(super) fn covers_joining(
        &self,
        group: GroupId,
        until: Option<Timestamp>,
        grantee: &Grantee,
    ) -> Result<(), Refusal> {
        self.covers_grants_that_reach(Principal::Group(group), until, grantee)?;
        self.covers_policies_naming(group)
    }

    /// The policies in which being in a group, or in one above it, makes a difference.
    pub(super) fn covers_policies_naming(&self, group: GroupId) -> Result<(), Refusal> {
        self.account.named_by_policies_of(group).try_for_each(|named| self.covers_named(&named))
    }

    /// What every member has without a grant. A machine has no membership and lets nobody in, but may keep those in who are.
    pub(super) fn covers_newcomer(&self, until: Option<Timestamp>, grantee: &Grantee) -> Result<(), Refusal> {
        match self.principal {
            Principal::Member(_) => {
                let newcomer: PermissionSet = *self.account.index.newcomer();
                self.covers(&newcomer, &Scope::Account, until, grantee)
            }
            Principal::Group(_) | Principal::ServiceAccount(_) => Ok(()),
        }
    }

    /// What somebody gets by becoming a member for so long: the newcomer role, and what policies permit whoever is one.
    pub(super) fn covers_letting_in(
        &self,
        until: Option<Timestamp>,
        invited: &Grantee,
    ) -> Result<(), Refusal> {
        self.covers_newcomer(until, invited)?;
        match invited {
            Grantee::One(invited) => self.covers_permits_of(invited, until),
            Grantee::Anyone | Grantee::Users(_) => Ok(()),
        }
    }

    /// A policy as the giver may be told of it.
    pub(super) fn forbidding(&self, policy: PolicyId) -> Forbidding {
        self.basis.forbidding(self.principal, policy, self.circumstances)
    }
}

/// Whether two principals meet a condition under the same circumstances: two of one kind, or where it does not ask.
pub(super) fn come_alike(statement: &Statement, one: Principal, other: Principal) -> bool {
    !statement.asks_how() || std::mem::discriminant(&one) == std::mem::discriminant(&other)
}

impl Account {
    /// All statements of enabled policies.
    pub(super) fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.rules.iter().flat_map(|rules| rules.statements())
    }

    /// What a statement comes to for somebody here.
    pub(super) fn applies(&self, statement: &Statement, subject: &Subject, object: Object<'_>) -> Applies {
        self.applies_when(statement, subject, object, None)
    }

    /// The same under these circumstances, if there are any.
    pub(super) fn applies_when(
        &self,
        statement: &Statement,
        subject: &Subject,
        object: Object<'_>,
        when: Option<&Circumstances<'_>>,
    ) -> Applies {
        match &self.rules {
            Some(rules) => rules.applies(self, statement, subject, object, when),
            None => Applies::Never,
        }
    }

    /// A policy as somebody may be told of it: by its name if they may read policies.
    pub(crate) fn forbidding(
        &self,
        principal: Principal,
        policy: PolicyId,
        circumstances: Circumstances<'_>,
    ) -> Forbidding {
        let reads = self.catalog().operation(Operation::ReadPolicies);
        let may_read = self.may(principal, reads, &Scope::Account, circumstances);
        let found = self.policy(policy).filter(|_| may_read);
        Forbidding(found.map(|found| Box::new(found.value.name.clone())))
    }
}
