//! Projects.

use bailiwick_client::wire;
use bailiwick_core::account::{Account, Command, EntityKey, Event, Project, Scope, Versioned};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::ProjectId;
use serde_json::json;

use super::call::Call;
use super::listing::{Needle, show_page};
use super::naming::{Naming, Renaming, is_called};
use super::operation::{Access, NoQuery, Operation, delete, get, patch, post};
use super::page::Seen;
use super::problem::Failure;
use super::respond::Answer;
use super::views::Views;
use crate::service::People;

/// The operations on projects.
pub(super) fn operations() -> Vec<Operation> {
    let read = Access::Permission(Permission::ReadAccount);
    let write = Access::Permission(Permission::WriteProjects);
    let remove = Access::Permission(Permission::DeleteProjects);
    vec![
        get("list_projects", "/accounts/{account}/projects", read)
            .reads(list)
            .says(
                "List projects",
                "The oldest first. Projects that you may not see are left out, and `filtered` says so.",
            )
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        post("create_project", "/accounts/{account}/projects", write)
            .writes(create)
            .creates()
            .says(
                "Create a project",
                "Where the catalog names a role for whoever creates a project, you get it there, if you hold all of it \
                 already.",
            )
            .takes(json!({ "name": "Production", "external_id": "prod" }))
            .answers(example())
            .fails(&["taken", "invalid_text", "email_as_external_id", "limit_reached"]),
        get("get_project", "/accounts/{account}/projects/{project}", read)
            .reads(show)
            .says("Show a project", "By id or external id.")
            .answers(example()),
        patch("update_project", "/accounts/{account}/projects/{project}", write)
            .writes(edit)
            .if_match()
            .says("Change a project", "What is absent stays.")
            .takes(json!({ "description": "What customers use." }))
            .answers(example())
            .fails(&["taken", "invalid_text", "email_as_external_id", "nothing_to_do", "above_you"]),
        delete("delete_project", "/accounts/{account}/projects/{project}", remove)
            .writes(remove_project)
            .if_match()
            .says(
                "Delete an empty project",
                "Grants at the project end with it. A project with resources, and the default project, are not deleted.",
            )
            .fails(&["project_in_use", "default_project", "too_much_at_once"]),
        post("leave_project", "/accounts/{account}/projects/{project}:leave", Access::Person)
            .writes(leave)
            .says(
                "Leave a project",
                "Ends what the caller was granted at the project and below it. What they hold through a group or in the whole \
                 account stays. The only holder of a role that must keep one does not leave.",
            )
            .fails(&["last_holder", "already_so", "people_only", "too_much_at_once"]),
        delete(
            "remove_project_member",
            "/accounts/{account}/projects/{project}/members/{member}",
            Access::Permission(Permission::WriteRoles),
        )
        .writes(remove_member)
        .says(
            "Take a member out of a project",
            "Ends what the member was granted at the project and below it, if the caller may take all of that away. The \
             membership of the account stays, and so does what they hold through a group or in the whole account.",
        )
        .fails(&["above_you", "last_holder", "already_so", "yourself", "member_pending", "too_much_at_once"]),
    ]
}

fn example() -> serde_json::Value {
    json!({
        "id": "prj_0197a2b4c6d87e0f9a1b2c3d4e5f6075",
        "name": "Production",
        "description": "",
        "external_id": "prod",
        "default": false,
        "resources": 12,
        "revision": 30,
    })
}

