//! Texts that an attribute never has: a condition that compares it with one never holds, so that a forbid would never forbid.

use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, Literal, PolicySet, Var};
use cedar_policy_core::parser::Loc;
use smol_str::SmolStr;

use super::mistake::Mistake;
use crate::catalog::{AttributeOf, Catalog};

/// Every comparison of an attribute with a text that the catalog does not list for it.
pub(super) fn foreign_values(catalog: &Catalog, text: &str, set: &PolicySet) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for policy in set.static_policies() {
        let Some(condition) = policy.non_scope_constraints() else { continue };
        for part in condition.subexpressions() {
            let ExprKind::BinaryApp { op, arg1, arg2 } = part.expr_kind() else { continue };
            let (one, other) = (&**arg1, &**arg2);
            let (attribute, said) = match op {
                // Also a text in a list that the attribute is, or the attribute in a list of texts.
                BinaryOp::Eq | BinaryOp::Contains | BinaryOp::ContainsAll | BinaryOp::ContainsAny => {
                    match attribute(one) {
                        Some(found) => (Some(found), texts(other)),
                        None => (attribute(other), texts(one)),
                    }
                }
                _ => continue,
            };
            let Some(listed) = attribute.and_then(|(of, name)| listed(catalog, of, name)) else { continue };
            for (value, at) in said {
                if !listed.contains(&value.as_str()) {
                    let (from, to) = at.map_or((0, 0), |at| (at.start(), at.end()));
                    let name = attribute.map_or("", |(_, name)| name.as_str());
                    let message = format!("`{name}` is never `{value}`");
                    let hint = format!("it is one of `{}`", listed.join("`, `"));
                    mistakes.push(Mistake::at(text, from, to, message).hint(hint));
                }
            }
        }
    }
    mistakes
}

/// The attribute that an expression reads, and of what.
fn attribute(expr: &Expr) -> Option<(Var, &SmolStr)> {
    let ExprKind::GetAttr { expr, attr } = expr.expr_kind() else { return None };
    match expr.expr_kind() {
        ExprKind::Var(of @ (Var::Principal | Var::Resource)) => Some((*of, attr)),
        ExprKind::GetAttr { expr, attr: request } if request == "request" => {
            matches!(expr.expr_kind(), ExprKind::Var(Var::Context)).then_some((Var::Context, attr))
        }
        _ => None,
    }
}

/// The texts that stand in an expression, by themselves or in a list.
fn texts(expr: &Expr) -> Vec<(&SmolStr, Option<&Loc>)> {
    match expr.expr_kind() {
        ExprKind::Lit(Literal::String(text)) => vec![(text, expr.source_loc())],
        ExprKind::Set(parts) => parts.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// All that an attribute takes; `None` if it takes any text, or is none.
fn listed<'c>(catalog: &'c Catalog, of: Var, name: &str) -> Option<Vec<&'c str>> {
    let is_of = |known: AttributeOf| match of {
        Var::Principal => known == AttributeOf::Member,
        Var::Context => known == AttributeOf::Request,
        _ => matches!(known, AttributeOf::Resource | AttributeOf::ResourceType(_)),
    };
    let known = catalog.attributes.iter().filter(|known| known.name == name && is_of(known.of));
    let mut listed = Vec::new();
    for attribute in known {
        if attribute.values.is_empty() {
            return None;
        }
        listed.extend(attribute.values.iter().map(String::as_str));
    }
    (!listed.is_empty()).then_some(listed)
}
