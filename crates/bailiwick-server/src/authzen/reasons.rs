//! Why a decision is as it is, for callers who ask for it with `"explain": true` in the `context`.

use bailiwick_client::wire;
use bailiwick_core::access::{Circumstances, Question};
use bailiwick_core::account::Account;
use serde_json::{Value, json};

use crate::api::views::Views;
use crate::service::People;

/// The decision with its reason, in the words of an administrator and of the person concerned, and the account's revision.
pub(super) fn explained(
    account: &Account,
    question: &Question<'_>,
    decision: bool,
    now: Circumstances<'_>,
) -> Value {
    let Question { subject_id, action, resource_type, resource_id, .. } = question;
    let may = if decision { "may" } else { "may not" };
    let help = if decision { "" } else { "; ask an administrator of the account for access" };
    json!({
        "decision": decision,
        "context": {
            "reason_admin": { "en": reason(account, question, now) },
            "reason_user": { "en": format!("{subject_id} {may} `{action}` on {resource_type} `{resource_id}`{help}") },
            "revision": account.revision().0,
        },
    })
}

fn reason(account: &Account, question: &Question<'_>, now: Circumstances<'_>) -> String {
    let Question { subject_type, subject_id, action, resource_type, resource_id } = *question;
    let Some(principal) = account.principal(subject_type, subject_id) else {
        return format!("there is no {subject_type} `{subject_id}` in this account");
    };
    let Some(permission) = account.permission_named(action, resource_type) else {
        return format!("the catalog has no permission `{action}` for {resource_type}");
    };
    let Some(target) = account.target(resource_type, resource_id) else {
        return format!("there is no {resource_type} `{resource_id}` in this account");
    };
    let explanation = account.explain(principal, permission, &target, now);
    let asked = wire::AccessQuestion {
        principal: subject_id.to_owned(),
        action: action.to_owned(),
        resource: wire::TargetRef { target_type: resource_type.to_owned(), id: resource_id.to_owned() },
    };
    // People are called by their id: names are in the directory, which no decision waits for.
    let people = People::default();
    // Who asks may check access, and so is told which policies they are.
    Views::new(account, &people, now.now).explanation(principal, &asked, &target, &explanation, true).summary
}
