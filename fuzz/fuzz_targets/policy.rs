//! The text of a policy: a policy of an account, or refused with places that lie in the text.
#![no_main]

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use bailiwick_core::access::{Caller, Circumstances, Target};
use bailiwick_core::account::{
    Account, Actor, AttributeValue, Attributes, Command, Event, Invitee, Policy, Principal, Refusal,
    ResourceSpec, RoleAtScope, RoleRef, Scope, open,
};
use bailiwick_core::catalog::Catalog;
use bailiwick_core::ids::{AccountId, Id, InvitationId, ResourceId, UserId};
use bailiwick_core::policy::Mistakes;
use bailiwick_core::values::{Description, Name};
use bailiwick_core::{limits, policy};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

/// An account with an owner and a cluster. Its ids are numbers, so that seeds can name them.
struct Given {
    account: Account,
    owner: UserId,
    /// Somebody with the role `admin`, who owns nothing.
    admin: UserId,
    cluster: ResourceId,
}

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

static GIVEN: LazyLock<Given> = LazyLock::new(|| {
    let text = Catalog::bundled("bailiwick").expect("it ships");
    let catalog = Arc::new(Catalog::parse("bailiwick", text).expect("it is a catalog"));
    let (owner, id) = (UserId::from_uuid(Uuid::from_u128(1)), AccountId::from_uuid(Uuid::from_u128(2)));
    let mut ids = ids_from(2);
    let account = open(&catalog, id, name("Acme"), owner, NOW, &mut ids).account;
    let mut attributes = Attributes::default();
    attributes.set("environment", AttributeValue::String("production".into()));
    let cluster = ResourceSpec {
        resource_type: "cluster".into(),
        name: name("Search"),
        project: None,
        parent: None,
        external_id: None,
        url: None,
        attributes,
    };
    let command = Command::RegisterResources { resources: vec![cluster] };
    let decided = account
        .decide(Actor::User(owner), &command, Circumstances::question(NOW), &mut ids_from(1_000))
        .expect("owners register");
    let registered = |event: &Event| match event {
        Event::ResourceRegistered { id, .. } => Some(*id),
        _ => None,
    };
    let cluster = decided.events.iter().find_map(registered).expect("it was registered");
    let admin = UserId::from_uuid(Uuid::from_u128(3_000));
    let invitation = InvitationId::from_uuid(Uuid::from_u128(3_001));
    let invite = Command::Invite {
        people: vec![Invitee { user: admin, invitation }],
        grants: vec![RoleAtScope {
            role: RoleRef::BuiltIn("admin".into()),
            scope: Scope::Account,
            until: None,
        }],
        groups: Vec::new(),
        member_until: None,
        attributes: [("contractor".into(), AttributeValue::Bool(true))].into_iter().collect(),
    };
    let ask = |account: &Account, actor, command| {
        let decided =
            account.decide(Actor::User(actor), command, Circumstances::question(NOW), &mut ids_from(4_000));
        decided.expect("it may be done").account
    };
    let account = ask(&decided.account, owner, &invite);
    let account = ask(&account, admin, &Command::AcceptInvitation { invitation });
    Given { account, owner, admin, cluster }
});

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn ids_from(mut last: u128) -> impl FnMut() -> Uuid {
    move || {
        last += 1;
        Uuid::from_u128(last)
    }
}

fuzz_target!(|text: &str| {
    let given = &*GIVEN;
    match given.account.check_policy(text) {
        Ok(()) => decides(given, text),
        Err(Refusal::InvalidPolicy { mistakes }) => {
            lie_in(text, &mistakes);
            let again = given.account.check_policy(text);
            assert_eq!(again, Err(Refusal::InvalidPolicy { mistakes }), "the same is said twice");
        }
        Err(other) => panic!("{other}"),
    }
});

/// Every place is one of the text, and the snippet stands there.
fn lie_in(text: &str, mistakes: &Mistakes) {
    assert!((1..=limits::MISTAKES_PER_POLICY).contains(&mistakes.0.len()));
    for mistake in &mistakes.0 {
        assert!(!mistake.message.is_empty());
        let line = text.split('\n').nth(mistake.line - 1).expect("the line is one of the text");
        let before = line.chars().take(mistake.column - 1);
        assert_eq!(before.clone().count(), mistake.column - 1, "the column is one of the line");
        let at = before.map(char::len_utf8).sum::<usize>();
        assert!(line[at..].starts_with(&mistake.snippet), "{mistake} [{}]", mistake.snippet);
    }
}

/// What is accepted can be saved, decides the same each time it is asked, and locks nobody out of policies.
fn decides(given: &Given, text: &str) {
    let statements = policy::parse(text).expect("what is right has no mistake of syntax");
    assert!((1..=limits::STATEMENTS_PER_POLICY).contains(&statements));
    let policy = Policy {
        name: name("Policy"),
        description: Description::default(),
        text: text.into(),
        enabled: true,
    };
    let command = Command::CreatePolicy { policy };
    let decided = given.account.decide(
        Actor::User(given.owner),
        &command,
        Circumstances::question(NOW),
        &mut ids_from(2_000),
    );
    let account = decided.expect("owners hold all that a policy can name").account;
    assert_eq!(account.check_policy(text), Ok(()), "what was right stays right");

    let owner = Principal::Member(given.owner);
    let circumstances = Circumstances {
        now: NOW,
        source_ip: Some(IpAddr::from([203, 0, 113, 7])),
        mfa_at: Some(NOW),
        caller: Caller::Person,
        asserted: None,
    };
    let catalog = account.catalog();
    let named = |name: &str| catalog.permission(name).expect("it is in the catalog");
    for guarded in ["read:policies", "write:policies", "delete:policies"].map(named) {
        assert!(account.check(owner, guarded, &Target::Account, circumstances));
    }
    binds_whom_it_forbids(given, &account, circumstances);
    for permission in catalog.all_permissions().iter() {
        let at = Target::Resource(given.cluster);
        let allowed = account.check(owner, permission, &at, circumstances);
        assert_eq!(account.explain(owner, permission, &at, circumstances).allowed, allowed);
    }
}

/// Whom the policy forbids anything under some circumstances does not take it away under any others.
fn binds_whom_it_forbids(given: &Given, account: &Account, circumstances: Circumstances<'_>) {
    let admin = Principal::Member(given.admin);
    let at = Target::Resource(given.cluster);
    let granted = account.effective_at(admin, &at, NOW);
    let question = Circumstances::question(Timestamp::constant(1_700_300_000, 0));
    let is_forbidden = |way| !granted.difference(&account.allowed_at(admin, &at, way)).is_empty();
    if !is_forbidden(circumstances) && !is_forbidden(question) {
        return;
    }
    let (policy, _) = account.policies_after(None).next().expect("it was saved");
    let delete = Command::DeletePolicy { policy };
    for way in [circumstances, question] {
        let decided = account.decide(Actor::User(given.admin), &delete, way, &mut ids_from(5_000));
        assert!(decided.is_err(), "whom it binds cannot lift it");
    }
}
