//! Resources: what the cloud's control plane registers, so that access to it can be granted and asked for.

use bailiwick_client::wire;
use bailiwick_core::access::Target;
use bailiwick_core::account::{Account, Command, EntityKey, Event, Resource, ResourceSpec, Versioned};
use bailiwick_core::catalog::PermissionSet;
use bailiwick_core::ids::ResourceId;
use bailiwick_core::limits;
use serde_json::json;

use super::attributes::{attribute_changes, attributes};
use super::call::Call;
use super::listing::{Needle, show_page};
use super::operation::{Access, NoQuery, Operation, delete, get, patch, post};
use super::page::Seen;
use super::problem::Failure;
use super::references::{self, References, cost_of_seeing, sees_resource};
use super::respond::Answer;
use super::views::Views;
use crate::service::{Error, People};

/// The operations on resources.
pub(super) fn operations() -> Vec<Operation> {
    let refusals: &[&str] = &[
        "permission_denied",
        "taken",
        "wrong_parent",
        "unknown_resource_type",
        "invalid_text",
        "limit_reached",
    ];
    vec![
        get("list_resources", "/accounts/{account}/resources", Access::Member)
            .reads(list)
            .says(
                "List resources",
                "The oldest first. What you hold no permission for is left out, and `filtered` says so.",
            )
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        post("create_resource", "/accounts/{account}/resources", Access::Member)
            .writes(create)
            .creates()
            .says(
                "Register a resource",
                "Needs the permission to write that the catalog binds to the type, at the parent or for all of the \
                 type. A resource of a type that the catalog puts into a project goes into the default project \
                 unless it names another one.",
            )
            .takes(json!({ "type": "cluster", "name": "search-eu", "external_id": "cluster-7" }))
            .answers(example())
            .fails(refusals),
        post("register_resources", "/accounts/{account}/resources:register", Access::Member)
            .writes(register)
            .creates()
            .says(
                "Register many resources",
                "All of them or none; up to 1000 in one request, or fewer where the operator says so \
                 (`limits.bulk_items`). One cannot be the parent of another in the same request: register a level at a \
                 time.",
            )
            .takes(json!({ "resources": [
                { "type": "cluster", "name": "search-eu", "external_id": "cluster-7" },
                { "type": "cluster", "name": "search-us", "external_id": "cluster-8", "project": "prod" },
            ] }))
            .answers(json!({ "resources": [example()] }))
            .fails(&[
                "permission_denied", "taken", "wrong_parent", "unknown_resource_type", "invalid_text",
                "limit_reached", "nothing_to_do",
            ]),
        get("get_resource", "/accounts/{account}/resources/{resource}", Access::Member)
            .reads(show)
            .says("Show a resource", "By id or external id. What you hold no permission for does not exist for you.")
            .answers(example()),
        patch("update_resource", "/accounts/{account}/resources/{resource}", Access::Member)
            .writes(edit)
            .if_match()
            .says("Change a resource", "What is absent stays. Type, project and parent never change.")
            .takes(json!({ "name": "search-eu-2" }))
            .answers(example())
            .fails(&["permission_denied", "taken", "invalid_text", "nothing_to_do", "above_you"]),
        delete("delete_resource", "/accounts/{account}/resources/{resource}", Access::Member)
            .writes(remove_resource)
            .if_match()
            .says(
                "Delete a resource",
                "A resource that holds others is not deleted. Grants that name it end, or go on for the other resources \
                 that they name.",
            )
            .fails(&["permission_denied", "has_children", "too_much_at_once"]),
    ]
}

fn example() -> serde_json::Value {
    json!({
        "id": "res_0197a2b4c6d87e0f9a1b2c3d4e5f6074",
        "type": "cluster",
        "name": "search-eu",
        "project": "prj_0197a2b4c6d87e0f9a1b2c3d4e5f6075",
        "external_id": "cluster-7",
        "revision": 31,
    })
}

