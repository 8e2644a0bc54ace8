//! Making and editing a custom role.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use bailiwick_core::account::{Command, Patch, RoleSpec};
use bailiwick_core::catalog::{Level, Operation, PermissionIndex, PermissionSet};
use bailiwick_core::values::{Description, RoleName};
use serde::Deserialize;
use smol_str::SmolStr;

use super::account_context::AccountContext;
use super::answer::{Answer, Failure, done, page};
use super::complaint::Complaint;
use super::form::{Fields, Submission};
use super::parts::{Alert, Field};
use super::roles::{custom, level_word};
use super::shell::Shell;
use super::visitor::Visitor;
use crate::service::{Error, Outcome, Service, WriteOptions};

/// The role to begin with a copy of.
#[derive(Debug, Deserialize)]
pub(super) struct CopyOf {
    #[serde(default)]
    copy: String,
}

/// A permission to tick.
struct PermissionBox {
    name: String,
    description: String,
    /// The names of what it implies, with spaces between them.
    implies: String,
    is_chosen: bool,
    /// Whether the person holds it and so may give it.
    is_held: bool,
}

/// Permissions under one heading.
struct PermissionSection {
    title: String,
    boxes: Vec<PermissionBox>,
}

#[derive(Template)]
#[template(path = "console/role_form.html")]
struct RoleFormPage {
    shell: Shell,
    alert: Alert,
    base: String,
    heading: String,
    back: String,
    name: Field,
    description: Field,
    /// Value, words and whether it is chosen; empty when the level is settled.
    levels: Vec<(&'static str, &'static str, bool)>,
    sections: Vec<PermissionSection>,
    button: &'static str,
}

/// What the form begins with.
struct Draft {
    name: String,
    description: String,
    level: Level,
    permissions: PermissionSet,
}

/// The form for a new role, possibly with a copy of another one in it.
pub(super) async fn new(
    State(service): State<Service>,
    Path(account): Path<String>,
    visitor: Visitor,
    Query(copy): Query<CopyOf>,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::WriteRoles, "create_role").await?;
    let account = &context.account;
    let draft = match account.find_role(&copy.copy) {
        Some(role) => Draft {
            name: format!("Copy of {}", account.role_title(&role).unwrap_or_default())
                .chars()
                .take(64)
                .collect(),
            description: String::new(),
            level: account.role_level(&role).unwrap_or(Level::Account),
            permissions: account.permissions_of(&role),
        },
        None => Draft {
            name: String::new(),
            description: String::new(),
            level: Level::Account,
            permissions: PermissionSet::EMPTY,
        },
    };
    Ok(render(&context, &draft, None, None))
}

/// Makes the role.
pub(super) async fn create(
    State(service): State<Service>,
    Path(account): Path<String>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::WriteRoles, "create_role").await?;
    match try_create(&context, &fields).await {
        Ok(id) => {
            let notice = format!("The role {} is created.", fields.get("name"));
            Ok(done(&service, &context.path(&format!("/roles/{id}")), &notice))
        }
        Err(complaint) => Ok(render(&context, &draft(&context, &fields), None, Some(&complaint))),
    }
}

async fn try_create(context: &AccountContext<'_>, fields: &Fields) -> Result<String, Complaint> {
    let name = role_name(fields)?;
    let permissions = permissions(fields);
    let role = RoleSpec {
        name: name.clone(),
        description: description(fields)?,
        level: level(fields.get("level")),
        permissions,
        external_id: None,
    };
    let (caller, account, options) = (&context.person.caller, context.account.id(), WriteOptions::default());
    let shape = |changed: &crate::service::Changed<'_>| {
        changed.after.find_role(name.as_str()).map(|role| role.to_string()).unwrap_or_default()
    };
    let outcome =
        context.service.write(caller, account, &Command::CreateRole { role }, &options, shape).await;
    match outcome.map_err(|error| context.complaint(&error))? {
        Outcome::Done { value, .. } => Ok(value),
        Outcome::Dry { .. } | Outcome::Replayed(_) => {
            Err(context.complaint(&Error::internal("a role was not written")))
        }
    }
}

/// The form for a role that is there.
pub(super) async fn edit(
    State(service): State<Service>,
    Path((account, role)): Path<(String, String)>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::WriteRoles, "edit_role").await?;
    let id = custom(&context, &role)?;
    let role = &context.account.role(id).ok_or_else(|| Failure::missing("role"))?.value;
    let draft = Draft {
        name: role.name.to_string(),
        description: role.description.to_string(),
        level: role.level,
        permissions: role
            .permissions
            .iter()
            .filter_map(|name| context.account.catalog().permission(name))
            .collect(),
    };
    Ok(render(&context, &draft, Some(&id.to_string()), None))
}

