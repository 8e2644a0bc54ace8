//! Entities as rows of the store: kind, id and a JSON body, and back.

use std::collections::HashMap;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use serde::Serialize;
use serde::de::DeserializeOwned;
use smol_str::{SmolStr, format_smolstr};

use super::spread::Spread;
use super::{
    Account, EntityKey, Grant, Group, Invitation, Key, Member, Offer, Profile, Project, Resource, Role,
    Scope, ServiceAccount, Versioned,
};
use crate::catalog::Catalog;
use crate::ids::{
    AccountId, GrantId, GroupId, Id, InvitationId, KeyId, OfferId, ProjectId, ResourceId, Revision, RoleId,
    ServiceAccountId, UserId,
};

/// A stored entity.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// See [`EntityKey::kind`].
    pub kind: &'a str,
    /// See [`EntityKey::id`].
    pub id: &'a str,
    /// The account's revision when the entity last changed.
    pub revision: Revision,
    /// JSON.
    pub body: &'a str,
}

/// A row that is not what Bailiwick writes.
#[derive(Debug, thiserror::Error)]
#[error("the row `{kind}` `{id}` cannot be read: {reason}")]
pub struct LoadError {
    /// The row's kind.
    pub kind: String,
    /// The row's id.
    pub id: String,
    /// What is wrong with it.
    pub reason: String,
}

impl EntityKey {
    /// The kind, as stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Profile => "account",
            Self::Member(_) => "member",
            Self::Invitation(_) => "invitation",
            Self::Role(_) => "role",
            Self::Group(_) => "group",
            Self::GroupMember(..) => "group_member",
            Self::Grant(_) => "grant",
            Self::Project(_) => "project",
            Self::Resource(_) => "resource",
            Self::ServiceAccount(_) => "service_account",
            Self::Key(_) => "key",
            Self::Offer(_) => "offer",
        }
    }

    /// The id below the kind.
    pub fn id(&self) -> SmolStr {
        match self {
            Self::Profile => SmolStr::new_static("account"),
            Self::Role(id) => format_smolstr!("{id}"),
            Self::Project(id) => format_smolstr!("{id}"),
            Self::Resource(id) => format_smolstr!("{id}"),
            Self::Group(id) => format_smolstr!("{id}"),
            Self::Member(id) => format_smolstr!("{id}"),
            Self::ServiceAccount(id) => format_smolstr!("{id}"),
            Self::GroupMember(group, user) => format_smolstr!("{group}:{user}"),
            Self::Grant(id) => format_smolstr!("{id}"),
            Self::Invitation(id) => format_smolstr!("{id}"),
            Self::Key(id) => format_smolstr!("{id}"),
            Self::Offer(id) => format_smolstr!("{id}"),
        }
    }
}

impl Account {
    /// The JSON body of an entity as it is now; `None` when it does not exist (any more).
    pub fn row_body(&self, key: EntityKey) -> Option<String> {
        match key {
            EntityKey::Profile => body(Some(&self.profile.value)),
            EntityKey::Member(id) => body(self.members.get(&id).map(|found| &found.value)),
            EntityKey::Invitation(id) => body(self.invitation(id).map(|found| &found.value)),
            EntityKey::Role(id) => body(self.role(id).map(|found| &found.value)),
            EntityKey::Group(id) => body(self.group(id).map(|found| &found.value)),
            EntityKey::GroupMember(group, user) => self.is_in_group(group, user).then(|| "{}".to_owned()),
            EntityKey::Grant(id) => body(self.grant(id).map(|found| &found.value)),
            EntityKey::Project(id) => body(self.project(id).map(|found| &found.value)),
            EntityKey::Resource(id) => body(self.resource(id).map(|found| &found.value)),
            EntityKey::ServiceAccount(id) => body(self.service_account(id).map(|found| &found.value)),
            EntityKey::Key(id) => body(self.key(id).map(|found| &found.value)),
            EntityKey::Offer(id) => body(self.offers.get(&id).map(|found| &found.value)),
        }
    }

