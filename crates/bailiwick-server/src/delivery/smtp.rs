//! Mail through an SMTP server.

use std::error::Error as _;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::ExposeSecret as _;

use super::message::Mail;
use super::{DeliveryError, Mailer};
use crate::config::{MailSettings, MailTls};

/// How long one command may take. RFC 5321 section 4.5.3.2 allows minutes; a retry comes sooner.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Idle connections are closed before servers do it, which is often after five minutes.
const IDLE: Duration = Duration::from_mins(1);
/// Few servers accept more connections from one client.
const MOST_CONNECTIONS: u32 = 4;
/// The most characters of a server's answer that are passed on.
const MAX_ANSWER: usize = 300;

/// Sends through one SMTP server, over a few connections that are kept open.
#[derive(Debug, Clone)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// Prepares the connections; none is opened yet. To be called inside a tokio runtime.
    ///
    /// # Errors
    /// `mail.host` is missing, or the file of `mail.ca_file` cannot be read or is no PEM.
    pub fn new(settings: &MailSettings) -> Result<Self, DeliveryError> {
        let host = settings.host.clone().ok_or_else(|| DeliveryError::permanent("`mail.host` is not set"))?;
        let tls = match settings.tls {
            MailTls::Starttls => Tls::Required(parameters(&host, settings)?),
            MailTls::Implicit => Tls::Wrapper(parameters(&host, settings)?),
            MailTls::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(settings.smtp_port())
            .tls(tls)
            .timeout(Some(TIMEOUT))
            .pool_config(PoolConfig::new().max_size(MOST_CONNECTIONS).idle_timeout(IDLE));
        if let (Some(username), Some(password)) = (&settings.username, &settings.password) {
            builder =
                builder.credentials(Credentials::new(username.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.build(), from: settings.from.clone() })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), DeliveryError> {
        let message = mail.to_message(&self.from)?;
        match self.transport.send(message).await {
            Ok(_) => {
                tracing::info!(mail = %mail.id, "mail handed to the SMTP server");
                Ok(())
            }
            Err(error) => Err(failure(&error)),
        }
    }
}

fn parameters(host: &str, settings: &MailSettings) -> Result<TlsParameters, DeliveryError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = &settings.ca_file {
        let refuse = |error: &dyn std::fmt::Display| {
            DeliveryError::permanent(format!(
                "`{}` cannot be used as `mail.ca_file`: {error}",
                path.display()
            ))
        };
        let pem = std::fs::read_to_string(path).map_err(|error| refuse(&error))?;
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(refuse(&"there is no PEM certificate in it"));
        }
        let authorities = Certificate::from_pem(pem.as_bytes()).map_err(|error| refuse(&error))?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(authorities);
    }
    builder.build_rustls().map_err(|error| DeliveryError::permanent(format!("TLS cannot be set up: {error}")))
}

/// Sorts an error into what passes and what does not.
///
/// A 5xx answer is for ever, but for those about signing in (RFC 4954 section 6): there the operator's
/// settings are wrong, not the mail, and an invitation must not be lost because of them.
fn failure(error: &lettre::transport::smtp::Error) -> DeliveryError {
    let code = error.status().map(u16::from);
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !message.contains(&inner_text) {
            message = format!("{message}: {inner_text}");
        }
        source = inner.source();
    }
    let message = super::text::line(&message, MAX_ANSWER);
    if error.is_permanent() && !matches!(code, Some(530 | 534 | 535 | 538)) {
        DeliveryError::permanent(message)
    } else {
        DeliveryError::transient(message)
    }
}
