//! Opaque tokens: sessions (`bws_…`), links (`bwl_…`) and management keys (`bwk_…`).
//!
//! | token | text |
//! |---|---|
//! | session | `bws_` + secret + checksum |
//! | link | `bwl_` + secret + checksum |
//! | management key | `bwk_` + 32 hexadecimal digits of the key's id + `_` + secret + checksum |
//!
//! A secret is 43 random characters of 62, which is 256 bits. The checksum is the CRC-32 of everything before
//! it in six characters: a typo or a cut-off text is refused without a look-up, and a scanner of leaked
//! secrets has no false alarms. It protects from accidents, not from people.
//!
//! The store keeps the SHA-256 of prefix and secret. A slow hash would add nothing, since nobody guesses 256
//! bits. Parsing and hashing touch neither the heap nor a lock: they run on every request of a control plane.

use std::fmt;

use bailiwick_core::ids::{Id as _, KeyId};
use secrecy::SecretString;
use secrecy::zeroize::Zeroize as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

const SECRET_LEN: usize = 43;
const CHECKSUM_LEN: usize = 6;
const PREFIX_LEN: usize = 4;
const ID_LEN: usize = 32;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What every session token starts with.
pub const SESSION_PREFIX: &str = "bws_";
/// What every link token starts with.
pub const LINK_PREFIX: &str = "bwl_";
/// What every management key starts with.
pub const KEY_PREFIX: &str = "bwk_";

/// How many digits of a key's id its display prefix shows: those of its time of birth in milliseconds.
const SHOWN_DIGITS: usize = 12;

/// A text that is not a token of the wanted kind. It says nothing more, because nobody but the holder should
/// learn how near a guess was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is malformed: it was cut off, mistyped or is of another kind")]
pub struct MalformedToken;

/// The operating system gave no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no randomness")]
pub struct NoRandomness(#[from] getrandom::Error);

/// What is kept of a token: the SHA-256 of its prefix and secret.
///
/// Comparing takes the same time for all hashes, and `Debug` shows nothing of it.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// A hash as the store keeps it.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes for the store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TryFrom<&[u8]> for TokenHash {
    type Error = std::array::TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// The random characters of a token.
#[derive(Clone)]
struct Secret([u8; SECRET_LEN]);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Secret {
    /// Draws characters with equal chances: a byte beyond the greatest multiple of 62 is thrown away.
    fn generate() -> Result<Self, NoRandomness> {
        let mut secret = Self([0; SECRET_LEN]);
        let mut pool = [0; 64];
        let mut filled = 0;
        while filled < SECRET_LEN {
            getrandom::fill(&mut pool)?;
            let drawn = pool.iter().filter(|byte| **byte < 248).map(|byte| digit(u32::from(*byte)));
            for (place, character) in secret.0.iter_mut().skip(filled).zip(drawn) {
                *place = character;
                filled += 1;
            }
        }
        pool.zeroize();
        Ok(secret)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; SECRET_LEN] = bytes.try_into().ok()?;
        bytes.iter().all(u8::is_ascii_alphanumeric).then_some(Self(*bytes))
    }

    fn hash(&self, prefix: &str) -> TokenHash {
        TokenHash(Sha256::new_with_prefix(prefix).chain_update(self.0).finalize().into())
    }

    fn write(&self, text: &mut String) {
        text.extend(self.0.iter().map(|byte| char::from(*byte)));
    }
}

/// The character that stands for `n` modulo 62.
fn digit(n: u32) -> u8 {
    let index = usize::try_from(n % 62).unwrap_or_default();
    ALPHABET.get(index).copied().unwrap_or(b'0')
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut rest = crc32fast::hash(bytes);
    let mut text = [b'0'; CHECKSUM_LEN];
    for place in text.iter_mut().rev() {
        *place = digit(rest);
        rest /= 62;
    }
    text
}

/// Checks the checksum and gives what stands before it.
fn checked(text: &str) -> Option<&[u8]> {
    let (body, sum) = text.as_bytes().split_last_chunk::<CHECKSUM_LEN>()?;
    (checksum(body) == *sum).then_some(body)
}

