//! Request and response types of `/api/v1`, shared by the server and its clients.
//!
//! Requests refuse unknown fields, so that a typing error cannot pass for a wish. Responses ignore them, so that an older
//! client reads a newer server. Ids are texts: wherever a request takes an id, it takes the caller's own external id too;
//! responses always carry Bailiwick's ids. Moments are RFC 3339 texts in UTC.

mod access;
mod access_document;
mod account;
mod attribute;
pub mod authzen;
mod catalog;
mod delivery;
mod dry_run;
mod event;
mod grant;
mod group;
pub mod headers;
mod invitation;
mod key;
mod label;
mod link;
mod me;
mod member;
pub mod moment;
mod ownership;
mod page;
mod patch;
mod policy;
mod problem;
mod project;
mod resource;
mod role;
#[cfg(feature = "schema")]
mod schema;
mod scope;
mod secret;
mod service_account;
mod settings;
mod sign_in;
mod unused;
mod write;

pub use access::*;
pub use access_document::*;
pub use account::*;
pub use attribute::*;
pub use catalog::*;
pub use delivery::*;
pub use dry_run::*;
pub use event::*;
pub use grant::*;
pub use group::*;
pub use invitation::*;
pub use key::*;
pub use label::*;
pub use link::*;
pub use me::*;
pub use member::*;
pub use ownership::*;
pub use page::*;
pub use patch::*;
pub use policy::*;
pub use problem::*;
pub use project::*;
pub use resource::*;
pub use role::*;
pub use scope::*;
pub use secret::*;
pub use service_account::*;
pub use settings::*;
pub use sign_in::*;
pub use unused::*;
pub use write::*;
