//! What can be asked about: the account, its projects and resources, those together that nothing tells apart.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use smol_str::{SmolStr, format_smolstr};
use uuid::Uuid;

use super::Sides;
use super::asked::Words;
use super::touched::Place;
use crate::access::Target;
use crate::access::scope_key::{Covering, ScopeKey};
use crate::account::{Account, AllOf, AttributeValue, Attributes, Scope};
use crate::catalog::ResourceTypeIndex;
use crate::ids::{Id, ProjectId, ResourceId};
use crate::limits;
use crate::policy::Statement;

/// Targets that have the same answers to all questions.
#[derive(Debug)]
pub(super) struct Thing {
    /// One of them.
    pub(super) target: Target,
    all: Vec<Target>,
    covering: Covering,
    /// Whether it is there before and after.
    there: [bool; 2],
    /// The statements that are about it, by their numbers, in order.
    pub(super) statements: Vec<usize>,
    /// Those of them that read an attribute of it that changes.
    pub(super) readers: Vec<usize>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Things {
    alike: Vec<Thing>,
    /// Statements that read an attribute of any of them that changes.
    readers: BTreeSet<usize>,
    /// How many there are before and after: in all, in each project with itself, and of each type in an account or project.
    counts: [Counts; 2],
    places: HashMap<ResourceId, (SmolStr, ProjectId)>,
    /// Resources in which others are.
    parents: HashSet<ResourceId>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    in_project: HashMap<ProjectId, usize>,
    of_type: HashMap<(SmolStr, Option<ProjectId>), usize>,
}

/// What of a target can make a difference. An id stands in it only where a grant or a policy names it.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'a> {
    kind: u8,
    chain: Vec<(Option<ResourceTypeIndex>, Option<ResourceId>)>,
    project: Option<ProjectId>,
    there: [bool; 2],
    said: [Vec<(&'a SmolStr, &'a AttributeValue)>; 2],
}

impl Things {
    pub(super) fn of(sides: &Sides<'_>, words: &Words, statements: &[&Statement]) -> Self {
        let (before, after) = (sides.before, sides.after);
        let is_named = |id: Uuid, text: SmolStr| {
            before.index.is_named(id) || after.index.is_named(id) || words.ids.contains(&text)
        };
        let project_in = |id: ProjectId| is_named(id.uuid(), format_smolstr!("{id}")).then_some(id);
        let resource_in = |id: ResourceId| is_named(id.uuid(), format_smolstr!("{id}")).then_some(id);
        let mut alike: HashMap<Alike<'_>, usize> = HashMap::new();
        let mut made = Self {
            alike: Vec::new(),
            readers: BTreeSet::new(),
            counts: [Counts::default(), Counts::default()],
            places: HashMap::new(),
            parents: HashSet::new(),
        };
        let projects = [before, after].into_iter().flat_map(|account| account.projects_after(None));
        let projects: BTreeSet<ProjectId> = projects.map(|(id, _)| id).collect();
        let resources = [before, after].into_iter().flat_map(|account| account.resources_after(None));
        let resources: BTreeSet<ResourceId> = resources.map(|(id, _)| id).collect();
        let targets = std::iter::once(Target::Account).chain(projects.into_iter().map(Target::Project));
        for target in targets.chain(resources.into_iter().map(Target::Resource)) {
            let there = [before, after].map(|account| account.covering(&target).is_some());
            let there_on = if there == [true, false] { before } else { after };
            let mut key =
                Alike { kind: 0, chain: Vec::new(), project: None, there, said: [Vec::new(), Vec::new()] };
            match target {
                Target::Account => {}
                Target::Project(id) => (key.kind, key.project) = (1, project_in(id)),
                Target::Resource(id) => {
                    key.kind = 2;
                    let (had, has) = attributes(sides, id);
                    key.said = [had, has].map(|all| {
                        let all = all.into_iter().flat_map(Attributes::iter);
                        all.filter(|(name, _)| words.attributes.contains(*name)).collect()
                    });
                    key.project = there_on.project_of(id).and_then(project_in);
                    let mut next = Some(id);
                    while let Some(id) = next {
                        let of = there_on.index.resource(id).and_then(|node| node.resource_type);
                        key.chain.push((of, resource_in(id)));
                        next = there_on.resource(id).and_then(|found| found.value.parent);
                    }
                }
            }
            made.count(there_on, target, there);
            let number = *alike.entry(key).or_insert(made.alike.len());
            if let Some(thing) = made.alike.get_mut(number) {
                thing.all.push(target);
                continue;
            }
            let covering: Covering = there_on.covering(&target).map(Covering::from_slice).unwrap_or_default();
            let at = |statement: &&Statement| statement.is_at(there_on, &target, &covering);
            let numbered = || statements.iter().enumerate().filter(|(_, one)| at(one));
            let (had, has) = match target {
                Target::Resource(id) if there == [true, true] => attributes(sides, id),
                _ => (None, None),
            };
            let (had, has) = (had.cloned().unwrap_or_default(), has.cloned().unwrap_or_default());
            let changed: Vec<&str> = had.changed(&has).collect();
            let reads = |statement: &Statement| changed.iter().any(|name| statement.reads(name));
            let readers: Vec<usize> =
                numbered().filter(|(_, one)| reads(one)).map(|(number, _)| number).collect();
            let statements = numbered().map(|(number, _)| number).collect();
            made.readers.extend(readers.iter().copied());
            made.alike.push(Thing { target, all: vec![target], covering, there, statements, readers });
        }
        made
    }

