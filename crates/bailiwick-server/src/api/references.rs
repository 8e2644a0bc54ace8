//! From the texts of a request to values of the domain: ids, external ids, names, scopes.
//!
//! What is unknown is refused with the field that names it, so that a caller with fifty roles in one request finds the
//! wrong one. Whether the caller may do something with what was found is decided later, by the domain.

use bailiwick_client::wire;
use bailiwick_core::access::{Circumstances, Work};
use bailiwick_core::account::{
    Account, Actor, AllOf, Called, Patch, Principal, Refusal, RoleAtScope, RoleRef, Scope,
};
use bailiwick_core::catalog::Operation;
use bailiwick_core::ids::{GroupId, ProjectId, ResourceId, ServiceAccountId, UserId};
use bailiwick_core::limits;
use bailiwick_core::values::{Description, Email, ExternalId, InvalidText, Name, ResourceUrl, RoleName};
use smol_str::SmolStr;

use crate::service::{Error, Service};

/// How much of a wrong text a refusal repeats, in characters: the longest external id fits.
const SHOWN_CHARACTERS: usize = 128;

/// Reads references for one caller in one account.
#[derive(Debug, Clone, Copy)]
pub struct References<'a> {
    account: &'a Account,
    actor: Actor,
    now: Circumstances<'static>,
}

/// The member, or the invited person, who has this email; people elsewhere are not known here, nor is what is no email.
///
/// # Errors
/// What the look-up in the directory fails with.
pub async fn member_by_email(
    service: &Service,
    account: &Account,
    text: &str,
) -> Result<Option<UserId>, Error> {
    let Ok(email) = Email::parse(text) else { return Ok(None) };
    let user = service.store().user_by_email(email.as_str()).await?.map(|user| user.user_id);
    Ok(user.filter(|user| account.member_status(*user).is_some()))
}

impl<'a> References<'a> {
    /// References into an account, as far as this actor may know of what they name.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for strangers, so that they learn nothing by what resolves; the refusals of
    /// [`Account::may_act`] for others who may not act.
    pub fn new(account: &'a Account, actor: Actor, now: Circumstances<'static>) -> Result<Self, Error> {
        account.may_act(actor, now.now)?;
        Ok(Self { account, actor, now })
    }

    /// A member, pending ones included.
    pub fn member(&self, field: &str, text: &str) -> Result<UserId, Error> {
        self.account.find_member(text).ok_or_else(|| unknown(field, text, "member"))
    }

    /// A group.
    pub fn group(&self, field: &str, text: &str) -> Result<GroupId, Error> {
        self.account.find_group(text).ok_or_else(|| unknown(field, text, "group"))
    }

    /// A project that the actor may know: see [`Account::knows_project`].
    pub fn project(&self, field: &str, text: &str) -> Result<ProjectId, Error> {
        let known = |id: &ProjectId| self.account.knows_project(self.actor, *id, self.now);
        self.account.find_project(text).filter(known).ok_or_else(|| unknown(field, text, "project"))
    }

    /// Whether the actor may look at a project.
    pub fn sees_project(&self, id: ProjectId) -> bool {
        self.account.sees_project(self.actor, id, self.now)
    }

    /// A service account.
    pub fn service_account(&self, field: &str, text: &str) -> Result<ServiceAccountId, Error> {
        self.account.find_service_account(text).ok_or_else(|| unknown(field, text, "service account"))
    }

    /// A resource that the actor may see, or may grant roles at: external ids can be guessed, so the others do not exist.
    pub fn resource(&self, field: &str, text: &str) -> Result<ResourceId, Error> {
        self.account
            .find_resource(text)
            .filter(|id| {
                let scope = Scope::resources([*id]);
                self.sees_resource(*id)
                    || self.account.authorize(self.actor, Operation::WriteRoles, &scope, self.now).is_ok()
            })
            .ok_or_else(|| unknown(field, text, "resource"))
    }

    /// Whether the actor may see a resource: it holds one of the permissions for its type there.
    pub fn sees_resource(&self, id: ResourceId) -> bool {
        sees_resource(self.account, self.actor, id, self.now)
    }

    /// A role, by id, name or external id.
    pub fn role(&self, field: &str, text: &str) -> Result<RoleRef, Error> {
        self.account.find_role(text).ok_or_else(|| unknown(field, text, "role"))
    }

    /// Several roles, in the field of a list.
    pub fn roles(&self, field: &str, texts: &[String]) -> Result<Vec<RoleRef>, Error> {
        at_most(field, texts.len(), "roles in one request", limits::GRANTS_PER_COMMAND)?;
        let role = |(place, text): (usize, &String)| self.role(&format!("{field}/{place}"), text);
        texts.iter().enumerate().map(role).collect()
    }

