//! The rules about people, and that the roles which they name can do what is asked of them.

use std::time::Duration;

use toml::Spanned;

use super::names::Names;
use super::people;
use super::permissions::Vocabulary;
use crate::catalog::problem::{Problems, quoted, suggest};
use crate::catalog::source::{LifetimeSource, RoleSource, Source, Text};
use crate::catalog::{BuiltInRole, BuiltInRoleIndex, Level, Lifetime, RolesPerMember, Rules};

const MINUTE: Duration = Duration::from_mins(1);
const YEAR: Duration = Duration::from_hours(365 * 24);

/// Roles by position, with where they stand in the file.
struct Roles<'r> {
    sources: &'r [RoleSource],
    checked: &'r [Option<BuiltInRole>],
    names: &'r Names<'r>,
}

impl<'r> Roles<'r> {
    fn find(
        &self,
        reference: &Text,
        problems: &mut Problems,
    ) -> Option<(BuiltInRoleIndex, Option<(&'r BuiltInRole, &'r RoleSource)>)> {
        let position = self.names.find(reference, problems)?;
        let index = BuiltInRoleIndex(u16::try_from(position).ok()?);
        let role = self.checked.get(position).and_then(Option::as_ref);
        Some((index, role.zip(self.sources.get(position))))
    }
}

pub(super) fn check(
    source: &Source,
    checked: &[Option<BuiltInRole>],
    names: &Names<'_>,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Option<Rules> {
    let roles = Roles { sources: &source.roles, checked, names };
    let stated = source.rules.as_ref()?;
    let owner = check_owner(&stated.owner, &roles, vocabulary, problems);
    if let Some(owner) = owner {
        check_handed_over(owner, &roles, problems);
    }
    let former_owner =
        check_plain("former_owner", stated.former_owner.as_ref(), Level::Account, &roles, problems);
    let newcomer = check_plain("newcomer", stated.newcomer.as_ref(), Level::Account, &roles, problems);
    if let Some(reference) = &stated.newcomer
        && let Some((_, Some((role, _)))) = roles.find(reference, &mut Problems::default())
        && role.keeps_holder
    {
        let hint = "remove `keeps_holder` from the role: every active member holds the newcomer role anyway";
        problems.add(
            &reference.span(),
            format!("`newcomer` names role `{}`, which must keep a holder", role.name),
            hint,
        );
    }
    let project_creator =
        check_plain("project_creator", stated.project_creator.as_ref(), Level::Project, &roles, problems);
    let roles_per_member = roles_per_member(&stated.roles_per_member, problems);
    if roles_per_member == Some(RolesPerMember::One) && stated.former_owner.is_none() {
        let hint = "add `former_owner`: who hands the account over would be left without any role";
        let message = "a member has one role, but none is named for a former owner";
        problems.add(&stated.roles_per_member.span(), message, hint);
    }
    let invitation_lifetime = lifetime(&stated.invitation_lifetime, problems);
    Some(Rules {
        owner: owner?,
        former_owner,
        newcomer,
        project_creator,
        roles_per_member: roles_per_member?,
        invitation_lifetime: invitation_lifetime?,
        removal_retypes_email: stated.removal_retypes_email,
        custom_roles: stated.custom_roles,
        invitation_asks_for: people::asks_for(stated, problems),
        invitation_mail: people::mail(stated, &source.resource_types, problems),
        personal_keys: people::personal_keys(stated.personal_keys.as_ref(), problems),
        groups: people::groups(stated.groups.as_ref(), &source.groups, problems),
        policies: stated.policies,
        policies_bind_owner: stated.policies_bind_owner,
    })
}

/// The owner can do everything, and there is always one: else an account could lock itself out for good.
fn check_owner(
    reference: &Text,
    roles: &Roles<'_>,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Option<BuiltInRoleIndex> {
    let (index, found) = roles.find(reference, problems)?;
    let Some((role, source)) = found else { return Some(index) };
    let name = &role.name;
    if role.level != Level::Account {
        let message = format!("role `{name}` owns the account, but is not account-level");
        problems.add(&source.level.span(), message, "write `level = \"account\"`");
    }
    if !role.keeps_holder {
        let hint = "add `keeps_holder = true`: an account always has an owner";
        problems.add(
            &source.name.span(),
            format!("role `{name}` owns the account, but need not keep a holder"),
            hint,
        );
    }
    let missing = vocabulary.matching(|_| true).difference(&role.permissions);
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().take(3).map(|index| vocabulary.name(index)).collect();
        let more = if missing.len() > 3 { format!(" and {} more", missing.len() - 3) } else { String::new() };
        let message = format!("role `{name}` owns the account, but lacks {}{more}", quoted(&names));
        let span = source.permissions.as_ref().map_or(source.name.span(), Spanned::span);
        problems.add(&span, message, "write `permissions = [\"*\"]`: what nobody holds, nobody can give");
    }
    Some(index)
}