    fn count(&mut self, account: &Account, target: Target, there: [bool; 2]) {
        let mut of_type = None;
        let mut project = None;
        match target {
            Target::Account => {}
            Target::Project(id) => project = Some(id),
            Target::Resource(id) => {
                if let Some(found) = account.resource(id) {
                    project = Some(found.value.project);
                    of_type = Some(found.value.resource_type.clone());
                    self.places.insert(id, (found.value.resource_type.clone(), found.value.project));
                    self.parents.extend(found.value.parent);
                }
            }
        }
        for (counts, _) in self.counts.iter_mut().zip(there).filter(|(_, there)| *there) {
            counts.all += 1;
            if let Some(project) = project {
                *counts.in_project.entry(project).or_default() += 1;
            }
            if let Some(of) = &of_type {
                *counts.of_type.entry((of.clone(), None)).or_default() += 1;
                *counts.of_type.entry((of.clone(), project)).or_default() += 1;
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Thing)> {
        self.alike.iter().enumerate()
    }

    /// Whether what is said of any changes.
    pub(super) fn any_changed(&self) -> bool {
        !self.readers.is_empty()
    }

    /// Whether a statement reads an attribute that changes.
    pub(super) fn reads(&self, statement: usize) -> bool {
        self.readers.contains(&statement)
    }

    /// The fewest scopes that are these things, and of each whether what is in them is not meant. `side` is 0 for what there is
    /// before and 1 for what there is after.
    pub(super) fn scopes(&self, numbers: &[usize], side: usize) -> Vec<(Scope, bool)> {
        let Some(counts) = self.counts.get(side) else { return Vec::new() };
        let targets = || numbers.iter().filter_map(|at| self.alike.get(*at)).flat_map(|thing| &thing.all);
        if targets().count() == counts.all {
            return vec![(Scope::Account, false)];
        }
        let mut scopes = Vec::new();
        let (mut projects, mut resources) = (BTreeSet::new(), BTreeSet::new());
        let mut in_project: BTreeMap<ProjectId, usize> = BTreeMap::new();
        for target in targets() {
            match target {
                Target::Account => scopes.push((Scope::Account, true)),
                Target::Project(id) => {
                    projects.insert(*id);
                    *in_project.entry(*id).or_default() += 1;
                }
                Target::Resource(id) => {
                    resources.insert(*id);
                    if let Some((_, project)) = self.places.get(id) {
                        *in_project.entry(*project).or_default() += 1;
                    }
                }
            }
        }
        let whole = |id: &ProjectId| projects.contains(id) && in_project.get(id) == counts.in_project.get(id);
        scopes.extend(projects.iter().map(|id| (Scope::Project(*id), !whole(id))));
        let mut left: BTreeMap<&SmolStr, BTreeMap<ProjectId, Vec<ResourceId>>> = BTreeMap::new();
        for id in resources {
            if let Some((of, project)) = self.places.get(&id).filter(|(_, project)| !whole(project)) {
                left.entry(of).or_default().entry(*project).or_default().push(id);
            }
        }
        for (of, by_project) in left {
            let holds = |ids: &[ResourceId]| ids.iter().any(|id| self.parents.contains(id));
            let is_all = |ids: usize, project| counts.of_type.get(&(of.clone(), project)) == Some(&ids);
            let all_of = |project| Scope::AllOf(AllOf { resource_type: of.clone(), project }.into());
            let many: usize = by_project.values().map(Vec::len).sum();
            if many > 1 && is_all(many, None) {
                scopes.push((all_of(None), by_project.values().any(|ids| holds(ids))));
                continue;
            }
            for (project, ids) in by_project {
                if ids.len() > 1 && is_all(ids.len(), Some(project)) {
                    scopes.push((all_of(Some(project)), holds(&ids)));
                    continue;
                }
                let parts = ids.chunks(limits::RESOURCES_PER_SCOPE);
                scopes.extend(parts.map(|ids| (Scope::Resources(ids.into()), holds(ids))));
            }
        }
        scopes
    }
}

impl Thing {
    /// Whether it is there before and after.
    pub(super) fn is_there_twice(&self) -> bool {
        self.there == [true, true]
    }

    /// Whether it is in a place. What is new or gone is in none that does not name it: it comes under what was there.
    pub(super) fn is_in(&self, place: &Place, key: Option<ScopeKey>) -> bool {
        if self.is_there_twice() {
            return key.is_some_and(|key| self.covering.contains(&key));
        }
        match (place, self.target) {
            (Place::Project(one), Target::Project(other)) => *one == other,
            (Place::Resource(one), Target::Resource(other)) => *one == other,
            _ => false,
        }
    }
}

/// What is said of a resource before and after.
pub(super) fn attributes<'a>(
    sides: &Sides<'a>,
    id: ResourceId,
) -> (Option<&'a Attributes>, Option<&'a Attributes>) {
    let of = |account: &'a Account| {
        account.resource(id).and_then(|found| found.value.attributes.as_deref()).filter(|all| !all.is_empty())
    };
    (of(sides.before), of(sides.after))
}
