//! Serve it: the configuration, the identities, filters of lists, the delivery of mail and the facts about a running server.

pub mod api;
pub mod authzen;
pub mod config;
pub mod console;
pub mod delivery;
pub mod filter;
pub mod http;
pub mod identity;
pub mod server;
pub mod service;
pub mod serving;
pub mod telemetry;
