//! Events as rows.

use bailiwick_core::account::{ActorRef, Command, Event, Refusal};
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
        | C::SetMemberEnd { user, .. }
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
        C::EditPolicy { policy, .. } | C::DeletePolicy { policy } => policy.to_string(),
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
        | C::CreateServiceAccount { .. }
        | C::CreatePolicy { .. } => return None,
    };
    Some(SmolStr::new(text))
}
