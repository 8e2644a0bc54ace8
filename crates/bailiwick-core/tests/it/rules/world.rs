//! Random command sequences by random actors: a few numbers choose who asks for what.

use std::sync::Arc;

use bailiwick_core::account::{
    Account, Actor, AllOf, AttributeChanges, AttributeValue, Attributes, Command, Decided, Event,
    InvitationStatus, Invitee, KeyHolder, Patch, Policy, Principal, Refusal, ResourceSpec, RoleAtScope,
    RoleRef, RoleSpec, Scope, SecretHash, Settings,
};
use bailiwick_core::catalog::{Level, Operation};
use bailiwick_core::ids::{
    GrantId, GroupId, Id, InvitationId, KeyId, OfferId, PolicyId, ProjectId, ResourceId, RoleId,
    ServiceAccountId, UserId,
};
use bailiwick_core::values::{Description, ExternalId, Name};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::given::{Given, at, at_account, catalog, name, role_name};

/// Numbers that choose one step; they count modulo what there is to choose from.
#[derive(Debug, Clone)]
pub struct Step {
    pub actor: u8,
    pub kind: u8,
    pub a: u16,
    pub b: u16,
    pub c: u16,
    pub d: u8,
}

pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (any::<u8>(), any::<u8>(), any::<u16>(), any::<u16>(), any::<u16>(), any::<u8>());
    let step = step.prop_map(|(actor, kind, a, b, c, d)| Step { actor, kind, a, b, c, d });
    proptest::collection::vec(step, 1..most)
}

/// The same, a third of them about policies and attributes and asked for by owners.
pub fn with_more_policies(steps: &[Step]) -> Vec<Step> {
    let often = |(number, step): (usize, &Step)| match number % 3 {
        0 => Step { kind: 56 + step.kind % 8, actor: step.actor / 8 * 8, ..step.clone() },
        _ => step.clone(),
    };
    steps.iter().enumerate().map(often).collect()
}

pub struct World {
    pub given: Given,
    /// Another account of the same catalog: none of its ids means anything in the first.
    pub other: Given,
    /// Members of all sorts and strangers.
    pub users: Vec<UserId>,
    /// Keys that were made, deleted ones included.
    pub keys: Vec<(KeyHolder, KeyId)>,
    /// Whether policies are written and attributes set.
    pub policies: bool,
}

fn pick<T: Copy>(from: &[T], number: u16) -> Option<T> {
    from.get(usize::from(number) % from.len().max(1)).copied()
}

impl World {
    pub fn new(catalog_name: &str) -> Self {
        let catalog = catalog(catalog_name);
        let mut other = Given::with(&catalog, 2);
        fill(&mut other);
        let mut given = Given::with(&catalog, 1);
        let (mut users, keys) = fill(&mut given);
        users.push(other.owner);
        Self { given, other, users, keys, policies: false }
    }

    /// A world in which policies are written and attributes set too.
    pub fn with_policies(catalog_name: &str) -> Self {
        Self { policies: true, ..Self::new(catalog_name) }
    }

    pub fn actor(&self, step: &Step) -> Actor {
        match step.actor % 8 {
            0 | 1 => {
                let owner = &self.given.account.catalog().roles[0].name;
                let mut grants = self.given.account.grants_after(None);
                let owner = grants.find_map(|(_, grant)| match grant.value.principal {
                    Principal::Member(user)
                        if grant.value.role == RoleRef::BuiltIn(owner.as_str().into()) =>
                    {
                        Some(user)
                    }
                    _ => None,
                });
                Actor::User(owner.unwrap_or(self.given.owner))
            }
            2 if !self.keys.is_empty() => {
                let (id, key) = pick(&self.keys, step.c).unwrap();
                match id {
                    KeyHolder::ServiceAccount(id) => Actor::ServiceAccount { id, key },
                    KeyHolder::Member(user) => Actor::PersonalKey { user, key },
                }
            }
            _ => Actor::User(pick(&self.users, u16::from(step.actor / 8)).unwrap()),
        }
    }

    /// An id of the account or, now and then, one of the other account.
    fn id<I: Id>(&self, number: u16, ids: impl Fn(&Account) -> Vec<I>) -> Option<I> {
        let from = if number % 29 == 28 { &self.other.account } else { &self.given.account };
        pick(&ids(from), number / 29)
    }

