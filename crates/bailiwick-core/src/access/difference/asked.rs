//! What policies decide: asked before and after, of everybody and everything for whom the answer can have changed.
//!
//! Principals whom nothing tells apart are asked about once, and so are resources. What that leaves is bounded by
//! [`limits::QUESTIONS_OF_DIFFERENCE`]; where it is not enough, the difference says so.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use smol_str::SmolStr;

use super::Sides;
use super::likeness::{Likeness, likeness};
use super::tally::{Found, Tally};
use super::things::{Thing, Things};
use super::touched::{Place, Touched};
use crate::access::Circumstances;
use crate::account::{Account, Event, Principal, RoleRef, Scope};
use crate::catalog::PermissionSet;
use crate::limits;
use crate::policy::Statement;

/// What a principal gains and loses at a place by grants alone.
pub(super) struct Granted {
    pub(super) place: Place,
    pub(super) gained: PermissionSet,
    pub(super) lost: PermissionSet,
}

/// What policies name, before or after: in nothing else can two be told apart by them.
pub(super) struct Words {
    pub(super) ids: HashSet<SmolStr>,
    pub(super) attributes: HashSet<SmolStr>,
}

/// What a principal gains and loses where policies decide.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) gained: Vec<Found>,
    pub(super) lost: Vec<Found>,
}

/// A statement that may make a difference, and whether it does so for everybody whom it is about: because it comes or goes.
struct Watched<'a> {
    statement: &'a Statement,
    moved: bool,
}

pub(super) struct Asking<'a> {
    sides: &'a Sides<'a>,
    /// What any policy names, before or after: only of this grants do not say all there is to say.
    named: PermissionSet,
    /// Ids that policies name, and attributes that they read.
    words: Words,
    watched: Vec<Watched<'a>>,
    things: Rc<Things>,
    /// Who is to be asked about all that policies say: because they, their groups or what is said of them changed.
    close: BTreeSet<Principal>,
    known: HashMap<Likeness, Rc<Outcome>>,
    /// Work that is left, of which a question takes [`QUESTION`].
    left: usize,
}

/// Comparing one kind of principal with one kind of resource takes 1.
const QUESTION: usize = 64;

impl<'a> Asking<'a> {
    /// Nothing where no policy decides anything, before or after.
    pub(super) fn of(sides: &'a Sides<'a>, events: &[Event], touched: &Touched) -> Option<Self> {
        let (before, after) = (sides.before, sides.after);
        if before.rules.is_none() && after.rules.is_none() {
            return None;
        }
        let of = |account: &'a Account| account.rules.iter().flat_map(|rules| rules.statements());
        // A statement that stays is the same one in memory; what is written anew is asked about, which does no harm.
        let places = |account| -> HashSet<*const Statement> { of(account).map(std::ptr::from_ref).collect() };
        let (had, has) = (places(before), places(after));
        let moved = |statement: &Statement| {
            !had.contains(&std::ptr::from_ref(statement)) || !has.contains(&std::ptr::from_ref(statement))
        };
        let gone = of(before).filter(|statement| !has.contains(&std::ptr::from_ref(*statement)));
        let statements: Vec<&Statement> = of(after).chain(gone).collect();
        let named = statements.iter().fold(PermissionSet::EMPTY, |set, one| set.union(&one.actions));
        let words = Words {
            ids: statements.iter().flat_map(|one| one.names()).collect(),
            attributes: statements.iter().flat_map(|one| one.attributes().cloned()).collect(),
        };
        let close = close(sides, events, touched);
        let said = said(sides, events);
        let reads = |statement: &Statement| said.iter().any(|name| statement.reads(name));
        let watched = statements.into_iter().filter_map(|statement| {
            let moved = moved(statement);
            (moved || !close.is_empty() || reads(statement)).then_some(Watched { statement, moved })
        });
        let watched: Vec<Watched<'a>> = watched.collect();
        let things =
            Rc::new(Things::of(sides, &words, &watched.iter().map(|one| one.statement).collect::<Vec<_>>()));
        let left = limits::QUESTIONS_OF_DIFFERENCE * QUESTION;
        Some(Self { sides, named, words, watched, things, close, known: HashMap::new(), left })
    }

