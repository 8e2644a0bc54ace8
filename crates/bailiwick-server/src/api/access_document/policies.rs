//! Policies, after everything that they speak of.

use std::collections::BTreeMap;

use bailiwick_client::wire::{self, PlanAction};
use bailiwick_core::account::{Command, Policy, Refusal};
use bailiwick_core::ids::PolicyId;
use bailiwick_core::limits;
use bailiwick_core::policy::Mistakes;
use bailiwick_core::values::{Description, Name, folded};

use super::people::step_of;
use super::planner::Planner;
use super::references::shown;
use super::things::change;

impl Planner<'_> {
    pub(super) fn policies(&mut self) {
        let document = self.document;
        let mut names = BTreeMap::new();
        if document.policies.as_ref().is_some_and(|all| all.len() > limits::POLICIES) {
            let refusal = Refusal::LimitReached { what: "policies", most: limits::POLICIES };
            return self.refused(&format!("/policies/{}", limits::POLICIES), refusal);
        }
        for (place, entry) in document.policies.iter().flatten().enumerate() {
            let at = format!("/policies/{place}");
            if let Some(first) = names.insert(folded(&entry.name), place) {
                let message =
                    format!("the policy `{}` stands at policies[{first}] already", shown(&entry.name));
                self.problem(&format!("{at}/name"), "duplicate", message);
            } else if let Some(policy) = self.policy(&at, entry) {
                self.named.policies.insert(policy);
            }
        }
    }

    fn policy(&mut self, at: &str, entry: &wire::DocumentPolicy) -> Option<PolicyId> {
        let name = Name::parse(&entry.name);
        let name = name.map_err(|problem| self.invalid(&format!("{at}/name"), &problem)).ok();
        let description = entry.description.as_ref().map(|text| Description::parse(text)).transpose();
        let description = description.map_err(|problem| self.invalid(&format!("{at}/description"), &problem));
        let (name, description) = (name?, description.ok()?);
        let known = self.account().find_policy(name.as_str());
        let Some((policy, before)) =
            known.and_then(|id| Some((id, self.account().policy(id)?.value.clone())))
        else {
            let changes = vec![change("text", None, Some(&entry.text))];
            let step = step_of(PlanAction::Create, "policy", name.as_str().into(), changes, at);
            let policy = Policy {
                name: name.clone(),
                description: description.unwrap_or_default(),
                text: entry.text.as_str().into(),
                enabled: entry.enabled.unwrap_or(true),
            };
            let made = self.step(step, &Command::CreatePolicy { policy });
            return made.then(|| self.account().find_policy(name.as_str())).flatten();
        };
        let mut changes = Vec::new();
        let renamed = Some(name).filter(|name| *name != before.name);
        if let Some(name) = &renamed {
            changes.push(change("name", Some(before.name.as_str()), Some(name.as_str())));
        }
        let described = description.filter(|text| *text != before.description);
        if let Some(text) = &described {
            changes.push(change("description", Some(before.description.as_str()), Some(text.as_str())));
        }
        let enabled = entry.enabled.filter(|enabled| *enabled != before.enabled);
        if let Some(enabled) = enabled {
            let (before, after) = (before.enabled.to_string(), enabled.to_string());
            changes.push(change("enabled", Some(&before), Some(&after)));
        }
        let text = Some(&entry.text).filter(|text| ***text != *before.text);
        if let Some(text) = text {
            changes.push(change("text", Some(&before.text), Some(text)));
        }
        if !changes.is_empty() {
            let step = step_of(PlanAction::Change, "policy", before.name.as_str().into(), changes, at);
            let text = text.map(|text| text.as_str().into());
            self.step(
                step,
                &Command::EditPolicy { policy, name: renamed, description: described, text, enabled },
            );
        }
        Some(policy)
    }

    /// Each mistake in the text of a policy, which says its line and column in that text.
    pub(super) fn mistakes(&mut self, at: &str, mistakes: &Mistakes) {
        for mistake in &mistakes.0 {
            let snippet = Some(&mistake.snippet).filter(|text| !text.is_empty());
            let snippet = snippet.map(|text| format!(" at `{text}`")).unwrap_or_default();
            let hint = mistake.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
            self.problem(&format!("{at}/text"), "invalid_policy", format!("{mistake}{snippet}{hint}"));
        }
    }
}
