//! What follows for the directory from what happened in an account.

use bailiwick_core::account::{Decided, Event};
use bailiwick_store::{DirectoryChange, MembershipStatus};

/// The directory changes that belong to a decision's events, in their order.
pub(super) fn changes(decided: &Decided) -> Vec<DirectoryChange> {
    let account = &decided.account;
    let account_id = account.id();
    let mut changes = Vec::new();
    for event in &decided.events {
        let membership = |user_id, status| DirectoryChange::SetMembership { user_id, account_id, status };
        match event {
            Event::MemberJoined { user, .. } | Event::MemberActivated { user } => {
                changes.push(membership(*user, MembershipStatus::Active));
            }
            // Rule 3: a session is the person's, and each request asks for the membership anew. So the account is closed to
            // them at once, and they are signed out with the last account in which they are active.
            Event::MemberDeactivated { user } | Event::MemberExpired { user, .. } => {
                changes.push(membership(*user, MembershipStatus::Inactive));
                changes.push(DirectoryChange::TakeSessionsOut { user_id: *user, account_id });
            }
            Event::MemberRemoved { user, .. } | Event::MemberLeft { user, .. } => {
                changes.push(DirectoryChange::EndMembership { user_id: *user, account_id });
                changes.push(DirectoryChange::TakeSessionsOut { user_id: *user, account_id });
            }
            Event::InvitationSent { invitation, .. } => {
                changes.push(membership(invitation.user, MembershipStatus::Pending));
            }
            Event::InvitationResent { id, .. } | Event::InvitationAccepted { id, .. } => {
                changes.push(DirectoryChange::EndLinksOfInvitation { invitation_id: *id });
            }
            Event::InvitationRevoked { id, .. } | Event::InvitationDeclined { id } => {
                changes.push(DirectoryChange::EndLinksOfInvitation { invitation_id: *id });
                let user = account.invitation(*id).map(|invitation| invitation.value.user);
                changes.extend(user.map(|user_id| DirectoryChange::EndMembership { user_id, account_id }));
            }
            Event::KeyCreated { id, .. } => changes.push(DirectoryChange::AddKey { key_id: *id, account_id }),
            Event::KeyDeleted { id, .. } | Event::KeyExpired { id, .. } => {
                changes.push(DirectoryChange::RemoveKey { key_id: *id });
            }
            Event::AccountDeleted { .. } => changes.push(DirectoryChange::ForgetAccount { account_id }),
            _ => {}
        }
    }
    changes
}
