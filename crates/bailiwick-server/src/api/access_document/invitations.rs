//! Invitations: what somebody has, before and after they accept.

use std::collections::BTreeSet;

use bailiwick_client::wire::{self, PlanAction};
use bailiwick_core::account::{
    Attributes, Command, Invitation, InvitationStatus, Invitee, MemberStatus, Patch, Principal, Refusal,
    RoleAtScope,
};
use bailiwick_core::catalog::InvitationField;
use bailiwick_core::ids::{GroupId, UserId};
use bailiwick_core::values::{Email, Name};
use jiff::Timestamp;

use super::people::step_of;
use super::planner::Planner;
use super::said::{Of, edit, words};
use super::things::change;
use crate::service::new_id;

/// What an entry promises; nothing is said of what is `None`.
struct Promised {
    grants: Vec<(RoleAtScope, String)>,
    groups: Option<Vec<(GroupId, String)>>,
    member_until: Option<Timestamp>,
    attributes: Option<Attributes>,
}

impl Planner<'_> {
    pub(super) fn invitations(&mut self) {
        let document = self.document;
        let mut seen = BTreeSet::new();
        for (place, entry) in document.invitations.iter().flatten().enumerate() {
            let at = format!("/invitations/{place}");
            let email = match Email::parse(&entry.email) {
                Ok(email) => email,
                Err(problem) => {
                    self.invalid(&format!("{at}/email"), &problem);
                    continue;
                }
            };
            // Everybody who is invited was looked up or made.
            let Some(user) = self.people.user(&email) else { continue };
            if !seen.insert(user) {
                self.problem(&format!("{at}/email"), "duplicate", format!("`{email}` stands above already"));
                continue;
            }
            self.named.invited.insert(user);
            if let Some(Err(problem)) = entry.name.as_ref().map(|name| Name::parse(name)) {
                self.invalid(&format!("{at}/name"), &problem);
                continue;
            }
            let Some(promised) = self.promised(&at, entry) else { continue };
            match self.account().member_status(user) {
                Some(MemberStatus::Active | MemberStatus::Inactive) => self.have(&at, user, promised),
                None | Some(MemberStatus::Pending) => self.invite(&at, user, entry.name.is_some(), promised),
            }
        }
    }

    /// Sees to it that a member has what an invitation promises.
    fn have(&mut self, at: &str, user: UserId, promised: Promised) {
        let member = Principal::Member(user);
        for (grant, at) in promised.grants {
            self.ensure(&at, member, &grant);
        }
        for (group, at) in promised.groups.into_iter().flatten() {
            self.named.group_members.entry(group).and_modify(|members| {
                members.insert(member);
            });
            if !self.account().is_in_group(group, member) {
                let name = self.principal_words(member).and(" in ").and(self.group_words(group));
                let step = step_of(PlanAction::Create, "group_member", name, Vec::new(), &at);
                self.step(step, &Command::AddToGroup { group, member });
            }
        }
        if promised.member_until.is_some() {
            self.ends(&format!("{at}/member_until"), user, promised.member_until);
        }
        let before = self.account().member_attributes(user).cloned().unwrap_or_default();
        let mut after = before.clone();
        for (name, value) in promised.attributes.iter().flat_map(Attributes::iter) {
            after.set(name.clone(), value.clone());
        }
        let (attributes, changes) = edit(&before, &after);
        if !attributes.is_empty() {
            let step =
                step_of(PlanAction::Change, "member", user.into(), changes, &format!("{at}/attributes"));
            self.step(step, &Command::EditMember { user, external_id: Patch::Keep, attributes });
        }
    }

    /// What an invitation promises; nothing where something in it is wrong.
    fn promised(&mut self, at: &str, entry: &wire::DocumentInvitation) -> Option<Promised> {
        let newcomer = self.account().newcomer_role();
        let mut grants = Vec::with_capacity(entry.grants.len());
        let mut is_right = true;
        for (place, wire::GrantSpec { role, scope, until }) in entry.grants.iter().enumerate() {
            let at = format!("{at}/grants/{place}");
            let (role, scope) =
                (self.role(&format!("{at}/role"), role), self.scope(&format!("{at}/scope"), scope));
            let Some((role, scope)) = role.zip(scope) else {
                is_right = false;
                continue;
            };
            if Some(&role) != newcomer.as_ref() && !self.has_ended(&at, *until) {
                grants.push((RoleAtScope { role, scope, until: *until }, at));
            }
        }
        let mut groups = entry.groups.as_ref().map(|_| Vec::new());
        for (place, text) in entry.groups.iter().flatten().enumerate() {
            let at = format!("{at}/groups/{place}");
            match self.group(&at, text) {
                Some(group) => groups.get_or_insert_default().push((group, at)),
                None => is_right = false,
            }
        }
        let attributes = match &entry.attributes {
            Some(said) => {
                let said = self.said(&format!("{at}/attributes"), Of::Member, said);
                is_right &= said.is_some();
                said
            }
            None => None,
        };
        let at = format!("{at}/member_until");
        let member_until = entry.member_until.filter(|until| !self.has_ended(&at, Some(*until)));
        is_right.then_some(Promised { grants, groups, member_until, attributes })
    }

    fn invite(&mut self, at: &str, user: UserId, is_named: bool, promised: Promised) {
        let waiting = self.account().waiting_invitation(user);
        let waiting = waiting.and_then(|id| Some((id, self.account().invitation(id)?.value.clone())));
        let live = waiting.filter(|(_, found)| found.status_at(self.now) == InvitationStatus::Pending);
        let found = live.as_ref().map(|(_, found)| found);
        let grants: Vec<RoleAtScope> = promised.grants.into_iter().map(|(grant, _)| grant).collect();
        // What is absent stays as it was promised, as far as that is still there.
        let groups: Vec<GroupId> = match promised.groups {
            Some(groups) => groups.into_iter().map(|(group, _)| group).collect(),
            None => found.map(|found| self.groups_of(found)).unwrap_or_default(),
        };
        let member_until = promised.member_until.or_else(|| found.and_then(|found| found.member_until));
        let attributes =
            promised.attributes.or_else(|| found.and_then(|found| found.attributes.as_deref().cloned()));
        let attributes = attributes.unwrap_or_default();
        let mut action = PlanAction::Create;
        if let Some((invitation, found)) = &live {
            // What has ended or gone away since it was promised is withheld at acceptance in any case.
            let counts = |grant: &&RoleAtScope| {
                let is_past = grant.until.is_some_and(|end| end <= self.now);
                !is_past && self.account().scope_exists(&grant.scope).is_ok()
            };
            let same_grants = found.grants.iter().filter(counts).collect::<BTreeSet<_>>()
                == grants.iter().collect::<BTreeSet<_>>();
            let same_groups = self.groups_of(found).into_iter().collect::<BTreeSet<_>>()
                == groups.iter().copied().collect::<BTreeSet<_>>();
            let said = found.attributes.as_deref().cloned().unwrap_or_default();
            if same_grants && same_groups && found.member_until == member_until && said == attributes {
                return;
            }
            // What was promised cannot be edited: the old link must not give more than the new one says.
            action = PlanAction::Change;
            if let Err(refusal) = self.draft.step(&Command::RevokeInvitation { invitation: *invitation }) {
                return self.refused(at, refusal);
            }
        }
        // Names are the directory's, so the account itself cannot ask for one.
        let asked = &self.account().catalog().rules.invitation_asks_for;
        if !is_named && asked.contains(&InvitationField::Name) {
            return self.refused(at, Refusal::InvitationAsks { field: InvitationField::Name.name() });
        }
        let mut changes: Vec<_> =
            grants.iter().map(|grant| change("grant", None, Some(&self.grant_words(grant)))).collect();
        changes.extend(groups.iter().map(|group| change("group", None, Some(&self.group_words(*group)))));
        changes.extend(member_until.map(|end| change("member_until", None, Some(&end.to_string()))));
        changes.extend(attributes.iter().map(|(name, value)| change(name, None, Some(&words(value)))));
        let people = vec![Invitee { user, invitation: new_id() }];
        let step = step_of(action, "invitation", user.into(), changes, at);
        self.step(step, &Command::Invite { people, grants, groups, member_until, attributes });
    }

    /// The groups that an invitation promises and that are still there.
    fn groups_of(&self, invitation: &Invitation) -> Vec<GroupId> {
        invitation.groups.iter().copied().filter(|group| self.account().group(*group).is_some()).collect()
    }

    /// What people read for a group.
    pub(super) fn group_words(&self, group: GroupId) -> String {
        self.account().group(group).map_or_else(|| group.to_string(), |found| found.value.name.to_string())
    }
}
