//! Every operation goes where the API has it.

use bailiwick_client::wire::*;

use crate::fixture::Server;

/// Sends each request to a server that answers none of them, and gives what arrived.
macro_rules! lines {
    ($($request:expr;)*) => {{
        let server = Server::start([]).await;
        let client = server.client();
        let account = client.account("a");
        $(
            let outcome = $request(&client, &account).await;
            assert_eq!(outcome, Some("not_in_the_script".to_owned()), "{}", stringify!($request));
        )*
        server.lines()
    }};
}

macro_rules! client { ($($call:tt)*) => {
    async |client: &bailiwick_client::Client, _: &bailiwick_client::InAccount| {
        client.$($call)*.await.err().and_then(|error| error.code().map(str::to_owned))
    }
}; }

macro_rules! account { ($($call:tt)*) => {
    async |_: &bailiwick_client::Client, account: &bailiwick_client::InAccount| {
        account.$($call)*.await.err().and_then(|error| error.code().map(str::to_owned))
    }
}; }

fn secret() -> Secret {
    Secret::new("s")
}

#[tokio::test]
async fn operations_of_the_caller() {
    let sign_in = SignIn { email: "e".into(), password: secret() };
    let set_up = SetUp {
        token: secret(),
        email: "e".into(),
        name: "n".into(),
        password: secret(),
        account_name: "n".into(),
    };
    let page = PageQuery::default();
    let lines = lines![
        client!(sign_in(&sign_in));
        client!(ask_password_reset(&AskPasswordReset { email: "e".into() }));
        client!(sign_out());
        client!(set_up(&set_up));
        client!(link_info(&InspectLink { token: secret() }));
        client!(accept_link(&AcceptLink { token: secret(), name: None, password: None }));
        client!(decline_link(&DeclineLink { token: secret() }));
        client!(me());
        client!(update_me(&UpdateMe::default()));
        client!(list_my_accounts(&page).page());
        client!(list_my_invitations(&page).page());
        client!(accept_my_invitation("i"));
        client!(decline_my_invitation("i"));
        client!(change_password(&ChangePassword { current: secret(), new: secret() }));
        client!(list_sessions(&page).page());
        client!(end_session("s"));
        client!(end_other_sessions());
        client!(create_account(&CreateAccount { name: "n".into() }));
        client!(catalog());
    ];
    assert_eq!(
        lines,
        [
            "POST /api/v1/sign-in",
            "POST /api/v1/password-resets",
            "POST /api/v1/sign-out",
            "POST /api/v1/set-up",
            "POST /api/v1/links:inspect",
            "POST /api/v1/links:accept",
            "POST /api/v1/links:decline",
            "GET /api/v1/me",
            "PATCH /api/v1/me",
            "GET /api/v1/me/accounts",
            "GET /api/v1/me/invitations",
            "POST /api/v1/me/invitations/i:accept",
            "POST /api/v1/me/invitations/i:decline",
            "POST /api/v1/me/password",
            "GET /api/v1/me/sessions",
            "DELETE /api/v1/me/sessions/s",
            "POST /api/v1/me/sessions:end-others",
            "POST /api/v1/accounts",
            "GET /api/v1/catalog",
        ]
    );
}

