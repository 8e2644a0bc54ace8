//! What the mail of an invitation carries besides its link, as the catalog's rules say.

use std::collections::HashMap;

use bailiwick_core::access::Circumstances;
use bailiwick_core::account::{Account, Invitation, Resource};
use bailiwick_core::catalog::{MailFact, ResourceTypeIndex};
use bailiwick_core::ids::{AccountId, ResourceId};
use jiff::Timestamp;

use super::{Error, Service};
use crate::delivery::request::{Detail, MAX_DETAILS};

/// How many resources of a type are named before the others are told of.
const NAMED: usize = 3;

/// The facts that the mails of one write carry: put together once for all invitations that promise the same.
#[derive(Debug, Default)]
pub(super) struct InvitationFacts(HashMap<String, Vec<Detail>>);

impl Service {
    /// Makes what looking for resources takes, if mails name any, before a write of the account keeps others waiting.
    pub(super) async fn prepare_invitation_facts(&self, account: AccountId) -> Result<(), Error> {
        let names = |fact: &MailFact| matches!(fact, MailFact::ResourceId(_) | MailFact::ResourceUrl(_));
        if self.catalog.rules.invitation_mail.iter().any(names)
            && let Some(handle) = self.accounts.get(account).await?
        {
            self.prepare_search(&handle.snapshot()).await;
        }
        Ok(())
    }

    /// The facts for an invited person. Only resources are named that they will see once they have accepted, and that are
    /// not hidden from the sponsor.
    pub(super) fn invitation_facts(
        &self,
        known: &mut InvitationFacts,
        account: &Account,
        invitation: &Invitation,
        now: Timestamp,
    ) -> Result<Vec<Detail>, Error> {
        let promise = (&invitation.sponsor, &invitation.grants, &invitation.groups);
        let promise = serde_json::to_string(&promise).map_err(Error::internal)?;
        let facts = known.0.entry(promise).or_insert_with(|| self.facts_of(account, invitation, now));
        Ok(facts.clone())
    }

    fn facts_of(&self, account: &Account, invitation: &Invitation, now: Timestamp) -> Vec<Detail> {
        let mut details = Vec::new();
        let mut push = |label: String, value: String| details.push(Detail { label, value });
        for fact in &account.catalog().rules.invitation_mail {
            match *fact {
                MailFact::SignInUrl => push("Sign in at".to_owned(), self.config().public_url.clone()),
                MailFact::AccountId => push("Account id".to_owned(), account.id().to_string()),
                MailFact::ResourceId(of) => {
                    list(account, invitation, of, now, "id", |id, _| Some(id.to_string()), &mut push);
                }
                MailFact::ResourceUrl(of) => {
                    let url = |_, resource: &Resource| resource.url.as_ref().map(ToString::to_string);
                    list(account, invitation, of, now, "address", url, &mut push);
                }
            }
        }
        details.truncate(MAX_DETAILS);
        details
    }
}

/// One line for each of the first resources of a type, and one that tells of the others.
fn list(
    account: &Account,
    invitation: &Invitation,
    of: ResourceTypeIndex,
    now: Timestamp,
    what: &str,
    fact: impl Fn(ResourceId, &Resource) -> Option<String>,
    push: &mut impl FnMut(String, String),
) {
    let Some(kind) = account.catalog().resource_type_at(of) else { return };
    let fact = |id: ResourceId| {
        let found = &account.resource(id)?.value;
        Some((found.name.to_string(), fact(id, found)?))
    };
    let fits = |id| fact(id).is_some();
    // The sponsor is asked about as anybody else: what only their own session or address lets them see, a mail does not tell.
    let asked = Circumstances::question(now);
    let found = account.promised_resources(invitation, kind.read, of, fits, asked, NAMED);
    for (name, value) in found.items.into_iter().filter_map(fact) {
        push(format!("{} {name}: {what}", capital(&kind.name)), value);
    }
    if found.next.is_some() {
        push(format!("{}: {what}", kind.title), "you see all of them once you have signed in".to_owned());
    }
}

fn capital(word: &str) -> String {
    let spaced = word.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