    /// A member, group or service account.
    pub fn principal(&self, field: &str, text: &str) -> Result<Principal, Error> {
        principal(self.account, field, text)?.ok_or_else(|| unknown(field, text, "principal"))
    }

    /// A scope.
    pub fn scope(&self, field: &str, scope: &wire::Scope) -> Result<Scope, Error> {
        Ok(match scope {
            wire::Scope::Account => Scope::Account,
            wire::Scope::Project(text) => Scope::Project(self.project(&format!("{field}/project"), text)?),
            wire::Scope::AllOf(wire::AllOf { resource_type, project, future }) => {
                let resource_type = self.resource_type(&format!("{field}/all_of/type"), resource_type)?;
                let field = format!("{field}/all_of/project");
                let project = project.as_ref().map(|text| self.project(&field, text)).transpose()?;
                if *future == Some(false) {
                    return self.all_of_today(&field, &resource_type, project);
                }
                Scope::AllOf(AllOf { resource_type, project }.into())
            }
            wire::Scope::Resources(texts) => {
                let field = format!("{field}/resources");
                at_most(&field, texts.len(), "resources in one scope", limits::RESOURCES_PER_SCOPE)?;
                let resource =
                    |(place, text): (usize, &String)| self.resource(&format!("{field}/{place}"), text);
                let ids: Result<Vec<_>, _> = texts.iter().enumerate().map(resource).collect();
                Scope::resources(ids?)
            }
        })
    }

    /// The resources of a type as they are now: those that are registered later are not covered. Whom some of them are hidden
    /// from freezes those that they see, so that the answer tells nothing of the others.
    fn all_of_today(&self, field: &str, of: &SmolStr, project: Option<ProjectId>) -> Result<Scope, Error> {
        let resources = self.account.resources_after(None);
        let of_type = resources.filter(|(_, found)| {
            found.value.resource_type == *of && project.is_none_or(|project| found.value.project == project)
        });
        let (cost, mut work) = (cost_of_seeing(self.account, of), Work::new(limits::SEARCH_WORK));
        let mut is_too_much = false;
        let asked = of_type.map(|(id, _)| id).take_while(|_| {
            is_too_much = self.account.has_policies() && !work.takes(cost);
            !is_too_much
        });
        let visible = asked.filter(|id| self.sees_resource(*id));
        let most = limits::RESOURCES_PER_SCOPE;
        let today: Vec<ResourceId> = visible.take(most + 1).collect();
        at_most(field, today.len(), "resources in one scope", most)?;
        // Policies say who sees each of them, and a scope that lacks some is not what was asked for.
        if is_too_much {
            let what = "what is asked of policies to find the resources of today";
            return Err(Error::TooLarge { what, limit: limits::SEARCH_WORK });
        }
        if today.is_empty() {
            return Err(refused(field, of, Refusal::EmptyScope));
        }
        Ok(Scope::resources(today))
    }

    /// Groups, in the field of a list.
    pub fn groups(&self, field: &str, texts: &[String]) -> Result<Vec<GroupId>, Error> {
        at_most(field, texts.len(), "groups of one member", limits::GROUPS_PER_MEMBER)?;
        let group = |(place, text): (usize, &String)| self.group(&format!("{field}/{place}"), text);
        texts.iter().enumerate().map(group).collect()
    }

    /// The name of a resource type of the catalog.
    pub fn resource_type(&self, field: &str, text: &str) -> Result<SmolStr, Error> {
        match self.account.catalog().resource_type(text) {
            Some(_) => Ok(SmolStr::new(text)),
            None => Err(refused(field, text, Refusal::UnknownResourceType { resource_type: shown(text) })),
        }
    }

    /// Roles at scopes: the short form `roles`, which is for the whole account, and the long form `grants`, together.
    pub fn grants(&self, roles: &[String], grants: &[wire::GrantSpec]) -> Result<Vec<RoleAtScope>, Error> {
        let most = limits::GRANTS_PER_COMMAND;
        at_most("grants", roles.len() + grants.len(), "roles in one request", most)?;
        let short = self.roles("roles", roles)?.into_iter();
        let short = short.map(|role| Ok(RoleAtScope { role, scope: Scope::Account, until: None }));
        let long = grants.iter().enumerate().map(|(place, spec)| {
            Ok(RoleAtScope {
                role: self.role(&format!("grants/{place}/role"), &spec.role)?,
                scope: self.scope(&format!("grants/{place}/scope"), &spec.scope)?,
                until: spec.until,
            })
        });
        short.chain(long).collect()
    }
}

