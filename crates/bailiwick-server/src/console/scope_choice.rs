//! Choosing a role for a project or for resources, on the invitation and on a member's page.

use bailiwick_core::access::Work;
use bailiwick_core::account::{AllOf, RoleAtScope, RoleRef, Scope};
use bailiwick_core::catalog::{Level, Operation};
use bailiwick_core::limits;
use jiff::Timestamp;
use std::sync::Arc;

use super::account_context::AccountContext;
use super::complaint::Complaint;
use super::form::Fields;
use crate::api::references::References;

/// How many resources a list offers; more are granted by id through the API or the command line.
const MAX_OFFERED: usize = 200;

/// A role that may be given.
#[derive(Debug, Clone)]
pub(super) struct RoleChoice {
    /// Name or id.
    pub(super) reference: String,
    /// What people read.
    pub(super) title: String,
    /// What it is for.
    pub(super) description: String,
    /// Whether it is ticked.
    pub(super) is_chosen: bool,
    /// Whether the person may give it or take it away.
    pub(super) is_open: bool,
    /// Whether the account made it.
    pub(super) is_custom: bool,
}

/// Scopes under one heading.
#[derive(Debug, Clone)]
pub(super) struct ScopeGroup {
    /// The heading.
    pub(super) title: String,
    /// Value and words of each.
    pub(super) scopes: Vec<(String, String)>,
}

/// What is needed to offer roles below the account.
#[derive(Debug, Clone)]
pub(super) struct ScopeChoice {
    /// The roles of projects and resources.
    pub(super) roles: Vec<RoleChoice>,
    /// Where they can be granted.
    pub(super) groups: Vec<ScopeGroup>,
    /// Whether all resources are offered.
    pub(super) is_complete: bool,
}

