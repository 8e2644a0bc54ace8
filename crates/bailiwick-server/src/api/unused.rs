//! The report of access that nobody makes use of.

use bailiwick_client::wire::{
    self, Page, SuggestedRole, UNUSED_DAYS_DEFAULT, UNUSED_DAYS_MAX, UnusedAccess, UnusedKey, UnusedQuery,
    UnusedRole,
};
use bailiwick_core::account::{Principal, Scope};
use bailiwick_core::catalog::Operation as Permission;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::call::Call;
use super::operation::{Access, Operation, get};
use super::problem::{Failure, code};
use super::references::{principal, unknown};
use super::respond::Answer;
use super::views::{Views, level};
use crate::identity::tokens::display_prefix;
use crate::service::Unused;

/// The report.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("unused_access", "/accounts/{account}/access:unused", Access::Permission(Permission::ReadEvents))
            .reads(list)
            .of_now()
            .says(
                "Who has more than they make use of?",
                "Active members, groups and service accounts that made use of nothing for so many days, whose roles hold more \
                 than they made use of, or whose keys were not used; in the order of their ids, members first. A use is a check \
                 that was allowed, by AuthZEN or `:check`, or an operation of this API or the console that needs the permission. Uses are \
                 recorded by the day, for all scopes together, and not before `known_since`; under great load some are not. What \
                 was granted or made after that is not judged, nor is the role that every member has. Of a group, the uses of its \
                 members count. A page may be short or empty and yet have a `next_cursor`. It tells what people do and what they \
                 hold: it needs the permissions to read events, members and roles in the whole account.",
            )
            .answers(json!({
                "items": [{
                    "principal": {
                        "kind": "member", "id": "usr_0197a2b4c6d87e0f9a1b2c3d4e5f6070", "email": "ada@example.com", "name": "Ada",
                    },
                    "last_used": "2026-11-20", "known_since": "2026-08-23T12:00:00Z", "dormant": false,
                    "roles": [{
                        "role": { "id": "billing", "title": "Billing" },
                        "grants": ["grt_0197a2b4c6d87e0f9a1b2c3d4e5f6073"],
                        "used": ["read:payment_information"], "unused": ["write:payment_information"],
                        "suggestion": {
                            "name": "Billing (as used)", "level": "account", "permissions": ["read:payment_information"],
                        },
                    }],
                    "keys": [],
                }],
                "complete": true, "filtered": false,
            })),
    ]
}

async fn list(call: Call, query: UnusedQuery) -> Result<Answer<Page<UnusedAccess>>, Failure> {
    let account = call.account()?;
    for operation in [Permission::ReadEvents, Permission::ReadMembers, Permission::ReadRoles] {
        call.authorize(&account, operation, &Scope::Account)?;
    }
    let page = call.page(&query)?;
    let days = query.days.unwrap_or(UNUSED_DAYS_DEFAULT);
    if !(1..=UNUSED_DAYS_MAX).contains(&days) {
        let message = format!("must be from 1 to {UNUSED_DAYS_MAX}");
        return Err(Failure::field(&code::INVALID_QUERY, "?days", message));
    }
    let only = match query.principal.as_deref() {
        None => None,
        Some(text) => {
            let found = principal(&account, "?principal", text)?.filter(|found| {
                kind(*found) != wire::PrincipalKind::Member
                    || matches!(found, Principal::Member(user) if account.member(*user).is_some())
            });
            Some(found.ok_or_else(|| Failure::from(unknown("?principal", text, "principal")))?)
        }
    };
    let now = call.now();
    let asked = now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN);
    // Of what was before uses were recorded nothing is known; nor is of anything, before the first were.
    let since = asked.max(call.service.uses_recorded_since().await?.unwrap_or(now));
    let wanted = |principal: Principal| {
        only.is_none_or(|only| only == principal) && query.kind.is_none_or(|asked| asked == kind(principal))
    };
    let fits = |unused: &Unused| unused.dormant || !query.dormant;
    let found = call.service.unused(&account, since, page.after()?, page.limit, wanted, fits).await?;
    let members = found.items.iter().filter_map(|unused| match unused.principal {
        Principal::Member(user) => Some(user),
        Principal::Group(_) | Principal::ServiceAccount(_) => None,
    });
    let people = call.service.people(members).await?;
    let views = Views::new(&account, &people, now);
    let items = found.items.iter().map(|unused| views.unused(unused, since)).collect();
    let next = found.next.map(|principal| page.cursor(&principal.to_string()));
    Ok(Answer::json(&Page::new(items, next))?.revision(account.revision()))
}

fn kind(principal: Principal) -> wire::PrincipalKind {
    match principal {
        Principal::Member(_) => wire::PrincipalKind::Member,
        Principal::Group(_) => wire::PrincipalKind::Group,
        Principal::ServiceAccount(_) => wire::PrincipalKind::ServiceAccount,
    }
}

impl Views<'_> {
    /// A principal that has more than it makes use of.
    fn unused(&self, unused: &Unused, known_since: Timestamp) -> UnusedAccess {
        let roles = unused.roles.iter().map(|broad| UnusedRole {
            role: self.role_label(&broad.role),
            grants: broad.grants.iter().map(ToString::to_string).collect(),
            used: self.permissions(broad.used),
            unused: self.permissions(broad.unused),
            suggestion: broad.suggestion.as_ref().map(|(name, at)| SuggestedRole {
                name: name.to_string(),
                level: level(*at),
                permissions: self.permissions(broad.used),
            }),
        });
        let keys = unused.keys.iter().filter_map(|(id, last_used)| {
            let key = self.account.key(*id)?;
            let (id, name, prefix) = (id.to_string(), key.value.name.to_string(), display_prefix(*id));
            Some(UnusedKey { id, name, prefix, last_used: *last_used })
        });
        UnusedAccess {
            principal: self.principal(unused.principal),
            last_used: unused.last_used,
            known_since,
            dormant: unused.dormant,
            roles: roles.collect(),
            keys: keys.collect(),
        }
    }
}
