//! From the text of a policy to its statements, with every mistake found on the way.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy_core::ast::{
    ActionConstraint, Effect as CedarEffect, EntityType, EntityUID, Policy as Parsed, PolicySet,
    PrincipalOrResourceConstraint as Constraint,
};
use cedar_policy_core::parser::{Loc, parse_policyset};
use cedar_policy_core::validator::ValidationMode;

use super::condition::{literals, reads};
use super::depth;
use super::foreign_values::foreign_values;
use super::mistake::{Mistake, Mistakes};
use super::schema::{type_name, verb_of};
use super::statement::{ACCOUNT, Effect, PROJECT, Statement, Where, Who};
use crate::access::Target;
use crate::account::{Account, Principal};
use crate::catalog::{AttributeOf, Catalog, PermissionSet};
use crate::ids::{GroupId, PolicyId, ProjectId, ResourceId, ServiceAccountId, UserId};
use crate::limits;

/// The statements of a text, in its order.
pub(super) fn parse(text: &str) -> Result<Vec<Parsed>, Mistakes> {
    set(text).map(|set| in_order(&set))
}

fn set(text: &str) -> Result<PolicySet, Mistakes> {
    let whole = |message: String, hint: &str| Mistakes::one(Mistake::whole(message).hint(hint));
    if text.len() > limits::POLICY_BYTES {
        let message = format!("the policy has {} bytes", text.len());
        let hint = format!("write at most {} bytes, or more policies", limits::POLICY_BYTES);
        return Err(whole(message, &hint));
    }
    if let Some((at, message)) = depth::too_deep(text) {
        let mistake =
            Mistake::at(text, at, at + 1, message).hint("write several shorter statements or policies");
        return Err(Mistakes::one(mistake));
    }
    let set = parse_policyset(text).map_err(|errors| Mistakes::of_syntax(text, &errors))?;
    if let Some(template) = set.templates().next() {
        let (from, to) = place(template.loc());
        let mistake = Mistake::at(text, from, to, "`?principal` and `?resource` stand for nothing here")
            .hint("name the principal or the resource: there are no templates");
        return Err(Mistakes::one(mistake));
    }
    let count = set.static_policies().count();
    if count == 0 {
        return Err(whole("the policy says nothing".to_owned(), "write a `permit` or a `forbid` statement"));
    }
    if count > limits::STATEMENTS_PER_POLICY {
        let hint = format!("write at most {}, or more policies", limits::STATEMENTS_PER_POLICY);
        return Err(whole(format!("the policy has {count} statements"), &hint));
    }
    Ok(set)
}

fn in_order(set: &PolicySet) -> Vec<Parsed> {
    let mut statements: Vec<Parsed> = set.static_policies().cloned().collect();
    statements.sort_by_key(|statement| statement.loc().map(Loc::start));
    statements
}

/// The statements of a text without looking for mistakes of type: of a policy that was checked when it was saved.
///
/// A name that the catalog or the account does not have any more makes a statement match nothing.
pub(crate) fn compile(account: &Account, id: PolicyId, text: &str) -> Vec<Statement> {
    let statements = parse(text).unwrap_or_default();
    statements.iter().map(|parsed| statement(account, id, parsed)).collect()
}

/// Looks for every mistake in a text: of syntax, of type, and names of what the account does not have.
///
/// # Errors
/// All of them, with their places.
pub(crate) fn check(account: &Account, text: &str) -> Result<(), Mistakes> {
    let set = set(text)?;
    let mut mistakes = of_type(account.catalog(), text, &set);
    for parsed in in_order(&set) {
        let condition = parsed.condition();
        for literal in literals(&condition) {
            if !exists(account, literal) {
                let (from, to) = place(literal.loc());
                let message = format!("there is no `{literal}` in this account");
                let hint =
                    "policies name things by their ids, such as `User::\"usr_…\"` or `Group::\"grp_…\"`";
                mistakes.push(Mistake::at(text, from, to, message).hint(hint));
            }
        }
    }
    Mistakes::new(mistakes).map_or(Ok(()), Err)
}

