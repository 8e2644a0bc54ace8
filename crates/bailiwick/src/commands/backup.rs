//! `bailiwick backup`: a checked copy of the database, while the server goes on serving.

use std::process::ExitCode;

use bailiwick_store::{SqliteStore, Store};

use super::deployment::{Stop, finish, load_config, runtime};
use crate::cli::BackupArgs;

/// Runs `bailiwick backup`.
pub fn run(args: &BackupArgs) -> ExitCode {
    finish(backup(args))
}

fn backup(args: &BackupArgs) -> Result<ExitCode, Stop> {
    let loaded = load_config(&args.deployment.options())?;
    let store = SqliteStore::open_for_reading(&loaded.config.data)?;
    if args.file.exists() {
        let message = format!("`{}` is there already, and a backup overwrites nothing", args.file.display());
        return Err(Stop::refused(message, "name a new file, for instance with the date in it"));
    }
    runtime()?.block_on(store.backup_to(&args.file))?;
    if args.json {
        println!("{}", serde_json::json!({ "file": args.file, "checked": true }));
    } else {
        println!("{}", args.file.display());
    }
    let database = loaded.config.data.join(bailiwick_store::DATABASE_FILE);
    let database = database.display();
    eprintln!(
        "The copy passed its check. To restore it, stop the server, remove `{database}-wal` and `{database}-shm` if they are \
         there, and put the copy in place of `{database}`."
    );
    Ok(ExitCode::SUCCESS)
}
