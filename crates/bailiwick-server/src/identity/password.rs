//! Passwords: argon2id on a bounded number of blocking threads.
//!
//! A hash takes some 20 ms and 19 MiB on purpose. It therefore never runs on the threads that serve requests,
//! only so many run at once, and only so many wait; whoever comes then is told to try again.

pub mod rules;

use std::sync::Arc;
use std::time::Instant;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, Version};
use metrics::{counter, histogram};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::PasswordSettings;
use crate::telemetry::metrics::{PASSWORD_BUSY, PASSWORD_SECONDS};

/// The bytes of a salt, as RFC 9106 section 3.1 recommends.
const SALT_BYTES: usize = 16;
/// The bytes of a hash.
const OUTPUT_BYTES: usize = 32;
/// What a caller is told to wait. Even a full queue is worked off in a few seconds.
const RETRY_AFTER_SECONDS: u64 = 2;

/// Why a password could not be hashed or verified.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many passwords wait already: answer 503 with `Retry-After`.
    #[error("too many passwords wait to be checked; try again in {retry_after_seconds} seconds")]
    Busy {
        /// For the header `Retry-After`.
        retry_after_seconds: u64,
    },
    /// The settings are out of argon2's own limits.
    #[error("the settings of the password hash are out of range: {0}")]
    Settings(#[source] argon2::Error),
    /// The stored hash cannot be read: the database was damaged or written by something else.
    #[error("the stored password hash cannot be read")]
    Unreadable,
    /// The operating system gave no randomness, or the computation broke off.
    #[error("the password could not be hashed")]
    Failed,
}

/// What comes of comparing a password with a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Right,
    /// It is the password, but its hash was made with other settings: hash it anew and store that.
    RightButOutdated,
    /// It is not the password.
    Wrong,
}

/// Hashes and verifies passwords. Clones share their limits.
#[derive(Debug, Clone)]
pub struct PasswordHasher {
    params: Params,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    dummy: Arc<str>,
}

impl PasswordHasher {
    /// A hasher with these settings.
    ///
    /// # Errors
    /// [`HashError::Settings`] if argon2 does not accept them, [`HashError::Failed`] without randomness.
    pub fn new(settings: &PasswordSettings) -> Result<Self, HashError> {
        let params =
            Params::new(settings.memory_kib, settings.iterations, settings.parallelism, Some(OUTPUT_BYTES))
                .map_err(HashError::Settings)?;
        let concurrent = settings.max_concurrent.clamp(1, Semaphore::MAX_PERMITS / 2);
        let waiting = settings.max_waiting.min(Semaphore::MAX_PERMITS / 2);
        Ok(Self {
            dummy: dummy(&params)?,
            params,
            running: Arc::new(Semaphore::new(concurrent)),
            admitted: Arc::new(Semaphore::new(concurrent + waiting)),
        })
    }

    /// Hashes a new password, as a PHC string for the store.
    ///
    /// The rules are not looked at: [`rules::PasswordRules::check`] comes first.
    pub async fn hash(&self, password: &SecretString) -> Result<String, HashError> {
        let salt = random::<SALT_BYTES>()?;
        let prepared = prepare(password);
        let params = self.params.clone();
        self.run(move || {
            let hash = argon2(params).hash_password_with_salt(prepared.as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|_| HashError::Failed)
        })
        .await
    }

    /// Compares a password with a stored PHC string.
    pub async fn verify(&self, password: &SecretString, stored: &str) -> Result<Verdict, HashError> {
        let stored = PasswordHash::new(stored).map_err(|_| HashError::Unreadable)?;
        // Without salt or hash the library would call every password wrong, and nobody would learn of the
        // damage.
        if stored.algorithm != ARGON2ID_IDENT || stored.salt.is_none() || stored.hash.is_none() {
            return Err(HashError::Unreadable);
        }
        if rules::is_too_long(password.expose_secret()) {
            return Ok(Verdict::Wrong);
        }
        let is_current = self.is_current(&stored);
        let prepared = prepare(password);
        let params = self.params.clone();
        self.run(move || match argon2(params).verify_password(prepared.as_bytes(), &stored) {
            Ok(()) if is_current => Ok(Verdict::Right),
            Ok(()) => Ok(Verdict::RightButOutdated),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Verdict::Wrong),
            Err(_) => Err(HashError::Unreadable),
        })
        .await
    }

    /// Costs what [`PasswordHasher::verify`] costs, for an email that nobody has.
    ///
    /// Without it the time of the answer would tell which emails have an account.
    pub async fn verify_dummy(&self, password: &SecretString) -> Result<(), HashError> {
        self.verify(password, &self.dummy).await.map(|_| ())
    }

    fn is_current(&self, stored: &PasswordHash) -> bool {
        let is_same_version = stored.version == Some(Version::V0x13.into());
        is_same_version && ParamsString::try_from(&self.params).is_ok_and(|current| current == stored.params)
    }

    /// Waits for a turn and computes on a blocking thread.
    ///
    /// The permits go with the computation: a caller that hangs up does not make room for another one before
    /// its hash is done.
    async fn run<T, F>(&self, compute: F) -> Result<T, HashError>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, HashError> + Send + 'static,
    {
        let start = Instant::now();
        let Ok(admitted) = Arc::clone(&self.admitted).try_acquire_owned() else {
            counter!(PASSWORD_BUSY).increment(1);
            return Err(HashError::Busy { retry_after_seconds: RETRY_AFTER_SECONDS });
        };
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| HashError::Failed)?;
        let permits: [OwnedSemaphorePermit; 2] = [admitted, running];
        let task = tokio::task::spawn_blocking(move || {
            let result = compute();
            drop(permits);
            result
        });
        let result = task.await.map_err(|_| HashError::Failed)?;
        histogram!(PASSWORD_SECONDS).record(start.elapsed().as_secs_f64());
        result
    }
}

