//! The use cases: load the account, decide, commit, publish. Nothing about HTTP, pages or arguments.
//!
//! [`Service::write`] is the one way in which an account changes, whoever asks.

mod accounts;
mod catalog_change;
mod directory;
mod durable;
mod ending_mails;
mod error;
mod exports;
mod identity;
mod in_the_way;
mod invitation_facts;
mod invitation_mails;
mod invitations;
mod lapses;
mod links;
mod load;
mod maintenance;
mod password_resets;
mod past;
mod people;
mod profile;
mod record;
mod refusals;
mod searches;
mod sessions;
mod set_up;
mod several;
mod sign_in_record;
mod unused;
mod usage;
mod write;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bailiwick_core::access::Circumstances;
use bailiwick_core::account::Actor;
use bailiwick_core::catalog::Catalog;
use bailiwick_core::ids::Id;
use bailiwick_store::{Store, TokenHash};
use jiff::Timestamp;
use uuid::Uuid;

pub use accounts::{AccountHandle, Accounts};
pub use catalog_change::{CatalogFindings, Renamed};
pub use error::Error;
pub use identity::SignInRequest;
pub use in_the_way::InTheWay;
pub use invitations::{InvitationLink, InviteRequest, Invited};
pub(crate) use links::hex;
pub use links::{LinkPurpose, LinkView};
pub use maintenance::{Bootstrapped, Discrepancy};
pub use password_resets::ResetLink;
pub use past::{AsOf, Past};
pub use people::People;
pub use profile::Received;
pub use sessions::SignedIn;
pub use set_up::SetUp;
pub use several::{DocumentProblem, Invitees, Several};
pub use unused::{Unused, UnusedPage};
pub use usage::Uses;
pub use write::{Changed, Outcome, Replay, WriteOptions};

use crate::config::Config;
use crate::identity::limiter::Limiter;
use crate::identity::password::PasswordHasher;
use crate::identity::password::rules::PasswordRules;
use crate::identity::throttle::Throttle;

/// Reads the time; a value, so that tests can move it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Who asks, through what, from where.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person or machine.
    pub actor: Actor,
    /// The session through which a person asks.
    pub session: Option<TokenHash>,
    /// The request.
    pub origin: Origin,
}

impl Caller {
    /// The circumstances in which the caller acts for themselves, for policies to look at.
    pub fn circumstances(&self, now: Timestamp) -> Circumstances<'static> {
        let caller = match self.actor {
            Actor::User(_) => bailiwick_core::access::Caller::Person,
            Actor::ServiceAccount { .. } | Actor::PersonalKey { .. } => bailiwick_core::access::Caller::Key,
        };
        Circumstances { source_ip: self.origin.source_ip, caller, ..Circumstances::question(now) }
    }
}

/// Where a request comes from, as recorded with every event.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The request's id.
    pub request_id: Option<String>,
    /// The address of the caller, as far as trusted proxies tell it.
    pub source_ip: Option<IpAddr>,
    /// What the browser or program calls itself.
    pub user_agent: Option<String>,
}

impl Origin {
    /// What attempts are counted by; all that come from nowhere count as one.
    fn address(&self) -> IpAddr {
        self.source_ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

/// Everything that serves accounts. Clones share it.
#[derive(Clone)]
pub struct Service {
    store: Arc<dyn Store>,
    catalog: Arc<Catalog>,
    accounts: Arc<Accounts>,
    hasher: PasswordHasher,
    rules: Arc<PasswordRules>,
    throttle: Arc<Throttle>,
    /// Counts who asks for a new password, apart from sign-ins: asking must not keep anybody from signing in.
    reset_throttle: Arc<Throttle>,
    /// Counts the mails to each user that lead to a new password.
    reset_mails: Arc<Limiter>,
    invitation_mails: Arc<invitation_mails::InvitationMails>,
    refusals: Arc<refusals::Refusals>,
    pasts: Arc<past::Pasts>,
    usage: Arc<usage::Usage>,
    config: Arc<Config>,
    clock: Clock,
    /// Wakes the delivery of mail after a commit that queued some.
    mail_queued: Arc<tokio::sync::Notify>,
    /// Wakes what records ends after a commit that moved the next one.
    deadline_moved: Arc<tokio::sync::Notify>,
}

impl Service {
    /// A service over an open store.
    pub fn new(
        store: Arc<dyn Store>,
        catalog: Arc<Catalog>,
        hasher: PasswordHasher,
        config: Arc<Config>,
        clock: Clock,
    ) -> Self {
        Self {
            accounts: Arc::new(Accounts::new(Arc::clone(&store), Arc::clone(&catalog))),
            rules: Arc::new(PasswordRules { min_length: config.password.min_length }),
            throttle: Arc::new(Throttle::new(config.sign_in, std::time::Instant::now())),
            reset_throttle: Arc::new(Throttle::new(config.sign_in, std::time::Instant::now())),
            reset_mails: Arc::new(Limiter::new(password_resets::MAILS)),
            invitation_mails: Arc::new(invitation_mails::InvitationMails::new(config.invitations)),
            refusals: Arc::new(refusals::Refusals::new()),
            pasts: Arc::new(past::Pasts::new()),
            usage: Arc::new(usage::Usage::new()),
            store,
            catalog,
            hasher,
            config,
            clock,
            mail_queued: Arc::new(tokio::sync::Notify::new()),
            deadline_moved: Arc::new(tokio::sync::Notify::new()),
        }
    }

    /// The vocabulary in force.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The configuration in force.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The store below.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The accounts in memory.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The present moment, in whole microseconds as the store keeps it.
    pub fn now(&self) -> Timestamp {
        whole_microseconds((self.clock)())
    }

    /// Waits until what is recorded beside requests is durable. To be called before the store is closed.
    pub async fn settled(&self) {
        self.refusals.settled().await;
    }

    /// Notified whenever mail was queued.
    pub fn mail_queued(&self) -> &Arc<tokio::sync::Notify> {
        &self.mail_queued
    }
}

/// Cuts off what the store cannot keep, so that what is decided equals what is loaded.
fn whole_microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// A new id, ordered by time.
pub(crate) fn new_id<I: Id>() -> I {
    I::from_uuid(Uuid::now_v7())
}
