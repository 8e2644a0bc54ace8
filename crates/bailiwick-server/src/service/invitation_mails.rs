//! How many mails invitations may send: whoever may invite must not be able to fill strangers' mailboxes by this server, or
//! to bring its name among those that send unwanted mail.

use std::sync::OnceLock;
use std::time::Duration;

use bailiwick_core::ids::{AccountId, InvitationId};
use jiff::Timestamp;

use super::Error;
use crate::config::InvitationSettings;
use crate::identity::limiter::{Limiter, Rate, Throttled};

/// Counts the mails of each invitation and of each account's invitations.
#[derive(Debug)]
pub(super) struct InvitationMails {
    of_invitation: Limiter,
    of_account: Limiter,
}

/// The mails of one request: they are counted once, however often it is decided anew because somebody else came between.
#[derive(Debug, Default)]
pub(super) struct Counted(OnceLock<Result<(), Throttled>>);

impl InvitationMails {
    pub(super) fn new(settings: InvitationSettings) -> Self {
        let once = Rate { attempts: 1, interval: settings.mail_interval };
        let hourly = Rate::per(settings.account_mails, Duration::from_hours(1));
        Self { of_invitation: Limiter::new(once), of_account: Limiter::new(hourly) }
    }

    /// Counts a mail for each of these invitations of an account.
    ///
    /// # Errors
    /// [`Error::TooManyMails`]; none of them was counted then.
    pub(super) fn admit(
        &self,
        counted: &Counted,
        account: AccountId,
        invitations: &[InvitationId],
        now: Timestamp,
    ) -> Result<(), Error> {
        let outcome = counted.0.get_or_init(|| self.count(account, invitations, now));
        outcome
            .map_err(|throttled| Error::TooManyMails { retry_after_seconds: throttled.retry_after_seconds })
    }

    fn count(
        &self,
        account: AccountId,
        invitations: &[InvitationId],
        now: Timestamp,
    ) -> Result<(), Throttled> {
        // All are asked for before the first is counted.
        invitations.iter().try_for_each(|id| self.of_invitation.take(id, 0, now))?;
        if let Some(mails) = u32::try_from(invitations.len()).ok().filter(|mails| *mails > 0) {
            self.of_account.take(account, mails, now)?;
        }
        invitations.iter().try_for_each(|id| self.of_invitation.take(id, 1, now))
    }
}
