//! Answers about access, and what a write would change.

use bailiwick_client::wire;
use bailiwick_core::access::{Effective, Explanation, Path, PrincipalState, Target};
use bailiwick_core::account::{Event, Principal, RoleRef, Scope};
use bailiwick_core::catalog::PermissionSet;
use bailiwick_core::ids::UserId;

use super::{Views, scope};
use crate::service::{AccessChange, AccessDifference};

impl Views<'_> {
    /// Why a check says yes or no. `question` is what was asked, for the sentence.
    pub fn explanation(
        &self,
        principal: Principal,
        question: &wire::AccessQuestion,
        target: &Target,
        explanation: &Explanation,
    ) -> wire::Explanation {
        let missing = explanation.missing.as_ref();
        let shown = wire::Explanation {
            allowed: explanation.allowed,
            summary: String::new(),
            principal: (explanation.principal != PrincipalState::Unknown).then(|| self.principal(principal)),
            principal_state: state(explanation.principal),
            target_exists: explanation.target_exists,
            paths: self.paths(&explanation.paths),
            missing: missing.map(|missing| wire::AccessMissing {
                ended: self.paths(&missing.ended),
                elsewhere: self.paths(&missing.elsewhere),
                roles: missing.roles.iter().map(|role| self.role_label(role)).collect(),
                roles_complete: missing.roles_complete,
            }),
            revision: self.account.revision().0,
        };
        let on = if explanation.target_exists { self.target_words(target) } else { None };
        let on =
            on.unwrap_or_else(|| format!("{} `{}`", question.resource.target_type, question.resource.id));
        let summary = summary(&shown, question, &on);
        wire::Explanation { summary, ..shown }
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
            group: path.group.map(|id| id.to_string()),
            group_name: path
                .group
                .and_then(|id| self.account.group(id))
                .map(|group| group.value.name.to_string()),
            role: self.role_label(&path.role),
            scope: scope(&path.scope),
            scope_words: self.account.scope_words(&path.scope),
            until: path.until,
        };
        paths.iter().map(shown).collect()
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
            revision: self.account.revision().0,
        }
    }

    /// What a write would record and change.
    pub fn dry_run<T>(
        &self,
        events: &[Event],
        access: &AccessDifference,
        would: Option<T>,
    ) -> wire::DryRun<T> {
        let change = |change: &AccessChange| wire::AccessChange {
            principal: self.principal(change.principal),
            scope: scope(&change.scope),
            permissions: self.permissions(change.permissions),
        };
        wire::DryRun {
            events: events.iter().map(|event| self.planned_event(event)).collect(),
            access: wire::AccessChanges {
                gained: access.gained.iter().map(change).collect(),
                lost: access.lost.iter().map(change).collect(),
                complete: access.complete,
            },
            would,
        }
    }
}

/// Who must be looked up to show what a write would change.
pub fn people_of_difference(access: &AccessDifference) -> impl Iterator<Item = UserId> {
    access.gained.iter().chain(&access.lost).filter_map(|change| match change.principal {
        Principal::Member(user) => Some(user),
        Principal::Group(_) | Principal::ServiceAccount(_) => None,
    })
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
        let through = match (&path.group_name, &path.group) {
            (Some(name), _) => format!(" through the group {name}"),
            (None, Some(_)) => " through a group".to_owned(),
            (None, None) => String::new(),
        };
        let more = match explanation.paths.len() {
            1 => String::new(),
            ways => format!(" ({ways} ways in all)"),
        };
        let role = &path.role.title;
        return format!("{who} may {what}: the role {role} in {}{through} allows it{more}", path.scope_words);
    }
    let reason = match explanation.principal_state {
        wire::PrincipalState::Unknown => "they are not in this account",
        wire::PrincipalState::Pending => "they have not accepted their invitation",
        wire::PrincipalState::Inactive => "their membership is inactive",
        wire::PrincipalState::Active if !explanation.target_exists => "there is no such resource",
        wire::PrincipalState::Active => match &explanation.missing {
            Some(missing) if !missing.ended.is_empty() => "a grant that allowed it has ended",
            Some(missing) if !missing.elsewhere.is_empty() => "what they hold counts elsewhere",
            _ => "no role of theirs has this permission",
        },
    };
    format!("{who} may not {what}: {reason}")
}
