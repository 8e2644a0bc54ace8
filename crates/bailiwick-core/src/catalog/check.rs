//! From what a file says to a catalog in which every reference holds.

mod attributes;
mod names;
mod people;
mod permissions;
mod resource_types;
mod roles;
mod rules;

use std::collections::BTreeMap;

use self::permissions::Vocabulary;
use super::lookup::Index;
use super::model::Bindings;
use super::problem::{Problems, nearest, suggest};
use super::source::{OperationsSource, Source, Text};
use super::{Catalog, Operation, PermissionIndex};

/// More text than that is not a vocabulary that people can know.
pub(super) const MAX_FILE_BYTES: usize = 256 * 1024;
const MAX_TITLE_CHARACTERS: usize = 64;
const MAX_DESCRIPTION_CHARACTERS: usize = 256;

const POLICY_OPERATIONS: [Operation; 3] =
    [Operation::ReadPolicies, Operation::WritePolicies, Operation::DeletePolicies];

/// Checks everything and reports each mistake once. `None` only after something was reported.
pub(super) fn check(source: &Source, problems: &mut Problems) -> Option<Catalog> {
    check_catalog_name(&source.name, problems);
    check_title(&source.title, problems);
    check_description(&source.description, problems);

    let (sections, permissions, vocabulary) = permissions::check(&source.sections, problems);
    let resource_types = resource_types::check(&source.resource_types, &vocabulary, problems);
    let attributes = attributes::check(&source.attributes, &source.resource_types, problems);
    let (built_in, role_names) = roles::check(&source.roles, &vocabulary, problems);
    let groups = roles::check_groups(&source.groups, &built_in, &role_names, problems);
    let stated = rules::check(source, &built_in, &role_names, &vocabulary, problems);
    let policies = source.rules.as_ref().is_some_and(|rules| rules.policies);
    let operations = check_operations(source.operations.as_ref(), policies, &vocabulary, problems);
    let escalate = source.escalate.iter().filter_map(|name| vocabulary.find(name, problems)).collect();

    let bindings = Bindings::new(&operations)?;
    let resource_types = resource_types.into_iter().collect::<Option<Vec<_>>>()?;
    let roles = built_in.into_iter().collect::<Option<Vec<_>>>()?;
    let index = Index::new(&permissions, &resource_types, &roles, bindings);
    Some(Catalog {
        name: source.name.get_ref().clone(),
        title: source.title.get_ref().clone(),
        description: source.description.get_ref().clone(),
        sections,
        permissions,
        resource_types,
        roles,
        groups,
        attributes,
        rules: stated?,
        operations,
        escalate,
        index,
    })
}

