//! What a change does to people's access: who gains and loses what where, and what stops working with it.

mod asked;
mod likeness;
mod tally;
mod things;
mod touched;

use jiff::Timestamp;

use self::asked::{Asking, Granted};
use self::tally::Tally;
use self::touched::{Place, Touched};
use super::Target;
use super::scope_key::{Covering, ScopeKey};
use crate::account::{Account, EntityKey, Event, InvitationStatus, Principal, Scope};
use crate::catalog::PermissionSet;
use crate::limits;

/// Some of many, with how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted<T> {
    /// How many there are; always exact.
    pub count: usize,
    /// The first of them, in the order of their ids: at most [`limits::FIRST_OF_MANY`].
    pub first: Vec<T>,
}

impl<T> Default for Counted<T> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

impl<T> Counted<T> {
    fn add(&mut self, one: T) {
        self.count += 1;
        if self.first.len() < limits::FIRST_OF_MANY {
            self.first.push(one);
        }
    }

    /// Whether all of them are listed.
    pub fn is_complete(&self) -> bool {
        self.count == self.first.len()
    }
}

/// What members and service accounts gain or lose alike at a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// Where. What is lost there was allowed on all of it and is not any more; what is gained was not and is.
    pub scope: Scope,
    /// Whether what is in the scope's account, project or resources is not meant, but only they themselves. Where policies
    /// decide, these are asked about one by one, and all resources of a type are those that there are.
    pub alone: bool,
    /// What.
    pub permissions: PermissionSet,
    /// Whose.
    pub principals: Counted<Principal>,
}

/// What a change does to access: net, so that whoever keeps a permission by another way loses nothing.
///
/// Groups act through their members and are not counted themselves. What is lost because a project or resource is gone is
/// what was granted by its name; what covers it from above goes on covering the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessDifference {
    /// What is newly allowed, the entries that concern most principals first: at most [`limits::ENTRIES_OF_DIFFERENCE`].
    pub gained: Vec<AccessChange>,
    /// How many entries there are in all.
    pub gained_count: usize,
    /// What is allowed no more, in the same order.
    pub lost: Vec<AccessChange>,
    /// How many entries there are in all.
    pub lost_count: usize,
    /// How many members and service accounts gain or lose something.
    pub principal_count: usize,
    /// Whether policies counted: for a question of now, without an address, a second factor or anything said of the request.
    pub policies: bool,
    /// Whether there was more to ask than [`limits::QUESTIONS_OF_DIFFERENCE`], so that there may be more gains and losses by
    /// policies, and all counts but those of what ends are the least there is. Otherwise they are exact.
    pub unasked: bool,
    /// What stops working or goes away, by kind: members, service accounts, keys, invitations, offers, projects, resources.
    pub ended: Vec<(&'static str, Counted<EntityKey>)>,
}

impl AccessDifference {
    /// Compares an account with what it is after events that were decided on it.
    ///
    /// Costs as much as the change: the grants, members of groups and roles that the events touch, each looked at once
    /// before and once after. What policies name is asked about wherever its answer can have changed, at most
    /// [`limits::QUESTIONS_OF_DIFFERENCE`] times.
    pub fn between(before: &Account, after: &Account, events: &[Event], now: Timestamp) -> Self {
        let sides = Sides { before, after, now };
        let touched = Touched::by(before, after, events);
        let mut tally = Tally::default();
        let (policies, unasked) = match Asking::of(&sides, events, &touched) {
            None => {
                touched.for_each(before, after, |principal, places| {
                    tally.add(principal, places.iter().filter_map(|place| sides.at(principal, place)), None);
                });
                (false, false)
            }
            Some(asking) => {
                let mut granted = Vec::new();
                touched.for_each(before, after, |principal, places| {
                    let changes = places.iter().filter_map(|place| sides.at(principal, place));
                    let owned = |(place, gained, lost): (&Place, _, _)| Granted {
                        place: place.clone(),
                        gained,
                        lost,
                    };
                    granted.push((principal, changes.map(owned).collect()));
                });
                (true, !asking.count(granted, &mut tally))
            }
        };
        let mut difference = AccessDifference { policies, unasked, ..tally.difference() };
        difference.ended = ended(before, events);
        difference
    }

