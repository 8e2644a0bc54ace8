//! Events as rows, and what a change does to people's access.

use std::collections::BTreeSet;

use bailiwick_core::access::EffectiveAt;
use bailiwick_core::account::{Account, ActorRef, Command, Event, Principal, Refusal, RoleRef, Scope};
use bailiwick_core::catalog::PermissionSet;
use bailiwick_store::EventRow;
use jiff::Timestamp;
use smol_str::SmolStr;

use super::Origin;

/// An event as the store keeps it, with who did it from where.
pub(super) fn event_row(event: &Event, actor: ActorRef, origin: &Origin, now: Timestamp) -> EventRow {
    let target = event.target();
    EventRow {
        at: now,
        actor_kind: match actor {
            ActorRef::User(_) => "user".into(),
            ActorRef::ServiceAccount(_) => "service_account".into(),
            ActorRef::System => "system".into(),
        },
        actor_id: (actor != ActorRef::System).then(|| actor.to_string()),
        event_type: event.type_name().into(),
        target_kind: target.as_ref().map(|(kind, _)| (*kind).into()),
        target_id: target.map(|(_, id)| id.to_string()),
        request_id: origin.request_id.clone(),
        source_ip: origin.source_ip,
        // Serialising an event cannot fail: its maps have text keys and its types no fallible `Serialize`.
        body: serde_json::to_string(event).unwrap_or_default(),
    }
}

/// The event that records a refusal.
pub(super) fn refused(command: &str, refusal: &Refusal, asked: &Command) -> Event {
    Event::Refused {
        command: SmolStr::new(command),
        code: SmolStr::new(refusal.code()),
        target: target_of(asked),
    }
}

/// The id of what a command is about, where it names one.
fn target_of(command: &Command) -> Option<SmolStr> {
    use Command as C;
    let text: String = match command {
        C::EditMember { user, .. }
        | C::SetMemberRoles { user, .. }
        | C::ActivateMember { user }
        | C::DeactivateMember { user }
        | C::RemoveMember { user }
        | C::OfferOwnership { to: user, .. } => user.to_string(),
        C::ResendInvitation { invitation }
        | C::CopyInvitationLink { invitation }
        | C::RevokeInvitation { invitation }
        | C::AcceptInvitation { invitation }
        | C::DeclineInvitation { invitation } => invitation.to_string(),
        C::EditRole { role, .. } | C::DeleteRole { role, .. } => role.to_string(),
        C::EditGroup { group, .. }
        | C::DeleteGroup { group }
        | C::AddToGroup { group, .. }
        | C::RemoveFromGroup { group, .. } => group.to_string(),
        C::Grant { principal, .. } => principal.to_string(),
        C::RevokeGrant { grant } => grant.to_string(),
        C::EditProject { project, .. }
        | C::DeleteProject { project }
        | C::LeaveProject { project }
        | C::RemoveFromProject { project, .. } => project.to_string(),
        C::EditResource { resource, .. } | C::DeleteResource { resource } => resource.to_string(),
        C::EditServiceAccount { service_account, .. } | C::DeleteServiceAccount { service_account } => {
            service_account.to_string()
        }
        C::CreateKey { holder, .. } => holder.to_string(),
        C::DeleteKey { key } => key.to_string(),
        C::WithdrawOwnership { offer } | C::AcceptOwnership { offer } | C::DeclineOwnership { offer } => {
            offer.to_string()
        }
        C::RenameAccount { .. }
        | C::ChangeSettings { .. }
        | C::DeleteAccount
        | C::Leave
        | C::Invite { .. }
        | C::CreateRole { .. }
        | C::CreateGroup { .. }
        | C::CreateProject { .. }
        | C::RegisterResources { .. }
        | C::CreateServiceAccount { .. } => return None,
    };
    Some(SmolStr::new(text))
}

/// What a principal gains or loses at a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// Who.
    pub principal: Principal,
    /// Where.
    pub scope: Scope,
    /// What.
    pub permissions: PermissionSet,
}

