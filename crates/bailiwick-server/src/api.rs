//! The HTTP API, `/api/v1`: operations as data, and the one way on which all requests go.

pub mod call;
mod credential;
mod dispatch;
mod filtering;
pub mod openapi;
pub mod operation;
pub mod page;
pub mod problem;
pub mod reference;
pub mod references;
pub mod respond;
mod routes;
mod schema;
mod strict;
pub mod views;

mod access;
mod access_document;
mod access_search;
mod accounts;
mod attributes;
mod catalog;
mod change;
mod deliveries;
mod events;
mod grants;
mod groups;
mod invitations;
mod keys;
mod links;
mod listing;
mod me;
mod members;
mod moment;
mod my_invitations;
mod my_sessions;
mod naming;
mod ownership;
mod policies;
mod projects;
mod resources;
mod roles;
mod service_accounts;
mod settings;
mod sign_in;
mod unused;

use axum::Router;
use axum::extract::Request;

pub use credential::cookie_name;
pub use dispatch::{client_address, origin, request_id};
pub(crate) use moment::revision as revision_of;
pub use operation::Operation;
pub(crate) use strict::depth;

use crate::service::Service;

/// Every operation of the API, in the order in which the reference lists them.
pub fn operations() -> Vec<Operation> {
    [
        sign_in::operations(),
        links::operations(),
        me::operations(),
        accounts::operations(),
        ownership::operations(),
        settings::operations(),
        members::operations(),
        invitations::operations(),
        groups::operations(),
        roles::operations(),
        grants::operations(),
        projects::operations(),
        resources::operations(),
        service_accounts::operations(),
        keys::operations(),
        policies::operations(),
        access::operations(),
        access_document::operations(),
        unused::operations(),
        events::operations(),
        deliveries::operations(),
        catalog::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Serves the API with its OpenAPI document and its reference.
pub fn router(service: Service) -> Router {
    let documents = reference::router(&service);
    router_of(service, operations()).merge(documents)
}

/// Serves a list of operations below `/api/v1`.
pub fn router_of(service: Service, operations: Vec<Operation>) -> Router {
    let routes = routes::Routes::new(operations);
    let answer = axum::routing::any(move |request: Request| {
        dispatch::answer(service.clone(), routes.clone(), request)
    });
    // The first two lead nowhere, but are told so in the API's own way.
    Router::new()
        .route("/api/v1", answer.clone())
        .route("/api/v1/", answer.clone())
        .route("/api/v1/{*path}", answer)
}
