//! How much one command may change: what is decided must fit into one transaction of the store, whatever came before.
//!
//! The weight of a change is a measure of the bytes that it takes as an event and as rows, a named resource weighing one.
//! What ends with a member, a service account or a resource is limited when it is made, so that nobody can make
//! themselves or a resource too heavy to be removed.

use std::collections::BTreeSet;

use super::{Account, Event, Invitation, Refusal, RoleAtScope, Scope};
use crate::ids::{Id, ResourceId, UserId};
use crate::limits;

/// An event and its row, without named resources.
const CHANGE: usize = 15;
/// An event about a grant, whose row and that of its holder are written.
const GRANT: usize = 25;
/// Of one command. At 40 bytes for each it stays well below what a store takes, 50,000 rows and 32 MiB.
const MOST: usize = 600_000;
/// Of the waiting invitations in one member's name: each promises one role. Members end with those and with their grants,
/// of which [`limits::GRANTS_PER_PRINCIPAL`] weigh less than half of [`MOST`].
const MOST_IN_ONE_NAME: usize = limits::WAITING_INVITATIONS_OF_SPONSOR * (CHANGE + 1);
/// Of the grants that name a resource: each names no other.
const MOST_THAT_NAME_ONE: usize = limits::GRANTS_NAMING_ONE_RESOURCE * (GRANT + 1);

impl Scope {
    /// How many entries the scope takes in the index.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Resources(ids) => ids.len(),
            _ => 1,
        }
    }

    /// What a grant at this scope weighs in the deletion of what it names.
    pub(crate) fn weight(&self) -> u32 {
        u32::try_from(GRANT + self.width()).unwrap_or(u32::MAX)
    }
}

/// How many named resources and other scopes grants have in all.
pub(super) fn width_of(grants: &[RoleAtScope]) -> usize {
    grants.iter().map(|grant| grant.scope.width()).sum()
}

impl Invitation {
    fn weight(&self) -> usize {
        CHANGE + width_of(&self.grants) + self.groups.len()
    }
}

impl Account {
    /// Whether what was decided fits into one transaction, and what may have to end at once after it does too.
    ///
    /// # Errors
    /// [`Refusal::TooMuchAtOnce`] and [`Refusal::LimitReached`].
    pub(super) fn fits(&self, events: &[Event], after: &Self) -> Result<(), Refusal> {
        let weight: usize = events.iter().map(|event| self.weight_of(event, after)).sum();
        if weight > MOST {
            return Err(Refusal::TooMuchAtOnce { changes: events.len() });
        }
        let mut sponsors = BTreeSet::new();
        let mut named = BTreeSet::new();
        for event in events {
            match event {
                Event::InvitationSent { invitation, .. } => {
                    sponsors.insert(invitation.sponsor);
                }
                Event::InvitationResent { sponsor, before_sponsor, .. } if sponsor != before_sponsor => {
                    sponsors.insert(*sponsor);
                }
                Event::GrantMade { grant, .. } => {
                    if let Scope::Resources(ids) = &grant.scope {
                        named.extend(ids.iter().copied());
                    }
                }
                _ => {}
            }
        }
        if sponsors.into_iter().any(|sponsor| after.is_heavy_sponsor(sponsor)) {
            return Err(Refusal::LimitReached {
                what: "waiting invitations in the name of one member, fewer if they promise many resources",
                most: limits::WAITING_INVITATIONS_OF_SPONSOR,
            });
        }
        // Where a grant only takes another's place, a heavy resource gets no heavier.
        let grows = |id: &ResourceId| {
            let weight = after.index.named_weight(id.uuid());
            weight as usize > MOST_THAT_NAME_ONE && weight > self.index.named_weight(id.uuid())
        };
        if named.iter().any(grows) {
            return Err(Refusal::LimitReached {
                what: "grants that name one resource, fewer if they name many others too",
                most: limits::GRANTS_NAMING_ONE_RESOURCE,
            });
        }
        Ok(())
    }

    fn is_heavy_sponsor(&self, sponsor: UserId) -> bool {
        let waiting = self.invitations_sponsored_by(sponsor).filter_map(|id| self.invitation(id));
        waiting.map(|found| found.value.weight()).sum::<usize>() > MOST_IN_ONE_NAME
    }

    fn weight_of(&self, event: &Event, after: &Self) -> usize {
        match event {
            Event::GrantRevoked { grant, .. } => GRANT + grant.scope.width(),
            // In the event and in the row.
            Event::GrantMade { grant, .. } => GRANT + 2 * grant.scope.width(),
            Event::GrantExtended { id, .. } | Event::GrantNarrowed { id, .. } => {
                GRANT + after.grant(*id).map_or(0, |grant| grant.value.scope.width())
            }
            Event::InvitationSent { invitation, .. } => {
                CHANGE + 2 * (width_of(&invitation.grants) + invitation.groups.len())
            }
            Event::InvitationEdited { before, after, .. } => CHANGE + width_of(before) + 2 * width_of(after),
            Event::InvitationForgotten { invitation, .. } => invitation.weight(),
            Event::InvitationResent { id, .. }
            | Event::InvitationRevoked { id, .. }
            | Event::InvitationAccepted { id, .. }
            | Event::InvitationDeclined { id } => {
                self.invitation(*id).map_or(CHANGE, |found| found.value.weight())
            }
            // In the event, before and after, and in the row.
            Event::PolicyCreated { policy, .. } | Event::PolicyDeleted { policy, .. } => {
                CHANGE + policy.text.len() / 20
            }
            Event::PolicyEdited { before, after, .. } => {
                CHANGE + (before.text.len() + 2 * after.text.len()) / 40
            }
            _ => CHANGE,
        }
    }
}
