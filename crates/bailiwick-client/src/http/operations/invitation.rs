//! Invitations, as administrators see them.

use crate::http::call::Call;
use crate::http::{Error, InAccount, Listing, Write};
use crate::wire::{CreateInvitations, Invitation, InvitationLink, InvitationQuery, InvitationsCreated};

impl InAccount {
    /// Invites people, all of them or none. Who is an active member gets the grants at once.
    pub fn invite(&self, invitations: &CreateInvitations) -> Write<InvitationsCreated> {
        self.write(Call::post(self.at("invitations")).json(invitations))
    }

    /// Invitations, answered ones included.
    pub fn list_invitations(&self, query: &InvitationQuery) -> Listing<Invitation> {
        self.list(self.at("invitations"), query)
    }

    /// One invitation.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_invitation(&self, invitation: &str) -> Result<Invitation, Error> {
        self.client.fetch(Call::get(self.at("invitations").id(invitation))).await
    }

    /// Sends a waiting or expired invitation again: its lifetime restarts and its earlier link ends.
    pub fn resend_invitation(&self, invitation: &str) -> Write<Invitation> {
        self.write(Call::post(self.at("invitations").id(invitation).action("resend")))
    }

    /// Takes a waiting invitation back.
    pub fn revoke_invitation(&self, invitation: &str) -> Write<Invitation> {
        self.write(Call::post(self.at("invitations").id(invitation).action("revoke")))
    }

    /// Makes a link to pass on by hand; earlier links of the invitation end.
    pub fn invitation_link(&self, invitation: &str) -> Write<InvitationLink> {
        self.write(Call::post(self.at("invitations").id(invitation).action("link")))
    }
}