async fn list(call: Call, query: wire::ProjectQuery) -> Result<Answer<wire::Page<wire::Project>>, Failure> {
    let account = call.account()?;
    let page = call.page(&query)?;
    let needle = Needle::new(query.q.as_ref())?;
    let (actor, circumstances) = (call.actor()?, call.circumstances()?);
    // What is held at the account is held everywhere, unless a policy says more of single projects.
    let sees_all =
        !account.has_policies() && call.authorize(&account, Permission::ReadAccount, &Scope::Account).is_ok();
    let cost =
        if sees_all { 1 } else { account.cost_of_asking(account.permission_for(Permission::ReadAccount)) };
    let seen = |(id, project): (ProjectId, &Versioned<Project>)| {
        let Project { name, description, external_id, .. } = &project.value;
        let fits = is_called(&needle, name, description, external_id.as_ref());
        // What is hidden is so whatever is asked: whether it fits would tell something of it.
        let seen = match sees_all || account.sees_project(actor, id, circumstances) {
            false => Seen::Hidden,
            true if fits => Seen::Yes(id),
            true => Seen::No,
        };
        (id, seen)
    };
    let found = page.take_looking(account.projects_after(page.after()?), |_| cost, seen);
    let people = People::default();
    let views = Views::new(&account, &people, call.now());
    let shown = show_page(found, |ids| ids.into_iter().filter_map(|id| views.project(id)).collect());
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<wire::Project>, Failure> {
    let account = call.account()?;
    let id = in_path(&call, &account)?;
    let people = People::default();
    let sees = account.sees_project(call.actor()?, id, call.circumstances()?);
    let shown = Views::new(&account, &people, call.now()).project(id);
    let shown = shown.filter(|_| sees).ok_or_else(|| Failure::not_found("project"))?;
    Ok(Answer::entity(&shown)?.revision(account.revision()))
}

async fn create(
    call: Call,
    query: wire::WriteQuery,
    input: wire::CreateProject,
) -> Result<Answer<wire::Project>, Failure> {
    let Naming { name, description, external_id } =
        Naming::read(&input.name, &input.description, input.external_id.as_ref())?;
    let command = Command::CreateProject { name, description, external_id };
    let people = People::default();
    call.change(&command, query.dry_run, None, &people, |views, events| {
        let created = events.iter().find_map(|event| match event {
            Event::ProjectCreated { id, .. } => Some(*id),
            _ => None,
        });
        views.project(created?)
    })
    .await
}

async fn edit(
    call: Call,
    query: wire::WriteQuery,
    input: wire::UpdateProject,
) -> Result<Answer<wire::Project>, Failure> {
    let project = in_path(&call, &*call.account()?)?;
    let Renaming { name, description, external_id } =
        Renaming::read(input.name.as_ref(), input.description.as_ref(), &input.external_id)?;
    let command = Command::EditProject { project, name, description, external_id };
    let people = People::default();
    let show = |views: &Views<'_>, _: &[Event]| views.project(project);
    call.change(&command, query.dry_run, Some(EntityKey::Project(project)), &people, show).await
}

async fn remove_project(call: Call, query: wire::WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let project = in_path(&call, &*call.account()?)?;
    let command = Command::DeleteProject { project };
    call.change_silently(&command, query.dry_run, Some(EntityKey::Project(project))).await
}

async fn leave(call: Call, query: wire::WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let project = in_path(&call, &*call.account()?)?;
    call.change_silently(&Command::LeaveProject { project }, query.dry_run, None).await
}

async fn remove_member(call: Call, query: wire::WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let account = call.account()?;
    let project = in_path(&call, &account)?;
    let (actor, circumstances) = (call.actor()?, call.circumstances()?);
    let user = account.find_member(call.parameter("member"));
    let user = user.filter(|user| account.sees_member(actor, *user, circumstances));
    let user = user.ok_or_else(|| Failure::not_found("member"))?;
    call.change_silently(&Command::RemoveFromProject { project, user }, query.dry_run, None).await
}

/// The project of the path, for who may know of it.
fn in_path(call: &Call, account: &Account) -> Result<ProjectId, Failure> {
    let (actor, circumstances) = (call.actor()?, call.circumstances()?);
    let found = account.find_project(call.parameter("project"));
    let known = found.filter(|id| account.knows_project(actor, *id, circumstances));
    known.ok_or_else(|| Failure::not_found("project"))
}
