//! Custom roles.

use std::collections::BTreeMap;

use bailiwick_client::wire::{self, PlanAction};
use bailiwick_core::account::{Command, Patch, RoleRef, RoleSpec};
use bailiwick_core::catalog::PermissionSet;
use bailiwick_core::ids::RoleId;
use bailiwick_core::values::{ExternalId, RoleName, folded};
use smol_str::SmolStr;

use super::plan::Step;
use super::planner::{Kind, Planner};
use super::references::shown;
use super::things::change;
use crate::api::views;

impl Planner<'_> {
    pub(super) fn roles(&mut self) {
        let document = self.document;
        let mut names = BTreeMap::new();
        for (place, entry) in document.roles.iter().flatten().enumerate() {
            let at = format!("/roles/{place}");
            let id = match names.insert(folded(&entry.name), place) {
                Some(first) => {
                    self.twice(&format!("{at}/name"), Kind::Role, &entry.name, "roles", first);
                    None
                }
                None => self.custom_role(&at, entry),
            };
            match id {
                Some(id) if !self.named.roles.insert(id) => {
                    self.problem(&at, "duplicate", format!("the role `{}` stands above already", entry.name));
                }
                Some(_) => {}
                None => {
                    self.fail(Kind::Role, &entry.name);
                    entry.external_id.iter().for_each(|text| self.fail(Kind::Role, text));
                }
            }
        }
    }

    fn custom_role(&mut self, at: &str, entry: &wire::DocumentRole) -> Option<RoleId> {
        let name = RoleName::parse(&entry.name);
        let name = name.map_err(|problem| self.invalid(&format!("{at}/name"), &problem)).ok();
        let permissions = self.permissions(at, &entry.permissions);
        let (description, external_id) =
            self.texts(at, entry.description.as_ref(), entry.external_id.as_ref())?;
        let (name, permissions) = (name?, permissions?);
        let known = external_id.as_ref().and_then(|text| self.account().find_role(text.as_str()));
        let known = known.and_then(|role| match role {
            RoleRef::Custom(id) => Some(id),
            RoleRef::BuiltIn(_) => None,
        });
        let id = match (known, self.account().role_named(name.as_str())) {
            (Some(one), Some(other)) if one != other => {
                self.two_things(at, Kind::Role, &entry.name);
                return None;
            }
            (Some(id), _) | (None, Some(id)) => id,
            (None, None) => {
                let step = Step {
                    action: PlanAction::Create,
                    kind: "role".to_owned(),
                    name: name.as_str().into(),
                    changes: vec![change("permissions", None, Some(&self.listed(permissions)))],
                    field: Some(at.to_owned()),
                };
                let role = RoleSpec {
                    name: name.clone(),
                    description: description.unwrap_or_default(),
                    level: views::level_from(entry.level),
                    permissions: entry.permissions.iter().map(SmolStr::new).collect(),
                    external_id,
                };
                let made = self.step(step, &Command::CreateRole { role });
                return made.then(|| self.account().role_named(name.as_str())).flatten();
            }
        };
        let before = self.account().role(id)?.value.clone();
        if before.level != views::level_from(entry.level) {
            let message = format!("the level of the role `{}` cannot change: make another role", before.name);
            self.problem(&format!("{at}/level"), "level_changed", message);
            return None;
        }
        let (mut changes, mut patch) = (Vec::new(), Patch::Keep);
        let renamed = Some(name).filter(|name| *name != before.name);
        if let Some(name) = &renamed {
            changes.push(change("name", Some(before.name.as_str()), Some(name.as_str())));
        }
        let described = description.filter(|text| *text != before.description);
        if let Some(text) = &described {
            changes.push(change("description", Some(before.description.as_str()), Some(text.as_str())));
        }
        let held = self.account().permissions_of(&RoleRef::Custom(id));
        let permitted = (permissions != held).then(|| {
            changes.push(change("permissions", Some(&self.listed(held)), Some(&self.listed(permissions))));
            entry.permissions.iter().map(SmolStr::new).collect()
        });
        if let Some(external_id) = external_id.filter(|text| before.external_id.as_ref() != Some(text)) {
            let old = before.external_id.as_ref().map(ExternalId::as_str);
            changes.push(change("external_id", old, Some(external_id.as_str())));
            patch = Patch::Set(external_id);
        }
        if !changes.is_empty() {
            let step = Step {
                action: PlanAction::Change,
                kind: "role".to_owned(),
                name: before.name.as_str().into(),
                changes,
                field: Some(at.to_owned()),
            };
            let command = Command::EditRole {
                role: id,
                name: renamed,
                description: described,
                permissions: permitted,
                external_id: patch,
            };
            self.step(step, &command);
        }
        Some(id)
    }

    /// Permissions with what they imply; every unknown one is told.
    fn permissions(&mut self, at: &str, names: &[String]) -> Option<PermissionSet> {
        let mut set = PermissionSet::EMPTY;
        let mut all_known = true;
        for (place, name) in names.iter().enumerate() {
            if let Some(index) = self.account().catalog().permission(name) {
                set.insert(index);
                continue;
            }
            let at = format!("{at}/permissions/{place}");
            self.problem(&at, "unknown_permission", format!("there is no permission `{}`", shown(name)));
            all_known = false;
        }
        all_known.then(|| self.account().catalog().close(set))
    }

    fn listed(&self, permissions: PermissionSet) -> String {
        let names: Vec<&str> = self.account().catalog().permission_names(permissions).collect();
        names.join(" ")
    }
}
