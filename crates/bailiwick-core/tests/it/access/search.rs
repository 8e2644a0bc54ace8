//! Searches find exactly what a check of everything finds, page by page.

use bailiwick_core::access::{Circumstances, Found, Page, SubjectType, Target, TargetType};
use bailiwick_core::account::{Account, Policy};
use bailiwick_core::catalog::{PermissionIndex, ResourceTypeIndex};
use bailiwick_core::limits;
use bailiwick_core::values::Description;
use proptest::prelude::*;

use super::{Chosen, granted};
use crate::account::prelude::*;
use crate::rules::targets;

const TYPES: [SubjectType; 3] = [SubjectType::Member, SubjectType::Group, SubjectType::ServiceAccount];

/// All pages of so many items and so much work, one after the other.
fn pages<T: Copy + PartialEq + std::fmt::Debug>(
    limit: usize,
    work: usize,
    ask: impl Fn(Page<T>) -> Found<T>,
) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    let mut after = None;
    loop {
        let Found { items, next } = ask(Page { after, limit, work });
        assert!(items.len() <= limit, "{items:?}");
        if work == usize::MAX && next.is_some() {
            assert!(items.len() == limit, "only a page that is full ends early: {items:?}");
        }
        all.extend(items);
        if next.is_none() {
            return all;
        }
        assert_ne!(next, after, "a search goes on");
        after = next;
    }
}

/// Pages of all sorts are the same as the whole.
fn assert_pages<T: Copy + PartialEq + std::fmt::Debug>(
    wanted: &[T],
    about: &str,
    ask: impl Fn(Page<T>) -> Found<T>,
) {
    for (limit, work) in [(2, usize::MAX), (1_000, usize::MAX), (1_000, 1), (2, 3), (3, 40)] {
        assert_eq!(pages(limit, work, &ask), wanted, "{limit} {work}: {about}");
    }
}

fn everybody(account: &Account) -> Vec<Principal> {
    let members = account.members_after(None).map(|(id, _)| Principal::Member(id));
    let groups = account.groups_after(None).map(|(id, _)| Principal::Group(id));
    let machines = account.service_accounts_after(None).map(|(id, _)| Principal::ServiceAccount(id));
    members.chain(groups).chain(machines).collect()
}

fn is_of(account: &Account, target: Target, of: TargetType) -> bool {
    match (target, of) {
        (Target::Account, TargetType::Account) | (Target::Project(_), TargetType::Project) => true,
        (Target::Resource(id), TargetType::Resource(of)) => {
            account.catalog().resource_type(&account.resource(id).unwrap().value.resource_type) == Some(of)
        }
        _ => false,
    }
}

