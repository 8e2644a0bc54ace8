//! What a statement comes to for somebody, whenever and however it is asked: Cedar's partial evaluation.
//!
//! Rule 1 is about what a policy may say at any moment, not about what it says now. So the principal is known, and the action
//! and the context are not; neither is the resource, unless it is one in particular.

use std::collections::HashSet;
use std::sync::Arc;

use cedar_policy_core::ast::{
    BinaryOp, Context, Entity, EntityUIDEntry, Expr, ExprKind, Literal, PartialValue, Request, UnaryOp,
    ValueKind, Var,
};
use cedar_policy_core::entities::{Entities, NoEntitiesSchema, TCComputation};
use cedar_policy_core::evaluator::Evaluator;
use cedar_policy_core::extensions::Extensions;
use smol_str::{SmolStr, format_smolstr};

use super::decision::{NO_SLOTS, above_of, context, entity, uid, uid_at, uid_of, values};
use super::{Effect, Rulebook, Statement};
use crate::access::{Circumstances, Target};
use crate::account::{Account, Attributes, Principal};
use crate::catalog::ResourceTypeIndex;
use crate::ids::GroupId;

/// Somebody as policies see them: one of the account's principals, or one to be.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) principal: Principal,
    pub(crate) attributes: Attributes,
    /// All groups that they are in, through others too.
    pub(crate) groups: Vec<GroupId>,
}

impl Subject {
    /// A principal as it is; where there are no policies, nobody looks.
    pub(crate) fn of(account: &Account, principal: Principal) -> Self {
        if !account.has_policies() {
            return Self { principal, attributes: Attributes::default(), groups: Vec::new() };
        }
        let attributes = match principal {
            Principal::Member(user) => account.member_attributes(user).cloned(),
            Principal::Group(_) | Principal::ServiceAccount(_) => None,
        };
        Self {
            principal,
            attributes: attributes.unwrap_or_default(),
            groups: account.groups_around(principal).collect(),
        }
    }
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Object<'a> {
    /// Something of which nothing is known.
    Anything,
    /// Something that is there.
    There(Target),
    /// A resource that is about to be: its type, what will hold it, and what is said of it.
    New(ResourceTypeIndex, Target, &'a Attributes),
}

/// What a statement comes to.
#[derive(Debug)]
pub(crate) enum Applies {
    /// It does not apply, whatever is asked.
    Never,
    /// It applies whenever its action and resource are asked about.
    Always,
    /// It applies where this holds.
    Where(Expr),
}

impl Applies {
    /// Whether it applies whatever the circumstances are.
    pub(crate) fn is_always(&self) -> bool {
        matches!(self, Self::Always)
    }

    /// Whether it does not apply, whatever is asked.
    pub(crate) fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }

    /// Whether the other one applies wherever this one does. `false` where that is not plain to see.
    pub(crate) fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Never, _) | (_, Self::Always) => true,
            (Self::Where(one), Self::Where(other)) => {
                // What is left unevaluated may turn out differently.
                let asks_who = |part: &Expr| matches!(part.expr_kind(), ExprKind::Var(Var::Principal));
                one == other && !one.subexpressions().any(asks_who)
            }
            (Self::Where(_) | Self::Always, _) => false,
        }
    }
}

impl Rulebook {
    /// What a statement comes to for somebody, under these circumstances or whatever they are. Whatever fails to evaluate counts against access, as it does in decisions.
    pub(crate) fn applies(
        &self,
        account: &Account,
        statement: &Statement,
        subject: &Subject,
        object: Object<'_>,
        when: Option<&Circumstances<'_>>,
    ) -> Applies {
        if !statement.is_about_subject(subject) {
            return Applies::Never;
        }
        let Some(condition) = &statement.condition else { return Applies::Always };
        let against_access = || match statement.effect {
            Effect::Permit => Applies::Never,
            Effect::Forbid => Applies::Always,
        };
        let Some(left) = self.left_of(account, statement, condition, subject, object, when) else {
            return against_access();
        };
        let left = match left {
            PartialValue::Value(value) => match value.value_kind() {
                ValueKind::Lit(Literal::Bool(true)) => return Applies::Always,
                ValueKind::Lit(Literal::Bool(false)) => return Applies::Never,
                _ => return against_access(),
            },
            PartialValue::Residual(left) => left,
        };
        match surely(&left) {
            Some(true) => Applies::Always,
            Some(false) => Applies::Never,
            None => Applies::Where(left),
        }
    }

