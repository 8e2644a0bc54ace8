//! Typed client of the Bailiwick API, and the wire types that it shares with the server.
//!
//! - [`wire`]: the JSON of `/api/v1`, one type per request and answer.
//! - [`Client`] (feature `http`, on by default): one method per operation.
//! - `document` (feature `document`): access documents, YAML in and out.
//!
//! A [`Client`] is cheap to clone and safe to share between tasks. What belongs to an account hangs off
//! [`Client::account`]. Reads are plain `async` functions; lists are a [`Listing`], read page by page or to the end;
//! writes are a [`Write`], which takes an expected revision, an idempotency key, or becomes a dry run before it is sent.
//!
//! ```no_run
//! # #[cfg(feature = "http")]
//! # async fn example() -> Result<(), bailiwick_client::Error> {
//! use bailiwick_client::wire::{AccessQuestion, CreateInvitations, MemberQuery, Secret, SignIn, TargetRef};
//! use bailiwick_client::Client;
//!
//! let anonymous = Client::builder("http://127.0.0.1:8080").build()?;
//! let signed_in = anonymous
//!     .sign_in(&SignIn { email: "ada@example.com".into(), password: Secret::new("correct horse battery staple") })
//!     .await?;
//! let client = anonymous.with_credential(&signed_in.token)?;
//! let account = client.account("acc_019a0000000070008000000000000001");
//!
//! // What would it do? Nothing is written.
//! let invitations =
//!     CreateInvitations { emails: vec!["grace@example.com".into()], roles: vec!["admin".into()], ..Default::default() };
//! let plan = account.invite(&invitations).dry_run().await?;
//! println!("{} principals would gain or lose access", plan.access.principal_count);
//!
//! // Do it, safe to repeat.
//! let sent = account.invite(&invitations).idempotency_key("invite-grace-1").send().await?;
//! println!("done at revision {:?}", sent.revision);
//!
//! let members = account.list_members(&MemberQuery::default()).all(10_000).await?;
//! for member in &members.items {
//!     println!("{} {:?}", member.email, member.status);
//! }
//!
//! let question = AccessQuestion {
//!     principal: "grace".into(),
//!     action: "write:clusters".into(),
//!     resource: TargetRef { target_type: "cluster".into(), id: "search-eu".into() },
//! };
//! println!("{}", account.explain(&question).await?.summary);
//! # Ok(())
//! # }
//! ```
//!
//! # Errors
//!
//! [`Error`] tells apart what a caller handles differently: the server could not be reached, the server said no (a
//! [`wire::Problem`] with a stable code and a hint), the answer was not Bailiwick's, or the request could not even be made.
//!
//! # Repeating
//!
//! Requests that are safe to repeat (reads, `PUT`, `DELETE`, dry runs, and writes with an idempotency key) are tried again
//! when no connection could be made, or on a 503 that does not ask to wait too long. Nothing else is ever sent twice.

#[cfg(feature = "document")]
pub mod document;
#[cfg(feature = "http")]
mod http;
pub mod wire;

#[cfg(feature = "http")]
pub use http::{All, Client, ClientBuilder, Error, Export, InAccount, Listing, Write, Written};