fn finish(mut text: String) -> SecretString {
    let sum = checksum(text.as_bytes());
    text.extend(sum.iter().map(|byte| char::from(*byte)));
    SecretString::from(text)
}

macro_rules! simple_token {
    ($(#[$doc:meta])* $name:ident, $prefix:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Secret);

        impl $name {
            /// Draws a new one from the operating system's randomness.
            pub fn generate() -> Result<Self, NoRandomness> {
                Secret::generate().map(Self)
            }

            /// Reads the text form. The checksum is verified; whether the token exists, the store knows.
            pub fn parse(text: &str) -> Result<Self, MalformedToken> {
                if text.len() != PREFIX_LEN + SECRET_LEN + CHECKSUM_LEN {
                    return Err(MalformedToken);
                }
                checked(text)
                    .and_then(|body| body.strip_prefix($prefix.as_bytes()))
                    .and_then(Secret::parse)
                    .map(Self)
                    .ok_or(MalformedToken)
            }

            /// What the store keeps and looks up.
            pub fn hash(&self) -> TokenHash {
                self.0.hash($prefix)
            }

            /// The text form, for the one moment when it is handed out.
            pub fn reveal(&self) -> SecretString {
                let mut text = String::with_capacity(PREFIX_LEN + SECRET_LEN + CHECKSUM_LEN);
                text.push_str($prefix);
                self.0.write(&mut text);
                finish(text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}…", $prefix)
            }
        }
    };
}

simple_token! {
    /// Proves that somebody signed in; lives in a cookie.
    SessionToken, SESSION_PREFIX
}

simple_token! {
    /// Makes a link work once: set-up, invitation, confirmation, sign-in.
    LinkToken, LINK_PREFIX
}

/// Authenticates a service account. The id says which key it is, the secret that the holder was given it.
#[derive(Clone)]
pub struct ManagementKey {
    id: KeyId,
    secret: Secret,
}

impl ManagementKey {
    /// Draws a new secret for the key of this id.
    pub fn generate(id: KeyId) -> Result<Self, NoRandomness> {
        Ok(Self { id, secret: Secret::generate()? })
    }

    /// Reads the text form. The checksum is verified; whether the key exists and is in force, the account
    /// knows.
    pub fn parse(text: &str) -> Result<Self, MalformedToken> {
        if text.len() != PREFIX_LEN + ID_LEN + 1 + SECRET_LEN + CHECKSUM_LEN {
            return Err(MalformedToken);
        }
        Self::parse_body(text).ok_or(MalformedToken)
    }

    fn parse_body(text: &str) -> Option<Self> {
        let body = checked(text)?.strip_prefix(KEY_PREFIX.as_bytes())?;
        let (digits, rest) = body.split_first_chunk::<ID_LEN>()?;
        let secret = Secret::parse(rest.strip_prefix(b"_")?)?;
        Some(Self { id: parse_id(digits)?, secret })
    }

    /// Which key it is.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What the store keeps.
    pub fn hash(&self) -> TokenHash {
        self.secret.hash(KEY_PREFIX)
    }

    /// The text form, for the one moment when it is handed out.
    pub fn reveal(&self) -> SecretString {
        let mut text = String::with_capacity(PREFIX_LEN + ID_LEN + 1 + SECRET_LEN + CHECKSUM_LEN);
        text.push_str(KEY_PREFIX);
        text.push_str(self.id.uuid().as_simple().encode_lower(&mut Uuid::encode_buffer()));
        text.push('_');
        self.secret.write(&mut text);
        finish(text)
    }
}

impl fmt::Debug for ManagementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&display_prefix(self.id))
    }
}

/// What lists show of a management key: the beginning of its text, by which its holder can tell it from
/// others.
pub fn display_prefix(id: KeyId) -> String {
    let mut text = String::from(KEY_PREFIX);
    text.extend(id.uuid().as_simple().encode_lower(&mut Uuid::encode_buffer()).chars().take(SHOWN_DIGITS));
    text.push('…');
    text
}

