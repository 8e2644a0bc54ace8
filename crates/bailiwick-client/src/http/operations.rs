//! The operations, one method each, by what they are about.

mod access;
mod account;
mod catalog;
mod event;
mod grant;
mod group;
mod invitation;
mod key;
mod me;
mod member;
mod ownership;
mod policy;
mod project;
mod resource;
mod role;
mod service_account;
mod sign_in;
