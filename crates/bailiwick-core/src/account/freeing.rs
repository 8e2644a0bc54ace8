//! Rule 1 for external ids that get free: control planes ask by them, so that whatever bears one next is answered for by it.
//!
//! Whoever frees one could have it borne by something that is elsewhere or described otherwise. So they hold nothing
//! on such a thing that they do not hold on the one that bears it: neither since they were granted it there, nor since a policy
//! permits it there or forbids it only here, at whatever moment.

use smol_str::SmolStr;

use super::decide::Decision;
use super::giver::{Giver, Grantee};
use super::{PermissionNames, Refusal, Scope};
use crate::access::Target;
use crate::catalog::PermissionSet;
use crate::policy::{Applies, Effect, Object, Statement};
use crate::values::ExternalId;

impl Decision<'_> {
    /// Rule 1 for the external id of a project (no type) or resource that is taken away from it while it stays: whoever does
    /// that manages all of it as well.
    pub(super) fn may_rename(
        &self,
        target: Target,
        of: Option<&SmolStr>,
        before: Option<&ExternalId>,
        after: Option<&ExternalId>,
    ) -> Result<(), Refusal> {
        let Some(before) = before.filter(|before| after != Some(before)) else { return Ok(()) };
        let catalog = &self.account.catalog;
        let managed = catalog.managing_permissions(of.and_then(|of| catalog.resource_type(of)));
        let what = || format!("taking the external id `{before}` away");
        self.reaches(&managed, &Scope::of(target), &Grantee::Anyone, what)?;
        self.has_nothing_elsewhere(target, what)
    }

    /// Rule 1 for the external id of a project or resource that is deleted.
    pub(super) fn may_free(&self, target: Target, external_id: Option<&ExternalId>) -> Result<(), Refusal> {
        let Some(external_id) = external_id else { return Ok(()) };
        self.has_nothing_elsewhere(target, || format!("making the external id `{external_id}` free"))
    }

    fn has_nothing_elsewhere(&self, target: Target, what: impl FnOnce() -> String) -> Result<(), Refusal> {
        let scope = Scope::of(target);
        let asked_about = self.asked_about(target);
        let anywhere = self.giver.anywhere();
        let (judging, judged) = self.judged_at(&scope);
        let here = judging.granted_at(self.actor.principal(), &judged, None, self.now);
        let missing = anywhere.not_here(target).intersection(&asked_about).difference(&here);
        let held = judging.held_at(self.actor.principal(), &judged, None, self.circumstances);
        if !missing.is_empty() && !held.contains_any(&self.account.catalog.escalate) {
            // All of it is the actor's own elsewhere, so that its names tell them nothing new.
            let missing = PermissionNames::of(&self.account.catalog, &missing);
            return Err(Refusal::Above { what: what(), missing, scope });
        }
        anywhere.is_bound_alike(target, &asked_about)
    }

    /// What control planes ask about a thing of this type: not Bailiwick's own operations, which are asked about by id, nor the
    /// management of resources of another type.
    fn asked_about(&self, target: Target) -> PermissionSet {
        let catalog = &self.account.catalog;
        let all = catalog.resource_permissions();
        let Target::Resource(id) = target else { return all };
        let of =
            self.account.resource(id).and_then(|found| catalog.resource_type(&found.value.resource_type));
        let of_others = catalog.managing_permissions(None).difference(&catalog.managing_permissions(of));
        all.difference(&of_others)
    }
}

/// What somebody may hold on something or other, now or at another moment.
struct Anywhere<'g, 'a> {
    giver: &'g Giver<'a>,
    granted: PermissionSet,
    /// The policies that may permit them something there.
    permits: Vec<(&'a Statement, Applies)>,
}

impl<'a> Giver<'a> {
    fn anywhere(&self) -> Anywhere<'_, 'a> {
        let (account, now) = (self.basis(), self.now());
        let holders = account.holders(self.principal());
        let grants = holders.flat_map(|holder| account.grants_of(holder)).map(|(_, grant)| &grant.value);
        let granted = grants
            .filter(|grant| grant.is_live(now))
            .fold(PermissionSet::EMPTY, |held, grant| held.union(&account.permissions_of(&grant.role)));
        let permits = account.statements().filter(|one| one.effect == Effect::Permit);
        let permits = permits.map(|one| (one, account.applies(one, self.own(), Object::Anything)));
        let permits = permits.filter(|(_, applies)| !matches!(applies, Applies::Never)).collect();
        Anywhere { giver: self, granted, permits }
    }
}

impl Anywhere<'_, '_> {
    /// What of it is theirs by grants, or by what a policy does not permit of the thing itself.
    fn not_here(&self, target: Target) -> PermissionSet {
        let here = |statement: &Statement, anywhere: &Applies| {
            statement.is_about_target(self.giver.basis(), &target)
                && anywhere.implies(&comes_to(self.giver, statement, target))
        };
        let others = self.permits.iter().filter(|(statement, anywhere)| !here(statement, anywhere));
        others.fold(self.granted, |held, (statement, _)| held.union(&statement.actions))
    }

    /// What of it a policy may forbid them of the thing, it forbids of whatever there is of its type, however described.
    fn is_bound_alike(&self, target: Target, asked_about: &PermissionSet) -> Result<(), Refusal> {
        let giver = self.giver;
        let permits = self.permits.iter();
        let all = permits.fold(self.granted, |held, (statement, _)| held.union(&statement.actions));
        let all = all.intersection(asked_about);
        let (own, bound) = giver.bound();
        let concerned = bound
            .iter()
            .filter(|one| one.actions.contains_any(&all) && one.is_about_target(giver.basis(), &target));
        for statement in concerned {
            let here = comes_to(giver, statement, target);
            let stays = || here.implies(&giver.basis().applies(statement, own, Object::Anything));
            if !(statement.is_about_all_of_a_type() && stays()) {
                giver.lifts(statement, Object::There(target))?;
            }
        }
        Ok(())
    }
}

fn comes_to(giver: &Giver<'_>, statement: &Statement, target: Target) -> Applies {
    giver.basis().applies(statement, giver.own(), Object::There(target))
}
