//! Who has more than they make use of: principals in order, some at a time, with what is recorded of their uses.

use bailiwick_core::access::BroadRole;
use bailiwick_core::account::{Account, KeyHolder, MemberStatus, Principal};
use bailiwick_core::catalog::PermissionSet;
use bailiwick_core::ids::KeyId;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Error, Service, Uses};

/// How many principals are looked at together.
const TOGETHER: usize = 500;
/// How many holders of uses are read for one page at most: an account in which nearly nobody has too much is gone through in
/// several pages, some of them empty.
const HOLDERS_PER_PAGE: usize = 20_000;

/// A principal that has more than it makes use of.
#[derive(Debug)]
pub struct Unused {
    /// Who.
    pub principal: Principal,
    /// The day on which it last made use of anything that it was granted.
    pub last_used: Option<Date>,
    /// Whether it made use of nothing.
    pub dormant: bool,
    /// Roles that hold more than was made use of.
    pub roles: Vec<BroadRole>,
    /// Keys that were not used, each with the day on which it last was.
    pub keys: Vec<(KeyId, Option<Date>)>,
}

/// Some principals that have more than they make use of.
#[derive(Debug)]
pub struct UnusedPage {
    /// In order.
    pub items: Vec<Unused>,
    /// The last principal that was looked at, if there are more behind it.
    pub next: Option<Principal>,
}

impl Service {
    /// Principals of an account behind one of them that have more than they made use of since a moment, at most so many.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn unused(
        &self,
        account: &Account,
        since: Timestamp,
        after: Option<Principal>,
        limit: usize,
        wanted: impl Fn(Principal) -> bool + Send + Sync,
        fits: impl Fn(&Unused) -> bool + Send + Sync,
    ) -> Result<UnusedPage, Error> {
        let now = self.now();
        let mut items = Vec::new();
        let mut last = after;
        let mut read = 0;
        loop {
            let mut holders = Vec::new();
            let mut principals = Vec::new();
            for principal in principals_after(account, last).filter(|principal| wanted(*principal)) {
                if principals.len() == TOGETHER || holders.len() >= HOLDERS_PER_PAGE {
                    break;
                }
                let users = users_of(account, principal);
                principals.push((principal, holders.len()..holders.len() + users.len()));
                holders.extend(users);
            }
            if principals.is_empty() {
                return Ok(UnusedPage { items, next: None });
            }
            read += holders.len();
            let uses = self.uses_of(account.id(), &holders).await?;
            for (principal, place) in principals {
                let recorded_under = holders.get(place).unwrap_or_default();
                let found = unused(account, principal, recorded_under, &uses, since, now).filter(&fits);
                if found.is_some() && items.len() == limit {
                    return Ok(UnusedPage { items, next: last });
                }
                items.extend(found);
                last = Some(principal);
            }
            if read >= HOLDERS_PER_PAGE {
                return Ok(UnusedPage { items, next: last });
            }
        }
    }
}

/// Members, then groups, then service accounts, each in the order of their ids, behind one of them.
fn principals_after(account: &Account, after: Option<Principal>) -> impl Iterator<Item = Principal> {
    let (members, groups, machines) = match after {
        None => (Some(None), Some(None), None),
        Some(Principal::Member(id)) => (Some(Some(id)), Some(None), None),
        Some(Principal::Group(id)) => (None, Some(Some(id)), None),
        Some(Principal::ServiceAccount(id)) => (None, None, Some(id)),
    };
    let members = members.into_iter().flat_map(|after| account.members_after(after));
    let groups = groups.into_iter().flat_map(|after| account.groups_after(after));
    let machines = account.service_accounts_after(machines);
    members
        .map(|(id, _)| Principal::Member(id))
        .chain(groups.map(|(id, _)| Principal::Group(id)))
        .chain(machines.map(|(id, _)| Principal::ServiceAccount(id)))
}

/// Whose keys are the principal's own.
fn key_holder(principal: Principal) -> Option<KeyHolder> {
    match principal {
        Principal::Member(id) => Some(KeyHolder::Member(id)),
        Principal::ServiceAccount(id) => Some(KeyHolder::ServiceAccount(id)),
        Principal::Group(_) => None,
    }
}

/// Under whose ids the uses of a principal are recorded, its keys included.
fn users_of(account: &Account, principal: Principal) -> Vec<String> {
    if let Principal::Group(id) = principal {
        let groups = account.with_groups_below(id).into_iter();
        let members = groups.flat_map(|group| account.group_members_after(group, None));
        return members.map(|user| user.to_string()).collect();
    }
    let keys = key_holder(principal).into_iter().flat_map(|holder| account.keys_of(holder));
    std::iter::once(principal.to_string()).chain(keys.map(|key| key.to_string())).collect()
}

/// What a principal has more than it made use of; `None` if it makes use of all, may do nothing anyway, or is too new to say.
fn unused(
    account: &Account,
    principal: Principal,
    users: &[String],
    recorded: &Uses,
    since: Timestamp,
    now: Timestamp,
) -> Option<Unused> {
    let mut grants = account.grants_of(principal).filter(|(_, grant)| grant.value.is_live(now));
    let has_old_grant = grants.any(|(_, grant)| grant.value.made_at <= since);
    let old = |key: &KeyId| account.key(*key).is_some_and(|key| key.value.made_at <= since);
    let idle = |key: &KeyId| !recorded.any_since(&key.to_string(), since);
    let keys = key_holder(principal).into_iter().flat_map(|holder| account.keys_of(holder));
    let keys = keys.filter(old).filter(idle).map(|key| (key, recorded.last(&key.to_string(), |_| true)));
    let keys: Vec<_> = keys.collect();
    // Of a group all that its members make use of; otherwise what is recorded under its own id, and keys are told one by one.
    let own =
        if matches!(principal, Principal::Group(_)) { users } else { users.get(..1).unwrap_or_default() };
    let judged = match principal {
        Principal::Member(user) => {
            let active = account.member_status_at(user, now) == Some(MemberStatus::Active);
            active && account.member(user).is_some_and(|member| member.value.joined_at <= since)
        }
        Principal::Group(_) => has_old_grant,
        Principal::ServiceAccount(_) => has_old_grant || !keys.is_empty(),
    };
    if !judged {
        return None;
    }
    let catalog = account.catalog();
    let recent = own.iter().map(|holder| recorded.since(holder, catalog, since));
    let used = recent.fold(PermissionSet::EMPTY, |all, one| all.union(&one));
    // What a group's members make use of counts for the group only if the group gives it.
    let held = match principal {
        Principal::Group(_) => {
            let roles =
                account.grants_of(principal).map(|(_, grant)| account.permissions_of(&grant.value.role));
            roles.fold(PermissionSet::EMPTY, |all, one| all.union(&one))
        }
        Principal::Member(_) | Principal::ServiceAccount(_) => catalog.all_permissions(),
    };
    let counts = |name: &str| catalog.permission(name).is_some_and(|permission| held.contains(permission));
    let last_used = own.iter().filter_map(|holder| recorded.last(holder, counts)).max();
    let dormant = used.iter().all(|permission| !held.contains(permission));
    let roles = account.broad_roles(principal, &used, since, now);
    let has_findings = dormant || !roles.is_empty() || !keys.is_empty();
    has_findings.then_some(Unused { principal, last_used, dormant, roles, keys })
}
