//! Answers about access, and what a write would change.

use bailiwick_client::wire;
use bailiwick_core::access::{
    AccessChange, AccessDifference, Effective, Explanation, Path, PrincipalState, Target,
};
use bailiwick_core::account::{Account, Event, Principal, RoleAtScope, RoleRef, Scope};
use bailiwick_core::catalog::PermissionSet;
use bailiwick_core::ids::PolicyId;
use bailiwick_core::ids::UserId;
use bailiwick_core::policy::Effect;

use super::event::person_named;
use super::role::count;
use super::{Views, scope};

impl Views<'_> {
    /// Why a check says yes or no. `question` is what was asked, for the sentence; `tells_policies` says whether who asks may know
    /// which policies they are.
    pub fn explanation(
        &self,
        principal: Principal,
        question: &wire::AccessQuestion,
        target: &Target,
        explanation: &Explanation,
        tells_policies: bool,
    ) -> wire::Explanation {
        let missing = explanation.missing.as_ref();
        let shown = wire::Explanation {
            allowed: explanation.allowed,
            summary: String::new(),
            principal: (explanation.principal != PrincipalState::Unknown).then(|| self.principal(principal)),
            principal_state: state(explanation.principal),
            target_exists: explanation.target_exists,
            paths: self.paths(&explanation.paths),
            permits: self.policies(&explanation.permits, Effect::Permit, tells_policies),
            forbids: self.policies(&explanation.forbids, Effect::Forbid, tells_policies),
            missing: missing.map(|missing| wire::AccessMissing {
                ended: self.paths(&missing.ended),
                suspended: self.paths(&missing.suspended),
                promised: self.paths(&missing.promised),
                elsewhere: self.paths(&missing.elsewhere),
                grants: missing.grants.iter().map(|grant| self.needed(grant)).collect(),
                grants_complete: missing.grants_complete,
            }),
            revision: self.account.revision().0,
        };
        let on = if explanation.target_exists { self.target_words(target) } else { None };
        let on =
            on.unwrap_or_else(|| format!("{} `{}`", question.resource.target_type, question.resource.id));
        let summary = summary(&shown, question, &on);
        wire::Explanation { summary, ..shown }
    }

    fn policies(&self, ids: &[PolicyId], effect: Effect, tells: bool) -> Vec<wire::PolicyLabel> {
        let label = |id: &PolicyId| {
            let told = self.account.policy(*id).filter(|_| tells);
            wire::PolicyLabel {
                id: told.map(|_| id.to_string()),
                name: told.map(|found| found.value.name.to_string()),
                effect: effect.name().to_owned(),
            }
        };
        ids.iter().map(label).collect()
    }

    /// What people call what was asked about; none for what is not there.
    fn target_words(&self, target: &Target) -> Option<String> {
        match target {
            Target::Account => Some(self.account.scope_words(&Scope::Account)),
            Target::Project(id) => {
                self.account.project(*id).map(|_| self.account.scope_words(&Scope::Project(*id)))
            }
            Target::Resource(id) => self
                .account
                .resource(*id)
                .map(|found| format!("{} {}", found.value.resource_type, found.value.name)),
        }
    }

    fn paths(&self, paths: &[Path]) -> Vec<wire::AccessPath> {
        let shown = |path: &Path| wire::AccessPath {
            grant: path.grant.map(|id| id.to_string()),
            through: path.through.iter().map(|group| self.group_label(*group)).collect(),
            role: self.role_label(&path.role),
            scope: scope(&path.scope),
            scope_words: self.account.scope_words(&path.scope),
            until: path.until,
        };
        paths.iter().map(shown).collect()
    }

    fn needed(&self, grant: &RoleAtScope) -> wire::NeededGrant {
        wire::NeededGrant {
            role: self.role_label(&grant.role),
            scope: scope(&grant.scope),
            scope_words: self.account.scope_words(&grant.scope),
        }
    }

    /// What a principal may do, everywhere and, if a target was named, there.
    pub fn effective(
        &self,
        principal: Principal,
        effective: &Effective,
        there: Option<PermissionSet>,
    ) -> wire::EffectiveAccess {
        let at = effective.at.iter().map(|entry| wire::EffectiveAt {
            scope: scope(&entry.scope),
            roles: entry.roles.iter().map(|role: &RoleRef| self.role_label(role)).collect(),
            permissions: self.permissions(entry.permissions),
        });
        wire::EffectiveAccess {
            principal: self.principal(principal),
            at: at.collect(),
            permissions: there.map(|set| self.permissions(set)),
            policies: self.account.has_policies(),
            revision: self.account.revision().0,
        }
    }

    /// What a write would record and change; `shown` says what the caller is told of whom.
    pub fn dry_run<T>(
        &self,
        events: &[Event],
        access: &AccessDifference,
        would: Option<T>,
        shown: impl Fn(Principal) -> Shown,
    ) -> wire::DryRun<T> {
        let label = |principal: &Principal| {
            let label = self.principal(*principal);
            match shown(*principal) {
                Shown::Whole => Some(label),
                Shown::Id => Some(wire::PrincipalLabel { name: None, email: None, ..label }),
                Shown::Not => None,
            }
        };
        let change = |change: &AccessChange| wire::AccessChange {
            scope: scope(&change.scope),
            alone: change.alone,
            scope_words: match self.account.scope_words(&change.scope) {
                words if change.alone => format!("{words} alone, without what is in it"),
                words => words,
            },
            permissions: self.permissions(change.permissions),
            principal_count: count(change.principals.count),
            principals: change.principals.first.iter().filter_map(label).collect(),
            principals_complete: change.principals.is_complete()
                && change.principals.first.iter().all(|one| shown(*one) != Shown::Not),
        };
        let ended = access.ended.iter().map(|(kind, ended)| wire::AccessEnded {
            kind: (*kind).to_owned(),
            count: count(ended.count),
            items: ended.first.iter().map(|key| self.entity_target(*key)).collect(),
            complete: ended.is_complete(),
        });
        wire::DryRun {
            events: events.iter().map(|event| self.planned_event(event)).collect(),
            access: wire::AccessChanges {
                gained: access.gained.iter().map(change).collect(),
                gained_count: count(access.gained_count),
                lost: access.lost.iter().map(change).collect(),
                lost_count: count(access.lost_count),
                principal_count: count(access.principal_count),
                policies: access.policies,
                unasked: access.unasked,
                ended: ended.collect(),
                complete: access.is_complete(),
            },
            would,
        }
    }
}

