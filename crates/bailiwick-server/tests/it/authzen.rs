//! The AuthZEN 1.0 certification rules that concern evaluations, through the router.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use bailiwick_core::account::{Actor, Command, Patch, Principal, RoleAtScope, RoleRef, Scope};
use bailiwick_core::values::{Description, Email, ExternalId, Name};
use bailiwick_server::config::Config;
use bailiwick_server::server::{build_service, load_catalog, system_clock};
use bailiwick_server::service::{Bootstrapped, Caller, Origin, Service, WriteOptions};
use bailiwick_store::{SqliteOptions, SqliteStore};
use http_body_util::BodyExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

/// An account with an owner, a cluster known by its external id, and the key of a control plane.
struct Pdp {
    router: Router,
    service: Service,
    bootstrapped: Bootstrapped,
    _data: TempDir,
}

impl Pdp {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&SqliteOptions::new(data.path())).unwrap();
        let mut config = Config { data: data.path().to_owned(), ..Config::default() };
        change(&mut config);
        let config = Arc::new(config);
        let catalog = load_catalog(&config.catalog).unwrap();
        let service = build_service(config, catalog, Arc::new(store), system_clock()).unwrap();
        let email = Email::parse("owner@example.com").unwrap();
        let bootstrapped = service.bootstrap(&email, Name::parse("Acme").unwrap()).await.unwrap();
        let pdp = Self {
            router: bailiwick_server::authzen::router(service.clone()),
            service,
            bootstrapped,
            _data: data,
        };
        let resource = bailiwick_core::account::ResourceSpec {
            resource_type: "cluster".into(),
            name: Name::parse("Production").unwrap(),
            project: None,
            parent: None,
            external_id: Some(ExternalId::parse("c-1").unwrap()),
            url: None,
            attributes: bailiwick_core::account::Attributes::default(),
        };
        pdp.command(Command::RegisterResources { resources: vec![resource] }).await;
        pdp
    }

    async fn command(&self, command: Command) {
        let caller =
            Caller { actor: Actor::User(self.bootstrapped.user), session: None, origin: Origin::default() };
        self.service
            .write(&caller, self.bootstrapped.account, &command, &WriteOptions::default(), |_| ())
            .await
            .unwrap();
    }

    fn key(&self) -> String {
        self.bootstrapped.management_key.expose_secret().to_owned()
    }

    async fn send(
        &self,
        path: &str,
        key: Option<&str>,
        content_type: Option<&str>,
        body: &str,
    ) -> Response<Body> {
        let uri = format!("/accounts/{}/access/v1/{path}", self.bootstrapped.account);
        let mut request = Request::post(uri).header("x-request-id", "req-1");
        if let Some(key) = key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()["x-request-id"], "req-1", "echoed on every answer");
        response
    }

    async fn ask(&self, path: &str, body: &Value) -> Value {
        let response = self.send(path, Some(&self.key()), Some("application/json"), &body.to_string()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        json_of(response).await
    }

    fn subject(&self) -> Value {
        json!({ "type": "user", "id": self.bootstrapped.user.to_string() })
    }
}

