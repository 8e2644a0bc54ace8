//! Names of headers and media types, and the form of entity tags.

/// Makes a write safe to repeat: 1 to 128 visible ASCII characters, remembered for a day.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// `true` on the answer to a write that was done before under the same idempotency key.
pub const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";
/// Lets a write pass only if the entity is still at the revision that the caller saw (RFC 9110, section 13.1.1).
pub const IF_MATCH: &str = "if-match";
/// The revision of the entity in the answer (RFC 9110, section 8.8.3).
pub const ETAG: &str = "etag";
/// The account's revision after a write, or on which a read stands.
pub const REVISION: &str = "bailiwick-revision";
/// Asks for an answer from a state at least as new as this revision.
pub const AT_LEAST: &str = "bailiwick-at-least";
/// Names the request in logs and events; taken from the caller or made, and echoed.
pub const REQUEST_ID: &str = "x-request-id";
/// Media type of a problem (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The greatest number of characters of an idempotency key.
pub const IDEMPOTENCY_KEY_MAX_CHARS: usize = 128;
/// The greatest number of characters of a request id taken from the caller.
pub const REQUEST_ID_MAX_CHARS: usize = 128;

/// The strong entity tag of something that last changed at this revision.
pub fn etag(revision: u64) -> String {
    format!("\"{revision}\"")
}

/// The revision in an entity tag; `None` if it is not one of Bailiwick's.
///
/// A weak tag is refused, since `If-Match` compares strongly (RFC 9110, section 8.8.3.2).
pub fn parse_etag(tag: &str) -> Option<u64> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let revision: u64 = digits.parse().ok()?;
    (revision.to_string() == digits).then_some(revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_tags_have_one_spelling() {
        assert_eq!(parse_etag(&etag(17)), Some(17));
        for wrong in ["17", "W/\"17\"", "\"017\"", "\"+17\"", "\"\"", "\"", "*", "\"17", ""] {
            assert_eq!(parse_etag(wrong), None, "{wrong}");
        }
    }
}
