//! The definition: every policy through Cedar's own authorizer, with everything there is to see.

use std::collections::HashSet;

use bailiwick_core::access::{Asserted, Circumstances, Target};
use bailiwick_core::account::{Account, AttributeValue, Attributes, Principal};
use bailiwick_core::catalog::{Operation, PermissionIndex};
use bailiwick_core::ids::ResourceId;
use bailiwick_core::policy::type_name;
use cedar_policy_core::ast::{Context, Entity, EntityUID, PolicySet, Request, RestrictedExpr};
use cedar_policy_core::authorizer::{Authorizer, Decision};
use cedar_policy_core::entities::{Entities, NoEntitiesSchema, TCComputation};
use cedar_policy_core::extensions::Extensions;
use cedar_policy_core::parser::parse_policyset;

use crate::oracle;

pub struct Naive<'a> {
    account: &'a Account,
    /// The statements with an effect, told apart by their first word; all written as permits, to see which match.
    permits: PolicySet,
    forbids: PolicySet,
}

impl<'a> Naive<'a> {
    pub fn of(account: &'a Account) -> Self {
        let enabled = account.policies_after(None).filter(|(_, found)| found.value.enabled);
        let texts: Vec<String> = enabled.map(|(_, found)| found.value.text.to_string()).collect();
        // Policies of these tests have one statement each.
        let of = |word: &str| {
            let texts = texts.iter().filter(|text| text.starts_with(word));
            let as_permits: String = texts.map(|text| text.replacen("forbid(", "permit(", 1)).collect();
            parse_policyset(&as_permits).unwrap()
        };
        Self { account, permits: of("permit"), forbids: of("forbid") }
    }

    pub fn allowed(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        target: &Target,
        circumstances: Circumstances<'_>,
    ) -> bool {
        let account = self.account;
        let now = circumstances.now;
        let active = match principal {
            Principal::Member(user) => {
                account.member_status(user) == Some(bailiwick_core::account::MemberStatus::Active)
            }
            Principal::Group(id) => account.group(id).is_some(),
            Principal::ServiceAccount(id) => account.service_account(id).is_some(),
        };
        if account.is_deleted() || !active {
            return false;
        }
        let granted = oracle::allowed(account, principal, target, now).contains(permission);
        let permitted = self.matches(&self.permits, principal, permission, target, &circumstances).0;
        if !granted && !permitted {
            return false;
        }
        let rules = &account.catalog().rules;
        let owner = &account.catalog().role_at(rules.owner).unwrap().name;
        let owns = account.grants_of(principal).any(|(_, grant)| grant.value.role.to_string() == *owner);
        let guards = [Operation::ReadPolicies, Operation::WritePolicies, Operation::DeletePolicies];
        let guards = guards.map(|operation| account.catalog().operation(operation)).contains(&permission);
        if owns && (guards || !rules.policies_bind_owner) {
            return true;
        }
        let (forbidden, erred) = self.matches(&self.forbids, principal, permission, target, &circumstances);
        !forbidden && !erred
    }

