//! `bailiwick verify`: the database is sound, and every account's events lead to exactly its rows.

use std::process::ExitCode;
use std::sync::Arc;

use bailiwick_server::service::Discrepancy;
use bailiwick_store::{OpenError, SqliteStore};

use super::deployment::{REFUSED, Stop, finish, load_config, runtime, service_over};
use crate::cli::VerifyArgs;

/// Runs `bailiwick verify`.
pub fn run(args: &VerifyArgs) -> ExitCode {
    finish(verify(args))
}

fn verify(args: &VerifyArgs) -> Result<ExitCode, Stop> {
    let loaded = load_config(&args.options())?;
    let store = match &args.file {
        Some(file) => SqliteStore::open_file_for_reading(file).map_err(|error| match error {
            OpenError::NotFound { .. } => Stop::refused(error, "check the path"),
            error => Stop::from(error),
        })?,
        None => SqliteStore::open_for_reading(&loaded.config.data)?,
    };
    let service = service_over(loaded.config, Arc::new(store))?;
    let mut accounts = 0_u64;
    let found = runtime()?.block_on(service.verify(|_| accounts += 1))?;
    if args.json {
        print_json(accounts, &found);
    } else {
        print_text(accounts, &found);
    }
    if found.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("hint: keep this file and restore the newest backup that verifies (`bailiwick verify FILE`)");
    Ok(ExitCode::from(REFUSED))
}

fn print_json(accounts: u64, found: &[Discrepancy]) {
    let finding = |one: &Discrepancy| serde_json::json!({ "account": one.account.map(|id| id.to_string()), "finding": one.finding });
    let findings: Vec<_> = found.iter().map(finding).collect();
    println!(
        "{}",
        serde_json::json!({ "sound": found.is_empty(), "accounts": accounts, "findings": findings })
    );
}

fn print_text(accounts: u64, found: &[Discrepancy]) {
    for discrepancy in found {
        match discrepancy.account {
            Some(account) => println!("{account}: {}", discrepancy.finding),
            None => println!("database: {}", discrepancy.finding),
        }
    }
    if found.is_empty() {
        println!(
            "sound: the database, and every account ({accounts}), whose events lead to exactly its rows"
        );
    }
}
