//! Service accounts and their management keys.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use bailiwick_core::account::{Command, KeyHolder, Principal, RoleAtScope, Scope, SecretHash};
use bailiwick_core::catalog::Operation;
use bailiwick_core::ids::{KeyId, ServiceAccountId};
use bailiwick_core::values::{Description, Name};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;

use super::account_context::AccountContext;
use super::answer::{Answer, Failure, done, page};
use super::complaint::Complaint;
use super::form::{Fields, Submission};
use super::members::{Chip, chip};
use super::parts::{Alert, Field};
use super::scope_choice::RoleChoice;
use super::shell::Shell;
use super::text::{Moment, moment};
use super::visitor::Visitor;
use crate::identity::tokens::{ManagementKey, display_prefix};
use crate::service::{Error, Service, new_id};

/// How many service accounts the page shows.
const MAX_SHOWN: usize = 200;

/// A service account with its keys.
struct ServiceAccountLine {
    path: String,
    name: String,
    description: String,
    roles: Vec<Chip>,
    keys: Vec<KeyLine>,
    /// Whether the person may make a key for it: not for one that holds more than they do.
    takes_key: bool,
    is_deletable: bool,
}

/// A key, by its beginning.
struct KeyLine {
    path: String,
    name: String,
    prefix: String,
    made: Moment,
    expires: Option<Moment>,
    is_over: bool,
}

#[derive(Template)]
#[template(path = "console/keys.html")]
struct KeysPage {
    shell: Shell,
    alert: Alert,
    base: String,
    lines: Vec<ServiceAccountLine>,
    is_complete: bool,
    name: Field,
    description: Field,
    roles: Vec<RoleChoice>,
    is_one_role: bool,
    may_write: bool,
    may_delete: bool,
}

#[derive(Template)]
#[template(path = "console/key.html")]
struct KeyPage {
    shell: Shell,
    name: String,
    secret: String,
    back: String,
}

/// The list.
pub(super) async fn list(
    State(service): State<Service>,
    Path(account): Path<String>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::ReadKeys, "list_keys").await?;
    Ok(render(&context, &Fields::default(), None))
}

/// Makes a service account.
pub(super) async fn create_service_account(
    State(service): State<Service>,
    Path(account): Path<String>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::WriteKeys, "create_service_account").await?;
    let created = match service_account(&context, &fields) {
        Ok(command) => context.write(&command).await.map_err(|error| context.complaint(&error)),
        Err(complaint) => Err(complaint),
    };
    match created {
        Ok(()) => {
            let notice =
                format!("The service account {} is created. Make a key for it next.", fields.get("name"));
            Ok(done(&service, &context.path("/keys"), &notice))
        }
        Err(complaint) => again(&context, &fields, complaint),
    }
}

fn service_account(context: &AccountContext<'_>, fields: &Fields) -> Result<Command, Complaint> {
    let mut grants = Vec::new();
    for role in fields.all("role").filter(|role| !role.is_empty()) {
        grants.push(RoleAtScope { role: context.role_named(role)?, scope: Scope::Account, until: None });
    }
    Ok(Command::CreateServiceAccount {
        name: Name::parse(fields.get("name"))
            .map_err(|problem| Complaint::text("name", "the name", &problem))?,
        description: Description::parse(fields.get("description"))
            .map_err(|problem| Complaint::text("description", "the description", &problem))?,
        external_id: None,
        grants,
    })
}

/// Makes a key and shows it, this once.
pub(super) async fn create_key(
    State(service): State<Service>,
    Path((account, service_account)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::WriteKeys, "create_key").await?;
    let id = parse(&context, &service_account)?;
    let name = match Name::parse(fields.get("key_name")) {
        Ok(name) => name,
        Err(problem) => {
            let complaint = Complaint::text("key_name", "the key's name", &problem);
            return again(&context, &Fields::default(), complaint);
        }
    };
    let expires_at = match expiry(fields.get("days"), context.now) {
        Ok(expires_at) => expires_at,
        Err(complaint) => return again(&context, &Fields::default(), complaint),
    };
    let key_id: KeyId = new_id();
    let key = ManagementKey::generate(key_id).map_err(|error| Failure::from(Error::internal(error)))?;
    let command = Command::CreateKey {
        key: key_id,
        holder: KeyHolder::ServiceAccount(id),
        name: name.clone(),
        secret_hash: SecretHash(*key.hash().as_bytes()),
        expires_at,
    };
    if let Err(error) = context.write(&command).await {
        return again(&context, &Fields::default(), context.complaint(&error));
    }
    let template = KeyPage {
        shell: context.shell("New management key", "keys"),
        name: name.to_string(),
        secret: key.reveal().expose_secret().to_owned(),
        back: context.path("/keys"),
    };
    Ok(page(&service, None, &template.shell, &template))
}

