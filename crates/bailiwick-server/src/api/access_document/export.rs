//! From an account to a document: by names, in an order that does not change with ids.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bailiwick_client::wire;
use bailiwick_core::account::{
    Account, Attributes, Called, InvitationStatus, MemberStatus, Principal, RoleAtScope, RoleRef, Scope,
};
use bailiwick_core::catalog::InvitationField;
use bailiwick_core::ids::{GroupId, ProjectId, ResourceId, ServiceAccountId, UserId};
use bailiwick_core::values::ExternalId;
use jiff::Timestamp;

use crate::api::references::References;
use crate::api::{attributes, views};
use crate::service::{Error, People};

/// Refuses an account that no document can hold: what was cut off would be taken away when it is applied.
pub fn fits(account: &Account, now: Timestamp) -> Result<(), Error> {
    let most = wire::ACCESS_DOCUMENT_ENTRIES_MAX;
    let members = account.groups_after(None).flat_map(|(id, _)| account.group_principals_after(id, None));
    let entries = account.projects_after(None).count()
        + account.roles_after(None).count()
        + account.member_count()
        + account.groups_after(None).count()
        + members.take(most + 1).count()
        + account.service_accounts_after(None).count()
        + account.grants_after(None).filter(|(_, grant)| grant.value.is_live(now)).take(most + 1).count()
        + account.pending_after(None).take(most + 1).count()
        + account
            .resources_after(None)
            .filter(|(_, found)| found.value.attributes.is_some())
            .take(most + 1)
            .count()
        + account.policy_count();
    if entries > most {
        return Err(Error::TooLarge { what: "what an access document would hold", limit: most });
    }
    let bytes: usize = account.policies_after(None).map(|(_, found)| found.value.text.len()).sum();
    if bytes > POLICY_BYTES_MAX {
        return Err(Error::TooLarge {
            what: "the policies of an access document, in bytes,",
            limit: POLICY_BYTES_MAX,
        });
    }
    Ok(())
}

/// How many bytes the texts of all policies may have, so that a document can be applied again.
const POLICY_BYTES_MAX: usize = 512 * 1024;

/// All access of an account. Of projects and resources that the caller does not see, it says their ids alone, and only
/// where something is granted on them.
pub fn document(
    account: &Account,
    people: &People,
    references: &References<'_>,
    now: Timestamp,
) -> wire::AccessDocument {
    let exporting = Exporting { account, people, references, seen: RefCell::default() };
    let settings = &account.profile().value.settings;
    wire::AccessDocument {
        version: wire::ACCESS_DOCUMENT_VERSION,
        settings: Some(wire::DocumentSettings {
            invitation_lifetime_seconds: settings.invitation_lifetime_seconds.into(),
            // Off is where every account is that has not switched them on.
            groups_on: settings.groups_on.filter(|on| *on),
            ending_notice_seconds: settings.ending_notice_seconds.into(),
        }),
        projects: Some(exporting.projects()),
        roles: Some(exporting.roles()),
        members: Some(exporting.members(now)),
        resources: Some(exporting.resources()),
        groups: Some(exporting.groups()),
        service_accounts: Some(exporting.service_accounts()),
        grants: Some(exporting.grants(now)),
        invitations: Some(exporting.invitations(now)),
        policies: Some(exporting.policies()),
    }
}

struct Exporting<'a> {
    account: &'a Account,
    people: &'a People,
    references: &'a References<'a>,
    /// Which resources the caller sees, as far as it was asked: policies take a while, and grants name the same ones.
    seen: RefCell<BTreeMap<ResourceId, bool>>,
}

