//! Making a client.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use url::{Host, Url};

use super::{Client, Error};
use crate::wire::Secret;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(30);
const RETRIES: u32 = 2;

/// What a [`Client`] is made from.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    base_url: String,
    credential: Option<Secret>,
    connect_timeout: Duration,
    timeout: Duration,
    user_agent: String,
    retries: u32,
    root_certificates: Vec<u8>,
}

impl ClientBuilder {
    /// A builder for the server at this address, for instance `https://access.example.com`.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            credential: None,
            connect_timeout: CONNECT_TIMEOUT,
            timeout: TIMEOUT,
            user_agent: concat!("bailiwick-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            retries: RETRIES,
            root_certificates: Vec::new(),
        }
    }

    /// Acts as whom this session token or management key belongs to.
    pub fn credential(self, credential: Secret) -> Self {
        Self { credential: Some(credential), ..self }
    }

    /// How long making a connection may take; 10 seconds unless told otherwise.
    pub fn connect_timeout(self, connect_timeout: Duration) -> Self {
        Self { connect_timeout, ..self }
    }

    /// How long a request may take until its answer is complete; 30 seconds unless told otherwise. In an export it counts
    /// for each piece.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// What the program calls itself in the server's logs.
    pub fn user_agent(self, user_agent: impl Into<String>) -> Self {
        Self { user_agent: user_agent.into(), ..self }
    }

    /// How often a request that is safe to repeat is sent again; twice unless told otherwise.
    pub fn retries(self, retries: u32) -> Self {
        Self { retries, ..self }
    }

    /// Trusts these certificate authorities too (PEM, any number), besides those of the public web.
    pub fn root_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { root_certificates: pem.into(), ..self }
    }

    /// Makes the client; connects to nothing yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an address, credential, certificate or name that cannot be one.
    pub fn build(self) -> Result<Client, Error> {
        let url = parse_base(&self.base_url)?;
        let authorization = self.credential.as_ref().map(bearer).transpose()?;
        let certificates = reqwest::Certificate::from_pem_bundle(&self.root_certificates).map_err(|_| {
            refused(
                "root certificates",
                "are not certificates in PEM form",
                "give a file of `-----BEGIN CERTIFICATE-----` blocks",
            )
        })?;
        if !self.root_certificates.is_empty() && certificates.is_empty() {
            return Err(refused(
                "root certificates",
                "hold no certificate",
                "give a file of `-----BEGIN CERTIFICATE-----` blocks",
            ));
        }
        let agent = HeaderValue::from_str(&self.user_agent).map_err(|_| {
            refused(&self.user_agent, "cannot be sent as a user agent", "use visible ASCII characters")
        })?;
        let mut http = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .timeout(self.timeout)
            .read_timeout(self.timeout)
            // A redirect could carry the credential elsewhere, or turn a POST into a GET.
            .redirect(Policy::none())
            .user_agent(agent);
        for certificate in certificates {
            http = http.add_root_certificate(certificate);
        }
        if is_loopback(&url) {
            // What is meant for this machine has no business at a proxy, credential included.
            http = http.no_proxy();
        }
        let http = http.build().map_err(|source| Error::unreachable(&self.base_url, source))?;
        let base_url = url.as_str().trim_end_matches('/').to_owned();
        Ok(Client::new(http, base_url, authorization, self.retries))
    }
}

/// The value of `Authorization` (RFC 6750), kept out of `Debug` and header compression tables.
pub(super) fn bearer(credential: &Secret) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", credential.expose())).map_err(|_| {
        refused(
            "the credential",
            "holds characters that a header cannot",
            "copy it again, without line breaks",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn parse_base(text: &str) -> Result<Url, Error> {
    let hint = "give an address such as `https://access.example.com` or `http://127.0.0.1:8080`";
    let url = Url::parse(text).map_err(|_| refused(text, "is not an address", hint))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refused(text, "is not an HTTP address", hint));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // The text is not repeated here: it holds a password.
        return Err(refused(
            "the address",
            "holds a user name or password",
            "give the credential apart from the address",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused(text, "has a query or fragment", hint));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

fn refused(given: &str, reason: &'static str, hint: &'static str) -> Error {
    Error::Invalid { given: given.to_owned(), reason, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_passwords_in_them_not_repeated() {
        for right in [
            "http://127.0.0.1:8080",
            "https://access.example.com/",
            "https://example.com/access",
            "http://[::1]:1",
        ] {
            assert!(ClientBuilder::new(right).build().is_ok(), "{right}");
        }
        for wrong in [
            "",
            "localhost:8080",
            "127.0.0.1:8080",
            "ftp://example.com",
            "https://example.com/?a=b",
            "https://e.com/#f",
        ] {
            let error = ClientBuilder::new(wrong).build().unwrap_err();
            assert!(matches!(&error, Error::Invalid { given, .. } if given == wrong), "{wrong}: {error:?}");
        }
        let error = ClientBuilder::new("https://ada:hunter2hunter2@example.com").build().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }

    #[test]
    fn the_credential_is_nowhere_in_debug() {
        let builder = ClientBuilder::new("http://127.0.0.1:1").credential(Secret::new("bws_topsecret"));
        assert!(!format!("{builder:?}").contains("topsecret"));
        let client = builder.build().unwrap();
        assert!(!format!("{client:?}").contains("topsecret"));
        let broken = ClientBuilder::new("http://127.0.0.1:1").credential(Secret::new("bws_top\nsecret"));
        assert!(!format!("{:?}", broken.build().unwrap_err()).contains("bws_"));
    }

    #[test]
    fn certificates_that_are_none_are_refused() {
        let build = |pem: &str| ClientBuilder::new("https://example.com").root_certificates(pem).build();
        assert!(matches!(build("no certificate").unwrap_err(), Error::Invalid { .. }));
    }

    #[test]
    fn loopback_is_recognised() {
        let loopback = |text: &str| is_loopback(&Url::parse(text).unwrap());
        assert!(loopback("http://127.0.0.1:1") && loopback("http://[::1]") && loopback("http://localhost"));
        assert!(!loopback("http://10.0.0.1") && !loopback("http://localhost.example.com"));
    }
}
