//! The listener and the router: what is served where.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::authzen::Questions;
use crate::service::Service;
use crate::telemetry::metrics::Metrics;
use crate::{api, authzen, console};

/// Connections that are served at once; more wait in the operating system's queue.
const MAX_CONNECTIONS: usize = 10_000;
/// Descriptors that are kept for everything but connections: the database, mail, the listeners.
const OTHER_DESCRIPTORS: usize = 128;
/// How long a peer may take to send a request's head, idle time before it included; over HTTP/2, how long it may say nothing
/// before it is asked whether it is still there.
const HEAD_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a peer may take to answer that.
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// What HTTP/2 begins with (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How often to look whether the rest of that has come.
const PREFACE_PAUSE: Duration = Duration::from_millis(20);
/// The most bytes of a request's head.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// How long to wait after the operating system refused a connection, for instance because all descriptors are in use.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

fn router(service: &Service, metrics: Option<Metrics>) -> Router {
    let health = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(service.clone());
    let router = console::router(service.clone())
        .merge(api::router(service.clone()))
        .merge(authzen::router(service.clone()))
        .merge(health);
    match metrics {
        Some(metrics) => router.merge(metrics_router(Some(metrics))),
        None => router,
    }
}

/// The figures, for a listener of their own or beside everything else.
fn metrics_router(metrics: Option<Metrics>) -> Router {
    Router::new().route("/metrics", get(figures)).with_state(metrics)
}

/// Whether requests can be served: the store reads and writes.
async fn ready(State(service): State<Service>) -> impl IntoResponse {
    match service.store().ping().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")),
    }
}

async fn figures(State(metrics): State<Option<Metrics>>) -> impl IntoResponse {
    let text = metrics.map(|metrics| {
        metrics.upkeep();
        metrics.render()
    });
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text.unwrap_or_default())
}

/// What a listener serves.
#[derive(Clone)]
pub struct Site {
    router: Router,
    /// Not where figures have a listener of their own.
    questions: Option<Questions>,
}

impl Site {
    /// Everything that the server answers.
    pub fn whole(service: &Service, metrics: Option<Metrics>) -> Self {
        Self { router: router(service, metrics), questions: Some(Questions::new(service.clone())) }
    }

    /// Only the figures.
    pub fn figures(metrics: Option<Metrics>) -> Self {
        Self { router: metrics_router(metrics), questions: None }
    }

    async fn answer(&self, mut request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        match &self.questions {
            Some(questions) if Questions::is_one(&request) => {
                questions.answer(request, Some(peer.ip())).await
            }
            _ => {
                request.extensions_mut().insert(ConnectInfo(peer));
                self.router.clone().oneshot(request.map(Body::new)).await.into_response()
            }
        }
    }
}

/// Serves connections until `stop` resolves, then lets requests that are under way end within the grace.
pub async fn serve(listener: TcpListener, site: Site, grace: Duration, stop: impl Future<Output = ()>) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(256).max_header_list_size(64 << 10);
    builder.http2().keep_alive_interval(HEAD_TIMEOUT).keep_alive_timeout(PING_TIMEOUT);
    let (builder, site) = (Arc::new(builder), Arc::new(site));
    let connections = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(most_connections()));
    tokio::pin!(stop);
    loop {
        // The semaphore is never closed.
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let watcher = connections.watcher();
                let connection = connection(Arc::clone(&builder), stream, peer, Arc::clone(&site), watcher);
                tokio::spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(grace, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time and are cut off");
    }
}

async fn connection(
    builder: Arc<Builder<TokioExecutor>>,
    stream: TcpStream,
    peer: SocketAddr,
    site: Arc<Site>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    if !matches!(tokio::time::timeout(HEAD_TIMEOUT, speaks(&stream)).await, Ok(Ok(true))) {
        return;
    }
    // Answers are small and complete: waiting to fill a packet only adds latency.
    let _ = stream.set_nodelay(true);
    let answer = hyper::service::service_fn(move |request: Request<Incoming>| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.answer(request, peer).await) }
    });
    let served = watcher.watch(builder.serve_connection(TokioIo::new(stream), answer)).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Whether a peer says enough to tell which protocol it speaks, which hyper waits for without a limit.
async fn speaks(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    loop {
        let len = stream.peek(&mut first).await?;
        let said = first.get(..len).unwrap_or_default();
        if said.is_empty() || len == PREFACE.len() || !PREFACE.starts_with(said) {
            return Ok(!said.is_empty());
        }
        tokio::time::sleep(PREFACE_PAUSE).await;
    }
}

/// As many connections as there are descriptors for. The process takes as many descriptors as it may, if it needs them.
fn most_connections() -> usize {
    let wanted = u64::try_from(MAX_CONNECTIONS + OTHER_DESCRIPTORS).unwrap_or(u64::MAX);
    let limit = getrlimit(Resource::Nofile);
    let possible = limit.maximum.map_or(wanted, |most| most.min(wanted));
    let given = match limit.current {
        Some(given) if given < possible => {
            let raised = Rlimit { current: Some(possible), ..limit };
            if setrlimit(Resource::Nofile, raised).is_ok() { possible } else { given }
        }
        _ => possible,
    };
    let most = usize::try_from(given).unwrap_or(usize::MAX).saturating_sub(OTHER_DESCRIPTORS);
    most.clamp(1, MAX_CONNECTIONS)
}
