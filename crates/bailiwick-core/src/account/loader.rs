//! An account out of its rows: parsed in batches, by as many threads as there are, and put together by one.

use std::collections::HashMap;
use std::sync::Arc;

use super::spread::put_spread;
use super::{
    Account, Attributes, FormerBearer, Grant, Group, Invitation, Key, LoadError, Member, MemberEnd, Offer,
    Policy, Principal, Profile, Project, Resource, Role, Row, Scope, ServiceAccount, Versioned,
};
use crate::catalog::Catalog;
use crate::ids::{
    AccountId, FormerBearerId, GrantId, GroupId, InvitationId, KeyId, OfferId, PolicyId, ProjectId,
    ResourceId, Revision, RoleId, ServiceAccountId, UserId,
};

/// The kind before which the kinds fall into two parts of about the same weight in a large account: grants and groups
/// before it, members, roles and resources from it on.
pub const MIDDLE_KIND: &str = "invitation";

/// How many rows go from a parser to the loader at once.
const BATCH_ROWS: usize = 1_024;

/// Some entities of an account, in the order of their rows.
#[derive(Debug, Default)]
pub struct Entities {
    rows: usize,
    profile: Option<Versioned<Profile>>,
    members: Vec<(UserId, Versioned<Member>)>,
    member_ends: Vec<(UserId, MemberEnd)>,
    roles: Vec<(RoleId, Arc<Versioned<Role>>)>,
    group_members: Vec<(GroupId, UserId)>,
    nested: Vec<(GroupId, GroupId)>,
    grants: Vec<(GrantId, Versioned<Grant>)>,
    groups: Vec<(GroupId, Versioned<Group>)>,
    invitations: Vec<(InvitationId, Versioned<Invitation>)>,
    projects: Vec<(ProjectId, Versioned<Project>)>,
    resources: Vec<(ResourceId, Versioned<Resource>)>,
    service_accounts: Vec<(ServiceAccountId, Versioned<ServiceAccount>)>,
    keys: Vec<(KeyId, Versioned<Key>)>,
    offers: Vec<(OfferId, Versioned<Offer>)>,
    policies: Vec<(PolicyId, Versioned<Policy>)>,
    member_attributes: Vec<(UserId, Versioned<Attributes>)>,
    former_bearers: Vec<(FormerBearerId, Versioned<FormerBearer>)>,
}

/// Parses rows of one account, all of them or a part.
#[derive(Debug, Default)]
pub struct RowParser {
    parsed: Entities,
    alone: HashMap<ResourceId, Arc<[ResourceId]>, foldhash::fast::FixedState>,
}

impl RowParser {
    /// Starts with no row.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row, and hands over what was parsed when it is enough.
    ///
    /// # Errors
    /// [`LoadError`] for a kind, id or body that Bailiwick does not write.
    pub fn row(&mut self, row: Row<'_>) -> Result<Option<Entities>, LoadError> {
        let parsed = &mut self.parsed;
        match row.kind {
            "account" => parsed.profile = Some(row.versioned()?),
            "member" => parsed.members.push((row.key()?, row.versioned()?)),
            "member_end" => parsed.member_ends.push((row.key()?, row.parse()?)),
            "invitation" => parsed.invitations.push((row.key()?, row.versioned()?)),
            "role" => parsed.roles.push((row.key()?, Arc::new(row.versioned()?))),
            "group" => parsed.groups.push((row.key()?, row.versioned()?)),
            "group_member" => {
                let (group, member) = row.id.split_once(':').ok_or_else(|| row.wrong(&"no `:` in the id"))?;
                let group = group.parse().map_err(|error| row.wrong(&error))?;
                match member.parse().map_err(|error| row.wrong(&error))? {
                    Principal::Member(user) => parsed.group_members.push((group, user)),
                    Principal::Group(inner) => parsed.nested.push((group, inner)),
                    Principal::ServiceAccount(_) => return Err(row.wrong(&"a service account in a group")),
                }
            }
            "grant" => {
                let mut found: Versioned<Grant> = row.versioned()?;
                // Grants of one resource share its list at once, or as many lists as grants would be in memory for a while.
                if let Scope::Resources(ids) = &mut found.value.scope
                    && let [id] = **ids
                {
                    *ids = Arc::clone(self.alone.entry(id).or_insert_with(|| Arc::clone(ids)));
                }
                parsed.grants.push((row.key()?, found));
            }
            "project" => parsed.projects.push((row.key()?, row.versioned()?)),
            "resource" => parsed.resources.push((row.key()?, row.versioned()?)),
            "service_account" => parsed.service_accounts.push((row.key()?, row.versioned()?)),
            "key" => parsed.keys.push((row.key()?, row.versioned()?)),
            "policy" => parsed.policies.push((row.key()?, row.versioned()?)),
            "member_attributes" => parsed.member_attributes.push((row.key()?, row.versioned()?)),
            "former_bearer" => parsed.former_bearers.push((row.key()?, row.versioned()?)),
            "offer" => parsed.offers.push((row.key()?, row.versioned()?)),
            _ => return Err(row.wrong(&"unknown kind")),
        }
        parsed.rows += 1;
        Ok((parsed.rows == BATCH_ROWS).then(|| std::mem::take(parsed)))
    }

