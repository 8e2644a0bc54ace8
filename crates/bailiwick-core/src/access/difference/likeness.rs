//! What of a principal can make a difference: those in whom it is the same are asked about once.

use smol_str::{SmolStr, format_smolstr};

use super::Sides;
use super::asked::Words;
use super::touched::Place;
use crate::access::index::{SubjectKind, micros};
use crate::access::scope_key::{ScopeKey, Slot};
use crate::account::{Account, AttributeValue, Attributes, Principal};
use crate::catalog::PermissionSet;
use crate::ids::GroupId;

/// See the module above. Two principals with the same one have the same answers to all questions that are asked.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Likeness {
    sides: [Option<Side>; 2],
    /// Policies name them: nobody is like them.
    named: Option<Principal>,
    close: bool,
    /// Where grants make a difference, and in what.
    pub(super) places: Vec<(Place, PermissionSet)>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Side {
    kind: SubjectKind,
    has_ended: bool,
    groups: Vec<GroupId>,
    grants: Vec<(ScopeKey, Slot)>,
    said: Vec<(SmolStr, AttributeValue)>,
}

pub(super) fn likeness(
    sides: &Sides<'_>,
    principal: Principal,
    words: &Words,
    named: &PermissionSet,
    (close, places): (bool, Vec<(Place, PermissionSet)>),
) -> Likeness {
    let side = |account: &Account| side(account, principal, (words, named), micros(sides.now));
    Likeness {
        sides: [side(sides.before), side(sides.after)],
        named: words.ids.contains(&format_smolstr!("{principal}")).then_some(principal),
        close,
        places,
    }
}

fn side(
    account: &Account,
    principal: Principal,
    (words, named): (&Words, &PermissionSet),
    now: i64,
) -> Option<Side> {
    let subject = account.index.subject(principal)?;
    let owner = Slot::from(account.catalog().rules.owner.0);
    // What gives nothing that policies speak of makes no difference; that somebody owns the account does.
    let gives = |role: Slot| {
        role == owner || account.index.role_at(role).is_some_and(|held| held.contains_any(named))
    };
    let live = subject.grants.iter().filter(|grant| grant.until > now && gives(grant.role));
    let mut grants: Vec<(ScopeKey, Slot)> = live.map(|grant| (grant.scope, grant.role)).collect();
    grants.sort_unstable();
    grants.dedup();
    let mut groups = subject.groups().to_vec();
    groups.sort_unstable();
    let said = match principal {
        Principal::Member(user) => account.member_attributes(user),
        Principal::Group(_) | Principal::ServiceAccount(_) => None,
    };
    let read =
        said.into_iter().flat_map(Attributes::iter).filter(|(name, _)| words.attributes.contains(*name));
    let said = read.map(|(name, value)| (name.clone(), value.clone())).collect();
    let has_ended = account.index.end_of(principal) <= now;
    Some(Side { kind: subject.kind, has_ended, groups, grants, said })
}