    /// Whether any of the statements matches, and whether any could not be evaluated.
    fn matches(
        &self,
        set: &PolicySet,
        principal: Principal,
        permission: PermissionIndex,
        target: &Target,
        circumstances: &Circumstances<'_>,
    ) -> (bool, bool) {
        if set.is_empty() {
            return (false, false);
        }
        let (resource, above) = self.place(target);
        let action: EntityUID =
            format!("Action::{:?}", self.account.catalog().permission_name(permission)).parse().unwrap();
        let verb = self.account.catalog().permission_name(permission).split(':').next().unwrap();
        let verb: EntityUID = format!("Action::{verb:?}").parse().unwrap();
        let (of, said) = match principal {
            Principal::Member(user) => ("User", self.account.member_attributes(user)),
            Principal::Group(_) => ("Group", None),
            Principal::ServiceAccount(_) => ("ServiceAccount", None),
        };
        let subject: EntityUID = format!("{of}::\"{principal}\"").parse().unwrap();
        let groups = self.account.groups_after(None).map(|(id, _)| id);
        let groups: Vec<_> = groups.filter(|id| oracle::is_inside(self.account, *id, principal)).collect();
        let groups = groups.iter().map(|id| format!("Group::\"{id}\"").parse().unwrap()).collect();
        let described = match target {
            Target::Resource(id) => self.account.resource(*id).and_then(|it| it.value.attributes.as_deref()),
            _ => None,
        };
        let nothing = Asserted::default();
        let asserted = circumstances.asserted.unwrap_or(&nothing);
        let (said, described) = (over(said, &asserted.subject), over(described, &asserted.resource));
        let entities = [
            entity(subject.clone(), Some(&said), groups),
            entity(resource.clone(), Some(&described), above),
            entity(action.clone(), None, HashSet::from([verb])),
        ];
        let extensions = Extensions::all_available();
        let none = None::<&NoEntitiesSchema>;
        let entities =
            Entities::from_entities(entities, none, TCComputation::ComputeNow, extensions).unwrap();
        let request = Request::new(
            (subject, None),
            (action, None),
            (resource, None),
            context(circumstances, &asserted.request),
            None::<&cedar_policy_core::ast::RequestSchemaAllPass>,
            extensions,
        )
        .unwrap();
        let answer = Authorizer::new().is_authorized(request, set, &entities);
        (answer.decision == Decision::Allow, !answer.diagnostics.errors.is_empty())
    }

    fn place(&self, target: &Target) -> (EntityUID, HashSet<EntityUID>) {
        let account = self.account;
        let uid = |of: &str, id: String| -> EntityUID { format!("{of}::{id:?}").parse().unwrap() };
        let whole = uid("Account", account.id().to_string());
        let named = |id: ResourceId| {
            let of = &account.resource(id).unwrap().value.resource_type;
            uid(&type_name(of), id.to_string())
        };
        match target {
            Target::Account => (whole, HashSet::new()),
            Target::Project(id) => (uid("Project", id.to_string()), HashSet::from([whole])),
            Target::Resource(id) => {
                let stored = &account.resource(*id).unwrap().value;
                let mut above = HashSet::from([whole, uid("Project", stored.project.to_string())]);
                let mut parent = stored.parent;
                while let Some(id) = parent {
                    above.insert(named(id));
                    parent = account.resource(id).unwrap().value.parent;
                }
                (named(*id), above)
            }
        }
    }
}

/// What is stored, with what is asserted in its place.
fn over(stored: Option<&Attributes>, asserted: &Attributes) -> Attributes {
    let stored = stored.into_iter().flat_map(Attributes::iter);
    stored.chain(asserted.iter()).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The parts of the context of which the policies of these tests speak.
fn context(circumstances: &Circumstances<'_>, request: &Attributes) -> Context {
    let request = request.iter().map(|(name, one)| (name.clone(), value(one)));
    let day = circumstances.now.to_zoned(jiff::tz::TimeZone::UTC).weekday().to_monday_one_offset();
    let pairs = [
        ("weekday".into(), RestrictedExpr::val(i64::from(day))),
        ("caller".into(), RestrictedExpr::val(circumstances.caller.name())),
        ("request".into(), RestrictedExpr::record(request).unwrap()),
    ];
    Context::from_pairs(pairs, Extensions::all_available()).unwrap()
}

fn value(value: &AttributeValue) -> RestrictedExpr {
    match value {
        AttributeValue::Bool(value) => RestrictedExpr::val(*value),
        AttributeValue::Number(value) => RestrictedExpr::val(*value),
        AttributeValue::String(value) => RestrictedExpr::val(value.clone()),
        AttributeValue::List(values) => {
            RestrictedExpr::set(values.iter().map(|text| RestrictedExpr::val(text.clone())))
        }
    }
}

fn entity(uid: EntityUID, said: Option<&Attributes>, above: HashSet<EntityUID>) -> Entity {
    let attributes =
        said.into_iter().flat_map(Attributes::iter).map(|(name, one)| (name.clone(), value(one)));
    let attributes: Vec<_> = attributes.collect();
    Entity::new(uid, attributes, HashSet::new(), above, [], Extensions::all_available()).unwrap()
}
