//! `bailiwick resource`.

mod import;

use std::path::PathBuf;
use std::process::ExitCode;

use bailiwick_client::All;
use bailiwick_client::wire::{CreateResource, ResourceQuery, UpdateResource};
use clap::Subcommand;

use crate::cli::{EditArgs, LimitArgs, WriteArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::output::Shape;

use super::attributes::AttributeArgs;
use super::role::patch;

const COLUMNS: &[&str] = &["id", "type", "name", "project", "parent", "external_id", "url", "revision"];
const SHAPE: Shape = Shape::new(COLUMNS);
const TYPES: &[&str] = &["name", "title", "parent", "read", "write", "delete"];

const IMPORT_HELP: &str = "Each line of FILE is one resource, up to 1000 of them, for instance\n  \
    {\"type\": \"cluster\", \"name\": \"search-eu\", \"external_id\": \"c-17\", \"project\": \"search\"}\n\
    with `type` and `name`, and if wanted `project`, `parent` (ids or external ids) and `external_id`.\n\
    A resource cannot be the parent of another one in the same file.";

/// Verbs of `resource`. A RESOURCE is an id, a name or an external id.
#[derive(Debug, Subcommand)]
pub enum ResourceCommand {
    /// List resources
    List {
        /// Only those of this type
        #[arg(long = "type", value_name = "TYPE")]
        resource_type: Option<String>,
        /// Only those in this project
        #[arg(long, value_name = "PROJECT")]
        project: Option<String>,
        /// Only those directly below this resource
        #[arg(long, value_name = "RESOURCE")]
        parent: Option<String>,
        /// Only those with this text in name or external id
        #[arg(long, value_name = "TEXT")]
        q: Option<String>,
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Show one resource
    Show {
        /// Id, name or external id
        #[arg(value_name = "RESOURCE")]
        resource: String,
    },
    /// Register a resource
    Register {
        /// Resource type of the catalog
        #[arg(value_name = "TYPE")]
        resource_type: String,
        /// What people read, 1 to 64 characters
        #[arg(value_name = "NAME")]
        name: String,
        /// Project that it is in [default: that of the parent, or the default one]
        #[arg(long, value_name = "PROJECT")]
        project: Option<String>,
        /// Resource that holds it
        #[arg(long, value_name = "RESOURCE")]
        parent: Option<String>,
        /// Your own name for it, 1 to 128 characters without white space
        #[arg(long, value_name = "EXTERNAL_ID")]
        external_id: Option<String>,
        /// Where it is reached: `https://…`
        #[arg(long, value_name = "URL")]
        address: Option<String>,
        #[command(flatten)]
        attributes: AttributeArgs,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Register many resources, all of them or none
    #[command(after_help = IMPORT_HELP)]
    Import {
        /// JSON lines, at most 1 MiB; `-` for stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Change a resource
    Edit {
        /// Id, name or external id
        #[arg(value_name = "RESOURCE")]
        resource: String,
        /// Another name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Another external id; an empty one takes it away
        #[arg(long, value_name = "EXTERNAL_ID")]
        external_id: Option<String>,
        /// Where it is reached; an empty one takes it away
        #[arg(long, value_name = "URL")]
        address: Option<String>,
        #[command(flatten)]
        attributes: AttributeArgs,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Delete a resource that holds no others
    Delete {
        /// Id, name or external id
        #[arg(value_name = "RESOURCE")]
        resource: String,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// List the types that a resource can have, and what holds what
    Types,
}

/// Runs `bailiwick resource`.
pub async fn run(ctx: Context, command: ResourceCommand) -> Result<ExitCode, Failure> {
    if let ResourceCommand::Types = command {
        let items = ctx.client.catalog().await?.resource_types;
        ctx.output.list(&All { items, complete: true, filtered: false }, TYPES)?;
        return Ok(ExitCode::SUCCESS);
    }
    let account = ctx.account().await?;
    match command {
        ResourceCommand::Types => {}
        ResourceCommand::List { resource_type, project, parent, q, limit } => {
            let mut query =
                ResourceQuery { resource_type, q, limit: limit.page(), ..ResourceQuery::default() };
            if let Some(given) = project {
                query.project = Some(names::project(&account, &given).await?);
            }
            if let Some(given) = parent {
                query.parent = Some(names::resource(&account, None, &given).await?);
            }
            ctx.output.list(&limit.read(account.list_resources(&query)).await?, COLUMNS)?;
        }
        ResourceCommand::Show { resource } => {
            let id = names::resource(&account, None, &resource).await?;
            ctx.output.record(&account.get_resource(&id).await?, SHAPE)?;
        }
        ResourceCommand::Register {
            resource_type,
            name,
            project,
            parent,
            external_id,
            address,
            attributes,
            write,
        } => {
            let mut resource = CreateResource {
                resource_type,
                name,
                external_id,
                url: address,
                attributes: attributes.values(&ctx, &account).await?,
                ..CreateResource::default()
            };
            if let Some(given) = project {
                resource.project = Some(names::project(&account, &given).await?);
            }
            if let Some(given) = parent {
                resource.parent = Some(names::resource(&account, None, &given).await?);
            }
            ctx.write(account.create_resource(&resource), &write, SHAPE).await?;
        }
        ResourceCommand::Import { file, write } => {
            let resources = import::read(&file)?;
            let shape = Shape { fields: &[], tables: &[("resources", COLUMNS)] };
            ctx.write(account.register_resources(&resources), &write, shape).await?;
        }
        ResourceCommand::Edit { resource, name, external_id, address, attributes, edit } => {
            let attributes = attributes.changes(&ctx, &account).await?;
            let id = names::resource(&account, None, &resource).await?;
            let change =
                UpdateResource { name, external_id: patch(external_id), url: patch(address), attributes };
            ctx.edit(account.update_resource(&id, &change), &edit, SHAPE).await?;
        }
        ResourceCommand::Delete { resource, edit } => {
            let id = names::resource(&account, None, &resource).await?;
            ctx.edit(account.delete_resource(&id), &edit, Shape::new(&[])).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