    /// All entities, in the order of their keys: what the store must hold.
    pub fn entity_keys(&self) -> Vec<EntityKey> {
        let mut keys = vec![EntityKey::Profile];
        keys.extend(self.roles.keys().map(|id| EntityKey::Role(*id)));
        keys.extend(self.projects.keys().map(|id| EntityKey::Project(*id)));
        keys.extend(self.resources.keys().map(|id| EntityKey::Resource(*id)));
        keys.extend(self.groups.keys().map(|id| EntityKey::Group(*id)));
        keys.extend(self.members.keys().map(|id| EntityKey::Member(*id)));
        keys.extend(self.service_accounts.keys().map(|id| EntityKey::ServiceAccount(*id)));
        keys.extend(self.group_members.iter().map(|(group, user)| EntityKey::GroupMember(*group, *user)));
        keys.extend(self.grants.keys().map(|id| EntityKey::Grant(*id)));
        keys.extend(self.invitations.keys().map(|id| EntityKey::Invitation(*id)));
        keys.extend(self.keys.keys().map(|id| EntityKey::Key(*id)));
        keys.extend(self.offers.keys().map(|id| EntityKey::Offer(*id)));
        keys
    }

    /// The revision at which an entity last changed; `None` when it does not exist. Group memberships carry none.
    pub fn revision_of(&self, key: EntityKey) -> Option<Revision> {
        match key {
            EntityKey::Profile => Some(self.profile.revision),
            EntityKey::Member(id) => self.members.get(&id).map(|found| found.revision),
            EntityKey::Invitation(id) => self.invitation(id).map(|found| found.revision),
            EntityKey::Role(id) => self.role(id).map(|found| found.revision),
            EntityKey::Group(id) => self.group(id).map(|found| found.revision),
            EntityKey::GroupMember(..) => None,
            EntityKey::Grant(id) => self.grant(id).map(|found| found.revision),
            EntityKey::Project(id) => self.project(id).map(|found| found.revision),
            EntityKey::Resource(id) => self.resource(id).map(|found| found.revision),
            EntityKey::ServiceAccount(id) => self.service_account(id).map(|found| found.revision),
            EntityKey::Key(id) => self.key(id).map(|found| found.revision),
            EntityKey::Offer(id) => self.offers.get(&id).map(|found| found.revision),
        }
    }
}

/// Serialising these types cannot fail: no maps with other keys than strings, no fallible `Serialize`.
fn body<T: Serialize>(value: Option<&T>) -> Option<String> {
    value.and_then(|value| serde_json::to_string(value).ok())
}

/// The kind before which the kinds fall into two parts of about the same weight in a large account: grants and groups
/// before it, members, roles and resources from it on. Two loaders can take a part each at the same time.
pub const MIDDLE_KIND: &str = "invitation";

/// Builds an account from its rows, given in any order.
#[derive(Debug)]
pub struct Loader {
    id: AccountId,
    catalog: Arc<Catalog>,
    profile: Option<Versioned<Profile>>,
    // Of these there can be many.
    members: OrdMap<UserId, Versioned<Member>>,
    roles: OrdMap<RoleId, Arc<Versioned<Role>>>,
    group_members: OrdSet<(GroupId, UserId)>,
    grants: OrdMap<GrantId, Versioned<Grant>>,
    waiting_members: Spread<(UserId, Versioned<Member>)>,
    waiting_roles: Spread<(RoleId, Arc<Versioned<Role>>)>,
    waiting_group_members: Spread<(GroupId, UserId)>,
    waiting_grants: Spread<(GrantId, Versioned<Grant>)>,
    alone: HashMap<ResourceId, Arc<[ResourceId]>, foldhash::fast::FixedState>,
    // These are put when all are there, because one may come before another that it belongs to.
    groups: Vec<(GroupId, Versioned<Group>)>,
    invitations: Vec<(InvitationId, Versioned<Invitation>)>,
    projects: Vec<(ProjectId, Versioned<Project>)>,
    resources: Vec<(ResourceId, Versioned<Resource>)>,
    service_accounts: Vec<(ServiceAccountId, Versioned<ServiceAccount>)>,
    keys: Vec<(KeyId, Versioned<Key>)>,
    offers: OrdMap<OfferId, Versioned<Offer>>,
}

