//! Invitations, as the account and as the invited person sees them.

use bailiwick_client::wire;
use bailiwick_core::account::{InvitationStatus, Principal, Withheld, WithheldGroup};
use bailiwick_core::ids::{InvitationId, UserId};

use super::Views;

impl Views<'_> {
    /// An invitation, with its status as of now.
    pub fn invitation(&self, id: InvitationId) -> Option<wire::Invitation> {
        let found = self.account.invitation(id)?;
        let invitation = &found.value;
        Some(wire::Invitation {
            id: id.to_string(),
            user: invitation.user.to_string(),
            email: self.people.email(invitation.user).unwrap_or_default().to_owned(),
            name: self.name_of_member(invitation.user),
            status: invitation_status(invitation.status_at(self.now)),
            grants: invitation.grants.iter().map(|grant| self.promised(grant)).collect(),
            groups: invitation.groups.iter().map(|group| self.principal(Principal::Group(*group))).collect(),
            attributes: crate::api::attributes::shown(invitation.attributes.as_deref()),
            sponsor: self.person(invitation.sponsor),
            sent_at: invitation.sent_at,
            expires_at: invitation.expires_at,
            member_until: invitation.member_until,
            revision: found.revision.0,
        })
    }

    /// An invitation as the invited person sees it.
    pub fn my_invitation(&self, id: InvitationId) -> Option<wire::MyInvitation> {
        let shown = self.invitation(id)?;
        Some(wire::MyInvitation {
            id: shown.id,
            account: self.account_label(),
            email: shown.email,
            status: shown.status,
            sponsor: shown.sponsor,
            grants: shown.grants,
            groups: shown.groups,
            sent_at: shown.sent_at,
            expires_at: shown.expires_at,
            member_until: shown.member_until,
        })
    }

    /// The account by id and name.
    pub fn account_label(&self) -> wire::AccountLabel {
        wire::AccountLabel {
            id: self.account.id().to_string(),
            name: self.account.profile().value.name.to_string(),
        }
    }

    /// A promised grant that could not be given.
    pub fn withheld(&self, withheld: &Withheld) -> wire::WithheldGrant {
        wire::WithheldGrant { grant: self.promised(&withheld.grant), code: withheld.code.to_string() }
    }

    /// A promised group that could not be joined.
    pub fn withheld_group(&self, withheld: &WithheldGroup) -> wire::WithheldGroup {
        let group = self.principal(Principal::Group(withheld.group));
        wire::WithheldGroup { group, code: withheld.code.to_string() }
    }

    /// Who must be looked up to show an invitation.
    pub fn people_of_invitation(
        account: &bailiwick_core::account::Account,
        id: InvitationId,
    ) -> impl Iterator<Item = UserId> + use<> {
        let both = account.invitation(id).map(|found| [found.value.user, found.value.sponsor]);
        both.into_iter().flatten()
    }
}

/// How an invitation stands.
pub fn invitation_status(status: InvitationStatus) -> wire::InvitationStatus {
    match status {
        InvitationStatus::Pending => wire::InvitationStatus::Pending,
        InvitationStatus::Accepted => wire::InvitationStatus::Accepted,
        InvitationStatus::Declined => wire::InvitationStatus::Declined,
        InvitationStatus::Revoked => wire::InvitationStatus::Revoked,
        InvitationStatus::Expired => wire::InvitationStatus::Expired,
    }
}
