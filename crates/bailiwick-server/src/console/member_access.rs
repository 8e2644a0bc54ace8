//! What somebody may do, by section, and where it comes from.

use bailiwick_core::account::{Account, Command, Principal, Scope};
use bailiwick_core::catalog::{Catalog, PermissionSet};
use bailiwick_core::ids::UserId;
use jiff::Timestamp;

use super::account_context::AccountContext;
use super::members::{Chip, chip};
use super::text::{Moment, moment};

/// A role that somebody has, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct SourceLine {
    pub(super) chip: Chip,
    /// Where it counts.
    pub(super) scope: String,
    /// Through what.
    pub(super) source: String,
    /// When it ends.
    pub(super) until: Option<Moment>,
    /// Whether it has ended.
    pub(super) is_over: bool,
    /// The grant, if whoever looks may take it back here.
    pub(super) revocable: Option<String>,
}

/// All that reaches a member: own grants, those of groups, the newcomer role.
pub(super) fn sources(context: &AccountContext<'_>, user: UserId) -> Vec<SourceLine> {
    let account = &context.account;
    let mut lines = Vec::new();
    let holders = account.groups_with(Principal::Member(user)).map(Principal::Group);
    for principal in std::iter::once(Principal::Member(user)).chain(holders) {
        for (id, grant) in account.grants_of(principal) {
            let grant = &grant.value;
            let source = match principal {
                Principal::Group(group) => {
                    let name = account.group(group).map(|group| group.value.name.to_string());
                    format!("Group {}", name.unwrap_or_default())
                }
                _ => "Granted".to_owned(),
            };
            // Roles of the whole account are changed by the boxes above the list.
            let is_own = principal == Principal::Member(user) && grant.scope != Scope::Account;
            let may_revoke = is_own && context.would(&Command::RevokeGrant { grant: id });
            lines.push(SourceLine {
                chip: chip(context, &grant.role, &grant.scope),
                scope: capital(&account.scope_words(&grant.scope)),
                source,
                until: grant.until.map(|at| moment(at, context.now)),
                is_over: !grant.is_live(context.now),
                revocable: may_revoke.then(|| id.to_string()),
            });
        }
    }
    lines.extend(account.newcomer_role().map(|role| SourceLine {
        chip: chip(context, &role, &Scope::Account),
        scope: "The whole account".to_owned(),
        source: "Everybody has it".to_owned(),
        until: None,
        is_over: false,
        revocable: None,
    }));
    lines
}

/// What is allowed at one scope.
#[derive(Debug, Clone)]
pub(super) struct PermissionGroup {
    /// Where.
    pub(super) scope: String,
    /// How many permissions.
    pub(super) count: usize,
    /// By section.
    pub(super) sections: Vec<SectionLines>,
}

/// Permissions under one heading.
#[derive(Debug, Clone)]
pub(super) struct SectionLines {
    pub(super) title: String,
    /// Name and description of each.
    pub(super) permissions: Vec<(String, String)>,
}

/// What a principal may do, scope by scope.
pub(super) fn permission_groups(
    account: &Account,
    principal: Principal,
    now: Timestamp,
) -> Vec<PermissionGroup> {
    let effective = account.effective(principal, now);
    let groups = effective.at.iter().map(|at| PermissionGroup {
        scope: capital(&account.scope_words(&at.scope)),
        count: at.permissions.len(),
        sections: by_section(account.catalog(), &at.permissions),
    });
    groups.collect()
}

/// A set of permissions under the headings of the catalog.
pub(super) fn by_section(catalog: &Catalog, set: &PermissionSet) -> Vec<SectionLines> {
    let mut sections: Vec<SectionLines> = catalog
        .sections
        .iter()
        .map(|section| SectionLines { title: section.title.clone(), permissions: Vec::new() })
        .collect();
    for permission in set.iter().filter_map(|index| catalog.permission_at(index)) {
        if let Some(section) = sections.get_mut(permission.section) {
            section.permissions.push((permission.name.clone(), permission.description.clone()));
        }
    }
    sections.retain(|section| !section.permissions.is_empty());
    sections
}

/// A text with a capital at its beginning.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), chars.as_str()))
}
