//! Events as sentences whose subject is whoever acted.

use bailiwick_core::account::{Account, Event, Grant, Principal, RoleRef, Scope};
use bailiwick_core::ids::{GroupId, InvitationId, UserId};

use crate::service::People;

/// What ids are called.
pub(super) struct Names<'a> {
    /// The account as it is now.
    pub(super) account: &'a Account,
    /// The people in the events.
    pub(super) people: &'a People,
}

/// The users whose ids are in an event's text.
pub(super) fn users_in(body: &str) -> impl Iterator<Item = UserId> + '_ {
    // An id has 36 characters; a cut inside a character gives none.
    body.match_indices("usr_").filter_map(|(at, _)| body.get(at..at + 36)?.parse().ok())
}

impl Names<'_> {
    /// A service account's name, or its id if it is gone.
    pub(super) fn service_account(&self, id: &str) -> String {
        let found = id.parse().ok().and_then(|id| self.account.service_account(id));
        found.map_or_else(|| id.to_owned(), |found| found.value.name.to_string())
    }

    fn invited(&self, id: InvitationId) -> String {
        let found = self.account.invitation(id);
        found.map_or_else(|| id.to_string(), |found| self.people.label(found.value.user))
    }

    fn group(&self, id: GroupId) -> String {
        self.account.group(id).map_or_else(|| id.to_string(), |group| group.value.name.to_string())
    }

    fn role(&self, role: &RoleRef) -> String {
        self.account.role_title(role).map_or_else(|| role.to_string(), str::to_owned)
    }

    fn principal(&self, principal: Principal) -> String {
        match principal {
            Principal::Member(user) => self.people.label(user),
            Principal::Group(group) => format!("group {}", self.group(group)),
            Principal::ServiceAccount(id) => self.service_account(&id.to_string()),
        }
    }

    fn grant(&self, grant: &Grant) -> (String, String) {
        let role = self.role(&grant.role);
        let place = match &grant.scope {
            Scope::Account => String::new(),
            scope => format!(" on {}", self.account.scope_words(scope)),
        };
        (format!("{role}{place}"), self.principal(grant.principal))
    }

    /// What happened, to be read after the name of whoever did it. What people do to themselves, as on accepting an
    /// invitation, is said without naming them twice.
    pub(super) fn sentence(&self, event: &Event, actor: Option<UserId>) -> String {
        use Event as E;
        let is_actor = |principal: Principal| actor.is_some_and(|user| principal == Principal::Member(user));
        let person = |user: &UserId| self.people.label(*user);
        match event {
            E::AccountOpened { name, .. } => format!("opened the account {name}"),
            E::AccountRenamed { before, after } => format!("renamed the account from {before} to {after}"),
            E::SettingsChanged { .. } => "changed the settings".to_owned(),
            E::AccountDeleted { .. } => "deleted the account".to_owned(),
            E::MemberJoined { user, .. } if actor == Some(*user) => "became a member".to_owned(),
            E::MemberJoined { user, .. } => format!("{} became a member", person(user)),
            E::MemberEdited { user, .. } => format!("edited {}", person(user)),
            E::MemberEndChanged { user, after: None, .. } => {
                format!("took the end from the membership of {}", person(user))
            }
            E::MemberEndChanged { user, .. } => {
                format!("changed when the membership of {} ends", person(user))
            }
            E::MemberEnding { user, .. } => {
                format!("announced that the membership of {} ends soon", person(user))
            }
            E::MemberExpired { user, .. } => {
                format!("recorded that the membership of {} ended", person(user))
            }
            E::MemberActivated { user } => format!("activated {}", person(user)),
            E::MemberDeactivated { user } => format!("deactivated {}", person(user)),
            E::MemberRemoved { user, .. } => format!("removed {}", person(user)),
            E::MemberLeft { .. } => "left the account".to_owned(),
            E::InvitationSent { invitation, .. } => format!("invited {}", person(&invitation.user)),
            E::InvitationResent { id, .. } => format!("invited {} again", self.invited(*id)),
            E::InvitationLinkCopied { id } => {
                format!("copied the link of the invitation of {}", self.invited(*id))
            }
            E::InvitationEdited { id, .. } => format!("changed the invitation of {}", self.invited(*id)),
            E::InvitationRevoked { id, .. } => format!("revoked the invitation of {}", self.invited(*id)),
            E::InvitationAccepted { .. } => "accepted the invitation".to_owned(),
            E::InvitationDeclined { .. } => "declined the invitation".to_owned(),
            E::InvitationExpired { id, .. } => {
                format!("recorded that the invitation of {} expired", self.invited(*id))
            }
            E::InvitationForgotten { .. } => {
                "made room by forgetting an old invitation that had ended".to_owned()
            }
            E::RoleCreated { role, .. } => format!("created the role {}", role.name),
            E::RoleEdited { after, .. } => format!("edited the role {}", after.name),
            E::RoleDeleted { role, .. } => format!("deleted the role {}", role.name),
            E::GroupCreated { group, .. } => format!("created the group {}", group.name),
            E::GroupEdited { after, .. } => format!("edited the group {}", after.name),
            E::GroupDeleted { group, .. } => format!("deleted the group {}", group.name),
            E::GroupMemberAdded { group, member } => {
                format!("put {} into the group {}", self.principal(*member), self.group(*group))
            }
            E::GroupMemberRemoved { group, member } => {
                format!("took {} out of the group {}", self.principal(*member), self.group(*group))
            }
            E::GrantMade { grant, .. } => {
                let (what, whom) = self.grant(grant);
                if is_actor(grant.principal) {
                    format!("received {what}")
                } else {
                    format!("granted {what} to {whom}")
                }
            }
            E::GrantExtended { id, .. } => match self.account.grant(*id) {
                Some(grant) => {
                    let (what, whom) = self.grant(&grant.value);
                    format!("changed the end of {what} for {whom}")
                }
                None => "changed the end of a grant".to_owned(),
            },
            E::GrantNarrowed { .. } => "narrowed a grant, because a resource was deleted".to_owned(),
            E::GrantRevoked { grant, .. } => {
                let (what, whom) = self.grant(grant);
                if is_actor(grant.principal) {
                    format!("gave up {what}")
                } else {
                    format!("took {what} from {whom}")
                }
            }
            E::GrantEnding { id, principal, .. } => match self.account.grant(*id) {
                Some(grant) => {
                    let (what, whom) = self.grant(&grant.value);
                    format!("announced that {what} for {whom} ends soon")
                }
                None => format!("announced that a grant for {} ends soon", self.principal(*principal)),
            },
            E::GrantExpired { grant, .. } => {
                let (what, whom) = self.grant(grant);
                format!("recorded that {what} for {whom} ended")
            }
            E::ProjectCreated { project, .. } => format!("created the project {}", project.name),
            E::ProjectEdited { after, .. } => format!("edited the project {}", after.name),
            E::ProjectDeleted { project, .. } => format!("deleted the project {}", project.name),
            E::ResourceRegistered { resource, .. } => {
                format!("registered the {} {}", resource.resource_type, resource.name)
            }
            E::ResourceEdited { after, .. } => format!("edited the {} {}", after.resource_type, after.name),
            E::ResourceDeleted { resource, .. } => {
                format!("deleted the {} {}", resource.resource_type, resource.name)
            }
            E::ServiceAccountCreated { service_account, .. } => {
                format!("created the service account {}", service_account.name)
            }
            E::ServiceAccountEdited { after, .. } => format!("edited the service account {}", after.name),
            E::ServiceAccountDeleted { service_account, .. } => {
                format!("deleted the service account {}", service_account.name)
            }
            E::KeyCreated { key, .. } => format!("made the management key {}", key.name),
            E::KeyDeleted { name, .. } => format!("deleted the management key {name}"),
            E::KeyEnding { id, .. } => match self.account.key(*id) {
                Some(key) => format!("announced that the management key {} ends soon", key.value.name),
                None => "announced that a management key ends soon".to_owned(),
            },
            E::KeyExpired { name, .. } => format!("recorded that the management key {name} ended"),
            E::MemberAttributesChanged { user, .. } => format!("changed the attributes of {}", person(user)),
            E::PolicyCreated { policy, .. } => format!("created the policy {}", policy.name),
            E::PolicyEdited { after, .. } => format!("edited the policy {}", after.name),
            E::PolicyDeleted { policy, .. } => format!("deleted the policy {}", policy.name),
            E::ExternalIdFreed { former, .. } => format!("made the external id {} free", former.external_id),
            E::ExternalIdForgotten { former, .. } => {
                format!("recorded that the external id {} is like a new one", former.external_id)
            }
            E::OwnershipOffered { offer, .. } => format!("offered ownership to {}", person(&offer.to)),
            E::OwnershipWithdrawn { offer, .. } => {
                format!("withdrew the offer of ownership to {}", person(&offer.to))
            }
            E::OwnershipDeclined { offer, .. } => {
                format!("declined ownership offered by {}", person(&offer.from))
            }
            E::OwnershipAccepted { offer, .. } => format!("took over ownership from {}", person(&offer.from)),
            E::OwnershipExpired { offer, .. } => {
                format!("recorded that the offer of ownership to {} expired", person(&offer.to))
            }
            E::SignedIn { method, .. } => format!("signed in by {method}"),
            E::SignInRefused { user, .. } => format!("refused a sign-in as {}", person(user)),
            E::SignedOut { others: Some(1), .. } => "ended their other session".to_owned(),
            E::SignedOut { others: Some(others), .. } => format!("ended their {others} other sessions"),
            E::SignedOut { others: None, .. } => "signed out".to_owned(),
            E::PasswordResetLinkMade { user, by } if by == "operator" => {
                format!("made a link to choose a new password for {}, for the operator", person(user))
            }
            E::PasswordResetLinkMade { user, .. } => {
                format!("mailed {} a link to choose a new password", person(user))
            }
            E::PasswordChanged { method, .. } if method == "reset_link" => {
                "chose a new password by a link".to_owned()
            }
            E::PasswordChanged { .. } => "changed the password".to_owned(),
            E::Refused { command, code, .. } => {
                format!("was refused: {} ({})", command.replace('_', " "), code.replace('_', " "))
            }
            E::EventsExported { format, .. } => format!("exported the audit log as {format}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::users_in;

    #[test]
    fn users_are_found_in_a_text() {
        let body = r#"{"user":"usr_00000000000000000000000000000abc","to":"usr_x","more":"usr_é"}"#;
        let found: Vec<String> = users_in(body).map(|id| id.to_string()).collect();
        assert_eq!(found, ["usr_00000000000000000000000000000abc"]);
    }
}
