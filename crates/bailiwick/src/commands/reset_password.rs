//! `bailiwick reset-password`: a link to choose a new password, for who gets no mail.

use std::process::ExitCode;

use secrecy::ExposeSecret;

use super::deployment::{Stop, email, finish, load_config, must_exist, runtime, service_beside};
use crate::cli::ResetPasswordArgs;

/// Runs `bailiwick reset-password`.
pub fn run(args: &ResetPasswordArgs) -> ExitCode {
    finish(reset_password(args))
}

fn reset_password(args: &ResetPasswordArgs) -> Result<ExitCode, Stop> {
    let email = email(&args.email)?;
    let loaded = load_config(&args.beside.options())?;
    // Before anything is opened: a mistyped directory must not be made.
    must_exist(&loaded)?;
    let service = service_beside(loaded)?;
    let made = runtime()?.block_on(async {
        let made = service.make_reset_link(&email).await?;
        service.store().close().await;
        Ok::<_, Stop>(made)
    })?;
    let Some(made) = made else {
        return Err(Stop::refused(
            format!("nobody here has the email `{email}`"),
            "check the address and `--data`; somebody new is invited by `bailiwick invite`",
        ));
    };
    if args.json {
        let json = serde_json::json!({
            "user": made.user.to_string(),
            "reset_link": made.url.expose_secret(),
            "expires_at": made.expires_at,
        });
        println!("{json}");
    } else {
        println!("user        {}", made.user);
        println!("reset link  {}", made.url.expose_secret());
        println!("expires at  {:.0}", made.expires_at);
        eprintln!("\nThe link works once and is not shown again. Hand it only to who owns the email.");
    }
    Ok(ExitCode::SUCCESS)
}