/// Every search for some permissions against a check of everybody and everything.
pub fn assert_searches(account: &Account, now: Circumstances<'_>, step: usize) {
    let permissions: Vec<PermissionIndex> =
        account.catalog().all_permissions().iter().step_by(step).collect();
    let (everybody, everything) = (everybody(account), targets(account));
    let types = (0..account.catalog().resource_types.len()).map(|n| u16::try_from(n).unwrap());
    let types = types.map(|n| TargetType::Resource(ResourceTypeIndex(n)));
    let types: Vec<TargetType> =
        [TargetType::Account, TargetType::Project].into_iter().chain(types).collect();
    for permission in permissions {
        for target in &everything {
            for of in TYPES {
                let wanted: Vec<Principal> = everybody
                    .iter()
                    .copied()
                    .filter(|one| SubjectType::named(one.kind()) == Some(of))
                    .filter(|one| account.check(*one, permission, target, now))
                    .collect();
                let ask = |page| account.search_subjects(of, permission, target, now, page);
                assert_pages(&wanted, &format!("{of:?} {target:?}"), ask);
            }
        }
        for principal in everybody.iter().copied() {
            for of in types.iter().copied() {
                let wanted: Vec<Target> = everything
                    .iter()
                    .copied()
                    .filter(|target| is_of(account, *target, of))
                    .filter(|target| account.check(principal, permission, target, now))
                    .collect();
                let ask = |page| account.search_targets(principal, permission, of, now, page);
                assert_pages(&wanted, &format!("{principal} {of:?}"), ask);
            }
        }
    }
    for principal in everybody {
        for target in &everything {
            let wanted: Vec<PermissionIndex> = account.allowed_at(principal, target, now).iter().collect();
            let ask = |page| account.search_actions(principal, target, now, page);
            assert_eq!(pages(3, 50, ask), wanted, "{principal} {target:?}");
            assert_eq!(pages(1_000, usize::MAX, ask), wanted, "{principal} {target:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_is_allowed(
        chosen in proptest::collection::vec(any::<Chosen>(), 0..80),
        catalog in prop::sample::select(vec!["bailiwick", "qdrant-cloud", "one-role"]),
    ) {
        let (mut given, _) = granted(catalog, &chosen);
        for now in [given.now, given.later(1)] {
            assert_searches(&given.account, Circumstances::question(now), 7);
        }
        // Kept up as grants go, and equal to what is made anew.
        let ids: Vec<GrantId> = given.account.grants_after(None).map(|(id, _)| id).step_by(2).collect();
        for id in ids {
            let revoked = given.revoked(id, EndReason::Asked);
            given.account.apply(&[revoked]);
        }
        assert!(given.account.is_search_prepared());
        assert_searches(&given.account, Circumstances::question(given.now), 7);
    }
}

#[test]
fn a_value_made_before_the_first_search_catches_up_with_the_next_change() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    let before = given.account.clone();
    assert!(!before.is_search_prepared(), "nobody pays before there is a search");
    before.prepare_search();
    assert!(!given.account.is_search_prepared());
    given.grant(Principal::Member(user), at_account("auditor"));
    assert!(given.account.is_search_prepared(), "the writer does it once, and it stays");
    assert_searches(&given.account, Circumstances::question(given.now), 11);
    let stranger = Given::new("bailiwick");
    assert!(!stranger.account.is_search_prepared());
}

#[test]
fn what_is_not_there_is_found_by_nobody() {
    let mut given = Given::new("bailiwick");
    let cluster = given.resource("cluster", None, None);
    let account = &given.account;
    let read = account.catalog().permission("read:clusters").unwrap();
    let owner = Principal::Member(given.owner);
    let subjects = |target| {
        account.search_subjects(
            SubjectType::Member,
            read,
            &target,
            Circumstances::question(given.now),
            Page::new(None, 10),
        )
    };
    assert_eq!(subjects(Target::Resource(cluster)).items, [owner]);
    let nothing = given.upcoming(1);
    assert_eq!(subjects(Target::Resource(nothing)), Found { items: vec![], next: None });
    let clusters = account.target_type("cluster").unwrap();
    let stranger: UserId = given.upcoming(1);
    let found = account.search_targets(
        Principal::Member(stranger),
        read,
        clusters,
        Circumstances::question(given.now),
        Page::new(None, 10),
    );
    assert_eq!(found, Found { items: vec![], next: None });
    assert_eq!(account.target_type("yacht"), None);
    let actions = account.search_actions(
        Principal::Member(stranger),
        &Target::Account,
        Circumstances::question(given.now),
        Page::new(None, 10),
    );
    assert_eq!(actions.items, []);
    given.do_it(&Command::DeleteAccount);
    let account = &given.account;
    let subjects = account.search_subjects(
        SubjectType::Member,
        read,
        &Target::Account,
        Circumstances::question(given.now),
        Page::new(None, 10),
    );
    assert_eq!(subjects.items, []);
}

#[test]
fn a_page_ends_when_its_work_is_done_and_the_search_goes_on_behind_it() {
    let mut given = Given::new("bailiwick");
    let people: Vec<UserId> = (0..60).map(|_| given.member(&[])).collect();
    let cluster = given.resource("cluster", None, None);
    // A thousand statements that could permit it, to nobody but the last of all who came and one who may do nothing.
    let last = *people.iter().max().unwrap();
    let inactive = people[0];
    given.do_it(&Command::DeactivateMember { user: inactive });
    let statement = |user: UserId| {
        format!(
            "permit(principal == User::\"{user}\", action == Action::\"delete:clusters\", resource is Cluster);"
        )
    };
    for number in 0..50 {
        let text: String = (0..20).map(|_| statement(if number == 49 { last } else { inactive })).collect();
        let policy = Policy {
            name: name(&format!("Policy {number}")),
            description: Description::default(),
            text: text.into(),
            enabled: true,
        };
        given.do_it(&Command::CreatePolicy { policy });
    }
    let account = &given.account;
    let delete = account.catalog().permission("delete:clusters").unwrap();
    let target = Target::Resource(cluster);
    let ask = |page| {
        account.search_subjects(
            SubjectType::Member,
            delete,
            &target,
            Circumstances::question(given.now),
            page,
        )
    };
    let first = ask(Page::new(None, 100));
    let asked = limits::SEARCH_WORK / 1_001;
    assert_eq!(first.items, [Principal::Member(given.owner)]);
    let everybody: Vec<_> = account.members_after(None).map(|(id, _)| Principal::Member(id)).collect();
    assert_eq!(first.next, Some(everybody[asked - 1]), "what is not asked is not left out");
    let mut wanted = vec![Principal::Member(given.owner), Principal::Member(last)];
    wanted.sort();
    assert_eq!(pages(100, limits::SEARCH_WORK, ask), wanted);
}
