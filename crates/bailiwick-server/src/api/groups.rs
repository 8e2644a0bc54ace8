//! Groups, and who is in them.

use bailiwick_client::wire;
use bailiwick_core::access::AccessDifference;
use bailiwick_core::account::{Account, Command, EntityKey, Event, Group, Principal, Scope};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::GroupId;
use serde_json::json;

use super::call::Call;
use super::listing::{Needle, show_page};
use super::naming::{Naming, Renaming, is_called};
use super::operation::{Access, NoQuery, Operation, delete, get, patch, post, put};
use super::page::Seen;
use super::problem::Failure;
use super::respond::Answer;
use super::views::Views;
use crate::service::People;

/// The operations on groups.
pub(super) fn operations() -> Vec<Operation> {
    let read = Access::Permission(Permission::ReadMembers);
    let write = Access::Permission(Permission::WriteGroups);
    let remove = Access::Permission(Permission::DeleteGroups);
    vec![
        get("list_groups", "/accounts/{account}/groups", read)
            .reads(list)
            .says("List groups", "The oldest first, each with the roles that its members have through it.")
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        post("create_group", "/accounts/{account}/groups", write)
            .writes(create)
            .creates()
            .says("Create a group", "It starts empty and without roles: add members, and grant it roles.")
            .takes(json!({ "name": "Search team", "external_id": "team-search" }))
            .answers(example())
            .fails(&["taken", "invalid_text", "email_as_external_id", "limit_reached"]),
        get("get_group", "/accounts/{account}/groups/{group}", read)
            .reads(show)
            .says("Show a group", "By id or external id. The `ETag` changes with the group's grants and its members too.")
            .answers(example()),
        patch("update_group", "/accounts/{account}/groups/{group}", write)
            .writes(edit)
            .if_match()
            .says("Change a group", "What is absent stays.")
            .takes(json!({ "name": "Search and ranking" }))
            .answers(example())
            .fails(&["taken", "invalid_text", "email_as_external_id", "nothing_to_do", "above_you", "escalation", "outlasts_own_access"]),
        delete("delete_group", "/accounts/{account}/groups/{group}", remove)
            .writes(remove_group)
            .if_match()
            .says("Delete a group", "Its grants end with it, so that its members lose what they had through it.")
            .fails(&["last_holder", "above_you"]),
        get("list_group_members", "/accounts/{account}/groups/{group}/members", read)
            .reads(list_members)
            .says(
                "List who is in a group",
                "Members, the oldest users first, then groups. Who is in one of these groups is not named again.",
            )
            .answers(json!({ "items": [], "complete": true, "filtered": false })),
        put("add_group_member", "/accounts/{account}/groups/{group}/members/{member}", write)
            .writes(add_member)
            .says(
                "Put a member or a group into a group",
                "By id or external id; an external id that a member and a group share names neither. The member, or \
                 each member of the group, has at once what the group and the groups above it were granted, so you \
                 must hold all of that yourself. Nothing happens if it is in the group already. No group is in \
                 itself; groups nest up to 8 deep, with at most 20 groups above one and 1000 below one.",
            )
            .fails(&["escalation", "outlasts_own_access", "member_pending", "target_inactive", "group_cycle", "limit_reached"]),
        delete("remove_group_member", "/accounts/{account}/groups/{group}/members/{member}", write)
            .writes(remove_member)
            .says(
                "Take a member or a group out of a group",
                "The member, or each member of the group, loses at once what comes through the group.",
            )
            .fails(&["last_holder", "above_you"]),
    ]
}

fn example() -> serde_json::Value {
    json!({
        "id": "grp_0197a2b4c6d87e0f9a1b2c3d4e5f6072",
        "name": "Search team",
        "description": "",
        "external_id": "team-search",
        "members": 4,
        "groups": [{ "id": "grp_0197a2b4c6d87e0f9a1b2c3d4e5f6071", "name": "Ranking" }],
        "member_of": [],
        "roles": [],
        "revision": 21,
    })
}

