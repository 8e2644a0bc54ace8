//! Mail, from a request in the outbox to a message on its way.
//!
//! A [`request::MailRequest`] says what to tell whom; [`message::render`] makes a [`message::Mail`] of it; a
//! [`Mailer`] sends that. When sending fails, [`backoff::retry_after`] says whether and when to try again.

pub mod backoff;
pub mod file;
pub mod message;
pub mod request;
pub mod smtp;
pub mod text;
pub mod worker;

use std::sync::Arc;

use async_trait::async_trait;

use crate::config::{Config, MailTransport};

use self::message::Mail;

/// A way for mail to leave.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands the mail over. When this returns, it is in the keeping of the other side and need not be kept
    /// here.
    async fn send(&self, mail: &Mail) -> Result<(), DeliveryError>;
}

/// Why a mail could not be handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DeliveryError {
    /// Whether it is worth trying again.
    pub persistence: Persistence,
    /// What happened, for operators and for the person who looks at a pending invitation. It never holds the
    /// mail.
    pub message: String,
}

/// Whether a failure passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// It may work later, or after an operator has changed something.
    Transient,
    /// This mail will never be accepted.
    Permanent,
}

impl DeliveryError {
    /// A failure that may pass.
    pub fn transient(message: impl Into<String>) -> Self {
        Self { persistence: Persistence::Transient, message: message.into() }
    }

    /// A failure that will not pass.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self { persistence: Persistence::Permanent, message: message.into() }
    }
}

/// The way that the configuration asks for. To be called inside a tokio runtime, which the SMTP pool lives
/// in.
///
/// # Errors
/// The certificate authorities of `mail.ca_file` cannot be read.
pub fn mailer(config: &Config) -> Result<Arc<dyn Mailer>, DeliveryError> {
    Ok(match config.mail.transport {
        MailTransport::File => {
            Arc::new(file::FileMailer::new(config.data.join("mail"), config.mail.from.clone()))
        }
        MailTransport::Smtp => Arc::new(smtp::SmtpMailer::new(&config.mail)?),
    })
}
