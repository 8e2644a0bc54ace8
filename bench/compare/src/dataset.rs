//! The data: small accounts, and a large one with projects, clusters, databases, collections, groups, roles and grants.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use bailiwick_core::access::{Circumstances, Question};
use bailiwick_core::account::{
    Account, ActorRef, Event, Grant, Group, Principal, Project, Resource, Role, RoleRef, Scope, open,
};
use bailiwick_core::catalog::{Catalog, Level};
use bailiwick_core::ids::{AccountId, GrantId, GroupId, Id, ProjectId, ResourceId, RoleId, UserId};
use bailiwick_core::values::{Description, Name, RoleName};
use jiff::Timestamp;
use uuid::Uuid;

/// What questions ask for: to see and to change each of the types of the large account.
pub const PERMISSIONS: [(&str, &str); 6] = [
    ("read:clusters", "cluster"),
    ("write:clusters", "cluster"),
    ("read:databases", "database"),
    ("write:databases", "database"),
    ("read:collections", "collection"),
    ("write:collections", "collection"),
];

const ROLES: usize = 100;
const GRANTS_OF_A_GROUP: usize = 5;
const CLUSTERS_OF_A_PROJECT: usize = 10;
const DATABASES_OF_A_CLUSTER: usize = 9;
const COLLECTIONS_OF_A_DATABASE: usize = 10;

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Members of the large account.
    pub members: usize,
    /// Accounts beside it.
    pub accounts: usize,
}

/// A resource of the large account.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its id.
    pub id: ResourceId,
    /// Its type.
    pub kind: &'static str,
    /// The resource that holds it.
    pub parent: Option<ResourceId>,
    /// The project that holds it.
    pub project: ProjectId,
}

/// A grant of the large account, as other engines take it.
#[derive(Debug, Clone)]
pub struct Held {
    /// Who.
    pub principal: Principal,
    /// Permissions of [`PERMISSIONS`].
    pub permissions: Vec<&'static str>,
    /// Id of the project or resource.
    pub at: String,
}

/// A question in texts.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Id of a member.
    pub user: String,
    /// A permission.
    pub action: &'static str,
    /// A resource type.
    pub kind: &'static str,
    /// Id of a resource.
    pub resource: String,
}

/// Everything, in memory.
pub struct Dataset {
    /// The large account.
    pub account: Account,
    /// The others, which are there so that the large one does not have the memory to itself.
    pub small: Vec<Account>,
    /// Members of the large account.
    pub members: Vec<UserId>,
    /// Who is in which group.
    pub joined: Vec<(UserId, GroupId)>,
    /// Resources, parents before children.
    pub resources: Vec<Node>,
    /// Grants.
    pub grants: Vec<Held>,
    random: Random,
}

/// Numbers that follow from a seed (SplitMix64).
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 32).unwrap_or(0) % limit.max(1)
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.next(), self.next())
    }

    fn id<I: Id>(&mut self) -> I {
        I::from_uuid(self.uuid())
    }
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

impl Dataset {
    /// Makes the data.
    pub fn generate(seed: u64, size: Size) -> Result<Self, Box<dyn Error>> {
        let text = Catalog::bundled("bailiwick").ok_or("no default catalog")?;
        let catalog = Catalog::parse("bailiwick.toml", text).map_err(|errors| format!("{errors:?}"))?;
        let catalog = Arc::new(catalog);
        let mut random = Random(seed);
        let small = (0..size.accounts).map(|_| small(&catalog, &mut random)).collect::<Result<_, _>>()?;
        let owner = random.id();
        let name = Name::parse("Large")?;
        let opened = open(&catalog, random.id(), name, owner, now(), &mut || random.uuid());
        let mut large = Large { account: opened.account, events: Vec::new(), owner, random };
        let resources = large.resources(size.members)?;
        let roles = large.roles()?;
        let (members, joined, groups) = large.people(size.members)?;
        let grants = large.grants(size.members / 10, &groups, &members, &roles, &resources)?;
        let Large { mut account, events, random, .. } = large;
        account.apply(&events);
        Ok(Self { account, small, members, joined, resources, grants, random })
    }

