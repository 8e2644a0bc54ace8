//! `bailiwick bootstrap`: an account with an owner and a key, for scripts, with or without a server running.

use std::process::ExitCode;

use bailiwick_core::values::Name;
use bailiwick_server::server::read_catalog;
use bailiwick_server::service::Bootstrapped;
use secrecy::ExposeSecret;

use super::deployment::{Stop, USAGE, email, finish, load_config, runtime, service_beside};
use crate::cli::BootstrapArgs;

/// Runs `bailiwick bootstrap`.
pub fn run(args: &BootstrapArgs) -> ExitCode {
    finish(bootstrap(args))
}

fn bootstrap(args: &BootstrapArgs) -> Result<ExitCode, Stop> {
    let email = email(&args.email)?;
    let name = Name::parse(&args.account).map_err(|problem| {
        Stop::new(USAGE, format!("the account name {problem}"), "give a name of 1 to 64 characters")
    })?;
    let loaded = load_config(&args.beside.options())?;
    let (_, catalog) = read_catalog(&loaded.config.catalog)?;
    let service = service_beside(loaded)?;
    let made = runtime()?.block_on(async {
        // Before the account, which is opened by its words.
        service.record_first_catalog(&catalog).await?;
        let made = service.bootstrap(&email, name).await?;
        service.store().close().await;
        Ok::<_, Stop>(made)
    })?;
    if args.json {
        print_json(&made);
    } else {
        print_text(&made);
    }
    Ok(ExitCode::SUCCESS)
}

fn print_json(made: &Bootstrapped) {
    let json = serde_json::json!({
        "account": made.account.to_string(),
        "user": made.user.to_string(),
        "service_account": made.service_account.to_string(),
        "sign_in_link": made.sign_in_link.expose_secret(),
        "management_key": made.management_key.expose_secret(),
    });
    println!("{json}");
}

fn print_text(made: &Bootstrapped) {
    println!("account          {}", made.account);
    println!("owner            {}", made.user);
    println!("service account  {}", made.service_account);
    println!("sign-in link     {}", made.sign_in_link.expose_secret());
    println!("management key   {}", made.management_key.expose_secret());
    eprintln!("\nThe link works once. The link and the key are not shown again.");
}