impl AccountContext<'_> {
    /// The roles of one kind of level, in the order of the catalog, then the account's own.
    fn roles_where(&self, fits: impl Fn(Level) -> bool) -> Vec<RoleChoice> {
        let catalog = self.account.catalog();
        let newcomer = catalog.rules.newcomer.and_then(|index| catalog.role_at(index)).map(|role| &role.name);
        let built_in = catalog
            .roles
            .iter()
            .filter(|role| fits(role.level) && !role.handed_over && Some(&role.name) != newcomer)
            .map(|role| RoleChoice {
                reference: role.name.clone(),
                title: role.title.clone(),
                description: role.description.clone(),
                is_chosen: false,
                is_open: true,
                is_custom: false,
            });
        let custom = self.account.roles_after(None).filter(|(_, role)| fits(role.value.level));
        let custom = custom.map(|(id, role)| RoleChoice {
            reference: id.to_string(),
            title: role.value.name.to_string(),
            description: role.value.description.to_string(),
            is_chosen: false,
            is_open: true,
            is_custom: true,
        });
        built_in.chain(custom).collect()
    }

    /// The roles of the whole account that the person may give by an operation, and those that are chosen already.
    pub(super) fn account_roles(
        &self,
        operation: Operation,
        is_chosen: impl Fn(&RoleRef) -> bool,
    ) -> Vec<RoleChoice> {
        let may_write = self.may(operation);
        let mut choices = self.roles_where(|level| level == Level::Account);
        for choice in &mut choices {
            if let Some(role) = self.account.find_role(&choice.reference) {
                choice.is_chosen = is_chosen(&role);
                choice.is_open = may_write && self.may_give(&role);
            }
        }
        choices.retain(|choice| choice.is_open || choice.is_chosen);
        choices
    }

    /// Roles below the account, with the scopes where the person may give them by an operation.
    pub(super) fn scope_choice(&self, operation: Operation) -> Option<ScopeChoice> {
        let roles = self.roles_where(|level| level != Level::Account);
        if roles.is_empty() || !self.may_anywhere(operation) {
            return None;
        }
        let account = &self.account;
        let may = |scope: &Scope| self.may_at(operation, scope);
        let cost = account.cost_of_authorizing(operation, std::iter::empty());
        let mut work = Work::new(limits::SEARCH_WORK);
        let mut projects: Vec<(String, String)> = account
            .projects_after(None)
            .take_while(|_| work.takes(cost))
            .filter(|(id, _)| may(&Scope::Project(*id)))
            .take(MAX_OFFERED + 1)
            .map(|(id, project)| (id.to_string(), project.value.name.to_string()))
            .collect();
        let types = account.catalog().resource_types.iter().filter(|kind| {
            may(&Scope::AllOf(Arc::new(AllOf { resource_type: kind.name.as_str().into(), project: None })))
        });
        let types = types.map(|kind| {
            (format!("all:{}", kind.name), format!("All {} now and later", kind.title.to_lowercase()))
        });
        let mut resources: Vec<(String, String)> = account
            .resources_after(None)
            .take_while(|_| work.takes(cost))
            .filter(|(id, _)| may(&Scope::resources([*id])))
            .take(MAX_OFFERED + 1)
            .map(|(id, found)| {
                (id.to_string(), format!("{} {}", found.value.resource_type, found.value.name))
            })
            .collect();
        let is_complete = work.left() > 0 && projects.len().max(resources.len()) <= MAX_OFFERED;
        projects.truncate(MAX_OFFERED);
        resources.truncate(MAX_OFFERED);
        let groups =
            [("Projects", projects), ("All of a kind", types.collect()), ("Single resources", resources)];
        let groups = groups.into_iter().filter(|(_, scopes): &(_, Vec<_>)| !scopes.is_empty());
        let groups = groups.map(|(title, scopes)| ScopeGroup { title: title.to_owned(), scopes }).collect();
        Some(ScopeChoice { roles, groups, is_complete })
    }

    /// The rows of roles at scopes that were filled in; empty rows are left out.
    pub(super) fn chosen_access(&self, fields: &Fields) -> Result<Vec<RoleAtScope>, Complaint> {
        let rows = fields.all("access_role").zip(fields.all("access_scope"));
        let mut untils = fields.all("access_until");
        let mut grants = Vec::new();
        for (role, scope) in rows {
            let until = untils.next().unwrap_or_default();
            match (role, scope) {
                ("", "") => {}
                ("", _) | (_, "") => {
                    let hint = "choose both, or leave the row empty";
                    return Err(Complaint::field(
                        "access",
                        "a role and where it counts belong together",
                        hint,
                    ));
                }
                (role, scope) => grants.push(RoleAtScope {
                    role: self.role_named(role)?,
                    scope: self.scope_named(scope)?,
                    until: end_of_day(until)?,
                }),
            }
        }
        Ok(grants)
    }

    /// The role of this name or id.
    pub(super) fn role_named(&self, reference: &str) -> Result<RoleRef, Complaint> {
        self.account.find_role(reference).ok_or_else(|| {
            Complaint::field("access", "there is no such role any more", "look at the page anew")
        })
    }

    fn scope_named(&self, value: &str) -> Result<Scope, Complaint> {
        if let Some(resource_type) = value.strip_prefix("all:") {
            let all = AllOf { resource_type: resource_type.into(), project: None };
            return Ok(Scope::AllOf(Arc::new(all)));
        }
        let found = References::new(&self.account, self.actor(), self.circumstances()).and_then(|known| {
            let project = known.project("access", value).map(Scope::Project);
            project.or_else(|_| Ok(Scope::resources([known.resource("access", value)?])))
        });
        found.map_err(|_| Complaint::field("access", "this scope is gone", "choose another one"))
    }
}

/// A grant until a day ends with that day, in UTC.
fn end_of_day(text: &str) -> Result<Option<Timestamp>, Complaint> {
    if text.is_empty() {
        return Ok(None);
    }
    let day: Option<jiff::civil::Date> = text.parse().ok();
    let end = day.and_then(|day| day.tomorrow().ok());
    let end = end.and_then(|next| next.to_zoned(jiff::tz::TimeZone::UTC).ok());
    match end {
        Some(end) => Ok(Some(end.timestamp())),
        None => Err(Complaint::field("access", "the last day is not a date", "write it like 2027-01-31")),
    }
}

#[cfg(test)]
mod tests {
    use super::end_of_day;

    #[test]
    fn a_grant_lasts_through_its_last_day() {
        assert_eq!(end_of_day("").unwrap(), None);
        let end = end_of_day("2027-01-31").unwrap().map(|end| end.to_string());
        assert_eq!(end.as_deref(), Some("2027-02-01T00:00:00Z"));
        assert!(end_of_day("31.1.2027").is_err());
    }
}
