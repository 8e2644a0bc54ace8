//! What is wrong with a policy, and where in its text.

use std::fmt;

use cedar_policy_core::parser::err::ParseErrors;
use miette::Diagnostic;

use crate::limits;

/// One mistake in the text of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The text at fault, at most one line of it.
    pub snippet: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

/// All that is wrong with the text of a policy, in the order of the text; at most [`limits::MISTAKES_PER_POLICY`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

/// So much of the text at fault is repeated.
const SNIPPET_CHARACTERS: usize = 80;

impl Mistake {
    /// A mistake of the text as a whole.
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self::at("", 0, 0, message)
    }

    /// A mistake at a stretch of the text, in bytes.
    pub(super) fn at(text: &str, from: usize, to: usize, message: impl Into<String>) -> Self {
        let from = (0..=from.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let before = text.get(..from).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = text.get(from..).unwrap_or_default();
        let length = to.saturating_sub(from).max(1);
        let mut snippet = String::new();
        for (at, c) in rest.char_indices() {
            if at >= length || c == '\n' || snippet.chars().count() == SNIPPET_CHARACTERS {
                break;
            }
            snippet.push(c);
        }
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            snippet,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What Cedar says, at the first place that it marks.
    pub(super) fn of(text: &str, diagnostic: &dyn Diagnostic) -> Self {
        let label = diagnostic.labels().and_then(|mut labels| labels.next());
        let (from, length) = label.map_or((0, 0), |label| (label.offset(), label.len()));
        let said = diagnostic.to_string();
        // Cedar calls a statement a policy and numbers them; here the place says which it is.
        let numbered = said.strip_prefix("for policy `policy").and_then(|rest| rest.split_once("`, "));
        let mut words = numbered.map_or(said.as_str(), |(_, rest)| rest).to_owned();
        if let Some((before, rest)) = words.split_once(" in context for Action::\"")
            && let Some((_, after)) = rest.split_once('"')
        {
            words = format!("{before} in the context{after}");
        }
        let help = diagnostic.help().map(|help| help.to_string());
        Self { hint: help, ..Self::at(text, from, from + length, words) }
    }
}

impl Mistakes {
    /// In the order of the text, each once; `None` if there is none.
    pub(super) fn new(mut mistakes: Vec<Mistake>) -> Option<Self> {
        mistakes.sort_by(|one, other| {
            let key = |mistake: &Mistake| (mistake.line, mistake.column);
            key(one).cmp(&key(other)).then_with(|| one.message.cmp(&other.message))
        });
        // Cedar says the same of each action and type to which a place could apply.
        mistakes.dedup_by_key(|mistake| (mistake.line, mistake.column));
        mistakes.truncate(limits::MISTAKES_PER_POLICY);
        (!mistakes.is_empty()).then_some(Self(mistakes))
    }

    pub(super) fn one(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }

    pub(super) fn of_syntax(text: &str, errors: &ParseErrors) -> Self {
        Self::new(errors.iter().map(|error| Mistake::of(text, error)).collect())
            .unwrap_or_else(|| Self::one(Mistake::at(text, 0, 0, errors.to_string())))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// The first mistake, and how many there are besides.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.0.first() else { return Ok(()) };
        first.fmt(f)?;
        match self.0.len() {
            0 | 1 => Ok(()),
            2 => f.write_str(" (and 1 more mistake)"),
            more => write!(f, " (and {} more mistakes)", more - 1),
        }
    }
}
