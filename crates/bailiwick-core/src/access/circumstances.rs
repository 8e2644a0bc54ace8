//! Under which circumstances something is asked: what policies can look at besides who, what and where.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::account::Attributes;

/// What sort of caller asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Caller {
    /// A signed-in person, for themselves.
    Person,
    /// A machine with a management key, for itself.
    Key,
    /// Somebody who asks what another one may do: a control plane, through AuthZEN or the API.
    #[default]
    Question,
}

impl Caller {
    /// The word in policies: `context.caller`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Key => "key",
            Self::Question => "question",
        }
    }
}

/// What whoever asks says, as far as they may: it takes the place of what is stored, in this one question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asserted {
    /// Attributes of the principal.
    pub subject: Attributes,
    /// Attributes of the resource.
    pub resource: Attributes,
    /// Attributes of the request: `context.request.…`.
    pub request: Attributes,
    /// `context.request.ip`
    pub ip: Option<IpAddr>,
}

impl Asserted {
    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// When, from where and how something is asked. A moment alone is enough where nothing else is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// The moment of the decision, never one that a caller names.
    pub now: Timestamp,
    /// The address from which a person or machine acts for itself.
    pub source_ip: Option<IpAddr>,
    /// When the person last proved a second factor in this session.
    pub mfa_at: Option<Timestamp>,
    /// Who asks.
    pub caller: Caller,
    /// What the caller says of this question.
    pub asserted: Option<&'a Asserted>,
}

impl Circumstances<'_> {
    /// A question about somebody, of which nothing but the moment is known.
    #[inline]
    pub const fn question(now: Timestamp) -> Self {
        Self { now, source_ip: None, mfa_at: None, caller: Caller::Question, asserted: None }
    }
}

impl From<&Circumstances<'_>> for Timestamp {
    fn from(circumstances: &Circumstances<'_>) -> Self {
        circumstances.now
    }
}
