//! The client against a real server.

use bailiwick_client::wire::*;
use bailiwick_client::{Client, Error};
use serde_json::{Value, json};

use crate::fixture::{Answer, Server};

fn account() -> Value {
    json!({"id": "acc_1", "name": "Acme", "catalog": "bailiwick", "opened_at": "2026-01-01T00:00:00Z", "revision": 7})
}

fn session(id: &str) -> Value {
    json!({"id": id, "current": false, "created_at": "2026-01-01T00:00:00Z", "expires_at": "2026-02-01T00:00:00Z"})
}

#[tokio::test]
async fn a_read_sends_the_credential_and_reads_the_answer() {
    let server = Server::start([Answer::json(200, &account())]).await;
    let read = server.client().account("acc_1").get().await.unwrap();
    assert_eq!((read.name.as_str(), read.revision), ("Acme", 7));
    let seen = server.seen();
    assert_eq!(seen[0].line, "GET /api/v1/accounts/acc_1");
    assert_eq!(seen[0].header("authorization"), Some("Bearer bws_token"));
    assert!(seen[0].header("user-agent").unwrap().starts_with("bailiwick-client/"));
}

#[tokio::test]
async fn a_base_path_is_kept_and_ids_are_encoded() {
    let server = Server::start([Answer::empty()]).await;
    let client = Client::builder(format!("{}/access/", server.url())).build().unwrap();
    client.account("a/b").add_group_member("g:1", "müller").await.unwrap();
    assert_eq!(server.lines(), ["PUT /access/api/v1/accounts/a%2Fb/groups/g%3A1/members/m%C3%BCller"]);
    assert_eq!(server.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn an_id_that_would_lead_elsewhere_is_not_sent() {
    let server = Server::start([]).await;
    let error = server.client().account("..").get().await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn a_write_sends_its_conditions_and_reads_the_revision() {
    let server = Server::start([Answer::json(200, &account()).header("bailiwick-revision", "8")]).await;
    let change = UpdateAccount { name: "Acme".into() };
    let account = server.client().account("acc_1");
    let written = account.update(&change).if_match(7).idempotency_key("once").send().await.unwrap();
    assert_eq!(written.revision, Some(8));
    let seen = server.seen();
    assert_eq!(seen[0].line, "PATCH /api/v1/accounts/acc_1");
    assert_eq!(seen[0].header("if-match"), Some("\"7\""));
    assert_eq!(seen[0].header("idempotency-key"), Some("once"));
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    assert_eq!(seen[0].body, r#"{"name":"Acme"}"#);
}

#[tokio::test]
async fn reads_go_back_or_wait_for_a_revision_and_writes_do_not() {
    let decision = json!({"allowed": true, "revision": 7});
    let answers =
        [Answer::json(200, &account()), Answer::json(200, &decision), Answer::json(200, &account())];
    let server = Server::start(answers).await;
    let past = server.client().account("acc_1").as_of("2026-03-01T00:00Z").at_least(6);
    past.get().await.unwrap();
    let resource = TargetRef { target_type: "account".into(), id: "acc_1".into() };
    let question = AccessQuestion { principal: "usr_1".into(), action: "read:account".into(), resource };
    past.check(&question).await.unwrap();
    past.update(&UpdateAccount { name: "Acme".into() }).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].line, "GET /api/v1/accounts/acc_1?as_of=2026-03-01T00%3A00Z");
    assert_eq!(seen[1].line, "POST /api/v1/accounts/acc_1/access:check?as_of=2026-03-01T00%3A00Z");
    assert_eq!(
        (seen[0].header("bailiwick-at-least"), seen[1].header("bailiwick-at-least")),
        (Some("6"), Some("6"))
    );
    assert_eq!(seen[2].line, "PATCH /api/v1/accounts/acc_1");
    assert_eq!(seen[2].header("bailiwick-at-least"), None);
}

#[tokio::test]
async fn a_dry_run_asks_for_one_and_takes_no_key() {
    let plan = json!({
        "events": [{"type": "member.removed", "target": {"kind": "member", "id": "usr_1"}}],
        "access": {"gained": [], "lost": [{"principals": [{"kind": "member", "id": "usr_1"}], "scope": "account",
                   "permissions": ["read:clusters"]}]},
    });
    let server = Server::start([Answer::json(200, &plan)]).await;
    let account = server.client().account("acc_1");
    let write = account.remove_member("usr_1", Some("a+b@example.com")).idempotency_key("once");
    let plan = write.dry_run().await.unwrap();
    assert_eq!((plan.events.len(), plan.access.lost.len(), plan.would), (1, 1, None));
    let seen = server.seen();
    assert_eq!(
        seen[0].line,
        "DELETE /api/v1/accounts/acc_1/members/usr_1?confirm_email=a%2Bb%40example.com&dry_run=true"
    );
    assert_eq!(seen[0].header("idempotency-key"), None);
}

#[tokio::test]
async fn a_problem_comes_through_with_its_hint_and_request_id() {
    let server = Server::start([Answer::problem(409, "last_holder").header("x-request-id", "r-1")]).await;
    let error = server.client().account("acc_1").leave().await.unwrap_err();
    assert_eq!((error.status(), error.code(), error.hint()), (Some(409), Some("last_holder"), Some("ask")));
    assert_eq!(error.problem().unwrap().request_id.as_deref(), Some("r-1"));
    assert_eq!(error.to_string(), "it is so");
}

#[tokio::test]
async fn what_is_not_bailiwicks_is_not_taken_for_an_answer() {
    let server = Server::start([
        Answer::text(502, "text/html", "<h1>Bad gateway</h1>"),
        Answer::text(200, "text/html", "<h1>Welcome</h1>"),
        Answer::json(200, &json!({"id": 1})),
        Answer::text(302, "text/html", "").header("location", "https://elsewhere.example.com/"),
        Answer::empty(),
    ])
    .await;
    let account = server.client().account("acc_1");
    for _ in 0..5 {
        let error = account.get().await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
        assert!(error.hint().is_some());
    }
    assert_eq!(server.seen().len(), 5, "neither repeated nor redirected");
}

#[tokio::test]
async fn a_read_is_repeated_when_the_server_is_busy_for_a_moment() {
    let busy = || Answer::problem(503, "unavailable").header("retry-after", "0");
    let server = Server::start([busy(), busy(), Answer::json(200, &account())]).await;
    server.client().account("acc_1").get().await.unwrap();
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_the_callers_to_take() {
    let server = Server::start([Answer::problem(503, "unavailable").header("retry-after", "3600")]).await;
    let error = server.client().account("acc_1").get().await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_write_is_repeated_only_under_a_key() {
    let busy = || Answer::problem(503, "unavailable").header("retry-after", "0");
    let server = Server::start([busy(), busy(), Answer::json(201, &account())]).await;
    let client = server.client();
    let body = CreateAccount { name: "Acme".into() };
    assert_eq!(client.create_account(&body).await.unwrap_err().status(), Some(503));
    assert_eq!(server.seen().len(), 1);
    client.create_account(&body).idempotency_key("once").await.unwrap();
    let keys: Vec<_> =
        server.seen().iter().map(|seen| seen.header("idempotency-key").map(str::to_owned)).collect();
    assert_eq!(keys, [None, Some("once".into()), Some("once".into())]);
}

#[tokio::test]
async fn a_key_that_a_header_cannot_hold_is_refused_before_it_is_sent() {
    let server = Server::start([]).await;
    let body = CreateAccount { name: "Acme".into() };
    for key in ["", "two words", "zeilen\numbruch", "ключ", "x".repeat(129).as_str()] {
        let error = server.client().create_account(&body).idempotency_key(key).await.unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{key}: {error:?}");
    }
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::builder(&url).retries(0).build().unwrap();
    let error = client.me().await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { base_url, .. } if *base_url == url), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("the server at `{url}` cannot be reached: no connection could be made")
    );
}

#[tokio::test]
async fn a_list_is_read_to_its_end_with_the_query_kept() {
    let page = |ids: &[&str], next: Option<&str>, filtered: bool| {
        let items: Vec<Value> = ids.iter().map(|id| session(id)).collect();
        Answer::json(
            200,
            &json!({"items": items, "next_cursor": next, "complete": next.is_none(), "filtered": filtered}),
        )
    };
    let server = Server::start([
        page(&["1", "2"], Some("c 1"), true),
        page(&["3"], None, false),
        page(&["1", "2"], Some("c 1"), false),
        page(&["3"], None, false),
        page(&["1", "2"], None, false),
    ])
    .await;
    let client = server.client();
    let query = PageQuery { limit: Some(2), ..PageQuery::default() };
    let all = client.list_sessions(&query).all(10).await.unwrap();
    let ids: Vec<&str> = all.items.iter().map(|session| session.id.as_str()).collect();
    assert_eq!((ids.as_slice(), all.complete, all.filtered), (["1", "2", "3"].as_slice(), true, true));
    let path = "GET /api/v1/me/sessions?limit=2";
    assert_eq!(server.lines(), [path.to_owned(), format!("{path}&cursor=c+1")]);

    let some = client.list_sessions(&query).all(2).await.unwrap();
    assert_eq!((some.items.len(), some.complete), (2, false));
    assert_eq!(server.lines().len(), 3, "what is not wanted is not read");
    let rest =
        client.list_sessions(&PageQuery { cursor: Some("c 1".into()), limit: None }).all(9).await.unwrap();
    assert_eq!((rest.items.len(), rest.complete), (1, true));
    let exact = client.list_sessions(&query).all(2).await.unwrap();
    assert_eq!((exact.items.len(), exact.complete), (2, true));
}

#[tokio::test]
async fn a_list_that_goes_in_a_circle_ends_with_an_error() {
    let page = || Answer::json(200, &json!({"items": [], "next_cursor": "same", "complete": false}));
    let server = Server::start([page(), page()]).await;
    let error = server.client().list_sessions(&PageQuery::default()).all(10).await.unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn an_export_is_copied_whole() {
    let lines = "{\"id\":\"1.0\"}\n".repeat(5000);
    let server = Server::start([Answer::text(200, "application/jsonl", &lines)]).await;
    let query = ExportQuery {
        event_type: Some("member".into()),
        format: Some(ExportFormat::Jsonl),
        ..ExportQuery::default()
    };
    let export = server.client().account("acc_1").export_events(&query).await.unwrap();
    let mut copy = Vec::new();
    assert_eq!(export.copy_to(&mut copy).await.unwrap(), lines.len() as u64);
    assert_eq!(copy, lines.as_bytes());
    assert_eq!(server.lines(), ["GET /api/v1/accounts/acc_1/events:export?format=jsonl&type=member"]);
}

#[tokio::test]
async fn signing_in_gives_a_client_that_acts_as_the_person() {
    let signed_in =
        json!({"token": "bws_new", "expires_at": "2026-02-01T00:00:00Z", "user": {"id": "usr_1"}});
    let server = Server::start([Answer::json(200, &signed_in), Answer::empty()]).await;
    let anonymous = Client::builder(server.url()).build().unwrap();
    let credentials = SignIn { email: "a@example.com".into(), password: Secret::new("hunter2hunter2") };
    let signed_in = anonymous.sign_in(&credentials).await.unwrap();
    assert!(!format!("{signed_in:?}").contains("bws_new"));
    let client = anonymous.with_credential(&signed_in.token).unwrap();
    assert!(!format!("{client:?}").contains("bws_new"));
    client.sign_out().await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("authorization"), None);
    assert_eq!(seen[1].header("authorization"), Some("Bearer bws_new"));
}

#[tokio::test]
async fn access_is_asked_for_where_the_server_answers() {
    let decision = json!({"allowed": true, "revision": 3});
    let server = Server::start([
        Answer::problem(503, "unavailable").header("retry-after", "0"),
        Answer::json(200, &decision),
        Answer::json(200, &json!({"decision": false, "later": 1})),
    ])
    .await;
    let account = server.client().account("acc_1");
    let resource = TargetRef { target_type: "cluster".into(), id: "c1".into() };
    let question = AccessQuestion { principal: "ada".into(), action: "read:clusters".into(), resource };
    assert!(account.check(&question).await.unwrap().allowed);
    let request = authzen::EvaluationRequest {
        subject: authzen::Subject { subject_type: "user".into(), id: "ada".into(), properties: None },
        action: authzen::Action { name: "read:clusters".into(), properties: None },
        resource: authzen::Resource { resource_type: "cluster".into(), id: "c1".into(), properties: None },
        context: None,
    };
    assert!(!account.evaluate(&request).await.unwrap().decision);
    let check = "POST /api/v1/accounts/acc_1/access:check";
    assert_eq!(server.lines(), [check, check, "POST /accounts/acc_1/access/v1/evaluation"]);
}
