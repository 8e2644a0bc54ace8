//! From the domain's entities to what the API shows of them. Pure: people are looked up before.
//!
//! Nothing in here decides what a caller may see, except that secrets and their hashes are never shown.

mod access;
mod catalog;
mod delivery;
mod event;
mod group;
mod invitation;
mod key;
mod member;
mod place;
mod policy;
mod role;
mod service_account;

use bailiwick_client::wire;
use bailiwick_core::account::{Account, ActorRef, AllOf, Principal, RoleRef, Scope};
use bailiwick_core::catalog::{Level, PermissionSet};
use bailiwick_core::ids::UserId;
use jiff::Timestamp;

pub use access::{Shown, people_of_difference};
pub use catalog::catalog;
pub use delivery::{Unreadable, delivery};
pub use event::{people_of_event, planned_event_people, withhold};
pub use invitation::invitation_status;
pub use member::by_email_alone;
pub use role::{count, people_of_grant, person_behind};

use crate::service::People;

/// Shows what is in one account at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Views<'a> {
    /// The account.
    pub account: &'a Account,
    /// Everybody who may be named; who is not in there is shown by id only.
    pub people: &'a People,
    /// The moment by which grants and invitations have ended.
    pub now: Timestamp,
}

impl<'a> Views<'a> {
    /// Shows what is in the account.
    pub fn new(account: &'a Account, people: &'a People, now: Timestamp) -> Self {
        Self { account, people, now }
    }

    /// A person by id, email and name.
    pub fn person(&self, id: UserId) -> wire::PersonLabel {
        wire::PersonLabel { id: id.to_string(), email: self.email(id), name: self.name(id) }
    }

    /// Who did something.
    pub fn actor(&self, actor: ActorRef) -> wire::ActorLabel {
        let id = actor.to_string();
        match actor {
            ActorRef::User(user) => wire::ActorLabel {
                kind: wire::ActorKind::User,
                id,
                email: self.email(user),
                name: self.name(user),
            },
            ActorRef::ServiceAccount(machine) => wire::ActorLabel {
                kind: wire::ActorKind::ServiceAccount,
                id,
                email: None,
                name: self.account.service_account(machine).map(|found| found.value.name.to_string()),
            },
            ActorRef::System => {
                wire::ActorLabel { kind: wire::ActorKind::System, id, email: None, name: None }
            }
        }
    }

    /// Who holds something.
    pub fn principal(&self, principal: Principal) -> wire::PrincipalLabel {
        let id = principal.to_string();
        let (kind, email, name) = match principal {
            Principal::Member(user) => (wire::PrincipalKind::Member, self.email(user), self.name(user)),
            Principal::Group(group) => {
                let name = self.account.group(group).map(|found| found.value.name.to_string());
                (wire::PrincipalKind::Group, None, name)
            }
            Principal::ServiceAccount(machine) => {
                let name = self.account.service_account(machine).map(|found| found.value.name.to_string());
                (wire::PrincipalKind::ServiceAccount, None, name)
            }
        };
        wire::PrincipalLabel { kind, id, email, name }
    }

    /// A role by id and title.
    pub fn role_label(&self, role: &RoleRef) -> wire::RoleLabel {
        wire::RoleLabel { id: role.to_string(), title: self.role_title(role) }
    }

    /// What people call a role; its id once it is gone.
    pub fn role_title(&self, role: &RoleRef) -> String {
        self.account.role_title(role).map_or_else(|| role.to_string(), str::to_owned)
    }

    /// The names of permissions, in catalog order.
    pub fn permissions(&self, set: PermissionSet) -> Vec<String> {
        self.account.catalog().permission_names(set).map(str::to_owned).collect()
    }

    fn email(&self, id: UserId) -> Option<String> {
        self.people.email(id).map(str::to_owned)
    }

    /// What a member calls themselves. Of who has not accepted, an account knows no more than the email that it invited:
    /// else inviting would tell who is behind any email.
    fn name_of_member(&self, id: UserId) -> Option<String> {
        self.account.member(id).and_then(|_| self.name(id))
    }

    fn name(&self, id: UserId) -> Option<String> {
        self.people.get(id).map(|user| user.name.clone()).filter(|name| !name.is_empty())
    }
}

/// Where a grant counts.
pub fn scope(scope: &Scope) -> wire::Scope {
    match scope {
        Scope::Account => wire::Scope::Account,
        Scope::Project(id) => wire::Scope::Project(id.to_string()),
        Scope::AllOf(all) => {
            let AllOf { resource_type, project } = &**all;
            let project = project.map(|id| id.to_string());
            wire::Scope::AllOf(wire::AllOf {
                resource_type: resource_type.to_string(),
                project,
                future: None,
            })
        }
        Scope::Resources(ids) => wire::Scope::Resources(ids.iter().map(ToString::to_string).collect()),
    }
}

/// Where a role is granted.
pub fn level(level: Level) -> wire::Level {
    match level {
        Level::Account => wire::Level::Account,
        Level::Project => wire::Level::Project,
        Level::Resource => wire::Level::Resource,
    }
}

/// Where a role shall be granted.
pub fn level_from(level: wire::Level) -> Level {
    match level {
        wire::Level::Account => Level::Account,
        wire::Level::Project => Level::Project,
        wire::Level::Resource => Level::Resource,
    }
}
