//! The store's integration tests: the laws of `Store` on SQLite, and what only the file can show.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is not as it should be")]

mod damage;
mod files;
mod full;
mod laws;
