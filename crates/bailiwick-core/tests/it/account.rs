//! Every command of the account: given what was, when somebody asks, then these events or this refusal.

mod acceptance;
mod attacks;
mod clouds;
mod ending;
mod grants;
mod groups;
mod heavy;
mod invitations;
mod limits;
mod member_roles;
mod members;
mod nesting;
mod ownership;
pub mod prelude;
mod projects;
mod resources;
mod roles;
mod service_accounts;
mod settings;
mod together;