    fn role(&self, number: u16) -> RoleRef {
        let built_in = &self.given.account.catalog().roles;
        let custom =
            self.id::<RoleId>(number / 2, |account| account.roles_after(None).map(|(id, _)| id).collect());
        match custom {
            Some(id) if number.is_multiple_of(2) => RoleRef::Custom(id),
            _ => RoleRef::BuiltIn(built_in[usize::from(number / 2) % built_in.len()].name.as_str().into()),
        }
    }

    fn project(&self, number: u16) -> Option<ProjectId> {
        self.id(number, |account| account.projects_after(None).map(|(id, _)| id).collect())
    }

    fn resource(&self, number: u16) -> Option<ResourceId> {
        self.id(number, |account| account.resources_after(None).map(|(id, _)| id).collect())
    }

    fn group(&self, number: u16) -> Option<GroupId> {
        self.id(number, |account| account.groups_after(None).map(|(id, _)| id).collect())
    }

    fn service_account(&self, number: u16) -> Option<ServiceAccountId> {
        self.id(number, |account| account.service_accounts_after(None).map(|(id, _)| id).collect())
    }

    fn grant_id(&self, number: u16) -> Option<GrantId> {
        self.id(number, |account| account.grants_after(None).map(|(id, _)| id).collect())
    }

    fn invitation(&self, number: u16) -> Option<InvitationId> {
        // Most of them in those that wait, since answered ones pile up.
        let waiting = !number.is_multiple_of(8);
        self.id(number / 8, |account| {
            let all = account.invitations_after(None);
            let fitting =
                all.filter(|(_, found)| !waiting || found.value.status == InvitationStatus::Pending);
            fitting.map(|(id, _)| id).collect()
        })
    }

    fn offer(&self, number: u16) -> Option<OfferId> {
        self.id(number, |account| account.offers().map(|(id, _)| id).collect())
    }

    fn scope(&self, level: Level, number: u16) -> Option<Scope> {
        // Now and then a scope that does not fit.
        let level = if number % 17 == 16 { Level::Account } else { level };
        Some(match level {
            Level::Account => Scope::Account,
            Level::Project => Scope::Project(self.project(number / 17)?),
            Level::Resource if number.is_multiple_of(3) => {
                let types = &self.given.account.catalog().resource_types;
                let resource_type = types[usize::from(number / 3) % types.len()].name.as_str().into();
                let project = self.project(number / 7).filter(|_| number.is_multiple_of(2));
                Scope::AllOf(Arc::new(AllOf { resource_type, project }))
            }
            Level::Resource => {
                let ids = (0..=(number % 2)).filter_map(|n| self.resource(number / 5 + n));
                Scope::Resources(ids.collect())
            }
        })
    }

    fn until(&self, number: u8) -> Option<Timestamp> {
        match number % 8 {
            0..4 => None,
            4 => Some(self.given.later(3_600)),
            5 => Some(self.given.later(86_400)),
            6 => Some(self.given.later(864_000)),
            _ => Some(self.given.later(-1)),
        }
    }

    fn role_at_scope(&self, role: u16, scope: u16, until: u8) -> Option<RoleAtScope> {
        let role = self.role(role);
        let level = self.given.account.role_level(&role).unwrap_or(Level::Account);
        Some(RoleAtScope { scope: self.scope(level, scope)?, role, until: self.until(until) })
    }

    fn roles_at_scopes(&self, step: &Step) -> Option<Vec<RoleAtScope>> {
        let many = (0..u16::from(step.d % 3))
            .map(|n| self.role_at_scope(step.b.wrapping_add(n), step.c ^ n, step.d / 3));
        many.collect()
    }

    fn principal(&self, number: u16) -> Option<Principal> {
        match number % 4 {
            0 | 1 => pick(&self.users, number / 4).map(Principal::Member),
            2 => self.group(number / 4).map(Principal::Group),
            _ => self.service_account(number / 4).map(Principal::ServiceAccount),
        }
    }

    fn permissions(&self, step: &Step) -> Vec<smol_str::SmolStr> {
        let all = &self.given.account.catalog().permissions;
        let count = 1 + usize::from(step.d % 4);
        let chosen =
            (0..count).map(|n| usize::from(step.b).wrapping_mul(n + 1).wrapping_add(usize::from(step.c)));
        chosen.map(|n| all[n % all.len()].name.as_str().into()).collect()
    }

