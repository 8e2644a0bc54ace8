//! Durations as people write them: `48h`, `1h30m`, `250ms`.

use std::time::Duration;

/// The units, longest first. Months and years are left out because their length varies.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration: numbers, each followed by one of `d`, `h`, `m`, `s` and `ms`, in any combination.
///
/// A bare number is refused, since nobody can tell whether it means seconds or minutes.
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
        let (unit, tail) = after.split_at(letters);
        let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*milliseconds)?)?;
        rest = tail;
    }
    Some(Duration::from_millis(total))
}

/// Writes a duration the way [`parse`] reads it, with the fewest units.
pub fn format(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, milliseconds) in UNITS {
        let count = rest / milliseconds;
        if count > 0 {
            text.push_str(&count.to_string());
            text.push_str(unit);
        }
        rest %= milliseconds;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (text, milliseconds) in [
            ("48h", 172_800_000),
            ("1h30m", 5_400_000),
            ("7d", 604_800_000),
            ("250ms", 250),
            ("1m1s1ms", 61_001),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
            assert_eq!(parse(&format(Duration::from_millis(milliseconds))), parse(text), "{text}");
        }
        assert_eq!(format(Duration::from_hours(48)), "2d");
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for wrong in
            ["", "30", "h", "1 h", "-1h", "1w", "1.5h", "99999999999999999999s", "200000000000000000d", "1H"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
