//! One statement of a policy, ready to be asked: who, what and where in Bailiwick's own ids, and a condition for Cedar.

use std::sync::Arc;

use cedar_policy_core::ast::Expr;
use smol_str::{SmolStr, format_smolstr};

use super::Subject;
use super::condition::literals;
use crate::access::{ScopeKey, Target};
use crate::account::{Account, Principal, Scope};
use crate::catalog::{PermissionSet, ResourceTypeIndex};
use crate::ids::{GroupId, PolicyId, ResourceId};

/// What a statement does where it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Allows, beside what grants allow.
    Permit,
    /// Forbids, whatever allows.
    Forbid,
}

impl Effect {
    /// The word in policies and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Forbid => "forbid",
        }
    }
}

/// Whom a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Anybody,
    Users,
    ServiceAccounts,
    /// The type `Group` itself: a question about what a group may do.
    Groups,
    One(Principal),
    InGroup(GroupId),
    /// `principal is User in Group::"…"`
    UsersInGroup(GroupId),
    Nobody,
}

/// What a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    Everywhere,
    /// Targets of these types: a bit for each resource type, then [`ACCOUNT`] and [`PROJECT`].
    Types(u128),
    At(Target),
    Below(Target),
    TypesBelow(u128, Target),
    Nowhere,
}

/// The bit of the account itself, behind those of the resource types, of which there are at most 64.
pub(super) const ACCOUNT: u32 = 64;
/// The bit of projects.
pub(super) const PROJECT: u32 = 65;

/// What a condition looks at: only this is put together for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reads {
    /// Names of attributes, of whatever; sorted.
    pub(super) names: Vec<SmolStr>,
    /// Whether it asks what is in what.
    pub(super) ancestors: bool,
    /// Whether it takes the context as a whole.
    pub(super) whole_context: bool,
    /// Whether it asks anything about the principal.
    pub(super) principal: bool,
    /// Groups that it names; sorted.
    pub(super) groups: Vec<GroupId>,
}

impl Reads {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.names.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
    }

    /// What either looks at.
    pub(super) fn add(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.names.sort_unstable();
        self.names.dedup();
        self.ancestors |= other.ancestors;
        self.whole_context |= other.whole_context;
        self.principal |= other.principal;
    }
}

/// One `permit` or `forbid`.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    /// The policy in which it stands.
    pub(crate) policy: PolicyId,
    pub(crate) effect: Effect,
    /// What it is about; for an action group all permissions in it.
    pub(crate) actions: PermissionSet,
    pub(super) who: Who,
    pub(super) at: Where,
    pub(super) condition: Option<Arc<Expr>>,
    pub(super) reads: Reads,
}

impl Statement {
    /// Whether who, what and where match, whatever the condition says.
    pub(super) fn concerns(&self, account: &Account, asked: &super::Asked<'_>) -> bool {
        self.is_about(account, asked.principal) && self.is_at(account, &asked.target, asked.covering)
    }

    /// Whether it may be about a principal.
    pub(crate) fn is_about(&self, account: &Account, principal: Principal) -> bool {
        self.is_about_whom(principal, |group| account.groups_around(principal).any(|other| other == group))
    }

    /// Whether it may be about somebody.
    pub(super) fn is_about_subject(&self, subject: &Subject) -> bool {
        self.is_about_whom(subject.principal, |group| subject.groups.contains(&group))
    }

    fn is_about_whom(&self, principal: Principal, is_in: impl Fn(GroupId) -> bool) -> bool {
        let is_user = matches!(principal, Principal::Member(_));
        match self.who {
            Who::Anybody => true,
            Who::Users => is_user,
            Who::ServiceAccounts => matches!(principal, Principal::ServiceAccount(_)),
            Who::Groups => matches!(principal, Principal::Group(_)),
            Who::One(one) => one == principal,
            Who::InGroup(group) => is_in(group),
            Who::UsersInGroup(group) => is_user && is_in(group),
            Who::Nobody => false,
        }
    }

