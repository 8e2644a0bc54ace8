//! The parts that pages are made of, each with its own template.

use askama::Template;

use super::complaint::Complaint;

/// One line to type into, with its label, help and what was wrong with it.
#[derive(Debug, Clone, Template)]
#[template(path = "console/part_field.html")]
pub(super) struct Field {
    /// The name in the form.
    pub(super) name: &'static str,
    /// What people read.
    pub(super) label: &'static str,
    /// `text`, `email` or `password`.
    pub(super) kind: &'static str,
    /// What was typed.
    pub(super) value: String,
    /// What browsers may fill in.
    pub(super) autocomplete: &'static str,
    /// What to type.
    pub(super) help: String,
    /// Whether it may stay empty.
    pub(super) is_required: bool,
    /// Whether typing begins here.
    pub(super) has_focus: bool,
    /// The most characters.
    pub(super) most: usize,
    /// What was wrong.
    pub(super) wrong: Option<Complaint>,
}

impl Field {
    /// A line of text that must be filled in.
    pub(super) fn text(name: &'static str, label: &'static str, value: &str) -> Self {
        Self {
            name,
            label,
            kind: "text",
            value: value.to_owned(),
            autocomplete: "off",
            help: String::new(),
            is_required: true,
            has_focus: false,
            most: 64,
            wrong: None,
        }
    }

    /// An email address.
    pub(super) fn email(label: &'static str, value: &str) -> Self {
        Self { kind: "email", autocomplete: "username", most: 254, ..Self::text("email", label, value) }
    }

    /// A password, which is never sent back to the page.
    pub(super) fn password(name: &'static str, label: &'static str, autocomplete: &'static str) -> Self {
        Self { kind: "password", autocomplete, most: 128, ..Self::text(name, label, "") }
    }

    /// With help below it.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Where typing begins, unless a field was filled in wrongly, where it then begins.
    pub(super) fn focus(mut self, complaint: Option<&Complaint>) -> Self {
        self.has_focus = complaint.is_none_or(|complaint| complaint.field.is_none());
        self
    }

    /// May stay empty.
    pub(super) fn optional(mut self) -> Self {
        self.is_required = false;
        self
    }

    /// With what browsers may fill in.
    pub(super) fn fills(mut self, autocomplete: &'static str) -> Self {
        self.autocomplete = autocomplete;
        self
    }

    /// With what was wrong, if it is about this field.
    pub(super) fn judged(mut self, complaint: Option<&Complaint>) -> Self {
        self.wrong = complaint.filter(|complaint| complaint.field.as_deref() == Some(self.name)).cloned();
        self
    }
}

/// What was wrong with a form as a whole.
#[derive(Debug, Clone, Template)]
#[template(path = "console/part_alert.html")]
pub(super) struct Alert {
    complaint: Option<Complaint>,
}

impl Alert {
    /// Shown unless the complaint is about one of these fields.
    pub(super) fn unless_about(complaint: Option<&Complaint>, fields: &[&str]) -> Self {
        let about =
            |complaint: &&Complaint| complaint.field.as_deref().is_none_or(|field| !fields.contains(&field));
        Self { complaint: complaint.filter(about).cloned() }
    }
}
