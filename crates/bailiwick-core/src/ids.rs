//! Typed, prefixed identifiers: `acc_…`, `usr_…`, one type per kind so that one cannot stand for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that starts with `{prefix}` and goes on with 32 hexadecimal digits")]
pub struct InvalidId {
    /// The prefix that the id should have had, with its underscore.
    pub prefix: &'static str,
}

/// What all identifier types share, for code that is generic over them.
pub trait Id: Copy + Ord + fmt::Display + FromStr<Err = InvalidId> {
    /// The prefix of the textual form, with its underscore.
    const PREFIX: &'static str;
    /// Wraps a UUID; version 7 in everything that Bailiwick makes, so that ids sort by age.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The bare UUID.
    fn uuid(self) -> Uuid;
}

/// Serde's and the debugger's form of what is one text: as it is displayed and parsed.
macro_rules! text_serde {
    ($name:ident, $expecting:expr) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}
pub(crate) use text_serde;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(Uuid);

        // The order of the bytes, compared as one number: maps of ids are searched by it all the time.
        impl Ord for $name {
            #[inline]
            fn cmp(&self, other: &Self) -> std::cmp::Ordering { self.0.as_u128().cmp(&other.0.as_u128()) }
        }

        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> { Some(self.cmp(other)) }
        }

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            fn uuid(self) -> Uuid { self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.as_simple())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            /// Accepts exactly what `Display` writes: lower case, no hyphens.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text, $prefix).map(Self).ok_or(InvalidId { prefix: $prefix })
            }
        }

        text_serde!($name, concat!("an id such as `", $prefix, "…`"));
    )*};
}

ids! {
    /// An account: a tenant.
    AccountId = "acc_";
    /// A user: a person, known across accounts by one verified email.
    UserId = "usr_";
    /// An invitation of a user to an account.
    InvitationId = "inv_";
    /// A group of members.
    GroupId = "grp_";
    /// A custom role. Built-in roles go by their name in the catalog.
    RoleId = "rol_";
    /// A grant of a role to a principal at a scope.
    GrantId = "grt_";
    /// A project of an account.
    ProjectId = "prj_";
    /// A resource below a project.
    ResourceId = "res_";
    /// A service account.
    ServiceAccountId = "sva_";
    /// A management key of a service account.
    KeyId = "key_";
    /// An offer of ownership to a member.
    OfferId = "off_";
    /// A policy of an account.
    PolicyId = "pol_";
    /// What bore an external id that got free.
    FormerBearerId = "fmr_";
}

/// Parses the canonical form only: distinct texts are distinct ids, so that no cache or log sees two spellings of one.
#[inline]
fn parse(text: &str, prefix: &str) -> Option<Uuid> {
    let digits: &[u8; 32] = text.strip_prefix(prefix)?.as_bytes().try_into().ok()?;
    let (eights, _) = digits.as_chunks::<8>();
    let number = eights
        .iter()
        .try_fold(0_u128, |number, eight| Some(number << 32 | u128::from(hexadecimal(*eight)?)))?;
    Some(Uuid::from_u128(number))
}

/// Eight lower-case hexadecimal digits at once: every check of access parses two ids, and a loop over the digits took a
/// quarter of its time.
#[inline]
fn hexadecimal(digits: [u8; 8]) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let text = u64::from_be_bytes(digits);
    // Bit 6 tells `a` (0x61) from `0` (0x30); a letter's low bits start at 1, so 9 more is its value.
    let letters = text >> 6 & ONES;
    let values = (text & (ONES * 0x0F)) + letters * 9;
    // What these values are written as must be the text, and exactly the letters must stand for 10 to 15.
    let written = values + ONES * 0x30 + letters * 0x27;
    let tens = (values + ONES * 0x76) >> 7 & ONES;
    if written != text || tens != letters || values & (ONES * 0xF0) != 0 {
        return None;
    }
    let pairs = (values | values >> 4) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs | pairs >> 8) & 0x0000_FFFF_0000_FFFF;
    u32::try_from((fours | fours >> 16) & 0xFFFF_FFFF).ok()
}

/// The counter of an account's commits; 0 before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision of the next commit.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_parses() {
        let id = UserId::from_uuid(Uuid::from_u128(0xabc));
        let text = id.to_string();
        assert_eq!(text, "usr_00000000000000000000000000000abc");
        assert_eq!(text.parse(), Ok(id));
        for wrong in [
            "usr_00000000000000000000000000000ABC",
            "acc_00000000000000000000000000000abc",
            "usr_00000000-0000-0000-0000-000000000abc",
            "usr_",
            "",
        ] {
            assert!(wrong.parse::<UserId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_byte_is_a_digit_or_refused() {
        for place in 0..8 {
            for byte in 0..=u8::MAX {
                let mut digits = *b"0a9f1e8b";
                digits[place] = byte;
                let text = std::str::from_utf8(&digits).ok();
                let canonical =
                    text.filter(|text| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
                let wanted = canonical.and_then(|text| u32::from_str_radix(text, 16).ok());
                assert_eq!(hexadecimal(digits), wanted, "{digits:?}");
            }
        }
    }

    #[test]
    fn json_is_the_text() {
        let id = AccountId::from_uuid(Uuid::from_u128(1));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"acc_00000000000000000000000000000001\"");
        assert_eq!(serde_json::from_str::<AccountId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<UserId>(&json).is_err());
    }
}
