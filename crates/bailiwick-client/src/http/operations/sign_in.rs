//! Signing in and out, set-up, and single-use links.

use crate::http::call::Call;
use crate::http::path::Path;
use crate::http::{Client, Error};
use crate::wire::{
    AcceptLink, AskPasswordReset, DeclineLink, InspectLink, LinkInfo, SetUp, SignIn, SignedIn,
};

impl Client {
    /// Starts a session. Its token is in this answer and nowhere else: see [`Client::with_credential`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sign_in(&self, credentials: &SignIn) -> Result<SignedIn, Error> {
        self.fetch(Call::post(Path::api("sign-in")).json(credentials)).await
    }

    /// Mails a link to choose a new password, if a user has the email. The answer does not tell whether one has.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn ask_password_reset(&self, ask: &AskPasswordReset) -> Result<(), Error> {
        self.fetch(Call::post(Path::api("password-resets")).json(ask)).await
    }

    /// Ends the session that the client uses.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sign_out(&self) -> Result<(), Error> {
        self.fetch(Call::post(Path::api("sign-out"))).await
    }

    /// Makes the first owner and the first account of a deployment, by the link that the server printed at its first start.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn set_up(&self, set_up: &SetUp) -> Result<SignedIn, Error> {
        self.fetch(Call::post(Path::api("set-up")).json(set_up)).await
    }

    /// What a link is for. Does not use it up.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn link_info(&self, link: &InspectLink) -> Result<LinkInfo, Error> {
        self.fetch(Call::post(Path::api("links").action("inspect")).json(link).only_asks()).await
    }

    /// Accepts what a link offers, and signs in. The link is used up.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn accept_link(&self, link: &AcceptLink) -> Result<SignedIn, Error> {
        self.fetch(Call::post(Path::api("links").action("accept")).json(link)).await
    }

    /// Declines what a link offers. The link is used up.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn decline_link(&self, link: &DeclineLink) -> Result<(), Error> {
        self.fetch(Call::post(Path::api("links").action("decline")).json(link)).await
    }
}
