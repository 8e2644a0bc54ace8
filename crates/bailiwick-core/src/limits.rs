//! How many of each an account takes. Each is refused with `limit_reached`, never cut off silently.

/// Members of an account.
pub const MEMBERS: usize = 1_000_000;
/// Invitations that an account keeps. The oldest of those that were answered or revoked make room for new ones; what happened
/// to them stays in the events.
pub const INVITATIONS: usize = 200_000;
/// Waiting invitations in the name of one member: they end with the member, all at once. Fewer if they promise many resources.
pub const WAITING_INVITATIONS_OF_SPONSOR: usize = 10_000;
/// What one invitation promises, a named resource counting as one.
pub const PROMISED_PER_INVITATION: usize = 1_000;
/// People named in one invitation command.
pub const PEOPLE_PER_INVITATION: usize = 100;
/// Roles at scopes in one invitation or for one new service account.
pub const GRANTS_PER_COMMAND: usize = 50;
/// Custom roles of an account.
pub const ROLES: usize = 20_000;
/// Groups of an account.
pub const GROUPS: usize = 20_000;
/// Groups that one member is in, not through other groups: each is looked at in a check.
pub const GROUPS_PER_MEMBER: usize = 100;
/// Groups in each other, one in the next: the length of the longest chain, first and last included.
pub const GROUP_DEPTH: usize = 8;
/// Groups that one group is in, through others too: each is looked at in a check.
pub const GROUPS_ABOVE_GROUP: usize = 20;
/// Groups in one group, through others too: each is written anew in memory when the group is put into another.
pub const GROUPS_BELOW_GROUP: usize = 1_000;
/// Grants of an account.
pub const GRANTS: usize = 2_000_000;
/// Grants of one principal, a named resource counting as one.
pub const GRANTS_PER_PRINCIPAL: usize = 5_000;
/// Grants that name one resource: they end or get narrower when it is deleted, all at once. Fewer if they name many others too.
pub const GRANTS_NAMING_ONE_RESOURCE: usize = 19_000;
/// Resources named in one scope.
pub const RESOURCES_PER_SCOPE: usize = 1_000;
/// Projects of an account.
pub const PROJECTS: usize = 10_000;
/// Resources of an account.
pub const RESOURCES: usize = 1_000_000;
/// Resources in one registration.
pub const RESOURCES_PER_COMMAND: usize = 1_000;
/// Service accounts of an account.
pub const SERVICE_ACCOUNTS: usize = 10_000;
/// Management keys of one service account.
pub const KEYS_PER_SERVICE_ACCOUNT: usize = 20;
/// Personal keys of one member: they end with the member, all at once.
pub const KEYS_PER_MEMBER: usize = 20;
/// Roles that the explanation of a no names.
pub const ROLES_IN_EXPLANATION: usize = 100;
/// Custom roles that are looked at for the explanation of a no, in the order of their ids.
pub const ROLES_FOR_EXPLANATION: usize = 256;
/// Questions asked for one page of a search, each counted once more for each statement of a policy that is about the
/// permission.
pub const SEARCH_WORK: usize = 20_000;
/// Entries that a difference of access lists, of gains and of losses each; how many there are is said in any case.
pub const ENTRIES_OF_DIFFERENCE: usize = 1_000;
/// How many of many that are concerned alike are listed by name; how many there are is said in any case.
pub const FIRST_OF_MANY: usize = 25;
/// Questions that a difference of access asks, each before and after, where policies decide; resources that it names count as
/// one each. When more would be needed it says that its counts are the least there is.
pub const QUESTIONS_OF_DIFFERENCE: usize = 100_000;
/// How long before the end of a membership, grant or key its holder is told, in seconds, where the account sets nothing else:
/// a week.
pub const ENDING_NOTICE_SECONDS: u64 = 7 * 24 * 60 * 60;
/// The longest that an account can set for it, in seconds: 90 days.
pub const ENDING_NOTICE_SECONDS_MOST: u64 = 90 * 24 * 60 * 60;
/// How long an offer of ownership stands, in seconds: a week.
pub const OFFER_SECONDS: i64 = 7 * 24 * 60 * 60;
/// How long it is remembered what bore an external id that got free, in seconds: 30 days.
pub const FORMER_BEARER_SECONDS: i64 = 30 * 24 * 60 * 60;
/// Free external ids of which it is remembered what bore them; the oldest makes room.
pub const FORMER_BEARERS: usize = 100_000;
/// Policies of an account.
pub const POLICIES: usize = 1_000;
/// Bytes of one policy's text.
pub const POLICY_BYTES: usize = 16 * 1_024;
/// Statements (`permit` or `forbid`) in one policy.
pub const STATEMENTS_PER_POLICY: usize = 20;
/// Mistakes of a policy that are reported at once.
pub const MISTAKES_PER_POLICY: usize = 20;
/// Attributes of one member, resource, invitation or request.
pub const ATTRIBUTES: usize = 32;
/// Characters of a text in an attribute.
pub const ATTRIBUTE_CHARACTERS: usize = 256;
/// Texts in an attribute that is a list.
pub const ATTRIBUTE_LIST: usize = 64;
/// What a service account may assert, one entry for each property.
pub const ASSERTIONS: usize = 64;
