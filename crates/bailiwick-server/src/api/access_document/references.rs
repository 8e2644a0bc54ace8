//! What a document names: roles, scopes, people, groups and service accounts, as the draft knows them.

use bailiwick_client::wire;
use bailiwick_core::account::{AllOf, Called, MemberStatus, Principal, RoleRef, Scope};
use bailiwick_core::ids::{GroupId, Id, ProjectId, ResourceId, UserId};
use bailiwick_core::limits;
use bailiwick_core::values::{Email, folded};

use super::planner::{Kind, Planner};
use crate::api::references::References;

/// A person as a document names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// A member, active or inactive.
    Member(UserId),
    /// Somebody who was invited and has not accepted yet.
    Waiting(UserId),
    /// Somebody whom this document invites, perhaps for the first time.
    ToBeInvited,
}

impl Planner<'_> {
    /// The role with this name, id or external id.
    pub(super) fn role(&mut self, at: &str, text: &str) -> Option<RoleRef> {
        let found = self.account().find_role(text);
        if found.is_none() {
            self.unknown(at, Kind::Role, text);
        }
        found
    }

    /// The group that is called so.
    pub(super) fn group(&mut self, at: &str, text: &str) -> Option<GroupId> {
        let found = self.account().group_called(text);
        self.one(at, Kind::Group, text, found)
    }

    fn project(&mut self, at: &str, text: &str) -> Option<ProjectId> {
        let found = match self.account().project_called(text) {
            Called::One(id) if !self.knows_project(id) && self.granted(text) != Some(id) => Called::Nothing,
            found => found,
        };
        self.one(at, Kind::Project, text, found)
    }

    pub(super) fn knows_project(&self, id: ProjectId) -> bool {
        self.account().knows_project(self.actor, id, self.circumstances)
    }

    fn resource(&mut self, text: &str) -> Option<ResourceId> {
        let references = References::new(self.account(), self.actor, self.circumstances).ok()?;
        references.resource("", text).ok().or_else(|| self.granted(text))
    }

    /// What a grant or an invitation names, by its id: who reads these knows it, even if they do not see the thing itself.
    fn granted<I: Id>(&mut self, text: &str) -> Option<I> {
        let id: I = text.parse().ok()?;
        if self.granted.is_none() {
            let grants = self.account().grants_after(None).map(|(_, found)| &found.value.scope);
            let waiting =
                self.account().pending_after(None).filter_map(|(_, id)| self.account().invitation(id));
            let promised = waiting.flat_map(|found| found.value.grants.iter().map(|grant| &grant.scope));
            self.granted = Some(grants.chain(promised).flat_map(Scope::named).collect());
        }
        Some(id).filter(|id| self.granted.as_ref().is_some_and(|named| named.contains(&id.uuid())))
    }

    fn one<I>(&mut self, at: &str, kind: Kind, text: &str, found: Called<I>) -> Option<I> {
        match found {
            Called::One(id) => Some(id),
            Called::Nothing => {
                self.unknown(at, kind, text);
                None
            }
            Called::Several => {
                let noun = kind.noun();
                let message =
                    format!("`{}` is the external id of one {noun} and the name of another", shown(text));
                self.problem(at, "ambiguous", message);
                None
            }
        }
    }

    /// Tells that there is no such thing, unless that is because its own entry is wrong.
    fn unknown(&mut self, at: &str, kind: Kind, text: &str) {
        if !self.failed.contains(&(kind, folded(text))) {
            let message = format!("there is no {} `{}` in this account", kind.noun(), shown(text));
            self.problem(at, "not_found", message);
        }
    }

    /// The person with this email, id or external id.
    pub(super) fn person(&mut self, at: &str, text: &str) -> Option<Person> {
        let email = text.contains('@').then(|| Email::parse(text));
        let user = match &email {
            Some(Ok(email)) => self.people.user(email),
            Some(Err(problem)) => {
                self.invalid(at, problem);
                return None;
            }
            None => self.account().find_member(text),
        };
        let known = user.and_then(|user| Some((user, self.account().member_status(user)?)));
        match known {
            Some((user, MemberStatus::Pending)) => Some(Person::Waiting(user)),
            Some((user, _)) => Some(Person::Member(user)),
            None if email.is_some_and(|email| email.is_ok_and(|email| self.invites(&email))) => {
                Some(Person::ToBeInvited)
            }
            None => {
                let message =
                    format!("`{}` is not a member of this account: name them in `invitations`", shown(text));
                self.problem(at, "not_a_member", message);
                None
            }
        }
    }

    /// Whether the document invites somebody.
    fn invites(&self, email: &Email) -> bool {
        let mut invited = self.document.invitations.iter().flatten();
        invited.any(|one| Email::parse(&one.email).is_ok_and(|one| one == *email))
    }

    /// Exactly one of member, group and service account. Nothing, with a note, for who is not a member yet.
    pub(super) fn principal(&mut self, at: &str, grant: &wire::DocumentGrant) -> Option<Principal> {
        match (&grant.member, &grant.group, &grant.service_account) {
            (Some(text), None, None) => {
                let at = format!("{at}/member");
                self.accepted(&at, text).map(Principal::Member)
            }
            (None, Some(text), None) => self.group(&format!("{at}/group"), text).map(Principal::Group),
            (None, None, Some(text)) => {
                let found = self.account().service_account_called(text);
                self.one(&format!("{at}/service_account"), Kind::ServiceAccount, text, found)
                    .map(Principal::ServiceAccount)
            }
            _ => {
                let message = "name one of `member`, `group` and `service_account`";
                self.problem(at, "one_principal", message);
                None
            }
        }
    }

    /// A member; a note for who has not accepted yet, since a document goes on saying what shall be.
    pub(super) fn accepted(&mut self, at: &str, text: &str) -> Option<UserId> {
        match self.person(at, text)? {
            Person::Member(user) => Some(user),
            Person::Waiting(_) | Person::ToBeInvited => {
                let message =
                    format!("`{}` has not accepted the invitation yet: apply this again then", shown(text));
                self.note(Some(at.to_owned()), message.into());
                None
            }
        }
    }

    /// A scope, with everything in it that is unknown told.
    pub(super) fn scope(&mut self, at: &str, scope: &wire::Scope) -> Option<Scope> {
        Some(match scope {
            wire::Scope::Account => Scope::Account,
            wire::Scope::Project(text) => Scope::Project(self.project(&format!("{at}/project"), text)?),
            wire::Scope::AllOf(wire::AllOf { future: Some(false), .. }) => {
                let message =
                    "a document says what shall be: name the resources of a frozen list by `resources`";
                self.problem(&format!("{at}/all_of/future"), "frozen_scope", message);
                return None;
            }
            wire::Scope::AllOf(wire::AllOf { resource_type, project, future: _ }) => {
                let is_known = self.account().catalog().resource_type(resource_type).is_some();
                if !is_known {
                    let message = format!("there is no resource type `{}`", shown(resource_type));
                    self.problem(&format!("{at}/all_of/type"), "unknown_resource_type", message);
                }
                let project = match project {
                    Some(text) => Some(self.project(&format!("{at}/all_of/project"), text)?),
                    None => None,
                };
                let resource_type = Some(resource_type.as_str().into()).filter(|_| is_known)?;
                Scope::AllOf(AllOf { resource_type, project }.into())
            }
            wire::Scope::Resources(texts) => {
                let at = format!("{at}/resources");
                if texts.is_empty() || texts.len() > limits::RESOURCES_PER_SCOPE {
                    let message = format!("name 1 to {} resources", limits::RESOURCES_PER_SCOPE);
                    self.problem(&at, "limit_reached", message);
                    return None;
                }
                let mut ids = Vec::with_capacity(texts.len());
                for (place, text) in texts.iter().enumerate() {
                    if let Some(id) = self.resource(text) {
                        ids.push(id);
                        continue;
                    }
                    let shown = shown(text);
                    let message =
                        format!("there is no resource with the id or external id `{shown}` in this account");
                    self.problem(&format!("{at}/{place}"), "not_found", message);
                }
                Scope::resources(Some(ids).filter(|ids| ids.len() == texts.len())?)
            }
        })
    }
}

/// A text as a message repeats it.
pub fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(128).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(128).is_some() {
        shown.push('…');
    }
    shown
}