/// Looks for mistakes of syntax and type, whatever an account has.
///
/// # Errors
/// All of them, with their places.
pub(crate) fn fits(catalog: &Catalog, text: &str) -> Result<(), Mistakes> {
    let set = set(text)?;
    Mistakes::new(of_type(catalog, text, &set)).map_or(Ok(()), Err)
}

/// The names of all permissions that each statement of a text names, by the groups of actions that verbs are as well.
pub(crate) fn actions_named<'c>(
    catalog: &'c Catalog,
    text: &str,
) -> impl Iterator<Item = BTreeSet<&'c str>> + use<'c> {
    let named = |parsed: &Parsed| {
        let actions = actions(catalog, parsed.action_constraint());
        actions.iter().map(|index| catalog.permission_name(index)).collect()
    };
    let named: Vec<_> = parse(text).unwrap_or_default().iter().map(named).collect();
    named.into_iter()
}

fn of_type(catalog: &Catalog, text: &str, set: &PolicySet) -> Vec<Mistake> {
    match catalog.validation().of(catalog) {
        Some(validator) => {
            let result = validator.validate(set, ValidationMode::Strict);
            let hinted = |mistake: Mistake| match of_some_only(catalog, &mistake) {
                Some(hint) => mistake.hint(hint),
                None => mistake,
            };
            let of_type = result.validation_errors().map(|error| hinted(Mistake::of(text, error)));
            of_type.chain(foreign_values(catalog, text, set)).collect()
        }
        None => vec![Mistake::at(text, 0, 0, "the catalog cannot be used for policies")],
    }
}

/// What to write where a condition reads an attribute that users have, or resources of some types, and speaks of others too.
fn of_some_only(catalog: &Catalog, mistake: &Mistake) -> Option<String> {
    let (name, rest) = mistake.message.strip_prefix("attribute `")?.split_once("` on entity type `")?;
    let (of, _) = rest.split_once('`')?;
    if ["ServiceAccount", "Group"].contains(&of) {
        let is_of_users = catalog.member_attributes().any(|known| known.name == name);
        return is_of_users.then(|| "only users have it: write `principal is User`".to_owned());
    }
    let of_type = catalog.attributes.iter().filter(|known| known.name == name);
    let first = of_type.filter_map(|known| match known.of {
        AttributeOf::Resource => catalog.resource_types.first(),
        AttributeOf::ResourceType(of) => catalog.resource_type_at(of),
        AttributeOf::Member | AttributeOf::Request => None,
    });
    let first = first.map(|of| type_name(&of.name)).next().filter(|_| of != "User")?;
    Some(format!("not everything has it: name a type that has it, such as `resource is {first}`"))
}

fn place(loc: Option<&Loc>) -> (usize, usize) {
    loc.map_or((0, 0), |loc| (loc.start(), loc.end()))
}

/// Whether what a policy names is there. Actions and types are the schema's business.
fn exists(account: &Account, literal: &EntityUID) -> bool {
    let id = literal.eid().as_ref();
    match literal.entity_type().to_string().as_str() {
        "User" => id.parse().is_ok_and(|id: UserId| account.member_status(id).is_some()),
        "Group" => id.parse().is_ok_and(|id: GroupId| account.group(id).is_some()),
        "ServiceAccount" => {
            id.parse().is_ok_and(|id: ServiceAccountId| account.service_account(id).is_some())
        }
        "Account" => id.parse() == Ok(account.id()),
        "Project" => id.parse().is_ok_and(|id: ProjectId| account.project(id).is_some()),
        "Action" => true,
        of => {
            let catalog = account.catalog();
            let known = catalog.resource_types.iter().find(|known| type_name(&known.name) == of);
            // A type that does not exist is reported by Cedar.
            known.is_none_or(|known| {
                let found = id.parse().ok().and_then(|id: ResourceId| account.resource(id));
                found.is_some_and(|found| found.value.resource_type == known.name)
            })
        }
    }
}

fn statement(account: &Account, policy: PolicyId, parsed: &Parsed) -> Statement {
    let catalog = account.catalog();
    let condition = parsed.non_scope_constraints_arc().map(Arc::clone);
    Statement {
        policy,
        effect: match parsed.effect() {
            CedarEffect::Permit => Effect::Permit,
            CedarEffect::Forbid => Effect::Forbid,
        },
        actions: actions(catalog, parsed.action_constraint()),
        who: who(parsed.principal_constraint().as_inner()),
        at: at(account, parsed.resource_constraint().as_inner()),
        reads: condition.as_deref().map(reads).unwrap_or_default(),
        condition,
    }
}

