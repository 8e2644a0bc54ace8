//! Why the domain says no: values with all that a caller needs to act.

use jiff::Timestamp;

use super::{InvitationStatus, RoleRef, Scope};
use crate::catalog::{Catalog, Level, PermissionSet};
use crate::ids::UserId;
use crate::policy::Mistakes;
use crate::values::{ExternalId, Name};

/// What sort of no it is; the edge turns it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The caller may know of it but not do it.
    Denied,
    /// It does not exist for the caller.
    NotFound,
    /// It contradicts the present state; a change of state could make it possible.
    Conflict,
    /// It can never be right as it was asked.
    Invalid,
}

/// Names of permissions, for a message. None when they are not for the caller to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionNames(pub Vec<String>);

impl PermissionNames {
    pub(super) fn of(catalog: &Catalog, permissions: &PermissionSet) -> Self {
        Self(permissions.iter().map(|index| catalog.permission_name(index).to_owned()).collect())
    }
}

impl std::fmt::Display for PermissionNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return f.write_str("what you may not look at");
        }
        for (position, name) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`", if position == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// A policy that forbids something, in a message: by its name for those who may read policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forbidding(pub Option<Box<Name>>);

impl std::fmt::Display for Forbidding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(name) => write!(f, "the policy `{name}`"),
            None => f.write_str("a policy of the account"),
        }
    }
}

macro_rules! refusals {
    ($($(#[doc = $doc:literal])* $name:ident $({ $($(#[$fdoc:meta])* $field:ident: $type:ty),* $(,)? })? = $kind:ident, $code:literal, $message:literal, $hint:literal;)*) => {
        /// Why a command was refused. `Display` is the message for the caller: lower case, no full stop.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        pub enum Refusal {
            $($(#[doc = $doc])* #[error($message)] $name $({ $($(#[$fdoc])* $field: $type),* })?,)*
        }

        impl Refusal {
            /// Code, meaning and hint of each, for the reference.
            pub const CODES: &[(&str, &str, &str)] = &[$(($code, concat!($($doc),*).trim_ascii(), $hint),)*];

            /// What sort of no each of [`Refusal::CODES`] is.
            pub const KINDS: &[Kind] = &[$(Kind::$kind,)*];

            /// Stable code.
            pub fn code(&self) -> &'static str {
                match self { $(Self::$name { .. } => $code,)* }
            }

            /// What sort of no it is.
            pub fn kind(&self) -> Kind {
                match self { $(Self::$name { .. } => Kind::$kind,)* }
            }

            /// What the caller can do about it.
            pub fn hint(&self) -> &'static str {
                match self { $(Self::$name { .. } => $hint,)* }
            }
        }
    };
}

refusals! {
    /// The caller lacks the permission at the scope.
    Denied { /// The permission that is missing.
        permission: String, /// Where it is missing.
        scope: Scope } = Denied, "permission_denied",
        "this needs the permission `{permission}` at `{scope}`", "ask an administrator of the account for a role that has it";
    /// The caller holds the permission at the scope, and a policy forbids its use.
    Forbidden { /// The policy.
        policy: Forbidding, /// The permission that it forbids.
        permission: String, /// Where.
        scope: Scope } = Denied, "forbidden_by_policy",
        "{policy} forbids you `{permission}` at `{scope}`", "no role helps here: an explanation says what forbids it; ask an owner of the account";
    /// A policy may keep the caller from what they would give, and not those to whom they would give it.
    KeptBack { /// The policy.
        policy: Forbidding, /// What it may keep the caller from.
        missing: PermissionNames, /// Where.
        scope: Scope } = Denied, "kept_back_by_policy",
        "you cannot give what {policy} can keep from you and does not keep from them alike: {missing} at `{scope}`", "give less, or ask somebody whom the policy does not bind";
    /// The caller would take away, or change what matters to, a policy that may bind them.
    Lifts { /// The policy.
        policy: Forbidding } = Denied, "lifts_own_policy",
        "{policy} can bind you, so you cannot take it away or change what it depends on", "ask somebody whom the policy does not bind; owners can change every policy";
    /// The caller would give more than they hold.
    Escalation { /// The permissions that the caller does not hold.
        missing: PermissionNames, /// Where.
        scope: Scope } = Denied, "escalation",
        "you cannot give what you do not hold: {missing} at `{scope}`", "leave these permissions out, or ask somebody who holds them for as long as the grant shall last";
    /// The caller would give what they hold for longer than they hold it.
    Outlasts { /// When the caller's own access ends.
        until: Timestamp, /// The permissions that the caller does not hold for as long.
        missing: PermissionNames, /// Where.
        scope: Scope } = Denied, "outlasts_own_access",
        "your own access ends at {until}, and what you give must end no later: {missing} at `{scope}`", "give an end (`until`) that is no later, or ask somebody who holds these permissions for longer";
    /// The caller would change or end what carries more than they hold.
    Above { /// What it is, in words.
        what: String, /// The permissions that the caller does not hold.
        missing: PermissionNames, /// Where.
        scope: Scope } = Denied, "above_you",
        "{what} is above what you hold at `{scope}`: you lack {missing}", "ask somebody who holds these permissions there";
    /// Something else bore the external id until lately, and giving it on would give access that the caller does not hold.
    BorneByAnother { /// The external id.
        external_id: ExternalId, /// Until when it is remembered.
        until: Timestamp } = Denied, "external_id_of_another",
        "the external id `{external_id}` was another one's until lately, and access would move with it that is not yours to give; from {until} on it is like a new one", "choose another external id, or ask somebody whom no policy binds there and who holds as much of what bore it";
    /// The caller is a member who may do nothing at present.
    Inactive = Denied, "member_inactive", "your membership of this account is inactive", "ask an administrator of the account to activate it";
    /// The caller was invited and has not accepted yet.
    NotAccepted = Denied, "invitation_not_accepted", "you have been invited to this account and have not accepted yet", "accept the invitation first; if it has expired, ask for a new one";
    /// A key that would be there longer than the key that makes it.
    KeyOutlasts { /// When the key that makes it ends.
        until: Timestamp } = Denied, "key_outlasts", "the key that asks ends at {until}, and a key that it makes cannot last longer", "give an `expires_at` that is no later, or ask a person to make the key";
    /// Only people may do this, not machines.
    PeopleOnly = Denied, "people_only", "only a person may do this, not a management key", "sign in as a member of the account";
    /// Only the person in question may do this.
    NotYours = Denied, "not_yours", "this is meant for another person", "sign in as the person it is meant for, with the email address that was invited";
    /// There is no such thing in this account.
    NotFound { /// The kind of thing.
        kind: &'static str } = NotFound, "not_found", "there is no such {kind} in this account", "check the id; it may have been deleted";
    /// A name or external id is in use.
    Taken { /// The field.
        field: &'static str, /// The value.
        value: String } = Conflict, "taken", "the {field} `{value}` is taken in this account", "choose another one";
    /// An external id that reads like an email address, where it could be taken for a person.
    EmailAsExternalId { /// The value.
        value: String } = Invalid, "email_as_external_id", "the external id `{value}` reads like the email address of a person", "choose one without an `@`; a member can have their own address";
    /// The last holder of a role that must keep one would lose it.
    LastHolder { /// The role.
        role: RoleRef, /// Where.
        scope: Scope } = Conflict, "last_holder", "nobody would hold the role `{role}` at `{scope}` any more", "give the role to another active member first, or hand ownership over";
    /// Who is to take over a role that must keep a holder will be no member any more.
    SuccessorEnds { /// When their membership ends.
        until: Timestamp } = Conflict, "successor_ends", "the membership of the next owner ends at {until}, and nobody would own the account after that", "take the end of the membership away first, or offer ownership to another member";
    /// A membership would get an end while its member is offered what nobody else would hold for good.
    OfferedOwnership = Conflict, "ownership_offered", "this member is offered ownership of the account, and could not accept it: nobody would own the account after the end of their membership", "have the offer answered or withdrawn first";
    /// A role of this kind is handed over, not granted or revoked.
    HandedOver { /// The role.
        role: RoleRef } = Conflict, "handed_over_only", "the role `{role}` is handed over, not granted or revoked", "offer ownership to a member, who accepts it";
    /// Only one member holds this role.
    SingleHolder { /// The role.
        role: RoleRef } = Conflict, "single_holder", "only one member can hold the role `{role}`", "hand it over without keeping it";
    /// Built-in roles are not edited or deleted.
    BuiltInRole { /// The role.
        role: RoleRef } = Conflict, "built_in_role", "the role `{role}` is built in and cannot be changed", "duplicate it and change the copy";
    /// This catalog has no custom roles.
    NoCustomRoles = Conflict, "no_custom_roles", "this catalog has built-in roles only", "use one of the built-in roles";
    /// The newcomer role is everybody's without a grant.
    NewcomerRole { /// The role.
        role: RoleRef } = Conflict, "newcomer_role", "every active member has the role `{role}` already, and keeps it", "leave it out";
    /// Members have exactly one role in this catalog.
    OneRole = Conflict, "one_role", "a member has exactly one role in this catalog", "name exactly one role";
    /// The role is granted to somebody.
    RoleInUse { /// How many grants name it.
        grants: usize, /// How many waiting invitations name it.
        invitations: usize } = Conflict, "role_in_use", "the role is in use: grants that name it: {grants}, waiting invitations: {invitations}", "revoke these first, or say which role its holders get instead (`reassign_to`)";
    /// The scope does not fit the role's level.
    WrongLevel { /// The role.
        role: RoleRef, /// Its level.
        level: Level } = Invalid, "wrong_level", "the role `{role}` is granted at the level `{level}`, not at this scope", "choose a scope of that level, or another role";
    /// A scope of named resources without a resource.
    EmptyScope = Invalid, "empty_scope", "the scope names no resource", "name at least one resource, or choose all of a type";
    /// The catalog has no such permission.
    UnknownPermission { /// As given.
        permission: String } = Invalid, "unknown_permission", "the catalog has no permission `{permission}`", "`GET /api/v1/catalog` lists the permissions";
    /// The catalog has no such resource type.
    UnknownResourceType { /// As given.
        resource_type: String } = Invalid, "unknown_resource_type", "the catalog has no resource type `{resource_type}`", "`GET /api/v1/catalog` lists the resource types";
    /// A role without permissions.
    EmptyRole = Invalid, "empty_role", "a role needs at least one permission", "name at least one permission";
    /// A resource below a resource that cannot hold it.
    WrongParent { /// The type of the resource.
        resource_type: String, /// What should hold it.
        expected: String } = Invalid, "wrong_parent", "a `{resource_type}` belongs below {expected}", "name the right parent";
    /// A moment that has passed.
    Past { /// The field.
        field: &'static str, /// As given.
        at: Timestamp } = Invalid, "in_the_past", "`{field}` is {at}, which has passed", "give a moment in the future";
    /// Nobody is put into groups before the account switches them on.
    GroupsOff = Conflict, "groups_off", "groups are switched off in this account", "switch them on in the account's settings first (`groups_on`)";
    /// Groups that were switched on carry people's access.
    GroupsStayOn = Conflict, "groups_stay_on", "groups that were switched on are not switched off again", "take people out of the groups instead";
    /// An invitation lacks what the catalog asks for.
    InvitationAsks { /// What is missing.
        field: &'static str } = Invalid, "invitation_incomplete", "an invitation names a {field} in this catalog, and this one does not", "add the {field}";
    /// Nobody, or not this person, has keys of their own here.
    NoPersonalKeys = Denied, "no_personal_keys", "you cannot have a personal key in this account", "ask for a key of a service account instead";
    /// A setting outside what the catalog allows.
    SettingOutOfRange { /// The field.
        field: &'static str, /// The least value.
        least: u64, /// The greatest value.
        most: u64 } = Invalid, "out_of_range", "`{field}` must be from {least} to {most}", "choose a value in that range";
    /// More of something than an account takes.
    LimitReached { /// What.
        what: &'static str, /// How many at most.
        most: usize } = Conflict, "limit_reached", "an account takes at most {most} {what}", "remove some first";
    /// More changes than one transaction takes would come of it.
    TooMuchAtOnce { /// How many.
        changes: usize } = Conflict, "too_much_at_once", "this would change {changes} things at once, which is too much", "go in smaller steps: revoke some of the grants concerned, or take some of the members out, first";
    /// The user was invited and has not answered.
    AlreadyInvited { /// Who.
        user: UserId } = Conflict, "already_invited", "an invitation for this person is waiting", "resend it, or revoke it and invite again";
    /// The same person twice in one command.
    InvitedTwice { /// Who.
        user: UserId } = Invalid, "invited_twice", "the same person is named twice", "name each email address once";
    /// The user is a member who may do nothing at present.
    MemberInactive { /// Who.
        user: UserId } = Conflict, "target_inactive", "this person is an inactive member", "activate the member instead";
    /// The user is a member already, whose membership would not get the end that was asked for.
    MemberAlready { /// Who.
        user: UserId } = Conflict, "target_active", "this person is a member already, and keeps the end of their membership", "leave `member_until` out, and change the end of the membership by itself";
    /// The person has not accepted yet, so there is no member to act on.
    MemberPending { /// Who.
        user: UserId } = Conflict, "member_pending", "this person has not accepted the invitation yet", "revoke the invitation instead";
    /// It is so already, as the detail says.
    AlreadySo { /// What is so.
        what: &'static str } = Conflict, "already_so", "this is so already: {what}", "nothing needs to be done";
    /// One does not do this to oneself.
    Yourself = Conflict, "yourself", "you cannot do this to yourself", "ask another administrator, or leave the account";
    /// The invitation is not waiting.
    NotPending { /// How it stands.
        status: InvitationStatus } = Conflict, "invitation_not_pending", "the invitation is not pending but {status:?}", "ask for a new invitation";
    /// The invitation has expired.
    Expired { /// When.
        at: Timestamp } = Conflict, "invitation_expired", "the invitation expired at {at}", "ask for it to be sent again";
    /// The person in whose name the invitation stands may no longer invite.
    SponsorGone = Conflict, "invitation_void", "the person who invited you may no longer do so", "ask for a new invitation";
    /// There is an offer already.
    OfferPending = Conflict, "offer_pending", "an offer of ownership is waiting already", "withdraw it first";
    /// The offer has expired or who made it is no owner any more.
    OfferVoid = Conflict, "offer_void", "the offer of ownership no longer stands", "ask the owner for a new one";
    /// The resource holds other resources.
    HasChildren { /// How many directly.
        children: usize } = Conflict, "has_children", "the resource holds others: {children}", "delete these first";
    /// The project holds resources.
    ProjectInUse = Conflict, "project_in_use", "the project holds resources", "delete these first";
    /// The default project stays.
    DefaultProject = Conflict, "default_project", "the default project cannot be deleted", "delete its resources instead";
    /// A group that would be in itself, be it through others.
    GroupCycle = Conflict, "group_cycle", "the group would be in itself", "take the other group out of this one first, or put both into a third";
    /// A text that is no policy.
    InvalidPolicy { /// What is wrong with it, and where.
        mistakes: Mistakes } = Invalid, "invalid_policy", "the policy cannot be saved: {mistakes}", "correct the text at that place; docs/policies.md says what policies can speak of";
    /// This catalog has no policies.
    NoPolicies = Conflict, "no_policies", "this catalog has no policies", "use roles and grants";
    /// The catalog has no such attribute.
    UnknownAttribute { /// As given.
        attribute: String, /// Of what.
        of: String } = Invalid, "unknown_attribute", "the catalog has no attribute `{attribute}` of `{of}`", "`GET /api/v1/catalog` lists the attributes";
    /// A value that the attribute does not take.
    WrongAttribute { /// The attribute.
        attribute: String, /// What it takes.
        expected: String } = Invalid, "wrong_attribute", "the attribute `{attribute}` takes {expected}", "give such a value, or take the attribute away";
    /// Nothing would change.
    Nothing = Invalid, "nothing_to_do", "the request would change nothing", "name at least one thing to change";
}