/// A number of days, or nothing for a key that does not end.
fn expiry(days: &str, now: Timestamp) -> Result<Option<Timestamp>, Complaint> {
    if days.is_empty() {
        return Ok(None);
    }
    let days: Option<i64> = days.parse().ok().filter(|days| (1..=3_650).contains(days));
    let end = days.and_then(|days| now.checked_add(SignedDuration::from_hours(days * 24)).ok());
    match end {
        Some(end) => Ok(Some(end)),
        None => Err(Complaint::field("days", "a key lives from 1 to 3650 days", "choose one of the list")),
    }
}

/// The service account of this id, name or external id.
pub(super) fn parse(context: &AccountContext<'_>, id: &str) -> Result<ServiceAccountId, Failure> {
    context.account.find_service_account(id).ok_or_else(|| Failure::missing("service account"))
}

/// The list once more with what was wrong with a form: without the list for people who may make keys and not see them.
fn again(context: &AccountContext<'_>, fields: &Fields, complaint: Complaint) -> Answer {
    if context.may(Operation::ReadKeys) {
        Ok(render(context, fields, Some(&complaint)))
    } else {
        Err(Failure::Complaint(Box::new(complaint)))
    }
}

fn render(context: &AccountContext<'_>, fields: &Fields, complaint: Option<&Complaint>) -> Response {
    let account = &context.account;
    let (may_write, may_delete) = (context.may(Operation::WriteKeys), context.may(Operation::DeleteKeys));
    let mut lines: Vec<ServiceAccountLine> = account
        .service_accounts_after(None)
        .take(MAX_SHOWN + 1)
        .map(|(id, found)| {
            let path = context.path(&format!("/keys/{id}"));
            let grants = account.grants_of(Principal::ServiceAccount(id));
            ServiceAccountLine {
                name: found.value.name.to_string(),
                description: found.value.description.to_string(),
                roles: grants
                    .map(|(_, grant)| chip(context, &grant.value.role, &grant.value.scope))
                    .collect(),
                keys: key_lines(context, id, &path),
                takes_key: may_write && takes_key(context, id),
                is_deletable: may_delete
                    && context.would(&Command::DeleteServiceAccount { service_account: id }),
                path,
            }
        })
        .collect();
    let is_complete = lines.len() <= MAX_SHOWN;
    lines.truncate(MAX_SHOWN);
    let description =
        Field { most: 256, ..Field::text("description", "Description", fields.get("description")) };
    let template = KeysPage {
        shell: context.shell("Management keys", "keys"),
        alert: Alert::unless_about(complaint, &["name", "description"]),
        base: context.path(""),
        lines,
        is_complete,
        name: Field::text("name", "Name", fields.get("name")).judged(complaint),
        description: description.optional().judged(complaint),
        roles: context.account_roles(Operation::WriteKeys, |role| fields.has("role", &role.to_string())),
        is_one_role: false,
        may_write,
        may_delete,
    };
    page(context.service, complaint, &template.shell, &template)
}

/// Whether the person may make a key for a service account, for the shortest time that the form offers.
fn takes_key(context: &AccountContext<'_>, id: ServiceAccountId) -> bool {
    let Ok(name) = Name::parse("key") else { return false };
    context.would(&Command::CreateKey {
        key: new_id(),
        holder: KeyHolder::ServiceAccount(id),
        name,
        secret_hash: SecretHash([0; 32]),
        expires_at: context.now.checked_add(SignedDuration::from_hours(30 * 24)).ok(),
    })
}

fn key_lines(context: &AccountContext<'_>, id: ServiceAccountId, path: &str) -> Vec<KeyLine> {
    let account = &context.account;
    let keys =
        account.keys_of(KeyHolder::ServiceAccount(id)).filter_map(|key| Some((key, account.key(key)?)));
    let lines = keys.map(|(key, found)| KeyLine {
        path: format!("{path}/{key}"),
        name: found.value.name.to_string(),
        prefix: display_prefix(key),
        made: moment(found.value.made_at, context.now),
        expires: found.value.expires_at.map(|at| moment(at, context.now)),
        is_over: found.value.expires_at.is_some_and(|at| at <= context.now),
    });
    lines.collect()
}