/// The member, group or service account with this id or external id, if there is one.
///
/// # Errors
/// [`Error::Ambiguous`] where several go by it: a group named like a person would get what is meant for them.
pub fn principal(account: &Account, field: &str, text: &str) -> Result<Option<Principal>, Error> {
    match account.principal_called(text) {
        Called::One(principal) => Ok(Some(principal)),
        Called::Nothing => Ok(None),
        Called::Several => {
            Err(Error::Ambiguous { field: field.to_owned(), value: shown(text), kind: "principal" })
        }
    }
}

/// Whether an actor may see a resource: it holds one of the permissions for its type there. Others do not learn that it
/// exists.
pub fn sees_resource(account: &Account, actor: Actor, id: ResourceId, now: Circumstances<'_>) -> bool {
    if account.is_seen_whole() {
        return account.resource(id).is_some();
    }
    let target = bailiwick_core::access::Target::Resource(id);
    let holds = |one| account.check(actor.principal(), one, &target, now);
    let catalog = account.catalog();
    account
        .resource(id)
        .and_then(|resource| catalog.resource_type(&resource.value.resource_type))
        .and_then(|index| catalog.resource_type_at(index))
        .is_some_and(|of| [of.read, of.write, of.delete].into_iter().any(holds))
}

/// What it takes at most to find out who sees a resource of a type.
pub fn cost_of_seeing(account: &Account, resource_type: &str) -> usize {
    let catalog = account.catalog();
    let of = catalog.resource_type(resource_type).and_then(|index| catalog.resource_type_at(index));
    let asked = of.map_or([None; 3], |of| [of.read, of.write, of.delete].map(Some));
    asked.into_iter().flatten().map(|one| account.cost_of_asking(one)).sum()
}

/// The name of a thing.
pub fn name(field: &str, text: &str) -> Result<Name, Error> {
    Name::parse(text).map_err(|problem| invalid(field, problem))
}

/// The name of a custom role.
pub fn role_name(field: &str, text: &str) -> Result<RoleName, Error> {
    RoleName::parse(text).map_err(|problem| invalid(field, problem))
}

/// A description.
pub fn description(field: &str, text: &str) -> Result<Description, Error> {
    Description::parse(text).map_err(|problem| invalid(field, problem))
}

/// The caller's own name for a new thing.
pub fn external_id(text: Option<&String>) -> Result<Option<ExternalId>, Error> {
    external_id_at("external_id", text)
}

/// The same in a field of another place.
pub fn external_id_at(field: &str, text: Option<&String>) -> Result<Option<ExternalId>, Error> {
    text.map(|text| ExternalId::parse(text).map_err(|problem| invalid(field, problem))).transpose()
}

/// What an edit does to the caller's own name for a thing.
pub fn external_id_patch(patch: &wire::Patch<String>) -> Result<Patch<ExternalId>, Error> {
    Ok(match patch {
        wire::Patch::Keep => Patch::Keep,
        wire::Patch::Clear => Patch::Clear,
        wire::Patch::Set(text) => external_id(Some(text))?.map_or(Patch::Keep, Patch::Set),
    })
}

/// Where a resource is reached.
pub fn url(field: &str, text: &str) -> Result<ResourceUrl, Error> {
    ResourceUrl::parse(text).map_err(|problem| invalid(field, problem))
}

/// What an edit does to where a resource is reached.
pub fn url_patch(patch: &wire::Patch<String>) -> Result<Patch<ResourceUrl>, Error> {
    Ok(match patch {
        wire::Patch::Keep => Patch::Keep,
        wire::Patch::Clear => Patch::Clear,
        wire::Patch::Set(text) => Patch::Set(url("url", text)?),
    })
}

/// Names of permissions. The domain knows which of them exist and how many a role takes.
pub fn permissions(texts: &[String]) -> Vec<SmolStr> {
    texts.iter().map(SmolStr::new).collect()
}

/// A refusal of what a field names.
pub fn refused(field: &str, text: &str, refusal: Refusal) -> Error {
    Error::Field { field: field.to_owned(), value: shown(text), refusal }
}

/// What a field names does not exist for the caller.
pub fn unknown(field: &str, text: &str, kind: &'static str) -> Error {
    refused(field, text, Refusal::NotFound { kind })
}

fn invalid(field: &str, problem: InvalidText) -> Error {
    Error::InvalidText { field: field.to_owned(), problem }
}

/// Refuses a list that is too long before any of it is looked at.
pub fn at_most(field: &str, count: usize, what: &'static str, most: usize) -> Result<(), Error> {
    if count <= most {
        return Ok(());
    }
    Err(refused(field, &count.to_string(), Refusal::LimitReached { what, most }))
}

/// A text as a message repeats it: short, and in printable characters only.
fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(SHOWN_CHARACTERS).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(SHOWN_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}