fn argon2(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// A hash that no password has, with the current settings. Nothing is computed for it, so that the start is
/// not delayed.
fn dummy(params: &Params) -> Result<Arc<str>, HashError> {
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(|_| HashError::Failed)?,
        salt: Some(Salt::new(&random::<SALT_BYTES>()?).map_err(|_| HashError::Failed)?),
        hash: Some(Output::new(&random::<OUTPUT_BYTES>()?).map_err(|_| HashError::Failed)?),
    };
    Ok(hash.to_string().into())
}

fn random<const N: usize>() -> Result<[u8; N], HashError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| HashError::Failed)?;
    Ok(bytes)
}

/// The form in which a password is hashed; see [`rules::normalise`].
fn prepare(password: &SecretString) -> Zeroizing<String> {
    Zeroizing::new(rules::normalise(password.expose_secret()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> PasswordSettings {
        PasswordSettings {
            memory_kib: 64,
            iterations: 1,
            parallelism: 1,
            max_concurrent: 1,
            max_waiting: 1,
            min_length: 15,
        }
    }

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[tokio::test]
    async fn a_password_is_recognised_and_others_are_not() {
        let hasher = PasswordHasher::new(&settings()).unwrap();
        let stored = hasher.hash(&secret("violet harbour crossing")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        let verify = async |text: &str| hasher.verify(&secret(text), &stored).await.unwrap();
        assert_eq!(verify("violet harbour crossing").await, Verdict::Right);
        assert_eq!(verify("Violet harbour crossing").await, Verdict::Wrong);
        assert_eq!(verify("violet harbour crossing ").await, Verdict::Wrong);
        assert_eq!(verify("").await, Verdict::Wrong);
        assert_ne!(hasher.hash(&secret("violet harbour crossing")).await.unwrap(), stored);
    }

    #[tokio::test]
    async fn composed_and_decomposed_letters_are_one_password() {
        let hasher = PasswordHasher::new(&settings()).unwrap();
        let stored = hasher.hash(&secret("fünfzehn\u{a0}grüne zebras")).await.unwrap();
        let other = secret("fu\u{308}nfzehn gru\u{308}ne zebras");
        assert_eq!(hasher.verify(&other, &stored).await.unwrap(), Verdict::Right);
    }

    #[tokio::test]
    async fn other_settings_ask_for_a_new_hash() {
        let old = PasswordHasher::new(&settings()).unwrap();
        let stored = old.hash(&secret("violet harbour crossing")).await.unwrap();
        let new = PasswordHasher::new(&PasswordSettings { memory_kib: 128, ..settings() }).unwrap();
        let verdict = new.verify(&secret("violet harbour crossing"), &stored).await.unwrap();
        assert_eq!(verdict, Verdict::RightButOutdated);
        assert_eq!(new.verify(&secret("something else"), &stored).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn the_dummy_costs_the_same_and_never_matches() {
        let hasher = PasswordHasher::new(&settings()).unwrap();
        let stored = PasswordHash::new(&hasher.dummy).unwrap();
        assert!(hasher.is_current(&stored));
        assert_eq!(hasher.verify(&secret(""), &hasher.dummy).await.unwrap(), Verdict::Wrong);
        hasher.verify_dummy(&secret("violet harbour crossing")).await.unwrap();
    }

    #[tokio::test]
    async fn a_damaged_hash_is_an_error_and_not_a_wrong_password() {
        let hasher = PasswordHasher::new(&settings()).unwrap();
        for damaged in [
            "",
            "secret",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ",
            "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
        ] {
            let result = hasher.verify(&secret("violet harbour crossing"), damaged).await;
            assert!(matches!(result, Err(HashError::Unreadable)), "{damaged}");
        }
    }

    #[tokio::test]
    async fn more_than_may_wait_are_turned_away() {
        let hasher = PasswordHasher::new(&settings()).unwrap();
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.run(move || gate.recv().map_err(|_| HashError::Failed)).await }
        });
        let second = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.run(|| Ok(())).await }
        });
        while hasher.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let third = hasher.verify_dummy(&secret("violet harbour crossing")).await;
        assert!(matches!(third, Err(HashError::Busy { retry_after_seconds: 2 })));
        release.send(()).unwrap();
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
        hasher.verify_dummy(&secret("violet harbour crossing")).await.unwrap();
    }

    #[tokio::test]
    async fn a_caller_who_hangs_up_frees_no_place_before_the_hash_is_done() {
        let hasher = PasswordHasher::new(&PasswordSettings { max_waiting: 0, ..settings() }).unwrap();
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let (started, has_started) = tokio::sync::oneshot::channel();
        let task = tokio::spawn({
            let hasher = hasher.clone();
            async move {
                hasher
                    .run(move || {
                        let _ = started.send(());
                        gate.recv().map_err(|_| HashError::Failed)
                    })
                    .await
            }
        });
        has_started.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(matches!(hasher.verify_dummy(&secret("x")).await, Err(HashError::Busy { .. })));
        release.send(()).unwrap();
    }
}
