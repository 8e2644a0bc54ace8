//! What ends by itself: in which order, what becomes of it, and who is told before.
//!
//! A check never waits for any of this, since every end counts at its moment. What is done here is the record: that it
//! ended, once, and that nothing of it is left behind. Whether it was recorded is part of the account, so that no second
//! process and no restart does it again.

use std::collections::BTreeSet;

use imbl::OrdSet;
use jiff::Timestamp;

use super::{
    Account, Decided, Event, FormerBearer, Grant, Invitation, InvitationStatus, Key, MemberEnd, Offer,
};
use crate::access::micros;
use crate::ids::{FormerBearerId, GrantId, InvitationId, KeyId, OfferId, UserId};
use crate::limits;

/// Something that ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    /// First, so that what stands in a member's name ends with them and not beside them.
    Member(UserId),
    Grant(GrantId),
    Key(KeyId),
    Invitation(InvitationId),
    Offer(OfferId),
    FormerBearer(FormerBearerId),
}

/// What ends by itself, in the order of its ends, in microseconds since the Unix epoch. Derived from the entities.
#[derive(Debug, Clone, Default)]
pub(super) struct Deadlines {
    ends: OrdSet<(i64, Ending)>,
    /// Those whose holder is still to be told.
    untold: OrdSet<(i64, Ending)>,
}

impl Deadlines {
    fn put(&mut self, what: Ending, until: Option<Timestamp>, told: bool) {
        let Some(at) = until.map(micros) else { return };
        self.ends.insert((at, what));
        if !told {
            self.untold.insert((at, what));
        }
    }

    fn remove(&mut self, what: Ending, until: Option<Timestamp>) {
        let Some(at) = until.map(micros) else { return };
        self.ends.remove(&(at, what));
        self.untold.remove(&(at, what));
    }

    pub(super) fn put_member(&mut self, user: UserId, end: MemberEnd) {
        self.put(Ending::Member(user), Some(end.until), end.told);
    }

    pub(super) fn remove_member(&mut self, user: UserId, end: MemberEnd) {
        self.remove(Ending::Member(user), Some(end.until));
    }

    pub(super) fn put_grant(&mut self, id: GrantId, grant: &Grant) {
        self.put(Ending::Grant(id), grant.until, grant.told);
    }

    pub(super) fn remove_grant(&mut self, id: GrantId, grant: &Grant) {
        self.remove(Ending::Grant(id), grant.until);
    }

    pub(super) fn put_key(&mut self, id: KeyId, key: &Key) {
        self.put(Ending::Key(id), key.expires_at, key.told);
    }

    pub(super) fn remove_key(&mut self, id: KeyId, key: &Key) {
        self.remove(Ending::Key(id), key.expires_at);
    }

    /// Nobody is told before an invitation expires, since the link says it.
    pub(super) fn put_invitation(&mut self, id: InvitationId, invitation: &Invitation) {
        if invitation.status == InvitationStatus::Pending && !invitation.told {
            self.put(Ending::Invitation(id), invitation.expires_at, true);
        }
    }

    pub(super) fn replace_invitation(&mut self, id: InvitationId, old: &Invitation, new: &Invitation) {
        self.remove(Ending::Invitation(id), old.expires_at);
        self.put_invitation(id, new);
    }

    pub(super) fn remove_invitation(&mut self, id: InvitationId, invitation: &Invitation) {
        self.remove(Ending::Invitation(id), invitation.expires_at);
    }

    /// Nor before an offer of ownership does.
    pub(super) fn put_offer(&mut self, id: OfferId, offer: &Offer) {
        self.put(Ending::Offer(id), Some(offer.expires_at), true);
    }

    pub(super) fn remove_offer(&mut self, id: OfferId, offer: &Offer) {
        self.remove(Ending::Offer(id), Some(offer.expires_at));
    }

    pub(super) fn put_former_bearer(&mut self, id: FormerBearerId, former: &FormerBearer) {
        self.put(Ending::FormerBearer(id), Some(former.until()), true);
    }

    pub(super) fn remove_former_bearer(&mut self, id: FormerBearerId, former: &FormerBearer) {
        self.remove(Ending::FormerBearer(id), Some(former.until()));
    }
}

impl Account {
    /// How long before an end its holder is told, in seconds; 0 for never.
    pub fn ending_notice_seconds(&self) -> u64 {
        self.profile.value.settings.ending_notice_seconds.unwrap_or(limits::ENDING_NOTICE_SECONDS)
    }

    fn notice_micros(&self) -> i64 {
        let micros = self.ending_notice_seconds().saturating_mul(1_000_000);
        i64::try_from(micros).unwrap_or(i64::MAX)
    }

