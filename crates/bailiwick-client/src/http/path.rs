//! Paths of requests, with ids encoded so that none can lead elsewhere.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Error;

/// What an id may hold unencoded. A colon is encoded, since `:` in a path separates the action.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The greatest number of bytes of an id or external id in a path: 128 characters of four bytes.
const ID_MAX_BYTES: usize = 512;

/// A path below the base URL. What is wrong with an id is kept until the request is sent.
#[derive(Debug, Clone)]
pub(super) struct Path {
    text: String,
    refused: Option<(String, &'static str)>,
}

impl Path {
    /// A path of the API, `/api/v1/` and then this.
    pub(super) fn api(fixed: &str) -> Self {
        Self { text: format!("/api/v1/{fixed}"), refused: None }
    }

    /// Whether it is below `/api/v1`.
    pub(super) fn is_of_api(&self) -> bool {
        self.text.starts_with("/api/")
    }

    /// A path outside `/api/v1`.
    pub(super) fn bare(fixed: &str) -> Self {
        Self { text: format!("/{fixed}"), refused: None }
    }

    /// Goes on with an id.
    pub(super) fn id(mut self, id: &str) -> Self {
        let refused = match id {
            "" => Some("is empty"),
            // Encoded or not, these two mean another path to every URL parser.
            "." | ".." => Some("cannot stand in a path"),
            long if long.len() > ID_MAX_BYTES => Some("is too long for an id"),
            _ => None,
        };
        if let Some(reason) = refused {
            let given = id.chars().take(64).collect();
            self.refused.get_or_insert((given, reason));
        }
        self.text.push('/');
        self.text.extend(utf8_percent_encode(id, PLAIN));
        self
    }

    /// Goes on with a fixed part.
    pub(super) fn then(mut self, fixed: &str) -> Self {
        self.text.push('/');
        self.text.push_str(fixed);
        self
    }

    /// Ends with an action.
    pub(super) fn action(mut self, action: &str) -> Self {
        self.text.push(':');
        self.text.push_str(action);
        self
    }

    /// The path, unless an id in it cannot be one.
    pub(super) fn text(&self) -> Result<&str, Error> {
        match &self.refused {
            None => Ok(&self.text),
            Some((given, reason)) => {
                Err(Error::Invalid { given: given.clone(), reason, hint: "give an id or an external id" })
            }
        }
    }

    /// The path for messages, whatever is in it.
    pub(super) fn shown(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_leave_their_place() {
        let text = |id: &str| Path::api("accounts").id(id).action("leave").text().map(str::to_owned).ok();
        assert_eq!(text("acc_1").as_deref(), Some("/api/v1/accounts/acc_1:leave"));
        assert_eq!(text("a/../b").as_deref(), Some("/api/v1/accounts/a%2F..%2Fb:leave"));
        assert_eq!(text("a:accept?x#y").as_deref(), Some("/api/v1/accounts/a%3Aaccept%3Fx%23y:leave"));
        assert_eq!(text("é").as_deref(), Some("/api/v1/accounts/%C3%A9:leave"));
        for wrong in ["", ".", "..", "x".repeat(513).as_str()] {
            assert_eq!(text(wrong), None, "{wrong}");
        }
    }
}
