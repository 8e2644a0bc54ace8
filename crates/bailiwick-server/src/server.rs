//! A running server: everything opened, bound and started, and stopped in the right order.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bailiwick_core::catalog::{Catalog, CatalogError};
use bailiwick_store::{OpenError, SqliteOptions, SqliteStore, Store};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::load::Loaded;
use crate::config::{CatalogSource, Config};
use crate::delivery::worker::Worker;
use crate::delivery::{DeliveryError, mailer};
use crate::http::{self, Site};
use crate::identity::password::{HashError, PasswordHasher};
use crate::service::{CatalogFindings, Clock, Error, Service};
use crate::serving;
use crate::telemetry::metrics::Metrics;

/// How often what has expired is removed.
const PRUNE_EVERY: Duration = Duration::from_mins(10);
/// How long the answer under an idempotency key is kept.
const IDEMPOTENCY_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long a mail that was given up can be seen, counted from when it was asked for.
const GIVEN_UP_MAIL_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How much is removed at once, so that pruning holds up no writes.
const PRUNE_BATCH: usize = 1_000;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The catalog has mistakes.
    #[error("the catalog cannot be used:\n{}", list(.0))]
    Catalog(Vec<CatalogError>),
    /// There is no catalog of that name.
    #[error("there is no catalog named `{0}`")]
    UnknownCatalog(String),
    /// The catalog file cannot be read.
    #[error("cannot read the catalog `{}`: {source}", path.display())]
    CatalogFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Accounts name what the catalog does not.
    #[error("the catalog has changed, and {0}")]
    CatalogInTheWay(CatalogFindings),
    /// The data directory cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The way for mail to leave cannot be used.
    #[error("mail cannot be sent: {0}")]
    Mail(#[from] DeliveryError),
    /// Passwords cannot be hashed with these settings.
    #[error(transparent)]
    Password(#[from] HashError),
    /// The store did not answer.
    #[error(transparent)]
    Service(#[from] Error),
}

impl StartError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Catalog(_) => "correct the file; `bailiwick catalog check FILE` checks it without a server",
            Self::UnknownCatalog(_) => {
                "`bailiwick catalog list` shows those that ship; anything with a `/` or `.toml` is a file"
            }
            Self::CatalogFile { .. } => "check the path and the permissions",
            Self::CatalogInTheWay(_) => {
                "serve the catalog of before, or go on with `bailiwick catalog migrate --rename role:OLD=NEW`, which renames"
            }
            Self::Store(error) => error.hint(),
            Self::Listen { .. } => "another process may use the address; choose one with `--listen`",
            Self::Mail(_) => "check the `mail.*` settings",
            Self::Password(_) => "check the `password.*` settings",
            Self::Service(_) => "check the disk, then run `bailiwick verify`",
        }
    }
}

