//! Texts that people type, parsed once: what has one of these types is well-formed and normalised.

use std::fmt;
use std::sync::Arc;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;

/// Why a text was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Fewer characters than the field needs.
    #[error("has {}, needs at least {least}", characters(*found))]
    TooShort {
        /// The least number of characters.
        least: usize,
        /// The number of characters that were given.
        found: usize,
    },
    /// More characters than the field takes.
    #[error("has {}, may have at most {most}", characters(*found))]
    TooLong {
        /// The greatest number of characters.
        most: usize,
        /// The number of characters that were given.
        found: usize,
    },
    /// A control character, a line break or an invisible direction mark.
    #[error("contains the character U+{code:04X}, which is not printable")]
    NotPrintable {
        /// The character's code point.
        code: u32,
    },
    /// White space where none may be.
    #[error("contains white space")]
    WhiteSpace,
    /// Starts like one of Bailiwick's own ids.
    #[error("starts with `{prefix}`, which is reserved for ids that Bailiwick makes")]
    ReservedPrefix {
        /// The reserved prefix.
        prefix: &'static str,
    },
    /// Not an address that a browser or a program can open.
    #[error("is not an address that begins with `https://` or `http://`")]
    NotAUrl,
    /// Not an email address that mail can be sent to.
    #[error("is not an email address")]
    NotAnEmail,
    /// The part before the `@` has characters outside ASCII.
    #[error("has characters outside ASCII before the `@`, which mail servers do not reliably accept")]
    InternationalLocalPart,
}

fn characters(count: usize) -> String {
    if count == 1 { "1 character".to_owned() } else { format!("{count} characters") }
}

/// Marks that reorder or hide text: a name with them could imitate another.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Trims, brings into Unicode NFC and refuses what cannot be printed on one line.
fn printable(text: &str, least: usize, most: usize) -> Result<SmolStr, InvalidText> {
    // Counting before normalising bounds the work that a hostile text can cause.
    let given = text.trim();
    if given.chars().count() > most * 4 {
        return Err(InvalidText::TooLong { most, found: given.chars().count() });
    }
    if given.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        // As most texts are. Nothing in there has another form, so an account that is loaded need not look for one.
        return of_length(given, given.len(), least, most);
    }
    let normal: String = given.nfc().collect();
    if let Some(c) = normal.chars().find(|c| c.is_control() || is_deceptive(*c)) {
        return Err(InvalidText::NotPrintable { code: u32::from(c) });
    }
    of_length(&normal, normal.chars().count(), least, most)
}

fn of_length(text: &str, found: usize, least: usize, most: usize) -> Result<SmolStr, InvalidText> {
    if found < least {
        return Err(InvalidText::TooShort { least, found });
    }
    if found > most {
        return Err(InvalidText::TooLong { most, found });
    }
    Ok(SmolStr::new(text))
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $parse:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "SmolStr", into = "SmolStr")]
        #[derive(Default)]
pub struct $name(SmolStr);

        impl $name {
            /// Parses and normalises.
            pub fn parse(text: &str) -> Result<Self, InvalidText> {
                let parse: fn(&str) -> Result<SmolStr, InvalidText> = $parse;
                parse(text).map(Self)
            }
            /// The normalised text.
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl TryFrom<SmolStr> for $name {
            type Error = InvalidText;
            fn try_from(text: SmolStr) -> Result<Self, InvalidText> { Self::parse(&text) }
        }
        impl From<$name> for SmolStr {
            fn from(value: $name) -> SmolStr { value.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
    )*};
}

texts! {
    /// The name of an account, person, group, project, resource, service account or key: 1 to 64 printable characters.
    Name = |text| printable(text, 1, 64);
    /// The name of a custom role: 4 to 64 printable characters, unique in its account in the form of [`folded`].
    RoleName = |text| printable(text, 4, 64);
    /// A description: up to 256 printable characters, possibly none.
    Description = |text| printable(text, 0, 256);
    /// An email address, normalised: lower case, the domain in its ASCII form (RFC 5891).
    Email = email;
}

