//! When to send a request again.

use std::time::Duration;

/// The longest that a server may ask to wait before the client gives the problem to its caller instead.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// The wait before the second attempt where the server asks for none; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// No connection was made, so nothing was sent.
    NotConnected,
    /// The server answered 503, perhaps with the wait it asks for.
    Unavailable(Option<Duration>),
}

/// How long to wait before the next attempt; `None` to give up. `attempt` counts from 0.
pub(super) fn wait_after(failure: Failure, attempt: u32, retries: u32) -> Option<Duration> {
    if attempt >= retries {
        return None;
    }
    let backoff = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempt)).min(LONGEST_WAIT);
    match failure {
        Failure::NotConnected | Failure::Unavailable(None) => Some(backoff),
        Failure::Unavailable(Some(asked)) => (asked <= LONGEST_WAIT).then_some(asked),
    }
}

/// The seconds of a `Retry-After` (RFC 9110, section 10.2.3). Its other form, a date, would trust the clocks of two machines.
pub(super) fn retry_after(header: &str) -> Option<Duration> {
    header.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_bounded() {
        let ms = Duration::from_millis;
        let table = [
            (Failure::NotConnected, 0, 2, Some(ms(200))),
            (Failure::NotConnected, 1, 2, Some(ms(400))),
            (Failure::NotConnected, 2, 2, None),
            (Failure::NotConnected, 0, 0, None),
            (Failure::NotConnected, 90, 99, Some(LONGEST_WAIT)),
            (Failure::Unavailable(None), 0, 1, Some(ms(200))),
            (Failure::Unavailable(Some(ms(3000))), 0, 1, Some(ms(3000))),
            (Failure::Unavailable(Some(ms(0))), 0, 1, Some(ms(0))),
            (Failure::Unavailable(Some(ms(11_000))), 0, 1, None),
        ];
        for (failure, attempt, retries, expected) in table {
            assert_eq!(wait_after(failure, attempt, retries), expected, "{failure:?} {attempt} {retries}");
        }
    }

    #[test]
    fn only_seconds_are_read() {
        assert_eq!(retry_after(" 3 "), Some(Duration::from_secs(3)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        assert_eq!(retry_after("-1"), None);
    }
}