fn list(errors: &[CatalogError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The catalog that the configuration names.
///
/// # Errors
/// [`StartError::UnknownCatalog`], [`StartError::CatalogFile`] or [`StartError::Catalog`] with all mistakes.
pub fn load_catalog(source: &CatalogSource) -> Result<Catalog, StartError> {
    read_catalog(source).map(|(catalog, _)| catalog)
}

/// The same with its text, which is kept for as long as events speak its words.
///
/// # Errors
/// Those of [`load_catalog`].
pub fn read_catalog(source: &CatalogSource) -> Result<(Catalog, String), StartError> {
    let (name, text) = match source {
        CatalogSource::Shipped(name) => {
            let text = Catalog::bundled(name).ok_or_else(|| StartError::UnknownCatalog(name.clone()))?;
            (format!("catalogs/{name}.toml"), text.to_owned())
        }
        CatalogSource::File(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|source| StartError::CatalogFile { path: path.clone(), source })?;
            (path.display().to_string(), text)
        }
    };
    let catalog = Catalog::parse(&name, &text).map_err(StartError::Catalog)?;
    Ok((catalog, text))
}

/// The clock of the operating system.
pub fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// A service over a store, without a listener: for serving and for what runs on the command line.
///
/// # Errors
/// [`StartError::Password`].
pub fn build_service(
    config: Arc<Config>,
    catalog: Catalog,
    store: Arc<dyn Store>,
    clock: Clock,
) -> Result<Service, StartError> {
    let hasher = PasswordHasher::new(&config.password)?;
    Ok(Service::new(store, Arc::new(catalog), hasher, config, clock))
}

/// A server that listens and is about to serve.
pub struct Server {
    service: Service,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
    metrics: Option<Metrics>,
    worker: Worker,
    set_up_link: Option<String>,
}

impl Server {
    /// Opens the data directory, binds the address and prepares everything. Nothing is served before [`Server::run`].
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(loaded: Loaded) -> Result<Self, StartError> {
        let Loaded { mut config, settings, .. } = loaded;
        let (catalog, catalog_text) = read_catalog(&config.catalog)?;
        let listener = bind(config.listen).await?;
        let address = listener.local_addr().unwrap_or(config.listen);
        if !settings.contains_key("public_url") {
            // The port may have been chosen by the operating system.
            config.public_url = format!("http://{address}");
        }
        let metrics_listener = match config.metrics.listen.filter(|_| config.metrics.enabled) {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let metrics = if config.metrics.enabled { Metrics::install() } else { None };
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&SqliteOptions::new(&config.data))?);
        // Only now: the directory's lock is held, so nobody else's address is written over.
        if let Err(error) = serving::record(&config.data, &config.public_url) {
            tracing::warn!(%error, "commands beside this server will not know its address");
        }
        let mailer = mailer(&config)?;
        let clock = system_clock();
        let service = build_service(Arc::new(config), catalog, Arc::clone(&store), Arc::clone(&clock))?;
        let in_the_way = service.admit_catalog(&catalog_text).await?;
        if !in_the_way.is_empty() {
            serving::forget(&service.config().data);
            return Err(StartError::CatalogInTheWay(in_the_way));
        }
        let worker = Worker::new(store, mailer, clock, Arc::clone(service.mail_queued()));
        let set_up_link = service.set_up_link().await?;
        Ok(Self { service, listener, metrics_listener, metrics, worker, set_up_link })
    }

    /// The address that is listened on.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The link for setting the platform up, if nobody has yet. It is shown this once.
    pub fn set_up_link(&self) -> Option<&str> {
        self.set_up_link.as_deref()
    }

    /// The configuration in force.
    pub fn config(&self) -> &Arc<Config> {
        self.service.config()
    }

    /// Serves until `stop` resolves, then finishes what is under way and writes what is queued.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(false);
        let until = |mut stopped: watch::Receiver<bool>| async move {
            // A closed channel means that the server is going away too.
            let _ = stopped.wait_for(|stopping| *stopping).await;
        };
        let grace = self.service.config().shutdown.grace;
        let mail = tokio::spawn(self.worker.run(until(stopped.clone())));
        let lapsing = tokio::spawn(self.service.clone().keep_lapsing(until(stopped.clone())));
        let noting = tokio::spawn(self.service.clone().keep_recording_uses(until(stopped.clone())));
        let pruning = tokio::spawn(prune(self.service.clone(), until(stopped.clone())));
        let apart = self.metrics_listener.map(|listener| {
            let site = Site::figures(self.metrics.clone());
            tokio::spawn(http::serve(listener, site, grace, until(stopped.clone())))
        });
        let beside = if apart.is_some() { None } else { self.metrics };
        let site = Site::whole(&self.service, beside);
        let serving = http::serve(self.listener, site, grace, until(stopped));
        tokio::pin!(serving);
        tokio::select! {
            () = stop => {}
            () = &mut serving => {}
        }
        tracing::info!("stopping");
        stopping.send_replace(true);
        serving.await;
        // These end by themselves once they are told; a mail under way is given its time.
        let _ = tokio::time::timeout(grace, mail).await;
        let _ = tokio::time::timeout(grace, lapsing).await;
        let _ = tokio::time::timeout(grace, noting).await;
        pruning.abort();
        if let Some(apart) = apart {
            apart.abort();
        }
        let _ = tokio::time::timeout(grace, self.service.settled()).await;
        serving::forget(&self.service.config().data);
        self.service.store().close().await;
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

/// Removes what has expired, now and then.
async fn prune(service: Service, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        let now = service.now();
        let store = service.store();
        let kept_since = now.checked_sub(IDEMPOTENCY_KEPT).unwrap_or(now);
        let mail_since = now.checked_sub(GIVEN_UP_MAIL_KEPT).unwrap_or(now);
        let result = async {
            while store.prune_expired(now, PRUNE_BATCH).await? >= PRUNE_BATCH {}
            while store.prune_idempotency(kept_since, PRUNE_BATCH).await? >= PRUNE_BATCH {}
            while store.prune_outbox(mail_since, PRUNE_BATCH).await? >= PRUNE_BATCH {}
            Ok::<_, bailiwick_store::StoreError>(())
        };
        if let Err(error) = result.await {
            tracing::warn!(%error, detail = error.detail(), "what has expired could not be removed");
        }
        tokio::select! {
            () = tokio::time::sleep(PRUNE_EVERY) => {}
            () = &mut stop => return,
        }
    }
}
