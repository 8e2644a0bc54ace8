//! One file per noun of the command line.

pub mod access;
pub mod account;
pub mod audit;
pub mod backup;
pub mod bootstrap;
pub mod catalog;
pub mod check;
pub mod completions;
pub mod delivery;
pub mod deployment;
pub mod doctor;
pub mod explain;
pub mod grant;
pub mod group;
pub mod invitation;
pub mod invite;
pub mod key;
pub mod login;
pub mod member;
pub mod project;
pub mod resource;
pub mod role;
pub mod serve;
pub mod service_account;
pub mod session;
pub mod verify;