    /// Counts what everybody gains and loses; whether nothing was left unasked.
    pub(super) fn count(mut self, granted: Vec<(Principal, Vec<Granted>)>, tally: &mut Tally) -> bool {
        let mut principals: BTreeSet<Principal> = granted.iter().map(|(principal, _)| *principal).collect();
        principals.extend(self.close.iter().copied());
        if self.watched.iter().any(|one| one.moved) || self.things.any_changed() {
            for account in [self.sides.before, self.sides.after] {
                principals.extend(account.members_after(None).map(|(id, _)| Principal::Member(id)));
                let machines = account.service_accounts_after(None);
                principals.extend(machines.map(|(id, _)| Principal::ServiceAccount(id)));
            }
        }
        let mut granted = granted.into_iter().peekable();
        for principal in principals {
            let here = granted.next_if(|(other, _)| *other == principal);
            let here = here.map(|(_, here)| here).unwrap_or_default();
            let mut asked = Vec::new();
            for one in &here {
                let may = one.gained.union(&one.lost);
                let may = may.intersection(&self.named);
                asked.extend((!may.is_empty()).then(|| (one.place.clone(), may)));
            }
            let outcome = self.outcome(principal, asked);
            let only = |set: &PermissionSet| set.difference(&self.named);
            let by_grants = here.iter().map(|one| (&one.place, only(&one.gained), only(&one.lost)));
            tally.add(principal, by_grants, Some(&outcome));
        }
        self.left > 0
    }

    /// What policies make of it; as far as it was found out, once there were too many questions.
    fn outcome(&mut self, principal: Principal, places: Vec<(Place, PermissionSet)>) -> Rc<Outcome> {
        let close = self.close.contains(&principal);
        let (before, after) = (self.sides.before, self.sides.after);
        let about: Vec<usize> = (0..self.watched.len())
            .filter(|number| {
                self.watched.get(*number).is_some_and(|watched| {
                    let is_about = |account| watched.statement.is_about(account, principal);
                    (close || watched.moved || self.things.reads(*number))
                        && (is_about(before) || is_about(after))
                })
            })
            .collect();
        if about.is_empty() && places.is_empty() {
            return Rc::default();
        }
        let likeness = likeness(self.sides, principal, &self.words, &self.named, (close, places));
        if let Some(known) = self.known.get(&likeness) {
            return Rc::clone(known);
        }
        let outcome = Rc::new(self.ask(principal, &about, close, &likeness.places));
        if self.left > 0 {
            self.known.insert(likeness, Rc::clone(&outcome));
        }
        outcome
    }

    /// Whether there is work left for this; if not, there is none for anything any more.
    fn spend(&mut self, work: usize) -> bool {
        self.left = self.left.saturating_sub(work);
        self.left > 0
    }