fn actions(catalog: &Catalog, constraint: &ActionConstraint) -> PermissionSet {
    let one = |uid: &EntityUID| catalog.permission(uid.eid().as_ref()).into_iter().collect();
    let group = |uid: &EntityUID| {
        let verb = uid.eid().as_ref();
        let with_index = catalog.all_permissions().iter().zip(&catalog.permissions);
        let of_verb = with_index.filter(|(_, permission)| verb_of(&permission.name) == verb);
        of_verb.map(|(index, _)| index).collect::<PermissionSet>().union(&one(uid))
    };
    match constraint {
        ActionConstraint::Any => catalog.all_permissions(),
        ActionConstraint::Eq(uid) => one(uid),
        ActionConstraint::In(uids) => {
            uids.iter().fold(PermissionSet::EMPTY, |set, uid| set.union(&group(uid)))
        }
    }
}

fn who(constraint: &Constraint) -> Who {
    let named = |uid: &EntityUID| -> Option<Principal> {
        let (of, id) = (uid.entity_type().to_string(), uid.eid().as_ref());
        match of.as_str() {
            "User" => id.parse().ok().map(Principal::Member),
            "Group" => id.parse().ok().map(Principal::Group),
            "ServiceAccount" => id.parse().ok().map(Principal::ServiceAccount),
            _ => None,
        }
    };
    let euid = constraint.get_euid().and_then(|uid| named(uid));
    match constraint {
        Constraint::Any => Who::Anybody,
        Constraint::Eq(_) => euid.map_or(Who::Nobody, Who::One),
        Constraint::In(_) => match euid {
            Some(Principal::Group(group)) => Who::InGroup(group),
            Some(one) => Who::One(one),
            None => Who::Nobody,
        },
        Constraint::Is(of) => kind(of),
        Constraint::IsIn(of, _) => match (kind(of), euid) {
            (Who::Users, Some(Principal::Group(group))) => Who::UsersInGroup(group),
            (Who::Users, Some(one @ Principal::Member(_)))
            | (Who::ServiceAccounts, Some(one @ Principal::ServiceAccount(_)))
            | (Who::Groups, Some(one @ Principal::Group(_))) => Who::One(one),
            _ => Who::Nobody,
        },
    }
}

fn kind(of: &EntityType) -> Who {
    match of.to_string().as_str() {
        "User" => Who::Users,
        "ServiceAccount" => Who::ServiceAccounts,
        "Group" => Who::Groups,
        _ => Who::Nobody,
    }
}

fn at(account: &Account, constraint: &Constraint) -> Where {
    let catalog = account.catalog();
    let bit = |of: &EntityType| match of.to_string().as_str() {
        "Account" => Some(1_u128 << ACCOUNT),
        "Project" => Some(1 << PROJECT),
        of => {
            let position = catalog.resource_types.iter().position(|known| type_name(&known.name) == of);
            position.map(|position| 1 << position)
        }
    };
    let target = constraint.get_euid().and_then(|uid| {
        let (of, id) = (uid.entity_type().to_string(), uid.eid().as_ref());
        match of.as_str() {
            "Account" => (id.parse() == Ok(account.id())).then_some(Target::Account),
            "Project" => id.parse().ok().map(Target::Project),
            _ => bit(uid.entity_type()).and_then(|_| id.parse().ok()).map(Target::Resource),
        }
    });
    match constraint {
        Constraint::Any => Where::Everywhere,
        Constraint::Is(of) => bit(of).map_or(Where::Nowhere, Where::Types),
        Constraint::Eq(_) => target.map_or(Where::Nowhere, Where::At),
        Constraint::In(_) => target.map_or(Where::Nowhere, Where::Below),
        Constraint::IsIn(of, _) => {
            bit(of).zip(target).map_or(Where::Nowhere, |(bit, target)| Where::TypesBelow(bit, target))
        }
    }
}
