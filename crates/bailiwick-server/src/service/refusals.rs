//! Which refusals are recorded, so that nobody fills an account's record or the disk by asking for what they may not.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hash};
use std::sync::{Arc, Mutex, PoisonError};

use bailiwick_core::ids::AccountId;
use jiff::{SignedDuration, Timestamp};
use metrics::counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::telemetry::metrics::REFUSALS_NOT_RECORDED;

/// How long the same refusal is recorded once.
const WINDOW: SignedDuration = SignedDuration::from_mins(1);
/// How many refusals of one actor are recorded in one account and window.
const MOST_OF_ACTOR: u32 = 60;
/// How many refusals are recorded in one window in all; bounds the memory to some 2 MiB.
const MOST: usize = 1 << 16;
/// How many recordings run beside the requests that caused them.
const IN_BACKGROUND: u32 = 256;

/// Counts what was recorded in the present window, which begins with the first refusal after the last one ended.
///
/// What is not recorded is counted in a metric. Keys are hashes with a random seed, so that nobody can make theirs meet.
#[derive(Debug)]
pub(super) struct Refusals {
    hasher: RandomState,
    window: Mutex<Window>,
    background: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Window {
    began: Timestamp,
    recorded: HashSet<u64, foldhash::fast::RandomState>,
    of_actor: HashMap<u64, u32, foldhash::fast::RandomState>,
}

impl Refusals {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            window: Mutex::default(),
            background: Arc::new(Semaphore::new(IN_BACKGROUND as usize)),
        }
    }

    /// Whether this refusal is to be recorded; it then counts as recorded. `account` is none for what concerns a person in
    /// all their accounts.
    pub(super) fn admit(
        &self,
        account: Option<AccountId>,
        actor: impl Hash,
        what: impl Hash,
        now: Timestamp,
    ) -> bool {
        let actor = self.hasher.hash_one((account, actor));
        let admitted = self.window.lock().unwrap_or_else(PoisonError::into_inner).admit(
            actor,
            self.hasher.hash_one((actor, what)),
            now,
        );
        if !admitted {
            counter!(REFUSALS_NOT_RECORDED).increment(1);
        }
        admitted
    }

    /// Room for one recording in the background, held until it is done. Waits when there is none.
    pub(super) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.background).acquire_owned().await.ok()
    }

    /// Waits until nothing is recorded in the background.
    pub(super) async fn settled(&self) {
        let _ = self.background.acquire_many(IN_BACKGROUND).await;
    }
}

impl Window {
    fn admit(&mut self, actor: u64, refusal: u64, now: Timestamp) -> bool {
        if now.duration_since(self.began).abs() >= WINDOW {
            self.recorded.clear();
            self.of_actor.clear();
            self.began = now;
        }
        if self.recorded.len() >= MOST || self.recorded.contains(&refusal) {
            return false;
        }
        let count = self.of_actor.entry(actor).or_default();
        if *count >= MOST_OF_ACTOR {
            return false;
        }
        *count += 1;
        self.recorded.insert(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    #[test]
    fn the_same_refusal_is_recorded_once_in_a_window() {
        let refusals = Refusals::new();
        assert!(refusals.admit(None, "ana", "remove", after(0)));
        assert!(!refusals.admit(None, "ana", "remove", after(59)));
        assert!(refusals.admit(None, "ana", "invite", after(59)));
        assert!(refusals.admit(None, "ben", "remove", after(59)));
        assert!(refusals.admit(None, "ana", "remove", after(60)));
        assert!(refusals.admit(None, "ana", "remove", after(-60)), "a clock that was set back");
    }

    #[test]
    fn an_actor_cannot_crowd_out_others() {
        let refusals = Refusals::new();
        let recorded = (0..1_000).filter(|target| refusals.admit(None, "ana", target, after(0))).count();
        assert_eq!(recorded, 60);
        assert!(refusals.admit(None, "ben", 0, after(0)));
    }

    #[test]
    fn memory_is_bounded() {
        let refusals = Refusals::new();
        let recorded = (0..MOST + 10).filter(|actor| refusals.admit(None, actor, 0, after(0))).count();
        assert_eq!(recorded, MOST);
        let window = refusals.window.lock().unwrap();
        assert_eq!((window.recorded.len(), window.of_actor.len()), (MOST, MOST));
    }
}
