//! The plan as it is made: with ids of people, since planning knows no emails but those of the document.

use bailiwick_client::wire;
use bailiwick_core::ids::UserId;

use crate::service::{Invitees, People};

/// What was done, or would be.
#[derive(Debug, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    pub notes: Vec<Note>,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    pub action: wire::PlanAction,
    pub kind: String,
    pub name: Words,
    pub changes: Vec<wire::PlanChange>,
    pub field: Option<String>,
}

/// Something that is left as it is.
#[derive(Debug)]
pub struct Note {
    pub message: Words,
    pub field: Option<String>,
}

/// A text in which people are named by id.
#[derive(Debug, Clone, Default)]
pub struct Words(Vec<Word>);

/// A part of such a text.
#[derive(Debug, Clone)]
pub enum Word {
    Text(String),
    Person(UserId),
}

impl Words {
    /// The same text and more.
    #[must_use]
    pub fn and(mut self, word: impl Into<Word>) -> Self {
        self.0.push(word.into());
        self
    }

    /// For the caller, with people by their emails.
    pub(super) fn shown(&self, people: &People, named: &Invitees) -> String {
        let words = self.0.iter().map(|word| match word {
            Word::Text(text) => text.clone(),
            Word::Person(user) => {
                let email = people.email(*user).or_else(|| named.email(*user));
                email.map_or_else(|| user.to_string(), str::to_owned)
            }
        });
        words.collect()
    }
}

impl<W: Into<Word>> From<W> for Words {
    fn from(word: W) -> Self {
        Self(vec![word.into()])
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<UserId> for Word {
    fn from(user: UserId) -> Self {
        Self::Person(user)
    }
}

impl Plan {
    /// For the caller, with people by their emails.
    pub fn shown(&self, people: &People, named: &Invitees) -> wire::AccessPlan {
        let steps = self.steps.iter().map(|step| wire::PlanStep {
            action: step.action,
            kind: step.kind.clone(),
            name: step.name.shown(people, named),
            changes: step.changes.clone(),
            field: step.field.clone(),
        });
        let notes = self.notes.iter().map(|note| wire::PlanNote {
            message: note.message.shown(people, named),
            field: note.field.clone(),
        });
        wire::AccessPlan { steps: steps.collect(), notes: notes.collect() }
    }
}
