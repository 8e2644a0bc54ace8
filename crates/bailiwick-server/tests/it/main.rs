//! The integration tests of the server crate, in one binary.
// Helpers of tests may fail loudly; clippy.toml allows it only inside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod api_access;
mod api_access_document;
mod api_audit;
mod api_bad_input;
mod api_events;
mod api_filter;
mod api_foreign_ids;
mod api_grants;
mod api_groups;
mod api_hidden_people;
mod api_hidden_projects;
mod api_keys;
mod api_operations;
mod api_paging;
mod api_past;
mod api_past_catalogs;
mod api_people;
mod api_policies;
mod api_protocol;
mod api_resources;
mod api_roles;
mod api_sessions;
mod api_work;
mod authzen;
mod authzen_certification;
mod behaviours;
mod config;
mod console;
mod console_hidden;
mod console_manners;
mod console_offers;
mod delivery;
mod ending;
mod forgotten_password;
mod hang_up;
mod limits_of_refusals;
mod mail_limits;
mod schema;
mod smtp;
mod support;
mod takeover;
mod unused;
