//! The certification scenario of AuthZEN 1.0 against a started server: `examples/authzen-certification`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use bailiwick_server::config::CatalogSource;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Person, World};

const PUBLIC_URL: &str = "https://pdp.example.com";

fn example(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/authzen-certification").join(file)
}

fn json_file(file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(example(file)).unwrap()).unwrap()
}

/// A server with the catalog and the data of the scenario, and the key of an enforcement point.
struct Certified {
    world: World,
    point: Person,
    address: SocketAddr,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Certified {
    async fn start() -> Self {
        let catalog = example("catalog.toml");
        let world = World::with(catalog.to_str().unwrap(), |config| {
            PUBLIC_URL.clone_into(&mut config.public_url);
            config.catalog = CatalogSource::File(catalog.clone());
        })
        .await;
        let data = json_file("data.json");
        load(&world, &data).await;
        let text = std::fs::read_to_string(example("policies.cedar")).unwrap();
        let policy = json!({ "name": "Scenario", "text": text });
        world.post("~/policies").by(&world.owner).json(&policy).send().await.expect(StatusCode::CREATED);
        let point = &data["enforcement_point"];
        let (name, role) = (point["name"].as_str().unwrap(), point["role"].as_str().unwrap());
        let may_assert = json!({ "may_assert": point["may_assert"] });
        let point = world.machine(name, &[role]).await;
        let path = format!("~/service-accounts/{}", machine(&world, name).await);
        world.patch(&path).by(&world.owner).json(&may_assert).send().await.expect(StatusCode::OK);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let site = bailiwick_server::http::Site::whole(&world.service, None);
        let grace = std::time::Duration::from_secs(5);
        tokio::spawn(bailiwick_server::http::serve(listener, site, grace, std::future::pending()));
        Self { world, point, address }
    }

    async fn send(&self, request: &str) -> Answer {
        let mut stream = tokio::net::TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    async fn post(&self, path: &str, key: &str, content_type: &str, body: &str) -> Answer {
        let account = self.world.account;
        let request = format!(
            "POST /accounts/{account}/access/v1/{path} HTTP/1.1\r\nhost: elsewhere.example\r\n\
             connection: close\r\nx-request-id: req-7\r\nauthorization: Bearer {key}\r\n\
             content-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = self.send(&request).await;
        assert!(answer.head.contains("x-request-id: req-7"), "C-2-5-1: {}", answer.head);
        answer
    }

    async fn ask(&self, path: &str, body: &Value) -> Answer {
        self.post(path, &self.point.token, "application/json", &body.to_string()).await
    }
}

async fn machine(world: &World, name: &str) -> String {
    let account = world.state().await;
    let mut machines = account.service_accounts_after(None);
    machines.find(|(_, found)| found.value.name.as_str() == name).unwrap().0.to_string()
}

/// Enters the data as people would, through the API.
async fn load(world: &World, data: &Value) {
    let list = |name: &str| data[name].as_array().unwrap().clone();
    let owner = &world.owner;
    for resource in list("resources") {
        world.post("~/resources").by(owner).json(&resource).send().await.expect(StatusCode::CREATED);
    }
    for group in list("groups") {
        world.post("~/groups").by(owner).json(&group).send().await.expect(StatusCode::CREATED);
    }
    let path = format!("~/members/{}", owner.id);
    world.patch(&path).by(owner).json(&data["owner"]).send().await.expect(StatusCode::OK);
    for person in list("people") {
        let member = world.invite_and_accept(person["email"].as_str().unwrap(), &[]).await;
        let body = json!({ "external_id": person["external_id"], "attributes": person["attributes"] });
        let path = format!("~/members/{}", member.id);
        world.patch(&path).by(owner).json(&body).send().await.expect(StatusCode::OK);
    }
    for pair in list("group_members") {
        let path = format!("~/groups/{}/members/{}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        world.put(&path).by(owner).send().await.expect(StatusCode::NO_CONTENT);
    }
    for grant in list("grants") {
        world.post("~/grants").by(owner).json(&grant).send().await.expect(StatusCode::CREATED);
    }
}

#[tokio::test]
async fn every_row_of_the_scenario_is_answered() {
    let certified = Certified::start().await;
    for row in json_file("rows.json").as_array().unwrap() {
        let section = row["section"].as_str().unwrap();
        let path = row["path"].as_str().unwrap();
        let content_type = row["content_type"].as_str().unwrap_or("application/json");
        let text = row["text"].as_str().map_or_else(|| row["body"].to_string(), str::to_owned);
        // C-2-6: the same question, the same answer.
        for _ in 0..2 {
            let answer = certified.post(path, &certified.point.token, content_type, &text).await;
            assert_eq!(answer.status, row["status"], "{section}: {}", answer.body);
            if answer.status == 400 {
                assert!(answer.head.contains("text/plain") && !answer.body.is_empty(), "{section}");
                continue;
            }
            assert!(answer.head.contains("content-type: application/json"), "{section}: C-5");
            let body = answer.json();
            if row.get("decision").is_some() {
                assert_eq!(body, json!({ "decision": row["decision"] }), "{section}");
            }
            if let Some(wanted) = row.get("decisions") {
                let decisions: Vec<&Value> =
                    body["evaluations"].as_array().unwrap().iter().map(|one| &one["decision"]).collect();
                assert_eq!(json!(decisions), *wanted, "{section}");
            }
            if let Some(wanted) = row.get("results") {
                assert_eq!(body["results"], *wanted, "{section}");
                let more = row.get("more") == Some(&json!(true));
                assert_eq!(body["page"]["next_token"] != "", more, "{section}: {body}");
                assert_eq!(body["page"]["count"], wanted.as_array().unwrap().len(), "{section}");
            }
        }
    }
}

#[tokio::test]
async fn what_a_search_finds_is_allowed_and_nothing_else() {
    let certified = Certified::start().await;
    for user in ["alice", "bob", "nobody"] {
        for action in ["read", "write", "delete", "read:records"] {
            let subject = json!({ "type": "user", "id": user });
            let request =
                json!({ "subject": subject, "action": { "name": action }, "resource": { "type": "record" } });
            let found = certified.ask("search/resource", &request).await.json();
            for record in ["record-1", "record-2"] {
                let resource = json!({ "type": "record", "id": record });
                let question =
                    json!({ "subject": subject, "action": { "name": action }, "resource": resource });
                let decision = certified.ask("evaluation", &question).await.json()["decision"] == true;
                assert_eq!(found["results"].as_array().unwrap().contains(&resource), decision, "{question}");
                let request = json!({ "subject": { "type": "user" }, "action": { "name": action }, "resource": resource });
                let subjects = certified.ask("search/subject", &request).await.json();
                assert_eq!(subjects["results"].as_array().unwrap().contains(&subject), decision, "{request}");
                let request = json!({ "subject": subject, "resource": resource });
                let actions = certified.ask("search/action", &request).await.json();
                let name = json!({ "name": action });
                assert_eq!(actions["results"].as_array().unwrap().contains(&name), decision, "{request}");
            }
        }
    }
}

#[tokio::test]
async fn a_search_goes_on_with_its_token_and_with_no_other() {
    let certified = Certified::start().await;
    let record = json!({ "type": "record", "id": "record-1" });
    let asked = json!({ "subject": { "type": "user" }, "action": { "name": "read" }, "resource": record });
    let with = |page: Value| {
        let mut request = asked.clone();
        request["page"] = page;
        request
    };
    let first = certified.ask("search/subject", &with(json!({ "limit": 2 }))).await.json();
    assert_eq!(
        first["results"],
        json!([{ "type": "user", "id": "olga" }, { "type": "user", "id": "alice" }])
    );
    let token = first["page"]["next_token"].as_str().unwrap().to_owned();
    let go_on = json!({ "token": token });
    // C-4-5-2: the limit is as it was, and so is whatever is left out.
    for request in
        [with(go_on.clone()), with(json!({ "token": token, "limit": 2 })), json!({ "page": go_on })]
    {
        let second = certified.ask("search/subject", &request).await;
        assert_eq!(second.status, 200, "{}", second.body);
        let second = second.json();
        assert_eq!(second["results"], json!([{ "type": "user", "id": "bob" }]), "{request}");
        assert_eq!(second["page"]["next_token"], "", "{request}");
    }
    // An empty token is none.
    let again = certified.ask("search/subject", &with(json!({ "token": "", "limit": 2 }))).await.json();
    assert_eq!(again, first);

    let mut other_question = with(go_on.clone());
    other_question["action"]["name"] = json!("write");
    let mut damaged = token.clone().into_bytes();
    let place = damaged.len() / 2;
    damaged[place] = if damaged[place] == b'A' { b'B' } else { b'A' };
    let damaged = String::from_utf8(damaged).unwrap();
    for (path, request) in [
        ("search/subject", other_question),
        ("search/subject", with(json!({ "token": token, "limit": 3 }))),
        ("search/subject", with(json!({ "token": damaged }))),
        ("search/subject", with(json!({ "token": "x" }))),
        ("search/subject", with(json!({ "token": "x".repeat(10_000) }))),
        ("search/subject", with(json!({ "token": 1 }))),
        ("search/subject", with(json!({ "limit": 0 }))),
        ("search/subject", with(json!({ "limit": -1 }))),
        ("search/resource", json!({ "page": go_on })),
        ("search/action", json!({ "page": go_on })),
    ] {
        let answer = certified.ask(path, &request).await;
        assert_eq!(answer.status, 400, "{path} {request}: {}", answer.body);
    }
    // The token of another key, and of another account, means nothing.
    let other = certified.world.machine("Another", &["enforcement_point"]).await;
    let body = with(go_on.clone()).to_string();
    let answer = certified.post("search/subject", &other.token, "application/json", &body).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let elsewhere = Certified::start().await;
    let answer = elsewhere.ask("search/subject", &with(go_on.clone())).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[tokio::test]
async fn a_search_goes_on_with_what_counted_of_properties_and_context() {
    let certified = Certified::start().await;
    let asked = |status: &str, page: Value| {
        json!({ "subject": { "type": "user" }, "action": { "name": "write" }, "page": page, "context": { "ip": "::1" },
            "resource": { "type": "record", "id": "record-1", "properties": { "status": status, "colour": "red" } } })
    };
    let first = certified.ask("search/subject", &asked("archived", json!({ "limit": 1 }))).await.json();
    assert_eq!(first["results"], json!([{ "type": "user", "id": "olga" }]));
    let go_on = json!({ "token": first["page"]["next_token"] });
    let second = certified.ask("search/subject", &asked("archived", go_on.clone())).await.json();
    assert_eq!(second["results"], json!([{ "type": "user", "id": "bob" }]), "alice may not: it is archived");
    assert_eq!(second["page"]["next_token"], "");
    // What counts for nothing may change.
    let mut same = asked("archived", go_on.clone());
    same["context"] = json!({ "time": "2025-06-27T18:03-07:00" });
    same["resource"]["properties"]["colour"] = json!("blue");
    assert_eq!(certified.ask("search/subject", &same).await.json(), second);

    let mut unsaid = asked("archived", go_on.clone());
    unsaid["resource"].as_object_mut().unwrap().remove("properties");
    for request in [asked("active", go_on.clone()), unsaid, json!({ "page": go_on })] {
        let answer = certified.ask("search/subject", &request).await;
        assert_eq!(answer.status, 400, "{request}: {}", answer.body);
        assert!(answer.body.contains("`properties` and the `context`"), "{}", answer.body);
    }
    // Nor does a search that said nothing go on with something said.
    let plain = json!({ "subject": { "type": "user" }, "action": { "name": "read" },
        "resource": { "type": "record", "id": "record-1" }, "page": { "limit": 1 } });
    let first = certified.ask("search/subject", &plain).await.json();
    let mut more = plain;
    more["page"] = json!({ "token": first["page"]["next_token"] });
    more["resource"]["properties"] = json!({ "status": "active" });
    assert_eq!(certified.ask("search/subject", &more).await.status, 400);
    // The token holds what the key's owner may assert now, too.
    let path = format!("~/service-accounts/{}", machine(&certified.world, "Enforcement point").await);
    let none = json!({ "may_assert": [] });
    certified.world.patch(&path).by(&certified.world.owner).json(&none).send().await.expect(StatusCode::OK);
    assert_eq!(certified.ask("search/subject", &asked("archived", go_on)).await.status, 400);
}

#[tokio::test]
async fn what_a_point_may_not_assert_is_as_it_is_stored() {
    let certified = Certified::start().await;
    let other = certified.world.machine("Another", &["enforcement_point"]).await;
    let soft = json!({ "subject": { "type": "user", "id": "alice" }, "resource": { "type": "record", "id": "record-1" },
        "action": { "name": "delete", "properties": { "soft": true } } });
    let archived = json!({ "subject": { "type": "user", "id": "alice" }, "action": { "name": "write" },
        "resource": { "type": "record", "id": "record-1", "properties": { "status": "archived" } } });
    for (question, trusted, other_point) in [(soft, true, false), (archived, false, true)] {
        let body = question.to_string();
        let answer = certified.post("evaluation", &other.token, "application/json", &body).await.json();
        assert_eq!(answer, json!({ "decision": other_point }), "{question}");
        let answer = certified.ask("evaluation", &question).await.json();
        assert_eq!(answer, json!({ "decision": trusted }), "{question}");
    }
    let asked = json!({ "subject": { "type": "user" }, "action": { "name": "delete", "properties": { "soft": true } },
        "resource": { "type": "record", "id": "record-1" } });
    let found =
        certified.post("search/subject", &other.token, "application/json", &asked.to_string()).await.json();
    assert_eq!(
        found["results"],
        json!([{ "type": "user", "id": "olga" }]),
        "policies do not bind owners here"
    );
}

#[tokio::test]
async fn a_decision_names_the_policy_that_decided() {
    let certified = Certified::start().await;
    let revision = certified.world.state().await.revision().0;
    let explain = json!({ "explain": true });
    let write = |user: &str, record: &str, properties: Value| {
        json!({ "subject": { "type": "user", "id": user }, "action": { "name": "write" },
            "resource": { "type": "record", "id": record, "properties": properties } })
    };
    for (question, decision, because) in [
        (write("bob", "record-2", json!({})), true, "the policy Scenario permits it"),
        (
            write("alice", "record-1", json!({ "status": "archived" })),
            false,
            "the policy Scenario forbids it; the role Record writer in record Record 1 would allow it",
        ),
        (
            write("alice", "record-2", json!({})),
            false,
            "the role Record writer in record Record 1 counts elsewhere; besides, the policy Scenario forbids it",
        ),
        (write("bob", "record-1", json!({})), false, "no role of theirs has this permission"),
    ] {
        let mut single = question.clone();
        single["context"] = explain.clone();
        let answer = certified.ask("evaluation", &single).await.json();
        assert_eq!(answer["decision"], decision, "{question}");
        assert_eq!(answer["context"]["revision"], revision);
        let reason = answer["context"]["reason_admin"]["en"].as_str().unwrap();
        assert!(reason.ends_with(because), "{reason}");
        let batch = json!({ "context": explain, "evaluations": [question] });
        assert_eq!(certified.ask("evaluations", &batch).await.json(), json!({ "evaluations": [answer] }));
    }
}

#[tokio::test]
async fn a_type_that_nobody_knows_is_searched_for_in_vain() {
    let certified = Certified::start().await;
    let (olga, read) = (json!({ "type": "user", "id": "olga" }), json!({ "name": "read" }));
    let (record, yacht) =
        (json!({ "type": "record", "id": "record-1" }), json!({ "type": "yacht", "id": "1" }));
    let unknown = json!({ "type": "yacht" });
    for (path, request) in [
        ("search/resource", json!({ "subject": olga, "action": read, "resource": unknown })),
        ("search/subject", json!({ "subject": unknown, "action": read, "resource": record })),
        ("search/subject", json!({ "subject": { "type": "user" }, "action": read, "resource": yacht })),
        ("search/action", json!({ "subject": olga, "resource": yacht })),
        ("search/action", json!({ "subject": yacht, "resource": record })),
    ] {
        let answer = certified.ask(path, &request).await;
        assert_eq!(answer.status, 200, "{path} {request}: {}", answer.body);
        assert_eq!(answer.json()["results"], json!([]), "{path} {request}");
    }
}

#[tokio::test]
async fn who_may_not_ask_finds_nothing_out_by_searching() {
    let certified = Certified::start().await;
    let asked = json!({ "subject": { "type": "user" }, "action": { "name": "read" },
        "resource": { "type": "record", "id": "record-1" } })
    .to_string();
    let stranger = certified.world.machine("Stranger", &[]).await;
    for (key, status) in [(stranger.token.as_str(), 403), ("bwk_wrong", 401)] {
        for kind in ["subject", "resource", "action"] {
            let answer = certified.post(&format!("search/{kind}"), key, "application/json", &asked).await;
            assert_eq!(answer.status, status, "{}", answer.body);
            assert!(answer.head.contains("text/plain"));
        }
    }
}

#[tokio::test]
async fn c_6_the_metadata_name_every_endpoint_of_the_account() {
    let certified = Certified::start().await;
    let account = certified.world.account;
    let request = format!(
        "GET /.well-known/authzen-configuration/accounts/{account} HTTP/1.1\r\nhost: elsewhere.example\r\n\
         connection: close\r\n\r\n"
    );
    let answer = certified.send(&request).await;
    assert_eq!(answer.status, 200);
    let base = format!("{PUBLIC_URL}/accounts/{account}");
    let wanted = json!({
        "policy_decision_point": base,
        "access_evaluation_endpoint": format!("{base}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{base}/access/v1/evaluations"),
        "search_subject_endpoint": format!("{base}/access/v1/search/subject"),
        "search_resource_endpoint": format!("{base}/access/v1/search/resource"),
        "search_action_endpoint": format!("{base}/access/v1/search/action"),
    });
    assert_eq!(answer.json(), wanted);
}

#[tokio::test]
async fn a_decision_says_why_when_it_is_asked_to() {
    let certified = Certified::start().await;
    let revision = certified.world.state().await.revision().0;
    let question = |user: &str, action: &str, context: Value| {
        json!({ "subject": { "type": "user", "id": user }, "action": { "name": action },
            "resource": { "type": "record", "id": "record-1" }, "context": context })
    };
    let explain = json!({ "explain": true });
    let yes = certified.ask("evaluation", &question("bob", "read", explain.clone())).await.json();
    assert_eq!((&yes["decision"], &yes["context"]["revision"]), (&json!(true), &json!(revision)));
    let reason = yes["context"]["reason_admin"]["en"].as_str().unwrap();
    let words =
        "the role Record reader in record Record 1 through the groups Readers and Everybody allows it";
    assert!(reason.ends_with(words), "{reason}");
    assert_eq!(yes["context"]["reason_user"]["en"], "bob may `read` on record `record-1`");
    for (user, action, because) in [
        ("bob", "write", "no role of theirs has this permission"),
        ("nobody", "read", "there is no user `nobody` in this account"),
        ("bob", "fly", "the catalog has no permission `fly` for record"),
    ] {
        let no = certified.ask("evaluation", &question(user, action, explain.clone())).await.json();
        assert_eq!(no["decision"], false);
        let reason = no["context"]["reason_admin"]["en"].as_str().unwrap();
        assert!(reason.ends_with(because), "{reason}");
    }
    // Nothing but `true` asks for it, and nothing is refused for it.
    for context in
        [json!({}), json!({ "explain": false }), json!({ "explain": "true" }), json!({ "explain": [1] })]
    {
        let plain = certified.ask("evaluation", &question("bob", "read", context)).await.json();
        assert_eq!(plain, json!({ "decision": true }));
    }
    let item = |context: Value| json!({ "action": { "name": "read" }, "context": context });
    let mut batch = question("bob", "read", explain);
    batch["evaluations"] = json!([{ "action": { "name": "read" } }, item(json!({}))]);
    let answers = certified.ask("evaluations", &batch).await.json();
    assert_eq!(answers["evaluations"][0]["context"]["revision"], revision);
    assert_eq!(
        answers["evaluations"][1],
        json!({ "decision": true }),
        "an item's context replaces the other"
    );
}
