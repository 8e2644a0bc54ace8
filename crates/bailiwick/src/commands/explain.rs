//! `bailiwick explain`.

use std::process::ExitCode;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Shape, lifted};

use super::check::QuestionArgs;

const PATH: &[&str] = &["role", "scope", "grant", "group", "until"];
const SHAPE: Shape = Shape {
    fields: &["allowed", "summary", "principal", "principal_state", "target_exists", "revision"],
    tables: &[
        ("paths", PATH),
        ("missing.ended", PATH),
        ("missing.elsewhere", PATH),
        ("missing.roles", &["id", "title"]),
    ],
};

/// Says why somebody may or may not do something; exit code 0 either way.
pub async fn run(ctx: Context, args: QuestionArgs) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    let explanation = account.explain(&args.question(&account).await?).await?;
    if ctx.output.is_json() {
        ctx.output.record(&explanation, SHAPE)?;
    } else {
        ctx.output.record(&lifted(&explanation, "missing")?, SHAPE)?;
    }
    Ok(ExitCode::SUCCESS)
}
