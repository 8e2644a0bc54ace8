//! The caller.

use crate::http::call::Call;
use crate::http::path::Path;
use crate::http::{Client, Error, Listing, Write};
use crate::wire::{
    ChangePassword, InvitationAccepted, Me, MyAccount, MyInvitation, PageQuery, Session, UpdateMe,
};

impl Client {
    /// Who the caller is.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn me(&self) -> Result<Me, Error> {
        self.fetch(Call::get(Path::api("me"))).await
    }

    /// Changes the caller's own profile; what the change leaves out stays.
    pub fn update_me(&self, change: &UpdateMe) -> Write<Me> {
        Write::new(self, Call::patch(Path::api("me")).json(change))
    }

    /// The accounts of the caller.
    pub fn list_my_accounts(&self, query: &PageQuery) -> Listing<MyAccount> {
        Listing::new(self, Path::api("me/accounts"), query)
    }

    /// Invitations to the caller that wait for an answer.
    pub fn list_my_invitations(&self, query: &PageQuery) -> Listing<MyInvitation> {
        Listing::new(self, Path::api("me/invitations"), query)
    }

    /// Accepts an invitation to the caller.
    pub fn accept_my_invitation(&self, invitation: &str) -> Write<InvitationAccepted> {
        Write::new(self, Call::post(Path::api("me/invitations").id(invitation).action("accept")))
    }

    /// Declines an invitation to the caller.
    pub fn decline_my_invitation(&self, invitation: &str) -> Write<()> {
        Write::new(self, Call::post(Path::api("me/invitations").id(invitation).action("decline")))
    }

    /// Changes the caller's password. All other sessions end.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn change_password(&self, change: &ChangePassword) -> Result<(), Error> {
        self.fetch(Call::post(Path::api("me/password")).json(change)).await
    }

    /// Where the caller is signed in.
    pub fn list_sessions(&self, query: &PageQuery) -> Listing<Session> {
        Listing::new(self, Path::api("me/sessions"), query)
    }

    /// Ends all sessions of the caller but the one that the client uses.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn end_other_sessions(&self) -> Result<(), Error> {
        self.fetch(Call::post(Path::api("me/sessions").action("end-others"))).await
    }

    /// Ends a session of the caller.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn end_session(&self, session: &str) -> Result<(), Error> {
        self.fetch(Call::delete(Path::api("me/sessions").id(session))).await
    }
}
