//! How an account begins.

use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;
use uuid::Uuid;

use super::{Account, ActorRef, Decided, Event, Grant, Principal, Project, RoleRef, Scope};
use crate::catalog::Catalog;
use crate::ids::{AccountId, GrantId, Id, ProjectId, UserId};
use crate::values::Name;

/// Events that open an account, and the account after them.
///
/// The opener becomes the first member and holds the catalog's owner role; the account gets a default project and the
/// catalog's built-in groups.
pub fn open(
    catalog: &Arc<Catalog>,
    id: AccountId,
    name: Name,
    owner: UserId,
    now: Timestamp,
    ids: &mut dyn FnMut() -> Uuid,
) -> Decided {
    let made_by = ActorRef::User(owner);
    let mut events = vec![
        Event::AccountOpened { name, catalog: SmolStr::new(&catalog.name), at: now },
        Event::MemberJoined { user: owner, at: now, invitation: None, until: None },
    ];
    let mut grant = |principal, role: &str, scope| {
        let grant = Grant {
            principal,
            role: RoleRef::BuiltIn(SmolStr::new(role)),
            scope,
            until: None,
            made_by,
            made_at: now,
            told: false,
        };
        Event::GrantMade { id: GrantId::from_uuid(ids()), grant }
    };
    let mut grants = Vec::new();
    if let Some(role) = catalog.role_at(catalog.rules.owner) {
        grants.push(grant(Principal::Member(owner), &role.name, Scope::Account));
    }
    let project = ProjectId::from_uuid(ids());
    let default_project = Project {
        name: Name::default_project(),
        description: crate::values::Description::default(),
        external_id: None,
        default: true,
    };
    events.push(Event::ProjectCreated { id: project, project: default_project });
    if let Some(role) = catalog.rules.project_creator.and_then(|role| catalog.role_at(role)) {
        let id = GrantId::from_uuid(ids());
        let role = RoleRef::BuiltIn(SmolStr::new(&role.name));
        let principal = Principal::Member(owner);
        let scope = Scope::Project(project);
        let grant = Grant { principal, role, scope, until: None, made_by, made_at: now, told: false };
        grants.push(Event::GrantMade { id, grant });
    }
    events.extend(super::groups::built_in(catalog, made_by, now, ids));
    events.append(&mut grants);
    let mut account = Account::empty(id, Arc::clone(catalog));
    account.apply(&events);
    Decided::of(events, account)
}
