//! Several commands decided one after the other and recorded as one commit: all of them or none.

use uuid::Uuid;

use super::decide::Decision;
use super::{Account, Actor, AllOf, Command, Decided, Event, Refusal, Scope};
use crate::access::Circumstances;
use crate::catalog::PermissionSet;

/// An account on which commands are tried before any of them is recorded.
///
/// Each command sees what those before it did, so that a role can be granted that was created a step ago. What the actor
/// may do is judged by what they held when the draft was begun: no step can raise them for a later one. Rules about how
/// many hold a role count for the end alone, so that an owner can be replaced in two steps.
pub struct Draft<'a> {
    start: &'a Account,
    current: Account,
    actor: Actor,
    circumstances: Circumstances<'a>,
    ids: &'a mut dyn FnMut() -> Uuid,
    events: Vec<Event>,
    used: PermissionSet,
    owing: Option<Refusal>,
}

impl Account {
    /// Begins a draft of this account.
    pub fn draft<'a>(
        &'a self,
        actor: Actor,
        circumstances: Circumstances<'a>,
        ids: &'a mut dyn FnMut() -> Uuid,
    ) -> Draft<'a> {
        Draft {
            start: self,
            current: self.clone(),
            actor,
            circumstances,
            ids,
            events: Vec::new(),
            used: PermissionSet::EMPTY,
            owing: None,
        }
    }

    /// Where this account, which is older than what a scope names, says what somebody holds there: nobody can have been
    /// granted anything in what did not exist, so it is what they hold at that which holds the new thing.
    pub(super) fn older_scope(&self, scope: &Scope, current: &Self) -> Scope {
        let is_new = |project| self.project(project).is_none();
        match scope {
            Scope::Project(project) if is_new(*project) => Scope::Account,
            Scope::AllOf(all) if all.project.is_some_and(is_new) => {
                Scope::AllOf(AllOf { project: None, ..AllOf::clone(all) }.into())
            }
            Scope::Resources(ids) => {
                let older: Option<Vec<_>> = ids
                    .iter()
                    .map(|id| {
                        let mut next = Some(*id);
                        // Parents are older than their children, so the way up ends.
                        while let Some(id) = next.filter(|id| self.resource(*id).is_none()) {
                            next = current.resource(id).and_then(|resource| resource.value.parent);
                        }
                        next
                    })
                    .collect();
                older.map_or(Scope::Account, Scope::resources)
            }
            other => other.clone(),
        }
    }
}

impl Draft<'_> {
    /// The account as it is after the steps so far.
    pub fn account(&self) -> &Account {
        &self.current
    }

    /// Decides on the next command and gives the events that it comes to. After a refusal the draft is as it was before.
    ///
    /// # Errors
    /// The [`Refusal`], as for a command of its own.
    pub fn step(&mut self, command: &Command) -> Result<&[Event], Refusal> {
        let basis = Some(self.start).filter(|_| !self.events.is_empty());
        let (events, used) =
            Decision::of(&self.current, basis, self.actor, self.circumstances, &mut *self.ids)
                .events(command)?;
        let before = self.current.clone();
        self.current.apply(&events);
        let kept = before.keeps_holders(&events, &self.current);
        let kept = kept.and_then(|()| self.current.has_single_holders(&events, self.circumstances.now));
        self.owing = kept.err();
        self.used = self.used.union(&used);
        let before = self.events.len();
        self.events.extend(events);
        Ok(self.events.get(before..).unwrap_or_default())
    }

    /// Why the last step cannot be the end: it took a role from its last holder, or gave one to a second, and a later step has
    /// to mend that.
    pub fn owing(&self) -> Option<&Refusal> {
        self.owing.as_ref()
    }

    /// Whether nothing was done so far.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The events of all steps, and the account after them at the next revision.
    ///
    /// # Errors
    /// [`Refusal::Nothing`] without any step; [`Refusal::LastHolder`], [`Refusal::SingleHolder`],
    /// [`Refusal::TooMuchAtOnce`] and [`Refusal::LimitReached`] for what the steps come to together.
    pub fn finish(self) -> Result<Decided, Refusal> {
        self.start.conclude(self.events, self.used, self.circumstances.now)
    }
}
