//! The console: pages for people, rendered on the server.
//!
//! Every page works without a script: links are followed, forms are posted and answered by a redirect. htmx and one small
//! file make filters live and passwords visible. Pages ask the same [`Service`] as the API, so rules and refusals are the
//! same; this room only puts them into words.

mod account_context;
mod account_settings;
mod answer;
mod assets;
mod audit;
mod audit_sentence;
mod complaint;
mod form;
mod invitations;
mod invite;
mod key_actions;
mod keys;
mod links;
mod me;
mod member;
mod member_access;
mod member_actions;
mod members;
mod my_accounts;
mod parts;
mod password_reset;
mod program;
mod role_form;
mod roles;
mod scope_choice;
mod security;
mod shell;
mod sign_in;
mod text;
mod visitor;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};

use crate::service::Service;

/// Everything below `/` that people look at.
pub fn router(service: Service) -> Router {
    let body_limit = DefaultBodyLimit::max(service.config().limits.body_bytes);
    let guard = middleware::from_fn_with_state(service.clone(), security::guard);
    Router::new()
        .route("/", get(sign_in::home))
        .route("/sign-in", get(sign_in::form).post(sign_in::submit))
        .route("/forgot-password", get(password_reset::form).post(password_reset::ask))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/links/{token}", get(links::show).post(links::follow))
        .route("/links/{token}/decline", post(links::decline))
        .merge(people())
        .merge(roles())
        .merge(own())
        .merge(administration())
        .fallback(missing)
        .layer(body_limit)
        .layer(guard)
        .with_state(service)
        .merge(assets::router())
}

/// Addresses that lead nowhere.
async fn missing() -> answer::Failure {
    answer::Failure::missing("page")
}

fn people() -> Router<Service> {
    Router::new()
        .route("/accounts/{account}", get(members::account_home))
        .route("/accounts/{account}/members", get(members::list))
        .route("/accounts/{account}/invite", get(invite::form).post(invite::submit))
        .route("/accounts/{account}/invitations/{invitation}/resend", post(invitations::resend))
        .route("/accounts/{account}/invitations/{invitation}/revoke", post(invitations::revoke))
        .route("/accounts/{account}/invitations/{invitation}/link", post(invitations::copy_link))
        .route("/accounts/{account}/members/{member}", get(member::show))
        .route("/accounts/{account}/members/{member}/roles", post(member_actions::set_roles))
        .route("/accounts/{account}/members/{member}/grants", post(member_actions::grant))
        .route(
            "/accounts/{account}/members/{member}/grants/{grant}/revoke",
            post(member_actions::revoke_grant),
        )
        .route("/accounts/{account}/members/{member}/activate", post(member_actions::activate))
        .route(
            "/accounts/{account}/members/{member}/deactivate",
            get(member_actions::ask_deactivate).post(member_actions::deactivate),
        )
        .route(
            "/accounts/{account}/members/{member}/remove",
            get(member_actions::ask_remove).post(member_actions::remove),
        )
        .route("/accounts/{account}/audit", get(audit::list))
}

fn roles() -> Router<Service> {
    Router::new()
        .route("/accounts/{account}/roles", get(roles::list))
        .route("/accounts/{account}/new-role", get(role_form::new).post(role_form::create))
        .route("/accounts/{account}/roles/{role}", get(roles::show))
        .route("/accounts/{account}/roles/{role}/edit", get(role_form::edit).post(role_form::save))
        .route("/accounts/{account}/roles/{role}/delete", get(roles::ask_delete).post(roles::delete))
}

fn own() -> Router<Service> {
    Router::new()
        .route("/me", get(me::show).post(me::rename))
        .route("/me/password", post(me::change_password))
        .route("/me/sessions/end-others", post(me::end_other_sessions))
        .route("/me/sessions/{session}/end", post(me::end_session))
        .route("/me/accounts/{account}/switch", post(my_accounts::switch))
        .route("/me/accounts/{account}/default", post(my_accounts::set_default))
        .route("/me/accounts/{account}/leave", get(my_accounts::ask_leave).post(my_accounts::leave))
        .route("/me/accounts/{account}/invitations/{invitation}/accept", post(my_accounts::accept))
        .route("/me/accounts/{account}/invitations/{invitation}/decline", post(my_accounts::decline))
}

fn administration() -> Router<Service> {
    Router::new()
        .route("/accounts/{account}/settings", get(account_settings::show).post(account_settings::rename))
        .route("/accounts/{account}/invitation-lifetime", post(account_settings::set_lifetime))
        .route("/accounts/{account}/ownership", post(account_settings::offer))
        .route("/accounts/{account}/ownership/{offer}/{answer}", post(account_settings::answer_offer))
        .route("/accounts/{account}/delete", get(account_settings::ask_delete).post(account_settings::delete))
        .route("/accounts/{account}/keys", get(keys::list).post(keys::create_service_account))
        .route("/accounts/{account}/keys/{service_account}/new", post(keys::create_key))
        .route(
            "/accounts/{account}/keys/{service_account}/delete",
            get(key_actions::ask_delete_service_account).post(key_actions::delete_service_account),
        )
        .route(
            "/accounts/{account}/keys/{service_account}/{key}/delete",
            get(key_actions::ask_delete_key).post(key_actions::delete_key),
        )
}
