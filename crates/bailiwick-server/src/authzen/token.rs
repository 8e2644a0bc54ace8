//! Page tokens of searches: what was asked, where the page ended, and a seal.
//!
//! A token is sealed with what the account keeps of the key that asks, so nobody makes or changes one, and it means nothing
//! to another account. Whoever goes on with another key starts anew.

use bailiwick_core::access::Asserted;
use bailiwick_core::account::SecretHash;
use bailiwick_core::ids::AccountId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Failure;
use super::parse::{Entity, Page, Request};

/// How many bytes of the seal a token carries: too many to be found by trying.
const SEAL: usize = 16;
/// The greatest number of bytes of a token: three ids, four types and names, with room to spare.
const MAX_BYTES: usize = 4_096;

/// What a search asks, so far as it must stay the same from page to page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Asked {
    pub(super) search: String,
    pub(super) subject: Option<(String, Option<String>)>,
    pub(super) action: Option<String>,
    pub(super) resource: Option<(String, Option<String>)>,
    /// A digest of the properties and the context, so far as they count; they are too large to be carried along.
    pub(super) said: Option<String>,
    pub(super) limit: usize,
    /// The key of the last result of the page before.
    pub(super) after: Option<String>,
}

/// Whom tokens are for.
#[derive(Debug)]
pub struct Seal {
    /// The account that is asked.
    pub account: AccountId,
    /// What the account keeps of the key that asks.
    pub secret: SecretHash,
}

impl Seal {
    /// The token with which the search goes on.
    pub fn token(&self, asked: &Asked) -> String {
        // Serialising texts and numbers cannot fail.
        let text = serde_json::to_vec(asked).unwrap_or_default();
        URL_SAFE_NO_PAD.encode([self.of(&text).as_slice(), &text].concat())
    }

    /// What a token stands for; nothing if it is none of this seal's.
    pub fn open(&self, token: &str) -> Option<Asked> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (seal, text) = bytes.split_at_checked(SEAL)?;
        let same: bool = subtle::ConstantTimeEq::ct_eq(seal, self.of(text).as_slice()).into();
        if same { serde_json::from_slice(text).ok() } else { None }
    }

    /// The hash is of two hashes of fixed length, so that nothing can be put behind what is sealed.
    fn of(&self, text: &[u8]) -> [u8; SEAL] {
        let inner = Sha256::new().chain_update(self.account.to_string()).chain_update(text).finalize();
        let hash = Sha256::new().chain_update(self.secret.0).chain_update(inner).finalize();
        std::array::from_fn(|place| hash.get(place).copied().unwrap_or_default())
    }
}

impl Asked {
    /// What a request asks: by itself, or as the next page of what was asked before. What is left out of a request for the
    /// next page is as it was; what is changed is refused. Properties and context that count cannot be left out.
    pub(super) fn read(
        search: &str,
        request: &Request<'_>,
        seal: &Seal,
        default_limit: usize,
        asserted: &Asserted,
    ) -> Result<Self, Failure> {
        let ids = |entity: &Entity<'_>| {
            entity.kind.as_ref().map(|kind| (kind.to_string(), entity.id.as_ref().map(ToString::to_string)))
        };
        let named = Self {
            search: search.to_owned(),
            subject: request.subject.as_ref().and_then(ids),
            action: request.action.as_ref().and_then(|action| action.name.as_ref().map(ToString::to_string)),
            resource: request.resource.as_ref().and_then(ids),
            said: digest(asserted),
            ..Self::default()
        };
        let named = named.of_interest();
        let page = request.page.as_ref();
        let limit = page.and_then(|page| page.limit);
        if limit == Some(0) {
            return Err(Failure::bad("`page.limit` must be at least 1"));
        }
        let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX).min(default_limit));
        let Some(token) = page.and_then(Page::token) else {
            return Ok(Self { limit: limit.unwrap_or(default_limit), ..named });
        };
        let before = seal.open(token).filter(|before| before.search == search);
        let before = before.ok_or_else(|| {
            Failure::bad("`page.token` is none of this search's tokens in this account with this key")
        })?;
        let same = |now: bool, equal: bool| !now || equal;
        if named.said != before.said {
            return Err(Failure::bad(
                "a request with a `page.token` must carry the `properties` and the `context` of the one before it",
            ));
        }
        let unchanged = same(named.subject.is_some(), named.subject == before.subject)
            && same(named.action.is_some(), named.action == before.action)
            && same(named.resource.is_some(), named.resource == before.resource)
            && limit.is_none_or(|limit| limit == before.limit);
        if !unchanged {
            return Err(Failure::bad("a request with a `page.token` must ask what the one before it asked"));
        }
        Ok(before)
    }

    /// Without what the search does not look at.
    fn of_interest(mut self) -> Self {
        let drop_id = |entity: &mut Option<(String, Option<String>)>| {
            if let Some((_, id)) = entity {
                *id = None;
            }
        };
        match self.search.as_str() {
            "subject" => drop_id(&mut self.subject),
            "resource" => drop_id(&mut self.resource),
            _ => self.action = None,
        }
        self
    }
}

/// A digest of what counts of properties and context; none where nothing does.
fn digest(asserted: &Asserted) -> Option<String> {
    if asserted.is_empty() {
        return None;
    }
    let Asserted { subject, resource, request, ip } = asserted;
    // Serialising texts and numbers cannot fail; attributes are in the order of their names.
    let text = serde_json::to_vec(&(subject, resource, request, ip)).unwrap_or_default();
    Some(URL_SAFE_NO_PAD.encode(Sha256::digest(text)))
}