#[tokio::test]
async fn operations_on_people_and_their_roles() {
    let page = PageQuery::default();
    let role = CreateRole {
        name: "n".into(),
        description: String::new(),
        level: Level::Account,
        permissions: vec![],
        external_id: None,
    };
    let grant = CreateGrant { principal: "p".into(), role: "r".into(), scope: Scope::Account, until: None };
    let lines = lines![
        account!(list_members(&MemberQuery { status: Some(MemberStatus::Pending), ..MemberQuery::default() }).page());
        account!(get_member("m"));
        account!(update_member("m", &UpdateMember::default()));
        account!(remove_member("m", None));
        account!(invite(&CreateInvitations::default()));
        account!(list_invitations(&InvitationQuery::default()).page());
        account!(get_invitation("i"));
        account!(resend_invitation("i"));
        account!(revoke_invitation("i"));
        account!(invitation_link("i"));
        account!(list_roles(&RoleQuery { built_in: Some(true), ..RoleQuery::default() }).page());
        account!(create_role(&role));
        account!(get_role("r"));
        account!(update_role("r", &UpdateRole::default()));
        account!(delete_role("r", Some("viewer")));
        account!(duplicate_role("r", &DuplicateRole { name: "n".into() }));
        account!(list_groups(&GroupQuery::default()).page());
        account!(create_group(&CreateGroup::default()));
        account!(get_group("g"));
        account!(update_group("g", &UpdateGroup::default()));
        account!(delete_group("g"));
        account!(list_group_members("g", &page).page());
        account!(add_group_member("g", "m"));
        account!(remove_group_member("g", "m"));
        account!(list_grants(&GrantQuery::default()).page());
        account!(create_grant(&grant));
        account!(get_grant("g"));
        account!(delete_grant("g"));
    ];
    assert_eq!(
        lines,
        [
            "GET /api/v1/accounts/a/members?status=pending",
            "GET /api/v1/accounts/a/members/m",
            "PATCH /api/v1/accounts/a/members/m",
            "DELETE /api/v1/accounts/a/members/m",
            "POST /api/v1/accounts/a/invitations",
            "GET /api/v1/accounts/a/invitations",
            "GET /api/v1/accounts/a/invitations/i",
            "POST /api/v1/accounts/a/invitations/i:resend",
            "POST /api/v1/accounts/a/invitations/i:revoke",
            "POST /api/v1/accounts/a/invitations/i:link",
            "GET /api/v1/accounts/a/roles?built_in=true",
            "POST /api/v1/accounts/a/roles",
            "GET /api/v1/accounts/a/roles/r",
            "PATCH /api/v1/accounts/a/roles/r",
            "DELETE /api/v1/accounts/a/roles/r?reassign_to=viewer",
            "POST /api/v1/accounts/a/roles/r:duplicate",
            "GET /api/v1/accounts/a/groups",
            "POST /api/v1/accounts/a/groups",
            "GET /api/v1/accounts/a/groups/g",
            "PATCH /api/v1/accounts/a/groups/g",
            "DELETE /api/v1/accounts/a/groups/g",
            "GET /api/v1/accounts/a/groups/g/members",
            "PUT /api/v1/accounts/a/groups/g/members/m",
            "DELETE /api/v1/accounts/a/groups/g/members/m",
            "GET /api/v1/accounts/a/grants",
            "POST /api/v1/accounts/a/grants",
            "GET /api/v1/accounts/a/grants/g",
            "DELETE /api/v1/accounts/a/grants/g",
        ]
    );
}

#[tokio::test]
async fn operations_on_the_account_and_what_is_in_it() {
    let page = PageQuery::default();
    let policy =
        CreatePolicy { name: "n".into(), description: String::new(), text: "t".into(), enabled: true };
    let key = CreateKey { service_account: Some("s".into()), name: "n".into(), expires_at: None };
    let lines = lines![
        account!(get());
        account!(update(&UpdateAccount { name: "n".into() }));
        account!(delete("n m"));
        account!(leave());
        account!(settings());
        account!(update_settings(&UpdateSettings::default()));
        account!(list_deliveries(&DeliveryQuery::default()).page());
        account!(offer_ownership(&OfferOwnership { to: "m".into(), keep: false }));
        account!(list_ownership_offers(&page).page());
        account!(accept_ownership("o"));
        account!(decline_ownership("o"));
        account!(withdraw_ownership("o"));
        account!(list_projects(&ProjectQuery::default()).page());
        account!(create_project(&CreateProject::default()));
        account!(get_project("p"));
        account!(update_project("p", &UpdateProject::default()));
        account!(delete_project("p"));
        account!(leave_project("p"));
        account!(remove_from_project("p", "m"));
        account!(list_resources(&ResourceQuery { resource_type: Some("cluster".into()), ..Default::default() }).page());
        account!(create_resource(&CreateResource::default()));
        account!(register_resources(&RegisterResources::default()));
        account!(get_resource("r"));
        account!(update_resource("r", &UpdateResource::default()));
        account!(delete_resource("r"));
        account!(list_service_accounts(&ServiceAccountQuery::default()).page());
        account!(create_service_account(&CreateServiceAccount::default()));
        account!(get_service_account("s"));
        account!(update_service_account("s", &UpdateServiceAccount::default()));
        account!(delete_service_account("s"));
        account!(list_policies(&PolicyQuery::default()).page());
        account!(create_policy(&policy));
        account!(check_policy(&CheckPolicy { text: "t".into() }));
        account!(get_policy("p"));
        account!(update_policy("p", &UpdatePolicy::default()));
        account!(delete_policy("p"));
        account!(list_keys(&KeyQuery::default()).page());
        account!(create_key(&key));
        account!(get_key("k"));
        account!(delete_key("k"));
    ];
    assert_eq!(
        lines,
        [
            "GET /api/v1/accounts/a",
            "PATCH /api/v1/accounts/a",
            "DELETE /api/v1/accounts/a?confirm=n+m",
            "POST /api/v1/accounts/a:leave",
            "GET /api/v1/accounts/a/settings",
            "PATCH /api/v1/accounts/a/settings",
            "GET /api/v1/accounts/a/deliveries",
            "POST /api/v1/accounts/a:offer-ownership",
            "GET /api/v1/accounts/a/ownership-offers",
            "POST /api/v1/accounts/a/ownership-offers/o:accept",
            "POST /api/v1/accounts/a/ownership-offers/o:decline",
            "POST /api/v1/accounts/a/ownership-offers/o:withdraw",
            "GET /api/v1/accounts/a/projects",
            "POST /api/v1/accounts/a/projects",
            "GET /api/v1/accounts/a/projects/p",
            "PATCH /api/v1/accounts/a/projects/p",
            "DELETE /api/v1/accounts/a/projects/p",
            "POST /api/v1/accounts/a/projects/p:leave",
            "DELETE /api/v1/accounts/a/projects/p/members/m",
            "GET /api/v1/accounts/a/resources?type=cluster",
            "POST /api/v1/accounts/a/resources",
            "POST /api/v1/accounts/a/resources:register",
            "GET /api/v1/accounts/a/resources/r",
            "PATCH /api/v1/accounts/a/resources/r",
            "DELETE /api/v1/accounts/a/resources/r",
            "GET /api/v1/accounts/a/service-accounts",
            "POST /api/v1/accounts/a/service-accounts",
            "GET /api/v1/accounts/a/service-accounts/s",
            "PATCH /api/v1/accounts/a/service-accounts/s",
            "DELETE /api/v1/accounts/a/service-accounts/s",
            "GET /api/v1/accounts/a/policies",
            "POST /api/v1/accounts/a/policies",
            "POST /api/v1/accounts/a/policies:check",
            "GET /api/v1/accounts/a/policies/p",
            "PATCH /api/v1/accounts/a/policies/p",
            "DELETE /api/v1/accounts/a/policies/p",
            "GET /api/v1/accounts/a/keys",
            "POST /api/v1/accounts/a/keys",
            "GET /api/v1/accounts/a/keys/k",
            "DELETE /api/v1/accounts/a/keys/k",
        ]
    );
}

