//! Attributes: names and types that policies can read.

use super::names::Syntax;
use super::{check_count, check_description, check_repeated};
use crate::catalog::problem::{Problems, suggest};
use crate::catalog::source::{AttributeSource, ResourceTypeSource, Text};
use crate::catalog::{Attribute, AttributeKind, AttributeOf, ResourceTypeIndex};

const MAX_ATTRIBUTES: usize = 64;
const MAX_VALUES: usize = 64;
/// Words that the policy language keeps for itself: nobody could write `principal.in`.
const RESERVED: [&str; 9] = ["true", "false", "if", "then", "else", "in", "is", "like", "has"];
/// Types with a meaning of their own in policies, where a resource type is written `BackupSchedule` for `backup_schedule`.
const RESERVED_TYPES: [&str; 6] = ["user", "service_account", "group", "account", "project", "action"];
/// What an attribute can be an attribute of, beside resource types.
const OWNERS: [&str; 3] = ["member", "resource", "request"];

pub(super) fn check(
    sources: &[AttributeSource],
    types: &[ResourceTypeSource],
    problems: &mut Problems,
) -> Vec<Attribute> {
    check_types(types, problems);
    check_count(sources, MAX_ATTRIBUTES, "attributes", |source| &source.name, problems);
    let mut seen: Vec<(AttributeOf, &str)> = Vec::new();
    let mut attributes = Vec::with_capacity(sources.len());
    for source in sources {
        check_description(&source.description, problems);
        check_values(source, problems);
        let kind = kind(&source.kind, problems);
        let (Some(of), Some(kind)) = (owner(&source.of, types, problems), kind) else { continue };
        let name = source.name.get_ref().as_str();
        check_name(&source.name, problems);
        if seen.iter().any(|(other, known)| *known == name && overlap(*other, of)) {
            let message = format!("attribute `{name}` of `{}` is declared twice", source.of.get_ref());
            problems.add(&source.name.span(), message, "remove this one, or give it another name");
            continue;
        }
        seen.push((of, name));
        attributes.push(Attribute {
            of,
            name: name.to_owned(),
            kind,
            description: source.description.get_ref().clone(),
            values: source.values.iter().map(|value| value.get_ref().clone()).collect(),
        });
    }
    attributes
}

/// Whether one resource could have both.
fn overlap(one: AttributeOf, other: AttributeOf) -> bool {
    use AttributeOf::{Resource, ResourceType};
    one == other || matches!((one, other), (Resource, ResourceType(_)) | (ResourceType(_), Resource))
}

fn check_name(name: &Text, problems: &mut Problems) {
    let text = name.get_ref().as_str();
    if text.is_empty() {
        return;
    }
    if !Syntax::Word.accepts(text) {
        problems.add(&name.span(), format!("`{text}` is no name for an attribute"), Syntax::Word.hint());
    }
    if RESERVED.contains(&text) {
        let message = format!("`{text}` cannot name an attribute");
        problems.add(&name.span(), message, "choose another name: this is a word of the policy language");
    }
}

fn check_values(source: &AttributeSource, problems: &mut Problems) {
    check_repeated(&source.values, problems);
    check_count(&source.values, MAX_VALUES, "values", |value| value, problems);
    let takes_texts = matches!(source.kind.get_ref().as_str(), "string" | "list");
    if let Some(first) = source.values.first().filter(|_| !takes_texts) {
        let message = format!("attribute `{}` lists values, but is not of texts", source.name.get_ref());
        problems.add(&first.span(), message, "remove `values`, or write `type = \"string\"`");
    }
    for value in &source.values {
        let limit = crate::limits::ATTRIBUTE_CHARACTERS;
        if value.get_ref().chars().count() > limit {
            let message = format!("`{}` is too long for a value", value.get_ref());
            problems.add(&value.span(), message, format!("shorten it to at most {limit} characters"));
        }
    }
}

fn kind(text: &Text, problems: &mut Problems) -> Option<AttributeKind> {
    let word = text.get_ref().as_str();
    let found = AttributeKind::ALL.into_iter().find(|kind| kind.name() == word);
    if found.is_none() && !word.is_empty() {
        let known = AttributeKind::ALL.map(AttributeKind::name);
        problems.add(&text.span(), format!("an attribute cannot be of type `{word}`"), suggest(word, known));
    }
    found
}

fn owner(text: &Text, types: &[ResourceTypeSource], problems: &mut Problems) -> Option<AttributeOf> {
    let word = text.get_ref().as_str();
    match word {
        "" => None,
        "member" => Some(AttributeOf::Member),
        "resource" => Some(AttributeOf::Resource),
        "request" => Some(AttributeOf::Request),
        _ => {
            let names = || types.iter().map(|of| of.name.get_ref().as_str());
            let position = names().position(|name| name == word).and_then(|at| u16::try_from(at).ok());
            if position.is_none() {
                let hint = suggest(word, OWNERS.into_iter().chain(names()));
                problems.add(&text.span(), format!("nothing called `{word}` has attributes"), hint);
            }
            position.map(|at| AttributeOf::ResourceType(ResourceTypeIndex(at)))
        }
    }
}

/// Policies name resource types in their own spelling, in which each must still be another one.
fn check_types(types: &[ResourceTypeSource], problems: &mut Problems) {
    let mut seen: Vec<(String, &str)> = Vec::new();
    for of in types {
        let name = of.name.get_ref().as_str();
        if RESERVED_TYPES.contains(&name) {
            let message = format!("`{name}` cannot name a resource type");
            problems.add(
                &of.name.span(),
                message,
                "choose another name: Bailiwick has a thing of that name itself",
            );
        }
        let spelt = crate::policy::type_name(name);
        if let Some((_, other)) = seen.iter().find(|(known, other)| *known == spelt && *other != name) {
            let message = format!("resource types `{other}` and `{name}` are both `{spelt}` in policies");
            problems.add(&of.name.span(), message, "give one of them another name");
        }
        seen.push((spelt, name));
    }
}
