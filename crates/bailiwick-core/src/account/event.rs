//! What is recorded. Past tense, additive: a stored event stays readable for ever.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    ActorRef, Attributes, EntityKey, FormerBearer, Grant, Group, Invitation, Key, KeyHolder, Member,
    MemberStatus, Offer, Policy, Principal, Project, Resource, Role, RoleAtScope, ServiceAccount, Settings,
};
use crate::ids::{
    FormerBearerId, GrantId, GroupId, InvitationId, KeyId, OfferId, PolicyId, ProjectId, ResourceId, RoleId,
    ServiceAccountId, UserId,
};
use crate::values::{ExternalId, Name};

/// Why something ended without being asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Somebody asked for it.
    Asked,
    /// The person in whose name it stood may no longer act.
    SponsorGone,
    /// What it was about went away.
    SubjectGone,
    /// Something else took its place.
    Replaced,
}

/// A grant of an invitation that was not made at acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// What had been promised.
    pub grant: RoleAtScope,
    /// Stable code of the refusal.
    pub code: SmolStr,
}

/// A group of an invitation that was not joined at acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithheldGroup {
    /// The group.
    pub group: GroupId,
    /// Stable code of the refusal.
    pub code: SmolStr,
}

macro_rules! events {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal { $($(#[$fdoc:meta])* $field:ident: $type:ty),* $(,)? },)*) => {
        /// What happened to an account.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "type", deny_unknown_fields)]
        pub enum Event {
            $($(#[doc = $doc])* #[serde(rename = $text)] $name { $($(#[$fdoc])* $field: $type),* },)*
        }

        impl Event {
            /// All types with their meaning, for the reference.
            pub const TYPES: &[(&str, &str)] = &[$(($text, concat!($($doc),*).trim_ascii()),)*];

            /// Stable name, as stored and filtered by.
            pub fn type_name(&self) -> &'static str {
                match self { $(Self::$name { .. } => $text,)* }
            }
        }
    };
}

events! {
    /// The account was opened.
    AccountOpened = "account.opened" { /// Its name.
        name: Name, /// The catalog's name.
        catalog: SmolStr, /// When.
        at: Timestamp },
    /// The account got another name.
    AccountRenamed = "account.renamed" { /// The name before.
        before: Name, /// The name after.
        after: Name },
    /// The account's settings changed.
    SettingsChanged = "account.settings_changed" { /// Before.
        before: Settings, /// After.
        after: Settings },
    /// The account was deleted.
    AccountDeleted = "account.deleted" { /// When.
        at: Timestamp },
    /// A person became a member.
    MemberJoined = "member.joined" { /// Who.
        user: UserId, /// When.
        at: Timestamp, /// Through which invitation; none for who opened the account.
        #[serde(default, skip_serializing_if = "Option::is_none")] invitation: Option<InvitationId>, /// When the membership ends.
        #[serde(default, skip_serializing_if = "Option::is_none")] until: Option<Timestamp> },
    /// A member's details changed.
    MemberEdited = "member.edited" { /// Who.
        user: UserId, /// The external id before.
        before: Option<ExternalId>, /// The external id after.
        after: Option<ExternalId> },
    /// A membership got another end, or none any more.
    MemberEndChanged = "member.end_changed" { /// Who.
        user: UserId, /// The end before.
        before: Option<Timestamp>, /// The end after.
        after: Option<Timestamp> },
    /// A membership ends soon.
    MemberEnding = "member.ending" { /// Who.
        user: UserId, /// When it ends.
        until: Timestamp },
    /// A membership ended by itself: the member is inactive, and without an end if somebody activates them again.
    MemberExpired = "member.expired" { /// Who.
        user: UserId, /// When it ended.
        until: Timestamp, /// How the member had stood.
        before: MemberStatus },
    /// What is said of a member changed.
    MemberAttributesChanged = "member.attributes_changed" { /// Who.
        user: UserId, /// The attributes before.
        before: Attributes, /// The attributes after.
        after: Attributes },
    /// A member may act again.
    MemberActivated = "member.activated" { /// Who.
        user: UserId },
    /// A member may do nothing any more.
    MemberDeactivated = "member.deactivated" { /// Who.
        user: UserId },
    /// A member was taken out of the account.
    MemberRemoved = "member.removed" { /// Who.
        user: UserId, /// The membership as it was.
        member: Member, /// When the membership would have ended.
        #[serde(default, skip_serializing_if = "Option::is_none")] until: Option<Timestamp> },
    /// A member left the account.
    MemberLeft = "member.left" { /// Who.
        user: UserId, /// The membership as it was.
        member: Member, /// When the membership would have ended.
        #[serde(default, skip_serializing_if = "Option::is_none")] until: Option<Timestamp> },
    /// A person was invited.
    InvitationSent = "invitation.sent" { /// Its id.
        id: InvitationId, /// What it says.
        invitation: Invitation },
    /// An invitation was sent again and its earlier link ended.
    InvitationResent = "invitation.resent" { /// Its id.
        id: InvitationId, /// In whose name before.
        before_sponsor: UserId, /// In whose name from now on.
        sponsor: UserId, /// When it would have expired.
        before: Option<Timestamp>, /// When it expires now.
        after: Option<Timestamp> },
    /// A link to an invitation was made to be passed on by hand.
    InvitationLinkCopied = "invitation.link_copied" { /// Its id.
        id: InvitationId },
    /// What an invitation promises changed.
    InvitationEdited = "invitation.edited" { /// Its id.
        id: InvitationId, /// The grants before.
        before: Vec<RoleAtScope>, /// The grants after.
        after: Vec<RoleAtScope> },
    /// An invitation was taken back.
    InvitationRevoked = "invitation.revoked" { /// Its id.
        id: InvitationId, /// Why.
        reason: EndReason },
    /// An invitation was accepted.
    InvitationAccepted = "invitation.accepted" { /// Its id.
        id: InvitationId, /// What was promised and could no longer be given.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] withheld: Vec<Withheld>, /// Groups that had been promised and could no longer be joined.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] withheld_groups: Vec<WithheldGroup> },
    /// An invitation was declined.
    InvitationDeclined = "invitation.declined" { /// Its id.
        id: InvitationId },
    /// Nobody answered an invitation in time. It can be sent again.
    InvitationExpired = "invitation.expired" { /// Its id.
        id: InvitationId, /// When it stopped working.
        at: Timestamp },
    /// An invitation that had been answered or revoked is not kept any longer, to make room for new ones.
    InvitationForgotten = "invitation.forgotten" { /// Its id.
        id: InvitationId, /// What it said and how it had ended.
        invitation: Invitation },
    /// A custom role was created.
    RoleCreated = "role.created" { /// Its id.
        id: RoleId, /// What it is.
        role: Role },
    /// A custom role changed.
    RoleEdited = "role.edited" { /// Its id.
        id: RoleId, /// Before.
        before: Role, /// After.
        after: Role },
    /// A custom role was deleted.
    RoleDeleted = "role.deleted" { /// Its id.
        id: RoleId, /// What it was.
        role: Role },
    /// A group was created.
    GroupCreated = "group.created" { /// Its id.
        id: GroupId, /// What it is.
        group: Group },
    /// A group changed.
    GroupEdited = "group.edited" { /// Its id.
        id: GroupId, /// Before.
        before: Group, /// After.
        after: Group },
    /// A group was deleted.
    GroupDeleted = "group.deleted" { /// Its id.
        id: GroupId, /// What it was.
        group: Group },
    /// A member or a group was put into a group.
    GroupMemberAdded = "group.member_added" { /// The group.
        group: GroupId, /// The member or group that is in it.
        member: Principal },
    /// A member or a group was taken out of a group.
    GroupMemberRemoved = "group.member_removed" { /// The group.
        group: GroupId, /// The member or group that was in it.
        member: Principal },
    /// A role was granted.
    GrantMade = "grant.made" { /// Its id.
        id: GrantId, /// Who has what, where, until when.
        grant: Grant },
    /// A grant got another end.
    GrantExtended = "grant.end_changed" { /// Its id.
        id: GrantId, /// Who has it.
        principal: Principal, /// The end before.
        before: Option<Timestamp>, /// The end after.
        after: Option<Timestamp> },
    /// A grant ends soon.
    GrantEnding = "grant.ending" { /// Its id.
        id: GrantId, /// Who has it.
        principal: Principal, /// When it ends.
        until: Timestamp },
    /// A grant ended by itself.
    GrantExpired = "grant.expired" { /// Its id.
        id: GrantId, /// What it was.
        grant: Grant },
    /// A grant covers fewer resources, because one of them was deleted.
    GrantNarrowed = "grant.narrowed" { /// Its id.
        id: GrantId, /// Who has it.
        principal: Principal, /// The resource that it named and that was deleted.
        resource: ResourceId },
    /// A grant was taken back.
    GrantRevoked = "grant.revoked" { /// Its id.
        id: GrantId, /// What it was.
        grant: Grant, /// Why.
        reason: EndReason },
    /// A project was created.
    ProjectCreated = "project.created" { /// Its id.
        id: ProjectId, /// What it is.
        project: Project },
    /// A project changed.
    ProjectEdited = "project.edited" { /// Its id.
        id: ProjectId, /// Before.
        before: Project, /// After.
        after: Project },
    /// A project was deleted.
    ProjectDeleted = "project.deleted" { /// Its id.
        id: ProjectId, /// What it was.
        project: Project },
    /// A resource was registered.
    ResourceRegistered = "resource.registered" { /// Its id.
        id: ResourceId, /// What it is.
        resource: Resource },
    /// A resource changed.
    ResourceEdited = "resource.edited" { /// Its id.
        id: ResourceId, /// Before.
        before: Resource, /// After.
        after: Resource },
    /// A resource was deleted.
    ResourceDeleted = "resource.deleted" { /// Its id.
        id: ResourceId, /// What it was.
        resource: Resource },
    /// A service account was created.
    ServiceAccountCreated = "service_account.created" { /// Its id.
        id: ServiceAccountId, /// What it is.
        service_account: ServiceAccount },
    /// A service account changed.
    ServiceAccountEdited = "service_account.edited" { /// Its id.
        id: ServiceAccountId, /// Before.
        before: ServiceAccount, /// After.
        after: ServiceAccount },
    /// A service account was deleted.
    ServiceAccountDeleted = "service_account.deleted" { /// Its id.
        id: ServiceAccountId, /// What it was.
        service_account: ServiceAccount },
    /// A management key was made.
    KeyCreated = "key.created" { /// Its id.
        id: KeyId, /// What it is; of the secret only its hash.
        key: Key },
    /// A management key was deleted.
    KeyDeleted = "key.deleted" { /// Its id.
        id: KeyId, /// Whom it authenticated.
        holder: KeyHolder, /// Its name.
        name: Name, /// When it would have stopped working.
        #[serde(default, skip_serializing_if = "Option::is_none")] expires_at: Option<Timestamp>, /// Who made it.
        made_by: ActorRef, /// When it was made.
        made_at: Timestamp, /// Why.
        reason: EndReason },
    /// A management key stops working soon.
    KeyEnding = "key.ending" { /// Its id.
        id: KeyId, /// Whom it authenticates.
        holder: KeyHolder, /// When it stops working.
        until: Timestamp },
    /// A management key stopped working by itself.
    KeyExpired = "key.expired" { /// Its id.
        id: KeyId, /// Whom it authenticated.
        holder: KeyHolder, /// Its name.
        name: Name, /// When it stopped working.
        until: Timestamp, /// Who made it.
        made_by: ActorRef, /// When it was made.
        made_at: Timestamp },
    /// A policy was created.
    PolicyCreated = "policy.created" { /// Its id.
        id: PolicyId, /// What it is.
        policy: Policy },
    /// A policy changed.
    PolicyEdited = "policy.edited" { /// Its id.
        id: PolicyId, /// Before.
        before: Policy, /// After.
        after: Policy },
    /// A policy was deleted.
    PolicyDeleted = "policy.deleted" { /// Its id.
        id: PolicyId, /// What it was.
        policy: Policy },
    /// An external id got free: what bore it is remembered for 30 days.
    ExternalIdFreed = "external_id.freed" { /// What bore it, as an entity of its own.
        id: FormerBearerId, /// The external id, what bore it, and since when it does not.
        former: FormerBearer },
    /// It is not remembered any more what bore an external id.
    ExternalIdForgotten = "external_id.forgotten" { /// What bore it, as an entity of its own.
        id: FormerBearerId, /// What was remembered.
        former: FormerBearer },
    /// Ownership was offered to a member.
    OwnershipOffered = "ownership.offered" { /// The offer's id.
        id: OfferId, /// What it says.
        offer: Offer },
    /// An offer of ownership was taken back.
    OwnershipWithdrawn = "ownership.withdrawn" { /// The offer's id.
        id: OfferId, /// What it said.
        offer: Offer, /// Why.
        reason: EndReason },
    /// An offer of ownership was declined.
    OwnershipDeclined = "ownership.declined" { /// The offer's id.
        id: OfferId, /// What it said.
        offer: Offer },
    /// Nobody answered an offer of ownership in time.
    OwnershipExpired = "ownership.expired" { /// The offer's id.
        id: OfferId, /// What it said.
        offer: Offer },
    /// Ownership was handed over.
    OwnershipAccepted = "ownership.accepted" { /// The offer's id.
        id: OfferId, /// What it said.
        offer: Offer },
    /// A member signed in.
    SignedIn = "sign_in.succeeded" { /// Who.
        user: UserId, /// How, for instance `password`.
        method: SmolStr },
    /// Somebody failed to sign in as a member.
    SignInRefused = "sign_in.refused" { /// As whom.
        user: UserId, /// Stable code of the reason.
        code: SmolStr },
    /// A member signed out.
    SignedOut = "sign_in.ended" { /// Who.
        user: UserId, /// How many sessions, where they ended all but the one in which they asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        others: Option<usize> },
    /// A link to choose a new password was made for a member.
    PasswordResetLinkMade = "password.reset_link_made" { /// For whom.
        user: UserId, /// `mail` when it was asked for and mailed, `operator` when the operator made it on the command line.
        by: SmolStr },
    /// A member has another password.
    PasswordChanged = "password.changed" { /// Who.
        user: UserId, /// What let them: `password` for the one before, `reset_link` for a link.
        method: SmolStr },
    /// A request was refused.
    Refused = "request.refused" { /// What was asked: the command's name.
        command: SmolStr, /// Stable code of the refusal.
        code: SmolStr, /// The id of the entity in question, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")] target: Option<SmolStr> },
    /// The audit log was exported.
    EventsExported = "events.exported" { /// The filter, as asked.
        filter: SmolStr, /// `jsonl` or `csv`.
        format: SmolStr },
}

impl Event {
    /// The entities whose rows this event writes or removes; none for events that only record.
    ///
    /// What holds a grant or a member changes with it: its revision says so, or whoever edits the roles of a member on
    /// the strength of an `ETag` could undo another's change unseen.
    pub fn entities(&self) -> impl Iterator<Item = EntityKey> {
        self.entity().into_iter().chain(self.holder()).chain(self.member_end())
    }

    /// The end of a membership that this event makes, changes or takes away.
    fn member_end(&self) -> Option<EntityKey> {
        match self {
            Self::MemberJoined { user, until: Some(_), .. }
            | Self::MemberEndChanged { user, .. }
            | Self::MemberEnding { user, .. }
            | Self::MemberExpired { user, .. }
            | Self::MemberRemoved { user, until: Some(_), .. }
            | Self::MemberLeft { user, until: Some(_), .. } => Some(EntityKey::MemberEnd(*user)),
            _ => None,
        }
    }

    /// The member, group or service account whose grants, or the group whose members, this event changes.
    pub(super) fn holder(&self) -> Option<EntityKey> {
        match self {
            Self::GroupMemberAdded { group, .. } | Self::GroupMemberRemoved { group, .. } => {
                Some(EntityKey::Group(*group))
            }
            Self::GrantMade { grant, .. }
            | Self::GrantRevoked { grant, .. }
            | Self::GrantExpired { grant, .. } => Some(grant.principal.into()),
            Self::MemberAttributesChanged { user, .. } => Some(EntityKey::Member(*user)),
            Self::GrantExtended { principal, .. } | Self::GrantNarrowed { principal, .. } => {
                Some((*principal).into())
            }
            _ => None,
        }
    }

    /// The entity that the event is about.
    fn entity(&self) -> Option<EntityKey> {
        Some(match self {
            Self::AccountOpened { .. }
            | Self::AccountRenamed { .. }
            | Self::SettingsChanged { .. }
            | Self::AccountDeleted { .. } => EntityKey::Profile,
            Self::MemberJoined { user, .. }
            | Self::MemberEdited { user, .. }
            | Self::MemberEndChanged { user, .. }
            | Self::MemberExpired { user, .. }
            | Self::MemberActivated { user }
            | Self::MemberDeactivated { user }
            | Self::MemberRemoved { user, .. }
            | Self::MemberLeft { user, .. } => EntityKey::Member(*user),
            Self::InvitationSent { id, .. }
            | Self::InvitationResent { id, .. }
            | Self::InvitationEdited { id, .. }
            | Self::InvitationRevoked { id, .. }
            | Self::InvitationAccepted { id, .. }
            | Self::InvitationDeclined { id }
            | Self::InvitationExpired { id, .. }
            | Self::InvitationForgotten { id, .. } => EntityKey::Invitation(*id),
            Self::RoleCreated { id, .. } | Self::RoleEdited { id, .. } | Self::RoleDeleted { id, .. } => {
                EntityKey::Role(*id)
            }
            Self::GroupCreated { id, .. } | Self::GroupEdited { id, .. } | Self::GroupDeleted { id, .. } => {
                EntityKey::Group(*id)
            }
            Self::GroupMemberAdded { group, member } | Self::GroupMemberRemoved { group, member } => {
                EntityKey::GroupMember(*group, *member)
            }
            Self::GrantMade { id, .. }
            | Self::GrantExtended { id, .. }
            | Self::GrantNarrowed { id, .. }
            | Self::GrantEnding { id, .. }
            | Self::GrantExpired { id, .. }
            | Self::GrantRevoked { id, .. } => EntityKey::Grant(*id),
            Self::ProjectCreated { id, .. }
            | Self::ProjectEdited { id, .. }
            | Self::ProjectDeleted { id, .. } => EntityKey::Project(*id),
            Self::ResourceRegistered { id, .. }
            | Self::ResourceEdited { id, .. }
            | Self::ResourceDeleted { id, .. } => EntityKey::Resource(*id),
            Self::ServiceAccountCreated { id, .. }
            | Self::ServiceAccountEdited { id, .. }
            | Self::ServiceAccountDeleted { id, .. } => EntityKey::ServiceAccount(*id),
            Self::KeyCreated { id, .. }
            | Self::KeyEnding { id, .. }
            | Self::KeyExpired { id, .. }
            | Self::KeyDeleted { id, .. } => EntityKey::Key(*id),
            Self::MemberAttributesChanged { user, .. } => EntityKey::MemberAttributes(*user),
            Self::PolicyCreated { id, .. }
            | Self::PolicyEdited { id, .. }
            | Self::PolicyDeleted { id, .. } => EntityKey::Policy(*id),
            Self::ExternalIdFreed { id, .. } | Self::ExternalIdForgotten { id, .. } => {
                EntityKey::FormerBearer(*id)
            }
            Self::OwnershipOffered { id, .. }
            | Self::OwnershipWithdrawn { id, .. }
            | Self::OwnershipDeclined { id, .. }
            | Self::OwnershipExpired { id, .. }
            | Self::OwnershipAccepted { id, .. } => EntityKey::Offer(*id),
            Self::MemberEnding { .. }
            | Self::InvitationLinkCopied { .. }
            | Self::SignedIn { .. }
            | Self::SignInRefused { .. }
            | Self::SignedOut { .. }
            | Self::PasswordResetLinkMade { .. }
            | Self::PasswordChanged { .. }
            | Self::Refused { .. }
            | Self::EventsExported { .. } => return None,
        })
    }

    /// Types of events that change nothing: going back and forth in a history, they need not even be read.
    pub const RECORDING_TYPES: [&str; 8] = [
        "invitation.link_copied",
        "sign_in.succeeded",
        "sign_in.refused",
        "sign_in.ended",
        "password.reset_link_made",
        "password.changed",
        "request.refused",
        "events.exported",
    ];

    /// Kind and id of what the event is about, as stored and filtered by.
    pub fn target(&self) -> Option<(&'static str, SmolStr)> {
        match self {
            Self::InvitationLinkCopied { id } => Some(("invitation", smol_str::format_smolstr!("{id}"))),
            Self::MemberEnding { user, .. }
            | Self::SignedIn { user, .. }
            | Self::SignInRefused { user, .. }
            | Self::SignedOut { user, .. }
            | Self::PasswordResetLinkMade { user, .. }
            | Self::PasswordChanged { user, .. } => Some(("member", smol_str::format_smolstr!("{user}"))),
            Self::ExternalIdFreed { former, .. } | Self::ExternalIdForgotten { former, .. } => {
                let bearer = former.entity();
                Some((bearer.kind(), bearer.id()))
            }
            Self::Refused { target, .. } => target.clone().map(|target| ("request", target)),
            _ => self.entity().and_then(|entity| match entity {
                EntityKey::MemberAttributes(user) => Some(("member", smol_str::format_smolstr!("{user}"))),
                EntityKey::GroupMember(group, _) => Some(("group", smol_str::format_smolstr!("{group}"))),
                EntityKey::Profile => None,
                other => Some((other.kind(), other.id())),
            }),
        }
    }
}
