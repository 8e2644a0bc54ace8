//! From what to tell whom to the message that mail servers understand.

use askama::Template;
use jiff::Timestamp;
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use uuid::Uuid;

use super::DeliveryError;
use super::request::{MAX_DETAILS, MailRequest, Newcomer, SecretLink};
use super::text;

/// The most roles that an invitation names; what is left out is counted.
const MAX_ROLES: usize = 10;

/// A mail that is ready but for its sender.
#[derive(Clone)]
pub struct Mail {
    /// Tells it from others; the same at every attempt, so that a receiver can drop what came twice.
    pub id: Uuid,
    /// When it was asked for.
    pub at: Timestamp,
    /// Who it goes to.
    pub to: Address,
    /// The subject.
    pub subject: String,
    /// The body for programs that show text.
    pub text: String,
    /// The body for programs that show HTML.
    pub html: String,
}

/// Bodies hold links that are secrets, and `to` is personal: only the id is printed.
impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Mail {
    /// The message of RFC 5322 with its envelope.
    ///
    /// # Errors
    /// A header cannot be built, which no attempt will change.
    pub fn to_message(&self, from: &Mailbox) -> Result<Message, DeliveryError> {
        Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, self.to.clone()))
            .subject(self.subject.clone())
            .date(self.at.into())
            .message_id(Some(format!("<{}@{}>", self.id.as_simple(), from.email.domain())))
            .header(AutoSubmitted)
            .multipart(
                MultiPart::alternative()
                    .singlepart(
                        SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text_body(&self.text)),
                    )
                    .singlepart(SinglePart::html(self.html.clone())),
            )
            .map_err(|error| DeliveryError::permanent(format!("the mail could not be put together: {error}")))
    }
}

/// The longest line of a message, its end not counted (RFC 5322 section 2.1.1).
const MAX_LINE: usize = 998;

/// The text as it is where a message may hold it as it is, so that the link can be copied out of a file. The library would
/// break every line of more than 76 characters.
fn text_body(text: &str) -> Body {
    let fits = |line: &str| line.len() <= MAX_LINE && line.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !text.lines().all(fits) {
        return Body::new(text.to_owned());
    }
    let lines = text.lines().flat_map(|line| [line, "\r\n"]).collect::<String>();
    Body::dangerous_pre_encoded(lines.into_bytes(), ContentTransferEncoding::SevenBit)
}

/// `Auto-Submitted: auto-generated` keeps out-of-office programs from answering (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Makes the mail.
///
/// `id` and `at` come from the outbox, so that every attempt sends the same mail. Texts that people chose are
/// cleaned here ([`text`]), whatever was checked before.
///
/// # Errors
/// Always permanent: the email cannot be written to, or the link is not one of the web.
pub fn render(request: &MailRequest, id: Uuid, at: Timestamp) -> Result<Mail, DeliveryError> {
    let to = address(request.to())?;
    let (subject, text, html) = match request {
        MailRequest::Invitation(invitation) => {
            let account = text::name(&invitation.account_name);
            let inviter = text::name(&invitation.inviter_name);
            let subject = format!("{inviter} invites you to {account}");
            let page = InvitationText {
                subject: &subject,
                account: &account,
                inviter: &inviter,
                to: to.as_ref(),
                roles: &roles(&invitation.roles),
                note: &invitation.note.as_deref().map(text::paragraphs).unwrap_or_default(),
                details: &invitation
                    .details
                    .iter()
                    .take(MAX_DETAILS)
                    .map(|detail| (text::name(&detail.label), text::line(&detail.value, text::MAX_NOTE)))
                    .collect::<Vec<_>>(),
                is_new: invitation.newcomer == Newcomer::New,
                link: web(&invitation.link)?,
                until: invitation.expires_at.map(moment),
            };
            let html = InvitationHtml { page: &page, subject: &subject };
            (subject.clone(), fill_text(&page)?, fill(&html)?)
        }
        MailRequest::EmailConfirmation(confirmation) => {
            let subject = "Confirm your email".to_owned();
            let page = ConfirmationText {
                to: to.as_ref(),
                link: web(&confirmation.link)?,
                until: Some(moment(confirmation.expires_at)),
            };
            let html = ConfirmationHtml { page: &page, subject: &subject };
            (subject.clone(), fill_text(&page)?, fill(&html)?)
        }
        MailRequest::OwnershipOffer(offer) => {
            let account = text::name(&offer.account_name);
            let owner = text::name(&offer.owner_name);
            let subject = format!("{owner} offers you the ownership of {account}");
            let page = OfferText {
                account: &account,
                owner: &owner,
                link: web(&offer.link)?,
                until: offer.expires_at.map(moment),
            };
            let html = OfferHtml { page: &page, subject: &subject };
            (subject.clone(), fill_text(&page)?, fill(&html)?)
        }
        MailRequest::Notice(notice) => {
            let subject = text::name(&notice.subject);
            let paragraphs: Vec<String> =
                notice.paragraphs.iter().flat_map(|part| text::paragraphs(part)).collect();
            let action = match &notice.action {
                Some(action) => Some((text::name(&action.label), web(&action.link)?)),
                None => None,
            };
            let until = notice.action.as_ref().and_then(|action| action.expires_at).map(moment);
            let page = NoticeText { subject: &subject, paragraphs: &paragraphs, action: &action, until };
            let html = NoticeHtml { page: &page, subject: &subject };
            (subject.clone(), fill_text(&page)?, fill(&html)?)
        }
    };
    Ok(Mail { id, at, to, subject, text, html })
}

