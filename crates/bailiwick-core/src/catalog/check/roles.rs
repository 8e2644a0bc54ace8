//! Built-in roles, what their lists of permissions stand for, and built-in groups.

use toml::Spanned;

use super::names::{Names, Syntax};
use super::permissions::Vocabulary;
use super::{check_count, check_description, check_repeated, check_title};
use crate::catalog::problem::{Problems, suggest};
use crate::catalog::source::{GroupSource, RoleSource, Text};
use crate::catalog::{BuiltInGroup, BuiltInRole, BuiltInRoleIndex, Level, PermissionSet};

const MAX_ROLES: usize = 64;
const MAX_GROUPS: usize = 32;

/// By position; `None` where something was wrong and reported.
pub(super) fn check<'s>(
    sources: &'s [RoleSource],
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> (Vec<Option<BuiltInRole>>, Names<'s>) {
    check_count(sources, MAX_ROLES, "roles", |source| &source.name, problems);
    let declared: Vec<&Text> = sources.iter().map(|source| &source.name).collect();
    let names = Names::declare("role", Syntax::Word, &declared, problems);
    for name in declared.into_iter().filter(|name| name.get_ref().starts_with("rol_")) {
        let hint = "begin the name differently: ids of custom roles begin with `rol_`";
        problems.add(&name.span(), format!("role `{}` looks like an id", name.get_ref()), hint);
    }
    (sources.iter().map(|source| build(source, vocabulary, problems)).collect(), names)
}

fn build(source: &RoleSource, vocabulary: &Vocabulary<'_>, problems: &mut Problems) -> Option<BuiltInRole> {
    check_title(&source.title, problems);
    check_description(&source.description, problems);
    let level = level(&source.level, problems);
    let permissions =
        source.permissions.as_ref().and_then(|list| held(source.name.get_ref(), list, vocabulary, problems));
    Some(BuiltInRole {
        name: source.name.get_ref().clone(),
        title: source.title.get_ref().clone(),
        description: source.description.get_ref().clone(),
        level: level?,
        permissions: permissions?,
        keeps_holder: source.keeps_holder,
        single_holder: source.single_holder,
        handed_over: source.handed_over,
    })
}

fn level(text: &Text, problems: &mut Problems) -> Option<Level> {
    match text.get_ref().as_str() {
        "account" => Some(Level::Account),
        "project" => Some(Level::Project),
        "resource" => Some(Level::Resource),
        "" => None,
        other => {
            let hint = suggest(other, ["account", "project", "resource"]);
            problems.add(&text.span(), format!("level `{other}` does not exist"), hint);
            None
        }
    }
}

/// What a list stands for: all that it includes, without what it excludes (`!…`, wherever it stands in the list), with
/// all that this implies.
fn held(
    role: &str,
    list: &Spanned<Vec<Text>>,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Option<PermissionSet> {
    check_repeated(list.get_ref(), problems);
    let mut included = PermissionSet::EMPTY;
    let mut excluded = PermissionSet::EMPTY;
    let mut exclusions = Vec::new();
    let mut understood = true;
    for entry in list.get_ref() {
        let (set, is_exclusion) = match entry.get_ref().strip_prefix('!') {
            Some(rest) => (matched(entry, rest, vocabulary, problems), true),
            None => (matched(entry, entry.get_ref(), vocabulary, problems), false),
        };
        match set {
            None => understood = false,
            Some(set) if is_exclusion => {
                excluded = excluded.union(&set);
                exclusions.push((entry, set));
            }
            Some(set) => included = included.union(&set),
        }
    }
    if !understood {
        return None;
    }
    let kept = included.difference(&excluded);
    let closed = vocabulary.close(kept);
    for (entry, set) in exclusions {
        if !included.contains_any(&set) {
            let message = format!("`{}` excludes nothing that role `{role}` includes", entry.get_ref());
            problems.add(&entry.span(), message, "remove it, or include more");
        }
        let back = set.iter().find(|index| closed.contains(*index));
        if let Some(back) = back
            && let Some(because) = kept.iter().find(|index| vocabulary.implied_by(*index).contains(back))
        {
            let (back, because) = (vocabulary.name(back), vocabulary.name(because));
            let message =
                format!("`{}` cannot be excluded: role `{role}` holds `{because}`", entry.get_ref());
            let hint = format!("`{because}` implies `{back}`; exclude `!{because}` too, or keep `{back}`");
            problems.add(&entry.span(), message, hint);
        }
    }
    if closed.is_empty() {
        problems.add(&list.span(), format!("role `{role}` holds nothing"), "list at least one permission");
        return None;
    }
    Some(closed)
}

/// The permissions that one entry stands for; `None` if there are none, which is reported.
fn matched(
    entry: &Text,
    pattern: &str,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Option<PermissionSet> {
    if !pattern.contains('*') {
        let name = Spanned::new(entry.span(), pattern.to_owned());
        return vocabulary.find(&name, problems).map(|index| PermissionSet::from_iter([index]));
    }
    let set = match pattern.split_once(':') {
        None if pattern == "*" => vocabulary.matching(|_| true),
        Some(("*", noun)) if !noun.contains('*') => {
            vocabulary.matching(|name| name.split_once(':').is_some_and(|(_, other)| other == noun))
        }
        Some((verb, "*")) if !verb.contains('*') => {
            vocabulary.matching(|name| name.split_once(':').is_some_and(|(other, _)| other == verb))
        }
        _ => {
            let hint = "write `*` for all, `*:clusters` for all verbs of a noun, or `read:*` for all nouns of a verb";
            problems.add(&entry.span(), format!("`{pattern}` is no pattern"), hint);
            return None;
        }
    };
    if set.is_empty() {
        if vocabulary.names.is_complete() {
            let hint = "correct it, or declare a permission that it matches";
            problems.add(&entry.span(), format!("`{pattern}` matches no permission"), hint);
        }
        return None;
    }
    Some(set)
}

/// Groups that every account has from its start; they hold account-level roles that are granted.
pub(super) fn check_groups(
    sources: &[GroupSource],
    roles: &[Option<BuiltInRole>],
    role_names: &Names<'_>,
    problems: &mut Problems,
) -> Vec<BuiltInGroup> {
    check_count(sources, MAX_GROUPS, "groups", |source| &source.name, problems);
    let declared: Vec<&Text> = sources.iter().map(|source| &source.name).collect();
    Names::declare("group", Syntax::Word, &declared, problems);
    let build = |source: &GroupSource| {
        check_title(&source.title, problems);
        check_repeated(&source.roles, problems);
        let mut held = Vec::new();
        for reference in &source.roles {
            let Some(position) = role_names.find(reference, problems) else { continue };
            if let Some(role) = roles.get(position).and_then(Option::as_ref) {
                check_group_role(role, reference, problems);
            }
            held.extend(u16::try_from(position).ok().map(BuiltInRoleIndex));
        }
        BuiltInGroup {
            name: source.name.get_ref().clone(),
            title: source.title.get_ref().clone(),
            roles: held,
        }
    };
    sources.iter().map(build).collect()
}

fn check_group_role(role: &BuiltInRole, reference: &Text, problems: &mut Problems) {
    let name = reference.get_ref();
    if role.level != Level::Account {
        let hint = "a built-in group has account-level roles only: at the start there is no project or resource to name";
        problems.add(&reference.span(), format!("role `{name}` is not account-level"), hint);
    }
    if role.handed_over || role.single_holder {
        let hint = "leave it out: a group has any number of members";
        problems.add(
            &reference.span(),
            format!("role `{name}` is held by one person at a time or handed over"),
            hint,
        );
    }
}
