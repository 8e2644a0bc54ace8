//! Projects, groups and service accounts: what people name and describe.

use std::collections::BTreeMap;

use bailiwick_client::wire::{self, PlanAction, PlanChange};
use bailiwick_core::account::{Account, Command, Patch};
use bailiwick_core::ids::{GroupId, ProjectId, ServiceAccountId};
use bailiwick_core::values::{Description, ExternalId, Name, folded};

use super::plan::Step;
use super::planner::{Kind, Planner};

/// A thing as a document names it.
struct Entry<'a> {
    name: &'a str,
    description: Option<&'a String>,
    external_id: Option<&'a String>,
}

/// The texts of a thing that is there.
struct Texts {
    name: Name,
    description: Description,
    external_id: Option<ExternalId>,
}

/// How one kind of thing is found and changed.
struct Way<I> {
    kind: Kind,
    section: &'static str,
    by_external_id: fn(&Account, &str) -> Option<I>,
    by_name: fn(&Account, &str) -> Option<I>,
    /// Whether the caller may know of it.
    is_known: fn(&Planner<'_>, I) -> bool,
    texts: fn(&Account, I) -> Option<Texts>,
    create: fn(Name, Description, Option<ExternalId>) -> Command,
    edit: fn(I, Option<Name>, Option<Description>, Patch<ExternalId>) -> Command,
}

const PROJECTS: Way<ProjectId> = Way {
    kind: Kind::Project,
    section: "projects",
    by_external_id: Account::find_project,
    by_name: Account::project_named,
    is_known: |planner, id| planner.knows_project(id),
    texts: |account, id| {
        account.project(id).map(|found| Texts {
            name: found.value.name.clone(),
            description: found.value.description.clone(),
            external_id: found.value.external_id.clone(),
        })
    },
    create: |name, description, external_id| Command::CreateProject { name, description, external_id },
    edit: |project, name, description, external_id| Command::EditProject {
        project,
        name,
        description,
        external_id,
    },
};

const GROUPS: Way<GroupId> = Way {
    kind: Kind::Group,
    section: "groups",
    by_external_id: Account::find_group,
    by_name: Account::group_named,
    is_known: |_, _| true,
    texts: |account, id| {
        account.group(id).map(|found| Texts {
            name: found.value.name.clone(),
            description: found.value.description.clone(),
            external_id: found.value.external_id.clone(),
        })
    },
    create: |name, description, external_id| Command::CreateGroup { name, description, external_id },
    edit: |group, name, description, external_id| Command::EditGroup {
        group,
        name,
        description,
        external_id,
    },
};

const SERVICE_ACCOUNTS: Way<ServiceAccountId> = Way {
    kind: Kind::ServiceAccount,
    section: "service_accounts",
    by_external_id: Account::find_service_account,
    by_name: Account::service_account_named,
    is_known: |_, _| true,
    texts: |account, id| {
        account.service_account(id).map(|found| Texts {
            name: found.value.name.clone(),
            description: found.value.description.clone(),
            external_id: found.value.external_id.clone(),
        })
    },
    create: |name, description, external_id| Command::CreateServiceAccount {
        name,
        description,
        external_id,
        grants: Vec::new(),
    },
    edit: |service_account, name, description, external_id| Command::EditServiceAccount {
        service_account,
        name,
        description,
        external_id,
        may_assert: None,
    },
};

impl Planner<'_> {
    pub(super) fn projects(&mut self) {
        let document = self.document;
        let entries = document.projects.iter().flatten().map(|entry| {
            let wire::DocumentProject { name, description, external_id } = entry;
            Entry { name, description: description.as_ref(), external_id: external_id.as_ref() }
        });
        let found = self.things(&PROJECTS, entries);
        self.named.projects.extend(found.into_iter().flatten());
    }

    pub(super) fn service_accounts(&mut self) {
        let document = self.document;
        let entries = document.service_accounts.iter().flatten().map(|entry| {
            let wire::DocumentServiceAccount { name, description, external_id, may_assert: _ } = entry;
            Entry { name, description: description.as_ref(), external_id: external_id.as_ref() }
        });
        let found = self.things(&SERVICE_ACCOUNTS, entries);
        let entries = document.service_accounts.iter().flatten().zip(&found).enumerate();
        for (place, (entry, found)) in entries {
            if let Some(id) = found {
                self.assertions(place, *id, entry.may_assert.as_ref());
            }
        }
        self.named.service_accounts.extend(found.into_iter().flatten());
    }

    pub(super) fn groups(&mut self) {
        let document = self.document;
        let entries = document.groups.iter().flatten().map(|entry| {
            let wire::DocumentGroup { name, description, external_id, members: _ } = entry;
            Entry { name, description: description.as_ref(), external_id: external_id.as_ref() }
        });
        let found = self.things(&GROUPS, entries);
        self.named.groups.extend(found.into_iter().flatten());
    }

