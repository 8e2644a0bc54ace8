//! One statement of a policy, ready to be asked: who, what and where in Bailiwick's own ids, and a condition for Cedar.

use std::sync::Arc;

use cedar_policy_core::ast::Expr;
use smol_str::{SmolStr, format_smolstr};

use super::condition::literals;
use crate::access::{ScopeKey, Target};
use crate::account::{Account, Principal, Scope};
use crate::catalog::PermissionSet;
use crate::ids::{GroupId, PolicyId};

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
        match self.who {
            Who::Anybody => true,
            Who::Users => matches!(principal, Principal::Member(_)),
            Who::ServiceAccounts => matches!(principal, Principal::ServiceAccount(_)),
            Who::Groups => matches!(principal, Principal::Group(_)),
            Who::One(one) => one == principal,
            Who::InGroup(group) => is_in(account, principal, group),
            Who::UsersInGroup(group) => {
                matches!(principal, Principal::Member(_)) && is_in(account, principal, group)
            }
            Who::Nobody => false,
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
            Where::At(target) | Where::Below(target) | Where::TypesBelow(_, target) => scope_of(target),
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

    /// Whether it could be about a principal in particular: what it says of everybody without a condition, it says of whoever
    /// would give this to the principal too.
    pub(crate) fn is_about_one(&self, account: &Account, principal: Principal) -> bool {
        let of_everybody = self.who == Who::Anybody && self.condition.is_none();
        !of_everybody && self.is_about(account, principal)
    }

    /// Whether it could be about a target, by its type and place.
    pub(crate) fn may_concern(&self, account: &Account, target: &Target) -> bool {
        match (self.at, account.covering(target)) {
            (Where::Below(at) | Where::TypesBelow(_, at), Some(covering)) => {
                key_of(account, &at).is_none_or(|key| covering.contains(&key))
            }
            (Where::At(at), Some(_)) => at == *target,
            _ => true,
        }
    }
}

/// The scope that is a target with all that is in it.
pub(crate) fn scope_of(target: Target) -> Scope {
    match target {
        Target::Account => Scope::Account,
        Target::Project(id) => Scope::Project(id),
        Target::Resource(id) => Scope::resources([id]),
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

fn is_in(account: &Account, principal: Principal, group: GroupId) -> bool {
    account.groups_around(principal).any(|other| other == group)
}

/// What a target is called among the scopes that cover another one; none if it does not exist.
fn key_of(account: &Account, target: &Target) -> Option<ScopeKey> {
    account.covering(target).and_then(|covering| covering.first().copied())
}
