//! Who may do what: an index over an account's grants that answers in a few memory accesses.
//!
//! The index lives inside [`Account`](crate::account::Account) and changes with it, event by event, at the cost of the
//! change. A check is: the scopes that cover the target (made once, when a resource is registered), the principal's
//! grants, one bit test. No allocation, no lock, no I/O.

mod allowed;
mod circumstances;
mod cost;
mod difference;
mod effective;
mod evaluate;
mod explain;
mod index;
mod page;
mod promised;
mod reverse;
mod scope_key;
mod search;
mod table;
mod unused;

pub use circumstances::{Asserted, Caller, Circumstances};
pub use difference::{AccessChange, AccessDifference, Counted};
pub use effective::{Effective, EffectiveAt};
pub(crate) use evaluate::after;
pub use evaluate::{Question, Target};
pub use explain::{Explanation, Missing, Path, PrincipalState};
pub(crate) use index::{AccessIndex, SubjectKind, micros};
pub use page::{Found, Page, Work};
pub(crate) use reverse::Searched;
pub(crate) use scope_key::ScopeKey;
pub use search::{SubjectType, TargetType};
pub use unused::BroadRole;