    /// Questions about random members: every second one about something below what they or a group of theirs was granted.
    pub fn questions(&self, count: usize) -> Vec<Asked> {
        let mut random = self.random.clone();
        let of_group: HashMap<GroupId, UserId> =
            self.joined.iter().map(|(user, group)| (*group, *user)).collect();
        let mut below: HashMap<String, &Node> = HashMap::new();
        for node in &self.resources {
            below.insert(node.project.to_string(), node);
            below.extend(node.parent.map(|parent| (parent.to_string(), node)));
        }
        let asked = |number: usize| {
            let (user, of) = if number.is_multiple_of(2) {
                let grant = random.of(&self.grants)?;
                let user = match grant.principal {
                    Principal::Member(user) => user,
                    Principal::Group(group) => *of_group.get(&group)?,
                    Principal::ServiceAccount(_) => return None,
                };
                (user, *below.get(&grant.at)?)
            } else {
                (*random.of(&self.members)?, random.of(&self.resources)?)
            };
            let fitting: Vec<_> = PERMISSIONS.iter().filter(|(_, kind)| *kind == of.kind).collect();
            let (action, kind) = **random.of(&fitting)?;
            Some(Asked { user: user.to_string(), action, kind, resource: of.id.to_string() })
        };
        (0..count).filter_map(asked).collect()
    }

    /// Bailiwick's answer.
    #[inline]
    pub fn bailiwick(&self, asked: &Asked) -> bool {
        let question = Question {
            subject_type: "user",
            subject_id: &asked.user,
            action: asked.action,
            resource_type: asked.kind,
            resource_id: &asked.resource,
        };
        self.account.evaluate(&question, Circumstances::question(now()))
    }
}

/// An account of a few people.
fn small(catalog: &Arc<Catalog>, random: &mut Random) -> Result<Account, Box<dyn Error>> {
    let (id, owner): (AccountId, UserId) = (random.id(), random.id());
    let mut account = open(catalog, id, Name::parse("Small")?, owner, now(), &mut || random.uuid()).account;
    let mut events = Vec::new();
    for _ in 0..2 + random.below(9) {
        let user = random.id();
        events.push(Event::MemberJoined { user, at: now(), invitation: None, until: None });
        events.push(granted(
            random.id(),
            owner,
            Principal::Member(user),
            built_in("developer"),
            Scope::Account,
        ));
    }
    account.apply(&events);
    Ok(account)
}

fn built_in(name: &str) -> RoleRef {
    RoleRef::BuiltIn(name.into())
}

fn granted(id: GrantId, owner: UserId, principal: Principal, role: RoleRef, scope: Scope) -> Event {
    let made_by = ActorRef::User(owner);
    Event::GrantMade {
        id,
        grant: Grant { principal, role, scope, until: None, made_by, made_at: now(), told: false },
    }
}

/// A custom role with what it holds.
struct Made {
    id: RoleId,
    level: Level,
    permissions: Vec<&'static str>,
}

/// The large account in the making.
struct Large {
    account: Account,
    events: Vec<Event>,
    owner: UserId,
    random: Random,
}

impl Large {
    /// As many resources as members: of a hundred, one cluster, nine databases and ninety collections.
    fn resources(&mut self, count: usize) -> Result<Vec<Node>, Box<dyn Error>> {
        let mut nodes = Vec::with_capacity(count);
        for number in 0..count.div_ceil(100 * CLUSTERS_OF_A_PROJECT) {
            let project: ProjectId = self.random.id();
            let name = Name::parse(&format!("project {number}"))?;
            let entity =
                Project { name, description: Description::default(), external_id: None, default: false };
            self.events.push(Event::ProjectCreated { id: project, project: entity });
            for _ in 0..CLUSTERS_OF_A_PROJECT {
                let cluster = self.resource(&mut nodes, "cluster", project, None)?;
                for _ in 0..DATABASES_OF_A_CLUSTER {
                    let database = self.resource(&mut nodes, "database", project, Some(cluster))?;
                    for _ in 0..COLLECTIONS_OF_A_DATABASE {
                        self.resource(&mut nodes, "collection", project, Some(database))?;
                    }
                }
            }
        }
        Ok(nodes)
    }

