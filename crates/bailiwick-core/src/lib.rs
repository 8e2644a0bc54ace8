//! What is true in Bailiwick: the catalog, the account and who may do what.
//!
//! Everything here is pure and synchronous: no I/O, clock, randomness or async. Time and ids are arguments.

pub mod access;
pub mod account;
pub mod catalog;
pub mod ids;
pub mod limits;
pub mod policy;
pub mod values;