/// Saves the role.
pub(super) async fn save(
    State(service): State<Service>,
    Path((account, role)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::WriteRoles, "edit_role").await?;
    let id = custom(&context, &role)?;
    let command = role_name(&fields).and_then(|name| {
        Ok(Command::EditRole {
            role: id,
            name: Some(name),
            description: Some(description(&fields)?),
            permissions: Some(permissions(&fields)),
            external_id: Patch::Keep,
        })
    });
    let saved = match command {
        Ok(command) => context.write(&command).await.map_err(|error| context.complaint(&error)),
        Err(complaint) => Err(complaint),
    };
    match saved {
        Ok(()) => Ok(done(&service, &context.path(&format!("/roles/{id}")), "The role is saved.")),
        Err(complaint) => {
            Ok(render(&context, &draft(&context, &fields), Some(&id.to_string()), Some(&complaint)))
        }
    }
}

fn role_name(fields: &Fields) -> Result<RoleName, Complaint> {
    RoleName::parse(fields.get("name")).map_err(|problem| Complaint::text("name", "the name", &problem))
}

fn description(fields: &Fields) -> Result<Description, Complaint> {
    Description::parse(fields.get("description"))
        .map_err(|problem| Complaint::text("description", "the description", &problem))
}

fn permissions(fields: &Fields) -> Vec<SmolStr> {
    fields.all("permission").map(SmolStr::new).collect()
}

fn level(word: &str) -> Level {
    match word {
        "project" => Level::Project,
        "resource" => Level::Resource,
        _ => Level::Account,
    }
}

/// What was typed, to be shown again.
fn draft(context: &AccountContext<'_>, fields: &Fields) -> Draft {
    let catalog = context.account.catalog();
    Draft {
        name: fields.get("name").to_owned(),
        description: fields.get("description").to_owned(),
        level: level(fields.get("level")),
        permissions: fields.all("permission").filter_map(|name| catalog.permission(name)).collect(),
    }
}

fn render(
    context: &AccountContext<'_>,
    draft: &Draft,
    role: Option<&str>,
    complaint: Option<&Complaint>,
) -> Response {
    let catalog = context.account.catalog();
    let held = context.held();
    let escalates = held.contains_any(&catalog.escalate);
    let mut sections: Vec<PermissionSection> = catalog
        .sections
        .iter()
        .map(|section| PermissionSection { title: section.title.clone(), boxes: Vec::new() })
        .collect();
    for (position, permission) in catalog.permissions.iter().enumerate() {
        let Some(index) = PermissionIndex::new(position) else { continue };
        let is_chosen = draft.permissions.contains(index);
        if permission.api_only && !is_chosen {
            continue;
        }
        if let Some(section) = sections.get_mut(permission.section) {
            section.boxes.push(PermissionBox {
                name: permission.name.clone(),
                description: permission.description.clone(),
                implies: catalog.permission_names(permission.implies).collect::<Vec<_>>().join(" "),
                is_chosen,
                is_held: escalates || held.contains(index),
            });
        }
    }
    sections.retain(|section| !section.boxes.is_empty());
    let back = match role {
        Some(id) => context.path(&format!("/roles/{id}")),
        None => context.path("/roles"),
    };
    let levels = [("account", Level::Account), ("project", Level::Project), ("resource", Level::Resource)];
    let levels = levels.map(|(value, level)| (value, level_word(level), level == draft.level));
    let description = Field { most: 256, ..Field::text("description", "Description", &draft.description) };
    let template = RoleFormPage {
        shell: context.shell(if role.is_some() { "Edit role" } else { "New role" }, "roles"),
        alert: Alert::unless_about(complaint, &["name", "description"]),
        base: context.path(""),
        heading: if role.is_some() { format!("Edit {}", draft.name) } else { "New role".to_owned() },
        back,
        name: Field::text("name", "Name", &draft.name).help("4 to 64 characters.").judged(complaint),
        description: description.optional().judged(complaint),
        levels: if role.is_some() { Vec::new() } else { levels.to_vec() },
        sections,
        button: if role.is_some() { "Save role" } else { "Create role" },
    };
    page(context.service, complaint, &template.shell, &template)
}
