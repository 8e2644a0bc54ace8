//! Who somebody is: passwords, opaque tokens, and how often one may try.

pub mod limiter;
pub mod password;
pub mod throttle;
pub mod tokens;