    /// What was parsed and not handed over yet.
    pub fn rest(self) -> Entities {
        self.parsed
    }
}

/// Builds an account from its entities, given in any order.
#[derive(Debug)]
pub struct Loader {
    account: Account,
    /// These are put when all are there, because a child may come before its parent.
    resources: Vec<(ResourceId, Versioned<Resource>)>,
}

impl Loader {
    /// Starts with no entity.
    pub fn new(id: AccountId, catalog: Arc<Catalog>) -> Self {
        Self { account: Account::empty(id, catalog), resources: Vec::new() }
    }

    /// Adds entities.
    pub fn put(&mut self, entities: Entities) {
        let account = &mut self.account;
        if let Some(profile) = entities.profile {
            account.profile = profile;
        }
        // Of these there can be many: what the index says of them is worked out when all are there.
        put_spread(entities.members, &mut account.members);
        put_spread(entities.roles, &mut account.roles);
        put_spread(entities.group_members, &mut account.group_members);
        account.nested.extend(entities.nested);
        put_spread(entities.grants, &mut account.grants);
        account.member_ends.extend(entities.member_ends);
        for (id, Versioned { revision, value }) in entities.offers {
            account.put_offer(id, value, revision);
        }
        self.resources.extend(entities.resources);
        for (id, attributes) in entities.member_attributes {
            account.put_member_attributes(id, &attributes.value);
        }
        for (id, Versioned { revision, value }) in entities.former_bearers {
            account.put_former_bearer(id, value, revision);
        }
        for (id, Versioned { revision, value }) in entities.policies {
            account.put_policy(id, value, revision);
        }
        for (id, Versioned { revision, value }) in entities.groups {
            account.put_group(id, value, revision);
        }
        for (id, Versioned { revision, value }) in entities.invitations {
            account.put_invitation(id, value, revision);
        }
        for (id, Versioned { revision, value }) in entities.projects {
            account.put_project(id, value, revision);
        }
        for (id, Versioned { revision, value }) in entities.service_accounts {
            account.put_service_account(id, value, revision);
        }
        for (id, Versioned { revision, value }) in entities.keys {
            account.put_key(id, value, revision);
        }
    }

    /// The account, at the revision that the store says.
    pub fn finish(self, revision: Revision) -> Account {
        let Self { mut account, resources } = self;
        account.index.reserve(resources.len() + account.projects.len(), account.roles.len());
        account.load_roles();
        put_resources(&mut account, resources);
        account.load();
        account.rewrite_rules();
        account.revision = revision;
        account
    }
}

/// Parents before children, level by level; what is left has no parent among the rows and is put as it is.
fn put_resources(account: &mut Account, mut resources: Vec<(ResourceId, Versioned<Resource>)>) {
    while !resources.is_empty() {
        let before = resources.len();
        let ready = |resource: &Resource| {
            resource.parent.is_none_or(|parent| account.resources.contains_key(&parent))
        };
        let (now, later): (Vec<_>, Vec<_>) =
            resources.into_iter().partition(|(_, found)| ready(&found.value));
        let stuck = later.len() == before;
        let (now, later) = if stuck { (later, Vec::new()) } else { (now, later) };
        for (id, Versioned { revision, value }) in now {
            account.put_resource(id, value, revision);
        }
        resources = later;
    }
}