async fn json_of(response: Response<Body>) -> Value {
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

fn action(name: &str) -> Value {
    json!({ "name": name })
}

fn cluster(id: &str) -> Value {
    json!({ "type": "cluster", "id": id })
}

#[tokio::test]
async fn a_question_is_answered_by_id_and_external_id() {
    let pdp = Pdp::start().await;
    let ask = |subject: Value, action: Value, resource: Value| {
        let body = json!({ "subject": subject, "action": action, "resource": resource, "context": { "time": "2025-06-27T18:03-07:00" } });
        let pdp = &pdp;
        async move { pdp.ask("evaluation", &body).await }
    };
    let yes = json!({ "decision": true });
    let no = json!({ "decision": false });
    assert_eq!(ask(pdp.subject(), action("delete:clusters"), cluster("c-1")).await, yes);
    assert_eq!(ask(pdp.subject(), action("delete:clusters"), cluster("c-1")).await, yes, "again, the same");
    assert_eq!(ask(pdp.subject(), action("delete:clusters"), cluster("c-2")).await, no, "unknown resource");
    assert_eq!(ask(pdp.subject(), action("fly:clusters"), cluster("c-1")).await, no, "unknown action");
    let volume = json!({ "type": "volume", "id": "c-1" });
    assert_eq!(ask(pdp.subject(), action("delete:clusters"), volume).await, no, "wrong type");
    let stranger = json!({ "type": "user", "id": "usr_00000000000000000000000000000001" });
    assert_eq!(ask(stranger, action("read:clusters"), cluster("c-1")).await, no);
    let account = json!({ "type": "account", "id": pdp.bootstrapped.account.to_string() });
    assert_eq!(ask(pdp.subject(), action("delete:account"), account).await, yes);
}

#[tokio::test]
async fn an_ended_or_revoked_access_is_denied_at_once() {
    let pdp = Pdp::start().await;
    let machine = pdp.bootstrapped.service_account;
    let question = json!({
        "subject": { "type": "service_account", "id": machine.to_string() },
        "action": action("write:clusters"), "resource": cluster("c-1"),
    });
    assert_eq!(pdp.ask("evaluation", &question).await["decision"], true);
    let admin = RoleAtScope { role: RoleRef::BuiltIn("viewer".into()), scope: Scope::Account, until: None };
    pdp.command(Command::Grant { principal: Principal::ServiceAccount(machine), grant: admin }).await;
    let handle = pdp.service.accounts().get(pdp.bootstrapped.account).await.unwrap().unwrap();
    let grants: Vec<_> =
        handle.read().grants_of(Principal::ServiceAccount(machine)).map(|(id, _)| id).collect();
    pdp.command(Command::RevokeGrant { grant: grants[0] }).await;
    // The machine may not even ask any more: that was part of the role it lost.
    let body = question.to_string();
    let response = pdp.send("evaluation", Some(&pdp.key()), Some("application/json"), &body).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_a_400() {
    let pdp = Pdp::start().await;
    let good =
        json!({ "subject": pdp.subject(), "action": action("read:clusters"), "resource": cluster("c-1") });
    let without = |entity: &str, member: &str| {
        let mut body = good.clone();
        body[entity].as_object_mut().unwrap().remove(member);
        body.to_string()
    };
    let with = |entity: &str, value: Value| {
        let mut body = good.clone();
        body[entity] = value;
        body.to_string()
    };
    let json_type = Some("application/json; charset=utf-8");
    let table = [
        ("no content type", None, good.to_string()),
        ("wrong content type", Some("text/plain"), good.to_string()),
        ("no body", json_type, String::new()),
        ("malformed", json_type, "{\"subject\":".to_owned()),
        ("an array", json_type, "[]".to_owned()),
        ("trailing text", json_type, format!("{good} x")),
        ("no subject", json_type, {
            let mut body = good.clone();
            body.as_object_mut().unwrap().remove("subject");
            body.to_string()
        }),
        ("no subject type", json_type, without("subject", "type")),
        ("no subject id", json_type, without("subject", "id")),
        ("no action name", json_type, without("action", "name")),
        ("no resource type", json_type, without("resource", "type")),
        ("no resource id", json_type, without("resource", "id")),
        ("subject is a text", json_type, with("subject", json!("alice"))),
        ("subject is an array", json_type, with("subject", json!(["user", "alice"]))),
        ("subject is null", json_type, with("subject", Value::Null)),
        ("id is a number", json_type, with("subject", json!({ "type": "user", "id": 1 }))),
        (
            "properties is a text",
            json_type,
            with("resource", json!({ "type": "cluster", "id": "c-1", "properties": "x" })),
        ),
        ("context is an array", json_type, with("context", json!([]))),
        (
            "repeated member",
            json_type,
            good.to_string().replacen('{', "{\"action\":{\"name\":\"read:account\"},", 1),
        ),
        ("too deep", json_type, format!("{{\"x\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000))),
    ];
    for (name, content_type, body) in table {
        let response = pdp.send("evaluation", Some(&pdp.key()), content_type, &body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{name}");
    }
    let mut unknown = good.clone();
    unknown["future"] = json!({ "field": 1 });
    unknown["subject"]["future"] = json!([1]);
    assert_eq!(pdp.ask("evaluation", &unknown).await["decision"], true, "unknown members are ignored");
}

#[tokio::test]
async fn a_question_with_query_parameters_is_refused() {
    let pdp = Pdp::start().await;
    let body = json!({
        "subject": pdp.subject(), "action": action("read:clusters"), "resource": cluster("c-1"),
    });
    for path in ["evaluation", "evaluations", "search/subject", "search/resource", "search/action"] {
        for query in ["as_of=1", "at_least=999999", "nonsense=1", "as_of"] {
            let path = format!("{path}?{query}");
            let response =
                pdp.send(&path, Some(&pdp.key()), Some("application/json"), &body.to_string()).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
            let said = response.into_body().collect().await.unwrap().to_bytes();
            assert!(said.starts_with(b"a question takes no query parameters"), "{said:?}");
        }
    }
    assert_eq!(pdp.ask("evaluation?", &body).await["decision"], true);
}

#[tokio::test]
async fn a_batch_inherits_whole_entities_and_may_stop_early() {
    let pdp = Pdp::start().await;
    let read = action("read:clusters");
    let mut batch = json!({
        "subject": pdp.subject(), "action": read, "resource": cluster("c-1"),
        "evaluations": [{}, { "resource": cluster("c-2") }, { "action": action("write:clusters") }, { "resource": { "type": "cluster" } }],
    });
    let answer = pdp.ask("evaluations", &batch).await;
    let decisions: Vec<bool> = answer["evaluations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["decision"].as_bool().unwrap())
        .collect();
    assert_eq!(decisions, [true, false, true, true], "an `id` that is left out is that of the default");
    let incomplete = json!({ "subject": pdp.subject(), "action": read, "resource": { "type": "cluster" },
        "evaluations": [{}, { "resource": { "id": "c-1" } }, { "resource": { "type": "database" } }] });
    let answer = pdp.ask("evaluations", &incomplete).await;
    for (place, decision) in [(0, false), (1, true), (2, false)] {
        assert_eq!(answer["evaluations"][place]["decision"], decision, "{answer}");
        let error = &answer["evaluations"][place]["context"]["error"]["status"];
        assert_eq!(*error == 400, !decision, "{answer}");
    }
    batch["options"] = json!({ "evaluations_semantic": "deny_on_first_deny" });
    assert_eq!(
        pdp.ask("evaluations", &batch).await,
        json!({ "evaluations": [{ "decision": true }, { "decision": false }] })
    );
    batch["options"] = json!({ "evaluations_semantic": "permit_on_first_permit" });
    assert_eq!(pdp.ask("evaluations", &batch).await, json!({ "evaluations": [{ "decision": true }] }));
    batch["evaluations"] = json!([]);
    assert_eq!(
        pdp.ask("evaluations", &batch).await,
        json!({ "decision": true }),
        "without items it is one question"
    );
    batch["options"] = json!({ "evaluations_semantic": "whatever" });
    let response =
        pdp.send("evaluations", Some(&pdp.key()), Some("application/json"), &batch.to_string()).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let many = json!({ "subject": pdp.subject(), "action": read, "evaluations": vec![json!({ "resource": cluster("c-1") }); 1_001] });
    let response =
        pdp.send("evaluations", Some(&pdp.key()), Some("application/json"), &many.to_string()).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST, "a batch has a limit");
}

#[tokio::test]
async fn only_a_key_of_the_account_may_ask() {
    let pdp = Pdp::start().await;
    let other = pdp
        .service
        .bootstrap(&Email::parse("other@example.com").unwrap(), Name::parse("Other").unwrap())
        .await
        .unwrap();
    let body =
        json!({ "subject": pdp.subject(), "action": action("read:clusters"), "resource": cluster("c-1") })
            .to_string();
    let mut mistyped = pdp.key();
    mistyped.pop();
    let keys = [
        None,
        Some("nonsense".to_owned()),
        Some(mistyped),
        Some(other.management_key.expose_secret().to_owned()),
    ];
    for key in keys {
        let response = pdp.send("evaluation", key.as_deref(), Some("application/json"), &body).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
}

#[tokio::test]
async fn the_metadata_is_built_from_the_configuration() {
    let pdp = Pdp::start().await;
    let account = pdp.bootstrapped.account;
    let uri = format!("/.well-known/authzen-configuration/accounts/{account}");
    let request = Request::get(&uri).header(header::HOST, "evil.example").body(Body::empty()).unwrap();
    let answer = json_of(pdp.router.clone().oneshot(request).await.unwrap()).await;
    let base = format!("http://127.0.0.1:8080/accounts/{account}");
    assert_eq!(answer["policy_decision_point"], base);
    assert_eq!(answer["access_evaluation_endpoint"], format!("{base}/access/v1/evaluation"));
    assert_eq!(answer["access_evaluations_endpoint"], format!("{base}/access/v1/evaluations"));
}

/// A body that never comes.
struct Stalled;

impl hyper::body::Body for Stalled {
    type Data = axum::body::Bytes;
    type Error = std::io::Error;
    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn a_body_has_a_limit_and_must_come_in_time() {
    let short = std::time::Duration::from_millis(20);
    let pdp = Pdp::with(|config| {
        (config.limits.body_bytes, config.limits.request_timeout) = (1_000, short);
    })
    .await;
    let long = json!({ "subject": pdp.subject(), "context": { "x": "y".repeat(1_000) } }).to_string();
    let response = pdp.send("evaluation", Some(&pdp.key()), Some("application/json"), &long).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    for path in ["evaluation", "evaluations"] {
        let uri = format!("/accounts/{}/access/v1/{path}", pdp.bootstrapped.account);
        let request = Request::post(uri)
            .header(header::AUTHORIZATION, format!("Bearer {}", pdp.key()))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::new(Stalled))
            .unwrap();
        let response = pdp.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
}

/// What a listener answers to a request sent in pieces, each after the one before has left.
async fn over_the_wire(address: std::net::SocketAddr, pieces: &[&str]) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in pieces {
        stream.write_all(piece.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = Vec::new();
    // A connection may be reset instead of closed; what came before counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_listener_answers_questions_as_the_router_does() {
    let pdp = Pdp::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let site = bailiwick_server::http::Site::whole(&pdp.service, None);
    let serving = tokio::spawn(bailiwick_server::http::serve(
        listener,
        site,
        std::time::Duration::from_secs(5),
        async {
            let _ = stopped.await;
        },
    ));

    let (account, key) = (pdp.bootstrapped.account, pdp.key());
    let question =
        json!({ "subject": pdp.subject(), "action": action("delete:clusters"), "resource": cluster("c-1") });
    let head = |method: &str, path: &str, body: &str| {
        format!(
            "{method} /accounts/{account}/access/v1/{path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\
             x-request-id: req-7\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        )
    };
    let single = question.to_string();
    let batch = json!({ "evaluations": [question, question] }).to_string();
    let yes = r#"{"decision":true}"#;
    for (path, body, expected) in [
        ("evaluation", &single, yes.to_owned()),
        ("evaluations", &batch, format!(r#"{{"evaluations":[{yes},{yes}]}}"#)),
    ] {
        let head = head("POST", path, body);
        let (early, late) = body.split_at(body.len() / 2);
        for pieces in [&[&*format!("{head}{body}")] as &[&str], &[&head, early, late]] {
            let answer = over_the_wire(address, pieces).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            assert!(answer.contains("x-request-id: req-7\r\n"), "{answer}");
            assert!(answer.ends_with(&format!("\r\n\r\n{expected}")), "{answer}");
        }
    }
    let answer = over_the_wire(address, &[&head("GET", "evaluation", "")]).await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    for path in ["evaluation/", "%65valuation", "search/nothing"] {
        let answer = over_the_wire(address, &[&head("POST", path, "")]).await;
        assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("text/plain"), "{answer}");
    }

    // Who says nothing, or nothing that tells which protocol it is, or no longer anything, is not waited for for ever.
    for said in ["", "G", "PRI * HT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0"] {
        tokio::time::pause();
        over_the_wire(address, &[said]).await;
        tokio::time::resume();
    }
    stop.send(()).unwrap();
    serving.await.unwrap();
}

#[tokio::test]
async fn an_answer_is_as_new_as_it_is_asked_for_or_there_is_none() {
    let pdp = Pdp::start().await;
    let body =
        json!({ "subject": pdp.subject(), "action": action("delete:clusters"), "resource": cluster("c-1") });
    let batch = json!({ "evaluations": [body.clone()] });
    let account = pdp.service.accounts().get(pdp.bootstrapped.account).await.unwrap().unwrap();
    let now = account.read().revision().0;
    for (path, body) in [("evaluation", &body), ("evaluations", &batch)] {
        let cases = [(now.to_string(), 200), ((now + 1).to_string(), 412), ("soon".to_owned(), 400)];
        for (revision, status) in cases {
            let request = Request::post(format!("/accounts/{}/access/v1/{path}", pdp.bootstrapped.account))
                .header(header::AUTHORIZATION, format!("Bearer {}", pdp.key()))
                .header(header::CONTENT_TYPE, "application/json")
                .header("bailiwick-at-least", &revision)
                .body(Body::from(body.to_string()))
                .unwrap();
            let response = pdp.router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{path} {revision}");
            let retry_after =
                response.headers().get(header::RETRY_AFTER).map(|value| value.as_bytes().to_vec());
            assert_eq!(retry_after, (status == 412).then(|| b"1".to_vec()));
        }
    }
}

#[tokio::test]
async fn what_the_caller_says_counts_as_far_as_it_may_assert_it() {
    let pdp = Pdp::start().await;
    let text = "forbid(principal, action == Action::\"write:clusters\", resource) unless { context.request has ticket && context.request.ticket == \"T-1\" && context.request has ip && context.request.ip.isLoopback() && resource has environment && resource.environment == \"development\" };";
    let policy = bailiwick_core::account::Policy {
        name: Name::parse("By ticket").unwrap(),
        description: Description::default(),
        text: text.into(),
        enabled: true,
    };
    pdp.command(Command::CreatePolicy { policy }).await;
    let mut resource = cluster("c-1");
    resource["properties"] = json!({ "environment": "development", "unknown": [1] });
    let mut write = action("write:clusters");
    write["properties"] = json!({ "ticket": "T-1" });
    let context = json!({ "ip": "127.0.0.1", "time": "2025-06-27T18:03-07:00", "deep": { "er": [[]] } });
    let body = json!({ "subject": pdp.subject(), "action": write, "resource": resource, "context": context });
    let (yes, no) = (json!({ "decision": true }), json!({ "decision": false }));
    assert_eq!(pdp.ask("evaluation", &body).await, no, "nothing of it may be asserted");
    let read =
        json!({ "subject": pdp.subject(), "action": action("read:clusters"), "resource": cluster("c-1") });
    assert_eq!(pdp.ask("evaluation", &read).await, yes, "no policy says anything of reading");

    let handle = pdp.service.accounts().get(pdp.bootstrapped.account).await.unwrap().unwrap();
    let (machine, _) =
        handle.snapshot().service_accounts_after(None).next().map(|(id, it)| (id, it.revision)).unwrap();
    let may_assert = |entries: &[&str]| Command::EditServiceAccount {
        service_account: machine,
        name: None,
        description: None,
        external_id: Patch::Keep,
        may_assert: Some(entries.iter().map(|entry| (*entry).into()).collect()),
    };
    pdp.command(may_assert(&["action.ticket", "resource.environment"])).await;
    assert_eq!(pdp.ask("evaluation", &body).await, no, "the address is not its to say");
    pdp.command(may_assert(&["action.ticket", "resource.environment", "context.ip"])).await;
    assert_eq!(pdp.ask("evaluation", &body).await, yes);
    let batch = json!({ "subject": pdp.subject(), "action": write, "context": context, "evaluations": [
        { "resource": resource }, { "resource": cluster("c-1") }, { "resource": resource, "context": {} },
    ] });
    let answers = pdp.ask("evaluations", &batch).await;
    assert_eq!(
        answers,
        json!({ "evaluations": [yes, no, no] }),
        "what an item says takes the place of the defaults"
    );
}
