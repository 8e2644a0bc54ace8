//! `bailiwick doctor`: looks at a deployment and says what is well, what is worth a look and what is broken. It changes
//! nothing.

mod database;
mod files;
mod settings;

use std::process::ExitCode;

use serde::Serialize;

use super::deployment::{REFUSED, Stop, finish, load_config, runtime};
use crate::cli::DoctorArgs;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Well,
    Look,
    Broken,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    detail: String,
    /// What to do about it, unless it is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Finding {
    fn well(what: &'static str, detail: impl Into<String>) -> Self {
        Self { what, state: State::Well, detail: detail.into(), hint: None }
    }

    fn look(what: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what, state: State::Look, detail: detail.into(), hint: Some(hint.into()) }
    }

    fn broken(what: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what, state: State::Broken, detail: detail.into(), hint: Some(hint.into()) }
    }
}

/// Runs `bailiwick doctor`.
pub fn run(args: &DoctorArgs) -> ExitCode {
    finish(doctor(args))
}

fn doctor(args: &DoctorArgs) -> Result<ExitCode, Stop> {
    let loaded = load_config(&args.deployment.options())?;
    let config = &loaded.config;
    let mut findings = settings::look(&loaded);
    findings.extend(files::look(&config.data, args.deployment.config.as_deref()));
    findings.extend(runtime()?.block_on(database::look(config)));
    if args.json {
        println!("{}", serde_json::json!({ "version": env!("CARGO_PKG_VERSION"), "findings": findings }));
    } else {
        print_text(&findings);
    }
    let broken = findings.iter().any(|finding| finding.state == State::Broken);
    Ok(if broken { ExitCode::from(REFUSED) } else { ExitCode::SUCCESS })
}

fn print_text(findings: &[Finding]) {
    for Finding { what, state, detail, hint } in findings {
        let shown = match state {
            State::Well => "well",
            State::Look => "LOOK",
            State::Broken => "BROKEN",
        };
        println!("{shown:<7} {what:<14} {detail}");
        if let Some(hint) = hint {
            println!("{:<22} hint: {hint}", "");
        }
    }
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    eprintln!(
        "{} looked at: {} well, {} worth a look, {} broken",
        findings.len(),
        count(State::Well),
        count(State::Look),
        count(State::Broken)
    );
}
