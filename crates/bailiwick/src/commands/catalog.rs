//! `bailiwick catalog`: a cloud's vocabulary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bailiwick_client::All;
use bailiwick_core::catalog::{Catalog, render_reference};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::failure::{Failure, REFUSED};
use crate::output::{Output, print};

const COLUMNS: &[&str] = &["name", "title", "permissions", "roles", "resource_types", "description"];
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
    /// Show a catalog that ships with Bailiwick: its TOML, or a description for people
    Show {
        /// Its name: `bailiwick catalog list`
        #[arg(value_name = "NAME")]
        name: String,
        /// Describe its permissions, roles and rules, as Markdown
        #[arg(long)]
        describe: bool,
    },
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
            let Some(text) = Catalog::bundled(&name) else {
                return Err(Failure::refused(
                    format!("no catalog `{name}` ships with Bailiwick"),
                    "`bailiwick catalog list` lists those that do; a file needs no command to be read",
                ));
            };
            let shown = if describe { render_reference(&shipped(&name, text)?) } else { text.to_owned() };
            if args.json {
                let field = if describe { "description" } else { "toml" };
                output
                    .record(&json!({ "name": name, field: shown }), crate::output::Shape::new(&["name"]))?;
            } else {
                print(&shown)?;
            }
            Ok(ExitCode::SUCCESS)
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