    fn named(number: u16) -> Name {
        name(&format!("Name {}", number % 6))
    }

    fn external(number: u16) -> Option<ExternalId> {
        (number.is_multiple_of(3)).then(|| Self::external_id(number))
    }

    /// One of a few; now and then one that reads like an email address.
    fn external_id(number: u16) -> ExternalId {
        let end = if number % 7 == 6 { "@" } else { "" };
        ExternalId::parse(&format!("ext-{}{end}", number % 5)).unwrap()
    }

    fn patch(number: u16) -> Patch<ExternalId> {
        match number % 3 {
            0 => Patch::Keep,
            1 => Patch::Clear,
            _ => Patch::Set(Self::external_id(number)),
        }
    }

    /// The command that a step asks for; none where there is nothing to choose from.
    pub fn command(&mut self, step: &Step) -> Option<Command> {
        let Step { a, b, c, d, .. } = *step;
        let description = Description::default;
        let user = pick(&self.users, a)?;
        Some(match step.kind % 64 {
            0 => Command::RenameAccount { name: Self::named(a) },
            1 => {
                let seconds = [None, Some(3_600), Some(86_400), Some(1)][usize::from(a % 4)];
                Command::ChangeSettings {
                    settings: Settings { invitation_lifetime_seconds: seconds, ..Settings::default() },
                }
            }
            2 if a.is_multiple_of(32) => Command::DeleteAccount,
            3 if c.is_multiple_of(2) => Command::SetMemberEnd { user, until: self.until(d) },
            3 => Command::EditMember { user, external_id: Self::patch(b), attributes: [].into() },
            4 | 2 => Command::SetMemberRoles {
                user,
                roles: (0..u16::from(d % 3)).map(|n| self.role(b.wrapping_add(n))).collect(),
            },
            5 => Command::ActivateMember { user },
            6 => Command::DeactivateMember { user },
            7 => Command::RemoveMember { user },
            8 => Command::Leave,
            9 | 41 => {
                let invitation = self.given.id();
                Command::Invite {
                    people: vec![Invitee { user, invitation }],
                    grants: self.roles_at_scopes(step)?,
                    groups: self.group(c).filter(|_| d.is_multiple_of(3)).into_iter().collect(),
                    member_until: self.until(d / 16),
                    attributes: if self.policies { Self::attributes(d) } else { Attributes::default() },
                }
            }
            10 => Command::ResendInvitation { invitation: self.invitation(a)? },
            11 => Command::CopyInvitationLink { invitation: self.invitation(a)? },
            12 => Command::RevokeInvitation { invitation: self.invitation(a)? },
            13 | 42 => Command::AcceptInvitation { invitation: self.invitation(a)? },
            14 => Command::DeclineInvitation { invitation: self.invitation(a)? },
            15 => Command::CreateRole {
                role: RoleSpec {
                    name: role_name(&format!("Role {}", a % 8)),
                    description: description(),
                    level: [Level::Account, Level::Project, Level::Resource][usize::from(d % 3)],
                    permissions: self.permissions(step),
                    external_id: Self::external(b),
                },
            },
            16 | 43 => Command::EditRole {
                role: self.id(a, |account| account.roles_after(None).map(|(id, _)| id).collect())?,
                name: d.is_multiple_of(2).then(|| role_name(&format!("Role {}", b % 8))),
                description: None,
                permissions: (d % 8 != 0).then(|| self.permissions(step)),
                external_id: Self::patch(c),
            },
            17 => Command::DeleteRole {
                role: self.id(a, |account| account.roles_after(None).map(|(id, _)| id).collect())?,
                reassign_to: (!d.is_multiple_of(3)).then(|| self.role(b)),
            },
            18 => Command::CreateGroup {
                name: Self::named(a),
                description: description(),
                external_id: Self::external(b),
            },
            19 => Command::EditGroup {
                group: self.group(a)?,
                name: Some(Self::named(b)),
                description: None,
                external_id: Self::patch(c),
            },
            20 => Command::DeleteGroup { group: self.group(a)? },
            21 | 44 => Command::AddToGroup { group: self.group(b)?, member: Principal::Member(user) },
            51 | 52 => {
                let inner = Principal::Group(self.group(a)?);
                Command::AddToGroup { group: self.group(b)?, member: inner }
            }
            53 => {
                let inner = Principal::Group(self.group(a)?);
                Command::RemoveFromGroup { group: self.group(b)?, member: inner }
            }
            22 => Command::RemoveFromGroup { group: self.group(b)?, member: Principal::Member(user) },
            23 | 45 | 46 => {
                Command::Grant { principal: self.principal(a)?, grant: self.role_at_scope(b, c, d)? }
            }
            24 => Command::RevokeGrant { grant: self.grant_id(a)? },
            25 => Command::CreateProject {
                name: Self::named(a),
                description: description(),
                external_id: Self::external(b),
            },
            26 => Command::EditProject {
                project: self.project(a)?,
                name: Some(Self::named(b)),
                description: None,
                external_id: Self::patch(c),
            },
            27 | 50 => Command::DeleteProject { project: self.project(a)? },
            28 => {
                let types = &self.given.account.catalog().resource_types;
                let of = &types[usize::from(a) % types.len()];
                let parent = self.resource(b).filter(|_| of.parent.is_some());
                let spec = ResourceSpec {
                    resource_type: of.name.as_str().into(),
                    name: Self::named(c),
                    project: self.project(c).filter(|_| parent.is_none()),
                    parent,
                    external_id: Self::external(b),
                    url: None,
                    attributes: Attributes::default(),
                };
                Command::RegisterResources { resources: vec![spec] }
            }
            29 => Command::EditResource {
                resource: self.resource(a)?,
                name: Some(Self::named(b)),
                external_id: Self::patch(c),
                url: Patch::Keep,
                attributes: [].into(),
            },
            30 => Command::DeleteResource { resource: self.resource(a)? },
            31 => Command::CreateServiceAccount {
                name: Self::named(a),
                description: description(),
                external_id: Self::external(b),
                grants: self.roles_at_scopes(step)?,
            },
            32 => Command::EditServiceAccount {
                service_account: self.service_account(a)?,
                name: Some(Self::named(b)),
                description: None,
                external_id: Self::patch(c),
                may_assert: None,
            },
            33 => Command::DeleteServiceAccount { service_account: self.service_account(a)? },
            34 => {
                let (service_account, key) = (self.service_account(a)?, self.given.id());
                let holder = KeyHolder::ServiceAccount(service_account);
                self.keys.push((holder, key));
                let expires_at = self.until(d);
                let secret_hash = SecretHash([d; 32]);
                Command::CreateKey { key, holder, name: Self::named(b), secret_hash, expires_at }
            }
            55 if d % 3 == 0 => Command::LeaveProject { project: self.project(a)? },
            55 if d % 3 == 1 => Command::RemoveFromProject { project: self.project(b)?, user },
            55 => {
                let (holder, key) = (KeyHolder::Member(user), self.given.id());
                self.keys.push((holder, key));
                let (expires_at, secret_hash) = (self.until(d), SecretHash([d; 32]));
                Command::CreateKey { key, holder, name: Self::named(b), secret_hash, expires_at }
            }
            35 => Command::DeleteKey { key: pick(&self.keys, a)?.1 },
            36 | 47 | 48 | 49 => Command::OfferOwnership { to: user, keep: d.is_multiple_of(2) },
            37 | 54 => Command::WithdrawOwnership { offer: self.offer(a)? },
            38 => Command::AcceptOwnership { offer: self.offer(a)? },
            39 => Command::DeclineOwnership { offer: self.offer(a)? },
            56..=58 if self.policies => Command::CreatePolicy { policy: self.policy(step)? },
            59 if self.policies => {
                let Policy { name, text, .. } = self.policy(step)?;
                Command::EditPolicy {
                    policy: self.policy_id(a)?,
                    name: c.is_multiple_of(4).then_some(name),
                    description: None,
                    text: c.is_multiple_of(2).then_some(text),
                    enabled: [None, Some(true), Some(false)][usize::from(d % 3)],
                }
            }
            60 if self.policies => Command::DeletePolicy { policy: self.policy_id(a)? },
            61 | 62 if self.policies => Command::EditMember {
                user,
                external_id: Patch::Keep,
                attributes: Self::changes("department", b),
            },
            63 if self.policies => Command::EditResource {
                resource: self.resource(a)?,
                name: None,
                external_id: Patch::Keep,
                url: Patch::Keep,
                attributes: Self::changes("environment", b),
            },
            _ => return None,
        })
    }