    /// What is left of a condition; `None` if it cannot be evaluated.
    fn left_of(
        &self,
        account: &Account,
        statement: &Statement,
        condition: &Expr,
        subject: &Subject,
        object: Object<'_>,
        when: Option<&Circumstances<'_>>,
    ) -> Option<PartialValue> {
        let (names, reads) = (&self.names, &statement.reads);
        let principal = uid_of(self, subject.principal);
        let groups = subject.groups.iter().map(|group| uid(&names.group, format_smolstr!("{group}")));
        let groups: HashSet<_> = groups.filter(|group| *group != principal).collect();
        let said = values(reads, Some(&subject.attributes), None);
        let mut entities: Vec<Entity> = vec![entity(principal.clone(), said, groups)];
        let resource = match object {
            Object::Anything => EntityUIDEntry::Unknown { ty: None, loc: None },
            Object::There(target) => {
                let resource = uid_at(self, account, &target)?;
                let said = values(reads, account.target_attributes(&target), None);
                let above = above_of(self, account, &target).into_iter().collect();
                entities.push(entity(resource.clone(), said, above));
                EntityUIDEntry::known(resource, None)
            }
            Object::New(of, below, said) => {
                let of = names.resource_types.get(usize::from(of.0))?;
                let resource = uid(of, SmolStr::default());
                let mut above: HashSet<_> = above_of(self, account, &below).into_iter().collect();
                above.insert(uid_at(self, account, &below)?);
                entities.push(entity(resource.clone(), values(reads, Some(said), None), above));
                EntityUIDEntry::known(resource, None)
            }
        };
        let entities = Entities::from_entities(
            entities,
            None::<&NoEntitiesSchema>,
            TCComputation::AssumeAlreadyComputed,
            Extensions::all_available(),
        );
        let action = EntityUIDEntry::Unknown { ty: None, loc: None };
        let context = when.map(|when| Context::Value(Arc::new(context(reads, when))));
        let request =
            Request::new_unchecked(EntityUIDEntry::known(principal, None), action, resource, context);
        let entities = entities.ok()?;
        let evaluator = Evaluator::new(request, &entities, Extensions::all_available());
        evaluator.partial_interpret(condition, &NO_SLOTS).ok()
    }
}

/// What an expression comes to for sure, though parts of it are not known. Cedar evaluates in order and gives up at the first
/// part that it does not know, because that part could fail: then the whole fails, whatever comes behind it.
fn surely(expr: &Expr) -> Option<bool> {
    match expr.expr_kind() {
        ExprKind::Lit(Literal::Bool(value)) => Some(*value),
        ExprKind::And { left, right } => match (surely(left), surely(right)) {
            (Some(false), _) => Some(false),
            (Some(true), right) => right,
            (None, Some(false)) if !can_fail(left) => Some(false),
            (None, _) => None,
        },
        ExprKind::Or { left, right } => match (surely(left), surely(right)) {
            (Some(true), _) => Some(true),
            (Some(false), right) => right,
            (None, Some(true)) if !can_fail(left) => Some(true),
            (None, _) => None,
        },
        ExprKind::UnaryApp { op: UnaryOp::Not, arg } => surely(arg).map(|value| !value),
        ExprKind::If { test_expr, then_expr, else_expr } => match surely(test_expr) {
            Some(true) => surely(then_expr),
            Some(false) => surely(else_expr),
            None if can_fail(test_expr) => None,
            None => surely(then_expr).filter(|value| surely(else_expr) == Some(*value)),
        },
        _ => None,
    }
}

/// Whether a condition that was checked can still fail: by arithmetic that overflows, also that of moments, and by what is
/// made from a text.
fn can_fail(expr: &Expr) -> bool {
    const SAFE: [&str; 5] = ["isInRange", "isIpv4", "isIpv6", "toTime", "durationSince"];
    expr.subexpressions().any(|part| match part.expr_kind() {
        ExprKind::UnaryApp { op: UnaryOp::Neg, .. }
        | ExprKind::BinaryApp { op: BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, .. } => true,
        // What is called on known values alone is a value by now, or has failed.
        ExprKind::ExtensionFunctionApp { fn_name, args } => {
            !SAFE.contains(&fn_name.to_string().as_str())
                && !args.iter().all(|arg| matches!(arg.expr_kind(), ExprKind::Lit(_)))
        }
        _ => false,
    })
}
