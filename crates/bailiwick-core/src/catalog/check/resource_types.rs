//! Resource types and how they nest.

use super::names::{Names, Syntax};
use super::permissions::Vocabulary;
use super::{check_count, check_cycles, check_title};
use crate::catalog::problem::Problems;
use crate::catalog::source::{ResourceTypeSource, Text};
use crate::catalog::{ResourceType, ResourceTypeIndex};

const MAX_RESOURCE_TYPES: usize = 64;
/// Every level is one more step of every check on what lies below it.
const MAX_DEPTH: usize = 6;

/// By position; `None` where a reference did not hold, which was reported.
pub(super) fn check(
    sources: &[ResourceTypeSource],
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Vec<Option<ResourceType>> {
    check_count(sources, MAX_RESOURCE_TYPES, "resource types", |source| &source.name, problems);
    let declared: Vec<&Text> = sources.iter().map(|source| &source.name).collect();
    let names = Names::declare("resource type", Syntax::Word, &declared, problems);
    let parents: Vec<Option<usize>> =
        sources.iter().map(|source| names.find(source.parent.as_ref()?, problems)).collect();
    let edges: Vec<Vec<usize>> = parents.iter().map(|parent| parent.iter().copied().collect()).collect();
    check_cycles(
        &edges,
        &declared,
        "lies below",
        "leave out one `parent`, so that a project holds that type",
        problems,
    );
    for (position, source) in sources.iter().enumerate() {
        // Only the first type that is too deep: those below it follow from it. A cycle passes here once at most too.
        if depth(&parents, position) == MAX_DEPTH + 1 {
            let message =
                format!("resource type `{}` lies {} levels deep", source.name.get_ref(), MAX_DEPTH + 1);
            problems.add(
                &source.name.span(),
                message,
                format!("resource types nest at most {MAX_DEPTH} deep"),
            );
        }
    }
    sources.iter().zip(parents).map(|(source, parent)| build(source, parent, vocabulary, problems)).collect()
}

fn build(
    source: &ResourceTypeSource,
    parent: Option<usize>,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Option<ResourceType> {
    check_title(&source.title, problems);
    let read = vocabulary.find(&source.read, problems);
    let write = vocabulary.find(&source.write, problems);
    let delete = vocabulary.find(&source.delete, problems);
    Some(ResourceType {
        name: source.name.get_ref().clone(),
        title: source.title.get_ref().clone(),
        parent: parent.and_then(|parent| u16::try_from(parent).ok()).map(ResourceTypeIndex),
        read: read?,
        write: write?,
        delete: delete?,
    })
}

/// How many types lie on the way up, itself included; 0 if the way is a cycle, which is reported elsewhere.
fn depth(parents: &[Option<usize>], position: usize) -> usize {
    let up = |at: &usize| parents.get(*at).copied().flatten();
    let steps = std::iter::successors(Some(position), up).take(parents.len() + 1).count();
    if steps > parents.len() { 0 } else { steps }
}
