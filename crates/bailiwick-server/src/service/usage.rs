//! What permissions and keys were last made use of: noted beside every decision, kept by the day, lossy.
//!
//! A table of fixed size remembers which uses were seen today, so that nearly all of them cost two reads of memory. Those
//! that were not wait in a buffer of bounded size until a task writes them down. What does not fit is dropped and counted.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bailiwick_core::account::{Account, Actor, Principal};
use bailiwick_core::catalog::{Catalog, PermissionIndex, PermissionSet};
use bailiwick_core::ids::{AccountId, Id as _, KeyId};
use bailiwick_store::{Commit, DirectoryChange, MAX_USES_PER_BATCH, UseRow};
use jiff::Timestamp;
use jiff::civil::Date;
use metrics::counter;

use super::{Error, Service};
use crate::telemetry::metrics::USES_DROPPED;

/// How many uses are remembered: 512 KiB, in which the uses of a day of some ten thousand people find room. More only makes
/// some of them be written again.
const REMEMBERED: usize = 1 << 16;
/// How many uses wait to be written at most: about 3 MiB.
const WAITING: usize = 1 << 16;
/// How often they are written.
const EVERY: Duration = Duration::from_mins(1);
/// How many are written in one transaction, so that nobody else's write waits for long.
const BATCH: usize = 1_000;
/// The platform fact that says since when uses are recorded.
const SINCE: &str = "uses_recorded_since";

