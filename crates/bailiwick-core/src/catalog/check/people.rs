//! What an invitation asks for and carries, how an account comes to use its groups, and who has keys of their own.

use super::names::Names;
use crate::catalog::problem::{Problems, suggest};
use crate::catalog::source::{GroupSource, GroupsSource, ResourceTypeSource, RulesSource, Text};
use crate::catalog::{GroupsRule, InvitationField, MailFact, PersonalKeys, ResourceTypeIndex};

pub(super) fn asks_for(rules: &RulesSource, problems: &mut Problems) -> Vec<InvitationField> {
    super::check_repeated(&rules.invitation_asks_for, problems);
    let field = |text: &Text| match text.get_ref().as_str() {
        "role" => Some(InvitationField::Role),
        "name" => Some(InvitationField::Name),
        "" => None,
        other => {
            let message = format!("an invitation cannot ask for `{other}`");
            problems.add(&text.span(), message, suggest(other, ["name", "role"]));
            None
        }
    };
    rules.invitation_asks_for.iter().filter_map(field).collect()
}

pub(super) fn mail(
    rules: &RulesSource,
    types: &[ResourceTypeSource],
    problems: &mut Problems,
) -> Vec<MailFact> {
    super::check_repeated(&rules.invitation_mail, problems);
    let fact = |text: &Text| {
        let written = text.get_ref().as_str();
        let of_type = |name: &str| types.iter().position(|of| of.name.get_ref() == name);
        let of_type = |name: &str| of_type(name).and_then(|at| u16::try_from(at).ok()).map(ResourceTypeIndex);
        let found = match written.split_once('.') {
            Some((name, "id")) => of_type(name).map(MailFact::ResourceId),
            Some((name, "url")) => of_type(name).map(MailFact::ResourceUrl),
            None if written == "sign_in_url" => Some(MailFact::SignInUrl),
            None if written == "account_id" => Some(MailFact::AccountId),
            _ => None,
        };
        if found.is_none() && !written.is_empty() {
            let hint = "write `sign_in_url`, `account_id`, or a resource type with `.id` or `.url`, such as `cluster.url`";
            problems.add(&text.span(), format!("an invitation's mail cannot carry `{written}`"), hint);
        }
        found
    };
    rules.invitation_mail.iter().filter_map(fact).collect()
}

pub(super) fn personal_keys(text: Option<&Text>, problems: &mut Problems) -> PersonalKeys {
    const WORDS: [&str; 3] = ["nobody", "permitted", "everybody"];
    let Some(text) = text else { return PersonalKeys::Nobody };
    match text.get_ref().as_str() {
        "nobody" | "" => PersonalKeys::Nobody,
        "permitted" => PersonalKeys::Permitted,
        "everybody" => PersonalKeys::Everybody,
        other => {
            let message = format!("`personal_keys` cannot be `{other}`");
            problems.add(&text.span(), message, suggest(other, WORDS));
            PersonalKeys::Nobody
        }
    }
}

pub(super) fn groups(
    source: Option<&GroupsSource>,
    declared: &[GroupSource],
    problems: &mut Problems,
) -> GroupsRule {
    let Some(source) = source else { return GroupsRule::default() };
    let off_at_start = match source.at_start.get_ref().as_str() {
        "on" | "" => false,
        "off" => true,
        other => {
            let message = format!("groups cannot be `{other}` at the start of an account");
            problems.add(&source.at_start.span(), message, suggest(other, ["on", "off"]));
            false
        }
    };
    // Names were checked where groups are declared; here they are only looked up.
    let texts: Vec<&Text> = declared.iter().map(|group| &group.name).collect();
    let names = Names::declare("group", super::names::Syntax::Word, &texts, &mut Problems::default());
    let joined = source.existing_members_join.as_ref();
    if let Some(joined) = joined.filter(|_| !off_at_start) {
        let hint = "remove it, or write `at_start = \"off\"`: where groups are always on, nobody is there before them";
        problems.add(&joined.span(), "`existing_members_join` has no effect", hint);
    }
    GroupsRule { off_at_start, existing_members_join: joined.and_then(|joined| names.find(joined, problems)) }
}
