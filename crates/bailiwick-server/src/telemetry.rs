//! Facts about a running server: its log and its figures.

pub mod log;
pub mod metrics;
pub mod process;
