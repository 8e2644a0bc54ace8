//! The catalog: the vocabulary of the deployment.

use bailiwick_client::wire;
use serde_json::json;

use super::call::Call;
use super::operation::{Access, NoQuery, Operation, get};
use super::problem::Failure;
use super::respond::Answer;
use super::views;

/// The operation on the catalog.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("get_catalog", "/catalog", Access::SignedIn)
            .reads(show)
            .says(
                "Show the catalog",
                "The sections with their permissions, the resource types, the built-in roles and groups, and the rules \
                 about people: the same for all accounts of the platform.",
            )
            .answers(json!({
                "name": "mine",
                "title": "My cloud",
                "description": "Clusters in projects.",
                "sections": [{ "name": "clusters", "title": "Clusters" }],
                "permissions": [{
                    "name": "write:clusters", "section": "clusters", "description": "Create and change clusters.",
                    "implies": ["read:clusters"], "api_only": false,
                }],
                "resource_types": [{
                    "name": "cluster", "title": "Clusters", "read": "read:clusters", "write": "write:clusters",
                    "delete": "delete:clusters",
                }],
                "roles": [],
                "groups": [],
                "rules": {
                    "owner": "owner", "newcomer": "base", "roles_per_member": "many",
                    "removal_retypes_email": false, "custom_roles": true,
                },
                "operations": { "read_roles": "read:roles" },
            })),
    ]
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<wire::Catalog>, Failure> {
    Answer::json(&views::catalog(call.service.catalog()))
}
