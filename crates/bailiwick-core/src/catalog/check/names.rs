//! Names of one kind of thing: their syntax, that each is declared once, and finding them.

use std::collections::BTreeMap;

use crate::catalog::problem::{Problems, suggest};
use crate::catalog::source::Text;

pub(super) const MAX_NAME_CHARACTERS: usize = 64;

/// How a kind of name is written.
#[derive(Clone, Copy)]
pub(super) enum Syntax {
    /// `cluster`, `project_admin`
    Word,
    /// `write:clusters`
    VerbNoun,
}

impl Syntax {
    pub(super) fn accepts(self, name: &str) -> bool {
        let fits = match self {
            Self::Word => is_word(name),
            Self::VerbNoun => name.split_once(':').is_some_and(|(verb, noun)| is_word(verb) && is_word(noun)),
        };
        fits && name.len() <= MAX_NAME_CHARACTERS
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Word => {
                "use at most 64 lower-case letters, digits and underscores, a letter first, such as `project_admin`"
            }
            Self::VerbNoun => {
                "write `verb:noun` in at most 64 lower-case letters, digits and underscores, such as `read:api_keys`"
            }
        }
    }
}

/// Lower-case snake: a letter, then letters, digits and underscores.
fn is_word(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// The declared names of one kind, with their positions.
pub(super) struct Names<'s> {
    kind: &'static str,
    positions: BTreeMap<&'s str, usize>,
    /// Whether all names could be read. If not, one that is not found may well be the unreadable one.
    complete: bool,
}

impl<'s> Names<'s> {
    /// Reports names that are malformed or declared twice.
    pub(super) fn declare(
        kind: &'static str,
        syntax: Syntax,
        texts: &[&'s Text],
        problems: &mut Problems,
    ) -> Self {
        let mut names = Self { kind, positions: BTreeMap::new(), complete: true };
        for (position, text) in texts.iter().enumerate() {
            let name = text.get_ref().as_str();
            if name.is_empty() {
                names.complete = false;
                continue;
            }
            if names.positions.contains_key(name) {
                problems.add(
                    &text.span(),
                    format!("{kind} `{name}` is declared twice"),
                    "remove this one, or give it another name",
                );
                continue;
            }
            names.positions.insert(name, position);
            if !syntax.accepts(name) {
                problems.add(&text.span(), format!("`{name}` is no name for a {kind}"), syntax.hint());
            }
        }
        names
    }

    /// The position of what is referred to; reports what does not exist, with the nearest name.
    pub(super) fn find(&self, reference: &Text, problems: &mut Problems) -> Option<usize> {
        let name = reference.get_ref().as_str();
        let found = self.positions.get(name).copied();
        if found.is_none() && self.complete && !name.is_empty() {
            let message = format!("{} `{name}` does not exist", self.kind);
            problems.add(&reference.span(), message, suggest(name, self.positions.keys().copied()));
        }
        found
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'s str, usize)> {
        self.positions.iter().map(|(name, position)| (*name, *position))
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }
}
