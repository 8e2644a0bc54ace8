//! Texts that are no policies: what is said about each, and where.

use super::create;
use crate::account::prelude::*;

/// What is wrong with a text, each with its place.
fn mistakes(given: &Given, text: &str) -> Vec<String> {
    match given.decide(Actor::User(given.owner), &create("Policy", text)) {
        Err(Refusal::InvalidPolicy { mistakes }) => {
            let said = |mistake: &bailiwick_core::policy::Mistake| format!("{mistake} [{}]", mistake.snippet);
            mistakes.0.iter().map(said).collect()
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn each_mistake_has_its_place() {
    let given = Given::new("bailiwick");
    let cases: &[(&str, &str)] = &[
        ("", "line 1, column 1: the policy says nothing []"),
        ("// only a comment\n", "line 1, column 1: the policy says nothing []"),
        ("permit(principal, action, resource)", "line 1, column 36: unexpected end of input []"),
        (
            "permit(principal,\n  action,\n  resorce);",
            "line 3, column 3: found an invalid variable in the policy scope: resorce [resorce]",
        ),
        (
            "permit(principal, action, resource) when { principal.departement == \"x\" };",
            "line 1, column 44: attribute `departement`",
        ),
        (
            "permit(principal is User, action, resource) when { principal.department == 3 };",
            "line 1, column 52: ",
        ),
        (
            "permit(principal, action == Action::\"read:clustrs\", resource);",
            "line 1, column 29: unrecognized action `Action::\"read:clustrs\"`",
        ),
        (
            "permit(principal, action, resource is Clustr);",
            "line 1, column 39: unrecognized entity type `Clustr`",
        ),
        (
            "permit(principal == ?principal, action, resource);",
            "line 1, column 1: `?principal` and `?resource` stand for nothing here",
        ),
        (
            "permit(principal == User::\"ann\", action, resource);",
            "line 1, column 21: there is no `User::\"ann\"` in this account",
        ),
        (
            "permit(principal, action, resource) when { context.hour > 3 };",
            "line 1, column 44: attribute `hour`",
        ),
        (
            "permit(principal, action, resource) when { resource.environment == \"production\" };",
            "line 1, column 44: attribute `environment`",
        ),
        (
            "forbid(principal, action, resource) unless { ip(\"10.0.0.0/99\").isIpv4() };",
            "line 1, column 46: ",
        ),
    ];
    let said: Vec<String> = cases.iter().map(|(text, _)| mistakes(&given, text).swap_remove(0)).collect();
    let fits = |(said, (_, start)): (&String, &(&str, &str))| said.starts_with(start);
    assert!(said.iter().zip(cases).all(fits), "{said:#?}");
}

#[test]
fn a_text_that_an_attribute_never_has_is_told_with_those_that_it_has() {
    let given = Given::new("bailiwick");
    let with = |condition: &str| {
        format!(
            "forbid(principal, action, resource is Cluster) when {{ resource has environment && {condition} }};"
        )
    };
    for (condition, value) in [
        ("resource.environment == \"prod\"", "prod"),
        ("\"prod\" != resource.environment", "prod"),
        ("[\"production\", \"test\"].contains(resource.environment)", "test"),
    ] {
        let text = with(condition);
        let column = text.find(&format!("\"{value}\"")).unwrap() + 1;
        let said = format!("line 1, column {column}: `environment` is never `{value}` [\"{value}\"]");
        assert_eq!(mistakes(&given, &text), [said], "{condition}");
    }
    let hint = match given
        .decide(Actor::User(given.owner), &create("Policy", &with("resource.environment == \"prod\"")))
    {
        Err(Refusal::InvalidPolicy { mistakes }) => mistakes.0[0].hint.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(hint.as_deref(), Some("it is one of `development`, `staging`, `production`"));
    // Any text may be a department.
    let text = "permit(principal is User, action, resource) when { principal has department && principal.department == \"prod\" };";
    given.decide(Actor::User(given.owner), &create("Policy", text)).unwrap();
}

#[test]
fn an_attribute_that_only_some_have_tells_how_to_speak_of_them_alone() {
    let given = Given::new("bailiwick");
    let hint = |condition: &str| {
        let text = format!("forbid(principal, action, resource) when {{ {condition} }};");
        match given.decide(Actor::User(given.owner), &create("Policy", &text)) {
            Err(Refusal::InvalidPolicy { mistakes }) => mistakes.0[0].hint.clone().unwrap_or_default(),
            other => panic!("{text}: {other:?}"),
        }
    };
    assert_eq!(hint("principal.department == \"x\""), "only users have it: write `principal is User`");
    assert_eq!(
        hint("resource.environment == \"production\""),
        "not everything has it: name a type that has it, such as `resource is Cluster`"
    );
    assert!(!hint("resource.department == \"x\"").contains("only users"));
    assert!(!hint("principal.departement == \"x\"").contains("only users"));
}

#[test]
fn several_mistakes_are_told_at_once_in_their_order() {
    let given = Given::new("bailiwick");
    let said = mistakes(
        &given,
        "forbid(principal == User::\"ann\", action, resource);\nforbid(principal, action == Action::\"raed:x\", resource);",
    );
    assert!(
        said.len() >= 2 && said[0].starts_with("line 1, ") && said.last().unwrap().starts_with("line 2, "),
        "{said:#?}"
    );
}

#[test]
fn a_text_is_of_limited_size() {
    let mut given = Given::new("bailiwick");
    let comment = |size: usize| format!("//{}\nforbid(principal, action, resource);", "x".repeat(size));
    let empty = comment(0).len();
    given.policy(&comment(limits::POLICY_BYTES - empty));
    let said = mistakes(&given, &comment(limits::POLICY_BYTES - empty + 1));
    assert_eq!(said, ["line 1, column 1: the policy has 16385 bytes []"]);
    let statements =
        |count: usize| "forbid(principal, action == Action::\"read:roles\", resource);".repeat(count);
    given.policy(&statements(limits::STATEMENTS_PER_POLICY));
    let said = mistakes(&given, &statements(limits::STATEMENTS_PER_POLICY + 1));
    assert!(said[0].starts_with("line 1, column 1: the policy has 21 statements"), "{said:?}");
}

#[test]
fn a_text_that_nests_too_deep_is_refused_and_nothing_overflows() {
    // A worker of the server has a stack of 2 MiB.
    let run = || {
        let given = Given::new("bailiwick");
        for (open, close) in [("(", ")"), ("!", ""), ("-", ""), ("[", "]"), ("if true then ", " else true")] {
            let deep = (limits::POLICY_BYTES - 100) / (open.len() + close.len());
            let text = format!(
                "forbid(principal, action, resource) when {{ {}true{} }};",
                open.repeat(deep),
                close.repeat(deep)
            );
            assert!(!mistakes(&given, &text).is_empty());
        }
        let chain = "true && ".repeat(limits::POLICY_BYTES / 8 - 20);
        let text = format!("forbid(principal, action, resource) when {{ {chain}true }};");
        let decided = given.decide(Actor::User(given.owner), &create("Policy", &text));
        assert!(decided.is_ok() || matches!(decided, Err(Refusal::InvalidPolicy { .. })));
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn a_thousand_policies_and_no_more() {
    let mut given = Given::new("bailiwick");
    let cluster = given.resource("cluster", None, None);
    let mut events = Vec::new();
    for number in 0..limits::POLICIES {
        let id: GroupId = given.account.groups_after(None).next().unwrap().0;
        let policy = Policy {
            name: name(&format!("Policy {number}")),
            description: Description::default(),
            text: format!("forbid(principal in Group::\"{id}\", action == Action::\"delete:clusters\", resource) when {{ context.weekday == {} }};", number % 9).into(),
            enabled: true,
        };
        let id = given.id();
        events.push(Event::PolicyCreated { id, policy });
    }
    given.account.apply(&events);
    assert_eq!(given.account.policy_count(), limits::POLICIES);
    let refusal = given.refused(given.owner, &create("One more", "forbid(principal, action, resource);"));
    assert_eq!(refusal, too_many("policies", limits::POLICIES));
    let delete = given.account.catalog().permission("delete:clusters").unwrap();
    let at = bailiwick_core::access::Target::Resource(cluster);
    assert!(given.account.check(
        Principal::Member(given.owner),
        delete,
        &at,
        Circumstances::question(given.now)
    ));
    let group = given.account.groups_after(None).next().unwrap().0;
    let user = given.member(&[at_account("admin")]);
    assert!(given.account.check(Principal::Member(user), delete, &at, Circumstances::question(given.now)));
    given.do_it(&Command::AddToGroup { group, member: Principal::Member(user) });
    assert!(!given.account.check(Principal::Member(user), delete, &at, Circumstances::question(given.now)));
}

#[test]
fn a_catalog_without_policies_has_none() {
    let given = Given::new("one-role");
    let refusal = given.refused(given.owner, &create("Policy", "forbid(principal, action, resource);"));
    assert_eq!(refusal, Refusal::NoPolicies);
}

#[test]
fn names_are_unique_and_what_is_not_there_is_unknown() {
    let mut given = Given::new("bailiwick");
    let id = given.policy("forbid(principal, action == Action::\"delete:clusters\", resource);");
    let again = create("POLICY 0", "forbid(principal, action, resource);");
    assert_eq!(given.refused(given.owner, &again), taken("name", "policy 0"));
    let none = given.id();
    assert_eq!(given.refused(given.owner, &super::switch(none, true)), unknown("policy"));
    assert_eq!(given.refused(given.owner, &super::switch(id, true)), Refusal::Nothing);
    assert_eq!(given.refused(given.owner, &Command::DeletePolicy { policy: none }), unknown("policy"));
}

#[test]
fn the_examples_of_the_guide_are_policies() {
    let mut given = Given::new("bailiwick");
    let guide = include_str!("../../../../../docs/policies.md");
    let examples: Vec<&str> =
        guide.split("```cedar\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 5);
    for example in examples {
        given.policy(example);
    }
}
