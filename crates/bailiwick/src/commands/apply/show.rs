//! A plan for people: what comes to be, changes and ends, then who gains and loses what.

use bailiwick_client::wire::{
    AccessChange, AccessPlan, DryRun, PlanAction, PlanChange, PlanStep, PrincipalLabel,
};

use crate::output::{MORE_TO_ASK, POLICIES_JUDGED, one_line};

/// How many of those who gain or lose the same one line names.
const PRINCIPALS_SHOWN: usize = 3;

/// How many permissions one line shows.
const PERMISSIONS_SHOWN: usize = 8;

/// The plan in lines: `+` for what comes to be, `~` for what changes, `-` for what ends, `=` for what is left.
///
/// `known` holds names for ids in scopes.
pub fn plan(planned: &DryRun<AccessPlan>, known: &[(String, String)]) -> String {
    let plan = planned.would.clone().unwrap_or_default();
    let mut lines = Vec::new();
    if plan.steps.is_empty() {
        lines.push("nothing to do: the access is as the file says".to_owned());
    } else {
        let count = |action| plan.steps.iter().filter(|step| step.action == action).count();
        let (create, change, delete) =
            (count(PlanAction::Create), count(PlanAction::Change), count(PlanAction::Delete));
        lines.push(format!("{create} to create, {change} to change, {delete} to delete"));
        plan.steps.iter().for_each(|step| lines.extend(step_lines(step)));
    }
    let notes = plan.notes.iter().map(|note| format!("  = {}", one_line(&note.message)));
    lines.extend(notes);
    if !plan.steps.is_empty() {
        lines.push(String::new());
        lines.extend(access_lines(planned, known));
    }
    lines.join("\n")
}

fn step_lines(step: &PlanStep) -> Vec<String> {
    let sign = match step.action {
        PlanAction::Create => '+',
        PlanAction::Change => '~',
        PlanAction::Delete => '-',
    };
    let kind = step.kind.replace('_', " ");
    let kind = if kind == step.name { String::new() } else { format!("{kind} ") };
    let mut lines = vec![one_line(&format!("  {sign} {kind}{}", step.name))];
    lines.extend(step.changes.iter().map(|change| one_line(&format!("      {}", change_line(change)))));
    lines
}

fn change_line(change: &PlanChange) -> String {
    let PlanChange { field, before, after } = change;
    // The text of a policy is read in the file.
    if [before, after].into_iter().flatten().any(|text| text.contains('\n')) {
        return format!("{field}: as in the file");
    }
    match (before, after) {
        (Some(before), Some(after)) => format!("{field}: `{before}` -> `{after}`"),
        (None, Some(after)) => format!("{field}: {after}"),
        (Some(before), None) => format!("{field}: `{before}` -> none"),
        (None, None) => field.clone(),
    }
}

/// The first of many, and how many more there are; `--json` has all.
fn listed(permissions: &[String]) -> String {
    let shown: Vec<&str> = permissions.iter().take(PERMISSIONS_SHOWN).map(String::as_str).collect();
    let shown = shown.join(" ");
    match permissions.len().saturating_sub(PERMISSIONS_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Names of what would be made: the ids in a rehearsal are for illustration.
fn made(planned: &DryRun<AccessPlan>) -> Vec<(&str, &str)> {
    let created = planned.events.iter().filter(|event| event.event_type.ends_with(".created"));
    let named = created.filter_map(|event| {
        let id = event.details.get("id")?.as_str()?;
        let name = event.details.as_object()?.values().find_map(|value| value.get("name")?.as_str())?;
        Some((id, name))
    });
    named.collect()
}

/// Those who gain or lose the same, the first of many by name.
fn who(change: &AccessChange) -> String {
    let name =
        |label: &PrincipalLabel| label.email.as_ref().or(label.name.as_ref()).unwrap_or(&label.id).clone();
    let mut shown: Vec<String> = change.principals.iter().take(PRINCIPALS_SHOWN).map(name).collect();
    match usize::try_from(change.principal_count).unwrap_or(usize::MAX).saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => {
            shown.push(format!("{more} more"));
            shown.join(", ")
        }
    }
}

fn access_lines(planned: &DryRun<AccessPlan>, known: &[(String, String)]) -> Vec<String> {
    let mut names = made(planned);
    names.extend(known.iter().map(|(id, name)| (id.as_str(), name.as_str())));
    let line = |sign: char, verbs: (&str, &str), change: &AccessChange| {
        let verb = if change.principal_count == 1 { verbs.0 } else { verbs.1 };
        let permissions = listed(&change.permissions);
        let scope =
            if change.scope_words.is_empty() { change.scope.to_string() } else { change.scope_words.clone() };
        let line = format!("  {sign} {} {verb} at {scope}: {permissions}", who(change));
        one_line(&names.iter().fold(line, |line, (id, name)| line.replace(id, name)))
    };
    let access = &planned.access;
    if access.gained.is_empty() && access.lost.is_empty() && !access.unasked {
        return vec!["nobody gains or loses access".to_owned()];
    }
    let mut lines = vec!["access:".to_owned()];
    lines.extend(access.gained.iter().map(|change| line('+', ("gains", "gain"), change)));
    lines.extend(access.lost.iter().map(|change| line('-', ("loses", "lose"), change)));
    if access.policies {
        lines.push(format!("  {POLICIES_JUDGED}"));
    }
    if access.unasked {
        lines.push(format!("  {MORE_TO_ASK}"));
    } else if !access.complete {
        lines.push(format!(
            "  and more: {} entries of gains and {} of losses in all",
            access.gained_count, access.lost_count
        ));
    }
    lines
}