async fn list(call: Call, query: wire::GroupQuery) -> Result<Answer<wire::Page<wire::Group>>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadMembers, &Scope::Account)?;
    let page = call.page(&query)?;
    let needle = Needle::new(query.q.as_ref())?;
    let groups = account.groups_after(page.after()?).map(|(id, group)| {
        let Group { name, description, external_id, .. } = &group.value;
        let fits = is_called(&needle, name, description, external_id.as_ref());
        (id, if fits { Seen::Yes(id) } else { Seen::No })
    });
    let found = page.take(groups);
    let people = People::default();
    let views = Views::new(&account, &people, call.now());
    let shown = show_page(found, |ids| ids.into_iter().filter_map(|id| views.group(id)).collect());
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<wire::Group>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadMembers, &Scope::Account)?;
    let people = People::default();
    let shown = Views::new(&account, &people, call.now()).group(in_path(&call, &account)?);
    let shown = shown.ok_or_else(|| Failure::not_found("group"))?;
    Ok(Answer::entity(&shown)?.revision(account.revision()))
}

async fn create(
    call: Call,
    query: wire::WriteQuery,
    input: wire::CreateGroup,
) -> Result<Answer<wire::Group>, Failure> {
    let Naming { name, description, external_id } =
        Naming::read(&input.name, &input.description, input.external_id.as_ref())?;
    let command = Command::CreateGroup { name, description, external_id };
    let people = People::default();
    call.change(&command, query.dry_run, None, &people, |views, events| {
        let created = events.iter().find_map(|event| match event {
            Event::GroupCreated { id, .. } => Some(*id),
            _ => None,
        });
        views.group(created?)
    })
    .await
}

async fn edit(
    call: Call,
    query: wire::WriteQuery,
    input: wire::UpdateGroup,
) -> Result<Answer<wire::Group>, Failure> {
    let group = in_path(&call, &*call.account()?)?;
    let Renaming { name, description, external_id } =
        Renaming::read(input.name.as_ref(), input.description.as_ref(), &input.external_id)?;
    let command = Command::EditGroup { group, name, description, external_id };
    let people = People::default();
    let show = |views: &Views<'_>, _: &[Event]| views.group(group);
    call.change(&command, query.dry_run, Some(EntityKey::Group(group)), &people, show).await
}

async fn remove_group(call: Call, query: wire::WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let group = in_path(&call, &*call.account()?)?;
    let command = Command::DeleteGroup { group };
    call.change_silently(&command, query.dry_run, Some(EntityKey::Group(group))).await
}

async fn list_members(
    call: Call,
    query: wire::PageQuery,
) -> Result<Answer<wire::Page<wire::GroupMember>>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadMembers, &Scope::Account)?;
    let group = in_path(&call, &account)?;
    let page = call.page(&query)?;
    let members =
        account.group_principals_after(group, page.after()?).map(|member| (member, Seen::Yes(member)));
    let found = page.take(members);
    let users = found.items.iter().filter_map(|member| match member {
        Principal::Member(user) => Some(*user),
        Principal::Group(_) | Principal::ServiceAccount(_) => None,
    });
    let people = call.service.people(users).await?;
    let views = Views::new(&account, &people, call.now());
    let shown =
        show_page(found, |all| all.into_iter().filter_map(|member| views.group_member(member)).collect());
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn add_member(call: Call, query: wire::WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let account = call.account()?;
    let group = in_path(&call, &account)?;
    let member = member_in_path(&call, &account)?;
    let may = call.authorize(&account, Permission::WriteGroups, &Scope::Account).is_ok();
    if may && account.is_in_group(group, member) {
        // `PUT` says how it shall be (RFC 9110, section 9.3.4), and so it is.
        if query.dry_run {
            return call.dry_run(None, &[], &AccessDifference::default()).await;
        }
        return Ok(Answer::done().revision(account.revision()));
    }
    call.change_silently(&Command::AddToGroup { group, member }, query.dry_run, None).await
}

async fn remove_member(call: Call, query: wire::WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let account = call.account()?;
    let (group, member) = (in_path(&call, &account)?, member_in_path(&call, &account)?);
    call.change_silently(&Command::RemoveFromGroup { group, member }, query.dry_run, None).await
}

fn in_path(call: &Call, account: &Account) -> Result<GroupId, Failure> {
    account.find_group(call.parameter("group")).ok_or_else(|| Failure::not_found("group"))
}

/// The member or group that is named, and only if no other goes by the same external id.
fn member_in_path(call: &Call, account: &Account) -> Result<Principal, Failure> {
    let text = call.parameter("member");
    match (account.find_member(text), account.find_group(text)) {
        (Some(user), None) => Ok(Principal::Member(user)),
        (None, Some(group)) => Ok(Principal::Group(group)),
        (Some(_), Some(_)) | (None, None) => Err(Failure::not_found("member")),
    }
}
