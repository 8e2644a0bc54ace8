//! The wire types and the client, from outside.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

#[cfg(feature = "http")]
mod client;
#[cfg(feature = "http")]
mod coverage;
#[cfg(feature = "http")]
mod fixture;
#[cfg(feature = "http")]
mod operations;
#[cfg(feature = "schema")]
mod schema;
mod wire;