impl Exporting<'_> {
    fn projects(&self) -> Vec<wire::DocumentProject> {
        let projects = self.account.projects_after(None).filter(|(id, _)| self.references.sees_project(*id));
        let projects = projects.map(|(_, found)| wire::DocumentProject {
            name: found.value.name.to_string(),
            description: described(found.value.description.as_str()),
            external_id: text(found.value.external_id.as_ref()),
        });
        sorted(projects, |item| item.name.to_lowercase())
    }

    fn roles(&self) -> Vec<wire::DocumentRole> {
        let roles = self.account.roles_after(None).map(|(_, found)| wire::DocumentRole {
            name: found.value.name.to_string(),
            description: described(found.value.description.as_str()),
            external_id: text(found.value.external_id.as_ref()),
            level: views::level(found.value.level),
            permissions: found.value.permissions.iter().map(ToString::to_string).collect(),
        });
        sorted(roles, |item| item.name.to_lowercase())
    }

    fn members(&self, now: Timestamp) -> Vec<wire::DocumentMember> {
        let members = self.account.members_after(None).map(|(user, found)| wire::DocumentMember {
            member: self.person(user),
            external_id: text(found.value.external_id.as_ref()),
            status: Some(match found.value.status {
                MemberStatus::Inactive => wire::MemberStatusChange::Inactive,
                MemberStatus::Active | MemberStatus::Pending => wire::MemberStatusChange::Active,
            }),
            until: match self.account.member_until(user).filter(|end| *end > now) {
                Some(until) => wire::Patch::Set(until),
                None => wire::Patch::Keep,
            },
            attributes: said(self.account.member_attributes(user)),
        });
        sorted(members, |item| item.member.clone())
    }

    fn resources(&self) -> Vec<wire::DocumentResource> {
        let described = self.account.resources_after(None).filter_map(|(id, found)| {
            let attributes = said(found.value.attributes.as_deref())?;
            self.sees(id).then(|| wire::DocumentResource { resource: self.resource(id), attributes })
        });
        sorted(described, |item| item.resource.clone())
    }

    fn policies(&self) -> Vec<wire::DocumentPolicy> {
        let policies = self.account.policies_after(None).map(|(_, found)| wire::DocumentPolicy {
            name: found.value.name.to_string(),
            description: described(found.value.description.as_str()),
            enabled: Some(found.value.enabled),
            text: found.value.text.to_string(),
        });
        sorted(policies, |item| item.name.to_lowercase())
    }

    fn groups(&self) -> Vec<wire::DocumentGroup> {
        let groups = self.account.groups_after(None).map(|(id, found)| {
            let members = self.account.group_principals_after(id, None).map(|member| match member {
                Principal::Member(user) => self.person(user),
                Principal::Group(inner) => format!("group:{}", self.group(inner)),
                Principal::ServiceAccount(machine) => machine.to_string(),
            });
            wire::DocumentGroup {
                name: found.value.name.to_string(),
                description: described(found.value.description.as_str()),
                external_id: text(found.value.external_id.as_ref()),
                members: Some(sorted(members, Clone::clone)),
            }
        });
        sorted(groups, |item| item.name.to_lowercase())
    }

    fn service_accounts(&self) -> Vec<wire::DocumentServiceAccount> {
        let machines =
            self.account.service_accounts_after(None).map(|(_, found)| wire::DocumentServiceAccount {
                name: found.value.name.to_string(),
                description: described(found.value.description.as_str()),
                external_id: text(found.value.external_id.as_ref()),
                may_assert: Some(found.value.may_assert.iter().map(ToString::to_string).collect())
                    .filter(|entries: &Vec<String>| !entries.is_empty()),
            });
        sorted(machines, |item| item.name.to_lowercase())
    }

    /// What has ended is no access.
    fn grants(&self, now: Timestamp) -> Vec<wire::DocumentGrant> {
        let live = self.account.grants_after(None).filter(|(_, grant)| grant.value.is_live(now));
        let grants = live.map(|(_, found)| {
            let mut grant = wire::DocumentGrant {
                role: self.role(&found.value.role),
                scope: self.scope(&found.value.scope),
                until: found.value.until,
                ..wire::DocumentGrant::default()
            };
            match found.value.principal {
                Principal::Member(user) => grant.member = Some(self.person(user)),
                Principal::Group(id) => grant.group = Some(self.group(id)),
                Principal::ServiceAccount(id) => grant.service_account = Some(self.service_account(id)),
            }
            grant
        });
        sorted(grants, |item| {
            let kind = (item.member.is_none(), item.group.is_none());
            let who = item.member.as_ref().or(item.group.as_ref()).or(item.service_account.as_ref());
            (kind, who.map(|who| who.to_lowercase()), item.role.clone(), item.scope.clone())
        })
    }

    fn invitations(&self, now: Timestamp) -> Vec<wire::DocumentInvitation> {
        let waiting = self.account.pending_after(None).filter_map(|(user, id)| {
            let found = self.account.invitation(id)?;
            let is_live = found.value.status_at(now) == InvitationStatus::Pending;
            let grants = found.value.grants.iter().filter(|grant| self.still_counts(grant, now));
            let grants = grants.map(|grant| wire::GrantSpec {
                role: self.role(&grant.role),
                scope: self.scope(&grant.scope),
                until: grant.until,
            });
            let grants = sorted(grants, |item| (item.role.clone(), item.scope.clone()));
            // An invitation goes to an email: without one it can only wait until it expires.
            let email = self.people.email(user)?.to_owned();
            let asks_for_name =
                self.account.catalog().rules.invitation_asks_for.contains(&InvitationField::Name);
            let name = self.people.get(user).map(|person| person.name.clone());
            let groups = found.value.groups.iter().filter(|group| self.account.group(**group).is_some());
            let groups = sorted(groups.map(|group| self.group(*group)), Clone::clone);
            is_live.then_some(wire::DocumentInvitation {
                email,
                name: name.filter(|name| asks_for_name && !name.is_empty()),
                grants,
                groups: Some(groups).filter(|groups| !groups.is_empty()),
                member_until: found.value.member_until.filter(|end| *end > now),
                attributes: said(found.value.attributes.as_deref()),
            })
        });
        sorted(waiting, |item| item.email.clone())
    }

    fn still_counts(&self, grant: &RoleAtScope, now: Timestamp) -> bool {
        grant.until.is_none_or(|end| end > now) && self.account.scope_exists(&grant.scope).is_ok()
    }

    /// Where a grant counts, by names: what `Planner::scope` reads.
    fn scope(&self, scope: &Scope) -> wire::Scope {
        match scope {
            Scope::Account => wire::Scope::Account,
            Scope::Project(id) => wire::Scope::Project(self.project(*id)),
            Scope::AllOf(all) => wire::Scope::AllOf(wire::AllOf {
                resource_type: all.resource_type.to_string(),
                project: all.project.map(|id| self.project(id)),
                future: None,
            }),
            Scope::Resources(ids) => {
                wire::Scope::Resources(sorted(ids.iter().map(|id| self.resource(*id)), Clone::clone))
            }
        }
    }

    fn project(&self, id: ProjectId) -> String {
        match self.account.project(id).filter(|_| self.references.sees_project(id)) {
            // A name that is the external id of another project would be ambiguous.
            Some(found) if self.account.project_called(found.value.name.as_str()) == Called::One(id) => {
                found.value.name.to_string()
            }
            _ => id.to_string(),
        }
    }

    fn resource(&self, id: ResourceId) -> String {
        let external_id = self.account.resource(id).and_then(|found| found.value.external_id.as_ref());
        external_id.filter(|_| self.sees(id)).map_or_else(|| id.to_string(), ToString::to_string)
    }

    fn sees(&self, id: ResourceId) -> bool {
        *self.seen.borrow_mut().entry(id).or_insert_with(|| self.references.sees_resource(id))
    }

    fn person(&self, user: UserId) -> String {
        self.people.email(user).map_or_else(|| user.to_string(), str::to_owned)
    }

    fn role(&self, role: &RoleRef) -> String {
        match role {
            RoleRef::BuiltIn(name) => name.to_string(),
            RoleRef::Custom(id) => {
                self.account.role(*id).map_or_else(|| id.to_string(), |found| found.value.name.to_string())
            }
        }
    }

    fn group(&self, id: GroupId) -> String {
        match self.account.group(id) {
            Some(found) if self.account.group_called(found.value.name.as_str()) == Called::One(id) => {
                found.value.name.to_string()
            }
            _ => id.to_string(),
        }
    }

    fn service_account(&self, id: ServiceAccountId) -> String {
        match self.account.service_account(id) {
            Some(found)
                if self.account.service_account_called(found.value.name.as_str()) == Called::One(id) =>
            {
                found.value.name.to_string()
            }
            _ => id.to_string(),
        }
    }
}

fn said(all: Option<&Attributes>) -> Option<wire::Attributes> {
    all.filter(|all| !all.is_empty()).map(|all| attributes::shown(Some(all)))
}

fn described(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn text(external_id: Option<&ExternalId>) -> Option<String> {
    external_id.map(ToString::to_string)
}

fn sorted<T, K: Ord>(items: impl Iterator<Item = T>, key: impl FnMut(&T) -> K) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort_by_cached_key(key);
    items
}
