//! What policies can speak of, as it follows from a catalog.

use std::sync::{Arc, OnceLock};

use cedar_policy_core::ast::{Eid, EntityType, EntityUID};
use cedar_policy_core::extensions::Extensions;
use cedar_policy_core::validator::{Validator, ValidatorSchema};
use serde_json::{Map, Value, json};

use crate::catalog::{Attribute, AttributeKind, Catalog, PermissionIndex, ResourceTypeIndex};

/// The spelling of a resource type in policies: `BackupSchedule` for `backup_schedule`.
pub fn type_name(resource_type: &str) -> String {
    let words = resource_type.split('_');
    words
        .flat_map(|word| {
            let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
            [first.to_ascii_uppercase(), rest.to_owned()]
        })
        .collect()
}

/// The types and actions of a catalog, for checking the text of policies.
#[derive(Debug)]
pub struct Schema {
    json: Value,
}

impl Schema {
    /// What follows from a catalog.
    pub fn of(catalog: &Catalog) -> Self {
        let mut types = Map::new();
        let members = record(catalog.member_attributes(), Map::new());
        types.insert("User".to_owned(), json!({ "memberOfTypes": ["Group"], "shape": members }));
        types.insert("ServiceAccount".to_owned(), json!({ "memberOfTypes": ["Group"] }));
        types.insert("Group".to_owned(), json!({ "memberOfTypes": ["Group"] }));
        types.insert("Account".to_owned(), json!({}));
        types.insert("Project".to_owned(), json!({ "memberOfTypes": ["Account"] }));
        for (index, of) in (0..).map(ResourceTypeIndex).zip(&catalog.resource_types) {
            let parent = of.parent.and_then(|parent| catalog.resource_type_at(parent));
            let parent = parent.map_or_else(|| "Project".to_owned(), |parent| type_name(&parent.name));
            let shape = record(catalog.resource_attributes(index), Map::new());
            types.insert(type_name(&of.name), json!({ "memberOfTypes": [parent], "shape": shape }));
        }
        let mut actions = Map::new();
        for (index, permission) in catalog.all_permissions().iter().zip(&catalog.permissions) {
            let verb = verb_of(&permission.name);
            actions.entry(verb).or_insert_with(|| json!({}));
            let applies = json!({
                "principalTypes": ["User", "ServiceAccount"],
                "resourceTypes": resource_types(catalog, index),
                "context": context(catalog),
            });
            let action = json!({ "memberOf": [{ "id": verb }], "appliesTo": applies });
            actions.insert(permission.name.clone(), action);
        }
        Self { json: json!({ "": { "entityTypes": types, "actions": actions } }) }
    }

    /// In Cedar's JSON form, for editors and other tools.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// For Cedar's own checks; `None` if Cedar does not take it, which [`Schema::of`] rules out.
    fn validator(&self) -> Option<ValidatorSchema> {
        ValidatorSchema::from_json_value(self.json.clone(), Extensions::all_available()).ok()
    }
}

/// The validator of a catalog's policies, made when the first policy is checked and shared by the catalog's clones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Validation(Arc<OnceLock<Option<Validator>>>);

impl Validation {
    /// `None` if Cedar does not take the schema, which [`Schema::of`] rules out.
    pub(super) fn of(&self, catalog: &Catalog) -> Option<&Validator> {
        self.0.get_or_init(|| Schema::of(catalog).validator().map(Validator::new)).as_ref()
    }
}

