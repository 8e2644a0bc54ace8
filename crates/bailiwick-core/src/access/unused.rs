//! What a principal was granted, compared with what was made use of.

use jiff::Timestamp;
use smol_str::format_smolstr;

use crate::account::{Account, Principal, RoleRef};
use crate::catalog::{Level, PermissionSet};
use crate::ids::GrantId;
use crate::values::{RoleName, folded};

/// How many names are tried for a role before none is suggested.
const NAMES: usize = 100;

/// A role of a principal's own grants that holds more than was made use of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroadRole {
    /// The role.
    pub role: RoleRef,
    /// The grants by which the principal has it, in order.
    pub grants: Vec<GrantId>,
    /// What of the role was made use of, closed over implication.
    pub used: PermissionSet,
    /// What else the role holds.
    pub unused: PermissionSet,
    /// A role that would do, by a name that is free, and its level.
    pub suggestion: Option<(RoleName, Level)>,
}

impl Account {
    /// The roles of a principal's own grants that hold more than was made use of. Grants that were made after `since`
    /// are not judged, since there was no time to make use of them.
    pub fn broad_roles(
        &self,
        principal: Principal,
        used: &PermissionSet,
        since: Timestamp,
        now: Timestamp,
    ) -> Vec<BroadRole> {
        let mut roles: std::collections::BTreeMap<RoleRef, Vec<GrantId>> = std::collections::BTreeMap::new();
        let grants = self.grants_of(principal).filter(|(_, grant)| grant.value.is_live(now));
        for (id, grant) in grants.filter(|(_, grant)| grant.value.made_at <= since) {
            roles.entry(grant.value.role.clone()).or_default().push(id);
        }
        let broad = roles.into_iter().filter_map(|(role, grants)| {
            let held = self.permissions_of(&role);
            let used = self.catalog().close(held.intersection(used));
            let unused = held.difference(&used);
            let suggestion = if used.is_empty() { None } else { self.smaller_role(&role) };
            (!unused.is_empty()).then_some(BroadRole { role, grants, used, unused, suggestion })
        });
        broad.collect()
    }

    /// A free name for a smaller role in place of this one; none where there are no custom roles, or where the role must keep
    /// a holder, so that another one does not stand for it.
    fn smaller_role(&self, role: &RoleRef) -> Option<(RoleName, Level)> {
        let fixed = self.built_in(role).is_some_and(|role| role.keeps_holder || role.handed_over);
        if fixed || !self.catalog().rules.custom_roles {
            return None;
        }
        let title: String = self.role_title(role)?.chars().take(48).collect();
        let level = self.role_level(role)?;
        (1..=NAMES).find_map(|number| {
            let name = if number == 1 {
                format_smolstr!("{title} (as used)")
            } else {
                format_smolstr!("{title} (as used {number})")
            };
            let is_free = self.find_role(&name).is_none()
                && !self.catalog().roles.iter().any(|role| folded(&role.title) == folded(&name));
            RoleName::parse(&name).ok().filter(|_| is_free).map(|name| (name, level))
        })
    }
}
