//! From a method and a path to an operation. Paths are those of the list of operations; `:verbs` end the last segment.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::operation::Operation;
use super::problem::{Failure, code};

/// The greatest number of bytes of a path parameter: an external id of 128 characters of four bytes.
const PARAMETER_MAX_BYTES: usize = 512;

/// Where every path leads.
#[derive(Clone)]
pub(super) struct Routes(Arc<[Route]>);

struct Route {
    segments: Vec<Segment>,
    operation: Arc<Operation>,
}

/// One part of a path between slashes.
enum Segment {
    Fixed(&'static str),
    Parameter { name: &'static str, verb: Option<&'static str> },
}

/// An operation with the values of its path parameters.
pub(super) struct Found {
    pub(super) operation: Arc<Operation>,
    pub(super) path: Vec<(&'static str, String)>,
}

impl Routes {
    pub(super) fn new(operations: Vec<Operation>) -> Self {
        let route = |operation: Operation| Route {
            segments: operation.path.trim_start_matches('/').split('/').map(Segment::parse).collect(),
            operation: Arc::new(operation),
        };
        let mut routes: Vec<Route> = operations.into_iter().map(route).collect();
        // Verbs and fixed segments first, since a parameter alone matches everything.
        routes.sort_by_key(|route| route.segments.iter().map(Segment::looseness).collect::<Vec<_>>());
        Self(routes.into())
    }

    /// Finds the operation for a path below `/api/v1/`, without that prefix.
    ///
    /// # Errors
    /// `no_route`, `method_not_allowed` with `Allow`, `invalid_path`.
    pub(super) fn find(&self, method: &Method, path: &str) -> Result<Found, Failure> {
        let given: Vec<&str> = path.split('/').collect();
        let mut allowed = BTreeSet::new();
        let mut shape = None;
        for route in self.0.iter().filter(|route| route.matches(&given)) {
            // Only operations of the most specific path count: `x:resend` is not `{id}` with an odd name.
            if *shape.get_or_insert(route.operation.path) != route.operation.path {
                continue;
            }
            let own = &route.operation.method;
            if own == method || (*own == Method::GET && *method == Method::HEAD) {
                return Ok(Found { operation: Arc::clone(&route.operation), path: route.values(&given)? });
            }
            allowed.insert(own.as_str());
        }
        if allowed.is_empty() {
            let shown: String = path.chars().take(200).collect();
            return Err(Failure::new(&code::NO_ROUTE, format!("there is nothing at `/api/v1/{shown}`")));
        }
        if allowed.contains("GET") {
            allowed.insert("HEAD");
        }
        let allow = allowed.into_iter().collect::<Vec<_>>().join(", ");
        let detail = format!("`{method}` is not for this address");
        Err(Failure::new(&code::METHOD_NOT_ALLOWED, detail).with_header(axum::http::header::ALLOW, &allow))
    }
}

impl Route {
    fn matches(&self, given: &[&str]) -> bool {
        self.segments.len() == given.len()
            && self.segments.iter().zip(given).all(|(segment, given)| segment.value(given).is_some())
    }

    fn values(&self, given: &[&str]) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut values = Vec::new();
        for (segment, given) in self.segments.iter().zip(given) {
            if let Segment::Parameter { name, .. } = segment {
                let value = segment.value(given).unwrap_or_default();
                let decoded = percent_decode_str(value).decode_utf8();
                let decoded = decoded.ok().filter(|text| text.len() <= PARAMETER_MAX_BYTES);
                let text = decoded.ok_or_else(|| {
                    Failure::new(&code::INVALID_PATH, format!("the {name} in the path cannot be an id"))
                })?;
                values.push((*name, text.into_owned()));
            }
        }
        Ok(values)
    }
}

impl Segment {
    fn parse(text: &'static str) -> Self {
        match text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((name, verb)) => Self::Parameter { name, verb: verb.strip_prefix(':') },
            None => Self::Fixed(text),
        }
    }

    fn looseness(&self) -> u8 {
        match self {
            Self::Fixed(_) => 0,
            Self::Parameter { verb: Some(_), .. } => 1,
            Self::Parameter { verb: None, .. } => 2,
        }
    }

    /// What stands for the parameter, still encoded; empty for a fixed segment; `None` if the segment does not match.
    fn value<'a>(&self, given: &'a str) -> Option<&'a str> {
        match self {
            Self::Fixed(text) => (*text == given).then_some(""),
            Self::Parameter { verb: None, .. } => (!given.is_empty()).then_some(given),
            Self::Parameter { verb: Some(verb), .. } => {
                given.strip_suffix(verb)?.strip_suffix(':').filter(|id| !id.is_empty())
            }
        }
    }
}
