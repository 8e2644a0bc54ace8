//! What a principal may do, where.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{SubjectKind, Target};
use crate::account::{Account, Principal, RoleRef, Scope};
use crate::catalog::PermissionSet;

/// What a principal may do at one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveAt {
    /// Where.
    pub scope: Scope,
    /// What is granted at exactly this scope; whatever covers it counts too.
    pub permissions: PermissionSet,
    /// Through which roles, in order.
    pub roles: Vec<RoleRef>,
}

/// What a principal may do in the whole account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effective {
    /// One entry for each scope at which something is granted, the account first.
    pub at: Vec<EffectiveAt>,
}

impl Account {
    /// What the principal may do to one target: everything that covers it counts.
    pub fn effective_at(&self, principal: Principal, target: &Target, now: Timestamp) -> PermissionSet {
        let covering = self.covering(target).filter(|_| !self.is_deleted());
        covering.map(|covering| self.index.held(principal, covering, super::after(now))).unwrap_or_default()
    }

    /// What the principal may do anywhere, scope by scope: its own grants, those of its groups, the newcomer role.
    pub fn effective(&self, principal: Principal, now: Timestamp) -> Effective {
        let mut at: BTreeMap<Scope, EffectiveAt> = BTreeMap::new();
        let mut add = |scope: &Scope, role: RoleRef| {
            let permissions = self.permissions_of(&role);
            let entry = at.entry(scope.clone()).or_insert_with(|| EffectiveAt {
                scope: scope.clone(),
                permissions: PermissionSet::EMPTY,
                roles: Vec::new(),
            });
            entry.permissions = entry.permissions.union(&permissions);
            if let Err(place) = entry.roles.binary_search(&role) {
                entry.roles.insert(place, role);
            }
        };
        if self.acts(principal, now) {
            if let (Principal::Member(_), Some(role)) = (principal, self.newcomer_role()) {
                add(&Scope::Account, role);
            }
            for (_, _, grant) in self.grants_reaching(principal) {
                if grant.value.is_live(now) {
                    add(&grant.value.scope, grant.value.role.clone());
                }
            }
        }
        Effective { at: at.into_values().collect() }
    }

    /// Whether the principal exists and is not an inactive member, nor one whose membership has ended.
    pub(super) fn acts(&self, principal: Principal, now: Timestamp) -> bool {
        let subject = self.index.subject(principal).filter(|_| !self.is_deleted());
        match subject.map(|subject| subject.kind) {
            None | Some(SubjectKind::InactiveMember) => false,
            Some(SubjectKind::EndingMember) => self.index.end_of(principal) > super::index::micros(now),
            Some(SubjectKind::ActiveMember | SubjectKind::Group | SubjectKind::ServiceAccount) => true,
        }
    }
}