    /// Whether nobody gains or loses anything and nothing ends.
    pub fn is_empty(&self) -> bool {
        self.principal_count == 0 && self.ended.is_empty()
    }

    /// Whether every entry is listed.
    pub fn is_complete(&self) -> bool {
        !self.unasked && self.gained.len() == self.gained_count && self.lost.len() == self.lost_count
    }
}

/// The account before and after.
struct Sides<'a> {
    before: &'a Account,
    after: &'a Account,
    now: Timestamp,
}

impl Sides<'_> {
    /// What a principal gains and loses at a place by grants, if it does.
    fn at<'p>(
        &self,
        principal: Principal,
        place: &'p Place,
    ) -> Option<(&'p Place, PermissionSet, PermissionSet)> {
        let covering = self.covering(place)?;
        let had = held(self.before, principal, &covering, self.now);
        let has = held(self.after, principal, &covering, self.now);
        (had != has).then(|| (place, has.difference(&had), had.difference(&has)))
    }

    /// The key under which what a place is made of is covered, from the side on which it exists.
    fn key(&self, place: &Place) -> Option<ScopeKey> {
        let scope = place.scope();
        let on = |account: &Account| account.index.keys_of(account.catalog(), &scope).first().copied();
        on(self.after).or_else(|| on(self.before))
    }

    /// The scopes that cover a place, from the side on which it exists: their keys mean the same on both, since one is made
    /// from the other and positions are never used again.
    fn covering(&self, place: &Place) -> Option<Covering> {
        let on = |account: &Account| match place {
            Place::Account => account.covering(&Target::Account).map(Covering::from_slice),
            Place::Project(id) => account.covering(&Target::Project(*id)).map(Covering::from_slice),
            Place::Resource(id) => account.covering(&Target::Resource(*id)).map(Covering::from_slice),
            Place::AllOf(all) => {
                account.index.covering_all_of(account.catalog(), &all.resource_type, all.project)
            }
        };
        on(self.after).or_else(|| on(self.before))
    }
}

fn held(account: &Account, principal: Principal, covering: &Covering, now: Timestamp) -> PermissionSet {
    if account.is_deleted() {
        return PermissionSet::EMPTY;
    }
    account.index.held(principal, covering, super::after(now))
}

/// What the events end.
fn ended(before: &Account, events: &[Event]) -> Vec<(&'static str, Counted<EntityKey>)> {
    let mut ended: Vec<(&'static str, Counted<EntityKey>)> = Vec::new();
    let mut add = |key: EntityKey| {
        let kind = key.kind();
        let known = ended.iter().position(|(known, _)| *known == kind);
        let place = known.unwrap_or_else(|| {
            ended.push((kind, Counted::default()));
            ended.len() - 1
        });
        if let Some((_, counted)) = ended.get_mut(place) {
            counted.add(key);
        }
    };
    for event in events {
        match event {
            Event::MemberDeactivated { .. }
            | Event::MemberRemoved { .. }
            | Event::MemberLeft { .. }
            | Event::ServiceAccountDeleted { .. }
            | Event::KeyDeleted { .. }
            | Event::InvitationRevoked { .. }
            | Event::OwnershipWithdrawn { .. }
            | Event::ProjectDeleted { .. }
            | Event::ResourceDeleted { .. } => {
                // The end of a membership is a part of it.
                let ended = event.entities().filter(|key| !matches!(key, EntityKey::MemberEnd(_)));
                ended.for_each(&mut add);
            }
            Event::AccountDeleted { .. } => {
                before.service_accounts_after(None).for_each(|(id, _)| add(EntityKey::ServiceAccount(id)));
                before.keys_after(None).for_each(|(id, _)| add(EntityKey::Key(id)));
                let waiting = before.invitations_after(None);
                let waiting = waiting.filter(|(_, found)| found.value.status == InvitationStatus::Pending);
                waiting.for_each(|(id, _)| add(EntityKey::Invitation(id)));
            }
            _ => {}
        }
    }
    ended
}
