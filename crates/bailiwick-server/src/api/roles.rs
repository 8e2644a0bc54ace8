//! Roles: the catalog's own, and those of the account.

use bailiwick_client::wire;
use bailiwick_core::account::{Account, Command, EntityKey, Event, Refusal, RoleRef, RoleSpec};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::RoleId;
use bailiwick_core::values::Description;
use serde_json::json;
use smol_str::SmolStr;

use super::call::Call;
use super::listing::{Needle, show_page};
use super::operation::{Access, NoQuery, Operation, delete, get, patch, post};
use super::page::Seen;
use super::problem::Failure;
use super::references;
use super::respond::Answer;
use super::views::{Views, level, level_from};
use crate::service::People;

/// The operations on roles.
pub(super) fn operations() -> Vec<Operation> {
    let read = Access::Permission(Permission::ReadRoles);
    let write = Access::Permission(Permission::WriteRoles);
    let remove = Access::Permission(Permission::DeleteRoles);
    vec![
        get("list_roles", "/accounts/{account}/roles", read)
            .reads(list)
            .says(
                "List roles",
                "The catalog's built-in roles come first, in its order, then the account's own, the oldest first.",
            )
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        post("create_role", "/accounts/{account}/roles", write)
            .writes(create)
            .creates()
            .says(
                "Create a custom role",
                "Permissions that the named ones imply are added. You can only put in what you hold in the whole \
                 account yourself.",
            )
            .takes(json!({
                "name": "Cluster operator", "description": "Runs clusters.", "level": "account",
                "permissions": ["write:clusters"],
            }))
            .answers(example())
            .fails(&[
                "escalation", "outlasts_own_access", "taken", "no_custom_roles", "unknown_permission", "empty_role", "invalid_text", "email_as_external_id",
                "limit_reached",
            ]),
        get("get_role", "/accounts/{account}/roles/{role}", read)
            .reads(show)
            .says("Show a role", "By id, built-in name, custom name or external id.")
            .answers(example()),
        patch("update_role", "/accounts/{account}/roles/{role}", write)
            .writes(edit)
            .if_match()
            .says(
                "Change a custom role",
                "What is absent stays. Everybody who holds the role gains and loses at once what changes; you can only \
                 add what you hold in the whole account yourself.",
            )
            .takes(json!({ "permissions": ["read:clusters", "write:clusters"] }))
            .answers(example())
            .fails(&[
                "escalation", "outlasts_own_access", "above_you", "taken", "built_in_role", "unknown_permission", "empty_role", "invalid_text", "email_as_external_id",
                "nothing_to_do",
            ]),
        delete("delete_role", "/accounts/{account}/roles/{role}", remove)
            .writes(remove_role)
            .if_match()
            .says(
                "Delete a custom role",
                "A role that somebody holds, or that a waiting invitation promises, is only deleted together with \
                 `reassign_to`, the role that its holders get instead at the same scopes.",
            )
            .fails(&["role_in_use", "built_in_role", "above_you", "escalation", "outlasts_own_access", "wrong_level", "nothing_to_do"]),
        post("duplicate_role", "/accounts/{account}/roles/{role}:duplicate", write)
            .writes(duplicate)
            .creates()
            .says(
                "Copy a role",
                "Makes a custom role with the description, level and permissions of another one, built-in or custom.",
            )
            .takes(json!({ "name": "Admin without billing" }))
            .answers(example())
            .fails(&["escalation", "outlasts_own_access", "taken", "no_custom_roles", "invalid_text", "email_as_external_id", "limit_reached"]),
    ]
}

fn example() -> serde_json::Value {
    json!({
        "id": "rol_0197a2b4c6d87e0f9a1b2c3d4e5f6071",
        "name": "Cluster operator",
        "description": "Runs clusters.",
        "level": "account",
        "built_in": false,
        "permissions": ["read:clusters", "write:clusters"],
        "holders": 3,
        "revision": 17,
    })
}

