//! Reading an account from the store.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use bailiwick_core::account::{Account, Entities, LoadError, Loader, MIDDLE_KIND, Row, RowParser};
use bailiwick_core::ids::AccountId;
use bailiwick_store::{StoreError, TakeEntities};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::Error;
use super::accounts::Accounts;

/// How often an account is read in parts, which only another process that writes to it can keep from fitting together.
const PARTED_LOADS: usize = 3;

/// How many batches of parsed rows wait to be put together before reading waits for that.
const WAITING_BATCHES: usize = 8;

/// Behind all kinds of entities.
const LAST_KIND: &str = "~";

impl Accounts {
    /// Reads an account from the store, in two parts at the same time.
    pub(super) async fn load(&self, id: AccountId) -> Result<Option<Account>, LoadFailure> {
        let parts: &[_] = &[""..MIDDLE_KIND, MIDDLE_KIND..LAST_KIND];
        // All at once in the end, should somebody else write to the account all the time.
        let whole: &[_] = &[""..LAST_KIND];
        for parts in std::iter::repeat_n(parts, PARTED_LOADS).chain([whole]) {
            if let Loaded::Whole(account) = self.load_parts(id, parts).await? {
                return Ok(account.map(|account| *account));
            }
        }
        Err(LoadFailure::Damaged("one snapshot has two revisions".to_owned()))
    }

    /// Rows are parsed where they are read, and put together beside that, off the threads that serve requests.
    async fn load_parts(&self, id: AccountId, parts: &[Range<&'static str>]) -> Result<Loaded, LoadFailure> {
        let (sender, mut parsed) = mpsc::channel(WAITING_BATCHES);
        let mut reading = JoinSet::new();
        for kinds in parts {
            let (store, kinds, take) = (Arc::clone(&self.store), kinds.clone(), parse(sender.clone()));
            reading.spawn(async move { store.read_entities(id, kinds, take).await });
        }
        drop(sender);
        let mut loader = Loader::new(id, Arc::clone(&self.catalog));
        let (told, read) = oneshot::channel();
        let putting = tokio::task::spawn_blocking(move || {
            while let Some(entities) = parsed.blocking_recv() {
                loader.put(entities?);
            }
            // Nothing is told when the reading failed.
            Ok(read.blocking_recv().ok().map(|revision| Box::new(loader.finish(revision))))
        });
        let mut revisions = BTreeSet::new();
        while let Some(read) = reading.join_next().await {
            let account = read.map_err(|error| LoadFailure::Damaged(error.to_string()))??;
            revisions.insert(account.map(|account| account.revision));
        }
        let revision = match revisions.pop_first() {
            Some(Some(revision)) if revisions.is_empty() => revision,
            Some(None) if revisions.is_empty() => return Ok(Loaded::Whole(None)),
            _ => return Ok(Loaded::Torn),
        };
        // Putting ends before only when a row is damaged, which it tells itself.
        let _ = told.send(revision);
        let put = putting.await.map_err(|error| LoadFailure::Damaged(error.to_string()))?;
        put.map(Loaded::Whole).map_err(|error: LoadError| LoadFailure::Damaged(error.to_string()))
    }
}

/// Parses rows as they are read and hands them over in batches.
fn parse(parsed: mpsc::Sender<Result<Entities, LoadError>>) -> TakeEntities {
    Box::new(move |rows| {
        let mut parser = RowParser::new();
        while let Some(row) = rows.next()? {
            let row = Row { kind: row.kind, id: row.id, revision: row.revision, body: row.body };
            // A damaged row ends the load, and so does nobody waiting for it.
            let goes_on = match parser.row(row) {
                Ok(None) => true,
                Ok(Some(entities)) => parsed.blocking_send(Ok(entities)).is_ok(),
                Err(error) => {
                    let _ = parsed.blocking_send(Err(error));
                    false
                }
            };
            if !goes_on {
                return Ok(());
            }
        }
        let _ = parsed.blocking_send(Ok(parser.rest()));
        Ok(())
    })
}

/// What came of reading an account.
enum Loaded {
    /// The account as of one moment, if there is one.
    Whole(Option<Box<Account>>),
    /// A commit of another process came between the parts.
    Torn,
}

/// Why an account could not be loaded.
#[derive(Debug, Clone)]
pub(super) enum LoadFailure {
    Missing,
    Store(StoreError),
    Damaged(String),
}

impl From<StoreError> for LoadFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<LoadFailure> for Error {
    fn from(failure: LoadFailure) -> Self {
        match failure {
            LoadFailure::Missing => super::error::no_account(),
            LoadFailure::Store(error) => error.into(),
            LoadFailure::Damaged(detail) => Self::internal(detail),
        }
    }
}