/// What a caller is told of somebody whose access a write would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// What they are called.
    Whole,
    /// Their id.
    Id,
    /// That they are among those who are counted.
    Not,
}

/// Who must be looked up to show what a write would change.
pub fn people_of_difference(account: &Account, access: &AccessDifference) -> Vec<UserId> {
    let changes = access.gained.iter().chain(&access.lost);
    let principals = changes.flat_map(|change| &change.principals.first);
    let members = principals.filter_map(|principal| match principal {
        Principal::Member(user) => Some(*user),
        Principal::Group(_) | Principal::ServiceAccount(_) => None,
    });
    let ended = access.ended.iter().flat_map(|(_, ended)| &ended.first);
    let ended = ended.filter_map(|key| person_named(account, &key.id()));
    members.chain(ended).collect()
}

fn state(state: PrincipalState) -> wire::PrincipalState {
    match state {
        PrincipalState::Unknown => wire::PrincipalState::Unknown,
        PrincipalState::Pending => wire::PrincipalState::Pending,
        PrincipalState::Inactive => wire::PrincipalState::Inactive,
        PrincipalState::Active => wire::PrincipalState::Active,
    }
}

/// The answer and its reason in one sentence.
fn summary(explanation: &wire::Explanation, question: &wire::AccessQuestion, on: &str) -> String {
    let who = explanation.principal.as_ref().map_or(question.principal.as_str(), |principal| {
        principal.name.as_deref().or(principal.email.as_deref()).unwrap_or(&principal.id)
    });
    let what = format!("`{}` on {on}", question.action);
    if let Some(path) = explanation.paths.first().filter(|_| explanation.allowed) {
        let more = match explanation.paths.len() {
            1 => String::new(),
            ways => format!(" ({ways} ways in all)"),
        };
        return format!("{who} may {what}: {} allows it{more}", words(path));
    }
    if let Some(policy) = explanation.permits.first().filter(|_| explanation.allowed) {
        return format!("{who} may {what}: {} permits it", policy_words(policy));
    }
    let forbidden = forbidden(&explanation.forbids);
    if let Some(forbidden) = &forbidden {
        let otherwise = match (explanation.paths.first(), explanation.permits.first()) {
            (Some(path), _) => Some(format!("{} would allow it", words(path))),
            (None, Some(policy)) => Some(format!("{} would permit it", policy_words(policy))),
            (None, None) => None,
        };
        if let Some(otherwise) = otherwise {
            return format!("{who} may not {what}: {forbidden}; {otherwise}");
        }
    }
    let missing = explanation.missing.as_ref();
    let first =
        |list: fn(&wire::AccessMissing) -> &[wire::AccessPath]| missing.and_then(|all| list(all).first());
    let reason = match explanation.principal_state {
        wire::PrincipalState::Unknown => "they are not in this account".to_owned(),
        wire::PrincipalState::Pending => match first(|missing| &missing.promised) {
            Some(path) => format!("they have not accepted their invitation, which promises {}", words(path)),
            None => "they have not accepted their invitation".to_owned(),
        },
        wire::PrincipalState::Inactive => match first(|missing| &missing.suspended) {
            Some(path) => format!("their membership is inactive, or {} would allow it", words(path)),
            None => "their membership is inactive".to_owned(),
        },
        wire::PrincipalState::Active if !explanation.target_exists => "there is no such resource".to_owned(),
        wire::PrincipalState::Active => {
            if let Some(path) = first(|missing| &missing.ended) {
                let end = path.until.map(|end| format!(" at {end}")).unwrap_or_default();
                format!("{} allowed it and has ended{end}", words(path))
            } else if let Some(path) = first(|missing| &missing.elsewhere) {
                format!("{} counts elsewhere", words(path))
            } else {
                "no role of theirs has this permission".to_owned()
            }
        }
    };
    // A grant alone would not help.
    let besides = forbidden.map(|forbidden| format!("; besides, {forbidden}")).unwrap_or_default();
    format!("{who} may not {what}: {reason}{besides}")
}

/// The policies that forbid it in words; none if there is none.
fn forbidden(forbids: &[wire::PolicyLabel]) -> Option<String> {
    let names: Vec<&str> = forbids.iter().filter_map(|policy| policy.name.as_deref()).collect();
    Some(match (names.as_slice(), forbids) {
        (_, []) => return None,
        (_, [one]) => format!("{} forbids it", policy_words(one)),
        ([first @ .., last], _) => format!("the policies {} and {last} forbid it", first.join(", ")),
        ([], _) => format!("{} policies forbid it", forbids.len()),
    })
}

fn policy_words(policy: &wire::PolicyLabel) -> String {
    policy.name.as_ref().map_or_else(|| "a policy".to_owned(), |name| format!("the policy {name}"))
}

/// The way in words: `the role Admin in the whole account through the groups Search and Everybody`.
fn words(path: &wire::AccessPath) -> String {
    let names: Vec<&str> = path.through.iter().map(|group| group.name.as_str()).collect();
    let through = match names.as_slice() {
        [] => String::new(),
        [one] => format!(" through the group {one}"),
        [first @ .., last] => format!(" through the groups {} and {last}", first.join(", ")),
    };
    format!("the role {} in {}{through}", path.role.title, path.scope_words)
}
