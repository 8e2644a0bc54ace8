//! Moments in queries: RFC 3339, or a day of UTC.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, de::Error};

/// Reads where a stretch of time begins: a moment, or a day for its first moment in UTC.
pub(super) fn first<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_first(&text).map(Some).ok_or_else(|| D::Error::custom(WANTED))
}

/// Reads where a stretch of time ends, which is not part of it: a moment, or a day for the first moment after it in UTC, so
/// that the day is in it.
pub(super) fn last<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_last(&text).map(Some).ok_or_else(|| D::Error::custom(WANTED))
}

/// What is accepted, for messages.
const WANTED: &str = "is no moment: give one such as `2026-11-21T12:00:00Z`, or a day such as `2026-11-21`";

/// Where a stretch of time that is given as a moment or as a day of UTC begins; `None` for anything else.
pub fn parse_first(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| start_of(day(text)?))
}

/// Where a stretch of time that is given as a moment or as a day of UTC ends, the day included; `None` for anything else.
pub fn parse_last(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| start_of(day(text)?.tomorrow().ok()?))
}

/// `2026-11-21` and nothing else: a date with a time but no zone says no moment.
fn day(text: &str) -> Option<Date> {
    if text.len() == 10 { text.parse().ok() } else { None }
}

fn start_of(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|start| start.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_all_of_it() {
        let moment = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(parse_first("2026-11-21"), Some(moment("2026-11-21T00:00:00Z")));
        assert_eq!(parse_last("2026-11-21"), Some(moment("2026-11-22T00:00:00Z")));
        for parse in [parse_first, parse_last] {
            assert_eq!(parse("2026-11-21T12:00:00+01:00"), Some(moment("2026-11-21T11:00:00Z")));
            for wrong in
                ["", "yesterday", "2026-11-31", "2026-11-21T12:00", "2026-11", "20261121", "9999-12-32"]
            {
                assert_eq!(parse(wrong), None, "{wrong}");
            }
        }
    }
}