#[tokio::test]
async fn questions_and_the_record() {
    let resource = TargetRef { target_type: "cluster".into(), id: "c".into() };
    let question = AccessQuestion { principal: "p".into(), action: "read:clusters".into(), resource };
    let at = EffectiveQuery {
        principal: None,
        resource_type: Some("cluster".into()),
        resource_id: Some("c".into()),
    };
    let who = WhoCanQuery {
        action: "read:clusters".into(),
        resource_type: "cluster".into(),
        resource_id: "c".into(),
        kind: Some(PrincipalKind::Group),
        ..WhoCanQuery::default()
    };
    let what = WhatCanQuery {
        action: "read:clusters".into(),
        resource_type: "cluster".into(),
        ..WhatCanQuery::default()
    };
    let lines = lines![
        account!(check(&question));
        account!(explain(&question));
        account!(effective_access(&at));
        account!(who_can(&who).page());
        account!(what_can(&what).page());
        account!(export_access());
        account!(apply_access(&AccessDocument::default(), true));
        account!(unused_access(&UnusedQuery { days: Some(30), ..UnusedQuery::default() }).page());
        account!(evaluate_each(&authzen::EvaluationsRequest::default()));
        account!(authzen_metadata());
        account!(list_events(&EventQuery { order: Some(Order::Asc), ..EventQuery::default() }).page());
        account!(export_events(&ExportQuery { format: Some(ExportFormat::Csv), ..ExportQuery::default() }));
    ];
    assert_eq!(
        lines,
        [
            "POST /api/v1/accounts/a/access:check",
            "POST /api/v1/accounts/a/access:explain",
            "GET /api/v1/accounts/a/access:effective?resource_type=cluster&resource_id=c",
            "GET /api/v1/accounts/a/access:who-can?action=read%3Aclusters&resource_type=cluster&resource_id=c&kind=group",
            "GET /api/v1/accounts/a/access:what-can?action=read%3Aclusters&resource_type=cluster",
            "GET /api/v1/accounts/a/access:export",
            "POST /api/v1/accounts/a/access:apply?prune=true",
            "GET /api/v1/accounts/a/access:unused?days=30",
            "POST /accounts/a/access/v1/evaluations",
            "GET /.well-known/authzen-configuration/accounts/a",
            "GET /api/v1/accounts/a/events?order=asc",
            "GET /api/v1/accounts/a/events:export?format=csv",
        ]
    );
}