/// Who made use of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holder {
    Principal(Principal),
    Key(KeyId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Used {
    account: AccountId,
    holder: Holder,
    permission: Option<PermissionIndex>,
    day: i32,
}

/// See the module above.
pub(crate) struct Usage {
    /// Fingerprints of uses that were seen, in pairs of places; 0 for none.
    seen: Box<[AtomicU64]>,
    waiting: Mutex<Vec<Used>>,
}

impl Usage {
    pub(super) fn new() -> Self {
        Self { seen: (0..REMEMBERED).map(|_| AtomicU64::new(0)).collect(), waiting: Mutex::default() }
    }

    /// Notes that a principal was allowed something by a permission. Does not wait; allocates only for what is new today.
    #[inline]
    pub(crate) fn note(
        &self,
        account: &Account,
        principal: Principal,
        permission: PermissionIndex,
        now: Timestamp,
    ) {
        let holder = Holder::Principal(principal);
        self.note_use(Used { account: account.id(), holder, permission: Some(permission), day: day(now) });
    }

    /// Notes that a key was used.
    #[inline]
    pub(crate) fn note_key(&self, account: &Account, key: KeyId, now: Timestamp) {
        let holder = Holder::Key(key);
        self.note_use(Used { account: account.id(), holder, permission: None, day: day(now) });
    }

    /// Notes several permissions of an actor.
    pub(crate) fn note_all(&self, account: &Account, actor: Actor, used: &PermissionSet, now: Timestamp) {
        used.iter().for_each(|permission| self.note(account, actor.principal(), permission, now));
    }

    #[inline]
    fn note_use(&self, used: Used) {
        let print = used.fingerprint();
        if !self.places(print).any(|place| place.load(Ordering::Relaxed) == print) {
            self.note_new(used, print);
        }
    }

    /// The two places in which a use can be remembered.
    #[inline]
    fn places(&self, print: u64) -> impl Iterator<Item = &AtomicU64> {
        // Truncated on purpose: the low bits choose the place.
        #[expect(clippy::cast_possible_truncation, reason = "the low bits choose the place")]
        let first = print as usize % REMEMBERED;
        [self.seen.get(first), self.seen.get(first ^ 1)].into_iter().flatten()
    }

    #[cold]
    fn note_new(&self, used: Used, print: u64) {
        // Whoever asks never waits for whoever writes.
        let room = self.waiting.try_lock().ok().filter(|waiting| waiting.len() < WAITING);
        let Some(mut waiting) = room else {
            // Not remembered, so that the next one is noted.
            counter!(USES_DROPPED).increment(1);
            return;
        };
        waiting.push(used);
        drop(waiting);
        let free = self.places(print).find(|place| place.load(Ordering::Relaxed) == 0);
        let other = self.places(print).nth(usize::from(print >> 63 == 1));
        if let Some(place) = free.or(other) {
            place.store(print, Ordering::Relaxed);
        }
    }

    fn take(&self) -> Vec<Used> {
        std::mem::take(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets what was seen, so that it is noted anew.
    fn forget(&self) {
        self.seen.iter().for_each(|place| place.store(0, Ordering::Relaxed));
    }
}

impl Used {
    /// Never 0. Ids have random low bits, which are mixed with the rest.
    #[inline]
    fn fingerprint(&self) -> u64 {
        let holder = match self.holder {
            Holder::Principal(Principal::Member(id)) => id.uuid(),
            Holder::Principal(Principal::Group(id)) => id.uuid(),
            Holder::Principal(Principal::ServiceAccount(id)) => id.uuid(),
            Holder::Key(id) => id.uuid(),
        };
        let (high, low) = holder.as_u64_pair();
        let (_, account) = self.account.uuid().as_u64_pair();
        let permission = self.permission.map_or(u64::MAX, |index| index.position() as u64);
        let mut mixed = low ^ high.rotate_left(23) ^ account.rotate_left(41);
        for more in [0, (permission << 32) ^ u64::from(self.day.cast_unsigned())] {
            // The multiplier of the MurmurHash3 finalizer; any odd number with well spread bits does.
            mixed = (mixed ^ more).wrapping_mul(0xff51_afd7_ed55_8ccd);
            mixed ^= mixed >> 33;
        }
        mixed.max(1)
    }

    fn row(self, catalog: &Catalog) -> UseRow {
        let holder_id = match self.holder {
            Holder::Principal(principal) => principal.to_string(),
            Holder::Key(id) => id.to_string(),
        };
        let permission = self.permission.map(|index| catalog.permission_name(index).to_owned());
        let (account_id, day) = (self.account, self.day);
        UseRow { account_id, holder_id, permission: permission.unwrap_or_default(), day }
    }
}

/// The day of a moment, counted from the Unix epoch, in UTC.
#[inline]
fn day(at: Timestamp) -> i32 {
    // Moments are within the years -9999 to 9999.
    i32::try_from(at.as_second().div_euclid(86_400)).unwrap_or_default()
}

/// A day counted from the Unix epoch, as a date.
fn date(day: i32) -> Option<Date> {
    let at = Timestamp::from_second(i64::from(day) * 86_400).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).date())
}

/// What a holder made use of, as far as it is recorded.
#[derive(Debug, Clone, Default)]
pub struct Uses(std::collections::BTreeMap<String, Vec<(String, i32)>>);

impl Uses {
    /// The permissions that a holder made use of on the day of a moment or later.
    pub fn since(&self, holder: &str, catalog: &Catalog, since: Timestamp) -> PermissionSet {
        let from = day(since);
        let recent = self.of(holder).filter(|(_, day)| *day >= from);
        recent.filter_map(|(permission, _)| catalog.permission(permission)).collect()
    }

    /// Whether a holder, key or principal, made use of anything on the day of a moment or later.
    pub fn any_since(&self, holder: &str, since: Timestamp) -> bool {
        self.of(holder).any(|(_, last)| last >= day(since))
    }

    /// The day on which a holder last made use of something that `counts`.
    pub fn last(&self, holder: &str, counts: impl Fn(&str) -> bool) -> Option<Date> {
        let days = self.of(holder).filter(|(permission, _)| counts(permission)).map(|(_, day)| day);
        days.max().and_then(date)
    }

    fn of(&self, holder: &str) -> impl Iterator<Item = (&str, i32)> {
        self.0.get(holder).into_iter().flatten().map(|(permission, day)| (permission.as_str(), *day))
    }
}

impl Service {
    /// Notes what is made use of.
    pub(crate) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// What holders made use of last. What was noted in the last minute may not be in it yet.
    pub async fn uses_of(&self, account: AccountId, holders: &[String]) -> Result<Uses, Error> {
        let mut uses = Uses::default();
        for batch in holders.chunks(MAX_USES_PER_BATCH) {
            for UseRow { holder_id, permission, day, .. } in self.store.uses_of(account, batch).await? {
                uses.0.entry(holder_id).or_default().push((permission, day));
            }
        }
        Ok(uses)
    }

    /// Since when uses are recorded; `None` before the first were.
    pub async fn uses_recorded_since(&self) -> Result<Option<Timestamp>, Error> {
        let since = self.store.meta(SINCE).await?;
        Ok(since.and_then(|since| since.parse().ok()))
    }

    /// Writes down the uses that wait. What cannot be written is dropped, counted, and noted anew when it happens again.
    pub async fn record_uses(&self) -> Result<(), Error> {
        if self.uses_recorded_since().await?.is_none() {
            let value = Some(self.now().to_string());
            let directory = vec![DirectoryChange::SetMeta { key: SINCE.into(), value }];
            self.store.commit(Commit { directory, ..Commit::default() }).await?;
        }
        let used: BTreeSet<Used> = self.usage.take().into_iter().collect();
        let rows: Vec<UseRow> = used.into_iter().map(|used| used.row(&self.catalog)).collect();
        let mut left = rows.len();
        for batch in rows.chunks(BATCH) {
            if let Err(error) = self.store.record_uses(batch.to_vec()).await {
                counter!(USES_DROPPED).increment(u64::try_from(left).unwrap_or(u64::MAX));
                self.usage.forget();
                return Err(error.into());
            }
            left = left.saturating_sub(batch.len());
        }
        Ok(())
    }

    /// Writes down uses now and then until `stop` resolves, and once more then.
    pub async fn keep_recording_uses(self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut stopping = false;
        loop {
            // At once too, since what is known of uses begins there.
            if let Err(error) = self.record_uses().await {
                tracing::warn!(%error, detail = error.detail(), "what was made use of could not be recorded");
            }
            if stopping {
                return;
            }
            stopping = tokio::select! {
                () = tokio::time::sleep(EVERY) => false,
                () = &mut stop => true,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_core::ids::UserId;

    use super::*;

    fn used(number: u128, permission: usize, day: i32) -> Used {
        let holder = Holder::Principal(Principal::Member(UserId::from_uuid(uuid::Uuid::from_u128(number))));
        let account = AccountId::from_uuid(uuid::Uuid::from_u128(1));
        Used { account, holder, permission: PermissionIndex::new(permission), day }
    }

    #[test]
    fn a_use_is_noted_once_a_day() {
        let usage = Usage::new();
        for _ in 0..3 {
            usage.note_use(used(1, 1, 20_000));
            usage.note_use(used(1, 2, 20_000));
            usage.note_use(used(2, 1, 20_000));
        }
        assert_eq!(usage.take().len(), 3);
        usage.note_use(used(1, 1, 20_000));
        assert_eq!(usage.take(), []);
        usage.note_use(used(1, 1, 20_001));
        assert_eq!(usage.take(), [used(1, 1, 20_001)]);
        usage.forget();
        usage.note_use(used(1, 1, 20_001));
        assert_eq!(usage.take(), [used(1, 1, 20_001)], "what could not be written is noted anew");
    }

    #[test]
    fn memory_is_bounded_and_nobody_waits() {
        let usage = Usage::new();
        for number in 0..WAITING as u128 + 1_000 {
            usage.note_use(used(number, 1, 20_000));
        }
        assert_eq!(usage.take().len(), WAITING);
        // What was dropped was not remembered, so the next one is noted.
        usage.note_use(used(WAITING as u128 + 500, 1, 20_000));
        assert_eq!(usage.take().len(), 1);
        let writing = usage.waiting.lock().unwrap();
        usage.note_use(used(u128::MAX, 1, 20_000));
        drop(writing);
        assert_eq!(usage.take(), []);
    }

    #[test]
    fn fingerprints_spread() {
        let users = (0..10_000_u128).flat_map(|number| [(number, 1), (number, 2)]);
        let prints: BTreeSet<u64> =
            users.map(|(number, permission)| used(number, permission, 20_000).fingerprint()).collect();
        assert_eq!(prints.len(), 20_000);
        let places: BTreeSet<u64> = prints.iter().map(|print| print % REMEMBERED as u64).collect();
        assert!(places.len() > 15_000, "{}", places.len());
    }

    #[test]
    fn days_are_dates() {
        let at: Timestamp = "2026-11-21T23:59:59Z".parse().unwrap();
        assert_eq!(date(day(at)).unwrap().to_string(), "2026-11-21");
        assert_eq!(day("1969-12-31T23:00:00Z".parse().unwrap()), -1);
    }
}
