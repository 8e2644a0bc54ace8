//! `bailiwick catalog`: a cloud's vocabulary.

mod migrate;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bailiwick_client::All;
use bailiwick_core::catalog::{Catalog, diff, render_reference};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::deployment::finish;
use crate::failure::{Failure, REFUSED};
use crate::output::{Output, print};

const COLUMNS: &[&str] = &["name", "title", "permissions", "roles", "resource_types", "description"];
const DIFFERENCES: &[&str] = &["kind", "name", "change", "detail"];
const CHECKED: &[&str] = &["file", "ok", "name", "errors"];

/// Arguments of `catalog`.
#[derive(Debug, Args)]
pub struct CatalogArgs {
    #[command(subcommand)]
    command: CatalogCommand,
    /// Print JSON for programs
    #[arg(long, global = true)]
    json: bool,
}

/// Verbs of `catalog`. They need no server.
#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// Check catalog files; says every mistake with its line and what to do
    Check {
        /// TOML files
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
    /// List the catalogs that ship with Bailiwick
    List,
    /// Show a catalog: its TOML, or a description for people
    Show {
        /// The name of one that ships (`bailiwick catalog list`), or a TOML file
        #[arg(value_name = "NAME|FILE")]
        name: String,
        /// Describe its permissions, roles and rules, as Markdown
        #[arg(long)]
        describe: bool,
    },
    /// Show what a change of catalog changes: permissions, types, roles, groups, rules and operations
    Diff {
        /// The catalog of before: a name or a TOML file
        #[arg(value_name = "OLD")]
        old: String,
        /// The catalog to come: a name or a TOML file
        #[arg(value_name = "NEW")]
        new: String,
    },
    /// Go from the catalog in force to the next one, renaming what accounts hold; the server must be stopped
    Migrate(migrate::MigrateArgs),
}

/// Runs `bailiwick catalog`.
pub fn run(args: CatalogArgs) -> Result<ExitCode, Failure> {
    let output = Output::new(args.json);
    match args.command {
        CatalogCommand::Check { files } => check(output, &files),
        CatalogCommand::List => {
            let items = Catalog::BUNDLED.iter().map(|(name, text)| Ok(summary(&shipped(name, text)?)));
            let items = items.collect::<Result<Vec<Value>, Failure>>()?;
            output.list(&All { items, complete: true, filtered: false }, COLUMNS)?;
            Ok(ExitCode::SUCCESS)
        }
        CatalogCommand::Show { name, describe } => {
            let (catalog, text) = named(&name)?;
            let shown = if describe { render_reference(&catalog) } else { text };
            if args.json {
                let field = if describe { "description" } else { "toml" };
                output
                    .record(&json!({ "name": name, field: shown }), crate::output::Shape::new(&["name"]))?;
            } else {
                print(&shown)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        CatalogCommand::Diff { old, new } => {
            let (old, new) = (named(&old)?.0, named(&new)?.0);
            let shown = |one: bailiwick_core::catalog::Difference| json!({ "kind": one.kind, "name": one.name, "change": one.change.word(), "detail": one.detail });
            let items = diff(&old, &new).into_iter().map(shown).collect();
            output.list(&All::<Value> { items, complete: true, filtered: false }, DIFFERENCES)?;
            Ok(ExitCode::SUCCESS)
        }
        CatalogCommand::Migrate(migration) => Ok(finish(migrate::migrate(&migration, args.json))),
    }
}

/// A catalog that ships, or one in a file, with its text.
fn named(name: &str) -> Result<(Catalog, String), Failure> {
    if let Some(text) = Catalog::bundled(name) {
        return Ok((shipped(name, text)?, text.to_owned()));
    }
    let file = Path::new(name);
    if !name.contains('/') && file.extension().is_none_or(|extension| extension != "toml") {
        return Err(Failure::refused(
            format!("no catalog `{name}` ships with Bailiwick"),
            "`bailiwick catalog list` lists those that do; a file has a `/` in its path or ends in `.toml`",
        ));
    }
    let text = fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error))?;
    match Catalog::parse(name, &text) {
        Ok(catalog) => Ok((catalog, text)),
        Err(errors) => {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let message = format!("the catalog has mistakes:\n{}", lines.join("\n"));
            Err(Failure::refused(message, "correct the file; `bailiwick catalog check FILE` checks it"))
        }
    }
}

fn check(output: Output, files: &[PathBuf]) -> Result<ExitCode, Failure> {
    let mut items = Vec::with_capacity(files.len());
    let mut all_right = true;
    for file in files {
        let checked = check_file(file)?;
        all_right &= checked.get("ok") == Some(&Value::Bool(true));
        items.push(checked);
    }
    output.list(&All { items, complete: true, filtered: false }, CHECKED)?;
    Ok(if all_right { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

fn check_file(file: &Path) -> Result<Value, Failure> {
    let text = fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error))?;
    let shown = file.display().to_string();
    Ok(match Catalog::parse(&shown, &text) {
        Ok(catalog) => json!({ "file": shown, "ok": true, "name": catalog.name.as_str(), "errors": 0 }),
        Err(errors) => {
            for error in &errors {
                eprintln!("{error}");
            }
            json!({ "file": shown, "ok": false, "errors": errors.len() })
        }
    })
}

fn shipped(name: &str, text: &str) -> Result<Catalog, Failure> {
    Catalog::parse(name, text).map_err(|errors| {
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        Failure::refused(format!("the catalog `{name}` is broken: {first}"), "report this as a bug")
    })
}

fn summary(catalog: &Catalog) -> Value {
    json!({
        "name": catalog.name.as_str(),
        "title": catalog.title.as_str(),
        "description": catalog.description.as_str(),
        "permissions": catalog.permissions.len(),
        "roles": catalog.roles.len(),
        "resource_types": catalog.resource_types.len(),
    })
}
