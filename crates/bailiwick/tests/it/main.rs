//! The binary as people and programs use it.
// Helpers of tests may fail loudly; clippy.toml allows it only inside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod catalog_migration;
mod cli_access;
mod cli_behaviours;
mod cli_ends;
mod cli_manners;
mod cli_policies;
mod cli_story;
mod cloud_behaviours;
mod crash;
mod declarative_access;
mod disk;
mod forgotten_password;
mod operator;
mod past;
mod support;
