//! What the JSON looks like, both ways.

use bailiwick_client::wire::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The JSON reads as `T`, and `T` writes the same JSON.
fn same<T: Serialize + DeserializeOwned>(json: &Value) -> T {
    let value: T = serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(&serde_json::to_value(&value).unwrap(), json);
    value
}

/// The JSON does not read as `T`; the message.
fn refused<T: DeserializeOwned>(json: &Value) -> String {
    match serde_json::from_value::<T>(json.clone()) {
        Ok(_) => panic!("accepted: {json}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn scopes_have_the_same_form_in_and_out() {
    assert_eq!(same::<Scope>(&json!("account")), Scope::Account);
    assert_eq!(same::<Scope>(&json!({"project": "prj_1"})), Scope::Project("prj_1".into()));
    let all_of = |project: Option<&str>| {
        Scope::AllOf(AllOf {
            resource_type: "cluster".into(),
            project: project.map(str::to_owned),
            future: None,
        })
    };
    assert_eq!(same::<Scope>(&json!({"all_of": {"type": "cluster"}})), all_of(None));
    assert_eq!(
        same::<Scope>(&json!({"all_of": {"type": "cluster", "project": "prj_1"}})),
        all_of(Some("prj_1"))
    );
    let resources = same::<Scope>(&json!({"resources": ["res_1", "mine"]}));
    assert_eq!(resources, Scope::Resources(vec!["res_1".into(), "mine".into()]));
}

#[test]
fn a_scope_with_a_restriction_that_is_not_known_is_not_read_as_a_wider_one() {
    refused::<Scope>(&json!({"all_of": {"type": "cluster", "region": "eu"}}));
    refused::<Scope>(&json!({"project": "prj_1", "resources": ["res_1"]}));
    refused::<Scope>(&json!("everything"));
    refused::<Scope>(&json!({"account": "acc_1"}));
}

#[test]
fn a_grant_without_a_scope_is_for_the_account() {
    let grant: GrantSpec = serde_json::from_value(json!({"role": "admin"})).unwrap();
    assert_eq!(grant, GrantSpec { role: "admin".into(), scope: Scope::Account, until: None });
    same::<GrantSpec>(&json!({"role": "admin", "scope": "account", "until": "2027-01-01T00:00:00Z"}));
}

#[test]
fn a_patch_tells_absent_null_and_a_value_apart() {
    assert_eq!(same::<UpdateMember>(&json!({})).external_id, Patch::Keep);
    assert_eq!(same::<UpdateMember>(&json!({"external_id": null})).external_id, Patch::Clear);
    assert_eq!(same::<UpdateMember>(&json!({"external_id": "x"})).external_id, Patch::Set("x".into()));
    assert_eq!(
        same::<UpdateSettings>(&json!({"invitation_lifetime_seconds": 60})).invitation_lifetime_seconds,
        Patch::Set(60)
    );
    refused::<UpdateSettings>(&json!({"invitation_lifetime_seconds": -1}));
    refused::<UpdateSettings>(&json!({"invitation_lifetime_seconds": "60"}));
}

#[test]
fn a_member_cannot_be_edited_to_pending() {
    same::<UpdateMember>(&json!({"status": "inactive"}));
    refused::<UpdateMember>(&json!({"status": "pending"}));
}

/// `(name, the least that reads, how it reads with one field more)`, for one type.
fn with_one_more<T: DeserializeOwned>(
    name: &'static str,
    least: &Value,
) -> (&'static str, Result<(), String>) {
    serde_json::from_value::<T>(least.clone()).unwrap_or_else(|error| panic!("{name}: {least}: {error}"));
    let mut more = least.clone();
    more.as_object_mut().unwrap().insert("colour".into(), json!("blue"));
    (name, serde_json::from_value::<T>(more).map(drop).map_err(|error| error.to_string()))
}

macro_rules! with_one_more {
    ($($type:ty = $least:tt),* $(,)?) => { [$(with_one_more::<$type>(stringify!($type), &json!($least))),*] };
}

#[test]
fn requests_refuse_unknown_fields() {
    for (name, outcome) in with_one_more![
        AcceptLink = {"token": "t"},
        AccessQuestion = {"principal": "p", "action": "a", "resource": {"type": "t", "id": "i"}},
        ChangePassword = {"current": "a", "new": "b"},
        CreateAccount = {"name": "n"},
        CreateGrant = {"principal": "p", "role": "r"},
        CreateGroup = {"name": "n"},
        CreateInvitations = {"emails": ["a@example.com"]},
        CreateKey = {"service_account": "s", "name": "n"},
        CreateProject = {"name": "n"},
        CreateResource = {"type": "cluster", "name": "n"},
        CreateRole = {"name": "n", "level": "account", "permissions": ["read:clusters"]},
        CreateServiceAccount = {"name": "n"},
        DeclineLink = {"token": "t"},
        DuplicateRole = {"name": "n"},
        GrantSpec = {"role": "r"},
        InspectLink = {"token": "t"},
        OfferOwnership = {"to": "usr_1"},
        RegisterResources = {"resources": []},
        AskPasswordReset = {"email": "e"},
        SetUp = {"token": "t", "email": "e", "name": "n", "password": "p", "account_name": "a"},
        SignIn = {"email": "e", "password": "p"},
        TargetRef = {"type": "t", "id": "i"},
        UpdateAccount = {"name": "n"},
        UpdateGroup = {},
        UpdateMe = {},
        UpdateMember = {},
        UpdateProject = {},
        UpdateResource = {},
        UpdateRole = {},
        UpdateServiceAccount = {},
        UpdateSettings = {},
        DeleteAccountQuery = {},
        DeleteRoleQuery = {},
        DeliveryQuery = {},
        EffectiveQuery = {},
        EventQuery = {},
        ExportQuery = {},
        GrantQuery = {},
        GroupQuery = {},
        InvitationQuery = {},
        KeyQuery = {},
        MemberQuery = {},
        PageQuery = {},
        ProjectQuery = {},
        RemoveMemberQuery = {},
        ResourceQuery = {},
        RoleQuery = {},
        ServiceAccountQuery = {},
        WriteQuery = {},
    ] {
        let message = outcome.expect_err(name);
        assert!(message.contains("unknown field `colour`"), "{name}: {message}");
    }
}

#[test]
fn answers_and_authzen_ignore_unknown_fields() {
    let person = json!({"id": "usr_1"});
    let role = json!({"role": "admin", "title": "Admin", "via": "newcomer", "scope": "account"});
    let member =
        json!({"id": "usr_1", "email": "a@example.com", "status": "active", "roles": [role], "revision": 1});
    let at = "2026-01-01T00:00:00Z";
    let outcomes = [
        with_one_more::<Page<Member>>("Page", &json!({"items": [member], "complete": true})),
        with_one_more::<Member>("Member", &member),
        with_one_more::<Account>(
            "Account",
            &json!({"id": "acc_1", "name": "n", "catalog": "bailiwick", "opened_at": at, "revision": 1}),
        ),
        with_one_more::<SignedIn>("SignedIn", &json!({"token": "t", "expires_at": at, "user": person})),
        with_one_more::<Problem>("Problem", &json!({"type": "about:blank", "title": "t", "status": 404})),
        with_one_more::<DryRun<Member>>(
            "DryRun",
            &json!({"events": [], "access": {"gained": [], "lost": []}}),
        ),
        with_one_more::<Event>(
            "Event",
            &json!({"id": "1.0", "revision": 1, "seq": 0, "at": at, "type": "member.joined",
                    "actor": {"kind": "system", "id": "system"}}),
        ),
        with_one_more::<authzen::EvaluationRequest>(
            "EvaluationRequest",
            &json!({"subject": {"type": "user", "id": "a", "more": 1}, "action": {"name": "n"},
                    "resource": {"type": "t", "id": "i"}}),
        ),
        with_one_more::<authzen::Decision>("Decision", &json!({"decision": true})),
    ];
    for (name, outcome) in outcomes {
        assert_eq!(outcome, Ok(()), "{name}");
    }
}

#[test]
fn what_is_absent_is_not_written() {
    same::<Page<Scope>>(&json!({"items": [], "complete": true, "filtered": false}));
    same::<Page<Scope>>(
        &json!({"items": ["account"], "next_cursor": "c", "complete": false, "filtered": true}),
    );
    same::<CreateInvitations>(&json!({"emails": ["a@example.com"]}));
    same::<MemberQuery>(&json!({"status": "pending", "limit": 10}));
    same::<RemoveMemberQuery>(&json!({}));
    same::<RemoveMemberQuery>(&json!({"confirm_email": "a@example.com", "dry_run": true}));
    same::<Problem>(&json!({
        "type": "about:blank", "title": "Denied", "status": 403, "code": "denied", "detail": "no", "hint": "ask",
        "errors": [{"field": "/emails/2", "code": "invalid", "message": "no"}], "request_id": "r",
    }));
}

#[test]
fn pages_know_whether_they_end() {
    assert!(Page::new(vec![1], None).complete);
    assert!(!Page::new(vec![1], Some("c".into())).complete);
    assert!(Page::complete(vec![1]).filtered().filtered);
}

#[test]
fn authzen_has_the_names_of_its_text() {
    let request = json!({
        "subject": {"type": "user", "id": "alice"}, "action": {"name": "read:clusters"},
        "evaluations": [{"resource": {"type": "cluster", "id": "1"}}, {}],
        "options": {"evaluations_semantic": "deny_on_first_deny"},
    });
    same::<authzen::EvaluationsRequest>(&request);
    same::<authzen::EvaluationsResponse>(&json!({"evaluations": [{"decision": false, "context": {"a": 1}}]}));
}

#[test]
fn secrets_are_written_but_not_shown() {
    let sign_in = SignIn { email: "a@example.com".into(), password: Secret::new("hunter2hunter2") };
    assert_eq!(serde_json::to_value(&sign_in).unwrap()["password"], "hunter2hunter2");
    let shown = format!("{sign_in:?}");
    assert!(!shown.contains("hunter2") && shown.contains("a@example.com"), "{shown}");
}

#[test]
fn moments_are_rfc_3339_in_utc() {
    let query: EventQuery = serde_json::from_value(json!({"from": "2026-01-01T01:00:00+01:00"})).unwrap();
    assert_eq!(serde_json::to_value(&query).unwrap(), json!({"from": "2026-01-01T00:00:00Z"}));
    refused::<EventQuery>(&json!({"from": "yesterday"}));
    refused::<EventQuery>(&json!({"from": 1_700_000_000}));
}
