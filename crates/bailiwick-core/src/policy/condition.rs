//! What a condition looks at, found out once when a policy is saved or loaded.

use cedar_policy_core::ast::{BinaryOp, EntityUID, Expr, ExprKind, Literal, Var};

use super::statement::Reads;
use crate::ids::GroupId;

/// Walks through an expression without recursion, as deep as it may be.
pub(super) fn reads(condition: &Expr) -> Reads {
    let mut reads = Reads::default();
    // The context as a whole, and the context of which an attribute is asked for.
    let (mut contexts, mut asked) = (0_usize, 0_usize);
    let is_context = |expr: &Expr| matches!(expr.expr_kind(), ExprKind::Var(Var::Context));
    for part in condition.subexpressions() {
        match part.expr_kind() {
            ExprKind::GetAttr { expr, attr } | ExprKind::HasAttr { expr, attr } => {
                reads.names.push(attr.clone());
                asked += usize::from(is_context(expr));
            }
            ExprKind::ExtHasAttr { expr, attrs } => {
                reads.names.extend(attrs.iter().cloned());
                asked += usize::from(is_context(expr));
            }
            ExprKind::Var(Var::Context) => contexts += 1,
            ExprKind::Var(Var::Principal) => reads.principal = true,
            ExprKind::BinaryApp { op: BinaryOp::In, .. } => reads.ancestors = true,
            _ => {}
        }
    }
    for literal in literals(condition) {
        let group: Option<GroupId> = literal.eid().as_ref().parse().ok();
        reads.groups.extend(group);
    }
    reads.whole_context = contexts > asked;
    reads.names.sort_unstable();
    reads.names.dedup();
    reads.groups.sort_unstable();
    reads.groups.dedup();
    reads
}

/// The entities that an expression names.
pub(super) fn literals(expr: &Expr) -> impl Iterator<Item = &EntityUID> {
    expr.subexpressions().filter_map(|part| match part.expr_kind() {
        ExprKind::Lit(Literal::EntityUID(uid)) => Some(&**uid),
        _ => None,
    })
}
