//! `bailiwick apply`: a file, its plan, and the doing of it.

mod show;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use bailiwick_client::document::{self, BYTES_MAX, Problem};
use bailiwick_client::wire::{
    self, AccessChanges, AccessDocument, AccessPlan, DryRun, FieldError, PlanAction, ProjectQuery,
};
use bailiwick_client::{Error, InAccount, Written};
use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::input;
use crate::output::{Shape, note, one_line, print};

/// How often the plan is made anew because somebody else changed the account in between.
const ATTEMPTS: u32 = 4;

/// How many projects an account has at most.
const PROJECTS_MAX: usize = 10_000;

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// File in YAML or JSON; `-` for stdin. `bailiwick export` writes one
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Also take away what the file's sections do not name; your own access stays
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    how: HowArgs,
}

/// How a document is applied, wherever it comes from.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Writing")]
pub struct HowArgs {
    /// Only show the plan, and who would gain and lose what
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before something is taken away
    #[arg(long)]
    yes: bool,
}

/// Applies a file.
pub async fn run(ctx: Context, args: ApplyArgs) -> Result<ExitCode, Failure> {
    let text = input::file(&args.file, BYTES_MAX)?;
    let name = args.file.display().to_string();
    let read = document::read(&text).map_err(|problems| wrong(&name, &problems))?;
    let line_of = |pointer: &str| Some(read.line_of(pointer));
    let place_in = |pointer: &str, line, column| read.place_in(pointer, line, column);
    let source = Source { name: &name, document: &read.document, line_of: &line_of, place_in: &place_in };
    apply(&ctx, &source, args.prune, args.how).await
}

/// A document and where its parts come from.
pub struct Source<'a> {
    /// What to call it in messages.
    pub name: &'a str,
    /// What it says.
    pub document: &'a AccessDocument,
    /// The line of what a JSON pointer leads to, if there are lines.
    pub line_of: &'a dyn Fn(&str) -> Option<usize>,
    /// The line and column in the file of a place in a text, if it stands there as it is.
    pub place_in: &'a PlaceIn<'a>,
}

/// Shows the plan of a document and does it.
pub async fn apply(
    ctx: &Context,
    source: &Source<'_>,
    prune: bool,
    how: HowArgs,
) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    let mut planned = plan(&account, source, prune).await?;
    if how.dry_run || steps(&planned).is_empty() {
        if ctx.output.is_json() {
            let revision = planned.revision;
            let plan = planned.value.would.unwrap_or_default();
            told(ctx, &plan, &planned.value.access, revision, how.dry_run)?;
        } else {
            print(&show::plan(&planned.value, &known(&account).await?))?;
            if how.dry_run && !steps(&planned).is_empty() {
                note("nothing was written; this is what would happen");
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !ctx.output.is_json() {
        print(&show::plan(&planned.value, &known(&account).await?))?;
    }
    confirm(&planned, how)?;
    let mut attempts = 0;
    loop {
        let write = account.apply_access(source.document, prune);
        let write = match planned.revision {
            Some(revision) => write.if_match(revision),
            None => write,
        };
        match write.send().await {
            Ok(done) => return finished(ctx, &done, &planned.value.access),
            Err(error) if error.status() == Some(412) && attempts < ATTEMPTS => {
                attempts += 1;
                let again = plan(&account, source, prune).await?;
                if again.value.would != planned.value.would || again.value.access != planned.value.access {
                    return Err(Failure::refused(
                        "the account changed in the meantime, and with it what this file comes to: nothing was done",
                        "look at the new plan: run it again",
                    ));
                }
                planned = again;
            }
            Err(error) => return Err(located(error, source)),
        }
    }
}

/// Names of the projects, which scopes name by id.
async fn known(account: &InAccount) -> Result<Vec<(String, String)>, Failure> {
    let projects = account.list_projects(&ProjectQuery::default()).all(PROJECTS_MAX).await?;
    Ok(projects.items.into_iter().map(|project| (project.id, project.name)).collect())
}

async fn plan(
    account: &InAccount,
    source: &Source<'_>,
    prune: bool,
) -> Result<Written<DryRun<AccessPlan>>, Failure> {
    let dry = account.apply_access(source.document, prune).dry_run_at().await;
    dry.map_err(|error| located(error, source))
}

fn steps(planned: &Written<DryRun<AccessPlan>>) -> &[wire::PlanStep] {
    planned.value.would.as_ref().map_or(&[], |plan| &plan.steps)
}

/// Asks before something is taken away: at a terminal by a question, elsewhere by the flag.
fn confirm(planned: &Written<DryRun<AccessPlan>>, how: HowArgs) -> Result<(), Failure> {
    let gone = steps(planned).iter().filter(|step| step.action == PlanAction::Delete).count();
    if gone == 0 || how.yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            format!("this takes {gone} things away, and there is no terminal to ask on"),
            "look at the plan by `--dry-run`, then give `--yes`",
        ));
    }
    let answer = input::answer(&format!("Take {gone} things away? Type `yes`: "), "`--yes`")?;
    if answer.trim() == "yes" {
        return Ok(());
    }
    Err(Failure::refused("nothing was done", "type `yes`, or give `--yes`"))
}

fn finished(ctx: &Context, done: &Written<AccessPlan>, access: &AccessChanges) -> Result<ExitCode, Failure> {
    if ctx.output.is_json() {
        told(ctx, &done.value, access, done.revision, false)?;
    } else {
        ctx.done(done.revision)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The plan for programs, in one form whether or not there was something to do.
fn told(
    ctx: &Context,
    plan: &AccessPlan,
    access: &AccessChanges,
    revision: Option<u64>,
    dry_run: bool,
) -> Result<(), Failure> {
    let AccessPlan { steps, notes } = plan;
    let value =
        json!({ "steps": steps, "notes": notes, "access": access, "revision": revision, "dry_run": dry_run });
    ctx.output.record(&value, Shape::new(&[]))
}

type PlaceIn<'a> = dyn Fn(&str, usize, usize) -> Option<(usize, usize)> + 'a;

/// What the server says about a document, with lines.
fn located(error: Error, source: &Source<'_>) -> Failure {
    match error {
        Error::Problem(problem) if problem.errors.iter().any(|error| error.field.starts_with('/')) => {
            let problems = problem.errors.iter().map(|error| {
                let (line, message) = in_text(error, source).unwrap_or_else(|| {
                    let line = (source.line_of)(&error.field).filter(|_| !error.field.is_empty());
                    (line, error.message.clone())
                });
                Problem { pointer: error.field.clone(), line, message }
            });
            wrong(source.name, &problems.collect::<Vec<_>>())
        }
        other => other.into(),
    }
}

/// A mistake in the text of a policy that stands below its key: with its line and column in the file.
fn in_text(error: &FieldError, source: &Source<'_>) -> Option<(Option<usize>, String)> {
    let (place, message) = error.message.strip_prefix("line ")?.split_once(": ")?;
    let (line, column) = place.split_once(", column ")?;
    let (line, column) = (line.parse().ok()?, column.parse().ok()?);
    let (line, column) = (source.place_in)(&error.field, line, column)?;
    Some((Some(line), format!("column {column}: {message}")))
}

/// Everything that is wrong with a document, one line each.
pub fn wrong(name: &str, problems: &[Problem]) -> Failure {
    let lines: Vec<String> = problems.iter().map(|problem| one_line(&problem.to_string())).collect();
    Failure::refused(
        format!("`{name}` cannot be applied:\n  {}", lines.join("\n  ")),
        "correct these places; nothing was changed. docs/declarative-access.md tells the format",
    )
}
