//! `bailiwick explain`.

use std::process::ExitCode;

use serde_json::Value;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Shape, lifted};

use super::check::QuestionArgs;

const PATH: &[&str] = &["role", "scope", "grant", "through", "until"];
const POLICY: &[&str] = &["name", "effect", "id"];
const SHAPE: Shape = Shape {
    fields: &["allowed", "summary", "principal", "principal_state", "target_exists", "revision"],
    tables: &[
        ("paths", PATH),
        ("permits", POLICY),
        ("forbids", POLICY),
        ("missing.ended", PATH),
        ("missing.elsewhere", PATH),
        ("missing.suspended", PATH),
        ("missing.promised", PATH),
        ("missing.grants", &["role", "scope"]),
    ],
};

/// Says why somebody may or may not do something; exit code 0 either way.
pub async fn run(ctx: Context, args: QuestionArgs) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    let explanation = account.explain(&args.question(&account).await?).await?;
    if ctx.output.is_json() {
        ctx.output.record(&explanation, SHAPE)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = lifted(&explanation, "missing")?;
    for list in [
        "paths",
        "missing.ended",
        "missing.elsewhere",
        "missing.suspended",
        "missing.promised",
        "missing.grants",
    ] {
        let paths = shown.get_mut(list).and_then(Value::as_array_mut);
        paths.into_iter().flatten().for_each(name);
    }
    ctx.output.record(&shown, SHAPE)?;
    Ok(ExitCode::SUCCESS)
}

/// Puts the words that people read in place of ids.
fn name(path: &mut Value) {
    let Value::Object(fields) = path else { return };
    // A server of an older version sends no words, or empty ones.
    let said = fields.remove("scope_words");
    if let Some(said) = said.filter(|words| words.as_str().is_some_and(|text| !text.is_empty())) {
        fields.insert("scope".to_owned(), said);
    }
    let through = fields.get("through").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<&str> = through.filter_map(|group| group.get("name")?.as_str()).collect();
    let names = names.join(" → ");
    fields.insert("through".to_owned(), Value::String(names));
}
