//! What the sections of a document do not name goes away, in an order that works: policies and people first, what they hold next, and
//! what was granted or held at last.
//!
//! The caller's own access is never taken away by leaving it out: who locks themselves out by a file cannot apply the next.

use std::collections::BTreeSet;

use bailiwick_client::wire::PlanAction;
use bailiwick_core::account::{Command, InvitationStatus, Principal, RoleRef};
use bailiwick_core::ids::{
    GrantId, GroupId, InvitationId, PolicyId, ProjectId, RoleId, ServiceAccountId, UserId,
};

use super::plan::{Step, Words};
use super::planner::{Kind, Planner};

impl Planner<'_> {
    pub(super) fn prune(&mut self) {
        let document = self.document;
        if document.policies.is_some() {
            self.prune_policies();
        }
        if document.members.is_some() {
            self.prune_members();
        }
        self.prune_group_members();
        if document.grants.is_some() {
            self.prune_grants();
        }
        if document.invitations.is_some() {
            self.prune_invitations();
        }
        if document.groups.is_some() {
            self.prune_groups();
        }
        if document.service_accounts.is_some() {
            self.prune_service_accounts();
        }
        if document.roles.is_some() {
            self.prune_roles();
        }
        if document.projects.is_some() {
            self.prune_projects();
        }
    }

    fn delete(&mut self, kind: &str, name: Words, command: &Command) {
        let (action, kind) = (PlanAction::Delete, kind.to_owned());
        self.step(Step { action, kind, name, changes: Vec::new(), field: None }, command);
    }

    fn keep(&mut self, name: Words, why: &str) {
        self.note(None, name.and(format!(" is kept: {why}")));
    }

    fn prune_policies(&mut self) {
        let policies = self.account().policies_after(None);
        let unnamed: Vec<(PolicyId, String)> = policies
            .filter(|(id, _)| !self.named.policies.contains(id))
            .map(|(id, found)| (id, found.value.name.to_string()))
            .collect();
        for (policy, name) in unnamed {
            self.delete("policy", name.into(), &Command::DeletePolicy { policy });
        }
    }

    fn prune_members(&mut self) {
        let unnamed = self.account().members_after(None).map(|(user, _)| user);
        let named = |user: &UserId| self.named.members.contains(user) || self.named.invited.contains(user);
        let unnamed: Vec<UserId> = unnamed.filter(|user| !named(user)).collect();
        for user in unnamed {
            if self.oneself() == Principal::Member(user) {
                self.keep(user.into(), "you cannot take yourself out by leaving yourself out");
            } else {
                self.delete("member", user.into(), &Command::RemoveMember { user });
            }
        }
    }

    fn prune_group_members(&mut self) {
        let listed: Vec<(GroupId, BTreeSet<Principal>)> =
            self.named.group_members.iter().map(|(group, members)| (*group, members.clone())).collect();
        for (group, members) in listed {
            let own = self.own();
            let is = self.account().group_principals_after(group, None);
            let unnamed: Vec<Principal> = is.filter(|member| !members.contains(member)).collect();
            for member in unnamed {
                let name = self.principal_words(member).and(" in ").and(self.group_words(group));
                if own.contains(&member) {
                    self.keep(name, "it is your own access");
                } else {
                    self.delete("group_member", name, &Command::RemoveFromGroup { group, member });
                }
            }
        }
    }

    /// The caller and the groups that the caller is in.
    fn own(&self) -> BTreeSet<Principal> {
        let mut own = BTreeSet::from([self.oneself()]);
        let mut next = vec![self.oneself()];
        while let Some(holder) = next.pop() {
            for group in self.account().groups_of(holder).into_iter().map(Principal::Group) {
                if own.insert(group) {
                    next.push(group);
                }
            }
        }
        own
    }

    fn prune_grants(&mut self) {
        let own = self.own();
        let unnamed: Vec<(GrantId, bool, Words)> = self
            .account()
            .grants_after(None)
            .filter(|(id, grant)| !self.named.grants.contains(id) && grant.value.is_live(self.now))
            .map(|(id, grant)| {
                let words = self.grant_words(&bailiwick_core::account::RoleAtScope {
                    role: grant.value.role.clone(),
                    scope: grant.value.scope.clone(),
                    until: None,
                });
                let name = self.principal_words(grant.value.principal).and(" has ").and(words);
                (id, own.contains(&grant.value.principal), name)
            })
            .collect();
        for (grant, is_own, name) in unnamed {
            if is_own {
                self.keep(name, "it is your own access");
            } else if self.account().grant(grant).is_some() {
                self.delete("grant", name, &Command::RevokeGrant { grant });
            }
        }
    }

    fn prune_invitations(&mut self) {
        let waiting: Vec<(UserId, InvitationId)> = self
            .account()
            .pending_after(None)
            .filter(|(user, id)| {
                let found = self.account().invitation(*id);
                let is_live =
                    found.is_some_and(|found| found.value.status_at(self.now) == InvitationStatus::Pending);
                is_live && !self.named.invited.contains(user)
            })
            .collect();
        for (user, invitation) in waiting {
            self.delete("invitation", user.into(), &Command::RevokeInvitation { invitation });
        }
    }

    fn prune_groups(&mut self) {
        let own = self.own();
        let groups = self.account().groups_after(None).map(|(id, _)| id);
        let unnamed: Vec<GroupId> = groups.filter(|id| !self.named.groups.contains(id)).collect();
        for group in unnamed {
            let name = Words::from(self.group_words(group));
            if own.contains(&Principal::Group(group)) {
                self.keep(name, "you are in this group");
            } else {
                self.delete(Kind::Group.name(), name, &Command::DeleteGroup { group });
            }
        }
    }

    fn prune_service_accounts(&mut self) {
        let machines = self.account().service_accounts_after(None);
        let unnamed: Vec<(ServiceAccountId, String)> = machines
            .filter(|(id, _)| !self.named.service_accounts.contains(id))
            .map(|(id, found)| (id, found.value.name.to_string()))
            .collect();
        for (service_account, name) in unnamed {
            if self.oneself() == Principal::ServiceAccount(service_account) {
                self.keep(name.into(), "it is yourself");
            } else {
                let command = Command::DeleteServiceAccount { service_account };
                self.delete(Kind::ServiceAccount.name(), name.into(), &command);
            }
        }
    }

    fn prune_roles(&mut self) {
        let roles = self.account().roles_after(None);
        let unnamed: Vec<(RoleId, String)> = roles
            .filter(|(id, _)| !self.named.roles.contains(id))
            .map(|(id, found)| (id, found.value.name.to_string()))
            .collect();
        for (role, name) in unnamed {
            if self.account().uses_of(&RoleRef::Custom(role)) > 0 {
                self.keep(name.into(), "grants still name this role");
            } else {
                self.delete(Kind::Role.name(), name.into(), &Command::DeleteRole { role, reassign_to: None });
            }
        }
    }

    fn prune_projects(&mut self) {
        let projects = self.account().projects_after(None);
        let unnamed: Vec<(ProjectId, String)> = projects
            .filter(|(id, found)| !found.value.default && !self.named.projects.contains(id))
            // An export does not name what the caller does not see.
            .filter(|(id, _)| self.account().sees_project(self.actor, *id, self.circumstances))
            .map(|(id, found)| (id, found.value.name.to_string()))
            .collect();
        for (project, name) in unnamed {
            if self.account().resource_count_in(project) > 0 {
                self.keep(name.into(), "it holds resources, which the control plane deletes first");
            } else {
                self.delete(Kind::Project.name(), name.into(), &Command::DeleteProject { project });
            }
        }
    }
}