async fn list(call: Call, query: wire::RoleQuery) -> Result<Answer<wire::Page<wire::Role>>, Failure> {
    let account = call.account()?;
    let page = call.page(&query)?;
    let needle = Needle::new(query.q.as_ref())?;
    let after: Option<RoleRef> = page.after()?;
    let wanted = |role: &RoleRef, texts: &[&str]| {
        let built_in = matches!(role, RoleRef::BuiltIn(_));
        let fits = query.built_in.is_none_or(|only| only == built_in)
            && query.level.is_none_or(|only| account.role_level(role).map(level) == Some(only))
            && needle.is_in(texts);
        (role.clone(), if fits { Seen::Yes(role.clone()) } else { Seen::No })
    };
    let built_in = account.catalog().roles.iter();
    // Behind a built-in role come those after it in the catalog; behind a custom one, none.
    let skipped = match &after {
        None => 0,
        Some(RoleRef::BuiltIn(name)) => {
            built_in.clone().position(|role| role.name == **name).map_or(usize::MAX, |place| place + 1)
        }
        Some(RoleRef::Custom(_)) => usize::MAX,
    };
    let built_in = built_in.skip(skipped).map(|role| {
        let reference = RoleRef::BuiltIn(SmolStr::new(&role.name));
        wanted(&reference, &[&role.title, &role.description, &role.name])
    });
    let behind = match after {
        Some(RoleRef::Custom(id)) => Some(id),
        Some(RoleRef::BuiltIn(_)) | None => None,
    };
    let custom = account.roles_after(behind).map(|(id, role)| {
        let external_id = role.value.external_id.as_ref().map_or("", |text| text.as_str());
        let texts = [role.value.name.as_str(), role.value.description.as_str(), external_id];
        wanted(&RoleRef::Custom(id), &texts)
    });
    let found = page.take(built_in.chain(custom));
    let people = People::default();
    let views = Views::new(&account, &people, call.now());
    let shown = show_page(found, |roles| views.roles(&roles));
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<wire::Role>, Failure> {
    let account = call.account()?;
    let role = in_path(&call, &account)?;
    let people = People::default();
    let shown = Views::new(&account, &people, call.now()).role(&role);
    let shown = shown.ok_or_else(|| Failure::not_found("role"))?;
    Ok(Answer::entity(&shown)?.revision(account.revision()))
}

async fn create(
    call: Call,
    query: wire::WriteQuery,
    input: wire::CreateRole,
) -> Result<Answer<wire::Role>, Failure> {
    let role = RoleSpec {
        name: references::role_name("name", &input.name)?,
        description: references::description("description", &input.description)?,
        level: level_from(input.level),
        permissions: references::permissions(&input.permissions),
        external_id: references::external_id(input.external_id.as_ref())?,
    };
    create_as(&call, query.dry_run, role).await
}

async fn duplicate(
    call: Call,
    query: wire::WriteQuery,
    input: wire::DuplicateRole,
) -> Result<Answer<wire::Role>, Failure> {
    let name = references::role_name("name", &input.name)?;
    let account = call.account()?;
    let people = People::default();
    let reference = in_path(&call, &account)?;
    let original = Views::new(&account, &people, call.now()).role(&reference);
    let original = original.ok_or_else(|| Failure::not_found("role"))?;
    // A catalog may describe its roles at greater length than accounts do.
    let short: String = original.description.chars().take(256).collect();
    let role = RoleSpec {
        name,
        description: Description::parse(&short).unwrap_or_default(),
        level: level_from(original.level),
        permissions: references::permissions(&original.permissions),
        external_id: None,
    };
    create_as(&call, query.dry_run, role).await
}

async fn create_as(call: &Call, dry_run: bool, role: RoleSpec) -> Result<Answer<wire::Role>, Failure> {
    let command = Command::CreateRole { role };
    let people = People::default();
    call.change(&command, dry_run, None, &people, |views, events| {
        let created = events.iter().find_map(|event| match event {
            Event::RoleCreated { id, .. } => Some(*id),
            _ => None,
        });
        views.role(&RoleRef::Custom(created?))
    })
    .await
}

async fn edit(
    call: Call,
    query: wire::WriteQuery,
    input: wire::UpdateRole,
) -> Result<Answer<wire::Role>, Failure> {
    let role = custom_in_path(&call)?;
    let name = input.name.as_ref().map(|text| references::role_name("name", text)).transpose()?;
    let description = input.description.as_ref();
    let command = Command::EditRole {
        role,
        name,
        description: description.map(|text| references::description("description", text)).transpose()?,
        permissions: input.permissions.as_deref().map(references::permissions),
        external_id: references::external_id_patch(&input.external_id)?,
    };
    let people = People::default();
    let show = |views: &Views<'_>, _: &[Event]| views.role(&RoleRef::Custom(role));
    call.change(&command, query.dry_run, Some(EntityKey::Role(role)), &people, show).await
}

async fn remove_role(call: Call, query: wire::DeleteRoleQuery, (): ()) -> Result<Answer<()>, Failure> {
    let role = custom_in_path(&call)?;
    let account = call.account()?;
    let references = call.references(&account)?;
    let other = query.reassign_to.as_ref();
    let reassign_to = other.map(|text| references.role("?reassign_to", text)).transpose()?;
    let command = Command::DeleteRole { role, reassign_to };
    call.change_silently(&command, query.dry_run, Some(EntityKey::Role(role))).await
}

fn in_path(call: &Call, account: &Account) -> Result<RoleRef, Failure> {
    account.find_role(call.parameter("role")).ok_or_else(|| Failure::not_found("role"))
}

/// The custom role in the path; built-in ones are nobody's to change.
fn custom_in_path(call: &Call) -> Result<RoleId, Failure> {
    match in_path(call, &*call.account()?)? {
        RoleRef::Custom(id) => Ok(id),
        role @ RoleRef::BuiltIn(_) => Err(Refusal::BuiltInRole { role }.into()),
    }
}
