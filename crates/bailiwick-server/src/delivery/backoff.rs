//! When to try again.

use std::time::Duration;

use super::{DeliveryError, Persistence};

/// What is waited after the first failures; the last one repeats. Grey-listing servers accept after a few
/// minutes, and an outage that somebody repairs is over within hours.
const DELAYS: [Duration; 5] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(4),
];
/// Nothing is tried later than this after the first attempt: most links in mails are dead by then.
const LONGEST: Duration = Duration::from_hours(24);
/// Nothing is tried more often than this.
const MOST_ATTEMPTS: u32 = 12;

/// How long to wait after the attempt of this number, counted from 1, has failed. `None` is to give up.
pub fn backoff(attempt: u32) -> Option<Duration> {
    let delay = |number: u32| {
        let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX).min(DELAYS.len() - 1);
        DELAYS.get(index).copied().unwrap_or(LONGEST)
    };
    if attempt >= MOST_ATTEMPTS {
        return None;
    }
    let waited: Duration = (1..=attempt.max(1)).map(delay).sum();
    (waited <= LONGEST).then(|| delay(attempt))
}

/// How long to wait after this failure of the attempt of this number. `None` is to give up.
pub fn retry_after(error: &DeliveryError, attempt: u32) -> Option<Duration> {
    match error.persistence {
        Persistence::Transient => backoff(attempt),
        Persistence::Permanent => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_and_ends_within_a_day() {
        let delays: Vec<Duration> = (1..).map_while(backoff).collect();
        assert_eq!(delays.first(), Some(&Duration::from_mins(1)));
        assert!(delays.is_sorted());
        assert!(delays.iter().sum::<Duration>() <= LONGEST);
        assert_eq!(delays.len(), 9);
        assert_eq!(backoff(u32::MAX), None);
        assert_eq!(backoff(0), backoff(1));
    }

    #[test]
    fn what_is_permanent_is_not_tried_again() {
        assert_eq!(retry_after(&DeliveryError::permanent("no such mailbox"), 1), None);
        assert_eq!(retry_after(&DeliveryError::transient("busy"), 1), Some(Duration::from_mins(1)));
    }
}
