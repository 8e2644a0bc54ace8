//! The kinds of values that keys have: how each is read from text, and how a person is told what it must be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use super::{CatalogSource, Config, duration};

/// The greatest length of one value in bytes.
pub const MAX_VALUE_BYTES: usize = 4096;

/// What a key's value must be, and where in the [`Config`] it goes.
///
/// The setter sits in the variant, so that a key cannot be described as one kind and stored as another.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A whole number within limits.
    Integer {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
        /// Stores it.
        set: fn(&mut Config, u64),
    },
    /// A length of time within limits.
    Duration {
        /// The least.
        min: Duration,
        /// The greatest.
        max: Duration,
        /// Stores it.
        set: fn(&mut Config, Duration),
    },
    /// `true` or `false`.
    Boolean {
        /// Stores it.
        set: fn(&mut Config, bool),
    },
    /// One of a few words.
    Choice {
        /// The words.
        options: &'static [&'static str],
        /// Stores it; the text is one of the words.
        set: fn(&mut Config, &str),
    },
    /// A text of a certain form.
    Text {
        /// What it is, with its article: `an address and a port`.
        form: &'static str,
        /// One that would do.
        example: &'static str,
        /// Stores it, or answers `None` if the text does not have the form.
        set: fn(&mut Config, &str) -> Option<()>,
    },
    /// A path; a relative one in a file is taken from that file's folder.
    Path {
        /// Stores it.
        set: fn(&mut Config, PathBuf),
    },
    /// The name of a shipped catalog, or the path of a file, which has a slash in it or ends with `.toml`.
    Catalog {
        /// Stores it.
        set: fn(&mut Config, CatalogSource),
    },
    /// A text that is never shown.
    Secret {
        /// Stores it.
        set: fn(&mut Config, SecretString),
    },
}

impl Kind {
    /// Reads the text and stores the value.
    ///
    /// `folder` is where relative paths start; `None` is the working directory.
    ///
    /// # Errors
    /// A message that says what is wrong with the text; [`Kind::hint`] says what would be right.
    pub fn apply(&self, config: &mut Config, text: &str, folder: Option<&Path>) -> Result<(), String> {
        if text.len() > MAX_VALUE_BYTES {
            return Err(format!("the value is longer than {MAX_VALUE_BYTES} bytes"));
        }
        let done = match *self {
            Self::Integer { min, max, set } => {
                text.parse::<u64>().ok().filter(|n| (min..=max).contains(n)).map(|n| set(config, n))
            }
            Self::Duration { min, max, set } => {
                duration::parse(text).filter(|d| (min..=max).contains(d)).map(|d| set(config, d))
            }
            Self::Boolean { set } => text.parse::<bool>().ok().map(|b| set(config, b)),
            Self::Choice { options, set } => options.contains(&text).then(|| set(config, text)),
            Self::Text { set, .. } => set(config, text),
            Self::Path { set } => {
                set(config, resolve(text, folder));
                Some(())
            }
            Self::Catalog { set } => {
                let is_path = text.contains('/') || Path::new(text).extension().is_some_and(|e| e == "toml");
                set(
                    config,
                    if is_path {
                        CatalogSource::File(resolve(text, folder))
                    } else {
                        CatalogSource::Shipped(text.to_owned())
                    },
                );
                Some(())
            }
            Self::Secret { set } => {
                set(config, SecretString::from(text));
                Some(())
            }
        };
        done.ok_or_else(|| format!("`{text}` is not {}", self.form()))
    }

    /// What a value is, with its article, limits included: `a whole number from 1 to 10`.
    pub fn form(&self) -> String {
        match self {
            Self::Integer { min, max, .. } => format!("a whole number from {min} to {max}"),
            Self::Duration { min, max, .. } => {
                format!("a duration from {} to {}", duration::format(*min), duration::format(*max))
            }
            Self::Boolean { .. } => "`true` or `false`".to_owned(),
            Self::Choice { options, .. } => {
                let quoted: Vec<String> = options.iter().map(|option| format!("`{option}`")).collect();
                format!("one of {}", quoted.join(", "))
            }
            Self::Text { form, .. } => (*form).to_owned(),
            Self::Path { .. } => "a path".to_owned(),
            Self::Catalog { .. } => "the name of a shipped catalog or the path of a TOML file".to_owned(),
            Self::Secret { .. } => "a secret text".to_owned(),
        }
    }

    /// What to write instead of a value that was refused.
    pub fn hint(&self) -> String {
        match self {
            Self::Duration { .. } => format!("write {}, such as `30s`, `48h` or `1h30m`", self.form()),
            Self::Text { form, example, .. } => format!("write {form}, such as `{example}`"),
            _ => format!("write {}", self.form()),
        }
    }

    /// Whether the value must not be shown.
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret { .. })
    }
}

fn resolve(text: &str, folder: Option<&Path>) -> PathBuf {
    folder.map_or_else(|| PathBuf::from(text), |folder| folder.join(text))
}
