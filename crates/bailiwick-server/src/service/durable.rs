//! What becomes of a commit that stands in the queue.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bailiwick_core::account::Account;
use bailiwick_store::{CommitReceipt, StoreError};

use super::Service;
use super::accounts::AccountHandle;

impl Service {
    /// What becomes of a queued commit, to be awaited.
    pub(super) fn see_through(
        &self,
        handle: &Arc<AccountHandle>,
        receipt: CommitReceipt,
        account: Arc<Account>,
        epoch: u64,
        has_mail: bool,
    ) -> Durable {
        let (service, handle) = (self.clone(), Arc::clone(handle));
        Durable(Some((receipt, Effects { service, handle, account, epoch, has_mail })))
    }
}

/// Resolves when a queued commit is durable and published, or refused and taken back.
///
/// Dropping it, because its caller hung up or ran out of time, leaves that to a task: what became durable is published (rule 3).
///
/// Nothing is in it once it has resolved.
#[must_use = "the writer does not know whether the commit was refused"]
pub(super) struct Durable(Option<(CommitReceipt, Effects)>);

impl Future for Durable {
    type Output = Result<(), StoreError>;

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some((receipt, _)) = &mut self.0 else {
            return Poll::Ready(Err(StoreError::Internal {
                detail: "a commit was awaited twice".to_owned(),
            }));
        };
        let outcome = std::task::ready!(Pin::new(receipt).poll(ctx));
        if let Some((_, effects)) = self.0.take() {
            effects.show(&outcome);
        }
        Poll::Ready(outcome)
    }
}

impl Drop for Durable {
    fn drop(&mut self) {
        let Some((receipt, effects)) = self.0.take() else { return };
        // Without a runtime the process is ending, and nobody reads the account any more.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { effects.show(&receipt.await) });
        }
    }
}

/// What a commit leads to in this process.
struct Effects {
    service: Service,
    handle: Arc<AccountHandle>,
    account: Arc<Account>,
    epoch: u64,
    has_mail: bool,
}

impl Effects {
    fn show(&self, outcome: &Result<(), StoreError>) {
        if outcome.is_err() {
            self.handle.reset(self.epoch);
            return;
        }
        let deadline = self.account.next_deadline();
        if deadline.is_some() && deadline != self.handle.read().next_deadline() {
            self.service.deadline_moved.notify_one();
        }
        self.handle.publish(&self.account);
        if self.account.is_deleted() {
            // What was published says that it is deleted; this only frees its memory.
            let (service, id) = (self.service.clone(), self.account.id());
            tokio::spawn(async move { service.accounts.forget(id).await });
        }
        if self.has_mail {
            self.service.mail_queued.notify_one();
        }
    }
}
