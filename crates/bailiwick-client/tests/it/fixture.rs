//! A real server on a real socket that records what it is asked and answers what it was told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use bailiwick_client::wire::Secret;
use bailiwick_client::{Client, ClientBuilder};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Method, path and query, as on the wire.
    pub line: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Seen {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// An answer to give.
pub struct Answer(Response<Body>);

impl Answer {
    /// Status and JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    /// A problem document.
    pub fn problem(status: u16, code: &str) -> Self {
        let body = serde_json::json!({
            "type": "about:blank", "title": "No", "status": status, "code": code, "detail": "it is so", "hint": "ask",
        });
        Self::text(status, "application/problem+json", &body.to_string())
    }

    /// Status, media type and text.
    pub fn text(status: u16, media_type: &str, body: &str) -> Self {
        let response = Response::builder().status(status).header("content-type", media_type);
        Self(response.body(Body::from(body.to_owned())).unwrap())
    }

    /// Status 204.
    pub fn empty() -> Self {
        Self(Response::builder().status(204).body(Body::empty()).unwrap())
    }

    /// With one more header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.0.headers_mut().insert(name, value.parse().unwrap());
        self
    }
}

#[derive(Default)]
struct Script {
    seen: Vec<Seen>,
    answers: VecDeque<Answer>,
}

/// A server that gives these answers in this order.
pub struct Server {
    script: Arc<Mutex<Script>>,
    address: std::net::SocketAddr,
}

impl Server {
    /// Starts it on a free port.
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script =
            Arc::new(Mutex::new(Script { answers: answers.into_iter().collect(), ..Script::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { script, address }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A builder of clients of it.
    pub fn builder(&self) -> ClientBuilder {
        Client::builder(self.url()).credential(Secret::new("bws_token"))
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// What it was asked so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.script.lock().unwrap().seen.clone()
    }

    /// Method, path and query of what it was asked so far.
    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let mut script = script.lock().unwrap();
    script.seen.push(Seen { line: format!("{} {}", parts.method, parts.uri), headers: parts.headers, body });
    script.answers.pop_front().unwrap_or_else(|| Answer::problem(500, "not_in_the_script")).0
}
