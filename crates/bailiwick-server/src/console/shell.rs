//! The frame around every page: who is signed in, where, and the way to the other pages.

use super::text::{Face, face};
use super::visitor::Visitor;

/// What the layout needs.
#[derive(Debug, Clone)]
pub(super) struct Shell {
    /// The page's title.
    pub(super) title: String,
    /// Who is signed in.
    pub(super) person: Option<Face>,
    /// The account that the page is about.
    pub(super) account: Option<AccountBar>,
    /// What forms carry; empty for visitors.
    pub(super) form_token: String,
    /// What the request before has to say.
    pub(super) notice: Option<String>,
}

/// The account's name and the pages about it.
#[derive(Debug, Clone)]
pub(super) struct AccountBar {
    /// What people read.
    pub(super) name: String,
    /// The pages that the person may see.
    pub(super) tabs: Vec<Tab>,
}

/// A way to a page.
#[derive(Debug, Clone)]
pub(super) struct Tab {
    /// Where it leads.
    pub(super) href: String,
    /// What people read.
    pub(super) label: &'static str,
    /// Whether the page is one of those it leads to.
    pub(super) is_current: bool,
}

impl Shell {
    /// A frame without an account.
    pub(super) fn new(visitor: &Visitor, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            person: visitor.person.as_ref().map(|person| face(person.id, Some(&person.user))),
            account: None,
            form_token: visitor.person.as_ref().map(|person| person.form_token.clone()).unwrap_or_default(),
            notice: visitor.notice.clone(),
        }
    }
}
