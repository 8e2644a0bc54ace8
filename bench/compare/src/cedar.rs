//! The account as Cedar takes it, in two forms.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::fmt::Write as _;

use bailiwick_core::account::Principal;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression,
};

use crate::dataset::{Asked, Dataset, PERMISSIONS};

/// How grants are put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A policy for each permission; what was granted is in the entities: each project or resource names, for each
    /// permission, the set of those who hold it there.
    Few,
    /// A policy for each grant.
    OneForEachGrant,
}

impl Form {
    /// What the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Few => "Cedar, few policies, grants as entities",
            Self::OneForEachGrant => "Cedar, a policy for each grant",
        }
    }
}

/// Cedar with the account's policies and entities.
pub struct Engine {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    types: HashMap<&'static str, EntityTypeName>,
}

const TYPES: [&str; 8] =
    ["User", "Group", "Action", "Holders", "project", "cluster", "database", "collection"];

impl Engine {
    /// Translates the account.
    pub fn new(data: &Dataset, form: Form) -> Result<Self, Box<dyn Error>> {
        let types =
            TYPES.iter().map(|name| Ok((*name, name.parse()?))).collect::<Result<_, Box<dyn Error>>>()?;
        let mut engine = Self {
            authorizer: Authorizer::new(),
            policies: PolicySet::new(),
            entities: Entities::empty(),
            types,
        };
        let text = match form {
            Form::Few => few(),
            Form::OneForEachGrant => one_for_each(data),
        };
        engine.policies = text.parse()?;
        engine.entities = Entities::from_entities(engine.make_entities(data, form)?, None)?;
        Ok(engine)
    }

    /// Cedar's answer.
    pub fn answer(&self, asked: &Asked) -> Result<bool, Box<dyn Error>> {
        let request = Request::new(
            self.uid("User", &asked.user)?,
            self.uid("Action", asked.action)?,
            self.uid(asked.kind, &asked.resource)?,
            Context::empty(),
            None,
        )?;
        let response = self.authorizer.is_authorized(&request, &self.policies, &self.entities);
        Ok(response.decision() == Decision::Allow)
    }

    fn uid(&self, kind: &str, id: &str) -> Result<EntityUid, Box<dyn Error>> {
        let name = self.types.get(kind).ok_or("a type without a name")?.clone();
        Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
    }

    fn make_entities(&self, data: &Dataset, form: Form) -> Result<Vec<Entity>, Box<dyn Error>> {
        // Who holds what where: a set of holders for each pair of place and permission.
        let mut holders: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut holds: HashMap<Principal, HashSet<EntityUid>> = HashMap::new();
        if form == Form::Few {
            for grant in &data.grants {
                for permission in &grant.permissions {
                    holders.entry(grant.at.clone()).or_default().push(permission);
                    let set = self.uid("Holders", &format!("{}/{permission}", grant.at))?;
                    holds.entry(grant.principal).or_default().insert(set);
                }
            }
        }
        let mut entities = Vec::new();
        let mut groups: HashMap<_, HashSet<EntityUid>> = HashMap::new();
        for (user, group) in &data.joined {
            groups.entry(*user).or_default().insert(self.uid("Group", &group.to_string())?);
        }
        for user in &data.members {
            let mut parents = groups.remove(user).unwrap_or_default();
            parents.extend(holds.remove(&Principal::Member(*user)).unwrap_or_default());
            entities.push(Entity::new_no_attrs(self.uid("User", &user.to_string())?, parents));
        }
        let all: HashSet<_> = data.joined.iter().map(|(_, group)| *group).collect();
        for group in all {
            let parents = holds.remove(&Principal::Group(group)).unwrap_or_default();
            entities.push(Entity::new_no_attrs(self.uid("Group", &group.to_string())?, parents));
        }
        let held_at = |id: &str| -> Result<HashMap<String, RestrictedExpression>, Box<dyn Error>> {
            let permissions = holders.get(id).into_iter().flatten();
            permissions
                .map(|permission| {
                    let set = self.uid("Holders", &format!("{id}/{permission}"))?;
                    Ok((attribute(permission), RestrictedExpression::new_entity_uid(set)))
                })
                .collect()
        };
        let projects: HashSet<_> = data.resources.iter().map(|node| node.project).collect();
        for project in projects {
            let id = project.to_string();
            entities.push(Entity::new(self.uid("project", &id)?, held_at(&id)?, HashSet::new())?);
        }
        let kinds: HashMap<_, _> = data.resources.iter().map(|node| (node.id, node.kind)).collect();
        for node in &data.resources {
            let id = node.id.to_string();
            let above = match node.parent {
                Some(parent) => {
                    let kind = kinds.get(&parent).ok_or("a parent that is not there")?;
                    self.uid(kind, &parent.to_string())?
                }
                None => self.uid("project", &node.project.to_string())?,
            };
            let mut attributes = held_at(&id)?;
            attributes.insert("above".to_owned(), RestrictedExpression::new_entity_uid(above.clone()));
            entities.push(Entity::new(self.uid(node.kind, &id)?, attributes, HashSet::from([above]))?);
        }
        Ok(entities)
    }
}

fn attribute(permission: &str) -> String {
    permission.replace(':', "_")
}

/// For each permission: who asks is among those who hold it at the resource or at what is above it.
fn few() -> String {
    let mut text = String::new();
    for (permission, kind) in PERMISSIONS {
        let above = match kind {
            "cluster" => 1,
            "database" => 2,
            _ => 3,
        };
        let name = attribute(permission);
        let places = (0..=above).map(|steps| format!("resource{}", ".above".repeat(steps)));
        let held: Vec<_> =
            places.map(|place| format!("({place} has {name} && principal in {place}.{name})")).collect();
        let _ = writeln!(
            text,
            "permit(principal, action == Action::\"{permission}\", resource is {kind}) when {{ {} }};",
            held.join(" || ")
        );
    }
    text
}

fn one_for_each(data: &Dataset) -> String {
    let kinds: HashMap<String, &str> =
        data.resources.iter().map(|node| (node.id.to_string(), node.kind)).collect();
    let mut text = String::new();
    for grant in &data.grants {
        let principal = match grant.principal {
            Principal::Group(id) => format!("principal in Group::\"{id}\""),
            other => format!("principal == User::\"{other}\""),
        };
        let actions: Vec<_> = grant.permissions.iter().map(|name| format!("Action::\"{name}\"")).collect();
        let kind = kinds.get(&grant.at).copied().unwrap_or("project");
        let actions = actions.join(", ");
        let _ = writeln!(
            text,
            "permit({principal}, action in [{actions}], resource in {kind}::\"{}\");",
            grant.at
        );
    }
    text
}