/// Only ownership is handed over, so another role that is would never get a holder.
fn check_handed_over(owner: BuiltInRoleIndex, roles: &Roles<'_>, problems: &mut Problems) {
    for (position, source) in roles.sources.iter().enumerate() {
        if source.handed_over && position != usize::from(owner.0) {
            let message = format!("role `{}` is handed over, but is not the owner", source.name.get_ref());
            problems.add(
                &source.name.span(),
                message,
                "remove `handed_over`, or nobody could ever hold the role",
            );
        }
    }
}

/// A role that a rule gives to whoever meets a condition, so any number of people must be able to hold it.
fn check_plain(
    key: &str,
    reference: Option<&Text>,
    level: Level,
    roles: &Roles<'_>,
    problems: &mut Problems,
) -> Option<BuiltInRoleIndex> {
    let reference = reference?;
    let (index, found) = roles.find(reference, problems)?;
    let (role, _) = found?;
    let name = &role.name;
    if role.level != level {
        let wanted = if level == Level::Account { "account" } else { "project" };
        let message = format!("`{key}` names role `{name}`, which is not {wanted}-level");
        problems.add(&reference.span(), message, format!("name a role with `level = \"{wanted}\"`"));
    }
    if role.handed_over {
        let message = format!("`{key}` names role `{name}`, which is only handed over");
        problems.add(&reference.span(), message, "name a role that is granted");
    }
    if role.single_holder && level == Level::Account {
        let message = format!("`{key}` names role `{name}`, which only one member holds");
        problems.add(&reference.span(), message, "name a role that any number of members may hold");
    }
    Some(index)
}

fn roles_per_member(text: &Text, problems: &mut Problems) -> Option<RolesPerMember> {
    match text.get_ref().as_str() {
        "one" => Some(RolesPerMember::One),
        "many" => Some(RolesPerMember::Many),
        "" => None,
        other => {
            let message = format!("`roles_per_member` cannot be `{other}`");
            problems.add(&text.span(), message, suggest(other, ["one", "many"]));
            None
        }
    }
}

fn lifetime(source: &LifetimeSource, problems: &mut Problems) -> Option<Lifetime> {
    match source {
        LifetimeSource::Missing => None,
        LifetimeSource::Word(word) if word.get_ref() == "none" => Some(Lifetime::Forever),
        // One length of time: what an account cannot change has one value for all three.
        LifetimeSource::Word(word) => {
            let fixed = duration(word, problems)?;
            Some(Lifetime::Limited { default: fixed, shortest: fixed, longest: fixed })
        }
        LifetimeSource::Bounds { default, shortest, longest } => {
            let bounds =
                (duration(default, problems), duration(shortest, problems), duration(longest, problems));
            let (Some(usual), Some(least), Some(most)) = bounds else { return None };
            if least > usual {
                let message = format!("the default `{}` is below the shortest", default.get_ref());
                problems.add(&default.span(), message, format!("choose at least `{}`", shortest.get_ref()));
            }
            if usual > most {
                let message = format!("the default `{}` is above the longest", default.get_ref());
                problems.add(&default.span(), message, format!("choose at most `{}`", longest.get_ref()));
            }
            Some(Lifetime::Limited { default: usual, shortest: least, longest: most })
        }
    }
}

/// A number with a unit: `90m`, `48h`, `30d`.
fn duration(text: &Text, problems: &mut Problems) -> Option<Duration> {
    let written = text.get_ref();
    if written.is_empty() {
        return None;
    }
    let Some(length) = parse_duration(written) else {
        let hint = "write a whole number of minutes, hours or days, such as `90m`, `48h` or `30d`; `none` alone means no end";
        problems.add(&text.span(), format!("`{written}` is no length of time"), hint);
        return None;
    };
    if !(MINUTE..=YEAR).contains(&length) {
        let message = format!("`{written}` is not between a minute and a year");
        problems.add(&text.span(), message, "choose at least `1m` and at most `365d`");
        return None;
    }
    Some(length)
}

fn parse_duration(text: &str) -> Option<Duration> {
    let unit = match text.chars().last()? {
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    let digits = text.get(..text.len() - 1)?;
    // `parse` alone would take a sign as well.
    let number: u64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    Some(Duration::from_secs(number.checked_mul(unit)?))
}
