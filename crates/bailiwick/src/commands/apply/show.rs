//! A plan for people: what comes to be, changes and ends, then who gains and loses what.

use bailiwick_client::wire::{AccessChange, AccessPlan, DryRun, PlanAction, PlanChange, PlanStep};

use crate::output::one_line;

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

fn access_lines(planned: &DryRun<AccessPlan>, known: &[(String, String)]) -> Vec<String> {
    let mut names = made(planned);
    names.extend(known.iter().map(|(id, name)| (id.as_str(), name.as_str())));
    let line = |sign: char, verb: &str, change: &AccessChange| {
        let who = change.principal.email.as_ref().or(change.principal.name.as_ref());
        let who = who.unwrap_or(&change.principal.id);
        let permissions = listed(&change.permissions);
        let line = format!("  {sign} {who} {verb} at {}: {permissions}", change.scope);
        one_line(&names.iter().fold(line, |line, (id, name)| line.replace(id, name)))
    };
    let access = &planned.access;
    if access.gained.is_empty() && access.lost.is_empty() {
        return vec!["nobody gains or loses access".to_owned()];
    }
    let mut lines = vec!["access:".to_owned()];
    lines.extend(access.gained.iter().map(|change| line('+', "gains", change)));
    lines.extend(access.lost.iter().map(|change| line('-', "loses", change)));
    if !access.complete {
        lines.push("  and more: not everybody touched was looked at".to_owned());
    }
    lines
}