/// Lower case only, so that one key has one text.
fn parse_id(digits: &[u8; ID_LEN]) -> Option<KeyId> {
    let mut value: u128 = 0;
    for byte in digits {
        let nibble = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        value = value << 4 | u128::from(nibble);
    }
    Some(KeyId::from_uuid(Uuid::from_u128(value)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn id() -> KeyId {
        KeyId::from_uuid(Uuid::from_u128(0x019a_a5d2_c4b1_7abc_8def_0123_4567_89ab))
    }

    #[test]
    fn what_is_revealed_is_read_back() {
        let session = SessionToken::generate().unwrap();
        let text = session.reveal();
        assert_eq!(text.expose_secret().len(), 53);
        assert_eq!(SessionToken::parse(text.expose_secret()).unwrap().hash(), session.hash());

        let link = LinkToken::generate().unwrap();
        assert_eq!(LinkToken::parse(link.reveal().expose_secret()).unwrap().hash(), link.hash());

        let key = ManagementKey::generate(id()).unwrap();
        let text = key.reveal();
        assert_eq!(text.expose_secret().len(), 86);
        assert!(text.expose_secret().starts_with("bwk_019aa5d2c4b17abc8def0123456789ab_"));
        let read = ManagementKey::parse(text.expose_secret()).unwrap();
        assert_eq!((read.id(), read.hash()), (id(), key.hash()));
    }

    #[test]
    fn the_text_form_does_not_change_between_versions() {
        // Keys live for years: this text was made once and must stay readable, with this hash.
        let key = ManagementKey { id: id(), secret: Secret(*b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg") };
        let text = key.reveal();
        assert_eq!(
            text.expose_secret(),
            "bwk_019aa5d2c4b17abc8def0123456789ab_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg3WqVNS"
        );
        let hash: u128 = 0x2a79_4dd3_8ad8_3bd5_42ba_6be8_aacc_08dd;
        assert_eq!(key.hash().as_bytes()[..16], hash.to_be_bytes());
    }

    #[test]
    fn one_kind_does_not_pass_for_another() {
        let session = SessionToken::generate().unwrap().reveal();
        assert!(LinkToken::parse(session.expose_secret()).is_err());
        // A right checksum over a wrong prefix is still the wrong kind.
        let forged = finish(session.expose_secret()[..47].replace("bws_", "bwl_"));
        assert!(SessionToken::parse(forged.expose_secret()).is_err());
        let same = Secret([b'a'; SECRET_LEN]);
        assert_ne!(SessionToken(same.clone()).hash(), LinkToken(same).hash());
    }

    #[test]
    fn nothing_is_printed() {
        let key = ManagementKey::generate(id()).unwrap();
        assert_eq!(format!("{key:?}"), "bwk_019aa5d2c4b1…");
        assert_eq!(format!("{:?}", SessionToken::generate().unwrap()), "bws_…");
        assert_eq!(format!("{:?}", LinkToken::generate().unwrap()), "bwl_…");
        assert_eq!(format!("{:?}", key.hash()), "TokenHash(…)");
    }

    #[test]
    fn tokens_differ_and_use_the_whole_alphabet() {
        let texts: Vec<_> = (0..200).map(|_| LinkToken::generate().unwrap().reveal()).collect();
        let distinct: HashSet<&str> = texts.iter().map(secrecy::ExposeSecret::expose_secret).collect();
        assert_eq!(distinct.len(), texts.len());
        let letters: HashSet<char> = distinct.iter().flat_map(|text| text[4..47].chars()).collect();
        assert_eq!(letters.len(), 62);
    }

    proptest! {
        #[test]
        fn a_changed_character_is_noticed(place in 0usize..86, with in proptest::char::range('0', 'z')) {
            let text = ManagementKey::generate(id()).unwrap().reveal().expose_secret().to_owned();
            let changed: String =
                text.chars().enumerate().map(|(index, c)| if index == place { with } else { c }).collect();
            prop_assert_eq!(ManagementKey::parse(&changed).is_ok(), changed == text);
        }

        #[test]
        fn no_text_makes_the_parsers_fail(text in "\\PC{0,100}|bw[klsx]_[0-9a-zA-Z_]{0,90}") {
            let _ = (SessionToken::parse(&text), LinkToken::parse(&text));
            prop_assert!(ManagementKey::parse(&text).is_err());
        }
    }
}
