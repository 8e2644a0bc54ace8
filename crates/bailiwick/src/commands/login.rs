//! `bailiwick login`, `logout` and `whoami`.

use std::process::ExitCode;

use bailiwick_client::wire::{
    AcceptLink, AskPasswordReset, InspectLink, LinkPurpose, Secret, SignIn, SignedIn,
};
use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Shape, note};
use crate::{input, profile};

const SIGNED_IN: Shape = Shape::new(&["profile", "url", "id", "email", "name", "expires_at"]);
const ME: Shape = Shape::new(&[
    "kind",
    "id",
    "email",
    "name",
    "email_verified",
    "default_account",
    "account",
    "profile",
    "url",
]);

/// Arguments of `login`.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// Your email; asked for if it is not given
    #[arg(value_name = "EMAIL")]
    email: Option<String>,
    /// Read the password from the first line of stdin
    #[arg(long, conflicts_with = "key_stdin")]
    password_stdin: bool,
    /// Act as a service account: read a management key from the first line of stdin
    #[arg(long, conflicts_with_all = ["email", "link"])]
    key_stdin: bool,
    /// Have a link to choose a new password mailed to the email; `--link` then takes it
    #[arg(long, conflicts_with_all = ["link", "key_stdin", "password_stdin"])]
    forgot: bool,
    /// Sign in by a single-use link, for instance that of `bailiwick bootstrap`; sets a password if you have none or forgot
    /// it
    #[arg(long, value_name = "LINK", conflicts_with = "email")]
    link: Option<String>,
    /// What to call you, with a link and if you are new: 1 to 64 characters
    #[arg(long, value_name = "NAME", requires = "link")]
    name: Option<String>,
}

/// Signs in and remembers it in the profile.
pub async fn login(ctx: Context, args: LoginArgs) -> Result<ExitCode, Failure> {
    if args.key_stdin {
        return remember_key(&ctx).await;
    }
    if let Some(link) = args.link {
        return accept_link(ctx.at_link(&link)?, &link, args.name, args.password_stdin).await;
    }
    let email = match args.email {
        Some(email) => email,
        None => input::answer("Email: ", "the email as an argument")?,
    };
    if args.forgot {
        ctx.client.ask_password_reset(&AskPasswordReset { email }).await?;
        note(
            "if an account uses this address, we have sent a link to it: `bailiwick login --link LINK` follows it",
        );
        ctx.done(None)?;
        return Ok(ExitCode::SUCCESS);
    }
    let password = input::secret("Password: ", args.password_stdin)?;
    finish(&ctx, &ctx.client.sign_in(&SignIn { email, password }).await?)
}

/// Remembers a session and says whose it is.
fn finish(ctx: &Context, signed_in: &SignedIn) -> Result<ExitCode, Failure> {
    profile::remember(&ctx.chosen.name, &ctx.chosen.url, &signed_in.token)?;
    for withheld in &signed_in.withheld {
        note(&format!("not granted, since whoever invited may no longer give it: {}", withheld.grant.title));
    }
    let shown = json!({
        "profile": ctx.chosen.name,
        "url": ctx.chosen.url,
        "id": signed_in.user.id,
        "email": signed_in.user.email,
        "name": signed_in.user.name,
        "expires_at": signed_in.expires_at,
    });
    ctx.output.record(&shown, SIGNED_IN)?;
    Ok(ExitCode::SUCCESS)
}

/// Accepts what a link offers: signs in, or joins an account.
pub async fn accept_link(
    ctx: Context,
    link: &str,
    name: Option<String>,
    password_stdin: bool,
) -> Result<ExitCode, Failure> {
    let token = token_of(link);
    let about = ctx.client.link_info(&InspectLink { token: token.clone() }).await?;
    let password = match (about.has_password, about.purpose) {
        (_, LinkPurpose::SetUp) => {
            return Err(Failure::refused(
                "this link sets the platform up, which takes a browser",
                "open it there, or run `bailiwick bootstrap --email EMAIL --account NAME` beside the server's data",
            ));
        }
        (false, _) => Some(input::new_password(password_stdin)?),
        // The link itself signs in who has a password already.
        (true, LinkPurpose::SignIn) => None,
        (true, _) => Some(input::secret("Password: ", password_stdin)?),
    };
    let is_named = name.is_some();
    let signed_in = ctx.client.accept_link(&AcceptLink { token, name, password }).await;
    finish(&ctx, &signed_in.map_err(|error| if is_named { error.into() } else { nameless(error) })?)
}

/// Only the server knows whether who follows a link has a name yet.
fn nameless(error: bailiwick_client::Error) -> Failure {
    match &error {
        bailiwick_client::Error::Problem(problem)
            if problem.errors.iter().any(|one| one.field == "/name") =>
        {
            Failure::refused("nobody knows yet what to call you", "say it: `--name 'Ada Lovelace'`")
        }
        _ => error.into(),
    }
}

/// The last part of a link, or the text as it is.
pub fn token_of(link: &str) -> Secret {
    let path = link.split(['?', '#']).next().unwrap_or(link);
    Secret::new(path.trim_end_matches('/').rsplit('/').next().unwrap_or(path))
}

async fn remember_key(ctx: &Context) -> Result<ExitCode, Failure> {
    let key = input::secret("Management key: ", true)?;
    let me = ctx.with_credential(&key)?.me().await?;
    profile::remember(&ctx.chosen.name, &ctx.chosen.url, &key)?;
    let shown = json!({
        "profile": ctx.chosen.name,
        "url": ctx.chosen.url,
        "id": me.id,
        "email": me.email,
        "name": me.name,
        "expires_at": null,
    });
    ctx.output.record(&shown, SIGNED_IN)?;
    Ok(ExitCode::SUCCESS)
}

/// Ends the session and forgets it.
pub async fn logout(ctx: Context) -> Result<ExitCode, Failure> {
    if ctx.chosen.token.is_none() {
        return Err(Failure::refused("you are not signed in", "`bailiwick login` signs you in"));
    }
    // Forgotten first: whatever the server says, this machine must not keep the secret.
    let known = profile::forget(&ctx.chosen.name)?;
    match ctx.client.sign_out().await {
        Ok(()) => {}
        // A management key has no session to end, and a session may have ended by itself.
        Err(error) if known && matches!(error.status(), Some(400 | 401 | 403 | 422)) => {}
        Err(error) => return Err(error.into()),
    }
    ctx.done(None)?;
    Ok(ExitCode::SUCCESS)
}

/// Says who calls, and where.
pub async fn whoami(ctx: Context) -> Result<ExitCode, Failure> {
    let me = ctx.client.me().await?;
    let account = match &ctx.chosen.account {
        Some(account) => Some(ctx.find_account(account).await?),
        None => me.default_account.clone(),
    };
    let shown = json!({
        "kind": me.kind,
        "id": me.id,
        "email": me.email,
        "name": me.name,
        "email_verified": me.email_verified,
        "default_account": me.default_account,
        "account": account,
        "profile": ctx.chosen.name,
        "url": ctx.chosen.url,
    });
    ctx.output.record(&shown, ME)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_tokens_are_taken() {
        for given in ["bwl_x", "https://example.com/links/bwl_x", "https://example.com/links/bwl_x/?a=b"] {
            assert_eq!(token_of(given).expose(), "bwl_x", "{given}");
        }
    }
}
