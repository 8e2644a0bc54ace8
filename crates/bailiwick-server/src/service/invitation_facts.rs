//! What the mail of an invitation carries besides its link, as the catalog's rules say.

use bailiwick_core::account::{Account, Invitation, Principal, Resource, RoleAtScope, Scope};
use bailiwick_core::catalog::{MailFact, ResourceTypeIndex};
use bailiwick_core::ids::ResourceId;

use super::Service;
use crate::delivery::request::{Detail, MAX_DETAILS};

/// How many resources of a type are named before the others are counted.
const NAMED: usize = 3;

impl Service {
    /// The facts for an invited person. Only resources are named that they will see once they have accepted.
    pub(super) fn invitation_facts(&self, account: &Account, invitation: &Invitation) -> Vec<Detail> {
        let catalog = account.catalog();
        let mut details = Vec::new();
        let mut push = |label: String, value: String| details.push(Detail { label, value });
        for fact in &catalog.rules.invitation_mail {
            match *fact {
                MailFact::SignInUrl => push("Sign in at".to_owned(), self.config().public_url.clone()),
                MailFact::AccountId => push("Account id".to_owned(), account.id().to_string()),
                MailFact::ResourceId(of) => {
                    list(account, invitation, of, "id", |id, _| Some(id.to_string()), &mut push);
                }
                MailFact::ResourceUrl(of) => {
                    let url = |_, resource: &Resource| resource.url.as_ref().map(ToString::to_string);
                    list(account, invitation, of, "address", url, &mut push);
                }
            }
        }
        details.truncate(MAX_DETAILS);
        details
    }
}

/// One line for each of the first resources of a type, and one that counts the others.
fn list(
    account: &Account,
    invitation: &Invitation,
    of: ResourceTypeIndex,
    what: &str,
    fact: impl Fn(ResourceId, &Resource) -> Option<String>,
    push: &mut impl FnMut(String, String),
) {
    let Some(kind) = account.catalog().resource_type_at(of) else { return };
    let promised = promised(account, invitation);
    let may_see = |id: ResourceId| {
        promised.iter().any(|grant| {
            account.permissions_of(&grant.role).contains(kind.read)
                && covers(account, &grant.scope, id, &kind.name)
        })
    };
    let resources = account.resources_after(None);
    let seen = resources
        .filter(|(id, found)| found.value.resource_type == kind.name && may_see(*id))
        .filter_map(|(id, found)| Some((found.value.name.to_string(), fact(id, &found.value)?)));
    let mut more = 0_usize;
    for (place, (name, value)) in seen.enumerate() {
        if place < NAMED {
            push(format!("{} {name}: {what}", capital(&kind.name)), value);
        } else {
            more += 1;
        }
    }
    if more > 0 {
        push(
            format!("{}: {what}", kind.title),
            format!("and {more} more, which you see once you have signed in"),
        );
    }
}

/// What the person will be granted, through groups too.
fn promised(account: &Account, invitation: &Invitation) -> Vec<RoleAtScope> {
    let groups = invitation.groups.iter().map(|group| Principal::Group(*group));
    let through = groups.flat_map(|group| account.grants_of(group)).map(|(_, grant)| {
        let grant = &grant.value;
        RoleAtScope { role: grant.role.clone(), scope: grant.scope.clone(), until: grant.until }
    });
    invitation.grants.iter().cloned().chain(through).collect()
}

/// Whether a scope reaches a resource of this type, which lies directly in it or below what it names.
fn covers(account: &Account, scope: &Scope, id: ResourceId, of: &str) -> bool {
    match scope {
        Scope::Account => true,
        Scope::Project(project) => account.project_of(id) == Some(*project),
        Scope::AllOf(all) => {
            let within = all.project.is_none_or(|project| account.project_of(id) == Some(project));
            within && all.resource_type == of
        }
        Scope::Resources(ids) => ids.contains(&id),
    }
}

fn capital(word: &str) -> String {
    let spaced = word.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
