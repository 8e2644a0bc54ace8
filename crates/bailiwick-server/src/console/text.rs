//! Words, times and pictures for what the domain knows by id.

use bailiwick_core::ids::Id as _;
use bailiwick_core::ids::UserId;
use bailiwick_store::UserRow;
use jiff::Timestamp;

/// Escapes a text and turns words in backticks into code, for messages that come from the domain.
pub(super) fn prose(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    let mut is_code = false;
    for c in text.chars() {
        match c {
            '`' => {
                html.push_str(if is_code { "</code>" } else { "<code>" });
                is_code = !is_code;
            }
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    if is_code {
        html.push_str("</code>");
    }
    html
}

/// A message of the domain, which has no capital and no full stop, as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => {
            let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
            format!("{}{}{stop}", first.to_uppercase(), chars.as_str())
        }
        None => String::new(),
    }
}

/// A moment for people, and for machines beside it.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// RFC 3339.
    pub(super) exact: String,
    /// Day and minute, in UTC.
    pub(super) full: String,
    /// How long ago or ahead, in one or two words.
    pub(super) near: String,
}

/// A moment for people.
pub(super) fn moment(at: Timestamp, now: Timestamp) -> Moment {
    let seconds = now.duration_since(at).as_secs();
    Moment {
        exact: at.to_string(),
        full: at.strftime("%-d %b %Y, %H:%M UTC").to_string(),
        near: near(seconds, at),
    }
}

fn near(seconds: i64, at: Timestamp) -> String {
    let (size, is_past) = (seconds.unsigned_abs(), seconds >= 0);
    let (count, unit) = match size {
        0..45 => return (if is_past { "just now" } else { "in a moment" }).to_owned(),
        45..3_570 => ((size + 30) / 60, "minute"),
        // Invitations live for two days and people ask how many hours are left of them.
        3_570..84_600 => ((size + 1_800) / 3_600, "hour"),
        84_600..174_600 if !is_past => ((size + 1_800) / 3_600, "hour"),
        84_600..2_592_000 => ((size + 43_200) / 86_400, "day"),
        _ => return at.strftime("%-d %b %Y").to_string(),
    };
    let many = if count == 1 { "" } else { "s" };
    if is_past { format!("{count} {unit}{many} ago") } else { format!("in {count} {unit}{many}") }
}

/// A person as pages show them.
#[derive(Debug, Clone)]
pub(super) struct Face {
    /// The name, else the email.
    pub(super) label: String,
    /// The email; empty for somebody who was erased.
    pub(super) email: String,
    /// One or two letters.
    pub(super) initials: String,
    /// Which of eight colours the letters stand on.
    pub(super) hue: u8,
}

/// A person as pages show them; somebody who was erased is an id.
pub(super) fn face(id: UserId, user: Option<&UserRow>) -> Face {
    let email = user.map(|user| user.email.clone()).unwrap_or_default();
    let name = user.map(|user| user.name.clone()).unwrap_or_default();
    let label = [&name, &email].into_iter().find(|text| !text.is_empty()).cloned();
    let label = label.unwrap_or_else(|| id.to_string());
    let words = label.split(|c: char| c.is_whitespace() || matches!(c, '.' | '@' | '-' | '_'));
    let initials: String = words
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    // The last byte of a version 7 id is random.
    let hue = id.uuid().as_bytes().last().copied().unwrap_or_default() % 8;
    Face { label, email, initials, hue }
}

/// A time that people set, in days or in hours.
pub(super) fn duration_words(seconds: u64) -> String {
    let hours = usize::try_from(seconds / 3_600).unwrap_or(usize::MAX);
    if hours > 72 && hours.is_multiple_of(24) {
        counted(hours / 24, "day", "days")
    } else {
        counted(hours, "hour", "hours")
    }
}

/// One of something, or several of it.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_escaped() {
        assert_eq!(prose("a `<b>` & \"c\""), "a <code>&lt;b&gt;</code> &amp; &quot;c&quot;");
        assert_eq!(prose("an `open one"), "an <code>open one</code>");
    }

    #[test]
    fn sentences_begin_and_end() {
        assert_eq!(sentence("nothing to do"), "Nothing to do.");
        assert_eq!(sentence("Done!"), "Done!");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn times_are_near_or_dated() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for (at, wanted) in [
            ("2026-11-21T11:59:30Z", "just now"),
            ("2026-11-21T11:58:59Z", "1 minute ago"),
            ("2026-11-21T11:00:10Z", "1 hour ago"),
            ("2026-11-23T11:59:58Z", "in 48 hours"),
            ("2026-11-20T07:00:00Z", "1 day ago"),
            ("2026-11-21T09:00:00Z", "3 hours ago"),
            ("2026-11-28T12:00:00Z", "in 7 days"),
            ("2026-01-02T12:00:00Z", "2 Jan 2026"),
        ] {
            assert_eq!(moment(at.parse().unwrap(), now).near, wanted);
        }
    }
}
