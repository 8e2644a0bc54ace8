//! Several questions at once (AuthZEN 1.0 section 7): items override the defaults entity by entity, properties and all; only
//! a `type`, `id` or `name` that an entity lacks is that of the default.

use axum::body::Bytes;
use bailiwick_core::access::Question;
use serde_json::Value;

use super::parse::Request;
use super::{ALLOW, DENY, Failure, Said};

/// Answers a batch; without items it is a single question.
pub(super) fn answer(
    request: &Request<'_>,
    most: usize,
    decide: impl Fn(&Question<'_>, &Said<'_>) -> bool,
    explain: impl Fn(&Question<'_>, &Said<'_>, bool) -> Value,
) -> Result<Bytes, Failure> {
    let stop_at = match request.semantic.as_deref() {
        None | Some("execute_all") => None,
        Some("deny_on_first_deny") => Some(false),
        Some("permit_on_first_permit") => Some(true),
        Some(_) => {
            return Err(Failure::bad("`evaluations_semantic` is not one of the three that are defined"));
        }
    };
    let items = request.evaluations.as_deref().unwrap_or_default();
    if items.is_empty() {
        let said = Said::of(request, None);
        let question = said.question().map_err(|missing| Failure::bad(missing.message()))?;
        let decision = decide(&question, &said);
        if said.explain() {
            return Ok(Bytes::from(explain(&question, &said, decision).to_string()));
        }
        return Ok(Bytes::from_static(if decision { ALLOW } else { DENY }));
    }
    if items.len() > most {
        return Err(Failure::bad(format!("a batch has at most {most} evaluations")));
    }
    let mut body = Vec::with_capacity(20 + items.len() * (DENY.len() + 1));
    body.extend_from_slice(br#"{"evaluations":["#);
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            body.push(b',');
        }
        let said = Said::of(item, Some(request));
        let decision = match said.question() {
            Ok(question) => {
                let decision = decide(&question, &said);
                if said.explain() {
                    body.extend_from_slice(explain(&question, &said, decision).to_string().as_bytes());
                } else {
                    body.extend_from_slice(if decision { ALLOW } else { DENY });
                }
                decision
            }
            Err(missing) => {
                let error = serde_json::json!({ "status": 400, "message": missing.message() });
                let item = serde_json::json!({ "decision": false, "context": { "error": error } });
                body.extend_from_slice(item.to_string().as_bytes());
                false
            }
        };
        if stop_at == Some(decision) {
            break;
        }
    }
    body.extend_from_slice(b"]}");
    Ok(Bytes::from(body))
}
