//! `bailiwick catalog migrate`: from the catalog in force to the next one, with the server stopped.

use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use bailiwick_core::account::Renames;
use bailiwick_core::catalog::Catalog;
use bailiwick_server::server::{build_service, read_catalog, system_clock};
use bailiwick_store::{SqliteOptions, SqliteStore, Store};
use clap::Args;
use jiff::Timestamp;
use smol_str::SmolStr;

use crate::cli::BesideArgs;
use crate::commands::deployment::{Stop, USAGE, load_config, must_exist, runtime};

/// Arguments of `catalog migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Where the deployment is, and the catalog to come.
    #[command(flatten)]
    beside: BesideArgs,
    /// What is called differently: `role:OLD=NEW`, `permission:OLD=NEW`, `type:OLD=NEW` or `group:OLD=NEW`; may be repeated
    #[arg(long = "rename", value_name = "KIND:OLD=NEW")]
    renames: Vec<Rename>,
}

/// One thing that is called differently.
#[derive(Debug, Clone)]
struct Rename {
    kind: Kind,
    old: SmolStr,
    new: SmolStr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Role,
    Permission,
    ResourceType,
    Group,
}

impl FromStr for Rename {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no renaming: write one such as `role:viewer=reader`");
        let (kind, names) = text.split_once(':').ok_or_else(wrong)?;
        let (old, new) = names
            .split_once('=')
            .filter(|(old, new)| !old.is_empty() && !new.is_empty())
            .ok_or_else(wrong)?;
        let kind = match kind {
            "role" => Kind::Role,
            "permission" => Kind::Permission,
            "type" => Kind::ResourceType,
            "group" => Kind::Group,
            _ => return Err(wrong()),
        };
        Ok(Self { kind, old: old.into(), new: new.into() })
    }
}

/// Renames, and writes the next catalog down as the one in force.
pub fn migrate(args: &MigrateArgs, json: bool) -> Result<ExitCode, Stop> {
    let loaded = load_config(&args.beside.options())?;
    must_exist(&loaded)?;
    let (next, text) = read_catalog(&loaded.config.catalog)?;
    // Takes the lock, so that no server runs.
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&SqliteOptions::new(&loaded.config.data))?);
    runtime()?.block_on(async {
        let in_force = store.catalog_in_force(Timestamp::MAX).await?.ok_or_else(|| {
            Stop::refused(
                "no server has used a catalog here yet",
                "start the server with the catalog instead",
            )
        })?;
        let last = Catalog::parse(&in_force.name, &in_force.body).map_err(|errors| {
            let first = errors.first().map(ToString::to_string).unwrap_or_default();
            Stop::refused(
                format!("the catalog in force cannot be read by this version: {first}"),
                "migrate with the version of Bailiwick that served it",
            )
        })?;
        let renames = renames(&args.renames, &last, &next)?;
        let service = build_service(Arc::new(loaded.config), last, Arc::clone(&store), system_clock())?;
        let outcome = service.migrate_catalog(&renames, &next, &text).await?;
        store.close().await;
        let done = outcome.map_err(|found| {
            Stop::refused(
                format!("nothing was changed: {found}"),
                "rename these too, or grant something else first with the catalog of before",
            )
        })?;
        if json {
            let shown =
                serde_json::json!({ "catalog": next.name, "accounts": done.accounts, "events": done.events });
            println!("{shown}");
        } else {
            println!("renamed in {} accounts by {} events", done.accounts, done.events);
            println!("the catalog in force is `{}` now; start the server with it", next.name);
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Collects renames, and refuses those that lead from nothing or to nothing.
fn renames(given: &[Rename], last: &Catalog, next: &Catalog) -> Result<Renames, Stop> {
    let mut renames = Renames::default();
    for Rename { kind, old, new } in given {
        let has = |catalog: &Catalog, name: &str| match kind {
            Kind::Role => catalog.role(name).is_some(),
            Kind::Permission => catalog.permission(name).is_some(),
            Kind::ResourceType => catalog.resource_type(name).is_some(),
            Kind::Group => catalog.group(name).is_some(),
        };
        for (catalog, name, which) in [(last, old, "in force"), (next, new, "to come")] {
            if !has(catalog, name) {
                let message = format!("the catalog {which}, `{}`, has no `{name}`", catalog.name);
                return Err(Stop::new(USAGE, message, "`bailiwick catalog diff OLD NEW` shows what differs"));
            }
        }
        let names = match kind {
            Kind::Role => &mut renames.roles,
            Kind::Permission => &mut renames.permissions,
            Kind::ResourceType => &mut renames.resource_types,
            Kind::Group => &mut renames.groups,
        };
        if names.insert(old.clone(), new.clone()).is_some() {
            return Err(Stop::new(USAGE, format!("`{old}` is renamed twice"), "name it once"));
        }
    }
    Ok(renames)
}