async fn list(call: Call, query: wire::ResourceQuery) -> Result<Answer<wire::Page<wire::Resource>>, Failure> {
    let account = call.account()?;
    let page = call.page(&query)?;
    let needle = Needle::new(query.q.as_ref())?;
    let references = call.references(&account)?;
    let of = query.resource_type.as_ref();
    let of = of.map(|text| references.resource_type("?type", text)).transpose()?;
    let project = query.project.as_ref().map(|text| references.project("?project", text)).transpose()?;
    let parent = query.parent.as_ref().map(|text| references.resource("?parent", text)).transpose()?;
    let (actor, now) = (call.actor()?, call.circumstances()?);
    // What is held at the account is held everywhere, unless a policy says more of single resources.
    let everywhere = if account.has_policies() {
        PermissionSet::EMPTY
    } else {
        account.effective_at(actor.principal(), &Target::Account, call.now())
    };
    let cost = |(_, resource): &(ResourceId, &Versioned<Resource>)| {
        if sees_type(&account, &resource.value, &everywhere) {
            return 1;
        }
        cost_of_seeing(&account, &resource.value.resource_type)
    };
    let seen = |(id, resource): (ResourceId, &Versioned<Resource>)| {
        let resource = &resource.value;
        let external_id = resource.external_id.as_ref().map_or("", |text| text.as_str());
        // What is hidden is so whatever is asked: whether it fits would tell something of it.
        if !sees_type(&account, resource, &everywhere) && !sees_resource(&account, actor, id, now) {
            return (id, Seen::Hidden);
        }
        let fits = of.as_ref().is_none_or(|of| resource.resource_type == *of)
            && project.is_none_or(|project| resource.project == project)
            && needle.is_in(&[resource.name.as_str(), external_id]);
        (id, if fits { Seen::Yes(id) } else { Seen::No })
    };
    let after: Option<ResourceId> = page.after()?;
    let found = match parent {
        Some(parent) => {
            let below = account.children_of(parent).filter(|id| after.is_none_or(|after| *id > after));
            let below = below.filter_map(|id| account.resource(id).map(|resource| (id, resource)));
            page.take_looking(below, cost, seen)
        }
        None => page.take_looking(account.resources_after(after), cost, seen),
    };
    let people = People::default();
    let views = Views::new(&account, &people, call.now());
    let shown = show_page(found, |ids| ids.into_iter().filter_map(|id| views.resource(id)).collect());
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

/// Whether permissions that count everywhere let one see resources of this type.
fn sees_type(account: &Account, resource: &Resource, everywhere: &PermissionSet) -> bool {
    let catalog = account.catalog();
    let of = catalog.resource_type(&resource.resource_type).and_then(|index| catalog.resource_type_at(index));
    of.is_some_and(|of| [of.read, of.write, of.delete].into_iter().any(|one| everywhere.contains(one)))
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<wire::Resource>, Failure> {
    let account = call.account()?;
    let id = in_path(&call, &account)?;
    let people = People::default();
    let shown = Views::new(&account, &people, call.now()).resource(id);
    let sees = sees_resource(&account, call.actor()?, id, call.circumstances()?);
    let shown = shown.filter(|_| sees).ok_or_else(|| Failure::not_found("resource"))?;
    Ok(Answer::entity(&shown)?.revision(account.revision()))
}

async fn create(
    call: Call,
    query: wire::WriteQuery,
    input: wire::CreateResource,
) -> Result<Answer<wire::Resource>, Failure> {
    let account = call.account()?;
    let spec = spec(&call.references(&account)?, "", &input)?;
    let command = Command::RegisterResources { resources: vec![spec] };
    let people = People::default();
    call.change(&command, query.dry_run, None, &people, |views, events| {
        registered(events).next().and_then(|id| views.resource(id))
    })
    .await
}

async fn register(
    call: Call,
    query: wire::WriteQuery,
    input: wire::RegisterResources,
) -> Result<Answer<wire::ResourcesRegistered>, Failure> {
    let most = call.service.config().limits.bulk_items.min(limits::RESOURCES_PER_COMMAND);
    references::at_most("resources", input.resources.len(), "resources in one request", most)?;
    let account = call.account()?;
    let references = call.references(&account)?;
    let specs = input.resources.iter().enumerate();
    let specs: Result<Vec<_>, Error> =
        specs.map(|(place, input)| spec(&references, &format!("resources/{place}/"), input)).collect();
    let command = Command::RegisterResources { resources: specs? };
    let people = People::default();
    call.change(&command, query.dry_run, None, &people, |views, events| {
        let resources = registered(events).filter_map(|id| views.resource(id)).collect();
        Some(wire::ResourcesRegistered { resources })
    })
    .await
}

fn registered(events: &[Event]) -> impl Iterator<Item = ResourceId> {
    events.iter().filter_map(|event| match event {
        Event::ResourceRegistered { id, .. } => Some(*id),
        _ => None,
    })
}

/// What is to be registered; `at` is where it stands in the body, with a slash behind it.
fn spec(references: &References<'_>, at: &str, input: &wire::CreateResource) -> Result<ResourceSpec, Error> {
    let field = |name: &str| format!("{at}{name}");
    let project = input.project.as_ref();
    let parent = input.parent.as_ref();
    let external_id = input.external_id.as_ref();
    Ok(ResourceSpec {
        resource_type: references.resource_type(&field("type"), &input.resource_type)?,
        name: references::name(&field("name"), &input.name)?,
        project: project.map(|text| references.project(&field("project"), text)).transpose()?,
        parent: parent.map(|text| references.resource(&field("parent"), text)).transpose()?,
        external_id: references::external_id_at(&field("external_id"), external_id)?,
        url: input.url.as_ref().map(|text| references::url(&field("url"), text)).transpose()?,
        attributes: attributes(&input.attributes),
    })
}

async fn edit(
    call: Call,
    query: wire::WriteQuery,
    input: wire::UpdateResource,
) -> Result<Answer<wire::Resource>, Failure> {
    let resource = in_path(&call, &*call.account()?)?;
    let command = Command::EditResource {
        resource,
        name: input.name.as_ref().map(|text| references::name("name", text)).transpose()?,
        external_id: references::external_id_patch(&input.external_id)?,
        url: references::url_patch(&input.url)?,
        attributes: attribute_changes(input.attributes),
    };
    let people = People::default();
    let show = |views: &Views<'_>, _: &[Event]| views.resource(resource);
    call.change(&command, query.dry_run, Some(EntityKey::Resource(resource)), &people, show).await
}

async fn remove_resource(call: Call, query: wire::WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let resource = in_path(&call, &*call.account()?)?;
    let command = Command::DeleteResource { resource };
    call.change_silently(&command, query.dry_run, Some(EntityKey::Resource(resource))).await
}

fn in_path(call: &Call, account: &Account) -> Result<ResourceId, Failure> {
    account.find_resource(call.parameter("resource")).ok_or_else(|| Failure::not_found("resource"))
}