/// What a change does to people's access.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessDifference {
    /// What is newly allowed.
    pub gained: Vec<AccessChange>,
    /// What is allowed no more.
    pub lost: Vec<AccessChange>,
    /// Whether all principals were looked at; a change of more than 1,000 is cut off there.
    pub complete: bool,
}

/// How many principals a difference looks at.
const MAX_PRINCIPALS: usize = 1_000;

impl AccessDifference {
    /// Compares what the principals touched by the events may do before and after.
    pub fn between(before: &Account, after: &Account, events: &[Event], now: Timestamp) -> Self {
        let touched = touched(before, after, events);
        let mut difference = Self { complete: touched.len() <= MAX_PRINCIPALS, ..Self::default() };
        for principal in touched.into_iter().take(MAX_PRINCIPALS) {
            let old = before.effective(principal, now).at;
            let new = after.effective(principal, now).at;
            for (scope, old, new) in side_by_side(&old, &new) {
                let push = |list: &mut Vec<AccessChange>, permissions: PermissionSet| {
                    if !permissions.is_empty() {
                        list.push(AccessChange { principal, scope: scope.clone(), permissions });
                    }
                };
                push(&mut difference.gained, new.difference(&old));
                push(&mut difference.lost, old.difference(&new));
            }
        }
        difference
    }
}

/// Two lists in order of scope as one, with what each holds at every scope of either.
fn side_by_side<'a>(
    old: &'a [EffectiveAt],
    new: &'a [EffectiveAt],
) -> impl Iterator<Item = (&'a Scope, PermissionSet, PermissionSet)> {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    std::iter::from_fn(move || {
        let scope = match (old.peek(), new.peek()) {
            (Some(old), Some(new)) => (&old.scope).min(&new.scope),
            (Some(entry), None) | (None, Some(entry)) => &entry.scope,
            (None, None) => return None,
        };
        let permissions =
            |entry: Option<&EffectiveAt>| entry.map(|entry| entry.permissions).unwrap_or_default();
        let held = permissions(old.next_if(|entry| entry.scope == *scope));
        let holds = permissions(new.next_if(|entry| entry.scope == *scope));
        Some((scope, held, holds))
    })
}

fn touched(before: &Account, after: &Account, events: &[Event]) -> BTreeSet<Principal> {
    let mut principals = BTreeSet::new();
    for event in events {
        match event {
            Event::MemberJoined { user, .. }
            | Event::MemberActivated { user }
            | Event::MemberDeactivated { user }
            | Event::MemberRemoved { user }
            | Event::MemberLeft { user } => {
                principals.insert(Principal::Member(*user));
            }
            Event::GroupMemberAdded { member, .. } | Event::GroupMemberRemoved { member, .. } => {
                add(&mut principals, before, *member);
            }
            Event::GrantMade { grant, .. } | Event::GrantRevoked { grant, .. } => {
                add(&mut principals, before, grant.principal);
            }
            Event::GrantExtended { id, .. } | Event::GrantNarrowed { id, .. } => {
                if let Some(grant) = after.grant(*id) {
                    add(&mut principals, after, grant.value.principal);
                }
            }
            Event::RoleEdited { id, .. } => {
                let role = RoleRef::Custom(*id);
                for (_, grant) in after.grants_after(None).filter(|(_, grant)| grant.value.role == role) {
                    add(&mut principals, after, grant.value.principal);
                }
            }
            _ => {}
        }
    }
    principals
}

/// A group's access is that of its members and of the groups in it.
fn add(principals: &mut BTreeSet<Principal>, account: &Account, principal: Principal) {
    if principals.len() > MAX_PRINCIPALS || !principals.insert(principal) {
        return;
    }
    if let Principal::Group(group) = principal {
        for member in account.group_principals_after(group, None).take(MAX_PRINCIPALS + 1) {
            add(principals, account, member);
        }
    }
}