    /// Whether it says the same of all users who are in these groups; without groups, of all users.
    pub(crate) fn is_about_all_users_in(&self, groups: &[GroupId]) -> bool {
        let of_them = match self.who {
            Who::Anybody | Who::Users => true,
            Who::InGroup(group) | Who::UsersInGroup(group) => groups.contains(&group),
            Who::ServiceAccounts | Who::Groups | Who::One(_) | Who::Nobody => false,
        };
        of_them && !self.reads.principal
    }

    /// Whether it says the same of everybody, machines as well as people.
    pub(crate) fn is_about_everybody(&self) -> bool {
        self.who == Who::Anybody && !self.reads.principal && !self.asks_how()
    }

    /// Whether it says the same of whatever is of a principal's kind.
    pub(crate) fn is_alike_for_all_like(&self, principal: Principal) -> bool {
        let of_kind = match principal {
            Principal::Member(_) => self.is_about_all_users_in(&[]),
            Principal::ServiceAccount(_) => {
                matches!(self.who, Who::Anybody | Who::ServiceAccounts) && !self.reads.principal
            }
            Principal::Group(_) => false,
        };
        of_kind || self.is_about_everybody()
    }

    /// Whether its condition asks what tells people from machines besides who they are: how they come, and with what proof.
    pub(crate) fn asks_how(&self) -> bool {
        let reads = &self.reads;
        reads.whole_context || ["caller", "mfa_at"].iter().any(|name| reads.contains(name))
    }

    /// Whether it may be about something of these types that is in a target, or that the target is in.
    pub(crate) fn reaches_into(&self, account: &Account, types: u128, top: &Target) -> bool {
        let in_top = |place: &Target| is_inside(account, place, top);
        let on_the_way = |place: &Target| in_top(place) || is_inside(account, top, place);
        match self.at {
            Where::Everywhere => types != 0,
            Where::Types(of) => of & types != 0,
            Where::At(place) => type_bit(account, &place) & types != 0 && in_top(&place),
            Where::Below(place) => types != 0 && on_the_way(&place),
            Where::TypesBelow(of, place) => of & types != 0 && on_the_way(&place),
            Where::Nowhere => false,
        }
    }

    /// Whether it may be about a target, which these scopes cover.
    pub(crate) fn is_at(&self, account: &Account, target: &Target, covering: &[ScopeKey]) -> bool {
        let of_type = |types: u128| types & type_bit(account, target) != 0;
        let below = |above: Target| key_of(account, &above).is_some_and(|key| covering.contains(&key));
        match self.at {
            Where::Everywhere => true,
            Where::Types(types) => of_type(types),
            Where::At(at) => at == *target,
            Where::Below(above) => below(above),
            Where::TypesBelow(types, above) => of_type(types) && below(above),
            Where::Nowhere => false,
        }
    }

    /// Whether it may be about a target that is there.
    pub(crate) fn is_about_target(&self, account: &Account, target: &Target) -> bool {
        account.covering(target).is_some_and(|covering| self.is_at(account, target, covering))
    }

    /// The ids of all that it names: whatever else differs in nothing but its id is the same to it.
    pub(crate) fn names(&self) -> impl Iterator<Item = SmolStr> {
        let who = match self.who {
            Who::One(one) => Some(format_smolstr!("{one}")),
            _ => None,
        };
        let at = match self.at {
            Where::At(Target::Project(id))
            | Where::Below(Target::Project(id))
            | Where::TypesBelow(_, Target::Project(id)) => Some(format_smolstr!("{id}")),
            Where::At(Target::Resource(id))
            | Where::Below(Target::Resource(id))
            | Where::TypesBelow(_, Target::Resource(id)) => Some(format_smolstr!("{id}")),
            _ => None,
        };
        let in_condition = self.condition.as_deref().into_iter().flat_map(literals);
        who.into_iter().chain(at).chain(in_condition.map(|uid| uid.eid().as_ref().into()))
    }

    /// The narrowest scope of Bailiwick's own that holds all that the statement is about; none if it is about nothing.
    pub(crate) fn scope(&self) -> Option<Scope> {
        Some(match self.at {
            Where::Everywhere | Where::Types(_) => Scope::Account,
            Where::At(target) | Where::Below(target) | Where::TypesBelow(_, target) => Scope::of(target),
            Where::Nowhere => return None,
        })
    }