/// It follows from the rest of its catalog, so that two catalogs never differ by it.
impl PartialEq for Validation {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Validation {}

/// The part of a permission before the colon: the action group in which it is.
pub(super) fn verb_of(permission: &str) -> &str {
    permission.split_once(':').map_or(permission, |(verb, _)| verb)
}

/// On what a permission is asked for. One that belongs to a resource type: there, at what holds it (where resources are
/// registered), at projects and the account. Any other: everywhere.
fn resource_types(catalog: &Catalog, permission: PermissionIndex) -> Vec<String> {
    let types = || (0..).map(ResourceTypeIndex).zip(&catalog.resource_types);
    let is_own = |at: ResourceTypeIndex| {
        let of = catalog.resource_type_at(at);
        of.is_some_and(|of| [of.read, of.write, of.delete].contains(&permission))
    };
    let bound = types().any(|(at, _)| is_own(at));
    let holds_own = |at: ResourceTypeIndex| {
        types().any(|(own, _)| {
            let up = |at: &ResourceTypeIndex| catalog.resource_type_at(*at).and_then(|of| of.parent);
            is_own(own) && std::iter::successors(Some(own), up).any(|above| above == at)
        })
    };
    let names = types().filter(|(at, _)| !bound || holds_own(*at)).map(|(_, of)| type_name(&of.name));
    ["Account".to_owned(), "Project".to_owned()].into_iter().chain(names).collect()
}

fn context(catalog: &Catalog) -> Value {
    let ip = || json!({ "type": "Extension", "name": "ipaddr", "required": false });
    let mut request = Map::new();
    request.insert("ip".to_owned(), ip());
    request.insert("mfa".to_owned(), json!({ "type": "Boolean", "required": false }));
    let mut attributes = Map::new();
    attributes.insert("time".to_owned(), json!({ "type": "Extension", "name": "datetime" }));
    attributes.insert("weekday".to_owned(), json!({ "type": "Long" }));
    attributes.insert("caller".to_owned(), json!({ "type": "String" }));
    attributes.insert("source_ip".to_owned(), ip());
    attributes
        .insert("mfa_at".to_owned(), json!({ "type": "Extension", "name": "datetime", "required": false }));
    attributes.insert("request".to_owned(), record(catalog.request_attributes(), request));
    json!({ "type": "Record", "attributes": attributes })
}

/// No attribute must be set, so that none is required: a policy asks whether it is (`has`) before it reads it.
fn record<'c>(declared: impl Iterator<Item = &'c Attribute>, mut attributes: Map<String, Value>) -> Value {
    for attribute in declared {
        let mut of = match attribute.kind {
            AttributeKind::String => json!({ "type": "String" }),
            AttributeKind::Number => json!({ "type": "Long" }),
            AttributeKind::Bool => json!({ "type": "Boolean" }),
            AttributeKind::List => json!({ "type": "Set", "element": { "type": "String" } }),
        };
        if let Some(of) = of.as_object_mut() {
            of.insert("required".to_owned(), Value::Bool(false));
        }
        attributes.insert(attribute.name.clone(), of);
    }
    json!({ "type": "Record", "attributes": attributes })
}

/// The names of a catalog as Cedar's evaluator takes them.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) user: EntityType,
    pub(super) service_account: EntityType,
    pub(super) group: EntityType,
    pub(super) account: EntityType,
    pub(super) project: EntityType,
    /// By position in the catalog.
    pub(super) resource_types: Vec<EntityType>,
    /// By position in the catalog: the action, and the group of actions that its verb is.
    pub(super) actions: Vec<(EntityUID, EntityUID)>,
}

impl Names {
    /// `None` if a name is none for Cedar, which the catalog's checks rule out.
    pub(super) fn of(catalog: &Catalog) -> Option<Self> {
        let entity = |name: &str| name.parse::<EntityType>().ok();
        let action_type = entity("Action")?;
        let action = |id: &str| EntityUID::from_components(action_type.clone(), Eid::new(id), None);
        let types = catalog.resource_types.iter().map(|of| entity(&type_name(&of.name)));
        let actions = catalog.permissions.iter().map(|permission| &permission.name);
        Some(Self {
            user: entity("User")?,
            service_account: entity("ServiceAccount")?,
            group: entity("Group")?,
            account: entity("Account")?,
            project: entity("Project")?,
            resource_types: types.collect::<Option<_>>()?,
            actions: actions.map(|name| (action(name), action(verb_of(name)))).collect(),
        })
    }
}
