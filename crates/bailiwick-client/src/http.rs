//! The HTTP client.

mod account;
mod answer;
mod builder;
mod call;
mod client;
mod error;
mod export;
mod listing;
mod operations;
mod path;
mod retry;
mod write;

pub use account::InAccount;
pub use builder::ClientBuilder;
pub use client::Client;
pub use error::Error;
pub use export::Export;
pub use listing::{All, Listing};
pub use write::{Write, Written};