    fn policy_id(&self, number: u16) -> Option<PolicyId> {
        self.id(number, |account| account.policies_after(None).map(|(id, _)| id).collect())
    }

    fn changes(name: &str, number: u16) -> AttributeChanges {
        let value = ["development", "production"].get(usize::from(number % 3));
        let value = value.map(|text| AttributeValue::String((*text).into()));
        [(name.into(), value)].into()
    }

    fn attributes(number: u8) -> Attributes {
        let value = || AttributeValue::String("production".into());
        number.is_multiple_of(5).then(|| ("department".into(), value())).into_iter().collect()
    }

    fn policy(&self, step: &Step) -> Option<Policy> {
        let Step { a, b, c, d, .. } = *step;
        let all = &self.given.account.catalog().permissions;
        let permission = &all[usize::from(b) % all.len()].name;
        let user = pick(&self.users, c)?;
        let text = match d % 16 {
            0 => "forbid(principal, action in Action::\"delete\", resource);".to_owned(),
            1 => format!("permit(principal in Group::\"{}\", action == Action::\"{permission}\", resource);", self.group(c)?),
            2 => format!("forbid(principal is User, action == Action::\"{permission}\", resource) unless {{ principal has department && principal.department == \"production\" }};"),
            3 => "permit(principal, action == Action::\"write:clusters\", resource) when { resource has environment && resource.environment == \"development\" };".to_owned(),
            4 => format!("permit(principal == User::\"{user}\", action in [Action::\"read:clusters\", Action::\"write:clusters\"], resource in Project::\"{}\");", self.project(a)?),
            5 => format!("forbid(principal is ServiceAccount, action == Action::\"{permission}\", resource);"),
            6 => format!("permit(principal is ServiceAccount, action == Action::\"{permission}\", resource);"),
            7 => format!("forbid(principal, action == Action::\"{permission}\", resource) when {{ principal in Group::\"{}\" }};", self.group(c)?),
            8 => format!("permit(principal is User, action == Action::\"{permission}\", resource) when {{ principal has department && principal.department == \"production\" }};"),
            // By the circumstances alone.
            9 => format!("permit(principal, action == Action::\"{permission}\", resource) when {{ context.caller == \"person\" }};"),
            10 => format!("permit(principal is User, action in [Action::\"read:clusters\", Action::\"{permission}\"], resource) when {{ context.request has ticket && context.request.ticket == \"T-1\" }};"),
            11 => format!("forbid(principal, action == Action::\"{permission}\", resource) unless {{ context.caller == \"question\" || context.request has ticket }};"),
            12 => "forbid(principal is User, action in [Action::\"write\", Action::\"delete\"], resource is Cluster) when { context.weekday > 5 };".to_owned(),
            13 => "forbid(principal, action, resource is Cluster) when { resource has environment && resource.environment == \"production\" } unless { principal has department && principal.department == \"production\" };".to_owned(),
            14 => format!("permit(principal is User, action == Action::\"{permission}\", resource) unless {{ principal has department }};"),
            _ => format!("forbid(principal, action == Action::\"write:clusters\", resource is Cluster in Project::\"{}\") when {{ resource has environment && resource.environment == \"production\" }};", self.project(a)?),
        };
        let enabled = !a.is_multiple_of(5);
        Some(Policy { name: Self::named(c), description: Description::default(), text: text.into(), enabled })
    }