    fn ask(
        &mut self,
        principal: Principal,
        about: &[usize],
        close: bool,
        places: &[(Place, PermissionSet)],
    ) -> Outcome {
        let Sides { before, after, now } = *self.sides;
        let asked = Circumstances::question(now);
        let mut outcome = Outcome::default();
        let mut unseen: Vec<bool> = vec![true; places.len()];
        let keys: Vec<_> = places.iter().map(|(place, _)| self.sides.key(place)).collect();
        let (mut gained, mut lost) = (Vec::new(), Vec::new());
        let things = Rc::clone(&self.things);
        for (number, thing) in things.iter() {
            if !self.spend(1) {
                break;
            }
            let mut wanted = PermissionSet::EMPTY;
            for at in about {
                let Some(watched) = self.watched.get(*at) else { continue };
                if thing.is_there_twice() && thing.is_concerned(*at, close || watched.moved) {
                    wanted = wanted.union(&watched.statement.actions);
                }
            }
            for (((place, permissions), key), unseen) in places.iter().zip(&keys).zip(&mut unseen) {
                if thing.is_in(place, *key) {
                    wanted = wanted.union(permissions);
                    *unseen = false;
                }
            }
            let (mut more, mut less) = (PermissionSet::EMPTY, PermissionSet::EMPTY);
            for permission in wanted.iter() {
                if !self.spend(QUESTION) {
                    break;
                }
                let had = before.check(principal, permission, &thing.target, asked);
                let has = after.check(principal, permission, &thing.target, asked);
                match (had, has) {
                    (false, true) => more.insert(permission),
                    (true, false) => less.insert(permission),
                    _ => {}
                }
            }
            gained.extend((!more.is_empty()).then_some((more, number)));
            lost.extend((!less.is_empty()).then_some((less, number)));
        }
        // All resources of a type of which there is none yet are asked about where they will be registered.
        for ((place, permissions), _) in places.iter().zip(unseen).filter(|(_, unseen)| *unseen) {
            let Place::AllOf(all) = place else { continue };
            let scope = Scope::AllOf(all.clone());
            for permission in permissions.iter() {
                if !self.spend(QUESTION) {
                    break;
                }
                let had = before.may(principal, permission, &scope, asked);
                let has = after.may(principal, permission, &scope, asked);
                let into = match (had, has) {
                    (false, true) => &mut outcome.gained,
                    (true, false) => &mut outcome.lost,
                    _ => continue,
                };
                into.push(Found {
                    scope: scope.clone(),
                    alone: false,
                    permissions: [permission].into_iter().collect(),
                });
            }
        }
        for (list, changes, side) in [(&mut outcome.gained, gained, 1), (&mut outcome.lost, lost, 0)] {
            let mut changes = changes;
            changes.sort_unstable();
            for alike in changes.chunk_by(|(one, _), (other, _)| one == other) {
                let Some((permissions, _)) = alike.first() else { continue };
                let numbers: Vec<usize> = alike.iter().map(|(_, number)| *number).collect();
                let scopes = things.scopes(&numbers, side);
                for (scope, alone) in scopes {
                    let names = if let Scope::Resources(ids) = &scope { ids.len() } else { 1 };
                    // What was found is named; only what is asked after it is less.
                    self.spend(names * QUESTION);
                    list.push(Found { scope, alone, permissions: *permissions });
                }
            }
        }
        outcome
    }
}

impl Thing {
    /// Whether a statement is about it that makes a difference here.
    fn is_concerned(&self, statement: usize, in_any_case: bool) -> bool {
        if in_any_case {
            self.statements.binary_search(&statement).is_ok()
        } else {
            self.readers.binary_search(&statement).is_ok()
        }
    }
}

/// Who is to be asked about all that policies say.
fn close(sides: &Sides<'_>, events: &[Event], touched: &Touched) -> BTreeSet<Principal> {
    let (before, after) = (sides.before, sides.after);
    let mut close: BTreeSet<Principal> = touched.moved().map(Principal::Member).collect();
    let owner = before.catalog().role_at(before.catalog().rules.owner).map(|role| role.name.as_str());
    for event in events {
        match event {
            Event::MemberAttributesChanged { user, .. } => {
                close.insert(Principal::Member(*user));
            }
            Event::ServiceAccountCreated { id, .. } | Event::ServiceAccountDeleted { id, .. } => {
                close.insert(Principal::ServiceAccount(*id));
            }
            // Owners are exempt from some of what is forbidden.
            Event::GrantMade { grant, .. }
            | Event::GrantRevoked { grant, .. }
            | Event::GrantExpired { grant, .. } => {
                let is_owner =
                    |role: &RoleRef| matches!(role, RoleRef::BuiltIn(name) if Some(name.as_str()) == owner);
                if is_owner(&grant.role) {
                    close.insert(grant.principal);
                }
            }
            Event::GroupMemberAdded { member: Principal::Group(inner), .. }
            | Event::GroupMemberRemoved { member: Principal::Group(inner), .. } => {
                for account in [before, after] {
                    for group in account.with_groups_below(*inner) {
                        let members = account.group_members_after(group, None);
                        close.extend(members.map(Principal::Member));
                    }
                }
            }
            Event::AccountDeleted { .. } => {
                let machines = before.service_accounts_after(None);
                close.extend(machines.map(|(id, _)| Principal::ServiceAccount(id)));
            }
            _ => {}
        }
    }
    close.retain(|principal| !matches!(principal, Principal::Group(_)));
    close
}

/// Names of attributes of resources that change.
fn said(sides: &Sides<'_>, events: &[Event]) -> BTreeSet<SmolStr> {
    let mut said = BTreeSet::new();
    for event in events {
        if let Event::ResourceEdited { id, .. } = event {
            let (had, has) = super::things::attributes(sides, *id);
            let (had, has) = (had.cloned().unwrap_or_default(), has.cloned().unwrap_or_default());
            said.extend(had.changed(&has).map(SmolStr::from));
        }
    }
    said
}