/// The caller's own name for a thing: 1 to 128 printable characters without white space.
///
/// Behind a pointer, since most things have none and an account keeps very many of them in memory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct ExternalId(Arc<SmolStr>);

impl ExternalId {
    /// Parses and normalises.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        external_id(text).map(|text| Self(Arc::new(text)))
    }
    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<SmolStr> for ExternalId {
    type Error = InvalidText;
    fn try_from(text: SmolStr) -> Result<Self, InvalidText> {
        Self::parse(&text)
    }
}

impl From<ExternalId> for SmolStr {
    fn from(value: ExternalId) -> SmolStr {
        SmolStr::clone(&value.0)
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a resource is reached: `https://…` or `http://…`, up to 512 characters.
///
/// Behind a pointer, since many resources have none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct ResourceUrl(Arc<SmolStr>);

impl ResourceUrl {
    /// Parses and trims.
    ///
    /// # Errors
    /// What keeps it from being an address, see [`InvalidText`].
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text = printable(text, 1, 512)?;
        if text.chars().any(char::is_whitespace) {
            return Err(InvalidText::WhiteSpace);
        }
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
        // With a user name or a password in it, an address looks like another one.
        if host.is_none_or(|host| host.is_empty() || host.contains('@')) {
            return Err(InvalidText::NotAUrl);
        }
        Ok(Self(Arc::new(text)))
    }
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<SmolStr> for ResourceUrl {
    type Error = InvalidText;
    fn try_from(text: SmolStr) -> Result<Self, InvalidText> {
        Self::parse(&text)
    }
}

impl From<ResourceUrl> for SmolStr {
    fn from(value: ResourceUrl) -> SmolStr {
        SmolStr::clone(&value.0)
    }
}

impl fmt::Display for ResourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Name {
    /// The name of the project that every account starts with.
    pub fn default_project() -> Self {
        Self(SmolStr::new_static("default"))
    }

    /// A name from a title of the catalog, which the catalog has checked.
    pub(crate) fn from_title(title: &str) -> Self {
        Self(SmolStr::new(title))
    }

    /// Form in which two names count as the same, see [`folded`].
    pub fn folded(&self) -> SmolStr {
        folded(&self.0)
    }
}

impl RoleName {
    /// Form in which two names count as the same, see [`folded`].
    pub fn folded(&self) -> SmolStr {
        folded(&self.0)
    }
}

/// The form in which two names count as the same: compatibility characters as the plain ones (NFKC), letters without their
/// case, and each run of white space as one space. `ADMIN`, `ａｄｍｉｎ` and `Admin ` are one name.
///
/// Letters of other scripts that only look alike, such as a Cyrillic `А`, are different letters and stay different names.
pub fn folded(text: &str) -> SmolStr {
    let spaced = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_ascii() {
        return SmolStr::new(spaced(text).to_ascii_lowercase());
    }
    // By way of the upper case, since lower case alone leaves `ß` apart from `SS` and a final sigma from the others.
    let plain: String = text.nfkc().collect();
    let folded: String = plain.to_uppercase().chars().flat_map(char::to_lowercase).nfkc().collect();
    SmolStr::new(spaced(&folded))
}

/// Prefixes of Bailiwick's own ids and secrets, so that a reference never means two things.
const RESERVED: [&str; 14] = [
    "acc_", "usr_", "inv_", "grp_", "rol_", "grt_", "prj_", "res_", "sva_", "key_", "off_", "bwk_", "bws_",
    "bwl_",
];

fn external_id(text: &str) -> Result<SmolStr, InvalidText> {
    let value = printable(text, 1, 128)?;
    if value.chars().any(char::is_whitespace) {
        return Err(InvalidText::WhiteSpace);
    }
    match RESERVED.into_iter().find(|prefix| value.starts_with(prefix)) {
        Some(prefix) => Err(InvalidText::ReservedPrefix { prefix }),
        None => Ok(value),
    }
}

/// RFC 5321 section 4.5.3.1.3: a path has at most 256 octets with its brackets, so an address 254.
const MAX_EMAIL: usize = 254;

fn email(text: &str) -> Result<SmolStr, InvalidText> {
    let given = printable(text, 3, MAX_EMAIL)?;
    let (local, domain) = given.rsplit_once('@').ok_or(InvalidText::NotAnEmail)?;
    if !local.is_ascii() {
        return Err(InvalidText::InternationalLocalPart);
    }
    let domain = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidText::NotAnEmail)?;
    let address = format!("{}@{domain}", local.to_ascii_lowercase());
    let options = Options::default().without_display_text().without_domain_literal().with_required_tld();
    // A quoted local part is legal (RFC 5321) but no provider gives one out, and it hides white space.
    if local.contains('"') || EmailAddress::parse_with_options(&address, options).is_err() {
        return Err(InvalidText::NotAnEmail);
    }
    if address.len() > MAX_EMAIL {
        return Err(InvalidText::TooLong { most: MAX_EMAIL, found: address.len() });
    }
    Ok(SmolStr::new(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_have_one_spelling() {
        for (given, wanted) in [
            (" Ann@Example.COM ", "ann@example.com"),
            ("ann@b\u{fc}cher.example", "ann@xn--bcher-kva.example"),
            ("a+b@example.com", "a+b@example.com"),
        ] {
            assert_eq!(Email::parse(given).unwrap().as_str(), wanted);
        }
        for wrong in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@localhost",
            "ann@exa mple.com",
            "ann\r\nBcc: x@example.com",
            "ann@example.com\r\nBcc: x@example.com",
            "\"ann b\"@example.com",
            "ann@[127.0.0.1]",
            "Ann <ann@example.com>",
            "\u{e4}nn@example.com",
            "ann@example.com,bob@example.com",
        ] {
            assert!(Email::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn names_that_read_the_same_are_the_same() {
        for one in ["ADMIN", "ａｄｍｉｎ", " Admin ", "𝐀dmin", "admın".replace('ı', "i").as_str()] {
            assert_eq!(Name::parse(one).unwrap().folded(), "admin", "{one}");
        }
        for (one, other) in [
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("Zo\u{eb}", "ZOE\u{308}"),
            ("Search  team", "search\u{a0}team"),
            ("ﬁnance", "Finance"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        // A letter of another script is another letter.
        assert_ne!(folded("\u{410}dmin"), folded("Admin"));
        for text in ["ADMIN", "Straße", "ΟΔΟΣ", "İ", "ﬁ", "a  b"] {
            assert_eq!(folded(&folded(text)), folded(text), "{text}");
        }
    }

    #[test]
    fn names_are_one_printable_line() {
        assert_eq!(Name::parse("  Zoe\u{308}  ").unwrap().as_str(), "Zo\u{eb}");
        for wrong in ["", "   ", "a\nb", "a\u{202e}b", "a\u{0}b", &"x".repeat(65)] {
            assert!(Name::parse(wrong).is_err(), "{wrong:?}");
        }
        let short = RoleName::parse("a").unwrap_err();
        assert_eq!(short.to_string(), "has 1 character, needs at least 4");
        assert_eq!(RoleName::parse("abc"), Err(InvalidText::TooShort { least: 4, found: 3 }));
    }

    #[test]
    fn addresses_of_resources_say_where_they_lead() {
        for good in ["https://eu.example.com", "http://localhost:8086/", "https://[::1]:6333/x?y=1"] {
            assert_eq!(ResourceUrl::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "eu.example.com",
            "ftp://eu",
            "https://",
            "https://bank.com@evil.com",
            "javascript:alert(1)",
            "https://a b",
        ] {
            assert!(ResourceUrl::parse(bad).is_err(), "{bad}");
        }
        assert!(ResourceUrl::parse(&format!("https://{}", "e".repeat(512))).is_err());
    }

    #[test]
    fn external_ids_never_look_like_ids() {
        assert!(ExternalId::parse("cluster-7/eu").is_ok());
        assert_eq!(ExternalId::parse("res_1"), Err(InvalidText::ReservedPrefix { prefix: "res_" }));
        assert_eq!(ExternalId::parse("a b"), Err(InvalidText::WhiteSpace));
    }
}