    /// Whether something is made for so short a time that nobody needs to be told of its end.
    pub(super) fn is_brief(&self, from: Timestamp, until: Option<Timestamp>) -> bool {
        until.is_some_and(|until| micros(until).saturating_sub(micros(from)) <= self.notice_micros())
    }

    /// When [`Account::lapse`] next has something to do; `None` if nothing ends by itself.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        if self.is_deleted() {
            return None;
        }
        let end = self.deadlines.ends.get_min().map(|(at, _)| *at);
        let notice = self.deadlines.untold.get_min().map(|(at, _)| at.saturating_sub(self.notice_micros()));
        let at = end.into_iter().chain(notice).min()?;
        // Before the beginning of time is due as well.
        Some(Timestamp::from_microsecond(at).unwrap_or(Timestamp::MIN))
    }

    /// Records what has ended by now, and tells of what ends soon; `None` if there is nothing of that. Pure.
    ///
    /// Stops after `most` events, or with all of one member's: there may be more, and [`Account::next_deadline`] of the
    /// answer says so.
    pub fn lapse(&self, now: Timestamp, most: usize) -> Option<Decided> {
        if self.is_deleted() {
            return None;
        }
        let mut events = Vec::new();
        let mut over = BTreeSet::new();
        let ended = self.deadlines.ends.iter().take_while(|(at, _)| *at <= micros(now));
        for (_, what) in ended {
            if events.len() >= most {
                break;
            }
            if !over.contains(what) {
                self.ended(*what, &mut events, &mut over);
            }
        }
        let horizon = micros(now).saturating_add(self.notice_micros());
        let soon = self.deadlines.untold.iter().take_while(|(at, _)| *at <= horizon);
        for (_, what) in soon.filter(|(at, _)| *at > micros(now)) {
            if events.len() >= most {
                break;
            }
            events.extend(self.ending(*what));
        }
        (!events.is_empty()).then(|| self.record(events))
    }

    /// What is recorded when something has ended. `over` is what has ended along with something else.
    fn ended(&self, what: Ending, events: &mut Vec<Event>, over: &mut BTreeSet<Ending>) {
        match what {
            Ending::Member(user) => {
                let Some((end, member)) = self.member_ends.get(&user).zip(self.member(user)) else { return };
                for event in self.ended_in_the_name_of(user) {
                    let also = match &event {
                        Event::InvitationRevoked { id, .. } => Ending::Invitation(*id),
                        Event::OwnershipWithdrawn { id, .. } => Ending::Offer(*id),
                        Event::KeyDeleted { id, .. } => Ending::Key(*id),
                        _ => continue,
                    };
                    // Two members who end at once may stand behind the same offer.
                    if over.insert(also) {
                        events.push(event);
                    }
                }
                let before = member.value.status;
                events.push(Event::MemberExpired { user, until: end.until, before });
            }
            Ending::Grant(id) => {
                let grant = self.grant(id).map(|found| found.value.clone());
                events.extend(grant.map(|grant| Event::GrantExpired { id, grant }));
            }
            Ending::Key(id) => {
                over.insert(what);
                let Some(key) = self.key(id).map(|found| &found.value) else { return };
                let Key { holder, name, made_by, made_at, .. } = key.clone();
                let until = key.expires_at;
                let ended =
                    until.map(|until| Event::KeyExpired { id, holder, name, until, made_by, made_at });
                events.extend(ended);
            }
            Ending::Invitation(id) => {
                let at = self.invitation(id).and_then(|found| found.value.expires_at);
                events.extend(at.map(|at| Event::InvitationExpired { id, at }));
            }
            Ending::Offer(id) => {
                over.insert(what);
                let offer = self.offers.get(&id).map(|found| found.value.clone());
                events.extend(offer.map(|offer| Event::OwnershipExpired { id, offer }));
            }
            Ending::FormerBearer(id) => events.extend(self.former_forgotten(id)),
        }
    }

    /// What is recorded when something ends soon.
    fn ending(&self, what: Ending) -> Option<Event> {
        match what {
            Ending::Member(user) => self.member_until(user).map(|until| Event::MemberEnding { user, until }),
            Ending::Grant(id) => {
                let grant = &self.grant(id)?.value;
                Some(Event::GrantEnding { id, principal: grant.principal, until: grant.until? })
            }
            Ending::Key(id) => {
                let key = &self.key(id)?.value;
                Some(Event::KeyEnding { id, holder: key.holder, until: key.expires_at? })
            }
            Ending::Invitation(_) | Ending::Offer(_) | Ending::FormerBearer(_) => None,
        }
    }
}
