//! Which of several people cannot be invited, each with the reason, so that all of them are corrected at once.

use bailiwick_core::account::{Command, Invitee, Refusal};
use bailiwick_core::ids::AccountId;

use super::error::no_account;
use super::write::new_uuid;
use super::{Caller, Error, InviteRequest, Service, new_id};

/// Somebody who cannot be invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InTheWay {
    /// Where in the request, counted from 0.
    pub place: usize,
    /// Their email, as it was given.
    pub email: String,
    /// Why.
    pub refusal: Refusal,
}

impl std::fmt::Display for InTheWay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.email, self.refusal)
    }
}

/// Whether a refusal to invite is about one of the people and not about the request.
pub(super) fn is_about_a_person(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::AlreadyInvited { .. }
            | Refusal::MemberInactive { .. }
            | Refusal::MemberAlready { .. }
            | Refusal::AlreadySo { .. }
            | Refusal::Above { .. }
    )
}

impl Service {
    /// The people of a request who cannot be invited, in its order. Each is judged alone, as if nobody else were named.
    /// Nobody for a caller who may not invite at all, to whom these reasons would tell who is here.
    pub async fn in_the_way(
        &self,
        caller: &Caller,
        account: AccountId,
        request: &InviteRequest,
    ) -> Result<Vec<InTheWay>, Error> {
        let account = self.accounts.get(account).await?.ok_or_else(no_account)?.snapshot();
        let mut found = Vec::new();
        for (place, email) in request.emails.iter().enumerate() {
            // Whom the directory does not know is nowhere yet.
            let Some(user) = self.store.user_by_email(email.as_str()).await? else { continue };
            let people = vec![Invitee { user: user.user_id, invitation: new_id() }];
            let InviteRequest { grants, groups, member_until, attributes, .. } = request.clone();
            let command = Command::Invite { people, grants, groups, member_until, attributes };
            match account.decide(caller.actor, &command, caller.circumstances(self.now()), &mut || new_uuid())
            {
                Err(refusal) if is_about_a_person(&refusal) => {
                    found.push(InTheWay { place, email: email.to_string(), refusal });
                }
                _ => {}
            }
        }
        Ok(found)
    }
}
