//! Sections and permissions, and what each permission implies.

use super::names::{Names, Syntax};
use super::{check_count, check_cycles, check_description, check_repeated, check_title};
use crate::catalog::problem::Problems;
use crate::catalog::source::{PermissionSource, SectionSource, Text};
use crate::catalog::{MAX_PERMISSIONS, Permission, PermissionIndex, PermissionSet, Section};

const MAX_SECTIONS: usize = 32;

/// The permissions that the rest of the file may refer to.
pub(super) struct Vocabulary<'s> {
    pub(super) names: Names<'s>,
    /// By position: what the permission implies, transitively, without itself.
    implies: Vec<PermissionSet>,
}

impl Vocabulary<'_> {
    pub(super) fn find(&self, reference: &Text, problems: &mut Problems) -> Option<PermissionIndex> {
        self.names.find(reference, problems).and_then(PermissionIndex::new)
    }

    pub(super) fn implied_by(&self, index: PermissionIndex) -> PermissionSet {
        self.implies.get(index.position()).copied().unwrap_or_default()
    }

    pub(super) fn close(&self, set: PermissionSet) -> PermissionSet {
        set.iter().fold(set, |closed, index| closed.union(&self.implied_by(index)))
    }

    pub(super) fn matching(&self, wanted: impl Fn(&str) -> bool) -> PermissionSet {
        self.names
            .iter()
            .filter(|(name, _)| wanted(name))
            .filter_map(|(_, at)| PermissionIndex::new(at))
            .collect()
    }

    pub(super) fn name(&self, index: PermissionIndex) -> &str {
        self.names.iter().find(|(_, position)| *position == index.position()).map_or("", |(name, _)| name)
    }
}

pub(super) fn check<'s>(
    sources: &'s [SectionSource],
    problems: &mut Problems,
) -> (Vec<Section>, Vec<Permission>, Vocabulary<'s>) {
    let section_names: Vec<&Text> = sources.iter().map(|section| &section.name).collect();
    Names::declare("section", Syntax::Word, &section_names, problems);
    check_count(sources, MAX_SECTIONS, "sections", |section| &section.name, problems);
    let declared: Vec<(usize, &PermissionSource)> = sources
        .iter()
        .enumerate()
        .flat_map(|(section, source)| source.permissions.iter().map(move |permission| (section, permission)))
        .collect();
    check_count(&declared, MAX_PERMISSIONS, "permissions", |(_, permission)| &permission.name, problems);
    if declared.is_empty() {
        let hint =
            "add a `[[sections]]` with `permissions = [{ name = \"read:clusters\", description = \"…\" }]`";
        problems.add(&(0..0), "the catalog declares no permission", hint);
    }

    let names: Vec<&Text> = declared.iter().map(|(_, permission)| &permission.name).collect();
    let mut vocabulary = Vocabulary {
        names: Names::declare("permission", Syntax::VerbNoun, &names, problems),
        implies: Vec::new(),
    };
    let edges: Vec<Vec<usize>> = declared
        .iter()
        .map(|(_, permission)| {
            check_description(&permission.description, problems);
            check_repeated(&permission.implies, problems);
            permission.implies.iter().filter_map(|name| vocabulary.names.find(name, problems)).collect()
        })
        .collect();
    check_cycles(&edges, &names, "implies", "remove one of these from an `implies`", problems);
    vocabulary.implies = (0..edges.len()).map(|node| reachable(&edges, node)).collect();

    let sections = sources
        .iter()
        .map(|section| {
            check_title(&section.title, problems);
            Section { name: section.name.get_ref().clone(), title: section.title.get_ref().clone() }
        })
        .collect();
    let permissions = declared
        .iter()
        .zip(&vocabulary.implies)
        .map(|((section, source), implies)| Permission {
            name: source.name.get_ref().clone(),
            section: *section,
            description: source.description.get_ref().clone(),
            implies: *implies,
            api_only: source.api_only,
        })
        .collect();
    (sections, permissions, vocabulary)
}

/// All that can be reached from a node, without the node itself.
fn reachable(edges: &[Vec<usize>], from: usize) -> PermissionSet {
    let mut reached = PermissionSet::EMPTY;
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        for next in edges.get(node).into_iter().flatten().copied() {
            if let Some(index) = PermissionIndex::new(next)
                && next != from
                && !reached.contains(index)
            {
                reached.insert(index);
                open.push(next);
            }
        }
    }
    reached
}
