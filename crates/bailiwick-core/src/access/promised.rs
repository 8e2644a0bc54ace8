//! What an invitation leads to: resources that somebody will see who does not hold anything yet.

use super::page::found;
use super::search::Places;
use super::{Circumstances, Found, Page, Target};
use crate::account::{Account, Invitation, Principal};
use crate::catalog::{PermissionIndex, ResourceTypeIndex};
use crate::ids::ResourceId;

impl Account {
    /// The first resources of a type for which an invitation promises a permission, through groups too, as many as asked and
    /// of those that fit. Where the account has policies, its sponsor must be allowed the same: nobody tells of what is hidden
    /// from them.
    ///
    /// [`Found::next`] says that there may be more. Needs what searches need: see [`Account::prepare_search`].
    pub fn promised_resources(
        &self,
        invitation: &Invitation,
        permission: PermissionIndex,
        of: ResourceTypeIndex,
        fits: impl Fn(ResourceId) -> bool,
        circumstances: Circumstances<'_>,
        most: usize,
    ) -> Found<ResourceId> {
        let groups = invitation.groups.iter().flat_map(|group| self.holders(Principal::Group(*group)));
        let through = groups.flat_map(|group| self.grants_of(group)).map(|(_, grant)| &grant.value);
        let through = through.filter(|grant| grant.is_live(circumstances.now));
        let through = through.map(|grant| (&grant.role, &grant.scope));
        let own = invitation.grants.iter().map(|grant| (&grant.role, &grant.scope));
        let mut places = Places::default();
        places.all = self.index.newcomer().contains(permission);
        for (role, scope) in own.chain(through) {
            if self.permissions_of(role).contains(permission) {
                self.add_places(&mut places, scope, of);
            }
        }
        let sponsor = Principal::Member(invitation.sponsor);
        let is_named = |id: &ResourceId| {
            let target = Target::Resource(*id);
            fits(*id) && (!self.has_policies() || self.check(sponsor, permission, &target, circumstances))
        };
        let cost = self.cost_of_asking(permission);
        found(self.resources_in(places, of, None), &Page::new(None, most), |_| cost, is_named)
    }
}
