//! What the crate promises to those who use it.

// `cfg(test)` tells clippy that helpers outside of test functions may unwrap too.
#[cfg(test)]
mod access;
#[cfg(test)]
mod account;
#[cfg(test)]
mod catalog;
#[cfg(test)]
mod events;
#[cfg(test)]
#[path = "account/given.rs"]
mod given;
#[cfg(test)]
mod matrix;
#[cfg(test)]
#[path = "access/oracle.rs"]
mod oracle;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod rules;