#[derive(Template)]
#[template(path = "mail/invitation.txt")]
struct InvitationText<'a> {
    subject: &'a str,
    account: &'a str,
    inviter: &'a str,
    to: &'a str,
    roles: &'a str,
    note: &'a [String],
    details: &'a [(String, String)],
    is_new: bool,
    link: &'a str,
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "mail/invitation.html")]
struct InvitationHtml<'a> {
    page: &'a InvitationText<'a>,
    subject: &'a str,
}

#[derive(Template)]
#[template(path = "mail/email_confirmation.txt")]
struct ConfirmationText<'a> {
    to: &'a str,
    link: &'a str,
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "mail/email_confirmation.html")]
struct ConfirmationHtml<'a> {
    page: &'a ConfirmationText<'a>,
    subject: &'a str,
}

#[derive(Template)]
#[template(path = "mail/ownership_offer.txt")]
struct OfferText<'a> {
    account: &'a str,
    owner: &'a str,
    link: &'a str,
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "mail/ownership_offer.html")]
struct OfferHtml<'a> {
    page: &'a OfferText<'a>,
    subject: &'a str,
}

#[derive(Template)]
#[template(path = "mail/notice.txt")]
struct NoticeText<'a> {
    subject: &'a str,
    paragraphs: &'a [String],
    action: &'a Option<(String, &'a str)>,
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "mail/notice.html")]
struct NoticeHtml<'a> {
    page: &'a NoticeText<'a>,
    subject: &'a str,
}

fn fill(template: &impl Template) -> Result<String, DeliveryError> {
    template
        .render()
        .map_err(|error| DeliveryError::permanent(format!("the mail could not be put together: {error}")))
}

/// Templates leave more blank lines behind than people want to read.
fn fill_text(template: &impl Template) -> Result<String, DeliveryError> {
    let mut text = fill(template)?;
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    Ok(text)
}

fn roles(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(MAX_ROLES).map(|role| text::name(role)).collect();
    if names.len() > MAX_ROLES {
        shown.push(format!("and {} more", names.len() - MAX_ROLES));
    }
    shown.join(", ")
}

/// Reads an email address. Names of domains in other scripts go into the form that all mail servers know.
fn address(email: &str) -> Result<Address, DeliveryError> {
    let refuse = || DeliveryError::permanent("the email is not an address that can be written to");
    if email.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(refuse());
    }
    let (local, domain) = email.rsplit_once('@').ok_or_else(refuse)?;
    let url::Host::Domain(domain) = url::Host::parse(domain).map_err(|_| refuse())? else {
        return Err(refuse());
    };
    Address::new(local, domain).map_err(|_| refuse())
}

/// Lets only links of the web into a mail: `javascript:` and the like have no business there.
fn web(link: &SecretLink) -> Result<&str, DeliveryError> {
    let url = link.expose();
    let is_clean = url.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '`'));
    let is_web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_clean && is_web {
        Ok(url)
    } else {
        Err(DeliveryError::permanent("the link of the mail is not a web address"))
    }
}

/// A time that everybody reads alike: `Monday, 23 November 2026, 10:00 UTC`.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%A, %-d %B %Y, %H:%M UTC").to_string()
}
