//! Who has which role where.

use std::collections::BTreeMap;

use bailiwick_client::wire::PlanAction;
use bailiwick_core::account::{Command, Principal, RoleAtScope, Scope};
use bailiwick_core::ids::GrantId;
use jiff::Timestamp;

use super::people::step_of;
use super::planner::Planner;
use super::things::change;

impl Planner<'_> {
    pub(super) fn grants(&mut self) {
        let document = self.document;
        let mut seen = BTreeMap::new();
        for (place, entry) in document.grants.iter().flatten().enumerate() {
            let at = format!("/grants/{place}");
            let principal = self.principal(&at, entry);
            let role = self.role(&format!("{at}/role"), &entry.role);
            let scope = self.scope(&format!("{at}/scope"), &entry.scope);
            let Some(((principal, role), scope)) = principal.zip(role).zip(scope) else { continue };
            if let Some(first) = seen.insert((principal, role.clone(), scope.clone()), place) {
                self.problem(&at, "duplicate", format!("the same grant stands at grants[{first}] already"));
                continue;
            }
            if !self.has_ended(&at, entry.until) {
                self.ensure(&at, principal, &RoleAtScope { role, scope, until: entry.until });
            }
        }
    }

    /// Whether an end lies in the past, so that there is nothing to be done: a document is applied again and again.
    pub(super) fn has_ended(&mut self, at: &str, until: Option<Timestamp>) -> bool {
        let ended = until.filter(|end| *end <= self.now);
        if let Some(end) = ended {
            self.note(Some(format!("{at}/until")), format!("this has ended at {end}").into());
        }
        ended.is_some()
    }

    /// Sees to it that a principal has a role at a scope until then.
    pub(super) fn ensure(&mut self, at: &str, principal: Principal, grant: &RoleAtScope) {
        let held = self.held(principal, grant);
        let words = self.grant_words(&RoleAtScope { until: None, ..grant.clone() });
        let name = self.principal_words(principal).and(" has ").and(words);
        let step = match held {
            Some((id, until)) if until == grant.until => {
                self.named.grants.insert(id);
                return;
            }
            Some((_, until)) => {
                let text = |until: Option<Timestamp>| until.map_or("never".to_owned(), |end| end.to_string());
                let changes = vec![change("until", Some(&text(until)), Some(&text(grant.until)))];
                step_of(PlanAction::Change, "grant", name, changes, at)
            }
            None => {
                let end = grant.until.map(|end| end.to_string());
                let changes = end.iter().map(|end| change("until", None, Some(end))).collect();
                step_of(PlanAction::Create, "grant", name, changes, at)
            }
        };
        if self.step(step, &Command::Grant { principal, grant: grant.clone() })
            && let Some((id, _)) = self.held(principal, grant)
        {
            self.named.grants.insert(id);
        }
    }

    fn held(&self, principal: Principal, grant: &RoleAtScope) -> Option<(GrantId, Option<Timestamp>)> {
        let mut held = self.account().grants_of(principal);
        let same = held.find(|(_, held)| held.value.role == grant.role && held.value.scope == grant.scope);
        same.map(|(id, held)| (id, held.value.until))
    }

    /// A role at a scope in words.
    pub(super) fn grant_words(&self, grant: &RoleAtScope) -> String {
        let scope = match &grant.scope {
            Scope::Account => String::new(),
            scope => format!(" on {}", self.account().scope_words(scope)),
        };
        let end = grant.until.map(|end| format!(" until {end}")).unwrap_or_default();
        format!("{}{scope}{end}", self.role_words(&grant.role))
    }
}
