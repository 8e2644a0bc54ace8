//! How often somebody may try to sign in.
//!
//! Two buckets of tokens count attempts: one per email and address, one per address. No bucket belongs to an
//! email alone, since whoever empties it would lock its owner out. Addresses are IPv4 addresses and IPv6 /64
//! networks, which is what one customer of a network is usually given.
//!
//! Memory is bounded: see [`super::limiter`]. Filling a generation of buckets takes as many distinct addresses.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::limiter::{Generations, Rate};
use crate::config::SignInSettings;

pub use super::limiter::Throttled;

/// Limits attempts to sign in.
#[derive(Debug)]
pub struct Throttle {
    settings: SignInSettings,
    start: Instant,
    hasher: RandomState,
    buckets: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    by_email: Generations,
    by_address: Generations,
}

impl Throttle {
    /// All buckets are full of attempts; `now` is where time starts.
    pub fn new(settings: SignInSettings, now: Instant) -> Self {
        Self { settings, start: now, hasher: RandomState::new(), buckets: Mutex::default() }
    }

    /// Counts an attempt, before the password is looked at.
    ///
    /// `email` is the normalised one, so that spellings share a bucket; it need not exist.
    ///
    /// # Errors
    /// [`Throttled`] if the attempt must not go on; it then was not counted.
    pub fn attempt(&self, email: &str, address: IpAddr, now: Instant) -> Result<(), Throttled> {
        let (pair, alone) = self.keys(email, address);
        let now = now.saturating_duration_since(self.start);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        // The address comes first: one that is refused cannot make buckets for emails.
        let address_at = buckets.by_address.next(alone, 1, self.address_rate(), now)?;
        let email_at = buckets.by_email.next(pair, 1, self.email_rate(), now)?;
        buckets.by_address.insert(alone, address_at);
        buckets.by_email.insert(pair, email_at);
        Ok(())
    }

    /// The attempt led to a sign-in: the email starts afresh from this address, and the address gets its
    /// attempt back.
    ///
    /// The address does not start afresh, or else somebody could guess others' passwords and clear the count
    /// by signing in as themselves.
    pub fn succeeded(&self, email: &str, address: IpAddr) {
        let (pair, alone) = self.keys(email, address);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.by_email.remove(pair);
        if let Some(at) = buckets.by_address.get(alone) {
            buckets.by_address.insert(alone, at.saturating_sub(self.settings.address_interval));
        }
    }

    fn email_rate(&self) -> Rate {
        Rate { attempts: self.settings.email_attempts, interval: self.settings.email_interval }
    }

    fn address_rate(&self) -> Rate {
        Rate { attempts: self.settings.address_attempts, interval: self.settings.address_interval }
    }

    fn keys(&self, email: &str, address: IpAddr) -> (u64, u64) {
        let network = network(address);
        (self.key((email, network)), self.key(network))
    }

    fn key(&self, value: impl Hash) -> u64 {
        self.hasher.hash_one(value)
    }
}

/// What counts as one place of origin.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        // 2^64 and more, so that no network equals an IPv4 address.
        IpAddr::V6(v6) => v6.to_bits() >> 64 | 1 << 127,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::identity::limiter::MAX_BUCKETS;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1));

    fn throttle() -> (Throttle, Instant) {
        let start = Instant::now();
        let settings = SignInSettings {
            email_attempts: 3,
            email_interval: Duration::from_mins(1),
            address_attempts: 10,
            address_interval: Duration::from_secs(6),
        };
        (Throttle::new(settings, start), start)
    }

    #[test]
    fn attempts_run_out_and_come_back() {
        let (throttle, now) = throttle();
        for _ in 0..3 {
            assert_eq!(throttle.attempt("a@example.com", HOME, now), Ok(()));
        }
        let refused = throttle.attempt("a@example.com", HOME, now);
        assert_eq!(refused, Err(Throttled { retry_after_seconds: 60 }));
        let later = now + Duration::from_millis(59_001);
        assert_eq!(throttle.attempt("a@example.com", HOME, later), Err(Throttled { retry_after_seconds: 1 }));
        let minute = now + Duration::from_mins(1);
        assert_eq!(throttle.attempt("a@example.com", HOME, minute), Ok(()));
        assert!(throttle.attempt("a@example.com", HOME, minute).is_err());
    }

    #[test]
    fn nobody_is_locked_out_from_elsewhere() {
        let (throttle, now) = throttle();
        while throttle.attempt("a@example.com", HOME, now).is_ok() {}
        assert_eq!(throttle.attempt("a@example.com", AWAY, now), Ok(()));
        assert_eq!(throttle.attempt("b@example.com", HOME, now), Ok(()));
    }

    #[test]
    fn an_address_has_a_limit_of_its_own() {
        let (throttle, now) = throttle();
        for n in 0..10 {
            assert_eq!(throttle.attempt(&format!("{n}@example.com"), HOME, now), Ok(()));
        }
        let refused = throttle.attempt("next@example.com", HOME, now);
        assert_eq!(refused, Err(Throttled { retry_after_seconds: 6 }));
        assert_eq!(throttle.attempt("next@example.com", AWAY, now), Ok(()));
    }

    #[test]
    fn a_sign_in_gives_back_no_more_than_it_took_from_the_address() {
        let (throttle, now) = throttle();
        for n in 0..9 {
            throttle.attempt(&format!("{n}@example.com"), HOME, now).unwrap();
            throttle.attempt("eve@example.com", HOME, now).unwrap();
            throttle.succeeded("eve@example.com", HOME);
        }
        throttle.attempt("9@example.com", HOME, now).unwrap();
        assert!(throttle.attempt("eve@example.com", HOME, now).is_err());
    }

    #[test]
    fn the_right_password_starts_afresh() {
        let (throttle, now) = throttle();
        for _ in 0..3 {
            throttle.attempt("a@example.com", HOME, now).unwrap();
        }
        throttle.succeeded("a@example.com", HOME);
        assert_eq!(throttle.attempt("a@example.com", HOME, now), Ok(()));
    }

    #[test]
    fn an_ipv6_network_is_one_place_and_no_ipv4_address() {
        let (throttle, now) = throttle();
        for n in 0..10 {
            let address = format!("2001:db8::{n}").parse().unwrap();
            throttle.attempt(&format!("{n}@example.com"), address, now).unwrap();
        }
        assert!(throttle.attempt("x@example.com", "2001:db8::ffff".parse().unwrap(), now).is_err());
        assert!(throttle.attempt("x@example.com", "2001:db8:0:1::1".parse().unwrap(), now).is_ok());
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(network(mapped), network(HOME));
        assert_ne!(network("::1".parse().unwrap()), network("0.0.0.0".parse().unwrap()));
    }

    #[test]
    fn memory_is_bounded_and_the_recent_are_remembered() {
        let (throttle, now) = throttle();
        for n in 0..u32::try_from(MAX_BUCKETS * 3).unwrap() {
            throttle.attempt("a@example.com", IpAddr::from(n.to_be_bytes()), now).unwrap();
            if n.is_multiple_of(10_000) {
                let _ = throttle.attempt("a@example.com", HOME, now);
            }
        }
        assert!(throttle.attempt("a@example.com", HOME, now).is_err());
        let buckets = throttle.buckets.lock().unwrap();
        assert!(buckets.by_email.len() <= 2 * MAX_BUCKETS);
        assert!(buckets.by_address.len() <= 2 * MAX_BUCKETS);
    }
}