    fn resource(
        &mut self,
        nodes: &mut Vec<Node>,
        kind: &'static str,
        project: ProjectId,
        parent: Option<ResourceId>,
    ) -> Result<ResourceId, Box<dyn Error>> {
        let id = self.random.id();
        let name = Name::parse(&format!("{kind} {}", nodes.len()))?;
        let resource = Resource {
            resource_type: kind.into(),
            name,
            project,
            parent,
            external_id: None,
            url: None,
            attributes: None,
        };
        self.events.push(Event::ResourceRegistered { id, resource });
        nodes.push(Node { id, kind, parent, project });
        Ok(id)
    }

    fn roles(&mut self) -> Result<Vec<Made>, Box<dyn Error>> {
        let mut roles = Vec::with_capacity(ROLES);
        for number in 0..ROLES {
            let level = if number.is_multiple_of(5) { Level::Project } else { Level::Resource };
            let wanted = self.random.next();
            // Writing implies reading, as the catalog says.
            let permissions: Vec<&str> = PERMISSIONS
                .iter()
                .enumerate()
                .filter(|(position, _)| {
                    let bit = |position: usize| wanted >> position & 1 == 1;
                    bit(*position) || (position.is_multiple_of(2) && bit(position + 1))
                })
                .map(|(_, (name, _))| *name)
                .collect();
            let permissions = if permissions.is_empty() { vec!["read:collections"] } else { permissions };
            let role = Role {
                name: RoleName::parse(&format!("role {number}"))?,
                description: Description::default(),
                level,
                permissions: permissions.iter().map(|name| (*name).into()).collect(),
                external_id: None,
            };
            let id = self.random.id();
            self.events.push(Event::RoleCreated { id, role });
            roles.push(Made { id, level, permissions });
        }
        Ok(roles)
    }

    /// Members, each in one to three groups of some hundred.
    #[expect(clippy::type_complexity, reason = "three lists of one making")]
    fn people(
        &mut self,
        count: usize,
    ) -> Result<(Vec<UserId>, Vec<(UserId, GroupId)>, Vec<GroupId>), Box<dyn Error>> {
        let mut groups: Vec<GroupId> = Vec::new();
        for number in 0..count.div_ceil(100) {
            let id = self.random.id();
            let name = Name::parse(&format!("group {number}"))?;
            let group = Group { name, description: Description::default(), external_id: None };
            self.events.push(Event::GroupCreated { id, group });
            groups.push(id);
        }
        let (mut members, mut joined) = (Vec::with_capacity(count), Vec::with_capacity(2 * count));
        for _ in 0..count {
            let user = self.random.id();
            self.events.push(Event::MemberJoined { user, at: now(), invitation: None, until: None });
            members.push(user);
            let mut own: Vec<GroupId> = Vec::new();
            for _ in 0..=self.random.below(3) {
                own.extend(self.random.of(&groups));
            }
            own.sort_unstable();
            own.dedup();
            for group in own {
                self.events.push(Event::GroupMemberAdded { group, member: Principal::Member(user) });
                joined.push((user, group));
            }
        }
        Ok((members, joined, groups))
    }

    /// Half of the grants to groups, half to members; a fifth in whole projects, most at clusters, some at databases.
    fn grants(
        &mut self,
        count: usize,
        groups: &[GroupId],
        members: &[UserId],
        roles: &[Made],
        nodes: &[Node],
    ) -> Result<Vec<Held>, Box<dyn Error>> {
        let places: Vec<&Node> = nodes.iter().filter(|node| node.kind != "collection").collect();
        let clusters: Vec<&Node> = nodes.iter().filter(|node| node.kind == "cluster").collect();
        let mut held = Vec::with_capacity(count);
        for number in 0..count {
            let principal = if number < count / 2 {
                let group = groups.get(number / GRANTS_OF_A_GROUP % groups.len()).ok_or("no group")?;
                Principal::Group(*group)
            } else {
                Principal::Member(*self.random.of(members).ok_or("no member")?)
            };
            let role = self.random.of(roles).ok_or("no role")?;
            let among = if self.random.below(4) == 0 { &places } else { &clusters };
            let node = self.random.of(among).ok_or("no resource")?;
            let (scope, at) = match role.level {
                Level::Project => (Scope::Project(node.project), node.project.to_string()),
                Level::Account | Level::Resource => (Scope::resources([node.id]), node.id.to_string()),
            };
            let id = self.random.id();
            self.events.push(granted(id, self.owner, principal, RoleRef::Custom(role.id), scope));
            held.push(Held { principal, permissions: role.permissions.clone(), at });
        }
        Ok(held)
    }
}
