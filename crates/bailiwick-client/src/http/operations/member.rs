//! Members.

use crate::http::call::Call;
use crate::http::{Error, InAccount, Listing, Write};
use crate::wire::{Member, MemberQuery, RemoveMemberQuery, UpdateMember};

impl InAccount {
    /// Members, pending ones included.
    pub fn list_members(&self, query: &MemberQuery) -> Listing<Member> {
        self.list(self.at("members"), query)
    }

    /// One member.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_member(&self, member: &str) -> Result<Member, Error> {
        self.client.fetch(Call::get(self.at("members").id(member))).await
    }

    /// Changes a member's roles, status or external id; what the change leaves out stays. Acts at once.
    pub fn update_member(&self, member: &str, change: &UpdateMember) -> Write<Member> {
        self.write(Call::patch(self.at("members").id(member)).json(change))
    }

    /// Takes a member out of the account. Where the catalog asks for it, the member's email is retyped.
    pub fn remove_member(&self, member: &str, confirm_email: Option<&str>) -> Write<()> {
        self.write(
            Call::delete(self.at("members").id(member)).query(&RemoveMemberQuery {
                confirm_email: confirm_email.map(str::to_owned),
                dry_run: false,
            }),
        )
    }
}