    fn things<'e, I: Copy + Ord>(
        &mut self,
        way: &Way<I>,
        entries: impl Iterator<Item = Entry<'e>>,
    ) -> Vec<Option<I>> {
        let mut names = BTreeMap::new();
        let mut seen = BTreeMap::new();
        let mut found = Vec::new();
        for (place, entry) in entries.enumerate() {
            let at = format!("/{}/{place}", way.section);
            let id = match names.insert(folded(entry.name), place) {
                Some(first) => {
                    self.twice(&format!("{at}/name"), way.kind, entry.name, way.section, first);
                    None
                }
                None => self.thing(way, &at, &entry),
            };
            if let Some(first) = id.and_then(|id| seen.insert(id, place)) {
                self.twice(&at, way.kind, entry.name, way.section, first);
            }
            if id.is_none() {
                self.fail(way.kind, entry.name);
                entry.external_id.into_iter().for_each(|text| self.fail(way.kind, text));
            }
            found.push(id);
        }
        found
    }

    pub(super) fn twice(&mut self, at: &str, kind: Kind, name: &str, section: &str, first: usize) {
        let noun = kind.noun();
        self.problem(at, "duplicate", format!("the {noun} `{name}` stands at {section}[{first}] already"));
    }

    /// Makes or changes a thing as wanted; which one it is then.
    fn thing<I: Copy + Ord>(&mut self, way: &Way<I>, at: &str, entry: &Entry<'_>) -> Option<I> {
        let name = self.name(at, entry.name);
        let (description, external_id) = self.texts(at, entry.description, entry.external_id)?;
        let name = name?;
        let is_known = |id: &I| (way.is_known)(self, *id);
        let known = external_id.as_ref().and_then(|text| (way.by_external_id)(self.account(), text.as_str()));
        let named = (way.by_name)(self.account(), name.as_str());
        let id = match (known.filter(is_known), named.filter(is_known)) {
            (Some(one), Some(other)) if one != other => {
                self.two_things(at, way.kind, entry.name);
                return None;
            }
            (Some(id), _) | (None, Some(id)) => id,
            (None, None) => return self.create(way, at, &name, description, external_id),
        };
        let before = (way.texts)(self.account(), id)?;
        let (mut changes, mut patch) = (Vec::new(), Patch::Keep);
        let renamed = Some(name).filter(|name| *name != before.name);
        if let Some(name) = &renamed {
            changes.push(change("name", Some(before.name.as_str()), Some(name.as_str())));
        }
        let described = description.filter(|text| *text != before.description);
        if let Some(text) = &described {
            changes.push(change("description", Some(before.description.as_str()), Some(text.as_str())));
        }
        if let Some(external_id) = external_id.filter(|text| before.external_id.as_ref() != Some(text)) {
            let old = before.external_id.as_ref().map(ExternalId::as_str);
            changes.push(change("external_id", old, Some(external_id.as_str())));
            patch = Patch::Set(external_id);
        }
        if !changes.is_empty() {
            let step = Step {
                action: PlanAction::Change,
                kind: way.kind.name().to_owned(),
                name: before.name.as_str().into(),
                changes,
                field: Some(at.to_owned()),
            };
            self.step(step, &(way.edit)(id, renamed, described, patch));
        }
        Some(id)
    }

    fn create<I>(
        &mut self,
        way: &Way<I>,
        at: &str,
        name: &Name,
        description: Option<Description>,
        external_id: Option<ExternalId>,
    ) -> Option<I> {
        let step = Step {
            action: PlanAction::Create,
            kind: way.kind.name().to_owned(),
            name: name.as_str().into(),
            changes: Vec::new(),
            field: Some(at.to_owned()),
        };
        let command = (way.create)(name.clone(), description.unwrap_or_default(), external_id);
        self.step(step, &command).then(|| (way.by_name)(self.account(), name.as_str())).flatten()
    }

    fn name(&mut self, at: &str, text: &str) -> Option<Name> {
        Name::parse(text).map_err(|problem| self.invalid(&format!("{at}/name"), &problem)).ok()
    }

    /// Description and external id as wanted; nothing where one of them is not well-formed.
    pub(super) fn texts(
        &mut self,
        at: &str,
        description: Option<&String>,
        external_id: Option<&String>,
    ) -> Option<(Option<Description>, Option<ExternalId>)> {
        let description = description.map(|text| Description::parse(text)).transpose();
        let description = description.map_err(|problem| self.invalid(&format!("{at}/description"), &problem));
        let external_id = external_id.map(|text| ExternalId::parse(text)).transpose();
        let external_id = external_id.map_err(|problem| self.invalid(&format!("{at}/external_id"), &problem));
        description.ok().zip(external_id.ok())
    }

    pub(super) fn two_things(&mut self, at: &str, kind: Kind, name: &str) {
        let noun = kind.noun();
        let message = format!("the external id is that of another {noun} than the one called `{name}`");
        self.problem(at, "ambiguous", message);
    }
}

/// A value that changes.
pub fn change(field: &str, before: Option<&str>, after: Option<&str>) -> PlanChange {
    PlanChange { field: field.to_owned(), before: before.map(str::to_owned), after: after.map(str::to_owned) }
}
