//! What to tell whom: the bodies of the outbox.
//!
//! They are kept as JSON until the mail is sent, and then deleted, because their links let in whoever holds them
//! and their addresses are personal data. Of a mail that was given up, what remains for a while has no link. Fields are only ever added, with a default, so
//! that a new version sends what an old one left behind.

use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most rows of [`Invitation::details`].
pub const MAX_DETAILS: usize = 16;

/// One mail to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MailRequest {
    /// Somebody is invited to an account.
    Invitation(Invitation),
    /// Somebody says that this email is theirs.
    EmailConfirmation(EmailConfirmation),
    /// A member is offered the ownership of an account.
    OwnershipOffer(OwnershipOffer),
    /// Anything else that is a few sentences and perhaps a link.
    Notice(Notice),
}

/// The body of [`MailRequest::Invitation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The email of the invited person.
    pub to: String,
    /// The account's name.
    pub account_name: String,
    /// The name of who invites, or their email if they have none.
    pub inviter_name: String,
    /// The roles that are offered, by their names.
    #[serde(default)]
    pub roles: Vec<String>,
    /// What the inviter wrote.
    #[serde(default)]
    pub note: Option<String>,
    /// Facts to pass on, such as the account's id or a cluster's address; at most [`MAX_DETAILS`] are shown.
    #[serde(default)]
    pub details: Vec<Detail>,
    /// Whether the person has to choose a password first.
    pub newcomer: Newcomer,
    /// Where to accept or decline.
    pub link: SecretLink,
    /// When the link stops working; never under catalogs whose invitations do not expire.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// One fact of an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// What it is: `Cluster address`.
    pub label: String,
    /// The fact.
    pub value: String,
}

/// Whether somebody is known to the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Newcomer {
    /// They choose a password when they accept.
    New,
    /// They sign in as always.
    Known,
}

/// The body of [`MailRequest::EmailConfirmation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailConfirmation {
    /// The email to confirm.
    pub to: String,
    /// Where to confirm it.
    pub link: SecretLink,
    /// When the link stops working.
    pub expires_at: Timestamp,
}

/// The body of [`MailRequest::OwnershipOffer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnershipOffer {
    /// The email of the member.
    pub to: String,
    /// The account's name.
    pub account_name: String,
    /// The owner's name, or their email if they have none.
    pub owner_name: String,
    /// Where to accept or decline. One has to sign in there, so that it may be the address of a page.
    pub link: SecretLink,
    /// When the offer lapses, if it does.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// The body of [`MailRequest::Notice`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The email to write to.
    pub to: String,
    /// The subject and heading.
    pub subject: String,
    /// The text, one entry per paragraph.
    pub paragraphs: Vec<String>,
    /// A link with its label.
    #[serde(default)]
    pub action: Option<Action>,
}

/// A link of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// What following it does: `Sign in`.
    pub label: String,
    /// Where it leads.
    pub link: SecretLink,
    /// When it stops working, if it does.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// A link that lets in whoever holds it. `Debug` shows nothing of it; JSON holds it, because the outbox must.
#[derive(Clone)]
pub struct SecretLink(SecretString);

impl SecretLink {
    /// Wraps a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self(SecretString::from(url.into()))
    }

    /// The URL.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SecretLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretLink(…)")
    }
}

impl PartialEq for SecretLink {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for SecretLink {}

impl Serialize for SecretLink {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for SecretLink {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl MailRequest {
    /// The email that it goes to.
    pub fn to(&self) -> &str {
        match self {
            Self::Invitation(invitation) => &invitation.to,
            Self::EmailConfirmation(confirmation) => &confirmation.to,
            Self::OwnershipOffer(offer) => &offer.to,
            Self::Notice(notice) => &notice.to,
        }
    }

    /// The word for its kind in the log and in lists.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invitation(_) => "invitation",
            Self::EmailConfirmation(_) => "email_confirmation",
            Self::OwnershipOffer(_) => "ownership_offer",
            Self::Notice(_) => "notice",
        }
    }

    /// What is kept of a mail that nobody will send: whom it was for and what it was, without its link and what was
    /// written into it.
    #[must_use]
    pub fn without_secrets(self) -> Self {
        let none = || SecretLink::new("");
        match self {
            Self::Invitation(mail) => {
                Self::Invitation(Invitation { link: none(), note: None, details: Vec::new(), ..mail })
            }
            Self::EmailConfirmation(mail) => {
                Self::EmailConfirmation(EmailConfirmation { link: none(), ..mail })
            }
            Self::OwnershipOffer(mail) => Self::OwnershipOffer(OwnershipOffer { link: none(), ..mail }),
            Self::Notice(mail) => Self::Notice(Notice { paragraphs: Vec::new(), action: None, ..mail }),
        }
    }

    /// What stands for a body that cannot be read, so that lists can still show the failure.
    pub fn unreadable() -> Self {
        Self::Notice(Notice {
            to: String::new(),
            subject: String::new(),
            paragraphs: Vec::new(),
            action: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_version_left_is_still_read() {
        let json = r#"{"kind":"invitation","to":"a@example.com","account_name":"Acme","inviter_name":"Ina",
            "newcomer":"new","link":"https://x.example/i/bwl_1","expires_at":"2026-11-23T10:00:00Z"}"#;
        let request: MailRequest = serde_json::from_str(json).unwrap();
        assert_eq!((request.kind(), request.to()), ("invitation", "a@example.com"));
        let again: MailRequest = serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
        assert_eq!(again, request);
        let json = r#"{"kind":"ownership_offer","to":"a@example.com","account_name":"Acme","owner_name":"Ina",
            "link":"https://x.example/offers"}"#;
        assert_eq!(serde_json::from_str::<MailRequest>(json).unwrap().kind(), "ownership_offer");
    }

    #[test]
    fn links_are_not_printed() {
        let confirmation = EmailConfirmation {
            to: "a@example.com".to_owned(),
            link: SecretLink::new("https://x.example/bwl_secret"),
            expires_at: Timestamp::UNIX_EPOCH,
        };
        let text = format!("{:?}", MailRequest::EmailConfirmation(confirmation));
        assert!(!text.contains("bwl_secret"), "{text}");
    }
}