    /// Takes a step: time passes or somebody asks for something. What was asked, by whom, and what came of it.
    pub fn take(&mut self, step: &Step) -> Option<(Actor, Command, Result<Decided, Refusal>)> {
        let Some(command) = self.command(step) else {
            self.given.pass([60, 3_600, 43_200, 200_000][usize::from(step.d % 4)]);
            return None;
        };
        // Answers are mostly given by whom they are for, or nothing would ever be answered.
        let account = &self.given.account;
        let actor = match &command {
            Command::AcceptInvitation { invitation } | Command::DeclineInvitation { invitation }
                if !step.d.is_multiple_of(8) =>
            {
                account.invitation(*invitation).map(|found| Actor::User(found.value.user))
            }
            Command::AcceptOwnership { offer } | Command::DeclineOwnership { offer }
                if !step.d.is_multiple_of(8) =>
            {
                account.offers().find(|(id, _)| id == offer).map(|(_, found)| Actor::User(found.value.to))
            }
            _ => None,
        };
        let actor = actor.unwrap_or_else(|| self.actor(step));
        let result = self.given.decide(actor, &command);
        Some((actor, command, result))
    }

    /// Everybody who could do something: all users and service accounts.
    pub fn principals(&self) -> Vec<Principal> {
        let machines =
            self.given.account.service_accounts_after(None).map(|(id, _)| Principal::ServiceAccount(id));
        self.users.iter().copied().map(Principal::Member).chain(machines).collect()
    }
}

