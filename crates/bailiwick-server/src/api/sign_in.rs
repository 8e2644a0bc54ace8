//! Signing in and out, and setting a platform up.

use bailiwick_client::wire::{self, AskPasswordReset, Secret, SetUp, SignIn, SignedIn};
use bailiwick_core::ids::UserId;
use serde_json::{Value, json};

use super::call::Call;
use super::operation::{Access, NoQuery, Operation, post};
use super::problem::Failure;
use super::references::name;
use super::respond::Answer;
use crate::service::{self, SignInRequest};

/// The operations of signing in.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        post("set_up", "/set-up", Access::Anyone)
            .writes(set_up)
            .creates()
            .says(
                "Set the platform up",
                "Makes the first user, who owns the first account, and signs them in. Needs the token of the link that the \
                 server printed at its first start; it works once.",
            )
            .takes(json!({
                "token": "bwl_4Qm8sT1xYb0ZkR7uVn3WcE5pLh9aJd2fGi6oKq8rXt0wBz1000000", "email": "owner@example.com",
                "name": "Olga Owner", "password": "plum violin harbor sixteen", "account_name": "Acme",
            }))
            .answers(signed_in_example())
            .fails(&["link_invalid", "already_set_up", "invalid_text", "password_refused"]),
        post("sign_in", "/sign-in", Access::Anyone)
            .writes(sign_in)
            .says(
                "Sign in",
                "Starts a session by email and password. The answer is the same for an unknown email and a wrong password, \
                 and takes as long. Attempts are limited for each email and each address.",
            )
            .takes(json!({ "email": "grace@example.com", "password": "plum violin harbor sixteen" }))
            .answers(signed_in_example())
            .fails(&["wrong_credentials", "too_many_attempts"]),
        post("ask_password_reset", "/password-resets", Access::Anyone)
            .writes(ask_password_reset)
            .accepts()
            .says(
                "Ask for a new password",
                "Mails a link to choose a new password, if a user has the email; `accept_link` follows it. The answer is the \
                 same whether or not the email is known, and takes as long. A newer link ends the older one. Attempts are \
                 limited for each email and each address as those to sign in are, and mails for each user: 5 at once, then \
                 one in 12 minutes.",
            )
            .takes(json!({ "email": "grace@example.com" }))
            .fails(&["invalid_text", "too_many_attempts"]),
        post("sign_out", "/sign-out", Access::Person)
            .writes(sign_out)
            .says("Sign out", "Ends the session through which the request came."),
    ]
}

/// A session that was just started, for documentation.
pub(super) fn signed_in_example() -> Value {
    json!({
        "token": "bws_4Qm8sT1xYb0ZkR7uVn3WcE5pLh9aJd2fGi6oKq8rXt0wBz1000000", "expires_at": "2026-12-21T12:00:00Z",
        "user": { "id": "usr_019a0000000070008000000000000001", "email": "grace@example.com", "name": "Grace Hopper" },
        "account": { "id": "acc_019a0000000070008000000000000001", "name": "Acme" }
    })
}

async fn set_up(call: Call, _: NoQuery, input: SetUp) -> Result<Answer<SignedIn>, Failure> {
    let request = service::SetUp {
        token: input.token.into(),
        email: email("email", &input.email)?,
        name: name("name", &input.name)?,
        password: input.password.into(),
        account_name: name("account_name", &input.account_name)?,
    };
    let session = call.service.set_up(request, &call.origin).await?;
    let account = session.account;
    Answer::json(&shown(&call, session, account, (Vec::new(), Vec::new())).await?)
}

async fn sign_in(call: Call, _: NoQuery, input: SignIn) -> Result<Answer<SignedIn>, Failure> {
    let request = SignInRequest { email: input.email, password: input.password.into() };
    let session = call.service.sign_in(request, &call.origin).await?;
    Answer::json(&shown(&call, session, None, (Vec::new(), Vec::new())).await?)
}

async fn ask_password_reset(call: Call, _: NoQuery, input: AskPasswordReset) -> Result<Answer<()>, Failure> {
    call.service.ask_password_reset(&email("email", &input.email)?, &call.origin).await?;
    Ok(Answer::done())
}

async fn sign_out(call: Call, _: NoQuery, (): ()) -> Result<Answer<()>, Failure> {
    call.service.sign_out(call.caller()?).await?;
    Ok(Answer::done())
}

/// An email address of a field.
///
/// # Errors
/// `invalid_text` with the field.
pub(super) fn email(field: &str, text: &str) -> Result<bailiwick_core::values::Email, Failure> {
    bailiwick_core::values::Email::parse(text).map_err(|problem| Failure::invalid_text(field, &problem))
}

/// A new session as it is shown once, with the account that was opened or joined.
///
/// # Errors
/// What looking up the person or the account fails with.
pub(super) async fn shown(
    call: &Call,
    session: service::SignedIn,
    account: Option<bailiwick_core::ids::AccountId>,
    withheld: (Vec<wire::WithheldGrant>, Vec<wire::WithheldGroup>),
) -> Result<SignedIn, Failure> {
    let account = match account {
        Some(id) => call.service.accounts().get(id).await?.map(|handle| wire::AccountLabel {
            id: id.to_string(),
            name: handle.read().profile().value.name.to_string(),
        }),
        None => None,
    };
    Ok(SignedIn {
        token: Secret::from(session.token),
        expires_at: session.expires_at,
        user: person(call, session.user).await?,
        account,
        withheld: withheld.0,
        withheld_groups: withheld.1,
    })
}

async fn person(call: &Call, id: UserId) -> Result<wire::PersonLabel, Failure> {
    let people = call.service.people([id]).await?;
    let row = people.get(id);
    let name = row.map(|row| row.name.clone()).filter(|name| !name.is_empty());
    Ok(wire::PersonLabel { id: id.to_string(), email: row.map(|row| row.email.clone()), name })
}