    /// Whether its condition reads an attribute of this name.
    pub(crate) fn reads(&self, attribute: &str) -> bool {
        self.reads.contains(attribute)
    }

    /// Names of all attributes that its condition reads.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &SmolStr> {
        self.reads.names.iter()
    }

    /// Whether being in this group makes a difference to it.
    pub(crate) fn names_group(&self, group: GroupId) -> bool {
        let scoped = match self.who {
            Who::InGroup(named) | Who::UsersInGroup(named) => Some(named),
            _ => None,
        };
        scoped == Some(group) || self.reads.groups.binary_search(&group).is_ok()
    }

    /// Whether it is about a resource of this type that is registered in a target.
    pub(crate) fn is_at_new(&self, account: &Account, of: ResourceTypeIndex, holder: &Target) -> bool {
        let of_type = |types: u128| types & (1 << of.0) != 0;
        match self.at {
            Where::Everywhere => true,
            Where::Types(types) => of_type(types),
            Where::Below(place) => is_inside(account, holder, &place),
            Where::TypesBelow(types, place) => of_type(types) && is_inside(account, holder, &place),
            Where::At(_) | Where::Nowhere => false,
        }
    }
}

/// The type of a target, as a bit.
fn type_bit(account: &Account, target: &Target) -> u128 {
    match target {
        Target::Account => 1 << ACCOUNT,
        Target::Project(_) => 1 << PROJECT,
        Target::Resource(id) => {
            let of = account.index.resource(*id).and_then(|node| node.resource_type);
            of.map_or(0, |of| 1 << of.0)
        }
    }
}

/// The types of what may be in a scope, as bits; of all of a type also of what such resources are registered in.
pub(crate) fn types_in(account: &Account, scope: &Scope) -> u128 {
    match scope {
        Scope::Account => u128::MAX,
        Scope::Project(_) => !(1 << ACCOUNT),
        Scope::AllOf(all) => {
            let catalog = account.catalog();
            let of = catalog.resource_type(&all.resource_type);
            let parent = of.and_then(|of| catalog.resource_type_at(of)).and_then(|of| of.parent);
            let holder = match (parent, all.project) {
                (Some(parent), _) => 1 << parent.0,
                (None, Some(_)) => 1 << PROJECT,
                (None, None) => (1 << PROJECT) | (1 << ACCOUNT),
            };
            of.map_or(0, |of| holder | (1 << of.0) | types_under(account, of))
        }
        Scope::Resources(ids) => ids.iter().fold(0, |types, id| {
            types | type_bit(account, &Target::Resource(*id)) | types_below(account, *id)
        }),
    }
}

/// The types of what may be below a resource.
pub(crate) fn types_below(account: &Account, id: ResourceId) -> u128 {
    let of = account.index.resource(id).and_then(|node| node.resource_type);
    of.map_or(0, |of| types_under(account, of))
}

/// The types that belong below a type, at any depth.
fn types_under(account: &Account, top: ResourceTypeIndex) -> u128 {
    let catalog = account.catalog();
    let up = |of: &ResourceTypeIndex| catalog.resource_type_at(*of).and_then(|of| of.parent);
    let all = (0..).map(ResourceTypeIndex).take(catalog.resource_types.len());
    let under = all.filter(|of| std::iter::successors(up(of), up).any(|above| above == top));
    under.fold(0, |types, of| types | (1 << of.0))
}

/// Whether one target is another one or in it.
fn is_inside(account: &Account, inner: &Target, outer: &Target) -> bool {
    let key = key_of(account, outer);
    account.covering(inner).is_some_and(|covering| key.is_some_and(|key| covering.contains(&key)))
}

/// What a target is called among the scopes that cover another one; none if it does not exist.
fn key_of(account: &Account, target: &Target) -> Option<ScopeKey> {
    account.covering(target).and_then(|covering| covering.first().copied())
}
