//! Invitations from a table, one after the other, so that one that is refused does not hold up the others.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use bailiwick_client::document::BYTES_MAX;
use bailiwick_client::wire::{CreateInvitations, GrantSpec, InvitationsCreated};
use bailiwick_client::{Error, InAccount};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Failure, REFUSED, UNREACHABLE};
use crate::import::people::{Row, rows};
use crate::input;
use crate::names;
use crate::output::{Shape, one_line};

/// How the results are shown.
const SHAPE: Shape = Shape {
    fields: &["invited", "granted", "unchanged", "failed", "not_tried"],
    tables: &[("rows", &["line", "email", "result", "detail"])],
};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// An invitation was sent, or would be.
    Invited,
    /// A member has the role now, or would have it.
    Granted,
    /// It was so before.
    Unchanged,
    /// It was refused.
    Failed,
    /// The server could not be reached any more.
    NotTried,
}

#[derive(Debug, Clone, Serialize)]
struct RowResult {
    line: usize,
    email: String,
    result: Outcome,
    detail: String,
}

/// Invites everybody in a table. Rows of one person become one invitation.
pub async fn run(ctx: &Context, file: &Path, dry_run: bool) -> Result<ExitCode, Failure> {
    let name = file.display();
    let text = input::file(file, BYTES_MAX)?;
    let hint = "the heading is `email,role,scope,until`; `bailiwick invite --help` says more";
    let (rows, unmapped) = rows(&text)
        .map_err(|wrong| Failure::refused(format!("`{name}` line {}: {}", wrong.line, wrong.reason), hint))?;
    let account = ctx.account().await?;
    let mut results: Vec<RowResult> = unmapped
        .into_iter()
        .map(|one| RowResult {
            line: one.line,
            email: String::new(),
            result: Outcome::Failed,
            detail: one.reason,
        })
        .collect();
    let progress = progress(rows.len(), ctx.output.is_json());
    let mut people = by_person(rows);
    let mut unreachable = false;
    while let Some(rows) = people.pop() {
        let (result, detail) = if unreachable {
            (Outcome::NotTried, "the server cannot be reached".to_owned())
        } else {
            match invite(&account, &rows, dry_run).await {
                Ok(told) => told,
                Err(failure) => {
                    unreachable = failure.code() == UNREACHABLE;
                    (Outcome::Failed, failure.to_string())
                }
            }
        };
        progress.inc(rows.len() as u64);
        results.extend(rows.into_iter().map(|row| RowResult {
            line: row.line,
            email: row.email,
            result,
            detail: one_line(&detail),
        }));
    }
    progress.finish_and_clear();
    results.sort_by_key(|row| row.line);
    let count = |wanted| results.iter().filter(|row| row.result == wanted).count();
    let failed = count(Outcome::Failed);
    let summary = json!({
        "rows": results, "invited": count(Outcome::Invited), "granted": count(Outcome::Granted),
        "unchanged": count(Outcome::Unchanged), "failed": failed, "not_tried": count(Outcome::NotTried),
        "dry_run": dry_run,
    });
    ctx.output.record(&summary, SHAPE)?;
    Ok(match (unreachable, failed) {
        (true, _) => ExitCode::from(UNREACHABLE),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::from(REFUSED),
    })
}

/// The rows of each person, the last person first.
fn by_person(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut people: Vec<Vec<Row>> = Vec::new();
    let mut place_of = BTreeMap::new();
    for row in rows {
        let place = *place_of.entry(row.email.to_lowercase()).or_insert(people.len());
        match people.get_mut(place) {
            Some(rows) => rows.push(row),
            None => people.push(vec![row]),
        }
    }
    people.reverse();
    people
}

async fn invite(account: &InAccount, rows: &[Row], dry_run: bool) -> Result<(Outcome, String), Failure> {
    let mut grants = Vec::new();
    for row in rows {
        let Some(role) = &row.role else { continue };
        let scope = names::scope(account, &row.scope).await?;
        grants.push(GrantSpec { role: role.clone(), scope, until: row.until });
    }
    let emails = rows.first().map(|row| row.email.clone()).into_iter().collect();
    let name = rows.iter().find_map(|row| row.name.clone());
    let write = account.invite(&CreateInvitations { emails, name, grants, ..CreateInvitations::default() });
    let done = if dry_run { write.dry_run().await.map(|dry| dry.would) } else { write.await.map(Some) };
    let is_member = |done: &InvitationsCreated| !done.members.is_empty();
    match done {
        Ok(done) if done.as_ref().is_some_and(is_member) => {
            Ok((Outcome::Granted, "a member already".to_owned()))
        }
        Ok(_) => Ok((Outcome::Invited, String::new())),
        // A file can be sent again after it was interrupted.
        Err(Error::Problem(problem)) if problem.code == "already_invited" => {
            Ok((Outcome::Unchanged, "an invitation is waiting".to_owned()))
        }
        Err(Error::Problem(problem)) if problem.code == "already_so" => {
            Ok((Outcome::Unchanged, "a member who has this already".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Progress on stderr for who watches at a terminal.
fn progress(rows: usize, json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(rows as u64);
    match ProgressStyle::with_template("{pos}/{len} rows {wide_bar} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
