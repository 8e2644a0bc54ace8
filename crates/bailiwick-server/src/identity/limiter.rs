//! How often something may happen for each of many keys, in bounded memory.
//!
//! A bucket is one point in time (the generic cell rate algorithm), found by a keyed hash, so that memory is
//! bounded: two generations of at most [`MAX_BUCKETS`] each. When the young one is full, it becomes the old one
//! and what was not used since is forgotten.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// The greatest number of buckets of one kind in one generation: 32,768, some 1 MiB in two of them.
pub const MAX_BUCKETS: usize = 1 << 15;

/// It comes too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again in {retry_after_seconds} seconds")]
pub struct Throttled {
    /// For the header `Retry-After`; at least 1.
    pub retry_after_seconds: u64,
}

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How often at once.
    pub attempts: u32,
    /// After how long once more.
    pub interval: Duration,
}

impl Rate {
    /// So often in a time, at once or spread out.
    pub fn per(attempts: u32, time: Duration) -> Self {
        Self { attempts, interval: time / attempts.max(1) }
    }
}

/// Limits how often something happens for each key.
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    hasher: RandomState,
    buckets: Mutex<Generations>,
}

impl Limiter {
    /// Nothing has happened yet.
    pub fn new(rate: Rate) -> Self {
        Self { rate, hasher: RandomState::new(), buckets: Mutex::default() }
    }

    /// Counts that it happens `times` for a key, if so often is allowed now; 0 asks whether once would be, and counts
    /// nothing.
    ///
    /// # Errors
    /// [`Throttled`] if it must not happen; nothing was counted then.
    pub fn take(&self, key: impl Hash, times: u32, now: Timestamp) -> Result<(), Throttled> {
        let key = self.hasher.hash_one(key);
        // Before 1970 there is no rate to keep.
        let now = Duration::try_from(now.as_duration()).unwrap_or_default();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let next = buckets.next(key, times.max(1), self.rate, now)?;
        if times > 0 {
            buckets.insert(key, next);
        }
        Ok(())
    }
}

/// When each bucket will be full again, since some beginning of time.
#[derive(Debug, Default)]
pub(super) struct Generations {
    young: HashMap<u64, Duration>,
    old: HashMap<u64, Duration>,
}

impl Generations {
    pub(super) fn get(&self, key: u64) -> Option<Duration> {
        self.young.get(&key).or_else(|| self.old.get(&key)).copied()
    }

    /// When the bucket is full again if so many more attempts are taken from it now.
    pub(super) fn next(
        &mut self,
        key: u64,
        times: u32,
        rate: Rate,
        now: Duration,
    ) -> Result<Duration, Throttled> {
        let full_at = self.get(key).map_or(now, |at| at.max(now));
        let next = full_at.saturating_add(rate.interval.saturating_mul(times));
        let latest = now.saturating_add(rate.interval.saturating_mul(rate.attempts));
        match next.checked_sub(latest) {
            None | Some(Duration::ZERO) => Ok(next),
            Some(wait) => {
                // Moved to the young generation, so that who keeps trying is not forgotten.
                self.insert(key, full_at);
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Err(Throttled { retry_after_seconds: seconds.max(1) })
            }
        }
    }

    pub(super) fn insert(&mut self, key: u64, at: Duration) {
        if self.young.len() >= MAX_BUCKETS && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, at);
    }

    pub(super) fn remove(&mut self, key: u64) {
        self.young.remove(&key);
        self.old.remove(&key);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    #[test]
    fn what_ran_out_comes_back() {
        let limiter = Limiter::new(Rate::per(60, Duration::from_hours(1)));
        assert_eq!(limiter.take("a", 60, after(0)), Ok(()));
        assert_eq!(limiter.take("a", 1, after(0)), Err(Throttled { retry_after_seconds: 60 }));
        assert_eq!(limiter.take("b", 1, after(0)), Ok(()));
        assert_eq!(limiter.take("a", 2, after(60)), Err(Throttled { retry_after_seconds: 60 }));
        assert_eq!(limiter.take("a", 1, after(60)), Ok(()));
        assert_eq!(limiter.take("a", 60, after(3_660)), Ok(()));
    }

    #[test]
    fn asking_counts_nothing() {
        let limiter = Limiter::new(Rate::per(1, Duration::from_mins(1)));
        assert_eq!(limiter.take("a", 0, after(0)), Ok(()));
        assert_eq!(limiter.take("a", 1, after(0)), Ok(()));
        assert_eq!(limiter.take("a", 0, after(0)), Err(Throttled { retry_after_seconds: 60 }));
        assert_eq!(limiter.take("a", 0, after(60)), Ok(()));
    }
}
