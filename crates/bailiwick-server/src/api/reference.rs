//! The reference: the OpenAPI document, the page for people and the files under `docs/`, all made from the same list.

mod markdown;
mod page;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Response};
use axum::routing::get;

pub use markdown::{errors, operations};

use super::{dispatch, openapi};
use crate::service::Service;

/// The page has a style sheet of this server and nothing else: no script, no font, no frame.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The style sheet of the page.
const STYLE: &str = include_str!("../../templates/api/docs.css");

/// Serves `/api/v1/openapi.json`, `/api/v1/docs` and its style sheet.
pub(super) fn router(service: &Service) -> Router {
    let is_https = service.config().is_https();
    let public_url = service.config().public_url.clone();
    let serve = move |path: &'static str, media_type: &'static str, text: Written| {
        // Made when somebody asks for it: it takes as much memory as the rest of an idle server.
        let text = Arc::new(LazyLock::new(move || Bytes::from(text())));
        let answer =
            async move |headers: HeaderMap| fixed(media_type, Bytes::clone(&text), &headers, is_https);
        Router::new().route(path, get(answer))
    };
    let document = || openapi::document(&super::operations()).to_string();
    let page = move || page::render(&super::operations(), &public_url);
    serve("/api/v1/openapi.json", "application/json", Box::new(document))
        .merge(serve("/api/v1/docs", "text/html; charset=utf-8", Box::new(page)))
        .merge(serve("/api/v1/docs.css", "text/css; charset=utf-8", Box::new(|| STYLE.to_owned())))
}

/// What writes a text.
type Written = Box<dyn FnOnce() -> String + Send>;

fn fixed(media_type: &'static str, body: Bytes, request: &HeaderMap, is_https: bool) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(HeaderName::from_static("content-security-policy"), HeaderValue::from_static(PAGE_POLICY));
    dispatch::finish(headers, &dispatch::request_id(request), is_https);
    response
}
