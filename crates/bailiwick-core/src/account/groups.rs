//! Groups: create, edit, delete, and who is in them.

use jiff::Timestamp;
use smol_str::SmolStr;
use uuid::Uuid;

use super::decide::Decision;
use super::giver::Grantee;
use super::{ActorRef, Event, Grant, Group, MemberStatus, Patch, Principal, Refusal, RoleRef, Scope, Taken};
use crate::catalog::{Catalog, Operation};
use crate::ids::{GrantId, GroupId, Id};
use crate::limits;
use crate::values::{Description, ExternalId, Name};

/// The groups that every account of this catalog starts with, and their grants.
pub(super) fn built_in(
    catalog: &Catalog,
    made_by: ActorRef,
    now: Timestamp,
    ids: &mut dyn FnMut() -> Uuid,
) -> Vec<Event> {
    let mut events = Vec::new();
    for group in &catalog.groups {
        let id = GroupId::from_uuid(ids());
        let external_id = ExternalId::parse(&group.name).ok();
        let entity =
            Group { name: Name::from_title(&group.title), description: Description::default(), external_id };
        events.push(Event::GroupCreated { id, group: entity });
        for role in group.roles.iter().filter_map(|role| catalog.role_at(*role)) {
            let role = RoleRef::BuiltIn(SmolStr::new(&role.name));
            let principal = Principal::Group(id);
            let scope = Scope::Account;
            let grant = Grant { principal, role, scope, until: None, made_by, made_at: now, told: false };
            events.push(Event::GrantMade { id: GrantId::from_uuid(ids()), grant });
        }
    }
    events
}

impl Decision<'_> {
    pub(super) fn create_group(
        &mut self,
        name: &Name,
        description: &Description,
        external_id: Option<&ExternalId>,
    ) -> Result<(), Refusal> {
        self.require(Operation::WriteGroups, &Scope::Account)?;
        if self.account.groups.len() >= limits::GROUPS {
            return Err(Refusal::LimitReached { what: "groups", most: limits::GROUPS });
        }
        self.free(Taken::GroupName, "name", &name.folded())?;
        self.free_external_id(Taken::Group, external_id)?;
        let group =
            Group { name: name.clone(), description: description.clone(), external_id: external_id.cloned() };
        let id = self.take_id();
        self.events.push(Event::GroupCreated { id, group });
        Ok(())
    }

    pub(super) fn edit_group(
        &mut self,
        id: GroupId,
        name: Option<&Name>,
        description: Option<&Description>,
        external_id: &Patch<ExternalId>,
    ) -> Result<(), Refusal> {
        self.require(Operation::WriteGroups, &Scope::Account)?;
        let before = self.group(id)?;
        let external_id = external_id.apply(before.external_id.as_ref());
        let after = Group {
            name: name.unwrap_or(&before.name).clone(),
            description: description.unwrap_or(&before.description).clone(),
            external_id,
        };
        if after == before {
            return Err(Refusal::Nothing);
        }
        self.reaches_all_that_reaches(Principal::Group(id))?;
        if after.name.folded() != before.name.folded() {
            self.free(Taken::GroupName, "name", &after.name.folded())?;
        }
        if after.external_id != before.external_id {
            self.free_external_id(Taken::Group, after.external_id.as_ref())?;
        }
        // Whoever is put into what is called so next is not in the group that policies name.
        let is_taken_away = before.external_id.is_some() && after.external_id != before.external_id;
        if is_taken_away || after.name.folded() != before.name.folded() {
            self.giver.covers_policies_naming(id)?;
        }
        self.may_be_called(Principal::Group(id), before.external_id.as_ref(), after.external_id.as_ref())?;
        self.events.push(Event::GroupEdited { id, before, after });
        Ok(())
    }

    pub(super) fn delete_group(&mut self, id: GroupId) -> Result<(), Refusal> {
        self.require(Operation::DeleteGroups, &Scope::Account)?;
        let group = self.group(id)?;
        self.reaches_all_that_reaches(Principal::Group(id))?;
        self.may_wherever_it_reaches(Operation::DeleteGroups, id)?;
        self.giver.covers_policies_naming(id)?;
        self.revoke_all_of(Principal::Group(id));
        let inside = self.account.group_principals_after(id, None).map(|member| (id, member));
        let outside = self.account.groups_holding(id).map(|group| (group, Principal::Group(id)));
        let ended = inside.chain(outside).map(|(group, member)| Event::GroupMemberRemoved { group, member });
        self.events.extend(ended);
        self.events.push(Event::GroupDeleted { id, group });
        Ok(())
    }

    pub(super) fn add_to_group(&mut self, group: GroupId, member: Principal) -> Result<(), Refusal> {
        self.require(Operation::WriteGroups, &Scope::Account)?;
        self.group(group)?;
        match member {
            Principal::Member(user) => {
                if self.member(user)? == MemberStatus::Inactive {
                    return Err(Refusal::MemberInactive { user });
                }
            }
            Principal::Group(inner) => {
                self.group(inner)?;
            }
            // A machine has grants of its own, each of which says what it is for.
            Principal::ServiceAccount(_) => return Err(Refusal::NotFound { kind: "member" }),
        }
        if self.account.is_in_group(group, member) {
            return Err(Refusal::AlreadySo { what: "the member is in the group" });
        }
        match member {
            Principal::Group(inner) => self.may_nest(group, inner)?,
            _ if self.account.groups_of(member).len() >= limits::GROUPS_PER_MEMBER => {
                return Err(Refusal::LimitReached {
                    what: "groups of one member",
                    most: limits::GROUPS_PER_MEMBER,
                });
            }
            _ => {}
        }
        if !self.account.groups_on() {
            return Err(Refusal::GroupsOff);
        }
        // Rule 1: the member, or all members of the group, gain all that the group and those above it were granted.
        let around = self.account.groups_around(Principal::Group(group));
        let grantee = Grantee::of(self.account, member).joining(around);
        self.may_wherever_it_reaches(Operation::WriteGroups, group)?;
        self.giver.covers_joining(group, None, &grantee)?;
        self.events.push(Event::GroupMemberAdded { group, member });
        Ok(())
    }

    pub(super) fn remove_from_group(&mut self, group: GroupId, member: Principal) -> Result<(), Refusal> {
        self.require(Operation::WriteGroups, &Scope::Account)?;
        self.group(group)?;
        if !self.account.is_in_group(group, member) {
            return Err(Refusal::NotFound { kind: "group member" });
        }
        self.reaches_all_that_reaches(Principal::Group(group))?;
        self.may_wherever_it_reaches(Operation::WriteGroups, group)?;
        self.giver.covers_policies_naming(group)?;
        self.events.push(Event::GroupMemberRemoved { group, member });
        Ok(())
    }

    /// No policy forbids an operation in a place where a group holds grants, since that is what whoever is in it has.
    pub(super) fn may_wherever_it_reaches(&self, operation: Operation, id: GroupId) -> Result<(), Refusal> {
        self.giver.may_at_each(operation, self.account.places_of(Principal::Group(id), self.now))
    }

    fn group(&self, id: GroupId) -> Result<Group, Refusal> {
        self.account.group(id).map(|group| group.value.clone()).ok_or(Refusal::NotFound { kind: "group" })
    }
}