impl Loader {
    /// Starts with no row.
    pub fn new(id: AccountId, catalog: Arc<Catalog>) -> Self {
        Self {
            id,
            catalog,
            profile: None,
            members: OrdMap::new(),
            roles: OrdMap::new(),
            group_members: OrdSet::new(),
            grants: OrdMap::new(),
            waiting_members: Spread::new(),
            waiting_roles: Spread::new(),
            waiting_group_members: Spread::new(),
            waiting_grants: Spread::new(),
            alone: HashMap::default(),
            groups: Vec::new(),
            invitations: Vec::new(),
            projects: Vec::new(),
            resources: Vec::new(),
            service_accounts: Vec::new(),
            keys: Vec::new(),
            offers: OrdMap::new(),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`LoadError`] for a kind, id or body that Bailiwick does not write.
    pub fn row(&mut self, row: Row<'_>) -> Result<(), LoadError> {
        match row.kind {
            "account" => self.profile = Some(row.versioned()?),
            "member" => self.waiting_members.push((row.key()?, row.versioned()?), &mut self.members),
            "invitation" => self.invitations.push((row.key()?, row.versioned()?)),
            "role" => self.waiting_roles.push((row.key()?, Arc::new(row.versioned()?)), &mut self.roles),
            "group" => self.groups.push((row.key()?, row.versioned()?)),
            "group_member" => {
                let (group, user) = row.id.split_once(':').ok_or_else(|| row.wrong(&"no `:` in the id"))?;
                let group = group.parse().map_err(|error| row.wrong(&error))?;
                let user = user.parse().map_err(|error| row.wrong(&error))?;
                self.waiting_group_members.push((group, user), &mut self.group_members);
            }
            "grant" => {
                let mut found: Versioned<Grant> = row.versioned()?;
                // Grants of one resource share its list at once, or as many lists as grants would be in memory for a while.
                if let Scope::Resources(ids) = &mut found.value.scope
                    && let [id] = **ids
                {
                    *ids = Arc::clone(self.alone.entry(id).or_insert_with(|| Arc::clone(ids)));
                }
                self.waiting_grants.push((row.key()?, found), &mut self.grants);
            }
            "project" => self.projects.push((row.key()?, row.versioned()?)),
            "resource" => self.resources.push((row.key()?, row.versioned()?)),
            "service_account" => self.service_accounts.push((row.key()?, row.versioned()?)),
            "key" => self.keys.push((row.key()?, row.versioned()?)),
            "offer" => {
                self.offers.insert(row.key()?, row.versioned()?);
            }
            _ => return Err(row.wrong(&"unknown kind")),
        }
        Ok(())
    }

    /// Puts what waits into its maps: the last of the work that a thread can do by itself.
    #[must_use]
    pub fn settled(mut self) -> Self {
        self.waiting_members.flush(&mut self.members);
        self.waiting_roles.flush(&mut self.roles);
        self.waiting_group_members.flush(&mut self.group_members);
        self.waiting_grants.flush(&mut self.grants);
        self.alone.clear();
        self
    }

    /// Adds the rows that another loader took.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let (mut all, other) = (self.settled(), other.settled());
        all.profile = other.profile.or(all.profile);
        all.members = all.members.union(other.members);
        all.roles = all.roles.union(other.roles);
        all.group_members = all.group_members.union(other.group_members);
        all.grants = all.grants.union(other.grants);
        all.groups.extend(other.groups);
        all.invitations.extend(other.invitations);
        all.projects.extend(other.projects);
        all.resources.extend(other.resources);
        all.service_accounts.extend(other.service_accounts);
        all.keys.extend(other.keys);
        all.offers = all.offers.union(other.offers);
        all
    }

    /// The account, at the revision that the store says.
    pub fn finish(self, revision: Revision) -> Account {
        let all = self.settled();
        let mut account = Account::empty(all.id, all.catalog);
        if let Some(profile) = all.profile {
            account.profile = profile;
        }
        account.members = all.members;
        account.roles = all.roles;
        account.group_members = all.group_members;
        account.grants = all.grants;
        account.offers = all.offers;
        account.index.reserve(all.resources.len() + all.projects.len(), account.roles.len());
        account.load_roles();
        for (id, Versioned { revision, value }) in all.projects {
            account.put_project(id, value, revision);
        }
        put_resources(&mut account, all.resources);
        for (id, Versioned { revision, value }) in all.groups {
            account.put_group(id, value, revision);
        }
        for (id, Versioned { revision, value }) in all.service_accounts {
            account.put_service_account(id, value, revision);
        }
        for (id, Versioned { revision, value }) in all.keys {
            account.put_key(id, value, revision);
        }
        for (id, Versioned { revision, value }) in all.invitations {
            account.put_invitation(id, value, revision);
        }
        account.load();
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

impl Row<'_> {
    fn versioned<T: DeserializeOwned>(&self) -> Result<Versioned<T>, LoadError> {
        Ok(Versioned { revision: self.revision, value: self.parse()? })
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, LoadError> {
        serde_json::from_str(self.body).map_err(|error| self.wrong(&error))
    }

    fn key<I: Id>(&self) -> Result<I, LoadError> {
        self.id.parse().map_err(|error| self.wrong(&error))
    }

    fn wrong(&self, reason: &dyn std::fmt::Display) -> LoadError {
        LoadError { kind: self.kind.to_owned(), id: self.id.to_owned(), reason: reason.to_string() }
    }
}