fn check_operations(
    source: Option<&OperationsSource>,
    policies: bool,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> BTreeMap<Operation, PermissionIndex> {
    let mut operations = BTreeMap::new();
    // A missing table was reported already.
    let Some(source) = source else { return operations };
    let mut unbound: Vec<Operation> = Operation::ALL.to_vec();
    for (key, value) in &source.entries {
        let name = key.get_ref();
        let Some(operation) = Operation::ALL.iter().copied().find(|operation| operation.name() == name)
        else {
            let known = || Operation::ALL.iter().map(|operation| operation.name());
            // A misspelt operation is one mistake, not an unknown one and an unbound one.
            unbound.retain(|other| nearest(name, known()) != Some(other.name()));
            problems.add(&key.span(), format!("operation `{name}` does not exist"), suggest(name, known()));
            continue;
        };
        unbound.retain(|other| *other != operation);
        if let Some(permission) = vocabulary.find(value, problems) {
            operations.insert(operation, permission);
        }
    }
    if !policies {
        // Nobody asks for these in a cloud without policies: such a catalog need not say who may.
        unbound.retain(|operation| !POLICY_OPERATIONS.contains(operation));
        if let Some(bound) = operations.get(&Operation::WriteAccount).copied() {
            for operation in POLICY_OPERATIONS {
                operations.entry(operation).or_insert(bound);
            }
        }
    }
    for operation in unbound {
        let (name, does) = (operation.name(), operation.describe());
        let does = does.trim_end_matches('.');
        let hint =
            format!("add `{name} = \"verb:noun\"` with the permission that lets people do this: {does}");
        problems.add(&source.span, format!("operation `{name}` is bound to no permission"), hint);
    }
    operations
}

fn check_catalog_name(name: &Text, problems: &mut Problems) {
    let text = name.get_ref();
    let is_kebab = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let starts_well = text.bytes().next().is_none_or(|byte| byte.is_ascii_lowercase());
    if !(is_kebab && starts_well && text.len() <= names::MAX_NAME_CHARACTERS) {
        let hint =
            "use at most 64 lower-case letters, digits and hyphens, a letter first, such as `my-cloud`";
        problems.add(&name.span(), format!("`{text}` is no name for a catalog"), hint);
    }
}

fn check_title(title: &Text, problems: &mut Problems) {
    check_words(title, "title", MAX_TITLE_CHARACTERS, problems);
}

fn check_description(description: &Text, problems: &mut Problems) {
    check_words(description, "description", MAX_DESCRIPTION_CHARACTERS, problems);
}

fn check_words(words: &Text, what: &str, limit: usize, problems: &mut Problems) {
    let text = words.get_ref();
    let length = text.chars().count();
    if length > limit {
        let message = format!("the {what} is {length} characters long");
        problems.add(&words.span(), message, format!("shorten it to at most {limit} characters"));
    }
    if text.chars().any(char::is_control) {
        let message = format!("the {what} has a line break or another control character");
        problems.add(&words.span(), message, "write it on one line");
    }
    if !text.is_empty() && text.trim() != text {
        let message = format!("the {what} begins or ends with a space");
        problems.add(&words.span(), message, "remove the space");
    }
}

/// Reports a list that is longer than its limit.
fn check_count<T>(items: &[T], limit: usize, what: &str, at: impl Fn(&T) -> &Text, problems: &mut Problems) {
    if let Some(first_too_many) = items.get(limit) {
        let message = format!("there are {} {what}", items.len());
        problems.add(&at(first_too_many).span(), message, format!("a catalog declares at most {limit}"));
    }
}

/// Reports what a list of names says twice.
fn check_repeated(texts: &[Text], problems: &mut Problems) {
    let mut seen: Vec<&str> = Vec::new();
    for text in texts {
        if seen.contains(&text.get_ref().as_str()) {
            problems.add(&text.span(), format!("`{}` is listed twice", text.get_ref()), "remove this one");
        }
        seen.push(text.get_ref());
    }
}

/// The ways along the edges that come back to where they began, each once, beginning with its first node.
fn cycles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    struct Walk<'e> {
        edges: &'e [Vec<usize>],
        done: Vec<usize>,
        path: Vec<usize>,
        found: Vec<Vec<usize>>,
    }
    impl Walk<'_> {
        // The depth is at most the number of permissions or resource types, both limited.
        fn visit(&mut self, node: usize) {
            if let Some(start) = self.path.iter().position(|earlier| *earlier == node) {
                self.found.push(self.path.iter().skip(start).copied().collect());
                return;
            }
            if self.done.contains(&node) {
                return;
            }
            self.path.push(node);
            for next in self.edges.get(node).into_iter().flatten() {
                self.visit(*next);
            }
            self.path.pop();
            self.done.push(node);
        }
    }
    let mut walk = Walk { edges, done: Vec::new(), path: Vec::new(), found: Vec::new() };
    (0..edges.len()).for_each(|node| walk.visit(node));
    walk.found
}

/// Reports each cycle at the name in it that the file declares first.
fn check_cycles(edges: &[Vec<usize>], declared: &[&Text], verb: &str, hint: &str, problems: &mut Problems) {
    let name = |node: &usize| declared.get(*node).map_or("", |text| text.get_ref().as_str());
    for cycle in cycles(edges) {
        let Some(first) = cycle.first().and_then(|node| declared.get(*node)) else { continue };
        let way: Vec<String> =
            cycle.iter().chain(cycle.first()).map(|node| format!("`{}`", name(node))).collect();
        problems.add(
            &first.span(),
            format!("`{}` {verb} itself: {}", first.get_ref(), way.join(" → ")),
            hint,
        );
    }
}