/// People, machines, groups, projects and resources of all sorts, made by the owner.
fn fill(given: &mut Given) -> (Vec<UserId>, Vec<(KeyHolder, KeyId)>) {
    let catalog = given.account.catalog().clone();
    let one = catalog.name == "one-role";
    let operations = |wanted: &[Operation]| -> Vec<String> {
        wanted.iter().map(|one| catalog.permission_name(catalog.operation(*one)).to_owned()).collect()
    };
    let people = operations(&[
        Operation::WriteMembers,
        Operation::DeleteMembers,
        Operation::WriteInvitations,
        Operation::DeleteInvitations,
        Operation::WriteGroups,
        Operation::WriteRoles,
        Operation::DeleteRoles,
        Operation::WriteKeys,
    ]);
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let steward = given.role("People", Level::Account, &people);
    let few: &[&str] = &["read:clusters"];
    let reader = given.role("Reader", Level::Account, few);
    let local = given.role("Local", Level::Project, &people);
    let on_resources = given.role("On resources", Level::Resource, &["write:clusters"]);
    let plain = |given: &mut Given, extra: Option<RoleAtScope>| {
        let mut grants: Vec<_> = extra.into_iter().collect();
        if one && !grants.iter().any(|grant| grant.scope == Scope::Account) {
            grants.push(at(reader.clone(), Scope::Account));
        }
        given.member(&grants)
    };
    let project = given.project("Project");
    let cluster = given.resource("cluster", Some(project), None);
    let below = catalog.resource_types.iter().find(|of| of.parent.is_some()).unwrap().name.clone();
    given.resource(&below, None, Some(cluster));
    given.resource("cluster", None, None);
    let admin = plain(given, Some(at_account("admin")));
    let people_person = plain(given, Some(at(steward, Scope::Account)));
    let local_person = plain(given, Some(at(local, Scope::Project(project))));
    let resource_person = plain(given, Some(at(on_resources.clone(), Scope::resources([cluster]))));
    let nobody = plain(given, None);
    let (pending, _) = given.pending(&[at_account("admin")]);
    let inactive = plain(given, Some(at_account("admin")));
    given.do_it(&Command::DeactivateMember { user: inactive });
    let strong_group = given.group("Strong");
    given.grant(Principal::Group(strong_group), at_account("admin"));
    let weak_group = given.group("Weak");
    given.grant(Principal::Group(weak_group), at(on_resources, Scope::resources([cluster])));
    given.do_it(&Command::AddToGroup { group: weak_group, member: Principal::Member(nobody) });
    let outer_group = given.group("Outer");
    given.grant(Principal::Group(outer_group), at(reader.clone(), Scope::Account));
    given.do_it(&Command::AddToGroup { group: outer_group, member: Principal::Group(weak_group) });
    let strong = given.service_account("Strong", &[at_account("admin")]);
    let weak = given.service_account("Weak", &[at(reader, Scope::Account)]);
    let keys = [strong, weak].map(|id| (KeyHolder::ServiceAccount(id), given.key(id))).to_vec();
    let strangers: Vec<UserId> = (0..2).map(|_| given.id()).collect();
    let mut users =
        vec![given.owner, admin, people_person, local_person, resource_person, nobody, pending, inactive];
    users.extend(strangers);
    (users, keys)
}

/// The person or machine out of whose hand a change of access comes: at acceptance the sponsor, at a hand-over the
/// owner who offered.
pub fn giver(account: &Account, actor: Actor, events: &[Event]) -> Principal {
    let of = |event: &Event| match event {
        Event::InvitationAccepted { id, .. } => {
            account.invitation(*id).map(|found| Principal::Member(found.value.sponsor))
        }
        Event::OwnershipAccepted { offer, .. } => Some(Principal::Member(offer.from)),
        _ => None,
    };
    events.iter().find_map(of).unwrap_or(actor.principal())
}
